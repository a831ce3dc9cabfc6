"""Parts of priors that were made fast, against slow references; how much is held back."""

import numpy as np
import pytest

import bayesmatch as bm
from bayesmatch.priors.density_ratio import MOST_BITS, DensityRatio
from bayesmatch.priors.hats import Hats
from bayesmatch.priors.strengths import STRENGTHS, WEAK, strengths_to_try, unsureness


def hats_at(knots, x):
    """Hats (n, n_knots) of one feature by interpolation, and whether it is missing (n,)."""
    out = np.column_stack([np.interp(x, knots, row) for row in np.eye(len(knots))])
    out[np.isnan(x)] = 0.0
    return out, np.isnan(x).astype(float)


def test_hats_are_interpolations():
    rng = np.random.default_rng(1)
    knots = (np.array([-1.0, 0.0, 0.3, 2.0]), np.array([5.0, 6.0]))
    x = np.column_stack([rng.normal(0, 2, 300), rng.normal(5.5, 1, 300)])
    x[:4, 0] = knots[0]
    x[4:8] = [[np.nan, 5.0], [np.inf, np.nan], [-np.inf, 6.0], [np.nan, np.nan]]
    hats = Hats(knots)
    column, value = hats.entries(x)
    dense = np.zeros((len(x), hats.size))
    np.add.at(dense, (np.arange(len(x))[:, None], column), value)
    (first, no_first), (second, no_second) = (
        hats_at(k, v) for k, v in zip(knots, x.T, strict=True)
    )
    expected = np.column_stack([first, second, no_first, no_second])
    np.testing.assert_allclose(dense, expected, atol=1e-14)


@pytest.mark.parametrize("n_bands", [1, 5, MOST_BITS, MOST_BITS + 3])
def test_every_pattern_of_missing_bands_has_its_factor(n_bands):
    rng = np.random.default_rng(n_bands)
    missing = rng.random((200, n_bands)) < 0.3
    digits = ["".join("01"[int(m)] for m in row) for row in missing]
    patterns = {text: float(rng.normal()) for text in digits[:20]}
    ratio = DensityRatio(0.5, 2.0, -1.0, 1.0, patterns, -0.7, [], [], [])
    logit = rng.normal(size=(3, 200))
    factor = np.array([patterns.get(text, -0.7) for text in digits])
    for given in (missing, np.asfortranarray(missing)):
        np.testing.assert_allclose(
            ratio.ln_ratio(logit, given), 0.5 + 2.0 * np.clip(logit, -1, 1) + factor, rtol=1e-14
        )


def test_what_is_not_sure_keeps_the_start():
    sure, half, mostly = (np.full(3000, p) for p in (0.999, 0.5, 0.8))
    assert strengths_to_try(sure, False, True) == WEAK
    assert strengths_to_try(half, False, True) == (STRENGTHS[0],)
    least, *more = strengths_to_try(mostly, False, True)
    assert WEAK[0] < least < STRENGTHS[0]
    assert more == [s for s in WEAK if s > least]
    assert strengths_to_try(half, False, False) == WEAK
    assert WEAK[0] < strengths_to_try(np.full(3000, 0.3), False, False)[0] < STRENGTHS[0]
    assert strengths_to_try(half, True, True) == STRENGTHS
    assert unsureness(sure) < unsureness(mostly) < unsureness(half) < unsureness(np.zeros(3)) < 1e9


def test_features_and_their_missing_values():
    """Magnitudes, then colours between neighbours; NaN where a band is missing."""
    rng = np.random.default_rng(3)
    table = {band: rng.normal(20, 2, 50) for band in "grz"}
    table["g"][::7], table["r"][3] = np.nan, -99.0
    features = bm.photometry.Features(list("grz"))
    x = features.compute(table)
    g, r, z = (np.where(np.asarray(table[b]) > -99, table[b], np.nan) for b in "grz")
    np.testing.assert_array_equal(x, np.column_stack([g, r, z, g - r, r - z]))
