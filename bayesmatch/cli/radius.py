"""A radius on the command line: arcsec, or a number with its unit."""

from __future__ import annotations

import argparse
import contextlib
import re

#: arcsec in one
UNITS = {
    **dict.fromkeys(("", "arcsec", "arcsecs", "arcseconds", '"', "as"), 1.0),
    **dict.fromkeys(("arcmin", "arcmins", "arcminutes", "'", "am"), 60.0),
    **dict.fromkeys(("deg", "degree", "degrees", "d"), 3600.0),
    "mas": 1e-3,
}


def radius_arcsec(text: str) -> float:
    """Arcsec that a text stands for: ``20``, ``20arcsec``, ``0.5 arcmin``, ``0.01deg``."""
    with contextlib.suppress(ValueError):
        return float(text)  # infinity and NaN too, which the match refuses
    found = re.fullmatch(r"\s*([-+.\de]+?)\s*([a-zA-Z'\"]+)\s*", text)
    try:
        if found is None:
            raise ValueError
        return float(found[1]) * UNITS[found[2].lower()]
    except (ValueError, KeyError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no radius; give arcsec as a number, or a number with arcsec, arcmin, deg "
            "or mas, as 1arcmin"
        ) from None
