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

from .associations import Associations
from .posterior import BayesFactors, Covariances, bayes_factors_of, covariances
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
    errors = covariances(setting, associations)
    total = np.full(len(bayes.ln_bayes), -np.inf)
    for parts in itertools.product(*(t.parts for t in tails.values())):
        factor = {k: times for k, (_, times) in zip(tails, parts, strict=True)}
        core = all(times == 1.0 for times in factor.values())
        ln_bayes = bayes.ln_bayes
        if not core:
            wider = _with_wider(setting, errors, factor)
            ln_bayes = bayes_factors_of(setting, associations, wider, np.empty(0)).ln_bayes
        share = float(np.prod([share for share, _ in parts]))
        np.logaddexp(total, np.log(share) + ln_bayes, out=total)
    total[associations.first[:-1]] = 0.0  # no counterpart: exactly, whatever the shares round to
    return total


def _with_wider(setting: Setting, errors: Covariances, factor: dict[int, float]) -> Covariances:
    """Covariances with sigmas times `factor`, by number of catalogue."""
    by_slot, plane = slot_factors(setting, factor), errors.plane
    if len(plane):
        plane = np.column_stack([plane[:, :2], widened(plane[:, 2:], by_slot)])
    primary = widened(errors.primary, factor.get(0, 1.0))
    return Covariances(primary, widened(errors.slot, by_slot), plane)
