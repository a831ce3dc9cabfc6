"""The page "how it is validated": ``python -m validation.readme DIR [PROTOCOL ...]``.

After a full run in DIR, keeps the numbers that the tables show in ``validation/results.json``, and
writes the tables between their markers in ``docs/validated.md``, and those of the front page in
README.md. With protocols named, takes over theirs alone. A test compares numbers and pages.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from . import cosmos, headlines
from .page_tables import METHODS, table

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "validation" / "results.json"
PAGE = ROOT / "docs" / "validated.md"
BEGIN, END = "<!-- python -m validation.readme: begin -->\n", "<!-- end -->\n"


def summary(directory: Path, only: Iterable[str] = ()) -> dict[str, Any]:
    """The numbers of a full run, by protocol, and what was claimed and missed.

    Parameters
    ----------
    directory : Path
        With the JSON files of ``python -m validation``.
    only : iterable of str, optional
        Protocols to take over. Default: all that are there.

    Returns
    -------
    dict
        ``protocols``: name -> numbers; ``claims``: name -> [how many, how many missed];
        ``missed``: name -> [[claim, measured, required], ...].
    """
    wanted = set(only)
    of = {
        p.stem: json.loads(p.read_text())
        for p in sorted(directory.glob("*.json"))
        if not wanted or p.stem in wanted
    }
    if missing := wanted - set(of):
        raise ValueError(f"{directory} lacks {', '.join(sorted(missing))}")
    if any(of[name]["quick"] for name in of):
        raise ValueError(f"{directory} holds a quick run; the page shows a full one")
    missed = {name: [c for c in o["claims"] if c["ok"] is False] for name, o in of.items()}
    return {
        "protocols": {name: NUMBERS[name](o) for name, o in of.items() if name in NUMBERS},
        "claims": {
            name: [len([c for c in o["claims"] if c["ok"] is not None]), len(missed[name])]
            for name, o in of.items()
        },
        "missed": {
            name: [[c["what"], c["measured"], c["required"]] for c in claims]
            for name, claims in missed.items()
            if claims
        },
    }


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers kept so far, those of the protocols of another run in place of theirs."""
    kept = {
        part: {k: v for k, v in old[part].items() if k not in new["claims"]}
        for part in ("protocols", "claims", "missed")
    }
    return {part: dict(sorted({**kept[part], **new[part]}.items())) for part in kept}


def _lockman(o: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for method in METHODS:
        rows = {
            score: [
                r
                for r in o["assessed"]
                if r["method"] == method and r["truth"] == "samples" and r["score"] == score
            ]
            for score in ("p_any", "p_match")
        }
        found[method] = {
            "Q": _mean(rows["p_any"], "overall_purity"),
            "P_h": _mean(rows["p_any"], "hostless_purity"),
            **{f"P_c_{score}": _mean(r, "crossing") for score, r in rows.items()},
            **{f"C99_{score}": _mean(r, "completeness_at_99") for score, r in rows.items()},
        }
    return found


def _priors(o: Mapping[str, Any]) -> dict[str, Any]:
    crossings = {}
    for method in ("distance", "published", "LightGBM"):
        for scale in sorted({r["sigma_scale"] for r in o["skies"]}):
            rows = [r for r in o["skies"] if (r["method"], r["sigma_scale"]) == (method, scale)]
            crossings[f"{method} x{scale:g}"] = [
                _mean(rows, "crossing"),
                _mean(rows, "crossing_p_match"),
            ]
    return {"pooled_ece": o["pooled_ece"], "crossings": crossings}


def _ngc2264(o: Mapping[str, Any]) -> dict[str, Any]:
    (nearest,) = (c["measured"] for c in o["claims"] if c["what"].startswith("the nearest star"))
    return {"n": o["n_chain"], "recovered": o["recovered"], "nearest": float(nearest)}


def _fermi(o: Mapping[str, Any]) -> dict[str, Any]:
    (table,) = (t for t in o["tables"] if t["title"].startswith("Against the counterparts"))
    return {row[0]: dict(zip(table["header"][1:7], row[1:7], strict=True)) for row in table["rows"]}


def _skies(rows: list[dict[str, Any]]) -> dict[str, dict[str, list[float]]]:
    """By condition, way and score, ECE and floor of the stratum that is worst for its floor."""
    found: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        if row["way"] in ("off", "all"):
            mine = found.setdefault(row["condition"], {})
            key = f"{row['way']} {row['what']}"
            worst = mine.get(key)
            if worst is None or row["ece"] - 1.5 * row["floor"] > worst[0] - 1.5 * worst[1]:
                mine[key] = [row["ece"], row["floor"]]
    return found


def _mean(rows: list[dict[str, Any]], column: str) -> float:
    return float(np.mean([row[column] for row in rows]))


#: protocol -> the numbers of its output that the page shows
NUMBERS: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "cosmos": lambda o: {name: o["scores"][name] for name in cosmos.BOTH_WAYS},
    "lockman": _lockman,
    "priors": _priors,
    "ngc2264": _ngc2264,
    "fermi": _fermi,
    "calibration": lambda o: {
        "skies": len(o["skies"]),
        "pooled": o["pooled_ece"],
        "mean": o["mean_ece"],
    },
    "skies": lambda o: _skies(o["conditions"]),
}


def main(directory: str, *only: str) -> None:
    """Take over the numbers of a full run, and write the pages."""
    new = summary(Path(directory), only)
    numbers = merged(json.loads(RESULTS.read_text()), new) if only else new
    RESULTS.write_text(json.dumps(numbers, indent=1) + "\n")
    headlines.replace(PAGE, BEGIN, END, table(numbers))
    headlines.write()


if __name__ == "__main__":
    main(*sys.argv[1:])
