"""Finding charts of some sources of each kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ... import plots
from ..._kernels import progress
from ...matching.result import MatchResult
from ...matching.wording import probability
from ...plots.finding import draw_candidates, draw_separations
from ..explanation.core import Explanation, explain
from ..published.core import classes
from .figures import Picture, picture

#: kinds of sources, and what is said above their charts
KINDS = {
    "secure": "One association has p_match at or above 0.9.",
    "ambiguous": "Neither an association nor the absence of one has a probability of 0.9.",
    "hostless": "p_hostless is at or above 0.9; candidates that are drawn are probably unrelated.",
    "claimed": "Another source has the same object as its best.",
}
LEGEND = (
    "North is up, east to the left. Red cross: the source, with its 68% (solid) and 95% (dashed) "
    "position error; symbols: candidates, darker and larger the more probable, numbered by rank; "
    "grey circle: the search radius."
)
ON_IMAGES = (
    "North is up, east to the left. Red: the source with its 68% (solid) and 95% (dashed) position "
    "error; rings: candidates, coloured by probability and numbered by rank; the link below a "
    "chart opens their evidence."
)
#: inches
SIDE = 3.4
#: which sources are shown is drawn with this seed
SEED = 0


@dataclass(frozen=True)
class Chart:
    """The chart of one source."""

    row: int
    """of the source"""
    source: str
    picture: Picture
    bare: bool = False
    """images were given, and none is of this part of the sky"""


def opened(images: Any) -> Any:
    """The images behind the charts, opened once, before any other work; None: there are none.

    Raises
    ------
    ValueError, TypeError, OSError, ImportError
        If they are no images, or what reads them is not installed.
    """
    if images is None:
        return None
    return plots.open_images(images)


def chosen(
    result: MatchResult, n_charts: int, shown: np.ndarray | None = None
) -> dict[str, list[int]]:
    """Rows of the sources that are shown, by kind: drawn at random, the same for equal results.

    Those that are `shown` (bool, by source) on images come before others.
    """
    which = classes(result)
    claimed = np.asarray(result.sources["n_claims"]) > 1
    random = np.random.default_rng(SEED)
    found = {}
    for kind in KINDS:
        rows = np.flatnonzero(claimed if kind == "claimed" else which == kind)
        some = random.permutation(rows)
        if shown is not None:
            some = some[np.argsort(~shown[some], kind="stable")]
        found[kind] = sorted(int(row) for row in some[:n_charts])
    return found


def charts(result: MatchResult, rows: list[int], images: Any) -> list[Chart]:
    """A chart of each of these sources."""
    primary = result.record.primary
    ids = result.sources[f"{primary.name}_{primary.id}"]
    found = []
    for row in progress.steps(rows, len(rows), "charts"):
        explanation = explain(result, ids[row])
        said = f"{explanation.source}. {explanation.text.splitlines()[0]}"
        if images is None:
            shown, bare = picture(_drawn(explanation), said, form="png"), False
        else:  # the table beside it is that of the evidence, which the chart opens
            chart = _on_image(explanation, images)
            bare = not chart.axes[0].images
            shown = picture(chart, said, form="jpg", only=chart.axes[0])
        found.append(Chart(row, explanation.source, shown, bare))
    return found


def _on_image(e: Explanation, images: Any) -> Figure:
    """The chart on its image, with the table of its candidates."""
    return plots.finding_chart(e, images)


def _drawn(e: Explanation) -> Figure:
    """The chart as a figure."""
    figure = Figure(figsize=(SIDE, SIDE + 0.2), layout="constrained")
    ax = figure.subplots()
    if e.objects.positions_known:
        draw_candidates(ax, e)
    else:
        draw_separations(ax, e)
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set_fontsize(8)
    ax.tick_params(labelsize=8)
    best = probability(float(e.table["p_match"][1])) if len(e.table) > 1 else "0"
    none = probability(float(e.table["p_match"][0]))
    ax.set_title(f"p_match {best}, p_hostless {none}", fontsize=8.5, parse_math=False)
    return figure
