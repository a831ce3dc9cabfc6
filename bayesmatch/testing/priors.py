"""Strategies for priors of every kind."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from astropy.table import Table
from hypothesis import strategies as st

from ..catalogs.held import HeldCatalog
from ..priors.function import FunctionPrior
from ..priors.histogram import HistogramPrior

KINDS = ("histogram", "fitted", "function", "pairs", "lightgbm")


@dataclass(frozen=True)
class Sawtooth:
    """A function for :class:`bayesmatch.FunctionPrior`: log10 ratios that repeat over a column."""

    column: str
    log10_ratios: tuple[float, ...]
    """NaN is unknown, -inf excludes"""

    def __call__(self, table: Table) -> np.ndarray:
        """Log10 ratio of each row; rows without a value are unknown."""
        values = np.ma.filled(np.ma.asarray(table[self.column]).astype(float), np.nan)
        known = np.isfinite(values)
        at = np.floor(np.where(known, values, 0.0)).astype(int) % len(self.log10_ratios)
        return np.where(known, np.asarray(self.log10_ratios)[at], np.nan)


@dataclass(frozen=True)
class PairSawtooth:
    """A prior of pairs: it goes by the rows of both, and excludes every `exclude`-th pair."""

    name: str
    step: float
    exclude: int

    def log10_ratio_pairs(
        self, primary: HeldCatalog, secondary: HeldCatalog, i: np.ndarray, j: np.ndarray
    ) -> np.ndarray:
        """Log10 ratio of each pair of rows, (m,)."""
        number = 3 * np.asarray(i) + np.asarray(j)
        ratio = self.step * (number % 5 - 2)
        return np.where(number % self.exclude == 0, -np.inf, ratio) if self.exclude else ratio


@lru_cache(maxsize=4)
def lightgbm_prior(column: str) -> Any:
    """A prior learned from 600 made-up objects, the counterparts the brighter ones."""
    from ..priors.lightgbm import LightGBMPrior

    rng = np.random.default_rng(1)
    host = np.arange(600) < 200
    table = {column: np.where(host, rng.normal(18.0, 1.5, 600), rng.normal(22.0, 2.0, 600))}
    state = random.getstate()  # what training loads draws from it, and Hypothesis minds
    try:
        return LightGBMPrior.fit(table, host, features=[column], n_threads=1)
    finally:
        random.setstate(state)


@st.composite
def priors(
    draw: Callable[..., Any],
    column: str = "MAG",
    *,
    name: str = "prior",
    kinds: Sequence[str] = KINDS,
) -> Any:
    """Priors on one column: histograms given or fitted, functions, pairs, LightGBM.

    Bins without objects, neutral, unknown, very large and excluding ratios occur. Priors that
    learn inside a match need more objects than a small catalogue has, and are not among them.

    Parameters
    ----------
    column : str
        Of the catalogue that they are for.
    name : str
        Of the prior; that of kind "lightgbm" keeps its own, photometry.
    kinds : sequence of str
        Of "histogram", "fitted", "function", "pairs", "lightgbm".

    Returns
    -------
    strategy of prior
        Objects for the lists of ``match(priors=)``.
    """
    kind = draw(st.sampled_from(list(kinds)))
    if kind == "lightgbm":
        return lightgbm_prior(column)
    if kind == "pairs":
        return PairSawtooth(
            name, draw(st.sampled_from([0.5, 3.0])), draw(st.sampled_from([0, 3, 1]))
        )
    if kind == "function":
        ratio = st.sampled_from([0.0, 1.0, -1.0, np.nan, -np.inf, 30.0, -30.0])
        ratios = tuple(draw(st.lists(ratio, min_size=1, max_size=4)))
        return FunctionPrior(name, Sawtooth(column, ratios))
    if kind == "fitted":
        sample = st.lists(st.floats(12.0, 28.0), min_size=2, max_size=20, unique=True)
        return HistogramPrior.fit(
            column,
            draw(sample),
            draw(sample),
            bins=draw(st.sampled_from([1, 3, 7])),
            smooth=draw(st.sampled_from([0.0, 0.5])),
            name=name,
        )
    n = draw(st.integers(1, 4))
    edges = np.linspace(draw(st.floats(10.0, 18.0)), draw(st.floats(19.0, 30.0)), n + 1)
    density = st.lists(st.sampled_from([0.2, 0.0, 1.0, 5.0]), min_size=n, max_size=n)
    return HistogramPrior(column, edges[:-1], edges[1:], draw(density), draw(density), name=name)
