"""Figure of a comparison with NWAY's own output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .style import HERE, NWAY, WRONG, faint, grid, guide, styled

if TYPE_CHECKING:
    import bayesmatch as bm

#: what is equal to the last digit is drawn here
SMALLEST = 1e-17


@styled
def comparison_panels(c: bm.Comparison) -> Figure:
    """The other p_any against ours, both against p_match, and the largest difference by column.

    Parameters
    ----------
    c : Comparison
        From :func:`bayesmatch.compare_nway`.

    Returns
    -------
    Figure
        One that :func:`save` writes.
    """
    figure = Figure(figsize=(15.5, 5.2), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    ours, theirs = np.asarray(c.points["p_any"]), np.asarray(c.points["p_any_nway"])
    p_match, good = np.asarray(c.points["p_match"]), np.asarray(c.points["explained"], bool)
    _square(left, "p_any here", f"p_any of {c.other}")
    left.plot(ours[good], theirs[good], "o", ms=4, alpha=0.6, mec="none", color=HERE)
    if not good.all():
        left.plot(ours[~good], theirs[~good], "x", ms=7, color=WRONG, label="not explained")
        _legend(left)
    left.set_title("The same quantity in both (dotted: equal)", fontsize=10)
    _square(middle, "p_match of the best candidate (calibrated)", "p_any")
    for values, style, label in ((theirs, "o", c.other), (ours, "o", "here")):
        color = HERE if label == "here" else NWAY
        size = 3.5 if label == "here" else 6
        middle.plot(
            p_match, values, style, ms=size, alpha=0.6, mec="none", color=color, label=label
        )
    _legend(middle)
    middle.set_title("p_any is no calibrated probability", fontsize=10)
    _bars(right, c)
    figure.suptitle(
        f"{c.counts['both']:,} associations in both, {c.counts['only_here']:,} only here, "
        f"{c.counts['only_there']:,} only in {c.other}: "
        + ("all differences explained" if c.explained else "not all differences explained"),
        fontsize=11,
    )
    return figure


def _legend(ax: Axes) -> None:
    """Below the axes: points may be anywhere in them."""
    ax.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2)


def _square(ax: Axes, x: str, y: str) -> None:
    ax.plot([0, 1], [0, 1], ":", color=guide(), lw=1, zorder=0)
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xlabel=x, ylabel=y)
    ax.set_aspect("equal")
    grid(ax)


def _bars(ax: Axes, c: bm.Comparison) -> None:
    """The largest difference of each column, and the limit above which a reason is asked for."""
    table = c.table[np.isfinite(np.asarray(c.table["largest"], np.float64))]
    largest = np.maximum(np.asarray(table["largest"], np.float64), SMALLEST)
    bad = np.asarray(table["unexplained"]) > 0
    at = np.arange(len(table))
    ax.barh(at, largest, left=0, color=np.where(bad, WRONG, HERE), height=0.6)
    ax.axvline(2e-6, color=faint(), ls="--", lw=1, label="a reason is asked for above 2e-6")
    ax.set(xscale="log", xlim=(SMALLEST, max(10.0, 2 * float(largest.max(initial=1.0)))))
    ax.set_yticks(
        at, [str(name).replace("dist_bayesfactor", "log10 B") for name in table["column"]]
    )
    ax.invert_yaxis()
    ax.set_xlabel("largest difference (red: not explained)")
    ax.set_ylabel("column of the result")
    ax.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, 1.09))
    grid(ax, axis="x")
