"""Cutouts of sky surveys from a HiPS-to-FITS address, kept in a folder for the next time."""

from __future__ import annotations

import hashlib
import io
import os
import urllib.parse
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from astropy.io import fits

from ...catalogs.scalars import number_within, shown
from .cutout import Cutout, cut
from .extensions import planes_in
from .fetched import cache_folder, fetch, keep
from .grid import need_reproject
from .planes import Plane

#: of the Centre de Donnees astronomiques de Strasbourg
ADDRESS = "https://alasky.cds.unistra.fr/hips-image-services/hips2fits"
ADDRESS_VARIABLE = "BAYESMATCH_HIPS_ADDRESS"
#: of a cutout asked for; seconds
PIXELS, TIMEOUT = 500, 30.0


class HipsImages:
    """Images of a sky survey, fetched piece by piece from an IVOA HiPS-to-FITS service.

    Parameters
    ----------
    name : str
        Of the survey, as the service knows it: ``CDS/P/DSS2/red``, ``CDS/P/PanSTARRS/DR1/r``.
    address : str, optional
        Of the service. Default: the environment's ``BAYESMATCH_HIPS_ADDRESS``, else that of the CDS
        in Strasbourg.
    cache : path, optional
        Folder that keeps what was fetched. Default: ``hips`` in the environment's
        ``BAYESMATCH_CACHE``, else in ``bayesmatch`` in the user's cache folder.
    timeout : float, default 30
        Seconds to wait for an answer.

    Raises
    ------
    ValueError, TypeError
        If the name is empty, or the address is none.
    ImportError
        If the extra ``images`` is not installed.
    """

    def __init__(
        self,
        name: str,
        *,
        address: str | None = None,
        cache: str | os.PathLike | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"HiPS is {shown(name)}; give the name of a survey: CDS/P/DSS2/red")
        address = address or os.environ.get(ADDRESS_VARIABLE) or ADDRESS
        if urllib.parse.urlsplit(address).scheme not in ("http", "https"):
            raise ValueError(
                f"HiPS address {shown(address)}: give one that begins with http:// or https:// "
                f"(address=, --hips-address on the command line, {ADDRESS_VARIABLE})"
            )
        need_reproject()
        self.name, self.address = name.strip(), address
        self.timeout = number_within("timeout", timeout, 0.0, 3600.0)
        self.cache = Path(cache) if cache is not None else cache_folder()

    def __repr__(self) -> str:
        return f"<HipsImages: {self.name} from {self.address}>"

    def cutout(self, ra: float, dec: float, reach: float) -> Cutout | None:
        """What the survey shows around a position.

        Parameters
        ----------
        ra, dec : float
            The middle (ICRS, degrees).
        reach : float
            From the middle to the edge, arcsec.

        Returns
        -------
        Cutout or None
            None where the survey has no pixel.

        Raises
        ------
        OSError
            If the service cannot be reached, and the piece is not in the cache.
        ValueError
            If its answer is no image.
        """
        url = self._url(ra, dec, reach)
        kept = self.cache / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.fits"
        planes: list[Plane] = []
        if kept.is_file():
            planes, _ = self._planes(kept.read_bytes())
        if not planes:  # not there, or damaged
            content = fetch(url, self.name, self.address, self.timeout)
            planes, told = self._planes(content)
            if not planes:
                raise ValueError(
                    f"{self.address}: its answer for HiPS {self.name} is no image "
                    f"({told or 'no pixels'}); check the name and the address"
                )
            keep(kept, content)
        return cut(planes, ra, dec, reach)

    def _planes(self, content: bytes) -> tuple[list[Plane], str]:
        """The images of an answer, in memory; or none, and what is wrong with it."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                with fits.open(io.BytesIO(content), memmap=False) as hdus:
                    planes, told = planes_in(hdus, self.name)
                    return [_held(plane, hdus[plane.hdu].data) for plane in planes], told
            except Exception as error:  # astropy raises many kinds for what is no FITS
                return [], " ".join(str(error).split())

    def _url(self, ra: float, dec: float, reach: float) -> str:
        query = {
            "hips": self.name,
            "width": PIXELS,
            "height": PIXELS,
            # a rim for the resampling
            "fov": f"{2 * reach / 3600 * (1 + 8 / PIXELS):.9f}",
            "projection": "TAN",
            "coordsys": "icrs",
            "ra": f"{ra:.9f}",
            "dec": f"{dec:.9f}",
            "rotation_angle": "0",
            "format": "fits",
        }
        joint = "&" if urllib.parse.urlsplit(self.address).query else "?"
        return f"{self.address}{joint}{urllib.parse.urlencode(query, safe='/')}"


def _held(plane: Plane, data: np.ndarray) -> Plane:
    """The plane with its pixels, for the file is closed."""
    return replace(plane, data=data[plane.slot])
