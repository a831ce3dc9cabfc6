"""`bm.assess`: five counts, the metrics made from them, reliability, comparison, command line."""

import math

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table
from small_skies import looked_at_in_part

import bayesmatch as bm
from bayesmatch import plots
from bayesmatch.cli import main
from bayesmatch.diagnostics import metrics
from bayesmatch.matching.result import MatchResult
from validation.skies import simulate, simulate_patterns

COUNTS = ("right", "wrong", "hostless_matched", "matched_hostless", "right_hostless")
METRICS = (
    "overall_purity",
    "counterpart_purity",
    "counterpart_completeness",
    "hostless_purity",
    "hostless_completeness",
)
#: published counts and metrics: photometric prior, distance only, bright sources (UPSTREAM)
PUBLISHED = [
    ((503, 20, 6, 6, 24), (0.94, 0.95, 0.95, 0.80, 0.80)),
    ((460, 61, 9, 8, 21), (0.86, 0.87, 0.87, 0.72, 0.70)),
]


def made(rows, truth_ids=None, name="OPT"):
    """A result and its truth from (p_any, best candidate or None, true counterpart or None)."""
    n = len(rows)
    best = [row[1] for row in rows]
    p = np.array([row[0] for row in rows], float)
    at = np.array([-1 if b is None else k for k, b in enumerate(best)])
    ids = np.ma.MaskedArray(["" if b is None else b for b in best], mask=at < 0)
    sources = Table(
        {
            "X": np.arange(n),
            "X_ID": np.arange(100, 100 + n),
            "p_any": p,
            "p_hostless": 1 - p,
            name: at,
            f"{name}_ID": ids,
            f"p_{name}": p,
            "p_match": p,
        }
    )
    associations = Table({f"{name}_ID": ids})
    meta = {"catalogues": [{"name": "X", "id": "ID"}, {"name": name, "id": "ID"}]}
    truth = Table({"ID": sources["X_ID"], "counterpart": [r[2] or "hostless" for r in rows]})
    return MatchResult(associations, sources, meta), truth


def from_counts(right, wrong, hostless_matched, matched_hostless, right_hostless):
    """A result that has these counts at a cutoff of 0.5."""
    return made(
        [(0.9, "a", "a")] * right
        + [(0.8, "b", "a")] * wrong
        + [(0.7, "a", None)] * hostless_matched
        + [(0.2, "a", "a")] * matched_hostless
        + [(0.1, "a", None)] * right_hostless
    )


def slow_counts(sources, truth, score, cutoff, name="OPT"):
    """The five counts, one source after the other."""
    counts = dict.fromkeys(COUNTS, 0)
    known = {str(k).strip(): str(c).strip() for k, c in zip(*truth.columns.values(), strict=True)}
    others = [
        c[2:] for c in sources.colnames if c.startswith("p_") and f"{c[2:]}_ID" in sources.colnames
    ]
    for row in sources:
        key = str(row["X_ID"])
        if key not in known:
            continue
        value = row[score]
        selected = value <= cutoff if score == "p_hostless" else value >= cutoff
        matched = selected and any(row[other] >= 0 for other in others)
        hostless = known[key] == "hostless"
        if matched:
            is_right = row[name] >= 0 and str(row[f"{name}_ID"]).strip() == known[key]
            counts["hostless_matched" if hostless else "right" if is_right else "wrong"] += 1
        else:
            counts["right_hostless" if hostless else "matched_hostless"] += 1
    return tuple(counts.values())


@pytest.fixture(scope="module")
def two():
    sky = simulate(3, 600, 0.7)
    return sky.match(), sky_truth(sky)


@pytest.fixture(scope="module")
def three():
    sky = simulate_patterns(5, 500, (0.3, 0.2, 0.15, 0.35))
    return sky.match(), sky


def sky_truth(sky, k=0):
    """Truth by row number."""
    row = sky.truth[:, k]
    return Table(
        {"ID": np.arange(len(row)), "counterpart": np.where(sky.host, row.astype(str), "hostless")}
    )


# -- published numbers and pure functions ---------------------------------------------------------


@pytest.mark.parametrize(("counts", "expected"), PUBLISHED)
def test_published_metrics(counts, expected):
    found = metrics.scores(*counts)
    assert list(found) == list(METRICS)
    assert tuple(round(v, 2) for v in found.values()) == expected
    a = bm.assess(*from_counts(*counts), cutoffs=[0.5])
    assert tuple(a.confusion(0.5)) == counts
    assert (a.n, a.n_counterparts, a.n_hostless) == (559, 529, 30)
    assert tuple(round(a.table[name][0], 2) for name in METRICS) == expected
    assert tuple(a.table[name][0] for name in COUNTS) == counts


def test_counts_by_name_and_position():
    c = metrics.Confusion(1, 2, 3, 4, 5)
    assert c.wrong == c["wrong"] == c[1] == 2
    assert dict(zip(COUNTS, c, strict=True)) == c._asdict()


def test_metrics_of_arrays_and_of_nothing():
    found = metrics.scores(*(np.array([c, 0]) for c in PUBLISHED[0][0]))
    one = metrics.scores(*PUBLISHED[0][0])
    assert all(found[m][0] == one[m] and np.isnan(found[m][1]) for m in METRICS)
    only_hostless = metrics.scores(0, 0, 0, 0, 7)
    assert only_hostless["overall_purity"] == only_hostless["hostless_purity"] == 1
    assert math.isnan(only_hostless["counterpart_purity"])
    assert math.isnan(only_hostless["counterpart_completeness"])


def test_wilson():
    # by hand: p = 0.9, n = 10, z = 1: centre (0.9 + 0.05) / 1.1, half sqrt(0.009 + 0.0025) / 1.1
    low, high = metrics.wilson(9, 10)
    assert low == pytest.approx(0.95 / 1.1 - math.sqrt(0.0115) / 1.1, abs=1e-12)
    assert high == pytest.approx(0.95 / 1.1 + math.sqrt(0.0115) / 1.1, abs=1e-12)
    # Wilson (1927) as tabulated by Newcombe (1998, Statist. Med. 17, 857), 95%
    for k, n, expected in (
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ):
        assert np.round(metrics.wilson(k, n, z=1.959964), 4).tolist() == list(expected)
    assert metrics.wilson(0, 5)[0] == 0.0
    assert metrics.wilson(5, 5)[1] == 1.0
    assert np.isnan(metrics.wilson(0, 0)).all()


def test_wilson_like_astropy():
    from astropy.stats import binom_conf_interval

    n = np.array([1, 7, 50, 3000])
    for k in (n // 2, n, 0 * n):
        expected = binom_conf_interval(k, n, interval="wilson")
        assert np.allclose(metrics.wilson(k, n), expected, atol=1e-5)


def test_reliability_and_its_error():
    p = np.array([0.0, 0.05, 0.1, 0.95, 1.0, 1.0])
    true = np.array([0, 1, 0, 1, 1, 0], bool)
    predicted, happened, n = metrics.reliability_bins(p, true)
    assert n.tolist() == [2, 1, 0, 0, 0, 0, 0, 0, 0, 3]  # 0.1 opens the second
    assert happened.tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    assert predicted[[0, 1, 9]] == pytest.approx([0.025, 0.1, 2.95 / 3])
    assert np.isnan(predicted[2:9]).all()
    expected = (abs(1 - 0.05) + 0.1 + abs(2 - 2.95)) / 6
    assert metrics.calibration_error(p, true) == pytest.approx(expected)
    weight = np.array([2, 0, 1, 1, 1, 1])
    repeated = np.repeat(np.arange(6), weight)
    assert metrics.calibration_error(p, true, weight) == pytest.approx(
        metrics.calibration_error(p[repeated], true[repeated])
    )
    assert math.isnan(metrics.calibration_error(p[:0], true[:0]))


def test_floor():
    # one bin, n equal probabilities: mean of |binomial - n p| / n is sqrt(2 p q / (pi n))
    floor = metrics.calibration_floor(np.full(4000, 0.5), n_draws=2000)
    assert floor.mean == pytest.approx(math.sqrt(0.5 / (np.pi * 4000)), rel=0.06)
    assert floor.p95 == pytest.approx(1.96 * math.sqrt(0.25 / 4000), rel=0.06)
    assert metrics.calibration_floor(np.array([0.0, 1.0, 1.0])) == (0, 0)
    spread = np.random.default_rng(0).random(4000)
    assert metrics.calibration_floor(spread).mean == pytest.approx(0.016, abs=0.003)  # DESIGN 6
    assert metrics.calibration_floor(spread) == metrics.calibration_floor(spread)
    # Calibrated probabilities stay below the 95% point in 95% of samples, whatever the order.
    rng = np.random.default_rng(1)
    floor = metrics.calibration_floor(spread)
    errors = [metrics.calibration_error(spread, rng.random(4000) < spread) for _ in range(400)]
    assert 0.91 < np.mean(np.array(errors) < floor.p95) < 0.98
    assert np.mean(errors) == pytest.approx(floor.mean, rel=0.05)


# -- counts at every cutoff -----------------------------------------------------------------------


@pytest.mark.parametrize("score", ["p_any", "p_hostless", "p_match"])
def test_slow_reference(two, score):
    result, truth = two
    truth = truth[::3]  # the others are left out
    a = bm.assess(result, truth, score=score)
    assert len(a.table) == 101 and a.table["cutoff"][12] == 0.12
    values = np.asarray(result.sources[score])
    for cutoff in (0, *np.quantile(values, [0.1, 0.5, 0.9]), 0.5, values[7], 1):
        counts = slow_counts(result.sources, truth, score, cutoff)
        assert tuple(a.confusion(cutoff)) == counts
        assert sum(counts) == a.n == len(truth)
    row = a.table[37]
    counts = a.confusion(row["cutoff"])
    assert tuple(row[name] for name in COUNTS) == tuple(counts)
    for name, (k, n) in metrics.ratios(counts).items():
        assert row[name] == k / n
        assert (row[f"{name}_lo"], row[f"{name}_hi"]) == pytest.approx(metrics.wilson(k, n))
        assert row[f"{name}_lo"] <= row[name] <= row[f"{name}_hi"]
    assert list(a.table.colnames) == [
        "cutoff",
        *(m + end for m in METRICS for end in ("", "_lo", "_hi")),
        *COUNTS,
    ]


def test_ties():
    result, truth = made(
        [(0.5, "a", "a"), (0.5, "b", "a"), (0.5, None, None), (0.5, None, "c"), (0.2, "d", None)]
    )
    a = bm.assess(result, truth)
    assert tuple(a.confusion(0.5)) == (1, 1, 0, 1, 2)  # without a candidate, never matched
    assert tuple(a.confusion(np.nextafter(0.5, 1))) == (0, 0, 0, 3, 2)
    assert tuple(a.confusion(0)) == (1, 1, 1, 1, 1)
    assert a.curve.cutoff.tolist() == [0.5, 0.2]
    assert a.curve.matched.tolist() == [2, 3] and a.curve.right.tolist() == [1, 1]
    assert a.crossing == (0.2, pytest.approx(1 / 3))
    # five of one score, two with a counterpart, one of them right: no cutoff has P = C
    tied = bm.assess(*made([(0.5, "a", "a"), (0.5, "b", "a")] + [(0.5, "a", None)] * 3))
    assert tied.crossing == (0.5, pytest.approx(0.2))


def test_which_side_of_the_cutoff():
    result, truth = made([(0.5, "a", "a")])
    for score in ("p_any", "p_match", "p_hostless"):
        assert bm.assess(result, truth, score=score).confusion(0.5).right == 1
    a = bm.assess(result, truth, score="p_hostless")
    assert (a.confusion(0.49).right, a.confusion(0.51).right) == (0, 1)


def test_p_hostless_does_not_saturate():
    result, truth = made([(1.0, "a", "a"), (1.0, "a", "a")])
    result.sources["p_hostless"] = [1e-20, 1e-30]
    assert bm.assess(result, truth, score="p_hostless").confusion(1e-25).right == 1


# -- numbers made from the curve ------------------------------------------------------------------


@pytest.mark.parametrize("score", ["p_any", "p_hostless", "p_match"])
def test_crossing_and_completeness_at_purity(two, score):
    result, truth = two
    a = bm.assess(result, truth, score=score)
    cutoff, value = a.crossing
    found = metrics.scores(*a.confusion(cutoff))
    assert found["counterpart_purity"] == pytest.approx(value)
    assert found["counterpart_completeness"] == pytest.approx(value)
    every = [metrics.scores(*a.confusion(c)) for c in np.unique(result.sources[score])]
    for purity in (0.5, 0.9, 0.95, 0.98, 0.99):
        best = max(
            (m["counterpart_completeness"] for m in every if m["counterpart_purity"] >= purity),
            default=0.0,
        )
        assert a.completeness_at_purity(purity) == best
        at = a.cutoff_at_purity(purity)
        if best:
            assert metrics.scores(*a.confusion(at))["counterpart_completeness"] == best
        else:
            assert np.isnan(at)


def test_p_match_is_the_one_to_select_by():
    # rivals of like probability: p_any is certain, p_match is not
    rng = np.random.default_rng(2)
    rows = [(1.0, "a", "a" if rng.random() < 0.5 else "b") for _ in range(200)]
    rows += [(0.95, "a", "a") for _ in range(300)]
    result, truth = made(rows)
    p = np.where(np.arange(500) < 200, 0.5, 0.94)
    result.sources["p_match"] = result.sources["p_OPT"] = p
    assert bm.assess(result, truth, score="p_any").completeness_at_purity(0.99) == 0
    assert bm.assess(result, truth).completeness_at_purity(0.99) == 0.6


def test_no_crossing():
    few = bm.assess(*made([(0.9, "a", "a"), (0.0, None, "b")]))
    assert np.isnan(few.crossing).all()
    assert few.completeness_at_purity(0.99) == 0.5


def test_hostless_only():
    a = bm.assess(*made([(0.9, "a", None), (0.1, None, None), (0.3, "b", None)]))
    assert tuple(a.confusion(0.5)) == (0, 0, 1, 0, 2)
    assert np.isnan(a.crossing).all() and math.isnan(a.completeness_at_purity(0.9))
    assert np.isnan(a.table["counterpart_completeness"]).all()
    assert a.table["hostless_completeness"][50] == pytest.approx(2 / 3)
    assert a.ece == pytest.approx((0.9 + 0.1 + 0.3) / 3)
    assert isinstance(a.summary(), str) and a.plot() is not None


def test_counterparts_only_and_never_found():
    a = bm.assess(*made([(0.9, "a", "z"), (0.1, "b", "z"), (0.0, None, "z")]))
    assert tuple(a.confusion(0.5)) == (0, 1, 0, 2, 0)
    assert np.isnan(a.table["hostless_completeness"]).all()
    assert a.table["hostless_purity"][50] == 0
    assert a.completeness_at_purity(0.5) == 0 and a.plot() is not None


# -- reliability ----------------------------------------------------------------------------------


def test_reliability_by_score(two):
    result, truth = two
    host = np.asarray(truth["counterpart"]) != "hostless"
    sources = result.sources
    right = host & (np.asarray(sources["OPT"]).astype(str) == np.asarray(truth["counterpart"]))
    for score, p, true in (
        ("p_any", sources["p_any"], host),
        ("p_hostless", 1 - sources["p_hostless"], host),
        ("p_match", 1 - sources["p_hostless"], host),
        ("best", sources["p_OPT"], right),
    ):
        a = bm.assess(result, truth, **({} if score == "best" else {"score": score}))
        a = a.best_candidate if score == "best" else a
        p = np.asarray(p)
        table = a.reliability
        assert table.colnames[:4] == ["bin", "predicted", "observed", "n"]
        error = 0.0
        for k, row in enumerate(table):
            mine = (p >= k / 10) & ((p < (k + 1) / 10) | (k == 9))
            assert row["n"] == mine.sum()
            if mine.any():
                assert row["predicted"] == pytest.approx(p[mine].mean())
                assert row["observed"] == pytest.approx(true[mine].mean())
                assert row["observed_lo"] <= row["observed"] <= row["observed_hi"]
                error += abs(true[mine].sum() - p[mine].sum())
        assert a.ece == pytest.approx(error / len(p))
        assert 0 < a.ece_floor.mean < a.ece_floor.p95


@pytest.mark.few(1)
@pytest.mark.parametrize("score", ["p_match", "p_any", "p_hostless"])
def test_where_no_catalogue_has_looked_nothing_is_judged(score):
    sky = simulate(6, 200, 0.7)
    primary, other = sky.catalogs()
    center = [float(np.median(sky.primary[c])) for c in ("RA", "DEC")]
    other, _ = looked_at_in_part(other, center, 0.5 * np.sqrt(sky.area / np.pi))
    with pytest.warns(UserWarning, match="outside its area, a MOC"):
        result = bm.match(primary, other, radius=15.0)
    inside, truth = np.asarray(result.sources["in_OPT"]), sky_truth(sky)
    assert 20 < inside.sum() < 180
    a, b = (bm.assess(result, t, score=score) for t in (truth, truth[inside]))
    assert a.n == inside.sum() and a.table.pformat() == b.table.pformat()
    assert (a.ece, a.shape, a.share_difference) == (b.ece, b.shape, b.share_difference)
    assert a.share_difference.result == pytest.approx(a.judged.probability.mean())


# -- parts and comparisons ------------------------------------------------------------------------


def test_by_bins(two):
    result, truth = two
    a = bm.assess(result, truth[50:], score="p_match")
    flux = np.asarray(result._catalogs[0].table["FLUX"])
    table = a.by("FLUX", 3)
    assert table["n"].sum() == a.n and len(table) == 3
    assert table["lo"][1:].tolist() == table["hi"][:-1].tolist()
    assert sum(table[name].sum() for name in COUNTS) == a.n
    for row in table:
        mine = (flux >= row["lo"]) & ((flux < row["hi"]) | (row["hi"] == table["hi"][-1]))
        part = bm.assess(result, truth[(np.arange(len(truth)) >= 50) & mine], score="p_match")
        assert tuple(part.confusion(a.crossing.cutoff)) == tuple(row[c] for c in COUNTS)
        assert (part.crossing.value, part.ece, part.n_hostless) == (
            row["crossing"],
            row["ece"],
            row["n_hostless"],
        )
        assert part.completeness_at_purity(0.95) == row["completeness_at_95"]
    given = a.by(flux, table["lo"].tolist() + [table["hi"][-1]], cutoff=0.5)
    assert given["n"].tolist() == table["n"].tolist() and set(given["cutoff"]) == {0.5}
    assert a.by(np.where(flux < 2, np.nan, flux), [1, 2, 1000])["n"].tolist() == [
        0,
        int((flux[50:] >= 2).sum()),
    ]
    with pytest.raises(ValueError, match="no column"):
        a.by("COLOUR")
    with pytest.raises(ValueError, match="shape"):
        a.by(flux[:7])
    for bins in (0, [1], [2, 1], 2.5):
        with pytest.raises(ValueError, match="bins"):
            a.by(flux, bins)


def test_by_a_property_that_all_sources_share(two):
    result, truth = two
    a = bm.assess(result, truth)
    table = a.by(np.ones(len(result.sources)))
    assert [list(row) for row in table["lo", "hi", "n"]] == [[1.0, 1.0, a.n]]
    assert table["right"][0] == a.confusion(a.crossing.cutoff).right


def test_compare(two):
    result, truth = two
    a, b = (bm.assess(result, truth, score=s) for s in ("p_match", "p_any"))
    table = a.compare(b, n_resamples=200, seed=4)
    assert table.colnames == ["metric", "this", "other", "difference", "lo", "hi"]
    assert list(table["metric"]) == [
        "crossing",
        "completeness_at_95",
        "completeness_at_98",
        "completeness_at_99",
        "ece",
    ]
    assert table["this"][0] == a.crossing.value and table["other"][4] == pytest.approx(b.ece)
    assert table["this"][3] == a.completeness_at_purity(0.99)
    assert np.allclose(table["difference"], table["this"] - table["other"])
    assert (table["lo"] <= table["hi"]).all()
    assert all((table == a.compare(b, n_resamples=200, seed=4)).tolist())
    shuffled = bm.assess(result, truth[::-1], score="p_any")
    assert a.compare(shuffled, n_resamples=200, seed=4)["lo"].tolist() == table["lo"].tolist()
    same = a.compare(a, n_resamples=20, cutoff=0.5)
    assert list(same["metric"][5:]) == list(METRICS)
    assert not same["difference"].any() and not same["lo"].any() and not same["hi"].any()
    assert same["this"][6] == metrics.scores(*a.confusion(0.5))["counterpart_purity"]


def test_compare_resamples_in_pairs():
    """The interval of a difference, against the exact spread of a paired difference."""
    rng = np.random.default_rng(0)
    n = 2000
    first = rng.random(n) < 0.8
    second = np.where(rng.random(n) < 0.1, rng.random(n) < 0.8, first)  # mostly the same
    a, b = (
        bm.assess(*made([(0.9, "a" if r else "b", "a") for r in right]))
        for right in (first, second)
    )
    table = a.compare(b, cutoff=0.5, n_resamples=1000, level=0.6827)
    row = table[list(table["metric"]).index("counterpart_purity")]
    difference = first.astype(float) - second
    assert row["difference"] == pytest.approx(difference.mean())
    assert (row["hi"] - row["lo"]) / 2 == pytest.approx(difference.std() / math.sqrt(n), rel=0.1)


def test_compare_refuses(two):
    result, truth = two
    a = bm.assess(result, truth)
    with pytest.raises(ValueError, match="same truth"):
        a.compare(bm.assess(result, truth[1:]))
    with pytest.raises(TypeError, match="Assessment"):
        a.compare(truth)
    for bad in ({"n_resamples": 0}, {"level": 1.0}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            a.compare(a, **bad)


# -- three catalogues, files, kinds of tables -----------------------------------------------------


@pytest.mark.few(1)
@pytest.mark.parametrize("k", [0, 1])
def test_three_catalogues(three, k):
    result, sky = three
    name = ("OPT", "IRAC")[k]
    known = (sky.truth[:, k] >= 0) | ~sky.host
    truth = sky_truth(sky, k)[known]
    a = bm.assess(result, truth, catalogue=None if k == 0 else name, score="p_match")
    for cutoff in (0.1, 0.5, 0.9):
        assert tuple(a.confusion(cutoff)) == slow_counts(
            result.sources, truth, "p_match", cutoff, name
        )
    assert a.catalogue == name
    right = np.asarray(result.sources[name]) == np.where(sky.host, sky.truth[:, k], -2)
    marginal = np.asarray(result.sources[f"p_{name}"])
    p, best = 1 - np.asarray(result.sources["p_hostless"]), a.best_candidate
    assert a.ece == pytest.approx(metrics.calibration_error(p[known], (sky.truth[known, k] >= 0)))
    assert best.ece == pytest.approx(metrics.calibration_error(marginal[known], right[known]))
    with pytest.raises(ValueError, match="OPT, IRAC"):
        bm.assess(result, truth, catalogue="VLA")


@pytest.mark.few(2)
@pytest.mark.parametrize("ending", ["fits", "vot", "ecsv", "csv", "parquet"])
def test_from_file(two, tmp_path, ending):
    result, truth = two
    result.write(tmp_path / f"r.{ending}")
    truth.write(tmp_path / "t.csv")
    again = bm.assess(MatchResult.read(tmp_path / f"r.{ending}"), tmp_path / "t.csv")
    expected = bm.assess(result, truth)
    assert again.table.pformat() == expected.table.pformat()
    assert (again.ece, again.crossing) == (expected.ece, expected.crossing)
    with pytest.raises(ValueError, match="read from a file"):
        again.by("FLUX")
    assert len(again.by(np.arange(600.0), 2)) == 2


def test_kinds_of_truth(two):
    result, truth = two
    expected = bm.assess(result, truth).table.pformat()
    ids, counterpart = np.asarray(truth["ID"]), np.asarray(truth["counterpart"])
    for other in (
        truth.to_pandas(),
        {"name": ids, "id": counterpart},
        {"name": ids.astype("S9"), "id": [f" {c}  " for c in counterpart]},
        {"name": ids.astype(float), "id": np.char.replace(counterpart, "h", "H")},
        pd.DataFrame({"i": ids, "c": counterpart.astype(object), "note": 1}),
        truth[np.random.default_rng(0).permutation(len(truth))],
    ):
        assert bm.assess(result, other).table.pformat() == expected


def test_text_identifiers():
    x = Table({"RA": [10.0, 10.1, 10.2], "DEC": [0.0, 0.0, 0.0], "ID": ["X 1 ", "X 2", "X 3"]})
    o = Table({"RA": [10.0, 10.1], "DEC": [0.0001, 0.0001], "ID": ["o1", " o2"]})
    result = bm.match(
        bm.Catalog(x, name="X", pos_err=0.5, area=1),
        bm.Catalog(o, name="O", pos_err=0.1, area=1),
        radius=5,
        host_fraction=0.7,
    )
    a = bm.assess(result, {"a": ["X 3", " X 1", "X 2"], "b": ["hostless", "o1 ", "o1"]})
    assert tuple(a.confusion(0.5)) == (1, 1, 0, 0, 1)
    assert a.ids.tolist() == ["X 1", "X 2", "X 3"]


# -- bad input ------------------------------------------------------------------------------------

TRUTH = {"ID": [0, 1, 2], "counterpart": ["4", "hostless", "5"]}


@pytest.mark.parametrize(
    ("truth", "error", "match"),
    [
        ({**TRUTH, "ID": [0, 1, 9999]}, ValueError, "row 2 is about '9999'.*1 unknown"),
        ({**TRUTH, "ID": [0, 1, 0]}, ValueError, "'0' in row 2 and already in row 0"),
        ({**TRUTH, "ID": ["0", "1", "0 "]}, ValueError, "'0' in row 2 and already in row 0"),
        ({**TRUTH, "counterpart": ["4", "", "5"]}, ValueError, "'counterpart' is empty in row 1"),
        (
            {**TRUTH, "counterpart": ["4", None, "5"]},
            ValueError,
            "give an identifier, or 'hostless'",
        ),
        ({**TRUTH, "ID": [0, np.nan, 2]}, ValueError, "'ID' is empty in row 1"),
        ({"ID": [0, 1]}, ValueError, "1 column"),
        ({"ID": [], "counterpart": []}, ValueError, "no rows"),
        ({"ID": [0, 1], "counterpart": np.zeros((2, 2))}, ValueError, "shape"),
        ({"ID": [0, 1], "counterpart": ["1"]}, ValueError, "truth"),
        ([1, 2], TypeError, "truth"),
        ("no/such/file.csv", FileNotFoundError, "no such file"),
    ],
)
def test_bad_truth(two, truth, error, match):
    with pytest.raises(error, match=match):
        bm.assess(two[0], truth)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"score": "p_i"}, ValueError, "p_any, p_hostless, p_match"),
        ({"catalogue": "X"}, ValueError, "give one of OPT"),
        ({"cutoffs": []}, ValueError, "cutoffs"),
        ({"cutoffs": [0.1, np.nan]}, ValueError, "cutoffs"),
        ({"cutoffs": [0.5, 50.0]}, ValueError, "cutoffs are .*50.*numbers from 0 to 1"),
        ({"cutoffs": [-0.1]}, ValueError, "numbers from 0 to 1"),
        ({"cutoffs": "half"}, TypeError, "cutoffs"),
    ],
)
def test_bad_options(two, options, error, match):
    with pytest.raises(error, match=match):
        bm.assess(*two, **options)


def test_other_bad_input(two):
    with pytest.raises(TypeError, match=r"bayesmatch\.match"):
        bm.assess(two[1], two[1])
    a = bm.assess(*two)
    for purity in (0, 1.1, -1):
        with pytest.raises(ValueError, match="purity"):
            a.completeness_at_purity(purity)
    for cutoff in (np.nan, 1.01, -1, 50):
        with pytest.raises(ValueError, match="cutoffs"):
            a.confusion(cutoff)
    assert a.confusion(1.0 + 3e-16) == a.confusion(1.0)  # a sum of probabilities


def test_identifiers_of_another_kind(two):
    result, truth = two
    wrong = Table(
        {"ID": truth["ID"], "c": [c if c == "hostless" else f"J{c}" for c in truth["counterpart"]]}
    )
    with pytest.warns(UserWarning, match=r"none of the \d+ counterparts.*'J\d+'.*candidate"):
        assert bm.assess(result, wrong).confusion(0.5).right == 0


# -- figures and command line ---------------------------------------------------------------------


@pytest.mark.slow
def test_figures(two, tmp_path):
    a, b = (bm.assess(*two, score=s) for s in ("p_match", "p_hostless"))
    plots.save(a.plot(), tmp_path / "a.png")
    left, middle, right = b.plot().axes
    assert "p_hostless is at or below it" in left.get_xlabel()
    assert f"{b.ece:.4f}" in right.get_title()
    figure = plots.purity_completeness({"p_match": a, "p_hostless": b}, "two scores")
    labels = [t.get_text() for t in figure.axes[0].get_legend().get_texts()]
    assert labels == [
        f"{name}: equal at {x.crossing.value:.3f}"
        for name, x in (("p_match", a), ("p_hostless", b))
    ]


def test_command_line(two, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result, truth = two
    result.write("r.fits")
    truth.write("t.csv")
    assert main(["assess", "r.fits", "t.csv"]) == 0
    out = capsys.readouterr().out
    a = bm.assess(result, truth)
    assert f"{a.n_hostless} hostless; cut on p_match" in out
    counts = a.confusion(0.5)
    line = next(text for text in out.splitlines() if text.split()[:1] == ["0.5"])
    assert [int(v) for v in line.split()[-5:]] == list(counts)
    assert f"{metrics.scores(*counts)['overall_purity']:.4f}" == line.split()[1]
    assert not (tmp_path / "d").exists()

    assert (
        main(
            [
                "assess",
                "r.fits",
                "t.csv",
                "--score",
                "p_match",
                "--cutoff",
                "0.25",
                "--cutoff",
                "1",
                "--out",
                "d",
                "--compare",
                "r.fits",
                "--catalogue",
                "OPT",
            ]
        )
        == 0
    )
    out = capsys.readouterr().out
    assert "0.25" in out and "completeness_at_99" in out and "+0.0000" in out
    assert sorted(p.name for p in (tmp_path / "d").iterdir()) == [
        "assessment.csv",
        "assessment.png",
        "comparison.csv",
        "reliability.csv",
    ]
    table = Table.read("d/assessment.csv")
    expected = bm.assess(result, truth, score="p_match").table
    assert table["overall_purity"][50] == pytest.approx(expected["overall_purity"][50])
    assert main(["assess", "r.fits", "t.csv", "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_command_line_errors(two, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result, truth = two
    result.write("r.fits")
    Table({"ID": [0, 0], "c": ["1", "1"]}).write("twice.csv")
    assert main(["assess", "r.fits", "twice.csv", "--out", "d"]) == 1
    assert "already in row 0" in capsys.readouterr().err
    assert not (tmp_path / "d").exists()
    assert main(["assess", "r.fits", "none.csv"]) == 1
    assert "no such file" in capsys.readouterr().err
    assert main(["assess", "r.fits", "twice.csv", "--score", "p_i"]) == 2


def test_a_purity_that_no_cutoff_reaches():
    said = bm.assess(*made([(0.9, "b", "a")] * 8 + [(0.3, "a", "a")] * 4)).summary()
    assert said.count("no cutoff is as pure\n") == 3 and "= nan" not in said
    assert "completeness at 95%      0.0000  no cutoff" in said
    said = bm.assess(*made([(0.9, "a", None), (0.1, None, None)])).summary()
    assert "purity = completeness         -  nowhere\n" in said and "= nan" not in said
    assert "completeness at 95%           -  no cutoff" in said
