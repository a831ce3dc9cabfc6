"""Tails, frame and covariates of position errors: found where they are, and only there."""

import json

import numba
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from test_position_errors import corrections, numbers
from wrong_errors import Wrong, sky

import bayesmatch as bm
from bayesmatch.catalogs.candidates import find_candidates
from bayesmatch.catalogs.tails import Tails
from bayesmatch.cli import main
from bayesmatch.matching.error_fit.footprint import inside
from bayesmatch.matching.error_fit.frame import field_center, frame_design
from bayesmatch.matching.error_fit.likelihood import ErrorLikelihood, neighbours
from bayesmatch.matching.error_fit.model import ErrorModel
from bayesmatch.matching.field import UniformField
from validation.error_profile import COVARIATE, ROTATION, SCALE, SLOPE, distorted_sky

PLAIN = {"tails": False, "frame": "offset"}
TURNED = Wrong(tail_fraction=0.1, matrix=((1.5, -3.0), (3.0, 1.5)), slope=0.3)


@pytest.fixture(scope="module")
def turned():
    x, o, truth = sky(6, TURNED, density=4000.0)
    return x, o, truth, bm.fit_position_errors(x, o, radius=25, covariates=["THETA"])


# -- the numbers ----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("fraction", [0.1, 0.0])
def test_tails_are_found_and_not_made_up(fraction):
    for seed in range(40, 44):
        x, o, _ = sky(seed, Wrong(tail_fraction=fraction), density=4000.0)
        fit = bm.fit_position_errors(x, o, radius=25)
        assert abs(fit.tail_fraction - fraction) < 3 * fit.tail_fraction_error
        assert 0 < fit.tail_fraction_error < 0.06
        assert (fit.tail_fraction > 0) == (fraction > 0)
        if fraction:
            assert abs(fit.tail_factor - 4) < 3 * fit.tail_factor_error
            assert "of the errors" in str(fit) and fit.covariance.shape == (6, 6)
        else:
            assert "of the errors" not in str(fit) and fit.covariance.shape == (4, 4)
        assert abs(fit.scale - 1) < 3 * fit.scale_error
        assert not fit.matrix.any() and np.all(fit.matrix_error > 0)


@pytest.mark.slow
def test_what_a_floor_stands_for_at_first_is_found():
    sky, radius = distorted_sky(41_004)  # without a frame and slopes the floor is all of its errors
    fit = bm.fit_position_errors(*sky.catalogs(), radius=radius, covariates=[COVARIATE])
    assert fit.scale == pytest.approx(SCALE, abs=3 * fit.scale_error) and fit.scale_error < 0.1
    assert fit.slopes[COVARIATE] == pytest.approx(SLOPE, abs=3 * fit.slopes_error[COVARIATE])
    assert fit.matrix[1, 0] == pytest.approx(ROTATION, rel=0.05)
    assert fit.tail_fraction == 0


@pytest.mark.slow
def test_everything_at_once(turned):
    x, o, truth, fit = turned
    assert fit.converged
    assert np.all(np.abs(fit.matrix - TURNED.matrix) < 3.5 * fit.matrix_error)
    assert 0.5 * (fit.matrix[1, 0] - fit.matrix[0, 1]) == pytest.approx(3.0, rel=0.08)
    assert fit.slopes["THETA"] == pytest.approx(0.3, abs=3 * fit.slopes_error["THETA"])
    assert fit.slopes_error["THETA"] < 0.05
    assert fit.tail_fraction == pytest.approx(0.1, abs=3 * fit.tail_fraction_error)
    assert fit.scale == pytest.approx(1.0, abs=3 * fit.scale_error)
    for part in ("turn", "stretch", "THETA", "of the errors", "centre"):
        assert part in str(fit)
    title = fit.plot()._suptitle.get_text()
    assert "tails" in title and "per degree" in title
    expected = fit.plot().axes[1].get_lines()[0].get_data()
    assert np.interp(4, *expected) > 5 * np.exp(-8)


def test_where_nothing_is_earned_the_numbers_are_those_without(turned):
    x, o, _ = sky(3, Wrong(scale=1.2))
    auto, plain = (bm.fit_position_errors(x, o, radius=20, **how) for how in ({}, PLAIN))
    assert numbers(auto)[0].tolist() == numbers(plain)[0].tolist()
    assert numbers(auto)[1].tolist() == numbers(plain)[1].tolist()
    assert auto.ln_gain == plain.ln_gain and auto.host_fractions == plain.host_fractions
    assert np.array_equal(auto.candidates["p"], plain.candidates["p"])
    assert auto.tail_fraction == 0 and auto.tail_fraction_error > 0
    assert np.isnan(plain.tail_fraction_error)


def test_after_the_correction_nothing_is_left_to_correct(turned):
    x, o, truth, fit = turned
    new = fit.apply(x)
    again = bm.fit_position_errors(new, o, radius=25, covariates=["THETA"])
    assert again.scale == pytest.approx(1.0, abs=0.02)
    assert abs(again.slopes["THETA"]) < 0.02 and not again.matrix.any()
    assert again.tail_fraction == pytest.approx(fit.tail_fraction, abs=0.01)
    # the tails that the catalogue has serve as they are, and gain nothing more
    kept = bm.fit_position_errors(new, o, radius=25, **PLAIN)
    assert (kept.tail_fraction, kept.tail_factor) == (fit.tail_fraction, fit.tail_factor)
    assert kept.scale == pytest.approx(1.0, abs=0.02) and kept.tail_fraction_error == 0


@pytest.mark.slow
def test_a_circle_for_all_is_no_tail():
    """The true errors are 1 to 3 arcsec: a spread that would pass for tails."""
    x, o, _ = sky(2, Wrong())
    same = bm.Catalog(x.table, name="X", pos_err=1.0, area=x.area)
    assert bm.fit_position_errors(same, o, radius=20).tail_fraction == 0
    assert bm.fit_position_errors(same, o, radius=20, tails=True).tail_fraction > 0


# -- the likelihood -------------------------------------------------------------------------------


def test_the_gradient_is_that_of_the_likelihood():
    rng = np.random.default_rng(8)
    n, m = 200, 6000
    table = {
        "RA": 359.9 + 0.2 * rng.random(n),
        "DEC": 70 + 0.2 * rng.random(n),
        "a": 1 + 3 * rng.random(n),
        "b": 0.5 + rng.random(n),
        "pa": 180 * rng.random(n),
    }
    x = bm.Catalog(table, name="X", pos_err=bm.ErrorEllipse("a", "b", "pa"), area=0.01)
    o = bm.Catalog(
        {"RA": 359.9 + 0.2 * rng.random(m), "DEC": 70 + 0.2 * rng.random(m)},
        name="O",
        pos_err=0.2,
        area=0.0137,
        tail_fraction=0.2,
        tail_factor=5.0,
    )
    found = find_candidates(x, [o], 12.0, max_rows=10**7)
    model = ErrorModel(
        tails=True,
        frame=frame_design(x.ra, x.dec, field_center(x.ra, x.dec)),
        covariates=rng.normal(size=(n, 2)),
    )
    near = np.ones((n, 1), bool)
    density = UniformField().at(x, [o]).per_arcsec2(0)[:, None]
    problem = ErrorLikelihood(
        neighbours(x, [o], found, density, np.zeros(len(found.row)), near),
        x.covariance(),
        np.column_stack([np.ones(n), rng.normal(size=n)]),
        12.0,
        x.errors,
        model,
    )
    problem.ridge[:] = 0
    assert model.size == 12 and problem.size == 14
    at = np.array([-0.2, 0.3, 0.4, -0.3, 0.8, 0.5, 2.0, -3.0, 4.0, 1.0, 0.2, -0.1, 0.5, 0.3])
    tails = model.tails_at(at)
    np.testing.assert_allclose(model.tail_parameters(tails.fraction, tails.factor), at[4:6])
    score = problem.scores(at)[1].sum(axis=0)
    for a in range(problem.size):
        h = np.eye(problem.size)[a] * 1e-5
        slope = (problem.scores(at + h)[0] - problem.scores(at - h)[0]) / 2e-5
        assert score[a] == pytest.approx(slope, rel=1e-5, abs=1e-5)
    # four Gaussians, whose shares add to 1
    parts = model.parts(at, o.tails)
    assert len(parts) == 4 and parts[:, 0].sum() == pytest.approx(1.0)
    # the density of one candidate is that of the four, one by one
    alone = [ErrorModel(given=Tails(0.0)), ErrorModel(given=Tails(0.3, 4.0))]
    value = [problem.with_model(each).scores(np.r_[at[:4], 0.0, 0.0])[0] for each in alone]
    assert value[0] != value[1]


def test_the_fit_goes_by_the_density_at_each_primary():
    x, o, _ = sky(1, Wrong())
    found = find_candidates(x, [o], 20.0, max_rows=10**7)
    density = UniformField().at(x, [o]).per_arcsec2(0)[:, None]
    one, two = (
        neighbours(x, [o], found, each, np.zeros(len(found.row)), np.ones((len(x), 1), bool))[0]
        for each in (density, density * np.arange(1, len(x) + 1)[:, None])
    )
    np.testing.assert_allclose(
        two.ratio, one.ratio / np.repeat(np.arange(1, len(x) + 1), np.diff(found.start))
    )


# -- apply ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("center", [(0.01, 0.0), (120.0, 88.0), (300.0, -60.0)], ids=str)
def test_the_frame_turns_along_the_sky(center):
    """Against great circles: the offset keeps its angle to the way from the centre."""
    rng = np.random.default_rng(2)
    middle = SkyCoord(*center, unit="deg")
    at = middle.directional_offset_by(360 * rng.random(30) * u.deg, 3 * rng.random(30) * u.deg)
    x = bm.Catalog({"RA": at.ra.deg, "DEC": at.dec.deg}, name="X", pos_err=1.0, area=1.0)
    matrix = np.array([[1.0, -40.0], [25.0, 3.0]])
    new = corrections(matrix=matrix, center=center).apply(x)
    way, distance = middle.position_angle(at).rad, middle.separation(at).deg
    east, north = matrix @ (distance * np.array([np.sin(way), np.cos(way)]))
    angle = np.arctan2(east, north) - way + at.position_angle(middle).rad + np.pi
    expected = at.directional_offset_by(angle * u.rad, np.hypot(east, north) * u.arcsec)
    moved = SkyCoord(new.ra, new.dec, unit="deg")
    assert moved.separation(expected).arcsec.max() < 1e-6
    assert moved.separation(at).arcsec.max() > 50


def test_apply_carries_all_of_it_into_match_and_calibrate(turned):
    x, o, truth, fit = turned
    new = fit.apply(x)
    assert new.tails == Tails(fit.tail_fraction, fit.tail_factor)
    z = (x.table["THETA"] - np.mean(x.table["THETA"])) / np.std(x.table["THETA"])
    scale = fit.scale * np.exp(fit.slopes["THETA"] * np.asarray(z))
    np.testing.assert_allclose(
        new.covariance()[:, 0], (scale * x.table["SIGMA"]) ** 2 + fit.floor_arcsec**2
    )
    result = bm.match(new, o, radius=25)
    assert result.meta["catalogues"][0]["tail_fraction"] == fit.tail_fraction
    p = 1 - np.asarray(result.sources["p_hostless"])
    assert abs(p.mean() - np.mean(truth >= 0)) < 0.02
    assert len(bm.calibrate(new, o, radius=25, n_realizations=1).table)
    with pytest.raises(ValueError, match="no column 'THETA'"):
        fit.apply(bm.Catalog(x.table["RA", "DEC", "SIGMA"], name="X", pos_err="SIGMA", area=2.0))


def test_the_same_bytes_for_any_number_of_threads(turned):
    x, o, _, fit = turned
    threads = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        alone = bm.fit_position_errors(x, o, radius=25, covariates=["THETA"])
    finally:
        numba.set_num_threads(threads)
    assert np.array_equal(alone.matrix, fit.matrix) and alone.slopes == fit.slopes
    assert alone.tail_fraction_error == fit.tail_fraction_error
    assert np.array_equal(alone.candidates["p"], fit.candidates["p"])


# -- the field ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rising():
    """Density rising 30 times from one end of the survey to the other."""
    from validation.real_skies import Plan, simulate

    plan = Plan(n=2500, density=50_000.0, gradient=30.0, host=(0.4, 0.85))
    return simulate(1902, plan).catalogs()


@pytest.mark.slow
def test_chance_neighbours_of_dense_parts_do_not_widen_errors(rising, tmp_path):
    """A mean density gave scales of 0.88 on such skies, and floors of 0.6"."""
    x, o = rising
    fit = bm.fit_position_errors(x, o, radius=15, tails=False)
    assert abs(fit.scale - 1) < 0.05
    assert fit.floor_arcsec < 0.45
    result = bm.match(x, o, radius=15, errors="fit")
    o.table.write(tmp_path / "o.parquet")
    scanned = bm.Catalog.scan(tmp_path / "o.parquet", name="OPT", pos_err=o.pos_err, area=o.area)
    again = bm.match(x, scanned, radius=15, errors="fit").meta["errors"]
    assert again["scale"] == pytest.approx(result.meta["errors"]["scale"], rel=0.01)
    uniform = bm.match(x, o, radius=15, errors="fit", field="uniform").meta["errors"]
    assert uniform["scale"] < result.meta["errors"]["scale"] - 0.04


def test_sources_in_holes_by_their_rims_do_not_count():
    rng = np.random.default_rng(5)
    expected, away = np.full(20_000, 2.5), np.arange(20_000) < 2000
    host = rng.random(20_000) < 0.7
    empty = away | (~host & (rng.poisson(expected) == 0))
    p = inside(empty, expected, 0.7)
    assert np.all(p[~empty] == 1.0)
    assert (1.0 - p).sum() == pytest.approx(away.sum(), rel=0.05)
    assert np.all(inside(empty[2000:], expected[2000:], 0.7) == 1.0)  # chance explains them
    assert len(inside(empty[:0], expected[:0], 0.7)) == 0 and np.all(inside(away, expected, 0) <= 1)


@pytest.mark.slow
def test_a_false_area_is_no_tail():
    """With half the density 30% of the errors were taken for wider by a factor of 2."""
    x, o, _ = sky(40, Wrong(), density=40_000.0)
    fits = [
        bm.fit_position_errors(
            x, bm.Catalog(o.table, name="OPT", pos_err=0.2, area=times * o.area), radius=15
        )
        for times in (1.0, 2.0)
    ]
    assert fits[1].tail_fraction == fits[0].tail_fraction == 0.0
    assert fits[1].scale == pytest.approx(fits[0].scale, abs=0.02)


# -- match(errors="fit") --------------------------------------------------------------------------


@pytest.mark.slow
def test_a_match_that_fits_first(tmp_path):
    x, o, _ = sky(6, Wrong(tail_fraction=0.1, matrix=((0.0, -3.0), (3.0, 0.0))), density=4000.0)
    fit = bm.fit_position_errors(x, o, radius=25)
    by_hand = bm.match(fit.apply(x), o, radius=25)
    result = bm.match(x, o, radius=25, errors="fit")
    for column in ("p_match", "dist_bayesfactor", "dist_bayesfactor_tails"):
        np.testing.assert_array_equal(result.associations[column], by_hand.associations[column])
    found = result.meta["errors"]
    assert found["given"] is False and found["applied"] is True and found["n_likely"] > 1000
    assert found["tail_fraction"] == fit.tail_fraction and found["matrix"] == fit.matrix.tolist()
    json.dumps(found, allow_nan=False)
    result.write(tmp_path / "r.fits")
    assert bm.MatchResult.read(tmp_path / "r.fits").meta["errors"] == found
    assert bm.match(x, o, radius=25).meta["errors"] == {"given": True}
    o.table.write(tmp_path / "o.parquet")
    scanned = bm.Catalog.scan(tmp_path / "o.parquet", name="OPT", pos_err=0.2, area=o.area)
    again = bm.match(x, scanned, radius=25, errors="fit").meta["errors"]
    assert again["scale"] == pytest.approx(found["scale"], rel=0.01)


@pytest.mark.slow
def test_a_learned_prior_and_errors_fitted():
    from validation.skies import simulate

    x, o = simulate(3, 1500, 0.7, magnitudes=True).catalogs()
    wrong = bm.Catalog(x.table, name="X", pos_err="SIGMA", area=x.area)
    wrong = wrong.corrected(x.ra, x.dec, 2.0, 0.0)
    result = bm.match(wrong, o, radius=16, errors="fit", priors={"OPT": [bm.AutoPrior("MAG")]})
    found = result.meta["errors"]
    assert found["scale"] == pytest.approx(0.5, abs=3 * found["scale_error"])


@pytest.mark.parametrize("far", [1e30, -1e9, 1e200])
def test_a_value_that_is_far_off_hides_no_slope(turned, far):
    """One number that cannot be, of 600: the others would all be the same."""
    x, o, _, found = turned
    table = x.table.copy()
    table["THETA"] = np.where(np.arange(len(table)) == 7, far, table["THETA"])
    again = bm.Catalog(table, name="X", pos_err="SIGMA", area=x.area)
    fit = bm.fit_position_errors(again, o, radius=25, covariates=["THETA"])
    assert fit.slopes["THETA"] == pytest.approx(found.slopes["THETA"], abs=0.03)
    assert fit.slopes_error["THETA"] == pytest.approx(found.slopes_error["THETA"], rel=0.2)


def test_too_few_counterparts_keep_the_quoted_errors():
    x, o, _ = sky(1, Wrong())
    few = x.subset(np.arange(35))
    with pytest.warns(UserWarning, match="'X' are kept as they are quoted: only .* 30 are needed"):
        result = bm.match(few, o, radius=20, errors="fit", host_fraction=0.5)
    assert result.meta["errors"]["applied"] is False
    assert np.array_equal(result._catalogs[0].covariance(), few.covariance())
    far = bm.Catalog({"RA": [300.0], "DEC": [-50.0]}, name="F", pos_err=0.1, area=1.0)
    with (
        pytest.warns(UserWarning, match="only 0 likely counterparts"),
        pytest.warns(UserWarning, match="no primary has a candidate"),
    ):
        result = bm.match(x, far, radius=5, errors="fit", host_fraction=0.5)
    assert result.meta["errors"] == {"given": False, "applied": False, "n_likely": 0}


# -- command line ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    x, o, _ = sky(6, TURNED, n=1500, density=4000.0)
    for catalog in (x, o):
        table = Table(catalog.table, meta={"EXTNAME": catalog.name, "SKYAREA": catalog.area})
        table["ID"] = np.arange(len(table))
        table.write(f"{catalog.name}.fits")
    files = ["X.fits", ":SIGMA", "OPT.fits", "0.2", "--radius", "25"]
    made = ["fit.png", "new.fits"]
    argv = ["errors", *files, "--covariates", "THETA", *(f"--out={name}" for name in made)]
    assert main(argv) == 0
    out = capsys.readouterr().out
    fit = bm.fit_position_errors(x, o, radius=25, covariates=["THETA"])
    assert str(fit) in out and f"tail_fraction={fit.tail_fraction:.3g}" in out
    for part in ("to write into X:", "exp(+", "degrees east and north of", "wrote fit.png"):
        assert part in out
    np.testing.assert_allclose(Table.read("new.fits")["RA"], fit.apply(x).ra, rtol=1e-12)
    assert main(["match", *files, "--fit-errors", "--out", "r.fits"]) == 0
    assert bm.MatchResult.read("r.fits").meta["errors"]["applied"] is True
    plain = ["errors", *files, "--tails", "no", "--frame", "offset", "--quiet"]
    assert main(plain) == 0
    assert main([*argv, "--out", "X.fits"]) == 1
    assert main([*argv, "--out", "x.doc"]) == 1
    assert main(["errors", *files, "--covariates", "NO"]) == 1
    assert "has no column 'NO'" in capsys.readouterr().err
    assert main(["errors", *files, "--frame", "bent"]) == 2


# -- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how, error, text",
    [
        ({"tails": "yes"}, ValueError, "tails is 'yes'; give 'auto', True or False"),
        ({"tails": 1}, ValueError, "tails is 1"),
        ({"frame": "turned"}, ValueError, "frame is 'turned'; give 'auto', 'offset' or 'affine'"),
        ({"frame": None}, ValueError, "frame is None"),
        ({"covariates": "THETA"}, TypeError, "covariates is 'THETA'; give a list"),
        ({"covariates": ["THETA", "THETA"]}, ValueError, "give each column once"),
        ({"covariates": ["NO"]}, ValueError, "no column 'NO'"),
        ({"covariates": ["SAME"]}, ValueError, "'SAME' is 3 in every row"),
    ],
)
def test_bad_input(how, error, text):
    x, o, _ = sky(1, Wrong(), n=60)
    x.table["SAME"] = 3.0
    with pytest.raises(error, match=text):
        bm.fit_position_errors(x, o, radius=20, **how)


def test_a_frame_needs_a_field():
    rng = np.random.default_rng(1)
    ra, dec = 360 * rng.random(300), np.degrees(np.arcsin(2 * rng.random(300) - 1))
    x = bm.Catalog({"RA": ra, "DEC": dec}, name="X", pos_err=10.0, area=41_000)
    o = bm.Catalog(
        {"RA": ra, "DEC": np.clip(dec + rng.normal(size=300) / 360, -90, 90)},
        name="O",
        pos_err=0.1,
        area=41_000,
    )
    fit = bm.fit_position_errors(x, o, radius=60)
    assert fit.center is None and not fit.matrix.any() and np.isnan(fit.matrix_error).all()
    assert fit.apply(x).ra.shape == (300,)
    with pytest.raises(ValueError, match="reaches over 20 degrees .* give frame='offset'"):
        bm.fit_position_errors(x, o, radius=60, frame="affine")


def test_no_correction_of_too_few(tmp_path, monkeypatch, capsys):
    """One counterpart near its source is no reason to divide all errors by a hundred."""
    monkeypatch.chdir(tmp_path)
    for name, dec in (("X", 0.0), ("O", 0.2 / 3600)):
        table = Table({"RA": [10.0, 10.1], "DEC": [dec, 1 + 2 * dec]})
        table.meta.update(SKYAREA=1.0, EXTNAME=name)
        table.write(f"{name}.fits")
    line = "errors X.fits 1 O.fits 0.1 --radius 5".split()
    assert main(line) == 0
    out, err = capsys.readouterr()
    assert out.endswith("\n\nnothing to write into X: its errors stay as they are quoted\n")
    assert "too few to measure errors by" in err
    assert main([*line, "--out", "new.png", "--out", "new.fits"]) == 1
    err = capsys.readouterr().err
    assert "--out new.fits: there is no correction to write: only about 2 counterparts are" in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["O.fits", "X.fits"]
