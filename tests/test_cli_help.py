"""The command line helps: an overview, what was meant, versions, colours for eyes only."""

import argparse
import io
import platform
import re
from importlib import metadata

import numpy as np
import pytest
from astropy.table import Table

import bayesmatch as bm
from bayesmatch import cli
from bayesmatch.catalogs.closest import closest, did_you_mean, did_you_mean_file
from bayesmatch.cli import colours, main
from bayesmatch.cli.epochs import read_epochs
from bayesmatch.cli.overview import FIRST, GROUPS, overview
from bayesmatch.cli.stopped import stop_line


class Terminal(io.StringIO):
    def isatty(self):
        return True


def commands():
    return cli._parser().lines


def test_alone_it_shows_every_command_in_a_line(capsys):
    assert main([]) == 0
    alone, err = capsys.readouterr()
    assert err == "" and "\x1b" not in alone
    assert main(["--help"]) == 0 and capsys.readouterr().out == alone
    lines = alone.splitlines()
    for name, what in commands().items():
        (line,) = [line for line in lines if line.startswith(f"  {name} ")]
        assert what and line.endswith(what) and len(line) <= 100
    assert [line.strip() for line in lines if line.startswith("  bayesmatch")] == [
        c for c, _ in FIRST
    ]


def test_the_three_to_begin_with_are_commands_that_can_be_given():
    parser = cli._parser()
    for command, _ in FIRST:
        assert parser.parse_args(command.split()[1:]).run


def test_a_command_is_the_same_where_others_are_not_made():
    every, names = cli._parser(), list(commands())
    for name in names:
        alone = cli._parser(name)
        assert list(alone.lines) == (names if name in cli.OF_ALL else [name])
        one, other = (p._subparsers._group_actions[0].choices[name] for p in (alone, every))
        assert one.format_help() == other.format_help() and one.known.keys() == other.known.keys()
    assert list(cli._parser("mach").lines) == names


def test_usage_can_be_followed_to_the_letter():
    """What it calls a value is no way to write one, and what the help shows as one can be read."""
    actions = [
        a for p in cli._parser()._subparsers._group_actions[0].choices.values() for a in p._actions
    ]
    names = [str(a.metavar) for a in actions if a.metavar is not None]
    assert len(names) > 100 and not [name for name in names if name.startswith(("[", ":"))]
    (shown,) = {part for a in actions if a.dest == "pm" for part in re.findall(r":\S+", a.help)}
    pm = read_epochs(argparse.Namespace(epoch=None, pm=shown), 2)
    assert pm == [{}, {"pm": ("pmra", "pmdec")}]


def test_the_help_of_a_command_is_its_own(capsys):
    assert main(["match", "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: bayesmatch match ") and "--progress" in out


def test_every_command_stands_once_and_new_ones_come_last():
    grouped = [name for names in GROUPS.values() for name in names]
    assert len(grouped) == len(set(grouped)) and set(commands()) <= {*grouped, "fetch"}
    text = overview({"match": "match catalogues", "brandnew": "does it"}, io.StringIO())
    assert text.rstrip().splitlines()[-4:-2] == ["more", "  brandnew  does it"]


@pytest.mark.parametrize(
    "argv, said",
    [
        ("mach", "bayesmatch: error: there is no command 'mach' (did you mean match?)"),
        ("qqq", "bayesmatch: error: there is no command 'qqq'; see bayesmatch --help"),
        ("--versoin", "bayesmatch: error: there is no option --versoin (did you mean --version?)"),
        (
            "match a.fits 1 b.fits 1 --radus 5 --out x",
            "bayesmatch match: error: there is no option --radus (did you mean --radius?)",
        ),
        (
            "match a.fits 1 b.fits 1 --prior-comp=1 --radius 5 --out x",
            "bayesmatch match: error: there is no option --prior-comp (did you mean "
            "--prior-completeness?)",
        ),
        ("match a 1 b 1 -radius 5", "there is no option -radius (did you mean --radius?)"),
        ("report r.fits --qqq", "bayesmatch report: error: there is no option --qqq; see"),
        ("match a 1 b 1 --radius 5 --out x --field lokal", "'uniform') (did you mean local?)"),
        ("completion bsh", "(did you mean bash?)"),
        ("--json", "bayesmatch: error: there is no option --json; see bayesmatch --help"),
    ],
)
def test_what_was_meant(capsys, argv, said):
    assert main(argv.split()) == 2
    out, err = capsys.readouterr()
    plain = re.sub(r"choose from local, uniform", "choose from 'local', 'uniform'", err)
    assert out == "" and err.count("\n") == 1 and said in plain


@pytest.mark.parametrize(
    "values", [["--radius", "-5"], ["--radius", "5", "--host-fraction", "-0.5"], ["--radius=-1e3"]]
)
def test_negative_numbers_are_no_options(values):
    options = cli._parser().parse_args(["match", "a", "1", "b", "1", "--out", "x", *values])
    assert options.radius in (-5.0, 5.0, -1000.0)


def test_values_with_spaces_are_no_options():
    options = cli._parser().parse_args(["compare", "r", "n", "--rerun", "nway.py a --radius 20"])
    assert options.rerun == "nway.py a --radius 20"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    for name in "AO":
        columns = {"RA": 10 + np.arange(40) / 60, "DEC": rng.normal(size=40) / 3600}
        columns |= {"pos_err": np.ones(40), "mag_r": rng.uniform(15, 25, 40)}
        Table(columns, meta={"EXTNAME": name, "SKYAREA": 1.0}).write(f"{name}_sources.fits")
    return tmp_path


@pytest.mark.parametrize(
    "change, said",
    [
        (("A_sources.fits", "A_source.fits"), "A_source.fits: no such file (did you mean A_so"),
        ((":pos_err", ":poserr"), "has no column 'poserr' (did you mean 'pos_err'?); give one of"),
        (("--radius 9", "--radius 9 --host-covariates mag-r"), "(did you mean 'mag_r'?)"),
        (("--radius 9", "--radius 9 --ra RAA:RA"), "no column 'RAA' (did you mean 'RA'?)"),
        (("--radius 9", "--radius 9 --learn O:mag_rr"), "(did you mean 'mag_r'?)"),
        (("O_sources.fits", "O_surces"), "O_surces: no such file (did you mean O_sources.fits?)"),
    ],
)
def test_columns_and_files(folder, capsys, change, said):
    line = "match A_sources.fits :pos_err O_sources.fits 0.5 --radius 9 --out r.fits"
    assert main(line.replace(*change).split()) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and said in err


def test_a_result_that_is_not_there(folder, capsys):
    assert main(["check", "A_sorces.fits"]) == 1
    assert "no such file (did you mean A_sources.fits?)" in capsys.readouterr().err


def test_python_says_it_too(folder):
    with pytest.raises(ValueError, match=r"no column 'pos_er' \(did you mean 'pos_err'\?\)"):
        bm.Catalog.read("A_sources.fits", pos_err="pos_er")
    table = Table({"mag_r": [1.0]})
    with pytest.raises(ValueError, match=r"did you mean 'mag_r'"):
        bm.photometry.Features(["magr"]).compute(table)


def test_what_is_closest():
    columns = ["RA", "DEC", "e_RA", "FLUX_SOFT", "flux_hard", "g", "r"]
    assert closest("flux_sof", columns) == "FLUX_SOFT" and closest("dec", columns) == "DEC"
    assert closest("flux", columns) is None  # two begin so, and neither is near
    assert closest("zzz", columns) is None and closest("x", []) is None
    assert (
        did_you_mean(3, columns) == "" and did_you_mean("Dec", columns) == " (did you mean 'DEC'?)"
    )
    assert did_you_mean_file("/no/such/folder/x.fits") == "" and did_you_mean_file("\0") == ""


def test_versions(capsys):
    assert main(["--version"]) == 0
    out = capsys.readouterr().out
    told = dict(line.split(" ", 1) for line in out.splitlines())
    assert told["bayesmatch"] == bm.__version__ and told["python"] == platform.python_version()
    for name in ("numpy", "numba", "astropy", "lightgbm", "pyarrow"):
        assert told[name] == metadata.version(name)
    for name in ("lsdb", "reproject"):
        assert name in told


def test_a_version_that_is_not_installed(capsys, monkeypatch):
    def version(name):
        if name == "lsdb":
            raise metadata.PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(metadata, "version", version)
    assert main(["--version"]) == 0
    assert "\nlsdb is not installed\n" in capsys.readouterr().out


def test_colours_are_for_terminals(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert colours.paint("x", "bold", Terminal()) == "\x1b[1mx\x1b[0m"
    assert colours.paint("x", "bold", io.StringIO()) == "x"
    text = "wrong  a\n    look at it\nlook   b\n"
    painted = colours.paint_verdicts(text, Terminal())
    assert painted == "\x1b[1;31mwrong\x1b[0m  a\n    look at it\n\x1b[33mlook\x1b[0m   b\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert colours.paint_verdicts(text, Terminal()) == text
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert colours.paint("x", "bold", Terminal()) == "x"


def test_the_line_of_a_command_that_is_stopped(tmp_path):
    """What is written, by name or by number; what a checkpoint would have kept."""

    def line(written, **options):
        return stop_line(type("O", (), {"command": "charts", **options}))(written)

    assert line([]) == "bayesmatch charts: stopped; nothing was written"
    assert line(["a.png"]).endswith("already written: a.png")
    many = [f"out/{k}.png" for k in range(57)]
    assert line(many).endswith("stopped; already written: 57 files in out")
    of_files = {"checkpoint": None, "catalogues": ["a.fits", "1", "b.fits", "1"]}
    assert line([], **of_files).endswith("nothing was written")
    of_set = {"checkpoint": None, "catalogues": ["a.fits", "1", str(tmp_path), "1"]}
    assert line([], **of_set).endswith(
        "nothing was written; with --checkpoint DIR the same command would go on from where it was"
    )
