"""Positions and errors that are written anew, under names that say a unit, are in that unit."""

import numpy as np
import pytest
from astropy.table import Table

import bayesmatch as bm
from bayesmatch.catalogs.left_out import with_positions
from bayesmatch.cli import main

RA, DEC = np.array([10.0, 20.0, 30.0]), np.array([-5.0, 0.0, 5.0])
SIGMA = np.array([1.0, 2.0, 4.0])

pytestmark = pytest.mark.filterwarnings("ignore:catalogue .* read in")  # as the names say


@pytest.mark.parametrize(
    "name, given, per_arcsec, unit, in_arcsec",
    [
        ("err_mas", "err_mas", 1000.0, None, False),
        ("err [arcmin]", "err [arcmin]", 1 / 60, None, False),
        ("err", "err[deg]", 1 / 3600, None, False),
        ("r90", "r90[mas]@90%", 1000.0 * np.sqrt(-2 * np.log(0.1)), None, False),
        ("err", "err", 1.0, None, True),
        ("err", "err", 1000.0, "mas", True),  # no name says it: text tables have the default
    ],
)
@pytest.mark.filterwarnings("ignore:.*no unit stands with the position error")
def test_corrected_errors(name, given, per_arcsec, unit, in_arcsec, tmp_path):
    table = Table({"ID": [1, 2, 3], "RA": RA, "DEC": DEC, name: SIGMA * per_arcsec})
    table[name].unit = unit
    primary = bm.Catalog(table, name="X", pos_err=given, area=1.0)
    corrected = primary.corrected(primary.ra + 1.0, primary.dec, 2.0, 0.0)
    found = corrected.table
    factor = 1.0 if in_arcsec else per_arcsec
    np.testing.assert_allclose(found[name], 2.0 * SIGMA * factor, rtol=1e-14)
    assert found["RA"].tolist() == (RA + 1.0).tolist()
    found.write(tmp_path / "a.csv")
    again = bm.Catalog.read(tmp_path / "a.csv", name="X", pos_err=given, area=1.0)
    rows = np.arange(3)
    np.testing.assert_allclose(again.covariance(rows), corrected.covariance(rows), rtol=1e-12)
    assert table[name].tolist() == (SIGMA * per_arcsec).tolist()  # nothing of it is changed


def test_corrected_catalogues_are_written_in_the_units_of_their_names():
    """As a match with ``errors="fit"`` writes them, rows without a position left out."""
    hours = np.array([*RA / 15.0, np.nan])
    table = Table({"ID": np.arange(4), "RA [h]": hours, "DEC": [*DEC, 0.0], "e [mas]": [500.0] * 4})
    whole = bm.Catalog(table, name="X", pos_err="e [mas]", area=1.0)
    with pytest.warns(UserWarning, match="row 3"):
        primary = with_positions(whole, "drop")
    corrected = primary.corrected(primary.ra + 1.0, primary.dec, 2.0, 0.0)
    np.testing.assert_allclose(corrected.ra, RA + 1.0, rtol=1e-14)
    for found in (corrected.table, corrected.whole.table[:3]):
        np.testing.assert_allclose(found["RA [h]"], (RA + 1.0) / 15.0, rtol=1e-14)
        assert found["e [mas]"].tolist() == [1000.0] * 3
    assert np.isnan(corrected.whole.table["RA [h]"][3])


@pytest.mark.parametrize(
    "names, given, factors, ending",
    [
        (("RA [h]", "DEC [deg]"), (), (15.0, 1.0), "csv"),
        (("ra_hours", "dec"), ("--ra", "ra_hours", "--dec", "dec"), (15.0, 1.0), "csv"),
        (("RA [h]", "DEC [deg]"), (), (15.0, 1.0), "fits"),
        (("ra_rad", "dec_rad"), (), (180 / np.pi, 180 / np.pi), "csv"),
        (("lon", "lat"), ("--ra", "lon[h]", "--dec", "lat"), (15.0, 1.0), "csv"),
        (("RA", "DEC"), (), (1.0, 1.0), "csv"),
    ],
)
def test_moved_positions(names, given, factors, ending, tmp_path):
    columns = {
        name: degrees / factor
        for name, degrees, factor in zip(names, (RA, DEC), factors, strict=True)
    }
    Table({"ID": [1, 2, 3], **columns}).write(tmp_path / "a.csv")
    out = tmp_path / f"b.{ending}"
    argv = ["shift", str(tmp_path / "a.csv"), "--radius", "1", "--shift-dec", "3600", *given]
    assert main([*argv, "--out", str(out), "--quiet"]) == 0
    found = Table.read(out)
    np.testing.assert_allclose(found[names[0]] * factors[0], RA, atol=1e-3)
    np.testing.assert_allclose(found[names[1]] * factors[1], DEC + 1.0, rtol=1e-12)
    said = dict(zip(("ra", "dec"), given[1::2], strict=False))
    again = bm.Catalog.read(out, pos_err=1.0, area=1.0, **said)
    np.testing.assert_allclose(again.dec, DEC + 1.0, rtol=1e-12)
