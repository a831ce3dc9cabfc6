"""Both sides' numbers again, from the inputs, with each known difference on or off."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ...likelihood.bayes_factor import ln_bayes_factor
from .ellipses import ellipse_parts, log10_ellipses
from .formulas import (
    carried,
    log10_circles,
    offsets,
    posterior,
    separation,
)
from .inputs import Inputs
from .rows import Rows


@dataclass(frozen=True)
class Side:
    """How one side computes: what the differences between the sides are switches of."""

    single: bool
    """separations in single precision"""
    ellipses: bool
    """NWAY's approximation of elliptical errors"""
    their_errors: bool
    """position errors that NWAY was given"""
    unrelated: bool
    completeness: np.ndarray = field(repr=False)
    """log10 of their product by pattern, shape (2^(K-1),)"""
    density: np.ndarray = field(repr=False)
    """log10 of one over the product of full-sky numbers by pattern, shape (2^(K-1),)"""
    biases: dict[str, np.ndarray] = field(repr=False)
    """(R,) ratio, by column"""
    rows: np.ndarray = field(repr=False)
    """(R,) which associations were there when probabilities were computed"""
    secondary_ratio: float
    flags_alone: bool
    """flag 1 for a primary without candidates"""
    no_number: bool
    """p_i NaN where every candidate is excluded"""


class Recomputed:
    """Recomputes the columns of R associations."""

    def __init__(
        self,
        rows: Rows,
        inputs: Inputs,
        stored: dict[str, np.ndarray],
        less_one: dict[int, float],
    ) -> None:
        self.inputs, self.stored = inputs, stored
        self.less_one = less_one
        """log10 of N / (N + 1) by catalogue"""
        self.present, self.group = rows.present, rows.group
        self.k = rows.member.shape[1]
        self.pattern = self.present[:, 1:] @ (1 << np.arange(self.k - 1))
        self._bayes: dict[tuple[bool, bool, bool, tuple[int, ...]], np.ndarray] = {}

    def separations(self, single: bool) -> dict[tuple[int, int], np.ndarray]:
        """Separations (R,) by pair, NaN where one is absent or unknown."""
        out = {}
        for i in range(self.k):
            for j in range(i + 1, self.k):
                if single:  # in the order that NWAY takes them
                    # with ellipses NWAY takes them in double precision
                    a, b = self.inputs.theirs[j], self.inputs.theirs[i]
                    if self.inputs.elliptical:
                        a, b = ((v[0].astype("f8"), v[1].astype("f8")) for v in (a, b))
                    out[i, j] = separation(*a, *b).astype(np.float32)
                else:
                    out[i, j] = separation(*self.inputs.ours[i], *self.inputs.ours[j])
        return out

    @np.errstate(invalid="ignore")
    def evaluate(self, side: Side) -> dict[str, np.ndarray]:
        """All columns (R,), NaN for rows that are not there, and what inputs at hand would tell."""
        bayes = self._log10_bayes(side, tuple(range(self.k)))
        out = {"dist_bayesfactor_uncorrected": bayes}
        bayes = bayes + self._unrelated(side) if side.unrelated and self.k > 2 else bayes
        out["dist_bayesfactor"] = bayes
        prior = (side.completeness + side.density)[self.pattern]
        out["dist_post"] = posterior(prior, bayes)
        with np.errstate(divide="ignore"):
            ratio = sum((np.log10(b) for b in side.biases.values()), np.zeros(len(bayes)))
        out["p_single"] = posterior(prior, bayes + ratio)
        out |= side.biases
        out |= self._grouped(side, prior + bayes + ratio)
        for (i, j), value in self.separations(side.single).items():
            out[f"{i} {j}"] = value
        return {name: np.where(side.rows, values, np.nan) for name, values in out.items()}

    def _grouped(self, side: Side, weight: np.ndarray) -> dict[str, np.ndarray]:
        """p_any, p_i and match_flag of each group."""
        n = self.group[-1] + 1
        alone = self.pattern == 0
        weight = np.where(side.rows, weight, -np.inf)
        top = np.full(n, -np.inf)
        np.maximum.at(top, self.group, weight)
        candidates = np.where(alone, -np.inf, weight)
        best = np.full(n, -np.inf)
        np.maximum.at(best, self.group, candidates)
        safe, safe_best = np.where(np.isfinite(top), top, 0), np.where(np.isfinite(best), best, 0)
        share = 10.0 ** (candidates - safe_best[self.group])
        total = np.bincount(self.group, share, n)
        some = np.isfinite(best)
        h0 = np.bincount(self.group, np.where(alone, 10.0 ** (weight - safe[self.group]), 0), n)
        linked = total * 10.0 ** (np.where(some, best, -np.inf) - safe)
        p_any = (linked / (linked + h0))[self.group]
        with np.errstate(invalid="ignore", divide="ignore"):
            p_i = np.where(some[self.group], share / total[self.group], 0.0)
        size = np.bincount(self.group, side.rows, n)[self.group]
        if side.no_number:
            p_i = np.where(~some[self.group] & (size > 1) & ~alone, np.nan, p_i)
        flag = np.where(share >= 1, 1, np.where(share > side.secondary_ratio, 2, 0))
        flag = np.where(some[self.group] & ~alone, flag, 0)
        if side.flags_alone:
            flag = np.where(alone & (size == 1), 1, flag)
        return {"p_any": p_any, "p_i": p_i, "match_flag": flag.astype(np.float64), "share": share}

    def _unrelated(self, side: Side) -> np.ndarray:
        """Log10 of the factor for associations of catalogues that a row leaves out, (R,)."""
        out = np.zeros(len(self.pattern))
        full = (1 << (self.k - 1)) - 1
        plus = side.density
        for missing in range(full + 1):
            if missing.bit_count() < 2:
                continue
            mine = (self.pattern == full ^ missing) & side.rows
            best = np.zeros(self.group[-1] + 1)
            for both in range(missing + 1):
                if both & ~missing or both.bit_count() < 2:
                    continue
                at = side.rows & (self.pattern & missing == both)
                if not at.any():
                    continue
                some = tuple(k for k in range(1, self.k) if both >> (k - 1) & 1)
                first = 1 << (some[0] - 1)
                # the density of the first is that of its rows, without one more
                prior = plus[both] - plus[first] + self.less_one[some[0]]
                value = self._log10_bayes(side, some) + prior
                np.maximum.at(best, self.group[at], value[at])
            out[mine] = best[self.group[mine]]
        return out

    def _log10_bayes(self, side: Side, which: tuple[int, ...]) -> np.ndarray:
        """Log10 B (R,) of the members in some catalogues; the stored one where inputs are not."""
        key = (side.single, side.ellipses, side.their_errors, which)
        if key not in self._bayes:
            self._bayes[key] = self._compute(side, which)
        out = self._bayes[key]
        if len(which) == self.k:
            kept = self.stored["theirs" if side.single or side.ellipses else "ours"]
            out = np.where(np.isnan(out), kept, out)
        return out

    def _compute(self, side: Side, which: tuple[int, ...]) -> np.ndarray:
        out = np.full(len(self.pattern), np.nan)
        for pattern in np.unique(self.pattern):
            at = np.flatnonzero(self.pattern == pattern)
            some = [k for k in which if k == 0 or pattern >> (k - 1) & 1]
            if len(some) < 2:
                out[at] = 0.0
            elif side.ellipses:
                out[at] = self._ellipses(side, at, some)
            elif self.inputs.circular or side.their_errors and not self.inputs.elliptical:
                out[at] = self._circles(side, at, some)
            else:
                out[at] = self._exact(side, at, some)
        return out

    def _circles(self, side: Side, at: np.ndarray, some: list[int]) -> np.ndarray:
        apart = self.separations(side.single)
        psi = {
            (m, n): apart[some[m], some[n]][at]
            for m in range(len(some))
            for n in range(m + 1, len(some))
        }
        sigma = [
            self.inputs.their_errors[k][0][at]
            if side.their_errors
            else np.sqrt(self.inputs.covariance[k][at, 0])
            for k in some
        ]
        return log10_circles(psi, sigma)

    def _ellipses(self, side: Side, at: np.ndarray, some: list[int]) -> np.ndarray:
        offset = {}
        kind = np.float32 if side.single else np.float64
        for m in range(len(some)):
            for n in range(m + 1, len(some)):
                (ra, dec), (ra2, dec2) = self.inputs.theirs[some[n]], self.inputs.theirs[some[m]]
                east, north = offsets(ra[at], dec[at], ra2[at], dec2[at])
                offset[m, n] = east.astype(kind), north.astype(kind)
        errors = [ellipse_parts([part[at] for part in self.inputs.their_errors[k]]) for k in some]
        return log10_ellipses(offset, errors)

    def _exact(self, side: Side, at: np.ndarray, some: list[int]) -> np.ndarray:
        """The exact integral, in the plane around the first."""
        known = np.all([np.isfinite(self.inputs.covariance[k][at, 0]) for k in some], axis=0)
        known &= np.all([np.isfinite(self.inputs.ours[k][0][at]) for k in some], axis=0)
        out = np.full(len(at), np.nan)
        at = at[known]
        origin = tuple(v[at] for v in self.inputs.ours[some[0]])
        place, spread = np.zeros((len(at), len(some), 2)), np.zeros((len(at), len(some), 2, 2))
        for m, k in enumerate(some):
            own = tuple(v[at] for v in self.inputs.ours[k])
            place[:, m] = np.column_stack(offsets(*origin, *own))
            c = carried(origin, own, self.inputs.covariance[k][at])
            spread[:, m] = c[:, [0, 2, 2, 1]].reshape(-1, 2, 2)
        if len(at):
            out[known] = ln_bayes_factor(place, spread) / np.log(10)
        return out


def switched(side: Side, other: Side, *names: str) -> Side:
    """One side with some of its switches as the other has them."""
    return replace(side, **{name: getattr(other, name) for name in names})
