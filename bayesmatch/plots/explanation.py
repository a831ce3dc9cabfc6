"""One source explained: a finding chart of its candidates, and the evidence for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..matching.combined import EXCLUDED
from ..matching.wording import label, member, probability, shortened, signed
from .charts import probability_colors
from .finding import MAX_NUMBERED, draw_candidates, draw_separations, view_of
from .style import FRACTION_TERM, POSITION_TERM, PRIOR_TERMS, ink, paper, styled

if TYPE_CHECKING:
    import bayesmatch as bm

#: log10 odds: the axis ends here, or where the bar of the best candidate does
LOWEST, LOWEST_OF_BEST = -8.0, -60.0
#: what no bar reaches
BEYOND = 1e4
#: inches; a character of the names and the legend is about this wide
CHART, PER_BAR, BARS, CHARACTER = 4.9, 0.5, 3.35, 0.07
#: longest name of an association on one line
LONGEST = 30
#: longest name of a source or an association in a title, which has both
NAMED = 34


@styled
def evidence_chart(explanation: bm.Explanation) -> Figure:
    """Where the candidates of a source are, and the log10 odds of each against no counterpart.

    Candidates are coloured and sized by the probability of being the counterpart, and numbered by
    rank; where the explanation has an image, they lie on it. Bars stack the terms of
    ``Explanation.table``, a diamond marks their sum.

    Parameters
    ----------
    explanation : Explanation
        From :func:`bayesmatch.explain`.

    Returns
    -------
    Figure
        One that :func:`save` writes.
    """
    n_rows = min(len(explanation.table), MAX_NUMBERED + 1)
    names = [_row_name(explanation, n) for n in range(n_rows)]
    left = 7.1 + CHARACTER * max(20, *(len(line) for name in names for line in name.split("\n")))
    width, height = left + BARS + 1.65, CHART + 2.0
    if explanation.image is not None or explanation.also:
        height += 0.4  # more to say below
    figure = Figure(figsize=(width, height))

    def axes(x: float, y: float, wide: float, tall: float) -> Axes:
        return figure.add_axes((x / width, y / height, wide / width, tall / height))

    top = height - 0.7
    chart = axes(0.9, top - CHART, CHART, CHART)
    if explanation.objects.positions_known:
        view = view_of(explanation, explanation.image, explanation.also)
        caption = draw_candidates(chart, explanation, view)
    else:
        caption = draw_separations(chart, explanation)
    figure.text(0.9 / width, (top - CHART - 0.58) / height, caption, va="top", fontsize=9)
    figure.colorbar(
        probability_colors(),
        cax=axes(5.95, top - CHART, 0.14, CHART),
        label="probability of being the counterpart",
    )
    tall = PER_BAR * (n_rows + 0.2)
    if n_rows > 1:
        _draw_bars(axes(left, top - 0.35 - tall, BARS, tall), explanation, names)
    else:
        figure.text(left / width, (top - CHART / 2) / height, "no candidate: nothing to weigh")
    figure.suptitle(
        chart_title(explanation), fontsize=12, y=1 - 0.2 / height, va="top", parse_math=False
    )
    return figure


def _row_name(e: bm.Explanation, n: int) -> str:
    """Rank, members and their separations; a line per member where names are long."""
    if n == 0:
        return "no counterpart"
    columns = zip(e.catalogues, e.id_names, separation_columns(e), strict=True)
    taking_part = [
        (member(e.table, n, name, id_name), e.table[separation][n])
        for name, id_name, separation in columns
        if e.table[name][n] >= 0
    ]
    whole = " + ".join(name for name, _ in taking_part)
    if len(whole) <= LONGEST:
        return f'{n}   {whole}\n{", ".join(f"{apart:.2g}" for _, apart in taking_part)}"'
    lines = [f'{shortened(name, LONGEST)}  {apart:.2g}"' for name, apart in taking_part[:3]]
    return f"{n}   " + "\n".join(lines) + (" ..." if len(taking_part) > 3 else "")


def separation_columns(e: bm.Explanation) -> list[str]:
    """Columns of an evidence table with separations from the source."""
    return [c for c in e.table.colnames if c.startswith("Separation_")]


def chart_title(e: bm.Explanation) -> str:
    """Who it is, and how probable its best counterpart and none are."""
    none = _with_p("no counterpart", float(e.table["p_match"][0]))
    source = shortened(e.source, NAMED)
    if len(e.table) == 1:
        return f"{source}: {none}"
    best = _with_p(
        shortened(label(e.table, 1, e.catalogues, e.id_names), NAMED), float(e.table["p_match"][1])
    )
    both = (best, none) if e.table["total"][1] > 0 else (none, best)
    return f"{source}:   {both[0]},   {both[1]}"


def _with_p(what: str, p: float) -> str:
    return f"{what} (p {probability(p) if 0.9995 <= p < 1 else f'= {probability(p)}'})"


def _stacked_terms(e: bm.Explanation, n_rows: int) -> list[tuple[str, str, np.ndarray]]:
    """(name, colour, log10 per row) of what is stacked.

    Bayes factor and density are one bar: each alone is a large number that means nothing to the
    eye, together they say how much better than chance the position is.
    """
    table = e.table[:n_rows]
    stated = [c for c in e.table.meta["terms"] if c not in ("position", "density")]
    terms = [
        (
            "position and density",
            POSITION_TERM,
            np.asarray(table["position"]) + np.asarray(table["density"]),
        )
    ]
    for n, column in enumerate(stated):
        name, color = column, PRIOR_TERMS[n % len(PRIOR_TERMS)]
        if column.startswith("prior_"):
            name = column.removeprefix("prior_")
            if len(e.catalogues) == 1:
                name = name.removeprefix(f"{e.catalogues[0]}_")
            name = f"prior {name}"
        elif column == "fraction":
            name, color = "host fraction", FRACTION_TERM
        values = np.array(table[column])
        if column.removeprefix("prior_") in e.table.meta.get("none_excluded_by", []):
            values[1:] += EXCLUDED
        terms.append((name, color, values))
    return terms


def _draw_bars(ax: Axes, e: bm.Explanation, names: list[str]) -> None:
    n_rows = len(names)
    total = np.array(e.table["total"])[:n_rows]
    excluding = e.table.meta.get("none_excluded_by", [])
    if excluding:  # that there is none has left the race: the others among themselves
        total[1:] += len(excluding) * EXCLUDED
        total[0] = -np.inf
    order = np.argsort(-total, kind="stable")
    at = np.empty(n_rows)
    at[order] = np.arange(n_rows)
    up, down = np.zeros(n_rows), np.zeros(n_rows)
    terms = _stacked_terms(e, n_rows)
    for name, color, values in terms:
        drawn = np.clip(values, -BEYOND, BEYOND)  # a ratio of 0 leads off the axis
        start = np.where(drawn >= 0, up, down)
        ax.barh(at, drawn, left=start, height=0.55, color=color, ec=paper(), lw=0.5, label=name)
        up, down = up + np.maximum(drawn, 0), down + np.minimum(drawn, 0)
    lowest = min(LOWEST, max(LOWEST_OF_BEST, down[:2].min()))
    right = max(1.0, 1.12 * up.max())
    left = min(-1.0, 1.08 * max(lowest, down.min()))
    _draw_totals(ax, at, total, left)
    ax.axvline(0, color=rcParams["axes.edgecolor"], lw=0.8)
    ax.set(
        xlim=(left, right),
        ylim=(n_rows - 0.4, -0.6),
        yticks=[],
        xlabel="log10 odds against no counterpart  (x 10: decibans)",
    )
    ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.grid(axis="x", color="0.5", alpha=0.2, lw=0.6)
    ax.set_axisbelow(True)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    _write_rows(ax, e, at, total, names)
    more = len(e.table) - n_rows
    heading = "Evidence" + (f" for the first {n_rows - 1}, of {len(e.table) - 1}" if more else "")
    ax.annotate(
        heading,
        (0.5, 1),
        (0, 8),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="center",
        fontsize=10,
    )
    wide = [0.5 + CHARACTER * len(name) for name in ("total", *(name for name, _, _ in terms))]
    room = BARS + 3.2  # the bars, their numbers, and as much to the left
    columns = len(wide) if sum(wide) < room else max(1, int(room / max(wide)))
    ax.legend(
        loc="upper right",
        bbox_to_anchor=(1.45, -0.42 / (PER_BAR * (n_rows + 0.2))),
        ncols=columns,
        frameon=False,
        fontsize=9,
        columnspacing=1.4,
    )


def _draw_totals(ax: Axes, at: np.ndarray, total: np.ndarray, left: float) -> None:
    """A diamond at each sum, an arrow where it lies off the axis."""
    inside = total >= left
    ax.plot(
        total[inside],
        at[inside],
        "D",
        color=ink(),
        ms=6.5,
        mec=paper(),
        ls="none",
        zorder=4,
        label="total",
    )
    ax.plot(
        np.full((~inside).sum(), left),
        at[~inside],
        "<",
        color=ink(),
        ms=7,
        ls="none",
        clip_on=False,
        zorder=4,
    )


def _write_rows(
    ax: Axes, e: bm.Explanation, at: np.ndarray, total: np.ndarray, names: list[str]
) -> None:
    """Names left of the bars, numbers right of them."""

    def write(x: float, y: float, text: str) -> None:
        ax.text(
            x,
            y,
            text,
            transform=ax.get_yaxis_transform(),
            va="center",
            ha="right",
            fontsize=9,
            parse_math=False,
        )

    write(1.2, -0.82, "total")
    write(1.43, -0.82, "probability")
    for n, y in enumerate(at):
        write(-0.04, y, names[n])
        write(1.2, y, signed(total[n]) if np.isfinite(total[n]) else "excluded")
        write(1.43, y, probability(float(e.table["p_match"][n])))
