"""Tables of text as people write them: dialects, encodings, missing words, identifiers."""

import re
import warnings

import numpy as np
import pytest
from astropy.table import Table

import bayesmatch as bm
from bayesmatch.catalogs.formats.ecsv import ECSV

RA = [150.25, 150.5, 150.75]
DEC = [-2.5, 0.125, 2.0]
MAG = [17.5, np.nan, 19.25]
ID = ["A1", "B2", "C3"]
ROWS = [
    ("A1", "150.25", "-2.5", "17.5"),
    ("B2", "150.5", "0.125", ""),
    ("C3", "150.75", "2", "19.25"),
]
NAMES = ("ID", "RA", "DEC", "mag")


def lines(delimiter=",", rows=ROWS, names=NAMES, missing=""):
    cells = [[cell or missing for cell in row] for row in rows]
    return "\n".join(delimiter.join(row) for row in (names, *cells)) + "\n"


def check(path, says=None, **options):
    """The values of the table; warnings must be what `says`, or none."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        c = bm.Catalog.read(path, pos_err=0.5, area=1.0, **options)
    texts = [str(w.message) for w in caught]
    assert (not texts) if says is None else (len(texts) == 1 and says in texts[0]), texts
    np.testing.assert_array_equal(c.ra, RA)
    np.testing.assert_array_equal(c.dec, DEC)
    assert list(c.ids(np.arange(3))) == ID
    mag = np.ma.filled(np.ma.asarray(c.table["mag"]).astype(float), np.nan)
    np.testing.assert_array_equal(mag, MAG)
    return c


FIXED = (
    "ID   RA      DEC    mag\n"
    "A1   150.25  -2.5   17.5\n"
    "B2   150.5    0.125     \n"
    "C3   150.75   2     19.25\n"
)
VIZIER = (
    "#\n#   VizieR Astronomical Server\n#INFO\tx=1\n\n"
    + "ID\tRA\tDEC\tmag\n \tdeg\tdeg\tmag\n--\t------\t-----\t-----\n"
    + lines("\t").split("\n", 1)[1]
)
IPAC = (
    "\\comment = made by hand\n"
    "| ID   | RA      | DEC    | mag    |\n"
    "| char | double  | double | double |\n"
    "|      | deg     | deg    | mag    |\n"
    "| null | null    | null   | null   |\n"
    "  A1     150.25    -2.5     17.5    \n"
    "  B2     150.5     0.125    null    \n"
    "  C3     150.75    2        19.25   \n"
)
TOPCAT = (
    "+----+--------+-------+-------+\n| ID | RA | DEC | mag |\n+----+--------+-------+-------+\n"
    + (
        "".join("| " + " | ".join(row) + " |\n" for row in ROWS)
        + "+----+--------+-------+-------+\n"
    )
)
SEXTRACTOR = (
    "#   1 ID              Name\n#   2 RA              Right ascension [deg]\n"
    "#   3 DEC             Declination [deg]\n#   4 mag             Magnitude [mag]\n"
    "A1 150.25 -2.5 17.5\nB2 150.5 0.125 nan\nC3 150.75 2 19.25\n"
)
UNITS = "taken for units"
DIALECTS = {
    "comma": ("t.csv", lines(), None),
    "blank after comma": ("t.csv", lines(", "), None),
    "semicolon": ("t.csv", lines(";"), None),
    "tab called csv": ("t.csv", lines("\t"), None),
    "tab": ("t.tsv", lines("\t"), None),
    "pipe": ("t.txt", lines("|"), None),
    "pipes around": (
        "t.dat",
        "".join(f"|{line}|\n" for line in lines(" | ").splitlines()),
        None,
    ),
    "blanks": ("t.dat", lines(" ", missing="--"), None),
    "blanks aligned": ("t.txt", FIXED.replace("     \n", " -9  \n").replace("-9", "NA"), None),
    "fixed width with an empty cell": ("t.txt", FIXED, "cut where all lines are blank"),
    "decimal comma": (
        "t.csv",
        lines(";", [tuple(c.replace(".", ",") for c in row) for row in ROWS]),
        "decimal comma in RA, DEC, mag",
    ),
    "comments": ("t.csv", "# made by me\n# 2024\n" + lines(), None),
    "comment without blank": ("t.csv", "#Table1\n" + lines(), None),
    "header in a comment": ("t.csv", "#" + lines(), None),
    "header in a comment, blanks": ("t.txt", "# " + lines(" ", missing="nan"), None),
    "header in an earlier comment": (
        "t.txt",
        "# " + lines(" ", missing="nan").replace("mag\n", "mag\n# the end\n", 1),
        "taken from the comment",
    ),
    "a comment behind the header": (
        "t.csv",
        lines().replace("mag\n", "mag\n# made by me, 2024\n", 1),
        "1 line beginning with # among its rows",
    ),
    "comments among the rows, and at the end": (
        "t.tsv",
        lines("\t").replace("\nB2", "\n# a\tsecond\n #third\nB2", 1) + "# the end\n",
        "3 lines beginning with # among its rows",
    ),
    "units": ("t.csv", lines().replace("mag\n", "mag\n,deg,deg,mag\n", 1), UNITS),
    "units in brackets": ("t.csv", lines().replace("mag\n", "mag\n,[deg],[deg],[mag]\n", 1), UNITS),
    "types": (
        "t.csv",
        lines().replace("mag\n", "mag\nstr,double,double,float\n", 1),
        "taken for types",
    ),
    "VizieR": ("t.tsv", VIZIER, UNITS),
    "empty lines": ("t.csv", "\n\n" + lines().replace("\n", "\n\n"), None),
    "delimiter at the end": ("t.csv", lines().replace("\n", ",\n").replace("mag,", "mag", 1), None),
    "delimiter at the end of the header too": ("t.csv", lines().replace("\n", ",\n"), None),
    "quoted header": ("t.csv", lines().replace("ID,RA", '"ID" ,"RA" ', 1), None),
    "quoted cells": ("t.csv", lines().replace("A1", '"A1"').replace("17.5", '"17.5"'), None),
    "IPAC": ("t.tbl", IPAC, None),
    "SExtractor": ("t.cat", SEXTRACTOR, None),
    "text of TOPCAT": ("t.txt", TOPCAT, None),
    "two lines": (
        "t.txt",
        "ID RA     DEC   mag\n-- ------ ----- -----\n"
        "A1 150.25 -2.5  17.5\nB2 150.5  0.125\nC3 150.75 2     19.25\n",
        None,
    ),
    "a name that says nothing": ("table", lines(), None),
    "plus signs": ("t.csv", lines().replace(",2,", ",+2.0,").replace("0.125", "+.125"), None),
    "Fortran": ("t.csv", lines().replace("150.25", "1.5025D+02").replace("17.5", "17.5d0"), None),
}


@pytest.mark.parametrize("name, text, says", DIALECTS.values(), ids=DIALECTS)
def test_dialects(name, text, says, tmp_path):
    path = tmp_path / name
    path.write_text(text)
    c = check(path, says)
    if says == UNITS or "IPAC" in text:
        assert str(c.table["RA"].unit) == "deg"


@pytest.mark.parametrize(
    "word",
    ["null", "NULL", "NA", "N/A", "n/a", "--", "-", "nan", "NaN", "None", "<NA>", "...", " "],
)
@pytest.mark.parametrize("name", ["t.csv", "t.ecsv"])
def test_words_for_missing(word, name, tmp_path):
    path = tmp_path / name
    text = lines(missing=word)
    if name == "t.ecsv":
        if word not in ("null", "NULL", "NA", "--", "None", "nan"):
            pytest.skip("ECSV has one word for it")
        text = (
            "# %ECSV 1.0\n# ---\n# delimiter: ','\n# datatype:\n"
            + "".join(
                f"# - {{name: {n}, datatype: {k}}}\n"
                for n, k in zip(NAMES, ("string", "float64", "float64", "float32"), strict=True)
            )
            + text
        )
    path.write_text(text)
    check(path)


def test_ecsv_called_csv_and_packed(tmp_path):
    import gzip

    path = tmp_path / "GaiaSource_000.csv.gz"
    head = "# %ECSV 1.0\n# ---\n# delimiter: ','\n# datatype:\n"
    head += "".join(
        f"# - {{name: {n}, datatype: {k}}}\n"
        for n, k in zip(NAMES, ("string", "float64", "float64", "float32"), strict=True)
    )
    path.write_bytes(gzip.compress((head + lines(missing="null")).encode()))
    assert check(path).name == "GaiaSource_000"


ENCODINGS = {
    "utf-8": None,
    "utf-8-sig": None,
    "utf-16": None,
    "utf-16-le": None,
    "utf-16-be": None,
    "utf-32": None,
    "latin-1": "was read as cp1252",
    "cp1252": "was read as cp1252",
}


@pytest.mark.parametrize("encoding, says", ENCODINGS.items(), ids=ENCODINGS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "windows", "mac"])
def test_encodings_and_line_ends(encoding, says, end, tmp_path):
    path = tmp_path / "Größe α.csv"
    names = (*NAMES, "Größe")
    text = lines(names=names, rows=[(*row, "é") for row in ROWS])
    path.write_bytes(text.replace("\n", end).encode(encoding))
    assert list(check(path, says).table["Größe"]) == ["é"] * 3


TEXTS = {
    "zeros": [f"{i:06d}" for i in range(12)],
    "exponents": [f"{i}E{i % 20}" for i in range(12)],
    "plus": [f"+{i}" for i in range(12)],
    "plate.fibre": [f"{i}.50" for i in range(12)],
    "ending in .0": [f"{i}.0" for i in range(12)],
    "underscores": [f"1_{i}" for i in range(12)],
    "hexadecimal": [f"0x{i:04x}" for i in range(12)],
    "20 digits": [f"{10**20 + i}" for i in range(12)],
    "words for missing": ["NA", "--", "null", *(f"x{i}" for i in range(9))],
    "hash": [f"#{i}" for i in range(12)],
    "commas and quotes": [f'NGC, "{i}"' for i in range(12)],
    "line breaks": [f"a\n{i}" for i in range(12)],
    "truth": [f"True{i}" for i in range(12)],
}


def with_ids(path, ids, name="ID"):
    import csv

    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([name, "RA", "DEC"])
        writer.writerows([i, 10.5 + k, -1.25] for k, i in enumerate(ids))


@pytest.mark.parametrize("ids", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("name", ["ID", "source_name", "thing"])
def test_identifiers_stay_text(ids, name, tmp_path):
    path = tmp_path / "a.csv"
    with_ids(path, ids, name)
    c = bm.Catalog.read(path, pos_err=1, area=1, id="thing" if name == "thing" else None)
    assert c.id_name == name
    assert c.ids(np.arange(12)).tolist() == ids


@pytest.mark.parametrize(
    "first, dtype",
    [(1000, "i8"), (4315949800534220001, "i8"), (-(9 * 10**18), "i8"), (2**63 + 5, "u8")],
)
def test_integers_stay_integers(first, dtype, tmp_path):
    ids = [first + k for k in range(12)]
    with_ids(tmp_path / "a.csv", ids)
    found = bm.Catalog.read(tmp_path / "a.csv", pos_err=1, area=1).ids(np.arange(12))
    assert found.dtype == dtype and found.tolist() == ids


def test_integers_with_missing_ones(tmp_path):
    with_ids(tmp_path / "a.csv", ["", *(4315949800534220001 + k for k in range(11))])
    c = bm.Catalog.read(tmp_path / "a.csv", pos_err=1, area=1)
    assert c.id_mask.tolist() == [True] + [False] * 11
    assert c.ids(np.arange(1, 12)).tolist() == [4315949800534220001 + k for k in range(11)]
    with_ids(tmp_path / "b.csv", ["", *(f"{1000 + k}.0" for k in range(11))])  # of pandas
    c = bm.Catalog.read(tmp_path / "b.csv", pos_err=1, area=1)
    assert c.ids(np.arange(1, 12)).tolist() == [1000 + k for k in range(11)]


@pytest.mark.parametrize(
    "cells, dtype, says",
    [
        ([1, 2**63 + 5, 3], "u8", None),
        ([1, 2**63 + 5, "nan"], "u8", None),
        (["nan", 2**53 + 1, 3], "i8", None),
        (["1.5", 2**53, 10**20], "f8", None),  # floats have them
        ([-1, 2**63 + 5, 3], "f8", "in spec, read as floating-point numbers"),
        ([1, 10**20 + 1, 3], "f8", "in spec, read as floating-point numbers"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", "\t", "  "])
def test_large_whole_numbers_keep_their_digits_or_are_told(
    cells, dtype, says, delimiter, tmp_path, recwarn
):
    rows = [["RA", "DEC", "spec"], *([k, 1.5, cell] for k, cell in enumerate(cells))]
    path = tmp_path / "a.txt"
    path.write_text("".join(delimiter.join(map(str, row)) + "\n" for row in rows))
    found = bm.Catalog.read(path, pos_err=1, area=1).table["spec"]
    assert found.dtype == dtype
    expected = [None if cell == "nan" else float(cell) if dtype == "f8" else cell for cell in cells]
    assert found.tolist() == expected
    told = [str(w.message) for w in recwarn]
    assert any(says in text for text in told) if says else not told


def test_codes_that_are_no_identifiers(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "RA,DEC,obs,hour,padded\n1.5,2,0012345678,01,007.5\n2.5,3,0112345678,12,107.5\n"
    )
    table = bm.Catalog.read(path, pos_err=1, area=1).table
    assert table["obs"].tolist() == ["0012345678", "0112345678"]
    assert table["hour"].tolist() == [1, 12] and table["padded"].tolist() == [7.5, 107.5]


def test_a_float_that_begins_late(tmp_path):
    path = tmp_path / "a.csv"
    rows = [f"{k},1.5,{k}.5" for k in range(5000)] + ["7,NA,x"]
    path.write_text("RA,DEC,mag\n" + "\n".join(rows) + "\n")
    table = bm.catalogs.formats.reading.read_table(path)
    assert table["RA"].dtype == "i8" and table["DEC"].mask.nonzero()[0].tolist() == [5000]
    assert table["mag"][0] == "0.5" and table["mag"][-1] == "x"


REFUSED = {
    "no header": (lines().split("\n", 1)[1], ["numbers in place of the names"]),
    "cut": (lines()[:-14], ["line 4", "2 cells", "columns are 4", "get the file again"]),
    "too many": (lines().replace("17.5", "17,5"), ["line 2", "5 cells", "columns are 4"]),
    "two of one name": (lines().replace("mag", "RA"), ["two of its columns are called 'RA'"]),
    "ragged blanks": (lines(" ").replace("17.5", "17 5"), ["5 cells", "columns are 4", "commas"]),
    "nothing": ("\n\n", ["it is empty"]),
}


@pytest.mark.parametrize("text, says", REFUSED.values(), ids=REFUSED)
def test_refused(text, says, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match="cannot be read as csv") as caught:
        bm.Catalog.read(path, pos_err=1, area=1)
    message = str(caught.value)
    assert "\n" not in message and all(part in message for part in says), message


def test_a_header_with_a_break_in_a_name(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('# made by hand\nID,RA,DEC,mag,"flux\n(0.5-2 keV)"\n' + "".join(
        ",".join(row) + f",{k}.5\n" for k, row in enumerate(ROWS)
    ))  # fmt: skip
    c = check(path)
    assert c.table["flux\n(0.5-2 keV)"].tolist() == [0.5, 1.5, 2.5]


def test_a_header_with_a_quote_that_is_none(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(lines().replace("mag", 'mag 5"', 1))
    c = bm.Catalog.read(path, pos_err=0.5, area=1.0)
    np.testing.assert_array_equal(c.ra, RA)


def test_the_culprit_is_shown(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(lines().replace("150.5,", "about 150,"))
    with pytest.raises((TypeError, ValueError), match="about 150") as caught:
        bm.Catalog.read(path, pos_err=1, area=1)
    assert "150.25" not in str(caught.value)


def test_same_bits_as_the_standard_library(tmp_path):
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(size=500) * 10.0 ** rng.integers(-30, 30, 500), [5e-324]])
    path = tmp_path / "t.csv"
    path.write_text("RA,DEC,x\n" + "".join(f"1.5,2.5,{v!r}\n" for v in values.tolist()))
    np.testing.assert_array_equal(bm.Catalog.read(path, pos_err=1, area=1).table["x"], values)


def test_what_astropy_writes_is_read(tmp_path):
    table = Table({"ID": ID, "RA": RA, "DEC": DEC, "mag": np.ma.masked_invalid(MAG)})
    for kind in ("csv", "tab", "fixed_width", "commented_header", "basic", "ecsv", "ipac", "mrt"):
        path = tmp_path / f"{kind}.txt"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table.write(path, format=f"ascii.{kind}", overwrite=True)
        check(path)


@pytest.mark.parametrize(
    "rows",
    [
        "#1,1,2\n#2,2,3\n#3,3\n",  # identifiers
        '#1,1,2\n2,2,"3\n#4"\n3,3\n',  # a cell of two lines
        "1,1,2\n# note\n3,3\n",  # a row that does not fit beside a comment
    ],
)
def test_rows_that_are_no_comments(rows, tmp_path):
    (tmp_path / "t.csv").write_text("ID,RA,DEC\n" + rows)
    with pytest.raises(ValueError, match="has [12] cells, and its columns are 3"):
        bm.catalogs.formats.reading.read_table(tmp_path / "t.csv")


def test_values_that_are_not_between_the_bars_of_an_ipac_table(tmp_path):
    """A tenth of a degree would be lost of one, and the identifier be that of another row."""
    t = Table({"ID": ["a", "b"], "RA": [10.25, 11.5], "DEC": [1.5, -2.25]})
    t.write(tmp_path / "x.tbl", format="ascii.ipac")
    good = (tmp_path / "x.tbl").read_text()
    found = bm.Catalog.read(tmp_path / "x.tbl", name="A", pos_err=1, area=1)
    np.testing.assert_array_equal(found.ra, [10.25, 11.5])
    row = next(line for line in good.splitlines() if "11.5" in line)
    for wrong in (row.replace(" 11.5", "11.50000"), f"{row.rstrip()}      77", row.strip()):
        (tmp_path / "x.tbl").write_text(good.replace(row, wrong))
        with pytest.raises(ValueError, match=r"as text \(line \d+, 'b .* the bar in place \d+ of"):
            bm.Catalog.read(tmp_path / "x.tbl", name="A", pos_err=1, area=1)


MARKED = "#2 10.0 0.5\n#3 11.0 0.5\nA4 12.0 0.5\nA5 13.0 0.5\nA6 14.0 0.5\n"
ALL, FEWER = ["#2", "#3", "A4", "A5", "A6"], ["A4", "A5", "A6"]


@pytest.mark.parametrize(
    "name, text, found, says",
    [
        ("t.csv", ("id ra dec\n" + MARKED).replace(" ", ","), ALL, "2 lines .* taken for rows"),
        ("t.csv", ("#id ra dec\n" + MARKED).replace(" ", ","), ALL, "2 lines .* taken for rows"),
        ("t.csv", ("#id ra dec\n" + MARKED[:24]).replace(" ", ","), ALL[:2], None),
        ("t.csv", "#id,ra,dec\n#1,10,x\nA4,12,0.5\n", ["A4"], "names of its columns are taken"),
        ("t.txt", "id ra dec\n" + MARKED, FEWER, "2 lines beginning with # among .* left out"),
        ("t.txt", "#id ra dec\n" + MARKED, FEWER, "2 lines beginning with # above .* left out"),
        ("t.ecsv", "id ra dec\n" + MARKED, FEWER, "2 lines beginning with # left out, as ECSV"),
    ],
)
def test_identifiers_that_begin_as_comments_do(name, text, found, says, tmp_path):
    """No row is lost, and no comment taken for one, without a word."""
    if name == "t.ecsv":
        columns = [f"# - {{name: {n}, datatype: {k}}}\n" for n, k in KINDS.items()]
        text = "".join(["# %ECSV 1.0\n# ---\n# datatype:\n", *columns, text])
    (tmp_path / name).write_text(text)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        table = bm.Catalog.read(tmp_path / name, name="A", pos_err=1, area=1.0).table
    assert list(table["id"]) == found and np.all(table["dec"] == 0.5)
    assert any(re.search(says, str(w.message)) for w in told) if says else not told


@pytest.mark.parametrize("first", ["10.0", "+170:00:00", "170 00 00"])
@pytest.mark.parametrize("delimiter", [",", "\t", "|"])
def test_rows_commented_out_below_a_commented_header(first, delimiter, tmp_path):
    """Coordinates do not begin with #: these are no rows, of which the first has no coordinate."""
    rows = [["#ra", "dec", "id"], ["#1", "2", "3"], ["#" + first, "0.5", "7"], [first, "0.5", "8"]]
    (tmp_path / "t.txt").write_text("".join(delimiter.join(row) + "\n" for row in rows))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        table = bm.Catalog.read(tmp_path / "t.txt", name="A", pos_err=1, area=1.0).table
    assert list(table["id"]) == [8]
    said = "2 lines beginning with # above its rows left out"
    assert any(said in str(w.message) for w in told)


KINDS = {"id": "string", "ra": "float64", "dec": "float64"}


@pytest.mark.parametrize("first", ["id", "#id", "#"])
def test_ecsv_that_is_written_keeps_them(first, tmp_path):
    """Astropy writes them as they are, and loses these rows when it reads the file."""
    names = ["#2", "#", "A4", "# 5", '#a"b']
    table = Table({first: names, "ra": np.arange(5.0), "dec": np.arange(5.0), "c": ["#"] * 5})
    ECSV.write_table(table, tmp_path / "t.ecsv")
    assert list(Table.read(tmp_path / "t.ecsv")[first]) == names
    found = bm.Catalog.read(tmp_path / "t.ecsv", name="A", pos_err=1, area=1.0, id=first)
    assert list(found.table[first]) == names and list(found.table["c"]) == ["#"] * 5
    ECSV.write_table(Table({first: [1, 2]}), tmp_path / "t.ecsv")
    assert list(Table.read(tmp_path / "t.ecsv")[first]) == [1, 2]
