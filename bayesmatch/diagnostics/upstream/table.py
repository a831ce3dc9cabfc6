"""NWAY's output: what ``nway.py`` writes and what ``nway_match`` returns, in one form."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.table import Table

from ...catalogs.formats.asked import Asked
from ...catalogs.formats.naming import kind_by_name
from ...catalogs.formats.reading import read_table
from ...catalogs.formats.regular import regular_file
from ...catalogs.paths import given_path
from .command import NwayCommand

#: NWAY's name -> ours
API_NAMES = {"prob_has_match": "p_any", "prob_this_match": "p_i"}
CLI_NAMES = {
    "dist_bayesfactor": "dist_bayesfactor_uncorrected",
    "dist_bayesfactor_corrected": "dist_bayesfactor",
}
NEEDED = ("ncat", "dist_bayesfactor_uncorrected", "dist_post", "p_single", "p_any", "p_i")


@dataclass(frozen=True)
class NwayTable:
    """The associations that NWAY found."""

    columns: dict[str, np.ndarray]
    """(n,) each, by our names; separations as ``Separation_<A>_<B>``, A before B"""
    names: list[str]
    """of the catalogues, as NWAY has them, the primary first"""
    from_api: bool
    """whether ``nway_match`` returned it, not ``nway.py``"""
    single: bool
    """whether it was computed in single precision"""
    command: NwayCommand
    keys: dict[str, list[str]]
    """columns of right ascension, declination, by header keyword"""
    folder: Path | None
    """of its file"""
    ours: bool = False
    """whether bayesmatch wrote it: another result, and nothing of NWAY's"""

    def __len__(self) -> int:
        return len(self.columns["p_i"])

    def absent(self, k: int) -> np.ndarray:
        """Which rows have no member in catalogue k > 0, (n,)."""
        apart = self.columns[f"Separation_{self.names[0]}_{self.names[k]}"]
        return np.asarray(np.isnan(apart))

    @property
    def biases(self) -> list[str]:
        """Columns of prior ratios."""
        return [name for name in self.columns if name.startswith("bias_")]


def read_nway(source: Any, catalogues: Sequence[str]) -> NwayTable:
    """NWAY's output from a file, an astropy Table or a DataFrame, of these catalogues.

    Raises
    ------
    ValueError
        If it is not NWAY's output, or of other catalogues; says what is missing.
    """
    command, keys, folder, what = NwayCommand(), {}, None, "the table"
    names = list(catalogues)
    if isinstance(source, (str, os.PathLike)):
        source = given_path(source)
        what, folder = str(source), source.parent
        table = read_table(source, Asked(positions=False))
        if kind_by_name(source) == "fits":
            regular_file(source)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                header = fits.getheader(source, 0)
            command = NwayCommand.of(header)
            keys = {
                key: str(header[key]).split() for key in ("COLS_RA", "COLS_DEC") if key in header
            }
            if "TABLES" in header:
                names = [name.strip() for name in str(header["TABLES"]).split(",")]
        columns = {name: _plain(table[name]) for name in table.colnames}
    elif isinstance(source, Table):
        columns = {name: _plain(source[name]) for name in source.colnames}
    elif hasattr(source, "reset_index") and hasattr(source, "columns"):
        first = names[0]
        if first not in source.columns and first in source.index.names:  # of pandas 3
            source = source.reset_index(level=first)
        columns = {str(name): np.asarray(source[name]) for name in source.columns}
    else:
        raise TypeError(
            f"NWAY's output is a {type(source).__name__}; give the path of a file, an astropy "
            "Table or a pandas DataFrame"
        )
    if len(names) != len(catalogues):
        raise ValueError(
            f"{what} has {len(names)} catalogues ({', '.join(names)}) and the result "
            f"{len(catalogues)} ({', '.join(catalogues)}); compare the same match"
        )
    api, ours = "prob_this_match" in columns, "p_match" in columns
    columns = _our_names(columns, names, {} if ours else API_NAMES if api else CLI_NAMES, what)
    return NwayTable(columns, names, api, not (api or ours), command, keys, folder, ours)


def _our_names(
    columns: dict[str, np.ndarray], names: Sequence[str], renamed: dict[str, str], what: str
) -> dict[str, np.ndarray]:
    out = {renamed.get(name, name): values for name, values in columns.items()}
    if "dist_bayesfactor_uncorrected" in out:
        out.setdefault("dist_bayesfactor", out["dist_bayesfactor_uncorrected"])
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            if f"Separation_{b}_{a}" in out:
                out[f"Separation_{a}_{b}"] = out.pop(f"Separation_{b}_{a}")
    pairs = [f"Separation_{a}_{b}" for i, a in enumerate(names) for b in names[i + 1 :]]
    missing = [name for name in (*pairs, *NEEDED) if name not in out]
    if missing:
        raise ValueError(
            f"{what} has no column {missing[0]!r}; give what nway.py 4.x wrote or nway_match "
            f"returned for the catalogues {', '.join(names)}"
        )
    return out


def _plain(column: Any) -> np.ndarray:
    """Values in this machine's byte order, NaN where masked."""
    values = np.asarray(
        getattr(column, "filled", lambda _: column)(np.nan)
        if column.dtype.kind == "f"
        else np.ma.getdata(column)
    )
    return values.astype(values.dtype.newbyteorder("="), copy=False)
