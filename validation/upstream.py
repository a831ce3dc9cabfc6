"""NWAY 4.8.0, run live on random fields: the same rows, probabilities and flags.

Fields of two, three and four catalogues at the equator, at declination 57, near and over both
poles and across right ascension 0; with and without histogram priors on magnitudes, of which some
are missing; with one completeness, or one per catalogue.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from bayesmatch import plots

from .nway_fields import random_field
from .nway_runner import (
    LOG10_B,
    PROBABILITIES,
    VERSION,
    differences,
    flags_differ,
    installed_version,
    nway_api,
    nway_cli,
    run_bayesmatch,
    same_rows,
)
from .report import Claim, FigureView, Section, TableView

TITLE = "NWAY 4.8.0, run live on random fields"
#: NWAY's flat-sky search loses pairs between declinations 10 and 45, so none lies there
CENTRES = {
    "equator": (150.0, 0.0),
    "dec 57": (161.0, 57.0),
    "dec +89.5": (40.0, 89.5),
    "dec -89.5": (200.0, -89.5),
    "RA 0": (0.0, 0.0),
    "RA 0, dec 57": (0.0, 57.0),
    "north pole": (0.0, 90.0),
    "south pole": (0.0, -90.0),
}
SIZES = {2: (150, 3000), 3: (120, 1500, 1200), 4: (80, 700, 600, 500)}
RADIUS = {2: 20.0, 3: 15.0, 4: 12.0}
COMPLETENESS = {2: (0.85,), 3: (0.9, 0.6), 4: (0.95, 0.8, 0.4)}
#: of probabilities, and of log10 B relative to it, for NWAY's Python functions
API_LIMIT, API_LOG_LIMIT = 1e-8, 1e-7
#: the same for nway.py, which writes single precision and rounds separations to it beforehand;
#: an error e of log10 B moves a probability by up to ln(10) e / 4
CLI_LIMIT, CLI_LOG_LIMIT = 3e-6, 5e-6


@dataclass(frozen=True)
class Field:
    """One field to be run through both programs."""

    place: str
    k: int
    """catalogues"""
    seed: int
    magnitudes: bool = False
    sizes: tuple[int, ...] = ()
    """rows of each catalogue; default: SIZES"""
    width: float = 0.2
    """degrees"""
    command_line: bool = False
    """compare with nway.py, which corrects for unrelated associations, not with the functions"""

    @property
    def completeness(self) -> float | tuple[float, ...]:
        """One number, or one per other catalogue."""
        return COMPLETENESS[self.k] if self.seed % 2 else (1.0, 0.9, 0.3)[self.seed // 2 % 3]


@dataclass(frozen=True)
class Compared:
    """How far two answers for a field are apart."""

    field: Field
    rows: int
    same: bool
    """the same associations in the same order"""
    flags: int
    """rows whose match_flag differs"""
    apart: dict[str, np.ndarray]
    """|difference| by column"""

    def largest(self, columns: Sequence[str]) -> float:
        """The largest difference in these columns; infinite where the rows differ."""
        return max(
            (float(self.apart[name].max()) for name in columns if name in self.apart),
            default=np.inf,
        )


def run(out: Path, *, quick: bool = False, seeds: int | None = None) -> Section:
    """Run the protocol; `seeds` fields of each kind (default 10, quick 1)."""
    found = installed_version()
    if found != VERSION:
        return not_run(found)
    fields = list_fields(quick, seeds or (1 if quick else 10))
    compared = [compare(f) for f in fields]
    api = [c for c in compared if not c.field.command_line]
    cli = [c for c in compared if c.field.command_line]
    plots.save(figure(api, cli), out / "upstream.png")
    worst = {
        name: [max(c.largest(columns) for c in of) for columns in (PROBABILITIES, LOG10_B)]
        for name, of in (("api", api), ("cli", cli))
    }
    ratios = max(
        (v.max() for c in compared for name, v in c.apart.items() if "bias_" in name),
        default=np.inf,
    )
    claims = [
        Claim(
            f"the same associations, in the same order, in {len(compared)} fields",
            f"{sum(c.same for c in compared)} fields, {sum(c.rows for c in compared):,} rows",
            "all",
            all(c.same for c in compared),
        ),
        Claim(
            "rows with another match_flag, ties left out",
            str(sum(c.flags for c in compared)),
            "0",
            not any(c.flags for c in compared),
        ),
        at_most(
            "p_any, p_i, p_single, dist_post: largest difference from nway_match",
            worst["api"][0],
            API_LIMIT,
        ),
        at_most("log10 Bayes factor: the same, relative", worst["api"][1], API_LOG_LIMIT),
        at_most("ratios of the histogram priors: the same, relative", ratios, API_LOG_LIMIT),
        at_most(
            "p_any, p_i, p_single, dist_post: largest difference from nway.py",
            worst["cli"][0],
            CLI_LIMIT,
        ),
        at_most("log10 Bayes factor: the same, relative", worst["cli"][1], CLI_LOG_LIMIT),
    ]
    return Section(
        "upstream",
        TITLE,
        text(len(api), len(cli)),
        claims,
        [fields_table(compared)],
        [FigureView("upstream.png", CAPTION)],
        {
            "fields": [
                {
                    **vars(c.field),
                    "completeness": c.field.completeness,
                    "rows": c.rows,
                    "same_rows": c.same,
                    "flags_differ": c.flags,
                    "largest": {k: v.max() for k, v in c.apart.items()},
                }
                for c in compared
            ],
            "largest": worst,
        },
    )


CAPTION = (
    "How far the two programs are apart, over all rows of all fields; what is equal to the "
    "last digit is drawn at 1e-17. Left: the largest difference among the four "
    "probabilities of each row. Right: log10 Bayes factor, relative. Dashed: the limits "
    "claimed, for NWAY's Python functions (blue) and for nway.py (orange), which writes "
    "single precision."
)


def text(n_api: int, n_cli: int) -> list[str]:
    """What is done, in plain words."""
    return [
        "The columns `p_any`, `p_i`, `p_single`, `dist_post`, `dist_bayesfactor` and `match_flag` "
        "are meant to be NWAY's. Here NWAY 4.8.0 is installed and run, on random fields of two, "
        "three and four catalogues that hold counterparts (some far off for their errors), "
        "objects seen by several catalogues that are not the counterpart, and a random field; with "
        "one completeness or one per catalogue; half of the fields with magnitudes, some of them "
        "missing, and histogram priors, some of whose bins are empty.",
        f"{n_api} fields go through NWAY's Python function `nway_match`, in double precision. It "
        "does not correct for unrelated associations, so that is off in bayesmatch. "
        f"{n_cli} fields go through the command line `nway.py`, which does correct, and works in "
        "single precision.",
        "Not compared, because bayesmatch differs on purpose: elliptical errors (the exact "
        "integral here), declinations between 10 and 45 degrees (NWAY's flat-sky search loses "
        "pairs there), and the flag of sources without candidates.",
    ]


def not_run(found: str | None) -> Section:
    """Without NWAY the protocol is skipped; with another version nothing is shown: a miss."""
    remedy = f"this protocol needs NWAY {VERSION}. `pip install '.[upstream]'` installs it."
    if found is None:
        return Section("upstream", TITLE, [f"Skipped: {remedy}"], [], skipped="no NWAY here")
    return Section(
        "upstream",
        TITLE,
        [f"Not run: {remedy}"],
        [Claim(f"NWAY is the version that is compared with, {VERSION}", found, VERSION, False)],
    )


def list_fields(quick: bool, seeds: int) -> list[Field]:
    """The fields, with seeds of their own."""
    kinds = itertools.product(range(seeds), CENTRES, SIZES, (False, True))
    fields = [
        Field(place, k, seed, magnitudes) for seed, (_, place, k, magnitudes) in enumerate(kinds)
    ]
    if not quick:
        fields.append(Field("equator", 2, len(fields), True, (2_000, 300_000), 1.0))
    places = ["equator"] if quick else ["equator", "dec 57", "dec +89.5", "RA 0, dec 57"]
    fields += [
        Field(place, k, len(fields) + n, command_line=True)
        for n, (place, k) in enumerate(itertools.product(places, (3, 4)))
    ]
    return fields


def compare(field: Field) -> Compared:
    """Run a field through both programs."""
    sources = random_field(
        field.seed,
        field.sizes or SIZES[field.k],
        CENTRES[field.place],
        width=field.width,
        magnitudes=field.magnitudes,
    )
    radius = RADIUS[field.k]
    completeness = field.completeness
    listed = isinstance(completeness, tuple)
    ours = run_bayesmatch(
        sources,
        radius=radius,
        prior_completeness=completeness,
        correct_unrelated=field.command_line,
    ).associations
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if field.command_line:
            files = [argument for s in sources for argument in s.write(folder)]
            given = ":".join(map(str, np.atleast_1d(completeness)))
            theirs = nway_cli(folder, [*files, "--radius", radius, "--prior-completeness", given])
        else:
            theirs = nway_api(
                folder,
                sources,
                radius=radius,
                completeness=np.array([1.0, *completeness]) if listed else completeness,
            )
    members = [f"{s.name}_ID" if field.command_line else s.name for s in sources]
    same = same_rows(ours, theirs, members)
    return Compared(
        field,
        len(theirs),
        same,
        flags_differ(ours, theirs, members[0]) if same else len(theirs),
        differences(ours, theirs) if same else {},
    )


def at_most(what: str, value: float, limit: float) -> Claim:
    """A small number that must not exceed a limit."""
    return Claim(what, f"{value:.1e}", f"<= {limit:g}", bool(value <= limit))


def fields_table(compared: Sequence[Compared]) -> TableView:
    """One line for each place and number of catalogues."""
    groups: dict[tuple[Any, ...], list[Compared]] = {}
    for c in compared:
        f = c.field
        kind = "nway.py" if f.command_line else "nway_match"
        sizes = " x ".join(f"{n:,}" for n in f.sizes or SIZES[f.k])
        groups.setdefault((kind, f.place, f.k, sizes), []).append(c)
    return TableView(
        "Fields",
        [
            "NWAY's",
            "place",
            "K",
            "rows of the catalogues",
            "fields",
            "associations",
            "same rows",
            "flags differ",
            "probabilities",
            "log10 B",
        ],
        [
            [
                *key,
                len(of),
                f"{sum(c.rows for c in of):,}",
                sum(c.same for c in of),
                sum(c.flags for c in of),
                *(
                    f"{max(c.largest(columns) for c in of):.1e}"
                    for columns in (PROBABILITIES, LOG10_B)
                ),
            ]
            for key, of in groups.items()
        ],
        "K: number of catalogues. The last two columns: largest difference of any probability, "
        "and of the log10 Bayes factor relative to it (to 1 where it is smaller).",
    )


def figure(api: Sequence[Compared], cli: Sequence[Compared]) -> Figure:
    """Distribution of the differences."""
    fig = Figure(figsize=(11, 4.2), layout="constrained")
    axes = fig.subplots(1, 2, sharey=True)
    edges = np.logspace(-17.25, -4, 54)
    for ax, columns, label, limits in zip(
        axes,
        (PROBABILITIES, LOG10_B),
        ("largest difference of the row's probabilities", "difference of log10 B, relative"),
        ((API_LIMIT, CLI_LIMIT), (API_LOG_LIMIT, CLI_LOG_LIMIT)),
        strict=True,
    ):
        for of, name, color, limit in zip(
            (api, cli), ("nway_match", "nway.py"), ("tab:blue", "tab:orange"), limits, strict=True
        ):
            worst = [np.max([c.apart[n] for n in columns], axis=0) for c in of if c.apart]
            apart = np.maximum(np.concatenate([*worst, np.empty(0)]), 1e-17)
            ax.hist(apart, edges, histtype="stepfilled", alpha=0.5, color=color, label=name)
            ax.axvline(limit, color=color, ls="--", lw=1.2)
        ax.set(xlabel=label, xscale="log", yscale="log", xlim=(edges[0], edges[-1]))
    axes[0].set_ylabel("associations")
    fig.legend(
        *axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False
    )
    return fig
