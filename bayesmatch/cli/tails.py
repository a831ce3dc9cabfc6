"""``--tail-fraction`` and ``--tail-factor``: errors that are wider than the others."""

from __future__ import annotations

import argparse
import warnings
from typing import Any

from .parsing import number_or_name, per_catalogue

#: of :class:`bayesmatch.Catalog`, and what each says
TAILS = (
    (
        "tail-fraction",
        "F1:F2",
        "share of the position errors that is wider than quoted, one per catalogue, as 'bayesmatch "
        "errors' finds it (empty: 0)",
    ),
    ("tail-factor", "K1:K2", "how many times wider that share is, one per catalogue (empty: 3)"),
)

FRACTION = "tail_fraction"


def add_tails(command: argparse.ArgumentParser) -> None:
    """Add the arguments; :func:`read_tails` reads them."""
    for option, metavar, text in TAILS:
        command.add_argument(f"--{option}", metavar=metavar, help=text)


def read_tails(options: argparse.Namespace, n: int) -> list[dict[str, Any]]:
    """What the arguments say of each of n catalogues, as arguments of ``Catalog``.

    Raises
    ------
    ValueError
        If there is not one value per catalogue; ``Catalog`` says what a value may be.
    """
    told: list[dict[str, Any]] = [{} for _ in range(n)]
    for option, *_ in TAILS:
        name = option.replace("-", "_")
        values = per_catalogue(f"--{option}", getattr(options, name), n, number_or_name)
        for one, value in zip(told, values, strict=True):
            if value is not None:
                one[name] = value
    idle = [k for k, one in enumerate(told) if "tail_factor" in one and not one.get(FRACTION)]
    if idle:
        which = ", ".join(str(k + 1) for k in idle)
        warnings.warn(
            f"--tail-factor has no effect without --tail-fraction (catalogue {which})",
            UserWarning,
            stacklevel=2,
        )
    return told
