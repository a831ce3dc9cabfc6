"""Figures of a learned ratio: counterparts beside the field, and the ratio, by feature."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from ..priors.learned_ratio import LearnedRatio
from ..priors.looks import FeatureLooks
from .style import COUNTERPART, FIELD, guide, ink, styled

#: features in a row, and the size of each in inches
COLUMNS, WIDTH, HEIGHT = 5, 3.3, 4.3
#: fewer expected counterparts in a bin are not drawn as measured
LEAST = 1.0
#: ratios beyond these are drawn at the edge
RANGE = (1e-3, 1e3)
#: axes that reach over a larger factor have labels at powers of ten alone
WIDE = 100.0


@styled
def learned_ratio(prior: LearnedRatio) -> Figure:
    """What counterparts look like beside the field, and the ratio that was learned from it.

    Parameters
    ----------
    prior : LearnedRatio
        What :class:`bayesmatch.LearnedPrior` became, in ``result.priors``.

    Returns
    -------
    Figure
        Two panels per feature. Above: shares of the expected counterparts and of the field objects
        in each bin. Below: the ratio of these, with Poisson errors, and the mean ratio that the
        prior gives to the objects there, with its standard error. One that :func:`save` writes.
    """
    features = prior.looks.features
    n_columns = min(len(features), COLUMNS)
    n_rows = -(-len(features) // n_columns)
    figure = Figure(
        figsize=(max(WIDTH * n_columns, 6.0), HEIGHT * n_rows + 0.5), layout="constrained"
    )
    outer = figure.add_gridspec(n_rows, n_columns)
    for number, feature in enumerate(features):
        inner = outer[number // n_columns, number % n_columns].subgridspec(2, 1, hspace=0.0)
        top = figure.add_subplot(inner[0])
        bottom = figure.add_subplot(inner[1], sharex=top)
        top.tick_params(labelbottom=False)
        _draw_shares(top, feature, legend=number == 0)
        _draw_ratio(bottom, feature, legend=number == 0)
        if number % n_columns == 0:
            top.set_ylabel("share per bin")
            bottom.set_ylabel("ratio")
    told = prior.learned
    why = f" ({told['why']})" if told.get("why") else ""
    model = "stays at 1" if told.get("model") == "1" else str(told.get("model", ""))
    figure.suptitle(
        f"Learned prior {prior.name}: {model}{why},\n"
        f"{float(told.get('counterparts', 0.0)):,.0f} counterparts expected",
        fontsize=11,
        parse_math=False,
    )
    return figure


def _draw_shares(ax: Axes, feature: FeatureLooks, *, legend: bool) -> None:
    for shares, text, color in zip(
        feature.shares, ("counterparts", "field"), (COUNTERPART, FIELD), strict=True
    ):
        ax.stairs(shares[:-1], feature.edges, label=text, color=color, lw=1.5)
    missing = [100 * shares[-1] for shares in feature.shares]
    said = f"\nmissing: {missing[0]:.0f}%, field {missing[1]:.0f}%" if max(missing) > 0 else ""
    ax.set_title(f"{feature.name}{said}", fontsize=9, parse_math=False)
    ax.set_ylim(0, None)
    if legend:
        ax.legend(frameon=False, fontsize=8)


def _draw_ratio(ax: Axes, feature: FeatureLooks, *, legend: bool) -> None:
    middle = (feature.edges[1:] + feature.edges[:-1]) / 2
    ax.axhline(1.0, color=guide(), lw=0.8)
    # as steps, so that the band is of the bins that the points are of
    log10, error = feature.log10_ratio[:-1], feature.error[:-1]
    low, high, own = (_steps(10.0**v) for v in (log10 - error, log10 + error, log10))
    at = np.repeat(feature.edges, 2)[1:-1]
    ax.fill_between(at, low, high, color=ink(), alpha=0.2, lw=0)
    ax.plot(at, own, color=ink(), lw=1.3, label="learned")
    measured, spread = (values[:-1] for values in feature.measured)
    shown = np.flatnonzero(feature.counterparts[:-1] >= LEAST)
    shown = shown[np.isfinite(measured[shown])]
    below = np.minimum(spread[shown], 0.9 * measured[shown])
    ax.errorbar(
        middle[shown],
        measured[shown],
        np.stack([below, spread[shown]]),
        fmt="o",
        ms=3,
        lw=1,
        color=COUNTERPART,
        label="counterparts / field",
    )
    seen = np.concatenate([own[np.isfinite(own)], measured[shown], [0.5, 2.0]])
    ax.set_yscale("log")
    ends = max(seen.min() / 2, RANGE[0]), min(2 * seen.max(), RANGE[1])
    ax.set_ylim(*ends)
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if ends[1] < WIDE * ends[0] else (1,)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel(feature.name, parse_math=False)
    if legend:
        ax.legend(frameon=False, fontsize=8)


def _steps(values: np.ndarray) -> np.ndarray:
    """Values of bins at both edges of each."""
    return np.repeat(np.clip(values, *RANGE), 2)
