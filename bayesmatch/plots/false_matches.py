"""Figure of the false matches that fake positions show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .style import HOSTLESS, grid, ink, styled

if TYPE_CHECKING:
    import bayesmatch as bm

#: false fractions whose cutoffs are marked
MARKED = (0.1, 0.05, 0.01)


@styled
def calibration_curves(calibration: bm.Calibration) -> Figure:
    """Selected and false fraction against the cutoff, and against each other.

    Parameters
    ----------
    calibration : Calibration
        From :func:`bayesmatch.calibrate`.

    Returns
    -------
    Figure
        One that :func:`save` writes.
    """
    figure = Figure(figsize=(11.5, 4.9), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    _draw_fractions(left, calibration)
    _draw_exchange(right, calibration)
    m = calibration.meta
    primary, *others = m["catalogues"]
    place = {"fake": "between each source and a neighbour", "shift": "shifted a little"}
    figure.suptitle(
        f"{m['n_sources']:,} {primary} sources matched to {' and '.join(others)} within "
        f"{m['radius_arcsec']:g} arcsec, about {m['n_hostless']:,.0f} of them without a "
        f"counterpart,\nand {m['n_realizations']} times {np.mean(m['n_fake']):,.0f} positions that "
        f"belong to nothing ({place[m['method']]})",
        fontsize=10,
    )
    return figure


def _draw_fractions(ax: Axes, calibration: bm.Calibration) -> None:
    table, score = calibration.table, calibration.meta["score"]
    ax.plot(table["cutoff"], table["selected_fraction"], color=ink(), lw=1.8, label="all sources")
    ax.plot(
        table["cutoff"],
        table["false_fraction"],
        color=HOSTLESS,
        lw=1.8,
        label="sources without a counterpart",
    )
    for n, fractions in enumerate(calibration.by_realization):
        ax.plot(
            table["cutoff"],
            fractions,
            color=HOSTLESS,
            lw=0.5,
            alpha=0.35,
            label="" if n else "the same in each realization",
        )
    ax.fill_between(
        table["cutoff"],
        table["false_lo"],
        table["false_hi"],
        color=HOSTLESS,
        alpha=0.15,
        lw=0,
        label="its 95% interval for this list",
    )
    for row in calibration.rows(MARKED):
        ax.plot(row["cutoff"], row["false_fraction"], "o", color=ink(), ms=4.5, zorder=3)
    side = "at or below" if score == "p_hostless" else "at or above"
    ax.set(
        xlabel=f"cutoff: selected where {score} is {side} it",
        ylabel="fraction selected",
        xlim=(0, 1),
        ylim=(0, 1.02),
    )
    ax.legend(fontsize=8, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2)
    grid(ax)


def _draw_exchange(ax: Axes, calibration: bm.Calibration) -> None:
    table = calibration.table
    ax.plot(table["false_fraction"], table["selected_fraction"], color=ink(), lw=1.6)
    for row in calibration.rows(MARKED):
        at = (row["false_fraction"], row["selected_fraction"])
        ax.plot(*at, "o", color=ink(), ms=4.5)
        ax.annotate(
            f"cutoff {row['cutoff']:.4g}: {at[0]:.1%} and {at[1]:.1%}",
            at,
            (9, -9),
            textcoords="offset points",
            fontsize=8,
        )
    ax.set(
        xlabel="of the sources without a counterpart: selected",
        ylabel="of all sources: selected",
        xlim=(-0.02, 1.02),
        ylim=(0, 1.02),
    )
    grid(ax)
