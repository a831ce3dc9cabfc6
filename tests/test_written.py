"""Every file that is written is legal by its standard, and read back equal by other programs."""

import bz2
import datetime
import decimal
import gzip
import json
import lzma
import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.io.votable import parse
from astropy.table import Column, MaskedColumn, Table
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from strict_files import check_fits, check_votable

import bayesmatch as bm
from bayesmatch.catalogs.formats.asked import Asked
from bayesmatch.catalogs.formats.cell_values import plain_column
from bayesmatch.catalogs.formats.holds import written_names
from bayesmatch.catalogs.formats.reading import read_table
from bayesmatch.catalogs.formats.registry import write_table
from bayesmatch.cli import main

N = 12
FORMATS = ["fits", "vot", "ecsv", "parquet", "csv"]
RNG = np.random.default_rng(5)
RA, DEC = 150 + 0.01 * np.arange(N), 2 + RNG.normal(0, 1e-5, N)


def catalog(name="O", north=0.0, columns=None, **how):
    table = Table({"ID": [f"{name}{k}" for k in range(N)], "RA": RA, "DEC": DEC + north / 3600})
    for column, values in (columns or {}).items():
        table[column] = values
    return bm.Catalog(table, name=name, pos_err=0.5, area=0.02, **how)


def matched(columns=None, first="X", second="O"):
    """Each source has its object, and no other."""
    return bm.match(
        catalog(first), catalog(second, 0.3, columns), radius=5, host_fraction=0.8, errors="given"
    )


def objects(values):
    out = np.empty(len(values), object)
    for k, value in enumerate(values):
        out[k] = value
    return out


def written(result, path):
    """The warnings of writing it, and the files."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        files = result.write(path)
    return [str(w.message) for w in caught], [Path(file) for file in files]


def as_others_see(path):
    """Names of the columns of the first table, by every reader there is for it."""
    ending = path.suffix[1:]
    if ending == "fits":
        check_fits(path)
        with fits.open(path) as hdus:
            hdus.verify("exception")
            for hdu in hdus[1:]:
                _ = [hdu.data[name] for name in hdu.columns.names]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # units
            return Table.read(path, hdu=1)
    if ending == "vot":
        check_votable(path)
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", message=".*(W03|W32)"
            )  # names that are no identifiers
            parse(path, verify="exception")
        return Table.read(path, table_id=0)
    if ending == "parquet":
        frame, arrow = pd.read_parquet(path), pq.read_table(path)
        assert list(frame.columns) == arrow.column_names
        return Table.read(path)
    if ending == "ecsv":
        return Table.read(path)
    frame = pd.read_csv(path)
    assert len(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # integers of 64 bits without a sign
        return Table.read(path, format="ascii.csv")


AWKWARD = {
    "ragged": objects([np.arange(k % 3, dtype=float) for k in range(N)]),
    "lists": objects([[1, 2]] * N),
    "dicts": objects([{"a": 1, "b": [1.5, None]}] * N),
    "frames": objects([pd.DataFrame({"t": [1.0, 2.0], "m": [3, 4]})] * N),
    "NA": objects([pd.NA, "a"] * (N // 2)),
    "NaT": objects([pd.NaT, "a"] * (N // 2)),
    "nothing": objects([None] * N),
    "mixed": objects(["a", 1, None, 2.5] * (N // 4)),
    "decimals": objects([decimal.Decimal("1.50")] * N),
    "dates": objects([datetime.date(2020, 1, 2)] * N),
    "datetimes": np.datetime64("2020-01-01T00:00:01") + np.arange(N),
    "durations": np.arange(N).astype("m8[s]"),
    "complex": np.arange(N) * 1j,
    "half": np.arange(N).astype("f2"),
    "long double": np.arange(N).astype(np.longdouble),
    "records": np.array([(1, 2.0)] * N, dtype=[("a", "i4"), ("b", "f8")]),
    "bytes": objects([b"\xff\x00a"] * N),
    "unsigned": MaskedColumn(np.arange(N, dtype="u8") + 2**63, mask=np.arange(N) == 1),
    "flags": MaskedColumn(np.arange(N) % 2 == 0, mask=np.arange(N) == 1),
    "no width": np.zeros((N, 0)),
    "no text": np.zeros(N, "U0"),
    "array": np.arange(2.0 * N).reshape(N, 2),
    "texts": np.array([["a", "é,"]] * N),
    "long": objects([np.arange(5000.0)] * N),
}


@pytest.fixture(scope="module")
def awkward():
    return matched(AWKWARD)


class TestCells:
    @pytest.mark.few(2)
    @pytest.mark.parametrize("ending", FORMATS)
    def test_every_kind_is_written_and_read(self, awkward, ending, tmp_path):
        told, files = written(awkward, tmp_path / f"r.{ending}")
        (text,) = told
        for name, what in (
            ("ragged", "is written as JSON text: arrays in its cells"),
            ("frames", "is written as JSON text: cells of type DataFrame"),
            ("complex", "is written as text: complex numbers"),
            ("no width", "is left out: its cells have no values"),
            ("long", "is left out: arrays in its cells with 5000 values, more than 512"),
        ):
            assert f"column {name!r} of O {what}" in text
        assert "'decimals'" not in text and "'NA'" not in text
        seen = as_others_see(files[0])
        back = bm.MatchResult.read(files[0]).associations
        with_inputs = awkward.with_inputs()
        assert back.colnames == with_inputs.colnames and len(seen) == len(back)
        assert not {"O_no width", "O_long"} & set(back.colnames)
        for name in back.colnames:
            one, other = (np.ma.asarray(t[name]) for t in (back, with_inputs))
            assert np.array_equal(np.ma.getmaskarray(one), np.ma.getmaskarray(other)), name
            there = ~np.ma.getmaskarray(one)
            assert np.array_equal(
                np.ma.getdata(one)[there],
                np.ma.getdata(other)[there],
                equal_nan=one.dtype.kind == "f",
            ), name

    def test_values_come_back(self, awkward, tmp_path):
        awkward_text = written(awkward, tmp_path / "r.vot")[1][0]
        back = bm.MatchResult.read(awkward_text).associations
        back = back[back["ncat"] == 2]
        assert list(back["O"]) == list(range(N))
        assert [json.loads(text) for text in back["O_ragged"]] == [
            list(range(k % 3)) for k in range(N)
        ]
        assert json.loads(back["O_frames"][0]) == {"t": [1.0, 2.0], "m": [3, 4]}
        assert json.loads(back["O_dicts"][0]) == {"a": 1, "b": [1.5, None]}
        assert json.loads(back["O_records"][0]) == {"a": 1, "b": 2.0}
        assert [complex(text) for text in back["O_complex"]] == [k * 1j for k in range(N)]
        assert list(back["O_mixed"].filled("-")) == ["a", "1", "-", "2.5"] * (N // 4)
        assert list(back["O_NA"].filled("-")) == ["-", "a"] * (N // 2)
        assert float(back["O_decimals"][0]) == 1.5 and back["O_dates"][0] == "2020-01-02"
        assert back["O_datetimes"][1] == "2020-01-01T00:00:02"
        assert int(back["O_unsigned"][0]) == 2**63 and back["O_unsigned"].mask[1]

    def test_arrays_are_not_abbreviated(self):
        (text,) = plain_column(Column(objects([np.arange(2000)])))[0]
        assert json.loads(text) == list(range(2000))


NAMES = {
    "R": 1.0,
    "r": 2.0,
    "Unnamed: 0": 3.0,
    "flux: 3.6": 4.0,
    "Flux (mJy): 24": 5.0,
    "flux 0.2-2 keV": 6.0,
    "B-V": 7.0,
    "λ_max": 8.0,
    "Größe": 9.0,
    "a:b": 10.0,
    "x" * 75: 11.0,
    "x" * 76: 12.0,
    "with\ttab": 13.0,
    "": 14.0,
    "two  blanks": 15.0,
    "it's" * 16: 16.0,
    "[Fe/H]": 17.0,
    "100%": 18.0,
    "x.y: 3": 19.0,
    "a&": 20.0,
    '<"b">': 21.0,
    "R_2": 22.0,
}


class TestNames:
    @pytest.mark.parametrize("ending", FORMATS)
    def test_odd_ones(self, ending, tmp_path):
        result = matched({name: np.full(N, value) for name, value in NAMES.items()})
        _, files = written(result, tmp_path / f"r.{ending}")
        seen = as_others_see(files[0])
        back = bm.MatchResult.read(files[0]).associations
        assert back.colnames == result.with_inputs().colnames
        for place, name in enumerate(back.colnames):
            value = NAMES.get(name.removeprefix("O_"))
            if value is not None and name.startswith("O_"):
                for table, column in ((back, name), (seen, seen.colnames[place])):
                    assert set(np.ma.asarray(table[column]).compressed()) - {np.nan} >= {value}

    def test_names_in_fits_are_told(self, tmp_path):
        result = matched({"R": RA, "r": DEC, "Unnamed: 0": RA})
        told, _ = written(result, tmp_path / "r.fits")
        assert told == [
            "r.fits: column 'O_R' is called 'O_R_1' there; column 'O_r' is called 'O_r_2' there; "
            "column 'O_Unnamed: 0' is called "
            "'O_Unnamed_0' there (MatchResult.read gives the names back)"
        ]
        table = Table.read(tmp_path / "r.fits", hdu=1)
        row = table["O"] >= 0
        assert np.array_equal(table["O_R_1"][row], RA) and np.array_equal(table["O_r_2"][row], DEC)
        assert written(result, tmp_path / "r.ecsv")[0] == []

    def test_two_columns_of_one_name(self):
        three = bm.match(
            catalog("X"),
            catalog("A", 0.1, {"B_mag": np.full(N, 5.0)}),
            catalog("A_B", 0.2, {"mag": np.full(N, 6.0)}),
            radius=5,
            host_fraction=0.8,
        )
        table = three.with_inputs()
        assert set(table["A_B_mag"].compressed()) == {5.0}
        assert set(table["A_B_mag_2"].compressed()) == {6.0}
        result = matched({"any": np.full(N, 7.0)}, second="p")
        assert set(result.with_inputs()["p_any_2"].compressed()) == {7.0}
        assert np.array_equal(result.with_inputs()["p_any"], result.associations["p_any"])

    def test_two_long_file_names(self, tmp_path):
        names = "_4XMM_DR13cat_slim_v1_0_cosmos_field", "legacysurvey_dr10_south_sweep_cosmos"
        result = matched(first=names[0], second=names[1])
        told, _ = written(result, tmp_path / "r.fits")
        assert "is called 'Separation_" in told[0]
        for columns in check_fits(tmp_path / "r.fits"):
            assert max(map(len, columns)) == 68
        back = bm.MatchResult.read(tmp_path / "r.fits")
        assert f"Separation_{names[0]}_{names[1]}" in back.sources.colnames

    def test_catalogues_that_differ_by_case(self, tmp_path):
        result = matched(first="X", second="x")
        with pytest.raises(ValueError, match="'X' and 'x' differ by case only.*name="):
            result.write(tmp_path / "r.fits")
        result.write(tmp_path / "r.parquet")

    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.text(max_size=80), unique=True, max_size=12))
    @example(["\x1f", "::2", ":"])  # the last one becomes __2, and so would the second be read
    def test_any_names(self, names):
        """Legal, none twice, those that are legal kept."""
        for kind in ("fits", "votable", "csv"):
            new = written_names(kind, names)
            assert written_names(kind, new) == new
            folded = [n.lower() for n in new] if kind == "fits" else new
            assert len(set(folded)) == len(names)
            if kind == "fits":
                assert all(n.isascii() and 0 < len(n) + n.count("'") <= 68 for n in new)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    names=st.lists(st.text(max_size=70), min_size=1, max_size=4, unique=True),
    kinds=st.lists(st.sampled_from(sorted(AWKWARD)), min_size=4, max_size=4),
    unit=st.sampled_from([None, "deg", "nmgy", "3 mJy", "electron / s", "1e-17 erg / s"]),
    ending=st.sampled_from(FORMATS),
)
def test_tables_as_people_write_them(names, kinds, unit, ending, tmp_path_factory):
    columns = {}
    for name, kind in zip(names, kinds, strict=False):
        if name.upper() in ("ID", "RA", "DEC"):
            continue
        column = AWKWARD[kind]
        column = column.copy() if isinstance(column, MaskedColumn) else Column(column)
        column.unit = unit
        columns[name] = column
    path = tmp_path_factory.mktemp("w") / f"r.{ending}"
    result = matched(columns)
    _, files = written(result, path)
    for file in files[:2]:
        if file.suffix != ".json":
            as_others_see(file)
    back = bm.MatchResult.read(path)
    assert back.associations.colnames == result.with_inputs().colnames


class TestOfTables:
    """Catalogues that commands write."""

    @pytest.mark.parametrize("ending", FORMATS)
    def test_fake_of_odd_columns(self, ending, tmp_path, capsys):
        table = catalog(columns={"Unnamed: 0": RA, "R": RA, "r": DEC}).table
        if ending != "csv":
            table["lists"] = AWKWARD["lists"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write_table(table, tmp_path / f"o.{ending}")
        out = tmp_path / f"fake.{ending}"
        argv = ["fake", str(tmp_path / f"o.{ending}"), "--radius", "5", "--out", str(out)]
        assert main(argv) == 0, capsys.readouterr().err
        as_others_see(out)
        assert len(read_table(out)) == N

    def test_ragged_arrays_stay_arrays_in_fits(self, tmp_path):
        write_table(catalog(columns={"lc": AWKWARD["ragged"]}).table, tmp_path / "o.fits")
        back = Table.read(tmp_path / "o.fits")
        assert [list(cell) for cell in back["lc"]] == [list(range(k % 3)) for k in range(N)]


class TestDescriptions:
    @pytest.mark.parametrize("ending", ["fits", "vot", "ecsv", "parquet"])
    def test_survive_in_astropy(self, ending, tmp_path):
        extra = {"odd": Column(RA, unit="nmgy", description="what it is: " + "long " * 40)}
        result = matched(extra)
        _, files = written(result, tmp_path / f"r.{ending}")
        seen, with_inputs = as_others_see(files[0]), result.with_inputs()
        for name in seen.colnames:
            expected = with_inputs[name].description
            found = seen[name].description
            assert (found or "").startswith((expected or "").strip()), name
            if str(with_inputs[name].unit) in ("None", "arcsec", "deg"):
                assert str(seen[name].unit) == str(with_inputs[name].unit), name

    def test_candidates_are_no_identifications(self):
        result = matched()
        assert "no identification" in result.sources["O"].description
        assert "no identification" in result.sources["O_ID"].description


class TestWrite:
    def test_inputs_where_they_are_at_hand(self, tmp_path):
        result = matched({"mag": RA})
        result.write(tmp_path / "a.ecsv")
        read = bm.MatchResult.read(tmp_path / "a.ecsv")
        assert "O_mag" in read.associations.colnames
        result.write(tmp_path / "b.ecsv", include_inputs=False)
        bare = bm.MatchResult.read(tmp_path / "b.ecsv")
        assert bare.associations.colnames == result.associations.colnames
        bare.write(tmp_path / "c.ecsv")
        assert (tmp_path / "c.ecsv").read_bytes() == (tmp_path / "b.ecsv").read_bytes()
        given = [catalog("X"), catalog("O", 0.3, {"mag": RA})]
        for source in (bare, read):
            source.write(tmp_path / "d.ecsv", catalogues=given, include_inputs=True)
            assert (tmp_path / "d.ecsv").read_bytes() == (tmp_path / "a.ecsv").read_bytes()

    def test_other_catalogues_are_refused(self, tmp_path):
        matched().write(tmp_path / "r.fits", include_inputs=False)
        result = bm.MatchResult.read(tmp_path / "r.fits")
        with pytest.raises(ValueError, match="give X, O, as matched"):
            result.with_inputs([catalog("O"), catalog("X")])
        shuffled = catalog("O")
        shuffled = bm.Catalog(shuffled.table[::-1], name="O", pos_err=0.5, area=0.02)
        with pytest.raises(ValueError, match="has 'O11' in row 0.* has 'O0'"):
            result.with_inputs([catalog("X"), shuffled])
        short = bm.Catalog(catalog("O").table[:3], name="O", pos_err=0.5, area=0.02)
        with pytest.raises(ValueError, match="has 3 rows"):
            result.with_inputs([catalog("X"), short])

    def test_folders_are_made_and_nothing_is_left(self, tmp_path, monkeypatch):
        result = matched()
        monkeypatch.chdir(tmp_path)
        result.write("new/ünï code/r.csv")
        assert len(os.listdir("new/ünï code")) == 3
        wrong = bm.MatchResult(result.associations, result.sources, result.meta | {"x": {1, 2}})
        with pytest.raises(TypeError):
            wrong.write("other/deep/r.fits")
        with pytest.raises(ValueError, match="only local files"):
            result.write("https://example.org/r.fits")
        assert sorted(os.listdir()) == ["new"]
        monkeypatch.setenv("HOME", str(tmp_path))
        assert result.write("~/h.fits") == [str(tmp_path / "h.fits")]
        assert bm.MatchResult.read("~/h.fits").meta["radius_arcsec"] == 5

    def test_a_failed_write_takes_its_folders_away(self, tmp_path):
        from bayesmatch.catalogs.formats.writing import replaced_together

        with pytest.raises(OSError, match="full"):
            with replaced_together([tmp_path / "a" / "b" / "c.txt"]):
                raise OSError("full")
        assert os.listdir(tmp_path) == []

    @pytest.mark.slow
    def test_an_applied_correction_is_told(self):
        rng = np.random.default_rng(1)
        n = 300
        ra, dec = 10 + 0.5 * rng.random(n), 0.5 * rng.random(n)
        shift = rng.normal(0, 1.0, (2, n)) / 3600
        x = bm.Catalog(
            {"RA": ra + shift[0], "DEC": dec + shift[1]}, name="X", pos_err=0.5, area=0.25
        )
        o = bm.Catalog({"RA": ra, "DEC": dec}, name="O", pos_err=0.1, area=0.25)
        fit = bm.fit_position_errors(x, o, radius=6)
        result = bm.match(fit.apply(x), o, radius=6)
        (told,) = result.meta["errors"]["corrected"]["X"]
        assert told["scale"] == fit.scale and told["floor_arcsec"] == fit.floor_arcsec
        assert result.meta["errors"]["given"]
        assert bm.match(x, o, radius=6).meta["errors"] == {"given": True}
        again = bm.match(fit.apply(x), o, radius=6, errors="fit").meta["errors"]
        assert not again["given"] and again["corrected"]["X"] == [told]


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, north in (("X", 0.0), ("O", 0.3)):
        table = catalog(name, north, {"Unnamed: 0": RA}).table
        table.write(f"{name}.csv", format="ascii.csv")
    return ["match", "X.csv", "0.5", "O.csv", "0.5", "--radius", "5", "--area", ".02:.02"]


class TestCommand:
    def test_history_and_bytes(self, files, capsys):
        assert main([*files, "--out", "one/r.fits"]) == 0
        said = capsys.readouterr()
        assert said.err.count("is called 'O_Unnamed_0'") == 1
        assert main([*files, "--out=two.fits", "--quiet"]) == 0
        assert Path("one/r.fits").read_bytes() == Path("two.fits").read_bytes()
        for hdu in (0, 1, 2):
            history = "\n".join(fits.getheader("two.fits", hdu)["HISTORY"])
            assert "bayesmatch match X.csv 0.5 O.csv 0.5 --radius 5" in history.replace("\n", "")
            assert "two" not in history and f"bayesmatch {bm.__version__}" in history
        meta = bm.MatchResult.read("two.fits").meta
        assert meta["command"].startswith("bayesmatch match X.csv")
        assert [c["files"] for c in meta["catalogues"]] == [["X.csv"], ["O.csv"]]

    def test_standard_output(self, files, capsys):
        assert main([*files, "--out", "r.csv", "--quiet"]) == 0
        capsys.readouterr()
        before = sorted(os.listdir())
        assert main([*files, "--out", "-"]) == 0
        said = capsys.readouterr()
        assert said.out == Path("r.csv").read_text()
        assert "12 X sources matched to O" in said.err
        assert sorted(os.listdir()) == before

    def test_failures_leave_no_folders(self, files, capsys):
        before = sorted(os.listdir())
        assert main([*files[:-1], "x", "--out", "a/b/r.fits"]) == 1
        assert main([*files, "--out", "http://x.org/r.fits"]) == 1
        assert sorted(os.listdir()) == before
        assert "only local files are read and written" in capsys.readouterr().err


class TestHeader:
    @pytest.mark.parametrize("ending", ["fits", "fits.gz", "vot", "ecsv", "parquet"])
    def test_copy(self, ending, tmp_path, capsys):
        table = catalog(columns={"m": MaskedColumn(np.arange(N), mask=np.arange(N) < 3)}).table
        write_table(table, tmp_path / f"o.{ending}")
        out = tmp_path / "new" / f"c.{ending}"
        argv = ["header", str(tmp_path / f"o.{ending}"), "--area", "1.5", "--name", "OPT"]
        assert main([*argv, "--out", str(out)]) == 0, capsys.readouterr().err
        read = bm.Catalog.read(out, pos_err=1.0)
        assert read.name == "OPT" and read.area == 1.5
        assert read.table.colnames == table.colnames
        for name in table.colnames:
            one, other = (np.ma.asarray(t[name]) for t in (read.table, table))
            assert np.array_equal(np.ma.getmaskarray(one), np.ma.getmaskarray(other))
            assert np.array_equal(one.compressed(), other.compressed())

    @pytest.mark.few(5)
    @pytest.mark.parametrize("ending", ["fits", "vot", "ecsv", "csv", "parquet"])
    @pytest.mark.parametrize("pack", [gzip.open, bz2.open, lzma.open])
    def test_packed_files(self, ending, pack, tmp_path, capsys):
        write_table(catalog().table, tmp_path / f"o.{ending}")
        packed = tmp_path / f"o.{ending}.{pack.__module__[:2]}"
        with pack(packed, "wb") as file:
            file.write((tmp_path / f"o.{ending}").read_bytes())
        outs = ["fits", "vot", "ecsv", "parquet"] if ending == "csv" else [ending, "fits"]
        for out in outs:
            argv = ["header", str(packed), "--area", "1.5", "--name", "OPT", "--out"]
            assert main([*argv, str(tmp_path / f"c.{out}")]) == 0, capsys.readouterr().err
            read = bm.Catalog.read(tmp_path / f"c.{out}", pos_err=1.0)
            assert (read.name, read.area) == ("OPT", 1.5)
            assert np.array_equal(read.ra, catalog().ra)

    def test_another_table_of_a_file(self, tmp_path):
        first = fits.table_to_hdu(catalog().table[:3])
        second = fits.table_to_hdu(catalog().table[:5])
        fits.HDUList([fits.PrimaryHDU(), first, second]).writeto(tmp_path / "o.fits")
        argv = ["header", f"{tmp_path}/o.fits[2]", "--area", "1", "--out", f"{tmp_path}/c.fits"]
        assert main(argv) == 0
        assert len(bm.Catalog.read(tmp_path / "c.fits", pos_err=1.0)) == 5

    def test_fits_keeps_everything_else(self, tmp_path):
        hdus = [fits.PrimaryHDU(), fits.table_to_hdu(catalog().table), fits.ImageHDU(np.ones(3))]
        hdus[1].header["INSTRUME"], hdus[1].header["EXTNAME"] = "EPIC", "OLD"
        fits.HDUList(hdus).writeto(tmp_path / "o.fits")
        argv = ["header", str(tmp_path / "o.fits"), "--name", "A", "--out"]
        assert main([*argv, str(tmp_path / "c.fits")]) == 0
        check_fits(tmp_path / "c.fits")
        with fits.open(tmp_path / "c.fits") as new:
            assert len(new) == 3 and new[1].header["EXTNAME"] == "A"
            assert new[1].header["INSTRUME"] == "EPIC" and "SKYAREA" not in new[1].header
        copied = (tmp_path / "c.fits").read_bytes()
        renamed = copied.replace(b"EXTNAME = 'A       '", b"EXTNAME = 'OLD     '")
        assert renamed == (tmp_path / "o.fits").read_bytes()

    def test_refusals(self, tmp_path, capsys):
        write_table(catalog().table, tmp_path / "o.csv")
        write_table(catalog().table, tmp_path / "o.fits")
        for argv, says in (
            (["o.csv", "--area", "1", "--out", "c.csv"], "csv has no header"),
            (["o.fits", "--out", "c.fits"], "give --area, --name or both"),
            (["o.fits", "--area", "1", "--out", "o.fits"], "would overwrite the input"),
            (["o.csv", "--area", "1", "--out", "c.h5"], "must end in one of"),
            (["o.fits", "--area", "-1", "--out", "c.fits"], "area"),
            (["o.fits", "--name", "a b", "--out", "c.fits"], "not an identifier"),
        ):
            paths = [str(tmp_path / a) if "." in a else a for a in argv]
            assert main(["header", *paths]) == 1
            error = capsys.readouterr().err
            assert says in error and error.count("\n") == 1, error


@pytest.mark.few(6)
@pytest.mark.parametrize("kind", ["fits", "vot", "parquet", "ecsv", "csv"])
@pytest.mark.parametrize("dtype", ["i8", "u8", "i2", "u1"])
def test_the_number_that_stands_for_missing_may_be_a_value(kind, dtype, tmp_path):
    limits = np.iinfo(dtype)
    values = np.array([limits.min, limits.max, limits.min + 1, 5], dtype)
    number = MaskedColumn(values, mask=[False, False, False, True])
    ra, x = np.arange(4.0), {"n": number}
    x, o = (
        bm.Catalog(Table({"RA": ra, "DEC": ra.copy(), **more}), name=name, pos_err=1, area=1)
        for name, more in (("X", x), ("O", {}))
    )
    bm.match(x, o, radius=5, host_fraction=0.5).write(tmp_path / f"r.{kind}")
    got = bm.MatchResult.read(tmp_path / f"r.{kind}").associations["X_n"][::2]
    assert got[:3].tolist() == values[:3].tolist() and np.ma.getmaskarray(got)[3]


@pytest.mark.parametrize("ending", ["fits", "vot", "ecsv", "parquet"])
def test_missing_logicals_of_any_shape(ending, tmp_path):
    """Astropy writes False for them in VOTables, where cells have several."""
    pairs = MaskedColumn(
        [[True, False], [False, True], [True, True]], mask=[[0, 1], [0, 0], [1, 1]]
    )
    table = Table({"f": pairs, "g": MaskedColumn([True, False, True], mask=[1, 0, 0])})
    table["h"] = [True, False, True]
    write_table(table, tmp_path / f"t.{ending}")
    found = read_table(tmp_path / f"t.{ending}", Asked(positions=False))
    for name in table.colnames:
        assert found[name].tolist() == table[name].tolist(), name
        assert found[name].dtype.kind == "b"
