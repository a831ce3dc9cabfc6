"""What takes long says how far it is: on a terminal or when asked, and never besides."""

import contextlib
import io
import os
import pty
import re
import subprocess
import sys
import termios
import threading
import time

import numpy as np
import pytest
from astropy.table import Table

from bayesmatch import cli
from bayesmatch._kernels import progress
from bayesmatch.cli import main


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """A terminal, for standard error and output; its reader has the patience of a test."""
    monkeypatch.setattr(progress, "PATIENCE", 0.02)
    monkeypatch.setattr(progress, "TICK", 0.01)
    monkeypatch.setattr(progress, "TICK_LINES", 0.01)
    return Terminal()


@contextlib.contextmanager
def on(stream):
    """Standard error and output are this stream."""
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        yield


def seen(text):
    """What stands on a terminal of one line in the end, line by line."""
    lines = [""]
    for part in re.split(r"(\r\x1b\[K|\r|\n|\x1b\[A)", text):
        if part == "\n":
            lines.append("")
        elif part == "\r\x1b[K":
            lines[-1] = ""
        elif part.startswith("\r"):
            lines[-1] = "\r" + lines[-1].lstrip("\r")
        elif lines[-1].startswith("\r"):
            lines[-1] = part + lines[-1][1 + len(part) :]
        else:
            lines[-1] += part
    return [line.strip("\r ") for line in lines]


def test_a_stage_says_its_seconds_and_leaves_nothing(terminal):
    with on(terminal), progress.shown("bayesmatch try"), progress.stage("reading a.fits"):
        time.sleep(0.2)
        print("done")
        time.sleep(0.1)
    text = terminal.getvalue()
    assert "\r\x1b[Kreading a.fits: 0 s" in text
    assert seen(text) == ["done", ""]


def test_what_is_quick_says_nothing(terminal, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 60.0)
    with on(terminal), progress.shown("bayesmatch try"):
        time.sleep(0.1)
    assert terminal.getvalue() == ""


def test_lines_where_there_is_no_terminal(terminal):
    terminal.isatty = lambda: False
    with on(terminal), progress.shown("bayesmatch try"):
        time.sleep(0.2)
    lines = terminal.getvalue().splitlines()
    assert lines and set(lines) == {"bayesmatch try: 0 s"}


def test_bars_and_what_is_printed_between_them(terminal):
    """A line that is printed stands alone; the bars are gone in the end."""
    with on(terminal), progress.shown("bayesmatch try"), progress.bar(4, "fits") as bar:
        bar.update(2)
        print("a warning")
        with progress.stage("the second"):
            bar.update(2)
    text = terminal.getvalue()
    assert "fits" in text and "the second" in text and "50%" in text
    assert "a warning" in seen(text) and seen(text)[-1] == ""


def test_bars_are_silent_where_nobody_asked(terminal):
    with on(terminal):
        assert list(progress.steps(range(5), 5, "steps")) == [0, 1, 2, 3, 4]
        with progress.stage("a stage"), progress.bar(2, "a bar") as bar:
            bar.update()
            bar.close()
        assert terminal.getvalue() == ""
        assert list(progress.steps(range(5), 5, "steps", show=True)) == [0, 1, 2, 3, 4]
    assert "steps:   0%" in terminal.getvalue()


def test_many_threads_and_bars_do_not_wait_for_each_other(terminal):
    """The clock looks at a bar, threads print, the bar moves on: all at once, and it ends."""
    over = threading.Event()

    def talk():
        while not over.is_set():
            print("x")

    with on(terminal), progress.shown("bayesmatch try"):
        threads = [threading.Thread(target=talk, daemon=True) for _ in range(3)]
        [thread.start() for thread in threads]
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            with progress.bar(20, "bar", mininterval=0) as bar, progress.stage("s"):
                [bar.update() for _ in range(20)]
        over.set()
        [thread.join(10) for thread in threads]
    assert not any(thread.is_alive() for thread in threads)


def test_the_stream_is_given_back_after_an_error(terminal):
    with on(terminal):
        with pytest.raises(ValueError, match="no"), progress.shown("bayesmatch try"):
            with progress.shown("inside"), progress.bar(1, "bar"):
                raise ValueError("no")
        assert sys.stderr is terminal and progress._now is None


@pytest.mark.parametrize(
    "argv, terminal, shown",
    [
        ([], True, True),
        ([], False, False),
        (["--progress"], False, True),
        (["--quiet"], True, False),
        (["--quiet", "--progress"], True, False),
    ],
)
def test_when_progress_is_shown(monkeypatch, argv, terminal, shown):
    found = []

    def add(commands):
        command = commands.add_parser("try", help="try")
        command.add_argument("--quiet", action="store_true")
        command.set_defaults(run=lambda options: found.append(progress._now is not None))

    stream = Terminal()
    stream.isatty = lambda: terminal
    monkeypatch.setattr(cli, "COMMANDS", (add,))
    with contextlib.redirect_stderr(stream):
        assert main(["try", *argv]) == 0 and found == [shown]


@pytest.fixture
def catalogues(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(3)
    for name, n in (("A", 60), ("O", 600)):
        columns = {"RA": 10 + 0.3 * rng.random(n), "DEC": 0.3 * rng.random(n)}
        Table(columns, meta={"EXTNAME": name, "SKYAREA": 0.09}).write(f"{name}.fits")
    assert main("match A.fits 1 O.fits 0.5 --radius 9 --out r.fits --quiet".split()) == 0


@pytest.mark.parametrize(
    "command, bars",
    [
        ("match A.fits 1 O.fits 0.5 --radius 9 --out m.fits", ["search", "matched", "100%"]),
        (
            "calibrate A.fits 1 O.fits 0.5 --radius 9 --realizations 2",
            ["search", "fake positions: "],
        ),
        pytest.param("report r.fits --out r.html --charts 1", ["report: "], marks=pytest.mark.slow),
        pytest.param(
            "charts r.fits --pick random --n 2 --out c", ["charts: "], marks=pytest.mark.slow
        ),
    ],
)
def test_commands_that_take_long_show_bars_when_asked(catalogues, capsys, command, bars):
    assert main([*command.split(), "--progress"]) == 0
    out, err = capsys.readouterr()
    assert all(bar in err for bar in bars), err
    assert "%|" not in out and "%|" in err
    assert main(command.split()) == 0  # no terminal, not asked
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_on_a_terminal(catalogues):
    """Bars are seen on it, and what is printed stands on lines of its own."""
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (30, 100))
    command = "match A.fits 1 O.fits 0.5 --radius 9 --out m.fits".split()
    process = subprocess.Popen(
        [sys.executable, "-m", "bayesmatch", *command], stdout=follower, stderr=follower
    )
    os.close(follower)
    text = b""
    with open(leader, "rb", buffering=0) as terminal:
        while True:
            try:
                part = terminal.read(4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            text += part
    assert process.wait() == 0
    whole = text.decode().replace("\r\n", "\n")
    assert "search" in whole
    assert "wrote m.fits" in seen(whole)
    assert any(line.startswith("60 A sources matched to O") for line in seen(whole))
