"""All priors of a match in one object: checked, learned, evaluated and recorded here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..catalogs.candidates import Candidates
from ..catalogs.held import HeldCatalog
from ..catalogs.scalars import shown
from .combination import check_combinations, columns_of
from .evaluation import candidate_ratios
from .prior_check import check_learned, check_listed, of_prior
from .protocol import Seen, learns, learns_in_rounds

if TYPE_CHECKING:
    from .learning_view import MatchView


@dataclass(frozen=True, eq=False)
class PriorSet:
    """The priors of a match, by catalogue, in the order in which they were given.

    Made by :meth:`checked` from what a user gives, by :meth:`of` from ``result.priors``.
    """

    by_catalogue: Mapping[str, tuple[Any, ...]]
    """priors by name of the other catalogue, all of which are there"""
    combinations: tuple[Any, ...] = ()
    """priors on whole combinations, which go with no catalogue"""

    @classmethod
    def of(cls, priors: Mapping[Any, Sequence[Any]]) -> PriorSet:
        """Priors that need no check, by catalogue (None: those on combinations)."""
        by_catalogue = {name: tuple(listed) for name, listed in priors.items()}
        return cls(by_catalogue, combinations=by_catalogue.pop(None, ()))

    @classmethod
    def checked(
        cls, priors: Mapping[Any, Any] | None, primary: HeldCatalog, others: Sequence[HeldCatalog]
    ) -> PriorSet:
        """What a user gave, complete and with unique names.

        Parameters
        ----------
        priors : mapping of str to list of priors, or None
            By catalogue, None: on combinations; one prior may stand without a list, catalogues may
            be left out.
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
        given: dict[Any, list[Any]] = {c.name: [] for c in others}
        if priors is None:
            return cls.of(given)
        if not isinstance(priors, Mapping):
            raise TypeError(
                f"priors is a {type(priors).__name__}; give a mapping of catalogue "
                "name to a list of priors"
            )
        for name, listed in priors.items():
            if name is None:
                given[None] = list(check_combinations(listed, primary, others))
                continue
            if not isinstance(name, str) or name not in given:
                what = (
                    "the primary"
                    if isinstance(name, str) and name == primary.name
                    else "not among the catalogues matched"
                )
                raise ValueError(
                    f"priors: catalogue {shown(name)} is {what}; priors go with "
                    f"{', '.join(c.name for c in others)}"
                )
            given[name] = list(listed) if isinstance(listed, (list, tuple)) else [listed]
            check_listed(given[name], next(c for c in others if c.name == name), primary)
        return cls.of(given)

    def as_dict(self) -> dict[Any, list[Any]]:
        """Priors by catalogue, as :func:`bayesmatch.match` takes and returns them."""
        by_catalogue = {name: list(listed) for name, listed in self.by_catalogue.items()}
        return {**by_catalogue, **({None: list(self.combinations)} if self.combinations else {})}

    def names(self) -> dict[str, list[str]]:
        """Names of the priors by catalogue."""
        return {name: [p.name for p in listed] for name, listed in self.by_catalogue.items()}

    def columns(self, catalogue: str) -> list[str] | None:
        """Columns of a catalogue that priors need, its own and on combinations; None: any."""
        names = columns_of(self.combinations, catalogue)
        if names is None:
            return None
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
            | {None: self.combinations}
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
                with of_prior(given, other.name, "learn"):
                    # AutoPrior's warning counts the calls between it and the user's line.
                    learned[other.name][n] = given.learn(other, seen)
                check_learned(given, learned[other.name][n], other)
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
        with of_prior(given, name, "learn"):
            learned[name][n] = given.learn(other, view)
        check_learned(given, learned[name][n], other)
        return PriorSet.of(learned)

    def log10_ratios(
        self,
        primary: HeldCatalog,
        others: Sequence[HeldCatalog],
        candidates: Candidates,
        known: Mapping[tuple[int, str], np.ndarray] | None = None,
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
        known : mapping of (int, str) to ndarray, shape (n_slots,), optional
            Those that have been evaluated.

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
                if known is not None and (k, prior.name) in known:
                    ratios[k, prior.name] = known[k, prior.name]
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


def _record_of(prior: Any, learned: Any, catalogue: str) -> dict[str, Any]:
    """The record of a prior that was learned, as a file will give it back."""
    with of_prior(prior, catalogue, "learning_record"):
        record = json.loads(json.dumps(prior.learning_record(learned)))
        if not isinstance(record, dict):
            raise TypeError(f"it returned {shown(record)}, not a dict")
    return record
