"""Positions in hours, minutes, seconds, sign, degrees, minutes and seconds: seven columns."""

import gzip
import re

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import MaskedColumn, Table

import bayesmatch as bm
from bayesmatch.cli import main

RNG = np.random.default_rng(3)
N = 40
SKY = SkyCoord(RNG.uniform(0, 360, N), np.degrees(np.arcsin(RNG.uniform(-1, 1, N))), unit="deg")
#: a declination of -0 degrees, the last row
SKY = SkyCoord(np.r_[SKY.ra.deg[:-1], 359.9999], np.r_[SKY.dec.deg[:-1], -0.25], unit="deg")
CDS_UNITS = ("h", "min", "s", "deg", "arcmin", "arcsec")


def split(seconds=True):
    """The positions, and their seven columns."""
    h, d = SKY.ra.hms, SKY.dec.signed_dms
    t = Table({"Name": [f"S{k}" for k in range(N)], "RAh": h.h.astype("i2")})
    t["RAm"] = h.m.astype("i2") if seconds else h.m + h.s / 60
    if seconds:
        t["RAs"] = h.s
    t["DE-"], t["DEd"] = np.where(d.sign < 0, "-", "+"), d.d.astype("i2")
    t["DEm"] = d.m.astype("i2") if seconds else d.m + d.s / 60
    if seconds:
        t["DEs"] = d.s
    return t


def catalog(table, **options):
    with pytest.warns(UserWarning) as told:
        made = bm.Catalog(table, name="V", pos_err=1.0, area=40000.0, **options)
    assert any(re.search("positions from RAh, RAm,.* DEd, DEm", str(w.message)) for w in told)
    return made


def right(made, within=1e-6):
    there = SkyCoord(made.ra, made.dec, unit="deg")
    assert there.separation(SKY[: len(made)]).arcsec.max() < within


@pytest.mark.parametrize("seconds", [True, False])
def test_seven_columns_and_five(seconds):
    right(catalog(split(seconds)))


def test_types_and_masks_that_readers_leave():
    t = split()
    for name in ("RAh", "RAm", "DEd", "DEm"):
        t[name] = [f"{v:02d}" for v in t[name]]
    t["DE-"] = np.where(t["DE-"] == "-", b"-", b"")
    right(catalog(t))
    t = split()
    t["DE-"] = MaskedColumn(t["DE-"], mask=t["DE-"] == "+")
    right(catalog(t))
    t["RAs"] = MaskedColumn(t["RAs"], mask=np.arange(N) == 2)
    assert catalog(t).aside.position.tolist() == [2]


def test_signs_without_a_column_of_signs():
    t = split()
    t["DEd"] = [f"{s}{v:02d}" for s, v in zip(t["DE-"], t["DEd"], strict=True)]
    del t["DE-"]
    right(catalog(t))
    t["DEd"] = t["DEd"].astype(int)
    with pytest.raises(ValueError, match=r"'DEd' is .* no column of signs \(DE-\)"):
        bm.Catalog(t, name="V", pos_err=1.0, area=1.0)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("RAh", 25, "from 0 to 24"),
        ("RAh", -1, "from 0 to 24"),
        ("RAh", 24, "above 24"),
        ("DEd", 90, "above 90"),
        ("RAm", 61, "from 0 to 60"),
        ("DEs", -1.0, "from 0 to 60"),
        ("DEd", -5, "sign, in column 'DE-', is another"),
    ],
)
def test_parts_out_of_range(column, value, says):
    t = split()
    t[column][3] = value
    t["DE-"][3] = "+"
    with pytest.raises(ValueError, match=f"'V': column '{column}' is .* in row 3.*{says}"):
        bm.Catalog(t, name="V", pos_err=1.0, area=1.0)


def test_a_broken_number_beside_finer_parts():
    t = split()
    t["RAh"] = SKY.ra.hour  # minutes and seconds would count twice
    with pytest.raises(ValueError, match="column 'RAh' is .* in row 0.* a whole number"):
        bm.Catalog(t, name="V", pos_err=1.0, area=1.0)


@pytest.mark.parametrize(
    ("column", "unit"), [("RAh", "deg"), ("RAs", "arcsec"), ("DEm", "min"), ("DEs", "mas")]
)
def test_units(column, unit):
    t = split()
    for name, own in zip(("RAh", "RAm", "RAs", "DEd", "DEm", "DEs"), CDS_UNITS, strict=True):
        t[name].unit = own
    right(catalog(t))
    t["RAh"].unit = "hourangle"
    right(catalog(t))
    t[column].unit = unit
    with pytest.raises(ValueError, match=f"column '{column}' is in {unit}, .* correct its unit"):
        bm.Catalog(t, name="V", pos_err=1.0, area=1.0)


@pytest.mark.parametrize(
    ("minus", "plus"), [("-", ""), ("\N{MINUS SIGN}", "+"), ("\N{EN DASH}", "+"), (-1, 1)]
)
def test_signs(minus, plus):
    t = split()
    t["DE-"] = [minus if sign == "-" else plus for sign in t["DE-"]]
    right(catalog(t))


def test_what_is_no_sign():
    t = split()
    t["DE-"] = np.where(t["DE-"] == "-", "S", "N")
    with pytest.raises(ValueError, match="column 'DE-' is [NS] in row 0; a sign of declination"):
        bm.Catalog(t, name="V", pos_err=1.0, area=1.0)


def test_part_that_is_no_number():
    t = split()
    t["RAm"] = [f"{v}'" for v in t["RAm"]]
    with pytest.raises(TypeError, match="column 'RAm' is .* in row 0"):
        bm.Catalog(t, name="V", pos_err=1.0, area=1.0)


def test_positions_of_1950_are_turned():
    t = split()
    t["RAh"].description = "Hour of Right Ascension (B1950)"
    made = catalog(t)
    old = SkyCoord(SKY.ra, SKY.dec, frame="fk4", equinox="B1950").icrs
    assert old.separation(SkyCoord(made.ra, made.dec, unit="deg")).arcsec.max() < 1e-3


def test_columns_of_degrees_go_before(recwarn):
    t = split()
    t["RAJ2000"], t["DEJ2000"] = SKY.ra.deg, SKY.dec.deg
    right(bm.Catalog(t, name="V", pos_err=1.0, area=1.0))
    assert not [w for w in recwarn if "RAh" in str(w.message)]
    t["other"], t["dec2"] = SKY.ra.deg, SKY.dec.deg
    assert bm.Catalog(t, name="V", pos_err=1.0, area=1.0, ra="other", dec="dec2").ra_name == "other"


MRT = """Title: A table
Authors: Nobody N.
Table: Sources
================================================================================
Byte-by-byte Description of file: table1.dat
--------------------------------------------------------------------------------
   Bytes Format Units   Label   Explanations
--------------------------------------------------------------------------------
   1-  3 A3     ---     Name    Name
   5-  6 I2     h       RAh     Hour of Right Ascension (J2000)
   8-  9 I2     min     RAm     Minute of Right Ascension (J2000)
  11- 18 F8.5   s       RAs     Second of Right Ascension (J2000)
  20     A1     ---     DE-     Sign of the Declination (J2000)
  21- 22 I2     deg     DEd     Degree of Declination (J2000)
  24- 25 I2     arcmin  DEm     Arcminute of Declination (J2000)
  27- 33 F7.4   arcsec  DEs     Arcsecond of Declination (J2000)
--------------------------------------------------------------------------------
"""


def rows(joint):
    t = split()
    out = []
    for r in t:
        ra = joint.join([f"{r['RAh']:02d}", f"{r['RAm']:02d}", f"{r['RAs']:08.5f}"])
        sign = r["DE-"] if joint == ";" or r["DE-"] == "-" else " "
        dec = joint.join([f"{r['DEd']:02d}", f"{r['DEm']:02d}", f"{r['DEs']:07.4f}"])
        out.append(f"{r['Name']:3s}{joint}{ra}{joint}{sign}{';' * (joint == ';')}{dec}")
    return "\n".join(out) + "\n"


VIZIER = (
    "#\n#   VizieR Astronomical Server\n#Column\tName\t(A3)\tName\n#\n"
    "Name;RAh;RAm;RAs;DE-;DEd;DEm;DEs\n ;h;min;s; ;deg;arcmin;arcsec\n---;--;--;----;-;--;--;----\n"
)


@pytest.mark.few(4)
@pytest.mark.parametrize("form", ["mrt", "tsv", "fits", "ascii fits", "vot", "second hdu", "gz"])
def test_files_of_the_cds(form, tmp_path, capsys):
    ending = {"vot": "vot", "mrt": "txt", "tsv": "txt", "gz": "txt"}.get(form, "fits")
    path = tmp_path / f"v.{ending}"
    t, within = split(), 1e-6
    if form in ("mrt", "tsv", "gz"):
        text = MRT + rows(" ") if form == "mrt" else VIZIER + rows(";")
        within = 1e-3
        path.write_bytes(gzip.compress(text.encode()) if form == "gz" else text.encode())
    elif form == "ascii fits":
        columns = fits.table_to_hdu(t).columns
        formats = ["A3", "I3", "I3", "F12.8", "A1", "I3", "I3", "F12.8"]
        new = [
            fits.Column(c.name, f, array=np.asarray(t[c.name]), ascii=True)
            for c, f in zip(columns, formats, strict=True)
        ]
        fits.TableHDU.from_columns(new).writeto(path)
        within = 1e-3
    elif form == "second hdu":
        first = fits.table_to_hdu(Table({"START": [0.0], "STOP": [1.0]}))
        fits.HDUList([fits.PrimaryHDU(), first, fits.table_to_hdu(t)]).writeto(path)
    else:
        t.write(path, format={"vot": "votable"}.get(form, form))
    with pytest.warns(UserWarning) as told:
        right(bm.Catalog.read(path, name="V", pos_err=1.0, area=40000.0), within)
    assert any("positions from RAh, RAm, RAs, DE-, DEd, DEm, DEs" in str(w.message) for w in told)
    out = str(tmp_path / "r.fits")
    line = ["match", str(path), "1", str(path), "0.1", "--radius", "5", "--name", "V:W", "--area"]
    assert main([*line, "40000:40000", "--out", out, "--quiet"]) == 0, capsys.readouterr().err
    said = capsys.readouterr().err
    assert "as degrees in columns RA_deg and DEC_deg" in said
