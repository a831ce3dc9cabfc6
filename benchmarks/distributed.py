"""LSDB on Dask beside LSDB's own crossmatch: ``python -m benchmarks distributed``.

100,000 sources, and 5 and 20 million objects in HATS partitions on disk, with one worker and with
two.  LSDB's crossmatch (`n_neighbors=20`, all columns) and the match take turns in one cluster; the
first call of each in a cluster of its own, which starts with nothing loaded, is given too.  Every
association must be the same as in memory, whatever the number of workers, and LSDB's pairs as many
as there are candidates.  With `--data` the catalogues are kept there.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import bayesmatch as bm

from .settings import Settings
from .timing import print_rows, with_ratios

N_PRIMARY, N_SECONDARY, SIDE_DEG = 100_000, (5_000_000, 20_000_000), 20.0
RADIUS, NEIGHBOURS = 15.0, 20
COMPARED = ("p_any", "p_i", "p_match", "dist_post", "dist_bayesfactor")
WORKERS = (1, 2)
LSDB = f"LSDB's crossmatch (n_neighbors={NEIGHBOURS})"


def run(settings: Settings) -> dict[str, Any]:
    """Time and compare; raises if an association differs."""
    first, *larger = (one_size(settings, n) for n in N_SECONDARY)
    return {**first, "larger": larger}


def one_size(settings: Settings, n_objects: int) -> dict[str, Any]:
    """Both sides on a survey of some size."""
    n_primary, n_secondary = settings.rows(N_PRIMARY), settings.rows(n_objects)
    sources, objects = _sky(n_primary, n_secondary)
    with tempfile.TemporaryDirectory() as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        root = Path(settings.data or temporary) / f"lsdb-{n_primary}-{n_secondary}"
        partitions = _write(sources, objects, root)
        want, memory = _in_memory(sources, objects, settings.repeat)
        n_pairs = int((want["ncat"] == 2).sum())
        table, frames = [], []
        for workers in WORKERS:
            measured, found = _with_workers(root, workers, settings.repeat)
            assert found[LSDB] == n_pairs, (found[LSDB], n_pairs)
            table.append(measured)
            frames.append(found["match"])
        pd.testing.assert_frame_equal(*frames, check_exact=True)
    worst = _differences(_ordered(frames[0], "id_XRAY", "oid_OPT"), want)
    size = f"{n_primary:,} x {n_secondary:,}, {RADIUS:g} arcsec"
    rows = with_ratios(
        [
            {"what": "in memory", "seconds": memory, "calls": settings.repeat, "found": len(want)},
            *({**both["match"], "found": len(want)} for both in table),
            *({**both[LSDB], "found": n_pairs} for both in table),
        ]
    )
    print_rows(size, rows)
    for row in rows[1:]:
        print(f"{row['what']}: first call {row['first']:.3g} s, CPU {row['cpu']:.3g} s")
    print(f"the same associations; largest difference {max(worst.values()):.2g}", flush=True)
    return {
        "size": size,
        "rows": rows,
        "primaries": n_primary,
        "secondaries": n_secondary,
        "partitions": partitions,
        "largest_difference": worst,
    }


def _with_workers(
    root: Path, workers: int, repeat: int
) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Rows of both sides, and what the match gave and how many rows LSDB's crossmatch."""
    calls = {"match": _matched, LSDB: _crossmatched}
    first: dict[str, float] = {}
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    cpu: dict[str, list[float]] = {name: [] for name in calls}
    found: dict[str, Any] = {}
    for name, call in calls.items():
        with _cluster(workers) as client:
            first[name], *_ = _timed(client, call, root)
    with _cluster(workers) as client:
        for number in range(repeat + 1):
            for name, call in calls.items():
                wall, processor, frame = _timed(client, call, root)
                found[name] = frame if name == "match" else len(frame)
                if number:
                    seconds[name].append(wall)
                    cpu[name].append(processor)
    end = f"{workers} worker{'s' * (workers > 1)}"
    rows = {
        name: {
            "what": end if name == "match" else f"{name}, {end}",
            "seconds": statistics.median(seconds[name]),
            "first": first[name],
            "cpu": statistics.median(cpu[name]),
            "calls": repeat,
        }
        for name in calls
    }
    return rows, found


def _cluster(workers: int) -> Any:
    from dask.distributed import Client

    return Client(n_workers=workers, threads_per_worker=1, dashboard_address=None)


def _timed(
    client: Any, call: Callable[[Path], pd.DataFrame], root: Path
) -> tuple[float, float, pd.DataFrame]:
    """Wall time, CPU time of this process and of all workers, and what is found."""

    def processor() -> float:
        return time.process_time() + float(sum(client.run(time.process_time).values()))

    before, begin = processor(), time.perf_counter()
    frame = call(root)
    wall = time.perf_counter() - begin
    return wall, processor() - before, frame


def _opened(root: Path) -> tuple[Any, Any]:
    import lsdb

    return lsdb.open_catalog(root / "xray"), lsdb.open_catalog(root / "opt")


def _crossmatched(root: Path) -> pd.DataFrame:
    left, right = _opened(root)
    pairs = left.crossmatch(
        right,
        n_neighbors=NEIGHBOURS,
        radius_arcsec=RADIUS,
        suffixes=("_XRAY", "_OPT"),
        suffix_method="all_columns",
    )
    return pairs.compute(progress_bar=False)


def _matched(root: Path) -> pd.DataFrame:
    from bayesmatch.distributed import match

    left, right = _opened(root)
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
    return matched.compute(progress_bar=False)


def _in_memory(
    sources: pd.DataFrame, objects: pd.DataFrame, repeat: int
) -> tuple[pd.DataFrame, float]:
    """The associations of a match in memory, ordered, and its median seconds."""
    seconds = []
    for _ in range(repeat + 1):
        begin = time.perf_counter()
        x = bm.Catalog(sources, name="XRAY", pos_err="sigma", area=SIDE_DEG**2, id="id")
        o = bm.Catalog(objects, name="OPT", pos_err=0.1, area=SIDE_DEG**2, id="oid")
        associations = bm.match(x, o, radius=RADIUS).associations
        seconds.append(time.perf_counter() - begin)
    rows = _ordered(associations.to_pandas(), "XRAY_id", "OPT_oid")
    return rows, statistics.median(seconds[1:])


def _differences(found: pd.DataFrame, want: pd.DataFrame) -> dict[str, float]:
    """Largest difference of each column compared; raises where rows differ, or numbers by much."""
    assert found["source"].tolist() == want["source"].tolist()
    assert found["member"].tolist() == want["member"].tolist()
    worst = {
        c: float(np.abs(found[c].to_numpy(float) - want[c].to_numpy(float)).max()) for c in COMPARED
    }
    assert max(worst.values()) < 1e-12, worst
    return worst


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


def _write(sources: pd.DataFrame, objects: pd.DataFrame, root: Path) -> list[int]:
    """Make the HATS catalogues where there are none yet; how many partitions they have."""
    import lsdb

    done = root / "done"
    if not done.exists():
        left = lsdb.from_dataframe(
            sources, catalog_name="xray", partition_rows=10_000, margin_threshold=None
        )
        right = lsdb.from_dataframe(
            objects, catalog_name="opt", partition_rows=200_000, margin_threshold=2 * RADIUS
        )
        left.write_catalog(root / "xray", progress_bar=False, overwrite=True)
        right.write_catalog(root / "opt", progress_bar=False, overwrite=True)  # margin and all
        done.touch()
    return [catalog.npartitions for catalog in _opened(root)]


def _ordered(frame: pd.DataFrame, source: str, member: str) -> pd.DataFrame:
    frame = frame.reset_index(drop=True)
    frame["source"] = frame[source].astype(np.int64)
    frame["member"] = frame[member].astype("Int64").fillna(-1).astype(np.int64)
    return frame.sort_values(["source", "member"], kind="stable").reset_index(drop=True)
