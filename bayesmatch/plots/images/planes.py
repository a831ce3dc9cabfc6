"""Image planes in FITS files: which have celestial coordinates, and where on the sky they are."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from astropy.wcs.utils import skycoord_to_pixel

from ..._kernels.sphere import separation

ENDINGS = (".fits", ".fit", ".fts", ".fits.gz", ".fit.gz", ".fts.gz", ".fits.fz", ".fit.fz")


@dataclass(frozen=True)
class Plane:
    """One image: where its pixels are, in the file and on the sky."""

    path: str
    """file, for people"""
    hdu: int
    """its extension, from 0"""
    slot: tuple[int, ...]
    """which plane of a cube"""
    shape: tuple[int, int]
    """rows and columns"""
    wcs: WCS
    """of its pixels"""
    band: str
    """'' where it is not known"""
    center: tuple[float, float]
    """of the circle around it: ICRS right ascension and declination, degrees"""
    radius: float
    """of that circle, degrees"""
    scale: float
    """arcsec per pixel"""
    data: np.ndarray | None = None
    """(rows, columns) its pixels, where they are in memory"""

    @property
    def tabulated(self) -> bool:
        """Whether tables of distortions go with its coordinates."""
        w = self.wcs
        return any(t is not None for t in (w.cpdis1, w.cpdis2, w.det2im1, w.det2im2))

    @property
    def distorted(self) -> bool:
        """Whether its pixels are no regular grid before the projection."""
        return self.wcs.sip is not None or self.tabulated

    def near(self, ra: float, dec: float, reach: float) -> bool:
        """Whether a circle (arcsec) about a position can touch it."""
        cosines = (math.cos(math.radians(d)) for d in (self.center[1], dec))
        apart = separation(*self.center, next(cosines), ra, dec, next(cosines))
        return bool(apart <= 3600 * self.radius + reach)

    def holds(self, ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
        """Which positions (ICRS, degrees) lie on its pixels, as its coordinates say; bool."""
        held = np.zeros(len(ra), bool)
        ra, dec = np.asarray(ra, float), np.asarray(dec, float)
        at = np.flatnonzero(np.isfinite(ra) & np.isfinite(dec))
        sky = SkyCoord(ra[at], dec[at], unit="deg")
        close = sky.separation(SkyCoord(*self.center, unit="deg")).deg <= self.radius
        at = at[close]
        if len(at):
            x, y = skycoord_to_pixel(sky[close], self.wcs, mode="wcs")
            rows, columns = self.shape
            held[at] = (abs(x - (columns - 1) / 2) < columns / 2) & (
                abs(y - (rows - 1) / 2) < rows / 2
            )
        return held

    def pixels(self, box: tuple[slice, slice]) -> np.ndarray:
        """The pixels in a box as floating-point numbers, NaN where there is none."""
        if self.data is not None:
            return np.asarray(self.data[box], float)
        with opened(self.path) as hdus:
            return np.asarray(hdus[self.hdu].section[(*self.slot, *box)], float)


@contextlib.contextmanager
def opened(path: str) -> Iterator[Any]:
    """The extensions of a file, pixels left where they are until they are asked for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cards outside the standard, and the like
        # A section reads its own rows only, and a memory map holds no scaled integers.
        with fits.open(path, memmap=False) as hdus:
            yield hdus
