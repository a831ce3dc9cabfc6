"""LSDB on Dask against one match in memory: ``python -m benchmarks distributed``.

100,000 sources and 5 million objects in HATS partitions on disk; every association must be the
same, whatever the number of workers.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import bayesmatch as bm

from .settings import Settings
from .timing import print_rows, with_ratios

N_PRIMARY, N_SECONDARY, SIDE_DEG = 100_000, 5_000_000, 20.0
RADIUS = 15.0
COMPARED = ("p_any", "p_i", "p_match", "dist_post", "dist_bayesfactor")


def run(settings: Settings) -> dict[str, Any]:
    """Time and compare; raises if an association differs."""
    import lsdb
    from dask.distributed import Client

    from bayesmatch.distributed import match

    n_primary, n_secondary = settings.rows(N_PRIMARY), settings.rows(N_SECONDARY)
    sources, objects = _sky(n_primary, n_secondary)
    with tempfile.TemporaryDirectory() as directory, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        root = Path(directory)
        _write(lsdb, sources, objects, root)
        begin = time.perf_counter()
        x = bm.Catalog(sources, name="XRAY", pos_err="sigma", area=SIDE_DEG**2, id="id")
        o = bm.Catalog(objects, name="OPT", pos_err=0.1, area=SIDE_DEG**2, id="oid")
        want = bm.match(x, o, radius=RADIUS)
        seconds = {"in memory": time.perf_counter() - begin}
        rows = _ordered(want.associations.to_pandas(), "XRAY_id", "OPT_oid")
        frames = []
        for workers in (1, 2):
            with Client(n_workers=workers, threads_per_worker=1, dashboard_address=None):
                begin = time.perf_counter()
                left = lsdb.open_catalog(root / "xray")
                right = lsdb.open_catalog(root / "opt", margin_cache=root / "margin")
                matched = match(
                    left,
                    right,
                    radius=RADIUS,
                    primary_pos_err="sigma",
                    secondary_pos_err=0.1,
                    secondary_area=SIDE_DEG**2,
                    primary_name="XRAY",
                    secondary_name="OPT",
                )
                frames.append(matched.compute(progress_bar=False))
                seconds[f"{workers} worker{'s' * (workers > 1)}"] = time.perf_counter() - begin
        pd.testing.assert_frame_equal(*frames, check_exact=True)
        found = _ordered(frames[0], "id_XRAY", "oid_OPT")
    assert found["source"].tolist() == rows["source"].tolist()
    assert found["member"].tolist() == rows["member"].tolist()
    worst = {
        c: float(np.abs(found[c].to_numpy(float) - rows[c].to_numpy(float)).max()) for c in COMPARED
    }
    assert max(worst.values()) < 1e-12, worst
    size = f"{len(sources):,} x {len(objects):,}, {RADIUS:g} arcsec"
    table = with_ratios(
        [
            {"what": what, "seconds": s, "calls": 1, "found": len(rows)}
            for what, s in seconds.items()
        ]
    )
    print_rows(size, table)
    print(f"the same associations; largest difference {max(worst.values()):.2g}", flush=True)
    return {
        "size": size,
        "rows": table,
        "primaries": len(sources),
        "secondaries": len(objects),
        "partitions": [left.npartitions, right.npartitions],
        "largest_difference": worst,
    }


def _sky(n_primary: int, n_secondary: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(0)
    sigma = rng.uniform(1.0, 3.0, n_primary)
    # Over RA 0 and the corner of HEALPix cells at Dec 0.
    ra, dec = SIDE_DEG * (rng.random((2, n_secondary)) - 0.5)
    hosts = int(0.8 * n_primary)
    x_ra, x_dec = SIDE_DEG * (rng.random((2, n_primary)) - 0.5)
    x_ra[:hosts], x_dec[:hosts] = ra[:hosts], dec[:hosts]
    shift = rng.normal(size=(2, n_primary)) * sigma / 3600
    x_ra = x_ra + shift[0] / np.cos(np.radians(x_dec))
    x_dec = x_dec + shift[1]
    # In the order in which LSDB sums, so that nothing rounds differently.
    order, objects = (
        np.lexsort((north, np.mod(east, 360))) for east, north in ((x_ra, x_dec), (ra, dec))
    )
    return (
        pd.DataFrame(
            {
                "id": np.arange(n_primary),
                "ra": np.mod(x_ra, 360)[order],
                "dec": x_dec[order],
                "sigma": sigma[order],
            }
        ),
        pd.DataFrame(
            {
                "oid": np.arange(n_secondary),
                "ra": np.mod(ra, 360)[objects],
                "dec": dec[objects],
            }
        ),
    )


def _write(lsdb: Any, sources: pd.DataFrame, objects: pd.DataFrame, root: Path) -> None:
    left = lsdb.from_dataframe(
        sources, catalog_name="xray", partition_rows=10_000, margin_threshold=None
    )
    right = lsdb.from_dataframe(
        objects, catalog_name="opt", partition_rows=200_000, margin_threshold=2 * RADIUS
    )
    left.write_catalog(root / "xray", progress_bar=False)
    right.write_catalog(root / "opt", progress_bar=False)
    right.margin.write_catalog(root / "margin", progress_bar=False)


def _ordered(frame: pd.DataFrame, source: str, member: str) -> pd.DataFrame:
    frame = frame.reset_index(drop=True)
    frame["source"] = frame[source].astype(np.int64)
    frame["member"] = frame[member].astype("Int64").fillna(-1).astype(np.int64)
    return frame.sort_values(["source", "member"], kind="stable").reset_index(drop=True)
