"""One run on the whole sky, in a process of its own: ``python -m benchmarks.sky_task TASK FOLDER``.

Prints a line when the match begins, and at the end JSON with what it took.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from . import whole_sky as sky
from .skies import whole_match
from .timing import peak_MB

RADIUS = 30.0
#: of counterparts to train a prior on, and of field objects
TRAINED_ON = 20_000, 200_000
PRIOR = "prior.json"
#: sources of the match before, which counts in nothing
FEW = 2_000
POSITIONS_ALONE = {"field": "uniform", "claims": "independent"}


def one(task: str, folder: Path, checkpoint: str = "") -> dict[str, Any]:
    """Do a task: ``read``, ``distance``, ``local`` or ``prior``, and tell what it took.

    ``train``: make the prior, if it is not there.
    """
    if task == "read":
        return measured(lambda: read_alone(folder), {})
    if task == "train":
        print("{}", flush=True)  # it has begun
        loaded(folder, with_prior(folder))  # compiled here, not with a compiler in the memory
        return {"prior": PRIOR}
    primary, options = sources(folder), dict(POSITIONS_ALONE if task == "distance" else {})
    if task == "prior":
        options = with_prior(folder)
    loaded(folder, options)
    if checkpoint:
        options["checkpoint"] = checkpoint
    found: dict[str, Any] = {}

    def run() -> int:
        other = survey(folder)
        found["result"] = whole_match(primary, other, radius=RADIUS, **options)
        return len(other)

    took = measured(run, {"started": True})
    result = found["result"]
    return took | {
        "candidates": result.meta["n_candidates"],
        "stages": result.meta["seconds"],
        "host_fraction": result.meta["host_fraction"],
        "right": right(result, folder),
        "sha256": digest(result),
    }


def with_prior(folder: Path) -> dict[str, Any]:
    """Options of a match with the prior."""
    import bayesmatch as bm

    return {"priors": {"OPT": [bm.LightGBMPrior.load(trained(folder))]}}


def loaded(folder: Path, options: dict[str, Any]) -> None:
    """Load what is compiled, by a match of few sources with the first file."""
    import bayesmatch as bm
    from bayesmatch.catalogs.memory import MANY, give_back

    first = sky.survey_files(folder)[:1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are few
        bm.match(sources(folder, FEW), survey(folder, first), radius=RADIUS, **options)
    give_back(MANY)  # what it has freed is no memory of the match that is measured


def measured(run: Callable[[], int], begin: dict[str, Any]) -> dict[str, Any]:
    """Seconds, user and system time, memory and bytes read of a call that returns rows."""
    before, io = resource.getrusage(resource.RUSAGE_SELF), input_bytes()
    print(json.dumps(begin), flush=True)
    start = time.perf_counter()
    rows = run()
    seconds = time.perf_counter() - start
    after, io_after = resource.getrusage(resource.RUSAGE_SELF), input_bytes()
    return {
        "rows": rows,
        "seconds": seconds,
        "rows_per_second": rows / seconds,
        "user_seconds": after.ru_utime - before.ru_utime,
        "system_seconds": after.ru_stime - before.ru_stime,
        "peak_MB": peak_MB(),
        "bytes_read": io_after["rchar"] - io["rchar"],
        "bytes_from_disk": io_after["read_bytes"] - io["read_bytes"],
    }


def input_bytes() -> dict[str, int]:
    """Bytes that this process has read, and of these from the disk (Linux)."""
    lines = (line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return {name: int(value) for name, value in lines}


def read_alone(folder: Path) -> int:
    """Read the two coordinates with pyarrow, as fast as it does by itself; rows."""
    import pyarrow as pa
    from pyarrow import dataset

    pa.set_cpu_count(os.cpu_count() or 1)
    files = [str(path) for path in sky.survey_files(folder)]
    batches = dataset.dataset(files).scanner(columns=["RA", "DEC"]).to_batches()
    return sum(len(batch) for batch in batches)


def sources(folder: Path, most: int | None = None) -> Any:
    """The primary, or those of its rows that lie nearest to the first of the survey's.

    They are as dense as all are, and so some of them compete for objects.
    """
    from astropy.table import Table
    from pyarrow import parquet

    import bayesmatch as bm

    table = Table.read(folder / sky.SOURCES)["ID", "RA", "DEC", "POS_ERR"]
    if most is not None:
        with parquet.ParquetFile(sky.survey_files(folder)[0]) as file:
            row = next(file.iter_batches(1, columns=["RA", "DEC"])).to_pylist()[0]
        east = (np.asarray(table["RA"]) - row["RA"] + 180.0) % 360.0 - 180.0
        north = np.asarray(table["DEC"]) - row["DEC"]
        square = (east * np.cos(np.radians(row["DEC"]))) ** 2 + north**2
        table = table[np.sort(np.argsort(square, kind="stable")[:most])]
    return bm.Catalog(table, name="X", pos_err="POS_ERR", area=sky.made(folder)["area"])


def survey(folder: Path, files: list[Path] | None = None) -> Any:
    """The survey, scanned."""
    import bayesmatch as bm

    return bm.Catalog.scan(
        files or sky.survey_files(folder),
        name="OPT",
        pos_err=sky.SURVEY_ERROR,
        area=sky.made(folder)["area"],
    )


def trained(folder: Path) -> Path:
    """A prior for five bands; it is trained once, on objects drawn as the survey's are."""
    import bayesmatch as bm

    path = folder / PRIOR
    if not path.exists():
        rng = np.random.default_rng(sky.SEED)
        n_host, n_field = TRAINED_ON
        stars = rng.random(n_field) < 0.5
        bands = np.hstack([sky.host_magnitudes(rng, n_host), sky.field_magnitudes(rng, stars)])
        table = dict(zip(sky.BANDS, sky.in_steps(bands), strict=True))
        is_host = np.arange(n_host + n_field) < n_host
        features = bm.photometry.Features(sky.BANDS)
        bm.LightGBMPrior.fit(table, is_host, features=features).save(path)
    return path


def right(result: Any, folder: Path) -> float:
    """Of the sources with a counterpart in the survey, the part that is given it as the best."""
    from pyarrow import parquet

    truth = parquet.read_table(folder / sky.SOURCES, columns=["counterpart"])
    truth = truth["counterpart"].to_numpy()
    has = truth >= 0
    return float((np.asarray(result.sources["OPT"])[has] == truth[has]).mean())


def digest(result: Any) -> str:
    """Of all values of both tables of a result."""
    state = hashlib.sha256()
    for table in (result.associations, result.sources):
        for name in table.colnames:
            state.update(name.encode())
            state.update(np.ascontiguousarray(np.asarray(table[name])).tobytes())
    return state.hexdigest()


if __name__ == "__main__":
    print(json.dumps(one(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])))
