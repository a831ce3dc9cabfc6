"""Finding chart of one source on an image, with the table of its candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rcParams
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from ..matching.wording import label, probability, shortened
from .backdrop import SECURE, Ink, is_light
from .charts import COLORS, SCALE
from .explanation import _separation_columns, chart_title
from .finding import MAX_NUMBERED, View, draw_candidates, draw_separations, view_of
from .images.read import open_images
from .overlays import as_overlays

if TYPE_CHECKING:
    import bayesmatch as bm

#: inches: side of the chart, width of the table, height of a row
CHART, TABLE, LINE = 5.4, 4.9, 0.29
#: characters of a name, rows of other X-ray sources
LONGEST, MAX_XRAY = 27, 6
#: inches from the left of the table; where numbers end, or names begin
RANK, SWATCH, NAME, APART, P = 0.12, 0.34, 0.55, 3.62, 4.42


def finding_chart(
    explanation: bm.Explanation, image: Any = None, *, also: Any = (), truth: Any = None
) -> Figure:
    """A source on an image of the sky, its candidates ringed and numbered, and a table of them.

    North is up and east to the left; positions are true to the image's own coordinates. Rings are
    coloured by the probability of being the counterpart.

    Parameters
    ----------
    explanation : Explanation
        From :func:`bayesmatch.explain`.
    image : path, three paths or images, optional
        As :func:`open_images` takes it, and gives it for many charts. Default: the explanation's
        own; the chart is drawn without where there is none.
    also : path, Overlay or several of them, optional
        Other X-ray catalogues, as :func:`read_overlay` reads them. Default: the explanation's own.
    truth : int or str, optional
        Identifier of the true counterpart, or ``hostless``; the table tells right from wrong.

    Returns
    -------
    Figure
        One that :func:`save` writes.

    Raises
    ------
    ValueError, TypeError
        If `image` or `also` is none.
    ImportError
        If an image is given and the extra ``images`` is not installed.
    """
    e = explanation
    source = e.image if image is None else open_images(image)
    given = also if isinstance(also, (list, tuple)) else [also]
    overlays = as_overlays(given) if given else e.also
    width, height = CHART + TABLE + 1.35, CHART + 1.95
    figure = Figure(figsize=(width, height))
    top = height - 0.75
    ax = figure.add_axes((0.85 / width, (top - CHART) / height, CHART / width, CHART / height))
    view = View(1.0)
    if e.objects.positions_known and np.isfinite(e.objects.source).all():
        view = view_of(e, source, overlays)
        caption = draw_candidates(ax, e, view)
    else:
        caption = draw_separations(ax, e)
    figure.text(0.85 / width, (top - CHART - 0.58) / height, caption, va="top", fontsize=9)
    table = figure.add_axes(
        ((CHART + 1.15) / width, (top - CHART) / height, TABLE / width, CHART / height)
    )
    table.set(xlim=(0, TABLE), ylim=(CHART, 0))
    table.set_axis_off()
    _Table(table).write(e, view, _true_rows(e, truth))
    figure.suptitle(chart_title(e), fontsize=12, y=1 - 0.2 / height, va="top", parse_math=False)
    return figure


def _true_rows(e: bm.Explanation, truth: Any) -> tuple[str, np.ndarray] | None:
    """The true identifier, and which rows of the table hold it; None: not known."""
    if truth is None:
        return None
    name = str(truth).strip()
    n = len(e.table)
    if name.lower() == "hostless":
        return "no counterpart", np.arange(n) == 0
    for catalogue, id_name in zip(e.catalogues, e.id_names, strict=True):
        ids = np.ma.filled(np.ma.asarray(e.table[f"{catalogue}_{id_name}"]).astype(str), "")
        there = (np.char.strip(ids) == name) & (np.asarray(e.table[catalogue]) >= 0)
        if there.any():
            return f"{catalogue} {name}", there
    return f"{e.catalogues[0]} {name}", np.zeros(n, bool)


class _Table:
    """Lines of text beside a chart, from the top."""

    def __init__(self, ax: Any) -> None:
        self.ax, self.y = ax, 0.14
        self.faint = "0.4" if is_light(rcParams["figure.facecolor"]) else "0.65"

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
            near = [float(e.table[column][n]) for column in _separation_columns(e)]
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
            (float(np.hypot(*at)), overlay.name, overlay.ids[n], int(overlay.secure[n]))
            for overlay, offsets in view.overlays
            for n, at in enumerate(offsets)
        ]
        if not found:
            return
        self.y += 0.2
        self.line(("", "", "other X-ray source", "sep. (″)", ""), faint=True)
        self.rule()
        for apart, name, identifier, secure in sorted(found)[:MAX_XRAY]:
            called = identifier if identifier.startswith(name) else f"{name} {identifier}"
            self.line(
                ("", "", shortened(called, LONGEST), f"{apart:.2f}", SECURE[secure][1]),
                color=Ink.secure[secure],
                cross=True,
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
        cross: bool = False,
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
        if cross:
            self.ax.plot(SWATCH, self.y, "x", color=color, ms=6, mew=1.8)
        elif color is not None:
            ring = Ellipse((SWATCH, self.y), 0.15, 0.15, fc=color, ec=self.faint, lw=0.8)
            self.ax.add_patch(ring)
        if true:
            self.ax.text(TABLE, self.y, "✓", ha="right", va="center", fontsize=11)
        self.y += LINE
