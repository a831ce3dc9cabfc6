"""How many objects are around the primaries: does the area fit, is the field even."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .finding import LOOK, OK, SIGMA, SIGMA_COUNTS, WRONG, Finding, skipped
from .view import ARCSEC2_PER_DEG2, Around, View

#: objects between this many sigma, or this share of the radius, and the radius are field objects
OUTSIDE_SIGMA, OUTSIDE_SHARE = 3.5, 0.5
#: relative error of the area that matters, and the one that spoils a uniform field
OFF, FAR_OFF = 0.1, 0.4
#: relative scatter of the density that matters
SCATTER = 0.2
#: pairs of field objects around one primary, below which nothing can be said of their scatter
MIN_PAIRS = 5.0


@dataclass(frozen=True)
class Ring:
    """Field objects of one catalogue away from the primaries."""

    count: np.ndarray
    """(r,) around every primary that has a ring"""
    hosts: np.ndarray
    """(r,) expected counterparts among them"""
    expected: np.ndarray
    """(r,) rows / area times the ring's area"""


def ring_of(view: View, part: Around, scale: float) -> Ring:
    """Objects so far out that next to none is a counterpart; `scale` of the quoted errors."""
    inner = np.maximum(OUTSIDE_SHARE * view.radius, OUTSIDE_SIGMA * max(scale, 1.0) * view.sigma)
    has = inner < 0.95 * view.radius
    outside = (part.separation > inner[part.i]) & has[part.i]
    count = part.count(outside, view.n)
    hosts = part.total(np.where(outside, part.p, 0.0), view.n)
    covered = 1.0 - float(view.fit.details.get("uncovered") or 0.0)
    density = part.catalog.density_deg2 / ARCSEC2_PER_DEG2
    expected = covered * density * np.pi * (view.radius**2 - inner**2)
    return Ring(count[has], hosts[has], expected[has])


def area(view: View, part: Around, ring: Ring) -> Finding:
    """Density around the primaries over rows / area."""
    name = part.catalog.name
    check, total = f"area_{name}", float(ring.expected.sum())
    if total <= 0:
        return skipped(check, 1.0, "the radius leaves no ring of field objects around the sources")
    field = ring.count - ring.hosts
    ratio = float(field.sum()) / total
    # Poisson, unless the counts scatter more; at the stated density where that is more.
    own = float(((field - ratio * ring.expected) ** 2).sum())
    variance = view.clumps * max(own, float(ring.count.sum()), 1.0)
    error = math.sqrt(variance) / total
    above = math.sqrt(max(variance, view.clumps * total)) / total if ratio < 1 else error
    sigma = abs(ratio - 1.0) / above
    off = abs(math.log(max(ratio, 1e-9)))
    verdict = OK
    if sigma > SIGMA and off > OFF:
        verdict = WRONG if off > FAR_OFF and not view.mends else LOOK
    advice = f"the {name} objects around the sources are as dense as rows / area says"
    if verdict != OK:
        advice = (
            f"{name} objects around the sources are {ratio:.2f} times as dense as rows / area says: "
            f"the area is {part.catalog.area / max(ratio, 1e-9):.4g} deg^2 rather than "
            f"{part.catalog.area:.4g}, or the sources lie where the field is "
            f"{'dense' if ratio > 1 else 'thin'}"
        )
    return Finding(check, ratio, 1.0, error, sigma, verdict, advice)


def density(view: View, part: Around, ring: Ring) -> Finding:
    """Relative scatter of the density from primary to primary: squared, 0 on an even field.

    The counts N around primaries where lambda are expected have the mean of (N - lambda)^2 - N
    of lambda^2 times the squared relative scatter of the density.
    """
    name = part.catalog.name
    check, total = f"density_{name}", float(ring.expected.sum())
    mean = ring.expected * (float(ring.count.sum()) / total if total > 0 else 0.0)
    pairs = float((mean**2).sum())
    if pairs < 2.0 * MIN_PAIRS:
        return skipped(check, 0.0, "too few field objects around the sources to see their scatter")
    value = float(((ring.count - mean) ** 2 - ring.count).sum()) / pairs
    error = math.sqrt(2.0 * view.clumps * pairs + float(mean.sum())) / pairs
    sigma = value / error
    verdict = LOOK if sigma > SIGMA_COUNTS and value > SCATTER**2 else OK
    advice = f"the {name} field is even around the sources"
    if verdict == LOOK:
        advice = (
            f"the density of {name} varies by {math.sqrt(value):.0%} (rms) from source to source: "
            + (
                "p_match and p_hostless follow it, p_any and p_i do not"
                if view.mends
                else "give field='local', which follows it"
            )
        )
    return Finding(check, value, 0.0, error, max(sigma, 0.0), verdict, advice)
