"""What the protocol `skies` claims, and whether it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .conditions import ALL, CONDITIONS, OFF
from .conditions_scores import BEST, DENSEST, EVERY, HOST, JUDGED, limit
from .conditions_surveys import (
    AREA_DIFFERENCE,
    AREA_SHARE,
    CONE_DIFFERENCE,
    CONE_SHARE,
    OUTSIDE_LIMIT,
)
from .report import Claim

Rows = Sequence[Mapping[str, Any]]
#: how much worse a stratum may be where nothing is wrong
HARM = 0.003
#: right answers that may be missing with three catalogues
ANSWERS = 0.01
NAMES = {HOST: "P(host)", BEST: "the best candidate"}


def claims_of(found: Rows, surveyed: Mapping[str, Rows], quick: bool) -> list[Claim]:
    """All claims, of the match with all parts of the model on."""
    return [
        *(claim for c in CONDITIONS for claim in worst_strata(c.name, found)),
        *answers(found),
        harmless(found, quick),
        *cones(of(surveyed["cones"], way=ALL)),
        *areas(of(surveyed["areas"], way=ALL)),
        *footprints(of(surveyed["footprints"], way=ALL)),
    ]


def allowed(row: Mapping[str, Any]) -> float:
    """Largest calibration error of a stratum."""
    return limit(row["floor"], row.get("slack", 0.0) if row["stratum"] == DENSEST else 0.0)


def worst(rows: Rows) -> Mapping[str, Any]:
    """The row that is nearest to its limit, or farthest beyond."""
    return max(rows, key=lambda row: row["ece"] / allowed(row))


def of(rows: Rows, **values: Any) -> Rows:
    """Rows with these values."""
    return [row for row in rows if all(row[k] == v for k, v in values.items())]


def within(what: str, rows: Rows) -> Claim:
    """Every stratum stays below its limit; the worst is shown."""
    bad = worst(rows)
    return Claim(
        what,
        f"{bad['ece']:.4f} ({bad['stratum']}, floor {bad['floor']:.4f})",
        f"<= {allowed(bad):.4f}",
        bool(bad["ece"] <= allowed(bad)),
    )


def worst_strata(name: str, found: Rows) -> list[Claim]:
    """The calibration errors of one condition."""
    return [
        within(
            f"{name}: ECE of {NAMES[what]}, worst stratum",
            of(found, condition=name, way=ALL, what=what),
        )
        for what in JUDGED
    ]


def answers(found: Rows) -> list[Claim]:
    """Right answers with three catalogues."""
    rows = [
        row
        for row in of(found, way=ALL, what=HOST, stratum=EVERY)
        if np.isfinite(row["attainable"])
    ]
    return [
        Claim(
            f"{row['condition']}: right answers",
            f"{row['answers']:.4f}",
            f">= {row['attainable'] - ANSWERS:.4f} (exact calculation {row['attainable']:.4f})",
            bool(row["answers"] >= row["attainable"] - ANSWERS),
        )
        for row in rows
    ]


def harmless(found: Rows, quick: bool) -> Claim:
    """Where nothing is wrong the new parts do no harm.

    For information if quick: a stratum of one small sky scatters by more than the limit.
    """
    name = CONDITIONS[0].name

    def errors(way: str) -> dict[tuple[str, str], float]:
        return {
            (row["stratum"], row["what"]): row["ece"] for row in of(found, condition=name, way=way)
        }

    plain, new = errors(OFF), errors(ALL)
    (stratum, what), harm = max(
        ((key, new[key] - plain[key]) for key in plain), key=lambda item: item[1]
    )
    return Claim(
        f"{name}: ECE more than with all parts off, worst stratum",
        f"{harm:+.4f} ({stratum}, {NAMES[what]})",
        "-" if quick else f"<= {HARM:g}",
        None if quick else bool(harm <= HARM),
    )


def cones(rows: Rows) -> list[Claim]:
    """Surveys in cones: calibration, and agreement with the whole survey."""
    claims = []
    for radius in sorted({row["radius"] for row in rows}):
        mine = of(rows, radius=radius)
        claims += [
            within(
                f'cones of {radius:g}", area right, halved, doubled: ECE of {NAMES[what]}, worst '
                "stratum",
                of(mine, what=what),
            )
            for what in JUDGED
        ]
        same = min(row["same"] for row in mine)
        claims.append(
            Claim(
                f'cones of {radius:g}": share of sources with p_hostless within '
                f"{CONE_DIFFERENCE:g} of the whole survey's, worst",
                f"{same:.4f}",
                f">= {CONE_SHARE:g}",
                bool(same >= CONE_SHARE),
            )
        )
    return claims


def areas(rows: Rows) -> list[Claim]:
    """A false area changes nothing but a check."""
    same = min(row["same"] for row in rows)
    fires = [row["fires"] for row in rows]
    return [
        Claim(
            f"area x0.25 to x4: share of sources with p_hostless moved by less than "
            f"{AREA_DIFFERENCE:g}, worst",
            f"{same:.4f}",
            f">= {AREA_SHARE:g}",
            bool(same >= AREA_SHARE),
        ),
        Claim(
            "area x0.25 to x4: the check area_OPT fires",
            f"{sum(fires)} of {len(fires)}",
            f"{len(fires)} of {len(fires)}",
            all(fires),
        ),
    ]


def footprints(rows: Rows) -> list[Claim]:
    """The fitted share of sources outside."""
    claims = []
    for name in dict.fromkeys(row["sky"] for row in rows):
        mine = of(rows, sky=name)
        off = max(mine, key=lambda row: abs(row["fitted"] - row["true"]))
        claims.append(
            Claim(
                f"{name}: fitted share outside, worst sky",
                f"{off['fitted']:.4f} (true {off['true']:.4f})",
                f"within {OUTSIDE_LIMIT:g}",
                bool(abs(off["fitted"] - off["true"]) <= OUTSIDE_LIMIT),
            )
        )
    return claims
