"""What a prior is: follow one of these protocols and any match takes your class.

A prior has a ``name`` (its column in the result is ``bias_<CATALOGUE>_<name>``) and one of

* ``log10_ratio(catalog)``: see :class:`Prior`;
* ``log10_ratio_pairs(primary, secondary, i, j)``: see :class:`PairPrior`, used where a class has
  both;
* ``learn(catalog, seen)``: see :class:`LearningPrior`, which comes before the other two.

A prior on whole combinations has ``log10_ratio_members(members)`` instead: see
:class:`bayesmatch.priors.combination.MembersPrior`.

No base class is needed. These attributes are optional, on a prior of any kind:

``columns`` : list of str
    Columns of the catalogue that the prior needs, to learn and to evaluate. Absent or None: it may
    need any, so that all columns of a scanned catalogue are read for its candidates.
``candidates_only`` : bool
    True: ``log10_ratio`` is called with the rows of the candidates alone (one row per pair), in a
    catalogue that has no more than ``columns``. Absent or False: with the whole catalogue (of a
    scanned one: with its candidates, each once).
``field_columns`` : list of str
    Columns with which the prior can be evaluated on a sample of the field around the primaries
    (``catalog.field_sample``), so that ``field="local"`` knows the mean of its ratio there. Absent
    or None: it cannot, and the catalogue keeps one density.
``learns_from_field`` : bool
    True: ``learn`` takes such a sample.
``check(catalog, primary)`` : method
    Called before any work; raises a ValueError or TypeError unless the catalogues have what the
    prior needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ..catalogs.held import HeldCatalog


@runtime_checkable
class Prior(Protocol):
    """Ratio of the properties of a catalogue's objects: counterparts over field objects."""

    @property
    def name(self) -> str:
        """Name, unique among the priors of a catalogue."""

    def log10_ratio(self, catalog: HeldCatalog) -> np.ndarray:
        """Log10 of p(x | counterpart) / p(x | field) of every row.

        Parameters
        ----------
        catalog : HeldCatalog
            With n rows; values of a column as ``catalog.numbers(column)``, or
            ``catalog.magnitudes(column)``.

        Returns
        -------
        ndarray, shape (n,)
            0 (or masked) where nothing is known, -inf to exclude an object; otherwise from -323 to
            308.
        """


@runtime_checkable
class PairPrior(Protocol):
    """Ratio of the properties of pairs, free to use those of the primary."""

    @property
    def name(self) -> str:
        """Name, unique among the priors of a catalogue."""

    def log10_ratio_pairs(
        self, primary: HeldCatalog, secondary: HeldCatalog, i: np.ndarray, j: np.ndarray
    ) -> np.ndarray:
        """Log10 of p(x | counterpart) / p(x | field) of every pair.

        Parameters
        ----------
        primary, secondary : HeldCatalog
            The sources, and the catalogue that the prior is for.
        i, j : ndarray of int, shape (m,)
            Rows of the pairs in `primary` and in `secondary`.

        Returns
        -------
        ndarray, shape (m,)
            0 where nothing is known, -inf to exclude a pair; never NaN or +inf.
        """


@dataclass(frozen=True)
class Seen:
    """What a match knows of one catalogue before its priors are learned."""

    row: np.ndarray
    """(m,) rows of its candidates, in the order of `separation`"""
    separation: np.ndarray
    """(m,) arcsec from a primary"""
    associated: np.ndarray
    """(a,) rows of the members of associations, in the order of `dist_post`; empty if no prior of
    the match learns from the posterior"""
    dist_post: np.ndarray
    """(a,) posterior of those associations, distance only"""
    radius: float
    """arcsec, of the match"""


@runtime_checkable
class LearningPrior(Protocol):
    """A prior that is learned from the match it is used in; the learned one takes its place.

    Two more things are optional:

    ``learns_from_posterior`` : bool
        Whether :meth:`learn` needs the associations and their posterior (``seen.associated``,
        ``seen.dist_post``). Absent: True. False saves working them out.
    ``learning_record(learned) -> dict`` : method
        How `learned` was learned, in values that JSON has, for ``result.meta["auto_priors"]``.
    """

    @property
    def name(self) -> str:
        """Name, unique among the priors of a catalogue; the learned prior's too."""

    def learn(self, catalog: HeldCatalog, seen: Seen) -> Prior | PairPrior:
        """The prior to use in this match.

        Parameters
        ----------
        catalog : HeldCatalog
            The catalogue that the prior is for. Of a scanned one it holds the candidates alone,
            with ``catalog.n_rows`` of the whole; ``catalog.field_counts`` counts the rest.
        seen : Seen
            Candidates and associations of the match, as rows of `catalog`.

        Returns
        -------
        Prior or PairPrior
            Of the same name, and ready: without ``learn``.
        """


def learns(prior: Any) -> bool:
    """Whether a prior is learned in the match. The one place that says so."""
    return callable(getattr(prior, "learn", None))


def learns_in_rounds(prior: Any) -> bool:
    """Whether it is learned in rounds with the match: ``learn`` takes a ``MatchView`` then."""
    return learns(prior) and getattr(prior, "learns_in_rounds", False)


def evaluates(prior: Any) -> bool:
    """Whether a prior gives ratios, of rows or of pairs."""
    return hasattr(prior, "log10_ratio") or hasattr(prior, "log10_ratio_pairs")
