"""How much smooth functions are held back: the strengths that are tried, in their order."""

from __future__ import annotations

import numpy as np

from .._kernels.sums import dot

#: strengths tried where counterparts are few, the stiffest first: what it ends with is a good place
#: for the next to begin; many do not need holding back
STRENGTHS, WEAK = (100.0, 30.0, 8.0, 2.0, 0.5), (1.0, 8.0, 30.0)
#: strength of what puts a start right, over the square of counterparts that are not sure per one
#: that is: where many are not, the rounds follow what they have made of them themselves, twice, in
#: what is taught and in what is held out, and the start is better kept.  (Mock skies with a host
#: fraction of 0.3 and errors x1.6: with strength 1 the fitted host fraction came out up to 0.05 too
#: high, and purity = completeness grew up to a strength of 100; where all is sure, 1 is best.)
UNSURE = 200.0
#: the same of what is learned from nothing, by distance less sure in itself, over that of a start
FROM_NOTHING = 1.0 / 300.0
#: share of sure counterparts below which nothing is held back more
LEAST_SURE = 1e-3
#: a round of EM leaves of what is wrong about as much as is not sure; rounds until this is left,
#: but no more than this over those that are asked for
LEFT, MORE = 0.05, 8 / 3


def unsureness(p: np.ndarray) -> float:
    """How much to hold back what candidates with probabilities `p` (m,) might teach wrongly."""
    sure = _sure(p)
    return UNSURE * ((1.0 - sure) / sure) ** 2


def strengths_to_try(p: np.ndarray, few: bool, uses_start: bool) -> tuple[float, ...]:
    """Strengths in the order in which they are tried.

    Parameters
    ----------
    p : ndarray, shape (m,)
        Probabilities of the candidates that the rounds begin with.
    few : bool
        Whether few counterparts are expected.
    uses_start : bool
        Whether a prior learned elsewhere is put right.
    """
    if few:
        return STRENGTHS
    wanted = unsureness(p) * (1.0 if uses_start else FROM_NOTHING)
    least = round(float(np.clip(wanted, WEAK[0], STRENGTHS[0])), 1)
    return (least, *(strength for strength in WEAK if strength > least))


def rounds_to_make(p: np.ndarray, asked: int) -> int:
    """Rounds of trees that begin with probabilities `p` (m,) of candidates, by how sure these are.

    About `asked` where two thirds of the counterparts are sure, by default.
    """
    unsure = np.clip(1.0 - _sure(p), LEFT, 1.0 - LEAST_SURE)
    return min(round(MORE * asked), round(float(np.log(LEFT) / np.log(unsure))))


def _sure(p: np.ndarray) -> float:
    """The share of the counterparts that is sure, of candidates with probabilities `p` (m,)."""
    return max(dot(p, p) / max(float(p.sum()), 1e-300), LEAST_SURE)
