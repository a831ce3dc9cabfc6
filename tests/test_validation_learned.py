"""The protocol `learned`: its simulators do what they say, its scores and claims."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

import bayesmatch as bm
from bayesmatch import mock
from bayesmatch.mock import photometry
from validation import learned, learned_claims, learned_dense, learned_scores
from validation import learned_skies as skies
from validation.conditions_scores import BEST, HOST
from validation.learned_cases import CASES, Training, labels
from validation.priors_scores import hosts, outcome


@pytest.fixture(scope="module")
def sky():
    return skies.draw(7, 400)


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def separations(sky):
    """Arcsec from each source to its counterpart."""
    row, source = hosts(sky.truth)
    x, o = sky.primary[source], sky.survey[row]
    east = (o["RA"] - x["RA"]) * np.cos(np.radians(x["DEC"])) * 3600.0
    return np.hypot(east, (o["DEC"] - x["DEC"]) * 3600.0)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_change_keeps_the_truth(sky, rng, case):
    changed = case.change(sky, rng)
    assert len(changed.primary) == len(changed.truth) >= 200
    assert separations(changed).max() < 5.0 * np.hypot(sky.primary["sigma"].max(), 0.1)
    assert set(mock.BANDS) < set(changed.survey.colnames)
    assert len(np.unique(changed.survey["ID"])) == len(changed.survey)
    # the sky that it was made from is as it was
    assert len(hosts(sky.truth)[0]) > 380 and np.isfinite(skies.magnitude(sky.survey, "w1")).any()


@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_host_fractions(sky, rng, share):
    changed = skies.host_fraction(share)(sky, rng)
    assert len(hosts(changed.truth)[0]) == round(share * 400)
    gone = len(sky.survey) - len(changed.survey)
    assert gone == len(hosts(sky.truth)[0]) - round(share * 400)
    separations(changed)
    # counterparts that stay look like those that were there
    before, after = (
        np.nanmedian(skies.magnitude(s.survey, "r")[hosts(s.truth)[0]]) for s in (sky, changed)
    )
    assert after == pytest.approx(before, abs=0.5)


def test_only_faint_counterparts_are_left(sky, rng):
    changed = skies.faint_hosts(20.5)(sky, rng)
    r = skies.magnitude(changed.survey, "r")[hosts(changed.truth)[0]]
    assert np.nanmin(r) >= 20.5 and len(changed.survey) == len(sky.survey)


def test_a_shallower_survey(sky, rng):
    changed = skies.shallower(2.0)(sky, rng)
    for band, depth in zip(mock.BANDS, photometry.DEPTH, strict=True):
        faintest = np.nanmax(skies.magnitude(changed.survey, band))
        assert faintest == pytest.approx(
            depth - 2.0 + 2.5 * np.log10(5.0 / photometry.MAG_SNR), abs=0.1
        )
    optical = np.column_stack([skies.magnitude(changed.survey, band) for band in "grz"])
    assert np.isfinite(optical).any(axis=1).all()
    assert 0.1 < len(changed.survey) / len(sky.survey) < 0.4


def test_magnitudes_move_together(sky, rng):
    changed = skies.reddened(0.3)(sky, rng)
    for band, per_ebv in skies.EXTINCTION.items():
        moved = skies.magnitude(changed.survey, band) - skies.magnitude(sky.survey, band)
        np.testing.assert_allclose(moved[np.isfinite(moved)], 0.3 * per_ebv, atol=1e-5)


def test_more_stars(sky, rng):
    share = skies.star_share(rng)
    assert share == pytest.approx(0.15, abs=0.02)
    changed = skies.more_stars(4.0)(sky, rng)
    new = changed.survey[len(sky.survey) :]
    assert len(new) == pytest.approx(3.0 * share * len(sky.survey), rel=0.1)
    # stars as the mock survey has them: W1-W2 of the Rayleigh-Jeans tail
    assert np.nanmedian(new["w1"] - new["w2"]) == pytest.approx(-0.62, abs=0.05)
    place = skies.along(sky, np.asarray(new["RA"]))
    assert place.mean() == pytest.approx(0.5, abs=0.02) and 0 <= place.min() <= place.max() <= 1


def test_stars_that_are_not_uniform(sky, rng):
    changed = skies.stars_by(lambda u: np.where(u > 0.5, 5.0, 1.0), 5.0)(sky, rng)
    new = changed.survey[len(sky.survey) :]
    assert skies.along(sky, np.asarray(new["RA"])).min() > 0.5
    expected = 4.0 * 0.15 * 0.5 * len(sky.survey)
    assert len(new) == pytest.approx(expected, rel=0.15)


def test_fields_that_have_nothing_to_teach(sky, rng):
    alike = skies.shuffled(sky, rng)
    row, _ = hosts(alike.truth)
    r = skies.magnitude(alike.survey, "r")
    assert abs(np.nanmedian(r[row]) - np.nanmedian(r)) < 0.3
    assert np.nanmedian(skies.magnitude(sky.survey, "r")[row]) < np.nanmedian(r) - 1.0
    np.testing.assert_allclose(np.sort(r), np.sort(skies.magnitude(sky.survey, "r")))
    astray = skies.away(60.0)(sky, rng)
    assert len(hosts(astray.truth)[0]) == 0
    row, source = hosts(sky.truth)
    back = replace(astray, truth=sky.truth)
    np.testing.assert_allclose(separations(back), 60.0, atol=20.0)


def test_labels_of_training_samples(sky, rng):
    true = np.zeros(len(sky.survey), bool)
    true[hosts(sky.truth)[0]] = True
    assert np.array_equal(labels(Training(), sky, rng), true)
    bright = labels(Training(brightest=20.5), sky, rng)
    assert np.all(true[bright]) and skies.magnitude(sky.survey, "r")[bright].max() < 20.5
    wrong = labels(Training(wrong=0.2), sky, rng)
    assert abs((wrong & ~true).sum() / wrong.sum() - 0.2) < 0.08


def test_scores_of_a_match(sky):
    result = sky.match()
    found = learned_scores.score(result, sky, 1, 50)
    o = outcome(result, sky.truth)
    p, right = learned_scores.judged(o, BEST)
    chosen = np.argsort(-p, kind="stable")[: o.has_counterpart.sum()]
    assert found["crossing"] == pytest.approx(right[chosen].mean(), abs=0.01)
    assert found["host"] == o.has_counterpart.mean() and len(found["terciles"]) == 3
    assert 0.7 < found["crossing"] < 0.95 and found["model"] == ""
    assert found["ece_host"] <= found["limit_host"] and found["ece_best"] <= found["limit_best"]
    p, host = learned_scores.judged(o, HOST)
    assert np.array_equal(host, o.has_counterpart) and p.mean() == pytest.approx(found["fitted"])
    assert learned_scores.fired_priors(["area_OPT", "prior_OPT_photometry"]) == [
        "prior_OPT_photometry"
    ]


def test_changes_of_probabilities_by_source(sky):
    a, b = sky.match(host_fraction=0.5), sky.match(host_fraction=0.9)
    changes = learned.largest_change(a, b)
    p, q = (np.asarray(r.associations["p_match"]) for r in (a, b))
    of = np.asarray(a.associations["XRAY"])
    for k in range(0, 400, 37):
        assert changes[k] == np.abs(p - q)[of == k].max()
    assert changes.max() > 0.1


def row(case, way, crossing=0.9, ece=0.01, thirds=(0.01, 0.02, 0.03), fires=()):
    return {
        "case": case,
        "way": way,
        "seed": 1,
        "crossing": crossing,
        "ece_host": ece,
        "ece_best": ece / 2,
        "terciles": list(thirds),
        "fires": list(fires),
    }


def cases(**changes):
    """Rows of a failure and of the same kind of sky; `changes` are of the failure put right."""
    fires = changes.pop("fires", ("prior_OPT_photometry",))
    return [
        row(CASES[0].name, "trained"),
        row(CASES[0].name, "learned"),
        row(CASES[0].name, "adapted", ece=0.5),
        row("a", "trained", ece=0.5, fires=fires),
        row("a", "learned"),
        row("a", "adapted", **changes),
    ]


@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        ({}, []),
        ({"ece": 0.021}, [0]),
        ({"thirds": (0.01, 0.04, 0.0)}, [1]),
        ({"crossing": 0.899}, [2]),
        ({"fires": ("area_OPT",)}, [3]),
    ],
)
def test_claims_on_priors_that_do_not_fit(changes, missed):
    claims = learned_claims.transferred(cases(**changes), quick=False)
    assert [k for k, claim in enumerate(claims) if claim.ok is False] == missed
    assert claims[-1].measured == "0 of 1" and claims[-1].ok is None
    quick = learned_claims.transferred(cases(**changes), quick=True)
    assert all(claim.ok is None for claim in quick)


@pytest.mark.parametrize(
    ("n", "loss", "passes"),
    [(4000, 0.0029, True), (4000, 0.0031, False), (1000, 0.0119, True), (1000, 0.0121, False)],
)
def test_claims_on_what_the_learned_prior_loses(n, loss, passes):
    rows = [
        {"n": n, "scale": 1.0, "share": 0.7, "way": way, "crossing": value}
        for way, value in (("distance", 0.5), ("trained", 0.75), ("learned", 0.75 - loss))
    ]
    mean, worst = learned_claims.crossings(rows)
    assert mean.ok is passes and worst.ok is (None if n == 1000 else True)


def test_claims_on_small_fields():
    rows = [
        {"n": 300, "scale": 1.0, "share": 0.7, "way": way, "crossing": value}
        for way, value in (("distance", 0.5), ("trained", 0.7), ("learned", 0.61))
    ]
    (claim,) = learned_claims.crossings(rows)
    assert claim.ok is False and float(claim.measured) == pytest.approx(0.55)


def test_the_dense_field_is_what_it_was():
    xmm, hst, truth = learned_dense.dense_tables()
    assert len(xmm) == len(truth) == 62 and len(hst) == 33_879
    assert truth["status"].value_counts().to_dict() == {
        "secure": 42,
        "single": 13,
        "unknown": 6,
        "conflict": 1,
    }
    known = truth[truth["status"].isin(learned_dense.KNOWN)]
    at = {int(name): k for k, name in enumerate(hst["ID"])}
    x = {int(name): k for k, name in enumerate(xmm["ID"])}
    apart = [
        np.hypot(
            (hst["RA"][at[o]] - xmm["RA"][x[name]]) * np.cos(np.radians(2.3)),
            hst["DEC"][at[o]] - xmm["DEC"][x[name]],
        )
        * 3600.0
        for name, o in zip(known.index, known["OPT_ID"], strict=True)
    ]
    assert np.max(apart) < learned_dense.RADIUS
    result = learned_dense.match_dense(xmm, hst, learned=False)
    found = learned_dense.judge(result, hst, truth)
    assert (found.right, found.known, found.secure_right, found.secure) == (41, 55, 32, 42)
    assert len(found.misses) == 14
    rows = {int(name): k for k, name in enumerate(hst["ID"])}
    for source, _, true, p_true, apart, mag, taken, p, *_ in found.misses:
        assert true == truth.loc[source, "OPT_ID"] != taken
        assert 0.0 <= p_true <= p <= 1.0 and 0.0 < apart < learned_dense.RADIUS
        assert mag == hst["mag_F160W"][rows[true]]
    assert len(list(learned_dense.miss_lines(found.misses))[0]) == 10
    source = found.misses[0][0]
    assert np.isnan(learned_dense.candidate(result, {}, source, -1)[2:]).all()
    figure = learned_dense.look(result, xmm, hst, [miss[0] for miss in found.misses[:3]])
    assert sum(ax.get_title().startswith("XMM ") for ax in figure.axes) == 3


@pytest.mark.slow
def test_a_tiny_run(tmp_path):
    setting = learned.Setting(
        (200,), (1.0,), (0.7,), 1, 500, CASES[2:3], 200, (200,), 0, 0, False, 50
    )
    priors = learned.Priors(setting.training)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = {
            "skies": learned.grid(setting, priors, 200, [1]),
            "cases": learned.transfer(setting, priors, CASES[2], [1]),
            "nulls": learned.nothing(200, [1]),
            "tilted": learned.tilted(setting, priors, "stars rising x30", [1]),
            "dense": DENSE,
            "sparse": {},
        }
    section = learned.section(tmp_path, found, quick=True)
    assert (tmp_path / "learned.png").stat().st_size > 10_000 and found["tilted"] == []
    (prior,) = priors.values()
    assert isinstance(prior, bm.LightGBMPrior) and set(priors) == {Training()}
    table = section.tables[0]
    assert [line[3] for line in table.rows] == ["distance", "trained", "learned", "adapted"]
    crossing = {line[3]: line[4] for line in table.rows}
    assert crossing["learned"] > crossing["distance"] + 0.03
    assert all(claim.measured and claim.required for claim in section.claims)


DENSE = {
    way: {"right": 48, "known": 55, "secure_right": 37, "secure": 42, "misses": []}
    for way in ("distance", "learned")
} | {"orders": [[46, 36]], "model": "smooth", "expected": 49.0}
