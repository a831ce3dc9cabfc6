"""The figure of the protocol `ngc2264`."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle


def figure(
    tables: dict[str, Any], offsets: Any, chain: Any, two: Any, shifted: Any, fit: Any
) -> Figure:
    """The field, the offsets along the chain, and the probabilities of the stars.

    Takes what :mod:`validation.ngc2264` has made: the catalogues, the offsets along the chain,
    the chain, the match with 2MASS alone, the matches of shifted positions, and the fit of the
    position errors.
    """
    fig = Figure(figsize=(12.5, 4.4), layout="constrained")
    left, middle, right = fig.subplots(1, 3)
    draw_field(left, tables)
    draw_offsets(middle, *offsets, fit)
    draw_probabilities(right, chain, two, shifted)
    return fig


def draw_field(ax: Any, tables: dict[str, Any]) -> None:
    """Stars and X-ray sources on the sky."""
    for name, style, size, color, label in (
        ("TMASS", ".", 0.8, "0.8", None),
        ("XMM", ".", 3.5, "tab:blue", "XMM-Newton"),
        ("CHANDRA", "x", 2.5, "tab:orange", "Chandra"),
    ):
        ax.plot(
            tables[name]["RA"],
            tables[name]["DEC"],
            style,
            ms=size,
            mew=0.6,
            color=color,
            label=label,
            rasterized=True,
        )
    ax.set(
        xlabel="right ascension (deg)",
        ylabel="declination (deg)",
        title="NGC 2264",
        aspect=1 / np.cos(np.radians(9.9)),
    )
    ax.invert_xaxis()
    ax.legend(loc="upper left", fontsize="small", markerscale=1.5, handletextpad=0.2)


def draw_offsets(ax: Any, east: np.ndarray, north: np.ndarray, fit: Any) -> None:
    """XMM-Newton minus the star of the chain, and what the fit says."""
    ax.plot(east, north, ".", ms=3, color="tab:blue", alpha=0.6)
    centre = (-fit.dra_arcsec, -fit.ddec_arcsec)
    ax.plot(*centre, "+", ms=12, mew=1.6, color="k")
    for k in (1, 2):
        radius = k * np.hypot(1.5 * fit.scale, 0.2)
        ax.add_patch(Circle(centre, radius, fill=False, lw=1, ls=("-", "--")[k - 1]))
    ax.set(
        xlim=(6, -6),
        ylim=(-6, 6),
        aspect="equal",
        xlabel="to the east (arcsec)",
        ylabel="to the north (arcsec)",
        title="XMM-Newton minus star of the chain",
    )


def draw_probabilities(ax: Any, chain: Any, two: Any, shifted: Any) -> None:
    """Cumulative distributions of the probability of the most probable star."""
    samples = (
        ("star by the chain", two.p_star[chain.star >= 0], "tab:blue"),
        ("no star by the chain", two.p_star[chain.without], "tab:orange"),
        ("shifted positions", np.concatenate([o.p_star for o in shifted]), "0.4"),
    )
    for label, p, color in samples:
        ax.step(
            np.append(np.sort(p), 1),
            np.append(np.arange(1, len(p) + 1), len(p)) / len(p),
            where="post",
            color=color,
            lw=1.6,
            label=f"{label} ({len(p):,})",
        )
    ax.set(
        xlim=(-0.02, 1.02),
        ylim=(0, 1.02),
        xlabel="probability of the most probable star",
        ylabel="share of sources below",
        title="XMM-Newton with 2MASS alone",
    )
    ax.legend(loc="center", fontsize="small")
