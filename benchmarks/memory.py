"""Peak memory of one match above its inputs: ``python -m benchmarks.memory METHOD N M RADIUS``.

A process of its own: what was loaded, compiled and made before the match does not count.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from . import methods
from .skies import mock_sky
from .timing import forget_peak, memory_MB, peak_MB

CALLS = {"bayesmatch": methods.ours, "nway": methods.nway}


def one(method: str, n_primary: int, n_secondary: int, radius: float) -> dict[str, Any]:
    """Memory before and at the peak, MB."""
    CALLS[method](*mock_sky(100, 10_000), radius)()  # imports and compiles
    primary, secondary = mock_sky(n_primary, n_secondary)
    secondary.covariance(), secondary.ra.sum(), secondary.dec.sum()
    call = CALLS[method](primary, secondary, radius)
    before = memory_MB()
    forget_peak()
    found = call()
    peak = peak_MB()
    return {
        "method": method,
        "found": found,
        "before_MB": before,
        "peak_MB": peak,
        "above_MB": peak - before,
    }


if __name__ == "__main__":
    print(json.dumps(one(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))))
