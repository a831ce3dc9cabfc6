"""How often chance alone gives a source without a counterpart a match: measured on fake positions.

:func:`calibrate` matches the sources, then the same sources at positions that belong to nothing,
several times; the :class:`Calibration` has the false fraction at every cutoff.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Column, Table
from scipy.stats import beta

from ._kernels.jit import ranges, run_ranges
from .arguments import check_catalogs, cutoff_values, in_arcsec, whole_number
from .catalogs.catalog import Catalog
from .fake import fake_positions, near_sources, shifted_positions, shifts
from .matching import match
from .result import MatchResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: score, and whether sources at or above the cutoff are selected (+1) or those at or below (-1)
SCORES = {"p_any": 1, "p_match": 1, "p_hostless": -1}
#: Neighbouring cutoffs share their sources, so a curve is outside an interval at many cutoffs or at
#: none. With 95% at each cutoff alone, one list in eight is outside at over a tenth of them; with
#: 98.8% one in thirty.
LEVEL = 0.988


def calibrate(
    primary: Catalog,
    *others: Catalog,
    radius: Any,
    method: str = "fake",
    n_realizations: int = 10,
    seed: int = 0,
    score: str = "p_any",
    cutoffs: Sequence[float] | np.ndarray | None = None,
    **match_options: Any,
) -> Calibration:
    """Measure how many sources without a counterpart get a match above each cutoff.

    Parameters
    ----------
    primary : Catalog
        The sources to identify.
    *others : Catalog
        The catalogues that may hold their counterparts.
    radius : float or Quantity
        Of the match, arcsec. No fake position is closer to a real source.
    method : {"fake", "shift"}
        Where sources are put: each between itself and a random near neighbour; or all moved by one
        small offset, another in each realization (the nearest points of a hexagonal lattice of
        2.01 radii, turned at random), those that come close to a real source left out. A shift
        may lead out of the area that the other catalogues cover; a fake position hardly can.
    n_realizations : int, default 10
        How many times.
    seed : int, default 0
        The same seed gives the same numbers, for any number of threads.
    score : {"p_any", "p_match", "p_hostless"}
        What is cut on. A source is selected where ``p_any``, or ``p_match`` of its best
        association, is at or above the cutoff, or ``p_hostless`` at or below it.
    cutoffs : sequence of float, optional
        Rows of the table. Default: 0, 0.01, ... 0.99, 0.991, ... 1 (of p_hostless: 1 minus those).
    **match_options
        For :func:`bayesmatch.match`, such as ``priors``. What it learns from the real positions
        (automatic priors, host fractions) is used for the fake ones as it is.

    Returns
    -------
    Calibration

    Raises
    ------
    ValueError, TypeError
        If an argument is wrong, or the sources are too crowded for positions farther than `radius`
        from all of them.

    Notes
    -----
    ``false_fraction`` is the probability that a source of this list that has no counterpart in the
    other catalogues is selected. Sources without one are mostly faint, with large errors, so each
    fake position counts by p_hostless of its source: on mock skies where the host fraction falls
    with flux, a plain mean was 0.26 for a true 0.31 (standard error 0.01). It is not the
    contamination: of the sources selected, ``(1 - host fraction) * false_fraction /
    selected_fraction`` have no counterpart; and sources that have one but are given another object
    are not in it.

    ``false_lo`` and ``false_hi`` are where the fraction of the sources of this list without a
    counterpart that are selected lies. They hold the chance of those few sources as well as that of
    the fake positions (with its scatter between the realizations), so more realizations do not make
    them arbitrarily narrow. They are for the whole curve: on 120 mock lists of 3,000 sources, each
    cut on every score, the true fraction was inside at 99% of the cutoffs, and in 96% of the curves
    at 90% of them or more.

    A fake position never is beside the counterpart of another source, as a real one may be:
    where counterparts are 3% of the objects, fractions near 0.3 came out 0.004 low.
    """
    if method not in ("fake", "shift"):
        raise ValueError(f"method is {method!r}; give 'fake' or 'shift'")
    if score not in SCORES:
        raise ValueError(f"score is {score!r}; give one of {', '.join(SCORES)}")
    n_realizations = whole_number("n_realizations", n_realizations, 1)
    seed = whole_number("seed", seed, 0)
    at = _cutoffs(cutoffs, score)
    check_catalogs(primary, others)
    radius = in_arcsec(radius)
    places = _places(primary, radius, method, n_realizations, seed)

    result = match(primary, *others, radius=radius, **match_options)
    weight = np.maximum(np.asarray(result.sources["p_hostless"]), 1e-12)  # never all zero
    options = {**match_options, "priors": result.priors, "host_fraction": result._host_fraction,
               "progress": False, "checkpoint": None}  # of other positions, nothing is kept

    def realization(k: int, _: int) -> np.ndarray:
        ra, dec, usable = places[k]
        moved = match(primary.corrected(ra, dec, 1.0, 0.0), *others, radius=radius, **options)
        return selected_fraction(moved, score, at, weight * usable)

    by_realization = np.array(list(run_ranges(realization, ranges(n_realizations, 1))))
    n_fake = [int(usable.sum()) for _, _, usable in places]
    lo, hi = _interval(by_realization, weight, sum(n_fake) / n_realizations / len(weight))
    table = Table({
        "cutoff": Column(at, description=f"Cutoff in {score}"),
        "selected_fraction": Column(selected_fraction(result, score, at, np.ones(len(weight))),
                                    description="Fraction of the sources that are selected"),
        "false_fraction": Column(
            by_realization.mean(axis=0),
            description="Fraction of sources without a counterpart that are selected"),
        "false_lo": Column(lo, description="Lower end of its 95% interval"),
        "false_hi": Column(hi, description="Upper end of its 95% interval")})
    meta = {"score": score, "method": method, "n_realizations": n_realizations, "seed": seed,
            "radius_arcsec": radius, "n_sources": len(weight), "n_hostless": float(weight.sum()),
            "n_fake": n_fake, "catalogues": result.catalogue_names}
    return Calibration(table, by_realization, meta)


@dataclass(frozen=True)
class Calibration:
    """What :func:`calibrate` measured."""

    table: Table
    """``cutoff``, ``selected_fraction``, ``false_fraction``, ``false_lo``, ``false_hi``"""
    by_realization: np.ndarray
    """(n_realizations, n_cutoffs) false fraction in each realization"""
    meta: dict[str, Any]
    """parameters; numbers of sources, of those expected without a counterpart (``n_hostless``) and
    of fake positions in each realization (``n_fake``)"""

    def cutoff(self, false_fraction: float = 0.05) -> float:
        """The cutoff of the table that selects most with at most this false fraction.

        Parameters
        ----------
        false_fraction : float, default 0.05
            Between 0 and 1.

        Raises
        ------
        ValueError
            If every cutoff of the table has more.
        """
        if not (isinstance(false_fraction, (int, float, np.number)) and 0 <= false_fraction <= 1):
            raise ValueError(f"false_fraction is {false_fraction!r}; give a number from 0 to 1")
        cutoff, false = np.asarray(self.table["cutoff"]), np.asarray(self.table["false_fraction"])
        allowed = cutoff[false <= false_fraction]
        if len(allowed) == 0:
            raise ValueError(f"no cutoff has a false fraction of {false_fraction:g} or less; the "
                             f"least is {false.min():.4g}, at {cutoff[false.argmin()]:g}: give "
                             "finer cutoffs=")
        return float(allowed.min() if SCORES[self.meta["score"]] > 0 else allowed.max())

    def plot(self) -> Figure:
        """Selected and false fraction against the cutoff, and against each other."""
        from . import plots

        return plots.calibration_curves(self)

    def __str__(self) -> str:
        """Cutoffs for some false fractions."""
        m, sign = self.meta, ">=" if SCORES[self.meta["score"]] > 0 else "<="
        lines = [f"{m['n_sources']} {m['catalogues'][0]} sources, {m['n_realizations']} times at "
                 f"positions that belong to nothing ({m['method']})",
                 f"  {m['score']:>10} {sign}   selected   selected of those without a counterpart"]
        for row in self.rows((0.2, 0.1, 0.05, 0.02, 0.01)):
            lines.append(f"  {row['cutoff']:>13.4g}   {row['selected_fraction']:>8.4f}   "
                         f"{row['false_fraction']:.4f} ({row['false_lo']:.4f} to "
                         f"{row['false_hi']:.4f})")
        return "\n".join(lines)

    def rows(self, false_fractions: Sequence[float]) -> Table:
        """Rows of the table for these false fractions, as far as it reaches them."""
        least = np.asarray(self.table["false_fraction"]).min()
        cutoffs = [self.cutoff(f) for f in false_fractions if f >= least]
        return self.table[np.isin(self.table["cutoff"], cutoffs)]


def selected_fraction(result: MatchResult, score: str, cutoffs: np.ndarray, weight: np.ndarray
                      ) -> np.ndarray:
    """Weighted fraction of a result's sources that each cutoff selects."""
    value = SCORES[score] * np.asarray(result.sources[score], dtype=np.float64)
    order = np.argsort(value)
    above = np.append(np.cumsum(weight[order][::-1])[::-1], 0.0)  # from each source up
    return above[np.searchsorted(value[order], SCORES[score] * cutoffs)] / above[0]


def _interval(by_realization: np.ndarray, weight: np.ndarray, used: float
              ) -> tuple[np.ndarray, np.ndarray]:
    """Interval of the fraction selected among the list's own sources without a counterpart."""
    false = by_realization.mean(axis=0)
    n_hostless = max(weight.sum(), 1.0)
    n_fake = used * weight.sum() ** 2 / (weight**2).sum()  # as good as so many of equal weight
    spread = 1.0
    if len(by_realization) > 1 and (false * (1 - false)).sum() > 0:
        scatter = by_realization.var(axis=0, ddof=1).sum()
        spread = max(1.0, scatter * n_fake / (false * (1 - false)).sum())
    # Two samples, as many as are hostless and as many as are fake, and Jeffreys' interval; whole
    # numbers of hostless sources, rounded outwards.
    n = 1.0 / (1.0 / n_hostless + spread / (n_fake * len(by_realization)))
    a, b = n * false + 0.5, n * (1.0 - false) + 0.5
    lo = np.floor(beta.ppf((1 - LEVEL) / 2, a, b) * n_hostless) / n_hostless
    hi = np.ceil(beta.ppf((1 + LEVEL) / 2, a, b) * n_hostless) / n_hostless
    return np.minimum(lo, false), np.clip(hi, false, 1.0)


def _places(primary: Catalog, radius: float, method: str, n: int, seed: int
            ) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Positions (ra, dec) of each realization, and which are not beside a source."""
    if method == "fake":
        everywhere = np.ones(len(primary), bool)
        return [(*fake_positions(primary, radius, np.random.default_rng([seed, k])), everywhere)
                for k in range(n)]
    places = []
    for east, north in shifts(n, radius, np.random.default_rng(seed)):
        ra, dec = shifted_positions(primary, east, north)
        places.append((ra, dec, ~near_sources(primary, ra, dec, radius)))
        if not places[-1][2].any():
            raise ValueError(f"catalogue {primary.name!r}: every source comes within {radius:g} "
                             f"arcsec of a source when all are shifted by {east:.1f} arcsec to the "
                             f"east and {north:.1f} to the north; use a smaller radius")
    return places


def _cutoffs(cutoffs: Any, score: str) -> np.ndarray:
    if cutoffs is None:
        at = np.concatenate([np.arange(99) / 100, np.arange(990, 1001) / 1000])
        return at if SCORES[score] > 0 else (1.0 - at[::-1]).round(3)
    return np.sort(cutoff_values(cutoffs, 0.0, 1.0))
