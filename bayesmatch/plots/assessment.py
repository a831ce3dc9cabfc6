"""Figures of an assessment: purity, completeness and reliability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from astropy.table import Table
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .style import COUNTERPART, HOSTLESS, SERIES, faint, grid, guide, ink, styled

if TYPE_CHECKING:
    import bayesmatch as bm

#: metric, colour (empty: ink), line style, label
LINES = (
    ("counterpart_purity", COUNTERPART, "-", "counterparts: purity"),
    ("counterpart_completeness", COUNTERPART, "--", "counterparts: completeness"),
    ("hostless_purity", HOSTLESS, "-", "hostless: purity"),
    ("hostless_completeness", HOSTLESS, "--", "hostless: completeness"),
    ("overall_purity", "", "-", "all sources: right answer"),
)


@styled
def assessment_panels(a: bm.Assessment) -> Figure:
    """Metrics against the cutoff, purity against completeness, and the reliability diagram.

    Parameters
    ----------
    a : Assessment
        From :func:`bayesmatch.assess`.

    Returns
    -------
    Figure
        One that :func:`save` writes.
    """
    figure = Figure(figsize=(15.5, 5.6), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    _draw_panel(left, a)
    draw_purity_completeness(middle, {"counterparts": a})
    p = a.best_candidate if a.score == "p_match" else a
    draw_reliability(right, p.reliability, of=f"that {p.of}")
    right.set_title(
        f"Calibration error {p.ece:.4f}\nexact probabilities: "
        f"{p.ece_floor.mean:.4f}, 95% below {p.ece_floor.p95:.4f}\n"
        f"offset {p.offset:+.4f} +- {p.offset_error:.4f}, shape {p.shape:.4f} "
        f"(95% below {p.shape_floor.p95:.4f})",
        fontsize=10,
    )
    figure.suptitle(
        f"{a.n_counterparts} sources with a counterpart in {a.catalogue} and "
        f"{a.n_hostless} hostless, cut on {a.score}",
        fontsize=11,
    )
    return figure


@styled
def purity_completeness(assessments: Mapping[str, bm.Assessment], title: str = "") -> Figure:
    """Purity against completeness of the counterparts, one line per assessment.

    Parameters
    ----------
    assessments : mapping of str to Assessment
        What the legend calls each.
    title : str, optional
        Above the axes.

    Returns
    -------
    Figure
        One that :func:`save` writes.
    """
    figure = Figure(figsize=(6.0, 5.4), layout="constrained")
    draw_purity_completeness(figure.subplots(), assessments)
    figure.suptitle(title or _told(assessments), fontsize=11)
    return figure


def _told(assessments: Mapping[str, bm.Assessment]) -> str:
    """What is assessed: catalogues and numbers."""
    listed = {
        f"{a.n_counterparts:,} with a counterpart in {a.catalogue}, {a.n_hostless:,} hostless"
        for a in assessments.values()
    }
    return f"Sources: {listed.pop()}" if len(listed) == 1 else "Counterparts of several matches"


def _draw_panel(ax: Axes, a: bm.Assessment) -> None:
    draw_metrics(ax, a.table)
    if np.isfinite(a.crossing.cutoff):
        ax.axvline(
            a.crossing.cutoff,
            color=guide(),
            lw=1.0,
            ls=":",
            label="counterparts: purity = completeness",
        )
    side = "at or below" if a.score == "p_hostless" else "at or above"
    ax.set(
        xlabel=f"cutoff: matched where {a.score} is {side} it",
        ylabel="share of sources",
        ylim=(0, 1.02),
    )
    ax.set_title("Against the cutoff (bands: 68% interval)", fontsize=10)
    ax.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2)
    grid(ax)


def draw_metrics(ax: Axes, table: Table) -> None:
    """The five metrics of an assessment's table with their intervals, onto axes."""
    for name, given, style, label in LINES:
        color = given or ink()
        ax.plot(table["cutoff"], table[name], style, color=color, lw=1.5, label=label)
        ax.fill_between(
            table["cutoff"], table[f"{name}_lo"], table[f"{name}_hi"], color=color, alpha=0.12, lw=0
        )


def draw_purity_completeness(ax: Axes, assessments: Mapping[str, bm.Assessment]) -> None:
    """Purity against completeness of the counterparts, the crossing marked, onto axes."""
    lowest = 1.0
    for color, (name, a) in zip(SERIES, assessments.items(), strict=False):
        cutoff, matched, right = a.curve
        n = a.n_counterparts
        if n == 0 or len(matched) == 0:
            continue
        # The first few sources say nothing about purity.
        keep = matched >= min(20, matched[-1])
        completeness, purity = right[keep] / n, right[keep] / matched[keep]
        value = a.crossing.value
        ax.plot(
            completeness,
            purity,
            color=color,
            lw=1.6,
            label=f"{name}: equal at {value:.3f}" if np.isfinite(value) else name,
        )
        if np.isfinite(value):
            ax.plot(value, value, "o", color=color, ms=6, mec=ink(), mew=0.6, zorder=3)
        lowest = min(lowest, float(purity.min()))
    low = max(0.0, lowest - 0.02)
    ax.plot([low, 1], [low, 1], ":", color=guide(), lw=1, zorder=0)
    ax.set(
        xlim=(0, 1.005),
        ylim=(low, 1 + 0.02 * (1 - low)),
        xlabel="completeness: right / with a counterpart",
        ylabel="purity: right / matched",
    )
    ax.set_title("As the cutoff varies (dotted: purity = completeness)", fontsize=10)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, fontsize=9, loc="lower left")
    grid(ax)


def draw_reliability(
    ax: Axes,
    table: Table,
    *,
    color: str = COUNTERPART,
    label: str = "",
    of: str = "",
    numbers: bool = True,
) -> None:
    """A reliability diagram onto axes: the share that came true against the mean probability.

    `numbers` writes how many are in each bin along the bottom.
    """
    used = table[np.asarray(table["n"]) > 0]
    predicted, observed = np.asarray(used["predicted"]), np.asarray(used["observed"])
    ax.plot([0, 1], [0, 1], ":", color=guide(), lw=1, zorder=0)
    # At 0 of n and n of n rounding can leave the interval's end on the wrong side.
    error = np.maximum(0, [observed - used["observed_lo"], used["observed_hi"] - observed])
    ax.errorbar(
        predicted, observed, error, fmt="o-", ms=5, lw=1.0, color=color, label=label, capsize=2
    )
    if numbers:
        for x, n in zip((np.asarray(used["bin"]) + 0.5) / len(table), used["n"], strict=True):
            ax.text(x, -0.055, f"{n:,}", ha="center", fontsize=7, color=faint())
    ax.set(
        xlim=(-0.02, 1.02),
        ylim=(-0.08 if numbers else -0.02, 1.02),
        xlabel=f"mean probability {of}".strip() + ("\n(small: how many)" if numbers else ""),
        ylabel="share that came true (bars: 68% interval)",
    )
    ax.set_aspect("equal")
    if label:
        ax.legend(frameon=False, fontsize=9, loc="upper left")
    grid(ax)
