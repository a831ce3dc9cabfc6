"""``--epoch`` and ``--pm``: when positions are of, and how objects move."""

from __future__ import annotations

import argparse
from typing import Any

from ..catalogs.typed import parts as divided
from ..catalogs.typed import plain
from .parsing import quoting


def add_epochs(command: argparse.ArgumentParser) -> None:
    """Add the arguments; :func:`read_epochs` reads them."""
    command.add_argument(
        "--epoch",
        metavar="E1:E2",
        help="when positions are of, one per catalogue: Julian year (2016.0), date or column; "
        "objects that move are compared where they were at the epoch of the first catalogue "
        "(empty: a column ref_epoch)",
    )
    command.add_argument(
        "--pm",
        metavar="PM1:PM2",
        help="proper motions, one per catalogue: two columns or numbers with a comma between them "
        "(mas/yr, the first times cos(dec)), or four, with their errors, as :pmra,pmdec for the "
        "second catalogue's; 0,0: none (empty: columns like Gaia's pmra and pmdec)",
    )


def read_epochs(options: argparse.Namespace, n: int) -> list[dict[str, Any]]:
    """What the arguments say of each of n catalogues, as arguments of ``Catalog``.

    Raises
    ------
    ValueError
        If there is not one value per catalogue, or a motion has not two parts, or four.
    """
    told: list[dict[str, Any]] = [{} for _ in range(n)]
    for option, text in (("--epoch", options.epoch), ("--pm", options.pm)):
        if text is None:
            continue
        parts = divided(text, ":")
        if len(parts) != n:
            raise ValueError(
                f"{option} is {text!r}; give {n} values, one per catalogue, separated by colons, "
                f"empty where the file tells{quoting(text)}"
            )
        for one, part in zip(told, parts, strict=True):
            if part:
                one.update({"epoch": plain(part)} if option == "--epoch" else _motion(part))
    return told


def _motion(text: str) -> dict[str, Any]:
    parts = [_number_or_column(plain(part.strip())) for part in divided(text, ",")]
    if len(parts) not in (2, 4) or "" in parts:
        raise ValueError(
            f"--pm {text}: give two columns or numbers, right ascension (times cos(dec)) and "
            "declination, mas/yr, or four, with their errors, separated by commas"
        )
    motion: dict[str, Any] = {"pm": tuple(parts[:2])}
    return motion | ({"pm_err": tuple(parts[2:])} if len(parts) == 4 else {})


def _number_or_column(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text
