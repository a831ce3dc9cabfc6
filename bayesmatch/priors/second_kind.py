"""Counterparts of two kinds: what one smooth ratio has left out, another learns.

A ratio that is a product of functions of one feature each is high in one region of all features.
Counterparts of another kind (obscured ones, or galaxies among AGN) it makes as unlikely as field
objects or more, and rounds of EM never find them again: they teach nothing. What remains of them is
a large share of counterparts that look like field objects. The density of all counterparts is then
a mixture of two such ratios, with probabilities of its own for which of the two a candidate is of.
"""

from __future__ import annotations

import numpy as np

from .field_means import blended
from .learning_rounds import DRAWN_ANEW, FIRST_STEPS, MAX_ROUNDS, STEPS, Learner, Rounds

#: a second kind is looked for where so many times the counterparts that are expected beforehand
#: look like field objects, and believed from such a gain in ln likelihood, in standard errors
MANY_ALIKE, MIN_SIGMA = 2.0, 4.0
#: the same where counterparts are few and trees are made for a second kind alone: from that on
#: which is expected, since nothing else finds it; fewer counterparts than this are not told apart
FEW_ALIKE, FEWEST = 1.0, 150.0
#: its share of the counterparts, at least and at most
SHARES = 0.01, 0.5


def taught_by_two_kinds(
    learner: Learner, smooth: Rounds, *, few: bool = False
) -> tuple[np.ndarray, float]:
    """How much each candidate (m,) teaches, and the share of a second kind; 0: there is none.

    `smooth` is what the learner ended with, which stays as it is; `few` says that without a second
    kind no trees would learn.
    """
    lesson = learner.lesson
    as_it_is = lesson.taught(smooth.tilted, smooth.p)
    if few and float(smooth.p.sum()) < FEWEST:
        return as_it_is, 0.0
    if smooth.alike <= (FEW_ALIKE if few else MANY_ALIKE) * lesson.alike:
        return as_it_is, 0.0
    first, second = learner.twin(anew=False), learner.twin(anew=True)
    ln_first, ln_second = smooth.tilted, np.zeros_like(smooth.tilted)
    share, last = float(np.clip(smooth.alike, *SHARES)), -np.inf
    for rounds in range(1, MAX_ROUNDS + 1):
        of_second = ln_second + np.log(share)
        both = np.logaddexp(ln_first + np.log1p(-share), of_second)
        p, ln_like = lesson.view.evidence(blended(both, lesson.alike))
        taught = lesson.taught(both, p)
        total = float(ln_like.sum())
        if rounds > max(DRAWN_ANEW) and abs(total - last) < learner.enough:
            break
        last = total
        own = taught * np.exp(of_second - both)
        share = float(np.clip(own.sum() / max(float(taught.sum()), 1e-300), *SHARES))
        steps = FIRST_STEPS if rounds == 1 else STEPS
        ln_second = second.improved(own, smooth.strength, steps, anew=rounds in DRAWN_ANEW)
        ln_first = first.improved(taught - own, smooth.strength, STEPS)
    gain = ln_like - smooth.ln_like
    if gain.sum() < MIN_SIGMA * float((gain * gain).sum()) ** 0.5:
        return as_it_is, 0.0
    return taught, share
