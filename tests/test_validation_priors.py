"""The protocol `priors` from end to end on tiny skies, and the scores it is made of."""

import json

import numpy as np
import pytest

import bayesmatch as bm
from bayesmatch import mock
from validation import priors, priors_scores, priors_setting
from validation.baselines import BANDS, PublishedPrior, model_of
from validation.report import write_json


def outcome(right, has_counterpart, score, matched=None):
    score = np.asarray(score, dtype=float)
    matched = np.ones(len(score), bool) if matched is None else np.asarray(matched, bool)
    return priors_scores.Outcome(
        np.asarray(right, bool), matched, np.asarray(has_counterpart, bool), score, score, 1 - score
    )


def test_crossing_by_hand():
    # 4 of 6 have a counterpart: the 4 best scores hold 3 right ones
    o = outcome([1, 1, 0, 1, 0, 0], [1, 1, 1, 1, 0, 0], [0.9, 0.8, 0.7, 0.6, 0.5, 0.1])
    cutoff, value = priors_scores.crossing(o, o.p_any)
    assert cutoff == pytest.approx(0.6) and value == pytest.approx(3 / 4)


def test_crossing_is_where_the_curves_meet():
    rng = np.random.default_rng(0)
    n = 5000
    score = rng.random(n).round(3)  # with ties
    has = rng.random(n) < 0.9
    o = outcome(has & (rng.random(n) < score), has, score, rng.random(n) < 0.98)
    cutoff, value = priors_scores.crossing(o, o.p_any)

    def at(cut):
        matched = o.matched & (score >= cut)
        return (o.right & matched).sum() / matched.sum(), (o.right & matched).sum() / has.sum()

    below, above = at(cutoff - 0.003), at(cutoff + 0.003)
    assert below[0] <= below[1] and above[0] >= above[1]
    assert min(*below, *above) <= value <= max(*below, *above)


def test_ece_by_hand():
    o = outcome([1, 1, 0, 0], [1, 1, 0, 1], [0.95, 0.85, 0.25, 0.25])
    # p_hostless 0.05, 0.15 (none is), 0.75 twice (one is)
    assert priors_scores.ece(o) == pytest.approx((0.05 + 0.15 + 0.5) / 4)


@pytest.fixture(scope="module")
def training():
    setting = priors_setting.Setting(train_primary=1500, train_area=1.5, train_field=20_000)
    return priors.training_sample(setting)


def test_training_sample(training):
    table, label, flux = training
    assert len(table) == len(label) == len(flux)
    assert (~label).sum() == 20_000 and 1400 < label.sum() <= 1500
    assert len(np.unique(table["ID"])) == len(table)


@pytest.mark.slow
def test_published_prior(training):
    table, label, _ = training
    one, again = (PublishedPrior.fit(table, label, seed=3, max_epochs=3) for _ in range(2))
    ratio = one.predict(table)
    assert ratio.tobytes() == again.predict(table).tobytes()
    assert np.median(ratio[label]) > 0.2 and np.median(ratio[~label]) < 0
    assert [len(h.lo) for h in one.histograms.values()] == [29] * 3 + [30] * 5
    assert [network.hidden_layer_sizes for network in one.networks.values()] == [(8, 8, 8, 8)] * 3
    assert {network.activation for network in one.networks.values()} == {"tanh"}
    catalog = bm.Catalog(table, name="O", pos_err=0.1, area=1.5)
    np.testing.assert_array_equal(one.log10_ratio(catalog), ratio)


def test_each_object_uses_its_most_complete_model():
    cases = {
        "g r z w1 w2": "5",
        "g r z w1": "4",
        "g r z w2": "3",
        "g r z": "3",
        "g r w1": "g-r",
        "r z w1 w2": "r-z",
        "g z": "z",
        "g w1": "g",
        "r": "r",
        "w1 w2": "",
        "": "",
    }
    magnitude = np.array(
        [[20.0 if b in measured.split() else np.nan for b in BANDS] for measured in cases]
    )
    assert model_of(magnitude).tolist() == list(cases.values())


def test_hosts_follow_the_truth():
    primary, survey, truth = mock.survey(n_primary=60, area=0.2, seed=2)
    host, of_primary = priors_scores.hosts(truth)
    assert len(host) == (np.asarray(truth["counterpart"]) != "hostless").sum()
    assert survey["ID"][host].astype(str).tolist() == truth["counterpart"][of_primary].tolist()


TINY = priors_setting.Setting(
    train_primary=600,
    train_area=1.2,
    train_field=15_000,
    n_primary=400,
    area=0.8,
    seeds=1,
    field_area=0.8,
    context_field=5000,
    max_epochs=3,
    threads=1,
    slack=3.0,
)


@pytest.mark.slow
def test_tiny_run(tmp_path):
    """From end to end; whether the claims hold is for ``python -m validation`` to say."""
    section = priors.run_setting(tmp_path, TINY)
    assert section.name == "priors" and len(section.claims) == 12
    assert (
        [f.file for f in section.figures] == ["priors.png"] == [p.name for p in tmp_path.iterdir()]
    )
    methods = (
        priors_setting.DISTANCE,
        priors_setting.BASELINE,
        priors_setting.LIGHTGBM,
        priors_setting.CONTEXT,
    )
    skies = section.numbers["skies"]
    assert [(s["sigma_scale"], s["method"]) for s in skies] == [
        (scale, m) for scale in (1.0, 1.6) for m in methods
    ]
    for s in skies:
        assert 0.5 < s["right"] <= s["right_of_hosts"] < 1 and 0.5 < s["crossing"] < 1
        assert 0 <= s["ece"] < 0.1
    of = {m: np.mean([s["right"] for s in skies if s["method"] == m]) for m in methods}
    assert of[priors_setting.LIGHTGBM] > of[priors_setting.DISTANCE] + 0.03
    assert of[priors_setting.BASELINE] > of[priors_setting.DISTANCE]
    assert [len(t.rows) for t in section.tables] == [8, len(section.numbers["field"]["patterns"])]
    assert json.loads(write_json(section, tmp_path).read_text())["skies"] == skies


def test_quick_and_seeds_choose_the_setting(tmp_path, monkeypatch):
    monkeypatch.setattr(priors, "run_setting", lambda out, setting: setting)
    assert priors.run(tmp_path) == priors_setting.Setting()
    assert priors.run(tmp_path, quick=True) == priors_setting.QUICK
    assert priors.run(tmp_path, quick=True, seeds=4).seeds == 4
