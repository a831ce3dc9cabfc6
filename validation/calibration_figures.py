"""Figures of the calibration protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from bayesmatch.diagnostics import metrics
from bayesmatch.diagnostics.assessment.tables import reliability_table
from bayesmatch.plots.assessment import draw_reliability

Pairs = tuple[np.ndarray, np.ndarray]
#: fewer sources in a bin of a single sky are not drawn
MIN_IN_BIN = 30
TITLES = {
    "p_hostless": "1 - p_hostless: that there is a counterpart",
    "p_match": "p_match of every association",
    "p_match of the best": "p_match of the best association",
    "NWAY p_any": "NWAY's p_any (completeness 1)",
}


def reliability_diagrams(
    pooled: Mapping[str, Pairs],
    by_sky: Mapping[str, Sequence[Pairs]],
    host_fraction: Sequence[float],
    ece: Mapping[str, float],
) -> Figure:
    """A panel per probability: all skies in black, each sky coloured by its host fraction."""
    figure = Figure(figsize=(11.6, 10.2), layout="constrained")
    axes = figure.subplots(2, 2)
    scale, colors = Normalize(0, 1), colormaps["viridis"]
    for ax, (what, (p, true)) in zip(axes.flat, pooled.items(), strict=True):
        for fraction, (p_sky, true_sky) in zip(host_fraction, by_sky[what], strict=True):
            predicted, happened, n = metrics.reliability_bins(p_sky, true_sky)
            at = n >= MIN_IN_BIN
            ax.plot(
                predicted[at],
                happened[at] / n[at],
                "-",
                lw=0.8,
                alpha=0.8,
                zorder=1,
                color=colors(scale(fraction)),
            )
        draw_reliability(ax, reliability_table(p, true), color="k", numbers=False)
        mean = np.mean([metrics.calibration_error(*pair) for pair in by_sky[what]])
        ax.set_title(
            f"{TITLES[what]}\nECE {ece[what]:.4f} together, {mean:.4f} in the mean sky", fontsize=10
        )
        ax.set_xlabel("mean probability")
        ax.set_ylabel("share that came true")
    figure.colorbar(
        ScalarMappable(scale, colors),
        ax=axes,
        shrink=0.6,
        label="host fraction of the sky (thin lines)",
    )
    return figure


def errors_by_sky(
    rows: Sequence[Mapping[str, Any]],
    claimed: Sequence[str],
    hostless: str,
    p_any: str,
    limit: float,
) -> Figure:
    """ECE of every sky, and in units of the 95% point of its own floor."""
    figure = Figure(figsize=(13.0, 7.6), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True)
    x = np.arange(len(rows))
    for what, color, marker, label in (
        (p_any, "tab:orange", "s", "NWAY's p_any (completeness 1)"),
        (hostless, "tab:blue", "o", "p_hostless"),
    ):
        top.plot(x, [row[f"ece {what}"] for row in rows], marker, color=color, ms=5, label=label)
    top.plot(
        x,
        [row[f"p95 {hostless}"] for row in rows],
        "_",
        color="0.3",
        ms=9,
        label="p_hostless: 95% point of the floor",
    )
    top.set(yscale="log", ylabel="ECE")
    for what, color, marker in zip(
        claimed, ("tab:blue", "tab:green", "tab:purple"), "o^v", strict=True
    ):
        bottom.plot(
            x,
            [row[f"ratio {what}"] for row in rows],
            marker,
            color=color,
            ms=5,
            alpha=0.85,
            label=what,
        )
    bottom.axhline(limit, color="tab:red", lw=1, label=f"limit {limit:g}")
    bottom.axhline(1.0, color="0.6", lw=0.8, ls=":")
    bottom.set(ylabel="ECE / 95% point of its floor", ylim=(0, None))
    bottom.set_xticks(x, [row["host"] for row in rows], rotation=90, fontsize=8)
    bottom.set_xlabel("host fraction")
    keys = [(row["K"], row["sigma_scale"], row["density"], row["prior"]) for row in rows]
    starts = [k for k in range(len(rows)) if k == 0 or keys[k] != keys[k - 1]]
    for k in starts:
        n_catalogues, sigma, density, prior = keys[k]
        for ax in (top, bottom):
            if k:
                ax.axvline(k - 0.5, color="0.75", lw=0.8)
        top.text(
            k - 0.35,
            1.02,
            f"K = {n_catalogues}\nsigma x {sigma:g}\n{density:,.0f}/deg$^2$"
            + ("\nprior" if prior else "\nno prior"),
            fontsize=8,
            va="bottom",
            transform=top.get_xaxis_transform(),
        )
    for ax in (top, bottom):
        ax.grid(axis="y", color="0.92", lw=0.6)
        ax.set_xlim(-0.6, len(rows) - 0.4)
        ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return figure
