"""``--likelihood-ratio NAME[:Q]``: what radio astronomers compare with."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

OPTION = "--likelihood-ratio"


def add_ratio(command: argparse.ArgumentParser, what: str) -> None:
    """Add the option; `what` of the catalogue gets the columns."""
    command.add_argument(
        OPTION,
        metavar="NAME[:Q]",
        help=f"also give likelihood_ratio and reliability (Sutherland & Saunders 1992) of the "
        f"{what} of catalogue NAME; Q: fraction of sources with a counterpart (default: fitted)",
    )


def ratio_asked(text: str | None) -> str | tuple[str, float] | None:
    """A catalogue's name, with Q where it is given; what ``likelihood_ratio=`` takes."""
    if text is None:
        return None
    name, colon, fraction = text.partition(":")
    try:
        q = float(fraction) if colon else 1.0
    except ValueError:
        q = -1.0
    if not name or not 0 < q <= 1:
        raise ValueError(
            f"{OPTION} is {text!r}; give the name of a catalogue, or NAME:Q with the fraction of "
            "sources that have a counterpart there, above 0 and up to 1"
        )
    return (name, q) if colon else name


def checked_ratio(text: str | None, others: Sequence[str]) -> Any:
    """The same before a match; `others` are the names of the catalogues after the first."""
    asked = ratio_asked(text)
    name = asked[0] if isinstance(asked, tuple) else asked
    if name is not None and name not in others:
        raise ValueError(f"{OPTION} is {text!r}; the other catalogues are {', '.join(others)}")
    return asked


def add_likelihood_ratio(result: Any, asked: Any) -> None:
    """Put the columns beside the associations of a result, where they are asked for."""
    if asked is not None:
        name, q = asked if isinstance(asked, tuple) else (asked, None)
        result.likelihood_ratio(name, host_fraction=q, add=True)
