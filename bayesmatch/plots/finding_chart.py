"""Finding chart of one source on an image, with the table of its candidates."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from .chart_table import TABLE, ChartTable
from .explanation import chart_title
from .finding import View, draw_candidates, draw_separations, view_of
from .images.read import open_images
from .overlays import as_overlays
from .style import styled

if TYPE_CHECKING:
    import bayesmatch as bm

#: inches: side of the chart
CHART = 5.4
#: characters of a line below
WIDE = 150


@styled
def finding_chart(
    explanation: bm.Explanation, image: Any = None, *, also: Any = (), truth: Any = None
) -> Figure:
    """A source on an image of the sky, its candidates ringed and numbered, and a table of them.

    North is up and east to the left; positions are true to the image's own coordinates. Rings are
    coloured by the probability of being the counterpart.

    Parameters
    ----------
    explanation : Explanation
        From :func:`bayesmatch.explain`.
    image : path, three paths or images, optional
        As :func:`open_images` takes it, and gives it for many charts. Default: the explanation's
        own; the chart is drawn without where there is none.
    also : path, Overlay or several of them, optional
        Other X-ray catalogues, as :func:`read_overlay` reads them. Default: the explanation's own.
    truth : int or str, optional
        Identifier of the true counterpart, or ``hostless``; the table tells right from wrong.

    Returns
    -------
    Figure
        One that :func:`save` writes.

    Raises
    ------
    ValueError, TypeError
        If `image` or `also` is none.
    ImportError
        If an image is given and the extra ``images`` is not installed.
    """
    e = explanation
    source = e.image if image is None else open_images(image)
    given = also if isinstance(also, (list, tuple)) else [also]
    overlays = as_overlays(given) if given else e.also
    width, height = CHART + TABLE + 1.35, CHART + 1.95
    figure = Figure(figsize=(width, height))
    top = height - 0.75
    ax = figure.add_axes((0.85 / width, (top - CHART) / height, CHART / width, CHART / height))
    view = View(1.0)
    if e.objects.positions_known and np.isfinite(e.objects.source).all():
        view = view_of(e, source, overlays)
        caption = draw_candidates(ax, e, view)
    else:
        caption = draw_separations(ax, e)
    caption = textwrap.fill(" ".join(caption.split()), WIDE)
    figure.text(0.85 / width, (top - CHART - 0.58) / height, caption, va="top", fontsize=9)
    table = figure.add_axes(
        ((CHART + 1.15) / width, (top - CHART) / height, TABLE / width, CHART / height)
    )
    table.set(xlim=(0, TABLE), ylim=(CHART, 0))
    table.set_axis_off()
    ChartTable(table).write(e, view, _true_rows(e, truth))
    figure.suptitle(chart_title(e), fontsize=12, y=1 - 0.2 / height, va="top", parse_math=False)
    return figure


def _true_rows(e: bm.Explanation, truth: Any) -> tuple[str, np.ndarray] | None:
    """The true identifier, and which rows of the table hold it; None: not known."""
    if truth is None:
        return None
    name = str(truth).strip()
    n = len(e.table)
    if name.lower() == "hostless":
        return "no counterpart", np.arange(n) == 0
    for catalogue, id_name in zip(e.catalogues, e.id_names, strict=True):
        ids = np.ma.filled(np.ma.asarray(e.table[f"{catalogue}_{id_name}"]).astype(str), "")
        there = (np.char.strip(ids) == name) & (np.asarray(e.table[catalogue]) >= 0)
        if there.any():
            return f"{catalogue} {name}", there
    return f"{e.catalogues[0]} {name}", np.zeros(n, bool)
