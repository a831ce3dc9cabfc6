"""Findings as people and programs read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from astropy.table import Column, Table

from .finding import LOOK, OK, WRONG

DESCRIPTIONS = {
    "check": "What was looked at",
    "value": "What was found",
    "expected": "What it is where nothing is wrong",
    "error": "Standard error of the value",
    "sigma": "How far it is from what is expected, in standard errors",
    "verdict": "ok, look or wrong",
    "advice": "What it means, and what to do",
}
NUMBERS = ("value", "expected", "error", "sigma")


def checks_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The rows in ``meta`` as a table; NaN where there is no number."""
    columns = {}
    for name, text in DESCRIPTIONS.items():
        values = [row[name] for row in rows]
        if name in NUMBERS:
            array = np.array([np.nan if v is None else v for v in values], np.float64)
        else:
            array = np.array(values, dtype=np.str_)
        columns[name] = Column(array, description=text)
    return Table(columns)


def not_ok(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each row that is not ok, the worst first."""
    found = [row for row in rows if row["verdict"] != OK]
    found.sort(key=lambda row: row["verdict"] != WRONG)
    return [f"{row['verdict']:<6} {row['check']}: {row['advice']}" for row in found]


def is_wrong(table: Table) -> bool:
    """Whether a check says that the result cannot be trusted."""
    return bool(np.any(np.asarray(table["verdict"]) == WRONG))


def checks_text(table: Table, *, everything: bool = False) -> str:
    """The checks that are not ok, or all, for people: numbers in columns, and the advice."""
    verdict = np.asarray(table["verdict"])
    shown = table if everything else table[verdict != OK]
    counts = ", ".join(
        f"{np.count_nonzero(verdict == v)} {v}" for v in (OK, LOOK, WRONG) if np.any(verdict == v)
    )
    head = ["", "check", "value", "expected", "sigma"]
    lines = [
        [
            str(row["verdict"]),
            str(row["check"]),
            *(f"{row[n]:.4g}" if np.isfinite(row[n]) else "-" for n in ("value", "expected")),
            f"{row['sigma']:.1f}" if np.isfinite(row["sigma"]) else "-",
        ]
        for row in shown
    ]
    width = [max(len(line[k]) for line in (head, *lines)) for k in range(len(head))]
    text = [f"{len(table)} checks: {counts}"]
    if lines:
        text.append(_line(head, width))
    for line, row in zip(lines, shown, strict=True):
        text += [_line(line, width), f"    {row['advice']}"]
    return "\n".join(text)


def _line(cells: Sequence[str], width: Sequence[int]) -> str:
    left = [c.ljust(w) for c, w in zip(cells[:2], width[:2], strict=True)]
    right = [c.rjust(w) for c, w in zip(cells[2:], width[2:], strict=True)]
    return "  ".join([*left, *right]).rstrip()
