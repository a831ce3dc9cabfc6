"""`--out` everywhere, `sample`, `regions` and `area`: commands whose output is a file or folder."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table

import bayesmatch as bm
from bayesmatch.cli import COMMANDS, main
from bayesmatch.cli.outputs import is_folder, one_output, outputs
from bayesmatch.cli.parser import Parser
from bayesmatch.cli.radius import radius_arcsec
from bayesmatch.diagnostics.regions import ds9_regions

KINDS = {"table": ((".csv", ".fits.gz"), "t.csv"), "figure": ((".png", ".pdf"), "f.png")}
SIDE = 0.3


def sky(seed=1, n=60, m=1500):
    """Sources with counterparts of their own colour, as files that say what they are."""
    rng = np.random.default_rng(seed)
    opt = Table(
        {
            "ID": np.arange(m) + 1000,
            "RA": 150 + SIDE * rng.random(m),
            "DEC": 2 + SIDE * rng.random(m),
            "g": np.where(np.arange(m) < n, rng.normal(19, 0.5, m), rng.uniform(18, 25, m)),
        }
    )
    x = Table({"ID": [f"X{k}" for k in range(n)], "RA": opt["RA"][:n], "DEC": opt["DEC"][:n]})
    for name in ("RA", "DEC"):
        x[name] = x[name] + rng.normal(0, 0.3, n) / 3600
    x["a"], x["b"], x["pa"] = np.full(n, 1.2), np.full(n, 0.4), np.linspace(0, 180, n)
    x["flux"] = 10 ** rng.normal(-14, 0.3, n)
    for table, name in ((x, "X"), (opt, "OPT")):
        table.meta.update(EXTNAME=name, SKYAREA=SIDE**2)
    return x, opt


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for table, name in zip(sky(), ("x", "o"), strict=True):
        table.write(f"{name}.fits")
    return tmp_path


@pytest.fixture(scope="module")
def matched(tmp_path_factory):
    """A result of them, with its inputs."""
    out = tmp_path_factory.mktemp("matched") / "m.fits"
    x, o = (
        bm.Catalog(t, name=n, pos_err=e) for t, n, e in zip(sky(), "XO", ("a", 0.1), strict=True)
    )
    bm.match(x, o, radius=8).write(out)
    return out


MATCH = "match x.fits :a:b:pa o.fits 0.1 --radius 8 --quiet --out"


def test_what_out_means(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert outputs(None, KINDS) == []
    assert outputs(["a.csv", "B.PDF"], KINDS) == [
        ("table", Path("a.csv")),
        ("figure", Path("B.PDF")),
    ]
    assert outputs(["x.fits.gz"], KINDS) == [("table", Path("x.fits.gz"))]
    in_folder = [("table", Path("new/t.csv")), ("figure", Path("new/f.png"))]
    assert outputs(["new"], KINDS) == outputs(["new/"], KINDS) == in_folder
    assert not Path("new").exists()  # before the work nothing is made
    Path("old.csv").mkdir()
    assert is_folder("old.csv") and not is_folder("other.csv")
    with pytest.raises(ValueError, match=r"--out a.doc: .*\.csv, \.fits\.gz, \.png, \.pdf.*folder"):
        outputs(["a.doc"], KINDS)
    with pytest.raises(ValueError, match="comes 2 times"):
        one_output(["a.csv", "b.csv"], KINDS)


@pytest.mark.slow
def test_out_of_every_command(files, capsys):
    """A folder that is not there, or a file in one, for each command that writes."""
    assert main(f"{MATCH} r.fits".split()) == 0
    Table({"ID": [f"X{k}" for k in range(60)], "c": np.arange(60) + 1000}).write("truth.csv")
    pair = "x.fits :a:b:pa o.fits 0.1 --radius 8"
    commands = {
        "check r.fits": ["checks.csv"],
        "explain r.fits X3": ["explain_X3.png"],
        "regions r.fits": ["regions.reg"],
        "assess r.fits truth.csv": ["assessment.csv", "assessment.png", "reliability.csv"],
        f"calibrate {pair} --realizations 1": ["calibration.csv", "calibration.png"],
        f"errors {pair}": ["corrected.fits", "rayleigh.png"],
        "fake x.fits --radius 8": ["fake.fits"],
        "shift x.fits --radius 8 --shift-ra 30": ["shift.fits"],
        "sample x.fits :a:b:pa o.fits 0.1": ["sample.fits"],
    }
    for number, (command, names) in enumerate(commands.items()):
        folder = f"made/{number}"
        assert main([*command.split(), "--out", folder, "--quiet"]) in (0, 1), command
        assert sorted(p.name for p in Path(folder).iterdir()) == names, capsys.readouterr().err
        one = f"made/more/{number}{Path(names[0]).suffix}"
        main([*command.split(), "--out", one, "--quiet"])
        assert Path(one).is_file(), command
        assert main([*command.split(), "--out", "x.doc"]) == 1
        err = capsys.readouterr().err
        assert "--out x.doc: the name must end in one of" in err and "Traceback" not in err


def test_p_match_is_the_default(files, capsys):
    assert main(f"{MATCH} r.fits".split()) == 0
    Table({"ID": [f"X{k}" for k in range(60)], "c": np.arange(60) + 1000}).write("truth.csv")
    for command in ("assess r.fits truth.csv", "calibrate x.fits :a o.fits 0.1 --radius 8"):
        assert (
            main([*command.split(), *(["--realizations", "1"] if "calib" in command else [])]) == 0
        )
        assert "p_match" in capsys.readouterr().out
    assert main("assess r.fits truth.csv --score p_any".split()) == 0
    assert "cut on p_any" in capsys.readouterr().out


@pytest.mark.slow
def test_sample_is_that_of_the_function_and_trains(files, capsys):
    argv = "sample x.fits 0.4 o.fits 0.1 --out s.fits --annulus 8:25 --flux flux --flux-min 1e-15"
    assert main([*argv.split(), "--exclude", "150.1:2.1:60", "--max-separation", "2"]) == 0
    out = capsys.readouterr().out
    assert "counterparts" in out and out.endswith("wrote s.fits\n")
    x, o = (bm.Catalog.read(f"{n}.fits", pos_err=e) for n, e in (("x", 0.4), ("o", 0.1)))
    same = bm.truth.training_sample(
        x, o, annulus=(8, 25), flux="flux", flux_min=1e-15, exclude=[(150.1, 2.1, 60)],
        max_separation=2,
    )  # fmt: skip
    made = Table.read("s.fits")
    assert made.colnames == same.colnames and len(made) == len(same) > 60
    for name in made.colnames:
        np.testing.assert_array_equal(np.asarray(made[name]).astype(same[name].dtype), same[name])
    train = "train s.fits --label is_counterpart --bands g --out p.json"
    assert main(train.split()) == 0
    assert f"{int(same['is_counterpart'].sum())} counterparts" in capsys.readouterr().out


@pytest.mark.parametrize(
    "more, words",
    [
        ("--annulus 30", "--annulus is '30'"),
        ("--exclude nowhere", "--exclude nowhere: it is no region"),
        ("--area 1", "--area is '1'; give 2 values"),
        ("--area 1:nope", "--area: 'nope' is no number and no file; give deg^2, 'estimate', or"),
        ("--area 1:x.fits", "--area x.fits: is no MOC in FITS, JSON or text"),
        ("--r98 nope", "no column 'nope'"),
        ("--flux-min 3", "no flux column is named"),
        ("--out o.fits", "--out comes 2 times"),
    ],
)
def test_sample_refuses(files, capsys, more, words):
    assert main(["sample", "x.fits", "0.4", "o.fits", "0.1", "--out", "s.csv", *more.split()]) == 1
    err = capsys.readouterr().err
    assert words in err and err.count("\n") == 1 and not Path("s.csv").exists()


def shapes(text):
    """Shape, numbers and notes of every region."""
    for line in text.splitlines():
        if match := re.match(r"(\w+)\(([^)]*)\) # (.*)", line):
            yield match[1], [float(v.strip('"')) for v in match[2].split(",")], match[3]


def test_regions(files, capsys):
    assert main(f"{MATCH} r.fits".split()) == 0
    assert main("regions r.fits --out r.reg".split()) == 0
    text = Path("r.reg").read_text()
    assert text.startswith("# Region file format: DS9") and "\nfk5\n" in text
    result = bm.match(
        bm.Catalog.read("x.fits", pos_err=bm.ErrorEllipse("a", "b", "pa")),
        bm.Catalog.read("o.fits", pos_err=0.1),
        radius=8,
    )
    assert ds9_regions(result) == text  # from memory and from the file
    x, sources = sky()[0], result.sources
    found = list(shapes(text))
    ellipses = [f for f in found if f[0] in ("ellipse", "circle")]
    assert len(ellipses) == 60
    for k, (_, (ra, dec, major, minor, angle), notes) in enumerate(ellipses):
        assert (abs(ra - x["RA"][k]), abs(dec - x["DEC"][k])) < (1e-6, 1e-6)
        scale = np.sqrt(-2 * np.log(1 - 0.68))
        assert major == pytest.approx(1.2 * scale, abs=2e-4)
        assert minor == pytest.approx(0.4 * scale, abs=2e-4)
        # from the west by the north to the east
        assert (angle - 90 - x["pa"][k] + 90) % 180 - 90 == pytest.approx(0, abs=0.02)
        color = "green" if sources["p_match"][k] >= 0.9 else "yellow"
        color = "red" if sources["p_hostless"][k] >= 0.9 else color
        assert f"color={color} text={{X{k}}}" in notes
    points = [f for f in found if f[0] == "point"]
    table = result.associations
    members = table[(table["ncat"] == 2) & (table["p_match"] >= 0.01)]
    assert len(points) == len(members)
    objects = SkyCoord([p[1][0] for p in points], [p[1][1] for p in points], unit="deg")
    theirs = sky()[1][np.asarray(members["OPT"])]
    assert SkyCoord(theirs["RA"], theirs["DEC"], unit="deg").separation(objects).arcsec.max() < 1e-3
    assert all(f"p={p:.3f}" in q[2] for p, q in zip(members["p_match"], points, strict=True))


def test_the_ellipse_is_the_errors(files):
    """The long axis lies along the position angle, by another reckoning: points on the sky."""
    x = sky()[0][10:11]
    result = bm.match(
        bm.Catalog(x, name="X", pos_err=bm.ErrorEllipse("a", "b", "pa"), area=1.0),
        bm.Catalog(sky()[1], name="OPT", pos_err=0.1),
        radius=8,
        host_fraction=0.7,
    )
    *_, angle = next(f for f in shapes(ds9_regions(result)) if f[0] == "ellipse")[1]
    from_west = np.radians(angle)  # east is to the left, so that west is the first axis
    end = np.array([-np.cos(from_west), np.sin(from_west)])  # east, north
    covariance = result._catalogs[0].covariance()[0]
    matrix = np.array([[covariance[0], covariance[2]], [covariance[2], covariance[1]]])
    assert end @ matrix @ end == pytest.approx(1.2**2, rel=1e-4)


def test_regions_need_positions(files, capsys):
    assert main([*f"{MATCH} r.fits".split(), "--no-inputs"]) == 0
    assert main("regions r.fits --out r.reg".split()) == 1
    assert "--no-inputs" in capsys.readouterr().err and not Path("r.reg").exists()


def test_area_of_files_folders_and_globs(files, capsys):
    table = sky(m=20_000)[1]
    table.write("all.fits")
    Path("parts").mkdir()
    for k in range(4):
        table[k::4].write(f"parts/{k}.parquet")
    said = []
    several = [f"parts/{k}.parquet" for k in range(4)]  # as a shell makes of parts/*
    for given in (["all.fits"], ["parts"], ["parts/*.parquet"], several):
        for order in ([], ["--order", "9"]):
            assert main(["area", *given, *order]) == 0
            said.append(capsys.readouterr().out)
    assert len(set(said[::2])) == len(set(said[1::2])) == 1
    assert float(said[0].split()[0]) == pytest.approx(SIDE**2, rel=0.2)
    assert main(["area", "all.fits", "x.fits"]) == 1
    assert "2 files, of which all.fits is not Parquet" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text, arcsec",
    [
        ("20", 20), ("1e3", 1000), ("60.", 60), ("1arcmin", 60), ("0.5 arcmin", 30),
        ("60arcsec", 60), ('5"', 5), ("0.01deg", 36), ("500mas", 0.5), ("-1", -1),
        ("1/60", None), ("arcmin", None), ("5pix", None), ("", None),
    ],
)  # fmt: skip
def test_radius_with_a_unit(text, arcsec, capsys):
    if arcsec is not None:
        assert radius_arcsec(text) == pytest.approx(arcsec, rel=1e-15)
        return
    assert main(["match", "x.fits", "1", "o.fits", "1", "--out", "r.fits", "--radius", text]) == 2
    err = capsys.readouterr().err
    assert "--radius" in err and "as 1arcmin" in err and err.count("\n") == 1


@pytest.mark.parametrize("command", [add.__name__.removeprefix("add_") for add in COMMANDS])
def test_every_command_has_a_help(command, capsys):
    """What each does and every argument of it, said."""
    assert main([command, "--help"]) == 0
    text = capsys.readouterr().out
    assert "%%" not in text and f"usage: bayesmatch {command}" in text
    parser = Parser().add_subparsers()
    next(add for add in COMMANDS if add.__name__ == f"add_{command}")(parser)
    own = parser.choices[command]
    assert own.description and all(action.help for action in own._actions)


def test_calibrate_says_cutoffs(files, capsys):
    argv = "calibrate x.fits :a o.fits 0.1 --radius 8 --realizations 1 --out c.csv"
    assert main([*argv.split(), "--cutoff", "0.5", "--cutoff", "1", "--false-fraction", "1"]) == 0
    assert "0.5 is the cutoff in p_match for a false fraction of 1" in capsys.readouterr().out
    assert list(Table.read("c.csv")["cutoff"]) == [0.5, 1.0]


@pytest.mark.slow
def test_train_says_what_the_function_takes(files, capsys):
    assert main("sample x.fits 0.4 o.fits 0.1 --out s.ecsv --quiet".split()) == 0
    table = Table.read("s.ecsv")
    rng = np.random.default_rng(1)
    table["r"], table["z"] = (table["g"] - rng.normal(1, 0.3, len(table)) for _ in "rz")
    table["w"], table["who"] = rng.random(len(table)), table["xray_row"] // 2
    table.write("s.ecsv", overwrite=True)
    argv = "train s.ecsv --label is_counterpart --bands g,r,z --colors g-z --weight w --group who"
    assert main([*argv.split(), "--out", "p.json", "--quiet"]) == 0
    features = bm.photometry.Features(["g", "r", "z"], colors=["g-z"])
    same = bm.LightGBMPrior.fit(
        table, "is_counterpart", features=features, sample_weight=table["w"], groups=table["who"]
    )
    assert bm.read_prior("p.json").record() == same.record()
    assert main([*argv.replace("who", "whom").split(), "--out", "q.json"]) == 1
    assert "no column 'whom'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line, words",
    [
        ("charts r.fits --out c --ids X1 --n 3", "--n goes with --pick"),
        ("charts r.fits --out c --ids X1 --catalogue OPT", "--catalogue goes with --truth FILE"),
        ("explain r.fits X1 --hips-address http://x", "give --out FILE"),
        ("explain r.fits X1 --also-error 1", "give --out FILE"),
        ("explain r.fits X1 --also-secure s", "give --out FILE"),
        ("regions r.fits --out r.reg --inputs x.fits o.fits", "--inputs goes with --moc NAME"),
        ("regions r.fits --out m.fits --moc OPT --min-p 0.5", "--min-p is for regions"),
        ("compare r.fits r.fits --json x.fits", "--json x.fits: the name must end in .json"),
        ("compare r.fits r.fits --plot x.png", "--plot x.png would overwrite an input, the file"),
    ],
)
def test_options_that_would_be_passed_over_or_change_an_input(files, capsys, line, words):
    assert main([*MATCH.split(), "r.fits"]) == 0
    if "x.png" in line:  # an input by another name
        shutil.copy("x.fits", "x.png")
    before = {path.name: path.read_bytes() for path in files.iterdir()}
    capsys.readouterr()
    assert main(line.split()) == 1
    assert words in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in files.iterdir()} == before


def test_a_rerun_spares_the_inputs_of_its_line(files, capsys):
    shutil.copy("x.fits", "x.json")
    line = "nway.py x.json :a:b:pa o.fits 0.1 --radius 8 --out n.fits"
    assert main(["compare", "r.fits", "o.fits", "--rerun", line, "--json", "x.json"]) == 1
    assert "--json x.json would overwrite an input" in capsys.readouterr().err
    assert (files / "x.json").read_bytes() == (files / "x.fits").read_bytes()


@pytest.mark.few(3)
@pytest.mark.parametrize(
    "line",
    [
        "match x.fits :a:b:pa o.fits 0.1 --radius 8 --out new/m.fits",
        "errors x.fits :a:b:pa o.fits 0.1 --radius 8 --out new",
        "shift x.fits --radius 8 --shift-ra 60 --out new/inner/s.fits",
        "regions m.fits --out new/m.reg",
        "check m.fits --out new/",
        "explain m.fits X1 --out new/c.png",
        "charts m.fits --ids X1 --out new",
        "charts m.fits --ids X1 --out new/c.pdf",
        "catalogue m.fits --out new/c.csv",
    ],
)
def test_a_command_that_fails_leaves_no_folder(line, files, matched, monkeypatch, capsys):
    shutil.copy(matched, "m.fits")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert main(line.split()) == 1 and not Path("new").exists()
    told = capsys.readouterr().err
    assert re.search(r"error: new/.*: cannot be written \(no space left on device\)", told), told


@pytest.mark.parametrize("line", ["", "--help", "explain m.fits X1", "catalogue m.fits"])
def test_a_closed_standard_output_takes_nothing(line, files, matched, monkeypatch):
    """Python has None where a process began without one (``>&-``)."""
    shutil.copy(matched, "m.fits")
    monkeypatch.setattr("sys.stdout", None)
    assert main([*line.split(), *(["--out", "c.csv"] if "catalogue" in line else [])]) == 0


@pytest.mark.parametrize(
    "line", ["match x.fits :a:b:pa o.fits 0.1 --radius 8 --out -", "check m.fits --json"]
)
def test_what_would_be_lost_is_told(line, files, matched, monkeypatch, capsys):
    shutil.copy(matched, "m.fits")
    monkeypatch.setattr("sys.stdout", None)
    assert main(line.split()) == 1
    assert "error: the standard output is closed; write to a file with" in capsys.readouterr().err


def test_no_file_gets_the_number_of_a_stream():
    code = (
        "import os, sys\n"
        "from bayesmatch.__main__ import _fill_closed\n"
        "os.close(0), os.close(2), _fill_closed()\n"
        "sys.exit(os.open(sys.executable, os.O_RDONLY) < 3)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
