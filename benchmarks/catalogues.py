"""Two, three and four catalogues of COSMOS at 20 arcsec, and five deeper ones at 10 arcsec.

Three of them with NWAY beside. The five run in a process of their own, for its peak memory: their
combinations are too many to list.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np

import bayesmatch as bm

from .methods import BAYESMATCH, NWAY, nway_match
from .settings import Settings
from .skies import cosmos_sky
from .timing import (
    forget_peak,
    in_process,
    median_seconds,
    memory_MB,
    peak_MB,
    print_rows,
    with_ratios,
)

SURVEYS, ERRORS = (560_000, 345_512, 345_512), (0.1, 0.5, 0.5)
RADIUS = 20.0
FIVE, FIVE_ERRORS, FIVE_RADIUS = 3_200_000, (0.1, 0.15, 0.2, 0.3), 10.0


def run(settings: Settings) -> dict[str, Any]:
    """Seconds by number of catalogues."""
    surveys = [settings.rows(size) for size in SURVEYS]
    found: dict[str, Any] = {"radius": RADIUS}
    for count in (2, 3, 4):
        catalogs = cosmos_sky(surveys[: count - 1], ERRORS[: count - 1])
        size = " x ".join(f"{len(c):,}" for c in catalogs)
        seconds, calls, rows = median_seconds(
            lambda c=catalogs: len(bm.match(*c, radius=RADIUS).associations), settings.repeat
        )
        table = [{"what": BAYESMATCH, "seconds": seconds, "calls": calls, "found": rows}]
        if count == 3:
            table += beside_nway(catalogs, settings)
            found["prune_difference"] = prune_difference(catalogs)
            print(
                f"largest difference of p_any and p_i to prune=0: {found['prune_difference']:.2g}"
            )
        print_rows(f"{size}, {RADIUS:g} arcsec", with_ratios(table))
        found[str(count)] = {"size": size, "rows": table}
    found["5"] = in_process("benchmarks.catalogues", settings.rows(FIVE))
    print(
        "five catalogues: {size}: {seconds:.3g} s (first call), peak {peak_MB:.0f} MB; {found:,} "
        "associations kept of {exhaustive:.3g}".format(**found["5"]),
        flush=True,
    )
    return found


def beside_nway(catalogs: list[bm.Catalog], settings: Settings) -> list[dict[str, Any]]:
    """NWAY's row of the table, if it is installed; counts every association."""
    call = nway_match(*catalogs, radius=RADIUS, ncat=1)
    if call is None:
        return []
    seconds, calls, rows = median_seconds(call, settings.nway_repeat, warm=0)
    return [{"what": NWAY, "seconds": seconds, "calls": calls, "found": rows}]


def prune_difference(catalogs: list[bm.Catalog]) -> float:
    """Largest difference that `prune` makes to p_any and, of the rows it keeps, to p_i."""
    pruned, whole = (
        bm.match(*catalogs, radius=RADIUS, **options) for options in ({}, {"prune": 0})
    )
    worst = float(np.abs(pruned.sources["p_any"] - whole.sources["p_any"]).max())
    keys = [catalogs[0].name + "_ID", *(f"{c.name}_ID" for c in catalogs[1:])]
    a, b = (result.associations.to_pandas()[[*keys, "p_i"]] for result in (pruned, whole))
    both = a.merge(b, on=keys, suffixes=("", "_whole"), validate="one_to_one")
    if len(both) < len(a):
        raise RuntimeError(f"{len(a) - len(both)} associations are not among those of prune=0")
    return max(worst, float((both["p_i"] - both["p_i_whole"]).abs().max()))


def five(rows: int) -> dict[str, Any]:
    """Five catalogues: seconds, peak memory of the process, and what would have to be listed."""
    catalogs = cosmos_sky((rows,) * 4, FIVE_ERRORS)
    before = memory_MB()
    forget_peak()
    begin = time.perf_counter()
    result = bm.match(*catalogs, radius=FIVE_RADIUS)
    seconds = time.perf_counter() - begin
    return {
        "size": f"{len(catalogs[0]):,} x 4 x {rows:,}, {FIVE_RADIUS:g} arcsec",
        "seconds": seconds,
        "before_MB": before,
        "peak_MB": peak_MB(),
        "found": len(result.associations),
        "pruned_bound": result.meta["pruned_bound"],
        "exhaustive": exhaustive_rows(catalogs),
    }


def exhaustive_rows(
    catalogs: list[bm.Catalog], radius: float = FIVE_RADIUS, sample: int = 40
) -> float:
    """How many associations there are, counted for some of the primaries."""
    from bayesmatch._kernels.associations import count_associations
    from bayesmatch.catalogs.candidates import find_candidates
    from bayesmatch.matching.candidate_positions import candidate_positions

    primary, *others = catalogs
    part = primary.subset(np.arange(0, len(primary), len(primary) // sample))
    candidates = find_candidates(part, others, radius, max_rows=10**9)
    positions = candidate_positions(part, others, candidates)
    count = np.zeros(len(part), np.int64)
    count_associations(
        0,
        len(part),
        len(others),
        candidates.start,
        positions.ra,
        positions.dec,
        positions.cos_dec,
        radius,
        10**12,
        10**12,
        count,
    )
    return float(count.mean() * len(primary))


if __name__ == "__main__":
    print(json.dumps(five(int(sys.argv[1]))))
