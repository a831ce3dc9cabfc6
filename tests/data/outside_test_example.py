"""Property tests of likelihoods and matches: it takes ``pip install bayesmatch[testing]`` alone."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesmatch.likelihood import ln_bayes_factor, ln_prior, nway_posterior
from bayesmatch.testing import associations, check_invariants, matches

TESTED = settings(max_examples=100, deadline=None, derandomize=True, database=None)


@TESTED
@given(associations(), st.floats(0, 7), st.floats(0.1, 10), st.randoms())
def test_bayes_factor(members, angle, scale, random):
    (x, c), order = members, random.sample(range(len(members[0])), len(members[0]))
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    ln_b, shift = ln_bayes_factor(x, c), 2 * (len(x) - 1) * np.log(scale)
    for points, errors, plus in ((x[order], c[order], 0), (x @ turn.T, turn @ c @ turn.T, shift)):
        np.testing.assert_allclose(ln_bayes_factor(points, errors) + plus, ln_b, 1e-8, 1e-6)
    errors = np.array([np.eye(2), np.diag([1, 1 + 1e-12])])[:, None] * c[:, :1, :1]
    np.testing.assert_allclose(*ln_bayes_factor(x, errors), 1e-8, 1e-6)  # circle, general integral


@TESTED
@given(st.lists(st.floats(0, 20), min_size=1, max_size=5), st.integers(1, 10**6), st.floats(0.1, 2))
def test_posterior(separations, count, sigma):
    members = [[(0, 0), (separation, 0)] for separation in sorted(separations)]
    ln_b = np.append(0, ln_bayes_factor(members, sigma**2 * np.array([np.eye(2)] * 2)))
    prior = ln_prior([9, count], [1.0, 2.0], 0.9, [[1, 0]] + [[1, 1]] * len(members))
    np.testing.assert_allclose(0.9 * np.exp(-prior[1:]), (count + 1) / 2.0 * 41252.9612494)
    p = nway_posterior(ln_b, prior, 0.0, np.zeros(len(ln_b), int))
    assert np.isclose(p.p_i.sum(), 1) and np.all(np.diff(p.p_i[1:]) <= 0)


@TESTED
@given(matches())
def test_match(case):
    check_invariants(case.run())
