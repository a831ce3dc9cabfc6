"""Every code block of the README runs, in order, and the demo does what it says."""

import json
import re
import shlex
import sys
from pathlib import Path

from astropy.table import Table

import bayesmatch as bm
from bayesmatch.cli import main
from validation import readme as validation_readme
from validation.__main__ import PROTOCOLS
from validation.known_misses import KNOWN_MISSES

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)


def test_python_blocks(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = [code for language, code in BLOCKS if language == "python"]
    assert 10 <= len(blocks[0].strip().splitlines()) <= 17
    names = {}
    for code in blocks:
        exec(compile(code, "README.md", "exec"), names)
    assert "host fraction" in capsys.readouterr().out
    assert len(bm.MatchResult.read("matched.fits").sources) == 300


def test_python_blocks_of_the_page_on_priors(capsys):
    text = (ROOT / "docs/priors.md").read_text()
    names = {}
    for code in re.findall(r"^```python\n(.*?)^```", text, re.M | re.S):
        exec(compile(code, "docs/priors.md", "exec"), names)
    assert "bias_red" in capsys.readouterr().out
    assert len(set(names["result"].associations["bias_red"])) == 3


def test_shell_blocks(tmp_path, monkeypatch):
    """Commands run through main(); installing is what .ci/run does, with the same lines."""
    monkeypatch.chdir(tmp_path)
    lines = "".join(code for language, code in BLOCKS if language == "sh").splitlines()
    ci = (ROOT / ".ci/run").read_text()
    for line in lines:
        if line.startswith("pip install"):
            assert line.split(" && ")[1].split()[0] in ci
            continue
        program, *arguments = shlex.split(line)
        assert program == "bayesmatch"
        assert main(arguments) == 0, line


def test_nway_style_command(tmp_path, monkeypatch):
    """The text block: NWAY's arguments, on the bundled catalogues under NWAY's names."""
    monkeypatch.chdir(tmp_path)
    data = ROOT / "bayesmatch/data"
    Table.read(data / "cosmos_xmm.fits.gz").write("xmm.fits")
    optical = Table.read(data / "cosmos_zcosmos.fits.gz")
    optical.rename_column("mag_I", "MAG")
    optical.meta["EXTNAME"] = "OPT"
    optical.write("optical.fits")
    Path("histogram.txt").write_text("15 20 0.3 0.2\n20 24 0.7 0.8\n")
    (text,) = [code for language, code in BLOCKS if language == "text"]
    program, *arguments = shlex.split(text.replace("\\\n", " "))
    assert main(arguments) == 0
    assert "bias_OPT_MAG" in bm.MatchResult.read("matched.fits").associations.colnames


def test_demo(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / "new" / "demo")]) == 0
    out, warnings = capsys.readouterr()
    assert warnings == ""  # a first run is free of them
    assert "1797 XMM sources" in out and "literature identifications" in out
    right = int(re.search(r"(\d+) right", out)[1])
    assert 410 <= right <= 437
    for name in ("cosmos.fits", "sky.png", "probabilities.png"):
        assert (tmp_path / "new" / "demo" / name).stat().st_size > 10_000
    result = bm.MatchResult.read(tmp_path / "new" / "demo" / "cosmos.fits")
    assert len(result.sources) == 1797
    assert "matplotlib" in sys.modules


def test_demo_where_nothing_can_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["demo", "--out", str(tmp_path / "file")]) == 1
    assert "file" in capsys.readouterr().err


def test_column_tables_tell_every_column():
    """What the README's tables name is what the tables of a result have, no more and no less."""
    x = bm.Catalog({"RA": [1.0], "DEC": [0.0]}, name="X", pos_err=1.0, area=1.0)
    o = bm.Catalog({"RA": [1.0], "DEC": [0.0], "mag": [20.0]}, name="OPT", pos_err=1.0, area=1.0)
    prior = bm.HistogramPrior("mag", [19], [21], [1], [1])
    result = bm.match(x, o, radius=5, priors={"OPT": [prior]}, host_fraction=0.5)
    text = (ROOT / "README.md").read_text().split("## What the columns mean")[1]
    told = [
        set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", table, re.M))))
        for table in text.split("`associations` has one row", 1)
    ]
    assert told[0] | {"X", "X_ID"} == set(result.sources.colnames)
    assert told[1] == set(result.associations.colnames)


def test_how_good_is_it():
    """The table is the one that the numbers of the last full validation make, misses and all."""
    text = (ROOT / "README.md").read_text()
    shown = text[
        text.index(validation_readme.BEGIN) + len(validation_readme.BEGIN) : text.index(
            validation_readme.END
        )
    ]
    numbers = json.loads(validation_readme.RESULTS.read_text())
    assert shown == validation_readme.table(numbers)
    assert sum(missed for _, missed in numbers["claims"].values()) == len(numbers["missed"])
    assert {tuple(m[:2]) for m in numbers["missed"]} <= KNOWN_MISSES
    assert set(numbers["claims"]) == set(PROTOCOLS)
