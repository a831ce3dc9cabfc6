"""The host fraction: simulated skies give it back, with honest errors, and it is a maximum."""

import dataclasses
import functools
import warnings

import numba
import numpy as np
import pytest
from scipy.optimize import minimize
from small_skies import BY_HAND

import bayesmatch as bm
from bayesmatch._kernels.equations import solve_positive
from bayesmatch.diagnostics.metrics import calibration_error
from bayesmatch.matching import fraction_likelihood as fl
from bayesmatch.matching.covariates import covariate_matrix
from bayesmatch.matching.error_fit.scaling import standards
from validation.skies import DEX, Sky, logistic, simulate, simulate_patterns, step

FULL_SKY_DEG2 = 360.0**2 / np.pi
N_SEEDS, N_CALIBRATION = 200, 20
PATTERNS = ("X", "X+OPT", "X+IRAC", "X+OPT+IRAC")


def p_host(result: bm.MatchResult) -> np.ndarray:
    return 1.0 - np.asarray(result.sources["p_hostless"])


# -- fractions on simulated skies -----------------------------------------------------------------


@pytest.mark.few(0, slow=2)
@pytest.mark.parametrize("fraction", [0.05, 0.3, 0.7, 0.986])
def test_constant_fraction_is_found_within_its_error(fraction):
    found, error, p, true = [], [], [], []
    for seed in range(N_SEEDS):
        sky = simulate(seed, fraction=fraction)
        result = sky.match()
        found.append(result.meta["host_fraction"])
        error.append(result.meta["host_fraction_error"])
        assert result.meta["host_fraction_fit"]["converged"]
        if seed < N_CALIBRATION:
            p.append(p_host(result))
            true.append(sky.host)
    found, error = np.array(found), np.array(error)
    assert np.mean(np.abs(found - fraction) <= 3.0 * error) >= 0.95
    # no bias: the mean over 200 seeds is known 14 times better than one of them
    assert abs(np.mean(found) - fraction) < 0.35 * error.mean()
    assert error.mean() == pytest.approx(found.std(ddof=1), rel=0.2)
    assert calibration_error(np.concatenate(p), np.concatenate(true)) < 0.008


@pytest.mark.slow
@pytest.mark.parametrize(
    "shape, density, largest_ece",
    [(logistic, 20_000, 0.008), (step, 20_000, 0.02), (step, 60_000, 0.02)],
)
def test_fraction_that_falls_with_flux(shape, density, largest_ece):
    p, true = [], []
    for seed in range(1000, 1000 + N_CALIBRATION):
        sky = simulate(seed, fraction=shape, density=density)
        result = sky.match()
        assert result.meta["host_fraction"] == pytest.approx(sky.host.mean(), abs=0.03)
        p.append(p_host(result))
        true.append(sky.host)
    p, true = np.concatenate(p), np.concatenate(true)
    assert len(p) == 80_000
    assert calibration_error(p, true) < largest_ece


def test_a_constant_is_not_enough_when_the_fraction_falls():
    """What host_covariates is for: without it the same skies are badly calibrated."""
    skies = [simulate(seed, fraction=step) for seed in range(1000, 1005)]
    true = np.concatenate([sky.host for sky in skies])

    def ece(covariates):
        results = [sky.match(host_covariates=covariates) for sky in skies]
        return calibration_error(np.concatenate([p_host(r) for r in results]), true)

    constant = ece(None)
    assert constant > 0.025
    assert ece("sigma") < 0.02
    assert ece(["FLUX"]) < 0.8 * constant


@pytest.mark.slow
def test_covariates_of_small_samples_are_not_fitted_to_noise():
    """With a constant fraction they cost next to nothing, and a real trend is still followed."""

    def excess(fraction, n):
        lost = []
        for seed in range(500, 600):
            sky = simulate(seed, n, fraction, density=30_000.0)
            score = []
            for covariates in ("sigma", None):
                p = np.where(
                    sky.host,
                    p_host(r := sky.match(host_covariates=covariates)),
                    r.sources["p_hostless"],
                )
                score.append(-np.log(np.maximum(p, 1e-12)).mean())
            lost.append(score[0] - score[1])
        return np.mean(lost)

    assert excess(0.3, 30) < 0.01  # 0.031 with a ridge of 0.1
    assert excess(0.3, 100) < 0.004  # 0.007
    assert excess(logistic, 30) < -0.01


def test_the_fraction_without_counterpart_does_not_depend_on_how_many_patterns_there_are():
    """Of 60 sources 10 are hostless: six catalogues, 64 patterns, most without any source."""
    found, true = [], []
    completeness = np.array(
        [0.1 ** (6 - bits.bit_count()) * 0.9 ** bits.bit_count() for bits in range(64)]
    )
    fractions = 5 / 6 * completeness
    fractions[0] += 1 / 6
    names = [f"C{k}" for k in range(6)]
    for seed in range(5):
        sky = simulate_patterns(
            seed, 60, fractions, density=[9000.0] * 6, other_sigma=[0.2] * 6, sigma_scale=0.5
        )
        result = bm.match(*sky.catalogs(names), radius=8.0, host_covariates=None)
        found.append(1 - result.meta["host_fraction"])
        true.append(1 - sky.host.mean())
    assert np.mean(found) == pytest.approx(np.mean(true), abs=0.025)


@pytest.mark.few(0, slow=2)
@pytest.mark.parametrize("unrelated", [False, True])
@pytest.mark.parametrize("fractions", [(0.15, 0.2, 0.1, 0.55), (0.4, 0.35, 0.05, 0.2)])
def test_every_membership_pattern_of_three_catalogues(fractions, unrelated):
    pull, p, true = [], [], []
    for seed in range(40):
        sky = simulate_patterns(seed, 2000, fractions)  # the field objects are independent
        result = sky.match(correct_unrelated=unrelated)
        fit = result.meta["host_fraction_fit"]
        assert tuple(fit["fraction"]) == tuple(fit["fraction_error"]) == PATTERNS
        found = np.array(list(fit["fraction"].values()))
        assert found.sum() == pytest.approx(1.0, abs=1e-12)
        pull.append((found - fractions) / list(fit["fraction_error"].values()))
        p.append(p_host(result))
        true.append(sky.host)
    pull = np.array(pull)
    assert np.all(np.mean(np.abs(pull) <= 3.0, axis=0) >= 0.95)
    assert np.all(np.abs(pull.mean(axis=0)) < 0.75)
    assert calibration_error(np.concatenate(p), np.concatenate(true)) < 0.008


# -- the maximum itself ---------------------------------------------------------------------------


def pattern_likelihoods(sky: Sky, result: bm.MatchResult) -> np.ndarray:
    """Ln likelihood of each pattern, from the association table alone."""
    table = result.associations
    ln_like = np.log(10.0) * np.asarray(table["dist_bayesfactor_uncorrected"])
    pattern = np.zeros(len(table), int)
    for k, (other, name) in enumerate(zip(sky.others, ("OPT", "IRAC"), strict=False)):
        member = np.asarray(table[name]) >= 0
        pattern[member] += 1 << k
        ln_like[member] -= np.log((len(other["RA"]) + 1) / sky.area * FULL_SKY_DEG2)
    out = np.full((len(sky.primary["RA"]), 1 << len(sky.others)), -np.inf)
    np.logaddexp.at(out, (np.asarray(table["X"]), pattern), ln_like)
    return out


def independent_fit(ln_like: np.ndarray, z: np.ndarray, total: float | None = None):
    """Maximise the penalised marginal likelihood with SciPy, the plain way.

    Returns the coefficients, the fractions of the patterns by source, and the covariance of the
    coefficients from finite differences.
    """
    n_pattern, q = ln_like.shape[1], z.shape[1]
    n_free = n_pattern if total is None else n_pattern - 1
    like = np.exp(ln_like - ln_like.max(axis=1, keepdims=True))
    ridge = np.array([0.01] + [4.0] * (q - 1))

    def fractions(beta):
        odds = np.exp(np.column_stack([np.zeros(len(z)), z @ beta.reshape(-1, q).T]))
        share = odds / odds.sum(axis=1, keepdims=True)
        if total is None:
            return share
        return np.column_stack([np.full(len(z), 1.0 - total), total * share])

    def cost(beta):
        ln_l = np.log((fractions(beta) * like).sum(axis=1)) + ln_like.max(axis=1)
        every = np.vstack([np.zeros(q), beta.reshape(-1, q)])
        return -ln_l.sum() + (ridge * (every - every.mean(axis=0)) ** 2).sum()

    best = minimize(cost, np.zeros((n_free - 1) * q), method="BFGS", options={"gtol": 1e-4})
    assert best.success or "precision loss" in best.message
    h = 1e-3
    unit = h * np.eye(len(best.x))
    hessian = np.array(
        [
            [
                (
                    cost(best.x + a + b)
                    - cost(best.x + a - b)
                    - cost(best.x - a + b)
                    + cost(best.x - a - b)
                )
                / (4 * h * h)
                for b in unit
            ]
            for a in unit
        ]
    )
    gradient = np.array(
        [
            (fractions(best.x + a).mean(axis=0) - fractions(best.x - a).mean(axis=0)) / (2 * h)
            for a in unit
        ]
    )
    covariance = np.linalg.inv(hessian)
    error = np.sqrt(np.einsum("ap,ab,bp->p", gradient, covariance, gradient))
    return best.x, fractions(best.x), error, np.sqrt(np.diag(covariance))


def standardised(values: np.ndarray) -> np.ndarray:
    x = np.clip((values - values.mean()) / values.std(), -4.0, 4.0)
    bends = [np.maximum(x - k, 0) for k in np.quantile(x, [0.2, 0.4, 0.6, 0.8])]
    return np.column_stack([np.ones(len(x)), x, x**2, *(bends if len(x) >= 1000 else [])])


@pytest.mark.parametrize(
    "n_other, total, unrelated",
    [(1, None, True), (2, None, False), (2, None, True), (2, 0.8, True)],
)
def test_the_fit_is_the_maximum_that_scipy_finds(n_other, total, unrelated):
    if n_other == 1:
        sky = simulate(3, 600, logistic)
    else:
        sky = simulate_patterns(4, 600, (0.2, 0.15, 0.15, 0.5), shared=0.3)
    result = sky.match(correct_unrelated=unrelated, host_fraction=total or "fit", **BY_HAND)
    fit = result.meta["host_fraction_fit"]
    assert fit["converged"] and fit["names"] == ["1", "ln(sigma)", "ln(sigma)^2"]
    ln_like = pattern_likelihoods(sky, result)
    beta, by_source, error, beta_error = independent_fit(
        ln_like, standardised(np.log(sky.primary["SIGMA"])), total
    )

    coefficients = np.concatenate(list(fit["coefficients"].values()))
    np.testing.assert_allclose(coefficients, beta, atol=2e-3 * beta_error.max())
    np.testing.assert_allclose(
        np.concatenate(list(fit["coefficient_errors"].values())), beta_error, rtol=5e-3
    )
    fraction = by_source.mean(axis=0)
    np.testing.assert_allclose(list(fit["fraction"].values()), fraction, atol=2e-5)
    np.testing.assert_allclose(list(fit["fraction_error"].values()), error, rtol=5e-3, atol=1e-9)
    assert result.meta["host_fraction"] == pytest.approx(1.0 - fraction[0], abs=2e-5)

    weight = np.log(by_source) + ln_like
    hostless = np.exp(weight[:, 0] - np.logaddexp.reduce(weight, axis=1))
    np.testing.assert_allclose(1.0 - p_host(result), hostless, atol=2e-4)
    if total is None and n_other == 1:  # where nothing is fixed, shares reproduce the fractions
        assert p_host(result).mean() == pytest.approx(result.meta["host_fraction"], abs=2e-4)


def random_problem(n_pattern: int, total: float | None, seed: int = 0) -> fl.FractionLikelihood:
    rng = np.random.default_rng(seed)
    n = 300
    ln_like = rng.normal(0.0, 3.0, (n, n_pattern))
    ln_like[:, 0] = 0.0
    ln_like[rng.random(n) < 0.3, 1:] = -np.inf  # no candidate
    ln_like[5, 1] = 800.0  # a factor that exp() cannot hold
    return fl.FractionLikelihood(ln_like, standardised(rng.normal(size=n)), total)


@pytest.mark.parametrize("n_pattern, total", [(2, None), (4, None), (4, 0.7), (8, None), (8, 0.7)])
def test_gradient_and_information_are_the_derivatives(n_pattern, total):
    problem = random_problem(n_pattern, total)
    rng = np.random.default_rng(1)
    for beta in (np.zeros(problem.size), rng.normal(0.0, 0.7, problem.size)):
        value, gradient, observed = problem.sums(beta)
        complete = problem.sums(beta, complete=True)[2]
        assert np.isfinite(value)
        unit = 1e-5 * np.eye(problem.size)
        around = [(problem.sums(beta + u), problem.sums(beta - u)) for u in unit]
        numeric = np.array([(up[0] - down[0]) / 2e-5 for up, down in around])
        np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-4)
        curvature = -np.array([(up[1] - down[1]) / 2e-5 for up, down in around])
        np.testing.assert_allclose(observed, curvature, rtol=1e-6, atol=1e-5)
        np.testing.assert_allclose(observed, observed.T, atol=1e-10)
        # what is not seen can only take information away
        assert np.linalg.eigvalsh(complete - observed).min() > -1e-9 * np.abs(complete).max()
        assert np.linalg.eigvalsh(complete).min() > 0


def test_the_likelihood_at_the_maximum_is_not_summed_again(monkeypatch):
    problem = random_problem(2, None)
    beta, *_ = problem.maximise()
    known, elsewhere = problem.sums(beta)[0], problem.sums(beta + 0.1)[0]
    assert problem.value(beta + 0.1) == elsewhere
    with monkeypatch.context() as patch:
        patch.setattr(problem, "sums", None)
        assert problem.value(beta) == known
    problem.fixed = np.full(len(problem.z), -1.0)  # another likelihood
    assert problem.value(beta) == problem.sums(beta)[0] != known


def test_two_catalogues_with_a_given_total_have_nothing_to_fit():
    problem = random_problem(2, 0.7)
    assert problem.size == 0
    value, gradient, observed = problem.sums(np.empty(0))
    free = random_problem(2, None)
    expected = np.logaddexp(
        np.log(0.3) + free.ln_like[:, 0], np.log(0.7) + free.ln_like[:, 1]
    ).sum()
    assert value == pytest.approx(expected, rel=1e-13)
    assert gradient.shape == (0,) and observed.shape == (0, 0)


@pytest.mark.parametrize("n_pattern, total", [(2, None), (4, None), (4, 0.7)])
@pytest.mark.parametrize("seed", range(5))
def test_newton_steps_end_at_a_maximum(n_pattern, total, seed):
    problem = random_problem(n_pattern, total, seed)
    beta, observed, iterations, converged = problem.maximise()
    value, gradient, *_ = problem.sums(beta)
    assert converged and iterations < 40
    assert np.abs(gradient).max() < 1e-3
    assert np.linalg.eigvalsh(observed).min() > 0
    rng = np.random.default_rng(seed)
    for size in (1e-3, 0.1, 1.0):
        for _ in range(5):
            assert problem.sums(beta + rng.normal(0.0, size, problem.size))[0] <= value + 1e-9


# -- a given fraction -----------------------------------------------------------------------------


@pytest.mark.parametrize("total", [0.9, 0.3, 0.1, 0.7])
@pytest.mark.parametrize("n_other", [1, 2])
def test_a_given_fraction_is_kept(total, n_other):
    sky = simulate(5, 500) if n_other == 1 else simulate_patterns(5, 500, (0.2, 0.2, 0.2, 0.4))
    result = sky.match(host_fraction=total, **BY_HAND)
    assert result.meta["host_fraction"] == total
    assert result.meta["host_fraction_error"] == 0.0
    assert result.meta["host_fraction_given"]
    fit = result.meta["host_fraction_fit"]
    assert fit["fraction"]["X"] == pytest.approx(1.0 - total, abs=1e-15)
    assert fit["fraction_error"]["X"] == 0.0
    assert sum(fit["fraction"].values()) == pytest.approx(1.0, abs=1e-12)
    if n_other == 1:
        ln_like = pattern_likelihoods(sky, result)
        none = 1.0 - total + total * np.exp(result._terms.ln_beyond[:, 1])
        odds = total / none * np.exp(ln_like[:, 1] - ln_like[:, 0])
        np.testing.assert_allclose(result.sources["p_hostless"], 1.0 / (1.0 + odds), rtol=1e-9)
        assert fit["coefficients"] == {}


def test_the_fit_of_another_match_of_the_same_sources():
    sky = simulate(6, 400)
    fitted = sky.match()
    again = sky.match(host_fraction=fitted.host_fraction, host_covariates=None)
    assert again.sources["p_hostless"].tobytes() == fitted.sources["p_hostless"].tobytes()
    assert again.meta["host_fraction"] == fitted.meta["host_fraction"]
    for other in (simulate(6, 300), simulate_patterns(6, 400, (0.4, 0.2, 0.2, 0.2))):
        n, patterns = len(other.primary["RA"]), 1 << len(other.others)
        with pytest.raises(
            ValueError,
            match=f"fitted to 400 sources with 2 sets of catalogues; "
            f"this match has {n} with {patterns}",
        ):
            other.match(host_fraction=fitted.host_fraction)
    assert "HostFraction" in bm.match.__doc__


def test_a_fit_to_the_catalogues_in_another_order_is_refused():
    """The fractions are those of sets of catalogues, by their places."""
    here = {"RA": [10.0], "DEC": [0.0]}
    x, a, b = (bm.Catalog(here, name=name, pos_err=1.0, area=1.0) for name in "XAB")
    with pytest.warns(UserWarning, match="only 1 primary:"):
        fit = bm.match(x, a, b, radius=5).host_fraction
    bm.match(x, a, b, radius=5, host_fraction=fit)
    with pytest.raises(ValueError, match=r"fitted to X\+A\+B, this match is of X\+B\+A, and the"):
        bm.match(x, b, a, radius=5, host_fraction=fit)


def test_a_higher_fraction_makes_counterparts_likelier():
    sky = simulate(6, 400)
    p = [p_host(sky.match(host_fraction=f, **BY_HAND)) for f in (0.2, 0.5, 0.8)]
    alone = p[0] == 0.0
    assert np.all(p[0][~alone] < p[1][~alone]) and np.all(p[1][~alone] < p[2][~alone])
    assert np.all(p[2][alone] == 0.0)


# -- small, empty and separable samples -----------------------------------------------------------


def check_sensible(result: bm.MatchResult) -> None:
    meta = result.meta
    fit = meta["host_fraction_fit"]
    assert fit["converged"]
    assert 0.0 < meta["host_fraction"] < 1.0
    assert 0.0 < meta["host_fraction_error"] < 0.5
    for numbers in (fit["fraction"], fit["fraction_error"]):
        assert np.all(np.isfinite(list(numbers.values())))
    for by_pattern in (fit["coefficients"], fit["coefficient_errors"]):
        values = np.array(list(by_pattern.values()))
        assert np.all(np.isfinite(values)) and np.abs(values).max() < 30.0
    p = np.asarray(result.sources["p_hostless"])
    assert np.all((p >= 0.0) & (p <= 1.0))


@pytest.mark.parametrize("n", [1, 2, 5, 29])
@pytest.mark.parametrize("fraction", [0.0, 0.7, 1.0])
def test_tiny_samples_warn(n, fraction):
    sky = simulate(2, n, fraction, density=5000.0)
    with pytest.warns(UserWarning) as seen:
        result = sky.match()
    what = "primary" if n == 1 else "primaries"
    assert any(f"only {n} {what}:" in str(w.message) for w in seen)
    check_sensible(result)
    assert result.meta["host_fraction_fit"]["names"] == ["1"]
    if fraction == 1.0 and n == 29:
        assert result.meta["host_fraction"] > 0.9


def test_thirty_primaries_do_not_warn():
    check_sensible(simulate(1, 30, 0.7, density=5000.0).match())


def test_tiny_sample_with_a_given_fraction_does_not_warn():
    result = simulate(2, 5, 0.7).match(host_fraction=0.7)
    assert result.meta["host_fraction"] == 0.7


def without_candidates(n: int) -> Sky:
    sky = simulate(7, n, 0.0, density=1000.0)
    far = {"RA": sky.others[0]["RA"], "DEC": sky.others[0]["DEC"] - 40.0}
    return Sky(sky.primary, (far,), sky.truth, sky.fraction, sky.area, sky.other_sigma)


@pytest.mark.parametrize("n", [5, 100])
def test_no_candidates_at_all_warns(n):
    with pytest.warns(UserWarning) as seen:
        result = without_candidates(n).match()
    assert any("no primary has a candidate" in str(w.message) for w in seen)
    check_sensible(result)
    assert result.meta["host_fraction"] < 0.05
    assert np.all(result.sources["p_hostless"] == 1.0)
    assert np.all(np.isneginf(result.sources["log10_odds_host"]))


def test_no_candidates_and_a_given_fraction():
    with pytest.warns(UserWarning, match="no primary has a candidate"):
        result = without_candidates(100).match(host_fraction=0.9)
    assert result.meta["host_fraction"] == 0.9
    assert np.all(result.sources["p_hostless"] == 1.0)


def separable(n: int) -> Sky:
    """Counterparts exactly for the better half of the positions, in an empty field."""
    sky = simulate(8, n, 0.0, density=1.0)
    sigma = np.geomspace(1.0, 3.0, n)
    good = sigma < 1.7
    far = 60.0 if n else 0.0
    table = {
        "RA": np.append(sky.primary["RA"][good], 0.0),
        "DEC": np.append(sky.primary["DEC"][good], -far),
    }
    truth = np.where(good, np.cumsum(good) - 1, -1)[:, None]
    return Sky({**sky.primary, "SIGMA": sigma}, (table,), truth, good * 1.0, sky.area, (0.3,))


@pytest.mark.parametrize("n", [40, 200])
def test_separable_samples_warn(n):
    sky = separable(n)
    with pytest.warns(UserWarning, match=r"ln\(sigma\) separates"):
        result = sky.match()
    check_sensible(result)
    assert result.meta["host_fraction"] == pytest.approx(sky.host.mean(), abs=0.02)
    assert np.all((p_host(result) > 0.5) == sky.host)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        constant = sky.match(host_covariates=None)
    check_sensible(constant)
    assert constant.meta["host_fraction"] == pytest.approx(sky.host.mean(), abs=0.02)


@pytest.mark.parametrize("fraction", [0.0, 1.0])
def test_all_or_none_have_counterparts(fraction):
    """The extremes are finite and near the truth, without a warning."""
    result = simulate(9, 300, fraction, density=5000.0).match()
    check_sensible(result)
    assert result.meta["host_fraction"] == pytest.approx(fraction, abs=0.02)


# -- threads and covariates -----------------------------------------------------------------------


def result_bytes(result: bm.MatchResult) -> bytes:
    parts = [repr({k: v for k, v in result.meta.items() if k != "seconds"}).encode()]
    for table in (result.associations, result.sources):
        for name in table.colnames:
            values = table[name]
            parts += [np.ma.getdata(values).tobytes(), np.ma.getmaskarray(values).tobytes()]
    return b"".join(parts)


@pytest.mark.few(1)
@pytest.mark.parametrize("n_other", [1, 2])
def test_threads_do_not_change_a_byte(n_other):
    if numba.config.NUMBA_NUM_THREADS < 2:
        pytest.skip("one core")
    # over 8192 primaries, so that the sums have several pieces
    if n_other == 1:
        sky = simulate(11, 20_000, logistic, density=3000.0)
    else:
        sky = simulate_patterns(11, 9000, (0.2, 0.2, 0.2, 0.4), density=(3000.0, 2000.0))
    before, seen = numba.get_num_threads(), []
    try:
        for n in (1, 2, 2):
            numba.set_num_threads(n)
            seen.append(result_bytes(sky.match()))
    finally:
        numba.set_num_threads(before)
    assert seen[0] == seen[1] == seen[2]


@functools.cache
def _sky() -> Sky:
    sky = simulate(12, 1500, logistic)
    rng = np.random.default_rng(12)
    extra = {
        "NEAR": rng.uniform(1.0, 9.0, 1500),
        "SIGNED": rng.normal(size=1500),
        "SAME": np.full(1500, 3.0),
        "COUNTS": rng.integers(1, 5000, 1500),
    }
    return Sky(
        {**sky.primary, **extra}, sky.others, sky.truth, sky.fraction, sky.area, sky.other_sigma
    )


@pytest.mark.parametrize(
    "covariates, names",
    [
        (None, []),
        ("sigma", ["ln(sigma)"]),
        (["FLUX"], ["log10(FLUX)"]),  # positive, over a decade
        (["COUNTS"], ["log10(COUNTS)"]),  # integers too
        (["NEAR"], ["NEAR"]),  # positive, less than a decade
        (["SIGNED"], ["SIGNED"]),
        (["FLUX", "SIGNED"], ["log10(FLUX)", "SIGNED"]),
        (["SAME"], []),  # a constant says nothing
        ([], []),
    ],
)
def test_covariates(covariates, names):
    result = _sky().match(host_covariates=covariates)
    fit = result.meta["host_fraction_fit"]
    assert fit["names"] == [
        "1",
        *(
            m
            for n in names
            for m in (n, f"{n}^2", *(f"{n} above {part}%" for part in (20, 40, 60, 80)))
        ),
    ]
    assert list(fit["center"]) == list(fit["scale"]) == names
    assert result.meta["host_covariates"] == covariates
    assert len(fit["coefficients"]["X+OPT"]) == 1 + 6 * len(names)
    if names and names[0].startswith("log10"):
        values = np.log10(_sky().primary[covariates[0]])
        assert fit["center"][names[0]] == pytest.approx(values.mean())
        assert fit["scale"][names[0]] == pytest.approx(values.std())


def test_covariate_columns_enter_as_documented():
    sky = _sky()
    result = sky.match(host_covariates=["FLUX"], **BY_HAND)
    z = standardised(np.log10(sky.primary["FLUX"]))
    beta, *_ = independent_fit(pattern_likelihoods(sky, result), z)
    np.testing.assert_allclose(
        result.meta["host_fraction_fit"]["coefficients"]["X+OPT"], beta, atol=1e-3
    )
    assert np.ptp(np.log10(sky.primary["FLUX"])) > 1.0 and DEX > 1.0


@pytest.mark.parametrize("far", [1e30, -1e9, 1e200])
def test_a_value_that_is_far_off_hides_no_covariate(far):
    """One number that cannot be: the others would all be the same."""
    sky = _sky()
    line = np.log(sky.primary["FLUX"])
    p = []
    for values in (line, np.where(np.arange(len(line)) == 7, far, line)):
        other = dataclasses.replace(sky, primary={**sky.primary, "LINE": values})
        p.append(np.asarray(other.match(host_covariates=["LINE"]).sources["p_hostless"]))
    moved = np.abs(p[1] - p[0])[np.arange(len(line)) != 7]
    assert moved.max() < 0.1 and moved.mean() < 0.01


def test_units_of_a_covariate_do_not_matter():
    """A column in other units is the same covariate: log10 and standardising take care."""
    sky = _sky()
    scaled = Sky(
        {**sky.primary, "FLUX": 1e-14 * sky.primary["FLUX"]},
        sky.others,
        sky.truth,
        sky.fraction,
        sky.area,
        sky.other_sigma,
    )
    np.testing.assert_allclose(
        scaled.match(host_covariates=["FLUX"]).sources["p_hostless"],
        sky.match(host_covariates=["FLUX"]).sources["p_hostless"],
        rtol=1e-6,
        atol=1e-12,
    )


@pytest.mark.parametrize("scale", [1e-15, 1e15])
def test_columns_of_tiny_numbers_are_covariates(scale):
    """Fluxes within a decade, or of both signs, which no logarithm is taken of."""
    rng = np.random.default_rng(1)
    columns = {"F": scale * rng.uniform(1, 5, 50), "G": scale * rng.normal(size=50)}
    table = {"RA": np.arange(50.0), "DEC": np.zeros(50), **columns, "SAME": np.full(50, scale)}
    x = bm.Catalog(table, name="X", pos_err=1.0, area=1.0)
    names = covariate_matrix(x, ["F", "G", "SAME"])[1]["names"]
    assert names == ["1", "F", "F^2", "G", "G^2"]
    assert standards(x, ["F", "G"])["F"][1] == pytest.approx(np.std(columns["F"]))
    with pytest.raises(ValueError, match="'SAME' is .* in every row"):
        standards(x, ["SAME"])


@pytest.mark.parametrize(
    "covariates, message",
    [("flux", "host_covariates is 'flux'"), (["MISSING"], "no column 'MISSING'")],
)
def test_wrong_covariates(covariates, message):
    with pytest.raises(ValueError, match=message):
        _sky().match(host_covariates=covariates)


def test_one_error_for_all_gives_a_constant():
    sky = simulate(13, 500)
    primary, other = sky.catalogs()
    primary = bm.Catalog(sky.primary, name="X", pos_err=2.0, area=sky.area)
    fit = bm.match(primary, other, radius=12.0).meta["host_fraction_fit"]
    assert fit["names"] == ["1"]


def beyond_the_survey(seed, share=0.2, fraction=0.5, n=2000, density=12_000.0):
    """A match in which this share of the primaries lies where the other catalogue has nothing."""
    sky = simulate(seed, n, fraction, density=density)
    _, other = sky.catalogs()
    away = round(n * share / (1 - share))
    again = np.random.default_rng(seed).integers(0, n, away)
    columns = {c: np.concatenate([v, v[again]]) for c, v in sky.primary.items()}
    columns["RA"][n:] += 20.0
    primary = bm.Catalog(columns, name="X", pos_err="SIGMA", area=sky.area)
    # the same sources elsewhere are no second entries
    return sky, bm.match(primary, other, radius=15.0, **BY_HAND), primary, other


def test_primaries_outside_the_footprint_do_not_dilute():
    off = []
    for seed in range(20):
        sky, result, *_ = beyond_the_survey(seed)
        fit = result.meta["host_fraction_fit"]
        off.append(
            [
                result.meta["host_fraction"] - sky.host.sum() / len(result.sources),
                (fit["uncovered"] - 0.2) / fit["uncovered_error"],
            ]
        )
        p_hostless = np.asarray(result.sources["p_hostless"])
        assert np.all(p_hostless[2000:] == 1.0)
        assert fit["fraction"]["X+OPT"] == pytest.approx(result.meta["host_fraction"])
        assert np.mean(1 - p_hostless) == pytest.approx(result.meta["host_fraction"], abs=0.01)
        assert calibration_error(p_hostless[:2000], ~sky.host) < 0.03
    off = np.array(off)
    assert abs(off[:, 0].mean()) < 0.003 and abs(off[:, 1].mean()) < 0.8
    assert off[:, 1].std() < 1.5


def test_the_footprint_fit_is_the_maximum_that_scipy_finds():
    _, result, primary, other = beyond_the_survey(3)
    half = bm.match(primary, other, radius=15.0, host_fraction=0.5, **BY_HAND).sources
    like = 10.0 ** np.asarray(half["log10_odds_host"])
    empty = np.asarray(half["n_candidates"]) == 0
    z, _ = covariate_matrix(primary, "sigma")
    chance = np.exp(-len(other) / other.area * np.pi * (15 / 3600) ** 2)

    def loss(parameters):
        q = 1 / (1 + np.exp(-parameters[0]))
        f = 1 / (1 + np.exp(-z @ parameters[1:]))
        within = (1 - q) * chance * (1 - f + f * like)
        term = np.where(empty, q + (1 - q) * chance * (1 - f), within)
        ridge = np.r_[fl.RIDGE_CONSTANT, np.full(z.shape[1] - 1, fl.RIDGE_SLOPE)]
        return -np.log(term).sum() + 0.5 * ridge @ parameters[1:] ** 2

    best = minimize(loss, np.zeros(z.shape[1] + 1), method="BFGS", options={"gtol": 1e-6})
    fit = result.meta["host_fraction_fit"]
    assert fit["uncovered"] == pytest.approx(1 / (1 + np.exp(-best.x[0])), abs=1e-5)
    np.testing.assert_allclose(fit["coefficients"]["X+OPT"], best.x[1:], atol=2e-3)


def test_a_covered_field_has_no_uncovered_share():
    fits = [simulate(seed, 1000, 0.3).match().meta["host_fraction_fit"] for seed in range(20)]
    assert [f["uncovered"] for f in fits] == [0.0] * 20


def test_rare_counterparts_in_three_catalogues_converge():
    """With EM steps where the likelihood is not concave this sky took over 200."""
    sky = simulate_patterns(9031, 4000, (0.95, 0.0125, 0.0075, 0.03))
    fit = sky.match().meta["host_fraction_fit"]
    assert fit["converged"] and fit["iterations"] < 40
    assert np.isfinite(list(fit["fraction_error"].values())).all()


@pytest.mark.parametrize("d", [1, 2, 105])
def test_solution_of_a_definite_matrix(d):
    rng = np.random.default_rng(d)
    half, right = rng.normal(size=(d, d + 3)), rng.normal(size=d)
    matrix, found = half @ half.T, right.copy()
    assert solve_positive(matrix.copy(), found)
    np.testing.assert_allclose(matrix @ found, right, rtol=1e-8, atol=1e-8)
    matrix[-1, -1] = -1.0
    assert not solve_positive(matrix.copy(), right.copy())
    matrix[0, 0] = np.nan
    assert not solve_positive(matrix.copy(), right.copy())


def test_the_fit_leaves_no_work_to_threads_of_linear_algebra(monkeypatch):
    """They got into the way of those that sum: five catalogues took 5 s or, with them, 17 s."""

    def called(*args, **options):
        raise AssertionError("called")

    monkeypatch.setattr(np.linalg, "solve", called)
    monkeypatch.setattr(np.linalg, "cholesky", called)
    rng = np.random.default_rng(1)
    z = np.column_stack([np.ones(300), rng.normal(size=300)])
    _, _, _, converged = fl.FractionLikelihood(rng.normal(0, 3, (300, 8)), z, None).maximise()
    assert converged
