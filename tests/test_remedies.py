"""Every remedy that a message names exists where it is said.

Each case is a command line that is refused (or warned of), and what a user makes of the message: a
command line that must then work. The parts of the message that the user goes by are compared, so
that a message cannot promise what is not there. To add a case: an entry of REMEDIES.
"""

import re
from dataclasses import dataclass, field

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table

import bayesmatch as bm
from bayesmatch.cli import main

N, M, SIDE = 40, 300, 0.2
MATCH = ["--radius", "10", "--host-fraction", "0.8"]


def tables():
    """Sources and objects; source i is object i."""
    rng = np.random.default_rng(4)
    o = Table({"ID": np.arange(M), "RA": 150 + SIDE * rng.random(M), "DEC": SIDE * rng.random(M)})
    x = Table(
        {
            "ID": np.arange(N),
            "RA": o["RA"][:N] + rng.normal(size=N) / 3600,
            "DEC": o["DEC"][:N] + rng.normal(size=N) / 3600,
            "e": np.ones(N),
        }
    )
    for name, t in (("X", x), ("O", o)):
        t.meta.update(EXTNAME=name, SKYAREA=SIDE**2)
    return x, o


@dataclass(frozen=True)
class Remedy:
    """A mistake, what is said of it, and the way out that it names."""

    change: object
    """function of the two tables, which writes nothing"""
    says: str
    """regular expression that the message matches: the option or spelling that helps"""
    instead: list = field(default_factory=list)
    """arguments that are added"""
    errors: tuple = (":e", "0.1")
    """of the two catalogues, before"""
    then: tuple | None = None
    """and after, where the remedy is in them"""
    refused: bool = True
    """whether the mistake ends the command; else it is a warning or a check"""
    command: str = "match"
    files: tuple = ("x.fits", "o.fits")


def two_pairs(x, o):
    o["RAJ2000"], o["DEJ2000"] = o["RA"] + 0.5, o["DEC"]


def texts(x, o):
    sky = SkyCoord(o["RA"], o["DEC"], unit="deg")
    o["RA"] = sky.ra.to_string("hour", sep=" ", precision=5)
    o["DEC"] = sky.dec.to_string(sep=" ", precision=5)


def no_name(x, o):
    o.rename_columns(["RA", "DEC"], ["alfa", "phi"])


def two_identifiers(x, o):
    o["source_id"], o["objid"] = o["ID"], o["ID"]
    o.remove_column("ID")


def extname(name):
    return lambda x, o: o.meta.update(EXTNAME=name)


def unit(name):
    return lambda x, o: setattr(x["e"], "unit", name)


def errors_times(factor, name="e"):
    def change(x, o):
        x["e"] = x["e"] * factor
        x.rename_column("e", name)

    return change


def seconds(x, o):
    x["e"].unit = "s"
    x["d"] = np.ones(N)


def nvss(x, o):
    x["e_RAJ2000"], x["d"], x["NVSS"], x["S1.4"] = x["e"] / 15, np.ones(N), np.arange(N), np.ones(N)
    x["e_DEJ2000"] = x["d"]


REMEDIES = {
    "two pairs": Remedy(
        two_pairs, r"--ra and --dec on the command line\), as RA and DEC", ["--ra", ":RA"]
    ),
    "hours or degrees": Remedy(texts, r"--ra 'RA\[hms\]' or", ["--ra", ":RA[hms]"]),
    "no right ascension": Remedy(
        no_name, r"--ra on the command line", ["--ra", ":alfa", "--dec", ":phi"]
    ),
    "no declination": Remedy(
        no_name, r"--dec on the command line", ["--dec", ":phi", "--ra", ":alfa"]
    ),
    "two identifiers": Remedy(two_identifiers, r"--id on the command line", ["--id", ":objid"]),
    "a keyword for a name": Remedy(
        extname("class"), r"for example 'CLASS' \(--name", ["--name", ":CLASS"]
    ),
    "a column for a name": Remedy(extname("p_any"), r"--name on the command", ["--name", ":OPT"]),
    "one name twice": Remedy(
        extname("X"), r"'X_2' here \(--name gives", ["--name", "X:OPT"], refused=False
    ),
    "a unit that is none": Remedy(
        unit("pix"), r"as e\[arcsec\] \(on the command", then=(":e[arcsec]", "0.1")
    ),
    "seconds": Remedy(seconds, r"first error of a pair", then=(":e:d", "0.1")),
    "errors in degrees": Remedy(
        errors_times(1 / 3600), r"':e\[deg\]' on the", then=(":e[deg]", "0.1"), refused=False
    ),
    "errors in mas": Remedy(
        errors_times(1000), r"':e\[mas\]' on the", then=(":e[mas]", "0.1"), refused=False
    ),
    "r90": Remedy(
        errors_times(2.146, "r90"),
        r"\(':r90@90%' on",
        [],
        (":r90", "0.1"),
        (":r90@90%", "0.1"),
        False,
    ),
    "NVSS": Remedy(
        nvss,
        r"\(':e_RAJ2000\[s\]:d' on",
        errors=(":e_RAJ2000:d", "0.1"),
        then=(":e_RAJ2000[s]:d", "0.1"),
        refused=False,
    ),
    "NVSS, one error": Remedy(
        nvss,
        r"\(':e_RAJ2000\[s\]:e_DEJ2000' on",
        errors=(":e_RAJ2000", "0.1"),
        then=(":e_RAJ2000[s]:e_DEJ2000", "0.1"),
        refused=False,
    ),
    "errors of zero": Remedy(
        lambda x, o: x.replace_column("e", 0 * x["e"]),
        r"give one number for all rows",
        then=("1.0", "0.1"),
    ),
    "4FGL": Remedy(
        errors_times(2.448 / 3600, "Conf_95_SemiMajor"),
        r"\(':Conf_95_SemiMajor\[deg\]@95%' on",
        errors=(":Conf_95_SemiMajor", "0.1"),
        then=(":Conf_95_SemiMajor[deg]@95%", "0.1"),
        refused=False,
    ),
    "error that is no number": Remedy(
        lambda x, o: None, r"give a number.*:COLUMN", errors=("e", "0.1"), then=(":e", "0.1")
    ),
}


@pytest.mark.few(6)
@pytest.mark.parametrize("case", REMEDIES)
def test_the_remedy_works_on_the_command_line(case, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    remedy = REMEDIES[case]
    x, o = tables()
    remedy.change(x, o)
    x.write("x.fits")
    o.write("o.fits")

    def run(errors, *more):
        given = [part for pair in zip(remedy.files, errors, strict=True) for part in pair]
        out = ["--out", "out.fits"] if remedy.command == "match" else []
        status = main([remedy.command, *given, *MATCH, *more, *out])
        return status, " ".join("".join(capsys.readouterr()).split())

    status, said = run(remedy.errors)
    assert status == (1 if remedy.refused else 0), said
    if case == "no declination":  # which is asked for once the other is named
        status, said = run(remedy.errors, "--ra", ":alfa")
    assert re.search(remedy.says, said), said
    status, said = run(remedy.then or remedy.errors, *remedy.instead)
    assert status == 0 and not re.search(remedy.says, said), said
    if remedy.command == "match":
        found = bm.MatchResult.read("out.fits")
        right = np.asarray(found.sources[found.catalogue_names[1]]) == np.arange(N)
        assert right.mean() > 0.9


def test_options_are_never_guessed(tmp_path, capsys):
    assert main(["match", "a", "1", "b", "1", "--rad", "10", "--out", "c.fits"]) == 2
    assert "--rad" in capsys.readouterr().err
    assert main(["area", "a.fits", "--ord", "3"]) == 2


def test_every_option_per_catalogue_is_in_the_help(capsys):
    for command in ("match", "calibrate"):
        assert main([command, "--help"]) == 0
        text = capsys.readouterr().out
        assert all(f"--{option} " in text for option in ("name", "ra", "dec", "hdu", "id", "area"))
    assert main(["match", "--help"]) == 0
    assert ":r90[arcmin]@90%" in capsys.readouterr().out


class TestGlobs:
    def write(self, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        x, o = tables()
        x.write("x.fits")
        (tmp_path / "survey").mkdir()
        for k in range(3):
            part = o[k::3]
            part.meta.update(SKYAREA=str(SIDE**2))
            part.write(f"survey/{k}.parquet")
        return sorted(str(p) for p in (tmp_path / "survey").iterdir())

    def test_what_the_shell_has_expanded(self, monkeypatch, tmp_path, capsys):
        files = self.write(monkeypatch, tmp_path)
        rest = [*MATCH, "--area", f":{SIDE**2}", "--name", ":O"]
        assert main(["match", "x.fits", ":e", *files, "0.1", *rest, "--out", "a.fits"]) == 0
        assert main(["match", "x.fits", ":e", "survey", "0.1", *rest, "--out", "b.fits"]) == 0
        a, b = (bm.MatchResult.read(f"{name}.fits").sources for name in "ab")
        assert np.array_equal(a["p_match"], b["p_match"]) and (a["O"] >= 0).mean() > 0.9

    def test_other_files_without_their_error_are_told(self, monkeypatch, tmp_path, capsys):
        files = self.write(monkeypatch, tmp_path)
        rest = [*MATCH, "--out", "a.fits"]
        assert main(["match", "x.fits", "y.fits", ":e", files[0], "0.1", *rest]) == 1
        assert "x.fits has no position error: give FILE ERROR" in capsys.readouterr().err
        assert main(["match", "x.fits", ":e", *files, *rest]) == 1
        assert "has no position error: give FILE ERROR" in capsys.readouterr().err
