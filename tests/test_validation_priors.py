"""``python -m validation priors --quick`` from end to end, and the scores it is made of."""

import json

import numpy as np
import pytest

import bayesmatch as bm
from bayesmatch import mock
from validation import __main__, priors
from validation.baselines import BANDS, PublishedPrior, model_of


def outcome(right, has_counterpart, score, matched=None):
    score = np.asarray(score, dtype=float)
    matched = np.ones(len(score), bool) if matched is None else np.asarray(matched, bool)
    return priors.Outcome(np.asarray(right, bool), matched, np.asarray(has_counterpart, bool),
                          score, score, 1 - score)


def test_crossing_by_hand():
    # 4 of 6 have a counterpart: the 4 best scores hold 3 right ones
    o = outcome([1, 1, 0, 1, 0, 0], [1, 1, 1, 1, 0, 0], [0.9, 0.8, 0.7, 0.6, 0.5, 0.1])
    cutoff, value = priors.crossing(o, o.p_any)
    assert cutoff == pytest.approx(0.6) and value == pytest.approx(3 / 4)


def test_crossing_is_where_the_curves_meet():
    rng = np.random.default_rng(0)
    n = 5000
    score = rng.random(n).round(3)  # with ties
    has = rng.random(n) < 0.9
    o = outcome(has & (rng.random(n) < score), has, score, rng.random(n) < 0.98)
    cutoff, value = priors.crossing(o, o.p_any)

    def at(cut):
        matched = o.matched & (score >= cut)
        return (o.right & matched).sum() / matched.sum(), (o.right & matched).sum() / has.sum()

    below, above = at(cutoff - 0.003), at(cutoff + 0.003)
    assert below[0] <= below[1] and above[0] >= above[1]
    assert min(*below, *above) <= value <= max(*below, *above)


def test_ece_by_hand():
    o = outcome([1, 1, 0, 0], [1, 1, 0, 1], [0.95, 0.85, 0.25, 0.25])
    # p_hostless 0.05, 0.15 (none is), 0.75 twice (one is)
    assert priors.ece(o) == pytest.approx((0.05 + 0.15 + 0.5) / 4)


@pytest.fixture(scope="module")
def training():
    setting = priors.Setting(train_primary=1500, train_area=1.5, train_field=20_000)
    return priors.training_sample(setting)


def test_training_sample(training):
    table, label, flux = training
    assert len(table) == len(label) == len(flux)
    assert (~label).sum() == 20_000 and 1400 < label.sum() <= 1500
    assert len(np.unique(table["ID"])) == len(table)


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
    cases = {"g r z w1 w2": "5", "g r z w1": "4", "g r z w2": "3", "g r z": "3", "g r w1": "g-r",
             "r z w1 w2": "r-z", "g z": "z", "g w1": "g", "r": "r", "w1 w2": "", "": ""}
    magnitude = np.array([[20.0 if b in measured.split() else np.nan for b in BANDS]
                          for measured in cases])
    assert model_of(magnitude).tolist() == list(cases.values())


def test_hosts_follow_the_truth():
    primary, survey, truth = mock.survey(n_primary=60, area=0.2, seed=2)
    host, of_primary = priors.hosts(truth)
    assert len(host) == (np.asarray(truth["counterpart"]) != "hostless").sum()
    assert survey["ID"][host].astype(str).tolist() == truth["counterpart"][of_primary].tolist()


@pytest.mark.slow
def test_quick_run(tmp_path, capsys):
    assert __main__.main(["priors", "--quick", "--out", str(tmp_path / "results")]) == 0
    out = capsys.readouterr().out
    assert "| claim" in out and "MISS" not in out
    record = json.loads((tmp_path / "results" / "priors.json").read_text())
    assert record["ok"] and record["quick"] and record["protocol"] == "priors"
    assert (tmp_path / "results" / "priors.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert sorted(p.name for p in (tmp_path / "results").iterdir()) == ["priors.json", "priors.png"]
    methods = (priors.DISTANCE, priors.BASELINE, priors.LIGHTGBM, priors.CONTEXT)
    assert [(s["sigma_scale"], s["method"]) for s in record["skies"]] == [
        (scale, m) for scale in (1.0, 1.6) for m in methods]
    for s in record["skies"]:
        assert 0.5 < s["right"] < s["right_of_hosts"] < 1 and 0.5 < s["crossing"] < 1
        assert 0 <= s["ece"] < 0.1
    assert all(claim["ok"] is not False for claim in record["claims"])


def test_a_miss_is_exit_status_1(tmp_path, monkeypatch):
    monkeypatch.setattr(priors, "run", lambda out, quick, seeds: False)
    assert __main__.main(["--out", str(tmp_path)]) == 1


@pytest.mark.parametrize("arguments", [["nope"], ["--seeds", "0"]])
def test_usage(arguments, tmp_path, capsys):
    with pytest.raises(SystemExit) as info:
        __main__.main([*arguments, "--out", str(tmp_path)])
    assert info.value.code == 2
    assert "nope" in capsys.readouterr().err or arguments[0] == "--seeds"
