"""What elliptical position errors cost."""

from __future__ import annotations

from typing import Any

import numpy as np

import bayesmatch as bm

from .peers import LOCKMAN, RADIUS
from .settings import Settings
from .skies import mock_sky, whole_match
from .timing import median_seconds, print_rows, with_ratios


def run(settings: Settings) -> dict[str, Any]:
    """Circles, ellipses of the primary alone, ellipses of both."""
    n, m = (settings.rows(size) for size in LOCKMAN)
    primary, secondary = mock_sky(n, m)
    skies = {
        "circular errors": (primary, secondary),
        "elliptical errors of the primary": (as_ellipses(primary, 2), secondary),
        "elliptical errors of both": (as_ellipses(primary, 2), as_ellipses(secondary, 3)),
    }
    rows = []
    for name, catalogs in skies.items():
        seconds, calls, found = median_seconds(
            lambda c=catalogs: whole_match(*c, radius=RADIUS).meta["n_candidates"], settings.repeat
        )
        rows.append({"what": name, "seconds": seconds, "calls": calls, "found": found})
    size = f"{n:,} x {m:,}, {RADIUS:g} arcsec"
    print_rows(size, with_ratios(rows))
    return {"size": size, "rows": rows}


def as_ellipses(catalog: bm.Catalog, seed: int) -> bm.Catalog:
    """The same catalogue with axes a factor of up to two apart, and any position angle."""
    rng = np.random.default_rng(seed)
    sigma = np.sqrt(catalog.covariance()[:, 0])
    axis_ratio = rng.uniform(1, 2, len(catalog))
    table = {
        "ID": catalog.table["ID"],
        "RA": catalog.ra,
        "DEC": catalog.dec,
        "major": sigma * np.sqrt(axis_ratio),
        "minor": sigma / np.sqrt(axis_ratio),
        "angle": rng.uniform(0, 180, len(catalog)),
    }
    return bm.Catalog(
        table,
        name=catalog.name,
        area=catalog.area,
        pos_err=bm.ErrorEllipse("major", "minor", "angle"),
    )
