"""Finding chart of one source explained: its candidates, or how far they are."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from .charts import COLORS, SCALE, draw_source, error_ellipse, frame

if TYPE_CHECKING:
    import bayesmatch as bm

#: candidates numbered
MAX_NUMBERED = 8
#: the chart need not reach candidates this far (log10) behind the best
NEGLIGIBLE = 8.0
#: largest error of a candidate (of the chart's half width) that its symbol hides
HIDDEN = 0.025
MARKERS = "osD^vPX"


def draw_candidates(ax: Axes, e: bm.Explanation) -> str:
    """Draw the chart; return its caption."""
    o = e.objects
    known = bool(np.isfinite(o.source_covariance).all())
    reach = _reach(e)
    frame(ax, reach)
    draw_source(ax, o.source_covariance, e.radius_arcsec, o.profiles[0])
    own_errors = False
    for n in np.lexsort((o.p, o.catalogue)):
        x, y = o.offset[n]
        if max(abs(x), abs(y)) > reach:
            continue
        variance = float(o.covariance[n, :2].max())
        r68 = float(o.profiles[1 + o.catalogue[n]].quantile(0.68))
        if r68 * np.sqrt(variance) > HIDDEN * reach:  # False where it is NaN
            ax.add_patch(error_ellipse(o.covariance[n], r68, (x, y), color="k", width=0.7))
            own_errors = True
        # Later catalogues on top and smaller, so that members of one association all show.
        ax.scatter(
            x,
            y,
            s=_size(o.p[n]) * max(0.15, 0.45 ** o.catalogue[n]),
            ec="k",
            lw=0.6,
            color=COLORS(SCALE(o.p[n])),
            marker=MARKERS[o.catalogue[n] % len(MARKERS)],
            zorder=3,
        )
    _write_ranks(ax, e, reach)
    _name_markers(ax, e)
    ax.set(xlabel="offset to the east (arcsec)", ylabel="offset to the north (arcsec)")
    outside = int((np.abs(o.offset).max(axis=1, initial=0.0) > reach).sum())
    parts = [
        "red: the source with its 68% (solid) and 95% (dashed) error"
        if known
        else "red: the source, its position error not recorded",
        f"grey: search radius, {e.radius_arcsec:.4g} arcsec"
        if reach * 1.4 > e.radius_arcsec
        else f"the search radius, {e.radius_arcsec:.4g} arcsec, lies outside the chart",
    ]
    if own_errors:
        parts.append("black: 68% error of a candidate")
    elif np.isfinite(o.covariance).any():
        parts.append("the candidates' own errors are smaller than their symbols")
    if outside:
        parts.append(
            f"{outside} more {'candidate lies' if outside == 1 else 'candidates lie'} "
            "outside the chart"
        )
    return textwrap.fill("; ".join(parts), 84)


def _reach(e: bm.Explanation) -> float:
    """Half width of the chart: the source's error and every candidate that matters."""
    o = e.objects
    whole = 1.08 * e.radius_arcsec
    if len(o.rank) == 0:
        return whole
    total = np.asarray(e.table["total"], float)
    matters = (o.rank <= MAX_NUMBERED) & ((total[o.rank] > total[1] - NEGLIGIBLE) | (o.rank == 1))
    reach = float(np.abs(o.offset[matters]).max())
    if np.isfinite(o.source_covariance).all():
        r95 = float(o.profiles[0].quantile(0.95))
        reach = max(reach, r95 * float(np.sqrt(o.source_covariance[:2].max())))
    return min(1.2 * reach, whole)


def _write_ranks(ax: Axes, e: bm.Explanation, reach: float) -> None:
    """The rank beside every numbered candidate, in the direction with most room."""
    o = e.objects
    arcsec = 2 * reach / (72 * ax.bbox.height / ax.figure.dpi)  # per point
    angle = np.radians(np.arange(0, 360, 30))
    directions = np.column_stack([np.cos(angle), np.sin(angle)])
    taken = [*o.offset, np.zeros(2)]
    written: list[tuple[int, np.ndarray]] = []
    for n in np.lexsort((o.catalogue, o.rank)):
        at, rank = o.offset[n], int(o.rank[n])
        same = [spot for other, spot in written if other == rank]
        if (
            rank > MAX_NUMBERED
            or np.abs(at).max() > reach
            or any(np.hypot(*(at - spot)) < 0.1 * reach for spot in same)
        ):
            continue  # members of one association at one place: one number
        points = 7.0 + 0.5 * np.sqrt(_size(o.p[n]))
        spots = at + directions * points * arcsec
        others = np.array([spot for spot in taken if np.hypot(*(spot - at)) > 0]).reshape(-1, 2)
        room = np.hypot(*(spots[:, None] - others[None]).T).min(axis=0, initial=np.inf)
        away = spots @ at / max(np.hypot(*at), 1e-9)  # ties go outwards
        best = directions[np.argmax(np.minimum(room, 2 * points * arcsec) + 1e-3 * away)]
        ax.annotate(
            str(rank),
            at,
            (-points * best[0], points * best[1]),
            zorder=5,
            ha="center",
            textcoords="offset points",
            va="center",
            fontsize=10,
            path_effects=[withStroke(linewidth=2.5, foreground="w")],
        )
        taken.append(at + best * points * arcsec)
        written.append((rank, at))


def _size(p: float) -> float:
    return 30.0 + 130.0 * p


def _name_markers(ax: Axes, e: bm.Explanation) -> None:
    if len(e.catalogues) == 1:
        return
    for k, name in enumerate(e.catalogues):
        ax.scatter(
            [], [], s=45, color="0.8", ec="k", lw=0.6, marker=MARKERS[k % len(MARKERS)], label=name
        )
    ax.legend(loc="upper right", fontsize=9)


def draw_separations(ax: Axes, e: bm.Explanation) -> str:
    """What is left of a chart without positions: how far the candidates are."""
    o = e.objects
    ax.vlines(o.separation, 0, o.p, color="0.7", lw=1)
    for n in np.argsort(o.p, kind="stable"):
        ax.scatter(
            o.separation[n],
            o.p[n],
            s=_size(o.p[n]),
            color=COLORS(SCALE(o.p[n])),
            ec="k",
            lw=0.6,
            zorder=3,
            marker=MARKERS[o.catalogue[n] % len(MARKERS)],
        )
    numbered = np.flatnonzero(o.rank <= MAX_NUMBERED)
    last, level = (-np.inf, 0.0), 0
    for n in numbered[np.argsort(o.separation[numbered])]:
        crowded = (
            o.separation[n] - last[0] < 0.04 * e.radius_arcsec and abs(o.p[n] - last[1]) < 0.05
        )
        level = level + 1 if crowded else 0
        last = (o.separation[n], o.p[n])
        ax.annotate(
            str(o.rank[n]),
            last,
            (0, 12 + 11 * level),
            ha="center",
            fontsize=10,
            textcoords="offset points",
        )
    _name_markers(ax, e)
    ax.set(
        xlim=(0, 1.02 * e.radius_arcsec),
        ylim=(-0.03, 1.1),
        xlabel="separation (arcsec)",
        ylabel="probability of being the counterpart",
    )
    return (
        "no finding chart: the positions are not in this result\n"
        "(a file has them if it is written with include_inputs=True)"
    )
