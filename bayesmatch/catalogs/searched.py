"""What the search for the rows of a catalogue near a primary has found besides, not to do again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import is_
from typing import Any

import numpy as np

from .sky_box import SkyBox

#: primary row, row of the other catalogue, arcsec; (n,) each
Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Searched:
    """Pairs of two catalogues, as the search gives them that has the primary in its grid."""

    positions: tuple[np.ndarray, ...]
    """ra and dec of both, as they were searched, (n,) each"""
    radius: float
    """arcsec"""
    pairs: Pairs
    """those closer, the rows of the other catalogue ascending"""

    @classmethod
    def of(cls, primary: Any, other: Any, radius: float, within: Pairs) -> Searched:
        """Those of some pairs of two catalogues that are closer than `radius` arcsec."""
        i, j, s = within
        near = s < radius
        if not near.all():
            i, j, s = i[near], j[near], s[near]
        return cls(_positions(primary, other), radius, (i, j, s))

    def holds(self, primary: Any, other: Any, radius: float) -> bool:
        """Whether these are the pairs of two catalogues, which may have changed since then."""
        now = _positions(primary, other)
        return radius == self.radius and all(map(is_, now, self.positions))


@dataclass(frozen=True)
class Boxed:
    """The cells around a primary in which the rows of another catalogue were counted."""

    ra: np.ndarray
    """(n,) degrees, of the primary"""
    dec: np.ndarray
    """(n,) degrees"""
    box: SkyBox


def box_around(primary: Any, others: Iterable[Any]) -> SkyBox:
    """The cells around a primary: those of one of the others that has them."""
    for boxed in (other.boxed for other in others):
        if boxed is not None and boxed.ra is primary.ra and boxed.dec is primary.dec:
            box: SkyBox = boxed.box
            return box
    return SkyBox(primary.ra, primary.dec)


def _positions(primary: Any, other: Any) -> tuple[np.ndarray, ...]:
    return primary.ra, primary.dec, other.ra, other.dec
