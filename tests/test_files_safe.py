"""Files: inputs are never overwritten; outputs are replaced whole, with their links and modes."""

import http.server
import json
import os
import re
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from astropy.table import QTable, Table
from astropy.utils.masked import Masked

import bayesmatch as bm
from bayesmatch.catalogs.formats import stale
from bayesmatch.catalogs.formats.reading import read_table
from bayesmatch.catalogs.formats.registry import write_table
from bayesmatch.catalogs.formats.writing import check_place, replaced_together
from bayesmatch.catalogs.targets import check_targets
from bayesmatch.cli import main

N = 40


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def tables(n=N, m=300, seed=0):
    rng = np.random.default_rng(seed)
    primary = {"ID": [f"X{k}" for k in range(n)]}
    other = {"ID": np.arange(m), "mag": rng.normal(20, 2, m), "col": rng.normal(0, 1, m)}
    for table, size in ((primary, n), (other, m)):
        table["RA"], table["DEC"] = 150 + 0.1 * rng.random(size), 0.1 * rng.random(size)
    return Table(primary), Table(other)


WRITING = """
import sys, time
from bayesmatch.catalogs.formats.writing import replaced_together
with replaced_together([sys.argv[1]]) as (temporary,):
    temporary.write_text("half")
    print("now", flush=True)
    time.sleep(600)
"""


def writing_for_ever(name):
    """A process that has begun to write a file."""
    child = subprocess.Popen(
        [sys.executable, "-c", WRITING, name], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "now\n"
    return child


def temporary_files():
    return sorted(name for name in os.listdir() if name.startswith(".writing-"))


def save(table, path):
    write_table(table, Path(path))


def contents(folder="."):
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            with open(path, "rb") as file:
                found[path] = file.read()
    return found


def refused(capsys, *argv, says):
    """The command ends with status 1 and one line that says it, and changes nothing."""
    before = contents()
    capsys.readouterr()
    assert main(list(argv)) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and says in told, told
    assert contents() == before


MATCH = ("--radius", "20", "--area", ".01:.01", "--quiet")


class TestInputsAreKept:
    @pytest.mark.parametrize("ending", ["csv", "parquet", "ecsv"])
    def test_second_files(self, ending, capsys):
        primary, other = tables()
        save(primary, "x.csv")
        save(other, f"cat.sources.{ending}")
        argv = ["match", "x.csv", "1", f"cat.sources.{ending}", "0.2", *MATCH]
        refused(capsys, *argv, "--out", f"cat.{ending}", says="would overwrite an input")
        assert main([*argv, "--out", f"other.{ending}"]) == 0

    @pytest.mark.parametrize("how", ["link", "symlink"])
    def test_another_name(self, how, capsys):
        primary, other = tables()
        save(primary, "x.csv")
        save(other, "o.csv")
        getattr(os, how)("o.csv", "r.csv")
        argv = ["match", "x.csv", "1", "o.csv", "0.2", *MATCH]
        refused(capsys, *argv, "--out", "r.csv", says="would overwrite an input")

    @pytest.mark.parametrize("out", ["none/../o.csv", "~/o.csv", "none/../set/p.parquet"])
    @pytest.mark.parametrize("given", ["o.csv", "~/o.csv", "set", "~/set", "~/s*t"])
    def test_ways_to_one_place(self, given, out, capsys, monkeypatch):
        """A folder that is not there, left again, and a home that the shell has not expanded."""
        monkeypatch.setenv("HOME", os.getcwd())
        primary, other = tables()
        save(primary, "x.csv")
        save(other, "o.csv")
        os.mkdir("set")
        save(other, "set/o.parquet")
        argv = ["match", "x.csv", "1", given, "0.2", *MATCH, "--name", ":O", "--out", out]
        if ("o.csv" in given) == ("o.csv" in out):
            says = "would overwrite an input" if "o.csv" in out else "would become a part of"
            refused(capsys, *argv, says=says)
            x = bm.Catalog.read("~/x.csv", pos_err=1.0, area=0.01)
            read = bm.Catalog.read if "o.csv" in given else bm.Catalog.scan
            o = read(given, name="O", pos_err=0.2, area=0.01)
            with pytest.raises(ValueError, match=says):
                bm.match(x, o, radius=20).write(out)
            return
        assert main(argv) == 0 and not os.path.lexists("none") and not os.path.lexists("~")

    @pytest.mark.few(4)
    @pytest.mark.parametrize("given", ["set", "set/*.parquet", "set/**/*.parquet", "alias"])
    @pytest.mark.parametrize("out", ["set/o.parquet", "set/new.parquet", "alias/new.parquet"])
    def test_scanned_sets(self, given, out, capsys):
        primary, other = tables()
        save(primary, "x.csv")
        os.mkdir("set")
        os.symlink("set", "alias")
        save(other, "set/o.parquet")
        argv = ["match", "x.csv", "1", given, "0.2", *MATCH, "--out"]
        refused(capsys, *argv, out, says="give another name" if "o." in out else "become a part")
        assert main([*argv, "set/r.csv"]) == 0  # which the next scan would not find
        assert main([*argv, "r.parquet"]) == 0

    def test_outside_a_glob(self):
        primary, other = tables()
        save(primary, "x.csv")
        os.mkdir("set")
        save(other, "set/o_1.parquet")
        argv = ["match", "x.csv", "1", "set/o_*.parquet", "0.2", *MATCH, "--out"]
        assert main([*argv, "set/result.parquet"]) == 0

    def test_python(self, monkeypatch):
        primary, other = tables()
        save(primary, "x.csv")
        save(other, "r.sources.csv")
        os.mkdir("set")
        save(other, "set/o.parquet")
        x = bm.Catalog.read("x.csv", pos_err=1.0, area=0.01)
        before = contents()
        o = bm.Catalog.read("r.sources.csv", name="O", pos_err=0.2, area=0.01)
        with pytest.raises(ValueError, match=r"r\.sources\.csv would overwrite an input"):
            bm.match(x, o, radius=20).write("r.csv")
        s = bm.Catalog.scan("set", name="S", pos_err=0.2, area=0.01)
        result = bm.match(x, s, radius=20)
        for target in ("set/o.parquet", "set/r.parquet"):
            with pytest.raises(ValueError, match="would (overwrite an input|become a part)"):
                result.write(target)
        assert contents() == before
        os.mkdir("elsewhere")
        monkeypatch.chdir("elsewhere")  # what was read is known from everywhere
        with pytest.raises(ValueError, match="would overwrite"):
            result.write("../set/o.parquet")
        result.write("../relative.parquet", include_inputs=False)
        with pytest.warns(UserWarning, match="written without the columns of the inputs"):
            result.write("o.parquet")

    def test_histograms(self, capsys):
        primary, other = tables()
        save(primary, "x.csv")
        save(other, "o.csv")
        bm.HistogramPrior("mag", [10, 20], [20, 30], [1, 2], [2, 1]).write("h.csv")
        argv = ["match", "x.csv", "1", "o.csv", "0.2", *MATCH, "--mag", "o:mag", "h.csv"]
        refused(capsys, *argv, "--out", "h.csv", says="would overwrite an input")
        prior = bm.HistogramPrior.read("h.csv", column="mag")
        catalogs = [bm.Catalog.read(f, pos_err=1, area=1) for f in ("x.csv", "o.csv")]
        with pytest.raises(ValueError, match="would overwrite an input"):
            bm.match(*catalogs, radius=20, priors={"o": [prior]}).write("h.csv")

    def test_learned_histograms(self, capsys):
        primary, other = tables()
        save(primary, "x.csv")
        save(other, "o.csv")
        save(primary, "truth.csv")
        os.rename("o.csv", "o.fits.csv")
        os.link("x.csv", "r_o_mag_fit.png")
        argv = ["match", "x.csv", "1", "o.fits.csv", "0.2", *MATCH, "--mag", "o:mag", "auto"]
        refused(capsys, *argv, "--out", "r.fits", says="r_o_mag_fit.png would overwrite an input")
        again = [*argv, "--mag", "o:mag", "auto", "--out", "s.fits"]
        refused(capsys, *again, says="two outputs would be the same file")

    @pytest.mark.few(1)
    @pytest.mark.parametrize("name", ["assessment.csv", "reliability.csv"])
    def test_assess(self, name, capsys):
        primary, other = tables()
        catalogs = (
            bm.Catalog(t, name=n, pos_err=1, area=1)
            for t, n in zip((primary, other), "XO", strict=True)
        )
        bm.match(*catalogs, radius=20).write("r.fits")
        os.mkdir("d")
        Table({"id": ["X1", "X2"], "c": ["3", "hostless"]}).write(f"d/{name}", format="ascii.csv")
        argv = ["assess", "r.fits", f"d/{name}", "--quiet", "--out"]
        refused(capsys, *argv, "d", says="would overwrite an input")
        refused(capsys, *argv, "r.fits", says="or be that of a folder")
        assert main([*argv, "new/place"]) == 0
        assert len(os.listdir("new/place")) == 3

    def test_other_commands(self, capsys):
        primary, other = tables()
        save(primary, "x.csv")
        save(other, "o.csv")
        for command in ("fake", "shift"):
            refused(
                capsys, command, "x.csv", "--radius", "5", "--out", "x.csv", says="the input, x.csv"
            )
            refused(
                capsys,
                *(command, "x.csv", "--radius", "5", "--out", "none/../x.csv"),
                says="the input, x.csv",
            )
        calibrate = ["calibrate", "x.csv", "1", "o.csv", "1", *MATCH, "--out"]
        refused(capsys, *calibrate, "none/../o.csv", says="would overwrite an input")
        refused(capsys, *calibrate, "o.csv", says="would overwrite an input")
        os.link("x.csv", "p.png")
        refused(capsys, *calibrate, "q.csv", "--out", "p.png", says="would overwrite an input")
        refused(capsys, *calibrate, "q.csv", "--out", "./q.csv", says="two outputs")
        train = ["train", "x.csv", "--label", "l", "--bands", "g,r", "--out", "p.json"]
        refused(capsys, *train, says="p.png would overwrite the input")
        os.link("x.csv", "r.csv")
        refused(capsys, "explain", "p.csv", "X1", "--out", "p.pdf", says="no such file")
        os.mkdir("demo")
        os.mkdir("demo/sky.png")
        refused(capsys, "demo", "--out", "demo", says="is a directory")

    def test_places(self):
        os.mkdir("folder.csv")
        os.mkfifo("pipe.csv")
        os.symlink("loop.csv", "loop.csv")
        os.symlink("nowhere/r.csv", "astray.csv")
        for name in ("folder.csv", "pipe.csv", "loop.csv", "folder.csv/r.csv/"):
            with pytest.raises(OSError, match=name):
                check_targets(["good.csv", name], [])
        with pytest.raises(OSError, match="name too long"):
            check_place("r" * 300 + ".csv")
        if os.geteuid():
            save(tables()[0], "kept.csv")
            os.chmod("kept.csv", 0o444)
            with pytest.raises(PermissionError, match="write-protected"):
                check_place("kept.csv")


class TestReplacing:
    def test_links_stay(self):
        os.mkdir("real")
        os.symlink("real/r.csv", "r.csv")
        for text in ("one", "two"):
            with replaced_together(["r.csv"]) as (temporary,):
                temporary.write_text(text)
            assert os.readlink("r.csv") == "real/r.csv"
            assert contents() == {"./r.csv": text.encode(), "./real/r.csv": text.encode()}

    def test_modes(self):
        for mask, mode in ((0o022, 0o644), (0o077, 0o600), (0, 0o666)):
            old = os.umask(mask)
            try:
                with replaced_together([f"{mask}.csv"]) as (temporary,):
                    assert stat.S_IMODE(temporary.stat().st_mode) == mode
            finally:
                os.umask(old)
            assert stat.S_IMODE(os.stat(f"{mask}.csv").st_mode) == mode
        for mode in (0o640, 0o600, 0o664):
            os.chmod("0.csv", mode)
            with replaced_together(["0.csv"]) as (temporary,):
                assert not stat.S_IMODE(temporary.stat().st_mode) & ~mode
            assert stat.S_IMODE(os.stat("0.csv").st_mode) == mode

    def test_umask_is_not_touched(self, monkeypatch):
        """Asking for it sets it, for all threads: files of others would be writable by all."""
        monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("umask was changed"))

        def write(k):
            for _ in range(20):
                with replaced_together([f"s{k}.csv"]) as (temporary,):
                    temporary.write_text("x")

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(write, range(4)))

    def test_what_killed_processes_left_goes(self):
        """At the next write to the same file; what a living process is writing stays."""
        children = {name: writing_for_ever(name) for name in ("dead.csv", "other.csv", "live.csv")}
        for name in ("dead.csv", "other.csv"):
            children[name].kill()
            children[name].communicate()
        left = temporary_files()
        assert len(left) == 3
        try:
            for name in ("dead.csv", "live.csv", "new.csv"):
                with replaced_together([name]) as (temporary,):
                    temporary.write_text("new")
                assert Path(name).read_text() == "new"
            assert temporary_files() == [n for n in left if not n.endswith("dead.csv")]
            assert sum(n.endswith("live.csv") for n in temporary_files()) == 1
        finally:
            children["live.csv"].kill()
            children["live.csv"].communicate()

    def test_what_is_not_surely_left_stays(self, monkeypatch):
        child = writing_for_ever("r.csv")
        child.kill()
        child.communicate()
        (name,) = temporary_files()
        system, process, start = re.fullmatch(r"\.writing-(\w+)\.(\w+)\.(\w+)-.*", name).groups()
        elsewhere = name.replace(system, "0" * 12)
        nobodys = ".writing-0123456789ab-r.csv"  # as versions before named them
        again = name.replace(f".{process}.", f".{os.getpid()}.")  # a number that is given anew
        for other in (elsewhere, nobodys, again):
            Path(other).write_text("half")
        # A set whose renames were decided on, but not done, is not left: it is the next to be read.
        Path(".finishing-0123").write_text(json.dumps([{"temporary": name, "name": "r.csv"}]))
        with replaced_together(["r.csv"]) as (temporary,):
            temporary.write_text("new")
        assert temporary_files() == sorted([elsewhere, nobodys, name])
        os.remove(".finishing-0123")
        with monkeypatch.context() as patch:
            patch.setattr(stale, "_system", lambda: "")  # not to be told on this system
            with replaced_together(["r.csv"]) as (temporary,):
                assert temporary.name.count("-") == 2
            assert len(temporary_files()) == 3
        with replaced_together(["r.csv"]) as (temporary,):
            pass
        assert temporary_files() == sorted([elsewhere, nobodys])

    def test_long_names(self):
        name = "r" * 251 + ".csv"
        with replaced_together([name]) as (temporary,):
            temporary.write_text("x")
            assert temporary.suffix == ".csv"
        assert os.listdir() == [name]

    def test_failure_leaves_the_old(self):
        save(tables()[0], "r.csv")
        before = contents()
        with pytest.raises(OSError), replaced_together(["r.csv", "s.csv"]) as temporary:
            temporary[0].write_text("half")
            raise OSError("disk full")
        assert contents() == before

    @pytest.mark.parametrize("number, named", [(28, False), (28, True), (13, True)])
    def test_what_a_disk_does_not_take_is_named(self, number, named):
        """Errors of writing name a temporary file, or (a full disk) none."""
        with pytest.raises(OSError) as found, replaced_together(["r.csv", "s.csv"]) as temporary:
            raise OSError(number, os.strerror(number), *([str(temporary[1])] if named else []))
        told = "s.csv: cannot be written" if named else "r.csv, s.csv: cannot be written"
        assert str(found.value).startswith(told) and found.value.errno == number
        assert "give another name" in str(found.value) and not contents()

    @pytest.mark.parametrize("ending", ["fits", "fits.gz", "vot", "parquet"])
    def test_files_that_are_too_large_are_named(self, ending):
        """NumPy and astropy tell of arrays that they cannot write without the reason's number."""
        resource = pytest.importorskip("resource")
        ra, dec = np.random.default_rng(1).random((2, 20_000))
        old = resource.getrlimit(resource.RLIMIT_FSIZE)
        with pytest.raises(OSError) as found, replaced_together([f"o.{ending}"]) as temporary:
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, old[1]))
            try:
                write_table(Table({"RA": ra, "DEC": dec}), temporary[0])
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, old)
        assert str(found.value).startswith(f"o.{ending}: cannot be written (file too large)")
        assert not contents()

    def test_what_is_wrong_with_another_file_is_not_told_of_these(self):
        for error in (OSError(2, "gone", "input.fits"), OSError(2, "gone"), OSError("gone")):
            with pytest.raises(OSError) as found, replaced_together(["r.csv"]):
                raise error
            assert found.value is error

    @pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="a place that takes no file")
    def test_a_place_that_takes_no_file_is_named_as_it_was_given(self):
        with pytest.raises(OSError, match=r"^/proc/r\.csv: cannot be written \(.*\); "):
            with replaced_together(["/proc/r.csv"]):
                pass


class TestFormats:
    @pytest.mark.parametrize("command", ["fake", "result"])
    def test_votable_beyond_the_basic_plane(self, command):
        ids = np.array(["\U0001f60012", "\U0001f60013", "a"])
        table = Table({"ID": ids, "RA": [150.0, 150.1, 150.2], "DEC": [0.0, 0.0, 0.0]})
        if command == "fake":
            write_table(table, Path("r.vot"))
            back = read_table("r.vot")["ID"]
        else:
            result = bm.match(
                bm.Catalog(table, name="X", pos_err=1, area=1),
                bm.Catalog(table.copy(), name="O", pos_err=1, area=1),
                radius=9,
                host_fraction=0.5,
            )
            result.write("r.vot")
            back = bm.MatchResult.read("r.vot").sources["X_ID"]
        assert list(back) == list(ids)

    @pytest.mark.few(5)
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
    @pytest.mark.parametrize("trick", ["plain", "prefix", "entity", "fits", "file"])
    def test_votable_external_data(self, encoding, trick):
        asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_response(404)
                self.end_headers()

            def log_message(self, *args):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/evil"
        if trick == "file":
            save(tables()[0], "secret.csv")
            url = f"file://{os.path.abspath('secret.csv')}"
        stream = f"<STREAM href='{url}'/>"
        top, doctype, names = "VOTABLE", "", "xmlns='http://www.ivoa.net/xml/VOTable/v1.3'"
        kind = "FITS" if trick == "fits" else "BINARY"
        if trick == "entity":
            doctype = f'<!DOCTYPE VOTABLE [<!ENTITY x "{stream.replace("href", "&#104;ref")}">]>'
            stream = "&x;"
        text = (
            f"<?xml version='1.0' encoding='{encoding}'?>{doctype}<{top} version='1.3' {names}>"
            "<RESOURCE><TABLE><FIELD name='RA' datatype='double'/>"
            f"<DATA><{kind}>{stream}</{kind}></DATA></TABLE></RESOURCE></{top}>"
        )
        if trick == "prefix":
            text = text.replace("xmlns=", "xmlns:v=").replace("</", "</v:")
            for name in ("VOTABLE", "RESOURCE", "TABLE", "FIELD", "DATA", "BINARY", "STREAM"):
                text = text.replace(f"<{name} ", f"<v:{name} ").replace(f"<{name}>", f"<v:{name}>")
        with open("a.vot", "wb") as file:
            file.write(text.encode(encoding))
        try:
            with pytest.raises(ValueError, match=r"a\.vot: cannot be read .*nothing is fetched"):
                bm.Catalog.read("a.vot", pos_err=1)
        finally:
            server.shutdown()
            server.server_close()
        assert not asked

    def test_votable_links_are_no_data(self):
        save(tables()[0], "x.vot")
        with open("x.vot") as file:
            text = file.read()
        with open("x.vot", "w") as file:
            file.write(text.replace("<TABLE>", "<TABLE><LINK href='http://example.org'/>", 1))
        assert len(read_table("x.vot")) == N

    def test_fits_limits_before_the_match(self, capsys, monkeypatch):
        primary, other = tables()
        save(primary, "x.csv")
        for k in range(1000):
            other[f"c{k}"] = np.zeros(len(other), np.int8)
        save(other, "wide.csv")
        monkeypatch.setattr(
            "bayesmatch.matching.core.run_match", lambda *a: pytest.fail("too late")
        )
        says = "FITS holds 999"
        argv = ["match", "x.csv", "1", "wide.csv", "0.2", *MATCH, "--out", "r.fits"]
        refused(capsys, *argv, says=says)
        refused(capsys, "fake", "wide.csv", "--radius", "5", "--out", "f.fits", says=says)

    def test_fits_limits_in_python(self):
        primary, other = tables()
        other["n" * 80] = 1.0
        x, o = (
            bm.Catalog(t, name=n, pos_err=1, area=1)
            for t, n in zip((primary, other), "XO", strict=True)
        )
        result = bm.match(x, o, radius=20)
        with pytest.warns(UserWarning, match=r"r\.fits: column 'O_nnn.* is called 'O_n"):
            result.write("r.fits", include_inputs=True)
        result.write("r.parquet", include_inputs=True)


class TestColumns:
    @pytest.mark.parametrize("make", [dict, Table, QTable])
    def test_masked(self, make):
        primary, other = tables()
        x = bm.Catalog(primary, name="X", pos_err=1, area=1)
        plain = {name: np.asarray(other[name]) for name in other.colnames}
        plain["err"] = np.full(len(other), 0.5)
        expected = bm.match(
            x, bm.Catalog(Table(plain), name="O", pos_err="err", area=1), radius=20
        ).associations
        for masked in ("RA", "DEC", "err", "mag", "ID"):
            columns = {**plain, masked: Masked(plain[masked], mask=np.zeros(len(other), bool))}
            o = bm.Catalog(make(columns), name="O", pos_err="err", area=1)
            found = bm.match(x, o, radius=20).associations
            for name in expected.colnames:
                np.testing.assert_array_equal(np.asarray(found[name]), np.asarray(expected[name]))
            if masked in ("RA", "DEC", "err"):
                columns[masked].mask[3] = True
                with pytest.raises(ValueError, match=f"column '{masked}' is nan in row 3"):
                    bm.match(
                        bm.Catalog(make(columns), name="P", pos_err="err", area=1), o, radius=20
                    )

    @pytest.mark.parametrize("name", [("a", "b"), b"x", None, float("nan")])
    @pytest.mark.parametrize("make", [dict, pd.DataFrame])
    def test_names(self, name, make):
        columns = {"ID": np.arange(3), "RA": np.arange(3.0), "DEC": np.arange(3.0), name: [1, 2, 3]}
        with pytest.raises(TypeError, match=r"catalogue 'O': a column is called .* that are text"):
            bm.Catalog(make(columns), name="O", pos_err=1.0, area=1.0)

    def test_multi_index(self):
        frame = pd.DataFrame({("X", name): np.arange(3.0) for name in ("RA", "DEC")})
        with pytest.raises(TypeError, match="names that are text"):
            bm.Catalog(frame, name="O", pos_err=1.0, area=1.0)
