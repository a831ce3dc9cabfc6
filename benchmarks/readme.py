"""The tables of the page on speed: ``python -m benchmarks.readme DIR`` after a full run in DIR.

Keeps the numbers in ``benchmarks/results.json``, and writes the tables between their markers in
``docs/speed.md``, and the front page's numbers in README.md; a test compares them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import program_tables, store
from .__main__ import SECTIONS
from .methods import NWAY

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results.json"
PAGE = ROOT / "docs" / "speed.md"
BEGIN = "<!-- python -m benchmarks.readme: begin -->\n"
END = "<!-- python -m benchmarks.readme: end -->\n"


def summary(directory: Path) -> dict[str, Any]:
    """All sections of full runs in a directory."""
    sections = store.read(directory)
    missing = [name for name in SECTIONS if name not in sections]
    if missing:
        raise ValueError(
            f"{directory} lacks {', '.join(missing)}; run python -m benchmarks "
            f"{' '.join(missing)} --out {directory}"
        )
    quick = [name for name in sections if sections[name]["quick"]]
    if quick:
        raise ValueError(
            f"{directory} holds a quick run of {', '.join(quick)}; the page shows full ones"
        )
    return sections


def table(s: Mapping[str, Any]) -> str:
    """The sections as Markdown."""
    lines = [
        f"| {s['peers']['size']} | seconds | times bayesmatch | pairs | memory above inputs |",
        "|---|---|---|---|---|",
    ]
    memory = s["peers"]["memory"]
    for k, row in enumerate(s["peers"]["rows"]):
        used = memory["bayesmatch"] if k == 0 else memory.get("nway") if row["what"] == NWAY else {}
        lines.append(
            f"| {row['what']} | {row['seconds']:.3g} | {row['ratio']:.3g} | "
            f"{row['found']:,} | {_megabytes(used.get('above_MB'))} |"
        )
    lines += ["", "| other matches | seconds | |", "|---|---|---|"]
    lines += [f"| {what} | {seconds:.3g} | {note} |" for what, seconds, note in other(s)]
    lines += ["", *program_tables.lines(s["programs"])]
    return "\n".join([*lines, ""])


def other(s: Mapping[str, Any]) -> list[tuple[str, float, str]]:
    """What else is shown: what, seconds, and a remark."""
    found = []
    four = s["sizes"]["four_times"]
    n, m = four["sizes"][1]
    found.append(
        (
            f"four times that sky: {n:,} x {m:,}",
            four["seconds"][1],
            f"{four['ratio']:.2f} times as long",
        )
    )
    largest = s["sizes"]["points"][-1]
    found.append(
        (
            f"{largest['primaries']:,} x {largest['secondaries']:,}, "
            f"{s['sizes']['radius']:g} arcsec",
            largest["rows"][0]["seconds"],
            f"{largest['rows'][0]['found']:,} pairs",
        )
    )
    ours, *nway = s["catalogues"]["3"]["rows"]
    found.append(
        (
            f"three catalogues: {s['catalogues']['3']['size']}",
            ours["seconds"],
            f"{ours['found']:,} rows"
            + "".join(f"; NWAY {r['seconds']:.3g} s, {r['ratio']:.0f} times as long" for r in nway),
        )
    )
    five = s["catalogues"]["5"]
    found.append(
        (
            f"five catalogues: {five['size']}",
            five["seconds"],
            f"first call; peak {five['peak_MB'] / 1024:.2f} GB; {five['found']:,} of "
            f"{five['exhaustive']:.2g} combinations matter",
        )
    )
    for what, text in (
        ("elliptical errors of both", "elliptical errors of both catalogues"),
        ("LightGBM prior", "with a LightGBM prior, mock of the same size"),
    ):
        section = s["elliptical" if "elliptical" in what else "prior"]
        row = next(r for r in section["rows"] if r["what"] == what)
        base = section["rows"][0]
        found.append((text, row["seconds"], f"{row['ratio']:.2f} times {base['what']}"))
    scan = s["scan"]
    found.append(
        (
            f"`Catalog.scan`, {scan['rows']:,} rows of Parquet",
            scan["rows"] / scan["rows_per_second_median"],
            f"{scan['rows_per_second_median'] / 1e6:.1f} million rows/s; peak "
            f"{scan['peak_MB'] / 1024:.2f} GB",
        )
    )
    memory, one, two = s["distributed"]["rows"]
    found.append(
        (
            f"LSDB on Dask, {s['distributed']['size']}",
            two["seconds"],
            f"two workers; one: {one['seconds']:.3g} s; in memory, without Dask: "
            f"{memory['seconds']:.3g} s",
        )
    )
    for row in s["calls"]["rows"][1:]:
        if "python -c" not in row["what"]:
            found.append((row["what"], row["seconds"], ""))
    return found


def _megabytes(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f} MB"


def main(directory: str) -> None:
    """Take over the numbers of a full run."""
    from validation import headlines  # not there where asv measures

    numbers = summary(Path(directory))
    RESULTS.write_text(json.dumps(numbers, indent=1) + "\n")
    headlines.replace(PAGE, BEGIN, END, table(numbers))
    headlines.write()


if __name__ == "__main__":
    main(sys.argv[1])
