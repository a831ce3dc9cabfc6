"""Whole programs beside each other: how they are called, read, measured and shown."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from benchmarks import installed_programs, pairs, program_tables, programs
from benchmarks.installed_programs import Found, find_programs
from benchmarks.processes import failure, run_process
from benchmarks.program_calls import CALLS, Answer, Call
from benchmarks.settings import Settings

ROOT = Path(__file__).parent.parent


def test_purity_is_completeness_by_hand():
    """Of the best candidates, sorted: right, right, wrong, right; the fifth source is hostless."""
    true = np.array([10, 11, 12, 13, programs.NONE])
    answer = Answer(
        np.array([3, 0, 0, 1, 2, 4]),
        np.array([13, 99, 10, 11, 98, 97]),
        np.array([0.5, 0.1, 0.9, 0.8, 0.7, 0.2]),
    )
    cut, value = programs.purity_is_completeness(answer, true)
    # 4 of 5 answers at or above 0.5, 3 of them right; 3 of 4 counterparts found
    assert (cut, value) == (0.5, 0.75)
    nearest = Answer(answer.source, answer.member, -answer.score)
    assert programs.purity_is_completeness(nearest, true).value < 0.75


def test_a_process_is_measured_and_its_failure_told(tmp_path):
    large = np.ones(20_000_000)  # of this process: none of the other's
    code = "import numpy as np, time; np.ones(3_000_000); open('here', 'w')"
    done = run_process([sys.executable, "-c", code], tmp_path, os.environ)
    assert done.error == "" and (tmp_path / "here").exists()
    assert 0 < done.cpu_seconds < 60 and done.seconds > 0
    assert 20 < done.peak_MB < large.nbytes / 1024**2
    code = "import sys; sys.stderr.write('x'); raise ValueError('no such thing')"
    done = run_process([sys.executable, "-c", code], tmp_path, os.environ)
    assert done.error == "exit status 1: ValueError: no such thing"
    assert failure(3, "half\rMemoryError: all\nat the end\n") == "exit status 3: MemoryError: all"
    assert failure(-9, "") == "exit status -9: "


@pytest.mark.parametrize("call", CALLS, ids=lambda c: c.what)
def test_calls_write_what_is_read(call):
    assert call.output in call.line and "x.fits" in call.line and "o.fits" in call.line
    assert "30" in call.line or "params=10" in call.line
    assert call.program in ("bayesmatch", "nway.py", "stilts", "xmatcher", *pairs.LIBRARIES)


def fits_files(folder):
    left = Table({"ID": [7, 8], "RA": [10.0, 20.0], "DEC": [60.0, -30.0]})
    right = Table({"ID": [1, 2, 3], "RA": [20.0, 10.0, 10.004], "DEC": [-30.001, 60.0, 60.0]})
    for name, table in (("x", left), ("o", right)):
        table.write(folder / f"{name}.fits")


@pytest.mark.parametrize("library", ["astropy", "scipy"])
def test_pairs(library, tmp_path):
    """Separations by hand: 3.6 arcsec of declination, 7.2 of right ascension at 60 degrees."""
    fits_files(tmp_path)
    paths = (str(tmp_path / name) for name in ("x.fits", "o.fits"))
    pairs.main(library, *paths, "8", str(tmp_path / "found.fits"))
    found = Table.read(tmp_path / "found.fits")
    assert sorted(zip(found["ID"], found["ID_2"], strict=True)) == [(7, 2), (7, 3), (8, 1)]
    of = dict(zip(found["ID_2"], found["separation"], strict=True))
    assert of[1] == pytest.approx(3.6, abs=1e-3) and of[3] == pytest.approx(7.2, abs=1e-3)
    call = Call("pairs", f"python -m benchmarks.pairs {library} found.fits", "-separation")
    answer = call.read(tmp_path)
    assert call.program == library and answer.score.max() <= 0
    assert answer.source.tolist() == found["ID"].tolist()


def script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return path


def test_what_is_missing_is_left_out_and_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(installed_programs.util, "find_spec", lambda name: None)
    monkeypatch.setattr(installed_programs.sys, "executable", str(tmp_path / "python"))
    found = find_programs(Settings(python313="python3.13"), tmp_path / "made")
    assert set(found.commands) == {"bayesmatch", "astropy", "scipy"}
    assert "--python313" in found.left_out["xmatcher"]
    assert "apt-get install stilts" in found.left_out["stilts"]
    assert "pip install" in found.left_out["nway.py"] and "pip install" in found.left_out["lsdb"]


def test_an_environment_is_made_once_and_its_failure_told(tmp_path, monkeypatch):
    """An interpreter of our own, which notes how it was called."""
    place = tmp_path / "env"
    python = script(tmp_path / "python3.13", f"echo $@ >> {tmp_path}/log; mkdir -p {place}/bin")
    script(place / "bin" / "python", f"echo $@ >> {tmp_path}/log; touch {place}/bin/xmatcher")
    assert installed_programs.xmatcher(str(python), place) == [str(place / "bin" / "xmatcher")]
    told = (tmp_path / "log").read_text().splitlines()
    assert told == [f"-m venv --clear {place}", "-m pip install -q xmatcher==0.6.0"]
    installed_programs.xmatcher("no such python", place)
    assert (tmp_path / "log").read_text().splitlines() == told
    (place / "bin" / "xmatcher").unlink()
    script(place / "bin" / "python", "echo no such version >&2; exit 1")
    with pytest.raises(installed_programs.MissingError, match="no such version"):
        installed_programs.xmatcher(str(python), place)


def test_turns(tmp_path, monkeypatch):
    """NWAY is called as often as asked for; a program that fails is told, not measured."""
    script(tmp_path / "fails", "echo some error >&2; exit 4")
    works = script(tmp_path / "works", f"cp {tmp_path}/answer.fits found.fits")
    Table({"ID": [0, 1], "ID_2": [5, 6], "score": [0.9, 0.8]}).write(tmp_path / "answer.fits")
    calls = [
        Call("a", "stilts x", "score"),
        Call("b", "nway.py x", "score"),
        Call("c", "xmatcher", "score"),
    ]
    commands = {
        "stilts": [str(works)],
        "nway.py": [str(works)],
        "xmatcher": [str(tmp_path / "fails")],
    }
    runs = programs.in_turns(calls, Found(commands, {}, {}), Settings(2, 1), tmp_path)
    rows = [programs.measured(call, done, np.array([5, 7])) for call, done in runs]
    assert [row.get("calls") for row in rows] == [2, 1, None]
    assert rows[0]["purity_is_completeness"] == 0.5 and rows[0]["found"] == 2
    assert rows[2]["seconds"] is None and rows[2]["note"] == "exit status 4: some error"


def section():
    row = {"cpu_seconds": 3.0, "peak_MB": 200.0, "calls": 1, "found": 1234, "cutoff": 0.5}
    return {
        "size": "a x b",
        "with_counterpart": 2500,
        "load": 1.0,
        "programs": {"stilts": "3.4"},
        "left_out": {"xmatcher": "no python3.13"},
        "rows": [
            {**row, "what": "ours", "line": "ours x.fits", "score": "p_match", "seconds": 2.0}
            | {"purity_is_completeness": 0.95},
            {**row, "what": "fast", "line": "fast " + "word " * 30, "score": "-sep", "seconds": 1.0}
            | {"purity_is_completeness": 0.8},
            {"what": "not", "line": "not", "score": "x", "seconds": None, "note": "status 1"},
        ],
    }


def test_the_table_tells_where_we_are_behind():
    text = "\n".join(program_tables.lines(section()))
    assert "| ours | 2 | 3 | 200 MB | 1,234 | **0.950** by `p_match` |" in text
    assert "| fast | 1 (**we are behind**) | 3 | 200 MB | 1,234 | 0.800 by separation |" in text
    assert "| not | failed: status 1 |" in text
    assert "stilts 3.4" in text and "0.004 to 0.008" in text
    assert "load" not in text
    busy = "\n".join(program_tables.lines(section() | {"load": 9.2}))
    assert "mean load 9" in busy
    assert "Left out: xmatcher (no python3.13)." in text
    assert max(map(len, text.splitlines()[8:])) < 130
    joined = subprocess.run(
        ["sh", "-c", "echo " + text.split("# fast\n")[1].split("\n# ")[0]],
        capture_output=True,
        text=True,
    ).stdout
    assert joined.split() == section()["rows"][1]["line"].split()
