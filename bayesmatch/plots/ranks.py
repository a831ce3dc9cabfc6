"""The ranks beside the candidates of a finding chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .backdrop import Ink

#: points: of letters; from the middle of a number to the end of its halo
LETTERS, HALF_LABEL = 10, 8.0
#: points: from a symbol's edge to the middle of its number, in the order in which they are tried
GAPS = (7.0, 11.0, 17.0)
#: members of one association nearer to each other than this share of the reach have one number
ONE_PLACE = 0.1


def write_ranks(
    ax: Axes,
    candidates: Sequence[tuple[int, np.ndarray, float]],
    spots: Sequence[np.ndarray],
    reach: float,
    ink: Ink,
) -> None:
    """The rank beside every candidate, in the direction with most room, inside the frame.

    Parameters
    ----------
    ax : Axes
        A chart.
    candidates : sequence of (int, ndarray, float)
        Rank, offset (arcsec, (2,)) and area of the symbol (points^2), in the order of ranks.
    spots : sequence of ndarray
        Where symbols are, arcsec.
    reach : float
        Half the chart's width, arcsec.
    ink : Ink
        For this chart.
    """
    arcsec = _arcsec_per_point(ax, reach)
    angle = np.radians(np.arange(0, 360, 15))
    directions = np.column_stack([np.cos(angle), np.sin(angle)])
    symbols, written = np.reshape(spots, (-1, 2)), np.empty((0, 2))
    named: list[tuple[int, np.ndarray]] = []
    for rank, at, area in candidates:
        if any(r == rank and np.hypot(*(at - spot)) < ONE_PLACE * reach for r, spot in named):
            continue
        steps = np.repeat([gap + 0.5 * np.sqrt(area) for gap in GAPS], len(directions))
        tried = np.tile(directions, (len(GAPS), 1)) * steps[:, None] * arcsec  # from the symbol
        places = at + tried
        others = symbols[np.hypot(*(symbols - at).T) > 0]
        score = np.minimum(_room(places, others), 16.0 * arcsec)
        score += 1e-3 * (places @ at) / max(np.hypot(*at), 1e-9)  # ties go outwards
        score -= 0.05 * steps * arcsec  # rather near its symbol
        # neither on another number nor over the frame, as far as that goes
        score -= 1e3 * np.maximum(2 * HALF_LABEL * arcsec - _room(places, written), 0.0)
        score -= 1e6 * np.maximum(np.abs(places).max(axis=1) + HALF_LABEL * arcsec - reach, 0.0)
        best = int(np.argmax(score))
        x, y = tried[best] / arcsec
        ax.annotate(
            str(rank),
            (float(at[0]), float(at[1])),
            (-x, y),  # east is to the left
            zorder=5,
            ha="center",
            textcoords="offset points",
            va="center",
            fontsize=LETTERS,
            color=ink.line,
            path_effects=ink.halos(2.5),
        )
        written = np.vstack([written, places[best]])
        named.append((rank, at))


def _room(places: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Distance of each place from the nearest of some others, (n,)."""
    apart = np.hypot(*(places[:, None] - others[None]).T)
    room: np.ndarray = apart.min(axis=0, initial=np.inf)
    return room


def _arcsec_per_point(ax: Axes, reach: float) -> float:
    """How much of the sky a point of the figure is, once the axes have their place."""
    figure = cast(Figure, ax.figure)
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    ax.apply_aspect()
    return float(2 * reach / (72 * ax.bbox.height / figure.dpi))
