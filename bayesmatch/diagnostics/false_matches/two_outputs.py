"""False fractions from two outputs: of a match, and of one at positions that belong to nothing.

What ``nway-calibrate-cutoff.py REAL FAKE`` says, of the same files or of results of this package.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from astropy.io import fits
from astropy.table import Table

from ...catalogs.formats.asked import Asked
from ...catalogs.formats.reading import read_table

#: cutoffs that are tried, as NWAY tries them, and the false fractions that it tells them for
CUTOFFS = np.linspace(0.0, 1.0, 101)
RATES = (0.01, 0.03, 0.05, 0.1)
#: columns with one value per source, by what they are called here, and by whom
NAMES = {"p_any": ("p_any", "prob_has_match")}


@dataclass(frozen=True)
class OutputRates:
    """Shares of the sources of two outputs above each cutoff."""

    table: Table
    """``cutoff``, ``selected_fraction`` (of the match), ``false_fraction`` (of the fake one), for a
    score above the cutoff"""
    score: str
    n_sources: int
    n_fake: int

    def cutoff(self, rate: float) -> float:
        """The least cutoff above which less than a share of the fake sources is; NaN if none."""
        below = np.asarray(self.table["false_fraction"]) < rate
        return float(self.table["cutoff"][below][0]) if below.any() else np.nan

    def text(self, rates: Sequence[float] = RATES) -> str:
        """Cutoffs for some false fractions."""
        lines = [f"{self.n_sources} sources, and {self.n_fake} at positions that belong to nothing"]
        for rate in rates:
            cutoff = self.cutoff(rate)
            at = np.asarray(self.table["cutoff"]) == cutoff
            share = float(np.asarray(self.table["selected_fraction"])[at].sum())
            lines.append(
                f"  no cutoff has a false fraction below {rate:.4g}"
                if np.isnan(cutoff)
                else f"  false fraction below {rate:.4g}: {self.score} > {cutoff:.2f}, which "
                f"selects {share:.2%} of the sources"
            )
        return "\n".join(lines)


def rates_of_outputs(
    real: str | os.PathLike, fake: str | os.PathLike, score: str = "p_any"
) -> OutputRates:
    """Shares of the sources above each cutoff, in a match and in one at fake positions.

    Parameters
    ----------
    real, fake : path
        What ``nway.py``, ``nway_match`` or ``bayesmatch match`` wrote.
    score : {"p_any", "p_match"}, default "p_any"
        Of a source: its `p_any`, or the largest `p_match` of its associations with a counterpart,
        which NWAY has not.

    Raises
    ------
    FileNotFoundError, ValueError
        If one is no such file, or has no such column.
    """
    values = [_by_source(path, score) for path in (real, fake)]
    shares = [(v[:, None] > CUTOFFS).mean(axis=0) for v in values]
    names = ("cutoff", "selected_fraction", "false_fraction")
    return OutputRates(
        Table([CUTOFFS, *shares], names=names), score, len(values[0]), len(values[1])
    )


def _primary(path: str | os.PathLike, names: Sequence[str]) -> str:
    """The column that tells the sources apart: row numbers here, identifiers in NWAY's output."""
    with suppress(OSError):
        name = str(fits.getheader(path, 0).get("COL_PRIM", ""))
        if name in names:
            return name
    return names[0]


def _by_source(path: str | os.PathLike, score: str) -> np.ndarray:
    """The score of each source of an output, (n,)."""
    table = read_table(path, Asked(positions=False))
    name = next((n for n in NAMES.get(score, (score,)) if n in table.colnames), None)
    wanted = [n for n in ("ncat", "p_i") if n not in table.colnames]
    if name is None or (wanted and "prob_this_match" not in table.colnames):
        raise ValueError(
            f"{path} has no column {score if name is None else wanted[0]!r}; give the outputs of "
            "two matches, of the sources and of fake positions, or catalogues and --radius to have "
            "these made"
        )
    value = np.ma.filled(np.ma.asarray(table[name]).astype(float), np.nan)
    if score == "p_match":
        value = np.where(np.asarray(table["ncat"]) > 1, value, 0.0)
    source = np.asarray(np.ma.getdata(table[_primary(path, table.colnames)]))
    kept = np.isfinite(value)  # those that were left out have none
    _, at = np.unique(source[kept], return_inverse=True)
    out = np.zeros(at.max() + 1 if len(at) else 0)
    np.maximum.at(out, at, value[kept])
    if len(out) == 0:
        raise ValueError(f"{path} has no source with {score}")
    return out
