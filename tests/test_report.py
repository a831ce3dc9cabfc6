"""The report: what is in the file, by itself; and what a browser makes of it."""

import json
import re
import time
import warnings
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import chromium
import desk
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import Table, vstack
from astropy.wcs import WCS

import bayesmatch as bm
from bayesmatch.cli import main
from bayesmatch.diagnostics.report import figures
from bayesmatch.diagnostics.report.charts import chosen
from bayesmatch.diagnostics.report.core import report_text
from bayesmatch.diagnostics.report.evidence import page_data
from bayesmatch.diagnostics.report.figures import binned
from bayesmatch.diagnostics.report.pairs import pairs_with, places
from bayesmatch.diagnostics.report.words import density_words, method
from bayesmatch.plots.images.planes import Plane
from bayesmatch.plots.images.read import Images

PARTS = Path(bm.__file__).parent / "diagnostics" / "report"
VOID = {"meta", "link", "img", "input", "br"}
needs_browser = pytest.mark.skipif(chromium.found() is None, reason="there is no Chromium here")


@pytest.fixture(scope="module")
def result():
    prior = bm.HistogramPrior("r", [10, 20, 21, 22], [20, 21, 22, 40], [3, 4, 4, 1], [1, 2, 4, 9])
    return desk.matched(*desk.catalogs(*desk.tables()), priors={"OPT": [prior]})


@pytest.fixture(scope="module")
def file(result, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    assert result.report(path, n_charts=3) == [str(path)]
    return path


class Page(HTMLParser):
    """Elements of a page in their order, with the text in each; unclosed ones are an error."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.text = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append((tag, len(self.elements) - 1))
        self.text.append("")

    def handle_endtag(self, tag):
        assert tag not in VOID and self.open and self.open.pop()[0] == tag

    def handle_data(self, data):
        for _, at in self.open:
            self.text[at] += data

    def all(self, tag):
        return [a for t, a in self.elements if t == tag]

    def inside(self, tag):
        return [x for (t, _), x in zip(self.elements, self.text, strict=True) if t == tag]


@pytest.fixture(scope="module")
def page(file):
    return Page(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def data(page):
    at = next(k for k, (t, a) in enumerate(page.elements) if a.get("id") == "data")
    return json.loads(page.text[at])


def test_ids_links_and_labels(page):
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(set(ids)) == len(ids)
    links = [a["href"] for a in page.all("a")]
    assert len(links) >= 11 and all(h[0] == "#" and h[1:] in ids for h in links)
    for _, a in page.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            assert a.get(name, ids[0]) in ids
    assert all(a.get("alt", "").strip() and int(a["height"]) > 0 for a in page.all("img"))
    assert all(len(a["alt"]) > 20 for a in page.all("img"))
    assert all(a.get("scope") in ("col", "row") for a in page.all("th"))
    assert all(a.get("type") == "button" for a in page.all("button"))
    assert page.all("html")[0]["lang"] == "en" and page.inside("title")[0].strip()


def test_headings_go_down_one_by_one(page):
    levels = [int(t[1]) for t, _ in page.elements if re.fullmatch("h[1-6]", t)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


def test_nothing_is_asked_for_from_elsewhere(page, file):
    for tag, a in page.elements:
        assert tag not in ("iframe", "object", "embed", "form") or tag == "form"
        for name in ("src", "href", "action", "srcset", "data"):
            assert a.get(name, "#")[0] == "#" or a[name].startswith("data:"), (tag, a)
        assert not any(name.startswith("on") for name in a)
    style, script = (PARTS / name for name in ("page.css", "table.js"))
    assert not re.search(r"url\(|@import|https?:", style.read_text())
    assert not re.search(r"fetch\(|XMLHttp|import\(|innerHTML|eval\(", script.read_text())
    policy = next(a["content"] for a in page.all("meta") if "http-equiv" in a)
    assert policy.startswith("default-src 'none'")


def test_sections(page):
    said = " ".join(page.inside("h2"))
    for word in (
        "matched, and how",
        "Checks",
        "purity and completeness",
        "Separations",
        "counterpart",
        "Density",
        "Priors",
        "compete",
        "Finding charts",
        "All sources",
        "cite",
    ):
        assert word in said
    text = " ".join(page.inside("section"))
    assert "For each of 90 XRAY sources" in text and "Salvato" in text
    assert (
        "OPT: 1,570 rows" in text
        and "(102 outside it were left out)" in text
        and "position error column err" in text
    )
    assert len([a for a in page.all("img") if "Distribution of the ratio" in a["alt"]]) == 1


def test_the_checks_are_all_there(page, result):
    cells = page.inside("td") + page.inside("th")
    for row in result.checks():
        assert str(row["check"]) in cells and str(row["advice"]) in cells


def test_charts_of_each_kind(page, result):
    from bayesmatch.diagnostics.published.core import classes

    opened = [int(a["data-open"]) for a in page.all("button") if "data-open" in a]
    which = classes(result)[opened]
    claimed = np.asarray(result.sources["n_claims"])[opened] > 1
    for kind in ("secure", "ambiguous", "hostless"):
        n = np.count_nonzero(classes(result) == kind)
        assert np.count_nonzero((which == kind) & ~claimed) <= min(3, n)
        assert np.count_nonzero(which == kind) >= min(3, n)


def test_the_table_has_every_source(data, result):
    columns = {c["name"]: c for c in data["columns"]}
    assert columns["XRAY_NAME"]["values"][3] == desk.NASTY
    for name, column in columns.items():
        if column["kind"] == "class":
            continue
        for shown, cell in zip(column["values"], result.sources[name], strict=True):
            if np.ma.is_masked(cell) or cell != cell:
                assert shown is None
            elif column["kind"] == "text":
                assert shown == str(cell)
            else:
                assert shown == pytest.approx(float(cell), rel=1e-3, abs=1e-300)


def test_the_evidence_adds_up(data, result):
    candidates, start = data["candidates"], data["start"]
    terms = {t["name"]: t["values"] for t in candidates["terms"]}
    assert set(terms) == {"position", "density", "OPT_r", "rest", "total"}
    odds = result.sources["log10_odds_host"]
    shown = 0
    for n in range(len(result.sources)):
        mine = result.associations[np.asarray(result.associations["XRAY"]) == n]
        mine = mine[np.asarray(mine["ncat"]) > 1]
        listed = range(start[n], start[n + 1])
        assert len(listed) + data["left"][n] == len(mine)
        assert np.all(np.diff([candidates["p_match"][k] or 0 for k in listed]) <= 0)
        best = np.sort(np.asarray(mine["p_match"]))[::-1]
        for rank, k in enumerate(listed):
            assert candidates["p_match"][k] == pytest.approx(best[rank], rel=1e-3)
            values = [terms[name][k] for name in ("position", "density", "OPT_r", "rest", "total")]
            if None in values or min(values) <= -300 or np.ma.is_masked(odds[n]):
                continue
            assert sum(values[:4]) == pytest.approx(values[4], abs=0.03)
            ln_hostless = -np.logaddexp(0, odds[n] * np.log(10))
            total = np.log10(best[rank]) - ln_hostless / np.log(10)
            assert values[4] == pytest.approx(total, abs=0.006)
            shown += 1
    assert shown > 100


def test_the_terms_are_those_of_explain(data, result):
    terms = {t["name"]: t["values"] for t in data["candidates"]["terms"]}
    for n in (0, 7, 20):
        table = bm.explain(result, result.sources["XRAY_NAME"][n]).table
        k = data["start"][n]
        for mine, theirs in (
            ("position", "position"),
            ("density", "density"),
            ("OPT_r", "prior_OPT_r"),
        ):
            assert terms[mine][k] == pytest.approx(table[theirs][1], abs=0.006)


@pytest.mark.parametrize("ending", [None, "fits"])
def test_pairs_are_where_astropy_says(result, tmp_path, ending):
    if ending:
        result.write(tmp_path / "r.fits", include_inputs=True)
    read = bm.MatchResult.read(tmp_path / "r.fits") if ending else result
    sources = places(read, 0, np.arange(90))
    x, o, _ = desk.tables()
    pairs = pairs_with(read, 1, sources)
    a = SkyCoord(x["RA"][pairs.primary], x["DEC"][pairs.primary])
    b = SkyCoord(o["RA"][pairs.row], o["DEC"][pairs.row])
    east, north = (
        a.separation(b) * np.sin(a.position_angle(b)),
        a.separation(b) * np.cos(a.position_angle(b)),
    )
    np.testing.assert_allclose(pairs.offset[:, 0], east.to_value(u.arcsec), atol=1e-6)
    np.testing.assert_allclose(pairs.offset[:, 1], north.to_value(u.arcsec), atol=1e-6)
    sigma = np.hypot(np.asarray(x["err"])[pairs.primary], 0.1)
    np.testing.assert_allclose(pairs.in_sigma, pairs.separation / sigma, rtol=1e-6)
    table = result.associations
    for n in range(0, len(pairs.row), 37):
        both = (np.asarray(table["XRAY"]) == pairs.primary[n]) & (
            np.asarray(table["OPT"]) == pairs.row[n]
        )
        assert pairs.p[n] == pytest.approx(np.asarray(table["p_match"])[both].sum())


@pytest.mark.slow
def test_equal_results_give_equal_reports(result, file):
    assert report_text(result, n_charts=3) == file.read_text(encoding="utf-8")


@pytest.mark.slow
def test_without_inputs_it_says_what_is_missing(result, tmp_path):
    result.write(tmp_path / "bare.fits", include_inputs=False)
    read = bm.MatchResult.read(tmp_path / "bare.fits")
    read.report(tmp_path / "bare.html", n_charts=1)
    page = Page((tmp_path / "bare.html").read_text())
    assert any("write it with them" in text for text in page.inside("p"))
    assert any("XRAY 0" in a["alt"] or "XRAY" in a["alt"] for a in page.all("img"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("r.txt",), "ends in .html"),
        (("folder.html",), "is a directory"),
    ],
)
def test_where_it_cannot_be_written(result, tmp_path, arguments, message):
    (tmp_path / "folder.html").mkdir()
    with pytest.raises((ValueError, OSError), match=message):
        result.report(tmp_path / arguments[0])
    with pytest.raises(ValueError, match=r"n_charts is -1 \(--charts"):
        result.report(tmp_path / "r.html", n_charts=-1)
    with pytest.raises(TypeError, match="report takes a MatchResult"):
        bm.report(result.sources, tmp_path / "r.html")
    assert not (tmp_path / "r.html").exists()


@pytest.mark.slow
def test_the_command(result, tmp_path, capsys):
    result.write(tmp_path / "r.fits", include_inputs=True)
    argv = ["report", str(tmp_path / "r.fits"), "--out", str(tmp_path / "r.html")]
    assert main([*argv, "--charts", "1"]) == 0
    assert capsys.readouterr().out == f"wrote {tmp_path / 'r.html'}\n"
    Page((tmp_path / "r.html").read_text())
    assert main([*argv[:-1], str(tmp_path / "r.fits")]) == 1
    assert "ends in .html" in capsys.readouterr().err


def _colors(scheme):
    """Colours of the style sheet by name, of the light or the dark scheme."""
    blocks = re.findall(r":root \{(.*?)\}", (PARTS / "page.css").read_text(), re.S)
    return dict(re.findall(r"--(\w+): (#\w{6})", blocks[scheme]))


def _luminance(color):
    parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1, 2])
def test_contrast_is_that_of_wcag_aa(scheme):
    colors = _colors(scheme)
    for name in set(colors) - {"paper", "fill", "line", "mark", "focus"}:
        for ground in ("paper", "fill"):
            light, dark = sorted((_luminance(colors[name]), _luminance(colors[ground])))[::-1]
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (name, ground)


@pytest.fixture(scope="module")
def browser():
    with chromium.Browser() as found:
        yield found


@needs_browser
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [400, 1300])
def test_no_error_no_request_no_overflow(browser, file, width, dark):
    browser.open(file, width, dark=dark)
    wide = browser.run("document.documentElement.scrollWidth")
    browser.run("document.querySelector('#sources tbody tr.row button').click()")
    assert browser.run("document.getElementById('evidence').open")
    inside = "[...document.querySelectorAll('dialog > *')].every(e => e.scrollWidth <= innerWidth)"
    assert wide <= width and browser.run(inside)
    assert browser.problems() == [] and browser.requests() == []
    ground = browser.run("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(20, 24, 29)" if dark else "rgb(255, 255, 255)")
    assert browser.run("[...document.images].every(i => i.getBoundingClientRect().height > 0)")


def _shown(browser):
    """First cells of the rows in the table."""
    script = "[...document.querySelectorAll('#sources tbody tr.row th')].map(e => e.textContent)"
    return browser.run(script)


def _type(browser, name, text):
    browser.run(
        f"(() => {{ const e = document.getElementById('{name}'); e.value = {json.dumps(text)};"
        "e.dispatchEvent(new Event('input')); })()"
    )
    return browser.run("document.getElementById('said').textContent")


@needs_browser
def test_filter_search_and_sort(browser, file, result):
    browser.open(file)
    sources = result.sources
    names = [str(v) for v in sources["XRAY_NAME"]]
    p, n = np.asarray(sources["p_match"]), np.asarray(sources["n_candidates"])
    said = _type(browser, "where", "p_match > 0.5, n_candidates <= 6")
    wanted = (p > 0.5) & (n <= 6)
    assert said == f"{wanted.sum()} of 90 sources"
    assert _shown(browser) == [names[k] for k in np.flatnonzero(wanted)][: len(_shown(browser))]
    assert "no condition" in _type(browser, "where", "p_match >")
    assert "no column nonsense; there are p_match" in _type(browser, "where", "nonsense > 3")
    _type(browser, "where", "")
    assert _type(browser, "search", "x 01").startswith("10 of 90")
    assert _shown(browser) == [f"X 01{k}" for k in range(10)]
    assert _type(browser, "search", "</SCRIPT>").startswith("1 of 90")
    assert _shown(browser) == [desk.NASTY]
    browser.run("document.getElementById('reset').click()")
    heading = "[...document.querySelectorAll('#sources thead button')].find(b => b.textContent"
    for step, sign in (("ascending", 1), ("descending", -1)):
        browser.run(f"{heading}.startsWith('p_match')).click()")
        wanted = sorted(range(90), key=lambda k, sign=sign: (sign * float(f"{p[k]:.4g}"), k))
        assert _shown(browser) == [names[k] for k in wanted][: len(_shown(browser))]
        assert browser.run(f"document.querySelectorAll('th[aria-sort={step}]').length") == 1
    browser.run("document.querySelector('#kinds input[value=secure]').click()")
    kinds = browser.run(
        "[...document.querySelectorAll('#sources tbody .kind')].map(e => e.textContent)"
    )
    assert kinds and "secure" not in kinds
    assert browser.problems() == []


@needs_browser
def test_only_rows_in_sight_are_in_the_page_and_all_can_be_reached(browser, file):
    browser.open(file, 1300, 500)
    seen = set(_shown(browser))
    assert len(seen) < 60
    for at in range(0, 90 * 32, 200):
        browser.run(f"document.getElementById('scroll').scrollTop = {at}")
        browser.run("new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))")
        seen |= set(_shown(browser))
    assert len(seen) == 90
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert len(_shown(browser)) == 90
    browser.run("dispatchEvent(new Event('afterprint'))")


@pytest.mark.slow
@needs_browser
def test_the_keyboard_alone(browser, file):
    browser.open(file)
    browser.run("document.getElementById('scroll').focus()")
    for _ in range(40):
        browser.press("ArrowDown", 40)
    assert browser.run("document.activeElement.textContent") == "X 039"
    browser.press("Enter", 13)
    title = "document.getElementById('evidence-title').textContent"
    assert browser.run(title) == "XRAY X 039"
    browser.press("ArrowRight", 39)
    assert browser.run(title) == "XRAY X 040"
    browser.press("Escape", 27)
    assert not browser.run("document.getElementById('evidence').open")


@needs_browser
def test_a_row_opens_its_evidence(browser, file, data, result):
    browser.open(file)
    browser.run("document.querySelectorAll('#sources tbody tr.row')[7].click()")
    rows = browser.run(
        "[...document.querySelectorAll('#evidence tbody tr')].map(r => r.children[1].textContent)"
    )
    table = bm.explain(result, result.sources["XRAY_NAME"][7]).table
    assert rows[0] == "no counterpart" and rows[1].startswith(f"OPT {table['OPT_ID'][1]}")
    said = browser.run("document.querySelector('#evidence-body p').textContent")
    assert f"OPT {table['OPT_ID'][1]}" in said
    assert browser.run("document.querySelectorAll('#evidence svg circle').length") >= 3


@needs_browser
def test_the_chart_has_north_up_and_east_to_the_left(browser, file, data):
    browser.open(file)
    for n in (0, 7, 11, 40):
        names = [c["name"] for c in data["columns"]]
        row = data["start"][n]
        k = next(k for k in range(2) if data["candidates"]["offset"][k][2 * row] is not None)
        east, north = data["candidates"]["offset"][k][2 * row : 2 * row + 2]
        source = data["columns"][names.index("XRAY_NAME")]["values"][n]
        _type(browser, "search", source)
        browser.run("document.querySelector('#sources tbody tr.row').click()")
        spot = browser.run(
            "(() => { const t = [...document.querySelectorAll('#evidence svg [fill-opacity]')]"
            ".pop().getBBox(); return [t.x + t.width / 2 - 160, 160 - t.y - t.height / 2]; })()"
        )
        browser.run("document.getElementById('close').click()")
        assert np.arctan2(*spot) == pytest.approx(np.arctan2(-east, north), abs=0.05)


@pytest.mark.slow
def test_a_scanned_catalogue(tmp_path):
    x, o, _ = desk.tables()
    o["flux_r"] = o["flux_r"].filled(0.0)
    for n in range(2):
        (tmp_path / "set").mkdir(exist_ok=True)
        o[n::2].write(tmp_path / "set" / f"{n}.parquet")
    result = bm.match(
        bm.Catalog(x, name="XRAY", pos_err="err", area=0.09, id="NAME"),
        bm.Catalog.scan(tmp_path / "set", name="OPT", pos_err=0.1, area=0.09),
        radius=8.0,
    )
    Page(report_text(result, n_charts=1))
    found = result.catalogue()
    whole = vstack([o[0::2], o[1::2]])
    row = np.asarray(found["OPT"])
    np.testing.assert_array_equal(found["OPT_r"][row >= 0], whole["r"][row[row >= 0]])
    assert found.meta["bayesmatch"]["inputs"][1]["sha256"] == ""


@needs_browser
@pytest.mark.slow
def test_seven_thousand_sources(browser, tmp_path):
    primary, optical, _ = bm.mock.survey(n_primary=7000, area=16.0, seed=3)
    result = bm.match(
        bm.Catalog(primary, name="XRAY", pos_err="sigma", area=16.0),
        bm.Catalog(optical, name="OPT", pos_err=0.1, area=16.0),
        radius=20.0,
    )
    path = tmp_path / "report.html"
    result.report(path)
    assert path.stat().st_size < 12e6
    assert browser.open(path) < 2.0
    start = time.monotonic()
    assert _type(browser, "search", "123").endswith("of 7,000 sources")
    browser.run("document.querySelector('#sources thead th:nth-child(4) button').click()")
    assert time.monotonic() - start < 1.0
    assert browser.problems() == [] and browser.requests() == []


def _far():
    """Sources without a candidate anywhere."""
    primary = Table({"ID": [1, 2], "RA": [10.0, 10.1], "DEC": [0.0, 0.0]})
    other = Table({"ID": [1, 2], "RA": [10.03, 10.07], "DEC": [0.0, 0.0]})
    return (
        bm.Catalog(primary, name="A", pos_err=1.0, area=0.1),
        bm.Catalog(other, name="B", pos_err=0.1, area=0.1),
    )


def _ellipses():
    x, o, _ = desk.tables()
    x["minor"], x["pa"] = 0.5 * x["err"], 30.0
    x["minor"].unit = "arcsec"
    error = bm.ErrorEllipse("err", "minor", "pa")
    return (
        bm.Catalog(x[:40], name="P", pos_err=error, area=0.09, id="NAME"),
        bm.Catalog(o, name="Q", pos_err=0.1, area=0.09),
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["far", "one", "ellipses", "excluded"])
@pytest.mark.filterwarnings("ignore:.*host fraction|.*primaries")
def test_results_of_all_kinds_have_a_report_and_a_catalogue(kind, tmp_path):
    how = {}
    if kind == "far":
        catalogues = _far()
    else:
        catalogues = _ellipses()
    if kind == "one":
        catalogues = (catalogues[0].subset(np.array([0])), catalogues[1])
        how["host_fraction"] = 0.7
    if kind == "excluded":  # a prior ratio of 0
        edges = [10, 20, 21, 22], [20, 21, 22, 40]
        how["priors"] = {"Q": [bm.HistogramPrior("r", *edges, [3, 4, 0, 0], [1, 2, 4, 9])]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of so few sources
        result = bm.match(*catalogues, radius=8.0, **how)
    page = Page(report_text(result, n_charts=1))
    text = next(
        t for (_, a), t in zip(page.elements, page.text, strict=True) if a.get("id") == "data"
    )
    data = json.loads(text)
    assert len(data["start"]) == len(result.sources) + 1
    table = result.catalogue(second=True)
    assert len(table) == len(result.sources)
    for ending in ("fits", "vot", "mrt", "tex", "parquet", "csv"):
        bm.write_catalogue(table, tmp_path / f"t.{ending}")
    assert len(Table.read(tmp_path / "t.mrt", format="ascii.mrt")) == len(table)
    (tmp_path / "r.html").write_text(report_text(result, n_charts=1))
    if chromium.found():
        with chromium.Browser() as browser:
            browser.open(tmp_path / "r.html", 400)
            browser.run("document.querySelector('#sources tbody tr.row button').click()")
            assert browser.problems() == []
            assert browser.run("document.documentElement.scrollWidth") <= 400


def test_ellipses_in_sigma():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        result = bm.match(*_ellipses(), radius=8.0)
    pairs = pairs_with(result, 1, places(result, 0, np.arange(40)))
    x = desk.tables()[0]
    for n in range(len(pairs.row)):
        major = x["err"][pairs.primary[n]]
        s, c = np.sin(np.radians(30.0)), np.cos(np.radians(30.0))  # east of north
        turn = np.array([[s, c], [c, -s]])
        covariance = turn @ np.diag([major**2, (major / 2) ** 2]) @ turn.T + 0.01 * np.eye(2)
        square = pairs.offset[n] @ np.linalg.solve(covariance, pairs.offset[n])
        assert pairs.in_sigma[n] == pytest.approx(np.sqrt(square), rel=1e-5)


def test_sources_of_equal_values_are_in_one_bin():
    """Candidates are counted: two points over one number of them would say two things."""
    counts = np.repeat([0, 1, 2, 3], [10, 95, 30, 15])
    parts = binned(counts)
    middle = [np.median(counts[part]) for part in parts]
    assert len(set(middle)) == len(middle)
    assert sorted(np.concatenate(parts)) == list(range(150))
    for value in range(4):
        assert sum(value in counts[part] for part in parts) == 1
    assert [len(part) for part in binned(np.random.default_rng(0).random(150))] == [25] * 6


@pytest.mark.slow
def test_what_is_said_is_there(result, page, tmp_path):
    """The line of the fit is in memory alone, and each p of a catalogue is explained."""
    line = "A line is the fraction that was fitted"
    assert any(line in text for text in page.inside("p"))
    assert {"p_OPT", "p_IR", "p_match"} <= set(page.inside("dt"))
    result.write(tmp_path / "m.fits")
    read = bm.MatchResult.read(tmp_path / "m.fits")
    assert line not in report_text(read, n_charts=0)


def test_without_candidates_nothing_is_said_to_be_missing():
    x, o, _ = desk.tables()
    x["DEC"] = x["DEC"].data + 5
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that nothing is there is told
        far = bm.Catalog(x, name="X", pos_err="err", area=0.09, id="NAME")
        result = bm.match(far, bm.Catalog(o, name="O", pos_err=0.1, area=0.09), radius=8.0)
        text = report_text(result, n_charts=0)
    assert "No source has a candidate." in text and "include_inputs" not in text


def test_sources_on_the_images_are_drawn_first(result):
    """Images of a part of the field showed none of the twelve that chance drew."""
    shown = np.zeros(len(result.sources), bool)
    assert chosen(result, 5, shown) == chosen(result, 5)
    for kind, rows in chosen(result, 1000).items():
        some = rows[-2:]
        shown[:] = False
        shown[some] = True
        first = chosen(result, 3, shown)[kind]
        assert set(some) <= set(first) and len(first) == min(3, len(rows))


def test_which_positions_an_image_holds():
    """A rotated image across right ascension 0; corners of the circle around it are outside."""
    wcs = WCS(naxis=2)
    wcs.wcs.crpix, wcs.wcs.crval, wcs.wcs.ctype = [50.5, 50.5], [0, -30], ["RA---TAN", "DEC--TAN"]
    turn, scale = np.radians(30), 2 / 3600
    wcs.wcs.cd = scale * np.array([[-np.cos(turn), np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    x, y = np.array([[50, 50], [-0.4, -0.4], [99.4, 30], [-0.6, 30], [99.6, 99.6], [-30, 50]]).T
    ra, dec = wcs.wcs_pix2world(x, y, 0)
    plane = Plane("", 0, (), (100, 100), wcs, "", (0.0, -30.0), 71 * scale, 2.0)
    ra, dec = np.append(ra, [180, np.nan]), np.append(dec, [30, np.nan])
    wanted = [True, True, True, False, False, False, False, False]
    assert plane.holds(ra, dec).tolist() == Images([plane]).covers(ra, dec).tolist() == wanted
    assert not Images([]).covers(ra, dec).any()


def test_right_ascensions_on_the_map_are_none_below_zero():
    ra = np.linspace(359.6, 360.4, 30) % 360
    result = SimpleNamespace(sources=Table({"density_OPT": np.linspace(100, 300, 30)}))
    figure = figures.sky_densities(result, ra, np.linspace(-1, 1, 30), "OPT")
    figure.canvas.draw()
    said = [float(t.get_text()) for t in figure.axes[0].get_xticklabels()]
    assert said and all(0 <= value < 360 for value in said) and max(said) > 359 > 1 > min(said)


@pytest.mark.slow
def test_images_of_another_field_are_told(result, tmp_path):
    pytest.importorskip("reproject")
    wcs = WCS(naxis=2)
    wcs.wcs.crpix, wcs.wcs.crval = [50, 50], [10, -20]
    wcs.wcs.cdelt, wcs.wcs.ctype = [-2 / 3600, 2 / 3600], ["RA---TAN", "DEC--TAN"]
    sky = np.ones((100, 100), "f4")
    fits.PrimaryHDU(sky, wcs.to_header()).writeto(tmp_path / "sky.fits")
    result.report(tmp_path / "r.html", images=tmp_path / "sky.fits", n_charts=1)
    assert re.search(r"(\d+) of \1 charts are bare", (tmp_path / "r.html").read_text())


@pytest.mark.slow
def test_charts_on_images(result, tmp_path):
    pytest.importorskip("reproject")
    wcs = WCS(naxis=2)
    wcs.wcs.crpix, wcs.wcs.crval = [300, 300], [150.15, 2.15]
    wcs.wcs.cdelt, wcs.wcs.ctype = [-2 / 3600, 2 / 3600], ["RA---TAN", "DEC--TAN"]
    sky = np.random.default_rng(0).normal(10, 1, (600, 600)).astype("f4")
    fits.PrimaryHDU(sky, wcs.to_header()).writeto(tmp_path / "sky.fits")
    result.report(tmp_path / "r.html", images=tmp_path / "sky.fits", n_charts=2)
    page = Page((tmp_path / "r.html").read_text())
    photos = [a for a in page.all("img") if a["src"].startswith("data:image/jpeg")]
    opened = [a for a in page.all("button") if "data-open" in a]
    assert len(photos) == len(opened) >= 6
    assert all(abs(int(a["width"]) / int(a["height"]) - 1) < 0.1 for a in photos)
    with pytest.raises((ValueError, OSError)):
        result.report(tmp_path / "s.html", images=tmp_path / "nothing.fits")
    assert not (tmp_path / "s.html").exists()


@pytest.mark.parametrize(
    "density, said", [(2_418.6, "2,419"), (99.96, "100"), (12.34, "12.3"), (0.04683, "0.0468")]
)
def test_small_densities_are_not_zero(density, said):
    assert density_words(density) == said


@pytest.mark.slow
def test_rows_that_were_dropped_shift_nothing():
    x, o, _ = desk.tables()
    x["RA"][5] = o["RA"][7] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that they are left out
        result = bm.match(
            bm.Catalog(x, name="X", pos_err="err", area=0.09, id="NAME"),
            bm.Catalog(o, name="O", pos_err=0.1, area=0.09),
            radius=8.0,
            bad_rows="drop",
        )
    rows = np.asarray(result.sources["X"])
    assert len(rows) == 89 and 5 not in rows
    found = result.catalogue(second=True)
    np.testing.assert_array_equal(found["X_RA"], x["RA"][rows])
    sources = places(result, 0, rows)
    pairs = pairs_with(result, 1, sources)
    np.testing.assert_allclose(np.hypot(*pairs.offset.T), pairs.separation, rtol=1e-6)
    a = SkyCoord(x["RA"][rows][pairs.primary], x["DEC"][rows][pairs.primary])
    b = SkyCoord(o["RA"][pairs.row], o["DEC"][pairs.row])
    np.testing.assert_allclose(a.separation(b).arcsec, pairs.separation, atol=1e-6)
    data = page_data(result, sources, [pairs])
    best = np.asarray(result.sources["p_match"])
    for n, start in enumerate(data["start"][:-1]):
        if start < data["start"][n + 1]:
            assert data["candidates"]["p_match"][start] == pytest.approx(best[n], rel=1e-3)
        first = result.associations["p_match"][np.asarray(result.associations["X"]) == rows[n]]
        assert found["second_p_match"][n] == (np.sort(first[1:])[-2] if len(first) > 2 else 0)
    Page(report_text(result, n_charts=1))


def test_that_next_to_no_source_has_a_counterpart_is_told(result):
    """Mirrored positions are like those that belong to nothing: all checks keep quiet."""
    rng = np.random.default_rng(8)
    survey, mirrored = rng.random((20_000, 2)), np.array([1.0, 0.0])
    x = np.abs(mirrored - survey[:500]) + rng.normal(size=(500, 2)) / 3600
    for given, told in {"fit": True, 0.01: False}.items():
        sources = {"RA": x[:, 0] + 1, "DEC": x[:, 1]}
        others = {"RA": survey[:, 0] + 1, "DEC": survey[:, 1]}
        found = bm.match(
            bm.Catalog(sources, name="X", pos_err=1.0, area=1.0),
            bm.Catalog(others, name="OPT", pos_err=0.1, area=1.0),
            radius=15,
            host_fraction=given,
        )
        said = ("next to no source has a counterpart", "right ascension grows")
        assert all(text in found.summary() for text in said) == told
        assert ("Next to no source" in " ".join(method(found))) == told
    assert "next to no" not in result.summary()
    nothing = bm.FunctionPrior("nothing", lambda table: np.full(len(table), -np.inf))
    x = survey[:500] + rng.normal(size=(500, 2)) / 3600
    there = {"RA": x[:, 0] + 1, "DEC": x[:, 1]}
    with pytest.warns(UserWarning, match="that priors do not exclude"):
        excluded = bm.match(
            bm.Catalog(there, name="X", pos_err=1.0, area=1.0),
            bm.Catalog(others, name="OPT", pos_err=0.1, area=1.0),
            radius=15,
            priors={"OPT": [nothing]},
        )
    assert "wrong  prior_OPT_nothing" in excluded.summary()  # and that is why
    assert "next to no" not in excluded.summary()


def test_the_share_of_sources_beyond_the_survey_is_told(result):
    """What the fit takes for no survey there is not to be read as sources without a host."""
    assert "lie where" not in " ".join(method(result))
    xray, optical, _ = bm.mock.survey(n_primary=400, area=1.0, seed=5)
    there = np.asarray(optical["RA"]) < np.quantile(optical["RA"], 0.7)
    x = bm.Catalog(xray, name="X", pos_err="sigma")
    some = bm.match(x, bm.Catalog(optical[there], name="OPT", pos_err=0.1, area=0.7), radius=15)
    told = re.search(
        r"A share of (\S+) \+- (\S+) of the sources seems to lie where OPT has not "
        "looked; they count as",
        " ".join(method(some)),
    )
    share = np.mean(np.asarray(xray["RA"]) > np.max(optical["RA"][there]))
    assert abs(float(told[1]) - share) < 4 * float(told[2]) < 0.15
    counted = re.search(r"where OPT has not looked, (\d+) \+- (\d+) sources", some.summary())
    assert abs(int(counted[1]) - 400 * float(told[1])) < 1 and "has not" not in result.summary()
    page = report_text(some, n_charts=0)
    assert "<dt>among the hostless: seem to lie where OPT has not looked" in page
    assert f"<dd>{counted[1]}</dd>" in page
    published = some.catalogue().meta["bayesmatch"]["parameters"]
    assert published["share_outside_survey"] == pytest.approx(float(told[1]), abs=1e-3)
