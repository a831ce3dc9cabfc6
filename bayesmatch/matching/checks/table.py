"""Findings as people and programs read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from astropy.table import Column, Table

from .finding import OK, WRONG

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
