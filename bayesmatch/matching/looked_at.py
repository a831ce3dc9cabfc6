"""Which sources a survey of small fields has looked at, from what is around them.

Fields may be there for a part of the sources alone.  One that has nothing at all within the radius
may have no field, or be one of those that are bound to have none: how many these are follows from
what is around all the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .density_ladder import SURE

#: shapes of the gamma distribution that densities may follow from source to source
SHAPES = (np.inf, 10.0, 3.0, 1.0)
#: rounds in which densities around and shares are found by turns, and steps of each round
ROUNDS, STEPS = 4, 60


@dataclass(frozen=True)
class Around:
    """What is around n sources, (n,) each."""

    nearer: np.ndarray
    """candidates so near that they may be hosts"""
    count: np.ndarray
    """candidates farther out"""
    circle: np.ndarray
    """arcsec^2 in which the nearer are counted"""
    area: np.ndarray
    """arcsec^2 in which the others are"""
    kept: np.ndarray
    """share of the hosts that are among the nearer"""
    own: np.ndarray
    """share of the hosts that are among the others"""
    others: np.ndarray
    """other sources per arcsec^2"""


@dataclass(frozen=True)
class _Shares:
    looked_at: np.ndarray
    """(n,) probability that the survey has"""
    hosts: float
    """of a source that it has looked at"""
    gain: float
    """ln likelihood"""


def looked_at(
    around: Around, local: Callable[[np.ndarray, float], np.ndarray], hosts: float
) -> tuple[np.ndarray, float] | None:
    """Probability of every source to have been looked at, (n,), and hosts of those; None: all.

    Parameters
    ----------
    around : Around
        What is around the sources.
    local : callable
        Field objects per arcsec^2 around every source, given these probabilities and the hosts.
    hosts : float
        Mean number of hosts of a source, if all have been.

    Notes
    -----
    Expectation and maximisation, of the share that has not been looked at and the level of the
    density; between rounds how this varies from place to place is found again.  It counts beyond
    doubt only, against densities that vary from source to source without.
    """
    none = (around.nearer == 0) & (around.count == 0)
    if not none.any() or none.all():
        return None
    there, found = np.ones(len(none)), None
    for turn in range(ROUNDS):
        density = local(there, hosts)
        tried = [_fitted(around, density, none, shape, there, hosts) for shape in SHAPES]
        if turn == 0:
            whole = np.ones(len(none))
            level = [
                _fitted(around, density, none, shape, whole, hosts, every=True) for shape in SHAPES
            ]
            if max(s.gain for s in tried) < max(s.gain for s in level) + 0.5 * SURE**2:
                return None
        found = max(tried, key=lambda s: s.gain)
        there, hosts = found.looked_at, found.hosts
    return there, hosts


def _fitted(
    around: Around,
    density: np.ndarray,
    none: np.ndarray,
    shape: float,
    there: np.ndarray,
    hosts: float,
    every: bool = False,
) -> _Shares:
    """Shares and level of the density by which the counts are most likely, for one shape."""
    a, gain = around, -np.inf
    missing = 0.0 if every else 0.5 * float(none.mean())
    if not every:
        there = np.where(none, 0.5, 1.0)
    for _ in range(STEPS):
        # What is beyond the nearer is field and hosts; what is more among these are hosts.
        of_hosts = hosts * (a.own + a.others * a.area)
        field = max(float((a.count - there * of_hosts).sum()), 1.0)
        times = field / float((there * density * a.area).sum())
        rate = times * density + hosts * a.others
        excess = float(a.nearer.sum() - (there * rate * a.circle).sum())
        hosts = float(np.clip(excess / max(float((there * a.kept).sum()), 1e-300), 0.0, 0.999))
        expected = rate * a.area + hosts * a.own
        ln_nearer_none = np.log1p(-hosts * a.kept) - rate * a.circle
        ln_count = _ln_counts(a.count, expected, shape)
        ln_nearer = np.where(
            a.nearer == 0, ln_nearer_none, np.log(-np.expm1(np.minimum(ln_nearer_none, -1e-12)))
        )
        looked = np.log1p(-missing) + ln_nearer + ln_count
        total = np.where(none, np.logaddexp(np.log(max(missing, 1e-300)), looked), looked)
        gain = float(total.sum())
        if not every:
            there = np.where(none, np.exp(looked - total), 1.0)
            missing = float(1.0 - there.mean())
    return _Shares(there, hosts, gain)


def _ln_counts(count: np.ndarray, expected: np.ndarray, shape: float) -> np.ndarray:
    """Ln probability of counts but for what is the same for any `expected`."""
    from scipy.special import gammaln  # imported only where needed: it takes long

    expected = np.maximum(expected, 1e-12)
    if not np.isfinite(shape):
        return count * np.log(expected) - expected
    scatter = gammaln(count + shape) - gammaln(shape) - count * np.log(shape + expected)
    return count * np.log(expected) + scatter - shape * np.log1p(expected / shape)
