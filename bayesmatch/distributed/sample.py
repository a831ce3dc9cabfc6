"""A field sample of a survey on LSDB: its rows around some sources, from all partitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..catalogs.area import contains
from ..catalogs.field_sample import (
    FIELD_ROWS,
    FieldSample,
    rows_around,
    sampled_rows,
    sampled_share,
)
from ..catalogs.held import HeldCatalog
from ..catalogs.positions import read_positions
from ..catalogs.sky_box import SkyBox
from ..catalogs.values import ColumnValues
from .moving import Motion, moved_by, moved_rows
from .order import sky_order
from .partition import plain_table, positions_there
from .passes import over_partitions
from .reading import together


@dataclass(frozen=True)
class Sampled:
    """What is wanted of every partition."""

    name: str
    """of the survey"""
    columns: tuple[str, ...]
    """those of the positions first"""
    box: SkyBox
    share: float
    """of the rows in its cells"""
    moc: Any
    """a `mocpy.MOC`: rows outside it do not count; None: all do"""
    motion: Motion | None = None


@dataclass(frozen=True)
class Sampler:
    """Takes a field sample of a survey, when one is asked for."""

    secondary: Any
    """the `lsdb.Catalog`"""
    pixels: Sequence[Any]
    """of the partitions that may have rows near the sources"""
    motion: Motion | None = None
    """how rows are moved; None: they are not"""

    def __call__(self, found: HeldCatalog, box: SkyBox, columns: Sequence[str]) -> FieldSample:
        """Of the rows around the sources, with some columns, by right ascension and declination."""
        n_around = rows_around(box, found.cell_counts(box))
        moved = moved_by(self.motion)
        names = tuple(dict.fromkeys([found.ra_name, found.dec_name, *moved, *columns]))
        share = sampled_share(n_around, FIELD_ROWS)
        wanted = Sampled(found.name, names, box.outline(known=True), share, found.moc, self.motion)
        parts = (
            over_partitions(self.secondary, taken_rows, wanted, self.pixels) if self.pixels else []
        )
        frames = [part for _, part in parts if len(part)]
        frame = pd.DataFrame(together(frames, self.secondary.meta, names))
        frame = frame.iloc[sky_order(frame, *names[:2])].reset_index(drop=True)
        table = plain_table(frame)
        values = ColumnValues(table, found.name)
        ra, dec = read_positions(values, *names[:2])
        ra, dec, _ = moved_rows(self.motion, values, np.arange(len(ra)), ra, dec)
        sample = found.bare_of(frame.index.to_numpy(), ra, dec)
        sample.table = table[list(dict.fromkeys(columns))]
        return FieldSample(sample, n_around)


def taken_rows(part: Any, wanted: Sampled) -> Any:
    """The rows of one partition that are sampled."""
    names = list(dict.fromkeys([*wanted.columns[:2], *moved_by(wanted.motion)]))
    values = ColumnValues(part.plain(names), wanted.name)
    ra, dec, there = positions_there(values, *names[:2])
    ra, dec, _ = moved_rows(wanted.motion, values, there, ra, dec)
    rows = sampled_rows(ra, dec, wanted.box, wanted.share)
    if wanted.moc is not None:
        rows = rows[contains(wanted.moc, ra[rows], dec[rows])]
    return part.take(wanted.columns, there[rows])
