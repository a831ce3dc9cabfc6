"""Runs the code blocks of a page in order, as its reader would, in the current folder.

A page is Markdown. ``python`` blocks share their names, ``sh`` blocks are lines of the command
line, and an ``output`` block is what the blocks since the last one print: words as they are,
numbers within a tolerance, a line ``...`` for any lines. ``text`` is for what is no code. A block
that cannot run here stands under ``<!-- not run: reason -->``.

A page of `COMMANDS` is for a shell, in which its tests run it: there ``python - <<'END'`` is
Python, and a ``text`` block behind a command that prints is what it prints.

``python docs/blocks.py docs/page.md`` runs pages and writes what they print into their ``output``
blocks (but for those with ``...``).
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
#: every page with code, the front page too
PAGES = ("README.md", "CONTRIBUTING.md", *sorted(f"docs/{p.name}" for p in ROOT.glob("docs/*.md")))
BLOCK = re.compile(
    r"^(?P<indent> *)(?:<!-- not run: (?P<reason>[^\n]*?) -->\n+ *)?```(?P<language>[^\n`]*)\n"
    r"(?P<code>.*?)^ *```$",
    re.M | re.S,
)
RUN = ("python", "sh")
#: pages whose commands a shell can run as they stand, Python among them
COMMANDS = ("docs/five_commands.md",)
HERE_DOCUMENT = re.compile(r"python - <<'END'\n(.*^)END\n", re.M | re.S)
NUMBER = re.compile(r"[-+]?\d[\d,]*\.?\d*(?:e[-+]?\d+)?")
#: a printed number may differ by this share of itself (other versions of LightGBM train other
#: trees), or, unless it is a count, by two of its last digits
TOLERANCE = 0.05


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    language: str
    code: str
    reason: str | None
    """why it is not run, if it is not"""
    line: int
    """of the page, from 1"""
    span: tuple[int, int]
    """of the code, in the page's text"""


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page, in order; directives of the site are none."""
    return [
        Block(
            found["language"].strip(),
            re.sub(f"^{found['indent']}", "", found["code"], flags=re.M),
            found["reason"],
            text.count("\n", 0, found.start("code")) + 1,
            found.span("code"),
        )
        for found in BLOCK.finditer(text)
        if not found["language"].startswith("{")
    ]


def commands(code: str) -> list[list[str]]:
    """The lines of a ``sh`` block, split as a shell does."""
    lines = code.replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True) for line in lines if shlex.split(line, comments=True)]


def run_block(block: Block, names: dict[str, object], page: str) -> str:
    """Run a block; return what it prints."""
    from bayesmatch.cli import main

    told = io.StringIO()
    here = HERE_DOCUMENT.fullmatch(block.code) if block.language == "sh" else None
    with contextlib.redirect_stdout(told):
        if block.language == "python" or here is not None:
            code = block.code if here is None else "\n" + here[1]
            # blank lines, so that a traceback names the line of the page
            exec(compile("\n" * block.line + code, page, "exec"), names)
        else:
            for program, *arguments in commands(block.code):
                if program != "bayesmatch":
                    raise ValueError(f"{page}:{block.line}: {program} is not run here: say why not")
                status = main(arguments)
                if status:
                    raise AssertionError(f"{page}:{block.line}: {arguments} ended with {status}")
    return told.getvalue()


def run(page: str) -> list[tuple[Block, str]]:
    """Run all blocks of a page here; return its output blocks, each with what was printed."""
    names: dict[str, object] = {"__name__": "__page__"}
    printed, shown = "", []
    output = "text" if page in COMMANDS else "output"
    for block in blocks((ROOT / page).read_text()):
        if block.reason is None and block.language in RUN:
            printed += run_block(block, names, page)
        elif (
            block.reason is None and block.language == output and (printed or page not in COMMANDS)
        ):
            shown.append((block, printed))
            printed = ""
    return shown


def alike(shown: str, printed: str) -> bool:
    """Whether a page shows what was printed: the same words, and numbers that are close."""
    pieces = [[]]
    for line in shown.splitlines():
        if line.strip() == "...":
            pieces.append([])
        elif line.strip():
            pieces[-1].append(line)
    lines = [line for line in printed.splitlines() if line.strip()]
    if len(pieces) == 1:
        return len(pieces[0]) == len(lines) and _same(pieces[0], lines)
    first, *middle, last = pieces
    if not (_same(first, lines[: len(first)]) and _same(last, lines[len(lines) - len(last) :])):
        return False
    at = len(first)
    for piece in middle:
        starts = [k for k in range(at, len(lines)) if _same(piece, lines[k : k + len(piece)])]
        if not starts:
            return False
        at = starts[0] + len(piece)
    return at + len(last) <= len(lines)


def _same(shown: list[str], printed: list[str]) -> bool:
    return len(shown) == len(printed) and all(map(_same_line, shown, printed))


def _same_line(shown: str, printed: str) -> bool:
    words = [re.sub(r"[-\s]+", " ", NUMBER.sub("0", line)).strip() for line in (shown, printed)]
    numbers = [NUMBER.findall(line) for line in (shown, printed)]
    return words[0] == words[1] and all(map(_close, *numbers))


def _close(shown: str, printed: str) -> bool:
    a, b = (float(text.replace(",", "").rstrip(".")) for text in (shown, printed))
    mantissa, e, power = shown.partition("e")
    last = 10.0 ** (int(power or 0) - len(mantissa.partition(".")[2]))
    return abs(a - b) <= max(TOLERANCE * abs(a), 2 * last if "." in mantissa or e else 0)


def write(page: str) -> None:
    """Run a page in a new folder and put what it prints into its output blocks."""
    path = ROOT / page
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            shown = run(page)
        finally:
            os.chdir(here)
    text = path.read_text()
    for block, printed in reversed(shown):
        if "..." not in block.code.splitlines():
            start, stop = block.span
            text = text[:start] + printed.rstrip().lstrip("\n") + "\n" + text[stop:]
        elif not alike(block.code, printed):
            print(f"{page}:{block.line} is not what is printed:\n{printed}")
    path.write_text(text)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    for name in sys.argv[1:]:
        write(name)
