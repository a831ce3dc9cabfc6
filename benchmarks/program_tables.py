"""The table of the section `programs` in ``docs/speed.md``, and the lines that were called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: mean load above which the table says that others ran; one of our own calls gives 1 to 2
BUSY = 3.0


def lines(section: Mapping[str, Any]) -> list[str]:
    """A Markdown table, the versions, and each call as it was typed."""
    rows = section["rows"]
    best = max(r["purity_is_completeness"] for r in rows if r["seconds"] is not None)
    return [
        f"| whole programs: {section['size']} | seconds | of processor | memory | rows | "
        "purity = completeness |",
        "|---|---|---|---|---|---|",
        *(_row(row, rows[0], best) for row in rows),
        "",
        _versions(section),
        "",
        "<!-- not run: other programs too, as `python -m benchmarks programs` calls them -->",
        "```text",
        *(line for r in rows for line in (f"# {r['what'].replace('`', '')}", *_wrapped(r["line"]))),
        "```",
    ]


def _row(row: Mapping[str, Any], ours: Mapping[str, Any], best: float) -> str:
    if row["seconds"] is None:
        return f"| {row['what']} | failed: {row['note']} | | | | |"
    seconds, cpu = (
        f"{row[k]:.3g}" + (" (**we are behind**)" if row[k] < ours[k] else "")
        for k in ("seconds", "cpu_seconds")
    )
    value = f"{row['purity_is_completeness']:.3f}"
    shown = f"**{value}**" if row["purity_is_completeness"] == best else value
    by = re.sub(r"^-.*", "separation", row["score"])
    by = by if by == "separation" else f"`{by}`"
    return (
        f"| {row['what']} | {seconds} | {cpu} | {row['peak_MB']:,.0f} MB | {row['found']:,} | "
        f"{shown} by {by} |"
    )


def _versions(section: Mapping[str, Any]) -> str:
    told = ", ".join(f"{name} {v}" for name, v in section["programs"].items())
    out = "".join(f" Left out: {name} ({why})." for name, why in section["left_out"].items())
    values = [r["purity_is_completeness"] for r in section["rows"] if r["seconds"] is not None]
    errors = [(v * (1 - v) / section["with_counterpart"]) ** 0.5 for v in values]
    busy = (
        f" Other programs ran meanwhile (mean load {section['load']:.0f}): seconds are long, "
        "those of the processor tell more."
        if section["load"] > BUSY
        else ""
    )
    return (
        f"Versions: {told}. {section['with_counterpart']:,} sources have a counterpart: standard "
        f"errors of the last column {min(errors):.3f} to {max(errors):.3f}; all rows are of the "
        f"same sky.{busy}{out}"
    )


def _wrapped(line: str, width: int = 100) -> list[str]:
    """A command line in lines that a shell would take together."""
    shown = [""]
    for word in re.findall(r"(?:[^\s']|'[^']*')+", line):
        if shown[-1] and len(shown[-1]) + len(word) > width:
            shown[-1] += " \\"
            shown.append("    " + word)
        else:
            shown[-1] = f"{shown[-1]} {word}".strip() if len(shown) == 1 else f"{shown[-1]} {word}"
    return shown
