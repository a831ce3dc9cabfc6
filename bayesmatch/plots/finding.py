"""Finding chart of one source explained: its candidates, or how far they are."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from .backdrop import (
    Ink,
    caption_of_image,
    draw_image,
)
from .charts import COLORS, SCALE, draw_source, error_ellipse, frame
from .compass import draw_scale_and_compass
from .images.cutout import Cutout
from .images.read import ImageSource
from .overlays import Overlay
from .ranks import write_ranks
from .style import faint, is_light
from .style import ink as ink_color
from .xray_marks import draw_overlays

if TYPE_CHECKING:
    from typing import Any

    import bayesmatch as bm

    Surroundings = Any  # of diagnostics, a later room

#: candidates numbered
MAX_NUMBERED = 8
#: the chart need not reach candidates this far (log10) behind the best
NEGLIGIBLE = 8.0
#: largest error of a candidate (of the chart's half width) that its symbol hides
HIDDEN = 0.025
MARKERS = "osD^vPX"
#: area (points^2) of a ring around a candidate on an image
RING = 190.0
#: a chart on an image shows at least this far (arcsec), if the search radius does
LEAST_REACH = 6.0


@dataclass(frozen=True)
class View:
    """What a chart shows beside the candidates."""

    reach: float
    """half its width, arcsec"""
    cutout: Cutout | None = None
    """the image under it"""
    overlays: tuple[tuple[Overlay, np.ndarray], ...] = ()
    """other X-ray sources in it, and their offsets (m, 2), arcsec"""
    asked: bool = False
    """whether an image was wanted"""


def view_of(e: bm.Explanation, image: ImageSource | None, also: tuple[Overlay, ...]) -> View:
    """The part of the sky that the chart of a source shows, looked up in images and catalogues."""
    o = e.objects
    reach = _reach(e)
    ra, dec = (float(x) for x in o.source)
    if image is None and not also:
        return View(reach)
    overlays = tuple(one.around(ra, dec, reach) for one in also)
    cutout = None
    if image is not None:
        reach = min(max(reach, LEAST_REACH), max(reach, 1.08 * e.radius_arcsec))
        cutout = image.cutout(ra, dec, reach)
    return View(reach, cutout, overlays, image is not None)


def draw_candidates(ax: Axes, e: bm.Explanation, view: View | None = None) -> str:
    """Draw the chart; return its caption."""
    view = View(_reach(e)) if view is None else view
    o, reach = e.objects, view.reach
    frame(ax, reach)
    ink = draw_image(ax, view.cutout)
    draw_source(
        ax,
        o.source_covariance,
        e.radius_arcsec,
        o.profiles[0],
        color=ink.source,
        width=1.5 if ink.image else 1.0,
        faint=ink.faint,
    )
    if ink.image:
        for patch in ax.patches:
            patch.set_path_effects(ink.halos(patch.get_linewidth() + 1.4))
        for line in ax.lines:
            line.set(path_effects=ink.halos(3.2), zorder=2.6)  # above other X-ray sources
    others = draw_overlays(ax, view.overlays, ink)
    own_errors = False
    for n in np.lexsort((o.p, o.catalogue)):
        x, y = o.offset[n]
        if max(abs(x), abs(y)) > reach:
            continue
        variance = float(o.covariance[n, :2].max())
        r68 = float(o.profiles[1 + o.catalogue[n]].quantile(0.68))
        if r68 * np.sqrt(variance) > HIDDEN * reach:  # False where it is NaN
            own = error_ellipse(o.covariance[n], r68, (x, y), color=ink.line, width=0.7)
            ax.add_patch(own)
            own_errors = True
        _draw_object(ax, o, n, ink)
    write_ranks(
        ax,
        [(int(o.rank[n]), o.offset[n], _area(o.p[n], ink)) for n in _numbered(o, reach)],
        _spots(o, view),
        reach,
        ink,
    )
    _name_markers(ax, e)
    if ink.image or view.asked:
        named = len(e.catalogues) > 1  # there is a legend
        draw_scale_and_compass(ax, reach, np.array(_spots(o, view)), ink, legend=named)
    ax.set(xlabel="offset to the east (arcsec)", ylabel="offset to the north (arcsec)")
    return textwrap.fill("; ".join(_caption(e, view, ink, others, own_errors)), 84)


def _spots(o: Surroundings, view: View) -> list[np.ndarray]:
    """Where symbols are: of candidates, the source and other X-ray sources."""
    return [*o.offset, np.zeros(2), *(at for _, found in view.overlays for at in found)]


def _numbered(o: Surroundings, reach: float) -> list[int]:
    """Candidates in the chart that get a number, by rank."""
    order = np.lexsort((o.catalogue, o.rank)).tolist()
    return [n for n in order if o.rank[n] <= MAX_NUMBERED and np.abs(o.offset[n]).max() <= reach]


def _area(p: float, ink: Ink) -> float:
    """Of a candidate's symbol, points^2."""
    return RING if ink.image else _size(p)


def _draw_object(ax: Axes, o: Surroundings, n: int, ink: Ink) -> None:
    """The symbol of a candidate; on an image a ring, so that the object shows in it."""
    given = COLORS(SCALE(o.p[n]))
    marker = MARKERS[o.catalogue[n] % len(MARKERS)]
    x, y = o.offset[n]
    if ink.image:
        edge = "k" if is_light(given) else "w"  # shows the ring on any ground
        size = RING * (1 + 0.55 * o.catalogue[n])  # later catalogues around, all show
        ax.scatter(
            x,
            y,
            s=size,
            facecolors="none",
            edgecolors=[given],
            lw=2.2,
            marker=marker,
            zorder=3,
            path_effects=[withStroke(linewidth=3.6, foreground=edge)],
        )
        return
    # Later catalogues on top and smaller, so that members of one association all show.
    ax.scatter(
        x,
        y,
        s=_size(o.p[n]) * max(0.15, 0.45 ** o.catalogue[n]),
        ec=ink.line,
        lw=0.6,
        color=given,
        marker=marker,
        zorder=3,
    )


def _caption(
    e: bm.Explanation, view: View, ink: Ink, others: list[str], own_errors: bool
) -> list[str]:
    """What the chart shows, in parts."""
    o, reach = e.objects, view.reach
    known = bool(np.isfinite(o.source_covariance).all())
    outside = int((np.abs(o.offset).max(axis=1, initial=0.0) > reach).sum())
    parts = [
        "red: the source with its 68% (solid) and 95% (dashed) error"
        if known
        else "red: the source, its position error not recorded",
        f"grey: search radius, {e.radius_arcsec:.4g} arcsec"
        if reach * 1.4 > e.radius_arcsec
        else f"the search radius, {e.radius_arcsec:.4g} arcsec, lies outside the chart",
        *others,
    ]
    if own_errors:
        colored = {"k": "black", "black": "black", "w": "white", "white": "white"}
        parts.append(f"{colored.get(ink.line, 'thin')}: 68% error of a candidate")
    elif np.isfinite(o.covariance).any():
        parts.append("the candidates' own errors are smaller than their symbols")
    if outside:
        parts.append(
            f"{outside} more {'candidate lies' if outside == 1 else 'candidates lie'} "
            "outside the chart"
        )
    if view.cutout is not None:
        parts.append(caption_of_image(view.cutout))
    elif view.asked:
        parts.append("no image covers this place")
    return parts


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


def _size(p: float) -> float:
    return 30.0 + 130.0 * p


def _name_markers(ax: Axes, e: bm.Explanation) -> None:
    if len(e.catalogues) == 1:
        return
    for k, name in enumerate(e.catalogues):
        ax.scatter(
            [],
            [],
            s=45,
            color=faint(),
            ec=ink_color(),
            lw=0.6,
            marker=MARKERS[k % len(MARKERS)],
            label=name,
        )
    ax.legend(loc="upper right", fontsize=9)


def draw_separations(ax: Axes, e: bm.Explanation) -> str:
    """What is left of a chart without positions: how far the candidates are."""
    o = e.objects
    ax.vlines(o.separation, 0, o.p, color=faint(), lw=1)
    for n in np.argsort(o.p, kind="stable"):
        ax.scatter(
            o.separation[n],
            o.p[n],
            s=_size(o.p[n]),
            color=COLORS(SCALE(o.p[n])),
            ec=ink_color(),
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
