"""Images put on the pixels of a cutout."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from astropy.wcs import WCS

from .planes import Plane


def need_reproject() -> Any:
    """The function that puts images on another sky; a line that tells what to install."""
    try:
        from reproject import reproject_interp
    except ImportError as error:
        raise ImportError(
            "images need the package reproject: pip install 'bayesmatch[images]'"
        ) from error
    return reproject_interp


#: averaged rows that are made at once
STRIP = 64


class Grid:
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
        data, wcs = _read(plane, box, max(1, int(self.step / plane.scale)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the WCS, and of NaN pixels
            placed = need_reproject()(
                (data, wcs),
                self.wcs,
                shape_out=self.shape,
                return_footprint=False,
                roundtrip_coords=False,  # the box is on this side of the sky
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


def _read(plane: Plane, box: tuple[slice, slice], k: int) -> tuple[np.ndarray, WCS]:
    """The pixels in a box, k x k of them averaged, strip by strip, and their WCS."""
    wcs = plane.wcs
    if plane.tabulated:  # its tables count from the first pixel
        whole = tuple(slice(0, part.stop) for part in box)
        return plane.pixels((whole[0], whole[1])), wcs
    if k == 1 or plane.distorted:  # a polynomial does not count in steps
        return plane.pixels(box), wcs.slice(box)
    rows, columns = (
        slice(part.start, part.start + (part.stop - part.start) // k * k) for part in box
    )
    tall = STRIP * k
    strips = [
        _averaged(plane.pixels((slice(row, min(row + tall, rows.stop)), columns)), k)
        for row in range(rows.start, rows.stop, tall)
    ]
    steps = tuple(slice(part.start, part.stop, k) for part in (rows, columns))
    return np.concatenate(strips), wcs.slice(steps)


def _averaged(data: np.ndarray, k: int) -> np.ndarray:
    """The mean of every k x k pixels that have one."""
    rows, columns = (n // k for n in data.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # where there is none
        return np.asarray(np.nanmean(data.reshape(rows, k, columns, k), axis=(1, 3)))
