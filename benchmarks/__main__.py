"""``python -m benchmarks``: bayesmatch beside its peers, in one run on one machine.

Every time is the median of `--repeat` calls after a first, uncounted one (NWAY: `--nway-repeat`
calls); peers that are not installed are left out.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

import bayesmatch as bm

from . import scan
from .skies import mock_sky

RADIUS = 30.0
SIZES = {"small": (1_000, 100_000), "lockman": (6_885, 2_418_574)}


def main(argv: list[str] | None = None) -> int:
    """Measure and print a Markdown table; write JSON where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="lockman")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--nway-repeat", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--startup", action="store_true",
                        help="time whole processes instead: import, and matching the bundled files")
    parser.add_argument("--scan", action="store_true",
                        help="stream a Parquet data set of 100 million rows instead")
    parser.add_argument("--data", type=Path, metavar="DIR",
                        help="with --scan: where that data set is, or is to be made and kept")
    options = parser.parse_args(argv)

    if options.startup:
        return startup(options.repeat)
    if options.scan:
        found = scan.main(options.data, repeat=options.repeat)
        if options.json:
            options.json.write_text(json.dumps(found, indent=1))
        return 0
    primary, secondary = mock_sky(*SIZES[options.size])
    peers = {
        "bayesmatch `match()`, every column": (lambda: ours(primary, secondary), options.repeat, 1),
        "astropy `search_around_sky`, pairs only": (
            astropy_pairs(primary, secondary), options.repeat, 1),
        "scipy `cKDTree` built and searched, pairs only": (
            lambda: scipy_pairs(primary, secondary), options.repeat, 1),
        "NWAY 4.8.0 `nway_match`": (nway(primary, secondary), options.nway_repeat, 0),
    }
    rows = []
    for name, (call, repeat, warm) in peers.items():
        if call is None:
            continue
        seconds, found = measure(call, repeat, warm)
        rows.append({"what": name, "seconds": seconds, "pairs": found})
        print(f"{name}: {seconds:.4g} s", flush=True)
    size = f"{len(primary):,} x {len(secondary):,}, {RADIUS:g} arcsec"
    print(f"\n| {size} | seconds | times bayesmatch | pairs |\n|---|---|---|---|")
    for row in rows:
        ratio = row["seconds"] / rows[0]["seconds"]
        row["ratio"] = ratio
        print(f"| {row['what']} | {row['seconds']:.3g} | {ratio:.3g} | {row['pairs']:,} |")
    if options.json:
        options.json.write_text(json.dumps({"size": size, "cpus": os.cpu_count(), "rows": rows},
                                           indent=1))
    return 0


def startup(repeat: int) -> int:
    """Whole processes: importing, and `bayesmatch match` on the bundled catalogues."""
    data = Path(bm.__file__).parent / "data"
    with tempfile.TemporaryDirectory() as scratch:
        commands = {
            "python -c pass": ["-c", "pass"],
            "import bayesmatch": ["-c", "import bayesmatch"],
            "bayesmatch match, bundled COSMOS files": [
                "-m", "bayesmatch", "match", str(data / "cosmos_xmm.fits.gz"), ":pos_err",
                str(data / "cosmos_zcosmos.fits.gz"), "0.1", "--radius", "20", "--quiet",
                "--out", str(Path(scratch) / "out.fits")],
        }
        print("| whole process | seconds |\n|---|---|")
        for name, arguments in commands.items():
            seconds, _ = measure(lambda a=arguments: subprocess.run(
                [sys.executable, *a], check=True).returncode, repeat, 1)
            print(f"| {name} | {seconds:.3g} |")
    return 0


def measure(call: Callable[[], int], repeat: int, warm: int) -> tuple[float, int]:
    """Median seconds of `repeat` calls after `warm` uncounted ones, and what the call returns."""
    found = 0
    seconds = []
    for number in range(warm + repeat):
        begin = time.perf_counter()
        found = call()
        if number >= warm:
            seconds.append(time.perf_counter() - begin)
    return float(np.median(seconds)), found


def ours(primary: bm.Catalog, secondary: bm.Catalog) -> int:
    """Everything: both tables with all columns and the host-fraction fit."""
    return bm.match(primary, secondary, radius=RADIUS).meta["n_candidates"]


def astropy_pairs(primary: bm.Catalog, secondary: bm.Catalog) -> Callable[[], int]:
    """Pairs by `search_around_sky`; a new coordinate object each time, as a new match would be."""
    import astropy.units as u
    from astropy.coordinates import SkyCoord, search_around_sky

    def call() -> int:
        a, b = (SkyCoord(c.ra, c.dec, unit="deg") for c in (primary, secondary))
        return len(search_around_sky(a, b, RADIUS * u.arcsec)[0])

    return call


def scipy_pairs(primary: bm.Catalog, secondary: bm.Catalog) -> int:
    """Pairs by a KD-tree of the secondary's unit vectors."""
    from scipy.spatial import cKDTree

    def vectors(c: bm.Catalog) -> np.ndarray:
        ra, dec = np.radians(c.ra), np.radians(c.dec)
        return np.column_stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])

    chord = 2 * np.sin(np.radians(RADIUS / 3600) / 2)
    found = cKDTree(vectors(secondary)).query_ball_point(vectors(primary), chord)
    return sum(map(len, found))


def nway(primary: bm.Catalog, secondary: bm.Catalog) -> Callable[[], int] | None:
    """The same match by NWAY, in a scratch directory: it keeps what it found in ``cache/`` there.

    That cache is emptied before every call, as it is for every new pair of catalogues.
    """
    scratch = tempfile.TemporaryDirectory()
    with contextlib.chdir(scratch.name):
        try:
            import nwaylib
        except ImportError:
            return None
    columns = {"mags": [], "magnames": [], "maghists": []}

    def call() -> int:
        shutil.rmtree(Path(scratch.name) / "cache", ignore_errors=True)
        tables = [{"name": c.name, "ra": c.ra.copy(), "dec": c.dec.copy(), "error": error,
                   "area": c.area, **columns}
                  for c, error in ((primary, np.asarray(primary.table["sigma"])),
                                   (secondary, np.full(len(secondary), 0.1)))]
        with (contextlib.chdir(scratch.name), warnings.catch_warnings(),
              contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO())):
            warnings.simplefilter("ignore")
            result = nwaylib.nway_match(tables, match_radius=RADIUS, prior_completeness=1.0,
                                        logger=nwaylib.NullOutputLogger())
        return int((result["ncat"] > 1).sum())

    call.scratch = scratch  # kept until the measurement is over
    return call


if __name__ == "__main__":
    raise SystemExit(main())
