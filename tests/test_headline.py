"""The report of the headline cases: in turns, with its scatter, and no gate."""

import json
from pathlib import Path

import pytest

from benchmarks import headline

ROOT = Path(__file__).parent.parent


def times(match, astropy):
    return {"match": match, "astropy": astropy}


def test_the_table_has_ratios_and_scatter():
    cases = list(headline.CASES)
    old = {cases[0]: times([1.0] * 4, [8.0, 9.0, 11.0, 12.0]), cases[1]: times([1.0], [5.0])}
    new = {cases[0]: times([0.5] * 4, [8.0, 9.0, 11.0, 12.0])}
    lines = headline.table({"a": old, "b": new}, ["v1", "."]).splitlines()
    assert lines[2].startswith(f"| {cases[0]} | 10 (8.75 to 11.2) | 20 (17.5 to 22.5) | 2.00 ± 0.")
    assert lines[3] == f"| {cases[1]} | 5 (5 to 5) | not there |  |"
    assert len(lines) == 2 + len(cases) == 7 and len({line.count("|") for line in lines}) == 1
    assert "last" not in headline.table({"a": old}, ["."])


def test_checkouts_take_turns_and_nothing_fails(monkeypatch, tmp_path, capsys):
    called = []

    def one(checkout, rounds, scale):
        called.append(checkout.name)
        slow = 9.0 if checkout.name == "new" else 1.0  # nine times slower is told, and no failure
        return {case: times([slow] * rounds, [2.0] * rounds) for case in headline.CASES}

    monkeypatch.setattr(headline, "one", one)
    out = tmp_path / "kept.json"
    places = [str(tmp_path / name) for name in ("old", "new")]
    assert headline.main([*places, "--rounds", "3", "--out", str(out)]) == 0
    assert called == ["old", "new", "new", "old"]
    assert "0.11 ± 0.00" in capsys.readouterr().out
    kept = json.loads(out.read_text())
    assert len(kept[places[0]]["three catalogues"]["match"]) == 6


@pytest.mark.slow
def test_all_cases_of_this_checkout():
    found = headline.one(ROOT, 1, 50)
    assert list(found) == list(headline.CASES)
    assert all(len(t["match"]) == len(t["astropy"]) == 1 for t in found.values())
