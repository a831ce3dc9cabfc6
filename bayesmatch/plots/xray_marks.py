"""Sources of other X-ray catalogues on a chart."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from .backdrop import Ink
from .charts import error_ellipse
from .overlays import Overlay

#: line styles and words of secure, not secure, not known
SECURE = {1: ("-", "secure"), 0: ("--", "not secure"), -1: ("-.", "")}


#: of the first, second, ... catalogue, and what they look like
CROSSES = ("x", "1", "2", "3", "4")
CROSS_NAMES = ("×", "Y", "inverted Y", "Y to the left", "Y to the right")


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
    words = {1: "blue: secure", 0: "orange, dashed: not secure", -1: "pink, dash-dotted: not known"}
    names = ", ".join(
        f"{overlay.name} ({CROSS_NAMES[k % len(CROSSES)]})" if len(overlays) > 1 else overlay.name
        for k, (overlay, offsets) in enumerate(overlays)
        if len(offsets)
    )
    told = ", ".join(words[state] for state in sorted(seen, reverse=True))
    return [f"{names} with 95% errors: {told}"]
