"""Pieces of finding charts: offsets in arcsec around a source, east to the left."""

from __future__ import annotations

import math

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patches import Ellipse

from ..catalogs.errors import ErrorProfile
from ..catalogs.gaussian import GAUSSIAN
from .style import SOURCE

#: probabilities
COLORS = colormaps["viridis_r"]
SCALE = Normalize(0, 1)


def probability_colors() -> ScalarMappable:
    """What a colour bar of probabilities needs."""
    return ScalarMappable(SCALE, COLORS)


def error_ellipse(
    covariance: np.ndarray,
    factor: float,
    center: tuple[float, float] = (0.0, 0.0),
    color: str = SOURCE,
    style: str = "-",
    width: float = 1.0,
) -> Ellipse:
    """Ellipse at `factor` sigma of a covariance (east^2, north^2, east*north), arcsec^2."""
    xx, yy, xy = covariance
    spread, axes = np.linalg.eigh([[xx, xy], [xy, yy]])
    # rounding may leave the minor axis of a very thin one below 0
    minor, major = 2 * factor * np.sqrt(np.maximum(spread, 0.0))
    angle = math.degrees(math.atan2(axes[1, 1], axes[0, 1]))
    return Ellipse(center, major, minor, angle=angle, fill=False, ec=color, ls=style, lw=width)


def draw_source(
    ax: Axes,
    covariance: np.ndarray,
    radius: float,
    profile: ErrorProfile = GAUSSIAN,
    *,
    color: str = SOURCE,
    width: float = 1.0,
    faint: str = "0.75",
) -> None:
    """The source in the middle, its 68% and 95% errors (unless NaN), and the search radius."""
    if np.isfinite(covariance).all():
        for containment, style in ((0.68, "-"), (0.95, "--")):
            factor = float(profile.quantile(containment))
            ax.add_patch(error_ellipse(covariance, factor, (0.0, 0.0), color, style, width))
    ax.add_patch(Ellipse((0, 0), 2 * radius, 2 * radius, fill=False, ec=faint, lw=0.8))
    ax.plot(0, 0, "+", color=color, ms=9, mew=1.4)


def frame(ax: Axes, reach: float) -> None:
    """Show offsets up to `reach` arcsec, east to the left."""
    ax.set_xlim(reach, -reach)
    ax.set_ylim(-reach, reach)
    ax.set_aspect("equal")
