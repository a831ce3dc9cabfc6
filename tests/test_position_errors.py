"""Position errors fitted from the match itself: right numbers, honest errors, nothing broken."""

from importlib import resources

import numba
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import QTable, Table
from scipy.stats import multivariate_normal, ncx2

import bayesmatch as bm
from bayesmatch import plots
from bayesmatch._kernels.position_errors import missed_beyond
from bayesmatch.catalogs.candidates import find_candidates
from bayesmatch.catalogs.sky_box import SkyBox
from bayesmatch.matching.error_fit import footprint
from bayesmatch.matching.error_fit.likelihood import CIRCLE, ErrorLikelihood, neighbours
from bayesmatch.matching.error_fit.maximum import (
    SCATTER_AT_0,
    floor_error,
    maximise,
    parameter_covariance,
)
from bayesmatch.matching.field import UniformField
from validation.position_errors import NAMES, OFFSET, Setting, mock
from validation.skies import logistic, simulate, simulate_patterns

BASIC = Setting(scale=1.3, floor=0.5, fraction=0.7)


def within(x, o, found, radius):
    """Whether each source is within the footprint, from the objects in cells around them."""
    box, near = SkyBox(x.ra, x.dec), np.diff(found.start) > 0
    return footprint.covered(x, o, near, radius, box, o.cell_counts(box))


def numbers(fit: bm.PositionErrorFit) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.array([getattr(fit, n) for n in NAMES]),
        np.array([getattr(fit, f"{n}_error") for n in NAMES]),
    )


@pytest.fixture(scope="module")
def basic():
    x, o = mock(3, BASIC)
    return x, o, bm.fit_position_errors(x, o, radius=20)


# -- the numbers ----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "setting",
    [
        Setting(1.0, 0.0, 0.3),
        Setting(0.6, 0.7, 0.95),
        Setting(1.6, 0.0, 0.95),
        Setting(1.0, 0.7, 0.3),
    ],
    ids=str,
)
def test_simulated_errors_are_found(setting):
    found = [
        numbers(
            bm.fit_position_errors(*mock(seed, setting, n=1000), radius=15 * max(1, setting.scale))
        )
        for seed in range(500, 520)
    ]
    value, error = (np.array(part) for part in zip(*found, strict=True))
    assert np.mean(np.abs(value - setting.truth) <= 3 * error) >= 0.95
    scatter = value.std(axis=0, ddof=1)
    assert np.all(error.mean(axis=0) / scatter > 0.6)
    assert np.all(error.mean(axis=0) / scatter < 1.7)
    bias = np.abs(value[:, [0, 2, 3]].mean(axis=0) - setting.truth[[0, 2, 3]])
    assert np.all(bias < 0.8 * error.mean(axis=0)[[0, 2, 3]])


def test_the_whole_fit(basic):
    x, o, fit = basic
    value, error = numbers(fit)
    assert np.all(np.abs(value - BASIC.truth) < 3 * error)
    assert fit.host_fraction == pytest.approx(0.7, abs=3 * fit.host_fraction_error)
    assert fit.host_fractions == {"OPT": (fit.host_fraction, fit.host_fraction_error)}
    assert fit.converged and fit.ln_gain > 20 and fit.names == ("X", "OPT")
    p = np.asarray(fit.candidates["p"])
    assert np.all((p >= 0) & (p <= 1)) and fit.n_counterparts == pytest.approx(p.sum())
    np.testing.assert_allclose(
        np.bincount(fit.candidates["primary"], p, minlength=len(x)).mean(),
        fit.host_fraction,
        atol=0.01,
    )
    assert np.all(fit.candidates["separation"] < 20)


@pytest.mark.slow
def test_after_the_correction_nothing_is_left_to_correct(basic):
    x, o, fit = basic
    again = bm.fit_position_errors(fit.apply(x), o, radius=20)
    assert again.scale == pytest.approx(1.0, abs=0.01)
    assert again.floor_arcsec < 0.2
    assert abs(again.dra_arcsec) < 0.01 and abs(again.ddec_arcsec) < 0.01
    assert again.ln_gain < 0.5


@pytest.mark.slow
def test_cosmos():
    data = resources.files("bayesmatch.data")
    with (
        resources.as_file(data / "cosmos_xmm.fits.gz") as xmm,
        resources.as_file(data / "cosmos_zcosmos.fits.gz") as galaxies,
    ):
        fit = bm.fit_position_errors(
            bm.Catalog.read(xmm, pos_err="pos_err"),
            bm.Catalog.read(galaxies, pos_err=0.1),
            radius=20,
        )
    assert 0.55 <= fit.scale <= 0.68
    assert fit.dra_arcsec == pytest.approx(0.19, abs=0.06)
    assert fit.ddec_arcsec == pytest.approx(0.05, abs=0.06)


@pytest.mark.slow
def test_chance_neighbours_do_not_widen_the_errors():
    fits = [
        bm.fit_position_errors(*mock(seed, Setting(1.0, 0.0, 0.5), density=150_000), radius=20)
        for seed in range(3)
    ]
    for fit in fits:
        assert len(fit.candidates) > 4 * fit.n_counterparts
        assert fit.scale == pytest.approx(1.0, abs=3 * fit.scale_error)
    assert np.mean([f.scale for f in fits]) == pytest.approx(1.0, abs=0.06)


@pytest.mark.slow
def test_a_host_fraction_that_falls_with_the_error_does_not_bias():
    scale, error = [], []
    for seed in range(6):
        fit = bm.fit_position_errors(*simulate(seed, 2000, logistic).catalogs(), radius=16)
        scale.append(fit.scale)
        error.append(fit.scale_error)
    assert abs(np.mean(scale) - 1) < 2 * np.mean(error) / np.sqrt(6) + 0.005


@pytest.mark.slow
def test_a_small_radius_does_not_bias():
    setting = Setting(1.6, 0.0, 0.9)
    values, errors = [], []
    for seed in range(8):
        with pytest.warns(UserWarning, match="beyond the radius of 6 arcsec"):
            fit = bm.fit_position_errors(*mock(seed, setting), radius=6)
        values.append(fit.scale)
        errors.append(fit.scale_error)
    assert np.mean(values) == pytest.approx(1.6, abs=1.2 * np.mean(errors))


def test_a_large_offset_is_found():
    x, o = mock(1, Setting(1.0, 0.0, 0.8), offset=(-6.0, 5.0))
    fit = bm.fit_position_errors(x, o, radius=20)
    assert fit.dra_arcsec == pytest.approx(-6.0, abs=3 * fit.dra_arcsec_error)
    assert fit.ddec_arcsec == pytest.approx(5.0, abs=3 * fit.ddec_arcsec_error)
    assert fit.scale == pytest.approx(1.0, abs=3 * fit.scale_error)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pair", "ellipse"])
def test_elliptical_errors(kind):
    """Truth drawn from the covariance that DESIGN gives, at a high declination."""
    rng = np.random.default_rng(5)
    n, scale, floor = 3000, 0.7, 0.6
    dec, ra = 60 + 2 * rng.random(n), 10 + 4 * rng.random(n)
    table = {
        "RA": ra,
        "DEC": dec,
        "a": 1 + 3 * rng.random(n),
        "b": 0.5 + rng.random(n),
        "pa": 180 * rng.random(n),
    }
    pos_err = ("a", "b") if kind == "pair" else bm.ErrorEllipse("a", "b", "pa")
    x = bm.Catalog(table, name="X", pos_err=pos_err, area=4.0)
    xx, yy, xy = x.covariance().T
    cov = scale**2 * np.moveaxis([[xx, xy], [xy, yy]], 2, 0) + (floor**2 + 0.04) * np.eye(2)
    d = np.einsum("nij,nj->ni", np.linalg.cholesky(cov), rng.standard_normal((n, 2))) + OFFSET
    at = SkyCoord(ra, dec, unit="deg").spherical_offsets_by(*(d.T / 3600 * 1.0) * _deg())
    host = rng.random(n) < 0.8
    field = 40_000
    o = bm.Catalog(
        {
            "RA": np.append(at.ra.deg[host], 9.9 + 4.2 * rng.random(field)),
            "DEC": np.append(at.dec.deg[host], 59.9 + 2.2 * rng.random(field)),
        },
        name="O",
        pos_err=0.2,
        area=4.4,
    )
    value, error = numbers(bm.fit_position_errors(x, o, radius=20))
    assert np.all(np.abs(value - [scale, floor, *OFFSET]) < 3 * error)
    assert np.all(error < [0.05, 0.2, 0.1, 0.1])


def _deg():
    from astropy import units

    return units.deg


@pytest.mark.slow
def test_several_catalogues_share_the_primary_error():
    """Two catalogues with the same counterparts tell little more than one, and do not claim to."""
    fractions = [0.1, 0, 0, 0.9]
    one, both, scatter = [], [], []
    for seed in range(8):
        catalogs = simulate_patterns(seed, 1000, fractions, primary_density=500).catalogs()
        both.append(bm.fit_position_errors(*catalogs, radius=16))
        one.append(bm.fit_position_errors(*catalogs[:2], radius=16))
        scatter.append(both[-1].scale)
    assert set(both[0].host_fractions) == {"OPT", "IRAC"}
    errors = np.mean([f.dra_arcsec_error for f in both]), np.mean([f.dra_arcsec_error for f in one])
    assert errors[0] == pytest.approx(errors[1], rel=0.1)  # not smaller by sqrt(2)
    assert all(abs(f.scale - 1) < 3.5 * f.scale_error for f in both)
    assert np.mean([f.scale_error for f in both]) == pytest.approx(np.std(scatter), rel=0.6)


@pytest.mark.slow
def test_priors_are_used_as_in_match(basic):
    x, o, fit = basic
    sky = simulate(3, 2000, 0.7, magnitudes=True)
    x, o = sky.catalogs()
    o2 = bm.Catalog(o.table[np.arange(len(o))], name="OPT", pos_err=0.3, area=sky.area)
    plain = bm.fit_position_errors(x, o2, radius=16)
    auto = bm.fit_position_errors(x, o2, radius=16, priors={"OPT": [bm.AutoPrior("MAG")]})
    none = bm.FunctionPrior("none", lambda table: 0.0 * table["RA"])
    flat = bm.fit_position_errors(x, o2, radius=16, priors={"OPT": [none]})
    assert flat.scale == plain.scale and flat.ln_gain == plain.ln_gain
    assert auto.scale == pytest.approx(1.0, abs=3 * auto.scale_error)
    assert auto.scale_error < plain.scale_error
    bad = np.asarray(auto.candidates["p"]) * (1 - np.asarray(auto.candidates["p"]))
    assert bad.sum() < 0.9 * np.sum(plain.candidates["p"] * (1 - plain.candidates["p"]))


# -- likelihood against slow references -----------------------------------------------------------


def slow_ln_like(x, o, z, parameters, radius, ln_ratio=None) -> float:
    """The likelihood of the docstring, one primary and one pair at a time."""
    ln_s, t, mx, my = parameters[:4]
    total = 0.0
    density = (len(o) + 1) / o.area / 3600**2
    variance = o.covariance()[0, 0]
    px, po = (SkyCoord(c.ra, c.dec, unit="deg") for c in (x, o))
    rng = np.random.default_rng(0)
    for i in range(len(x)):
        host = 1 / (1 + np.exp(-z[i] @ parameters[4:]))
        xx, yy, xy = x.covariance(np.array([i]))[0]
        cov = np.exp(2 * ln_s) * np.array([[xx, xy], [xy, yy]]) + t * np.eye(2)
        draws = rng.multivariate_normal([mx, my], cov + variance * np.eye(2), size=4000)
        like = np.mean(np.hypot(*draws.T) > radius)
        separation = px[i].separation(po).arcsec
        near = np.flatnonzero(separation < radius)
        east, north = (a.arcsec for a in px[i].spherical_offsets_to(po[near]))
        for e, n, j in zip(east, north, near, strict=True):
            ratio = 1.0 if ln_ratio is None else np.exp(ln_ratio[j])
            like += (
                ratio
                * multivariate_normal.pdf([e, n], [mx, my], cov + variance * np.eye(2))
                / density
            )
        total += np.log(1 - host + host * like)
    return total


@pytest.fixture(scope="module")
def elliptical():
    rng = np.random.default_rng(8)
    n, m = 60, 4000
    table = {
        "RA": 20 + 0.2 * rng.random(n),
        "DEC": 0.2 * rng.random(n),
        "a": 1 + 3 * rng.random(n),
        "b": 0.5 + rng.random(n),
        "pa": 180 * rng.random(n),
    }
    x = bm.Catalog(table, name="X", pos_err=bm.ErrorEllipse("a", "b", "pa"), area=0.04)
    o = bm.Catalog(
        {"RA": 19.99 + 0.22 * rng.random(m), "DEC": -0.01 + 0.22 * rng.random(m)},
        name="O",
        pos_err=0.2,
        area=0.0484,
    )
    ln_ratio = rng.normal(size=m)
    return x, o, np.column_stack([np.ones(n), rng.normal(size=n)]), ln_ratio


@pytest.mark.parametrize(
    "parameters",
    [[0.0, 0.0, 0.0, 0.0, 0.3, 0.0], [-0.5, 0.6, 0.4, -0.3, -1.0, 0.8], [0.7, 0.1, 0, 1, 2, 0.5]],
)
def test_likelihood_is_that_of_the_docstring(elliptical, parameters):
    x, o, z, ln_ratio = elliptical
    found = find_candidates(x, [o], 12.0, max_rows=10**7)
    near = within(x, o, found, 12.0)[:, None]
    assert near.all()
    density = UniformField().at(x, [o]).per_arcsec2(0)[:, None]
    problem = ErrorLikelihood(
        neighbours(x, [o], found, density, ln_ratio[found.row], near),
        x.covariance(),
        z,
        12.0,
        x.errors,
    )
    problem.ridge[:] = 0
    value, score = problem.scores(np.array(parameters))
    slow = slow_ln_like(x, o, z, np.array(parameters), 12.0, ln_ratio)
    assert value == pytest.approx(slow, abs=0.05)
    for a in range(6):
        h = np.eye(6)[a] * 1e-5
        slope = (problem.scores(parameters + h)[0] - problem.scores(parameters - h)[0]) / 2e-5
        assert score[:, a].sum() == pytest.approx(slope, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("sigma, offset, radius", [(2.0, 0.0, 5.0), (2.0, 1.5, 6.0), (1.0, 2.0, 7)])
def test_missed_beyond_is_the_noncentral_chi_square(sigma, offset, radius):
    model = np.array([0.0, 0.0, 0.6 * offset, 0.8 * offset])
    gradient = np.empty(4)
    p_cov = np.array([sigma**2 - 0.25, sigma**2 - 0.25, 0.0])
    missed = missed_beyond(model, p_cov, 0.25, radius, CIRCLE, gradient)
    assert missed == pytest.approx(
        ncx2.sf((radius / sigma) ** 2, 2, (offset / sigma) ** 2), rel=1e-6
    )
    for a in range(4):
        h = np.eye(4)[a] * 1e-6
        up, down = (
            missed_beyond(model + sign * h, p_cov, 0.25, radius, CIRCLE, np.empty(4))
            for sign in (1, -1)
        )
        assert gradient[a] == pytest.approx((up - down) / 2e-6, rel=1e-5, abs=1e-9)


def test_the_maximum_is_one(basic):
    """No other start, and no step away from it, is better."""
    x, o, fit = basic
    found = find_candidates(x, [o], 20.0, max_rows=10**7)
    near = within(x, o, found, 20.0)[:, None]
    z = np.ones((len(x), 1))
    density = UniformField().at(x, [o]).per_arcsec2(0)[:, None]
    problem = ErrorLikelihood(
        neighbours(x, [o], found, density, np.zeros(len(found.row)), near),
        x.covariance(),
        z,
        20.0,
        x.errors,
    )
    free = np.ones(5, bool)
    best, converged = maximise(problem, np.zeros(5), free)
    assert converged
    top = problem.scores(best)[0]
    other, _ = maximise(problem, np.array([1.0, 2.0, 3.0, 3.0, -2.0]), free)
    np.testing.assert_allclose(other, best, atol=0.01)
    for a in range(5):
        for step in (-0.01, 0.01):
            trial = best + step * np.eye(5)[a]
            trial[1] = max(trial[1], 0)
            assert problem.scores(trial)[0] <= top


@pytest.mark.parametrize("seed", range(3))
def test_variances_are_not_below_0_where_few_sources_tell_anything(seed):
    """Two sources and six parameters: of a sandwich rounding was left, and a complex error."""

    class Flat:
        size, ridge, neighbours = 6, np.zeros(6), (None, None)
        rows = np.random.default_rng(seed).normal(size=(2, 6)) * [30, 1, 3, 60, 0.01, 0.01]

        def scores(self, _):
            return 0.0, self.rows

        def gradient(self, _):
            return np.zeros(6)

    found = parameter_covariance(Flat(), np.zeros(6), np.ones(6, bool))
    assert (np.diag(found) > 1e6).sum() >= 4 and (np.diag(found) >= 0).all()


def test_where_no_source_counts_nothing_is_known_exactly():
    """All outside the footprint, of several catalogues: errors of 0, and NaN of what follows."""

    class Empty:
        size, ridge, neighbours = 6, np.zeros(6), (None, None)

        def scores(self, _):
            return 0.0, np.zeros((2, 6))

        def gradient(self, _):
            return np.zeros(6)

    found = parameter_covariance(Empty(), np.zeros(6), np.ones(6, bool))
    assert (np.diag(found) > 1e6).all()


def test_floor_error_is_finite_and_becomes_the_usual_one():
    assert floor_error(0.0, 0.09) == pytest.approx(SCATTER_AT_0 * 0.3)
    assert floor_error(4.0, 0.1) == pytest.approx(0.1 / (2 * 2.0))
    draws = np.sqrt(np.maximum(np.random.default_rng(0).standard_normal(1_000_000), 0))
    assert draws.std() == pytest.approx(SCATTER_AT_0, rel=3e-3)


# -- apply ----------------------------------------------------------------------------------------


def corrections(**changes) -> bm.PositionErrorFit:
    values = {"scale": 1.0, "floor_arcsec": 0.0, "dra_arcsec": 0.0, "ddec_arcsec": 0.0, **changes}
    empty = Table(
        {
            "primary": [0],
            "catalogue": ["O"],
            "row": [0],
            "separation": [1.0],
            "before": [1.0],
            "after": [1.0],
            "p": [0.5],
        }
    )
    return bm.PositionErrorFit(
        **values,
        scale_error=0.1,
        floor_arcsec_error=0.1,
        dra_arcsec_error=0.1,
        ddec_arcsec_error=0.1,
        floor_upper_arcsec=0.2,
        host_fractions={"O": (0.5, 0.1)},
        covariance=np.eye(4),
        ln_gain=1.0,
        lost=0.0,
        converged=True,
        radius_arcsec=10.0,
        names=("X", "O"),
        candidates=empty,
    )


def catalogs_of_all_kinds():
    n = 4
    rng = np.random.default_rng(1)
    table = {
        "RA": [0.00001, 10.0, 359.99999, 200.0],
        "DEC": [0.0, 89.99, -60.0, 45.0],
        "e": 1 + rng.random(n),
        "f": 0.5 + rng.random(n),
        "pa": 180 * rng.random(n),
    }
    per_row = np.arange(1.0, 1 + n)
    for pos_err in (
        0.7,
        "e",
        per_row,
        ("e", "f"),
        ("e", 0.4),
        (per_row, "f"),
        ("e", "e"),
        bm.ErrorEllipse("e", "f", "pa"),
        bm.ErrorEllipse(2.0, 1.0, 30.0),
        bm.ErrorEllipse("e", "e", "pa"),
        bm.ErrorEllipse("e", "f", 90 * rng.random(n)),
    ):
        yield bm.Catalog(table, name="X", pos_err=pos_err, area=1.0)


@pytest.mark.parametrize("k", range(11))
def test_apply_gives_the_covariance_of_the_model(k):
    x = list(catalogs_of_all_kinds())[k]
    before = x.covariance().copy(), x.ra.copy(), x.table.copy()
    new = corrections(scale=0.8, floor_arcsec=0.6).apply(x)
    wanted = 0.64 * x.covariance()
    wanted[:, :2] += 0.36
    np.testing.assert_allclose(new.covariance(), wanted, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(
        new.covariance(np.array([2, 0])), wanted[[2, 0]], rtol=1e-12, atol=1e-14
    )
    assert new.circular == x.circular and new.name == "X" and new.area == x.area
    np.testing.assert_array_equal(new.ids(np.arange(4)), x.ids(np.arange(4)))
    assert np.array_equal(x.covariance(), before[0]) and np.array_equal(x.ra, before[1])
    for name in before[2].colnames:
        np.testing.assert_array_equal(x.table[name], before[2][name])
    # a result written and read again finds the same errors in the columns
    if all(isinstance(part, str) for part in new.error_record):
        again = bm.Catalog(
            new.table,
            name="X",
            area=1.0,
            pos_err=(
                new.error_record[0]
                if len(new.error_record) == 1
                else tuple(new.error_record)
                if len(new.error_record) == 2
                else bm.ErrorEllipse(*new.error_record)
            ),
        )
        np.testing.assert_allclose(again.covariance(), wanted, rtol=1e-12, atol=1e-14)


def test_apply_moves_positions_along_the_sky():
    x = next(catalogs_of_all_kinds())
    new = corrections(dra_arcsec=3.0, ddec_arcsec=-4.0).apply(x)
    at, to = (SkyCoord(c.ra, c.dec, unit="deg") for c in (x, new))
    east, north = at.spherical_offsets_to(to)
    np.testing.assert_allclose(east.arcsec, 3.0, atol=1e-6)
    np.testing.assert_allclose(north.arcsec, -4.0, atol=1e-6)
    assert np.all((new.ra >= 0) & (new.ra < 360))
    np.testing.assert_array_equal(new.table["RA"], new.ra)


def test_apply_keeps_units_ids_and_masks_of_a_qtable():
    from astropy import units as u

    table = QTable(
        {
            "name": ["a", "b"],
            "ra": [10.0, 11.0] * u.deg,
            "dec": [0.0, 1.0] * u.deg,
            "err": [1000.0, 2000.0] * u.mas,
        }
    )
    x = bm.Catalog(table, name="X", pos_err="err", area=1.0, id="name")
    new = corrections(scale=2.0, dra_arcsec=3.6).apply(x)
    np.testing.assert_allclose(np.sqrt(new.covariance()[:, 0]), [2.0, 4.0])
    np.testing.assert_allclose(new.ra, [10.001, 11.001], atol=2e-7)
    assert list(new.ids(np.arange(2))) == ["a", "b"]
    np.testing.assert_allclose(np.sqrt(x.covariance()[:, 0]), [1.0, 2.0])


# -- behaviour ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_sources_outside_the_footprint_do_not_count(basic):
    x, o, fit = basic
    n = len(x)
    away = {name: np.append(x.table[name], x.table[name]) for name in ("SIGMA", "FLUX")}
    away["RA"], away["DEC"] = np.append(x.ra, x.ra), np.append(x.dec, x.dec + 40.0)
    both = bm.Catalog(away, name="X", pos_err="SIGMA", area=2 * x.area)
    again = bm.fit_position_errors(both, o, radius=20)
    found = find_candidates(both, [o], 20.0, max_rows=10**7)
    near = within(both, o, found, 20.0)
    assert near[:n].all() and not near[n:].any()
    assert again.host_fraction == pytest.approx(fit.host_fraction, abs=1e-3)
    np.testing.assert_allclose(numbers(again)[0], numbers(fit)[0], rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(numbers(again)[1], numbers(fit)[1], rtol=1e-4)


def test_one_circle_for_all_leaves_the_floor_alone():
    x, o = mock(2, Setting(1.0, 0.0, 0.8))
    same = bm.Catalog(x.table, name="X", pos_err=1.0, area=x.area)
    fit = bm.fit_position_errors(same, o, radius=20)
    assert fit.floor_arcsec == 0.0 and np.isnan(fit.floor_arcsec_error)
    rms = np.sqrt(np.mean(x.covariance()[:, 0]))
    assert fit.scale == pytest.approx(rms, rel=0.15)
    assert "cannot be told from the scale" in str(fit)
    assert fit.apply(same).covariance()[0, 0] == pytest.approx(fit.scale**2)


def test_the_same_bytes_for_any_number_of_threads(basic):
    x, o, fit = basic
    threads = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        alone = bm.fit_position_errors(x, o, radius=20)
    finally:
        numba.set_num_threads(threads)
    assert np.array_equal(numbers(alone), numbers(fit))
    assert np.array_equal(alone.candidates["p"], fit.candidates["p"])


def test_print_and_plot(basic):
    fit = basic[2]
    text = str(fit)
    for part in ("scale", "floor", "dRA cos Dec", "dDec", "have a counterpart", "added to X"):
        assert part in text
    figure = fit.plot()
    left, right = figure.axes
    assert [t.get_text() for t in left.get_legend().get_texts()] == [
        "expected (Rayleigh)",
        "quoted errors",
        "fitted errors",
    ]
    expected, before, after = (line.get_data() for line in right.get_lines())
    survival = np.interp([1, 2], *after)
    np.testing.assert_allclose(survival, np.exp([-0.5, -2]), atol=0.05)
    assert np.interp(2, *before) > 1.3 * np.exp(-2)  # quoted errors are too small
    assert np.all(np.diff(after[1]) <= 0)
    assert plots.rayleigh_plot is not None and figure._suptitle.get_text().startswith("X position")


@pytest.mark.slow
def test_quantity_radius_and_few_sources(basic):
    from astropy import units as u

    x, o, fit = basic
    assert bm.fit_position_errors(x, o, radius=(20 * u.arcsec).to(u.deg)).scale == pytest.approx(
        fit.scale, rel=1e-9
    )
    with pytest.warns(UserWarning, match="too few to measure errors by"):
        few = bm.fit_position_errors(x.subset(np.arange(12)), o, radius=20)
    assert np.isfinite(numbers(few)).all()


@pytest.mark.slow
def test_no_counterparts_at_all_is_finite_and_says_so():
    x, o = mock(4, Setting(1.0, 0.0, 0.0))
    with pytest.warns(UserWarning) as caught:
        fit = bm.fit_position_errors(x, o, radius=20)
    assert np.isfinite(numbers(fit)).all() and fit.host_fraction < 0.2
    assert any("position errors of 'X'" in str(w.message) for w in caught)


def test_bad_input(basic):
    x, o, fit = basic
    with pytest.raises(ValueError, match="needs at least one other"):
        bm.fit_position_errors(x, radius=5)
    with pytest.raises(TypeError, match="takes Catalog objects"):
        bm.fit_position_errors(x, {"RA": [1.0]}, radius=5)
    with pytest.raises(ValueError, match="radius is -1"):
        bm.fit_position_errors(x, o, radius=-1)
    with pytest.raises(ValueError, match="two catalogues are called 'X'"):
        bm.fit_position_errors(x, bm.Catalog(o.table, name="X", pos_err=0.1, area=1.0), radius=5)
    with pytest.raises(ValueError, match="priors: catalogue 'NO'"):
        bm.fit_position_errors(x, o, radius=5, priors={"NO": []})
    far = bm.Catalog({"RA": [300.0], "DEC": [-50.0]}, name="F", pos_err=0.1, area=1.0)
    with pytest.raises(ValueError, match="no X source has a candidate within 5 arcsec"):
        bm.fit_position_errors(x, far, radius=5)
    with pytest.raises(TypeError, match="apply takes a Catalog, got a dict"):
        fit.apply({"RA": [1.0]})
