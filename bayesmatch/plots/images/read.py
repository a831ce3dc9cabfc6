"""What a user gives for an image, opened: a file, a folder, three bands, or a survey's address."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ...catalogs.closest import did_you_mean_file
from ...catalogs.scalars import shown
from .bands import PLANES
from .cutout import Cutout, cut
from .extensions import planes_of
from .folder import planes_in_folder
from .grid import need_reproject
from .planes import Plane


@runtime_checkable
class ImageSource(Protocol):
    """Anything that shows the sky around a position."""

    def cutout(self, ra: float, dec: float, reach: float) -> Cutout | None:
        """The square of half width `reach` (arcsec) about a position (ICRS, degrees), or None."""


class Images:
    """FITS images, looked through once; pixels are read when a chart needs them.

    Parameters
    ----------
    planes : sequence of Plane
        What there is.
    """

    def __init__(self, planes: Sequence[Plane]) -> None:
        self.planes = tuple(planes)

    def __repr__(self) -> str:
        files = len({plane.path for plane in self.planes})
        return f"<Images: {len(self.planes)} in {files} files>"

    def covers(self, ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
        """Which positions (ICRS, degrees) lie on an image; bool."""
        held = [plane.holds(ra, dec) for plane in self.planes]
        return np.asarray(np.any(held, axis=0)) if held else np.zeros(len(ra), bool)

    def cutout(self, ra: float, dec: float, reach: float) -> Cutout | None:
        """What they show around a position.

        Parameters
        ----------
        ra, dec : float
            The middle (ICRS, degrees).
        reach : float
            From the middle to the edge, arcsec.

        Returns
        -------
        Cutout or None
            None where no image covers any of it.
        """
        return cut(self.planes, ra, dec, reach)


def open_images(image: Any) -> ImageSource:
    """Find out what images there are and where on the sky they lie.

    Parameters
    ----------
    image : path, sequence of three paths, or an opened one
        A FITS image with celestial coordinates, in any of its extensions, one of three planes being
        red, green and blue; a folder, searched with the folders in it; or three files, for red,
        green and blue. Images of two bands or more that cover a source make a colour image; the
        band is FILTER or BAND in the header, else the last word of the file's name that is one
        (``field-g.fits``).

    Returns
    -------
    Images
        Which :func:`finding_chart` and :func:`bayesmatch.explain` take as `image`.

    Raises
    ------
    FileNotFoundError
        If there is no such file or folder.
    ValueError, TypeError
        If there is no image with celestial coordinates.
    ImportError
        If the extra ``images`` is not installed.
    """
    if isinstance(image, ImageSource):
        return image
    need_reproject()
    if isinstance(image, (list, tuple)):
        if len(image) == 1:
            return open_images(image[0])
        if len(image) != 3:
            raise ValueError(
                f"image has {len(image)} files; give one, a folder, or three for red, green and "
                "blue"
            )
        return Images(
            [
                plane
                for path, band in zip(image, PLANES, strict=True)
                for plane in planes_of(_there(path), band)
            ]
        )
    path = _there(image)
    return Images(planes_in_folder(path) if path.is_dir() else planes_of(path))


def _there(path: Any) -> Path:
    """A path that leads to something."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(
            f"image is {shown(path)}; give the path of a FITS image or of a folder of them"
        )
    there = Path(os.path.expanduser(path))
    if not os.path.exists(there):
        raise FileNotFoundError(f"{path}: no such image or folder{did_you_mean_file(there)}")
    if not (os.path.isdir(there) or os.path.isfile(there)):
        raise ValueError(f"{path}: is a device or pipe; give a FITS image or a folder")
    return there
