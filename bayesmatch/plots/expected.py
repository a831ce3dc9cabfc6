"""Figure of the purity and completeness that a result expects of itself."""

from __future__ import annotations

import numpy as np
from astropy.table import Table
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..matching.result import MatchResult
from .style import COUNTERPART, faint, grid, styled

#: line styles
PURITY, COMPLETENESS = "-", "--"


@styled
def expected_curves(result: MatchResult, catalogue: str | None = None) -> Figure:
    """Expected purity and completeness against the cut, and how many are selected.

    Parameters
    ----------
    result : MatchResult
        From :func:`bayesmatch.match`, or read from a file.
    catalogue : str, optional
        The catalogue of the counterparts. Default: the first after the primary.

    Returns
    -------
    Figure
        One that :func:`save` writes.
    """
    table = result.expected(catalogue=catalogue)
    name = table.meta["catalogue"]
    figure = Figure(figsize=(7.0, 5.0), layout="constrained")
    ax = figure.subplots()
    _draw(ax, "purity", PURITY, table)
    _draw(ax, "completeness", COMPLETENESS, table)
    ax.set(
        xlabel=f"cutoff: selected where p_{name} is at or above it",
        ylabel="expected share (bands: 1 sigma)",
        xlim=(0, 1),
        ylim=(0, 1.02),
    )
    grid(ax)
    number = ax.twinx()
    number.plot(table["cutoff"], table["n_selected"], ":", color=faint(), lw=1.2)
    number.set(ylabel="sources selected (dotted)", ylim=(0, None))
    ax.legend(frameon=False, fontsize=9, loc="lower left")
    ax.set_title(
        f"{name} counterparts of {len(result.sources):,} {result.catalogue_names[0]} sources: "
        "from the probabilities alone",
        fontsize=10,
    )
    return figure


def _draw(ax: Axes, what: str, style: str, table: Table) -> None:
    """One curve with its band, onto axes."""
    cutoff, value, error = (np.asarray(table[name]) for name in ("cutoff", what, f"{what}_error"))
    ax.plot(cutoff, value, style, color=COUNTERPART, lw=1.6, label=what)
    low, high = np.maximum(value - error, 0.0), np.minimum(value + error, 1.0)
    ax.fill_between(cutoff, low, high, color=COUNTERPART, alpha=0.2, lw=0)
