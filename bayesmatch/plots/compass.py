"""The scale bar and the directions of a chart."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes

from .backdrop import Ink


def draw_scale_and_compass(
    ax: Axes, reach: float, spots: np.ndarray, ink: Ink, *, legend: bool = False
) -> None:
    """A scale bar and the directions, in the corners that have most room.

    Parameters
    ----------
    ax : Axes
        A chart.
    reach : float
        Half its width, arcsec.
    spots : ndarray, shape (n, 2)
        Where its symbols are, arcsec.
    ink : Ink
        For this chart.
    legend : bool, default False
        Whether a legend is in the upper right corner.
    """
    corners = [(1, -1), (-1, -1), (1, 1), *([] if legend else [(-1, 1)])]
    room = [
        np.hypot(*(spots - 0.8 * reach * np.array(corner)).T).min(initial=np.inf)
        for corner in corners
    ]
    order = np.argsort(-np.minimum(room, 0.45 * reach), kind="stable")
    _scale(ax, reach, corners[order[0]], ink)
    _compass(ax, reach, corners[order[1]], ink)


def _scale(ax: Axes, reach: float, corner: tuple[int, int], ink: Ink) -> None:
    length = _round_length(0.5 * reach)
    x, y = corner[0] * 0.92 * reach, corner[1] * 0.9 * reach
    end = x - corner[0] * length
    ax.plot([x, end], [y, y], color=ink.line, lw=2.2, zorder=6, path_effects=ink.halos(4.2))
    ax.annotate(
        f"{length:g}″" if length < 60 else f"{length / 60:g}′",
        ((x + end) / 2, y),
        (0, -5 if corner[1] > 0 else 5),
        textcoords="offset points",
        ha="center",
        va="top" if corner[1] > 0 else "bottom",
        color=ink.line,
        fontsize=10,
        zorder=6,
        path_effects=ink.halos(2.5),
    )


def _round_length(longest: float) -> float:
    """The longest length (arcsec) that is 1, 2 or 5 times a power of ten, of arcsec or arcmin."""
    unit = 60.0 if longest >= 60 else 1.0
    power = 10.0 ** math.floor(math.log10(longest / unit))
    step = max(n for n in (1, 2, 5) if n * power * unit <= longest * (1 + 1e-9))
    return float(step * power * unit)


def _compass(ax: Axes, reach: float, corner: tuple[int, int], ink: Ink) -> None:
    """North and east from a point near a corner, so that both arrows stay inside."""
    arm = 0.17 * reach
    x = corner[0] * 0.9 * reach - (arm if corner[0] > 0 else 0)
    y = corner[1] * 0.9 * reach - (arm if corner[1] > 0 else 0)
    for dx, dy, name in ((0, 1, "N"), (1, 0, "E")):
        arrow = ax.annotate(
            "",
            (x + dx * arm, y + dy * arm),
            (x, y),
            zorder=6,
            arrowprops={
                "arrowstyle": "-|>",
                "color": ink.line,
                "lw": 1.5,
                "shrinkA": 0,
                "shrinkB": 0,
                "path_effects": ink.halos(3.4),
            },
        )
        arrow.set_zorder(6)
        ax.annotate(
            name,
            (x + dx * arm, y + dy * arm),
            (-6 * dx, 6 * dy),
            textcoords="offset points",
            ha="right" if dx else "center",
            va="bottom" if dy else "center",
            color=ink.line,
            fontsize=10,
            zorder=6,
            path_effects=ink.halos(2.5),
        )
