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
from .skies import cosmos_sky, mock_sky

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
    parser.add_argument("--catalogues", type=int, choices=(2, 3, 5), default=2,
                        help="3: XMM-COSMOS with two surveys at 20 arcsec, beside NWAY; 5: with "
                             "four deeper ones, whose combinations nothing could list")
    parser.add_argument("--scan", action="store_true",
                        help="stream a Parquet data set of 100 million rows instead")
    parser.add_argument("--data", type=Path, metavar="DIR",
                        help="with --scan: where that data set is, or is to be made and kept")
    options = parser.parse_args(argv)

    if options.startup:
        return startup(options.repeat)
    if options.catalogues == 3:
        return three(options.repeat, options.nway_repeat)
    if options.catalogues == 5:
        return five()
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


def three(repeat: int, nway_repeat: int) -> int:
    """Three catalogues: `match()`, pruned or not (the same rows here), and NWAY."""
    catalogs = cosmos_sky((560_000, 345_512), (0.1, 0.5))
    radius, ratio_to = 20.0, None
    calls = {"bayesmatch `match()`": (lambda: len(
                 bm.match(*catalogs, radius=radius).associations), repeat, 1),
             "NWAY 4.8.0 `nway_match`": (nway(*catalogs, radius=radius, ncat=1), nway_repeat, 0)}
    print("| 1,797 x 560,000 x 345,512, 20 arcsec | seconds | times bayesmatch | rows |\n"
          "|---|---|---|---|")
    for name, (call, times, warm) in calls.items():
        if call is None:
            continue
        seconds, rows = measure(call, times, warm)
        ratio_to = ratio_to or seconds
        print(f"| {name} | {seconds:.3g} | {seconds / ratio_to:.3g} | {rows:,} |", flush=True)
    return 0


def five() -> int:
    """Five catalogues: seconds, peak memory of the process, and what would have to be listed."""
    import resource

    catalogs = cosmos_sky((3_200_000,) * 4, (0.1, 0.15, 0.2, 0.3))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begin = time.perf_counter()
    result = bm.match(*catalogs, radius=10.0)
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"1,797 x 4 x 3,200,000, 10 arcsec: {seconds:.3g} s (first call), peak {peak:.0f} MB, of "
          f"which {before:.0f} MB were in use before\n"
          f"{len(result.associations):,} associations kept, pruned_bound "
          f"{result.meta['pruned_bound']:.2g}; exhaustive: about {exhaustive_rows(catalogs):.3g}")
    return 0


def exhaustive_rows(catalogs: list[bm.Catalog], radius: float = 10.0, sample: int = 40) -> float:
    """How many associations there are, counted for some of the primaries."""
    from bayesmatch._kernels.associations import count_associations
    from bayesmatch.candidates import find_candidates
    from bayesmatch.placed import place_candidates

    primary, *others = catalogs
    part = primary.subset(np.arange(0, len(primary), len(primary) // sample))
    candidates = find_candidates(part, others, radius, max_rows=10**9)
    placed = place_candidates(part, others, candidates)
    count = np.zeros(len(part), np.int64)
    count_associations(0, len(part), len(others), candidates.start, placed.ra, placed.dec,
                       placed.cos_dec, radius, 10**12, 10**12, count)
    return float(count.mean() * len(primary))


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


def nway(*catalogs: bm.Catalog, radius: float = RADIUS, ncat: int = 2
         ) -> Callable[[], int] | None:
    """The same match by NWAY, in a scratch directory: it keeps what it found in ``cache/`` there.

    That cache is emptied before every call, as it is for every new pair of catalogues. The call
    counts the associations of at least `ncat` catalogues.
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
        tables = [{"name": c.name, "ra": c.ra.copy(), "dec": c.dec.copy(),
                   "error": np.sqrt(c.covariance()[:, 0]), "area": c.area, **columns}
                  for c in catalogs]
        with (contextlib.chdir(scratch.name), warnings.catch_warnings(),
              contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO())):
            warnings.simplefilter("ignore")
            result = nwaylib.nway_match(tables, match_radius=radius, prior_completeness=1.0,
                                        logger=nwaylib.NullOutputLogger())
        return int((result["ncat"] >= ncat).sum())

    call.scratch = scratch  # kept until the measurement is over
    return call


if __name__ == "__main__":
    raise SystemExit(main())
