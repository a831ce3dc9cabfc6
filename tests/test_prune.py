"""Pruned associations beside all of them: the same rows but for the hopeless, the same numbers."""

import numba
import numpy as np
import pytest

import bayesmatch as bm
import bayesmatch.catalogs.memory
import bayesmatch.matching.associations
import bayesmatch.matching.pruning
from bayesmatch.matching.pruning import LikelyAssociations
from validation.skies import simulate_patterns

PROBABILITIES = ("p_any", "p_i", "p_match")
UNCHANGED = (
    "dist_bayesfactor_uncorrected",
    "dist_bayesfactor",
    "dist_post",
    "p_single",
    "Separation_max",
    "ncat",
)
NAMES = ("A", "B", "C", "D")


def sky(seed, n_other, n_primary=40, density=200_000.0):
    """Crowded: about 6 candidates of each catalogue within 10 arcsec, some of them shared."""
    fractions = np.full(1 << n_other, 0.5 / (1 << n_other))
    fractions[[0, -1]] += 0.2, 0.3
    return simulate_patterns(
        seed,
        n_primary,
        fractions,
        density=(density,) * n_other,
        other_sigma=(0.2, 0.5, 0.3, 0.4)[:n_other],
        shared=0.3,
    )


def elliptical(catalogs):
    """The same positions with elongated errors."""
    x, *others = catalogs
    return [
        bm.Catalog(x.table, name="X", pos_err=bm.ErrorEllipse("SIGMA", 0.4, 30.0), area=x.area),
        *(bm.Catalog(c.table, name=c.name, pos_err=(0.2, 0.6), area=c.area) for c in others),
    ]


def priors(seed, names):
    """Ratios of 0, of 1e-6 to 100, and neutral ones."""

    def ratio(table):
        rng = np.random.default_rng([seed, len(table)])
        return rng.choice([-np.inf, -6.0, 0.0, 0.0, 1.0, 2.0], len(table))

    return {name: [bm.FunctionPrior("random", ratio)] for name in names}


@pytest.fixture
def force(monkeypatch):
    """Prune whatever has more than a few associations."""
    monkeypatch.setattr(bayesmatch.matching.associations, "COMPLETE", 5)


def match_both(catalogs, prune=1e-12, **options):
    options = {"radius": 10.0, "host_fraction": 0.8, **options}
    return (bm.match(*catalogs, prune=prune, **options), bm.match(*catalogs, prune=0, **options))


def rows_of(result, names):
    return np.column_stack([np.asarray(result.associations[name]) for name in names])


def assert_agrees(pruned, everything, names, limit):
    """Returns how many rows are missing."""
    mine, all_rows = rows_of(pruned, names), rows_of(everything, names)
    place = {tuple(row): n for n, row in enumerate(all_rows.tolist())}
    at = np.array([place[tuple(row)] for row in mine.tolist()])
    assert np.all(np.diff(at) > 0)  # the same order
    a, b = pruned.associations, everything.associations
    for column in UNCHANGED:
        np.testing.assert_allclose(a[column], b[column][at], rtol=1e-12, atol=1e-14)
    for column in PROBABILITIES:
        np.testing.assert_allclose(a[column], b[column][at], rtol=0, atol=limit)
    np.testing.assert_array_equal(a["match_flag"], b["match_flag"][at])
    for column in ("p_any", "p_hostless", "p_i", "p_match", "second_p_i"):
        np.testing.assert_allclose(
            pruned.sources[column], everything.sources[column], rtol=0, atol=limit
        )
    gone = np.setdiff1d(np.arange(len(b)), at)
    assert np.all(b["p_i"][gone] <= limit) and np.all(b["p_match"][gone] <= limit)
    assert not np.any(b["ncat"][gone] == 1)  # no-counterpart rows stay
    total = np.bincount(mine[:, 0], np.asarray(a["p_match"]))
    np.testing.assert_allclose(total, 1.0, rtol=0, atol=1e-12)
    return len(gone)


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["circles", "ellipses"])
@pytest.mark.parametrize(
    "n_other, options",
    [
        (3, {"prior_completeness": 0.5}),
        (2, {}),
        (2, {"correct_unrelated": False, "prior_completeness": [0.9, 0.01]}),
        (4, {}),
    ],
)
def test_default_is_exact_to_1e9(force, n_other, options, shape):
    catalogs = sky(n_other, n_other).catalogs(NAMES)
    if shape == "ellipses":
        catalogs = elliptical(catalogs)
    names = [c.name for c in catalogs]
    for given in ({}, priors(1, names[1:])):
        pruned, everything = match_both(catalogs, priors=given, **options)
        assert pruned.meta["pruned_primaries"] > 30
        assert assert_agrees(pruned, everything, names, 1e-9) > 100
        assert 0 < pruned.meta["pruned_bound"] < 1e-9
        assert everything.meta["pruned_primaries"] == everything.meta["pruned_bound"] == 0


@pytest.mark.few(1)
@pytest.mark.parametrize("prune", [1e-3, 1e-5, 1e-8])
@pytest.mark.parametrize("seed", range(5))
def test_bound_holds(force, seed, prune):
    """What is lost is never more than `meta` says."""
    catalogs = sky(seed, 3).catalogs(NAMES)
    names = [c.name for c in catalogs]
    pruned, everything = match_both(catalogs, prune, priors=priors(seed, names[1:]))
    bound = pruned.meta["pruned_bound"]
    for column in ("p_any", "p_i", "p_hostless", "p_match"):
        assert np.abs(pruned.sources[column] - everything.sources[column]).max() <= bound + 1e-14
    assert bound < 1e4 * prune
    assert len(pruned.associations) < len(everything.associations)


def test_fitted_fractions(force):
    """The fit sees the same likelihood."""
    catalogs = sky(3, 2, n_primary=200).catalogs(NAMES)
    pruned, everything = match_both(catalogs, host_fraction="fit")
    assert_agrees(pruned, everything, ["X", "A", "B"], 1e-9)
    assert pruned.meta["host_fraction"] == pytest.approx(everything.meta["host_fraction"], abs=1e-9)


def test_auto_prior_learns_the_same(force):
    """Learning looks at distances alone, where other associations matter than in the end."""
    simulated = sky(4, 2, n_primary=300)
    rng = np.random.default_rng(4)
    for table in simulated.others:
        table["mag"] = rng.uniform(16, 25, len(table["RA"]))
    catalogs = simulated.catalogs(NAMES)
    auto = {
        "A": [bm.AutoPrior("mag")],
        "B": [bm.AutoPrior("mag", min_post=0.5), bm.FunctionPrior("faint", faint)],
    }
    pruned, everything = match_both(catalogs, priors=auto)
    assert pruned.meta["pruned_primaries"] > 200
    for name in "AB":
        ours, theirs = pruned.priors[name][0], everything.priors[name][0]
        for values in ("lo", "hi", "selected", "others"):
            np.testing.assert_array_equal(getattr(ours, values), getattr(theirs, values))
    assert_agrees(pruned, everything, ["X", "A", "B"], 1e-9)


def faint(table):
    return np.where(table["mag"] > 24, -np.inf, 0.0)


def test_ordinary_primaries_are_complete():
    """The default leaves every association of a primary with up to 5,000 of them."""
    catalogs = sky(5, 3).catalogs(NAMES)
    pruned, everything = match_both(catalogs)
    assert pruned.meta["pruned_primaries"] == 0
    for column in everything.associations.colnames:
        np.testing.assert_array_equal(
            np.ma.getdata(pruned.associations[column]),
            np.ma.getdata(everything.associations[column]),
        )


def test_two_catalogues_are_complete(force):
    pruned, everything = match_both(sky(6, 1).catalogs(NAMES))
    assert len(pruned.associations) == len(everything.associations)
    assert pruned.meta["pruned_primaries"] == 0


def crowd(rng, name, n_near, sigma):
    """Two primaries' fields: `n_near` objects within 8 arcsec of the first, two of the second."""
    place = np.concatenate([np.full(n_near, 150.0), [150.1, 150.1]])
    east, north = rng.uniform(-4, 4, (2, len(place))) / 3600
    return bm.Catalog({"RA": place + east, "DEC": north}, name=name, pos_err=sigma, area=0.01)


def test_one_crowded_primary_and_one_not():
    """More than 10^8 combinations around the first, which could not be listed."""
    rng = np.random.default_rng(7)
    x = bm.Catalog({"RA": [150.0, 150.1], "DEC": [0.0, 0.0]}, name="X", pos_err=1.0, area=0.01)
    others = [
        crowd(rng, name, 100, sigma)
        for name, sigma in zip(NAMES, (0.1, 0.2, 0.1, 0.3), strict=True)
    ]
    options = {"radius": 12.0, "host_fraction": 0.9}
    result = bm.match(x, *others, **options)
    count = np.bincount(result.associations["X"])
    assert result.meta["pruned_primaries"] == 1
    assert 100 < count[0] < 1_000_000
    assert count[1] == 3**4
    with pytest.raises(ValueError, match="combinations"):
        bm.match(x, *others, prune=0, max_rows=1_000_000, **options)
    with pytest.raises(ValueError, match="combinations"):
        bm.match(x, *others, max_rows=1_000, **options)


def test_hundreds_at_one_place_are_refused_before_they_are_counted(monkeypatch):
    """A billion likely combinations, and 40 million: counting so many took minutes."""
    rng = np.random.default_rng(8)

    def place(name, n, sigma):
        ra, dec = 150.0 + rng.normal(0, 1e-4, n), rng.normal(0, 1e-4, n)
        return bm.Catalog({"RA": ra, "DEC": dec}, name=name, pos_err=sigma, area=0.01)

    x = place("X", 5, 0.5)
    many, fewer = ([place(name, n, 0.5) for name in "ABC"] for n in (600, 200))

    def counted(*args):
        raise AssertionError("counted")

    monkeypatch.setattr(bayesmatch.matching.pruning.likely, "count_likely", counted)
    with pytest.raises(ValueError, match="more than max_rows = 200,000,000"):
        bm.match(x, *many, radius=8)
    monkeypatch.setattr(bayesmatch.catalogs.memory, "available_bytes", lambda: 1 << 30)
    with pytest.raises(ValueError, match=r"at least [\d,]+ associations of 'X' would need"):
        bm.match(x, *fewer, radius=8)


@pytest.mark.parametrize("n_other", [2, 3, 4])
def test_never_more_for_certain_than_there_are(force, monkeypatch, n_other):
    made, init = [], LikelyAssociations.__init__

    def noted(self, *args, **options):
        init(self, *args, **options)
        made.append((self.at_least, self.total))

    monkeypatch.setattr(LikelyAssociations, "__init__", noted)
    catalogs = sky(20, n_other).catalogs(NAMES)
    x = catalogs[0]
    wide = bm.Catalog(
        x.table, name="X", pos_err="SIGMA", area=x.area, tail_fraction=0.1, tail_factor=4.0
    )
    for those in (catalogs, elliptical(catalogs), [wide, *catalogs[1:]]):
        for options in ({}, {"prune": 1e-3, "priors": priors(1, NAMES[:1])}):
            bm.match(*those, radius=10.0, host_fraction=0.8, **options)
    assert len(made) == 6
    assert all(least <= total for least, total in made)
    assert any(least > 0 for least, _ in made)


def test_threads_give_the_same_bytes(force):
    catalogs = sky(8, 3).catalogs(NAMES)
    results = []
    before = numba.get_num_threads()
    try:
        for threads in (1, before):
            numba.set_num_threads(threads)
            results.append(bm.match(*catalogs, radius=10.0, host_fraction=0.8))
    finally:
        numba.set_num_threads(before)
    for column in results[0].associations.colnames:
        a, b = (np.ma.getdata(r.associations[column]) for r in results)
        assert a.tobytes() == b.tobytes()
    assert results[0].meta["pruned_bound"] == results[1].meta["pruned_bound"]


@pytest.mark.parametrize(
    "prune, error",
    [(-1e-12, ValueError), (0.1, ValueError), (float("nan"), ValueError), ("some", TypeError)],
)
def test_bad_prune(prune, error):
    with pytest.raises(error, match="prune"):
        bm.match(*sky(9, 2, n_primary=5).catalogs(NAMES), radius=5.0, prune=prune)
