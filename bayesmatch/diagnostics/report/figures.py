"""Figures of the report, and how they get into the page."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ...catalogs.tails import profile_with
from ...matching.result import MatchResult
from ...plots.style import COUNTERPART, FIELD, HOSTLESS, SERIES, grid, guide, ink
from .pairs import Pairs, numbers

X_MAX, BIN = 5.0, 0.25
#: sources in a bin of a covariate, at least; bins at most
PER_BIN, MOST_BINS = 25, 10
#: inches: small, so that the letters can be read on a phone; a wide screen shows it larger
WIDTH, LARGER = 5.4, 1.25
#: covariates over more than this factor are drawn logarithmically
LOGARITHMIC = 30.0
#: type, points per inch, and dates and programs that would be in the file
FORMS: dict[str, tuple[str, int, dict[str, Any] | None]] = {
    "svg": ("image/svg+xml", 144, {"Date": None, "Creator": None}),
    "png": ("image/png", 144, {"Software": None}),
    "jpg": ("image/jpeg", 96, None),
}
#: what varies by less (relative) is constant
SAME = 1e-3
#: points that are drawn one by one in a picture
MANY = 20_000


@dataclass(frozen=True)
class Picture:
    """A figure in the page."""

    data: str
    """a ``data:`` address"""
    alt: str
    """what it shows, for who does not see it"""
    caption: str
    width: int
    """pixels on the page"""
    height: int


def picture(
    figure: Figure, alt: str, caption: str = "", *, form: str = "svg", only: Axes | None = None
) -> Picture:
    """A figure in the page; the same bytes for the same figure.

    `form`: "svg" for lines and letters, "png" for many points, "jpg" for images of the sky;
    `only`: of its axes, where not the whole figure is shown.
    """
    kind, dpi, stamp = FORMS[form]
    buffer = io.BytesIO()
    with rc_context({"svg.hashsalt": "bayesmatch"}):
        how: dict[str, Any] = {"format": form, "dpi": dpi, "metadata": stamp, "facecolor": "white"}
        wide, tall = figure.get_size_inches()
        if only is not None:
            figure.draw_without_rendering()
            tight = only.get_tightbbox()
            assert tight is not None
            how["bbox_inches"] = tight.transformed(figure.dpi_scale_trans.inverted()).padded(0.05)
            wide, tall = how["bbox_inches"].size
        figure.savefig(buffer, **how)
    text = base64.b64encode(buffer.getvalue()).decode("ascii")
    pixels = 96 * (LARGER if wide == WIDTH else 1.0)
    size = round(pixels * wide), round(pixels * tall)
    return Picture(f"data:{kind};base64,{text}", alt, caption, *size)


def how_sure(result: MatchResult) -> Figure:
    """Distributions of p_match of the best association and of p_hostless."""
    figure = Figure(figsize=(WIDTH, 3.2), layout="constrained")
    ax = figure.subplots()
    edges = np.linspace(0, 1, 21)
    for name, color, text in (
        ("p_match", COUNTERPART, "p_match of the best association"),
        ("p_hostless", HOSTLESS, "p_hostless"),
    ):
        ax.stairs(
            np.histogram(known(result, name), edges)[0], edges, color=color, lw=1.8, label=text
        )
    ax.set(xlabel="probability", ylabel="sources", xlim=(0, 1), yscale="log", ylim=(0.7, None))
    _finish(ax)
    return figure


def known(result: MatchResult, name: str) -> np.ndarray:
    """Values of a column of the sources, those that are missing left out."""
    values = numbers(result.sources[name])
    found: np.ndarray = values[np.isfinite(values)]
    return found


def separations(result: MatchResult, pairs: Sequence[Pairs]) -> Figure | None:
    """Separations over sigma beside what their errors say; None where errors are not known."""
    names = result.catalogue_names[1:]
    shown = [
        (name, pair)
        for name, pair in zip(names, pairs, strict=True)
        if np.isfinite(pair.in_sigma).any() and pair.p.sum() > 0
    ]
    if not shown:
        return None
    figure = Figure(figsize=(WIDTH, 3.5), layout="constrained")
    ax = figure.subplots()
    edges = np.arange(0, X_MAX + BIN / 2, BIN)
    for (name, pair), color in zip(shown, SERIES * 4, strict=False):
        good = np.isfinite(pair.in_sigma)
        p, distance = pair.p[good], pair.in_sigma[good]
        unit = p.sum() * BIN
        count = np.histogram(distance, edges, weights=p)[0]
        error = np.sqrt(np.histogram(distance, edges, weights=p**2)[0])
        label = f"{name}: {p.sum():,.0f} counterparts expected"
        ax.stairs(count / unit, edges, color=color, lw=1.8, label=label)
        middle = (edges[:-1] + edges[1:]) / 2
        ax.errorbar(middle, count / unit, error / unit, fmt="none", ecolor=color, lw=1)
    x = np.linspace(0, X_MAX, 251)
    tails = result.record.primary.tails
    label = "expected (Rayleigh)" if tails.fraction == 0 else "expected, with tails"
    ax.plot(x, profile_with(tails).density(x), "--", color=ink(), lw=1.4, label=label)
    ax.set(xlim=(0, X_MAX), ylim=(0, None))
    ax.set(xlabel="separation / sigma", ylabel="probability density")
    _finish(ax)
    return figure


def varies(values: np.ndarray) -> bool:
    """Whether there is something to see: by more than a part in a thousand."""
    there = values[np.isfinite(values)]
    return len(there) > 0 and bool(np.ptp(there) > SAME * np.abs(there).max())


def host_fractions(result: MatchResult, covariates: dict[str, np.ndarray]) -> dict[str, Figure]:
    """Share of sources with a counterpart against each covariate that varies."""
    hostless = numbers(result.sources["p_hostless"])
    fitted = None
    if result.host_fraction is not None:
        fitted = 1.0 - np.exp(np.asarray(result.host_fraction.ln_fraction)[:, 0])
    drawn = {
        name: values
        for name, values in covariates.items()
        if (np.isfinite(values) & np.isfinite(hostless)).sum() >= 2 * PER_BIN
        if varies(values)
    }
    found = {}
    for name, values in drawn.items():
        figure = Figure(figsize=(4.2, 3.0), layout="constrained")
        ax = figure.subplots()
        good = np.isfinite(values) & np.isfinite(hostless)
        model = None if fitted is None else fitted[good]
        _draw_fraction(ax, values[good], 1 - hostless[good], model)
        ax.set_xlabel(name.replace("deg^2", "deg²"), parse_math=False)
        ax.set(ylabel="share with a counterpart", ylim=(0, 1.02))
        if model is not None:
            ax.legend(frameon=False, fontsize=8, loc="lower left")
        found[name] = figure
    return found


def _draw_fraction(ax: Axes, x: np.ndarray, host: np.ndarray, fitted: np.ndarray | None) -> None:
    parts = binned(x)
    middle = np.array([np.median(x[part]) for part in parts])
    mean = np.array([host[part].mean() for part in parts])
    error = np.array([np.sqrt((host[p] * (1 - host[p])).sum() + 0.25) / len(p) for p in parts])
    if fitted is not None:
        model = np.array([fitted[part].mean() for part in parts])
        ax.plot(middle, model, "-", color=ink(), lw=1.6, label="fitted")
    ax.errorbar(middle, mean, error, fmt="o", ms=4, color=COUNTERPART, label="1 - p_hostless, mean")
    # Of what is drawn: one source far out is no reason for numbers that stand on each other.
    wide = middle[0] > 0 and middle[-1] > LOGARITHMIC * middle[0]
    ax.set_xscale("log" if wide else "linear")
    grid(ax)


def binned(x: np.ndarray) -> list[np.ndarray]:
    """Rows of sources in bins of about equally many; equal values are in one bin."""
    order = np.argsort(x, kind="stable")
    wanted = max(2, min(MOST_BINS, len(x) // PER_BIN))
    at = [part[0] for part in np.array_split(np.arange(len(x)), wanted)[1:]]
    starts = np.unique(np.searchsorted(x[order], x[order][at]))
    return [part for part in np.split(order, starts) if len(part)]


def sky_densities(result: MatchResult, ra: np.ndarray, dec: np.ndarray, name: str) -> Figure | None:
    """Sources on the sky, coloured by the density of field objects; None: constant, not known."""
    column = f"density_{name}"
    if column not in result.sources.colnames or not np.isfinite(ra).all():
        return None
    density = np.asarray(result.sources[column], float)
    if not varies(density):
        return None
    middle = np.degrees(np.angle(np.exp(1j * np.radians(ra)).mean()))
    across = (ra - middle + 180) % 360 - 180
    wide = np.ptp(across) > 180
    x = ra if wide else across + middle
    figure = Figure(figsize=(WIDTH, 4.0), layout="constrained")
    ax = figure.subplots()
    step = max(1, len(ra) // MANY)
    drawn = ax.scatter(
        x[::step], dec[::step], c=density[::step], s=9, cmap="viridis", lw=0, rasterized=True
    )
    figure.colorbar(drawn, label=f"{name} field objects per deg$^2$")
    ax.set(xlabel="right ascension (deg)", ylabel="declination (deg)")
    ax.ticklabel_format(useOffset=False)
    ax.xaxis.set_major_locator(MaxNLocator(4))  # numbers of six digits side by side
    if not wide and (x.min() < 0 or x.max() > 360):  # across 0
        ax.xaxis.set_major_formatter(lambda value, _: f"{round(value, 9) % 360:g}")
    ax.invert_xaxis()
    stretch = np.cos(np.radians(np.clip(np.median(dec), -85, 85)))
    ax.set_aspect(1 / stretch if not wide else "auto", adjustable="datalim")
    return figure


def prior_ratios(result: MatchResult, column: str, p: np.ndarray) -> Figure | None:
    """What a prior gives counterparts and other candidates; None where it is 1 throughout."""
    ratio = np.asarray(result.associations[column], float)
    with np.errstate(divide="ignore", invalid="ignore"):
        log10 = np.log10(ratio)
    there = np.asarray(result.associations["ncat"]) > 1
    good = there & np.isfinite(log10)
    if not good.any() or np.ptp(log10[good]) == 0:
        return None
    low, high = np.floor(log10[good].min() * 4) / 4, np.ceil(log10[good].max() * 4) / 4
    edges = np.linspace(max(low, -6), max(high, low + 0.5), 41)
    figure = Figure(figsize=(WIDTH, 3.2), layout="constrained")
    ax = figure.subplots()
    value = np.clip(log10[good], edges[0], edges[-1])
    for weight, color, text in (
        (p[good], COUNTERPART, "counterparts (each candidate by its p_match)"),
        (1 - p[good], FIELD, "the other candidates"),
    ):
        if weight.sum() > 0:
            count = np.histogram(value, edges, weights=weight)[0] / weight.sum()
            ax.stairs(count, edges, color=color, lw=1.8, label=text)
    ax.axvline(0, color=guide(), lw=0.8)
    ax.set(xlabel=f"log10 of the ratio ({column})", ylabel="share per bin", ylim=(0, None))
    _finish(ax)
    return figure


def _finish(ax: Axes) -> None:
    ax.legend(frameon=False, fontsize=9)
    grid(ax)
