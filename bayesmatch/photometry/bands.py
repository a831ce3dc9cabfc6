"""Names of bands, of their columns and of their colours, checked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise
from string import Formatter
from typing import Any

import numpy as np

from ..catalogs.scalars import shown

#: bands, and characters of a band's name and of the pattern of the columns' names
MAX_BANDS, MAX_BAND, MAX_PATTERN = 200, 200, 1000


def check_bands(bands: Any) -> tuple[str, ...]:
    """Names of bands as a tuple: at least one, none twice."""
    if isinstance(bands, (str, bytes)) or not (
        isinstance(bands, (Sequence, np.ndarray)) and getattr(bands, "shape", (1,)) != ()
    ):
        raise TypeError(f"bands is {shown(bands)}; give a sequence of names, like ['g', 'r', 'z']")
    for band in bands:
        if not isinstance(band, str) or not band.strip():
            raise TypeError(f"bands: {shown(band)} is not the name of a band; give texts like 'g'")
        if len(band) > MAX_BAND:
            raise ValueError(
                f"bands: {band[:20]!r}... has {len(band)} characters; give at most {MAX_BAND}"
            )
    if len(bands) > MAX_BANDS:
        raise ValueError(f"bands has {len(bands)} names; give at most {MAX_BANDS}")
    if len(bands) == 0:
        raise ValueError("bands is empty; name at least one band, like ['g', 'r', 'z']")
    refuse_twice("band", bands)
    return tuple(str(band) for band in bands)


def refuse_twice(what: str, names: Any) -> None:
    """Raise if a name comes twice; `what` it is the name of."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what} {name!r} comes twice in {', '.join(names)}; name each once")
        seen.add(name)


def mag_columns(mag: Any, bands: tuple[str, ...]) -> tuple[str, ...]:
    """The magnitude column of each band, by their pattern."""
    if not isinstance(mag, str):
        raise TypeError(
            f"mag is {shown(mag)}; give the pattern of the magnitude columns' names, like "
            "'dered_mag_{band}'"
        )
    if not _is_pattern(mag):
        raise ValueError(
            f"mag is {shown(mag)}; the band's place in the column's name is written "
            "{band}, like 'dered_mag_{band}'"
        )
    columns = tuple(mag.format(band=band) for band in bands)
    if len(set(columns)) < len(columns):
        raise ValueError(
            f"mag is {shown(mag)}, which gives every band the column {columns[0]!r}; put "
            "{band} where the band's name goes"
        )
    return columns


def _is_pattern(mag: str) -> bool:
    """Whether {band}, plain, is all that is to be filled in.

    A pattern may come from a file: a width could ask for any amount of memory.
    """
    try:
        parts = list(Formatter().parse(mag))
    except ValueError:
        return False
    return len(mag) <= MAX_PATTERN and all(
        field is None or (field == "band" and not spec and not conversion)
        for _, field, spec, conversion in parts
    )


def check_colors(colors: Any, bands: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Colours as pairs of the bands."""
    if colors is None or isinstance(colors, str):
        if colors not in (None, "none", "adjacent", "all"):
            raise ValueError(
                f"colors is {shown(colors)}; give 'adjacent', 'all', 'none', or a list of "
                "colours like [('g', 'z')] or ['g-z']"
            )
        pairs = {"adjacent": pairwise(bands), "all": combinations(bands, 2)}
        return tuple(pairs.get(colors or "none", ()))
    if not isinstance(colors, Sequence):
        raise TypeError(
            f"colors is {shown(colors)}; give 'adjacent', 'all', 'none', or a list of "
            "colours like [('g', 'z')] or ['g-z']"
        )
    # The name of a band may itself contain a minus sign.
    named = {f"{a}-{b}": (a, b) for a in bands for b in bands if a != b}
    pairs_known = set(named.values())
    listed = []
    for color in colors:
        pair = named.get(color) if isinstance(color, str) else color
        if not (
            isinstance(pair, Sequence)
            and len(pair) == 2
            and all(isinstance(band, str) for band in pair)
            and tuple(pair) in pairs_known
        ):
            raise ValueError(
                f"colors: {shown(color)} is not a colour of two of the bands "
                f"{', '.join(bands)}; give it as ('g', 'r') or 'g-r', or add the band"
            )
        listed.append((pair[0], pair[1]))
    refuse_twice("colour", [f"{a}-{b}" for a, b in listed])
    return tuple(listed)
