"""Priors learned by LightGBM: what they mean, that they repeat to the byte, and bad input."""

import json

import numpy as np
import pandas as pd
import pytest
from astropy.table import MaskedColumn, Table

import bayesmatch as bm
from bayesmatch import mock
from bayesmatch.priors.boosting import FOLDS, assign_folds

FEATURES = bm.photometry.Features(mock.BANDS)
COLUMNS = list(mock.BANDS)


def sample(seed, n_primary, area, n_field):
    """Objects of a mock survey, their labels, and an X-ray flux for each."""
    primary, survey, truth = mock.survey(n_primary=n_primary, area=area, seed=seed)
    counterpart = np.asarray(truth["counterpart"])
    of_primary = np.flatnonzero(counterpart != "hostless")
    host = counterpart[of_primary].astype(int)
    rng = np.random.default_rng(seed)
    field = rng.choice(np.delete(np.arange(len(survey)), host), n_field, replace=False)
    flux = np.asarray(primary["flux"])
    return (
        survey[COLUMNS][np.concatenate([host, field])],
        np.repeat([True, False], [len(host), n_field]),
        np.concatenate([flux[of_primary], rng.choice(flux, n_field)]),
    )


def fit(table, label, **options):
    return bm.LightGBMPrior.fit(table, label, **{"features": FEATURES, "n_threads": 1, **options})


@pytest.fixture(scope="module")
def training():
    return sample(1, 2500, 1.5, 40_000)


@pytest.fixture(scope="module")
def prior(training):
    return fit(*training[:2])


@pytest.fixture(scope="module")
def with_flux(training):
    return fit(*training[:2], context={"flux": training[2]}, name="with_flux")


@pytest.fixture(scope="module")
def shuffled(training):
    return fit(training[0], np.random.default_rng(0).permutation(training[1]))


@pytest.fixture(scope="module")
def unseen():
    return sample(2, 3000, 3.0, 150_000)


@pytest.fixture(scope="module")
def sky():
    return mock.survey(n_primary=800, area=1.8, seed=3)


@pytest.fixture(scope="module")
def small():
    """A sample that trains in a moment."""
    return sample(4, 300, 0.3, 4000)


def matched(sky, *priors, survey=None):
    return bm.match(
        bm.Catalog(sky[0], name="X", pos_err="sigma"),
        bm.Catalog(sky[1] if survey is None else survey, name="O", pos_err=0.1),
        radius=30,
        priors={"O": list(priors)},
    )


def assert_same_tables(a, b):
    for one, other in ((a.associations, b.associations), (a.sources, b.sources)):
        assert one.colnames == other.colnames
        for column in one.colnames:
            assert np.ma.getdata(one[column]).tobytes() == np.ma.getdata(other[column]).tobytes(), (
                column
            )


def mean_over_held_out_field(prior):
    """Each field object's ratio is from the model that has not seen it."""
    seen = prior.training
    return np.average(np.exp(seen.ln_ratio[~seen.label]), weights=seen.weight[~seen.label])


# -- what the ratio means --------------------------------------------------------------------------


def test_mean_over_the_field_is_one(prior, unseen, training):
    table, label, _ = unseen
    ratio = 10.0 ** prior.predict(table)
    field = ratio[~label]
    # both samples are finite: the one it was normalised on, and this one
    error = field.std() * np.sqrt(1 / len(field) + 1 / (~training[1]).sum())
    assert error < 0.05
    assert mean_over_held_out_field(prior) == pytest.approx(1)
    assert abs(field.mean() - 1) < 3.5 * error
    assert ratio[label].mean() > 10


def test_mean_within_a_pattern_is_the_ratio_of_shares(prior, unseen, training):
    table, label, _ = unseen
    ratio = 10.0 ** prior.predict(table)
    missing, trained = FEATURES.missing(table), FEATURES.missing(training[0])
    seen = 0
    for pattern in np.unique(missing, axis=0):
        mine = (missing == pattern).all(axis=1)
        hosts, field = mine & label, mine & ~label
        n_trained = ((trained == pattern).all(axis=1) & training[1]).sum()
        if field.mean() < 0.01 or min(hosts.sum(), n_trained) < 30:
            continue
        seen += 1
        wanted = (hosts.sum() / label.sum()) / (field.sum() / (~label).sum())
        here = ratio[field]
        relative = np.sqrt(
            1 / hosts.sum()
            + 1 / n_trained
            + (here.std() / here.mean()) ** 2
            * (1 / len(here) + len(label) / len(here) / len(training[1]))
        )
        assert abs(here.mean() / wanted - 1) < 3.5 * relative, pattern
    assert seen >= 4


def test_rarely_seen_patterns_stay_near_the_models(prior):
    """Factors are shrunk towards none where counterparts are few."""
    factors = prior.density_ratio.patterns
    assert len(factors) >= 4
    assert all(abs(f - prior.density_ratio.other_patterns) < 0.5 for f in factors.values())


def test_ratio_is_calibrated(prior, unseen):
    """Among objects of one ratio, counterparts and field objects are in that ratio."""
    table, label, _ = unseen
    ratio = 10.0 ** prior.predict(table)
    for low, high in ((0.02, 0.2), (0.2, 1), (1, 4), (4, 12), (12, 40)):
        mine = (ratio >= low) & (ratio < high)
        expected = ratio[mine & ~label].sum() / (~label).sum()
        found = (mine & label).sum() / label.sum()
        assert found == pytest.approx(expected, rel=0.25), (low, high)


def test_ratio_is_bounded(prior):
    extremes = {
        "g": [15.0, 30, 22, 17],
        "r": [15.0, 12, 22, 17],
        "z": [15.0, 30, 12, 22],
        "w1": [10.0, 12, 20, 8],
        "w2": [10.0, 30, 22, 7],
    }
    ratio = prior.predict(extremes)
    assert np.isfinite(ratio).all()
    ratio_of = prior.density_ratio
    largest = (
        ratio_of.intercept
        + ratio_of.slope * ratio_of.high
        + max([*ratio_of.patterns.values(), ratio_of.other_patterns])
    ) / np.log(10)
    assert ratio.max() <= largest + 1e-12 < 3


@pytest.mark.slow
def test_with_context_the_mean_is_one_at_every_flux(with_flux, unseen, training):
    table, label, flux = unseen
    field = table[~label]
    errors = []
    for low, high in zip(
        *(np.quantile(flux, q) for q in ((0, 0.2, 0.4, 0.6, 0.8), (0.2, 0.4, 0.6, 0.8, 1))),
        strict=True,
    ):
        drawn = np.random.default_rng(0).choice(flux[(flux >= low) & (flux <= high)], len(field))
        ratio = 10.0 ** with_flux.predict(field, {"flux": drawn})
        error = ratio.std() * np.sqrt(1 / len(field) + 2 / (~training[1]).sum())
        errors.append(error)
        assert abs(ratio.mean() - 1) < 3.5 * error, (low, high)
    assert max(errors) < 0.1


def test_context_tells_bright_from_faint(with_flux):
    """A bright object is a likelier counterpart of a bright source than of a faint one."""
    bright = {"g": [17.6], "r": [17.2], "z": [16.9], "w1": [16.0], "w2": [15.7]}
    faint = {"g": [23.2], "r": [22.8], "z": [22.2], "w1": [20.9], "w2": [20.6]}

    def preference(flux):
        return with_flux.predict(bright, {"flux": [flux]}) - with_flux.predict(
            faint, {"flux": [flux]}
        )

    assert preference(1e-13) > preference(3.3e-15) + 0.5


def test_shuffled_labels_say_nothing(shuffled, sky):
    nothing, learned = matched(sky), matched(sky, shuffled)
    change = np.abs(np.asarray(learned.sources["p_any"]) - np.asarray(nothing.sources["p_any"]))
    assert (change < 0.02).mean() >= 0.99


def test_it_helps(prior, with_flux, sky):
    true = np.asarray(sky[2]["counterpart"])
    right = {}
    for name, priors in (("distance", []), ("plain", [prior]), ("flux", [with_flux])):
        result = matched(sky, *priors)
        right[name] = (np.asarray(result.sources["O"]).astype(str) == true).mean()
        for listed in priors:
            assert f"bias_O_{listed.name}" in result.associations.colnames
    assert min(right["plain"], right["flux"]) > right["distance"] + 0.05


def test_weights_act_like_repeated_rows(small):
    """Field objects that weigh twice: the ratio is of densities, which are what they were."""
    table, label, _ = small
    unweighted = fit(table, label).predict(table)
    twice = fit(table, label, sample_weight=np.where(label, 1.0, 2.0))
    assert np.corrcoef(unweighted, twice.predict(table))[0, 1] > 0.97
    assert mean_over_held_out_field(twice) == pytest.approx(1)
    # a population given weight 0 is not there: bright field objects cease to count
    bright = ~label & (np.nan_to_num(table["r"], nan=30.0) < 20)
    assert bright.sum() > 50
    without = fit(table, label, sample_weight=np.where(bright, 0.0, 1.0)).predict(table)
    assert without[bright].mean() > unweighted[bright].mean() + 0.2


def test_groups_keep_together():
    rng = np.random.default_rng(0)
    group = rng.integers(0, 700, 5000)
    label = np.zeros(5000, bool)
    label[np.unique(group, return_index=True)[1][:200]] = True
    fold = assign_folds(rng, label, group, FOLDS)
    assert (pd.Series(fold).groupby(group).nunique() == 1).all()
    assert np.ptp(np.bincount(fold[label], minlength=FOLDS)) <= 1
    assert np.bincount(fold, minlength=FOLDS).min() > 900


def test_groups_come_from_the_training_sample(small):
    table, label, _ = small
    row = np.random.default_rng(1).integers(0, 500, len(label))
    given = fit(table, label, groups=row)
    named = table.copy()
    named["xray_row"] = row
    assert given.predict(table).tobytes() == fit(named, label).predict(table).tobytes()
    assert (pd.Series(given.training.fold).groupby(row).nunique() == 1).all()
    with pytest.raises(ValueError, match="groups has shape"):
        fit(table, label, groups=row[:-1])


def test_every_kind_of_table(small):
    """Table, DataFrame, mapping, a label column; none is modified."""
    table, label, _ = small
    before = table.copy()
    reference = fit(table, label).predict(table)
    labelled = table.copy()
    labelled["label"] = label
    for other in (table.to_pandas(), {c: np.asarray(table[c]) for c in COLUMNS}):
        other_prior = fit(other, label)
        np.testing.assert_array_equal(other_prior.predict(other), reference)
    np.testing.assert_array_equal(fit(labelled, "label").predict(table), reference)
    np.testing.assert_array_equal(fit(table, label.astype(int)).predict(table), reference)
    for column in COLUMNS:
        assert before[column].tobytes() == table[column].tobytes()


# -- the same bytes --------------------------------------------------------------------------------


def test_saved_and_loaded(prior, with_flux, sky, tmp_path):
    for one in (prior, with_flux):
        path, again = tmp_path / "one.json", tmp_path / "again.json"
        one.save(path)
        loaded = bm.LightGBMPrior.load(path)
        loaded.save(again)
        assert path.read_bytes() == again.read_bytes()
        assert loaded.feature_names == one.feature_names and loaded.name == one.name
        assert loaded.counts == one.counts and loaded.versions == one.versions
        assert_same_tables(matched(sky, one), matched(sky, loaded))
    json.loads(path.read_text())
    assert bm.read_prior(path).predict(sky[1][:5], {"flux": [1e-14] * 5}).shape == (5,)


@pytest.mark.slow
def test_any_thread_count_the_same_file(small, tmp_path):
    table, label, flux = small
    for number, threads in enumerate((1, 2)):
        fit(table, label, context={"flux": flux}, seed=7, n_threads=threads).save(
            tmp_path / f"{number}.json"
        )
    fit(table, label, context={"flux": flux}, seed=8).save(tmp_path / "other.json")
    first, second, other = ((tmp_path / f"{n}.json").read_bytes() for n in (0, 1, "other"))
    assert first == second != other


def test_plain_columns_as_features(small, tmp_path):
    table, label, _ = small
    one = fit(table, label, features=["g", "r"], name="gr")
    one.save(tmp_path / "p.json")
    loaded = bm.LightGBMPrior.load(tmp_path / "p.json")
    np.testing.assert_array_equal(loaded.predict(table), one.predict(table))
    assert loaded.columns == ["g", "r"]


# -- bad input -------------------------------------------------------------------------------------


def sentinels(survey, value):
    """The survey with a value instead of NaN."""
    out = survey.copy()
    for column in COLUMNS:
        out[column] = np.where(np.isnan(out[column]), value, out[column])
    return out


@pytest.mark.parametrize("value", [-99.0, -999.0, np.inf, -np.inf])
def test_sentinels_are_missing(prior, sky, value):
    """-99, -999 and infinities, also in the match, are what NaN is."""
    survey = sentinels(sky[1], value)
    np.testing.assert_array_equal(prior.predict(survey), prior.predict(sky[1]))
    assert_same_tables(matched(sky, prior, survey=survey), matched(sky, prior))


def test_features_are_computed_once(prior, sky, monkeypatch):
    calls, compute = [], type(FEATURES).compute
    monkeypatch.setattr(
        type(FEATURES),
        "compute",
        lambda self, table: calls.append(len(table)) or compute(self, table),
    )
    prior.predict(sky[1])
    assert calls == [len(sky[1])]


def test_masked_is_missing(prior, sky):
    survey = sky[1].copy()
    for column in COLUMNS:
        absent = np.isnan(survey[column])
        survey[column] = MaskedColumn(np.where(absent, 20.0, survey[column]), mask=absent)
    np.testing.assert_array_equal(prior.predict(survey), prior.predict(sky[1]))


def test_training_on_sentinels(small):
    table, label, _ = small
    reference = fit(table, label).predict(table)
    for value in (-99.0, -999.0, np.inf):
        np.testing.assert_array_equal(fit(sentinels(table, value), label).predict(table), reference)


def test_nothing_measured_is_neutral(prior, with_flux, sky):
    empty = {c: np.array([np.nan, -99.0, 21.0]) for c in COLUMNS}
    ratio = prior.predict(empty)
    assert ratio[0] == ratio[1] == 0 != ratio[2]
    assert with_flux.predict(empty, {"flux": [1e-14] * 3})[0] == 0
    survey = sky[1].copy()
    for column in COLUMNS:
        survey[column] = np.nan
    with_prior, without = matched(sky, prior, survey=survey), matched(sky, survey=survey)
    np.testing.assert_array_equal(with_prior.sources["p_any"], without.sources["p_any"])


def test_no_rows(prior):
    assert prior.predict({c: np.empty(0) for c in COLUMNS}).shape == (0,)


def test_rows_without_features_are_left_out(small):
    table, label, _ = small
    more = Table({c: np.append(table[c], np.full(100, np.nan)) for c in COLUMNS})
    one = fit(more, np.append(label, np.ones(100, bool)))
    assert one.counts == {
        "counterparts": int(label.sum()),
        "field": int((~label).sum()),
        "left_out_without_features": 100,
    }


def changed(small, **columns):
    table = small[0].copy()
    for name, values in columns.items():
        table[name] = values
    return table


@pytest.mark.parametrize(
    "features, message",
    [
        (["g", "nope"], "no column 'nope'"),
        ("g", "sequence of columns"),
        ([], "empty"),
    ],
)
def test_bad_features(small, features, message):
    with pytest.raises((ValueError, TypeError), match=message):
        fit(*small[:2], features=features)


def test_missing_feature_column_is_named(small):
    table = small[0].copy()
    del table["w2"]
    with pytest.raises(ValueError, match="no column 'w2'"):
        fit(table, small[1])


@pytest.mark.parametrize("features", [FEATURES, ["g", "r"]])
def test_text_column(small, features):
    table = changed(small, g=np.full(len(small[0]), "bright"))
    with pytest.raises(TypeError, match="'g' is of type"):
        fit(table, small[1], features=features)


@pytest.mark.parametrize("value, word", [(True, "True"), (False, "False")])
def test_constant_label(small, value, word):
    with pytest.raises(ValueError, match=f"is_counterpart is {word} in every row"):
        fit(small[0], np.full(len(small[0]), value))


def test_five_counterparts(small):
    label = np.zeros(len(small[0]), bool)
    label[:5] = True
    with pytest.raises(ValueError, match="only 5 counterparts.*at least 30"):
        fit(small[0], label)
    with pytest.raises(ValueError, match="only 5 field objects.*at least 30"):
        fit(small[0], ~label)


def test_thirty_counterparts_are_enough(small):
    """Few objects: an honest, bounded ratio and no noise on the screen."""
    table, label, _ = small
    keep = np.concatenate([np.flatnonzero(label)[:30], np.flatnonzero(~label)[:300]])
    ratio = fit(table[keep], label[keep]).predict(table)
    assert np.isfinite(ratio).all() and np.abs(ratio).max() < 3


@pytest.mark.parametrize(
    "label, message",
    [
        (lambda y: y[:-1], "shape"),
        (lambda y: np.where(np.arange(len(y)) == 7, 2.0, y), "is 2 in row 7.*--counterpart 2"),
        (lambda y: np.where(np.arange(len(y)) == 3, 0.4, y), "0.4 in row 3.*--least-label"),
        (lambda y: "nope", "no column 'nope'"),
    ],
)
def test_bad_labels(small, label, message):
    with pytest.raises(ValueError, match=message):
        fit(small[0], label(small[1].astype(float)))


@pytest.mark.parametrize(
    "weight", [lambda n: np.ones(n - 1), lambda n: np.full(n, -1.0), lambda n: np.full(n, np.nan)]
)
def test_bad_weights(small, weight):
    with pytest.raises(ValueError, match="sample_weight must be"):
        fit(*small[:2], sample_weight=weight(len(small[0])))


@pytest.mark.parametrize("name", ["", None, 3])
def test_bad_names(small, name):
    with pytest.raises(TypeError, match="name is"):
        fit(*small[:2], name=name)


@pytest.mark.parametrize(
    "context, message",
    [
        (lambda f: {"flux": f[:-1]}, "context has"),
        (
            lambda f: {"flux": np.where(np.arange(len(f)) == 5, np.nan, f)},
            "'flux' is missing in row 5",
        ),
        (lambda f: dict.fromkeys("abcd", f), "at most 3"),
    ],
)
def test_bad_context(small, context, message):
    with pytest.raises(ValueError, match=message):
        fit(*small[:2], context=context(small[2]))


def test_context_at_prediction(with_flux, small, sky):
    with pytest.raises(ValueError, match="needs the primary's flux"):
        with_flux.predict(small[0])
    with pytest.raises(ValueError, match="no column 'flux'"):
        with_flux.predict(small[0], {"other": small[2]})
    with pytest.raises(ValueError, match="'flux' is missing in row 0"):
        with_flux.predict(small[0][:1], {"flux": [np.nan]})
    primary = sky[0].copy()
    primary["flux"][4] = np.nan
    with pytest.raises(ValueError, match="'X'.*'flux'.*row 4"):
        matched((primary, *sky[1:]), with_flux)
    del primary["flux"]
    with pytest.raises(ValueError, match="'X' has no column 'flux'"):
        matched((primary, *sky[1:]), with_flux)
    with pytest.raises(ValueError, match="evaluated for pairs"):
        with_flux.log10_ratio(bm.Catalog(sky[1], name="O", pos_err=0.1))


def test_context_without_spread_or_positive(small):
    """One flux for all, or a property that may be negative: no log, no trouble."""
    table, label, flux = small
    one = fit(table, label, context={"flux": np.full(len(flux), 2e-14)})
    assert mean_over_held_out_field(one) == pytest.approx(1, abs=0.03)
    hardness = np.random.default_rng(0).uniform(-1, 1, len(flux))
    assert np.isfinite(
        fit(table, label, context={"hr": hardness}).predict(table, {"hr": hardness})
    ).all()


def test_survey_without_the_columns(prior, sky):
    survey = sky[1].copy()
    del survey["w2"]
    with pytest.raises(ValueError, match="'O' has no column 'w2'"):
        matched(sky, prior, survey=survey)
    survey["w2"] = np.full(len(survey), "x")
    with pytest.raises(TypeError, match="'O'.*'w2' is of type"):
        matched(sky, prior, survey=survey)


def test_catalogue_that_is_not_matched(prior, sky):
    primary = bm.Catalog(sky[0], name="X", pos_err="sigma")
    survey = bm.Catalog(sky[1], name="O", pos_err=0.1)
    for name, what in (("P", "not among the catalogues matched"), ("X", "the primary")):
        with pytest.raises(ValueError, match=what):
            bm.match(primary, survey, radius=30, priors={name: [prior]})


def test_match_leaves_its_input_alone(prior, with_flux, sky):
    before = [{c: np.asarray(t[c]).tobytes() for c in t.colnames} for t in sky[:2]]
    matched(sky, prior, with_flux)
    assert before == [{c: np.asarray(t[c]).tobytes() for c in t.colnames} for t in sky[:2]]


@pytest.mark.parametrize(
    "damage, message",
    [
        (lambda text: text[: len(text) // 2], "damaged"),
        (lambda text: "", "damaged"),
        (lambda text: "0 1 0.5 0.5\n", "not a saved LightGBM prior"),
        (
            lambda text: text.replace("bayesmatch-lightgbm-prior", "something else"),
            "something else",
        ),
        (
            lambda text: text.replace('"version": 1', '"version": 99'),
            "newer bayesmatch.*99.*upgrade",
        ),
        (lambda text: text.replace('"calibration"', '"other"'), "sha256"),
        (lambda text: text.replace("split_feature=", "nonsense="), "sha256"),
        (lambda text: text.replace("sha256", "md5"), "sha256"),
        (lambda text: "[]", "damaged"),
    ],
)
def test_damaged_files(prior, tmp_path, damage, message):
    path = tmp_path / "p.json"
    prior.save(path)
    path.write_text(damage(path.read_text()))
    with pytest.raises(ValueError, match=message) as info:
        bm.LightGBMPrior.load(path)
    assert "p.json" in str(info.value)


def test_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="p.json: no such prior file"):
        bm.LightGBMPrior.load(tmp_path / "p.json")


def test_nothing_half_written(prior, tmp_path):
    (tmp_path / "no").write_text("a file")
    with pytest.raises(OSError):
        prior.save(tmp_path / "no" / "p.json")
    assert [path.name for path in tmp_path.iterdir()] == ["no"]
