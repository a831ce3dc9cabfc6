"""What lies under and around the symbols of a chart: image, scale, compass, other catalogues."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patheffects import AbstractPathEffect, withStroke

from .charts import error_ellipse
from .images.cutout import Cutout
from .images.stretch import color, grey
from .overlays import Overlay

#: line styles and words of secure, not secure, not known
SECURE = {1: ("-", "secure"), 0: ("--", "not secure"), -1: ("-.", "")}
CROSSES = ("x", "1", "2", "3", "4")
NO_DATA = "#b9c4cf"
#: brightness of a colour that text on it must be dark on
LIGHT = 0.5


@dataclass(frozen=True)
class Ink:
    """What lines and text on a chart are drawn with."""

    line: str
    """colour of text and thin lines"""
    halo: str
    """around them, of the brightness of what they lie on"""
    image: bool
    """whether an image lies under them"""
    source: str = "tab:red"
    """colour of the source"""
    faint: str = "0.75"
    """of what matters least"""
    secure: tuple[str, str, str] = ("#e69f00", "#0072b2", "#cc79a7")
    """of other X-ray sources: not secure, secure, not known; the last is number -1"""

    def halos(self, width: float) -> list[AbstractPathEffect]:
        """Path effects that set a line of some width (points) off from an image."""
        return [withStroke(linewidth=width, foreground=self.halo)]


def is_light(given: str) -> bool:
    """Whether a colour is nearer to white."""
    return float(np.dot(to_rgb(given), (0.299, 0.587, 0.114))) > LIGHT


def draw_image(ax: Axes, cutout: Cutout | None) -> Ink:
    """The image, dark objects on a light sky or in its colours; what to draw with on it."""
    if cutout is None:
        return Ink(rcParams["text.color"], rcParams["axes.facecolor"], False)
    ax.set_facecolor(NO_DATA)
    colored = cutout.data.ndim == 3
    ax.imshow(
        color(cutout.data) if colored else grey(cutout.data),
        cmap="gray_r",
        vmin=0.0,
        vmax=1.05,
        origin="lower",
        extent=cutout.extent,
        interpolation="nearest",
        zorder=0,
    )
    if colored:
        return Ink("w", "k", True, "#ff6f61", "0.7", ("#ffc04d", "#6fc8ff", "#ff9fd0"))
    return Ink("k", "w", True, "#d40000", "0.45", ("#c96a00", "#0060c0", "#b0307a"))


def caption_of_image(cutout: Cutout) -> str:
    """What the image is, for the caption."""
    files = [name.replace("\\", "/").rsplit("/", 1)[-1] for name in cutout.files]
    named = files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
    if len(cutout.bands) == 3:
        red, green, blue = cutout.bands
        shown = (
            "in colour"
            if (red, green, blue) == ("red", "green", "blue")
            else (f"{red}, {green or 'the mean'}, {blue} as red, green, blue")
        )
        text = f"image: {named} ({shown})"
    else:
        text = f"image: {named}" + (f" ({cutout.bands[0]})" if cutout.bands else "")
    return text + ("; blue-grey: no image" if cutout.covered < 0.995 else "")


def draw_overlays(ax: Axes, overlays: Sequence[tuple[Overlay, np.ndarray]], ink: Ink) -> list[str]:
    """Other X-ray catalogues' sources with their 95% errors; return what the caption says."""
    seen: dict[int, None] = {}
    for k, (overlay, offsets) in enumerate(overlays):
        for n, (x, y) in enumerate(offsets):
            state = int(overlay.secure[n])
            given, style = ink.secure[state], SECURE[state][0]
            seen[state] = None
            if np.isfinite(overlay.covariance[n]).all():
                circle = error_ellipse(
                    overlay.covariance[n], math.sqrt(-2 * math.log(0.05)), (x, y), given, style, 1.6
                )
                circle.set(path_effects=ink.halos(3.0), zorder=2.2)
                ax.add_patch(circle)
            ax.plot(
                x,
                y,
                CROSSES[k % len(CROSSES)],
                color=given,
                ms=7,
                mew=1.8,
                zorder=2.3,
                path_effects=ink.halos(3.2),
            )
    if not seen:
        return []
    words = {1: "blue: secure", 0: "orange, dashed: not secure", -1: "pink, dash-dotted"}
    names = ", ".join(
        f"{overlay.name} ({CROSSES[k % len(CROSSES)]})" if len(overlays) > 1 else overlay.name
        for k, (overlay, offsets) in enumerate(overlays)
        if len(offsets)
    )
    told = ", ".join(words[state] for state in sorted(seen, reverse=True))
    return [f"{names} with 95% errors: {told}"]


def draw_scale_and_compass(ax: Axes, reach: float, spots: np.ndarray, ink: Ink) -> None:
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
    """
    corners = [(sx, sy) for sy in (-1, 1) for sx in (1, -1)]
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
