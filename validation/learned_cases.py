"""How a prior trained elsewhere may not fit the field, and the training itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import bayesmatch as bm
from bayesmatch import mock

from .learned_skies import (
    Change,
    Mock,
    as_it_is,
    draw,
    faint_hosts,
    magnitude,
    missing,
    more_stars,
    reddened,
    shallower,
    shifted,
    stars_by,
)
from .priors_scores import hosts

FEATURES = bm.photometry.Features(mock.BANDS)
#: share of the field objects that a prior is trained on
FIELD_SHARE = 0.25
TRAINING_SEED = 21_000


@dataclass(frozen=True)
class Training:
    """What a prior was trained on: true counterparts of another sky, or nearly."""

    brightest: float | None = None
    """counterparts brighter than this in r are known, others are not"""
    wrong: float = 0.0
    """share of the counterparts that are field objects in truth"""
    shallower: float = 0.0
    """magnitudes by which the survey of the sample is shallower"""
    tilt: str = ""
    """of the stars, of TILTS"""


@dataclass(frozen=True)
class Case:
    """A prior trained on one sky, a field that differs."""

    name: str
    training: Training = Training()
    change: Change = as_it_is


PLAIN = Training()
#: written before measuring; the first is no failure
CASES = (
    Case("the same kind of sky"),
    Case("trained on r < 20.5, used on fainter", Training(brightest=20.5), faint_hosts(20.5)),
    Case("W1 and W2 missing", change=missing("w1", "w2")),
    Case("survey 2 mag shallower", change=shallower(2.0)),
    Case("survey 2 mag deeper", Training(shallower=2.0)),
    Case("magnitudes 2 mag brighter", change=shifted(**dict.fromkeys(mock.BANDS, -2.0))),
    Case("magnitudes 2 mag fainter", change=shifted(**dict.fromkeys(mock.BANDS, 2.0))),
    Case("E(B-V) 0.3 not corrected", change=reddened(0.3)),
    Case("E(B-V) 1 not corrected", change=reddened(1.0)),
    Case("zero points: g +0.2, W1 -0.2", change=shifted(g=0.2, w1=-0.2)),
    Case("stars x4", change=more_stars(4.0)),
    Case("5% of the labels wrong", Training(wrong=0.05)),
    Case("20% of the labels wrong", Training(wrong=0.20)),
)

#: stars along the survey, and by how many strata of its place a source is judged
TILTS = {
    "halves, stars x18 in one": (stars_by(lambda u: np.where(u > 0.5, 18.0, 1.0), 18.0), 2),
    "stars rising x30": (stars_by(lambda u: 30.0**u, 30.0), 3),
}


def train(training: Training, n: int, threads: int | None = None) -> bm.LightGBMPrior:
    """A prior trained on the counterparts of n sources."""
    rng = np.random.default_rng(TRAINING_SEED)
    sky = draw(TRAINING_SEED, n)
    if training.shallower:
        sky = shallower(training.shallower)(sky, rng)
    if training.tilt:
        sky = TILTS[training.tilt][0](sky, rng)
    label = labels(training, sky, rng)
    used = label | (rng.random(len(label)) < FIELD_SHARE)
    return bm.LightGBMPrior.fit(sky.survey[used], label[used], features=FEATURES, n_threads=threads)


def labels(training: Training, sky: Mock, rng: np.random.Generator) -> np.ndarray:
    """(n,) bool, which objects of the survey are called counterparts."""
    row, _ = hosts(sky.truth)
    if training.brightest is not None:
        row = row[magnitude(sky.survey, "r")[row] < training.brightest]
    wrong = rng.random(len(row)) < training.wrong
    row = np.where(wrong, rng.integers(len(sky.survey), size=len(row)), row)
    label = np.zeros(len(sky.survey), bool)
    label[row] = True
    return label


class Priors(dict[Training, bm.LightGBMPrior]):
    """Trained priors, each trained on the counterparts of n sources when it is first asked for."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.n = n

    def __missing__(self, training: Training) -> bm.LightGBMPrior:
        self[training] = train(training, self.n)
        return self[training]
