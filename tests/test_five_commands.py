"""docs/five_commands.md: its commands run in an empty folder, and print what the page says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from astropy.io import fits
from astropy.table import Table

import bayesmatch as bm
from bayesmatch.cli import main
from docs import blocks as pages
from docs.blocks import COMMANDS, alike

PAGE = Path(__file__).parents[1] / "docs" / "five_commands.md"
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.M | re.S)


def blocks():
    """Commands, and what each prints, or None."""
    found = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    out = []
    for kind, text in found:
        if kind == "sh":
            out.append([text, None])
        elif out and out[-1][1] is None:
            out[-1][1] = text
    return out


def test_the_page():
    """Five commands after the data are made, each with what it prints; the options exist."""
    made, *commands = blocks()
    assert made[0].startswith("python - <<'END'")
    names = [command.split()[1] for command, _ in commands]
    assert names == ["match", "report", "charts", "catalogue", "regions"]
    assert all(printed and command.count("\n") == 1 for command, printed in commands)


def test_the_survey_of_the_page(capsys):
    """What is only named there is known: surveys, options."""
    text = PAGE.read_text(encoding="utf-8")
    assert main(["fetch", "--list"]) == 0
    known = capsys.readouterr().out
    for name in re.findall(r"bayesmatch fetch (\w+)", text):
        assert name in known


def test_what_pages_of_commands_print_can_be_written(tmp_path, monkeypatch):
    assert f"docs/{PAGE.name}" in COMMANDS
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    monkeypatch.setattr(pages, "COMMANDS", ("page.md",))
    (tmp_path / "page.md").write_text(
        "```sh\npython - <<'END'\na = 2\nEND\n```\n```sh\nbayesmatch fetch --list\n```\n"
        "```text\nnothing\n```\n```text\nbayesmatch fetch no_such\n```\n"
    )
    ((block, printed),) = pages.run("page.md")
    assert block.code == "nothing\n" and "legacy" in printed


@pytest.mark.slow
def test_its_commands(tmp_path):
    pytest.importorskip("reproject")
    shell = shutil.which("bash")
    if shell is None:
        pytest.skip("there is no bash")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, call in (("python", ""), ("bayesmatch", "-m bayesmatch ")):
        (tools / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {call}"$@"\n')
        (tools / name).chmod(0o755)
    folder = tmp_path / "empty"
    folder.mkdir()
    home = str(Path(bm.__file__).parents[1])
    env = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": home}
    for command, printed in blocks():
        ran = subprocess.run(
            [shell, "-e", "-c", command], cwd=folder, env=env, capture_output=True, text=True
        )
        assert ran.returncode == 0, ran.stderr
        if printed is not None:
            assert alike(printed, ran.stdout), ran.stdout
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "Counterparts of xmm sources in optical" in report
    pages = re.findall(rb"/Type /Page\b(?!s)", (folder / "charts.pdf").read_bytes())
    assert len(pages) == 12
    with fits.open(folder / "published.fits") as hdus:
        hdus.verify("exception")
        assert len(hdus[1].data) == 120
    assert Table.read(folder / "published.vot")["in_optical"].dtype == bool
    assert (folder / "matched.reg").read_text().count("circle(") == 120
    stilts = shutil.which("stilts")
    if stilts is not None:  # reads what is written, and finds no fault in it
        for call in (["votlint", "published.vot"], ["tpipe", "in=published.vot", "omode=count"]):
            ran = subprocess.run([stilts, *call], cwd=folder, capture_output=True, text=True)
            assert ran.returncode == 0 and not ran.stderr, ran.stderr
