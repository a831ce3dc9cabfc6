"""The candidates of a survey on LSDB: one pass over its partitions, then a catalogue in memory.

What a scan does with files.  Every row near a primary is found in the partition that it belongs
to, so margins are not asked; with it come counts of all rows in the coarse cells around the
primaries, which the local density goes by.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from astropy.table import Table

from ..catalogs.bad_rows import MOST, POSITION, Aside, lacking
from ..catalogs.catalog import Catalog
from ..catalogs.field_sample import WithSample
from ..catalogs.footprint import tell_left_out
from ..catalogs.held import HeldCatalog
from ..catalogs.searched import Boxed, Pairs, Searched
from ..catalogs.segments import segments
from ..catalogs.sky_box import SkyBox
from ..catalogs.values import ColumnValues
from ..catalogs.warned import warn_user
from .moving import motion_to, moved_to
from .near import near_rows
from .order import rank_among_tied, sky_key, sky_order
from .partition import Partition, Survey, positions_there
from .passes import over_partitions, over_pieces, pixels_near
from .reading import together
from .sample import Sampler
from .wanted import Near, Wanted


class Found(WithSample, Partition):
    """The candidates of a whole survey, in an order that does not depend on its partitions."""

    home: np.ndarray
    """(n,) number of the pixel of each row's partition"""
    at: np.ndarray
    """(n,) its row there"""
    rank: np.ndarray
    """(n,) how many before it have the same position"""
    kept: pd.DataFrame | None = None
    """all columns of the rows, where these are kept, as they came from the partitions"""
    kept_at: np.ndarray
    """(n,) where each row is there"""
    n_inside: int | None = None
    """rows within the footprint, where the area is a MOC"""

    @property
    def n_rows(self) -> int:
        """Rows of the whole survey, those outside its footprint aside."""
        return self.survey.n_rows - len(self.aside) if self.n_inside is None else self.n_inside

    def cell_counts(self, box: SkyBox) -> np.ndarray:
        """Rows of the whole survey in the cells around the sources of the match."""
        if self.counted is None or self.counted[0] != box.digest:
            raise ValueError(
                f"catalogue {self.name!r}: these are the candidates of another match; search again "
                "(bayesmatch.distributed.match), or use field='uniform'"
            )
        return self.counted[1]

    far: Any = None
    """the `HatsCatalog` that these are of, which has all columns; None: those held are all"""

    def input_rows(self, row_numbers: np.ndarray) -> Table:
        """All columns of some rows."""
        if self.far is None:
            return super().input_rows(row_numbers)
        if not len(self.home):  # what is asked for in place of no row
            empty = self.far.table
            return Table({c: np.zeros(len(row_numbers), empty[c].dtype) for c in empty.colnames})
        rows: Table = self.far.rows_at(self.home[row_numbers], self.at[row_numbers])
        return rows

    own: np.ndarray | None = None
    """(n,) where each row is among the sources, if these are of the same survey"""

    def known_as(self, sources: Any) -> None:
        """Note that the sources are the survey itself: which of them each row is."""
        listed, mine = (zip(c.home.tolist(), c.at.tolist(), strict=True) for c in (sources, self))
        place = {key: k for k, key in enumerate(listed)}
        self.own, self.itself = np.array([place[key] for key in mine], np.int64), True

    def own_numbers(self, rows: np.ndarray) -> np.ndarray:
        """Numbers by which some rows are known among the sources."""
        return super().own_numbers(rows) if self.own is None else self.own[rows]

    def row_text(self, row: int) -> str:
        """A row, as messages name it: partitions have no row numbers that mean anything."""
        return f"the row at {self.ra[row]:.7f}, {self.dec[row]:+.7f}"


Catalog.register(Found)


def find_rows(
    secondary: Any,
    survey: Survey,
    columns: tuple[str, ...],
    primary: HeldCatalog,
    radius_arcsec: float,
    *,
    max_rows: int,
    cells: str | None,
    moc: Any = None,
    keep: bool = False,
    meanwhile: Callable[[], object] | None = None,
) -> Found:
    """The rows of a survey near a primary, from the partitions that may have some.

    Parameters
    ----------
    secondary : lsdb.Catalog
        The survey.
    survey : Survey
        Its numbers.
    columns : tuple of str
        Columns to have, those of the positions first.
    primary : HeldCatalog
        The sources.
    radius_arcsec : float
        Of the match.
    max_rows : int
        Most pairs.
    cells : {"count", "look", None}
        Whether to count all rows in coarse cells around the primaries, too; and to begin with what
        a local density asks of the counts, beside what is left to do.
    moc : mocpy.MOC, optional
        The footprint; with one every partition is read, for the number of rows inside.
    keep : bool, default False
        Whether to have all columns of the rows, too, in :attr:`Found.kept`.
    meanwhile : callable, optional
        Called while workers search, if others do.
    """
    box, look = SkyBox(primary.ra, primary.dec) if cells else None, cells == "look"
    motion = motion_to(primary, secondary, survey)
    wanted = Wanted(
        survey,
        columns[0],
        columns[1],
        columns,
        primary.ra,
        primary.dec,
        radius_arcsec,
        max_rows,
        None if box is None else box.outline(),
        moc,
        motion,
        tuple(secondary.meta.columns) if keep else None,
        # What fits into memory with all columns does so twice; moved rows are searched again.
        keep and motion is None,
        bool(np.all(primary.ra[1:] >= primary.ra[:-1])),
    )
    pixels = secondary.get_healpix_pixels()
    if moc is None and motion is None:  # who knows how far rows move before they are read
        reach = radius_arcsec if box is None else max(radius_arcsec, box.reach_arcsec)
        pixels = pixels_near(pixels, primary.ra, primary.dec, reach)
    parts = over_pieces(secondary, near_rows, wanted, pixels, meanwhile=meanwhile) if pixels else []
    counts = None if box is None else Counts(survey.n_rows, (box.digest, _counts(parts, box)))
    if box is not None and counts is not None and look:
        box.look_ahead(counts)
    out = _held(parts, wanted, secondary.meta, primary)
    if box is not None and counts is not None:
        out.counted = counts.counted
        if look:
            box.hand_over(counts, out)
            out.boxed = Boxed(primary.ra, primary.dec, box)
    out.aside = _without(parts, secondary, wanted, whole=moc is not None)
    if moc is not None:
        out.moc, out.n_inside = moc, sum(part.n_inside for _, part in parts)
        with_place = survey.n_rows - len(out.aside)
        tell_left_out(survey.name, with_place, with_place - out.n_inside)
    out.sampler = Sampler(secondary, pixels, motion)
    moved_to(out, motion)
    return out


@dataclass(frozen=True)
class Counts:
    """What is known of a survey's rows before its candidates are in order."""

    n_rows: int
    counted: tuple[str, np.ndarray]
    """digest of the box, and rows in its cells, (rows, columns)"""

    def cell_counts(self, box: SkyBox) -> np.ndarray:
        """Rows in the cells around the sources, (rows, columns)."""
        return self.counted[1]


def _counts(parts: list[tuple[list[int], Near]], box: SkyBox) -> np.ndarray:
    number = np.zeros(box.n_rows * box.n_columns, np.int32)
    if parts:
        # In arrays of this process: those that workers send begin anywhere in a message, and NumPy
        # takes 30 times as long for what is not aligned.
        cell, count = (np.concatenate([getattr(p, c) for _, p in parts]) for c in ("cell", "count"))
        np.add.at(number, cell, count)
    return number.reshape(box.shape)


def _without(
    parts: list[tuple[list[int], Near]], secondary: Any, wanted: Wanted, *, whole: bool
) -> Aside:
    """Rows of the survey without a position: counted in all partitions where one has been met."""
    n = sum(part.n_without for _, part in parts)
    if n and not whole:
        n = sum(v for _, v in over_partitions(secondary, rows_without, wanted))
    name, listed = wanted.survey.name, wanted.survey.n_rows
    if n > MOST * listed:
        raise ValueError(
            f"catalogue {name!r}: {n:,} of {listed:,} rows have no position in the columns "
            f"{wanted.ra_name!r} and {wanted.dec_name!r}; check them and their unit"
        )
    if n:
        warn_user(lacking(name, n, f"of {listed:,} rows", POSITION))
    return Aside(n_position=n, told=True)


def rows_without(part: Any, wanted: Wanted) -> int:
    """Rows of one partition that have no position."""
    values = ColumnValues(part.plain([wanted.ra_name, wanted.dec_name]), wanted.survey.name)
    return len(part) - len(positions_there(values, wanted.ra_name, wanted.dec_name)[0])


def _held(
    parts: list[tuple[list[int], Near]], wanted: Wanted, meta: pd.DataFrame, primary: HeldCatalog
) -> Found:
    """The candidates of all partitions, in order."""
    frames = [part.frame for _, part in parts if len(part.row)]
    kept = together(frames, meta, wanted.kept or wanted.columns)
    frame = pd.DataFrame(kept[list(wanted.columns)]).reset_index(drop=True)
    order = sky_order(frame, wanted.ra_name, wanted.dec_name)
    frame = frame.iloc[order].reset_index(drop=True)
    out = Found(frame, wanted.survey, wanted.ra_name, wanted.dec_name)
    none = np.empty(0, np.int64)
    size = np.concatenate([none, *(part.size for _, part in parts)])
    out.home = np.repeat(np.array([n for numbers, _ in parts for n in numbers], np.int64), size)[
        order
    ]
    out.at = np.concatenate([none, *(part.row for _, part in parts)])[order]
    out.rank = rank_among_tied(sky_key(frame, wanted.ra_name, wanted.dec_name))
    out.rows = np.arange(len(frame))  # not all rows are at hand
    if wanted.kept is not None:
        out.kept, out.kept_at = kept, order
    if wanted.pairs and parts:
        out.searched = Searched.of(primary, out, wanted.radius_arcsec, _pairs(parts, order))
    return out


def _pairs(parts: list[tuple[list[int], Near]], order: np.ndarray) -> Pairs:
    """Pairs (position, row, arcsec) of the rows of all partitions, in an order of the rows."""
    n, position, separation = (
        np.concatenate([getattr(part, name) for _, part in parts])
        for name in ("n_pairs", "position", "separation")
    )
    each = n[order].astype(np.int64)
    at = segments((np.cumsum(n) - n)[order], each)
    return position[at].astype(np.int64), np.repeat(np.arange(len(order)), each), separation[at]
