"""The documentation's links, its list of public names, and the site as it is built."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import chromium
import pytest
from test_docstrings import PUBLIC

import bayesmatch as bm
from docs.blocks import ROOT

PAGES = sorted(
    p.relative_to(ROOT).as_posix() for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
)
#: a link or picture, not in code
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
CODE = re.compile(r"^ *```.*?^ *```$|`[^`\n]*`", re.M | re.S)
#: made when the site is built
BUILT = ("_gallery/",)
#: seconds that a build may take on 2 cores
BUILD_LIMIT = 300


def anchors(page):
    """What a heading of a page is called in a link, as on code hosting sites and by MyST."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)
    found = []
    for title in re.findall(r"^#+ +(.+)$", text, re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower().strip()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        found.append(name + (f"-{found.count(name)}" if name in found else ""))
    return found


def dead(page):
    """The links of a page that lead nowhere."""
    path = ROOT / page
    for link in LINK.findall(CODE.sub("", path.read_text())):
        parts = urlsplit(link)
        if parts.scheme or link.startswith(BUILT):
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not target.exists():
            yield link
        elif parts.fragment and target.suffix == ".md" and parts.fragment not in anchors(target):
            # what a directive makes is checked in the built site
            if not parts.fragment.startswith("command-"):
                yield link


@pytest.mark.parametrize("page", PAGES)
def test_links_of_pages(page):
    assert not list(dead(page))


def test_links_that_are_dead_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text("# A title\n[a](#a-title) [b](#b) [c](no.md) `[d](no.md)` ![e](x.png)\n")
    assert list(dead("page.md")) == ["#b", "no.md", "x.png"]


def test_every_public_name_is_in_the_reference():
    text = (ROOT / "docs/api/index.rst").read_text()
    listed, module = set(), ""
    for line in text.splitlines():
        if found := re.match(r"\.\. currentmodule:: (\S+)", line):
            module = found[1]
        elif found := re.match(r"(?:   |\.\. autodata:: )(\w+)$", line):
            listed.add(f"{module}.{found[1]}")
    constants = {
        f"bayesmatch.{room}.{name}" for room in bm._MODULES for name in getattr(bm, room).__all__
    }
    missing = (set(PUBLIC) | constants) - listed
    assert not missing, "add them to docs/api/index.rst"


def test_every_figure_is_in_the_gallery():
    """With the code that draws it: what a function of bayesmatch.plots gives is saved there."""
    text = (ROOT / "docs/gallery.md").read_text()
    drawn = {name for name in bm.plots.__all__ if returned(getattr(bm.plots, name)) == "Figure"}
    assert len(drawn) >= 12
    assert not [name for name in drawn if f"plots.{name}" not in text]
    saved = set(re.findall(r'plots\.save\(.*?"(\w+\.png)"\)', text))
    assert saved == set(re.findall(r"\(_gallery/(\w+\.png)\)", text))


def returned(function):
    """What a function says that it returns, as it is written."""
    return getattr(function, "__annotations__", {}).get("return")


class _Links(HTMLParser):
    """Anchors of a page, and what it refers to."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.without_text = set(), [], []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        of = dict(attrs)
        self.ids |= {of[key] for key in ("id", "name") if of.get(key)}
        self.links += [of[key] for key in ("href", "src") if of.get(key)]
        if tag == "img" and not of.get("alt"):
            self.without_text.append(of.get("src"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site: the folder that BAYESMATCH_SITE names, else built here."""
    if folder := os.environ.get("BAYESMATCH_SITE"):
        return Path(folder)
    pytest.importorskip("furo", reason="needs pip install '.[docs]'")
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-n"]
    made = subprocess.run(
        [*command, "-d", str(out / "doctrees"), str(ROOT / "docs"), str(out / "html")],
        capture_output=True,
        text=True,
        timeout=3 * BUILD_LIMIT,
    )
    assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-4000:]
    return out / "html"


@pytest.mark.slow
def test_links_of_the_site(site):
    pages = {p.resolve(): _Links(p) for p in site.rglob("*.html")}
    assert len(pages) > 80
    wrong = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or link.startswith("//"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            fragment = unquote(parts.fragment)
            if not target.exists() or (
                fragment and target in pages and fragment not in pages[target].ids
            ):
                wrong.append(f"{path.relative_to(site.resolve())}: {link}")
    assert not wrong


@pytest.mark.slow
def test_every_picture_of_the_site_has_a_text(site):
    without = {p.name: found for p in site.rglob("*.html") if (found := _Links(p).without_text)}
    assert not without


@pytest.mark.slow
def test_every_command_and_public_name_has_its_page(site):
    from docs.directives import subcommands

    ids = _Links(site / "command_line.html").ids
    assert {f"command-{name}" for name in subcommands()} <= ids
    text = "".join(p.read_text() for p in (site / "api/generated").glob("*.html"))
    assert not [name for name in PUBLIC if f'id="{name}"' not in text]


@pytest.mark.slow
def test_pages_in_a_browser(site):
    """Nothing sticks out, nothing is asked of other machines, and nothing is complained of."""
    if not chromium.found():
        pytest.skip("no Chromium here")
    with chromium.Browser() as browser:
        for name in ("index", "checks", "gallery", "command_line", "nway", "theory", "validated"):
            for width in (400, 800, 1100, 1300):
                browser.open(site / f"{name}.html", width)
                assert browser.run("document.documentElement.scrollWidth") <= width, name
                assert not browser.problems()
                assert all(url.startswith("file:") for url in browser.requests())
