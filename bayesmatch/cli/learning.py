"""Priors that ``match`` learns: what the arguments ask for, and the files beside the result."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .parsing import columns

#: what a learned ratio is written to: the prior, how it looks, and that as numbers
LEARNED_ENDINGS = (".json", ".png", ".ecsv")


def add_learning(command: argparse.ArgumentParser) -> None:
    """Add the arguments of priors that are learned from all candidates of the match."""
    command.add_argument(
        "--learn",
        action="append",
        default=[],
        metavar="CAT:COL,COL,...",
        help="learn from this match what counterparts look like, with no training sample: "
        "magnitude columns from blue to red, of which neighbours also make colours (a single "
        "column is used by itself, as a magnitude without a colour); needs some 30 counterparts, "
        "else the prior stays at 1; repeatable, once per catalogue",
    )
    command.add_argument(
        "--adapt",
        action="store_true",
        help="put each prior given with --prior or --mag CAT:COL FILE right on this field: "
        "learned anew where the match tells enough, kept where not",
    )


def learning_priors(options: argparse.Namespace) -> dict[str, Any]:
    """The priors that ``--learn`` asks for, by catalogue."""
    priors: dict[str, Any] = {}
    if not options.learn:
        return priors
    from ..photometry import Features
    from ..priors.learned import LearnedPrior

    for given in options.learn:
        catalog, _, listed = given.partition(":")
        names = columns(listed)
        if not catalog or not all(names):
            raise ValueError(f"--learn {given}: give CATALOGUE:COLUMN,COLUMN,...")
        if catalog in priors:
            raise ValueError(
                f"--learn {given}: catalogue {catalog!r} comes twice; give all its columns at once"
            )
        try:
            priors[catalog] = LearnedPrior(Features(names))
        except (ValueError, TypeError) as error:
            raise ValueError(f"--learn {given}: {error}") from error
    return priors


def adapted(option: str, prior: Any) -> Any:
    """A saved prior that is to be put right on the field, as one that learns."""
    from ..priors.learned import LearnedPrior
    from ..priors.learned_ratio import LearnedRatio

    if isinstance(prior, LearnedRatio):
        raise ValueError(
            f"{option}: --adapt is for trained and histogram priors, and this one was learned in "
            "a match; learn anew with --learn, or leave out --adapt"
        )
    if getattr(prior, "context", ()):
        raise ValueError(
            f"{option}: --adapt cannot take a prior that depends on the primary's "
            f"{', '.join(prior.context)}; train one without --context, or leave out --adapt"
        )
    return LearnedPrior(start=prior, name=prior.name)


def check_learning(options: argparse.Namespace, priors: Mapping[str, Sequence[Any]]) -> None:
    """Refuse ``--adapt`` of nothing, and a prior beside one to be learned of the same name."""
    saved = [given for given in options.prior if ":@" not in given]
    if options.adapt and not (saved or any(source != "auto" for _, source in options.mag)):
        raise ValueError("--adapt: there is no prior to adapt; give --prior CAT:FILE")
    for given in options.learn:
        catalog = given.partition(":")[0]
        own, *others = priors[catalog]
        if own.name in [prior.name for prior in others]:
            raise ValueError(
                f"--learn {given}: catalogue {catalog!r} has another prior called {own.name!r}; "
                "to put that one right on this field give --adapt instead of --learn; to have "
                "both, train it with another --name"
            )


def check_learned_catalogues(options: argparse.Namespace, names: Sequence[str]) -> None:
    """Refuse ``--learn`` for what is not among the catalogues matched, the primary first."""
    for given in options.learn:
        catalog = given.partition(":")[0]
        if catalog not in names[1:]:
            what = "the primary" if catalog == names[0] else "not among the catalogues matched"
            raise ValueError(
                f"--learn {given}: {catalog!r} is {what}; give one of {', '.join(names[1:])}"
            )


#: catalogue and name of a prior that is learned, and its file
Learned = tuple[str, str, Path]


def learned_paths(out: str, priors: Mapping[str, Sequence[Any]]) -> list[Learned]:
    """The file of each prior that the match will learn, beside the result."""
    paths: list[Learned] = []
    if not priors:
        return paths
    from ..priors.auto import AutoPrior
    from ..priors.learned import LearnedPrior

    for catalog, listed in priors.items():
        for prior in listed:
            if isinstance(prior, AutoPrior):
                path = _beside(out, catalog, prior.column, "fit.txt")
            elif isinstance(prior, LearnedPrior):
                path = _beside(out, catalog, prior.name, "learned.json")
            else:
                continue
            paths.append((catalog, prior.name, path))
    return paths


def _beside(out: str, catalog: str, what: str, ending: str) -> Path:
    from ..catalogs.formats.registry import file_stem

    what = re.sub(r"[^\w.+-]", "_", what)
    return Path(out).parent / f"{file_stem(out)}_{catalog}_{what}_{ending}"


def learned_files(learned: Iterable[Learned]) -> list[Path]:
    """All files of learned priors: the priors, their plots and their tables."""
    return [
        path.with_suffix(ending)
        for _, _, path in learned
        for ending in (LEARNED_ENDINGS if path.suffix == ".json" else (path.suffix, ".png"))
    ]


def write_learned(result: Any, learned: Sequence[Learned]) -> list[str]:
    """The priors learned from the match, with their plots and tables, beside the result."""
    from ..catalogs.formats.writing import replaced_together

    for catalog, name, path in learned:
        from .. import plots  # slow to import, and seldom needed

        (prior,) = [prior for prior in result.priors[catalog] if prior.name == name]
        if path.suffix == ".json":
            prior.save(path)
            with replaced_together([path.with_suffix(".ecsv")]) as (temporary,):
                prior.looks.table().write(temporary, format="ascii.ecsv", overwrite=True)
        else:
            prior.write(path)
        plots.save(prior.plot(), path.with_suffix(".png"))
    return [str(file) for file in learned_files(learned)]
