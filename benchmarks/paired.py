"""``python -m benchmarks.paired OLD NEW``: is ``match()`` of one checkout slower than of another?

Processes of the two take turns, so that what else the machine does befalls both alike; each makes
6,885 x 2,418,574 objects, calls once to compile, and gives the median of the next calls.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ONE = """
import sys
import bayesmatch as bm
from benchmarks.skies import mock_sky
from benchmarks.timing import median_seconds
primary, secondary = mock_sky(int(sys.argv[1]), int(sys.argv[2]))
def both_tables():
    result = bm.match(primary, secondary, radius=30)
    return len(result.associations), len(result.sources)  # made when they are asked for
print(median_seconds(both_tables, 7)[0])
"""
SIZE = (6_885, 2_418_574)
#: the new one may take this much longer: what the ratio of two equal checkouts reaches
NOISE = 1.10


def main(argv: Sequence[str] | None = None) -> int:
    """Print each pair and the median ratio; 1 if the new checkout is slower."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paired", description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--pairs", type=int, default=5, metavar="N")
    parser.add_argument("--size", type=int, nargs=2, default=SIZE, metavar=("N", "M"))
    options = parser.parse_args(argv)
    ratios = []
    for n in range(options.pairs):
        if n % 2 == 0:
            old, new = one(options.old, options.size), one(options.new, options.size)
        else:
            new, old = one(options.new, options.size), one(options.old, options.size)
        ratios.append(new / old)
        print(f"old {old:.4f} s, new {new:.4f} s, new / old {new / old:.3f}", flush=True)
    ratio = statistics.median(ratios)
    print(f"median of {len(ratios)} pairs: new / old {ratio:.3f} (allowed {NOISE})")
    return int(ratio > NOISE)


def one(checkout: Path, size: Sequence[int]) -> float:
    """Seconds of one call in a process that imports from a checkout."""
    environment = {**os.environ, "PYTHONPATH": str(checkout.resolve())}
    done = subprocess.run(
        [sys.executable, "-c", ONE, *map(str, size)],
        cwd=checkout,
        check=True,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    return float(done.stdout)


if __name__ == "__main__":
    raise SystemExit(main())
