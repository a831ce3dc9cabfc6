"""The terms of the calibrated posterior, stated by the stage that adds them up.

``p_match`` of an association is proportional to the product of its Bayes factor, the prior ratios
of its members and what stands here.  A stage that adds a term to the posterior adds it here, so
that an explanation shows it under its own name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .beyond import within_radius

LN_10 = np.log(10.0)
#: name of the term of mean ratios
MEAN_RATIO = "mean_ratio"


@dataclass(frozen=True)
class Term:
    """One factor of the odds of some associations against no counterpart."""

    name: str
    """of its column in an explanation"""
    log10: np.ndarray
    """(r,) of each association; 0 for no counterpart"""
    description: str


@dataclass(frozen=True)
class ClaimTerms:
    """What claims change in the odds of associations against no counterpart."""

    primary: np.ndarray
    """(m,) primaries that compete for an object, ascending"""
    first: np.ndarray
    """(m + 1,) where the values of each begin, then the end"""
    log10: np.ndarray
    """(n,) log10 of the joint odds over the independent ones, all rows of these primaries"""

    def added_to(self, ln_like: np.ndarray, first: np.ndarray) -> np.ndarray:
        """The likelihood of every association given what others claim, (n_rows,).

        `ln_like` (n_rows,) of each primary by itself, `first` (n_primary + 1,) its rows.
        """
        out = ln_like.copy()
        out[self._rows(first)] += LN_10 * self.log10
        return out

    def kept(self, keep: np.ndarray, first: np.ndarray) -> ClaimTerms:
        """Those of some rows only, `keep` (n_rows,) bool; `first` (n_primary + 1,) of all rows."""
        stays = keep[self._rows(first)]
        before = np.concatenate([[0], np.cumsum(stays)])
        return ClaimTerms(self.primary, before[self.first], self.log10[stays])

    def of(self, i: int) -> np.ndarray | None:
        """Of the rows of a primary; None where nobody competes with it."""
        at = int(np.searchsorted(self.primary, i))
        if at == len(self.primary) or self.primary[at] != i:
            return None
        return self.log10[self.first[at] : self.first[at + 1]]

    def _rows(self, first: np.ndarray) -> np.ndarray:
        """Where the values belong among all rows."""
        begin = first[self.primary] - self.first[:-1]
        return np.repeat(begin, np.diff(self.first)) + np.arange(len(self.log10))


@dataclass(frozen=True)
class PosteriorTerms:
    """What the calibrated posterior multiplies, besides Bayes factor and prior ratios."""

    log10_density: np.ndarray
    """(n_primary, n_other) log10 n_k+, field objects of the full sky at that primary's density"""
    ln_fraction: np.ndarray
    """(n_primary, patterns) ln of the fraction of such primaries with each set of counterparts"""
    log10_mean_ratio: np.ndarray | None = None
    """(n_primary, n_other) log10 of the mean ratio of the priors over the field there; None: 0"""
    claims: ClaimTerms | None = None
    """None: an object may be the counterpart of several primaries"""
    ln_beyond: np.ndarray | None = None
    """(n_primary, patterns) ln of the probability that those lie outside the radius; None: none"""

    def of(self, i: int, members: np.ndarray) -> list[Term]:
        """The terms of some associations of primary `i`.

        Parameters
        ----------
        i : int
            Row of the primary.
        members : ndarray of bool, shape (r, n_other)
            Which other catalogues take part.
        """
        pattern = members @ (1 << np.arange(members.shape[1]))
        outside = None if self.ln_beyond is None else self.ln_beyond[i : i + 1]
        weight = within_radius(self.ln_fraction[i : i + 1], outside)[0]
        fraction = weight[pattern] - weight[0]
        terms = [density_term(members, self.log10_density[i])]
        if self.log10_mean_ratio is not None:
            terms.append(mean_ratio_term(members, self.log10_mean_ratio[i]))
        terms.append(fraction_term(fraction / LN_10))
        claimed = None if self.claims is None else self.claims.of(i)
        return terms if claimed is None else [*terms, claims_term(claimed)]


def density_term(members: np.ndarray, log10_density: np.ndarray) -> Term:
    """How rare such objects are; `members` (r, n_other), `log10_density` (n_other,) of n_k+."""
    return Term(
        "density",
        members @ -log10_density,
        "1 / number of such objects in the full sky, over the members",
    )


def mean_ratio_term(members: np.ndarray, log10_mean_ratio: np.ndarray) -> Term:
    """What ratios are on average; `members` (r, n_other), `log10_mean_ratio` (n_other,)."""
    return Term(
        MEAN_RATIO,
        members @ -log10_mean_ratio,
        "1 / mean prior ratio of the field objects around, over the members",
    )


def fraction_term(log10_fraction: np.ndarray) -> Term:
    """How common such counterparts are; `log10_fraction` (r,) of pi_S / pi_0.

    pi_0 has the counterparts outside the radius.
    """
    return Term(
        "fraction",
        log10_fraction,
        "Fraction of sources with these counterparts over fraction without any within the radius",
    )


def claims_term(log10: np.ndarray) -> Term:
    """What is left when other primaries have had their claims; `log10` (r,)."""
    return Term("claims", log10, "Joint odds over independent ones: what other sources leave")
