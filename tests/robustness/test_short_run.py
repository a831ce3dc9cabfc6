"""A short run of every kind of case of `python -m validation robustness`, and of its runner."""

import json
from collections import Counter

import pytest
from hypothesis import strategies as st

from validation import __main__, robustness
from validation.robustness import batch
from validation.robustness.kinds import KINDS, Kind

#: cases of each kind in the ordinary test run
SHORT = {
    "matches": 12,
    "bad_matches": 40,
    "bad_catalogues": 40,
    "killed_writes": 1,
    "killed_scans": 1,
}
ANY = st.integers(0, 10**6)
#: a case may end the process, or forks: these take seconds to start
IN_CHILD = ("model_files", "killed_writes", "killed_scans")


@pytest.mark.parametrize(
    "kind", [pytest.param(k, marks=pytest.mark.slow if k in IN_CHILD else ()) for k in KINDS]
)
def test_a_short_run(kind):
    job = {"kind": kind, "seed": 1, "n": SHORT.get(kind, 12), "shrink": False}
    run = robustness.in_child if kind in IN_CHILD else batch.run
    found = run(job)
    assert found["failures"] == [], json.dumps(found["failures"], indent=1)
    assert found["cases"] >= min(12, job["n"])


@pytest.mark.full
def test_more_matches():
    found = batch.run({"kind": "matches", "seed": 2, "n": 60, "shrink": False})
    assert found["failures"] == [], json.dumps(found["failures"], indent=1)
    assert found["cases"] >= 60


def fails(data):
    """Cases that fail above 100."""
    value = data.draw(ANY)
    assert value <= 100, "too much"
    if value % 3 == 1:
        raise KeyError("of another kind")


def test_a_failure_is_shrunk_and_runs_again(monkeypatch):
    monkeypatch.setitem(KINDS, "matches", Kind(fails, 1.0, 10))
    found = batch.run({"kind": "matches", "seed": 1, "n": 200, "shrink": True})
    failure, other = sorted(found["failures"], key=lambda failure: failure["key"])
    assert found["cases"] == 200 and found["tally"]["again"] > 5
    assert "KeyError" in other["error"] and "Draw 1: 1" in other["drawn"]
    assert failure["error"].startswith("AssertionError: too much") and "101" in failure["drawn"]
    again = batch.run(failure["job"])
    assert again["cases"] == 1 and again["failures"][0]["key"] == failure["key"]
    assert again["failures"][0]["job"]["blob"] == failure["job"]["blob"]
    monkeypatch.setitem(KINDS, "matches", Kind(lambda data: data.draw(ANY), 1.0, 10))
    assert batch.run(failure["job"])["failures"] == []  # mended


def test_the_run_goes_on_after_failures_and_keeps_them(monkeypatch, tmp_path):
    def child(job):
        bad = {"job": job, "error": "ValueError: x", "where": "f", "key": "k", "drawn": ""}
        failures = [bad] if job["kind"] == "writes" else []
        return {"cases": job["n"], "tally": {"refused": 1}, "failures": failures}

    monkeypatch.setattr(robustness, "in_child", child)
    section = robustness.run(tmp_path, cases=60_000, seed=3)
    saved = json.loads((tmp_path / robustness.FAILURES).read_text())
    assert not section.ok and [f["job"]["kind"] for f in saved] == ["writes"]
    assert sum(c.ok is False for c in section.claims) == 1 and len(section.claims) == len(KINDS)
    assert section.numbers["cases"] == pytest.approx(60_000, rel=0.01)
    again = robustness.run(tmp_path, replay=tmp_path / robustness.FAILURES)
    assert [c.what.split(":")[0] for c in again.claims] == ["writes"]


def test_a_process_that_ends_is_a_failure(monkeypatch):
    monkeypatch.setattr(robustness, "CASE_SECONDS", 0.0)
    monkeypatch.setattr(robustness, "START_SECONDS", 0.01)
    found = robustness.in_child({"kind": "prior_files", "seed": 1, "n": 5})
    (failure,) = found["failures"]
    assert failure["error"] == "no end after 0 s" and failure["job"]["n"] == 5
    monkeypatch.setattr(robustness, "START_SECONDS", 60.0)
    found = robustness.in_child({"kind": "no such kind", "seed": 1, "n": 5})
    assert "status 1: KeyError" in found["failures"][0]["error"]


def test_the_command(monkeypatch, tmp_path, capsys):
    """Its options reach the protocol, which runs when named and only then."""
    asked = []

    def run(out, **options):
        asked.append(options)
        return robustness.section({name: Counter(cases=1) for name in KINDS}, [], len(KINDS))

    monkeypatch.setattr(robustness, "run", run)
    argv = ["robustness", "--cases", "70", "--seed", "9", "--out", str(tmp_path)]
    assert __main__.main(argv) == 0
    assert asked == [{"quick": False, "seeds": None, "cases": 70, "seed": 9, "replay": None}]
    assert "robustness" not in __main__.PROTOCOLS
    assert f"{len(KINDS)} generated cases" in (tmp_path / "report.html").read_text()
    with pytest.raises(SystemExit):
        __main__.main(["robustness", "--replay", str(tmp_path / "none.json")])
    assert "no such file" in capsys.readouterr().err
