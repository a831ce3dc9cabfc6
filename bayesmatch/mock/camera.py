"""What a telescope's camera would show of a mock sky: images for finding charts."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS

from ..catalogs.scalars import check_seed, number_within, shown
from .arguments import check_center
from .photometry import BANDS, DEPTH

#: AB magnitude of one count, as the Legacy Survey has it (nanomaggies)
ZERO_POINT = 22.5
#: of objects that the survey does not see in a band
UNSEEN = 26.5
#: pixels a side of the largest image
MAX_PIXELS = 20_000


def image(
    objects: Table,
    *,
    center: tuple[float, float],
    size: float = 60.0,
    band: str = "r",
    scale: float = 0.26,
    angle: float = 0.0,
    fwhm: float = 1.2,
    seed: int = 0,
) -> fits.PrimaryHDU:
    """Paint the objects of a mock survey, as points of light on a noisy sky.

    Parameters
    ----------
    objects : Table
        ``secondary`` of a :class:`bayesmatch.mock.Sky`, or any with ``RA``, ``DEC`` (degrees) and
        AB magnitudes in columns named by bands; missing ones are fainter than the noise.
    center : (float, float)
        RA and Dec of the middle of the image, degrees.
    size : float, default 60
        Of a side, arcsec.
    band : str, default "r"
        One of ``g r z w1 w2``.
    scale : float, default 0.26
        Of a pixel, arcsec.
    angle : float, default 0
        Of the image's y axis, degrees east of north.
    fwhm : float, default 1.2
        Of the points, arcsec.
    seed : int, default 0
        Of the noise.

    Returns
    -------
    astropy.io.fits.PrimaryHDU
        Nanomaggies, with coordinates (gnomonic) and FILTER in its header;
        ``.writeto("field-r.fits")`` makes a file that charts are drawn on.
    """
    center = check_center(center)
    size = number_within("size", size, 1.0, 36_000.0)
    scale = number_within("scale", scale, 0.01, 60.0)
    fwhm = number_within("fwhm", fwhm, 0.01, 600.0)
    angle = number_within("angle", angle, -360.0, 360.0)
    if band not in BANDS or band not in objects.colnames:
        raise ValueError(
            f"band is {shown(band)}; give one of {', '.join(BANDS)} that objects has as a column"
        )
    n = round(size / scale)
    if not 2 <= n <= MAX_PIXELS:
        raise ValueError(f"size / scale is {n} pixels; give 2 to {MAX_PIXELS}")
    wcs = _coordinates(center, n, scale, angle)
    rng = np.random.default_rng([check_seed(seed), BANDS.index(band)])
    sigma = max(fwhm, scale) / 2.3548 / scale
    # A point at the survey's depth is 5 sigma in an aperture of 4 pi sigma^2 pixels.
    noise = (
        10 ** (-0.4 * (DEPTH[BANDS.index(band)] - ZERO_POINT)) / 5 / (sigma * np.sqrt(4 * np.pi))
    )
    data = noise * rng.standard_normal((n, n))
    _paint(data, wcs, objects, _counts(objects[band]), sigma)
    header = wcs.to_header()
    header["FILTER"], header["BUNIT"] = band, "nanomaggy"
    return fits.PrimaryHDU(data.astype(np.float32), header)


def _coordinates(center: tuple[float, float], n: int, scale: float, angle: float) -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = center
    wcs.wcs.crpix = [(n + 1) / 2] * 2
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    wcs.wcs.cd = scale / 3600 * np.array([[-c, s], [s, c]])
    wcs.wcs.radesys = "ICRS"
    wcs.wcs.set()
    return wcs


def _counts(magnitude: Any) -> np.ndarray:
    """Of AB magnitudes; masked, NaN and -99 are unseen."""
    mag = np.ma.filled(np.ma.asarray(magnitude).astype(float), np.nan)
    return np.asarray(10 ** (-0.4 * (np.where(mag > -50, mag, UNSEEN) - ZERO_POINT)))


def _paint(data: np.ndarray, wcs: WCS, objects: Table, counts: np.ndarray, sigma: float) -> None:
    """Add a Gaussian point (sigma in pixels) to an image (n, n) for every object on it."""
    n = len(data)
    at = SkyCoord(np.asarray(objects["RA"]), np.asarray(objects["DEC"]), unit="deg")
    middle = wcs.pixel_to_world((n - 1) / 2, (n - 1) / 2)
    near = np.flatnonzero(
        at.separation(middle) < 1.1 * middle.separation(wcs.pixel_to_world(-9, -9))
    )
    reach = int(np.ceil(6 * sigma))
    for row, x, y in zip(near, *wcs.world_to_pixel(at[near]), strict=True):
        rows = np.arange(max(0, int(y) - reach), min(n, int(y) + reach + 1))
        columns = np.arange(max(0, int(x) - reach), min(n, int(x) + reach + 1))
        if len(rows) and len(columns):
            shape = np.exp(-0.5 * ((rows - y) / sigma) ** 2)[:, None] * np.exp(
                -0.5 * ((columns - x) / sigma) ** 2
            )
            data[np.ix_(rows, columns)] += counts[row] / (2 * np.pi * sigma**2) * shape
