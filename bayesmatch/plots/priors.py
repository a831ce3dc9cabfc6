"""Figures of priors: histograms, and what a trained prior has learned."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from astropy.table import Table
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..priors.histogram import HistogramPrior
from .style import COUNTERPART, FIELD, WRONG, guide, ink, styled


@styled
def histogram_prior(prior: HistogramPrior) -> Figure:
    """Histograms of counterparts and field objects, and their ratio below.

    Parameters
    ----------
    prior : HistogramPrior
        Given or learned.

    Returns
    -------
    Figure
        One that :func:`save` writes.
    """
    figure = Figure(figsize=(6.8, 6.0), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    edges = np.append(prior.lo, prior.hi[-1])
    for values, key, text, color in (
        (prior.selected, "selected", "counterparts", COUNTERPART),
        (prior.others, "others", "field objects", FIELD),
    ):
        label = f"{prior.counts[key]:,} {text}" if key in prior.counts else text
        top.stairs(values, edges, label=label, color=color, lw=1.5)
    top.set(ylabel=f"density per unit of {prior.column}", ylim=(0, None))
    top.legend(frameon=False)
    ratio = prior.ratio
    floor = ratio[ratio > 0].min(initial=1.0) / 3
    bottom.axhline(1.0, color=guide(), lw=0.8)
    bottom.stairs(np.maximum(ratio, floor), edges, baseline=None, color=ink(), lw=1.5)
    middle = (prior.lo + prior.hi) / 2
    for at, marker, text in (
        (ratio == 0, "v", "no counterparts: ratio 0, excluded"),
        (prior.others == 0, "^", "no field objects: ratio 100"),
    ):
        if at.any():
            bottom.plot(middle[at], np.maximum(ratio[at], floor), marker, color=WRONG, label=text)
    if bottom.get_legend_handles_labels()[0]:
        bottom.legend(fontsize=8)
    bottom.set(
        yscale="log",
        ylim=(floor / 1.5, 1.8 * ratio.max(initial=1.0)),
        xlabel=prior.column,
        ylabel="ratio",
    )
    name = "" if prior.name == prior.column else f" ({prior.name})"
    figure.suptitle(f"Histogram prior for {prior.column}{name}", fontsize=11)
    return figure


@styled
def prior_diagnostics(tables: Mapping[str, Table], title: str = "") -> Figure:
    """Five panels from :func:`bayesmatch.priors.diagnostics.diagnose`.

    Parameters
    ----------
    tables : mapping of str to Table
        What that function returns.
    title : str, optional
        Above the panels.

    Returns
    -------
    Figure
        One that :func:`save` writes.
    """
    figure = Figure(figsize=(13.5, 8.0), layout="constrained")
    axes = figure.subplots(2, 3).ravel()
    _draw_distribution(axes[0], tables["distribution"])
    _draw_ratios(axes[1], tables["reliability"])
    curve = tables["precision_recall"]
    axes[2].plot(curve["recall"], curve["precision"], color=COUNTERPART)
    axes[2].set(
        xlabel="recall: share of counterparts kept",
        xlim=(0, 1.01),
        ylim=(0, 1.01),
        ylabel="precision in the training sample",
        title="Precision and recall",
    )
    _draw_importance(axes[3], axes[4], tables["importance"])
    learning = tables["learning_curve"]
    for part, style in (("training", "--"), ("validation", "-")):
        axes[5].plot(learning["round"], learning[part], style, color=ink(), label=part)
    axes[5].set(
        xlabel="boosting round", ylabel="log loss, mean over the models", title="Learning curve"
    )
    axes[5].legend(frameon=False)
    figure.suptitle(
        title or "What a trained prior has learned, on objects held out of the training"
    )
    return figure


def _draw_distribution(ax: Axes, table: Table) -> None:
    edges = np.append(table["lo"], table["hi"][-1])
    for name, label, color in (
        ("counterparts", "counterparts", COUNTERPART),
        ("field", "field objects", FIELD),
    ):
        ax.stairs(table[name], edges, label=label, color=color, lw=1.4)
    ax.set(xlabel="log10 ratio", ylabel="density", title="Held-out ratios")
    ax.legend(frameon=False)


def _draw_ratios(ax: Axes, table: Table) -> None:
    if len(table) == 0:  # no bin has objects of both kinds
        ax.set(title="Ratio: none to compare")
        return
    ends = [
        min(table["predicted"].min(), table["measured"].min()) / 1.5,
        max(table["predicted"].max(), table["measured"].max()) * 1.5,
    ]
    ax.plot(ends, ends, color=guide(), lw=1, label="perfect")
    ax.errorbar(
        table["predicted"],
        table["measured"],
        np.minimum(table["error"], 0.9 * table["measured"]),
        fmt="o",
        ms=4,
        color=COUNTERPART,
        label="held-out objects",
    )
    ax.set(
        xscale="log",
        yscale="log",
        xlim=ends,
        ylim=ends,
        xlabel="predicted ratio",
        ylabel="measured: share of counterparts / of field",
        title="Reliability",
    )
    ax.legend(frameon=False)


def _draw_importance(gain: Axes, permutation: Axes, table: Table) -> None:
    order = np.argsort(table["gain"])
    for ax, column, label in (
        (gain, "gain", "share of the gain"),
        (permutation, "permutation", "log loss added by shuffling it"),
    ):
        ax.barh(np.asarray(table["feature"])[order], table[column][order], color=COUNTERPART)
        ax.set(xlabel=label, ylabel="feature", title=f"Importance by {column}")
