"""What a protocol hands back: its claims and what was measured, as a table and as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Claim:
    """One line of the final table."""

    what: str
    measured: str
    required: str
    ok: bool | None
    """None: for information, never a miss"""


def below(what: str, value: float, limit: float, digits: int = 4) -> Claim:
    """A number that must not exceed a limit."""
    return Claim(what, f"{value:.{digits}f}", f"<= {limit:g}", bool(value <= limit))


def print_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A Markdown table, numbers with four digits after the point."""
    text = [[f"{v:.4f}" if isinstance(v, float) else str(v) for v in row] for row in rows]
    width = [max(len(line[k]) for line in [list(header), *text]) for k in range(len(header))]
    for line in [list(header), ["-" * w for w in width], *text]:
        print("| " + " | ".join(v.ljust(w) for v, w in zip(line, width, strict=True)) + " |")


def conclude(name: str, claims: Sequence[Claim], numbers: dict[str, Any], out: Path) -> bool:
    """Print the claims, write ``<name>.json``; whether none was missed."""
    verdict = {True: "pass", False: "MISS", None: "-"}
    print()
    print_table(["claim", "measured", "required", "pass"],
                [(c.what, c.measured, c.required, verdict[c.ok]) for c in claims])
    ok = all(c.ok is not False for c in claims)
    record = {"protocol": name, "ok": ok, "claims": [asdict(c) for c in claims], **numbers}
    path = out / f"{name}.json"
    partial = path.with_suffix(".json.part")
    partial.write_text(json.dumps(record, indent=1) + "\n")
    os.replace(partial, path)
    print(f"\nwrote {path}")
    return ok
