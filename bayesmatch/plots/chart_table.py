"""The table beside a finding chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.patches import Ellipse

from ..matching.wording import label, probability, shortened
from . import style
from .backdrop import Ink
from .charts import COLORS, SCALE
from .explanation import separation_columns
from .finding import MAX_NUMBERED, View
from .xray_marks import CROSSES, SECURE

if TYPE_CHECKING:
    import bayesmatch as bm

#: inches: width of the table, height of a row
TABLE, LINE = 4.9, 0.29
#: characters of a name, rows of other X-ray sources
LONGEST, MAX_XRAY = 27, 6
#: inches from the left of the table; where numbers end, or names begin
RANK, SWATCH, NAME, APART, P = 0.12, 0.34, 0.55, 3.62, 4.42


class ChartTable:
    """Lines of text beside a chart, from the top."""

    def __init__(self, ax: Any) -> None:
        self.ax, self.y = ax, 0.14
        self.faint = style.faint()

    def write(self, e: bm.Explanation, view: View, true: tuple[str, np.ndarray] | None) -> None:
        """Candidates, what is true, other X-ray sources."""
        self.line(("", "", "candidate", "sep. (″)", "probability"), faint=True)
        self.rule()
        shown = min(len(e.table), MAX_NUMBERED + 1)
        ordered = [*range(1, shown), 0]
        if float(e.table["p_match"][0]) > 0.5:
            ordered = list(range(shown))
        for n in ordered:
            self.candidate(e, n, true is not None and bool(true[1][n]))
        if len(e.table) > shown:
            rest = float(np.sum(e.table["p_match"][shown:]))
            self.line(("", "", f"{len(e.table) - shown} more", "", probability(rest)), faint=True)
        if true is not None:
            self.y += 0.12
            best = 0 if len(e.table) == 1 or ordered[0] == 0 else 1
            verdict = "right" if true[1][best] else "wrong"
            lacking = "" if true[1].any() else " (not among the candidates)"
            self.line(("", "", f"{verdict}; true: {true[0]}{lacking}", "", ""), bold=True)
        self.xray(view)

    def candidate(self, e: bm.Explanation, n: int, true: bool) -> None:
        """A row of the explanation's table."""
        p = float(e.table["p_match"][n])
        name = label(e.table, n, e.catalogues, e.id_names)
        apart = ""
        if n:
            near = [float(e.table[column][n]) for column in separation_columns(e)]
            apart = ", ".join(f"{value:.2f}" for value in near if np.isfinite(value))
        self.line(
            (
                str(n) if n else "",
                "",
                shortened(name, LONGEST - len(apart) // 2),
                apart,
                probability(p),
            ),
            bold=n == 1 and p >= 0.5 or n == 0 and p > 0.5,
            color=COLORS(SCALE(p)) if n else None,
            true=true,
        )

    def xray(self, view: View) -> None:
        """The sources of other X-ray catalogues in the chart."""
        found = [
            (float(np.hypot(*at)), k, overlay.name, overlay.ids[n], int(overlay.secure[n]))
            for k, (overlay, offsets) in enumerate(view.overlays)
            for n, at in enumerate(offsets)
        ]
        if not found:
            return
        self.y += 0.2
        self.line(("", "", "other X-ray source", "sep. (″)", ""), faint=True)
        self.rule()
        for apart, k, name, identifier, secure in sorted(found)[:MAX_XRAY]:
            called = identifier if identifier.startswith(name) else f"{name} {identifier}"
            self.line(
                ("", "", shortened(called, LONGEST), f"{apart:.2f}", SECURE[secure][1]),
                color=Ink.secure[secure],
                mark=CROSSES[k % len(CROSSES)],
            )
        if len(found) > MAX_XRAY:
            self.line(("", "", f"{len(found) - MAX_XRAY} more", "", ""), faint=True)

    def rule(self) -> None:
        """A thin line under what was written."""
        self.ax.plot([0, TABLE], [self.y - 0.1] * 2, color=self.faint, lw=0.7)
        self.y += 0.06

    def line(
        self,
        texts: tuple[str, str, str, str, str],
        *,
        faint: bool = False,
        bold: bool = False,
        color: Any = None,
        mark: str = "",
        true: bool = False,
    ) -> None:
        """One line; a ring or a cross in its colour before the name."""
        places = ((RANK, "center"), (SWATCH, "center"), (NAME, "left"), (APART, "right"))
        for text, (x, side) in zip(texts, (*places, (P + 0.3, "right")), strict=True):
            self.ax.text(
                x,
                self.y,
                text,
                ha=side,
                va="center",
                fontsize=10,
                parse_math=False,
                weight="bold" if bold else "normal",
                **({"color": self.faint} if faint else {}),
            )
        if mark:
            self.ax.plot(SWATCH, self.y, mark, color=color, ms=6, mew=1.8)
        elif color is not None:
            ring = Ellipse((SWATCH, self.y), 0.15, 0.15, fc=color, ec=self.faint, lw=0.8)
            self.ax.add_patch(ring)
        if true:
            self.ax.text(TABLE, self.y, "✓", ha="right", va="center", fontsize=11)
        self.y += LINE
