"""All images of a folder."""

from __future__ import annotations

import warnings
from pathlib import Path

from .extensions import NO_PICTURE, NoImage, planes_of
from .planes import ENDINGS, Plane


def planes_in_folder(folder: Path) -> list[Plane]:
    """The planes of all images in a folder; files that are none are told of."""
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.name.lower().endswith(ENDINGS) and path.is_file()
    ]
    pictures = [path for path in files if not NO_PICTURE.search(path.name.split(".")[0])] or files
    found: list[Plane] = []
    bad: list[str] = []
    for path in pictures:
        try:
            found += planes_of(path)
        except NoImage:  # a catalogue beside the images
            pass
        except (ValueError, OSError) as error:
            bad.append(str(error))
    if not found:
        raise ValueError(
            f"{folder}: no FITS image with celestial coordinates in it"
            + (f"; {bad[0]}" if bad else f" ({len(files)} files end in {', '.join(ENDINGS[:3])})")
        )
    if bad:
        more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        warnings.warn(f"{bad[0]}{more}: left out", UserWarning, stacklevel=3)
    return found
