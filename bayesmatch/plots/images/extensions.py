"""Which extensions of a FITS file are images with celestial coordinates."""

from __future__ import annotations

import math
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from astropy.wcs import WCS

from .bands import PLANES, band_of
from .planes import Plane, opened

#: extensions and files that go with an image and are none to look at
NO_PICTURE = re.compile(
    r"(^|[^a-z])(w(eigh)?ts?|whts?|wtmap|rms|err(or)?s?|var(iance)?|sigma|ivar|invvar|mask|dq|"
    r"flags?|maskbits|nexp|exp(osure)?map|expmap|seg(mentation|map)?|psf(size)?|con|ctx)($|[^a-z])",
    re.IGNORECASE,
)


#: a longer way across (degrees) is that of an image of all the sky
WIDE = 90.0


class NoImage(ValueError):
    """The file holds no pixels at all."""


def planes_of(path: str | Path, band: str | None = None) -> list[Plane]:
    """The planes with celestial coordinates in a FITS file.

    Parameters
    ----------
    path : path
        The file.
    band : str, optional
        What band they are in; default: what the header or the file's name says.

    Raises
    ------
    ValueError
        If it is not FITS, or has none.
    """
    name = str(path)
    try:
        with opened(name) as hdus:
            found, told = planes_in(hdus, name, band)
    except OSError as error:
        if isinstance(error, (FileNotFoundError, PermissionError)):
            raise
        raise ValueError(f"{name}: cannot be read as FITS ({_line(error)})") from error
    except Exception as error:  # of a damaged file
        raise ValueError(f"{name}: cannot be read as FITS ({_line(error)})") from error
    if not found:
        kind = ValueError if told else NoImage
        told = told or "it holds tables only"
        raise kind(f"{name}: no image in it has celestial coordinates ({told})")
    return found


def planes_in(hdus: Any, name: str, band: str | None = None) -> tuple[list[Plane], str]:
    """The planes of opened extensions, and why the last one without is none ('': no pixels)."""
    found: list[Plane] = []
    told = ""
    pictures = [k for k, hdu in enumerate(hdus) if hdu.is_image and len(hdu.shape) >= 2]
    shown = [k for k in pictures if not NO_PICTURE.search(str(hdus[k].name))] or pictures
    for k in shown:
        try:
            found += _planes(hdus, k, name, band)
        except Exception as error:  # wcslib and astropy raise many kinds
            told = f"extension {k}: {_line(error)}"
    return found, told


def _planes(hdus: Any, k: int, name: str, band: str | None) -> list[Plane]:
    """The planes of one extension: one, or three of a colour image."""
    header, shape = hdus[k].header, hdus[k].shape
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what wcslib mends
        wcs = WCS(header, hdus)
        if wcs.naxis > 2:
            wcs = wcs.sub([1, 2])
    if not wcs.has_celestial:
        raise ValueError("its first two axes have no CTYPE of the sky")
    rows, columns = shape[-2:]
    if rows < 2 or columns < 2:
        raise ValueError(f"it is {columns} x {rows} pixels small")
    center, radius = _circle(wcs, rows, columns)
    scale = 3600 * math.sqrt(wcs.proj_plane_pixel_area().to_value("deg2"))
    if not (math.isfinite(scale) and scale > 0):
        raise ValueError("its pixels have no size")
    extra = [n for n in shape[:-2] if n != 1]
    if extra not in ([], [3]):
        raise ValueError(f"it is a cube of {' x '.join(map(str, shape[::-1]))}")
    one = [0] * (len(shape) - 2)
    slots = [one]
    if extra:
        at = shape.index(3)
        slots = [[*one[:at], n, *one[at + 1 :]] for n in range(3)]
    known = band_of(header, Path(name).name.split(".")[0]) if band is None else band
    return [
        Plane(
            path=name,
            hdu=k,
            slot=tuple(slot),
            shape=(rows, columns),
            wcs=wcs,
            band=PLANES[n] if extra else known,
            center=center,
            radius=radius,
            scale=scale,
        )
        for n, slot in enumerate(slots)
    ]


def _circle(wcs: WCS, rows: int, columns: int) -> tuple[tuple[float, float], float]:
    """Centre (ICRS, degrees) and radius (degrees) of a circle that holds the image."""
    middle = wcs.pixel_to_world((columns - 1) / 2, (rows - 1) / 2).icrs
    x, y = np.meshgrid(np.linspace(-1, columns, 5), np.linspace(-1, rows, 5))
    edge = (x == -1) | (x == columns) | (y == -1) | (y == rows)
    apart = wcs.pixel_to_world(x[edge], y[edge]).icrs.separation(middle).deg
    radius = float(np.max(apart)) * 1.02 + 1e-4
    if not math.isfinite(middle.ra.deg + middle.dec.deg):
        return (0.0, 0.0), 180.0
    if not radius < WIDE:  # NaN too
        radius = 180.0
    return (float(middle.ra.deg), float(middle.dec.deg)), radius


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
