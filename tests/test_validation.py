"""``python -m validation``: what it does with protocols, and the page it makes of them."""

import base64
import io
import json
import re
import sys
import types
from html.parser import HTMLParser

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from validation import (
    __main__,
    chandra_gaia,
    html,
    ngc2264_field,
    nway_runner,
    report,
    upstream,
)
from validation.glossary import GLOSSARY
from validation.report import Claim, FigureView, Section, TableView

PNG = b"\x89PNG\r\n\x1a\n"


def section(name, ok=True):
    def run(out, *, quick, seeds):
        fig = Figure(figsize=(2, 1))
        fig.subplots().plot([0, 1])
        fig.savefig(out / f"{name}.png", metadata={"Software": None})
        return Section(
            name,
            f"Title of <{name}>",
            ["A paragraph with `p_any` & more.", f"{quick} {seeds}"],
            [Claim("is small", "0.1 +- 0.2", "<= 0.3", ok), Claim("for interest", "7", "-", None)],
            [TableView("A table", ["name", "value"], [["a<b", 1.23456], ["c", 3]], "Its note.")],
            [FigureView(f"{name}.png", "A caption.")],
            {
                "setting": {"sizes": (1, 2)},
                "value": np.float64(0.5),
                "array": np.arange(3),
                "nothing": float("nan"),
                "flag": np.True_,
            },
        )

    return run


def fails(out, *, quick, seeds):
    raise ValueError("there is no sky")


def forgets(out, *, quick, seeds):
    return Section(
        "forgets", "t", [], [Claim("a", "1", "1", True)], figures=[FigureView("missing.png", "")]
    )


@pytest.fixture(autouse=True)
def protocols(monkeypatch):
    """Protocols `good`, `misses`, `fails` and `forgets` in place of the real ones."""
    runs = {
        "good": section("good"),
        "misses": section("misses", ok=False),
        "fails": fails,
        "forgets": forgets,
    }
    monkeypatch.setattr(__main__, "PROTOCOLS", {name: f"about {name}" for name in runs})
    for name, run in runs.items():
        module = types.ModuleType(f"validation.{name}")
        module.run = run
        monkeypatch.setitem(sys.modules, f"validation.{name}", module)


def test_all_claims_hold(tmp_path, capsys):
    assert __main__.main(["good", "--out", str(tmp_path / "new" / "folder")]) == 0
    out = capsys.readouterr().out
    assert "| good     | is small     | 0.1 +- 0.2 | <= 0.3   | pass |" in out
    assert "| a<b  | 1.2346 |" in out and "Its note." in out and "1 claims, 0 missed" in out
    assert sorted(p.name for p in (tmp_path / "new" / "folder").iterdir()) == [
        "good.json",
        "good.png",
        "report.html",
    ]


def test_a_miss_is_exit_status_1(tmp_path, capsys):
    assert __main__.main(["good", "misses", "--out", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "MISS" in out and "2 claims, 1 missed (0 of them known)" in out
    assert json.loads((tmp_path / "misses.json").read_text())["ok"] is False


@pytest.mark.parametrize(
    "name, message",
    [
        ("fails", "ValueError: there is no sky"),
        ("forgets", "FileNotFoundError: protocol forgets did not write its figure missing.png"),
    ],
)
def test_a_failing_protocol_counts_as_a_miss_and_the_others_run(tmp_path, capsys, name, message):
    assert __main__.main([name, "good", "--out", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert "Traceback" in captured.err and message in captured.err
    record = json.loads((tmp_path / f"{name}.json").read_text())
    assert record["ok"] is False and message in record["claims"][0]["measured"]
    assert json.loads((tmp_path / "good.json").read_text())["ok"]
    assert message in (tmp_path / "report.html").read_text()


def test_a_protocol_not_written_yet(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(__main__, "PROTOCOLS", {"good": "", "of_the_future": ""})
    assert __main__.main(["good", "--out", str(tmp_path)]) == 0
    assert __main__.main(["--out", str(tmp_path)]) == 1
    assert "No module named" in capsys.readouterr().err


def test_options_reach_the_protocol(tmp_path):
    __main__.main(["good", "--quick", "--seeds", "3", "--out", str(tmp_path)])
    record = json.loads((tmp_path / "good.json").read_text())
    assert record["text"][1] == "True 3" and record["quick"] is True
    assert "This is the quick run" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["nope"], "no protocol 'nope'; there are good, misses"),
        (["--seeds", "0"], "1 or more"),
        (["good", "good"], "named twice"),
    ],
)
def test_usage(arguments, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as info:
        __main__.main([*arguments, "--out", str(tmp_path)])
    assert info.value.code == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_json_round_trip(tmp_path):
    made = section("good")(tmp_path, quick=True, seeds=None)
    path = report.write_json(made, tmp_path, seconds=1.5, versions={"python": "3"})
    record = json.loads(path.read_text(), parse_constant=pytest.fail)  # no NaN, no Infinity
    assert [Claim(**c) for c in record["claims"]] == list(made.claims)
    assert [TableView(**t) for t in record["tables"]] == list(made.tables)
    assert [FigureView(**f) for f in record["figures"]] == list(made.figures)
    assert (record["protocol"], record["title"], record["ok"]) == ("good", made.title, True)
    assert record["value"] == 0.5 and record["array"] == [0, 1, 2] and record["flag"] is True
    assert record["nothing"] is None and record["setting"] == {"sizes": [1, 2]}
    assert record["seconds"] == 1.5 and record["versions"] == {"python": "3"}
    assert not list(tmp_path.glob("*.part"))


def test_numbers_that_are_no_json(tmp_path):
    odd = Section("good", "t", [], [], numbers={"result": object()})
    with pytest.raises(TypeError, match="as JSON"):
        report.write_json(odd, tmp_path)
    assert not list(tmp_path.iterdir())


def test_limits():
    assert report.below("x", 0.2, 0.2) == Claim("x", "0.2000", "<= 0.2", True)
    assert report.below("x", float("nan"), 0.2).ok is False
    assert report.at_least("x", 0.2, 0.21, 2) == Claim("x", "0.20", ">= 0.21", False)


class Page(HTMLParser):
    """Tags in order, what they refer to, and whether they are closed as they were opened."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.refers, self.ids, self.text = [], [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.refers += [v for k, v in attrs if k in ("src", "href")]
        self.ids += [v for k, v in attrs if k == "id"]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def page(tmp_path):
    __main__.main(["good", "misses", "--out", str(tmp_path)])
    return (tmp_path / "report.html").read_text()


def test_page_is_readable_on_its_own(page):
    parsed = Page(page)
    assert not parsed.open and parsed.seen.count("img") == 2
    assert not {"script", "link", "iframe", "object"} & set(parsed.seen)
    assert "url(" not in page and "@import" not in page
    for refers in parsed.refers:
        assert refers.startswith("data:image/png;base64,") or refers[1:] in parsed.ids
    assert len(set(parsed.ids)) == len(parsed.ids)


def test_figures_are_embedded_whole(page, tmp_path):
    images = [
        base64.b64decode(text) for text in re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    ]
    assert images == [(tmp_path / f"{name}.png").read_bytes() for name in ("good", "misses")]
    assert images[0].startswith(PNG)
    assert matplotlib.image.imread(io.BytesIO(images[0])).ndim == 3


def test_page_says_what_was_claimed(page):
    text = Page(page).text
    for words in (
        "Title of <good>",
        "A paragraph with p_any & more.",
        "a<b",
        "1.2346",
        "Its note.",
        "A caption.",
        "0.1 ± 0.2",
        "1 of 2 claims missed.",
        "Glossary",
        "numpy",
        "≤ 0.3",
        *(term.replace("^2", "²") for term in GLOSSARY),
    ):
        assert words in text
    assert "<code>p_any</code> &amp; more" in page
    assert '<td class="number">1.2346</td>' in page and '<td class="miss">MISS</td>' in page
    assert '<td class="miss">0 of 1</td>' in page and '<td class="pass">1 of 1</td>' in page


def test_same_input_same_bytes(tmp_path):
    made = [section(name)(tmp_path, quick=False, seeds=None) for name in ("good", "misses")]
    pages = [
        html.render(made, tmp_path, quick=False, seconds={"good": 1, "misses": 2}) for _ in range(2)
    ]
    assert pages[0] == pages[1]
    assert not re.search(r"20\d\d-\d\d-\d\d", pages[0])


def test_another_nway_is_said_and_is_a_miss(tmp_path, monkeypatch):
    monkeypatch.setattr(upstream, "installed_version", lambda: "4.7.0")
    made = upstream.run(tmp_path)
    assert not made.ok and "pip install" in made.text[0] and not made.skipped
    assert made.claims[0].measured == "4.7.0"


def test_without_nway_the_protocol_is_skipped(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(upstream, "installed_version", lambda: None)
    monkeypatch.setattr(__main__, "PROTOCOLS", {"good": "", "upstream": ""})
    assert __main__.main(["--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "1 claims, 0 missed, skipped: upstream;" in out and "no NWAY here" in out
    assert "MISS" not in out
    page = (tmp_path / "report.html").read_text()
    assert "All 1 claims hold. Skipped: upstream." in page and "<td>skipped</td>" in page
    assert json.loads((tmp_path / "upstream.json").read_text())["skipped"] == "no NWAY here"


@pytest.mark.skipif(nway_runner.installed_version() is None, reason="NWAY is not installed")
def test_the_version_of_nway():
    assert nway_runner.installed_version() == nway_runner.VERSION


def test_glossary_has_the_terms_of_the_columns():
    for term in (
        "p_any",
        "p_i",
        "p_match",
        "p_hostless",
        "purity",
        "completeness",
        "ECE",
        "ECE floor",
        "host fraction",
        "deciban",
        "robust counterpart",
        "hostless",
    ):
        assert term in GLOSSARY


def test_stars_behind_a_probability():
    """Known numbers of stars in a known area come back from the probabilities NWAY's way."""
    rng = np.random.default_rng(0)
    number = np.append([2] * 20, rng.integers(2, 50, 100))
    log10_b = rng.uniform(9, 11, 120)
    full_sky = number / 2e-4 * chandra_gaia.FULL_SKY
    p_single = 1 / (1 + (full_sky - 1) / 10**log10_b)
    stars = chandra_gaia.stars_around({"dist_bayesfactor": log10_b, "p_single": p_single})
    assert stars.area == pytest.approx(2e-4)
    assert stars.count.tolist() == number.tolist() and stars.deviation.max() < 1e-6


def test_chain():
    """XMM sources: with a star; Chandra without a star; star too far and too near; no Chandra."""

    def at(*north):
        return pd.DataFrame(
            {
                "ID": [f"S{k}" for k in range(len(north))],
                "RA": 100.0,
                "DEC": 9 + np.array(north) / 3600,
            }
        )

    tables = {
        "XMM": at(0, 100, 200, 300),
        "CHANDRA": at(4, 104, 204, 306),
        "TMASS": at(204 + 1.5, 104 + 3.5, 4 + 0.5, 306),
    }
    chain = ngc2264_field.follow_chain(tables)
    assert chain.star.tolist() == [2, -1, -1, -1]
    assert chain.without.tolist() == [False, True, False, False]
    assert chain.chandra.tolist() == [0, 1, 2, 3]
    known = ngc2264_field.truth(tables, chain)
    assert known.to_numpy().tolist() == [["S0", "S2"], ["S1", "hostless"]]
    east, north = ngc2264_field.along_chain(tables, chain)
    assert east == pytest.approx([0], abs=1e-9) and north == pytest.approx([-4.5])


def test_upstream_sees_a_difference(monkeypatch):
    field = upstream.Field("equator", 3, 1, magnitudes=True, sizes=(20, 200, 200))
    assert field.completeness == upstream.COMPLETENESS[3]
    good = upstream.compare(field)
    assert good.same and good.flags == 0
    assert good.largest(upstream.PROBABILITIES) < 1e-9 < 0.01

    def off(sources, **options):
        return nway_runner.run_bayesmatch(sources, **{**options, "prior_completeness": 0.5})

    monkeypatch.setattr(upstream, "run_bayesmatch", off)
    bad = upstream.compare(field)
    assert bad.same and bad.largest(upstream.PROBABILITIES) > 0.01
    monkeypatch.setattr(
        upstream,
        "run_bayesmatch",
        lambda sources, **options: nway_runner.run_bayesmatch(
            sources, **{**options, "radius": 14.0}
        ),
    )
    other = upstream.compare(field)
    assert (
        not other.same
        and other.flags == other.rows
        and not np.isfinite(other.largest(upstream.PROBABILITIES))
    )


def test_fields_of_upstream_are_all_different():
    for quick, seeds, n in ((True, 1, 50), (False, 10, 489)):
        fields = upstream.list_fields(quick, seeds)
        assert len(fields) == len({f.seed for f in fields}) == n
        assert {f.k for f in fields} == {2, 3, 4}
        assert {type(f.completeness) for f in fields if f.k > 2} == {float, tuple}
