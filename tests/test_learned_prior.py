"""Priors that learn what counterparts look like from the match itself."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st

import bayesmatch as bm
from bayesmatch._kernels import tilt as kernels
from bayesmatch._kernels.equations import solve_positive
from bayesmatch.priors import boosted_rounds
from bayesmatch.priors.field_means import blended, field_means, rarer_than_seen, topped
from bayesmatch.priors.hats import Hats
from bayesmatch.priors.learned_ratio import LearnedRatio
from bayesmatch.priors.learning_rounds import Learner, Rounds
from bayesmatch.priors.lesson import Lesson
from bayesmatch.priors.second_kind import FEWEST, taught_by_two_kinds
from bayesmatch.priors.share_alike import with_alike_fitted
from bayesmatch.priors.source_context import Folds, SourceContext
from bayesmatch.priors.strengths import rounds_to_make
from bayesmatch.priors.tilt import TiltField, TiltFit

N, AREA, RADIUS = 400, 0.9, 25.0
FEATURES = bm.photometry.Features(["g", "r", "z", "w1", "w2"])


@pytest.fixture(scope="module")
def sky():
    return bm.mock.survey(n_primary=N, area=AREA, seed=11)


def catalogues(sky, order=None):
    primary, secondary, _ = sky
    primary = primary if order is None else primary[order]
    return (
        bm.Catalog(primary, name="X", pos_err="sigma", area=AREA),
        bm.Catalog(secondary, name="OPT", pos_err=0.1, area=AREA),
    )


def learned_match(sky, prior=None, order=None, **options):
    primary, secondary = catalogues(sky, order)
    prior = bm.LearnedPrior(FEATURES) if prior is None else prior
    return bm.match(primary, secondary, radius=RADIUS, priors={"OPT": [prior]}, **options)


@pytest.fixture(scope="module")
def result(sky):
    return learned_match(sky)


def right(result, truth) -> float:
    """Share of all sources whose best counterpart is the true one."""
    best = {
        str(s): str(o)
        for s, o in zip(result.sources["X_ID"], result.sources["OPT_ID"], strict=True)
    }
    return np.mean([best[str(row["ID"])] == str(row["counterpart"]) for row in truth])


def test_a_feature_twice_is_refused():
    """It would be held back half as much as the others."""
    with pytest.raises(ValueError, match="features has 'mag' twice; name each once"):
        bm.LearnedPrior(["mag", "g", "mag"])
    with pytest.raises(ValueError, match="context has 'flux' twice"):
        bm.LearnedPrior(["mag"], context=["flux", "flux"])


def test_more_are_right_than_by_distance_alone(sky, result):
    by_distance = bm.match(*catalogues(sky), radius=RADIUS)
    assert right(by_distance, sky[2]) < 0.9
    assert right(result, sky[2]) > right(by_distance, sky[2]) + 0.06


def test_the_record_says_what_was_learned(result):
    told = result.meta["auto_priors"]["OPT"]["photometry"]
    assert told["model"].startswith("smooth") and told["ln_gain"] > 100
    assert told["expected_counterparts"] == pytest.approx(0.97 * N, rel=0.05)
    assert told["tried"]["1"] == 0.0
    assert isinstance(result.priors["OPT"][0], LearnedRatio)


def test_mean_over_field_objects_is_1_for_every_source(sky, result):
    primary, secondary = catalogues(sky)
    prior = result.priors["OPT"][0]
    near = np.unique(np.asarray(result.associations["OPT"]))
    away = np.setdiff1d(np.arange(len(secondary)), near)
    for source in np.argsort(sky[0]["sigma"])[[5, N // 2, -5]]:
        i = np.full(len(away), source)
        ratio = 10.0 ** prior.log10_ratio_pairs(primary, secondary, i, away)
        assert ratio.mean() == pytest.approx(1.0, abs=5 * ratio.std() / len(ratio) ** 0.5 + 0.02)


def test_saved_and_read_the_ratios_are_the_same(sky, result, tmp_path):
    prior = result.priors["OPT"][0]
    prior.save(tmp_path / "p.json")
    again = bm.read_prior(tmp_path / "p.json")
    used = learned_match(sky, again)
    for name in ("bias_OPT_photometry", "p_match"):
        np.testing.assert_array_equal(used.associations[name], result.associations[name])
    _, secondary = catalogues(sky)
    np.testing.assert_array_equal(again.log10_ratio(secondary), prior.log10_ratio(secondary))


def test_position_errors_may_stand_in_columns(sky, result):
    """Field objects, which are looked at without their errors, too."""
    primary, secondary = catalogues(sky)
    table = sky[1].copy()
    table["e"] = 0.1
    known = {"OPT": result.priors["OPT"]}
    number = bm.match(primary, secondary, radius=RADIUS, priors=known)
    for error in ("e", ("e", "e"), bm.ErrorEllipse("e", "e", "e")):
        with_errors = bm.Catalog(table, name="OPT", pos_err=error, area=AREA)
        column = bm.match(primary, with_errors, radius=RADIUS, priors=known)
        for name in ("mean_ratio_OPT", "p_hostless", "p_OPT"):
            np.testing.assert_allclose(
                column.sources[name], number.sources[name], rtol=1e-9, atol=1e-12
            )


@pytest.mark.slow
def test_order_of_the_sources_changes_nothing(sky, result):
    order = np.random.default_rng(1).permutation(N)
    shuffled = learned_match(sky, order=order)
    key = [
        f"{a}:{b}"
        for a, b in zip(result.associations["X_ID"], result.associations["OPT_ID"], strict=True)
    ]
    other = {
        f"{a}:{b}": p
        for a, b, p in zip(
            shuffled.associations["X_ID"],
            shuffled.associations["OPT_ID"],
            shuffled.associations["p_match"],
            strict=True,
        )
    }
    p = np.array([other[k] for k in key])
    np.testing.assert_allclose(p, result.associations["p_match"], atol=2e-3)


@pytest.mark.slow
def test_scanned_as_in_memory_and_any_number_of_threads(sky, result, tmp_path, monkeypatch):
    sky[1].write(tmp_path / "opt.parquet")
    primary, _ = catalogues(sky)
    scanned = bm.Catalog.scan(tmp_path / "opt.parquet", name="OPT", pos_err=0.1, area=AREA)
    monkeypatch.setattr("numba.get_num_threads", lambda: 1)
    other = bm.match(primary, scanned, radius=RADIUS, priors={"OPT": [bm.LearnedPrior(FEATURES)]})
    for name in result.associations.colnames:
        if name != "OPT":
            np.testing.assert_array_equal(other.associations[name], result.associations[name])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 4])
def test_counterparts_that_look_like_field_objects_teach_nothing(sky, seed):
    primary, secondary, truth = sky
    mixed = secondary.copy()
    order = np.random.default_rng(seed).permutation(len(mixed))
    for band in FEATURES.bands:
        mixed[band] = secondary[band][order]
    without = bm.match(*catalogues((primary, mixed, truth)), radius=RADIUS)
    result = learned_match((primary, mixed, truth))
    change = np.abs(result.associations["p_match"] - without.associations["p_match"])
    worst = np.zeros(N)
    np.maximum.at(worst, np.asarray(without.associations["X"]), np.asarray(change))
    assert np.quantile(worst, 0.99) < 0.03


def test_sources_that_belong_to_nothing_teach_nothing(sky):
    primary, secondary, truth = sky
    moved = primary.copy()
    moved["DEC"] += 70.0 / 3600.0
    result = learned_match((moved, secondary, truth))
    told = result.meta["auto_priors"]["OPT"]["photometry"]
    assert told["model"] == "1" and "fewer than 30 counterparts" in told["why"]
    assert np.all(np.asarray(result.associations["bias_OPT_photometry"]) == 1)


@pytest.mark.slow
def test_start_that_misleads_is_put_right(sky, result):
    _, secondary, truth = sky
    values = np.ma.filled(np.ma.asarray(secondary["z"]), np.nan)
    faint = bm.HistogramPrior.fit("z", values[values > 22.5], values, bins=12, smooth=1.0)
    used = bm.match(*catalogues(sky), radius=RADIUS, priors={"OPT": [faint]})
    put_right = learned_match(sky, bm.LearnedPrior(FEATURES, start=faint))
    assert right(used, truth) < right(put_right, truth) - 0.05
    assert right(put_right, truth) > right(result, truth) - 0.02


@pytest.mark.slow
def test_good_start_is_kept_where_the_sources_are_few(sky, result):
    few = (sky[0][:25], sky[1], sky[2][:25])
    start = bm.LightGBMPrior.fit(
        *_labelled(bm.mock.survey(n_primary=1000, area=2.25, seed=5)), features=FEATURES
    )
    with pytest.warns(UserWarning, match="only 25 primaries"):
        kept = learned_match(few, bm.LearnedPrior(start=start))
    told = kept.meta["auto_priors"]["OPT"]["photometry"]
    assert told["model"] == "start"
    assert right(kept, few[2]) > 0.85


def two_kinds(second, n=1500):
    """A learner that knows one kind of counterparts, which (n,) are of another, and its rounds."""
    rng = np.random.default_rng(7)
    kind = rng.choice(3, n, p=(0.3, 0.7 - second, second))  # 0: a field object
    mean, scale = (np.array(of)[kind][:, None] for of in ([0.0, 3.0, -3.0], [2.0, 0.5, 0.5]))
    x = rng.normal(mean, scale, (n, 3))
    ln_near = 1.5 * rng.normal(np.where(kind > 0, 1.5, 0.0)) - 0.5 * 1.5**2

    def evidence(ln_ratio):
        odds = np.exp(ln_near + ln_ratio) * 7.0 / 3.0
        return odds / (1.0 + odds), np.log1p(odds)

    field, fold, none = rng.normal(0.0, 2.0, (5000, 3)), np.arange(n) % 2, np.zeros(n)
    lesson = Lesson(
        SimpleNamespace(evidence=evidence),
        *(x, field, np.ones(5000), none, np.zeros(5000)),
        *(SourceContext.of(None, ()), Folds(0, (0.5,)), fold, np.zeros(n, int)),
        *(np.zeros((1, 0)), np.zeros((n, 0)), fold != np.arange(2)[:, None], 0.05, 0),
    )
    learner = Learner(lesson, evidence(none)[0] * (kind != 2), 10)
    return learner, kind == 2, with_alike_fitted(learner.run(1.0), lesson.view)


def test_counterparts_of_a_second_kind_teach_again():
    """The ratio makes them unlikelier than field objects, and they stayed so in every round."""
    learner, is_second, smooth = two_kinds(0.25)
    before, coefficients = learner.lesson.taught(smooth.tilted, smooth.p), learner.coefficients
    assert before[is_second].mean() < 0.02 and smooth.alike > 0.15
    kept = coefficients.copy()
    taught, share = taught_by_two_kinds(learner, smooth)
    assert share == pytest.approx(0.25 / 0.7, abs=0.05)
    assert taught[is_second].mean() > 0.9
    np.testing.assert_array_equal(learner.coefficients, kept)  # it goes on as it was
    learner, _, smooth = two_kinds(0.0)
    taught, share = taught_by_two_kinds(learner, smooth)
    assert share == 0.0
    np.testing.assert_array_equal(taught, learner.lesson.taught(smooth.tilted, smooth.p))


@pytest.mark.parametrize(("n", "found"), [(400, True), (150, False)])
def test_few_counterparts_are_of_two_kinds_too(n, found):
    """Without trees nothing else finds the second kind; too few are not told apart."""
    learner, is_second, smooth = two_kinds(0.25, n)
    assert (smooth.p.sum() > FEWEST) == found
    taught, share = taught_by_two_kinds(learner, smooth, few=True)
    assert (share > 0.2) == found
    assert (taught[is_second].mean() > 0.9) == found


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 3])
def test_trees_are_added_for_a_second_kind_where_counterparts_are_few(seed):
    """A product of functions says that the rarer of two kinds looks less like them than the field.

    Of one in five that is on the other side of the field 0.8 were right.
    """
    rng, n, m, side = np.random.default_rng(seed), 400, 9000, 0.5
    kind = np.where(rng.random(n) < 0.2, -3.0, 3.0)
    there = rng.uniform(0.0, side, (2, n))
    look = [kind[:, None] + 0.5 * rng.normal(size=(n, 3)), 2.0 * rng.normal(size=(m, 3))]
    objects = dict(zip("abc", np.concatenate(look).T, strict=True))
    ra, dec = np.concatenate([there, rng.uniform(0.0, side, (2, m))], axis=1)
    seen = there + 4.0 / 3600.0 * rng.normal(size=there.shape)
    x = bm.Catalog({"RA": seen[0], "DEC": seen[1]}, name="X", pos_err=4.0, area=side**2)
    o = bm.Catalog({"RA": ra, "DEC": dec, **objects}, name="OPT", pos_err=0.1, area=side**2)
    prior = bm.LearnedPrior(["a", "b", "c"], rounds=1)
    result = bm.match(x, o, radius=20, priors={"OPT": [prior]})
    assert "second_kind" in result.meta["auto_priors"]["OPT"]["photometry"]
    assert np.mean((np.asarray(result.sources["OPT"]) == np.arange(n))[kind < 0]) > 0.95


def _labelled(sky):
    _, secondary, truth = sky
    return secondary, np.isin(
        np.asarray(secondary["ID"]).astype(str), np.asarray(truth["counterpart"]).astype(str)
    )


@pytest.mark.slow
def test_trees_are_added_where_counterparts_are_many():
    sky = bm.mock.survey(n_primary=1500, area=3.4, seed=21)
    primary = bm.Catalog(sky[0], name="X", pos_err="sigma", area=3.4)
    secondary = bm.Catalog(sky[1], name="OPT", pos_err=0.1, area=3.4)
    result = bm.match(
        primary, secondary, radius=RADIUS, priors={"OPT": [bm.LearnedPrior(FEATURES, rounds=1)]}
    )
    tried = result.meta["auto_priors"]["OPT"]["photometry"]["tried"]
    assert any("LightGBM" in name for name in tried)


@pytest.mark.slow
def test_three_catalogues_and_another_prior(sky):
    primary, secondary, truth = sky
    infrared = secondary[~np.ma.getmaskarray(secondary["w1"])]
    catalogs = (
        *catalogues(sky),
        bm.Catalog(infrared, name="IR", pos_err=0.3, area=AREA),
    )
    priors = {
        "OPT": [bm.LearnedPrior(["g", "r", "z"])],
        "IR": [bm.LearnedPrior(["w1", "w2"]), bm.FunctionPrior("flat", lambda c: np.zeros(len(c)))],
    }
    result = bm.match(*catalogs, radius=15.0, priors=priors)
    by_distance = bm.match(*catalogs, radius=15.0)
    assert set(result.meta["auto_priors"]) == {"OPT", "IR"}
    assert right(result, truth) > right(by_distance, truth) + 0.04
    assert "bias_IR_photometry" in result.associations.colnames


@pytest.mark.slow
def test_context_of_the_sources(sky):
    result = learned_match(sky, bm.LearnedPrior(FEATURES, context=["flux"]))
    prior = result.priors["OPT"][0]
    assert prior.context.names == ("flux",)
    again = learned_match(sky, prior)
    np.testing.assert_array_equal(
        again.associations["bias_OPT_photometry"], result.associations["bias_OPT_photometry"]
    )


@pytest.mark.slow
def test_errors_are_fitted_before_and_after(sky):
    primary, secondary, truth = sky
    wide = primary.copy()
    wide["sigma"] *= 2.0
    result = learned_match((wide, secondary, truth), errors="fit")
    assert result.meta["errors"]["scale"] == pytest.approx(0.5, abs=0.06)
    assert right(result, truth) > 0.9


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({}, ValueError, "features, or a start"),
        ({"features": "g"}, TypeError, "text"),
        ({"features": []}, ValueError, "empty"),
        ({"features": ["g"], "start": 3}, TypeError, "start"),
        ({"features": ["g"], "context": ["a", "b", "c", "d"]}, ValueError, "at most 3"),
        ({"features": ["g"], "rounds": -1}, ValueError, "rounds"),
        ({"features": ["g"], "seed": 1.5}, (ValueError, TypeError), "seed"),
        ({"features": ["g"], "name": ""}, TypeError, "name"),
    ],
)
def test_bad_arguments(arguments, error, said):
    with pytest.raises(error, match=said):
        bm.LearnedPrior(**arguments)


def test_columns_that_are_not_there(sky):
    with pytest.raises(ValueError, match="no column 'h'.*OPT|OPT.*'h'"):
        learned_match(sky, bm.LearnedPrior(["g", "h"]))
    with pytest.raises(ValueError, match="counts"):
        learned_match(sky, bm.LearnedPrior(["g"], context=["counts"]))


def test_learned_prior_alone_has_no_ratio(sky):
    with pytest.raises(ValueError, match=r"inside match\(\)"):
        bm.LearnedPrior(["g"]).log10_ratio(catalogues(sky)[1])


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_damaged_files_are_refused_or_harmless(result, tmp_path_factory, data):
    record = json.loads(json.dumps(result.priors["OPT"][0].record()))
    key = data.draw(st.sampled_from(sorted(record)))
    value = data.draw(
        st.one_of(st.none(), st.integers(), st.text(max_size=5), st.just([]), st.just([[1.0]]))
    )
    if record[key] == value:
        return
    record[key] = value
    path = tmp_path_factory.mktemp("damaged") / "p.json"
    path.write_text(json.dumps(record))
    with pytest.raises(ValueError, match=r"p\.json"):
        bm.read_prior(path)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 12))
def test_equations_are_solved(seed, n):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(n, n))
    matrix = a @ a.T + 0.1 * np.eye(n)
    right_side = rng.normal(size=n)
    solution = right_side.copy()
    assert solve_positive(matrix.copy(), solution)
    np.testing.assert_allclose(solution, np.linalg.solve(matrix, right_side), rtol=1e-7, atol=1e-9)


def _basis(seed):
    rng = np.random.default_rng(seed)
    field = rng.normal(size=(3000, 2))
    field[rng.random(3000) < 0.2, 1] = np.nan
    x = rng.normal(1.0, 0.5, size=(400, 2))
    x[rng.random(400) < 0.1, 1] = np.nan
    return x, field, Hats.of(x, np.ones(400), field, 7)


def test_fluxes_have_as_many_knots_as_magnitudes():
    """On the scale of the values nearly all of them lie within the step that knots are apart."""
    rng = np.random.default_rng(8)
    x, field = rng.normal(19.0, 1.0, (400, 1)), 25.0 - rng.exponential(1.5, (20_000, 1))
    by_magnitude = Hats.of(x, np.ones(400), field, 12)
    (own,) = by_magnitude.places
    assert own.tolist() == by_magnitude.knots[0].tolist()  # as it is
    for offset in (0.0, -3.0):  # faint ones scatter below 0
        flux, of_field = (10 ** (0.4 * (22.5 - m)) + offset for m in (x, field))
        found = Hats.of(flux, np.ones(400), of_field, 12)
        assert len(found.knots[0]) >= len(by_magnitude.knots[0]) - 1
        assert np.all(np.diff(found.knots[0]) > 0) and np.all(np.diff(found.places[0]) > 0)
        assert np.linalg.eigvalsh(found.penalty).min() > 0


@pytest.mark.parametrize("seed", [0, 1])
def test_functions_are_linear_between_knots_and_flat_beyond(seed):
    x, _, hats = _basis(seed)
    coefficients = np.random.default_rng(seed).normal(size=hats.size)
    expected = np.zeros(len(x))
    for f, (knots, first) in enumerate(zip(hats.knots, hats.first, strict=False)):
        own = coefficients[first : first + len(knots)]
        missing = np.isnan(x[:, f])
        expected += np.where(
            missing, coefficients[hats.first[-1] + f], np.interp(x[:, f], knots, own)
        )
    np.testing.assert_allclose(
        hats.sums(hats.entries(x), coefficients[:, None])[:, 0], expected, atol=1e-12
    )


@pytest.mark.parametrize("context_strength", [0.0, 2.0, 50.0])
def test_tilt_maximises_what_a_plain_calculation_says(context_strength):
    x, field, hats = _basis(3)
    rng = np.random.default_rng(4)
    group, nodes = rng.integers(0, 2, len(x)), np.array([[-1.0], [1.0]])
    own, everywhere = hats.entries(x), hats.entries(field)
    dense = [hats.sums(entries, np.eye(hats.size)) for entries in (own, everywhere)]
    with_one = np.column_stack([np.ones(2), nodes])
    sums = np.einsum("nb,nd->bd", with_one[group], dense[0])[None]
    number = np.bincount(group).astype(float)[None]
    ln_weight = np.full(len(field), -np.log(len(field)))
    begin, averaged_over = np.zeros((1, 2, hats.size)), TiltField(everywhere, ln_weight, nodes)
    fit = TiltFit(hats, averaged_over, 1.0, begin, context_strength)
    fit.improve(sums, number, steps=30)
    found = fit.coefficients[0]

    def penalised(c):
        ln_mean = [np.log(np.mean(np.exp(dense[1] @ (w @ c)))) for w in with_one]
        factor = np.diag([1.0, max(3.0, context_strength)])
        pull = np.einsum("ab,ad,de,be->", factor, c, hats.penalty, c)
        return (sums[0] * c).sum() - number[0] @ ln_mean - 0.5 * pull

    best = penalised(found)
    for _ in range(200):
        trial = found + rng.normal(scale=rng.choice([1e-3, 1e-2, 0.1]), size=found.shape)
        assert penalised(trial) <= best + 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("n_groups", [1, 4, 9])
def test_moments_of_a_group_do_not_depend_on_the_others(n_groups):
    _, field, hats = _basis(5)
    entries, rng = hats.entries(field), np.random.default_rng(6)
    dense = hats.sums(entries, np.eye(hats.size))
    ln_weight = rng.normal(size=(n_groups, len(field)))

    def moments(groups):
        shape = hats.size, hats.size, len(groups)
        out = np.zeros(len(groups)), np.zeros(shape[1:]), np.zeros(shape)
        kernels.add_moments(0, len(field), *entries, ln_weight[groups], *out, True)
        return out

    together = moments(list(range(n_groups)))
    for g, own in enumerate(ln_weight):
        weight = np.exp(own)
        expected = weight.sum(), weight @ dense, np.tril((weight * dense.T) @ dense)
        for found, alone, plain in zip(together, moments([g]), expected, strict=True):
            np.testing.assert_array_equal(found[..., g], alone[..., 0])
            np.testing.assert_allclose(found[..., g], plain, rtol=1e-10, atol=1e-10)


def test_a_round_begins_with_the_sums_over_the_field_that_another_ended_with(monkeypatch):
    x, field, hats = _basis(3)
    everywhere, ln_weight = hats.entries(field), np.full(len(field), -np.log(len(field)))
    sums = hats.sums(hats.entries(x), np.eye(hats.size)).sum(axis=0)[None, None]
    number = np.full((1, 1), float(len(x)))
    nobody = TiltField(everywhere, ln_weight, np.empty((1, 0)))
    fit = TiltFit(hats, nobody, 1.0, np.zeros((1, 1, hats.size)))
    for _ in range(4):
        fit.improve(sums, number, steps=30)
    tilt = hats.sums(everywhere, fit.coefficients[0].T)[:, 0]
    assert fit.ln_mean[0, 0] == pytest.approx(np.log(np.exp(tilt).mean()), abs=1e-10)
    taken = []
    moments = TiltFit._moments

    def counted(self, tilt, second):
        taken.append(second)
        return moments(self, tilt, second)

    monkeypatch.setattr(TiltFit, "_moments", counted)
    fit.improve(sums, number, steps=2)  # which has nothing left to do
    assert len(fit.ln_mean) == 1 and taken == [True]  # the curvature's alone


def test_an_object_has_two_entries_for_each_feature():
    x, _, hats = _basis(4)
    column, value = hats.entries(x)
    assert column.shape == (len(x), 2 * x.shape[1]) and np.isnan(x).any()
    np.testing.assert_allclose(value.sum(axis=1), x.shape[1], atol=1e-12)
    assert all(len(set(row)) == len(row) for row in column.tolist())


@pytest.mark.parametrize("seed", range(3))
def test_tilt_finds_the_best_from_where_a_few_objects_rule_the_field(seed):
    """Features that say the same, hardly held back: the best is one, wherever a fold begins."""
    rng = np.random.default_rng(seed)
    g, r = rng.standard_t(4, size=(2, 2000))
    field = np.column_stack([g, r, g - r])
    g, r = rng.normal(0.8, 0.4, size=(2, 150))
    x = np.column_stack([g, r, g - r])
    hats = Hats.of(x, np.ones(150), field, 8)
    entries, begin = hats.entries(field), np.zeros((2, 1, hats.size))
    begin[1] = 20.0 * rng.normal(size=hats.size)
    sums = hats.sums(hats.entries(x), np.eye(hats.size)).sum(axis=0)
    fit = TiltFit(hats, TiltField(entries, np.zeros(2000), np.empty((1, 0))), 0.5, begin)
    fit.improve(np.stack([sums[None], sums[None]]), np.full((2, 1), 150.0), steps=60)
    one, other = (hats.sums(entries, c.T)[:, 0] for c in fit.coefficients)
    np.testing.assert_allclose(one - one.mean(), other - other.mean(), atol=0.02)


def test_folds_are_of_equal_size_and_go_by_position(sky):
    primary, _ = catalogues(sky)
    folds = Folds.of(primary, 5, 0)
    fold = folds.of_sources(primary)
    assert np.bincount(fold).tolist() == [80] * 5
    order = np.random.default_rng(0).permutation(N)
    turned, _ = catalogues(sky, order)
    np.testing.assert_array_equal(Folds.of(turned, 5, 0).of_sources(turned), fold[order])


def test_properties_that_are_the_same_for_all_sources_are_left_out():
    primary = bm.Catalog(
        Table({"ID": [1, 2, 3], "RA": [1.0, 2, 3], "DEC": [0.0, 0, 0], "a": [2.0, 2, 2]}),
        name="X",
        pos_err=1.0,
        area=1.0,
    )
    assert SourceContext.of(primary, ["ln(sigma)", "a"]).names == ()


def small_sky(n=300, m=4000, side=0.5, north=0.0):
    """A sky whose counterparts are about magnitude 20; sources lie `north` arcsec too far north."""
    rng = np.random.default_rng(3)
    ra, dec = 150 + rng.uniform(0, side, m), rng.uniform(0, side, m)
    r = np.where(np.arange(m) < n, rng.normal(20, 0.7, m), rng.uniform(18, 25, m))
    x = {
        "ID": np.arange(n),
        "RA": ra[:n] + rng.normal(0, 1.5 / 3600, n),
        "DEC": dec[:n] + (rng.normal(0, 1.5, n) + north) / 3600,
        "flux": rng.lognormal(size=n),
    }
    return x, {"ID": np.arange(m), "RA": ra, "DEC": dec, "r": r}


def small_match(x, o, prior, **options):
    primary = bm.Catalog(x, name="X", pos_err=1.5, area=0.25)
    secondary = bm.Catalog(o, name="OPT", pos_err=0.1, area=0.25)
    return bm.match(primary, secondary, radius=10, priors={"OPT": [prior]}, **options)


def ratios_of_pairs(result):
    t = result.associations
    return dict(
        zip(zip(t["X_ID"], t["OPT_ID"].filled(-1), strict=True), t["bias_OPT_r"], strict=True)
    )


@pytest.mark.slow
@pytest.mark.parametrize("errors", ["fit", "given"])
def test_a_source_moved_by_the_fit_of_its_errors_stays_in_its_fold(errors):
    x, o = small_sky(north=1.0)
    first = small_match(x, o, bm.LearnedPrior(["r"], name="r"), errors="fit")
    assert first.meta["errors"]["ddec_arcsec"] == pytest.approx(-1.0, abs=0.3)
    again = ratios_of_pairs(small_match(x, o, first.priors["OPT"][0], errors=errors))
    both = ratios_of_pairs(first)
    both = {pair: both[pair] for pair in again if pair in both}
    assert len(both) > 400 and len(set(both.values())) > 100
    assert both == {pair: again[pair] for pair in both}


@pytest.mark.filterwarnings("error")
def test_values_near_the_largest_number_are_features_and_context():
    x, o = small_sky()
    o["r"] = (o["r"] - 21.5) * 2e299
    x["flux"] = np.where(np.arange(len(x["ID"])) % 2, 9e299, -9e299)
    found = small_match(x, o, bm.LearnedPrior(["r"], name="r", context=["flux"]))
    prior = found.priors["OPT"][0]
    assert found.meta["auto_priors"]["OPT"]["r"]["ln_gain"] > 30
    assert prior.context.names == ("flux",)
    assert np.isfinite(prior.looks.table()["high"][:-1]).all()


def test_a_text_as_context_is_refused():
    with pytest.raises(TypeError, match="context is the text 'flux'"):
        bm.LearnedPrior(["r"], context="flux")


def test_mean_over_the_field_is_1_where_the_largest_ratios_are_cut_off():
    rng = np.random.default_rng(5)
    start, slope = 2.0 * rng.normal(size=400), rng.normal(size=(400, 2))
    nodes = np.array([[-1.0], [0.0], [1.0]])
    ln_mean, cap, _ = field_means(start, slope, nodes)
    for node, own in zip(nodes, ln_mean, strict=True):
        ln_ratio = start + slope[:, 0] + slope[:, 1:] @ node - own
        assert np.exp(np.minimum(ln_ratio, cap)).mean() == pytest.approx(1.0, abs=1e-4)
        assert np.exp(np.minimum(ln_ratio, cap)).max() <= np.exp(cap)


@pytest.mark.parametrize("dominated", [0, 5, 11])
def test_field_of_which_few_objects_have_nearly_all_of_the_ratio(dominated):
    start = np.where(np.arange(150) < dominated, 30.0, -1.0)
    ln_mean, cap, _ = field_means(start, np.zeros((150, 1)), np.empty((1, 0)))
    assert np.isfinite(ln_mean).all() and cap >= 0.0
    assert np.exp(np.minimum(start - ln_mean[0], cap)).mean() == pytest.approx(1.0, abs=1e-4)


def test_ratio_where_counterparts_are_what_hardly_any_object_is():
    """Six in ten counterparts are of a kind that 1 in 50,000 objects is: a sample has none."""
    rng = np.random.default_rng(4)
    k, m, rare, sigma = 4000, 2000, 0.6, 1.0
    ln_field = sigma * rng.normal(size=k) - 0.5 * sigma**2  # of its mean ratio to the others
    others = sigma * rng.normal(size=int((1 - rare) * m)) + 0.5 * sigma**2
    tilted = np.concatenate([others, np.full(int(rare * m), 30.0)])
    ln_mean, cap, beyond = field_means(ln_field, np.zeros((k, 1)), np.empty((1, 0)))
    tilted, one = tilted - ln_mean[0], np.ones(m)
    of_model = cap * one, beyond[0] * one
    shift, most = rarer_than_seen(tilted, one, *of_model)
    assert shift == pytest.approx(np.log(1 - rare), abs=0.05)  # it was 0
    assert most == pytest.approx(np.log(rare / beyond[0]), abs=0.05)
    ratio = np.exp(topped(ln_field - ln_mean[0] + shift, cap + shift, most))
    assert ratio.mean() == pytest.approx(1.0, abs=0.03)
    as_field = np.where(rng.random(m) < beyond[0] * np.exp(cap), cap, -1.0)
    assert rarer_than_seen(as_field, one, *of_model) is None  # nothing is amiss
    assert rarer_than_seen(tilted, 0.0 * one, *of_model) is None  # nothing to go by
    none = np.empty(0)
    assert rarer_than_seen(none, none, none, none) is None


@pytest.mark.few(1)
@pytest.mark.parametrize("field", ["local", "uniform"])
def test_what_a_prior_beside_knows_counts_once(field):
    """With a histogram of the same magnitude the mean of both over the field was 2."""
    x, o = small_sky()
    edges = np.arange(17.0, 26.0)
    number = [np.histogram(part, edges, density=True)[0] for part in (o["r"][:300], o["r"])]
    known = bm.HistogramPrior("r", edges[:-1], edges[1:], *number, name="known")
    priors = {"OPT": [known, bm.LearnedPrior(["r"], name="r")]}
    primary = bm.Catalog(x, name="X", pos_err=1.5, area=0.25)
    secondary = bm.Catalog(o, name="OPT", pos_err=0.1, area=0.25)
    both = bm.match(primary, secondary, radius=10, priors=priors, field=field)
    log10 = sum(prior.log10_ratio(secondary)[300:] for prior in both.priors["OPT"])
    assert (10.0**log10).mean() == pytest.approx(1.0, abs=0.2)


def test_counterparts_that_no_field_object_is_like_are_learned():
    """Their ratios ran away round after round, and every other counterpart's went down."""
    rng = np.random.default_rng(8)
    x, o = small_sky()
    hosts = np.arange(len(o["r"])) < len(x["ID"])
    for band in ("i", "z", "y"):
        o[band] = o["r"] - rng.normal(np.where(hosts, 5.0, 0.5), np.where(hosts, 0.7, 0.3))
    found = small_match(x, o, bm.LearnedPrior(bm.photometry.Features(["r", "i", "z", "y"])))
    told = found.meta["auto_priors"]["OPT"]["photometry"]
    assert told["converged"] and told["rounds"] < 10  # it was 40, of which there are no more
    optical = bm.Catalog(o, name="OPT", pos_err=0.1, area=0.25)
    log10_ratio = found.priors["OPT"][0].log10_ratio(optical)
    assert np.quantile(log10_ratio[hosts], 0.02) > 2.0  # -0.7


@pytest.mark.parametrize("alike, low, high", [(0.0, 0.0, 0.03), (0.3, 0.2, 0.42)])
def test_share_that_looks_like_field_objects_is_what_makes_the_match_likely(alike, low, high):
    """One candidate a source, three of four are the counterpart; their ratio is known exactly."""
    rng = np.random.default_rng(6)
    n, none = 4000, np.empty(0)
    true = rng.random(n) < 0.75
    unlike = true & (rng.random(n) >= alike)
    ln_ratio = 1.5 * rng.normal(np.where(unlike, 1.5, 0.0)) - 0.5 * 1.5**2
    ln_near = 2.0 * rng.normal(np.where(true, 2.0, 0.0)) - 0.5 * 2.0**2

    def evidence(ln_ratio):
        odds = 3.0 * np.exp(ln_near + ln_ratio)
        return odds / (1.0 + odds), np.log1p(odds)

    begin = evidence(blended(ln_ratio, 0.06))
    rounds = Rounds(None, none, none, none, none, ln_ratio, *begin, 1, True, 1.0, 0.06)
    found = with_alike_fitted(rounds, SimpleNamespace(evidence=evidence))
    assert low <= found.alike <= high
    np.testing.assert_array_equal(found.ln_ratio, blended(ln_ratio, found.alike))
    np.testing.assert_array_equal(found.p, evidence(found.ln_ratio)[0])


def test_rounds_of_trees_are_as_many_as_the_labels_are_unsure():
    """A round leaves of what is wrong about what is not sure."""
    sure, half, few = np.full(10, 0.96), np.full(10, 0.5), np.full(10, 0.3)
    assert [rounds_to_make(p, 20) for p in (sure, half, few)] == [1, 4, 8]
    default = bm.LearnedPrior(["g"]).rounds
    assert [rounds_to_make(p, default) for p in (sure, half, few)] == [1, 4, 8]
    assert [rounds_to_make(np.zeros(3), asked) for asked in (0, 1, 3)] == [0, 3, 8]


def test_smooth_functions_follow_trees_round_after_round(monkeypatch):
    """What trees made of the probabilities teaches both; a round gone astray is not taken."""
    none = np.zeros(1)
    totals, seen = iter([100.0, 99.0, 60.0]), []

    def made(number, total):
        return Rounds(
            None, none, none, none, none, none, np.array([number]), total, 1, True, 3.0, 0
        )

    def with_trees(sums, models):
        return made(sums.p[0] + 1.0, np.array([next(totals)]))

    lesson = SimpleNamespace(taught=lambda tilted, p: p, view=None, alike=0.0)
    learner = SimpleNamespace(lesson=lesson, followed=lambda p, before: made(p[0], none))
    monkeypatch.setattr(boosted_rounds.SmoothSums, "of", lambda learner, smooth: smooth)
    monkeypatch.setattr(boosted_rounds, "_trained", lambda sums, p, n: seen.append(p[0]) or [])
    monkeypatch.setattr(boosted_rounds, "_with_trees", with_trees)
    monkeypatch.setattr(boosted_rounds, "with_alike_fitted", lambda found, view: found)
    (choice,) = boosted_rounds.boosted(learner, made(0.0, none), 3)
    assert seen == [0.0, 1.0, 2.0]
    assert choice.details["boosted"] == 2
