"""Bayes factors of position errors with tails: the exact mixture.

Each member of an association is in the tail of its catalogue's errors or not, so with
:math:`T` the catalogues that have tails, w their tail fractions and k their tail factors,

    B = sum over subsets D of T of  prod_{c in D} w_c prod_{c in T - D} (1 - w_c)  B_D,

B_D being the Bayes factor (Budavari & Szalay 2008) with the covariances of the catalogues in D
times k^2.  Where one of them takes no part, its two terms are the same and their shares add to 1.
"""

from __future__ import annotations

import itertools

import numpy as np

from .._kernels import bayes_factor
from .._kernels.jit import run_ranges
from .associations import Associations
from .candidate_positions import tangent_planes, with_determinant
from .posterior import BayesFactors
from .setting import Setting
from .tail_factors import catalogue_tails, slot_factors, widened


def tailed_ln_bayes(
    setting: Setting, associations: Associations, bayes: BayesFactors
) -> np.ndarray:
    """Ln Bayes factor of every row with the tails of all errors.

    Parameters
    ----------
    setting, associations
        Of the match.
    bayes : BayesFactors
        Those of the errors without tails.

    Returns
    -------
    ndarray, shape (n_rows,)
        ``bayes.ln_bayes`` itself where no catalogue has tails.
    """
    tails = catalogue_tails(setting)
    if not tails:
        return bayes.ln_bayes
    scaled = _ScaledErrors(setting, associations)
    total = np.full(len(bayes.ln_bayes), -np.inf)
    for parts in itertools.product(*(t.parts for t in tails.values())):
        factor = {k: wider for k, (_, wider) in zip(tails, parts, strict=True)}
        core = all(wider == 1.0 for wider in factor.values())
        ln_bayes = bayes.ln_bayes if core else scaled.ln_bayes(factor)
        share = float(np.prod([share for share, _ in parts]))
        np.logaddexp(total, np.log(share) + ln_bayes, out=total)
    total[associations.first[:-1]] = 0.0  # no counterpart: exactly, whatever the shares round to
    return total


class _ScaledErrors:
    """Bayes factors of the associations of a match with some catalogues' errors made wider."""

    def __init__(self, setting: Setting, associations: Associations) -> None:
        self._setting, self._associations = setting, associations
        self._primary = with_determinant(setting.primary.errors)
        self._plane = np.empty((0, 6))
        if not setting.positions.circular:
            self._plane = tangent_planes(
                setting.primary, setting.candidates, setting.positions, associations.pieces
            )

    def ln_bayes(self, factor: dict[int, float]) -> np.ndarray:
        """Ln B of all rows, (n_rows,), with sigmas times `factor`, by number of catalogue."""
        setting, associations = self._setting, self._associations
        primary = widened(self._primary, factor.get(0, 1.0))
        by_slot = slot_factors(setting, factor)
        covariance = widened(setting.positions.covariance, by_slot)
        plane = self._plane
        if len(plane):
            plane = np.column_stack([plane[:, :2], widened(plane[:, 2:], by_slot)])
        ln_b, same = np.empty(associations.first[-1]), np.empty(associations.first[-1])
        list(
            run_ranges(
                lambda a, b: bayes_factor.ln_bayes_rows(
                    a,
                    b,
                    associations.first,
                    primary,
                    associations.member,
                    covariance,
                    plane,
                    setting.candidates.separation,
                    associations.between,
                    setting.positions.circular,
                    np.empty(0),  # no unrelated associations here
                    np.full(len(primary), -1),
                    associations.pruned.ln_unrelated,
                    ln_b,
                    same,
                ),
                associations.pieces,
            )
        )
        return ln_b
