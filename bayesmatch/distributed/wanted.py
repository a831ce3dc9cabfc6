"""What is asked of every partition in the search for candidates, and what it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..catalogs.sky_box import SkyBox
from .moving import Motion
from .partition import Survey
from .reading import in_one


@dataclass(frozen=True)
class Wanted:
    """What is wanted of every partition."""

    survey: Survey
    ra_name: str
    dec_name: str
    columns: tuple[str, ...]
    """to have of the candidates"""
    ra: np.ndarray
    """(n,) degrees: positions to search around"""
    dec: np.ndarray
    """(n,) degrees"""
    radius_arcsec: float
    max_rows: int
    """most pairs of a position and a row"""
    box: SkyBox | None
    """cells in which to count all rows"""
    moc: Any
    """a `mocpy.MOC`: rows outside it do not count; None: all do"""
    motion: Motion | None = None
    """how rows are moved before they are searched; None: they are not"""
    kept: tuple[str, ...] | None = None
    """columns of the candidates to hand on, if more than `columns`"""
    pairs: bool = False
    """whether to hand on the pairs, too"""
    ascending: bool = False
    """whether `ra` ascends"""

    def __setstate__(self, state: dict[str, Any]) -> None:
        """In another process, which has arrays anywhere in the message that they came in."""
        aligned = {name: np.require(state[name], requirements="A") for name in ("ra", "dec")}
        self.__dict__.update(state, **aligned)


@dataclass(frozen=True)
class Near:
    """What some partitions have."""

    size: np.ndarray
    """(p,) rows near of each partition"""
    row: np.ndarray
    """(m,) rows that are near, in their partition"""
    frame: Any
    """their columns, as :func:`bayesmatch.distributed.reading.together` takes them"""
    n_inside: int
    n_without: int
    """rows that have no position"""
    cell: np.ndarray
    """(c,) cells with rows; one may come twice"""
    count: np.ndarray
    """(c,) rows in each of them"""
    n_pairs: np.ndarray
    """(m,) positions that each row is near; none if pairs are not wanted"""
    position: np.ndarray
    """(pairs,) number of each"""
    separation: np.ndarray
    """(pairs,) arcsec"""

    @classmethod
    def together(cls, several: Sequence[Near]) -> Near:
        """What all of some have."""
        if len(several) == 1:
            return several[0]
        frames = [one.frame for one in several if len(one.row)] or [several[0].frame]
        arrays = (
            np.concatenate([getattr(one, name) for one in several])
            for name in ("size", "row", "cell", "count", "n_pairs", "position", "separation")
        )
        size, row, cell, count, *pairs = arrays
        n_inside, n_without = (
            sum(getattr(one, name) for one in several) for name in ("n_inside", "n_without")
        )
        return cls(size, row, in_one(frames), n_inside, n_without, cell, count, *pairs)
