"""Images of stars, painted straight from their coordinates, for tests of charts."""

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS


def rotated_wcs(center, n, scale=0.2, angle=30.0, projection="TAN", frame="ICRS"):
    """An image of n x n pixels about a position (degrees), its y axis `angle` east of north."""
    wcs = WCS(naxis=2)
    lon, lat = ("GLON", "GLAT") if frame == "GALACTIC" else ("RA--", "DEC-")
    wcs.wcs.ctype = [f"{lon}-{projection}", f"{lat}-{projection}"]
    at = SkyCoord(*center, unit="deg")
    wcs.wcs.crval = [at.galactic.l.deg, at.galactic.b.deg] if frame == "GALACTIC" else center
    wcs.wcs.crpix = [(n + 1) / 2] * 2
    turn = np.radians(angle)
    wcs.wcs.cd = (scale / 3600) * np.array(
        [[-np.cos(turn), np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    )
    if frame != "GALACTIC":
        wcs.wcs.radesys = frame
    wcs.wcs.set()
    return wcs


def paint(wcs, n, ra, dec, flux, *, fwhm=0.8, noise=1.0, seed=0, sky=100.0):
    """Gaussian stars at positions (degrees, ICRS) on a noisy sky, (n, n)."""
    rng = np.random.default_rng(seed)
    data = sky + noise * rng.standard_normal((n, n))
    x, y = wcs.world_to_pixel(SkyCoord(ra, dec, unit="deg"))
    scale = 3600 * np.sqrt(wcs.proj_plane_pixel_area().to_value("deg2"))
    sigma = fwhm / 2.3548 / scale
    reach = int(np.ceil(6 * sigma))
    for x0, y0, f in zip(np.atleast_1d(x), np.atleast_1d(y), np.atleast_1d(flux), strict=True):
        if not (-reach < x0 < n + reach and -reach < y0 < n + reach):
            continue
        rows = np.arange(max(0, int(y0) - reach), min(n, int(y0) + reach + 1))
        columns = np.arange(max(0, int(x0) - reach), min(n, int(x0) + reach + 1))
        away = (rows[:, None] - y0) ** 2 + (columns[None] - x0) ** 2
        data[np.ix_(rows, columns)] += f * np.exp(-0.5 * away / sigma**2)
    return data


def write(path, data, wcs, **cards):
    """An image in the primary extension, single precision; returns the path."""
    header = wcs.to_header()
    header.update({key.upper(): value for key, value in cards.items()})
    fits.PrimaryHDU(np.asarray(data, np.float32), header).writeto(path, overwrite=True)
    return path
