"""Counterparts outside the radius of the match."""

import numpy as np
import pytest

import bayesmatch as bm
import bayesmatch.matching.beyond as beyond_module
import bayesmatch.matching.pipeline as pipeline
from bayesmatch.catalogs.tails import NO_TAILS, Tails
from bayesmatch.matching.beyond import by_pattern, outside_by_catalogue, share_beyond, within_radius
from bayesmatch.testing import check_invariants

SIGMA, OTHER = 1.0, 0.3
TOGETHER = np.hypot(SIGMA, OTHER)


def survey(seed, n=2000, host=0.7, per_deg2=20_000.0, error=OTHER):
    """A uniform sky in which a share of the sources has a counterpart."""
    rng = np.random.default_rng(seed)
    ra, dec = 150.0 + rng.random(n), rng.random(n) - 0.5
    has = rng.random(n) < host
    offset = rng.normal(0.0, TOGETHER, (2, n)) / 3600.0
    m = rng.poisson(per_deg2)
    objects = {
        "RA": np.append(150.0 + rng.random(m), (ra + offset[0])[has]),
        "DEC": np.append(rng.random(m) - 0.5, (dec + offset[1])[has]),
    }
    objects["err"] = np.full(m + has.sum(), OTHER)
    true = np.where(has, m + np.cumsum(has) - 1, -1)
    x = bm.Catalog({"RA": ra, "DEC": dec}, name="X", pos_err=SIGMA, area=1.0)
    o = bm.Catalog(objects, name="O", pos_err=error, area=1.0)
    return x, o, true, 3600.0 * np.hypot(*offset)


def without_the_term(monkeypatch):
    monkeypatch.setattr(pipeline, "counterparts_beyond", lambda *given: None)


@pytest.mark.parametrize("axes", [(1.0, 1.0), (2.0, 0.7), (3.0, 0.01)])
@pytest.mark.parametrize("tails", [NO_TAILS, Tails(0.2, 4.0)])
def test_the_share_beyond_is_that_of_drawn_offsets(axes, tails):
    rng = np.random.default_rng(5)
    n, angle = 400_000, 0.6
    wide = np.where(rng.random(n) < tails.fraction, tails.factor, 1.0)
    along = wide * rng.normal(0.0, axes[0], n)
    across = wide * rng.normal(0.0, axes[1], n)
    sigma = rng.choice([0.2, 0.9], n)
    east = along * np.sin(angle) + across * np.cos(angle) + sigma * rng.normal(size=n)
    north = along * np.cos(angle) - across * np.sin(angle) + sigma * rng.normal(size=n)
    a, b, s, c = axes[0] ** 2, axes[1] ** 2, np.sin(angle), np.cos(angle)
    covariance = np.array([[a * s * s + b * c * c, a * c * c + b * s * s, (a - b) * s * c]])
    for radius in (0.5, 2.0, 5.0):
        found = share_beyond(covariance, (tails, NO_TAILS), [0.2, 0.9], radius)[0]
        assert found == pytest.approx(np.mean(np.hypot(east, north) > radius), abs=0.003)


def test_a_circle_has_the_rayleigh_distribution():
    covariance = np.array([[4.0, 4.0, 0.0], [1.0, 1.0, 0.0]])
    found = share_beyond(covariance, (NO_TAILS, NO_TAILS), [1.5], 3.0)
    np.testing.assert_allclose(found, np.exp(-0.5 * 9.0 / np.array([6.25, 3.25])), rtol=1e-14)


def test_all_counterparts_are_outside_where_the_nearest_is():
    ln_share = by_pattern(np.array([[0.5, 0.2, 0.0]]))
    with np.errstate(divide="ignore"):
        expected = np.log([1.0, 0.5, 0.2, 0.2, 0.0, 0.0, 0.0, 0.0])
    np.testing.assert_allclose(ln_share[0], expected)
    ln_fraction = np.log([[0.2, 0.3, 0.1, 0.4]])
    ln_share = by_pattern(np.array([[0.5, 0.2]]))
    none = 0.2 + 0.3 * 0.5 + 0.1 * 0.2 + 0.4 * 0.2
    assert np.exp(within_radius(ln_fraction, ln_share)[0, 0]) == pytest.approx(none)
    outside = outside_by_catalogue(ln_fraction, ln_share)[0]
    np.testing.assert_allclose(outside, np.array([0.15 + 0.08, 0.02 + 0.08]) / none)


@pytest.mark.parametrize("field", ["uniform", "local"])
@pytest.mark.parametrize("n_sigma", [1.0, 2.0, 5.0])
def test_the_host_fraction_is_that_of_all_counterparts(field, n_sigma):
    x, o, true, offset = survey(11, n=3000)
    result = bm.match(x, o, radius=n_sigma * TOGETHER, field=field, claims="independent")
    meta = result.meta
    assert abs(meta["host_fraction"] - np.mean(true >= 0)) < 3.0 * meta["host_fraction_error"]
    within = (true >= 0) & (offset < n_sigma * TOGETHER)
    assert (1.0 - result.sources["p_hostless"]).mean() == pytest.approx(within.mean(), abs=0.02)
    check_invariants(result)


def test_without_the_term_a_small_radius_makes_sources_hostless(monkeypatch):
    x, o, true, _ = survey(12)
    without_the_term(monkeypatch)
    result = bm.match(x, o, radius=TOGETHER, field="uniform", claims="independent")
    assert result.meta["host_fraction"] < np.mean(true >= 0) - 0.2


def test_probabilities_by_hand():
    """A given fraction h: p_hostless is (1 - h + h q) / (1 - h + h (sum L + q))."""
    x, o, *_ = survey(13, n=400)
    h, radius = 0.6, 2.0
    options = {"host_fraction": h, "field": "uniform", "claims": "independent"}
    result = bm.match(x, o, radius=radius, **options)
    a = result.associations
    density = (len(o) + 1) * 41252.96124941927
    q = np.exp(-0.5 * (radius / TOGETHER) ** 2)
    like = np.where(a["ncat"] > 1, 10.0 ** np.asarray(a["dist_bayesfactor"]) / density, 0.0)
    total = np.bincount(np.asarray(a["X"]), like, len(x))
    none = (1.0 - h + h * q) / (1.0 - h + h * (total + q))
    np.testing.assert_allclose(result.sources["p_hostless"], none, rtol=1e-6)
    assert result.meta["host_fraction"] == h
    assert result.meta["host_fraction_fit"]["beyond_radius"] == pytest.approx(q)
    summed = np.bincount(np.asarray(a["X"]), np.asarray(a["p_match"]), len(x))
    np.testing.assert_allclose(summed, 1.0)  # with the row of no counterpart


def test_nothing_changes_where_the_radius_holds_everything(monkeypatch):
    """NWAY's columns never; the calibrated ones by less than what lies outside 6 sigma."""
    x, o, *_ = survey(14, n=500)
    options = {"field": "uniform", "claims": "independent"}
    small, large = (bm.match(x, o, radius=r * TOGETHER, **options) for r in (1.5, 6.0))
    without_the_term(monkeypatch)
    for with_it, r, most in ((small, 1.5, 1.0), (large, 6.0, 1e-6)):
        alone = bm.match(x, o, radius=r * TOGETHER, **options)
        for column in ("p_any", "p_i", "p_single", "dist_post", "match_flag", "dist_bayesfactor"):
            assert np.array_equal(with_it.associations[column], alone.associations[column])
        moved = np.abs(with_it.sources["p_hostless"] - alone.sources["p_hostless"]).max()
        assert 0.0 < moved < most


@pytest.mark.parametrize("error", [OTHER, "err"])
def test_an_explanation_has_the_same_terms_from_memory_and_from_a_file(tmp_path, error):
    x, o, *_ = survey(15, n=300, error=error)
    result = bm.match(x, o, radius=1.5 * TOGETHER)
    result.write(tmp_path / "result.fits", include_inputs=True)
    read = bm.MatchResult.read(tmp_path / "result.fits")
    for i in (0, 7, 80):
        one, two = (bm.explain(r, r.sources["X_ID"][i]).table for r in (result, read))
        assert one.colnames == two.colnames
        for t in (one, two):
            known = np.asarray(t["p_match"][1:] / t["p_match"][0])
            np.testing.assert_allclose(10.0 ** np.asarray(t["total"][1:]), known, rtol=1e-5)
        np.testing.assert_allclose(one["fraction"], two["fraction"], atol=1e-9)


def test_a_fit_taken_over_is_used_with_the_radius_of_the_new_match():
    x, o, *_ = survey(16, n=600)
    wide = bm.match(x, o, radius=5.0 * TOGETHER, claims="independent", field="uniform")
    options = {"claims": "independent", "field": "uniform"}
    narrow = bm.match(x, o, radius=TOGETHER, host_fraction=wide.host_fraction, **options)
    again = bm.match(x, o, radius=5.0 * TOGETHER, host_fraction=narrow.host_fraction, **options)
    np.testing.assert_array_equal(again.sources["p_hostless"], wide.sources["p_hostless"])
    assert narrow.meta["host_fraction"] == wide.meta["host_fraction"]
    assert narrow.sources["p_hostless"].mean() > wide.sources["p_hostless"].mean()
    check_invariants(narrow)


def test_what_an_explanation_says_of_a_small_radius():
    x, o, *_ = survey(15, n=300)
    options = {"host_fraction": 0.6, "field": "uniform", "claims": "independent"}
    for n_sigma, said in (
        (1.0, "such source without a counterpart within the radius,"),
        (6.0, "60% of"),
    ):
        result = bm.match(x, o, radius=n_sigma * TOGETHER, **options)
        has = np.flatnonzero(result.sources["n_candidates"] > 0)[0]
        text = " ".join(bm.explain(result, result.sources["X_ID"][has]).text.split())
        assert said in text


PATTERNS = (0.3, 0.2, 0.1, 0.4)


def two_catalogues(seed, n=4000, error=OTHER):
    """A uniform sky, sources with counterparts in none, one, the other, or both of two."""
    rng = np.random.default_rng(seed)
    ra, dec = 150.0 + rng.random(n), rng.random(n) - 0.5
    pattern = rng.choice(4, n, p=PATTERNS)
    true = rng.normal(0.0, SIGMA, (2, n)) / 3600.0
    others = []
    for k, m in enumerate((8000, 5000)):
        has = pattern >> k & 1 == 1
        place = np.array([ra, dec]) + true + rng.normal(0.0, error, (2, n)) / 3600.0
        field = np.array([150.0 + rng.random(m), rng.random(m) - 0.5])
        both = np.column_stack([field, place[:, has]])
        columns = {"RA": both[0], "DEC": both[1]}
        others.append(bm.Catalog(columns, name="OP"[k], pos_err=error, area=1.0))
    x = bm.Catalog({"RA": ra, "DEC": dec}, name="X", pos_err=SIGMA, area=1.0)
    return (x, *others), np.bincount(pattern, minlength=4) / n


@pytest.mark.parametrize("field", ["uniform", "local"])
def test_counterparts_may_be_outside_in_one_catalogue_alone(field, monkeypatch):
    """Without that sources with both come out as ones with either."""
    catalogues, truth = two_catalogues(21)
    options = {"radius": 1.5 * SIGMA, "field": field, "claims": "independent"}
    result = bm.match(*catalogues, **options)
    fit = result.meta["host_fraction_fit"]
    found, error = (np.array(list(fit[x].values())) for x in ("fraction", "fraction_error"))
    assert np.abs(found - truth).max() < 3.0 * error.max()
    check_invariants(result)
    monkeypatch.setattr(beyond_module, "partly_outside", lambda *given: None)
    without = bm.match(*catalogues, **options).meta["host_fraction_fit"]
    assert truth[3] - without["fraction"]["X+O+P"] > 4.0 * without["fraction_error"]["X+O+P"]


def test_counterparts_in_small_circles_are_not_taken_for_small_fields():
    """Of the few objects in the circles nearly all are counterparts: the field goes on outside."""
    (x, _, p), _ = two_catalogues(21)
    result = bm.match(x, p, radius=1.5 * SIGMA)
    assert result.sources["density_P"].mean() == pytest.approx(5000.0, rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("claims", ["independent", "exclusive"])
def test_an_explanation_tells_of_counterparts_outside_in_one_catalogue(tmp_path, claims):
    catalogues, _ = two_catalogues(22, n=300)
    result = bm.match(*catalogues, radius=1.5 * SIGMA, field="uniform", claims=claims)
    result.write(tmp_path / "result.fits", include_inputs=True)
    read = bm.MatchResult.read(tmp_path / "result.fits")
    told = 0
    for i in np.flatnonzero(result.sources["n_candidates"] > 0)[:40]:
        one, two = (bm.explain(r, r.sources["X_ID"][i]).table for r in (result, read))
        assert one.colnames == two.colnames
        told += "partly_outside" in one.colnames
        known = np.asarray(one["p_match"][1:] / one["p_match"][0])
        np.testing.assert_allclose(10.0 ** np.asarray(one["total"][1:]), known, rtol=1e-5)
        np.testing.assert_allclose(one["fraction"], two["fraction"], atol=1e-9)
    assert told > 5
