"""An order of a catalogue's rows that does not depend on its partitions."""

from __future__ import annotations

import numpy as np
import pandas as pd

#: steps of right ascension that a short number and another one tell apart, all round the sky
STEPS_PER_DEG = 2.0**32 / 361.0


def sky_order(frame: pd.DataFrame, ra: str, dec: str) -> np.ndarray:
    """Rows by right ascension, declination and, where both are equal, all other columns, (n,).

    Rows that are alike in every column of `frame` keep their order.
    """
    key = sky_key(frame, ra, dec)
    order, east = _by_east(np.ascontiguousarray(key.real))
    tied = np.flatnonzero(_tied(east) | np.isnan(east))
    if len(tied):
        some = np.sort(order[tied])
        order[tied] = some[np.lexsort((key.imag[some], key.real[some]))]
    tied = tied[_tied(key[order[tied]])]
    if len(tied):
        some = frame.iloc[order[tied]].reset_index(drop=True)
        names = [ra, dec, *(c for c in frame.columns if c not in (ra, dec))]
        order[tied] = order[tied][some.sort_values(names, kind="stable").index.to_numpy()]
    return order


def _by_east(ra: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An order of right ascensions (n,), and ascending numbers: where these are equal it is open.

    Rows are put in order by counting those of each step of a fifth of a milliarcsec, in two rounds
    of short numbers: in a third of the time of a sort by comparing.
    """
    if len(ra) == 0 or not 0.0 <= ra.min() <= ra.max() < 360.0:
        order = np.argsort(ra)
        return order, ra[order]
    step = (ra * STEPS_PER_DEG).astype(np.uint32)
    order = np.argsort(step.astype(np.uint16), kind="stable")
    high = (step >> np.uint32(16)).astype(np.uint16)
    order = order[np.argsort(high[order], kind="stable")]
    return order, step[order]


def sky_key(frame: pd.DataFrame, ra: str, dec: str) -> np.ndarray:
    """Right ascension + i declination of the rows, (n,): NumPy orders by the first, then both."""
    values = (frame[c].to_numpy(np.float64, na_value=np.nan) for c in (ra, dec))
    key: np.ndarray = next(values) + 0j
    key.imag = next(values)
    return key


def rank_among_tied(key: np.ndarray) -> np.ndarray:
    """Of ascending keys (n,), how many before each are equal to it."""
    at = np.arange(len(key))
    new = np.append(True, key[1:] != key[:-1])[: len(key)]
    rank: np.ndarray = at - np.maximum.accumulate(np.where(new, at, 0))
    return rank


def _tied(key: np.ndarray) -> np.ndarray:
    same = key[1:] == key[:-1]
    tied: np.ndarray = np.zeros(len(key), bool)
    tied[1:] |= same
    tied[:-1] |= same
    return tied
