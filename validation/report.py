"""What a protocol hands back: claims, tables, figures and numbers; printed, and written as JSON."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

#: how a claim's outcome is shown
VERDICT = {True: "pass", False: "MISS", None: "-"}


@dataclass(frozen=True)
class Claim:
    """One line of the final table."""

    what: str
    measured: str
    required: str
    ok: bool | None
    """None: for information, never a miss"""


@dataclass(frozen=True)
class TableView:
    """A table to print and to show in the report."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
    """of strings, integers and floats (shown with four digits after the point)"""
    note: str = ""


@dataclass(frozen=True)
class FigureView:
    """A figure the protocol has written."""

    file: str
    """name of a PNG file in the output directory"""
    caption: str


@dataclass(frozen=True)
class Section:
    """Everything a protocol has to say."""

    name: str
    """of the protocol"""
    title: str
    text: Sequence[str]
    """paragraphs in plain words"""
    claims: Sequence[Claim]
    tables: Sequence[TableView] = ()
    figures: Sequence[FigureView] = ()
    numbers: Mapping[str, Any] = field(default_factory=dict)
    """what was measured, for the JSON file"""
    skipped: str = ""
    """why the protocol was not run; empty: it was"""

    @property
    def ok(self) -> bool:
        """Whether no claim was missed."""
        return all(claim.ok is not False for claim in self.claims)


def below(what: str, value: float, limit: float, digits: int = 4) -> Claim:
    """A number that must not exceed a limit."""
    return Claim(what, f"{value:.{digits}f}", f"<= {limit:g}", bool(value <= limit))


def at_least(what: str, value: float, limit: float, digits: int = 4) -> Claim:
    """A number that must reach a limit."""
    return Claim(what, f"{value:.{digits}f}", f">= {limit:g}", bool(value >= limit))


def cell(value: Any) -> str:
    """How a value looks in a table."""
    if isinstance(value, float | np.floating):
        return f"{value:.4f}"
    return str(value)


def print_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A Markdown table, numbers with four digits after the point."""
    text = [[cell(v) for v in row] for row in rows]
    width = [max(len(line[k]) for line in [list(header), *text]) for k in range(len(header))]
    for line in [list(header), ["-" * w for w in width], *text]:
        print("| " + " | ".join(v.ljust(w) for v, w in zip(line, width, strict=True)) + " |")


def print_section(section: Section) -> None:
    """Title, tables and figures of a section."""
    print(f"\n# {section.name}: {section.title}", flush=True)
    for table in section.tables:
        print(f"\n{table.title}\n")
        print_table(table.header, table.rows)
        if table.note:
            print(f"\n{table.note}")
    for figure in section.figures:
        print(f"\nfigure {figure.file}: {figure.caption}")


def print_claims(sections: Sequence[Section]) -> None:
    """One table of the claims of all sections."""
    print()
    print_table(
        ["protocol", "claim", "measured", "required", "pass"],
        [
            (s.name, c.what, c.measured, c.required, VERDICT[c.ok])
            for s in sections
            for c in s.claims
        ]
        + [(s.name, "skipped", s.skipped, "-", "-") for s in sections if s.skipped],
    )


def write_json(section: Section, out: Path, **about: Any) -> Path:
    """Write ``<name>.json``, whole or not at all.

    The numbers are at the top level, beside ``protocol``, ``title``, ``ok``, ``claims``,
    ``tables``, ``figures`` and what `about` adds.
    """
    record = {
        **section.numbers,
        **about,
        "protocol": section.name,
        "title": section.title,
        "ok": section.ok,
        "skipped": section.skipped,
        "text": list(section.text),
        "claims": [asdict(c) for c in section.claims],
        "tables": [asdict(t) for t in section.tables],
        "figures": [asdict(f) for f in section.figures],
    }
    path = out / f"{section.name}.json"
    replace_file(path, json.dumps(plain(record), indent=1) + "\n")
    return path


def replace_file(path: Path, text: str) -> None:
    """Write a text file atomically."""
    partial = path.with_name(path.name + ".part")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


def plain(value: Any) -> Any:
    """The same with NumPy's values as Python's own, and None for what is not a finite number."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(
        f"cannot write {value!r} ({type(value).__name__}) as JSON; make it a number, "
        "text, a list or a dict"
    )
