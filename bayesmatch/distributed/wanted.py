"""What is asked of every partition in the search for candidates, and what it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..catalogs.sky_box import SkyBox
from .moving import Motion
from .partition import Survey


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


@dataclass(frozen=True)
class Near:
    """What one partition has."""

    row: np.ndarray
    """(m,) rows that are near, in the partition"""
    frame: Any
    """their columns, as :func:`bayesmatch.distributed.reading.together` takes them"""
    n_rows: int
    n_inside: int
    n_without: int
    """rows that have no position"""
    cell: np.ndarray
    """(c,) cells with rows"""
    count: np.ndarray
    """(c,) rows in each of them"""
