"""Tables and the figure of the protocol `learned`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from .conditions_scores import BEST, HOST
from .learned_claims import (
    ADAPTED,
    ADAPTED_ECE,
    DISTANCE,
    LEARNED,
    NAMES,
    TRAINED,
    Rows,
    of,
)
from .learned_dense import miss_lines
from .learned_scores import TERCILES
from .report import TableView

WAYS = (DISTANCE, TRAINED, LEARNED, ADAPTED)
COLORS = dict(zip(WAYS, ("0.45", "tab:orange", "tab:blue", "tab:green"), strict=True))
MARKS = dict(zip(WAYS, "sDo^", strict=True))
MISSES = (
    "The known counterparts of the dense field that are missed, in the order of the table: quoted "
    "errors, candidates coloured by their probability, the one chosen in a square."
)
TICKS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
CAPTION = (
    "Left: purity = completeness on mock skies, means over host fractions and skies; filled "
    "symbols and full lines for errors as in the Lockman Hole, open ones and dashes for errors 1.6 "
    "times as large. Right: calibration error of the best candidate where the trained prior does "
    "not fit the field."
)


def tables(found: Mapping[str, Any]) -> list[TableView]:
    """All tables."""
    return [
        sky_table(found["skies"]),
        case_table(found["cases"]),
        null_table(found["nulls"]),
        *([tilted_table(found["tilted"])] if found["tilted"] else []),
        dense_table(found["dense"]),
        miss_table(found["dense"]),
        *([sparse_table(found["sparse"])] if found["sparse"] else []),
    ]


def sky_table(rows: Rows) -> TableView:
    """Every kind of mock sky and way of matching."""
    lines = []
    keys = dict.fromkeys((row["n"], row["scale"], row["share"]) for row in rows)
    for n, scale, share in keys:
        for way in WAYS:
            mine = of(rows, n=n, scale=scale, share=share, way=way)
            lines.append(
                [n, scale, share, way, _mean(mine, "crossing"), *_errors(mine)]
                + [_mean(mine, "seconds")]
            )
    return TableView(
        "Mock skies: distance alone, a trained prior, a learned one, the trained one put right",
        [
            *("sources", "errors x", "host fraction", "prior", "purity = completeness"),
            *("ECE P(host)", "ECE best", "seconds"),
        ],
        lines,
        "Means over the skies; in brackets the mean limit, 1.5 times the 95% point of the floor "
        "+ 0.005. Purity = completeness: cut so that as many are selected as have a counterpart.",
    )


def case_table(rows: Rows) -> TableView:
    """Fields that the trained prior does not fit."""
    lines = []
    for case in dict.fromkeys(row["case"] for row in rows):
        for way in (TRAINED, LEARNED, ADAPTED):
            mine = of(rows, case=case, way=way)
            thirds = np.mean([row["terciles"] for row in mine], axis=0)
            fires = dict.fromkeys(name for row in mine for name in row["fires"])
            lines.append(
                [case, way, _mean(mine, "crossing"), *_errors(mine)]
                + [*map(float, thirds), ", ".join(fires) or "-"]
            )
    return TableView(
        "A prior trained elsewhere where it does not fit",
        [
            *("field", "prior", "purity = completeness", "ECE P(host)", "ECE best"),
            *(f"ECE best, {name} third" for name in TERCILES),
            "checks that fire",
        ],
        lines,
        "trained: the prior as it is; learned: from this match alone; adapted: the trained one put "
        "right. In brackets the limit on mock skies.",
    )


def null_table(rows: Rows) -> TableView:
    """Fields that have nothing to teach."""
    keys = ("n", "seed", "moved", "host_distance", "host_learned")
    return TableView(
        "Fields that have nothing to teach",
        [
            *("sources", "sky", "shuffled magnitudes: change of p_match (99%)"),
            *("positions of nothing: host fraction by distance", "the same, learned"),
        ],
        [[row[key] for key in keys] for row in rows],
    )


def tilted_table(rows: Rows) -> TableView:
    """Stars that are not uniform."""
    return TableView(
        "Stars that are not uniform, one prior trained on all of it",
        ["sky", "stratum, west to east", "ECE P(host)", "ECE best"],
        [[row["tilt"], row["stratum"], *_errors([row])] for row in rows],
        "In brackets the limit.",
    )


def dense_table(found: Mapping[str, Any]) -> TableView:
    """The dense field."""
    lines = [
        [way, f"{f['right']} of {f['known']}", f"{f['secure_right']} of {f['secure']}"]
        for way, f in ((way, found[way]) for way in (DISTANCE, LEARNED))
    ]
    lines += [
        [f"{LEARNED}, order and seed {k}", str(right), str(secure)]
        for k, (right, secure) in enumerate(found["orders"], 1)
    ]
    return TableView(
        "XMM-COSMOS among 608,000 HST objects per square degree: right best candidates",
        ["prior", "known", "secure"],
        lines,
        f"Learned from F160W, F125W and their colour: {found['model']}, "
        f"{found['expected']:.0f} counterparts expected. Errors fitted in the same call.",
    )


def miss_table(found: Mapping[str, Any]) -> TableView:
    """Known counterparts of the dense field that the learned prior does not find."""
    return TableView(
        "Known counterparts of the dense field that are missed",
        [
            *("XMM source", "known by"),
            *("its object", "p_match", "arcsec", "F160W"),
            *("chosen", "p_match", "arcsec", "F160W"),
        ],
        list(miss_lines(found[LEARNED]["misses"])),
        "Separations are those of the corrected positions. Looked at one by one when this was "
        "written: next to 200, 376 and 53088 a brighter galaxy lies nearer; the known galaxies of "
        "53400 and 70015 are as bright as any, but 4.6 and 4.0 arcsec away; that of 70145 is faint "
        "and far off, and what lies nearer has no magnitude, for which the ratio is 1.",
    )


def sparse_table(found: Mapping[str, Any]) -> TableView:
    """The sparse field."""
    names = ("ece", "counterpart_purity", "counterpart_completeness", "hostless_purity")
    return TableView(
        "XMM-COSMOS among the galaxies of zCOSMOS, ten bands",
        ["prior", "ECE", "P_c", "C_c", "P_h", "model"],
        [[way, *(f[name] for name in names), f["model"] or "-"] for way, f in found.items()],
        "Errors fitted in the same call; cut at p_hostless = 0.5.",
    )


def figure(found: Mapping[str, Any]) -> Figure:
    """Purity = completeness by size, and calibration where a prior does not fit."""
    fig = Figure(figsize=(13.0, 5.6), layout="constrained")
    left, right = fig.subplots(1, 2, width_ratios=(1.0, 1.25))
    rows = found["skies"]
    for scale in dict.fromkeys(row["scale"] for row in rows):
        plain = scale == 1.0
        for way in WAYS:
            sizes = list(dict.fromkeys(row["n"] for row in rows))
            value = [_mean(of(rows, n=n, scale=scale, way=way), "crossing") for n in sizes]
            left.plot(
                sizes,
                value,
                marker=MARKS[way],
                color=COLORS[way],
                mfc=COLORS[way] if plain else "white",
                ls="-" if plain else "--",
                label=way if plain else None,
            )
    left.set(xscale="log", xlabel="sources", ylabel="purity = completeness")
    sizes = sorted({row["n"] for row in rows})
    left.set_xticks(sizes, [f"{n:,}" for n in sizes])
    left.minorticks_off()
    left.grid(color="0.92", lw=0.6)
    left.set_ylim(bottom=left.get_ylim()[0] - 0.1)
    left.legend(frameon=False, fontsize=9, loc="lower left", ncols=2)
    cases = list(dict.fromkeys(row["case"] for row in found["cases"]))
    for k, way in enumerate((TRAINED, LEARNED, ADAPTED)):
        value = [_mean(of(found["cases"], case=case, way=way), f"ece_{BEST}") for case in cases]
        place = np.arange(len(cases)) + 0.22 * (k - 1)
        right.plot(value, place, MARKS[way], color=COLORS[way], label=way)
    right.axvline(ADAPTED_ECE, color="tab:red", lw=0.9, label="limit, put right")
    right.set(xscale="log", xlabel=f"calibration error of {NAMES[BEST]}", xlim=(0.004, 1.0))
    right.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
    right.minorticks_off()
    right.set_yticks(np.arange(len(cases)), cases, fontsize=9)
    right.set_ylim(len(cases) - 0.4, -0.6)
    right.grid(color="0.92", lw=0.6)
    right.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return fig


def _mean(rows: Rows, key: str) -> float:
    return float(np.mean([row[key] for row in rows]))


def _errors(rows: Rows) -> list[str]:
    """For P(host) and the best candidate: the error and its limit."""
    return [
        f"{_mean(rows, f'ece_{what}'):.4f} ({_mean(rows, f'limit_{what}'):.4f})"
        for what in (HOST, BEST)
    ]
