"""NWAY's prior and posterior."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .._kernels import likelihood as kernels
from .._kernels.posterior import ln_odds_against
from ..catalogs.area import FULL_SKY_DEG2
from .checks import check_all, groups, numbers, per_row, point_to_class


class NwayPosterior(NamedTuple):
    """What :func:`nway_posterior` gives, for A rows in G groups.

    Attributes
    ----------
    p_any : ndarray of float64, shape (G,)
        Probability that any counterpart exists, in the order of the groups.
    p_i : ndarray of float64, shape (A,)
        Probability of this association if a counterpart exists; 0 for H0.
    p_single : ndarray of float64, shape (A,)
        Posterior of this association against chance.
    match_flag : ndarray of int16, shape (A,)
        1 the best of its group, 2 comparable, 0 the rest.
    """

    p_any: np.ndarray
    p_i: np.ndarray
    p_single: np.ndarray
    match_flag: np.ndarray


point_to_class(NwayPosterior)


def ln_prior(counts: Any, areas: Any, completeness: Any, members: Any) -> np.ndarray:
    """Ln of NWAY's prior of associations: that these objects, of all in the sky, belong together.

    With n_k+ = (N_k + 1) / Omega_k * 4 pi sr, the number of objects in the full sky::

        prior(S) = prod_{k in S, k > 1} c_k / n_k+

    over the catalogues S that take part. With more than two, areas do not cancel. The prior of H0,
    the primary alone, is 1.

    Parameters
    ----------
    counts : array_like, shape (K,)
        Rows N_k of each catalogue, the primary first (its own does not matter).
    areas : array_like, shape (K,)
        Sky areas Omega_k, deg^2 or a Quantity, up to the full sky.
    completeness : float or array_like, shape (K-1,)
        Expected fraction of primaries with a counterpart in each other catalogue, above 0, up
        to 1.
    members : array_like of bool, shape (A, K)
        Which catalogues take part in each association; the primary in all.

    Returns
    -------
    ndarray of float64, shape (A,)
        Natural logarithms.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit or a value is out of its range.

    Examples
    --------
    >>> import bayesmatch as bm
    >>> ln_p = bm.likelihood.ln_prior([100, 20000], [1.0, 2.0], 0.9, [[1, 0], [1, 1]])
    >>> ln_p.round(3).tolist()
    [0.0, -19.943]
    """
    n, area = numbers("counts", counts), numbers("areas", areas, "deg2")
    if n.ndim != 1 or len(n) == 0 or area.shape != n.shape:
        raise ValueError(
            f"counts and areas have shapes {n.shape} and {area.shape}; give one number per "
            "catalogue, the primary first"
        )
    c = numbers("completeness", completeness)
    if c.shape not in ((), (len(n) - 1,)):
        raise ValueError(
            f"completeness has shape {c.shape}; give one number, or {len(n) - 1}: one per "
            "catalogue after the first"
        )
    takes_part = _flags(members, len(n))
    check_all("counts", n, (n >= 0) & (n < np.inf), "a catalogue has 0 rows or more")
    check_all(
        "areas",
        area,
        (area > 0) & (area <= FULL_SKY_DEG2 * (1 + 1e-9)),
        f"they must be above 0, up to {FULL_SKY_DEG2:.2f} deg^2",
    )
    check_all("completeness", c, (c > 0) & (c <= 1), "it must be above 0, up to 1")
    ln_c = np.broadcast_to(np.log(c), (len(n) - 1,))
    ln_n = ln_full_sky((n[1:] + 1) / area[1:])
    out: np.ndarray = sum_over_members(takes_part[:, 1:], ln_c)
    out -= sum_over_members(takes_part[:, 1:], ln_n)
    return out


def nway_posterior(
    ln_bayes: Any, ln_prior: Any, ln_ratio: Any, group: Any, secondary_ratio: float = 0.5
) -> NwayPosterior:
    """NWAY's probabilities of the associations of each primary.

    With the weights w = prior * B * ratio of the rows of a group, and H0 its first::

        p_any = 1 - w_H0 / sum w          p_i = w_i / sum_{j != H0} w_j
        p_single = 1 / (1 + (1 - prior) / (prior * B * ratio))

    Sums are taken in logarithms; nothing over- or underflows on the way.

    Parameters
    ----------
    ln_bayes : array_like, shape (A,)
        Ln of the Bayes factor of each row, as of :func:`ln_bayes_factor`; 0 for H0, or more where
        unrelated associations are counted. Finite.
    ln_prior : array_like, shape (A,)
        As of :func:`ln_prior`; 0 for H0, at most 0 for all. Finite.
    ln_ratio : float or array_like, shape (A,)
        Ln of the product of the members' prior ratios, 0 without priors and for H0; -inf excludes
        an association.
    group : array_like of int, shape (A,)
        Which primary each row is of: 0 or more, never descending, the H0 row first in each.
    secondary_ratio : float, default 0.5
        Rows with p_i above this share of the group's largest are flagged 2.

    Returns
    -------
    NwayPosterior
        ``(p_any, p_i, p_single, match_flag)``, of shapes (G,), (A,), (A,), (A,); `p_any` has one
        value per group that occurs. With `ln_ratio` 0, `p_single` is the column ``dist_post``.

    Raises
    ------
    ValueError, TypeError
        If shapes do not fit, groups are not in order, or a value is out of its range.

    Examples
    --------
    >>> import bayesmatch as bm
    >>> p = bm.likelihood.nway_posterior([0, 22.0, 20.0], [0, -20.0, -20.0], 0, [7, 7, 7])
    >>> p.p_any.round(3).tolist(), p.p_i.round(3).tolist(), p.match_flag.tolist()
    ([0.893], [0.0, 0.881, 0.119], [0, 1, 0])
    """
    first, n = groups(group)
    ln_b = per_row("ln_bayes", ln_bayes, n)
    prior = per_row("ln_prior", ln_prior, n)
    ratio = per_row("ln_ratio", ln_ratio, n, excludes=True)
    if not isinstance(secondary_ratio, (int, float, np.number)) or not 0 <= secondary_ratio <= 1:
        raise ValueError(f"secondary_ratio is {secondary_ratio!r}; give a number from 0 to 1")
    check_all("ln_prior", prior, prior <= 0, "a prior is at most 1, its logarithm at most 0")
    for name, values in (("ln_prior", prior), ("ln_ratio", ratio)):
        at = first[:-1][values[first[:-1]] != 0]
        if len(at):
            raise ValueError(
                f"{name} is {values[at[0]]:g} in row {at[0]}, the first of its group, which is "
                "no counterpart (H0): it must be 0 there"
            )
    out = NwayPosterior(
        np.empty(len(first) - 1), np.empty(n), np.empty(n), np.empty(n, dtype=np.int16)
    )
    kernels.nway_each(
        first,
        ln_odds_against(prior),
        prior,
        ln_b + ratio,
        float(secondary_ratio),
        *out,
    )
    return out


def ln_full_sky(per_deg2: Any) -> np.ndarray:
    """Ln n_k+, the objects of the full sky at densities (of N + 1 objects) per deg^2, (K,)."""
    out: np.ndarray = np.log(np.asarray(per_deg2) * FULL_SKY_DEG2)
    return out


def sum_over_members(takes_part: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Sum of `values` (K,) over the members of each association, `takes_part` (A, K) of 0 and 1."""
    total: np.ndarray = takes_part @ values
    return total


def _flags(members: Any, n_catalogues: int) -> np.ndarray:
    flags = numbers("members", members)
    if flags.ndim != 2 or flags.shape[1] != n_catalogues:
        raise ValueError(f"members have shape {flags.shape}; give (A, {n_catalogues}) flags")
    check_all("members", flags, (flags == 0) | (flags == 1), "flags are True or False")
    check_all("members", flags[:, :1], flags[:, :1] == 1, "the primary takes part in all")
    return flags
