"""Figures of the Lockman Hole protocol."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from astropy.table import Table
from matplotlib.figure import Figure

import bayesmatch as bm
from bayesmatch.plots.assessment import draw_metrics, draw_purity_completeness


def cutoff_figure(assessed: Mapping[str, bm.Assessment]) -> Figure:
    """Purity and completeness against the cutoff, one panel per method."""
    figure = Figure(figsize=(5.0 * len(assessed), 5.2), layout="constrained")
    axes = figure.subplots(1, len(assessed), sharey=True)
    for ax, (name, a) in zip(axes, assessed.items(), strict=True):
        draw_metrics(ax, a.table)
        ax.axvline(a.crossing.cutoff, color="0.5", lw=1.0, ls=":")
        ax.set(xlabel="cutoff of p_any", xlim=(0, 1), ylim=(0.3, 1.01))
        ax.set_title(f"{name}: {a.crossing.value:.3f} at {a.crossing.cutoff:.2f}", fontsize=11)
        ax.grid(color="0.92", lw=0.6)
    axes[0].set_ylabel("share of sources")
    figure.legend(
        *axes[0].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=5,
        frameon=False,
        fontsize=9,
    )
    return figure


def purity_figure(assessed: Mapping[str, Mapping[str, bm.Assessment]]) -> Figure:
    """Purity against completeness, one panel per score."""
    figure = Figure(figsize=(11.5, 5.2), layout="constrained")
    axes = figure.subplots(1, len(assessed), sharey=True)
    for ax, (score, of_score) in zip(axes, assessed.items(), strict=True):
        draw_purity_completeness(ax, of_score)
        ax.set(xlim=(0.4, 1.005), ylim=(0.8, 1.004))
        ax.set_title(f"cutting on {score}", fontsize=11)
    axes[1].set_ylabel("")
    return figure


def separation_figure(samples: Mapping[str, Table], right: Mapping[str, np.ndarray]) -> Figure:
    """Distance of the nearest object in units of r98 and of the false radius."""
    figure = Figure(figsize=(6.0, 5.8), layout="constrained")
    ax = figure.subplots()
    for name, color in (("robust", "tab:blue"), ("hostless", "tab:red")):
        for telescope, marker in (("CHANDRA", "o"), ("XMM", "^")):
            mine = np.asarray(samples[name]["precise"]) == telescope
            x, y = scaled(samples[name][mine])
            ax.plot(
                x,
                y,
                marker,
                color=color,
                ms=3.5 if name == "robust" else 5,
                alpha=0.35 if name == "robust" else 0.8,
                mew=0,
                label=f"{name}, {telescope} ({mine.sum():,})",
            )
    wrong = [scaled(samples[name][~right[name]]) for name in samples]
    ax.plot(
        *np.concatenate(wrong, axis=1),
        "x",
        color="k",
        ms=7,
        mew=1.3,
        zorder=4,
        label="wrong, by the mock's own truth",
    )
    for (in_r98, in_false), end, color in (
        ((1.1, 1.0), 1e-3, "tab:blue"),
        ((2.0, 2.0), 1e3, "tab:red"),
    ):
        ax.plot([in_r98, in_r98, end], [end, in_false, in_false], color=color, lw=1.0)
    ax.set(
        xscale="log",
        yscale="log",
        xlim=(0.015, 20),
        ylim=(0.015, 20),
        xlabel="distance of the nearest object / r98",
        ylabel="the same / false radius",
    )
    ax.set_aspect("equal")
    ax.legend(frameon=False, fontsize=9, loc="upper left")
    ax.grid(color="0.92", lw=0.6)
    return figure


def scaled(sample: Table) -> tuple[np.ndarray, np.ndarray]:
    """Separations over r98 and over the false radius."""
    separation = np.asarray(sample["separation"])
    return (separation / np.asarray(sample["r98"]), separation / np.asarray(sample["false_radius"]))
