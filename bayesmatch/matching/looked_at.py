"""Which sources a survey of small fields has looked at, from what is around them.

Fields may be there for a part of the sources alone.  One that has nothing at all within the radius
may have no field, or be one of those that are bound to have none: how many these are follows from
what is around all the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..catalogs.sky_box import SkyBox
from .density_ladder import SURE, Ring, densities
from .small_fields import tiles

#: shapes of the gamma distribution that densities may follow from source to source
SHAPES = (np.inf, 10.0, 3.0, 1.0)
#: rounds in which densities around and shares are found by turns, and steps of each round
ROUNDS, STEPS = 3, 60
#: a gain of ln likelihood that ends the steps; most hosts; least probability and number
ENOUGH, MOST, LEAST = 1e-3, 0.999, 1e-12


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
    there: np.ndarray
    """(n,) probability that the survey has looked at the source"""
    hosts: float
    """of a source that has been"""
    gain: float
    """ln likelihood, but for a constant"""


def looked_at(
    around: Around, box: SkyBox, often: np.ndarray, stated: float, hosts: float
) -> tuple[np.ndarray, float]:
    """Probability of every source to have been looked at, (n,), and mean number of hosts of those.

    Parameters
    ----------
    around : Around
        What is around the sources.
    box : SkyBox
        The cells around the sources.
    often : ndarray, shape (n,)
        In how many fields an object is that is in that of a source.
    stated : float
        Density that the catalogue claims, per arcsec^2.
    hosts : float
        Mean number of hosts of a source, if all have been looked at.

    Notes
    -----
    Expectation and maximisation, of the share that has not been looked at and the level of the
    density; between rounds how this varies from place to place is found again.  It counts beyond
    doubt only, against densities that vary from source to source without; else all have been.
    """
    none = (around.nearer == 0) & (around.count == 0)
    there = np.ones(len(none))
    if not none.any() or none.all():
        return there, hosts
    density = _from_place_to_place(around, there, hosts, box, often, stated)
    tried = [(_fitted(around, density, none, hosts, shape), shape) for shape in SHAPES]
    found, shape = max(tried, key=lambda each: each[0].gain)
    nobody = np.zeros(len(none), bool)
    whole = max(_fitted(around, density, nobody, hosts, each).gain for each in SHAPES)
    if found.gain < whole + 0.5 * SURE**2:
        return there, hosts
    for _ in range(ROUNDS):
        density = _from_place_to_place(around, found.there, found.hosts, box, often, stated)
        found = _fitted(around, density, none, found.hosts, shape)
    return found.there, found.hosts


def _from_place_to_place(
    around: Around, there: np.ndarray, hosts: float, box: SkyBox, often: np.ndarray, stated: float
) -> np.ndarray:
    """Field objects per arcsec^2 around every source, by what is around others near by."""
    theirs = hosts * around.others * around.area
    field = around.count - there * (hosts * around.own + theirs)
    ring = Ring(field, there * around.area, variance=there * theirs)
    return densities([], tiles([ring], box, often), stated, len(there)).here


def _fitted(
    around: Around, density: np.ndarray, none: np.ndarray, hosts: float, shape: float
) -> _Shares:
    """Shares and level of the density by which the counts are most likely, for one shape.

    Of the sources, `none` (n,) may have no field.
    """
    a, gain, before = around, -np.inf, -np.inf
    there, missing = np.where(none, 0.5, 1.0), 0.5 * float(none.mean())
    for _ in range(STEPS):
        # What is beyond the nearer is field and hosts; what is more among these are hosts.
        of_hosts = hosts * (a.own + a.others * a.area)
        field = max(float((a.count - there * of_hosts).sum()), 1.0)
        rate = field / float((there * density * a.area).sum()) * density + hosts * a.others
        excess = float(a.nearer.sum() - (there * rate * a.circle).sum())
        hosts = float(np.clip(excess / float((there * a.kept).sum()), 0.0, MOST))
        none_nearer = np.log1p(-hosts * a.kept) - rate * a.circle
        some_nearer = np.log(-np.expm1(np.minimum(none_nearer, -LEAST)))
        looked = np.where(a.nearer == 0, none_nearer, some_nearer)
        looked += _ln_counts(a.count, rate * a.area + hosts * a.own, shape)
        looked += np.log1p(-missing)
        total = looked.copy()
        total[none] = np.logaddexp(np.log(max(missing, LEAST)), looked[none])
        gain = float(total.sum())
        there = np.where(none, np.exp(looked - total), 1.0)
        missing = float(1.0 - there.mean())
        if abs(gain - before) < ENOUGH:
            break
        before = gain
    return _Shares(there, hosts, gain)


def _ln_counts(count: np.ndarray, expected: np.ndarray, shape: float) -> np.ndarray:
    """Ln probability of counts but for what is the same for any `expected`."""
    from scipy.special import gammaln  # imported only where needed: it takes long

    expected = np.maximum(expected, LEAST)
    out: np.ndarray = count * np.log(expected) - expected
    if np.isfinite(shape):
        out += gammaln(count + shape) - gammaln(shape) - count * np.log(shape + expected)
        out += expected - shape * np.log1p(expected / shape)
    return out
