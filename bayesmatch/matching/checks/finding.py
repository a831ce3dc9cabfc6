"""What a check found."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

#: standard errors beyond which a check speaks up: one sky in two thousand, where the errors are
#: Gaussian; there are a dozen checks, and the wings of small numbers are wider
SIGMA = 3.5
#: the same of counts, for which several radii are tried or which come in clumps
SIGMA_COUNTS = 4.5
OK, LOOK, WRONG = "ok", "look", "wrong"


@dataclass(frozen=True)
class Finding:
    """One row of :meth:`bayesmatch.MatchResult.checks`."""

    check: str
    """name"""
    value: float
    expected: float
    """value where nothing is wrong"""
    error: float
    """standard error of the value"""
    sigma: float
    """how far the value is from what is expected, in standard errors"""
    verdict: str
    """"ok", "look" or "wrong\""""
    advice: str
    """one sentence"""

    def plain(self) -> dict[str, Any]:
        """In types that every file takes; None for what is not a number."""
        numbers = {name: getattr(self, name) for name in ("value", "expected", "error", "sigma")}
        return {
            "check": self.check,
            **{k: float(v) if math.isfinite(v) else None for k, v in numbers.items()},
            "verdict": self.verdict,
            "advice": self.advice,
        }


def skipped(check: str, expected: float, why: str) -> Finding:
    """A check that could not be made."""
    nan = math.nan
    return Finding(check, nan, expected, nan, nan, OK, why)


def poisson_sigma(n: float, expected: float, clumps: float = 1.0) -> float:
    """How far a count is above what is expected, in standard errors.

    The difference of the square roots (Anscombe 1948): on the safe side for small counts, where
    (n - e) / sqrt(e) takes three of 0.1 expected for nine sigma. `clumps` is the variance over that
    of a Poisson distribution.
    """
    expected = max(expected, 0.0)
    difference = 2.0 * (math.sqrt(n + 0.375) - math.sqrt(expected + 0.375))
    return difference / math.sqrt(clumps)
