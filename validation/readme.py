"""The README's "how good is it" table: ``python -m validation.readme DIR`` after a full run in DIR.

Keeps the numbers that the table shows in ``validation/results.json``, and writes the table between
its markers in README.md; a test compares the two.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "validation" / "results.json"
SKY_COLUMNS = ("off host", "all host", "all best")
BEGIN, END = "<!-- python -m validation.readme: begin -->\n", "<!-- end -->\n"


def summary(directory: Path) -> dict[str, Any]:
    """The numbers of a full run that the README shows."""
    of = {p.stem: json.loads(p.read_text()) for p in sorted(directory.glob("*.json"))}
    if any(of[name]["quick"] for name in of):
        raise ValueError(f"{directory} holds a quick run; the README shows a full one")
    scores = of["cosmos"]["scores"]
    cosmos = {
        "nway": scores["NWAY's p_any, errors as quoted"],
        "ours": scores["p_hostless, errors fitted"],
    }
    lockman = {}
    for method in ("distance only", "published pipeline", "LightGBM"):
        rows = {
            score: [
                r
                for r in of["lockman"]["assessed"]
                if r["method"] == method and r["truth"] == "samples" and r["score"] == score
            ]
            for score in ("p_any", "p_match")
        }
        lockman[method] = {
            "Q": _mean(rows["p_any"], "overall_purity"),
            "P_c": _mean(rows["p_any"], "crossing"),
            "P_h": _mean(rows["p_any"], "hostless_purity"),
            **{f"C99_{score}": _mean(r, "completeness_at_99") for score, r in rows.items()},
        }
    return {
        "cosmos": cosmos,
        "lockman": lockman,
        "calibration": {
            "skies": len(of["calibration"]["skies"]),
            "pooled": of["calibration"]["pooled_ece"],
            "mean": of["calibration"]["mean_ece"],
        },
        "priors": {"pooled_ece": of["priors"]["pooled_ece"]["LightGBM"]},
        "upstream": {
            "largest": of["upstream"]["largest"]["api"][0],
            "fields": len(of["upstream"]["fields"]),
        },
        "chandra_gaia": {
            "n": of["chandra_gaia"]["n"],
            "median": of["chandra_gaia"]["median_abs_difference"],
        },
        "ngc2264": {"n": of["ngc2264"]["n_chain"], "recovered": of["ngc2264"]["recovered"]},
        "position_errors": of["position_errors"]["within_3"],
        "skies": _skies(of["skies"]["conditions"]),
        "claims": {
            name: [
                len([c for c in o["claims"] if c["ok"] is not None]),
                len([c for c in o["claims"] if c["ok"] is False]),
            ]
            for name, o in of.items()
        },
        "missed": [
            [name, c["what"], c["measured"], c["required"]]
            for name, o in of.items()
            for c in o["claims"]
            if c["ok"] is False
        ],
    }


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


def table(s: Mapping[str, Any]) -> str:
    """The summary as Markdown."""
    nway, ours = s["cosmos"]["nway"], s["cosmos"]["ours"]
    lines = [
        "| real: 1,255 XMM-COSMOS sources with known answers, cut at 0.5 | NWAY's `p_any` | "
        "`p_hostless`, errors fitted |",
        "|---|---|---|",
        *(
            f"| {text} | {nway[key]:.3f} | {ours[key]:.3f} |"
            for text, key in (
                ("counterparts: purity", "counterpart_purity"),
                ("counterparts: completeness", "counterpart_completeness"),
                ("hostless: purity", "hostless_purity"),
                ("hostless: completeness", "hostless_completeness"),
                ("calibration error (ECE)", "ece"),
            )
        ),
        "",
        "| mock of the Lockman Hole, published protocol | distance only | published pipeline | "
        "`LightGBMPrior` | (published: distance, photometry) |",
        "|---|---|---|---|---|",
    ]
    for text, key, published in (
        ("right answers of all (Q)", "Q", "0.86, 0.94"),
        ("counterparts: purity = completeness", "P_c", "0.87, 0.95"),
        ("hostless: purity = completeness", "P_h", "0.72 and 0.70, 0.80"),
        ("completeness at 99% purity, by `p_any`", "C99_p_any", ""),
        ("completeness at 99% purity, by `p_match`", "C99_p_match", ""),
    ):
        values = " | ".join(f"{m[key]:.3f}" for m in s["lockman"].values())
        lines.append(f"| {text} | {values} | {published} |")
    c = s["calibration"]
    lines += [
        "",
        "| do the probabilities mean what they say? | calibration error (ECE) |",
        "|---|---|",
        f"| `p_hostless`, {c['skies']} mock skies: together; mean of the skies | "
        f"{c['pooled']['p_hostless']:.4f}; {c['mean']['p_hostless']:.4f} |",
        f"| `p_match` of the best candidate, the same | {c['pooled']['p_match of the best']:.4f}; "
        f"{c['mean']['p_match of the best']:.4f} |",
        f"| NWAY's `p_any`, mean of the skies | {c['mean']['NWAY p_any']:.4f} |",
        f"| `p_hostless` with a LightGBM prior, Lockman Hole mocks | "
        f"{s['priors']['pooled_ece']:.4f} |",
        "",
    ]
    lines += [
        "| simulated skies: worst stratum's ECE (95% point of its floor) | P(host), as in 0.1 | "
        "P(host) | `p_match` of the best |",
        "|---|---|---|---|",
        *(
            f"| {name} | "
            + " | ".join("{:.3f} ({:.3f})".format(*ways[w]) for w in SKY_COLUMNS)
            + " |"
            for name, ways in s["skies"].items()
            if all(w in ways for w in SKY_COLUMNS)
        ),
        "",
    ]
    if s["missed"]:
        lines += ["| claims missed in that run | measured | claimed |", "|---|---|---|"]
        lines += [f"| {name}: {what} | {got} | {limit} |" for name, what, got, limit in s["missed"]]
        lines.append("")
    return "\n".join(lines)


def main(directory: str) -> None:
    """Take over the numbers of a full run."""
    numbers = summary(Path(directory))
    RESULTS.write_text(json.dumps(numbers, indent=1) + "\n")
    readme = ROOT / "README.md"
    text = readme.read_text()
    start, stop = text.index(BEGIN) + len(BEGIN), text.index(END)
    readme.write_text(text[:start] + table(numbers) + text[stop:])


if __name__ == "__main__":
    main(sys.argv[1])
