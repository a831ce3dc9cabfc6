"""`bayesmatch.likelihood` against slow formulas and against the match that runs the same code."""

import itertools
import math

import astropy.units as u
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_skies import BY_HAND

import bayesmatch as bm
from bayesmatch import likelihood as like
from bayesmatch.testing import associations, matches, reference
from bayesmatch.testing.view import LN_10, View

TESTED = settings(max_examples=150, deadline=None, derandomize=True, database=None)


@TESTED
@given(associations())
def test_bayes_factor_is_the_formula(members):
    x, c = members
    ln_b = like.ln_bayes_factor(x, c)
    assert ln_b == pytest.approx(reference.ln_bayes_general(x, c), rel=1e-9, abs=1e-8)
    assert isinstance(ln_b, float) and (len(x) > 1 or abs(ln_b) < 1e-12)
    apart = [[math.hypot(*(a - b)) for a in x] for b in x]
    circle = like.ln_bayes_factor(x, c[:, :1, :1] * np.eye(2))
    slow = reference.ln_bayes_circular(np.sqrt(c[:, 0, 0]), apart)
    assert circle == pytest.approx(slow, rel=1e-9, abs=1e-8)


def test_bayes_factors_broadcast():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4, 1, 3, 2))
    c = np.eye(2) * rng.uniform(1, 2, (5, 3, 1, 1))
    before = x.copy(), c.copy()
    ln_b = like.ln_bayes_factor(x, c)
    assert ln_b.shape == (4, 5)
    for i, j in itertools.product(range(4), range(5)):
        assert ln_b[i, j] == like.ln_bayes_factor(x[i, 0], c[j])
    assert np.array_equal(before[0], x) and np.array_equal(before[1], c)
    assert like.ln_bayes_factor(x[:0], c).shape == (0, 5)
    assert like.ln_bayes_factor(np.asfortranarray(x)[::-1], c[::-1])[0, 0] == ln_b[3, 4]


@settings(TESTED, max_examples=30)
@given(matches())
def test_it_is_what_a_match_runs(case):
    """To the rounding of the columns of the result."""
    result = case.run(min_p_i=0.0, **BY_HAND)
    v = View.of(result)
    members = np.column_stack([np.ones(len(v.primary), bool), v.takes_part])
    ln_prior = like.ln_prior(
        [len(c) for c in case.catalogs],
        [c.area for c in case.catalogs],
        v.record.prior_completeness,
        members,
    )
    ln_b = v.associations["dist_bayesfactor"] * LN_10
    ratio = np.where(v.takes_part.any(axis=1), v.ln_ratio, 0.0)
    p = like.nway_posterior(ln_b, ln_prior, ratio, v.primary, v.record.secondary_ratio)
    slack = 1e-10 + 1e-14 * np.abs(ln_b).max()
    np.testing.assert_allclose(p.p_any, v.sources["p_any"], atol=slack)
    np.testing.assert_allclose(p.p_i, v.associations["p_i"], atol=slack)
    np.testing.assert_allclose(p.p_single, v.associations["p_single"], atol=slack)
    top = np.maximum.reduceat(p.p_i, v.first[:-1])[v.primary]
    share = p.p_i / np.maximum(top, 1e-300)
    clear = (np.abs(share - v.record.secondary_ratio) > 1e-6) & (share < 1 - 1e-6) & (share > 0)
    assert np.array_equal(p.match_flag[clear], v.associations["match_flag"][clear])
    if result.host_fraction.partly is not None:
        return  # fractions of more than one pattern have a part in a row: tests/test_theory.py
    pattern = v.takes_part @ (1 << np.arange(v.member.shape[1]))
    ln_like = v.associations["dist_bayesfactor_uncorrected"] * LN_10 + ratio
    ln_like = ln_like - (v.takes_part * np.log(10.0) * v.terms.log10_density[v.primary]).sum(axis=1)
    if v.terms.log10_mean_ratio is not None:
        mean_ratio = v.takes_part * v.terms.log10_mean_ratio[v.primary]
        ln_like = ln_like - np.log(10.0) * mean_ratio.sum(axis=1)
    prior = np.exp(v.terms.ln_fraction)
    prior[:, 0] += (prior * np.exp(v.terms.ln_beyond))[:, 1:].sum(axis=1)  # outside the radius
    ln_fraction = np.minimum(np.log(prior), 0.0)[v.primary, pattern]
    q = like.calibrated_posterior(ln_like, ln_fraction, v.primary)
    np.testing.assert_allclose(q.p_match, v.associations["p_match"], atol=slack)
    np.testing.assert_allclose(q.p_hostless, v.sources["p_hostless"], atol=slack)
    by_hand = sum(np.logaddexp.reduce((ln_like + ln_fraction)[v.primary == i]) for i in range(v.n))
    found = like.ln_marginal_likelihood(ln_like, ln_fraction, v.primary)
    assert found == pytest.approx(by_hand, rel=1e-12, abs=1e-9)


def test_the_prior_is_that_of_a_match():
    """The very numbers, from the same function."""
    x = bm.Catalog({"RA": [1.0] * 7, "DEC": [0.0] * 7}, name="X", pos_err=1.0, area=0.3)
    o = bm.Catalog({"RA": [1.0] * 9, "DEC": [0.0] * 9}, name="O", pos_err=1.0, area=3.7)
    from bayesmatch.matching.patterns import pattern_priors

    found = like.ln_prior([7, 9, 7], [0.3, 3.7, 0.3], [0.8, 0.6], [[1, 0, 0], [1, 1, 0]])
    assert np.array_equal(found, pattern_priors([o, x], [0.8, 0.6], True).prior[:2])
    n_plus = 10 / 3.7 * reference.FULL_SKY_DEG2
    assert found[1] == pytest.approx(math.log(0.8 / n_plus), rel=1e-14)


def test_quantities_may_be_in_any_unit():
    offsets, errors = np.array([[0.0, 0.0], [1.5, -0.4]]), np.array([np.eye(2), 0.3 * np.eye(2)])
    expected = like.ln_bayes_factor(offsets, errors)
    found = like.ln_bayes_factor((offsets * u.arcsec).to("mas"), (errors * u.arcsec**2).to("deg2"))
    assert found == pytest.approx(expected, rel=1e-12)
    given = ([10, 200], [1.5, 2.0] * u.deg**2, 0.9, [[True, True]])
    expected = like.ln_prior(given[0], given[1].value, *given[2:])
    for unit in ("arcmin2", "sr"):
        found = like.ln_prior(given[0], given[1].to(unit), *given[2:])
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    with pytest.raises(ValueError, match="areas given in arcmin, which is not convertible to deg2"):
        like.ln_prior(given[0], [1.5, 2.0] * u.arcmin, *given[2:])


def test_groups_may_have_any_numbers_and_nothing_may_be_given():
    ln_b, prior = [0, 22.0, 0, 20.0, 21.0], [0, -20.0, 0, -20.0, -20.0]
    p = like.nway_posterior(ln_b, prior, [0, 0, 0, -np.inf, 0], [3, 3, 8, 8, 8])
    assert p.p_any.shape == (2,) and p.p_i.tolist() == [0, 1, 0, 0, 1]
    assert p.match_flag.tolist() == [0, 1, 0, 0, 1] and p.p_single[3] == 0
    none = np.array([])
    assert [a.shape for a in like.nway_posterior(none, none, none, none)] == [(0,)] * 4
    assert [a.shape for a in like.calibrated_posterior(none, none, none)] == [(0,)] * 2
    assert like.ln_marginal_likelihood(none, none, none) == 0.0
    assert like.ln_marginal_likelihood([-np.inf], [0.0], [0]) == -np.inf
    alone = like.nway_posterior([0.0], [0.0], 0, [0])
    assert alone.p_any == [0.0] and alone.match_flag == [0]


EYES = np.array([np.eye(2)] * 2)
WRONG = [
    (like.ln_bayes_factor, ([0.0, 1.0], EYES), r"offsets have shape \(2,\)"),
    (like.ln_bayes_factor, (np.zeros((0, 2)), EYES), "K of 1 or more"),
    (like.ln_bayes_factor, (np.zeros((3, 2)), EYES), r"give \(..., 3, 2, 2\)"),
    (like.ln_bayes_factor, (np.zeros((2, 2, 2)), EYES[None].repeat(3, 0)), "do not broadcast"),
    (like.ln_bayes_factor, ([[0, 0], [0, np.nan]], EYES), r"offsets is nan at \[1, 1\]"),
    (like.ln_bayes_factor, (np.zeros((2, 2)), -EYES), "positive definite"),
    (like.ln_bayes_factor, (np.zeros((2, 2)), EYES + [[0, 0.1], [0, 0]]), "symmetric"),
    (like.ln_bayes_factor, (np.zeros((2, 2)), EYES + [[0, 2], [2, 0]]), r"at \[0\]"),
    (like.ln_bayes_factor, ([[0, 0], [1e200, 0]], EYES), "too extreme"),
    (like.ln_bayes_factor, (np.ma.masked_less(np.zeros((2, 2)), 1), EYES), "masked"),
    (like.ln_prior, ([1, 2], [1.0], 1, [[1, 1]]), "one number per catalogue"),
    (like.ln_prior, ([1, -2], [1.0, 1], 1, [[1, 1]]), r"counts is -2 at \[1\]"),
    (like.ln_prior, ([1, 2], [1.0, 0], 1, [[1, 1]]), "areas is 0"),
    (like.ln_prior, ([1, 2], [1.0, 5e4], 1, [[1, 1]]), "up to 41252.96"),
    (like.ln_prior, ([1, 2], [1.0, 1], 0, [[1, 1]]), "completeness is 0; it"),
    (like.ln_prior, ([1, 2], [1.0, 1], [1, 1], [[1, 1]]), "give one number, or 1"),
    (like.ln_prior, ([1, 2], [1.0, 1], 1, [[0, 1]]), "primary takes part"),
    (like.ln_prior, ([1, 2], [1.0, 1], 1, [[1, 2]]), "True or False"),
    (like.ln_prior, ([1, 2], [1.0, 1], 1, [1, 1]), r"give \(A, 2\)"),
    (like.nway_posterior, ([0, 1], [0, -1], 0, [1, 0]), "falls from 1 to 0 in row 1"),
    (like.nway_posterior, ([0, 1], [0, -1], 0, [-1, 0]), "0 or more"),
    (like.nway_posterior, ([0, 1], [0, -1], 0, [0.0, 0.5]), "whole number"),
    (like.nway_posterior, ([0, 1, 2], [0, -1], 0, [0, 0]), "ln_bayes has shape"),
    (like.nway_posterior, ([0, np.inf], [0, -1], 0, [0, 0]), "finite"),
    (like.nway_posterior, ([0, 1], [0, 1], 0, [0, 0]), "at most 1"),
    (like.nway_posterior, ([0, 1], [-1, -1], 0, [0, 0]), r"\(H0\)"),
    (like.nway_posterior, ([0, 1], [0, -1], [0, np.nan], [0, 0]), "-inf to exclude"),
    (like.nway_posterior, ([0, 1], [0, -1], 0, [0, 0], 2), "secondary_ratio is 2"),
    (like.calibrated_posterior, ([0, 1], [-np.inf, -np.inf], [0, 0]), "begins in row 0"),
    (like.calibrated_posterior, ([0, 1], [0, 1], [0, 0]), "fraction is at most 1"),
    (like.ln_marginal_likelihood, ([0, np.nan], 0, [0, 0]), "ln_likelihood is nan"),
]


@pytest.mark.parametrize(("function", "args", "message"), WRONG)
def test_wrong_input_is_told(function, args, message):
    with pytest.raises(ValueError, match=message) as error:
        function(*args)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("value", ["text", [1 + 2j, 0], [None, 1], [10**400, 1]])
def test_what_is_no_number_is_told(value):
    with pytest.raises(TypeError, match="real numbers"):
        like.nway_posterior(value, [0, -1], 0, [0, 0])


@settings(TESTED, max_examples=30)
@given(st.floats(1e-3, 1e3), st.floats(0.05, 1.0), st.floats(0, 360))
def test_the_bayes_factor_integrates_to_one_over_its_scale(major, ratio, pa):
    """Against chance its mean is 1: over the full sky it integrates to 4 pi."""
    parts = [[major, 0.5 * major], [ratio * major, 0.4 * major], [pa, 30.0]]
    c = reference.covariance(parts, 2)
    step = np.linspace(-8, 8, 161) * major
    grid = np.stack(np.meshgrid(step, step), axis=-1).reshape(-1, 2)
    x = np.stack([np.zeros_like(grid), grid], axis=1)
    ln_b = like.ln_bayes_factor(x, c)
    cell = ((step[1] - step[0]) * reference.ARCSEC) ** 2
    assert np.exp(ln_b).sum() * cell == pytest.approx(4 * math.pi, rel=2e-3)
