"""The front page's table of numbers, from those of ``validation`` and ``benchmarks``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import cosmos

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BEGIN, END = "<!-- validation.headlines: begin -->\n", "<!-- validation.headlines: end -->\n"


def replace(page: Path, begin: str, end: str, text: str) -> None:
    """Put a text between the markers of a page."""
    whole = page.read_text()
    start, stop = whole.index(begin) + len(begin), whole.index(end)
    page.write_text(whole[:start] + text + whole[stop:])


def numbers() -> tuple[dict[str, Any], dict[str, Any]]:
    """Those kept of the last full runs of validation and benchmarks."""
    return (
        json.loads((ROOT / "validation" / "results.json").read_text()),
        json.loads((ROOT / "benchmarks" / "results.json").read_text()),
    )


def table(validation: Mapping[str, Any], benchmarks: Mapping[str, Any]) -> str:
    """The headline numbers as Markdown: what is measured, here, and elsewhere."""
    of = validation["protocols"]
    theirs, ours = (of["cosmos"][name] for name in (cosmos.NWAY_FITTED, cosmos.FITTED))
    published, best = (of["lockman"][name] for name in ("published pipeline", "LightGBM"))
    skies = of["calibration"]
    found = benchmarks["peers"]
    nway = next(r for r in found["rows"] if "NWAY" in r["what"])
    memory = found["memory"]
    lsdb = benchmarks["distributed"]
    total, missed = (sum(c[k] for c in validation["claims"].values()) for k in (0, 1))
    rows = [
        (
            "1,255 real XMM-COSMOS sources, errors fitted: right answers at 0.5",
            f"{_right(ours):,}",
            f"{_right(theirs):,} (NWAY's `p_any`)",
        ),
        (
            "the same: calibration error, less is better",
            f"{ours['ece']:.3f}{_behind(ours['ece'], theirs['ece'])}",
            f"{theirs['ece']:.3f} (NWAY's `p_any`)",
        ),
        (
            "Lockman Hole mock: completeness at 99% purity, by `p_match`; by `p_any`",
            f"{best['C99_p_match']:.3f}; {best['C99_p_any']:.3f}",
            f"{published['C99_p_match']:.3f}; {published['C99_p_any']:.3f} (published pipeline, "
            "made again)",
        ),
        (
            f"calibration error, mean of {skies['skies']} mock skies",
            f"{skies['mean']['p_hostless']:.4f}",
            f"{skies['mean']['NWAY p_any']:.4f} (NWAY's `p_any`)",
        ),
        (
            f"{found['size']}: seconds; memory",
            f"{found['rows'][0]['seconds']:.2f}; {memory['bayesmatch']['above_MB']:.0f} MB",
            f"{nway['seconds']:.1f}; {memory['nway']['above_MB']:.0f} MB (NWAY 4.8.0)",
        ),
        (
            f"LSDB catalogues on Dask, two workers, {lsdb['size']}: seconds",
            f"{lsdb['rows'][2]['seconds']:.1f}"
            f"{_behind(lsdb['rows'][2]['seconds'], lsdb['rows'][0]['seconds'])}",
            f"{lsdb['rows'][0]['seconds']:.2f} (in memory, without Dask)",
        ),
    ]
    return "\n".join(
        [
            "| | bayesmatch | beside |",
            "|---|---|---|",
            *(f"| {what} | {here} | {there} |" for what, here, there in rows),
            f"| claims of the validation that are checked; missed | {total}; "
            f"[{missed}](docs/validated.md#claims-that-are-missed) | |",
            "",
        ]
    )


def _right(scores: Mapping[str, Any]) -> int:
    """How many answers are right: counterparts found, and hostless sources left alone."""
    return int(scores["right"]) + int(scores["right_hostless"])


def _behind(ours: float, theirs: float) -> str:
    """Says so where less is better and the other has less."""
    return " (**behind**)" if ours > theirs else ""


def write() -> None:
    """Write the table between its markers in README.md."""
    replace(README, BEGIN, END, table(*numbers()))
