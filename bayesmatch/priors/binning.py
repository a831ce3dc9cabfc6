"""Histograms of a counterpart sample and a field sample, in bins chosen for the first."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..catalogs.field_counts import FieldCounts
from ..catalogs.scalars import dimensions, is_whole, numbers_of, shown
from ..catalogs.sentinels import of_magnitudes, without_sentinels

#: edges at quantiles 0, 1/14, ... 1 of the selected sample
QUANTILES = np.linspace(0.0, 1.0, 15)
#: how far the outermost bins reach beyond the field objects outside the selected range
MARGIN = 1.0
#: of equal width
MAX_BINS = 1_000_000


def plain_values(values: Any, what: str) -> np.ndarray:
    """A list of numbers as float64, NaN where missing (:mod:`bayesmatch.catalogs.sentinels`)."""
    try:
        data = np.ma.asarray(getattr(values, "value", values))
    except Exception as error:
        raise TypeError(f"{what}: {shown(values)} given; give one number per object") from error
    if data.dtype.kind not in "fiu" or data.ndim != 1:
        raise TypeError(
            f"{what} is of type {data.dtype} and shape {data.shape}; give one number per object"
        )
    out = np.ma.filled(data.astype(np.float64), np.nan)
    return without_sentinels(out, of_magnitudes(getattr(values, "unit", None), data.dtype))


def histogram_pair(
    selected: np.ndarray,
    weights: np.ndarray,
    others: np.ndarray | FieldCounts,
    bins: Any,
    smooth: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges (b + 1,) and the densities (b,) of two samples of finite values.

    With ``smooth > 0`` both samples get, in every bin, the share that `smooth` objects are of the
    smaller sample: a bin with little in it tends to the ratio 1.
    """
    if isinstance(others, FieldCounts):
        edges, count = counted_histogram(others)
        _check_different(edges)
    else:
        edges = _edges(selected, weights, others, bins)
        count = np.histogram(others, edges)[0]
    share = [np.histogram(selected, edges, weights=weights)[0] / weights.sum(), count / len(others)]
    if smooth > 0:
        effective = weights.sum() ** 2 / np.sum(weights**2)
        extra = smooth / min(effective, len(others))
        share = [(s + extra) / (1.0 + extra * len(s)) for s in share]
    width = np.diff(edges)
    return edges, share[0] / width, share[1] / width


def _edges(selected: np.ndarray, weights: np.ndarray, others: np.ndarray, bins: Any) -> np.ndarray:
    if isinstance(bins, str):
        if bins != "adaptive":
            raise ValueError(
                f"bins is {shown(bins)}; give 'adaptive', a number of bins, or their edges"
            )
        edges = _with_margins(adaptive_edges(selected, weights), others.min(), others.max())
        _check_different(edges)
        return edges
    if dimensions(bins) == 0:
        whole = is_whole(bins)
        if not whole or not 1 <= bins <= MAX_BINS:
            raise ValueError(
                f"bins is {shown(bins)}; give 'adaptive', a number of bins, or their edges"
            )
        both = np.concatenate([selected, others])
        if both.min() == both.max():
            raise ValueError(f"every value is {both[0]:g}; a histogram needs different ones")
        return np.linspace(both.min(), both.max(), bins + 1)
    edges = numbers_of("bins", bins)
    if (
        edges.ndim != 1
        or len(edges) < 2
        or not (np.diff(edges) > 0).all()
        or not np.isfinite(edges).all()
    ):
        raise ValueError("bins: the edges must be two or more finite numbers in ascending order")
    return edges


def counted_histogram(counts: FieldCounts) -> tuple[np.ndarray, np.ndarray]:
    """Edges (b + 1,), with a bin more where the field reaches beyond, and its number per bin (b,).

    The same as from the values themselves.
    """
    edges = _with_margins(counts.edges, counts.low, counts.high)
    first = 1 if counts.low < counts.edges[0] else 0
    up_to = np.full(len(edges), counts.n)  # the last bin holds its upper edge too
    up_to[:first] = 0
    up_to[first : len(edges) - 1] = counts.below[: len(edges) - 1 - first]
    return edges, np.diff(up_to)


def adaptive_edges(selected: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """NWAY's edges: weighted quantiles of the selected sample."""
    # NumPy's default order of equal values is NWAY's, and decides between quantiles where weights
    # differ; a stable order gives edges that differ by up to 0.05 mag for rounded magnitudes.
    order = np.argsort(selected)
    cumulative = np.cumsum(weights[order])
    return np.unique(np.interp(QUANTILES, cumulative / cumulative[-1], selected[order]))


def _with_margins(edges: np.ndarray, low: float, high: float) -> np.ndarray:
    """The edges, and a bin more for a field that reaches beyond them."""
    if low < edges[0]:
        edges = np.append(low - MARGIN, edges)
    if high > edges[-1]:
        edges = np.append(edges, high + MARGIN)
    return edges


def _check_different(edges: np.ndarray) -> None:
    if len(edges) < 2:
        raise ValueError(f"every value is {edges[0]:g}; a histogram needs different ones")
