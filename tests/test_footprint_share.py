"""The share of the sources where no catalogue has looked, in surveys that are full of holes."""

import numpy as np
import pytest

import bayesmatch as bm
from bayesmatch.catalogs.candidates import find_candidates
from bayesmatch.matching import options
from bayesmatch.matching.beyond import counterparts_beyond
from bayesmatch.matching.footprint_share import FootprintShare
from bayesmatch.matching.fraction_likelihood import FractionLikelihood
from bayesmatch.matching.inner_circles import Circles, inner_circles
from bayesmatch.matching.setting import make_setting
from validation.conditions import ALL, Condition, match
from validation.real_skies import Plan, downloaded, simulate


@pytest.mark.slow
@pytest.mark.parametrize("plan", [Plan(holes=0.3, n=3000), Plan(holes=0.15, n=1500)])
def test_holes(plan):
    """Sources in a hole that have candidates at its rim are outside all the same."""
    wrong = []
    for seed in (701, 702, 703):
        sky = simulate(seed, plan)
        fit = match(Condition("holes", plan), sky, ALL).meta["host_fraction_fit"]
        wrong.append(fit["uncovered"] - sky.outside.mean())
        assert fit["converged"]
        assert 0 < fit["uncovered_error"] < 0.02
    # up to 0.027 by the circles alone, -0.008 in the mean
    assert np.abs(wrong).max() < 0.016
    assert abs(np.mean(wrong)) < 0.008


def test_small_fields_at_the_end_of_a_survey():
    """Where the density rises, the windows around them lie to one side."""
    plan = Plan(gradient=10.0, n=1500)
    for seed in (705, 706):
        sky = downloaded(simulate(seed, plan), 20.0)
        field = match(Condition("cones", plan), sky, ALL)._field
        assert field.details["scales"]["OPT"]["small_fields"]
        wrong = np.log(field.per_deg2[:, 0] / sky.density)
        assert wrong.std() < 0.08  # 0.10 to 0.14 without a trend
        assert abs(wrong.mean()) < 0.06


@pytest.mark.few(1)
@pytest.mark.parametrize("share", [0.0, 0.25])
def test_share_and_density_together(share):
    """Circles with candidates drawn at 0.8 of the density that is expected of them."""
    rng = np.random.default_rng(8)
    n, host = 20_000, 0.6
    expected = rng.uniform(0.6, 1.5, n)
    outside, has = rng.random(n) < share, rng.random(n) < host
    count = np.where(outside, 0, rng.poisson(0.8 * expected) + has)
    # what tells hosts: a likelihood ratio that is drawn as it says; none where nothing is seen
    ln_ratio = np.where(has, 3.0, -3.0) + np.sqrt(6.0) * rng.standard_normal(n)
    ln_ratio -= np.log1p(-np.exp(-0.8 * expected))  # its mean over all sources without is 1
    ln_like = np.column_stack([np.zeros(n), np.where(count == 0, -np.inf, ln_ratio)])
    problem = FractionLikelihood(ln_like, np.ones((n, 1)), None)
    counterparts = np.column_stack([np.zeros(n), np.ones(n)])
    fit = FootprintShare(problem, Circles(count, expected, expected, counterparts))
    fit.maximise(problem.maximise()[0])
    assert fit.share == pytest.approx(share, abs=0.01)
    if share > 0:
        assert fit.factor == pytest.approx(0.8, abs=0.03)
        assert fit.inside()[outside].mean() < 0.5
        np.testing.assert_array_equal(fit.inside()[count > 0], 1.0)
    known = FootprintShare(problem, Circles(count, expected))
    known.maximise(problem.maximise()[0])
    assert known.factor == 1.0


def test_what_is_in_the_circles():
    rng = np.random.default_rng(9)
    n, m, radius = 60, 6000, 20.0
    ra, dec, sigma = 150 + 0.3 * rng.random(n), 0.3 * rng.random(n), rng.uniform(0.5, 4.0, n)
    x = bm.Catalog({"RA": ra, "DEC": dec, "s": sigma}, name="X", pos_err="s", area=0.1)
    others = [
        bm.Catalog(
            {"RA": 150 + 0.3 * rng.random(k * m), "DEC": 0.3 * rng.random(k * m)},
            name=f"O{k}",
            pos_err=0.5,
            area=0.09,
        )
        for k in (1, 2)
    ]
    found = find_candidates(x, others, radius, max_rows=10**7)
    uniform = options.FIELDS["uniform"]
    setting = make_setting(x, others, found, uniform, (1.0, 1.0), True, radius, ())
    circles = inner_circles(setting, counterparts_beyond(setting, {}))
    per_arcsec2 = 3 * m / 0.09 / 3600**2
    size = np.clip(np.sqrt(1 / np.pi / per_arcsec2), 3 * np.hypot(sigma, 0.5), radius)
    count = np.zeros(n)
    for other in others:
        east = (other.ra - ra[:, None]) * np.cos(np.radians(dec[:, None])) * 3600
        count += (np.hypot(east, (other.dec - dec[:, None]) * 3600) < size[:, None]).sum(axis=1)
    np.testing.assert_array_equal(circles.count, count)
    for expected in (circles.expected, circles.field):
        np.testing.assert_allclose(expected, np.pi * size**2 * per_arcsec2, rtol=1e-9)
    inside = 1 - np.exp(-0.5 * size**2 / (sigma**2 + 0.25))
    expected = np.column_stack([0 * inside, inside, inside, 2 * inside])
    np.testing.assert_allclose(circles.counterparts, expected, rtol=1e-9)
    some = circles.of(sigma > 2)
    assert len(some.count) == len(some.expected) == len(some.counterparts) == (sigma > 2).sum()


def test_objects_that_catalogues_share_are_expected_once():
    """Counted once for each catalogue, more sources than chance allows had no candidate."""
    sky = simulate(41, Plan(n=2500, density=20_000.0, second=(15_000.0, 0.9)))
    result = match(Condition("shared", Plan()), sky, ALL)
    shared = result.meta["field"]["shared"]
    objects = sum(shared.values())
    field = result._field
    per_deg2 = field.expected(10.0) / (np.pi * (10.0 / 3600.0) ** 2)
    assert per_deg2.mean() == pytest.approx(objects, rel=0.02)
    assert objects < 0.7 * field.around.sum(axis=1).mean()
    assert result.meta["host_fraction_fit"]["uncovered"] == 0.0


def test_nearly_all_sources_outside():
    """A list of the whole sky and a survey of a corner of it: a twentieth is inside."""
    rng = np.random.default_rng(0)
    n, side, wide = 3000, 0.55, 2.45
    o = {"RA": 150 + side * rng.random(6000), "DEC": side * rng.random(6000)}
    x = {c: base + wide * (rng.random(n) - 0.4) for c, base in (("RA", 150.0), ("DEC", 0.0))}
    east, north = (np.abs(x[c] - base - side / 2) for c, base in (("RA", 150.0), ("DEC", 0.0)))
    inside = np.maximum(east, north) < side / 2
    has = inside & (rng.random(n) < 0.7)
    for c in x:
        x[c][has] = o[c][: has.sum()] + rng.normal(size=has.sum()) / 3600
    catalogs = (
        bm.Catalog(t, name=name, pos_err=error, area=area)
        for t, name, error, area in ((x, "X", 1.0, wide**2), (o, "O", 0.1, side**2))
    )
    result = bm.match(*catalogs, radius=20)
    fit = result.meta["host_fraction_fit"]
    assert inside.mean() < 0.06
    assert abs(fit["uncovered"] - (1 - inside.mean())) < 0.01 and fit["converged"]
    p_host = 1.0 - result.sources["p_hostless"][inside].mean()
    assert abs(p_host - has[inside].mean()) < 0.05
