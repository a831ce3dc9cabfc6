"""Field objects by the catalogues that have seen them, and their density at every primary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._kernels.jit import ranges, run_ranges
from .._kernels.pattern_sums import fit_to_sums
from .._kernels.sums import rows_times

#: density (arcsec^-2) of a catalogue where the field model has none: it has not looked there
NOTHING = 1e-30
#: densities of several catalogues may differ by this share for no other reason than counting
COUNTING = 0.2
#: sweeps over the catalogues, and the relative change at which they end
MOST_SWEEPS, FITTING = 50, 1e-3
#: the same of Newton's steps from there, and primaries at a time
MOST_NEWTON, FITTED, PIECE = 8, 1e-12, 1 << 9
#: what a catalogue alone sees is at least this part of its usual share
LEAST_ALONE = 0.1


@dataclass(frozen=True)
class FieldObjects:
    """Field objects by membership pattern among the other catalogues (bit k: other k)."""

    count: np.ndarray
    """(patterns,) number fitted, of which only the ratios matter; the first is 0"""
    hosts: np.ndarray
    """(patterns,) share of the primaries with each set of counterparts, as the fit saw it"""
    steps: int = 0
    """EM steps taken"""

    def per_arcsec2(self, rho: np.ndarray) -> np.ndarray:
        """Density nu_T of every pattern at each primary, (n, patterns).

        The sum over the patterns with catalogue k is `rho` (n, n_other) of k.  A pattern follows
        its rarest catalogue, of which it is the largest share, and what a catalogue has far beyond
        that it alone sees: stars of the deepest one make no shared objects.  Where the densities do
        not fit together quite, being counted, all patterns give way in proportion (iterative
        proportional fitting: a factor for every catalogue, whatever their order).  Where one has
        not looked, the others see what they share with it as well.
        """
        looked = rho > 2.0 * NOTHING
        if looked.all():
            return self._where_all_look(rho)
        nu = np.zeros((len(rho), len(self.count)))
        nu[:, 1 << np.arange(rho.shape[1])] = rho
        patterns, bits = np.arange(len(self.count)), 1 << np.arange(rho.shape[1])
        which = looked @ bits
        for seen in np.unique(which[which > 0]):
            rows, columns = which == seen, np.flatnonzero(seen & bits)
            left = np.flatnonzero(patterns & ~seen == 0)
            count = np.bincount(patterns & seen, self.count)[left]
            count[0] = 0.0  # what nobody sees
            of_these = FieldObjects(count, self.hosts)
            nu[np.ix_(rows, left)] = of_these._where_all_look(rho[np.ix_(rows, columns)])
        return nu

    def _where_all_look(self, rho: np.ndarray) -> np.ndarray:
        """:meth:`per_arcsec2` where all catalogues have looked."""
        bits = np.arange(len(self.count))[:, None] >> np.arange(rho.shape[1]) & 1
        singles, several = 1 << np.arange(rho.shape[1]), bits.sum(axis=1) > 1
        total = bits.T @ self.count
        alone = self.count[singles] / total
        least = np.where(bits == 1, total, np.inf).min(axis=1)
        rarest = (bits == 1) & (total <= least[:, None] * (1.0 + 1e-12))  # of equal ones the mean
        each = rarest / np.maximum(rarest.sum(axis=1), 1)[:, None]
        nu = np.where(several, self.count / least, 0.0) * rows_times(rho, each.T)
        nu[:, singles] = np.maximum(alone * rho, (1.0 - COUNTING) * rho - rows_times(nu, bits))
        limits = MOST_SWEEPS, FITTING, MOST_NEWTON, FITTED
        to_fit = np.ascontiguousarray(rho), bits == 1, *limits, nu
        list(run_ranges(lambda a, b: fit_to_sums(a, b, *to_fit), ranges(len(rho), PIECE)))
        nu[:, singles] = 0.0
        with np.errstate(divide="ignore", over="ignore"):
            room = np.minimum(1.0, (1.0 - LEAST_ALONE * alone) * rho / rows_times(nu, bits))
        nu *= np.where(bits == 1, room[:, None, :], 1.0).min(axis=2)
        nu[:, singles] = rho - rows_times(nu, bits)
        return np.asarray(nu)


def ln_relative(nu: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Ln of nu_T / prod rho_k over the catalogues of T; `nu` (n, patterns), `rho` (n, n_other)."""
    bits = np.arange(nu.shape[1])[:, None] >> np.arange(rho.shape[1]) & 1
    with np.errstate(divide="ignore"):
        relative: np.ndarray = np.log(nu) - rows_times(np.log(rho), bits.T)
    return relative


def field_rho(plus_one_deg2: np.ndarray) -> np.ndarray:
    """Density per arcsec^2, never 0, from that per deg^2."""
    looked = np.isfinite(plus_one_deg2) & (plus_one_deg2 > 0)
    return np.where(looked, plus_one_deg2 / 3600.0**2, NOTHING)
