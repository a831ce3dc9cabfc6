"""An object is the counterpart of one primary at most: joint probabilities, and duplicates."""

import itertools
import warnings

import numba
import numpy as np
import pytest
from small_skies import looked_at_in_part

import bayesmatch as bm
from bayesmatch.matching import claim_groups, claims, same_source, set_sizes
from bayesmatch.matching.same_source import Duplicates, close_pairs, find_duplicates
from bayesmatch.matching.settled import KnownClaims
from bayesmatch.testing import check_invariants, reference

NO_DUPLICATES = KnownClaims(Duplicates(), np.zeros(2))
FRACTION = 0.7


def catalog(name, east, north, sigma, n_far=0, area=1.0, seed=0):
    """A catalogue of objects at places (arcsec) near one point, and of others far from it."""
    rng = np.random.default_rng(seed)
    sigma = np.broadcast_to(sigma, len(east))
    ra = np.concatenate([150.0 + np.asarray(east) / 3600, 150.2 + 0.8 * rng.random(n_far)])
    dec = np.concatenate([np.asarray(north) / 3600, 0.1 + 0.8 * rng.random(n_far)])
    err = np.concatenate([sigma, np.full(n_far, 0.2)])
    table = {"ID": np.arange(len(ra)), "RA": ra, "DEC": dec, "ERR": err}
    return bm.Catalog(table, name=name, pos_err="ERR", area=area)


def clump(seed, n, n_objects, n_other, size=3.0):
    """A few primaries among a few objects, all near each other."""
    rng = np.random.default_rng(seed)
    primary = catalog("X", *rng.uniform(-size, size, (2, n)), rng.uniform(0.7, 1.5, n), area=0.01)
    others = [
        catalog(f"O{k}", *rng.uniform(-size, size, (2, n_objects)), 0.3, 30_000, seed=k)
        for k in range(n_other)
    ]
    return primary, others


def by_primary(result, column="p_match"):
    """Values of each primary's associations, and their objects."""
    a = result.associations
    names = result.catalogue_names
    first = np.searchsorted(np.asarray(a[names[0]]), np.arange(len(result.sources) + 1))
    member = np.column_stack([np.asarray(a[n]) for n in names[1:]])
    objects = [frozenset((k, int(j)) for k, j in enumerate(row) if j >= 0) for row in member]
    values = np.asarray(a[column])
    pieces = list(itertools.pairwise(first))
    return [values[a:b] for a, b in pieces], [objects[a:b] for a, b in pieces]


def unnormalised(result):
    """Weights of each primary's associations by itself: fraction times likelihood."""
    p, objects = by_primary(result)
    ln_none = result._terms.ln_fraction[:, 0]
    return [row / row[0] * np.exp(ln) for row, ln in zip(p, ln_none, strict=True)], objects


def matched(primary, others, rule, **options):
    return bm.match(
        primary,
        *others,
        radius=8.0,
        host_fraction=FRACTION,
        claims=rule,
        field="uniform",
        **options,
    )


@pytest.fixture
def all_links(monkeypatch):
    """Every object links, however improbable; few primaries may have duplicates."""
    monkeypatch.setattr(claims, "TINY", 0.0)
    monkeypatch.setattr(claims, "MIN_PRIMARIES", 2)


@pytest.mark.few(4)
@pytest.mark.parametrize(("n", "n_objects", "n_other"), [(5, 4, 1), (4, 5, 1), (3, 3, 2)])
@pytest.mark.parametrize("seed", range(4))
def test_joint_probabilities_are_those_of_all_identifications(
    all_links, n, n_objects, n_other, seed
):
    primary, others = clump(seed, n, n_objects, n_other)
    alone = matched(primary, others, "independent")
    expected, _ = reference.joint(*unnormalised(alone))
    result = matched(primary, others, NO_DUPLICATES)
    found, _ = by_primary(result)
    assert result.meta["claims"]["largest"] == n
    for p, p_expected in zip(found, expected, strict=True):
        np.testing.assert_allclose(p, p_expected, rtol=1e-10, atol=1e-14)
    changed = max(np.abs(a - b).max() for a, b in zip(found, by_primary(alone)[0], strict=True))
    assert changed > 0.01  # competition matters here
    check_invariants(result)
    for column in ("p_any", "p_i", "p_single", "dist_post", "match_flag"):
        assert np.array_equal(result.associations[column], alone.associations[column])


@pytest.mark.parametrize("seed", range(4))
def test_improbable_claims_count_too(seed):
    """Objects that two sources want with a part in 10,000 each: no default leaves them out."""
    primary, others = clump(seed, 5, 4, 1, size=4.0)
    expected, _ = reference.joint(*unnormalised(matched(primary, others, "independent")))
    found, _ = by_primary(matched(primary, others, "exclusive"))
    for p, p_expected in zip(found, expected, strict=True):
        np.testing.assert_allclose(p, p_expected, atol=1e-8)


def pair_weights(alone, pair, d, spread, primary, others, expected):
    """What two primaries are as one source: weight by rows; positions put together by hand."""
    weights, objects = unnormalised(alone)
    ln_pi = alone._terms.ln_fraction
    at = np.column_stack([(primary.ra - 150.0), primary.dec]) * 3600
    v = primary.covariance()[:, 0]
    best = min(pair, key=lambda i: (v[i], i))
    x = np.array([at[i] / v[i] for i in pair]).sum(axis=0) / sum(1 / v[i] for i in pair)
    v_x = (2 - spread) / sum(1 / v[i] for i in pair)
    apart = ((at[pair[0]] - at[pair[1]]) ** 2).sum()
    v_pair = spread * (v[pair[0]] + v[pair[1]])
    odds = d * np.exp(-apart / 2 / v_pair) / (2 * np.pi * v_pair) / expected
    same = {}
    for r, s in itertools.product(range(len(weights[pair[0]])), range(len(weights[pair[1]]))):
        if objects[pair[0]][r] != objects[pair[1]][s]:
            continue
        members = sorted(objects[pair[0]][r])
        places = [[(others[k].ra[j] - 150.0) * 3600, others[k].dec[j] * 3600] for k, j in members]
        own = [others[k].covariance()[j, 0] for k, j in members]
        ln_b = [
            reference.ln_bayes_circular(
                np.sqrt([var, *own]),
                np.array(
                    [
                        [np.hypot(*np.subtract(a, b)) for b in [place, *places]]
                        for a in [place, *places]
                    ]
                ),
            )
            for place, var in ((x, v_x), (at[best], v[best]))
        ]
        row = (r, s)[pair.index(best)]
        pattern = sum(1 << k for k, _ in members)
        fraction = np.mean([ln_pi[i, pattern] for i in pair]) - ln_pi[best, pattern]
        same[r, s] = odds * weights[best][row] * np.exp(ln_b[0] - ln_b[1] + fraction)
    return same


@pytest.mark.parametrize("n_other", [1, 2])
@pytest.mark.parametrize("spread", [1.0, 0.4])
def test_entries_of_one_source_share_its_claim(all_links, n_other, spread):
    primary, others = clump(7, 4 if n_other == 1 else 3, 3, n_other)
    # Two of them closer to each other than chance would have it.
    east, north = (np.array((primary.ra - 150) * 3600), np.array(primary.dec * 3600))
    east[1], north[1] = east[0] + 0.3, north[0] - 0.4
    sigma = 0.4 * np.sqrt(primary.covariance()[:, 0])
    primary = catalog("X", east, north, sigma, area=0.01)
    pairs = close_pairs(primary, 8.0)
    at = {
        tuple(sorted(p)): k
        for k, p in enumerate(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
    }[0, 1]
    # Entries by chance per arcsec^2, as they were counted.
    nu = pairs.expected[at] / (2 * np.pi * (sigma[0] ** 2 + sigma[1] ** 2))
    d = float(pairs.expected[at] * spread * np.exp(pairs.half_square[at] / spread))  # odds of 1
    rule = KnownClaims(Duplicates(d, spread), np.zeros(n_other))
    likely = pairs.ln_odds(rule.duplicates) > np.log(0.25)
    assert np.flatnonzero(likely).tolist() == [at]
    alone = matched(primary, others, "independent")
    same = pair_weights(alone, (0, 1), d, spread, primary, others, nu)
    expected, together = reference.joint(*unnormalised(alone), [((0, 1), same)])
    result = matched(primary, others, rule)
    for p, p_expected in zip(by_primary(result)[0], expected, strict=True):
        np.testing.assert_allclose(p, p_expected, rtol=1e-6, atol=1e-12)
    assert 0.02 < together[0] < 0.999
    assert result.sources["same_source"].tolist()[:2] == [-1, 0 if together[0] > 0.5 else -1]
    check_invariants(result)


def sky(seed, n, density, objects, sigma, *, host=0.7, twice=0.0, copied=False):
    """Sources and objects of a square, and the truth: (primary, other, counterpart, source)."""
    rng = np.random.default_rng(seed)
    area = n / density
    side, n_objects = np.sqrt(area), int(objects * area)
    place = rng.random((n, 2)) * side
    at = rng.random((n_objects, 2)) * side
    truth = np.full(n, -1)
    hosts = rng.choice(n_objects, int(host * n), replace=False)
    truth[: len(hosts)], place[: len(hosts)] = hosts, at[hosts]
    error = sigma * np.exp(rng.normal(0, 0.3, n))
    source = np.concatenate([np.arange(n), rng.choice(n, int(twice * n), replace=False)])
    seen = place[source] + rng.normal(size=(len(source), 2)) * error[source, None] / 3600
    if copied:
        seen[n:] = seen[source[n:]]
    order = rng.permutation(len(source))
    seen, source = seen[order], source[order]
    at = at + rng.normal(0, 0.1, at.shape) / 3600
    x, o = (
        {"ID": np.arange(len(p)), "RA": 10 + p[:, 0], "DEC": p[:, 1] - side / 2} for p in (seen, at)
    )
    x["ERR"] = error[source]
    return (
        bm.Catalog(x, name="X", pos_err="ERR", area=area),
        bm.Catalog(o, name="O", pos_err=0.1, area=area),
        truth[source],
        source,
    )


def calibration_error(p, right):
    """Calibration error in 10 bins, and the 95% point of its floor."""
    bins = np.minimum((p * 10).astype(int), 9)

    def of(answer):
        return np.abs(np.bincount(bins, p - answer, 10)).sum() / len(p)

    rng = np.random.default_rng(0)
    return of(right), np.quantile([of(rng.random(len(p)) < p) for _ in range(200)], 0.95)


@pytest.fixture(scope="module")
def crowded():
    """4,000 sources per deg^2 with errors of 4 arcsec, each by itself and jointly."""
    x, o, truth, _ = sky(3, 4000, 4000, 20_000, 4.0)
    return [bm.match(x, o, radius=20.0, claims=c) for c in ("independent", "exclusive")], truth


def claimed_twice(result):
    best = np.asarray(result.sources["O"])
    count = np.bincount(best[best >= 0], minlength=best.max() + 1)
    return (best >= 0) & (count[best] > 1)


def test_objects_that_two_sources_claim_are_calibrated(crowded):
    (alone, joint), truth = crowded
    twice = claimed_twice(alone)
    assert twice.sum() > 300
    right, error, floor = {}, {}, {}
    for name, result in (("alone", alone), ("joint", joint)):
        ok = np.asarray(result.sources["O"] == truth) & (truth >= 0)
        right[name] = ok[twice].mean()
        p = np.asarray(result.sources["p_match"])
        error[name], floor[name] = calibration_error(p[twice], ok[twice])
    assert error["alone"] > 1.5 * floor["alone"]
    assert error["joint"] <= 1.5 * floor["joint"] + 0.005
    assert right["joint"] > right["alone"] + 0.02
    p_host = 1 - np.asarray(joint.sources["p_hostless"])
    ece, floor_all = calibration_error(p_host, truth >= 0)
    assert ece <= 1.5 * floor_all + 0.005
    # What is left is undecided: nobody's for sure.
    left = claimed_twice(joint)
    assert left.sum() < twice.sum()
    best, p = (np.asarray(joint.sources[c])[left] for c in ("O", "p_O"))
    assert (np.bincount(best, p)[best] < 1 + 2e-3).all()


def test_crowded_fields_keep_the_rules(crowded):
    (alone, joint), _ = crowded
    check_invariants(joint)
    first = np.searchsorted(joint.associations["X"], np.arange(len(joint.sources)))
    total = np.add.reduceat(np.asarray(joint.associations["p_match"]), first)
    assert np.abs(total - 1).max() < 1e-12
    found = joint.meta["claims"]
    assert found["rule"] == "exclusive" and alone.meta["claims"] == {"rule": "independent"}
    assert found["groups"] > 300 and found["largest"] >= 4 and found["left_independent"] == 0
    assert found["same_source"] == 0
    # No object is expected to be the counterpart of more than one source.
    a = joint.associations
    expected = np.bincount(np.maximum(a["O"], 0), np.where(a["O"] >= 0, a["p_match"], 0))
    assert expected.max() < 1 + 2e-3


def test_explanations_add_up(crowded):
    (_, joint), _ = crowded
    terms = joint._terms.claims
    assert len(terms.primary) > 1000
    strongest = terms.primary[np.argmax(np.maximum.reduceat(np.abs(terms.log10), terms.first[:-1]))]
    for i in (int(strongest), int(terms.primary[5])):
        explanation = bm.explain(joint, joint.sources["X_ID"][i])
        table = explanation.table
        assert "claims" in table.meta["terms"]
        total = np.sum([np.asarray(table[t]) for t in table.meta["terms"]], axis=0)
        odds = np.log10(np.asarray(table["p_match"]) / joint.sources["p_hostless"][i])
        np.testing.assert_allclose(total, odds, atol=1e-7)
    assert "what other sources claim" in str(bm.explain(joint, joint.sources["X_ID"][strongest]))


def test_explanations_of_results_without_improbable_associations_add_up():
    x, o, _, _ = sky(5, 400, 4000, 20_000, 4.0)
    result = bm.match(x, o, radius=20.0, min_p_i=0.01)
    for i in result._terms.claims.primary[:20]:
        table = bm.explain(result, int(i)).table
        total = np.sum([np.asarray(table[t]) for t in table.meta["terms"]], axis=0)
        odds = np.log10(np.asarray(table["p_match"]) / result.sources["p_hostless"][i])
        np.testing.assert_allclose(total, odds, atol=1e-7)


def test_explanations_of_files_add_up(tmp_path):
    x, o, _, _ = sky(5, 400, 4000, 20_000, 4.0)
    result = bm.match(x, o, radius=20.0)
    result.write(tmp_path / "r.fits")
    read = bm.MatchResult.read(tmp_path / "r.fits")
    assert read.meta["claims"] == result.meta["claims"]
    seen = 0
    for i in result._terms.claims.primary[:20]:
        table = bm.explain(read, int(i)).table
        seen += "claims" in table.meta["terms"]
        total = np.sum([np.asarray(table[t]) for t in table.meta["terms"]], axis=0)
        odds = np.log10(np.asarray(table["p_match"]) / result.sources["p_hostless"][i])
        np.testing.assert_allclose(total, odds, atol=1e-4)
    assert seen > 10


def test_order_of_the_sources_does_not_matter():
    x, o, _, _ = sky(6, 800, 3000, 20_000, 3.0, twice=0.2)
    turned = np.random.default_rng(1).permutation(len(x))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one = bm.match(x, o, radius=15.0)
        other = bm.match(x.subset(turned), o, radius=15.0)
    for column in ("p_hostless", "p_match", "log10_odds_host", "p_O"):
        np.testing.assert_allclose(
            np.asarray(other.sources[column]),
            np.asarray(one.sources[column])[turned],
            rtol=1e-9,
            atol=1e-12,
        )
    assert (one.sources["same_source"] >= 0).sum() == (other.sources["same_source"] >= 0).sum() > 50


def test_threads_do_not_matter():
    x, o, _, _ = sky(6, 1500, 4000, 20_000, 4.0, twice=0.1)
    before, found = numba.get_num_threads(), []
    try:
        for n in (1, min(2, numba.config.NUMBA_NUM_THREADS), numba.config.NUMBA_NUM_THREADS):
            numba.set_num_threads(n)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                r = bm.match(x, o, radius=20.0)
            found.append((np.asarray(r.associations["p_match"]).tobytes(), r.meta["claims"]))
    finally:
        numba.set_num_threads(before)
    assert found[0] == found[1] == found[2]


def test_certain_claims_do_not_saturate(all_links):
    """Two sources beside one object of which both would be sure beyond any double."""
    x = catalog("X", [0.0, 0.0], [-1e-3, 1e-3], 1e-3, area=1e-3)
    ratio = 700.0 / np.log(10)
    o = catalog("O", [0.0], [0.0], 1e-3, 30_000)
    sure = bm.FunctionPrior("sure", lambda t: np.full(len(t), ratio))
    options = {"radius": 1.0, "host_fraction": 0.5, "priors": {"O": [sure]}}
    alone = bm.match(x, o, claims="independent", **options)
    result = bm.match(x, o, claims=NO_DUPLICATES, **options)
    assert (alone.sources["p_hostless"] < 1e-300).all()
    np.testing.assert_allclose(result.sources["p_hostless"], 0.5, rtol=1e-9)
    np.testing.assert_allclose(result.sources["log10_odds_host"], 0.0, atol=1e-9)


def test_groups_that_are_too_large_lose_their_weakest_links(monkeypatch):
    x, o, _, _ = sky(8, 600, 30_000, 60_000, 4.0)
    exact = bm.match(x, o, radius=20.0, host_fraction=0.7)
    assert exact.meta["claims"]["largest"] > 50
    monkeypatch.setattr(claim_groups, "MAX_STEPS", 1 << 8)
    bounded = bm.match(x, o, radius=20.0, host_fraction=0.7)
    found = bounded.meta["claims"]
    assert found["left_independent"] > 0 and claims.TINY < found["largest_cut"] < 0.5
    off = np.abs(bounded.sources["p_hostless"] - exact.sources["p_hostless"])
    assert off.max() < 3 * max(found["largest_cut"], exact.meta["claims"]["largest_cut"])
    check_invariants(bounded)


@pytest.mark.parametrize("copied", [False, True])
def test_a_list_with_duplicates(copied):
    x, o, truth, source = sky(4, 3000, 500, 40_000, 1.0, twice=0.2, copied=copied)
    with pytest.warns(UserWarning, match=r"'X': \d+ of 3600 rows are probably second entries"):
        result = bm.match(x, o, radius=5.0)
    _, position = np.unique(source, return_index=True)
    first = position[source]
    is_second = first < np.arange(len(source))
    found = np.asarray(result.sources["same_source"])
    said = found >= 0
    assert (found[said] == first[said]).mean() > 0.99
    assert said[is_second].mean() > 0.98
    alone = bm.match(x, o, radius=5.0, claims="independent")
    twice = claimed_twice(alone)
    ok = np.asarray(result.sources["O"] == truth) & (truth >= 0)
    error, floor = calibration_error(np.asarray(result.sources["p_match"])[twice], ok[twice])
    assert twice.sum() > 700 and error <= 1.5 * floor + 0.005
    assert np.array_equal(result.sources["p_any"], alone.sources["p_any"])
    common = result.meta["claims"]["common_errors"]
    assert common > 0.9 if copied else common < 0.2


def test_second_entries_do_not_compete_with_the_first():
    """Odds as if most entries had others by chance left them rivals: 0.006 too few hosts."""
    off = {"all": [], "wide": []}
    for seed in range(6):
        x, o, truth, source = sky(seed, 2000, 2500, 8_000, 1.8, twice=0.8)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            result = bm.match(x, o, radius=12.0)
        too_few = (truth >= 0) - (1 - np.asarray(result.sources["p_hostless"]))
        sigma = np.sqrt(x.covariance()[:, 0])
        off["all"].append(too_few.mean())
        off["wide"].append(too_few[sigma > np.quantile(sigma, 2 / 3)].mean())
        same = np.asarray(result.sources["same_source"])
        assert (source[same >= 0] == source[same[same >= 0]]).mean() > 0.95
    assert abs(np.mean(off["all"])) < 0.003 and abs(np.mean(off["wide"])) < 0.005


def test_two_pairs_side_by_side_are_two_sources():
    """Four entries all of which are near each other, in a list in which some are listed twice."""
    pairs, parts = np.full(102, 20.0), {100: ([np.arange(2), np.arange(2, 4)], 40.0)}
    ln_odds, size = np.append(np.full(100, 20.0), 42.0), np.append(np.full(100, 2), 4)
    ln_sizes = set_sizes.ln_sizes_of(ln_odds, size, parts, pairs, 1000)
    assert 42.0 + ln_sizes[2] < 40.0 + 2 * ln_sizes[0]


def clustered(seed, n):
    """Sources in clusters of a few, spread by 10 arcsec to a minute."""
    rng = np.random.default_rng(seed)
    centre = rng.random((n // 4, 2))[rng.integers(n // 4, size=n)]
    spread = 10 ** rng.uniform(1.0, 1.8, n)[:, None] / 3600
    place = centre + rng.normal(size=(n, 2)) * spread
    return catalog("X", place[:, 0] * 3600, place[:, 1] * 3600, 1.0)


def test_no_duplicates_are_invented():
    for seed in range(10):
        for x, radius in (
            (sky(seed, 2000, 4000, 8000, 4.0)[0], 20.0),
            (sky(seed, 2000, 300, 1000, 1.0)[0], 5.0),
            (clustered(seed, 2000), 5.0),
        ):
            assert find_duplicates(close_pairs(x, radius)) == Duplicates()


def test_an_ordinary_sky_is_left_alone():
    x, o, _, _ = sky(2, 2000, 500, 40_000, 1.0)
    alone, joint = (bm.match(x, o, radius=5.0, claims=c) for c in ("independent", "exclusive"))
    off = np.abs(alone.sources["p_hostless"] - joint.sources["p_hostless"])
    assert np.count_nonzero(off > 1e-9) == len(joint._terms.claims.primary) < 20
    assert (joint.sources["same_source"] == -1).all()


def test_fake_positions_go_by_what_the_match_found(monkeypatch):
    x, o, _, _ = sky(4, 600, 500, 40_000, 1.0, twice=0.2)
    fitted, found = [], same_source.find_duplicates
    monkeypatch.setattr(same_source, "find_duplicates", lambda p: fitted.append(1) or found(p))
    with pytest.warns(UserWarning, match="second entries of a source") as told:
        fake = bm.calibrate(x, o, radius=5.0, method="shift", n_realizations=3, score="p_hostless")
    assert len(told) == len(fitted) == 1
    alone = bm.calibrate(
        x, o, radius=5.0, method="shift", n_realizations=3, score="p_hostless", claims="independent"
    )
    assert len(fitted) == 1
    assert not np.array_equal(fake.table["false_fraction"], alone.table["false_fraction"])


@pytest.mark.parametrize("value", ["exclusiv", None, 3])
def test_claims_that_do_not_exist_are_refused(value):
    x, o, _, _ = sky(4, 100, 500, 4_000, 1.0)
    with pytest.raises((ValueError, TypeError), match="claims is"):
        bm.match(x, o, radius=5.0, claims=value)


def test_a_light_curve_as_a_list_of_sources_ends():
    """Every source listed sixty times at the very same place: no radius has few neighbours."""
    ra, dec = np.repeat([150.0, 150.01], 60), np.full(120, 2.0)
    x = bm.Catalog({"RA": ra, "DEC": dec}, name="X", pos_err=1.0, area=0.01)
    o = bm.Catalog({"RA": [150.0, 150.01], "DEC": [2.0, 2.0]}, name="O", pos_err=0.1, area=0.01)
    result = bm.match(x, o, radius=8)
    assert result.meta["claims"]["primaries"] == 120


def test_a_position_that_stands_for_unknown_hides_no_duplicates():
    """Nor are all pairs of its entries listed, of which there may be more than the memory holds."""
    x, o, _, source = sky(4, 300, 500, 40_000, 1.0, twice=0.2)
    n = 1500
    table = {name: np.append(x.table[name], np.zeros(n)) for name in ("RA", "DEC")}
    table["ERR"] = np.append(x.table["ERR"], np.ones(n))
    messy = bm.Catalog(table, name="X", pos_err="ERR", area=x.area)
    assert len(close_pairs(messy, 5.0).first) < 5_000
    with pytest.warns(UserWarning, match="second entries of a source"):
        clean, found = (
            np.asarray(bm.match(c, o, radius=5.0).sources["same_source"]) for c in (x, messy)
        )
    assert (clean >= 0).sum() > 50
    assert (found[: len(source)] == clean).mean() > 0.99


@pytest.mark.filterwarnings("ignore:no primary has a", "ignore:.*second entries of")
@pytest.mark.parametrize("n_other", [1, 2])
def test_entries_of_one_source_where_no_object_is_near_any(n_other):
    rng = np.random.default_rng(1)
    ra, dec = rng.uniform(10, 11, 40), rng.uniform(0, 1, 40)
    twice = {"RA": np.r_[ra, ra[:20] + 1e-5], "DEC": np.r_[dec, dec[:20]]}
    far = {"RA": ra + 10, "DEC": dec}
    x = bm.Catalog(twice, name="X", pos_err=1.0, area=1.0)
    others = [bm.Catalog(far, name=f"O{k}", pos_err=0.2, area=1.0) for k in range(n_other)]
    sources = bm.match(x, *others, radius=5).sources
    np.testing.assert_array_equal(sources["p_hostless"], 1.0)
    np.testing.assert_array_equal(sources["same_source"][40:], np.arange(20))


def test_entries_of_a_source_that_nobody_has_looked_at():
    """Sources listed twice on both sides of a map's rim: nothing is said beyond it, quietly."""
    rng = np.random.default_rng(3)
    n = 60
    east, north = rng.uniform(-600, 600, (2, n))
    twice = [np.concatenate([part, part + rng.normal(0, 0.3, n)]) for part in (east, north)]
    primary = catalog("X", *twice, 0.5)
    objects = catalog("O", east, north, 0.2, 2_000)
    objects, _ = looked_at_in_part(objects, (150.0, 0.0), 400 / 3600)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # rows outside, second entries
        result = bm.match(primary, objects, radius=5)
    assert not result.sources["in_O"].all() and (result.sources["same_source"] >= 0).sum() > 40
    check_invariants(result)
