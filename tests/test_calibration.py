"""Positions that belong to nothing, and the false fractions measured with them."""

import re
import threading
import warnings
from importlib import resources

import numba
import numpy as np
import pytest
from astropy import units
from astropy.table import MaskedColumn, Table
from small_skies import BY_HAND, looked_at_in_part

import bayesmatch as bm
from bayesmatch import plots
from bayesmatch._kernels import jit
from bayesmatch.catalogs.formats.reading import read_table
from bayesmatch.cli import main
from bayesmatch.diagnostics.false_matches import positions as fake
from bayesmatch.diagnostics.false_matches.rate import selected_fraction
from validation import skies


def catalog(ra, dec, name="X"):
    return bm.Catalog(
        {"RA": np.asarray(ra, float), "DEC": np.asarray(dec, float)},
        name=name,
        pos_err=1.0,
        area=1.0,
    )


def separations(a, b):
    """All great-circle separations, arcsec (Vincenty's formula)."""
    (ra_1, dec_1), (ra_2, dec_2) = (np.radians(np.asarray(p, float)) for p in (a, b))
    d = ra_2[None, :] - ra_1[:, None]
    s1, c1, s2, c2 = (
        f(x)
        for f, x in (
            (np.sin, dec_1[:, None]),
            (np.cos, dec_1[:, None]),
            (np.sin, dec_2[None, :]),
            (np.cos, dec_2[None, :]),
        )
    )
    y = np.hypot(c2 * np.sin(d), c1 * s2 - s1 * c2 * np.cos(d))
    return np.degrees(np.arctan2(y, s1 * s2 + c1 * c2 * np.cos(d))) * 3600


def disc(n, ra, dec, size, seed=0):
    """Positions uniform in a disc of `size` degrees around a place, poles included."""
    rng = np.random.default_rng(seed)
    r, angle = size * np.sqrt(rng.random(n)), 2 * np.pi * rng.random(n)
    x, y = np.radians(r * np.cos(angle)), np.radians(r * np.sin(angle))
    r = np.radians(r)
    a, d = np.radians([ra, dec])
    out_dec = np.arcsin(np.cos(r) * np.sin(d) + y * np.sinc(r / np.pi) * np.cos(d))
    out_ra = a + np.arctan2(
        x * np.sinc(r / np.pi), np.cos(d) * np.cos(r) - y * np.sinc(r / np.pi) * np.sin(d)
    )
    return np.degrees(out_ra) % 360, np.degrees(out_dec)


def whole_sky(n):
    rng = np.random.default_rng(3)
    return 360 * rng.random(n), np.degrees(np.arcsin(rng.uniform(-1, 1, n)))


FIELDS = {
    "ordinary": (disc(400, 150, 2, 0.5), 60.0),
    "across RA 0": (disc(400, 0, -60, 0.5), 60.0),
    "at the pole": (disc(400, 10, 90, 0.5), 60.0),
    "near the other": (disc(400, 200, -89.8, 0.5), 60.0),
    "half full": (disc(400, 30, 40, 0.5), 75.0),
    "whole sky": (whole_sky(300), 3600.0),
    "two sources": (([359.9, 0.1], [0.0, 0.0]), 60.0),
    "twins": (np.repeat(disc(200, 80, 10, 0.5, seed=1), 2, axis=1), 60.0),
    "far clumps": (np.hstack([disc(12, 80, 10, 0.02), disc(12, 100, 12, 0.02)]), 90.0),
}


@pytest.mark.parametrize("name", FIELDS)
def test_fake_positions_keep_their_distance(name):
    real, radius = FIELDS[name]
    new = fake.fake_positions(catalog(*real), radius, np.random.default_rng(1))
    assert np.all((new[0] >= 0) & (new[0] < 360) & (np.abs(new[1]) <= 90))
    assert separations(real, new).min() >= radius
    among = separations(new, new)
    assert among[~np.eye(len(among), dtype=bool)].min() >= radius


def test_fake_positions_lie_between_a_source_and_a_neighbour():
    real = FIELDS["at the pole"][0]
    new = fake.fake_positions(catalog(*real), 15.0, np.random.default_rng(1))
    apart, moved = separations(real, real), separations(real, new)
    detour = np.diag(moved)[:, None] + moved.T - apart  # row: source, column: neighbour
    np.fill_diagonal(detour, np.inf)
    assert np.all(detour.min(axis=1) < 1e-4)
    rank = (apart < apart[np.arange(400), detour.argmin(axis=1)][:, None]).sum(axis=1)
    assert np.mean(rank <= 8) > 0.98  # of which itself is one
    assert len(np.unique(rank)) >= 8


@pytest.mark.parametrize("name", ["across RA 0", "at the pole", "ordinary"])
def test_fake_positions_cover_the_field_evenly(name):
    """Octants of the disc hold as many as there are sources, none is preferred."""
    real = disc(
        4000, *{"across RA 0": (0, -60), "at the pole": (10, 90), "ordinary": (150, 2)}[name], 2.0
    )
    new = fake.fake_positions(catalog(*real), 20.0, np.random.default_rng(2))
    where = [fake.unit_vectors(*p) for p in (real, new)]
    pole = where[0].mean(axis=0)
    east = np.cross(pole, [0.3, -0.8, 0.5])
    north = np.cross(pole, east)
    octant = [(np.arctan2(w @ north, w @ east) * 4 / np.pi + 4).astype(int) % 8 for w in where]
    counts = [np.bincount(o, minlength=8) for o in octant]
    assert np.all(np.abs(counts[0] - counts[1]) < 4 * np.sqrt(2 * 500))


def test_local_density_is_kept():
    rng = np.random.default_rng(5)
    ra = 100 + 2 * np.sqrt(rng.random(5000))  # density rises linearly
    real = ra, rng.uniform(0, 2, 5000)
    new, _ = fake.fake_positions(catalog(*real), 15.0, np.random.default_rng(6))
    edges = np.linspace(100.0, 102.0, 11)
    before, after = np.histogram(ra, edges)[0], np.histogram(new, edges)[0]
    assert np.all(np.abs(after - before) < 4 * np.sqrt(before) + 3)
    assert after[-1] > 5 * after[0]


def test_the_seed_decides():
    real, radius = FIELDS["ordinary"]
    first, again, other = (
        np.array(fake.fake_positions(catalog(*real), radius, np.random.default_rng(seed)))
        for seed in (4, 4, 5)
    )
    assert first.tobytes() == again.tobytes()
    assert np.all(np.any(first != other, axis=0))


@pytest.mark.parametrize(
    "real, radius, words",
    [
        (([10.0], [1.0]), 5.0, "'X' has one source"),
        (disc(400, 10, 1, 0.5), 600.0, "400 of 400 sources found no place farther than 600 arcsec"),
        (
            disc(400, 10, 1, 0.5),
            160.0,
            "of 400 sources found no place .* too crowded .* smaller one",
        ),
        (([10.0, 10.01], [1.0, 1.0]), 20.0, "2 of 2 sources"),
        (([10.0, 10.0], [1.0, 1.0]), 1.0, "2 of 2 sources"),
        (([10.0, 190.0], [1.0, -1.0]), 1.0, "2 of 2 sources"),  # opposite: no way between them
    ],
)
def test_no_place(real, radius, words):
    with pytest.raises(ValueError, match=words):
        fake.fake_positions(catalog(*real), radius, np.random.default_rng(0))


@pytest.mark.parametrize("real", [disc(50, 0, 20, 0.5), disc(50, 10, 89.9, 0.5), whole_sky(50)])
def test_shifted_positions(real):
    new = fake.shifted_positions(catalog(*real), 30.0, -40.0)
    assert np.all((new[0] >= 0) & (new[0] < 360))
    np.testing.assert_allclose(np.diag(separations(real, new)), 50.0, rtol=1e-8)
    ra, dec = np.radians(real)  # the direction, at the source
    d = np.radians(new[0]) - ra
    y = np.sin(d) * np.cos(np.radians(new[1]))
    x = np.cos(dec) * np.sin(np.radians(new[1])) - np.sin(dec) * np.cos(
        np.radians(new[1])
    ) * np.cos(d)
    np.testing.assert_allclose(
        np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(30, -40)), atol=1e-4
    )


@pytest.mark.parametrize("n", [1, 2, 6, 7, 10, 40])
def test_shifts_are_small_and_share_no_object(n):
    offsets = fake.shifts(n, 10.0, np.random.default_rng(n))
    assert offsets.shape == (n, 2)
    points = np.vstack([[0, 0], offsets])
    apart = np.linalg.norm(points[:, None] - points, axis=2)
    assert apart[~np.eye(n + 1, dtype=bool)].min() > 20.0
    assert np.linalg.norm(offsets, axis=1).max() < 20.2 * (1 + 0.6 * np.sqrt(n))


def test_near_sources():
    real = disc(300, 0, 70, 0.4)
    new = disc(300, 0, 70, 0.4, seed=9)
    expected = separations(real, new).min(axis=0) < 40
    np.testing.assert_array_equal(fake.near_sources(catalog(*real), *new, 40.0), expected)
    assert 20 < expected.sum() < 280


# -- calibrate ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sky():
    return skies.simulate(11, 600, 0.6)


def calibrated(sky, **options):
    return bm.calibrate(*sky.catalogs(), radius=15.0, **{"n_realizations": 3, **options})


@pytest.mark.parametrize("score", ["p_any", "p_match", "p_hostless"])
def test_the_false_fraction_by_hand(sky, score):
    """Match fake positions with what was fitted to the real ones, weigh, count."""
    primary, other = sky.catalogs()
    found = calibrated(sky, score=score, seed=7, **BY_HAND)
    real = bm.match(primary, other, radius=15.0, **BY_HAND)
    weight = np.asarray(real.sources["p_hostless"])
    ln_odds = _ln_prior_odds(real, primary)
    by_hand = []
    for k in range(3):
        ra, dec = fake.fake_positions(primary, 15.0, np.random.default_rng([7, k]))
        moved = bm.Catalog(
            {**sky.primary, "RA": ra, "DEC": dec}, name="X", pos_err="SIGMA", area=sky.area
        )
        sources = bm.match(
            moved, other, radius=15.0, host_fraction=0.5, host_covariates=None, **BY_HAND
        ).sources
        p_host = 1 / (1 + np.exp(-(sources["log10_odds_host"] * np.log(10) + ln_odds)))
        value = {
            "p_any": sources["p_any"],
            "p_hostless": 1 - p_host,
            "p_match": p_host * sources["p_i"],
        }[score]
        selected = [
            value <= c if score == "p_hostless" else value >= c for c in found.table["cutoff"]
        ]
        by_hand.append([weight[s].sum() / weight.sum() for s in selected])
    np.testing.assert_allclose(found.by_realization, by_hand, atol=1e-9)
    np.testing.assert_allclose(found.table["false_fraction"], np.mean(by_hand, axis=0), atol=1e-9)
    values = np.asarray(real.sources[score])
    np.testing.assert_allclose(
        found.table["selected_fraction"],
        [
            np.mean(values <= c if score == "p_hostless" else values >= c)
            for c in found.table["cutoff"]
        ],
    )


@pytest.mark.few(1)
@pytest.mark.parametrize("score", ["p_match", "p_any", "p_hostless"])
def test_where_no_catalogue_has_looked_nothing_is_counted(sky, score):
    """Sources and fake positions outside a MOC: false fractions were NaN, others too low."""
    primary, other = sky.catalogs()
    center = [float(np.median(sky.primary[c])) for c in ("RA", "DEC")]
    other, moc = looked_at_in_part(other, center, 0.5 * np.sqrt(sky.area / np.pi))
    with pytest.warns(UserWarning, match="outside its area, a MOC"):
        real = bm.match(primary, other, radius=15.0)
        found = bm.calibrate(primary, other, radius=15.0, n_realizations=2, score=score, seed=4)
    inside = np.asarray(real.sources["in_OPT"])
    assert 20 < inside.sum() < 580 and found.meta["n_sources"] == inside.sum()
    assert found.meta["n_hostless"] == pytest.approx(real.sources["p_hostless"][inside].sum())
    values = np.ma.filled(np.ma.asarray(real.sources[score]), np.nan)[inside]
    below = score == "p_hostless"
    np.testing.assert_allclose(
        found.table["selected_fraction"],
        [np.mean(values <= c if below else values >= c) for c in found.table["cutoff"]],
    )
    for k, counted in enumerate(found.meta["n_fake"]):
        ra, dec, usable = fake.realizations(primary, 15.0, "fake", 2, 4)[k]
        there = moc.contains_lonlat(ra * units.deg, dec * units.deg)
        assert counted == (usable & inside & there).sum()
    false = np.asarray(found.table["false_fraction"])
    assert (false.max(), false.min()) == (1.0, pytest.approx(0.0, abs=0.05))
    moved = {**sky.primary, "DEC": sky.primary["DEC"] - 5.0}
    elsewhere = bm.Catalog(moved, name="X", pos_err="SIGMA", area=sky.area)
    with (
        warnings.catch_warnings(),
        pytest.raises(ValueError, match="none of the sources of 'X' lies within the area"),
    ):
        warnings.simplefilter("ignore", UserWarning)
        bm.calibrate(elsewhere, other, radius=15.0, n_realizations=2)


def _ln_prior_odds(result, primary):
    """Of having a counterpart, from the record of the fit."""
    fit = result.meta["host_fraction_fit"]
    (name,) = fit["center"]
    ln_sigma = np.log(np.asarray(primary.table["SIGMA"]))
    z = np.clip((ln_sigma - fit["center"][name]) / fit["scale"][name], -4, 4)
    return np.column_stack([np.ones(len(z)), z, z * z]) @ fit["coefficients"]["X+OPT"]


@pytest.mark.few(2)
@pytest.mark.parametrize(
    "kind, method, score",
    [
        (0.6, "fake", "p_any"),
        (0.6, "shift", "p_match"),
        (skies.logistic, "fake", "p_any"),
        (skies.step, "fake", "p_hostless"),
    ],
)
def test_the_truth_is_inside(kind, method, score):
    inside, differences = [], []
    for seed in range(4):
        sky = skies.simulate(100 + seed, 1500, kind)
        found = calibrated(sky, method=method, score=score, n_realizations=4)
        value = np.asarray(bm.match(*sky.catalogs(), radius=15.0).sources[score])[~sky.host]
        cutoff = np.asarray(found.table["cutoff"])
        truth = np.mean(
            value[:, None] <= cutoff if score == "p_hostless" else value[:, None] >= cutoff, axis=0
        )
        inside.append(
            np.mean(
                (truth >= found.table["false_lo"] - 1e-12)
                & (truth <= found.table["false_hi"] + 1e-12)
            )
        )
        differences.append(truth - found.table["false_fraction"])
        assert found.meta["n_hostless"] == pytest.approx((~sky.host).sum(), rel=0.15)
    assert np.mean(inside) >= 0.95 and np.sum(np.array(inside) >= 0.9) >= 3
    assert np.abs(np.mean(differences)) < 0.02


def test_the_interval_says_how_much_is_known():
    """About one and a quarter of the binomial error of the hostless, at the least."""
    few, many = (calibrated(skies.simulate(3, n, 0.6)) for n in (200, 1600))
    width = [np.mean(c.table["false_hi"] - c.table["false_lo"]) for c in (few, many)]
    assert width[0] / width[1] == pytest.approx(np.sqrt(8), rel=0.2)
    for c in (few, many):
        f, n = np.asarray(c.table["false_fraction"]), c.meta["n_hostless"]
        assert np.all((c.table["false_lo"] <= f) & (f <= c.table["false_hi"]))
        at = (f > 0.1) & (f < 0.9)
        half = np.asarray(c.table["false_hi"] - c.table["false_lo"])[at] / 2
        assert np.all(half > 1.96 * np.sqrt(f * (1 - f) / n)[at])


def test_the_same_bytes_for_any_number_of_threads(sky):
    before = numba.get_num_threads()
    found = []
    try:
        for threads in (1, before):
            numba.set_num_threads(threads)
            for method in ("fake", "shift"):
                c = calibrated(sky, method=method, seed=3)
                found.append(
                    (c.by_realization.tobytes(), c.table.as_array().tobytes(), str(c.meta))
                )
    finally:
        numba.set_num_threads(before)
    assert found[:2] == found[2:]
    assert found[0] != found[1]
    assert calibrated(sky, seed=4).by_realization.tobytes() != found[0][0]


def test_no_threads_inside_threads():
    """Realizations share the threads; what a match does within one of them runs on its own."""
    if numba.config.NUMBA_NUM_THREADS < 2:
        pytest.skip("one core")

    def inner(first, last):
        return threading.get_ident()

    def outer(first, last):
        return {threading.get_ident(), *jit.run_ranges(inner, jit.ranges(8, 1))}, jit.n_threads()

    assert jit.n_threads() > 1
    for threads, n in jit.run_ranges(outer, jit.ranges(4, 1)):
        assert len(threads) == n == 1
    assert len(set(jit.run_ranges(inner, jit.ranges(1, 1)))) == 1 and jit.n_threads() > 1


def test_what_the_real_match_learned_is_used():
    rng = np.random.default_rng(8)
    sky = skies.simulate(5, 1000, 0.8, density=8000.0)
    primary, other = sky.catalogs()
    mag = rng.normal(22, 1, len(other))
    mag[sky.truth[sky.host, 0]] -= 3
    other = bm.Catalog({**sky.others[0], "mag": mag}, name="OPT", pos_err=0.3, area=sky.area)
    auto = {"OPT": [bm.AutoPrior("mag", radius=3.0)]}
    learned = bm.match(primary, other, radius=15.0, priors=auto).priors
    a, b, without = (
        bm.calibrate(primary, other, radius=15.0, priors=p, n_realizations=2, score="p_any")
        for p in (auto, learned, None)
    )
    assert a.by_realization.tobytes() == b.by_realization.tobytes()
    # The prior tells chance neighbours from counterparts.
    assert a.table["false_fraction"][50] < 0.5 * without.table["false_fraction"][50]


def test_three_catalogues_and_the_options_of_match():
    sky = skies.simulate_patterns(2, 400, (0.4, 0.1, 0.1, 0.4))
    options = {"prior_completeness": [0.6, 0.5], "correct_unrelated": False, "progress": False}
    found = calibrated(sky, score="p_match", **options)
    assert found.meta["catalogues"] == ["X", "OPT", "IRAC"]
    assert np.all(np.diff(found.table["false_fraction"]) <= 0)
    assert found.table["false_fraction"][50] < 0.3 < found.table["selected_fraction"][50]
    real = bm.match(*sky.catalogs(), radius=15.0, **options)
    np.testing.assert_array_equal(
        found.table["selected_fraction"],
        selected_fraction(real, "p_match", np.asarray(found.table["cutoff"]), np.ones(400)),
    )


def test_elliptical_errors_host_covariates_and_ids():
    sky = skies.simulate(6, 300, 0.6)
    table = {**sky.primary, "name": [f"s{k}" for k in range(300)], "pa": np.arange(300.0)}
    primary = bm.Catalog(
        table, name="X", id="name", area=sky.area, pos_err=bm.ErrorEllipse("SIGMA", 0.5, "pa")
    )
    found = bm.calibrate(
        primary,
        sky.catalogs()[1],
        radius=15.0,
        n_realizations=2,
        host_covariates=["FLUX"],
        host_fraction=0.6,
    )
    assert 100 < found.meta["n_hostless"] < 200 and found.cutoff(0.1) < 1


def test_nothing_is_modified(sky):
    catalogs = sky.catalogs()
    before = [c.table.copy() for c in catalogs]
    bm.calibrate(*catalogs, radius=15.0, n_realizations=1, method="shift")
    bm.calibrate(*catalogs, radius=15.0, n_realizations=1)
    for c, table in zip(catalogs, before, strict=True):
        assert c.table.colnames == table.colnames
        assert all(np.array_equal(c.table[n], table[n]) for n in table.colnames)


def test_cutoff(sky):
    found = calibrated(sky)
    table = found.table
    for target in (0.0, 0.03, 0.05, 0.5, 1.0):
        cutoff = found.cutoff(target)
        row = int(np.flatnonzero(table["cutoff"] == cutoff)[0])
        assert table["false_fraction"][row] <= target
        assert row == 0 or table["false_fraction"][row - 1] > target
    assert found.cutoff() == found.cutoff(0.05)
    by_hostless = calibrated(sky, score="p_hostless")
    row = int(np.flatnonzero(by_hostless.table["cutoff"] == by_hostless.cutoff(0.05))[0])
    assert by_hostless.table["false_fraction"][row] <= 0.05
    assert by_hostless.table["false_fraction"][row + 1] > 0.05
    with pytest.raises(
        ValueError, match="no cutoff has a false fraction of 0.05 or less; the least is .* at 0.1"
    ):
        calibrated(sky, cutoffs=[0.1, 0.0]).cutoff()
    with pytest.raises(ValueError, match="false_fraction is 5; it must be from 0 to 1"):
        found.cutoff(5)


def test_the_table_and_the_text(sky):
    found = calibrated(sky)
    assert found.table.colnames == [
        "cutoff",
        "selected_fraction",
        "false_fraction",
        "false_lo",
        "false_hi",
    ]
    assert found.table["cutoff"][0] == 0 and found.table["cutoff"][-1] == 1
    assert found.table["selected_fraction"][0] == found.table["false_fraction"][0] == 1
    assert found.by_realization.shape == (3, len(found.table))
    assert "600 X sources, 3 times" in str(found) and "p_match >=" in str(found)
    own = calibrated(sky, cutoffs=[0.5, 0.2])
    assert list(own.table["cutoff"]) == [0.2, 0.5]
    lines = [line.split()[0] for line in str(own).splitlines()[2:]]
    assert lines == ["0.2", "0.5"]  # whatever their false fractions are


def told_of_surroundings(primary, other):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        bm.calibrate(primary, other, radius=15.0, n_realizations=2)
    return [str(w.message) for w in told if "around the fake positions" in str(w.message)]


@pytest.mark.few(1)
@pytest.mark.parametrize("seed", [21, 22])
def test_cones_around_the_sources_are_told(seed):
    """Nobody has looked where the fake positions are: what they find is less than chance."""
    sky = skies.simulate(seed, 600, 0.6)
    primary, other = sky.catalogs()

    def only(some):
        rows = {"RA": other.ra[some], "DEC": other.dec[some]}
        return bm.Catalog(rows, name="O", pos_err=0.3, area=sky.area)

    near = separations((other.ra, other.dec), (primary.ra, primary.dec)).min(axis=1)
    assert told_of_surroundings(primary, other) == []
    (told,) = told_of_surroundings(primary, only(near < 25.0))
    factor = float(re.search(r"there are ([\d.]+) times", told)[1])
    assert 0.1 < factor < 0.5 and "the false fractions are too low" in told
    hole = np.hypot(other.ra - other.ra.mean(), other.dec - other.dec.mean()) > 0.1
    assert told_of_surroundings(primary, only(hole)) == []


@pytest.mark.few(1)
@pytest.mark.parametrize("score", ["p_any", "p_hostless"])
def test_plot(sky, score, tmp_path):
    figure = calibrated(sky, score=score).plot()
    left, right = figure.axes
    assert score in left.get_xlabel() and "selected" in right.get_ylabel()
    assert len(left.get_legend().get_texts()) == 4
    plots.save(figure, tmp_path / "c.png")
    assert (tmp_path / "c.png").stat().st_size > 20_000


def test_no_source_has_a_candidate():
    primary = catalog(*disc(40, 10, 1, 0.5))
    with pytest.warns(UserWarning, match="no primary has a candidate"):
        found = bm.calibrate(primary, catalog([200.0], [0.0], "O"), radius=5.0)
    assert np.all(found.table["false_fraction"][1:] == 0)


@pytest.mark.parametrize(
    "options, error, words",
    [
        ({"method": "random"}, ValueError, "method is 'random'; give 'fake' or 'shift'"),
        ({"score": "p_i"}, ValueError, "score is 'p_i'; give one of p_any, p_match, p_hostless"),
        (
            {"n_realizations": 0},
            ValueError,
            "n_realizations is 0; give a whole number, 1 to 100,000",
        ),
        ({"n_realizations": 2.5}, ValueError, "n_realizations is 2.5"),
        ({"seed": -1}, ValueError, "seed is -1"),
        ({"cutoffs": [0.5, 2]}, ValueError, "cutoffs .* 0 to 1"),
        ({"cutoffs": []}, ValueError, "cutoffs"),
        ({"cutoffs": "many"}, TypeError, "cutoffs .* give numbers"),
        ({"nonsense": 1}, TypeError, "nonsense"),
        ({"radius": -5}, ValueError, "radius is -5"),
        ({"radius": 400.0}, ValueError, "'X': .* too crowded"),
    ],
)
def test_wrong_arguments(sky, options, error, words):
    with pytest.raises(error, match=words):
        bm.calibrate(*sky.catalogs(), **{"radius": 15.0, **options})


def test_shifts_find_no_place():
    primary = catalog(*whole_sky(100))
    with pytest.raises(
        ValueError,
        match="'X': every source comes within 80000 arcsec of a source when all are shifted",
    ):
        bm.calibrate(primary, catalog(*whole_sky(100), "O"), radius=80_000.0, method="shift")


def test_one_source(sky):
    with pytest.raises(ValueError, match="one source"):
        bm.calibrate(catalog([149.1], [10.1]), sky.catalogs()[1], radius=15.0)


# -- the command line -----------------------------------------------------------------------------


@pytest.fixture
def cosmos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = resources.files("bayesmatch.data")
    for name in ("xmm", "zcosmos"):
        (tmp_path / f"{name}.fits.gz").write_bytes((data / f"cosmos_{name}.fits.gz").read_bytes())
    return tmp_path


PAIR = "xmm.fits.gz :pos_err zcosmos.fits.gz 0.1 --radius 20"


@pytest.mark.slow
def test_calibrate_on_cosmos(cosmos, capsys):
    argv = f"calibrate {PAIR} --realizations 3 --seed 2 --score p_hostless"
    assert main([*argv.split(), "--out", "c.png", "--out", "c.csv", "--out", "c.ecsv"]) == 0
    out, err = capsys.readouterr()
    assert err == "" and "1797 XMM sources, 3 times" in out
    assert out.endswith("wrote c.png\nwrote c.csv\nwrote c.ecsv\n")
    xmm = bm.Catalog.read("xmm.fits.gz", pos_err="pos_err")
    optical = bm.Catalog.read("zcosmos.fits.gz", pos_err=0.1)
    expected = bm.calibrate(
        xmm, optical, radius=20.0, n_realizations=3, seed=2, score="p_hostless"
    ).table
    for table in (Table.read("c.csv"), Table.read("c.ecsv")):
        assert table.colnames == expected.colnames
        for name in table.colnames:
            np.testing.assert_allclose(table[name], expected[name], rtol=1e-14)
    # Most of these sources are known to have no counterpart in this catalogue.
    assert expected["false_fraction"][50] < 0.1 < 0.25 < expected["selected_fraction"][50]


def test_calibrate_with_the_options_of_match(cosmos, capsys):
    argv = f"calibrate {PAIR} --mag ZCOSMOS:mag_I auto --mag-radius 4 --realizations 2 --method"
    assert main([*argv.split(), "shift", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert sorted(p.name for p in cosmos.iterdir()) == ["xmm.fits.gz", "zcosmos.fits.gz"]


@pytest.mark.slow
def test_calibrate_with_fitted_errors(cosmos):
    argv = f"calibrate {PAIR} --fit-errors --realizations 1 --quiet --out c.ecsv"
    assert main(argv.split()) == 0
    xmm = bm.Catalog.read("xmm.fits.gz", pos_err="pos_err")
    optical = bm.Catalog.read("zcosmos.fits.gz", pos_err=0.1)
    expected = bm.calibrate(xmm, optical, radius=20.0, n_realizations=1, errors="fit").table
    found = Table.read("c.ecsv")
    for name in found.colnames:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-14)


@pytest.mark.slow
def test_figures_in_every_format(cosmos):
    argv = f"calibrate {PAIR} --realizations 1 --quiet"
    names = ("c.svg", "c.pdf", "d.svg", "d.pdf")
    assert main([*argv.split(), *(part for name in names for part in ("--out", name))]) == 0
    c_svg, c_pdf, d_svg, d_pdf = ((cosmos / name).read_bytes() for name in names)
    assert c_svg == d_svg and c_pdf == d_pdf
    assert c_svg.startswith(b"<?xml") and c_pdf.startswith(b"%PDF")


@pytest.mark.parametrize(
    "argv, words",
    [
        (f"calibrate {PAIR} --out c.fits", "--out c.fits: the name must end in"),
        (f"calibrate {PAIR} --out xmm.fits.gz/c.png", "xmm.fits.gz is not a directory"),
        (f"calibrate {PAIR} --realizations 0", "n_realizations is 0"),
        (f"calibrate {PAIR}0 --false-fraction 3", "false_fraction is 3"),  # before "too crowded"
        (f"calibrate {PAIR}0", "too crowded"),
        (
            "calibrate xmm.fits.gz :pos_err --radius 20",
            "1 catalogue arguments|2 catalogue arguments",
        ),
        ("fake xmm.fits.gz --radius 200 --out f.fits", "too crowded"),
        ("fake xmm.fits.gz --radius 0 --out f.fits", "--radius is 0 arcsec"),
        ("fake xmm.fits.gz --radius 20 --seed -1 --out f.fits", "--seed is -1"),
        ("fake xmm.fits.gz --radius 20 --out xmm.fits.gz", "would overwrite the input"),
        ("fake nowhere.fits --radius 20 --out f.fits", "no such file"),
        ("fake xmm.fits.gz --radius 20 --out f.fits --ra alpha", "no column 'alpha'"),
        ("shift xmm.fits.gz --radius 20 --out f.fits", "the offset is 0 arcsec"),
        (
            "shift xmm.fits.gz --radius 20 --shift-ra 12 --shift-dec 12 --out f.fits",
            "larger than the",
        ),
    ],
)
def test_wrong_use(cosmos, capsys, argv, words):
    assert main(argv.split()) == 1
    out, err = capsys.readouterr()
    assert out == "" and re.search(words, err) and err.count("\n") == 1
    assert sorted(p.name for p in cosmos.iterdir()) == ["xmm.fits.gz", "zcosmos.fits.gz"]


def test_a_false_fraction_that_no_cutoff_has(cosmos, capsys):
    """What was measured is told all the same."""
    argv = f"calibrate {PAIR} --realizations 1 --cutoff 0.01 --false-fraction 0 --out c.csv"
    assert main(argv.split()) == 0
    out, err = capsys.readouterr()
    assert err == "" and re.search(r"\n +0\.01 ", out) and out.endswith("wrote c.csv\n")
    assert "no cutoff has a false fraction of 0 or less; the least is" in out
    assert "give larger cutoffs= (--cutoff on the command line)" in out


def rich_table():
    rng = np.random.default_rng(2)
    n = 60
    table = Table(
        {
            "DETUID": [f"em{k:02d}" for k in range(n)],
            "IAUNAME": [f"J{k}" for k in range(n)],
            "RA": 150 + rng.random(n),
            "DEC": 2 + rng.random(n),
            "sigma": rng.random(n) + 1,
            "counts": MaskedColumn(np.arange(n), mask=np.arange(n) % 7 == 0),
            "band_flux": rng.random((n, 3)),
            "flag": np.arange(n) % 2 == 0,
        },
        meta={"EXTNAME": "SRC", "SKYAREA": 1.5},
    )
    table["RA"].unit = table["DEC"].unit = "deg"
    table["sigma"].unit = "arcsec"
    return table


@pytest.mark.parametrize("ending", ["fits", "fits.gz", "vot", "ecsv", "parquet", "csv"])
@pytest.mark.parametrize("command", ["fake", "shift"])
def test_everything_but_positions_stays(tmp_path, monkeypatch, capsys, ending, command):
    monkeypatch.chdir(tmp_path)
    table = rich_table()
    if ending in ("csv", "parquet"):
        table.remove_column("band_flux")
    table.write("in.fits")
    argv = [command, "in.fits", "--radius", "30", "--out", f"out.{ending}"]
    argv += ["--seed", "5"] if command == "fake" else ["--shift-ra", "70", "--shift-dec", "-20"]
    before = (tmp_path / "in.fits").read_bytes()
    assert main(argv) == 0
    first = (tmp_path / f"out.{ending}").read_bytes()
    out, err = capsys.readouterr()
    assert err == "" and f"wrote out.{ending}" in out
    assert (tmp_path / "in.fits").read_bytes() == before
    old, new = read_table("in.fits"), read_table(f"out.{ending}")
    assert new.colnames == old.colnames
    kept = np.isin(old["DETUID"], new["DETUID"])
    assert kept.all() if command == "fake" else 20 < kept.sum() < 60
    for name in set(old.colnames) - {"RA", "DEC"}:
        a, b = old[name][kept], new[name]
        np.testing.assert_array_equal(
            np.ma.getmaskarray(np.ma.asarray(a)), np.ma.getmaskarray(np.ma.asarray(b))
        )
        assert np.all(np.ma.asarray(a) == np.ma.asarray(b)) or ending == "csv"
    if ending.startswith("fits"):
        assert new.meta["SKYAREA"] == 1.5 and new.meta["EXTNAME"] == "SRC"
        assert new["RA"].unit == "deg" and new["sigma"].unit == "arcsec"
    moved = separations((old["RA"], old["DEC"]), (new["RA"], new["DEC"]))
    assert moved.min() >= 30
    if command == "shift":
        np.testing.assert_allclose(
            moved[np.flatnonzero(kept), np.arange(len(new))], np.hypot(70, 20), rtol=1e-6
        )
    assert main(argv) == 0
    assert (tmp_path / f"out.{ending}").read_bytes() == first


def test_a_fake_catalogue_can_be_matched(cosmos, capsys):
    """No fake source has a counterpart, and the host fraction says so."""
    assert main("fake xmm.fits.gz --radius 20 --out fake.fits".split()) == 0
    assert main("match fake.fits :pos_err zcosmos.fits.gz 0.1 --radius 20 --out m.csv".split()) == 0
    assert bm.MatchResult.read("m.csv").meta["host_fraction"] < 0.03


def test_a_shift_onto_other_sources(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Table({"RA": [10.0, 10.01, 10.02], "DEC": np.zeros(3)}).write("in.csv")
    argv = "shift in.csv --radius 10 --out out.csv --shift-ra".split()
    assert main([*argv, "36"]) == 0  # the last one alone comes where nothing was
    assert capsys.readouterr().out == "1 source moved, 2 left out\nwrote out.csv\n"
    assert Table.read("out.csv")["RA"] == pytest.approx([10.03])
    Table({"RA": np.arange(0, 360, 0.5), "DEC": np.zeros(720)}).write("in.csv", overwrite=True)
    assert main([*argv, "1800"]) == 1
    assert "every source comes within 10 arcsec" in capsys.readouterr().err


def test_a_short_shift_is_warned_about(cosmos, capsys):
    argv = "shift xmm.fits.gz --radius 20 --shift-dec 30 --out s.fits --quiet"
    assert main(argv.split()) == 0
    out, err = capsys.readouterr()
    assert out == "" and "warning: the offset, 30 arcsec, is not larger than twice" in err


def test_ucds_survive(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    from astropy.io import fits

    table = rich_table()
    table.rename_columns(["RA", "DEC"], ["alpha", "delta"])
    hdu = fits.table_to_hdu(table)
    for name, ucd in (("alpha", "pos.eq.ra;meta.main"), ("delta", "pos.eq.dec;meta.main")):
        hdu.header[f"TUCD{table.colnames.index(name) + 1}"] = ucd
    hdu.writeto("in.fits")
    assert main("fake in.fits --radius 20 --out out.fits --quiet".split()) == 0
    assert bm.Catalog.read("out.fits", pos_err="sigma", id="DETUID").ra_name == "alpha"
