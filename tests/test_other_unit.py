"""The check of position errors names the unit that the errors seem to be in."""

import math
import warnings

import numpy as np
import pytest
import scipy.stats
from astropy.table import Table

import bayesmatch as bm
from bayesmatch.matching.checks.other_unit import _Pairs

N, M, SIDE = 60, 1500, 0.4


def sky(sigma_east=1.0, sigma_north=1.0, hostless=10, seed=1):
    rng = np.random.default_rng(seed)
    o = Table({"RA": 150 + SIDE * rng.random(M), "DEC": 2 + SIDE * rng.random(M)})
    k = N - hostless
    ra, dec = np.array(o["RA"][:N]), np.array(o["DEC"][:N])
    ra[:k] += rng.normal(size=k) * sigma_east / 3600 / math.cos(math.radians(2.2))
    dec[:k] += rng.normal(size=k) * sigma_north / 3600
    ra[k:], dec[k:] = 150 + SIDE * rng.random(hostless), 2 + SIDE * rng.random(hostless)
    return Table({"RA": ra, "DEC": dec}), o


def errors_found(x, o, pos_err, other=0.1, radius=10.0):
    found = bm.match(
        bm.Catalog(x, name="X", pos_err=pos_err, area=SIDE**2),
        bm.Catalog(o, name="O", pos_err=other, area=SIDE**2),
        radius=radius,
    ).checks()
    return next(row for row in found if row["check"] == "position_errors")


FACTORS = {"deg": 3600.0, "arcmin": 60.0, "mas": 1e-3, "rad": 206264.806}


@pytest.mark.parametrize("unit", FACTORS)
def test_the_factor_of_a_unit(unit):
    x, o = sky()
    x["e"] = np.ones(N) / FACTORS[unit]
    row = errors_found(x, o, "e")
    assert row["verdict"] == "wrong" and row["value"] == pytest.approx(FACTORS[unit])
    assert f"pos_err='e[{unit}]'" in row["advice"] and f"':e[{unit}]'" in row["advice"]
    assert errors_found(x, o, f"e[{unit}]")["verdict"] == "ok"


def test_of_the_other_catalogue():
    x, o = sky()
    o["e"] = np.ones(M) / 3600
    row = errors_found(x, o, 0.01, "e")
    assert row["verdict"] == "wrong" and "O errors 3600 times" in row["advice"]


def test_of_pairs_and_ellipses():
    x, o = sky(1.5, 1.0)
    x["a"], x["b"], x["pa"] = np.full(N, 1.5 / 3600), np.full(N, 1 / 3600), np.full(N, 90.0)
    assert "(':a[deg]:b[deg]' on" in errors_found(x, o, ("a", "b"))["advice"]
    assert (
        "(':a[deg]:b[deg]:pa' on" in errors_found(x, o, bm.ErrorEllipse("a", "b", "pa"))["advice"]
    )


def test_right_ascensions_in_seconds_of_time():
    x, o = sky(1.5, 1.5)
    x["a"], x["d"] = np.full(N, 0.1), np.full(N, 1.5)
    row = errors_found(x, o, ("a", "d"))
    assert row["value"] == 15.0 and "(':a[s]:d' on" in row["advice"]
    with pytest.warns(UserWarning, match="seconds of time"):
        assert errors_found(x, o, ("a[s]", "d"))["verdict"] == "ok"


@pytest.mark.parametrize("hostless", [10, 60])
@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_named_where_nothing_is_wrong(hostless, seed):
    x, o = sky(hostless=hostless, seed=seed)
    x["e"] = np.ones(N)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of the host fraction, where there is none
        row = errors_found(x, o, "e")
    assert row["verdict"] == "ok" and "[" not in row["advice"]


def test_errors_that_are_a_little_off_are_in_no_other_unit():
    x, o = sky()
    x["e"] = np.full(N, 2.146)
    assert "[" not in errors_found(x, o, "e")["advice"]


@pytest.mark.parametrize("times", [3.0, 5.0])
@pytest.mark.parametrize("in_a_column", [True, False])
def test_a_factor_of_small_errors_of_the_other_catalogue_is_no_unit(times, in_a_column):
    """That of the sources' own errors explains the separations better, and is no unit's.

    And nobody gives a number in seconds of time.
    """
    sigma = np.geomspace(0.3, 3.0, N)
    x, o = sky(sigma, sigma, hostless=0)
    x["e"], o["e"] = sigma / times, np.full(M, 0.07)
    row = errors_found(x, o, "e", other="e" if in_a_column else 0.07)
    assert row["verdict"] != "ok" and "seconds of time" not in row["advice"]


@pytest.mark.parametrize("whose", ["primary", "other", "east"])
def test_likelihoods_beside_sums_over_pairs(whose):
    rng = np.random.default_rng(5)
    i = np.repeat([0, 1, 3], [4, 1, 6])
    axes = rng.uniform(0.3, 2.0, (2, 2, len(i)))
    own, other = (np.array([*a, 0.3 * a.prod(axis=0)]) ** [[2], [2], [1]] for a in axes)
    offset = rng.normal(0.0, 2.0, (2, len(i)))
    factors = np.array([0.2, 1.0, 3.0, 1e3])
    found = _Pairs(i, 5, offset, own, other, 0.02)._ln_likelihoods(whose, factors)
    for factor, value in zip(factors, found, strict=True):
        scale = np.diag([factor, factor if whose == "primary" else 1.0])
        ratio = np.zeros(5)
        for k in range(len(i)):
            mine, theirs = (c[[[0, 2], [2, 1]], k] for c in (own, other))
            v = mine + factor**2 * theirs if whose == "other" else scale @ mine @ scale + theirs
            ratio[i[k]] += scipy.stats.multivariate_normal(cov=v).pdf(offset[:, k]) / 0.02
        want = max(np.log(1.0 + q * (ratio - 1.0)).sum() for q in (0.1, 0.3, 0.6, 0.9))
        assert value == pytest.approx(want, rel=1e-12)
