"""The table to publish: every cell, its labels, its header, and every format it is written to."""

import hashlib
import json
import re
import time
import warnings
from pathlib import Path

import desk
import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.io.votable import parse, validate
from astropy.io.votable.ucd import check_ucd
from astropy.table import Table, vstack

import bayesmatch as bm
from bayesmatch.catalogs.formats.reading import read_table
from bayesmatch.cli import main
from bayesmatch.diagnostics.published.labels import valid_name, valid_unit
from bayesmatch.diagnostics.published.latex import latex
from bayesmatch.diagnostics.report.words import catalogue_words
from bayesmatch.matching.wording import rows_left_out


@pytest.fixture(scope="module")
def inputs():
    return desk.tables()


@pytest.fixture(scope="module")
def two(inputs):
    primary, optical = desk.catalogs(*inputs[:2])
    return desk.matched(primary, optical)


@pytest.fixture(scope="module")
def three(inputs):
    return desk.matched(*desk.catalogs(*inputs))


@pytest.fixture(scope="module")
def table(two):
    return two.catalogue(second=True)


def masked(column):
    return np.ma.getmaskarray(np.ma.asarray(column))


def same_cells(found, wanted, mask=None):
    """Both have the same values where they are, and miss the same."""
    gone = masked(wanted) if mask is None else mask | masked(wanted)
    values = np.ma.getdata(np.ma.asarray(found))
    there = np.ma.getdata(np.ma.asarray(getattr(wanted, "value", wanted)))
    nan = there != there if there.dtype.kind == "f" else np.zeros(there.shape, bool)
    np.testing.assert_array_equal(masked(found) | (values != values), gone | nan)
    np.testing.assert_array_equal(values[~(gone | nan)], there[~(gone | nan)])


@pytest.mark.parametrize("which", ["two", "three"])
def test_every_cell_is_that_of_the_inputs_and_of_the_sources(which, inputs, request):
    result = request.getfixturevalue(which)
    found = result.catalogue()
    assert len(found) == len(result.sources)
    names = dict(zip(result.catalogue_names, inputs, strict=False))
    for name, given in names.items():
        row = np.asarray(result.sources[name])
        for column in given.colnames:
            published = valid_name(f"{name}_{column}", set())
            wanted = given[column][np.maximum(row, 0)]
            shape = (-1,) + (1,) * (wanted.ndim - 1)
            if wanted.dtype.kind == "U":  # identifiers are stripped
                wanted = np.char.strip(wanted)
            gone = np.broadcast_to((row < 0).reshape(shape), wanted.shape)
            same_cells(found[published], wanted, gone)
    for column in result.sources.colnames:
        same_cells(found[column], result.sources[column])


def test_the_class_by_hand(two, three):
    seen = set()
    for result in (two, three):
        for cuts in ((0.9, 0.9), (0.6, 0.99), (0.5, 0.5)):
            found = result.catalogue(cuts)
            for row, said in zip(result.sources, found["class"], strict=True):
                if np.ma.is_masked(row["p_hostless"]):
                    wanted = "outside"
                elif row["p_match"] >= cuts[0]:
                    wanted = "secure"
                else:
                    wanted = "hostless" if row["p_hostless"] >= cuts[1] else "ambiguous"
                assert said == wanted
                seen.add(wanted)
            counts = found.meta["bayesmatch"]["class_counts"]
            assert sum(counts.values()) == len(found)
    assert seen == {"secure", "ambiguous", "hostless", "outside"}


@pytest.mark.parametrize("cuts", [(0.4, 0.9), (0.9, 1.1), (0.9, float("nan"))])
def test_cuts_that_would_make_a_source_both(two, cuts):
    with pytest.raises(ValueError, match=r"class_cuts is .* from 0\.5 to 1"):
        two.catalogue(cuts)


@pytest.mark.parametrize("cuts", [0.9, (0.9,), "half", None, (0.9, "x")])
def test_cuts_that_are_no_pair(two, cuts):
    with pytest.raises(TypeError, match="class_cuts is .* give a pair"):
        two.catalogue(cuts)


@pytest.mark.parametrize("which", ["two", "three"])
def test_the_second_candidate_by_hand(which, request):
    result = request.getfixturevalue(which)
    names = result.catalogue_names
    found = result.catalogue(second=True)
    for n, source in enumerate(result.sources):
        mine = result.associations[np.asarray(result.associations[names[0]]) == n]
        best = [source[name] for name in names[1:]]
        rivals = [a for a in mine if a["ncat"] > 1 and [a[m] for m in names[1:]] != best]
        if not rivals:
            assert found["second_p_match"][n] == 0 and masked(found["second_OPT_ID"])[n]
            continue
        wanted = max(rivals, key=lambda a: a["p_match"])
        assert found["second_p_match"][n] == wanted["p_match"] <= source["p_match"] + 1e-15
        for name in names[1:]:
            ids = found[f"second_{name}_ID"]
            if wanted[name] < 0:
                assert masked(ids)[n]
            else:
                assert ids[n] == wanted[f"{name}_ID"]
                separation = found[f"second_Separation_{names[0]}_{name}"][n]
                assert separation == wanted[f"Separation_{names[0]}_{name}"]


@pytest.mark.few(2)
@pytest.mark.parametrize("ending", ["fits", "parquet", "ecsv", "vot", "csv"])
def test_from_a_file_as_from_memory(three, tmp_path, ending):
    path = tmp_path / f"result.{ending}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # arrays that a format has as text
        three.write(path, include_inputs=True)
    found, wanted = bm.MatchResult.read(path).catalogue(second=True), three.catalogue(second=True)
    assert found.colnames == wanted.colnames
    for name in wanted.colnames:
        if wanted[name].ndim == 1:
            same_cells(found[name], wanted[name])
        assert found[name].unit == wanted[name].unit
    assert found.meta["bayesmatch"] == wanted.meta["bayesmatch"]


def test_a_file_without_inputs_and_the_catalogues_beside_it(two, inputs, tmp_path):
    path = tmp_path / "bare.fits"
    two.write(path, include_inputs=False)
    read = bm.MatchResult.read(path)
    with pytest.warns(UserWarning, match=r"input columns of XRAY and OPT .*--inputs"):
        bare = read.catalogue()
    assert "class" in bare.colnames and "XRAY_RA" not in bare.colnames
    given = desk.catalogs(*inputs[:2])
    found, wanted = read.catalogue(catalogues=given), two.catalogue()
    assert found.colnames == wanted.colnames
    for name in wanted.colnames:
        same_cells(found[name], wanted[name])


def test_other_catalogues_than_those_of_the_match(two, inputs):
    primary, optical = desk.catalogs(*inputs[:2])
    turned, _ = desk.catalogs(inputs[0][::-1], inputs[1])
    with pytest.raises(ValueError, match=r"'XRAY': row 0 has NAME 'X 089', and in the result"):
        two.catalogue(catalogues=[turned, optical])
    with pytest.raises(ValueError, match=r"'XRAY' has 1,570 rows.* had 90"):
        two.catalogue(catalogues=[optical, primary])
    with pytest.raises(ValueError, match="1 catalogues are given.*XRAY, OPT"):
        two.catalogue(catalogues=[primary])
    with pytest.raises(TypeError, match="'OPT' is given as a Table"):
        two.catalogue(catalogues=[primary, inputs[1]])


@pytest.mark.filterwarnings("ignore:The unit 'erg'")  # VOUnit would have it otherwise
def test_names_units_descriptions_and_ucds_are_those_that_the_cds_takes(three):
    found = three.catalogue(second=True)
    for name, column in found.items():
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name)
        assert column.description and column.description.isascii()
        if column.unit is not None:
            for form in ("cds", "fits", "vounit"):
                assert u.Unit(column.unit.to_string(form), format=form) == column.unit
        ucd = column.info.meta.get("ucd")
        assert ucd is None or check_ucd(ucd, check_controlled_vocabulary=True)
    kinds = {name: c.info.meta.get("ucd") for name, c in found.items()}
    assert kinds["XRAY_RA"] == "pos.eq.ra;meta.main" and kinds["OPT_DEC"] == "pos.eq.dec"
    assert kinds["XRAY_NAME"] == "meta.id;meta.main" and kinds["IR_ID"] == "meta.id.cross"
    assert kinds["XRAY_counts"] == "phot.count" and kinds["OPT_r"] == "phot.mag"
    assert kinds["XRAY_flux__cgs_"] == "phot.flux" and kinds["XRAY_err"] == "stat.error;pos.eq"
    assert found["OPT_flux_r"].unit is None
    assert found["OPT_flux_r"].description == "flux_r of OPT, as given (in nmgy)"


def test_columns_that_would_have_one_name(inputs):
    sources = inputs[0].copy()
    sources["a b"], sources["a_b"], sources["A_B"] = np.arange(3 * len(sources)).reshape(3, -1)
    primary, optical = desk.catalogs(sources, inputs[1])
    found = desk.matched(primary, optical).catalogue()
    for name, column in (("XRAY_a_b_2", "a b"), ("XRAY_a_b", "a_b"), ("XRAY_A_B", "A_B")):
        np.testing.assert_array_equal(found[name], sources[column])


@pytest.mark.parametrize(
    ("unit", "kept", "said"),
    [
        ("mag", "mag", ""),
        ("mag(AB)", "mag", "mag(AB)"),
        ("erg s-1 cm-2", "erg / (s cm2)", ""),
        ("nonsense", None, "nonsense"),
        ("", None, ""),
    ],
)
def test_units(unit, kept, said):
    found = valid_unit(unit)
    assert found == (None if kept is None else u.Unit(kept), said)


def test_the_header_tells_of_the_inputs(inputs, tmp_path):
    names = ["x.fits", "o.ecsv"]
    paths = [tmp_path / name for name in names]
    for path, given in zip(paths, inputs, strict=False):
        given.write(path)
    out = tmp_path / "out.fits"
    argv = ["match", str(paths[0]), ":err", str(paths[1]), "0.1", "--area", "0.09:0.09"]
    argv += ["--name", "X:O", "--id", "NAME:", "--radius", "8", "--out", str(out), "--quiet"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of columns that FITS calls otherwise
        assert main(argv) == 0
    inside = bm.match(
        bm.Catalog.read(paths[0], name="X", pos_err="err", area=0.09, id="NAME"),
        bm.Catalog.read(paths[1], name="O", pos_err=0.1, area=0.09),
        radius=8.0,
    )
    for result in (bm.MatchResult.read(out), inside):
        head = result.catalogue().meta["bayesmatch"]
        for part, name in zip(head["inputs"], names, strict=True):
            digest = hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
            assert (part["file"], part["sha256"]) == (name, digest)
        assert head["parameters"]["radius_arcsec"] == 8.0
        assert head["bayesmatch"] == bm.__version__
        assert any("Salvato" in line for line in head["citation"])
        bm.write_catalogue(result.catalogue(), tmp_path / "published.fits")
        text = repr(fits.getheader(tmp_path / "published.fits", 1))
        assert head["inputs"][0]["sha256"] in text and "Salvato" in text


def test_fits(table, tmp_path):
    path = tmp_path / "t.fits"
    assert bm.write_catalogue(table, path) == [str(path)]
    with warnings.catch_warnings(), fits.open(path, checksum=True) as hdus:
        warnings.simplefilter("error")
        hdus.verify("exception")
        header = hdus[1].header
        assert header["EXTNAME"] == "CATALOGUE" and header["BMRADIUS"] == 8.0
        for number, name in enumerate(table.colnames, start=1):
            assert header[f"TTYPE{number}"] == name
            assert header.get(f"TUCD{number}") == table[name].info.meta.get("ucd")
            assert header[f"TCOMM{number}"] == table[name].description
    compare(Table.read(path), table)


def compare(found, table):
    """Cells of a table that a format gave back, the text of its missing ones apart."""
    assert found.colnames == table.colnames
    for name in table.colnames:
        wanted, got = table[name], found[name]
        if wanted.dtype.kind == "U":
            gone = masked(wanted)
            text = np.char.strip(np.asarray(np.ma.filled(got, "")).astype(str))
            np.testing.assert_array_equal(text == "", gone)
            wanted = np.ma.getdata(np.ma.asarray(wanted))
            np.testing.assert_array_equal(text[~gone], wanted[~gone])
        elif wanted.ndim == 1:
            same_cells(got, wanted)


def test_votable(table, tmp_path, recwarn):
    path = tmp_path / "t.vot"
    bm.write_catalogue(table, path)
    assert "found no violations" in validate(path, output=None, xmllint=False)
    element = parse(path, verify="exception").get_first_table()
    for field, (name, column) in zip(element.fields, table.items(), strict=True):
        assert field.name == name and field.ucd == column.info.meta.get("ucd")
        assert field.datatype != "bit"  # which STILTS cannot read
        assert " ".join(str(field.description).split()) == column.description
        assert (field.ref == "icrs") == ("pos.eq.ra" in str(field.ucd) or ".dec" in str(field.ucd))
    compare(element.to_table(use_names_over_ids=True), table)
    info = next(i for i in parse(path).resources[0].infos if i.name == "bayesmatch")
    assert json.loads(info.value) == table.meta["bayesmatch"]


def test_votable_of_a_match_with_priors(inputs, tmp_path):
    prior = bm.HistogramPrior("r", [10, 22], [22, 40], [0.6, 0.4], [0.2, 0.8])
    primary, optical = desk.catalogs(*inputs[:2])
    result = desk.matched(primary, optical, priors={optical.name: [prior]})
    found = result.catalogue()
    assert any(name.startswith("mean_ratio") for name in found.colnames)
    bm.write_catalogue(found, tmp_path / "t.vot")
    assert "found no violations" in validate(tmp_path / "t.vot", output=None, xmllint=False)


def test_parquet(table, tmp_path):
    from pyarrow import parquet

    path = tmp_path / "t.parquet"
    bm.write_catalogue(table, path)
    schema = parquet.read_schema(path)
    assert json.loads(schema.metadata[b"bayesmatch"]) == table.meta["bayesmatch"]
    for field, column in zip(schema, table.itercols(), strict=True):
        ucd = column.info.meta.get("ucd")
        assert field.metadata.get(b"ucd") == (ucd.encode() if ucd else None)
    compare(read_table(path), table)


@pytest.mark.parametrize("ending", ["csv", "ecsv"])
def test_text(table, tmp_path, ending):
    path = tmp_path / f"t.{ending}"
    written = bm.write_catalogue(table, path)
    found = Table.read(path, format=f"ascii.{ending}")
    assert found.colnames == table.colnames
    same_cells(found["XRAY_counts"], table["XRAY_counts"])
    same_cells(found["p_match"], table["p_match"])
    assert list(found["XRAY_NAME"]) == list(table["XRAY_NAME"])
    if ending == "csv":
        beside = json.loads((tmp_path / "t.meta.json").read_text())
        assert written == [str(path), str(tmp_path / "t.meta.json")]
        columns = beside.pop("columns")
        assert beside == table.meta["bayesmatch"]
        assert [c["name"] for c in columns] == table.colnames
    else:
        assert found.meta["bayesmatch"]["title"] == table.meta["bayesmatch"]["title"]


@pytest.mark.parametrize("ending", ["mrt", "txt"])
def test_the_machine_readable_table(table, tmp_path, ending):
    path = tmp_path / f"t.{ending}"
    bm.write_catalogue(table, path)
    text = path.read_text()
    described = text.split("Byte-by-byte")[1].split("Note (")[0]
    assert text.isascii() and max(map(len, described.splitlines())) <= 80
    found = Table.read(path, format="ascii.mrt")
    plain = [n for n in table.colnames if table[n].ndim == 1]
    arrays = [f"XRAY_spectrum_{k}" for k in (1, 2, 3)]
    assert set(found.colnames) == {*plain, *arrays}
    for name in plain:
        wanted, got = table[name], found[name]
        gone = masked(wanted)
        values = np.ma.getdata(np.ma.asarray(wanted))
        if values.dtype.kind == "f":
            gone = gone | ~np.isfinite(values)  # which the standard has no numbers for
        if values.dtype.kind == "U":
            text_of = np.asarray(np.ma.filled(np.ma.asarray(got).astype(str), ""))
            said = np.array([" ".join(v.split()) for v in values])
            np.testing.assert_array_equal(text_of[~gone], said[~gone])
            continue
        np.testing.assert_array_equal(masked(got), gone)
        numbers = np.ma.getdata(np.ma.asarray(got)).astype(float)
        if values.dtype.kind == "f":
            close = 5.1e-7 if table[name].info.meta.get("ucd") == "stat.probability" else 0
            close = 5.1e-8 if table[name].unit == u.deg else close
            np.testing.assert_allclose(numbers[~gone], values[~gone], rtol=2e-6, atol=close + 1e-6)
        else:
            np.testing.assert_array_equal(numbers[~gone], values[~gone].astype(float))
        assert (got.unit or "") == (wanted.unit or "")
    fluxes = np.asarray(found["XRAY_flux__cgs_"])
    np.testing.assert_allclose(fluxes, table["XRAY_flux__cgs_"], rtol=1e-8)
    spectrum = np.column_stack([found[name] for name in arrays])
    np.testing.assert_allclose(spectrum, table["XRAY_spectrum"], rtol=1e-5, atol=1e-6)


def test_latex(table, tmp_path):
    path = tmp_path / "t.tex"
    bm.write_catalogue(table, path)
    lines = path.read_text().splitlines()
    rows = [line for line in lines if line.endswith(r"\\")]
    assert len(rows) == 2 + 10 and len({row.count(" & ") for row in rows}) == 1
    assert r"\textless{}/script\textgreater{}" in rows[5]
    assert r"XRAY\_NAME" in rows[0] and "(deg)" in rows[1]
    assert latex("a_b & 50% {x}") == r"a\_b \& 50\% \{x\}"


@pytest.fixture(scope="module")
def lonely(inputs):
    """A match across right ascension 0 in which no source has a candidate."""
    sources, objects, _ = inputs
    sources, objects = sources["NAME", "RA", "DEC", "err"][:5], objects[:50]
    sources["RA"] = [359.987654321, 0.000123456, 0.487654321, 9.5, 359.5] * u.deg
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that nothing is there is told
        x = bm.Catalog(sources, name="X", pos_err="err", area=1.0, id="NAME")
        return bm.match(x, bm.Catalog(objects, name="O", pos_err=0.1, area=0.09), radius=8.0)


def test_positions_in_latex_have_the_same_decimals_everywhere(lonely, tmp_path):
    """A column of right ascensions across 0 had three decimals (3.6 arcsec) there."""
    bm.write_catalogue(lonely.catalogue(), tmp_path / "t.tex")
    rows = (tmp_path / "t.tex").read_text().splitlines()
    found = [row.split(" & ")[1] for row in rows if row.endswith(r"hostless \\")]
    assert found == ["359.98765", "0.00012", "0.48765", "9.50000", "359.50000"]
    caption = next(row for row in rows if row.startswith(r"\caption"))
    assert caption.endswith(
        "Of hostless sources the most probable candidate is given, which is no identification.}"
    )


def test_a_separation_that_is_not_there_is_masked_as_all_else_is(lonely, table, tmp_path):
    found = lonely.catalogue(second=True)
    bm.write_catalogue(found, tmp_path / "t.csv")
    for name in ("Separation_X_O", "second_Separation_X_O", "O_RA"):
        assert masked(found[name]).all() and np.isnan(found[name].data.data).all()
    assert "nan" not in (tmp_path / "t.csv").read_text()
    absent = masked(table["OPT_RA"])
    assert absent.any() and not absent.all()
    np.testing.assert_array_equal(masked(table["Separation_XRAY_OPT"]), absent)


def test_no_infinity_in_the_machine_readable_table(lonely, tmp_path):
    bm.write_catalogue(lonely.catalogue(), tmp_path / "t.mrt")
    text = (tmp_path / "t.mrt").read_text()
    assert "inf" not in text.rsplit("Note (", 1)[1]
    assert "blank where it is infinite" in " ".join(text.split())
    assert masked(Table.read(tmp_path / "t.mrt", format="ascii.mrt")["log10_odds_host"]).all()


def test_texts_that_are_all_empty_have_no_deprecated_size_in_votables(lonely, tmp_path):
    bm.write_catalogue(lonely.catalogue(second=True), tmp_path / "t.vot")
    lonely.write(tmp_path / "result.vot")
    for name in ("t.vot", "result.vot"):
        assert b'arraysize="1"' not in (tmp_path / name).read_bytes()
    compare(Table.read(tmp_path / "t.vot"), lonely.catalogue(second=True))
    assert len(bm.MatchResult.read(tmp_path / "result.vot").sources) == 5


@pytest.mark.parametrize("ending", ["fits", "mrt", "vot", "csv", "tex"])
def test_letters_that_a_format_cannot_hold_are_told(table, tmp_path, ending, recwarn):
    """Identifiers became '?' without a word."""
    found = table.copy()
    found.replace_column("XRAY_NAME", table["XRAY_NAME"].astype("U30"))
    found["XRAY_NAME"][4] = "\u03a3 4\u00e9"
    bm.write_catalogue(found, tmp_path / f"t.{ending}")
    said = [str(w.message) for w in recwarn if "ASCII alone" in str(w.message)]
    assert len(said) == (ending in ("fits", "mrt")) and all("XRAY_NAME" in text for text in said)


@pytest.mark.parametrize("command", ["catalogue", "regions"])
def test_a_result_read_from_a_file_spares_what_it_was_matched_from(
    inputs, tmp_path, capsys, command
):
    """The result knows what its inputs held, not where they lie."""
    x, o = tmp_path / "x.ecsv", tmp_path / "o.ecsv"
    for path, given in ((x, inputs[0]), (o, inputs[1])):
        given.write(path)
    argv = ["match", x, ":err", o, "0.1", "--id", "NAME:ID", "--area", "0.09:0.09", "--radius", "8"]
    assert main([*map(str, argv), "--quiet", "--out", str(tmp_path / "m.fits")]) == 0
    target = o if command == "catalogue" else tmp_path / "o.reg"
    before = o.read_bytes()
    target.write_bytes(before)  # the other command writes under its own ending alone
    capsys.readouterr()
    assert main([command, str(tmp_path / "m.fits"), "--out", str(target)]) == 1
    assert "would overwrite an input, the file that o was matched from" in capsys.readouterr().err
    result = bm.MatchResult.read(tmp_path / "m.fits")
    with pytest.raises(ValueError, match="would overwrite an input"):
        bm.write_catalogue(result.catalogue(), o)
    with pytest.raises(ValueError, match="would overwrite an input"):
        result.write(o)
    assert target.read_bytes() == o.read_bytes() == before
    assert (
        main([command, str(tmp_path / "m.fits"), "--out", str(tmp_path / f"new{target.suffix}")])
        == 0
    )


@pytest.mark.parametrize(
    "ending", ["fits", "fits.gz", "vot", "parquet", "csv", "ecsv", "mrt", "tex"]
)
def test_equal_tables_give_equal_files(table, tmp_path, ending):
    first, second = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    for path in (first, second):
        bm.write_catalogue(table, path)
    assert first.read_bytes() == second.read_bytes()


def test_what_is_no_published_table(two, tmp_path):
    with pytest.raises(TypeError, match="without a header"):
        bm.write_catalogue(two.sources, tmp_path / "t.fits")
    with pytest.raises(ValueError, match=r"unknown format of a catalogue.*\.mrt.*\.tex"):
        bm.write_catalogue(two.catalogue(), tmp_path / "t.xls")
    with pytest.raises(TypeError, match="catalogue takes a MatchResult"):
        bm.catalogue(two.sources)
    assert list(tmp_path.iterdir()) == []


def test_the_command(two, inputs, tmp_path, capsys):
    result = tmp_path / "result.fits"
    two.write(result, include_inputs=True)
    out = [tmp_path / name for name in ("a.vot", "a.mrt", "a.tex")]
    argv = ["catalogue", str(result), *(x for path in out for x in ("--out", str(path)))]
    assert main([*argv, "--cuts", "0.8,0.95", "--second"]) == 0
    said = capsys.readouterr()
    assert "90 sources" in said.out and said.err == ""
    assert all(path.exists() for path in out)
    found = Table.read(out[0])
    assert "second_p_match" in found.colnames
    assert found["class"][0] == two.catalogue((0.8, 0.95))["class"][0]
    for bad, message in (
        (["--cuts", "0.8"], "--cuts"),
        (["--cuts", "a,b"], "--cuts"),
        (["--cuts", "0.1,0.9"], "--cuts"),
        (["--inputs", "x.fits"], "--inputs has 1 file,"),
    ):
        assert main([*argv, *bad]) == 1
        assert message in capsys.readouterr().err
    assert main(["catalogue", str(result), "--out", str(result)]) == 1
    assert "overwrite the input" in capsys.readouterr().err


def test_rows_that_the_match_left_out_are_told(inputs, tmp_path, capsys):
    x, o = (table.copy() for table in inputs[:2])
    x["RA"][5] = x["err"][7] = x["err"][9] = o["RA"][7] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that they are left out
        result = bm.match(
            bm.Catalog(x, name="X", pos_err="err", area=41_253, id="NAME"),
            bm.Catalog(o, name="O", pos_err=0.1, area=0.09),
            radius=8.0,
            bad_rows="drop",
        )
    said = "1 without a position and 2 without a position error that can be used"
    told = [part["left_out"] for part in result.catalogue().meta["bayesmatch"]["inputs"]]
    assert told == [said, "1 without a position"]
    result.write(tmp_path / "r.fits", include_inputs=True)
    assert main(["catalogue", str(tmp_path / "r.fits"), "--out", str(tmp_path / "a.mrt")]) == 0
    assert f"left them out: {said}\n" in capsys.readouterr().out
    assert f"rows left out: {said}\n" in (tmp_path / "a.mrt").read_text()
    words = [
        catalogue_words(c, rows_left_out(result.record, c.name)) for c in result.record.catalogues
    ]
    assert f"left out: {said}." in words[0] and "90 rows on 41,253 deg^2" in words[0]


def test_the_command_with_inputs(inputs, tmp_path, capsys):
    paths = [tmp_path / "x.fits", tmp_path / "o.ecsv"]
    for path, given in zip(paths, inputs, strict=False):
        given.write(path)
    result = bm.match(
        bm.Catalog.read(paths[0], name="X", pos_err="err", area=0.09, id="NAME"),
        bm.Catalog.read(paths[1], name="O", pos_err=0.1, area=0.09),
        radius=8.0,
    )
    result.write(tmp_path / "bare.fits", include_inputs=False)
    argv = ["catalogue", str(tmp_path / "bare.fits"), "--out", str(tmp_path / "t.fits")]
    assert main([*argv, "--quiet"]) == 0
    assert "give the catalogues that were matched" in capsys.readouterr().err
    assert main([*argv, "--quiet", "--inputs", *map(str, paths)]) == 0
    assert capsys.readouterr().err == ""
    compare(Table.read(tmp_path / "t.fits"), result.catalogue())
    argv[-1] = str(paths[0])
    assert main([*argv, "--inputs", *map(str, paths)]) == 1
    assert "x.fits" in capsys.readouterr().err


def test_the_machine_readable_table_of_many_rows_takes_no_long_time(two, tmp_path):
    many = vstack([two.catalogue()] * 80, metadata_conflicts="silent")
    many.meta = two.catalogue().meta
    start = time.process_time()
    bm.write_catalogue(many, tmp_path / "t.mrt")
    assert time.process_time() - start < 10  # 100 s when each cell looked for the longest


@pytest.mark.parametrize("ending", ["ecsv", "fits", "vot", "parquet", "csv", "mrt", "tex"])
def test_errors_that_are_radii_stand_in_every_header(tmp_path, ending):
    x = {"ID": [1, 2], "RA": [10.0, 11.0], "DEC": [0.0, 0.0], "r90": [1.0, 2.0]}
    x = bm.Catalog(x, name="X", pos_err=bm.Radius("r90", containment=0.9), area=1.0)
    o = bm.Catalog({"ID": [1], "RA": [10.0], "DEC": [0.0]}, name="O", pos_err=0.1, area=1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two sources
        result = bm.match(x, o, radius=5)
    assert [type(part) for part in result.meta["catalogues"][0]["pos_err"]] == [str]
    paths = bm.write_catalogue(result.catalogue(), tmp_path / f"published.{ending}")
    if ending not in ("fits", "parquet", "tex"):
        assert any("r90@90%" in Path(path).read_text() for path in paths)
