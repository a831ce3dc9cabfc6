"""Every code block of every page runs, in order, and prints what the page shows."""

import re

import pytest

from docs import blocks as pages
from docs.blocks import PAGES, ROOT, alike, blocks

#: pages whose blocks take no more than a second or two
QUICK = {f"docs/{name}.md" for name in ("columns", "files", "nway", "priors", "several_catalogues")}
#: its code runs when the site is built, and draws the figures
BUILT = {"docs/gallery.md"}
#: tests/test_five_commands.py runs it, in processes of their own
ELSEWHERE = {"docs/five_commands.md"}
#: LSDB and Dask warn of their own affairs
LOUD = {"docs/from_lsdb.md"}
QUIETLY = [
    pytest.mark.filterwarnings(f"ignore::{kind}Warning")
    for kind in ("Future", "Deprecation", "Runtime", "PendingDeprecation")
]


def cases():
    return [
        pytest.param(
            page,
            marks=[
                *([] if page in QUICK else [pytest.mark.slow]),
                *(QUIETLY if page in LOUD else []),
            ],
        )
        for page in PAGES
        if page not in BUILT | ELSEWHERE
        and any(
            b.language in pages.RUN and b.reason is None for b in blocks((ROOT / page).read_text())
        )
    ]


@pytest.mark.parametrize("page", cases())
def test_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for block, printed in pages.run(page):
        assert alike(block.code, printed), f"{page}:{block.line} prints\n{printed}"


@pytest.mark.parametrize("page", sorted(set(PAGES) - ELSEWHERE))
def test_every_block_is_run_or_says_why_not(page):
    found = blocks((ROOT / page).read_text())
    unknown = [f"{page}:{b.line}: {b.language!r}" for b in found if b.language not in LANGUAGES]
    assert not unknown
    hidden = [
        f"{page}:{b.line}"
        for b in found
        if b.language == "text" and b.reason is None and re.search(CODE, b.code, re.M)
    ]
    assert not hidden, "code that nothing runs"
    assert all(b.reason is None or len(b.reason.split()) > 2 for b in found)


#: `text` is for what is no code: it has no line that could be one
LANGUAGES = {*pages.RUN, "output", "text", "bibtex"}
CODE = r"^\s*(bayesmatch|pip|python|\$|>>>|import|from \w+ import|\w+ = \w+\()"


def test_the_runner_can_fail(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "page.md"
    page.write_text(
        "```python\na = 2\n```\ntext\n```python\nprint('a is', a)\n```\n```output\na is 3\n```\n"
    )
    ((block, printed),) = pages.run("page.md")
    assert printed == "a is 2\n" and not alike(block.code, printed)
    page.write_text("```sh\nbayesmatch match nothing.fits\n```\n")
    with pytest.raises(AssertionError, match="ended with"):
        pages.run("page.md")
    page.write_text("<!-- not run: it would end the world -->\n```sh\nhalt\n```\n")
    assert pages.run("page.md") == []
    page.write_text("```sh\nhalt\n```\n")
    with pytest.raises(ValueError, match="say why not"):
        pages.run("page.md")


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("purity 0.878", "purity  0.879", True),
        ("purity 0.878", "purity 0.95", False),
        ("purity 0.878", "completeness 0.878", False),
        ("1,200 sources", "1,230 sources", True),
        ("3e-09", "4e-09", True),
        ("3e-09", "4e-08", False),
        ("10 sources", "11 sources", False),
        ("a\n...\nz", "a\nb\nc\nz", True),
        ("a\n...\nz", "a\nb\nc", False),
        ("a\n...\nc\n...\nz", "a\nb\nc\nd\nz", True),
        ("a", "a\nb", False),
        ("...\nz", "z", True),
    ],
)
def test_alike(shown, printed, same):
    assert alike(shown, printed) is same
