"""The protocol `skies`: its simulators do what they say, its scores and claims, a tiny run."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from scipy.spatial import cKDTree

import bayesmatch as bm
from bayesmatch.diagnostics import metrics
from validation import conditions_oracle as oracle
from validation import conditions_surveys, fermi, sky_conditions
from validation.conditions import ALL, CONDITIONS, OFF, OPTIONS, PART, Condition, options_of, ways
from validation.conditions_claims import ANSWERS, HARM, answers, harmless, within
from validation.conditions_scores import (
    BEST,
    CLAIMED,
    DENSEST,
    EVERY,
    HOST,
    Answer,
    answer_of,
    limit,
    score,
    strata,
    unit,
)
from validation.real_skies import MEMBERSHIP, OTHER_SIGMA, Plan, downloaded, simulate, union_area

N = 3000
SMALL = Plan(n=N, density=8000.0)


def offsets(sky, k=0):
    """Entries with a counterpart in a catalogue, and arcsec east, north from entry to it."""
    at = np.flatnonzero(sky.truth[:, k] >= 0)
    table, row = sky.others[k], sky.truth[at, k]
    ra, dec = sky.primary["RA"][at], sky.primary["DEC"][at]
    east = (table["RA"][row] - ra) * np.cos(np.radians(dec)) * 3600.0
    return at, np.column_stack([east, (table["DEC"][row] - dec) * 3600.0])


def chord(arcsec):
    return 2.0 * np.sin(np.radians(arcsec / 3600.0) / 2.0)


def share_within(value, expected, n, sigmas=4.0):
    return abs(value - expected) <= sigmas * np.sqrt(expected * (1 - expected) / n) + 1e-12


def test_a_sky_with_nothing_wrong():
    sky = simulate(1, SMALL)
    assert sky.area == pytest.approx(N / SMALL.per_deg2) and len(sky.source) == N
    field = len(sky.others[0]["RA"]) - sky.host.sum()
    assert abs(field - 8000.0 * sky.area) < 4 * np.sqrt(8000.0 * sky.area)
    assert share_within(sky.host.mean(), 0.7, N)
    assert not sky.outside.any() and not sky.wide.any() and np.ptp(sky.density) == 0
    assert sky.density[0] == 8000.0
    low, high = SMALL.sigma
    assert np.all((sky.primary["SIGMA"] >= low) & (sky.primary["SIGMA"] <= high))
    at, d = offsets(sky)
    pull = d / np.hypot(sky.primary["SIGMA"][at], OTHER_SIGMA[0])[:, None]
    assert np.abs(pull.mean(axis=0)).max() < 4 / np.sqrt(len(at))
    assert np.abs(pull.std(axis=0) - 1.0).max() < 4 / np.sqrt(2 * len(at))
    assert 0.0 < sky.off_axis.min() and sky.off_axis.max() < np.sqrt(sky.area)


def test_the_seed_makes_the_sky():
    one, same, other = (simulate(seed, SMALL) for seed in (4, 4, 5))
    for name, column in one.primary.items():
        np.testing.assert_array_equal(column, same.primary[name])
        assert not np.array_equal(column, other.primary[name])
    np.testing.assert_array_equal(one.others[0]["RA"], same.others[0]["RA"])
    np.testing.assert_array_equal(one.truth, same.truth)


def test_density_and_host_fraction_along_the_survey():
    plan = replace(SMALL, gradient=30.0, host=(0.85, 0.4))
    sky = simulate(2, plan)
    west, east = sky.primary["RA"].min(), sky.primary["RA"].max()
    u = (sky.primary["RA"] - west) / (east - west)
    assert sky.density.max() / sky.density.min() == pytest.approx(30.0, rel=0.1)
    for low, high in ((0.0, 1 / 3), (1 / 3, 2 / 3), (2 / 3, 1.0)):
        at = (u >= low) & (u <= high)
        assert share_within(sky.host[at].mean(), 0.85 - 0.45 * (low + high) / 2, at.sum())
        inside = (sky.others[0]["RA"] - west) / (east - west)
        counted = ((inside >= low) & (inside <= high)).sum() - (sky.host & at).sum()
        # the mean of 30**u over the strip, in units of that over the survey
        expected = plan.density * sky.area * (30.0**high - 30.0**low) / 29.0
        assert abs(counted / expected - 1.0) < 0.04 + 4 / np.sqrt(expected)


def test_a_stated_area_is_false_and_nothing_else():
    true, half = simulate(3, SMALL), simulate(3, replace(SMALL, area_factor=0.5))
    assert half.area == pytest.approx(true.area / 2)
    np.testing.assert_array_equal(half.others[0]["DEC"], true.others[0]["DEC"])
    assert true.catalogs(0.25)[1].area == pytest.approx(true.area / 4)


def test_two_catalogues_share_field_objects():
    sky = simulate(5, replace(SMALL, density=6000.0, second=(3000.0, 0.95)))
    opt, irac = sky.others
    assert abs(len(opt["RA"]) / sky.area - 6000.0 - 0.85 * 0.7 * 300) < 4 * np.sqrt(6200 / sky.area)
    hosts = set(sky.truth[:, 1])
    field = np.array([k for k in range(len(irac["RA"])) if k not in hosts])
    place = unit({"RA": irac["RA"][field], "DEC": irac["DEC"][field]})
    near = np.isfinite(cKDTree(unit(opt)).query(place, distance_upper_bound=chord(2.0))[0])
    chance = 1 - np.exp(-6000.0 * np.pi * (2.0 / 3600.0) ** 2)
    assert share_within(near.mean(), 0.95 + 0.05 * chance, len(field))
    member = sky.truth[sky.host] >= 0
    for k, expected in enumerate(MEMBERSHIP):
        mine = member[:, 0] & ~member[:, 1] if k == 0 else member[:, 1] & ~member[:, 0]
        mine = member.all(axis=1) if k == 2 else mine
        assert share_within(mine.mean(), expected, len(member))
    at, d = offsets(sky, 1)
    pull = d / np.hypot(sky.primary["SIGMA"][at], OTHER_SIGMA[1])[:, None]
    assert np.abs(pull.std(axis=0) - 1.0).max() < 4 / np.sqrt(2 * len(at))


def test_tails_and_a_turned_frame():
    sky = simulate(6, replace(SMALL, tails=(0.1, 4.0)))
    assert share_within(sky.wide.mean(), 0.1, N)
    at, d = offsets(sky)
    pull = d / np.hypot(sky.primary["SIGMA"][at], OTHER_SIGMA[0])[:, None]
    for wide, expected in ((False, 1.0), (True, 4.0)):
        mine = pull[sky.wide[at] == wide]
        assert abs(mine.std() / expected - 1.0) < 4 / np.sqrt(2 * mine.size) + 0.01
    sky = simulate(7, replace(SMALL, rotation=3.0))
    at, d = offsets(sky)
    ra, dec = sky.primary["RA"][at], sky.primary["DEC"][at]
    x = (ra - ra.mean()) * np.cos(np.radians(dec))
    y = dec - dec.mean()
    # what would bring the positions back: 3 arcsec per degree
    assert np.polyfit(y, d[:, 0], 1)[0] == pytest.approx(-3.0, abs=0.25)
    assert np.polyfit(x, d[:, 1], 1)[0] == pytest.approx(3.0, abs=0.25)


def test_sources_listed_twice():
    sky = simulate(8, replace(SMALL, twice=0.2))
    times = np.bincount(sky.source)
    assert len(sky.source) == round(1.2 * N) and (times == 2).sum() == round(0.2 * N)
    again = np.arange(N, len(sky.source))
    first = sky.source[again]
    np.testing.assert_array_equal(sky.truth[again], sky.truth[first])
    np.testing.assert_array_equal(sky.primary["SIGMA"][again], sky.primary["SIGMA"][first])
    north = (sky.primary["DEC"][again] - sky.primary["DEC"][first]) * 3600.0
    pull = north / sky.primary["SIGMA"][first] / np.sqrt(2)
    assert abs(pull.std() - 1.0) < 4 / np.sqrt(2 * len(again))


@pytest.mark.parametrize("plan", [replace(SMALL, holes=0.3), replace(SMALL, beyond=0.3)])
def test_sources_where_nothing_was_observed(plan):
    sky = simulate(9, plan)
    assert abs(sky.outside.mean() - 0.3) < 0.04
    assert not sky.host[sky.outside].any()
    assert share_within(sky.host[~sky.outside].mean(), 0.7, N)
    place = unit({k: v[sky.outside] for k, v in sky.primary.items()})
    tree = cKDTree(unit(sky.others[0]))
    number = tree.query_ball_point(place, chord(20.0), return_length=True)
    outer = tree.query_ball_point(unit(sky.primary), chord(20.0), return_length=True)
    assert number.mean() < 0.25 * outer[~sky.outside].mean()
    assert sky.area == pytest.approx(N / 300.0 * (1.0 - plan.beyond))


def test_cones():
    whole = simulate(10, SMALL)
    part = downloaded(whole, 20.0)
    nearest = cKDTree(unit(whole.primary)).query(unit(part.others[0]))[0]
    assert nearest.max() <= chord(20.0)
    at = np.flatnonzero(part.truth[:, 0] >= 0)
    assert len(at) > 0.98 * whole.host.sum()
    for axis in ("RA", "DEC"):
        np.testing.assert_array_equal(
            part.others[0][axis][part.truth[at, 0]], whole.others[0][axis][whole.truth[at, 0]]
        )
    cone = np.pi * (20.0 / 3600.0) ** 2
    assert part.area == simulate(10, replace(SMALL, cones=20.0)).area < N * cone
    # objects of the field are as dense in the cones as they were
    field = len(part.others[0]["RA"]) - len(at)
    assert abs(field / part.area - 8000.0) < 5 * np.sqrt(8000.0 / part.area)
    one = replace(whole, primary={k: v[:1] for k, v in whole.primary.items()})
    assert union_area(one, 20.0) == pytest.approx(cone)
    two = replace(whole, primary={k: np.repeat(v[:1], 2) for k, v in whole.primary.items()})
    assert union_area(two, 20.0) == pytest.approx(cone)


def test_rows_switch_on_what_is_made_for_them():
    assert len({c.name for c in CONDITIONS}) == len(CONDITIONS) >= 9
    for condition in CONDITIONS:
        assert ways(condition)[0] == OFF and ways(condition)[-1] == ALL
        assert options_of(condition, OFF) == OPTIONS[OFF]
        every = options_of(condition, ALL)
        assert every["field"] == "local" and every["claims"] == "exclusive"
        assert every["errors"] == ("fit" if condition.part == "errors" else "given")
        if condition.part:
            part = options_of(condition, PART)
            assert {k for k in part if part[k] != OPTIONS[OFF][k]} == {condition.part}


def test_strata_and_scores():
    sky = simulate(11, replace(SMALL, gradient=10.0))
    n = len(sky.source)
    best = np.arange(n)[:, None] // 2
    exact = np.full(n, sky.host.mean())
    answer = Answer(exact, exact, best, best)
    sets = strata(sky, answer)
    assert sets[EVERY].all() and sets[CLAIMED].all()
    assert sky.density[sets[DENSEST]].min() >= sky.density[sets["middle third"]].max()
    for at in sets.values():
        assert at.sum() > 0.3 * n
    found = score(answer, sky, sets[EVERY], HOST, 1, 50)
    assert found["ece"] == pytest.approx(0.0, abs=1e-12) and found["n"] == n
    wrong = replace(answer, p_host=exact + 0.1)
    assert score(wrong, sky, sets[EVERY], HOST, 1, 50)["ece"] == pytest.approx(0.1)
    assert limit(0.02) == pytest.approx(0.035) and limit(0.02, 0.01) == pytest.approx(0.045)


def test_the_answer_of_a_match():
    sky = simulate(12, Plan(n=300, density=20_000.0, second=(10_000.0, 0.9)))
    result = bm.match(*sky.catalogs(), radius=18.0)
    answer = answer_of(result)
    table = result.associations
    for p in range(0, 300, 7):
        mine = np.flatnonzero(np.asarray(table["X"]) == p)
        some = mine[np.asarray(table["ncat"])[mine] > 1]
        if len(some):
            top = some[np.argmax(np.asarray(table["p_match"])[some])]
            assert answer.p_best[p] == table["p_match"][top]
            assert list(answer.best[p]) == [table["OPT"][top], table["IRAC"][top]]
        none = 1.0 - answer.p_host[p]
        expected = answer.best[p] if answer.p_best[p] > none else [-1, -1]
        assert list(answer.answer[p]) == list(expected)
    assert 0.3 < answer.right(sky).mean() < 1.0


def test_ways_to_make_objects():
    rng = np.random.default_rng(1)
    link = rng.random((4, 3))
    links = {s: {t: link[s, t] for t in range(3) if (s, t) != (1, 2)} for s in range(4)}
    total = 0.0
    for k in range(4):  # k pairs: every choice of first members, and order of second ones
        for first in permutations(range(4), k):
            if list(first) != sorted(first):
                continue
            for second in permutations(range(3), k):
                pairs = list(zip(first, second, strict=True))
                total += np.prod([links[s].get(t, 0.0) for s, t in pairs])
    assert oracle.ways(tuple(range(4)), frozenset(range(3)), links) == pytest.approx(total)


def test_the_exact_posterior_of_one_candidate_and_of_a_sky():
    nu, prior, var = (
        np.array([1e-3, 2e-3, 1e-9]),
        np.array([0.3, 0.4, 0.2, 0.1]),
        np.array([0.01, 0.25]),
    )
    here = np.array([[1.0, 0.5]])
    weights, pairs = oracle.answers(here, np.empty((0, 2)), 4.0, var, nu, prior)
    expected = 0.4 * np.exp(-1.25 / 2 / 4.01) / (2 * np.pi * 4.01) / 1e-3
    assert pairs == [(-1, -1), (0, -1)] and weights == pytest.approx([0.3, expected])
    plan = Plan(n=800, density=40_000.0, second=(20_000.0, 0.95))
    sky = simulate(13, plan)
    p_none, member = oracle.posterior(plan, sky)
    error = metrics.calibration_error(1.0 - p_none, sky.host)
    assert error <= 1.2 * metrics.calibration_floor(1.0 - p_none, 1, 200).p95
    right = np.all(member == sky.truth, axis=1).mean()
    off = answer_of(bm.match(*sky.catalogs(), radius=18.0, **OPTIONS[OFF])).right(sky).mean()
    assert oracle.best_answers(plan, sky) == right > off + 0.05
    with pytest.raises(ValueError, match="three catalogues on a uniform sky"):
        oracle.posterior(SMALL, sky)


def row(**values):
    usual = {
        "condition": CONDITIONS[0].name,
        "way": ALL,
        "stratum": EVERY,
        "what": HOST,
        "ece": 0.01,
        "floor": 0.01,
        "slack": 0.0,
        "answers": 0.8,
        "attainable": 0.805,
    }
    return usual | values


def test_a_claim_is_missed_where_it_should_be():
    good, bad = row(ece=0.0199), row(stratum=DENSEST, ece=0.0201)
    assert within("w", [good]).ok and not within("w", [good, bad]).ok
    assert within("w", [row(stratum=DENSEST, ece=0.0201, slack=0.01)]).ok
    assert not within("w", [row(stratum="inner third", ece=0.0201, slack=0.01)]).ok
    assert answers([row()])[0].ok and not answers([row(answers=0.805 - ANSWERS - 1e-6)])[0].ok
    assert answers([row(attainable=float("nan"))]) == []
    off = row(way=OFF)
    assert harmless([off, row(ece=0.01 + 0.9 * HARM)], quick=False).ok
    harmed = [off, row(ece=0.01 + 1.1 * HARM)]
    assert harmless(harmed, quick=False).ok is False and harmless(harmed, quick=True).ok is None


@pytest.mark.slow
def test_a_tiny_run(tmp_path, monkeypatch):
    tiny = [Condition("nothing wrong", Plan(n=400)), Condition("dense", Plan(n=400), "field")]
    for module in ("sky_conditions", "conditions_claims", "conditions_views"):
        monkeypatch.setattr(
            f"validation.{module}.CONDITIONS", [replace(c, quick_n=400) for c in tiny]
        )
    monkeypatch.setattr(sky_conditions, "QUICK_N", 400)
    monkeypatch.setattr(conditions_surveys, "BASES", {"uniform": Plan()})
    monkeypatch.setattr(conditions_surveys, "FOOTPRINTS", {"outside": Plan(beyond=0.3)})
    section = sky_conditions.run(tmp_path, quick=True)
    assert section.name == "skies" and (tmp_path / "skies.png").stat().st_size > 10_000
    found = {(r["condition"], r["way"]) for r in section.numbers["conditions"]}
    assert found == {
        ("nothing wrong", OFF),
        ("nothing wrong", ALL),
        ("dense", OFF),
        ("dense", PART),
        ("dense", ALL),
    }
    assert {r["what"] for r in section.numbers["conditions"]} == {HOST, BEST}
    assert len(section.numbers["areas"]) == 4 and len(section.numbers["footprints"]) == 1
    assert len(section.claims) == 2 * 2 + 1 + 3 * 3 + 2 + 1


def test_fermi_truth():
    fgl4 = fermi.gamma("4fgl_dr4", "FGL4")
    truth = fermi.known("truth_4fgl_bzcat", fgl4)
    assert len(fgl4) == 7105 and (truth["BZCAT_ID"] != "hostless").sum() == 1650
    assert (truth["BZCAT_ID"] == "hostless").sum() == 3119 - 74
    sigma = fgl4.table["MAJOR"]
    assert 10.0 < np.min(sigma) < 12.0 and 1250.0 < np.max(sigma) < 1290.0
