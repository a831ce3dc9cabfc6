"""``bayesmatch fake``: a catalogue at positions that belong to nothing."""

from __future__ import annotations

import argparse
from typing import Any

from .moving import add_moving, read_sources, write_moved


def add_fake(commands: Any) -> None:
    """Add ``bayesmatch fake``."""
    fake = add_moving(
        commands,
        "fake",
        _fake,
        "move sources to positions that belong to nothing",
        "Move each source to a random place between itself and a near neighbour, not "
        "closer than the radius to any source or other new place.",
    )
    fake.add_argument("--seed", type=int, default=0, metavar="N", help="default: 0")


def _fake(options: argparse.Namespace) -> None:
    import numpy as np

    from ..diagnostics.false_matches.positions import fake_positions

    if options.seed < 0:
        raise ValueError(f"--seed is {options.seed}; give 0 or more")
    catalog = read_sources(options)
    ra, dec = fake_positions(catalog, options.radius, np.random.default_rng(options.seed))
    write_moved(options, catalog, ra, dec, np.arange(len(catalog)))
