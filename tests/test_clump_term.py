"""A host fraction that changes inside clumps of the field, and one that does not."""

import json
from types import SimpleNamespace
from typing import Any

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import Latitude, Longitude
from astropy.table import Table
from clumps import SIDE, N, sky

import bayesmatch as bm
from bayesmatch.matching import clump_term
from bayesmatch.matching.clump_term import with_lines_earned, without_lines
from bayesmatch.matching.covariates import design_matrix, with_clumps
from bayesmatch.matching.fraction_likelihood import FractionLikelihood
from bayesmatch.matching.fractions import covariates_of
from bayesmatch.testing import check_invariants

LINE = "ln(density_OPT here/around)"


def matched(sources, objects, **options):
    x = bm.Catalog(sources, name="X", pos_err="s", area=SIDE**2)
    return bm.match(
        x, bm.Catalog(objects, name="OPT", pos_err=0.1, area=SIDE**2), radius=10, **options
    )


def excess(result, has, some):
    """Mean probability of a host, less the share of some sources that have one."""
    return (1 - np.asarray(result.sources["p_hostless"])[some]).mean() - has[some].mean()


@pytest.mark.parametrize("seed", [1, 2])
def test_fraction_that_changes_inside_clumps(seed, monkeypatch):
    *tables, has, clump = sky(seed, inside=0.35)
    result = matched(*tables)
    fit = result.meta["host_fraction_fit"]
    assert fit["names"][-1] == LINE and fit["lines"] == [LINE] and fit["clump_gain"] > 15
    check_invariants(result)
    monkeypatch.setattr(clump_term, "MIN_GAIN", np.inf)
    before = matched(*tables)
    assert before.meta["host_fraction_fit"]["clump_gain"] == pytest.approx(fit["clump_gain"], abs=5)
    assert excess(before, has, clump) > 0.2
    assert -0.05 < excess(result, has, clump) < 0.6 * excess(before, has, clump)
    assert abs(excess(result, has, ~clump)) < 0.03


def test_the_same_fraction_everywhere_does_not_go_by_clumps():
    *tables, has, clump = sky(3, inside=0.85)
    fit = matched(*tables).meta["host_fraction_fit"]
    assert LINE not in fit["names"] and "lines" not in fit and 0 <= fit["clump_gain"] < 5


def test_not_asked():
    """Where nothing is denser than around, where the fraction is given, and of three catalogues."""
    *tables, _, _ = sky(1, inside=0.35)
    for options in ({"field": "uniform"}, {"host_fraction": 0.6}, {"host_covariates": None}):
        assert "clump_gain" not in matched(*tables, **options).meta["host_fraction_fit"]
    here, around = np.ones((N, 2)), np.ones((N, 2))
    here[: N // 4] = 9.0
    options = SimpleNamespace(host_covariates="sigma", host_fraction=None)
    plain = np.ones((N, 1)), {"names": ["1"], "center": {}, "scale": {}, "knots": {}}
    for k, asked in ((1, True), (2, False)):
        others = [SimpleNamespace(name=name) for name in ("OPT", "IR")[:k]]
        field = SimpleNamespace(per_deg2=here[:, :k], around=around[:, :k])
        setting: Any = SimpleNamespace(others=others, field=field)
        z, description = covariates_of(setting, options, plain)
        assert (z.shape[1] == 2) is ("lines" in description) is asked


def test_from_a_scan_as_in_memory(tmp_path):
    sources, objects, _, _ = sky(1, inside=0.35)
    Table(objects).write(tmp_path / "o.parquet")
    options = {"name": "OPT", "pos_err": 0.1, "area": SIDE**2}
    scanned = bm.Catalog.scan(tmp_path / "o.parquet", ra="RA", dec="DEC", **options)
    x = bm.Catalog(sources, name="X", pos_err="s", area=SIDE**2)
    got, want = bm.match(x, scanned, radius=10), matched(sources, objects)
    assert got.meta["host_fraction_fit"]["lines"] == [LINE]
    assert got.meta["host_fraction_fit"] == want.meta["host_fraction_fit"]
    np.testing.assert_array_equal(got.sources["p_hostless"], want.sources["p_hostless"])


@pytest.mark.parametrize("inside", [0.35, 0.85])
def test_where_the_catalogue_has_not_looked_everywhere(inside):
    """Those beyond its MOC take no part in the fit; the others have what they have without."""
    mocpy = pytest.importorskip("mocpy")
    sources, objects, has, clump = sky(1, inside)
    center = Longitude(150, "deg"), Latitude(-0.6, "deg")
    moc = mocpy.MOC.from_cone(*center, radius=0.75 * u.deg, max_depth=11)
    x = bm.Catalog(sources, name="X", pos_err="s", area=SIDE**2)
    with pytest.warns(UserWarning, match="outside"):
        result = bm.match(x, bm.Catalog(objects, name="OPT", pos_err=0.1, area=moc), radius=10)
    looked = np.asarray(result.sources["in_OPT"])
    fit = result.meta["host_fraction_fit"]
    assert 0.3 < looked.mean() < 0.8 and ("lines" in fit) is (inside < 0.5)
    p_none = np.ma.filled(result.sources["p_hostless"][looked], np.nan)
    assert abs((1 - p_none).mean() - has[looked].mean()) < 0.08
    check_invariants(result)


def test_a_result_with_it_is_read_again(tmp_path):
    result = matched(*sky(1, inside=0.35)[:2])
    result.write(tmp_path / "r.fits")
    again = bm.MatchResult.read(tmp_path / "r.fits")
    assert again.meta["host_fraction_fit"] == result.meta["host_fraction_fit"]


def test_the_line_as_documented():
    here, around = np.array([1.0, 3.0, 0.2, 40.0]), np.ones(4)
    plain = np.ones((4, 1)), {"names": ["1"], "center": {}, "scale": {}, "knots": {}}
    z, description = with_clumps(plain, "OPT", here, around)
    v = np.log([1.0, 3.0, 1.0, 40.0])
    np.testing.assert_allclose(z[:, 1], (v - v.mean()) / v.std())
    np.testing.assert_array_equal(design_matrix({LINE: v}, 4, description), z)
    left, told = without_lines(z, description)
    np.testing.assert_array_equal(left, plain[0])
    assert told == plain[1]
    assert with_clumps(plain, "OPT", 1.2 * around, around) is plain
    assert without_lines(*plain)[1] is plain[1]


@pytest.mark.parametrize("slope, kept", [(0.0, False), (0.1, False), (1.5, True)])
def test_what_is_earned(slope, kept):
    """By the gain in likelihood, which is that of the fit with the line over that without."""
    rng = np.random.default_rng(7)
    n = 500
    y = np.where(rng.random(n) < 0.3, rng.uniform(0.5, 2.0, n), 0.0)
    y = (y - y.mean()) / y.std()
    has = rng.random(n) < 1 / (1 + np.exp(slope * y - 0.5))
    ln_like = np.column_stack([np.zeros(n), np.where(has, 3.0, -3.0)])
    plain = {"names": ["1"], "center": {}, "scale": {}, "knots": {}}
    line = {"center": {LINE: 0.0}, "scale": {LINE: 1.0}, "names": ["1", LINE], "lines": [LINE]}
    z = np.column_stack([np.ones(n), y])
    problem = FractionLikelihood(ln_like, z[:, :1].copy(), None)
    found = problem.maximise()
    fitted, best, told = with_lines_earned(problem, found, ln_like, (z, {**plain, **line}))
    assert ("lines" in told) is kept and (fitted is not problem) is kept
    whole = FractionLikelihood(ln_like, z, None)
    gain = whole.value(whole.maximise()[0]) - problem.value(found[0])
    assert told["clump_gain"] == pytest.approx(max(gain, 0.0), abs=1e-6)
    assert kept is bool(gain > clump_term.MIN_GAIN)
    json.dumps(told)
    if kept:
        assert best[0][1] == pytest.approx(-slope, abs=0.4)
