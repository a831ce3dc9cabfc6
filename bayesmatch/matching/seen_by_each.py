"""Which catalogues have looked where a primary lies, as objects in cells tell without a MOC.

With one other catalogue, who lies where it has not looked is fitted
(:mod:`bayesmatch.matching.footprint_share`).  Of several, one may end where another goes on: there
an object of the other is seen alone, and a counterpart in the one cannot be seen, for no reason
that says anything of the source.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from ..catalogs.candidates import Candidates
from ..catalogs.sky_box import FEW, SkyBox
from .field_objects import field_rho


def seen_by_each(
    box: SkyBox, counts: list[np.ndarray], around: np.ndarray, candidates: Candidates
) -> np.ndarray | None:
    """Whether each other catalogue has looked there, (n, n_other) bool; None: all have, everywhere.

    One that has no candidate, nor any object in a window where :data:`~.sky_box.FEW` are expected,
    has not.  Where none has looked, it is left open: those sources are found together.

    Parameters
    ----------
    box, counts
        Cells around the primaries, and the objects of each catalogue in them, (rows, columns).
    around : ndarray, shape (n, n_other)
        Density of field objects, per deg^2, whoever has looked there; 0 leaves a catalogue out.
    candidates : Candidates
        Of the match.
    """
    n, n_other = around.shape
    seen = np.diff(candidates.start).reshape(n, n_other) > 0
    whole = np.broadcast_to(box.cell_area[:, None], box.shape)
    for k, count in enumerate(counts):
        if seen[:, k].all():
            continue
        number, area, _ = box.windows(count, np.ascontiguousarray(whole))
        enough = field_rho(around[:, k])[:, None] * area >= FEW
        first = np.argmax(enough, axis=1)[:, None]
        seen[:, k] |= ~enough.any(axis=1) | (np.take_along_axis(number, first, 1)[:, 0] > 0)
    seen[~seen.any(axis=1)] = True
    return None if seen.all() else seen


def collapsed(values: np.ndarray, seen: np.ndarray, nothing: float) -> np.ndarray:
    """Values of each pattern (n, patterns) for those of its catalogues that have looked.

    `nothing` where none of them has, in place of the value of "no counterpart".
    """
    partly = np.flatnonzero(~seen.all(axis=1))
    bits = seen[partly] @ (1 << np.arange(seen.shape[1]))
    left = np.arange(values.shape[1]) & bits[:, None]
    out = values.copy()
    out[partly] = np.take_along_axis(values[partly], left, axis=1)
    out[partly, 1:] = np.where(left[:, 1:] == 0, nothing, out[partly, 1:])
    return out


def among_those_that_looked(ln_fraction: np.ndarray, looked: np.ndarray) -> np.ndarray:
    """Ln fractions (n, patterns) of having counterparts in those catalogues that have looked.

    `looked` (n, n_other): a source with a counterpart in a catalogue that has not looked there
    counts as one without.
    """
    partly = np.flatnonzero(~looked.all(axis=1))
    if len(partly) == 0:
        return ln_fraction
    out = ln_fraction.copy()
    bits = looked[partly] @ (1 << np.arange(looked.shape[1]))
    out[partly] = -np.inf
    for pattern in range(ln_fraction.shape[1]):
        seen = pattern & bits
        out[partly, seen] = np.logaddexp(out[partly, seen], ln_fraction[partly, pattern])
    return out


def as_seen(
    values: np.ndarray, seen: np.ndarray | None, chance: np.ndarray | None, nothing: float
) -> np.ndarray:
    """Ln of what each pattern (n, patterns) is to those who look: :func:`collapsed`, :func:`mixed`.

    None: all have looked.
    """
    if seen is not None:
        values = collapsed(values, seen, nothing)
    if chance is not None:
        values = mixed(values, chance, partial(collapsed, nothing=nothing))
    return values


def mixed(
    ln: np.ndarray,
    chance: np.ndarray,
    without: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> np.ndarray:
    """Ln (n, patterns) of both: a catalogue has looked there, by `chance` (n, n_other), or not.

    `without` takes values and which catalogues have looked, (n, n_other) bool.
    """
    for k in np.flatnonzero((chance < 1.0).any(axis=0)):
        looked = np.ones(chance.shape, bool)
        looked[:, k] = chance[:, k] == 1.0
        part = np.flatnonzero(~looked[:, k])
        there = chance[part, k][:, None]
        out = ln.copy()
        out[part] = np.logaddexp(
            np.log(there) + ln[part], np.log1p(-there) + without(ln, looked)[part]
        )
        ln = out
    return ln


def as_observed(values: np.ndarray, chance: np.ndarray | None) -> np.ndarray:
    """What is seen in exactly each set of catalogues, (n, patterns), of objects that are `values`.

    By the `chance` (n, n_other) that each catalogue has looked there; None: all have. The first
    pattern has what nobody sees.
    """
    return values if chance is None else _steps(values, chance)[-1]


def completed(seen: np.ndarray, values: np.ndarray, chance: np.ndarray | None) -> np.ndarray:
    """How many objects of each pattern those are that are `seen` as such, all (n, patterns).

    As the numbers of :func:`as_observed` are made from `values`; the first pattern of `seen` has
    those expected that nobody sees.
    """
    if chance is None:
        return seen
    steps, out = _steps(values, chance), seen.copy()
    for k in reversed(range(chance.shape[1])):
        for with_k, without in _pairs(values.shape[1], k):
            missed = (1.0 - chance[:, k]) * steps[k][:, with_k]
            share = missed / np.maximum(steps[k + 1][:, without], 1e-300)
            out[:, with_k] += share * out[:, without]
            out[:, without] *= 1.0 - np.minimum(share, 1.0)
    return out


def _steps(values: np.ndarray, chance: np.ndarray) -> list[np.ndarray]:
    """`values` (n, patterns) as they are seen when none, one, two ... of the catalogues may not."""
    steps = [values]
    for k in range(chance.shape[1]):
        now = steps[-1].copy()
        for with_k, without in _pairs(values.shape[1], k):
            missed = (1.0 - chance[:, k]) * now[:, with_k]
            now[:, without] += missed
            now[:, with_k] -= missed
        steps.append(now)
    return steps


def _pairs(n_patterns: int, k: int) -> list[tuple[int, int]]:
    """Each pattern with catalogue `k`, and what is left of it without."""
    return [(p, p ^ 1 << k) for p in range(n_patterns) if p >> k & 1]
