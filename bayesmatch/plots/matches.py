"""Figures of a match: finding charts, and the plane of the probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .._kernels.sphere import offset
from ..catalogs.catalog import Catalog
from ..catalogs.tails import profile_with
from ..matching.result import MatchResult
from .charts import COLORS, SCALE, draw_source, frame, probability_colors
from .style import HOSTLESS_SCALE, ink, styled


@styled
def sky_map(
    result: MatchResult, primary: Catalog, other: Catalog, rows: Sequence[int] | np.ndarray
) -> Figure:
    """Finding charts of some primaries: error ellipses, and candidates coloured by p_match.

    Parameters
    ----------
    result : MatchResult
        Of these two catalogues.
    primary, other : Catalog
        As they were matched.
    rows : sequence of int
        Rows of the primaries to show, a chart each.

    Returns
    -------
    Figure
        One that :func:`save` writes.
    """
    n_columns = min(3, len(rows))
    n_lines = -(-len(rows) // n_columns)
    figure = Figure(figsize=(3.6 * n_columns + 1.0, 3.7 * n_lines + 0.9), layout="constrained")
    axes = figure.subplots(n_lines, n_columns, squeeze=False)
    for ax in axes.flat[len(rows) :]:
        ax.set_axis_off()
    for ax, row in zip(axes.flat, rows, strict=False):
        _chart(ax, result, primary, other, int(row))
    for ax in axes[-1]:
        ax.set_xlabel("offset to the east (arcsec)")
    for ax in axes[:, 0]:
        ax.set_ylabel("offset to the north (arcsec)")
    figure.colorbar(
        probability_colors(),
        ax=axes,
        shrink=0.7,
        label="p_match: probability of being the counterpart",
    )
    figure.suptitle(
        f"{primary.name} sources with their {other.name} candidates\n"
        f"red: {primary.name} position with its 68% (solid) and 95% (dashed) error; "
        "grey: search radius; square: most probable candidate",
        fontsize=10,
    )
    return figure


def _chart(ax: Axes, result: MatchResult, primary: Catalog, other: Catalog, row: int) -> None:
    table = result.associations
    number = int(primary.row_numbers(np.array([row]))[0])
    mine = table[(np.asarray(table[primary.name]) == number) & (np.asarray(table[other.name]) >= 0)]
    radius = result.record.radius_arcsec
    spots = np.array(
        [
            offset(primary.ra[row], primary.dec[row], other.ra[j], other.dec[j], s)
            for j, s in zip(
                other.held(np.asarray(mine[other.name])),
                mine[f"Separation_{primary.name}_{other.name}"],
                strict=True,
            )
        ]
    ).reshape(-1, 2)
    p_match = np.asarray(mine["p_match"])
    profile = profile_with(result.record.primary.tails)
    draw_source(ax, primary.covariance(np.array([row]))[0], radius, profile)
    if len(spots):
        ax.scatter(
            spots[:, 0], spots[:, 1], s=36, c=COLORS(SCALE(p_match)), ec=ink(), lw=0.5, zorder=3
        )
        best = int(p_match.argmax())
        ax.plot(*spots[best], "s", color=ink(), ms=12, mfc="none", mew=0.9, zorder=4)
    frame(ax, 1.08 * radius)
    source = result.sources[row]
    ax.set_title(
        f"{primary.name} {source[f'{primary.name}_{primary.id_name}']}:  "
        f"p_hostless {source['p_hostless']:.2f}",
        fontsize=10,
    )


@styled
def probability_plane(result: MatchResult) -> Figure:
    """p_any against p_i of every primary's best association, coloured by p_hostless.

    Parameters
    ----------
    result : MatchResult
        From :func:`bayesmatch.match`.

    Returns
    -------
    Figure
        One that :func:`save` writes.
    """
    sources = result.sources
    primary, other = result.catalogue_names[:2]
    has = np.asarray(sources["p_i"]) > 0
    p_any, p_i = np.asarray(sources["p_any"])[has], np.asarray(sources["p_i"])[has]
    p_hostless = np.asarray(sources["p_hostless"])[has]
    figure = Figure(figsize=(6.6, 5.4), layout="constrained")
    ax = figure.subplots()
    order = np.argsort(-np.abs(p_hostless - 0.5), kind="stable")  # the doubtful ones on top
    drawn = ax.scatter(
        p_i[order],
        p_any[order],
        c=p_hostless[order],
        cmap=HOSTLESS_SCALE,
        vmin=0,
        vmax=1,
        s=16,
        lw=0.3,
        ec=ink(),
    )
    figure.colorbar(drawn, label="p_hostless: calibrated probability of no counterpart")
    ax.set_xlabel("p_i: is it this one, if there is a counterpart?")
    ax.set_ylabel("p_any: is there a counterpart? (NWAY)")
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.02)
    ax.set_title(
        f"Best {other} association of {has.sum():,} {primary} sources\n"
        f"({(~has).sum():,} more have no candidate within "
        f"{result.meta['radius_arcsec']:g} arcsec)",
        fontsize=11,
    )
    return figure
