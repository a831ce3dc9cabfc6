"""A command that is stopped: one line, its exit status, no temporary file; nothing is lost."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.table import Table

from bayesmatch import cli
from bayesmatch._kernels import jit, stopping

INT_TERM = [signal.SIGINT, signal.SIGTERM]
SCAN = "match A.fits 1 set 0.5 --radius 9 --area 1:1 --out scan.parquet --quiet --checkpoint ck"
COMMANDS = {
    "match": "match A.fits 1 O.fits 0.5 --radius 9 --out match.parquet --quiet",
    "scan": SCAN,
    "calibrate": "calibrate A.fits 1 O.fits 0.5 --radius 9 --realizations 3 --out c.csv --quiet",
}
RESULT = {"match": "match.parquet", "scan": "scan.parquet", "calibrate": "c.csv"}


@pytest.fixture(scope="module", autouse=True)
def interrupts_are_not_ignored():
    """Where the tests run in the background, Ctrl-C is ignored, and children inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def save_catalogues(folder):
    rng = np.random.default_rng(3)
    for name, n in (("A", 2000), ("O", 100_000)):
        columns = {"ID": np.arange(n), "RA": 150 + rng.random(n), "DEC": rng.random(n)}
        Table(columns, meta={"EXTNAME": name, "SKYAREA": 1.0}).write(folder / f"{name}.fits")
    (folder / "set").mkdir()
    for k in range(20):
        part = {key: value[k::20] for key, value in columns.items()}
        pq.write_table(pa.table(part), folder / f"set/{k:02d}.parquet", row_group_size=500)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder with catalogues and what the commands make of them; and the seconds they take."""
    folder = tmp_path_factory.mktemp("finished")
    save_catalogues(folder)
    seconds = {}
    for name, command in COMMANDS.items():
        begin = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "bayesmatch", *command.replace(" ck", " other-ck").split()],
            cwd=folder,
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, "")
        seconds[name] = time.monotonic() - begin
    return folder, seconds


@pytest.fixture
def folder(finished, tmp_path):
    for name in ("A.fits", "O.fits", "set"):
        (tmp_path / name).symlink_to(finished[0] / name)
    return tmp_path


#: as it is for most users; without buffers argparse meets a closed pipe, and says nothing
BUFFERED = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}


def start(folder, *arguments):
    """A process whose signal handlers are in place."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=BUFFERED,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    status = Path(f"/proc/{process.pid}/status")
    while status.exists() and process.poll() is None:
        caught = [row for row in status.read_text().splitlines() if row.startswith("SigCgt")]
        if not caught or int(caught[0].split()[1], 16) >> (signal.SIGTERM - 1) & 1:
            break
        time.sleep(0.005)
    return process


def left_over(folder):
    return sorted(path.name for path in folder.rglob(".writing-*"))


def stop(process, signum, within=3.0):
    """Its single line; the limit of time is wide, for a machine that does other work."""
    process.send_signal(signum)
    begin = time.monotonic()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signum, err
    assert time.monotonic() - begin < within
    assert err.count("\n") == 1 and err.startswith("bayesmatch"), err
    return err


#: the command in a process of its own, with something in the way of `match`
DRIVER = """
import sys, time, threading
import numba
import bayesmatch.__main__ as entry
from bayesmatch._kernels import jit, stopping
import bayesmatch.matching.core as core

@numba.njit(nogil=True)
def kernel(n):
    x = 1.0
    for i in range(n):
        x = (1.7 * x + i) % 3.0
    return x

kernel(3)
LONG = 10**11

def sleep(*a, **k):
    print("now", flush=True)
    time.sleep(60)

def in_kernel(*a, **k):
    print("now", flush=True)
    kernel(LONG)

def in_threads(*a, **k):
    print("now", flush=True)
    list(jit.on_threads(kernel, [LONG] * 4, 2))

def swallow(*a, **k):
    print("now", flush=True)
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass

core.match = locals()[sys.argv.pop(1)]
entry.run()
"""


@pytest.mark.few(0, slow=4)
@pytest.mark.parametrize("signum", INT_TERM)
@pytest.mark.parametrize("where", ["sleep", "in_kernel", "in_threads", "swallow"])
def test_wherever_it_is(folder, where, signum):
    process = start(folder, "-c", DRIVER, where, *COMMANDS["match"].split())
    assert process.stdout.readline() == "now\n"
    line = stop(process, signum)
    assert line == "bayesmatch match: stopped; nothing was written\n"
    assert sorted(os.listdir(folder)) == ["A.fits", "O.fits", "set"]


WRITING = """
import sys, time
import bayesmatch.__main__ as entry
import bayesmatch.catalogs.formats.parquet as parquet
import pyarrow.parquet as pq
write = pq.write_table
def slow(*a, **k):
    write(*a, **k)
    print("now", flush=True)
    time.sleep(60)
pq.write_table = slow
entry.run()
"""


@pytest.mark.slow
@pytest.mark.parametrize("signum", INT_TERM)
def test_while_writing(folder, signum):
    """The old result stays, the half written one goes."""
    (folder / "match.parquet").write_bytes(b"old")
    process = start(folder, "-c", WRITING, *COMMANDS["match"].split())
    assert process.stdout.readline() == "now\n"
    assert left_over(folder)
    stop(process, signum)
    assert not left_over(folder)
    assert (folder / "match.parquet").read_bytes() == b"old"


def at_random_moments(finished, folder, name, stops, seed):
    """Stop a command again and again; then what it makes is the same as if it had never been."""
    rng = random.Random(seed)
    told = set()
    for _ in range(stops):
        process = start(folder, "-m", "bayesmatch", *COMMANDS[name].split())
        time.sleep(rng.uniform(0, finished[1][name]))
        if process.poll() is None:
            process.send_signal(signum := rng.choice(INT_TERM))
        _, err = process.communicate(timeout=60)
        if process.returncode == 0:  # it was quicker
            assert err == ""
        else:
            assert process.returncode == 128 + signum, err
            assert err.count("\n") == 1 and "stopped; " in err, err
            told.add(err.partition("stopped; ")[2].strip())
        assert not left_over(folder)
    again = [sys.executable, "-m", "bayesmatch", *COMMANDS[name].split()]
    subprocess.run(again, cwd=folder, check=True, timeout=300)
    result = RESULT[name]
    assert (folder / result).read_bytes() == (finished[0] / result).read_bytes()
    return told


@pytest.mark.few(0, slow=2)
@pytest.mark.parametrize("name", COMMANDS)
def test_at_random_moments(finished, folder, name):
    at_random_moments(finished, folder, name, 2, name)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", COMMANDS)
def test_at_many_random_moments(finished, folder, name, seed):
    at_random_moments(finished, folder, name, 10, seed)


STAGE = """
import sys, time
import bayesmatch.__main__ as entry
import bayesmatch.catalogs.scan.checkpoint as checkpoint
checkpoint.SAVE_SECONDS = 0.0
flush, calls = checkpoint.Stage.flush, []
def counted(stage):
    flush(stage)
    calls.append(1)
    if len(calls) == 3:
        print("now", flush=True)
        time.sleep(60)
checkpoint.Stage.flush = counted
entry.run()
"""


@pytest.mark.slow
@pytest.mark.parametrize("signum", INT_TERM)
def test_with_a_checkpoint_the_line_says_where_to_go_on(finished, folder, signum):
    process = start(folder, "-c", STAGE, *SCAN.split())
    assert process.stdout.readline() == "now\n"
    line = stop(process, signum)
    assert line == (
        "bayesmatch match: stopped; finished parts are in ck; the same command goes on from there\n"
    )
    assert len(list(folder.glob("ck/*/*/*.arrow"))) == 3
    again = [sys.executable, "-m", "bayesmatch", *SCAN.split()]
    subprocess.run(again, cwd=folder, check=True, timeout=300)
    ours, once = (f / "scan.parquet" for f in (folder, finished[0]))
    assert ours.read_bytes() == once.read_bytes()


def with_command(monkeypatch, run):
    def add(commands):
        commands.add_parser("try").set_defaults(run=run)

    monkeypatch.setattr(cli, "COMMANDS", (add,))


@pytest.mark.parametrize("signum", INT_TERM)
def test_called_from_python(monkeypatch, capsys, tmp_path, signum):
    """A status, not the end of the process; the handlers are those of before."""
    before = [signal.getsignal(s) for s in INT_TERM]

    def run(options):
        with stopping.held():
            stopping.temporary(tmp_path / "half")
            (tmp_path / "half").touch()
            signal.raise_signal(signum)
        raise AssertionError("it goes on")

    with_command(monkeypatch, run)
    assert cli.main(["try"]) == 128 + signum
    assert capsys.readouterr().err == "bayesmatch try: stopped; nothing was written\n"
    assert not (tmp_path / "half").exists()
    assert [signal.getsignal(s) for s in INT_TERM] == before


@pytest.mark.parametrize("signum", INT_TERM)
def test_while_handlers_are_installed(monkeypatch, capsys, signum):
    """The signal is raised once they are; they go all the same."""
    before, install = [signal.getsignal(s) for s in INT_TERM], stopping._install

    def interrupted():
        found = install()
        signal.raise_signal(signum)
        return found

    monkeypatch.setattr(stopping, "_install", interrupted)
    with_command(monkeypatch, lambda options: None)
    assert cli.main(["try"]) == 128 + signum
    assert [signal.getsignal(s) for s in INT_TERM] == before
    assert stopping._run.act is None


def test_what_is_written_already_is_said(monkeypatch, capsys):
    def run(options):
        stopping.written(["a.fits", "b.csv"])
        signal.raise_signal(signal.SIGINT)

    with_command(monkeypatch, run)
    assert cli.main(["try"]) == 130
    assert "try: stopped; already written: a.fits, b.csv\n" in capsys.readouterr().err


def test_no_handlers_outside_the_main_thread(monkeypatch):
    before, found = [signal.getsignal(s) for s in INT_TERM], []
    with_command(monkeypatch, lambda options: found.extend(map(signal.getsignal, INT_TERM)))
    thread = threading.Thread(target=lambda: found.append(cli.main(["try"])))
    thread.start()
    thread.join()
    assert found == [*before, 0]


def test_threads_are_not_waited_for():
    """Pieces that have not begun never do, and what has begun does not hold up who stops."""
    begun = []

    def piece(k):
        begun.append(k)
        time.sleep(1.0)
        return k

    work = jit.on_threads(piece, range(100), 2)
    assert next(work) == 0
    begin = time.monotonic()
    with pytest.raises(stopping.Stopped):
        work.throw(stopping.Stopped(signal.SIGINT))
    assert time.monotonic() - begin < 0.9
    time.sleep(1.5)
    assert len(begun) <= 6


@pytest.mark.few(1)
@pytest.mark.parametrize("arguments", ["--help", "match A.fits 1 O.fits 1 --radius 5 --out r.csv"])
def test_nobody_reads_the_output(folder, arguments):
    """As in ``bayesmatch ... | head``: no traceback, and the result is there."""
    with start(folder, "-m", "bayesmatch", *arguments.split()) as process:
        process.stdout.close()
        err = process.stderr.read()
    assert (process.returncode, err) == (141, "")
    assert (folder / "r.csv").exists() == arguments.startswith("match")
    assert not left_over(folder)


def test_a_full_disk_behind_the_output(folder):
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bayesmatch", "--help"],
            stdout=full,
            env=BUFFERED,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "standard output" in done.stderr
