"""Ratios of one prior for the candidates of its catalogue, whichever kind of prior it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..catalogs.held import HeldCatalog

#: log10 ratios that are taken, both ends too: whole numbers whose ratio is a double above 0
LOWEST, HIGHEST = -323.0, 308.0

#: kinds of arrays that are no ratios, and what they are
NO_RATIOS = {
    "b": "True and False, no log10 ratios: np.where(chosen, 0.0, -np.inf) keeps the chosen",
    "c": "complex numbers",
    "m": "durations",
    "M": "dates",
}


def candidate_ratios(
    prior: Any, primary: HeldCatalog, other: HeldCatalog, i: np.ndarray, j: np.ndarray
) -> np.ndarray:
    """Log10 ratio of a prior for pairs of primary row i and candidate row j.

    Parameters
    ----------
    prior : Prior or PairPrior
        Of the catalogue `other`.
    primary, other : HeldCatalog
        The sources, and the catalogue of the candidates.
    i, j : ndarray of int, shape (m,)
        Rows of the pairs in `primary` and in `other`.

    Returns
    -------
    ndarray, shape (m,)
        Log10 ratios; 0 where the prior knows nothing, masked values included.

    Raises
    ------
    ValueError
        If the prior returns another shape, NaN or +inf.
    """
    where = f"prior {prior.name!r} of catalogue {other.name!r}"
    rows = j
    try:
        if hasattr(prior, "log10_ratio_pairs"):
            ratio = known_ratios(prior.log10_ratio_pairs(primary, other, i, j))
        elif getattr(prior, "candidates_only", False):
            columns = getattr(prior, "columns", None)
            part = other.subset(j) if columns is None else other.bare(j, columns)
            ratio = known_ratios(prior.log10_ratio(part))
        else:
            ratio = known_ratios(prior.log10_ratio(other))
            rows = np.arange(len(other))
    except Exception as error:  # of a user's code
        if isinstance(error, OSError) or tells_of(error, other.name):
            raise
        raise ValueError(
            f"{where} failed ({said_of(error)}); it must return numbers, one log10 ratio per row"
        ) from error
    if ratio.shape != rows.shape:
        raise ValueError(
            f"{where} returned shape {ratio.shape} for {len(rows)} rows; it must "
            "return one log10 ratio per row it is called with"
        )
    bad = np.isnan(ratio) | np.isposinf(ratio)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"{where} returned {ratio[first]} for {other.row_text(rows[first])}; "
            "return 0 where nothing is known and a finite bound otherwise"
        )
    far = np.isfinite(ratio) & ~((ratio >= LOWEST) & (ratio <= HIGHEST))
    if far.any():
        first = int(np.flatnonzero(far)[0])
        raise ValueError(
            f"{where} returned {ratio[first]:g} for {other.row_text(rows[first])}; log10 ratios "
            f"are from {LOWEST:g} to {HIGHEST:g}, or -inf to exclude an object"
        )
    return ratio if rows is j else ratio[j]


def known_ratios(ratio: Any) -> np.ndarray:
    """What a prior returned as an array, 0 where it is masked: below a mask stands anything."""
    if hasattr(ratio, "to_value"):  # a Quantity
        if hasattr(ratio, "physical"):  # in dex or mag
            raise TypeError(f"a quantity in {ratio.unit}")
        ratio = ratio.to_value("")
    values = np.ma.asarray(ratio)
    if values.dtype.kind in NO_RATIOS:  # NumPy makes numbers of them, the last without a word
        raise TypeError(f"it returned {NO_RATIOS[values.dtype.kind]}")
    return np.ma.filled(values.astype(np.float64), 0.0)


def tells_of(error: Exception, catalogue: str) -> bool:
    """Whether an exception says already which catalogue it is about."""
    return isinstance(error, (ValueError, TypeError)) and repr(catalogue) in str(error)


def said_of(error: Exception) -> str:
    """What an exception of any kind says, in one line; what ours say needs no kind."""
    text = " ".join(str(error).split())
    if isinstance(error, (ValueError, TypeError)) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
