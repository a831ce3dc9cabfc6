"""Pieces of images about a position, north up and east to the left."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .bands import three_of
from .grid import Grid
from .planes import Plane

#: pixels across of a cutout; finer images are averaged, distorted ones over so many pixels at most
MIN_PIXELS, MAX_PIXELS, MAX_FINER = 121, 601, 3
#: pixels of a cutout in one of the image, so that resampling costs no sharpness
FINER = 1.5
#: a band takes part in a colour if it covers this much of what the best one does
MIN_SHARE = 0.5


@dataclass(frozen=True)
class Cutout:
    """A square piece of the sky: zenithal equidistant, so that offsets in it are true."""

    data: np.ndarray
    """(n, n), or (n, n, 3) red, green and blue; the first row is south, the first column east; NaN
    where no image is"""
    half: float
    """from the middle to the edge, arcsec"""
    bands: tuple[str, ...]
    """of the image, or of red, green and blue; () where they are not known"""
    files: tuple[str, ...]
    """it is made of"""
    scale: float
    """of the images' own pixels, the finest, arcsec"""

    @property
    def covered(self) -> float:
        """Share of the square that an image covers."""
        known = np.isfinite(self.data)
        return float((known.any(axis=2) if known.ndim == 3 else known).mean())

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """As ``imshow`` takes it with ``origin="lower"``: arcsec to the east and north."""
        return (self.half, -self.half, -self.half, self.half)


def cut(planes: Sequence[Plane], ra: float, dec: float, reach: float) -> Cutout | None:
    """What these images show around a position; None: nothing.

    Parameters
    ----------
    planes : sequence of Plane
        Any; those of one band are put together.
    ra, dec : float
        The middle (ICRS, degrees).
    reach : float
        From the middle to the edge, arcsec.
    """
    near = [plane for plane in planes if plane.near(ra, dec, math.sqrt(2) * reach)]
    if not near:
        return None
    scale = min(plane.scale for plane in near)
    fine = 2 * reach / scale * FINER
    pixels = int(np.clip(fine, MIN_PIXELS, MAX_PIXELS)) // 2 * 2 + 1
    distorted = any(plane.distorted for plane in near)
    finer = int(np.clip(round(fine / pixels / FINER), 1, MAX_FINER)) if distorted else 1
    grid = Grid(ra, dec, reach, pixels, finer)
    layers, used = {}, {}
    for band in dict.fromkeys(plane.band for plane in near):
        parts = [(p, piece) for p in near if p.band == band if (piece := grid.place(p)) is not None]
        if parts:
            layers[band] = _together([piece for _, piece in parts])
            used[band] = [plane.path for plane, _ in parts]
    if not layers:
        return None
    share = {band: float(np.isfinite(layer).mean()) for band, layer in layers.items()}
    most = max(share.values())
    colors = three_of(band for band in layers if share[band] >= MIN_SHARE * most)
    if colors:
        files = [path for band in colors if band for path in used[band]]
        data = _three(*(layers.get(band) for band in colors))
        bands = tuple(colors)
    else:
        best = max(layers, key=lambda band: (share[band], bool(band)))
        data, files, bands = layers[best], used[best], (best,) if best else ()
    return Cutout(data, reach, bands, tuple(dict.fromkeys(files)), scale)


def _three(red: np.ndarray | None, green: np.ndarray | None, blue: np.ndarray | None) -> np.ndarray:
    """Red, green and blue; where green is missing, the mean of the others."""
    assert red is not None and blue is not None
    if green is None:
        green = 0.5 * (_above_sky(red) + _above_sky(blue))
    return np.stack([red, green, blue], axis=2)


def _above_sky(data: np.ndarray) -> np.ndarray:
    """In units of its own brightness, so that bands of any unit can be added."""
    sky, bright = np.nanpercentile(data, [50, 99.5])
    return np.asarray((data - sky) / (bright - sky) if bright > sky else data - sky)


def _together(pieces: list[np.ndarray]) -> np.ndarray:
    """One layer of several images of one band: their mean above each one's sky."""
    if len(pieces) == 1:
        return pieces[0]
    sky = [float(np.nanmedian(piece)) for piece in pieces]
    stack = np.stack([piece - level for piece, level in zip(pieces, sky, strict=True)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # where no image is
        return np.asarray(np.nanmean(stack, axis=0) + sky[0])
