"""Positions and errors of the members of associations, as either side took them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from ...catalogs.held import HeldCatalog
from ...matching.record import MatchRecord
from .held_members import Held
from .rows import Rows
from .table import NwayTable


@dataclass(frozen=True)
class Inputs:
    """Of R associations of K catalogues; NaN where a member is absent or its values unknown."""

    theirs: list[tuple[np.ndarray, np.ndarray]]
    """right ascension and declination (R,), degrees, in the precision that NWAY had"""
    their_errors: list[tuple[np.ndarray, ...]]
    """one, two or three (R,) by catalogue, as NWAY was given them"""
    ours: list[tuple[np.ndarray, np.ndarray]]
    """positions (R,), degrees"""
    covariance: list[np.ndarray]
    """(R, 3) of east^2, north^2, east*north, arcsec^2"""
    moved: np.ndarray
    """(R,) rows whose members NWAY's file has at other positions than the result's inputs"""

    @property
    def elliptical(self) -> bool:
        """Whether NWAY took any errors for ellipses."""
        return any(len(parts) > 1 for parts in self.their_errors)

    @property
    def circular(self) -> bool:
        """Whether all errors of ours are circles."""
        return all(
            bool(np.all((c[:, 0] == c[:, 1]) & (c[:, 2] == 0) | np.isnan(c[:, 0])))
            for c in self.covariance
        )


def read_inputs(
    rows: Rows, table: Table, record: MatchRecord, nway: NwayTable, catalogs: Sequence[HeldCatalog]
) -> Inputs:
    """What is known of the inputs: from the catalogues, columns of the result, NWAY's columns."""
    out = Inputs([], [], [], [], np.zeros(len(rows.member), bool))
    for k, c in enumerate(record.catalogues):
        catalog = catalogs[k] if catalogs else None
        held = Held(catalog, rows.member[:, k])
        name = nway.names[k]
        ra, dec = (
            _key_column(nway, keyword, name, own)
            for keyword, own in (("COLS_RA", c.ra), ("COLS_DEC", c.dec))
        )
        spec = _their_spec(nway, k, c.pos_err)
        file = [_their_column(rows, nway, k, column) for column in (ra, dec)]
        joined = [_joined(rows, table, c.name, own) for own in (c.ra, c.dec)]
        known = held.given or joined
        given = [
            np.where(np.isnan(there), here.astype(there.dtype), there)
            for there, here in zip(file, known, strict=True)
        ]
        with np.errstate(invalid="ignore"):
            far = [np.abs(a - b) > 1e-7 for a, b in zip(file, known, strict=True)]
        out.moved[:] |= (far[0] | far[1]) & rows.present[:, k]
        out.theirs.append((given[0], given[1]))
        errors = tuple(_error(rows, table, nway, k, c.name, part, held) for part in spec)
        out.their_errors.append(errors)
        position = held.taken or [np.asarray(v, np.float64) for v in given]
        out.ours.append((position[0], position[1]))
        covariance = held.covariance
        out.covariance.append(_covariance(errors) if covariance is None else covariance)
    return out


def _key_column(nway: NwayTable, keyword: str, name: str, own: str) -> str:
    """The column that NWAY took, from its header; else the one that the result took."""
    prefix = f"{name}_"
    named = [c.removeprefix(prefix) for c in nway.keys.get(keyword, ()) if c.startswith(prefix)]
    return named[0] if len(named) == 1 else own


def _their_spec(nway: NwayTable, k: int, own: Sequence[object]) -> list[object]:
    """Columns and numbers that NWAY took for the errors of a catalogue."""
    if k >= len(nway.command.errors):
        return list(own)[:1] if nway.from_api else list(own)
    given = nway.command.errors[k]
    return list(given[1:].split(":")) if given.startswith(":") else [float(given)]


def _their_column(rows: Rows, nway: NwayTable, k: int, column: str) -> np.ndarray:
    values = nway.columns.get(f"{nway.names[k]}_{column}")
    if values is None or values.dtype.kind not in "iuf":
        return np.full(len(rows.member), np.nan)
    out = rows.filled(None, values if values.dtype.kind == "f" else values.astype(np.float64))
    out[~rows.present[:, k]] = np.nan
    return out


def _joined(rows: Rows, table: Table, name: str, column: object) -> np.ndarray:
    """An input column in the result, NaN elsewhere."""
    out = np.full(len(rows.member), np.nan)
    joined = f"{name}_{column}"
    if joined in table.colnames and table[joined].dtype.kind in "iuf":
        values = np.ma.filled(np.ma.asarray(table[joined]).astype(np.float64), np.nan)
        out[rows.ours >= 0] = values[rows.ours[rows.ours >= 0]]
    return out


def _error(
    rows: Rows, table: Table, nway: NwayTable, k: int, name: str, part: object, held: Held
) -> np.ndarray:
    """A part of the errors as NWAY took them, (R,)."""
    absent = ~rows.present[:, k]
    if isinstance(part, (int, float)):
        return np.where(absent, np.nan, float(part))
    if part is None:
        return np.sqrt(held.covariance[:, 0]) if held.covariance is not None else _unknown(rows)
    out = _their_column(rows, nway, k, str(part))
    for other in (held.column(str(part)), _joined(rows, table, name, part)):
        if other is not None:
            out = np.where(np.isnan(out), other.astype(out.dtype), out)
    return out


def _unknown(rows: Rows) -> np.ndarray:
    return np.full(len(rows.member), np.nan)


def _covariance(errors: tuple[np.ndarray, ...]) -> np.ndarray:
    """The covariances that errors stand for, in our reading of them."""
    first = np.asarray(errors[0], np.float64)
    if len(errors) < 3:
        last = np.asarray(errors[-1], np.float64)
        return np.column_stack([first**2, last**2, 0 * first])
    major, minor = first**2, np.asarray(errors[1], np.float64) ** 2
    s, c = np.sin(np.radians(errors[2])), np.cos(np.radians(errors[2]))
    return np.column_stack(
        [major * s**2 + minor * c**2, major * c**2 + minor * s**2, (major - minor) * s * c]
    )
