"""The position-error model: its profile, its covariances, and what scaling makes of them."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

import bayesmatch as bm
from bayesmatch.catalogs.errors import error_columns
from bayesmatch.catalogs.gaussian import GAUSSIAN, GaussianErrors
from bayesmatch.matching.error_fit.found import RADIUS_95

N = 50
RNG = np.random.default_rng(8)
A, B, PA = RNG.uniform(1, 3, N), RNG.uniform(0.2, 1, N), RNG.uniform(0, 180, N)


def catalog(pos_err):
    return bm.Catalog(
        {"RA": RNG.uniform(0, 1, N), "DEC": RNG.uniform(0, 1, N), "a": A, "b": B, "pa": PA},
        name="X",
        pos_err=pos_err,
        area=1.0,
    )


PROFILES = {
    "default": lambda: GAUSSIAN,
    "circle": lambda: catalog("a").errors,
    "ellipse": lambda: catalog(bm.ErrorEllipse("a", "b", "pa")).errors,
}


@pytest.mark.parametrize("kind", PROFILES)
class TestProfile:
    def test_numbers_agree_with_each_other(self, kind):
        profile = PROFILES[kind]()
        share = np.array([0.01, 0.39, 0.5, 0.68, 0.9, 0.95, 0.98, 0.999])
        radius = profile.quantile(share)
        np.testing.assert_allclose(profile.beyond(radius), 1 - share, rtol=1e-12)
        inside = [integrate.quad(profile.density, 0, r)[0] for r in radius]
        np.testing.assert_allclose(inside, share, rtol=1e-10)
        assert profile.quantile(0.0) == 0 and profile.beyond(0.0) == 1

    def test_numbers_are_those_of_a_rayleigh_distribution(self, kind):
        profile, x = PROFILES[kind](), np.linspace(0.01, 6, 50)
        np.testing.assert_allclose(profile.density(x), stats.rayleigh.pdf(x), rtol=1e-12)
        np.testing.assert_allclose(profile.beyond(x), stats.rayleigh.sf(x), rtol=1e-12)

    def test_offsets_drawn_from_the_errors(self, kind):
        profile = PROFILES[kind]()
        drawn = np.hypot(*np.random.default_rng(1).normal(size=(2, 200_000)))
        for share in (0.5, 0.68, 0.95):
            assert np.mean(drawn < profile.quantile(share)) == pytest.approx(share, abs=0.004)


def test_drawn_offsets_of_an_ellipse_have_its_covariance_and_quantiles():
    errors = catalog(bm.ErrorEllipse("a", "b", "pa")).errors
    xx, yy, xy = errors.covariance(np.array([7]))[0]
    cov = np.array([[xx, xy], [xy, yy]])
    assert np.sqrt(np.linalg.eigvalsh(cov)) == pytest.approx([B[7], A[7]])
    drawn = np.random.default_rng(2).multivariate_normal([0, 0], cov, 200_000)
    distance = np.sqrt(np.einsum("ni,ij,nj->n", drawn, np.linalg.inv(cov), drawn))
    assert np.mean(distance > errors.quantile(0.9)) == pytest.approx(0.1, abs=0.003)


def test_who_asks_the_profile():
    assert bm.sigma_from_radius(5.0, 0.9) == 5.0 / GAUSSIAN.quantile(0.9)
    assert GAUSSIAN.quantile(0.68) == pytest.approx(1.5095921854516636, rel=1e-14)
    assert GAUSSIAN.quantile(0.95) == RADIUS_95 == pytest.approx(2.447746830680816, rel=1e-14)
    assert round(float(GAUSSIAN.quantile(0.98)), 3) == 2.797


ERRORS = {
    "number": (0.5, [0.5]),
    "column": ("a", ["a"]),
    "values": (A, [None]),
    "pair": (("a", 0.7), ["a", 0.7]),
    "values in a pair": ((A, B), [None, None]),
    "ellipse": (bm.ErrorEllipse("a", "b", "pa"), ["a", "b", "pa"]),
    "ellipse of values": (bm.ErrorEllipse(A, 0.1, PA), [None, 0.1, None]),
    "round ellipse": (bm.ErrorEllipse("a", A, PA), ["a", None, None]),
}


@pytest.mark.parametrize("case", ERRORS)
def test_record_rows_and_scaling(case):
    given, record = ERRORS[case]
    errors = catalog(given).errors
    assert errors.record == record
    rows = np.array([9, 3, 3])
    np.testing.assert_array_equal(errors.covariance(rows), errors.covariance()[rows])
    part = errors.subset(rows)
    np.testing.assert_array_equal(part.covariance(), errors.covariance(rows))
    assert part.record == record and part.circular == errors.circular
    same = errors.scaled(1.0, 0.0)
    np.testing.assert_array_equal(same.covariance(), errors.covariance())
    assert same.circular == errors.circular
    new = errors.scaled(2.0, 0.3)
    xx, yy, xy = errors.covariance().T
    np.testing.assert_allclose(
        new.covariance(),
        np.column_stack([4 * xx + 0.09, 4 * yy + 0.09, 4 * xy]),
        rtol=1e-12,
        atol=1e-14,
    )
    names = [name for name in record[:2] if isinstance(name, str)]
    assert list(new.columns()) == names
    for name in names:
        np.testing.assert_allclose(new.columns()[name], np.hypot(2 * {"a": A, "b": B}[name], 0.3))
    assert [type(part) for part in new.record[:2]] == [type(part) for part in record[:2]]


def test_an_ellipse_with_equal_axes_is_a_circle():
    circle, n = catalog("a").errors, np.arange(N)
    for given in (("a", "a"), ("a", A), bm.ErrorEllipse("a", "a", "pa"), bm.ErrorEllipse(A, A, 33)):
        errors = catalog(given).errors
        assert errors.circular and circle.circular
        np.testing.assert_array_equal(errors.covariance(), circle.covariance())
        np.testing.assert_array_equal(errors.covariance(n[::2]), circle.covariance(n[::2]))
    assert not catalog(("a", "b")).errors.circular


def test_errors_without_rows():
    empty = GaussianErrors.of([np.empty(0), np.float64(2.0)], 0, ["a", 2.0])
    assert empty.covariance().shape == (0, 3) and empty.subset(np.empty(0, int)).n_rows == 0


@dataclass(frozen=True)
class Radius90:
    """A kind of error that a user may write: radii that hold 90%."""

    quoted: Any

    def model(self, core):
        return replace(core, parts=tuple(p / GAUSSIAN.quantile(0.9) for p in core.parts))


def test_a_kind_of_error_makes_its_model_of_what_is_quoted():
    errors = catalog(Radius90("a")).errors
    np.testing.assert_array_equal(errors.parts[0], A / GAUSSIAN.quantile(0.9))
    assert errors.record == ["a"] and error_columns(Radius90(("a", "b"))) == ["a", "b"]
    pair = catalog(Radius90(("a", "b"))).errors.covariance()
    np.testing.assert_allclose(pair[:, 1], (B / GAUSSIAN.quantile(0.9)) ** 2, rtol=1e-14)
    with pytest.raises(ValueError, match="pos_err has 3 parts"):
        catalog(Radius90((1, 2, 3)))


def test_a_kind_of_error_for_a_scanned_catalogue(tmp_path):
    table = catalog("a").table
    table.write(tmp_path / "o.parquet")
    primary = bm.Catalog({"RA": table["RA"], "DEC": table["DEC"]}, name="P", pos_err=1.0, area=1.0)
    how = {"name": "X", "pos_err": Radius90("a"), "area": 1.0}
    scanned = bm.match(primary, bm.Catalog.scan(tmp_path / "o.parquet", **how), radius=5)
    held = bm.match(primary, bm.Catalog(table, **how), radius=5)
    column = "dist_bayesfactor"
    np.testing.assert_array_equal(scanned.associations[column], held.associations[column])
