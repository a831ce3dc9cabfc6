"""All priors of a match in one object: checked, learned, evaluated and recorded here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..catalogs.candidates import Candidates
from ..catalogs.held import HeldCatalog
from ..catalogs.scalars import shown
from .evaluation import candidate_ratios, said_of
from .protocol import Seen, evaluates, learns, learns_in_rounds

if TYPE_CHECKING:
    from .learning_view import MatchView


@dataclass(frozen=True, eq=False)
class PriorSet:
    """The priors of a match, by catalogue, in the order in which they were given.

    Made by :meth:`checked` from what a user gives, by :meth:`of` from ``result.priors``.
    """

    by_catalogue: Mapping[str, tuple[Any, ...]]
    """priors by name of the other catalogue, all of which are there"""

    @classmethod
    def of(cls, priors: Mapping[str, Sequence[Any]]) -> PriorSet:
        """Priors that need no check, by catalogue."""
        return cls({name: tuple(listed) for name, listed in priors.items()})

    @classmethod
    def checked(
        cls, priors: Mapping[str, Any] | None, primary: HeldCatalog, others: Sequence[HeldCatalog]
    ) -> PriorSet:
        """What a user gave, complete and with unique names.

        Parameters
        ----------
        priors : mapping of str to list of priors, or None
            By catalogue; one prior may stand without a list, catalogues may be left out.
        primary : HeldCatalog
            The sources.
        others : sequence of Catalog
            Those that may have priors.

        Returns
        -------
        PriorSet
            With every one of `others`.

        Raises
        ------
        ValueError, TypeError
            If one is for a catalogue that is not matched, is not a prior, or two share a name; or
            if a prior's own ``check`` fails.
        """
        given: dict[str, list[Any]] = {c.name: [] for c in others}
        if priors is None:
            return cls.of(given)
        if not isinstance(priors, Mapping):
            raise TypeError(
                f"priors is a {type(priors).__name__}; give a mapping of catalogue "
                "name to a list of priors"
            )
        for name, listed in priors.items():
            if not isinstance(name, str) or name not in given:
                what = (
                    "the primary"
                    if isinstance(name, str) and name == primary.name
                    else "not among the catalogues matched"
                )
                raise ValueError(
                    f"priors: catalogue {shown(name)} is {what}; priors go with {', '.join(given)}"
                )
            given[name] = list(listed) if isinstance(listed, (list, tuple)) else [listed]
            _check_listed(given[name], next(c for c in others if c.name == name), primary)
        return cls.of(given)

    def as_dict(self) -> dict[str, list[Any]]:
        """Priors by catalogue, as :func:`bayesmatch.match` takes and returns them."""
        return {name: list(listed) for name, listed in self.by_catalogue.items()}

    def names(self) -> dict[str, list[str]]:
        """Names of the priors by catalogue."""
        return {name: [p.name for p in listed] for name, listed in self.by_catalogue.items()}

    def columns(self, catalogue: str) -> list[str] | None:
        """Columns of a catalogue that its priors need; None: any."""
        names: list[str] = []
        for prior in self.by_catalogue[catalogue]:
            needed = getattr(prior, "columns", None)
            if needed is None:
                return None
            names += needed
        return names

    @property
    def learning(self) -> list[Any]:
        """Those that are learned in the match."""
        return [p for listed in self.by_catalogue.values() for p in listed if learns(p)]

    @property
    def learns(self) -> bool:
        """Whether any is learned in the match."""
        return bool(self.learning)

    @property
    def learns_from_posterior(self) -> bool:
        """Whether any needs the associations, and their ``dist_post``, to learn from."""
        return any(getattr(p, "learns_from_posterior", True) for p in self.learning)

    def ready(self) -> PriorSet:
        """Those that do not learn."""
        return PriorSet.of(
            {
                name: [p for p in listed if not learns(p)]
                for name, listed in self.by_catalogue.items()
            }
        )

    def learn(
        self,
        others: Sequence[HeldCatalog],
        candidates: Candidates,
        member: np.ndarray,
        dist_post: np.ndarray,
        radius_arcsec: float,
    ) -> PriorSet:
        """The priors with a learned one in place of every one that learns.

        Parameters
        ----------
        others : sequence of Catalog
            The other catalogues, in the order of `candidates`.
        candidates : Candidates
            Of the match.
        member : ndarray of int, shape (n_rows, n_other)
            Slot of each association's member in each catalogue, -1 for none; may have no rows
            unless :attr:`learns_from_posterior`.
        dist_post : ndarray, shape (n_rows,)
            Posterior of each association, distance only.
        radius_arcsec : float
            Of the match.

        Returns
        -------
        PriorSet
            Without any that learns, but for those that do in rounds with the match.

        Raises
        ------
        ValueError, TypeError
            If a prior's ``learn`` fails, or returns no prior, or one of another name.
        """
        learned = self.as_dict()
        for k, other in enumerate(others):
            to_learn = [
                n
                for n, p in enumerate(learned[other.name])
                if learns(p) and not learns_in_rounds(p)
            ]
            if not to_learn:
                continue
            slots, _ = candidates.of_catalogue(k)
            takes_part = np.flatnonzero(member[:, k] >= 0)
            seen = Seen(
                candidates.row[slots],
                candidates.separation[slots],
                candidates.row[member[takes_part, k]],
                dist_post[takes_part],
                radius_arcsec,
            )
            for n in to_learn:
                given = learned[other.name][n]
                with _of_prior(given, other.name, "learn"):
                    # AutoPrior's warning counts the calls between it and the user's line.
                    learned[other.name][n] = given.learn(other, seen)
                _check_learned(given, learned[other.name][n], other)
        return PriorSet.of(learned)

    @property
    def in_rounds(self) -> list[tuple[str, int]]:
        """Catalogue, and number in its list, of those that learn in rounds with the match."""
        return [
            (name, n)
            for name, listed in self.by_catalogue.items()
            for n, prior in enumerate(listed)
            if learns_in_rounds(prior)
        ]

    def learn_in_rounds(self, name: str, n: int, other: HeldCatalog, view: MatchView) -> PriorSet:
        """The priors with what one of :attr:`in_rounds` learns from a view of the match."""
        learned = self.as_dict()
        given = learned[name][n]
        with _of_prior(given, name, "learn"):
            learned[name][n] = given.learn(other, view)
        _check_learned(given, learned[name][n], other)
        return PriorSet.of(learned)

    def log10_ratios(
        self, primary: HeldCatalog, others: Sequence[HeldCatalog], candidates: Candidates
    ) -> dict[tuple[int, str], np.ndarray]:
        """Log10 ratio of every prior for every candidate slot.

        Parameters
        ----------
        primary : HeldCatalog
            The sources.
        others : sequence of Catalog
            The other catalogues, in the order of `candidates`.
        candidates : Candidates
            Of the match.

        Returns
        -------
        dict of (int, str) to ndarray, shape (n_slots,)
            By number of the other catalogue and name of the prior; 0 in the slots of the rest.
        """
        ratios = {}
        for k, other in enumerate(others):
            if not self.by_catalogue[other.name]:
                continue
            slots, i = candidates.of_catalogue(k)
            for prior in self.by_catalogue[other.name]:
                if learns(prior):
                    continue
                per_slot = np.zeros(len(candidates.row))
                per_slot[slots] = candidate_ratios(prior, primary, other, i, candidates.row[slots])
                ratios[k, prior.name] = per_slot
        return ratios

    def learning_record(self, learned: PriorSet) -> dict[str, dict[str, Any]]:
        """How each learned prior was learned, by catalogue and name, for a result's meta.

        Parameters
        ----------
        learned : PriorSet
            What :meth:`learn` returned.

        Returns
        -------
        dict of str to dict
            Catalogues with a prior that learns, and of each such prior what its
            ``learning_record`` gives, or nothing.
        """
        out = {}
        for name, listed in self.by_catalogue.items():
            records = {
                p.name: _record_of(p, found, name) if hasattr(p, "learning_record") else {}
                for p, found in zip(listed, learned.by_catalogue[name], strict=True)
                if learns(p)
            }
            if records:
                out[name] = records
        return out


def _check_listed(listed: Sequence[Any], catalog: HeldCatalog, primary: HeldCatalog) -> None:
    """Refuse what is not a prior, and names that occur twice."""
    seen = set()
    for prior in listed:
        if not isinstance(getattr(prior, "name", None), str) or not (
            evaluates(prior) or learns(prior)
        ):
            raise TypeError(
                f"priors of catalogue {catalog.name!r}: {shown(prior)} is not a prior (it "
                "needs a name, and log10_ratio or log10_ratio_pairs, or learn)"
            )
        if prior.name in seen:
            raise ValueError(
                f"priors of catalogue {catalog.name!r}: two are called "
                f"{prior.name!r}; give one another name="
            )
        seen.add(prior.name)
        if isinstance(getattr(prior, "columns", None), str):
            raise TypeError(
                f"prior {prior.name!r} of catalogue {catalog.name!r}: columns is a text; give a "
                "list of names"
            )
        if hasattr(prior, "check"):
            with _of_prior(prior, catalog.name, "check"):
                prior.check(catalog, primary)


@contextmanager
def _of_prior(prior: Any, catalogue: str, method: str) -> Iterator[None]:
    """What a method of a prior raises, named; what says of which catalogue it speaks stays."""
    try:
        yield
    except Exception as error:  # of a user's code
        ours = isinstance(error, (ValueError, TypeError)) and repr(catalogue) in str(error)
        if ours or isinstance(error, OSError):
            raise
        raise ValueError(
            f"prior {prior.name!r} of catalogue {catalogue!r}: {method}() failed ({said_of(error)})"
        ) from error


def _record_of(prior: Any, learned: Any, catalogue: str) -> dict[str, Any]:
    """The record of a prior that was learned, as a file will give it back."""
    with _of_prior(prior, catalogue, "learning_record"):
        record = json.loads(json.dumps(prior.learning_record(learned)))
        if not isinstance(record, dict):
            raise TypeError(f"it returned {shown(record)}, not a dict")
    return record


def _check_learned(given: Any, found: Any, catalog: HeldCatalog) -> None:
    """Refuse what a prior of the user's own learned wrongly: it would fail far from the cause."""
    what = f"prior {given.name!r} of catalogue {catalog.name!r} learned {shown(found)}"
    if not evaluates(found) or learns(found):
        raise TypeError(
            f"{what}; learn() must return a prior that is ready: with log10_ratio or "
            "log10_ratio_pairs, without learn"
        )
    if getattr(found, "name", None) != given.name:
        raise ValueError(
            f"{what}, which is not called {given.name!r}; the learned prior must keep the name"
        )
