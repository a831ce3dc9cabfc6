"""The terms of the calibrated posterior, stated by the stage that adds them up.

``p_match`` of an association is proportional to the product of its Bayes factor, the prior ratios
of its members and what stands here.  A stage that adds a term to the posterior adds it here, so
that an explanation shows it under its own name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LN_10 = np.log(10.0)


@dataclass(frozen=True)
class Term:
    """One factor of the odds of some associations against no counterpart."""

    name: str
    """of its column in an explanation"""
    log10: np.ndarray
    """(r,) of each association; 0 for no counterpart"""
    description: str


@dataclass(frozen=True)
class PosteriorTerms:
    """What the calibrated posterior multiplies, besides Bayes factor and prior ratios."""

    log10_density: np.ndarray
    """(n_primary, n_other) log10 n_k+, field objects of the full sky at that primary's density"""
    ln_fraction: np.ndarray
    """(n_primary, patterns) ln of the fraction of such primaries with each set of counterparts"""

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
        fraction = self.ln_fraction[i, pattern] - self.ln_fraction[i, 0]
        return [density_term(members, self.log10_density[i]), fraction_term(fraction / LN_10)]


def density_term(members: np.ndarray, log10_density: np.ndarray) -> Term:
    """How rare such objects are; `members` (r, n_other), `log10_density` (n_other,) of n_k+."""
    return Term(
        "density",
        members @ -log10_density,
        "1 / number of such objects in the full sky, over the members",
    )


def fraction_term(log10_fraction: np.ndarray) -> Term:
    """How common such counterparts are; `log10_fraction` (r,) of pi_S / pi_0."""
    return Term(
        "fraction",
        log10_fraction,
        "Fraction of sources with these counterparts over fraction without",
    )
