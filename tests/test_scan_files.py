"""Which rows a data set has: each once, or an error in one line; only files are opened."""

import gzip
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from astropy.table import Table
from pyarrow import parquet
from test_scan import OPTIONS, survey

import bayesmatch as bm
from bayesmatch.catalogs.formats.reading import read_table
from bayesmatch.catalogs.formats.registry import FORMATS
from bayesmatch.catalogs.scan import walk
from bayesmatch.catalogs.scan.files import find_files
from bayesmatch.cli import main


@pytest.fixture
def folder(tmp_path):
    """600 rows in two files, one of them in a directory below."""
    (tmp_path / "set" / "sub").mkdir(parents=True)
    parquet.write_table(survey(300), tmp_path / "set" / "a.parquet")
    parquet.write_table(survey(300, seed=2), tmp_path / "set" / "sub" / "b.parquet")
    return tmp_path / "set"


def rows(paths):
    return len(bm.Catalog.scan(paths, pos_err=0.3, **OPTIONS))


def refused(paths, kind, *says):
    with pytest.raises(kind) as error:
        rows(paths)
    for text in says:
        assert text in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("pattern", ["", "*", "**", "**/*.parquet", "**/*", "*/../**"])
def test_an_unreadable_directory_is_an_error(pattern, folder, monkeypatch):
    scandir = os.scandir

    def guarded(path="."):
        if Path(path).name == "sub":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    assert rows(folder / pattern) == 600
    monkeypatch.setattr(walk.os, "scandir", guarded)
    refused(
        folder / pattern, PermissionError, "sub: this directory cannot be read", "make it readable"
    )
    (folder / "sub").rename(folder / "_sub")  # left out, so not looked into
    monkeypatch.undo()
    assert rows(folder / "**") == 300


LINKS = {
    "itself": lambda f: (f / "self").symlink_to("."),
    "its parent": lambda f: (f / "sub" / "up").symlink_to(".."),
    "a directory of the set": lambda f: (f / "again").symlink_to("sub"),
    "a part": lambda f: (f / "c.parquet").symlink_to("a.parquet"),
    "a part, hard": lambda f: os.link(f / "a.parquet", f / "sub" / "c.parquet"),
    "two loops": lambda f: [(f / name).symlink_to(".") for name in ("x", "y")],
}


@pytest.mark.parametrize("pattern", ["", "**/*.parquet", "**"])
@pytest.mark.parametrize("link", LINKS)
def test_rows_that_would_count_twice(link, pattern, folder):
    LINKS[link](folder)
    refused(folder / pattern, ValueError, "again, by", "count twice", "list the files")


def test_links_out_of_the_set_are_followed(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    parquet.write_table(survey(50, seed=3), tmp_path / "elsewhere" / "c.parquet")
    parquet.write_table(survey(60, seed=4), tmp_path / "d.parquet")
    (folder / "more").symlink_to(tmp_path / "elsewhere")
    (folder / "d.parquet").symlink_to(tmp_path / "d.parquet")
    assert rows(folder) == rows(f"{folder}/**/*.parquet") == 710


def test_one_file_in_two_spellings(folder, monkeypatch):
    twice = [folder / "a.parquet", folder / "sub" / ".." / "a.parquet"]
    refused(twice, ValueError, "a.parquet: this is the file", "by a link or another spelling")
    refused([folder, folder / "sub"], ValueError, "listed twice")
    monkeypatch.chdir(folder)
    refused(["a.parquet", folder / "a.parquet"], ValueError, "listed twice")
    assert rows(["a.parquet", "sub/b.parquet"]) == 600


def test_a_file_system_without_numbers_of_files(folder, monkeypatch):
    stat = os.stat

    def without(path, **options):
        status = list(stat(path, **options))
        status[1] = 0
        return os.stat_result(status)

    monkeypatch.setattr("bayesmatch.catalogs.formats.regular.os.stat", without)
    assert len(find_files(folder)) == 2
    with pytest.raises(ValueError, match="count twice"):
        find_files([folder / "a.parquet", folder / "sub" / ".." / "a.parquet"])


def test_patterns_as_of_glob(folder):
    """The same files as of Python's glob, where that sees everything."""
    import glob

    for name in (".hidden", "x[1]", "deep/er"):
        (folder / name).mkdir(parents=True)
        parquet.write_table(survey(10), folder / name / "p.parquet")
    (folder / ".p.parquet").write_bytes((folder / "a.parquet").read_bytes())
    for pattern in (
        "*", "*.parquet", "?.parquet", "[ab].parquet", "[!b].parquet", "**/p.parquet",
        "**/[a-z]*/*.parquet", "sub/*", "s*/b.parquet", ".h*/*", "x[[]1]/*", "**/er/**/*.p*",
        "nothing*/x", "a.parquet/*",
    ):  # fmt: skip
        expected = {os.path.normpath(p) for p in glob.glob(f"{folder}/{pattern}", recursive=True)}
        found = [str(p) for p in walk.expand(folder / pattern)]
        assert len(found) == len(set(found)) and set(found) == expected, pattern
    assert [f.name for f, _ in find_files(f"{folder}/[as]*")] == ["a.parquet", "b.parquet"]
    assert [f.name for f, _ in find_files(f"{folder}/[as]*/")] == ["b.parquet"]


# -- what is no file ------------------------------------------------------------------------------


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as server:
        here = os.getcwd()
        os.chdir(path.parent)  # names of sockets are short
        server.bind(path.name)
        os.chdir(here)


SPECIAL = {
    "a FIFO": os.mkfifo,
    "a socket": make_socket,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a link to": lambda path: path.symlink_to("nowhere"),
    "a link that leads back": lambda path: path.symlink_to(path.name),
}
OPEN = """
import sys
import bayesmatch as bm
try:
    getattr(bm.Catalog, sys.argv[1])(sys.argv[2], name="O", pos_err=1, area=1)
except (OSError, ValueError) as error:
    print(error)
"""


@pytest.mark.parametrize("pattern", ["", "z.parquet", "*", "**/*.parquet"])
@pytest.mark.parametrize("kind", SPECIAL)
def test_what_is_no_file_is_refused(kind, pattern, folder):
    SPECIAL[kind](folder / "z.parquet")
    refused(folder / pattern, (OSError, ValueError), "z.parquet: ", kind)
    (folder / "z.parquet").rename(folder / "z.txt")  # no part by its name
    assert rows(folder) == 600


@pytest.mark.parametrize("ending", [e for form in FORMATS.values() for e in form.endings])
@pytest.mark.parametrize("kind", SPECIAL)
def test_no_reader_opens_what_is_no_file(kind, ending, tmp_path):
    SPECIAL[kind](tmp_path / f"x{ending}")
    with pytest.raises((OSError, ValueError), match=kind):
        read_table(tmp_path / f"x{ending}")


@pytest.mark.few(1)
@pytest.mark.parametrize("how", ["read", "scan"])
def test_a_pipe_does_not_hang(how, tmp_path):
    os.mkfifo(tmp_path / "x.parquet")
    found = subprocess.run(
        [sys.executable, "-c", OPEN, how, str(tmp_path / "x.parquet")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=60,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "x.parquet: is a FIFO (named pipe); only files can be read" in found.stdout


@pytest.mark.parametrize(
    "read, name",
    [
        (bm.MatchResult.read, "x.fits"),
        (bm.MatchResult.read, "x.csv"),
        (lambda path: bm.HistogramPrior.read(path, column="mag"), "x.txt"),
        (bm.HistogramPrior.load, "x.json"),
        (bm.LightGBMPrior.load, "x.json"),
        (bm.read_prior, "x.json"),
    ],
)
def test_results_and_priors_in_pipes(read, name, tmp_path):
    def hangs(*_):
        raise AssertionError("it waits for somebody to write")

    os.mkfifo(tmp_path / name)
    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(20)
    try:
        with pytest.raises((OSError, ValueError), match=name):
            read(tmp_path / name)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_paths_that_cannot_be(tmp_path):
    refused(f"{tmp_path}/a\0b", ValueError, "not a path")
    refused(tmp_path / "a.parquet" / "b", FileNotFoundError, "no such file or directory")
    with pytest.raises(FileNotFoundError, match=r"x\.fits: no such file; that is a directory"):
        (tmp_path / "x.fits").mkdir()
        read_table(tmp_path / "x.fits")
    with pytest.raises(ValueError, match="not a path"):
        read_table("a\0b.fits")


# -- HATS collections -----------------------------------------------------------------------------


def collection(tmp_path, text):
    root = tmp_path / "collection"
    for name in ("table", "margin"):
        (root / name / "Norder=5" / "Dir=0").mkdir(parents=True, exist_ok=True)
        parquet.write_table(survey(100), root / name / "Norder=5" / "Dir=0" / "Npix=7.parquet")
    (root / "collection.properties").write_text(text)
    return root


@pytest.mark.parametrize(
    "text",
    [
        "hats_primary_table_url=table",
        "#x\n hats_primary_table_url = table/ \nhats_primary_table_url=table/",
        "hats_primary_table_url: ./table\r\nobs_collection=x",
    ],
)
def test_primary_tables(text, tmp_path):
    assert rows(collection(tmp_path, text)) == 100


COLLECTIONS = {
    "missing": ("obs_collection=x", ValueError, "missing"),
    "empty": ("hats_primary_table_url=", ValueError, "missing"),
    "twice": ("hats_primary_table_url=table\nhats_primary_table_url=margin", ValueError, "twice"),
    "itself": ("hats_primary_table_url=.", ValueError, "not the path of a directory"),
    "above": ("hats_primary_table_url=table/../../other", ValueError, "not the path"),
    "absolute": ("hats_primary_table_url=/tmp", ValueError, "not the path"),
    "a URL": ("hats_primary_table_url=https\\://host/table", ValueError, "not the path"),
    "a file URL": ("hats_primary_table_url=file:/tmp", ValueError, "not the path"),
    "no such": ("hats_primary_table_url=tables", FileNotFoundError, "no such directory"),
    "a file": ("hats_primary_table_url=collection.properties", FileNotFoundError, "no such"),
}


@pytest.mark.parametrize("case", COLLECTIONS)
def test_primary_tables_that_are_refused(case, tmp_path):
    text, kind, says = COLLECTIONS[case]
    refused(collection(tmp_path, text), kind, "collection.properties", "hats_primary", says, "scan")


def test_collections_of_collections_and_pipes(tmp_path):
    root = collection(tmp_path, "hats_primary_table_url=table")
    (root / "table" / "collection.properties").symlink_to("../collection.properties")
    refused(root, ValueError, "is a collection itself")
    (root / "table" / "collection.properties").unlink()
    (root / "collection.properties").unlink()
    os.mkfifo(root / "collection.properties")
    refused(root, ValueError, "is a FIFO")


# -- partition values -----------------------------------------------------------------------------


def partitioned(root, directories, table):
    (root / directories).mkdir(parents=True)
    parquet.write_table(table, root / directories / "x.parquet")
    return root


@pytest.mark.parametrize(
    "directories, says",
    [
        ("year=2019/year=2020", "two of its directories give 'year'"),
        ("year=", "'year=' is no key=value"),
        ("=2019", "'=2019' is no key=value"),
        ("band=%zz", "two hexadecimal digits"),
        ("band=%FF", "is no key=value"),
    ],
)
def test_malformed_partitions(directories, says, tmp_path):
    root = partitioned(tmp_path / "hive", directories, survey(50))
    refused(root, ValueError, says, "x.parquet", "rename")


@pytest.mark.parametrize("statistics", [True, False])
@pytest.mark.parametrize(
    "values, fits, other",
    [
        (pa.array([2019] * 50), "2019", "2020"),
        (pa.array([2019] * 49 + [2020]), None, "2019"),
        (pa.array([0.5] * 50), "0.50", "0.6"),
        (pa.array([0.5] * 50), None, "half"),
        (pa.array(["r z"] * 50), "r%20z", "r"),
        (pa.array(["g"] * 49 + [None]).dictionary_encode(), "g", "r"),
        (pa.array([True] * 50), "true", "0"),
        (pa.array(np.full(50, "2020-02-03", "datetime64[D]")), "2020-02-03", "2020-02-04"),
        (pa.array([None] * 50, pa.int32()), "7", None),
        (pa.array([3] * 50), None, "__HIVE_DEFAULT_PARTITION__"),
    ],
)
def test_columns_that_contradict_their_directory(values, fits, other, statistics, tmp_path):
    table = survey(50).append_column("key", values)
    for name, text in (("fits", fits), ("other", other)):
        if text is not None:
            (tmp_path / name / f"key={text}").mkdir(parents=True)
            path = tmp_path / name / f"key={text}" / "x.parquet"
            parquet.write_table(table, path, row_group_size=20, write_statistics=statistics)
    if fits is not None:
        assert rows(tmp_path / "fits") == 50
    if other is not None:
        refused(tmp_path / "other", ValueError, "x.parquet: column 'key' holds", f"key={other}")


def test_numbers_in_names_of_directories(tmp_path):
    """Integers where every value is one; anything else is text."""
    for k, value in enumerate(["007", "-5", "--5", "٣"]):
        partitioned(tmp_path / "hive", f"key={value}", survey(20, seed=k))
    for names, kind in ((["007", "-5"], pa.int32()), (["007", "--5"], pa.string())):
        files = [tmp_path / "hive" / f"key={n}" / "x.parquet" for n in names]
        scanned = bm.Catalog.scan(files, pos_err=0.3, **OPTIONS)
        assert scanned.schema.field("key").type == kind
        found = scanned.input_rows(np.array([0, 39]))["key"].tolist()
        assert found == ([7, -5] if kind == pa.int32() else names)
    assert rows(tmp_path / "hive") == 80


def packed(path, ending=".gz"):
    """A part, packed beside itself."""
    out = path.with_name(path.name + ending)
    out.write_bytes(gzip.compress(path.read_bytes()))
    return out


@pytest.mark.parametrize("pattern", ["", "**/*"])
def test_packed_parts_are_not_passed_over(pattern, folder):
    """Half of a survey would be missing without a word; a copy beside the part is none."""
    there = folder / "sub" / "b.parquet"
    name = packed(there)
    assert rows(folder / pattern) == 600
    there.unlink()
    refused(folder / pattern, ValueError, str(name), "rows would be missing", "unpack it")
    assert rows(folder / "*.parquet") == 300


def test_packed_extras_of_a_hats_catalogue_hold_no_rows(folder):
    """Files beside its pixels are left out, packed or not; a packed pixel is not."""
    (pixels := folder / "Norder=0" / "Dir=0").mkdir(parents=True)
    for k, name in enumerate(("a.parquet", "sub/b.parquet")):
        (folder / name).rename(pixels / f"Npix={k}.parquet")
    (folder / "data_thumbnail.parquet.gz").write_bytes(b"")
    (folder / "survey.parquet.zip").write_bytes(b"")
    assert rows(folder) == 600
    name = packed(pixels / "Npix=1.parquet")
    (pixels / "Npix=1.parquet").unlink()
    refused(folder, ValueError, str(name), "rows would be missing")


def test_files_that_are_not_parquet_are_told_as_what_they_are(folder, tmp_path):
    part = folder / "a.parquet"
    refused(packed(part), ValueError, "a.parquet.gz: it is packed", "unpack it")
    part.write_bytes(gzip.compress(part.read_bytes()))
    refused(folder, ValueError, "a.parquet: it is packed", "unpack it")
    table = Table({"RA": [1.0], "DEC": [2.0]})
    (other := tmp_path / "other").mkdir()
    for name, kind in {"o.fits": "fits", "o.csv": "csv", "o.vot": "votable"}.items():
        table.write(other / name, format="votable" if kind == "votable" else None)
        refused(other / name, ValueError, f"it is {kind}, not parquet", "bayesmatch header")
    refused(other, FileNotFoundError, "there is o.csv", "bayesmatch header FILE --name NAME")
    refused(f"{other}/*.fits", FileNotFoundError, "there is o.fits", "Catalog.read")
    (other / "o.parquet").write_bytes(b"PAR1 and no more")
    refused(other / "o.parquet", ValueError, "cannot be read as parquet", "damaged")
    command = ["header", str(other / "o.fits"), "--name", "O"]
    assert main([*command, "--out", str(other / "o.parquet")]) == 0
    assert len(bm.Catalog.scan(other, pos_err=0.3, area=1.0)) == 1


def test_columns_that_no_table_holds_are_told(tmp_path):
    data = survey(300)
    lists = pa.array([[1.0] * (k % 3) for k in range(len(data))])
    parquet.write_table(data.append_column("light", lists), tmp_path / "a.parquet")
    with pytest.warns(UserWarning, match=r"a\.parquet: left out: 1 column .* light \(list"):
        assert rows(tmp_path / "a.parquet") == 300
