"""What priors cost, on the mock of the Lockman Hole: none, a histogram, LightGBM."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from astropy.table import Table, vstack

import bayesmatch as bm

from .peers import LOCKMAN, RADIUS
from .settings import Settings
from .skies import whole_match
from .timing import median_seconds, print_rows, with_ratios

AREA = 41.7  # deg^2, which gives the Lockman Hole's number of objects
TRAIN = {"n_primary": 4000, "area": 9.0, "seed": 1}


def run(settings: Settings) -> dict[str, Any]:
    """Seconds to train and to match."""
    training = TRAIN | ({"n_primary": 800, "area": 1.0} if settings.quick else {})
    sample, label = labelled(*bm.mock.survey(**training))
    begin = time.perf_counter()
    learned = bm.LightGBMPrior.fit(sample, label, features=bm.photometry.Features(bm.mock.BANDS))
    trained = time.perf_counter() - begin
    histogram = bm.HistogramPrior.fit("r", sample["r"][label], sample["r"][~label])
    x, o, _ = bm.mock.survey(
        n_primary=settings.rows(LOCKMAN[0]), area=AREA / 100 if settings.quick else AREA, seed=2
    )
    catalogs = (
        bm.Catalog(x, name="X", pos_err="sigma"),
        bm.Catalog(o, name="OPT", pos_err=bm.mock.OPTICAL_ERROR),
    )
    rows = []
    for name, priors in (
        ("distance only", []),
        ("histogram prior", [histogram]),
        ("LightGBM prior", [learned]),
    ):
        seconds, calls, found = median_seconds(
            lambda p=priors: whole_match(*catalogs, radius=RADIUS, priors={"OPT": p}).meta[
                "n_candidates"
            ],
            settings.repeat,
        )
        rows.append({"what": name, "seconds": seconds, "calls": calls, "found": found})
    size = f"{len(x):,} x {len(o):,}, {RADIUS:g} arcsec"
    print_rows(size, with_ratios(rows))
    print(f"training LightGBM on {len(sample):,} objects: {trained:.3g} s", flush=True)
    return {
        "size": size,
        "rows": rows,
        "training_seconds": trained,
        "training_objects": len(sample),
    }


def labelled(primary: Table, secondary: Table, truth: Table) -> tuple[Table, np.ndarray]:
    """The true counterparts and ten field objects for each, and which are which."""
    is_host = np.isin(
        np.asarray(secondary["ID"]).astype(str), np.asarray(truth["counterpart"]).astype(str)
    )
    field = np.random.default_rng(0).choice(
        np.flatnonzero(~is_host), 10 * int(is_host.sum()), replace=False
    )
    return (
        vstack([secondary[is_host], secondary[field]], metadata_conflicts="silent"),
        np.arange(11 * is_host.sum()) < is_host.sum(),
    )
