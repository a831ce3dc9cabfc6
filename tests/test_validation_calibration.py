"""The calibration protocol: its skies, its scores, and a small run from end to end."""

import numpy as np
import pytest

import bayesmatch as bm
from bayesmatch.diagnostics import metrics
from validation import calibration, recipes, skies
from validation.recipes import Recipe

SMALL = [Recipe(0.7), Recipe(skies.step, 1.0, 20_000.0, 3, prior=True)]


@pytest.fixture(scope="module", params=SMALL, ids=["K2", "K3"])
def judged(request):
    sky = recipes.simulate(request.param, 3, 400)
    result = calibration.match(request.param, sky)
    return request.param, sky, result, calibration.outcome(sky, result)


def test_recipes_span_what_is_claimed():
    for quick in (True, False):
        listed = recipes.recipes(quick)
        assert len(listed) >= 20 and len(set(listed)) == len(listed)
        for k in (2, 3):
            mine = [r for r in listed if r.n_catalogues == k]
            assert {0.05, 0.99, skies.step, skies.logistic} <= {r.host for r in mine}
            assert {r.sigma_scale for r in mine} == {0.5, 1.0, 2.0}
            assert max(r.density for r in mine) == 60_000
            assert any(r.prior for r in mine) and not any(r.shared for r in mine)


def test_skies_are_what_they_say():
    sky = recipes.simulate(Recipe(skies.step, 2.0, 20_000.0, 3, prior=True), 1, 6000)
    flux = np.log10(sky.primary["FLUX"])
    for bright, expected in ((flux > 0.25, 0.95), (flux <= 0.25, 0.2)):
        assert sky.host[bright].mean() == pytest.approx(expected, abs=0.04)
    shares = [(sky.truth[sky.host] >= 0) @ (1, 2) == k for k in (1, 2, 3)]
    assert np.mean(shares, axis=1) == pytest.approx(recipes.MEMBERSHIP, abs=0.03)
    assert sky.primary["SIGMA"].max() == pytest.approx(6.0)
    host = sky.truth[:, 0][sky.truth[:, 0] >= 0]
    offset = (sky.others[0]["DEC"][host] - sky.primary["DEC"][sky.truth[:, 0] >= 0]) * 3600
    sigma = np.hypot(sky.primary["SIGMA"], sky.other_sigma[0])[sky.truth[:, 0] >= 0]
    assert (offset / sigma).std() == pytest.approx(1.0, abs=0.04)  # right position errors
    # the prior is the ratio of the two densities: its mean over field objects is 1
    (catalog,) = sky.catalogs()[1:2]
    ratio = 10 ** skies.magnitude_prior().log10_ratio(catalog)
    field = np.delete(ratio, host)
    assert field.mean() == pytest.approx(1.0, abs=5 * field.std() / np.sqrt(len(field)))
    assert (1 / ratio[host]).mean() == pytest.approx(1.0, abs=0.2)


def test_outcome(judged):
    recipe, sky, result, found = judged
    names = result.catalogue_names[1:]
    rows = [row for row in result.associations if row["ncat"] > 1]
    assert found.p_rows.tolist() == [row["p_match"] for row in rows]
    true = [tuple(row[name] for name in names) == tuple(sky.truth[row["X"]]) for row in rows]
    assert found.true_rows.tolist() == true
    right = [
        max(row["p_i"], 0) > 0 and bool(host) and tuple(row[name] for name in names) == tuple(truth)
        for row, host, truth in zip(result.sources, sky.host, sky.truth, strict=True)
    ]
    assert found.right.tolist() == right
    assert found.host.sum() > found.right.sum() > 0.5 * found.host.sum()
    assert np.array_equal(found.p_host, 1 - np.asarray(result.sources["p_hostless"]))


def test_true_completeness_is_nways_option(judged):
    recipe, sky, _, found = judged
    priors = {"OPT": [skies.magnitude_prior()]} if recipe.prior else None
    given = sky.match(priors=priors, prior_completeness=list((sky.truth >= 0).mean(axis=0)))
    assert np.allclose(found.p_any_given, given.sources["p_any"], atol=1e-12)


@pytest.mark.slow
def test_floor_of_associations(judged):
    """Against a draw for every source by itself."""
    _, _, result, _ = judged
    floor = calibration.rows_floor(result, 1, 1500)
    table = result.associations
    source, p = np.asarray(table["X"]), np.asarray(table["p_match"])
    some = np.asarray(table["ncat"]) > 1
    rng = np.random.default_rng(0)
    errors = []
    for _ in range(100):
        true = np.zeros(len(p), bool)
        for k in range(len(result.sources)):
            mine = np.flatnonzero(source == k)
            true[rng.choice(mine, p=p[mine] / p[mine].sum())] = True
        errors.append(metrics.calibration_error(p[some], true[some]))
    assert floor.mean == pytest.approx(np.mean(errors), rel=0.12)
    assert floor.p95 == pytest.approx(np.quantile(errors, 0.95), rel=0.2)
    assert floor == calibration.rows_floor(result, 1, 1500)


@pytest.mark.slow
def test_run(tmp_path, monkeypatch):
    monkeypatch.setattr(calibration, "recipes", lambda quick: SMALL)
    monkeypatch.setattr(calibration, "QUICK_SIZE", 400)
    monkeypatch.setattr(
        calibration, "LIMITS", {"shared": (Recipe(0.7, 1.0, 20_000.0, 3, shared=0.95),)}
    )
    section = calibration.run(tmp_path, quick=True, seeds=2)
    assert section.name == "calibration" and len(section.numbers["skies"]) == 4
    assert all((tmp_path / f.file).stat().st_size > 10_000 for f in section.figures)
    assert len([c for c in section.claims if c.ok is not None]) == 6
    assert section.numbers["pooled_ece"]["p_hostless"] < 0.03
    # what was a limit while catalogues were taken to share no objects
    assert section.numbers["limits"]["shared"][0]["ratio p_match"] < 2
    for table in section.tables:
        assert all(len(row) == len(table.header) for row in table.rows)
    again = calibration.run(tmp_path, quick=True, seeds=2)
    assert again.numbers == section.numbers


@pytest.mark.slow
def test_a_miss_is_a_miss(tmp_path, monkeypatch):
    """Position errors that are wrong by a factor of two make it fail."""

    def match(recipe, sky):
        wrong = {**sky.primary, "SIGMA": 0.5 * sky.primary["SIGMA"]}
        catalogs = sky.catalogs()
        return bm.match(
            bm.Catalog(wrong, name="X", pos_err="SIGMA", area=sky.area), *catalogs[1:], radius=16.0
        )

    monkeypatch.setattr(calibration, "recipes", lambda quick: SMALL[:1])
    monkeypatch.setattr(calibration, "LIMITS", {})
    monkeypatch.setattr(calibration, "match", match)
    section = calibration.run(tmp_path, quick=True)
    assert not section.ok
