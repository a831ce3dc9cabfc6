"""The front page: its commands, its numbers, and the demo does what it says."""

import json
import re
import shlex
import sys
from pathlib import Path

import pytest

import bayesmatch as bm
from bayesmatch.cli import main
from docs.blocks import blocks
from validation import cosmos, headlines
from validation import readme as validation_readme
from validation.__main__ import PROTOCOLS
from validation.cosmos import METRICS
from validation.known_misses import KNOWN_MISSES

ROOT = Path(__file__).parent.parent


def test_commands_are_those_that_ci_runs():
    """Installing, the demo and the tests: .ci/run takes these very lines from the front page."""
    found = [b.code.strip() for b in blocks((ROOT / "README.md").read_text())]
    assert found == ["pip install . && bayesmatch demo", "pip install '.[dev]' && pytest"]
    ci = (ROOT / ".ci/run").read_text()
    for line in found:
        assert re.search(rf"readme_line \"?{line.split(' && ')[1]}\"?", ci)


def test_one_screen():
    """What it is, two commands, a picture, numbers, links: the rest stands in the pages."""
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 75
    assert len(re.findall(r"^!\[[^\]]{40,}\]\(docs/images/\w+\.png\)", text, re.M | re.S)) == 1


@pytest.mark.slow
def test_command_of_the_front_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    xray, survey, _ = bm.mock.survey(n_primary=300, area=0.7, seed=2)
    xray.rename_column("sigma", "pos_err")
    survey.meta["EXTNAME"] = "OPT"
    xray.write("xmm.fits")
    survey.write("optical.fits")
    text = (ROOT / "README.md").read_text()
    line = re.search(r"`(bayesmatch match [^`]*)`", text)[1]
    assert main(shlex.split(line)[1:]) == 0
    assert len(bm.MatchResult.read("matched.fits").sources) == 300


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


def test_demo_that_fails_leaves_no_folder(tmp_path, capsys, monkeypatch):
    def fails(*_, **__):
        raise ImportError("no matplotlib")

    monkeypatch.setattr("bayesmatch.demo.match", fails)
    assert main(["demo", "--out", str(tmp_path / "new" / "demo")]) == 1
    assert "no matplotlib" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_column_tables_tell_every_column():
    """What the page's tables name is what the tables of a result have, no more and no less."""
    x = bm.Catalog({"RA": [1.0], "DEC": [0.0]}, name="X", pos_err=1.0, area=1.0)
    o = bm.Catalog({"RA": [1.0], "DEC": [0.0], "mag": [20.0]}, name="OPT", pos_err=1.0, area=1.0)
    prior = bm.HistogramPrior("mag", [19], [21], [1], [1])
    result = bm.match(x, o, radius=5, priors={"OPT": [prior]}, host_fraction=0.5)
    text = (ROOT / "docs/columns.md").read_text().split("## The table of sources")[1]
    told = [
        set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", table, re.M))))
        for table in text.split("## The table of associations", 1)
    ]
    # one source has no field around it
    assert told[0] | {"X", "X_ID"} == set(result.sources.colnames) | {"mean_ratio_OPT"}
    assert told[1] == set(result.associations.colnames)


def test_how_good_is_it():
    """The tables are those that the numbers of the last full validation make, misses and all."""
    text = validation_readme.PAGE.read_text()
    shown = text.split(validation_readme.BEGIN)[1].split(validation_readme.END)[0]
    numbers = json.loads(validation_readme.RESULTS.read_text())
    assert shown == validation_readme.table(numbers)
    missed = {(name, row[0]) for name, rows in numbers["missed"].items() for row in rows}
    assert sum(wrong for _, wrong in numbers["claims"].values()) == len(missed)
    assert missed <= KNOWN_MISSES
    assert all(f"| {name}: {claim} |" in shown for name, claim in missed)
    assert set(numbers["claims"]) == set(PROTOCOLS)


def test_headline_numbers():
    """Those of the front page are made of the kept numbers, and name where it is behind."""
    text = (ROOT / "README.md").read_text()
    shown = text.split(headlines.BEGIN)[1].split(headlines.END)[0]
    assert shown == headlines.table(*headlines.numbers())
    assert "**behind**" in shown and "docs/validated.md#claims-that-are-missed" in shown


def test_numbers_of_one_protocol_leave_the_others(tmp_path):
    kept = json.loads(validation_readme.RESULTS.read_text())
    scores = {
        name: dict.fromkeys((*METRICS, "crossing"), 0.5) | {"ece": 0.1} for name in cosmos.BOTH_WAYS
    }
    claim = {"what": "a", "measured": "2", "required": "<= 1", "ok": False}
    run = {"quick": False, "scores": scores, "claims": [claim]}
    (tmp_path / "cosmos.json").write_text(json.dumps(run))
    new = validation_readme.merged(kept, validation_readme.summary(tmp_path, ["cosmos"]))
    assert new["protocols"]["cosmos"] == scores and new["missed"]["cosmos"] == [["a", "2", "<= 1"]]
    assert new["protocols"]["lockman"] == kept["protocols"]["lockman"]
    assert set(new["claims"]) == set(kept["claims"])
    with pytest.raises(ValueError, match="lacks lockman"):
        validation_readme.summary(tmp_path, ["lockman"])
    (tmp_path / "cosmos.json").write_text(json.dumps({**run, "quick": True}))
    with pytest.raises(ValueError, match="quick run"):
        validation_readme.summary(tmp_path)
