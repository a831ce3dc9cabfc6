"""Pieces of images about a position, north up and east to the left."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.wcs import WCS

from .bands import three_of
from .planes import Plane

#: pixels across of a cutout; finer images are averaged, over this many fine pixels at most
MIN_PIXELS, MAX_PIXELS, MAX_FINER = 121, 721, 4
#: pixels of a cutout in one of the image, so that resampling costs no sharpness
FINER = 1.5
#: pixels of the image (a side) that are read as they are; more are averaged as they are read
MAX_READ = 3000
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


def need_reproject() -> Any:
    """The function that puts images on another sky; a line that tells what to install."""
    try:
        from reproject import reproject_interp
    except ImportError as error:
        raise ImportError(
            "images need the package reproject: pip install 'bayesmatch[images]'"
        ) from error
    return reproject_interp


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
    finer = int(np.clip(round(fine / pixels), 1, MAX_FINER))
    grid = _Grid(ra, dec, reach, pixels, finer)
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


class _Grid:
    """The pixels of a cutout, and images put on them."""

    def __init__(self, ra: float, dec: float, reach: float, pixels: int, finer: int) -> None:
        n = pixels * finer
        self.finer, self.shape = finer, (n, n)
        self.wcs = WCS(naxis=2)
        self.wcs.wcs.ctype = ["RA---ARC", "DEC--ARC"]
        self.wcs.wcs.crval = [ra, dec]
        self.wcs.wcs.crpix = [(n + 1) / 2, (n + 1) / 2]
        step = 2 * reach / n / 3600
        self.wcs.wcs.cdelt = [-step, step]
        self.wcs.wcs.radesys = "ICRS"
        self.wcs.wcs.set()
        self.step = 3600 * step

    def place(self, plane: Plane) -> np.ndarray | None:
        """The image on these pixels, averaged to those of the cutout; None: it does not reach."""
        box = self._box(plane)
        if box is None:
            return None
        data, wcs = _read(plane, box)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the WCS, and of NaN pixels
            placed = need_reproject()(
                (data, wcs), self.wcs, shape_out=self.shape, return_footprint=False
            )
        n, k = self.shape[0] // self.finer, self.finer
        if k > 1:
            placed = _averaged(placed, k).reshape(n, n)
        return placed if np.isfinite(placed).any() else None

    def _box(self, plane: Plane) -> tuple[slice, slice] | None:
        """The part of an image that lies on these pixels, with a rim."""
        at = np.linspace(-0.5, self.shape[0] - 0.5, 9)
        x, y = (axis.ravel() for axis in np.meshgrid(at, at))
        sky = self.wcs.pixel_to_world(x, y)
        rim = 4
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                there = plane.wcs.world_to_pixel(sky)
            except Exception:  # distortions that do not converge far outside
                undistorted = WCS(plane.wcs.to_header(relax=False))
                there, rim = undistorted.world_to_pixel(sky), 100
        (left, right), (low, high) = (_span(values) for values in there)
        rows, columns = plane.shape
        if not (right > -rim and left < columns + rim and high > -rim and low < rows + rim):
            return None  # NaN too: the far side of the sky
        box = (
            slice(max(0, math.floor(low) - rim), min(rows, math.ceil(high) + rim + 1)),
            slice(max(0, math.floor(left) - rim), min(columns, math.ceil(right) + rim + 1)),
        )
        return box if all(part.stop - part.start >= 2 for part in box) else None


def _span(values: np.ndarray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if len(known) else (np.nan, np.nan)


def _read(plane: Plane, box: tuple[slice, slice]) -> tuple[np.ndarray, WCS]:
    """The pixels in a box and their WCS; a large box averaged, strip by strip."""
    k = -(-max(part.stop - part.start for part in box) // MAX_READ)
    if k > 1 and plane.wcs.sip is None:  # a distorted WCS does not count in steps
        whole = tuple(
            slice(part.start, part.start + (part.stop - part.start) // k * k) for part in box
        )
        strips = [
            _averaged(plane.pixels((slice(row, row + 64 * k), whole[1])), k)
            for row in range(whole[0].start, whole[0].stop - 64 * k + 1, 64 * k)
        ]
        last = whole[0].start + 64 * k * len(strips)
        if last < whole[0].stop:
            strips.append(_averaged(plane.pixels((slice(last, whole[0].stop), whole[1])), k))
        steps = tuple(slice(part.start, part.stop, k) for part in whole)
        return np.concatenate(strips), plane.wcs.slice(steps)
    return plane.pixels(box), plane.wcs.slice(box)


def _averaged(data: np.ndarray, k: int) -> np.ndarray:
    """The mean of every k x k pixels that have one."""
    rows, columns = (n // k for n in data.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # where there is none
        return np.asarray(np.nanmean(data.reshape(rows, k, columns, k), axis=(1, 3)))
