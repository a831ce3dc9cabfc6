"""Rayleigh plot: separations of counterparts in units of their error, and what is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..catalogs.errors import ErrorProfile
from .style import FITTED, QUOTED, grid, guide, ink, styled

if TYPE_CHECKING:
    import bayesmatch as bm

#: column of the candidates, colour, label
SERIES = (("before", QUOTED, "quoted errors"), ("after", FITTED, "fitted errors"))
X_MAX, BIN = 5.0, 0.25


@styled
def rayleigh_plot(fit: bm.PositionErrorFit) -> Figure:
    """Separations in units of sigma, as quoted and as fitted, beside a Rayleigh distribution.

    Every candidate counts with its probability of being the true one under the fitted errors.

    Parameters
    ----------
    fit : PositionErrorFit
        From :func:`bayesmatch.fit_position_errors`.

    Returns
    -------
    Figure
        One that :func:`save` writes.
    """
    figure = Figure(figsize=(11.0, 5.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    p = np.asarray(fit.candidates["p"])
    x = np.linspace(0, X_MAX, 251)
    profile = fit.profile
    expected = "expected (Rayleigh)" if fit.tail_fraction == 0 else "expected, with tails"
    left.plot(x, profile.density(x), "-", color=ink(), lw=1.4, label=expected)
    right.plot(x, profile.beyond(x), "-", color=ink(), lw=1.4, label="expected")
    for column, color, label in SERIES:
        distance = np.asarray(fit.candidates[column])
        _draw_histogram(left, distance, p, color, label)
        _draw_survival(right, distance, p, color, label)
    n = p.sum()
    _draw_band(right, x, profile, n)
    left.set(
        xlim=(0, X_MAX), ylim=(0, None), xlabel="separation / sigma", ylabel="probability density"
    )
    right.set(
        xlim=(0, X_MAX),
        ylim=(0.5 / n, 1.3),
        yscale="log",
        xlabel="separation / sigma",
        ylabel="share of counterparts farther out",
    )
    left.legend(frameon=False)
    right.legend(frameon=False, loc="lower left")
    for ax in (left, right):
        grid(ax)
    figure.suptitle(
        f"{fit.names[0]} position errors from {n:,.0f} counterparts{_among(fit)} (every candidate "
        f"counts with its probability)\nscale {fit.scale:.3f} ± {fit.scale_error:.3f}, "
        f'floor {fit.floor_arcsec:.2f} ± {fit.floor_arcsec_error:.2f}", '
        f'offset {fit.dra_arcsec:+.2f} ± {fit.dra_arcsec_error:.2f}" east, '
        f'{fit.ddec_arcsec:+.2f} ± {fit.ddec_arcsec_error:.2f}" north{_more(fit)}',
        fontsize=11,
    )
    return figure


def _among(fit: bm.PositionErrorFit) -> str:
    """In which catalogues."""
    return f" in {' and '.join(fit.names[1:])}" if len(fit.names) > 1 else ""


def _more(fit: bm.PositionErrorFit) -> str:
    """What else was found, for the title."""
    found = []
    if fit.tail_fraction > 0:
        found.append(
            f"tails {100 * fit.tail_fraction:.1f} ± {100 * fit.tail_fraction_error:.1f}% "
            f"{fit.tail_factor:.1f} times as wide"
        )
    if fit.matrix.any():
        turn = 0.5 * (fit.matrix[1, 0] - fit.matrix[0, 1])
        found.append(f'turned by {turn:+.2f}" per degree')
    return "\n" + ", ".join(found) if found else ""


def _draw_histogram(ax: Axes, distance: np.ndarray, p: np.ndarray, color: str, label: str) -> None:
    """Density with error bars, of weighted counts."""
    edges = np.arange(0, X_MAX + BIN / 2, BIN)
    count, _ = np.histogram(distance, edges, weights=p)
    error = np.sqrt(np.histogram(distance, edges, weights=p**2)[0])
    unit = p.sum() * BIN
    ax.stairs(count / unit, edges, color=color, lw=1.5, label=label)
    ax.errorbar(
        (edges[:-1] + edges[1:]) / 2, count / unit, error / unit, fmt="none", ecolor=color, lw=1.0
    )


def _draw_survival(ax: Axes, distance: np.ndarray, p: np.ndarray, color: str, label: str) -> None:
    """Share of the counterparts beyond each separation."""
    order = np.argsort(distance, kind="stable")
    beyond = 1.0 - np.cumsum(p[order]) / p.sum()
    keep = beyond > 0
    ax.step(
        np.append(0, distance[order][keep]),
        np.append(1, beyond[keep]),
        where="post",
        color=color,
        lw=1.5,
        label=label,
    )


def _draw_band(ax: Axes, x: np.ndarray, profile: ErrorProfile, n: float) -> None:
    """68% scatter of the expected share for n sources."""
    share = profile.beyond(x)
    half = np.sqrt(share * (1 - share) / n)
    ax.fill_between(
        x,
        np.maximum(share - half, 1e-12),
        share + half,
        color=guide(),
        alpha=0.35,
        lw=0,
        zorder=0,
        label="68% scatter",
    )
