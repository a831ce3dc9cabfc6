"""Every command that takes time ends in one line whenever it is stopped; no file is half."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from astropy.table import Table
from test_interruption import (  # noqa: F401
    INT_TERM,
    interrupts_are_not_ignored,
    left_over,
    start,
    stop,
)

from bayesmatch import cli

#: command -> its line, in a folder with what :func:`prepared` puts there; each writes into `out`
LINES = {
    "errors": "errors A.fits 1 O.fits 0.2 --radius 6 --out out/e.csv --out out/e.png --quiet",
    "report": "report r.fits --out out/r.html --charts 2 --quiet",
    "charts": "charts r.fits --pick random --n 4 --out out --quiet",
    "chart pages": "charts r.fits --pick random --n 4 --out out/c.pdf --quiet",
    "explain": "explain r.fits 3 --out out/x.png --quiet",
    "catalogue": "catalogue r.fits --out out/c.vot --out out/c.mrt --out out/c.fits --quiet",
    "regions": "regions r.fits --out out/r.reg --quiet",
    "assess": "assess r.fits truth.csv --compare r.fits --out out --quiet",
    "train": "train t.fits --label host --bands g,r --out out/t.json --quiet",
    "fake": "fake A.fits --radius 5 --out out/f.fits --quiet",
    "demo": "demo --out out --quiet",
}
N = 300


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    rng = np.random.default_rng(8)
    ra, dec = 10 + 0.3 * rng.random(3000), 0.3 * rng.random(3000)
    off = rng.normal(size=(2, N)) / 3600
    for name, at in (("A", (ra[:N] + off[0], dec[:N] + off[1])), ("O", (ra, dec))):
        columns = {"ID": np.arange(len(at[0])), "RA": at[0], "DEC": at[1]}
        Table(columns, meta={"EXTNAME": name, "SKYAREA": 0.09}).write(folder / f"{name}.fits")
    rows = [(str(k), str(k)) for k in range(N)]
    Table(rows=rows, names=("id", "counterpart")).write(folder / "truth.csv")
    host = rng.random(2000) < 0.3
    bands = {b: rng.normal(np.where(host, 20, 22), 1) for b in "gr"}
    Table({**bands, "host": host}).write(folder / "t.fits")
    match = "match A.fits 1 O.fits 0.2 --radius 6 --out r.fits --quiet"
    assert subprocess.run(command(match), cwd=folder).returncode == 0
    return folder


@pytest.fixture
def folder(prepared, tmp_path):
    for path in prepared.iterdir():
        (tmp_path / path.name).symlink_to(path)
    return tmp_path


def command(line):
    return [sys.executable, "-m", "bayesmatch", *line.split()]


def files(folder):
    """What a command wrote, whole."""
    return {p.name: p.read_bytes() for p in sorted((folder / "out").rglob("*")) if p.is_file()}


@pytest.mark.few(0, slow=3)
@pytest.mark.parametrize("name", LINES)
def test_at_random_moments(folder, name):
    """What it has finished is whole; then it makes the same as if it had never been stopped."""
    begin = time.monotonic()
    assert subprocess.run(command(LINES[name]), cwd=folder).returncode == 0
    seconds, once, rng = time.monotonic() - begin, files(folder), random.Random(name)
    assert once
    for _ in range(2):
        for path in (folder / "out").iterdir():
            path.unlink()
        process = start(folder, *command(LINES[name])[1:])
        time.sleep(rng.uniform(0, seconds))
        if process.poll() is None:
            process.send_signal(signum := rng.choice(INT_TERM))
        _, err = process.communicate(timeout=60)
        if process.returncode == 0:
            assert err == "" and files(folder) == once
            continue
        assert process.returncode == 128 + signum, err
        assert err.count("\n") == 1 and "stopped; " in err, err
        assert not left_over(folder)
        assert all(once[name] == data for name, data in files(folder).items())
    assert subprocess.run(command(LINES[name]), cwd=folder).returncode == 0
    assert files(folder) == once


@pytest.mark.few(1)
@pytest.mark.parametrize("name", ["errors", "report"])
def test_while_it_is_imported(folder, name):
    """The handlers stand before anything else; the imports are what runs first."""
    process = start(folder, *command(LINES[name])[1:])
    line = stop(process, signal.SIGINT)
    assert line.endswith("stopped; nothing was written\n")
    assert not (folder / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", [add.__name__.removeprefix("add_") for add in cli.COMMANDS])
def test_every_command_while_it_is_imported(tmp_path, name):
    process = start(tmp_path, "-m", "bayesmatch", name, "--help")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    if process.returncode == 0:  # it was quicker
        assert "usage: " in out and err == ""
    else:
        assert (process.returncode, err.count("\n")) == (130, 1), err


#: Ctrl-C before the handlers are there
EARLY = """
import bayesmatch.__main__ as entry
from bayesmatch._kernels import stopping
def interrupted():
    raise KeyboardInterrupt
stopping.leave_on_signals = interrupted
entry.run()
"""


def test_before_the_handlers_are_there():
    done = subprocess.run([sys.executable, "-c", EARLY], capture_output=True, text=True)
    assert done.returncode == 130 and done.stdout == ""
    assert done.stderr == "bayesmatch: stopped; nothing was written\n"


#: finds out what was imported before the handlers were
FIRST_MODULES = """
import sys
before = set(sys.modules)
import bayesmatch.__main__
print(*sorted(set(sys.modules) - before))
"""


def test_little_is_imported_before_the_handlers():
    """Each module more is time in which Ctrl-C gives a traceback."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import os, sys; sys.path[:0] = {sys.path!r}\n"
         + FIRST_MODULES],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip
    assert done.stderr == "" and set(done.stdout.split()) <= {
        "__future__",
        "bayesmatch",
        "bayesmatch.__main__",
    }
