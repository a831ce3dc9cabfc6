"""The figure of a comparison: what explains it hides no point."""

import io
from types import SimpleNamespace

import numpy as np
from astropy.table import Table

from bayesmatch.plots.nway import comparison_panels


def test_legends_lie_outside_the_axes():
    p = np.linspace(0, 1, 30)
    points = {"p_any": p, "p_any_nway": p, "p_match": p[::-1], "explained": np.arange(30) % 3 > 0}
    table = Table({"column": ["p_any"], "largest": [0.3], "unexplained": [3]})
    counts = {"both": 30, "only_here": 0, "only_there": 0}
    figure = comparison_panels(
        SimpleNamespace(points=points, other="nway.py", explained=False, counts=counts, table=table)
    )
    figure.savefig(io.BytesIO())  # laid out when it is drawn
    whole = figure.bbox
    for ax in figure.axes:
        legend = ax.get_legend().get_window_extent()
        assert not ax.bbox.overlaps(legend)
        assert whole.y0 <= legend.y0 and legend.y1 <= whole.y1
