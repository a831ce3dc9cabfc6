"""Completion scripts, tried in the shells themselves."""

import shutil
import subprocess

import pytest

from bayesmatch import cli
from bayesmatch.cli import main
from bayesmatch.cli.completion import SHELLS


@pytest.fixture
def script(capsys):
    def made(shell):
        assert main(["completion", shell]) == 0
        return capsys.readouterr().out

    return made


def complete(script, words, folder):
    """What bash offers for the last of the words."""
    quoted = " ".join(f"'{word}'" for word in words)
    ask = (
        f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}\n_bayesmatch\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash", "--norc", "-u", "-c", script + ask],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash(script, tmp_path):
    text = script("bash")
    every = complete(text, ["bayesmatch", ""], tmp_path)
    assert set(every) == {*cli._parser().lines, "--help", "--version"}
    assert complete(text, ["bayesmatch", "cal"], tmp_path) == ["calibrate"]
    assert complete(text, ["bayesmatch", "match", "--rad"], tmp_path) == ["--radius"]
    found = complete(text, ["bayesmatch", "match", "a", "1", "--field", ""], tmp_path)
    assert found == ["local", "uniform"]
    assert complete(text, ["bayesmatch", "charts", "--pick", "w"], tmp_path) == ["wrong"]
    assert complete(text, ["bayesmatch", "completion", ""], tmp_path) == list(SHELLS)
    assert complete(text, ["bayesmatch", "report", "ma"], tmp_path) == []  # files: bash's own
    for command, parser in cli_parsers().items():
        offered = complete(text, ["bayesmatch", command, "--"], tmp_path)
        assert set(offered) == {o for o in (*parser.known, "--help") if o.startswith("--")}


def cli_parsers():
    """Parsers of some commands, by name."""
    from bayesmatch.cli.parser import Commands, Parser

    commands = Commands(Parser(prog="bayesmatch"))
    for add in cli.COMMANDS:
        add(commands)
    for parser in commands.parsers.values():
        if "--quiet" in parser.known:
            parser.add_argument("--progress", action="store_true")
    return {name: commands.parsers[name] for name in ("match", "charts", "area")}


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_takes_it_for_the_command(script):
    done = subprocess.run(
        ["bash", "--norc", "-c", script("bash") + "complete -p bayesmatch"],
        capture_output=True,
        text=True,
    )
    assert done.stdout == "complete -o default -F _bayesmatch bayesmatch\n"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_read_theirs(script, shell, tmp_path):
    path = tmp_path / f"bayesmatch.{shell}"
    path.write_text(script(shell))
    for name in ("match", "calibrate", "report"):
        assert name in path.read_text()
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    done = subprocess.run([shell, "-n", path], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


#: stands for zsh's own functions: prints what they are given
ZSH = """
compdef() { }
_files() { print files }
compadd() { print -l -- "$@" }
_describe() { print -l -- ${${(P)2}%%:*} }
"""


@pytest.mark.skipif(shutil.which("zsh") is None, reason="there is no zsh")
def test_zsh(script):
    def offered(*words):
        listed = " ".join(f"'{word}'" for word in words)
        ask = f"words=({listed}); CURRENT={len(words)}; _bayesmatch\n"
        whole = ZSH + script("zsh") + ask
        done = subprocess.run(["zsh", "-f", "-c", whole], capture_output=True, text=True)
        assert done.returncode == 0 and done.stderr == "", done.stderr
        return done.stdout.split()

    assert set(offered("bayesmatch", "")) == set(cli._parser().lines)
    assert offered("bayesmatch", "match", "--field", "") == ["local", "uniform"]
    assert offered("bayesmatch", "completion", "") == list(SHELLS)
    assert offered("bayesmatch", "report", "m") == ["files"]
    assert {"--radius", "--checkpoint"} <= set(offered("bayesmatch", "match", "a", "-"))


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish")
def test_fish(script, tmp_path):
    path = tmp_path / "bayesmatch.fish"
    path.write_text(script("fish"))
    ask = f"source {path}; complete -C'bayesmatch match --fiel'; complete -C'bayesmatch cal'"
    done = subprocess.run(["fish", "--no-config", "-c", ask], capture_output=True, text=True)
    assert "--field" in done.stdout and "calibrate" in done.stdout
