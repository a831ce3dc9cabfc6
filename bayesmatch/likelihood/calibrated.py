"""Calibrated probabilities, and the likelihood of the fractions that they rest on."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .._kernels import likelihood as kernels
from .checks import point_to_class, weights


class CalibratedPosterior(NamedTuple):
    """What :func:`calibrated_posterior` gives, for A rows in G groups.

    Attributes
    ----------
    p_match : ndarray of float64, shape (A,)
        Probability that exactly this association is true; sums to 1 in every group.
    p_hostless : ndarray of float64, shape (G,)
        That of H0, in the order of the groups.
    """

    p_match: np.ndarray
    p_hostless: np.ndarray


point_to_class(CalibratedPosterior)


def calibrated_posterior(ln_likelihood: Any, ln_fraction: Any, group: Any) -> CalibratedPosterior:
    """Calibrated probabilities of the associations of each primary, given pattern fractions.

    With pi_S the fraction of primaries whose counterparts are in exactly the catalogues S, and
    L = B * ratio / prod_{k in S, k > 1} n_k+ (L = 1 for H0)::

        p_match = pi_S L / sum over the group         p_hostless = that of H0

    so that ``p_hostless`` and ``p_match`` of the associations sum to 1.

    Parameters
    ----------
    ln_likelihood : array_like, shape (A,)
        Ln L of each row; -inf excludes it.
    ln_fraction : float or array_like, shape (A,)
        Ln of the fraction of each row's set of catalogues; -inf is a fraction of 0. Counterparts
        farther away than the candidates that are rows belong to H0: ``pi_0 + sum_S pi_S q_S``, q_S
        the probability that they are (of circular errors ``exp(-r^2 / (2 sigma^2))``).
    group : array_like of int, shape (A,)
        As for :func:`nway_posterior`.

    Returns
    -------
    CalibratedPosterior
        ``(p_match, p_hostless)``, of shapes (A,) and (G,).

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, groups are not in order, a value is NaN or +inf, or all rows of a
        group are excluded.

    Examples
    --------
    >>> import bayesmatch as bm
    >>> import numpy as np
    >>> p = bm.likelihood.calibrated_posterior([0.0, 3.0], np.log([0.3, 0.7]), [0, 0])
    >>> p.p_match.round(4).tolist()
    [0.0209, 0.9791]
    """
    first, weight = weights(ln_likelihood, ln_fraction, group)
    lost = np.maximum.reduceat(weight, first[:-1]) == -np.inf if len(weight) else np.empty(0, bool)
    if lost.any():
        raise ValueError(
            f"all associations of the group that begins in row {first[:-1][lost][0]} are "
            "excluded; one must have a fraction and a likelihood above 0"
        )
    out = CalibratedPosterior(np.empty(len(weight)), np.empty(len(first) - 1))
    kernels.calibrated_each(first, weight, *out)
    return out


def ln_marginal_likelihood(ln_likelihood: Any, ln_fraction: Any, group: Any) -> float:
    """Ln of the likelihood of pattern fractions, every primary's true association being unknown.

    The sum over groups of ln sum pi_S L: what the fit of the host fraction maximises (there with
    a weak ridge on the coefficients).

    Parameters
    ----------
    ln_likelihood, ln_fraction, group : array_like, shape (A,)
        As for :func:`calibrated_posterior`, with the counterparts farther away in H0.

    Returns
    -------
    float
        0 for no rows, -inf where all rows of a group are excluded.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, groups are not in order, or a value is NaN or +inf.

    Examples
    --------
    >>> import bayesmatch as bm
    >>> import numpy as np
    >>> round(bm.likelihood.ln_marginal_likelihood([0.0, 3.0], np.log([0.3, 0.7]), [0, 0]), 4)
    2.6644
    """
    first, weight = weights(ln_likelihood, ln_fraction, group)
    return float(kernels.ln_marginal(first, weight))
