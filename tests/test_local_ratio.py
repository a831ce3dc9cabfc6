"""Ratios of priors over their mean on the field around every primary."""

import numba
import numpy as np
import pytest
from astropy.table import Table
from test_local_field import DEC, SIDE, p_hostless
from test_scan import OPTIONS, check_same, in_memory, sources, survey, write_parts

import bayesmatch as bm
from bayesmatch.catalogs.sky_box import SkyBox
from bayesmatch.matching import local_ratio, ratio_ladder
from bayesmatch.testing import check_invariants

GALAXIES, STARS, SIGMA = 15_000.0, 4_000.0, 1.5
NWAY = ("p_any", "p_i", "p_single", "dist_post", "dist_bayesfactor", "match_flag", "bias_OPT_mag")


def two_kinds(seed, times=18.0, n=1500, hosts=0.7):
    """Galaxies everywhere (mag 1 to 2, hosts are brighter), stars (0 to 1), `times` in the north.

    Returned are both catalogues, which row is the host (-1: none), and the true mean ratio.
    """
    rng = np.random.default_rng(seed)

    def place(a, b):
        dec = DEC + SIDE * (b - 0.5)
        return 40.0 + SIDE * (a - 0.5) / np.cos(np.radians(dec)), dec

    n_gal, n_star = int(GALAXIES * SIDE**2), int(STARS * SIDE**2 / 2)
    south = place(rng.random(n_star), 0.5 * rng.random(n_star))
    m = int(times * n_star)
    north = place(rng.random(m), 0.5 + 0.5 * rng.random(m))
    field = place(rng.random(n_gal), rng.random(n_gal))
    x, y = rng.random(n), rng.random(n)
    has = rng.random(n) < hosts
    shift = rng.normal(size=(2, n)) * SIGMA / 3600 / SIDE
    host = place((x + shift[0])[has], (y + shift[1])[has])
    ra, dec = (np.concatenate(parts) for parts in zip(south, north, field, host, strict=True))
    mag = np.concatenate(
        [
            rng.random(n_star + m),
            2.0 - np.sqrt(rng.random(n_gal)),
            1.0 + rng.random(has.sum()) ** 2,
        ]
    )
    at = np.full(n, -1)
    at[has] = len(ra) - has.sum() + np.arange(has.sum())
    xs = place(x, y)
    table = Table({"RA": xs[0], "DEC": xs[1], "flux": 1.0 + rng.random(n)})
    primary = bm.Catalog(table, name="X", pos_err=SIGMA, area=SIDE**2)
    other = bm.Catalog({"RA": ra, "DEC": dec, "mag": mag}, name="OPT", pos_err=0.1, area=SIDE**2)
    prior = bm.HistogramPrior.fit("mag", mag[at[has]], mag[: len(ra) - has.sum()])
    ratio = 10.0 ** prior.log10_ratio(other)[: len(ra) - has.sum()]
    is_north = dec[: len(ra) - has.sum()] > DEC
    true = np.where(xs[1] > DEC, ratio[is_north].mean(), ratio[~is_north].mean())
    return primary, other, prior, at, true


def mean_ratio(result):
    return np.asarray(result.sources["mean_ratio_OPT"])


def test_it_is_the_mean_over_the_field_there():
    primary, other, prior, host, true = two_kinds(1)
    assert true.max() > 2.5 * true.min()
    result = bm.match(primary, other, radius=15, priors={"OPT": [prior]})
    found, dec = mean_ratio(result), np.asarray(primary.table["DEC"])
    well_inside = np.abs(dec - DEC) > 0.1
    wrong = np.log(found / true)[well_inside]
    assert abs(wrong.mean()) < 0.05 and wrong.std() < 0.1
    check_invariants(result)
    # Density times mean ratio is that of what looks like counterparts: the same everywhere.
    both = np.log(found * np.asarray(result.sources["density_OPT"]))[well_inside]
    assert (
        abs(np.diff([both[dec[well_inside] > DEC].mean(), both[dec[well_inside] < DEC].mean()]))
        < 0.1
    )
    told = result.meta["field"]["scales"]["OPT"]["mean_ratio"]
    assert told["smallest"] == found.min() and told["largest"] == found.max()
    assert told["mean"] == pytest.approx(found.mean(), rel=1e-12)
    density = np.asarray(result.sources["density_OPT"])
    over_objects = np.average(found, weights=density)
    assert told["mean_over_objects"] == pytest.approx(over_objects, rel=1e-12)
    # The prior is of the whole field: its mean over the objects is 1, that over the sky is not.
    assert abs(over_objects - 1.0) < 0.05 < 0.3 < found.mean() - 1.0
    checked = {str(row["check"]): str(row["advice"]) for row in result.checks()}
    assert "gives field objects" not in checked["prior_OPT_mag"]
    assert result.meta["field"]["scales"]["OPT"]["local"]
    p = 1.0 - p_hostless(result)
    for half in (dec > DEC, dec < DEC):
        error = (p[half].mean() - (host[half] >= 0).mean()) / np.sqrt((p * (1 - p))[half].sum())
        assert abs(error * half.sum()) < 4


def test_nway_columns_and_ratios_stay():
    primary, other, prior, *_ = two_kinds(2, n=300)
    local, uniform = (
        bm.match(primary, other, radius=15, priors={"OPT": [prior]}, field=field)
        for field in ("local", "uniform")
    )
    for name in NWAY:
        assert local.associations[name].tobytes() == uniform.associations[name].tobytes()
    assert "mean_ratio_OPT" not in uniform.sources.colnames
    assert np.abs(p_hostless(local) - p_hostless(uniform)).max() > 0.01


@pytest.mark.parametrize("rows", [0, 60_000])
def test_uniform_sky(rows, monkeypatch):
    """From candidates alone, and from a sample: 1 within the error, at every primary."""
    monkeypatch.setattr(local_ratio, "RATIO_ROWS", rows)
    primary, other, prior, *_ = two_kinds(3, times=1.0)
    result = bm.match(primary, other, radius=15, priors={"OPT": [prior]})
    told = result.meta["field"]["scales"]["OPT"]["mean_ratio"]
    ratio = 10.0 ** prior.log10_ratio(other)
    error = ratio.std() / np.sqrt(told["field_objects"])
    assert np.abs(mean_ratio(result) - 1.0).max() < 4 * error < 0.2
    assert np.ptp(mean_ratio(result)) < 1e-3 and told["thinned"] == 0.0


def test_explanation_adds_up(tmp_path):
    primary, other, prior, *_ = two_kinds(4, n=400)
    result = bm.match(primary, other, radius=15, priors={"OPT": [prior]})
    path = tmp_path / "result.fits"
    result.write(path, include_inputs=True)
    found = mean_ratio(result)
    for again in (result, bm.MatchResult.read(path)):
        for row in (3, 200):
            table = again.explain(row).table
            terms = table.meta["terms"]
            assert "mean_ratio" in terms
            parts = np.array([np.asarray(table[name]) for name in terms])
            np.testing.assert_allclose(parts.sum(axis=0), table["total"], atol=1e-9)
            takes_part = np.asarray(table["OPT"]) >= 0
            np.testing.assert_allclose(
                table["mean_ratio"], np.where(takes_part, -np.log10(found[row]), 0.0), atol=1e-12
            )
            p = np.asarray(table["p_match"])
            known = p > 1e-12
            odds = np.log10(p[known]) - np.log10(p[0])
            np.testing.assert_allclose(odds, table["total"][known], atol=1e-6)
            assert str(again.explain(row)) == str(result.explain(row))


def test_any_number_of_threads():
    primary, other, prior, *_ = two_kinds(5, n=300)
    before, bytes_of = numba.get_num_threads(), []
    for n in (1, before):
        numba.set_num_threads(n)
        result = bm.match(primary, other, radius=15, priors={"OPT": [prior]})
        bytes_of.append([np.asarray(c).tobytes() for c in result.sources.columns.values()])
    numba.set_num_threads(before)
    assert bytes_of[0] == bytes_of[1]


@pytest.mark.few(1)
@pytest.mark.parametrize("rows", [0, 2000, 60_000])
def test_scanned_is_as_in_memory(tmp_path, rows, monkeypatch):
    monkeypatch.setattr(local_ratio, "RATIO_ROWS", rows)
    table = survey(9000)
    prior = bm.HistogramPrior("mag", [10, 19, 21], [19, 21, 30], [0.5, 0.3, 0.2], [0.2, 0.3, 0.5])
    whole = in_memory(table, tmp_path, pos_err="err", **OPTIONS)
    scanned = bm.Catalog.scan(write_parts(table, tmp_path / "p"), pos_err="err", **OPTIONS)
    result = check_same(sources(), whole, scanned, tmp_path, radius=60, priors={"O": [prior]})
    assert "mean_ratio_O" in result.sources.colnames


class OfFlux:
    """A ratio that depends on the primary: twice the histogram's for the bright, else half."""

    name = "of_flux"

    def __init__(self, histogram, field_columns=("mag",)):
        self.histogram = histogram
        self.columns = ["mag"]
        if field_columns:
            self.field_columns = list(field_columns)

    def log10_ratio_pairs(self, primary, secondary, i, j):
        bright = primary.numbers("flux")[i] > 1.5
        return self.histogram.log10_ratio(secondary)[j] + np.where(bright, 1.0, -1.0) * np.log10(2)


def test_order_of_the_sources_changes_nothing():
    """An object near several sources, for which its ratio differs, is taken for the same one."""
    primary, other, prior, *_ = two_kinds(6, n=400)
    order = np.random.default_rng(0).permutation(len(primary))
    mixed = bm.Catalog(primary.table[order], name="X", pos_err=SIGMA, area=SIDE**2)
    one, two = (
        bm.match(x, other, radius=60, priors={"OPT": [OfFlux(prior)]}) for x in (primary, mixed)
    )
    np.testing.assert_allclose(mean_ratio(two), mean_ratio(one)[order], rtol=1e-12)
    np.testing.assert_allclose(p_hostless(two), p_hostless(one)[order], atol=1e-11)


def test_last_digits_of_corrected_positions_change_nothing():
    """Every object of the sample is judged for one source, which goes by the places as given."""
    primary, other, prior, *_ = two_kinds(6, n=200)
    one, two = (
        mean_ratio(bm.match(x, other, radius=15, priors={"OPT": [OfFlux(prior)]}))
        for x in (primary.corrected(primary.ra, primary.dec + d, 1.0, 0.0) for d in (0.0, 1e-13))
    )
    np.testing.assert_allclose(two, one, rtol=1e-9)


def test_priors_of_pairs_and_several_priors():
    """The mean is that of the product; of pairs, over the primaries too (1.25 here)."""
    primary, other, prior, _, true = two_kinds(6)
    halved = bm.HistogramPrior("mag", [0.0, 1.0], [1.0, 2.1], [0.2, 0.8], [0.4, 0.8], name="halved")
    for listed, factor in (([OfFlux(prior)], 1.25), ([prior, halved], None)):
        result = bm.match(primary, other, radius=15, priors={"OPT": listed})
        inside = np.abs(np.asarray(primary.table["DEC"]) - DEC) > 0.1
        want = true * factor if factor else true
        if factor is None:  # the ratio of stars is halved
            ratio = 10.0 ** (prior.log10_ratio(other) + halved.log10_ratio(other))
            north = other.dec > DEC
            near = np.isin(np.arange(len(other)), np.arange(len(other) - 1200, len(other)))
            each = [ratio[~near & half].mean() for half in (north, ~north)]
            want = np.where(np.asarray(primary.table["DEC"]) > DEC, *each)
        wrong = np.log(mean_ratio(result) / want)[inside]
        assert abs(wrong.mean()) < 0.07 and wrong.std() < 0.12
        check_invariants(result)


def test_what_cannot_be_evaluated_on_the_field_keeps_one_density():
    primary, other, prior, *_ = two_kinds(7, n=300)
    result = bm.match(primary, other, radius=15, priors={"OPT": [OfFlux(prior, ())]})
    assert not result.meta["field"]["scales"]["OPT"]["local"]
    assert "mean_ratio_OPT" not in result.sources.colnames
    assert np.ptp(np.asarray(result.sources["density_OPT"])) == 0


def test_fake_positions_take_the_means_of_the_match():
    primary, other, prior, *_ = two_kinds(8, n=300)
    found = bm.calibrate(
        primary, other, radius=15, priors={"OPT": [prior]}, n_realizations=2, seed=1
    )
    assert np.all(np.diff(np.asarray(found.table["false_fraction"])) <= 0)


@pytest.mark.few(1)
@pytest.mark.parametrize("kappa", [1.0, 30.0])
def test_the_ladder_on_numbers(kappa):
    """No scatter, no change; a known scatter of the means is found."""
    rng = np.random.default_rng(3)
    expected = np.full(4000, 20.0)
    assert ratio_ladder.scatter_shape(rng.poisson(expected) * 1.0, expected, 1.0) == 1e7
    rate = rng.gamma(5.0, 1 / 5.0, 4000)
    found = ratio_ladder.scatter_shape(rng.poisson(expected * rate) * 1.0, expected, 1.0)
    assert found == pytest.approx(5.0, rel=0.15)
    # Numbers that are sums of a few large ratios: no scatter is seen in those either.
    ratios = 30.0 ** rng.random(50)
    kappa_of, n = (ratios @ ratios) / ratios.sum(), rng.poisson(4.0, (200, 4000, 1))
    seen = 0
    for counts in n:
        each = rng.poisson(counts / 50.0 * np.ones(50)) @ ratios / kappa_of
        exact = counts[:, 0] / 50.0 * ratios.sum() / kappa_of
        peaked = (ratios**4).sum() / kappa_of**2 / (ratios**2).sum()
        seen += ratio_ladder.scatter_shape(each, exact, 1.0, peaked) < 1e7
    assert seen <= 1
    ra, dec = rng.uniform(10, 11, 3000), rng.uniform(0, 1, 3000)
    box = SkyBox(ra[:500], dec[:500])
    flat = ratio_ladder.local_means(box, ra, dec, np.full(3000, 1.0), np.ones(500))
    np.testing.assert_allclose(flat.mean, 1.0, rtol=1e-12)
    few = np.where(rng.random(3000) < 1 / kappa, kappa, 0.0)  # excluded ones count as 0
    found = ratio_ladder.local_means(box, ra, dec, few, np.ones(500))
    assert np.abs(found.mean - 1.0).max() < 4 * np.sqrt(kappa / 3000) + 1e-12
    none = ratio_ladder.local_means(box, ra, dec, np.zeros(3000), np.ones(500))
    assert np.all(none.mean == 1.0)


def test_what_goes_with_the_density():
    rng = np.random.default_rng(4)
    density = np.exp(rng.normal(0, 0.7, 3000))
    objects = 30.0 * density
    for f in (0.0, 0.5, 0.9):
        sparse = objects.sum() / 3000 / 30.0 / density
        number = rng.poisson(objects * (1.0 - f + f * sparse)) * 1.0
        relative, found = ratio_ladder.with_density(number, objects, density, 1.0)
        assert found == pytest.approx(f, abs=0.02)
        if f == 0.0:
            assert np.all(relative == 1.0)
