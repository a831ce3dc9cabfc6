"""Primaries with too many associations to keep: the likely ones, and a bound on the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .._kernels import likely
from .._kernels.combinations import Field
from .._kernels.jit import ranges, run_ranges
from .._kernels.likely_bound import likely_at_least
from .candidate_positions import with_determinant
from .setting import Setting
from .tail_factors import catalogue_tails, ceiling, slot_factors, widened

#: primaries per piece of work
PRIMARIES = 16


@dataclass(frozen=True)
class Pruned:
    """The primaries that keep only their likely associations."""

    primary: np.ndarray
    """(m,) which"""
    count: np.ndarray
    """(m,) associations that each keeps"""
    ln_unrelated: np.ndarray
    """(m, patterns) ln of the factor for unrelated associations, by the catalogues left out"""
    ln_total: np.ndarray
    """(m, 2) ln of at least nearly all, the no-counterpart row aside, of B * ratios / prod n_k+
    and of NWAY's weight"""
    lost: np.ndarray
    """(m, 2) at most this much of the two was left out, in units of those totals"""


class LikelyAssociations:
    """The associations of some primaries that are not negligible, counted when made.

    Parameters
    ----------
    which : ndarray
        The primaries.
    setting : Setting
        Of the match.
    ln_ratio : ndarray, shape (n_slots,)
        Ln of the candidates' prior ratios.
    prune : float
        Partial associations are left out whose continuations sum to less than this share of the
        primary's total.
    min_weight : float
        Nothing is left out whose NWAY weight might be above this.
    limit : int
        Counting stops beyond this many, and does not begin where there are more for certain.
    fit : callable
        Raises where that many are more than memory holds.

    Attributes
    ----------
    total : int
        How many there are, or a number above `limit`.
    """

    def __init__(
        self,
        which: np.ndarray,
        setting: Setting,
        ln_ratio: np.ndarray,
        *,
        prune: float,
        min_weight: float,
        limit: int,
        fit: Callable[[int], None],
    ) -> None:
        m, n_patterns = len(which), len(setting.nway.density)
        self.pruned = Pruned(
            which,
            np.zeros(m, np.int64),
            np.empty((m, n_patterns)),
            np.empty((m, 2)),
            np.empty((m, 2)),
        )
        self.total = self.at_least = 0
        if m == 0:
            return
        primary, candidates, nway = setting.primary, setting.candidates, setting.nway
        positions = setting.positions
        self._field = Field(
            candidates.start,
            primary.ra,
            primary.dec,
            with_determinant(primary.errors),
            positions.ra,
            positions.dec,
            positions.cos_dec,
            positions.covariance,
            candidates.separation,
            ln_ratio,
            setting.field.ln_weighted,
            nway.uniform,
            nway.completeness,
            nway.unrelated,
            float(setting.radius_arcsec),
            positions.circular,
        )
        self._wide, self._shift = _widened(self._field, setting)
        with np.errstate(divide="ignore"):
            self._limits = float(np.log(prune)), np.array([np.inf, np.log(min_weight)])
        self.at_least = self._at_least(which)
        if self.at_least > limit:
            self.total = self.at_least
            return
        fit(self.at_least)
        self._count(which, limit)

    def _at_least(self, which: np.ndarray) -> int:
        """How many there are for certain."""
        bounds = *self._limits, self._shift
        least = run_ranges(
            lambda a, b: likely_at_least(a, b, which, self._field, self._wide, *bounds),
            ranges(len(which), PRIMARIES),
        )
        return int(sum(least))

    def _count(self, which: np.ndarray, limit: int) -> None:
        """Count them, up to `limit`."""
        p = self.pruned
        for found in run_ranges(
            lambda a, b: likely.count_likely(
                a,
                b,
                which,
                self._field,
                self._wide,
                self._shift,
                *self._limits,
                limit,
                p.count,
                p.ln_unrelated,
                p.ln_total,
                p.lost,
            ),
            ranges(len(which), PRIMARIES),
        ):
            self.total += found
            if self.total > limit:
                break

    def fill(self, first: np.ndarray, member: np.ndarray, between: np.ndarray) -> None:
        """Write them into the rows ``first[i]:first[i + 1]`` of each primary i."""
        p = self.pruned
        list(
            run_ranges(
                lambda a, b: likely.fill_likely(
                    a,
                    b,
                    p.primary,
                    self._field,
                    self._wide,
                    self._shift,
                    *self._limits,
                    p.ln_unrelated,
                    p.ln_total,
                    first,
                    member,
                    between,
                ),
                ranges(len(p.primary), PRIMARIES),
            )
        )


def _widened(field: Field, setting: Setting) -> tuple[Field, np.ndarray]:
    """What bounds the combinations where errors have tails; `field` itself where none has.

    A mixture is nowhere above one Gaussian of the tails' width times a constant, so that the
    bounds of wider errors hold for it, and what is kept is all that may matter under tails.

    Returns
    -------
    field : Field
        With the wider errors, and the constants in the ratios of the candidates.
    shift : ndarray, shape (2,)
        By how much ln of the limits on e and on NWAY's weight falls: the primary's constant
        and, for e, how far the mixture's total can be below that of the cores.
    """
    tails = catalogue_tails(setting)
    if not tails:
        return field, np.zeros(2)
    constant = {k: ceiling(t) for k, t in tails.items()}
    factor = {k: t.factor for k, t in tails.items()}
    own = float(np.log(constant.get(0, 1.0)))
    lower = sum(float(np.log1p(-t.fraction)) for t in tails.values())
    wide = field._replace(
        p_cov=widened(field.p_cov, factor.get(0, 1.0)),
        cov=widened(field.cov, slot_factors(setting, factor)),
        ln_ratio=field.ln_ratio + np.log(slot_factors(setting, constant)),
    )
    return wide, np.array([own - lower, own])
