"""A calibration error in two parts: what the truth sample brings, and what the shape has."""

import numpy as np
import pytest
from astropy.table import MaskedColumn, Table
from scipy.optimize import brentq
from test_assessment import made

import bayesmatch as bm
from bayesmatch.diagnostics import metrics, offset_shape
from bayesmatch.matching.result import MatchResult


def draws(seed, n=2000):
    rng = np.random.default_rng(seed)
    p = rng.beta(0.6, 0.4, n)
    return p, rng.random(n) < p


def test_shift_like_a_root_finder():
    p, _ = draws(1)
    logit = np.log(p / (1 - p))
    delta = brentq(lambda d: (1 / (1 + np.exp(-logit - d))).sum() - 700, -20, 20, xtol=1e-13)
    found = offset_shape.shifted(p, 700)
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-logit - delta)), atol=1e-12)


def test_certain_ones_do_not_move():
    found = offset_shape.shifted(np.array([0.0, 1.0, 0.5]), 1.8)
    np.testing.assert_allclose(found, [0.0, 1.0, 0.8])
    np.testing.assert_allclose(offset_shape.shifted(np.array([0.2, 0.7]), 0), 0, atol=1e-12)
    np.testing.assert_allclose(offset_shape.shifted(np.array([0.2, 0.7]), 2), 1, atol=1e-12)


@pytest.mark.slow
def test_right_probabilities_stay_below_their_floor():
    """In 100 samples the shape exceeds its floor's 95% point in about 5, and the offset 2 sigma."""
    over, pull = 0, []
    for seed in range(100):
        p, true = draws(seed, 400)
        floor = offset_shape.shape_floor(p, true, n_draws=200)
        over += offset_shape.shape_error(p, true) > floor.p95
        value, error = offset_shape.offset_of(p, true)
        pull.append(value / error)
    assert 0 <= over <= 13
    assert 0.8 < np.std(pull) < 1.2 and abs(np.mean(pull)) < 0.3


def test_a_sample_with_too_many_counterparts_has_an_offset_and_no_shape():
    """Keeping hostless sources with a third of the chance multiplies all odds by three."""
    p, true = draws(3, 12_000)
    keep = true | (np.random.default_rng(9).random(len(p)) < 1 / 3)
    p, true = p[keep], true[keep]
    value, error = offset_shape.offset_of(p, true)
    assert value < -10 * error
    assert metrics.calibration_error(p, true) > 5 * metrics.calibration_floor(p).p95
    assert offset_shape.shape_error(p, true) < offset_shape.shape_floor(p, true).p95


def test_a_wrong_shape_is_seen_without_an_offset():
    rng = np.random.default_rng(5)
    p = rng.random(4000)
    true = rng.random(4000) < np.where(p < 0.5, 0.5 * p, 1 - 0.5 * (1 - p))  # too timid
    assert offset_shape.shape_error(p, true) > 2 * offset_shape.shape_floor(p, true).p95


def test_share_difference():
    p, true = draws(4)
    same = offset_shape.share_difference(p, true, p, 0.0)
    assert (same.truth, same.result) == (true.mean(), p.mean()) and same.sigma < 3
    far = offset_shape.share_difference(p, true, np.concatenate([p, np.zeros(4000)]), 0.0)
    assert far.sigma > 10
    assert offset_shape.share_difference(p, true, p, 0.5).sigma < same.sigma
    assert np.isnan(offset_shape.share_difference(p[:0], true[:0], p, 0.0).sigma)


def sample(seed, n, keep_hostless):
    """A result with right probabilities, and a truth of all hosts and a part of the others."""
    rng = np.random.default_rng(seed)
    p = rng.beta(0.6, 0.4, n)
    true = rng.random(n) < p
    result, truth = made([(q, "a", "a" if t else None) for q, t in zip(p, true, strict=True)])
    return result, truth[true | (rng.random(n) < keep_hostless)]


@pytest.mark.slow
def test_assessment_tells_both_and_an_unfair_sample():
    fair = bm.assess(*sample(1, 1500, 1.0), score="p_hostless")
    assert abs(fair.offset) < 4 * fair.offset_error
    assert fair.shape < 2 * fair.shape_floor.p95 and "sigma" not in fair.summary()
    unfair = bm.assess(*sample(1, 1500, 0.2), score="p_hostless")
    assert unfair.offset < -5 * unfair.offset_error
    assert unfair.shape < 1.5 * unfair.shape_floor.p95 < unfair.ece
    text = unfair.summary()
    assert f"{unfair.offset:+.4f}" in text and f"{unfair.shape:.4f}" in text
    assert "no fair sample" in text and f"{unfair.share_difference.truth:.3f} of the truth" in text
    assert f"{unfair.shape:.4f}" in unfair.plot().axes[2].get_title()
    assert unfair.part(unfair.judged.host).share_difference.truth == 1.0


def test_a_whole_truth_cannot_be_unfair():
    result, truth = sample(2, 1500, 1.0)
    result.sources["p_hostless"] = 1 - 0.6 * (1 - result.sources["p_hostless"])
    assert "common factor" in bm.assess(result, truth, score="p_hostless").summary()


@pytest.mark.parametrize("score", ["p_hostless", "p_match"])
def test_masked_probabilities_are_not_judged(score):
    result, truth = sample(3, 200, 1.0)
    out = np.arange(200) % 4 == 0
    name = "p_OPT" if score == "p_match" else "p_hostless"
    sources = result.sources.copy()
    sources[name] = MaskedColumn(sources[name], mask=out)
    a = bm.assess(MatchResult(result.associations, sources, result.meta), truth, score=score)
    b = bm.assess(result, Table(truth[~out]), score=score)
    assert a.n == b.n == 150
    assert (a.ece, a.offset, a.shape) == (b.ece, b.offset, b.shape)


def test_nothing_judged():
    p = np.empty(0)
    assert np.isnan(offset_shape.shape_error(p, p)) and np.isnan(offset_shape.offset_of(p, p)[0])
    assert np.isnan(offset_shape.shape_floor(p, p).p95)
