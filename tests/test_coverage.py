"""Coverage maps: of rows and of stated MOCs, with their holes, at RA 0 and the poles, in files."""

import warnings
from pathlib import Path

import desk
import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import Table
from mocpy import MOC

import bayesmatch as bm
from bayesmatch.catalogs.coverage import coverage_map, read_moc, write_moc
from bayesmatch.cli import main

DEG2 = 4 * np.pi * np.degrees(1.0) ** 2


def field(ra_0, dec_0, n=60_000, radius=2.0, hole=0.5, seed=1):
    """Positions in a circle (degrees) with a hole in the middle."""
    rng = np.random.default_rng(seed)
    low, high = np.cos(np.radians([radius, hole]))
    z, phi = rng.uniform(low, high, n), rng.uniform(0, 2 * np.pi, n)
    at = np.stack([np.sqrt(1 - z * z) * np.cos(phi), np.sqrt(1 - z * z) * np.sin(phi), z])
    a, d = np.radians([ra_0, dec_0])
    to_pole = np.array(
        [
            [np.sin(d) * np.cos(a), -np.sin(a), np.cos(d) * np.cos(a)],
            [np.sin(d) * np.sin(a), np.cos(a), np.cos(d) * np.sin(a)],
            [-np.cos(d), 0, np.sin(d)],
        ]
    )
    x, y, z = to_pole @ at
    return np.degrees(np.arctan2(y, x)) % 360, np.degrees(np.arcsin(np.clip(z, -1, 1)))


def catalog(ra, dec, name="OPT", area=12.0):
    return bm.Catalog(
        {"ID": np.arange(len(ra)), "RA": ra, "DEC": dec}, name=name, pos_err=0.1, area=area
    )


@pytest.mark.parametrize("center", [(0.0, 0.0), (200.0, 40.0), (10.0, 90.0), (77.0, -90.0)])
def test_holes_are_kept_wherever_the_field_is(center, tmp_path):
    c = catalog(*field(*center))
    moc = c.coverage()
    true = DEG2 * (np.cos(np.radians(0.5)) - np.cos(np.radians(2.0))) / 2
    assert moc.sky_fraction * DEG2 == pytest.approx(c.estimate_area(), rel=1e-12)
    assert moc.sky_fraction * DEG2 == pytest.approx(true, rel=0.08)
    inside, hole, outside = field(*center, 500, 1.8, 0.7), field(*center, 500, 0.3, 0), None
    outside = field(*center, 500, 4.0, 2.3)
    assert moc.contains_lonlat(*(part * u.deg for part in inside)).all()
    assert not moc.contains_lonlat(*(part * u.deg for part in hole)).any()
    assert not moc.contains_lonlat(*(part * u.deg for part in outside)).any()
    assert moc.contains_lonlat(c.ra * u.deg, c.dec * u.deg).all()
    for ending in ("fits", "json"):
        at = write_moc(moc, tmp_path / f"map.{ending}")
        assert MOC.load(at, ending) == moc
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with fits.open(tmp_path / "map.fits") as opened:
            opened.verify("exception")
            assert opened[1].header["ORDERING"] == "NUNIQ"  # what every reader takes
            assert opened[1].header["COORDSYS"] == "C"


def test_the_same_map_of_a_scanned_catalogue(tmp_path):
    ra, dec = field(0.0, 30.0, 20_000)
    whole = catalog(ra, dec)
    folder = tmp_path / "set"
    folder.mkdir()
    for k in range(3):
        rows = slice(k, None, 3)
        Table({"ID": np.arange(len(ra))[rows], "RA": ra[rows], "DEC": dec[rows]}).write(
            folder / f"{k}.parquet"
        )
    scanned = bm.Catalog.scan(folder, name="OPT", pos_err=0.1, area=12.0)
    assert coverage_map(scanned) == whole.coverage() == coverage_map(whole)
    assert coverage_map(scanned, 6) == whole.coverage(6)
    x = catalog(ra[:40], dec[:40], "X")
    result = bm.match(x, scanned, radius=5)
    assert result.coverage() == whole.coverage()  # of all rows, not of those near sources
    assert main(["area", str(folder), "--moc", str(tmp_path / "map.fits")]) == 0
    assert MOC.load(tmp_path / "map.fits", "fits") == whole.coverage()
    moc = MOC.from_cone(lon=0 * u.deg, lat=30 * u.deg, radius=3 * u.deg, max_depth=8)
    stated = bm.Catalog.scan(folder, name="OPT", pos_err=0.1, area=moc)
    assert coverage_map(stated) is moc and coverage_map(stated, 6) == whole.coverage(6)


@pytest.fixture(scope="module")
def inputs():
    return desk.tables()


@pytest.fixture(scope="module")
def result(inputs):
    return desk.matched(*desk.catalogs(*inputs[:2]))


def test_a_stated_map_is_given_back(result, inputs):
    stated = desk.catalogs(*inputs[:2])[1].moc
    assert result.coverage() == stated == result.coverage("OPT")
    of_rows = result.coverage(order=8)
    assert of_rows != stated and of_rows.max_order == 8
    ra, dec = np.asarray(inputs[0]["RA"]), np.asarray(inputs[0]["DEC"])
    assert (
        result.coverage("XRAY")
        == bm.Catalog(
            {"ID": np.arange(len(ra)), "RA": ra, "DEC": dec}, name="X", pos_err=1.0, area=1.0
        ).coverage()
    )


def test_of_a_file_as_far_as_it_tells(result, inputs, tmp_path):
    result.write(tmp_path / "r.fits")
    found = bm.MatchResult.read(tmp_path / "r.fits")
    assert found.coverage("XRAY") == result.coverage("XRAY")
    with pytest.raises(ValueError, match=r"catalogues= \(--inputs .*bayesmatch area") as raised:
        found.coverage("OPT")
    assert "\n" not in str(raised.value)
    assert found.coverage("OPT", catalogues=desk.catalogs(*inputs[:2])) == result.coverage()
    with pytest.raises(ValueError, match="catalogues are"):
        found.coverage("OPT", catalogues=desk.catalogs(*inputs[:2])[::-1])
    with pytest.raises(ValueError, match="give one of XRAY, OPT"):
        found.coverage("IR")
    result.write(tmp_path / "bare.fits", include_inputs=False)
    with pytest.raises(ValueError, match="XRAY are not in this result"):
        bm.MatchResult.read(tmp_path / "bare.fits").coverage("XRAY")


def test_on_the_command_line(result, inputs, tmp_path, capsys):
    out = str(tmp_path / "r.fits")
    result.write(out)
    files = [str(tmp_path / name) for name in ("x.ecsv", "o.ecsv")]
    for table, path in zip(inputs, files, strict=False):
        table.write(path)
    made = str(tmp_path / "new" / "map.json")
    line = ["regions", out, "--moc", "OPT", "--out"]
    assert main([*line, made]) == 1
    assert "--inputs" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
    assert main([*line, made, "--inputs", *files]) == 0
    assert "wrote" in capsys.readouterr().out
    wanted = bm.Catalog(inputs[1], name="O", pos_err=0.1, area=1.0).coverage()
    assert MOC.load(made, "json") == wanted
    for wrong in (files[1], str(tmp_path / "m.reg")):
        before = Path(files[1]).read_bytes()
        assert main([*line, wrong, "--inputs", *files]) == 1
        assert len(capsys.readouterr().err.splitlines()) == 1
        assert Path(files[1]).read_bytes() == before
    assert main(["area", files[1], "--moc", files[1]]) == 1
    assert main(["area", files[1], "--moc", str(tmp_path / "m.txt")]) == 1
    assert "must end in one of .fits, .json" in capsys.readouterr().err
    assert main(["area", files[1], "--order", "9", "--moc", str(tmp_path / "m.fits")]) == 0
    moc = MOC.load(tmp_path / "m.fits", "fits")
    assert f"{moc.sky_fraction * DEG2:.4g}" in capsys.readouterr().out
    first = (tmp_path / "m.fits").read_bytes()
    assert main(["area", files[1], "--order", "9", "--moc", str(tmp_path / "m.fits")]) == 0
    assert (tmp_path / "m.fits").read_bytes() == first


@pytest.mark.parametrize("ending", ["fits", "json"])
def test_a_map_is_the_area_on_the_command_line(inputs, tmp_path, capsys, ending):
    """Numbers, maps and estimates side by side; and a map is an input: not written over."""
    files = [str(tmp_path / name) for name in ("x.ecsv", "o.ecsv")]
    for table, path in zip(inputs, files, strict=False):
        table.write(path)
    where = str(tmp_path / f"map.{ending}")
    moc = bm.Catalog(inputs[1], name="O", pos_err=0.1, area=1.0).coverage()
    write_moc(moc, where)
    line = ["match", files[0], "1", files[1], "0.1", "--radius", "5", "--quiet"]
    out = str(tmp_path / "r.fits")
    assert main([*line, "--area", f"0.5:{where}", "--out", out]) == 0
    found = bm.MatchResult.read(out)
    areas = [c.area_deg2 for c in found.record.catalogues]
    np.testing.assert_allclose(areas, [0.5, moc.sky_fraction * DEG2])
    assert main([*line, "--area", f"estimate:{where}", "--out", out]) == 0
    assert "this is an estimate" in capsys.readouterr().err
    before = Path(where).read_bytes()
    assert main([*line, "--area", f"0.5:{where}", "--out", where]) == 1
    assert Path(where).read_bytes() == before


@pytest.mark.parametrize("name", ["map.txt", "map.moc", "map.fits", "map"])
@pytest.mark.parametrize("kind", ["ascii", "json", "fits"])
def test_maps_are_known_by_their_content(name, kind, tmp_path):
    moc = MOC.from_string("6/3 7 10-12 9/1")
    moc.save(tmp_path / name, format=kind)
    assert read_moc(tmp_path / name, "map") == moc


@pytest.mark.parametrize("text", ["", "hello", "6/3 x", "RA,DEC\n1,2\n"])
def test_what_is_no_map_is_told(text, tmp_path):
    (tmp_path / "map.txt").write_text(text)
    with pytest.raises(ValueError, match="^map: is no MOC in FITS, JSON or text "):
        read_moc(tmp_path / "map.txt", "map")
