"""The Bayes factor: closed forms, numerical integration, published values, real data."""

import csv
import gzip
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate

import bayesmatch as bm
from bayesmatch._kernels import bayes_factor as kernels
from bayesmatch.catalogs.gaussian import ellipse_covariance
from bayesmatch.testing import reference

DATA = Path(__file__).parents[1] / "validation" / "data"


def log10_b(primary_err, other_err, east, north):
    """log10 B of one pair with an offset in arcsec, through the public API."""
    x = bm.Catalog({"RA": [150.0], "DEC": [0.0]}, name="X", pos_err=primary_err, area=1.0)
    o = bm.Catalog(
        {"RA": [150.0 + east / 3600], "DEC": [north / 3600]}, name="O", pos_err=other_err, area=1.0
    )
    with pytest.warns(UserWarning, match="only 1 primary:"):
        return bm.match(x, o, radius=60.0).associations["dist_bayesfactor"][1]


@pytest.mark.parametrize(
    ("primary_err", "other_err", "east", "north", "expected"),
    [
        ((10.0, 1.0), 0.3, 0.0, 8.0, -2.839),
        ((10.0, 1.0), 0.3, 8.0, 0.0, 9.772),
        ((3.0, 1.0), (3.0, 1.0), 0.0, 0.0, 10.152),
        # the same as ellipses: position angles are east of north
        (bm.ErrorEllipse(10.0, 1.0, 90.0), 0.3, 0.0, 8.0, -2.839),
        (bm.ErrorEllipse(1.0, 10.0, 0.0), 0.3, 8.0, 0.0, 9.772),
    ],
)
def test_known_values(primary_err, other_err, east, north, expected):
    assert log10_b(primary_err, other_err, east, north) == pytest.approx(expected, abs=6e-4)


def test_position_angle_is_east_of_north():
    toward, across = (log10_b(bm.ErrorEllipse(10.0, 1.0, 45.0), 0.3, e, 5.0) for e in (5.0, -5.0))
    assert toward > 9 and across < 0


def random_members(rng, m):
    """Offsets and covariances with axis ratios up to 30, near enough to overlap."""
    major = 10 ** rng.uniform(-0.5, 0.7, m)
    minor = major / rng.uniform(1, 30, m)
    cov = ellipse_covariance(major, minor, rng.uniform(0, 180, m))
    x = np.concatenate([[[0.0, 0.0]], rng.normal(size=(m - 1, 2)) * 0.7 * major[1:, None]])
    return x, cov


def integrated_ln_b(x, cov):
    """ln of 4 pi^(m-1) times the integral of the product of the Gaussians over the plane."""
    matrices = np.array([[[c[0], c[2]], [c[2], c[1]]] for c in cov])
    inverse = np.linalg.inv(matrices)
    w = inverse.sum(axis=0)
    mean = np.linalg.solve(w, np.einsum("mij,mj->i", inverse, x))
    spread, axes = np.linalg.eigh(np.linalg.inv(w))

    def exponent(point):
        d = point - x
        return -0.5 * np.einsum("mi,mij,mj->", d, inverse, d)

    top = exponent(mean)

    def density(v, u):
        return math.exp(exponent(mean + axes @ (np.array([u, v]) * np.sqrt(spread))) - top)

    value, _ = integrate.dblquad(density, -9, 9, -9, 9, epsabs=0, epsrel=1e-10)
    norm = sum(math.log(2 * math.pi) + 0.5 * math.log(np.linalg.det(c)) for c in matrices)
    return (
        math.log(value * math.sqrt(np.prod(spread)))
        + top
        - norm
        + (len(x) - 1) * math.log(4 * math.pi / reference.ARCSEC**2)
    )


@pytest.mark.few(4)
@pytest.mark.parametrize("m", [2, 3, 4])
@pytest.mark.parametrize("seed", range(4))
def test_general_is_the_integral(m, seed):
    x, cov = random_members(np.random.default_rng([m, seed]), m)
    ours = kernels.ln_bayes_general(m, np.vstack([x.T, cov.T]))
    assert math.exp(ours - integrated_ln_b(x, cov)) == pytest.approx(1, rel=1e-8)


@pytest.mark.parametrize("seed", range(50))
def test_kernels_equal_the_closed_forms(seed):
    rng = np.random.default_rng(seed)
    m = int(rng.integers(2, 6))
    x, cov = random_members(rng, m)
    matrices = np.array([[[c[0], c[2]], [c[2], c[1]]] for c in cov])
    assert kernels.ln_bayes_general(m, np.vstack([x.T, cov.T])) == pytest.approx(
        reference.ln_bayes_general(x, matrices), rel=1e-9
    )
    sigma = rng.uniform(0.1, 5, m)
    apart = np.linalg.norm(x[:, None] - x[None], axis=-1)
    circular = kernels.ln_bayes_circular(m, sigma**2, apart)
    assert circular == pytest.approx(reference.ln_bayes_circular(sigma, apart), rel=1e-12)
    same = kernels.ln_bayes_general(m, np.vstack([x.T, sigma**2, sigma**2, 0 * sigma]))
    assert same == pytest.approx(circular, rel=1e-12)


def test_no_cancellation_when_errors_differ_hugely():
    """Gaia beside an X-ray source: sums of x^T P x would lose 1e-6 here."""
    x = np.array([[0.0, 0.0], [30.0, 0.0], [30.0, 1e-4]])
    variance = np.array([8.0**2, 1e-8, 1e-8])
    exact = reference.ln_bayes_circular(np.sqrt(variance), np.linalg.norm(x[:, None] - x, axis=-1))
    ours = kernels.ln_bayes_general(3, np.vstack([x.T, variance, variance, 0 * variance]))
    assert ours == pytest.approx(exact, rel=1e-13)


def test_real_chandra_gaia_pairs():
    """NWAY's own dist_bayesfactor on 2,263 real pairs, one pair per field."""
    with gzip.open(DATA / "csc2_gaia.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    value = {
        k: np.array([float(r[k]) for r in rows]) for k in rows[0] if k not in ("name", "Class")
    }
    sigma = np.sqrt((value["CSC_err_r0"] ** 2 + value["CSC_err_r1"] ** 2) / 2)
    x = bm.Catalog(
        {"ID": [r["name"] for r in rows], "RA": value["ra"], "DEC": value["dec"], "sigma": sigma},
        name="CSC",
        pos_err="sigma",
        area=40000.0,
    )
    gaia = bm.Catalog(
        {"RA": value["GAIA_RA"], "DEC": value["GAIA_DEC"], "err": value["GAIA_PU"]},
        name="GAIA",
        pos_err="err",
        area=40000.0,
    )
    table = bm.match(x, gaia, radius=10.0).associations
    pair = table[(table["CSC"] == table["GAIA"]) & (table["ncat"] == 2)]
    assert len(pair) == len(rows) == 2263
    difference = np.abs(pair["dist_bayesfactor"] - value["dist_bayesfactor"])
    assert np.median(difference) < 1e-3
    assert np.percentile(difference, 90) < 0.01
