"""How many objects are around the primaries: does the area fit, is the field even."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ...catalogs.area import FULL_SKY_DEG2
from ...catalogs.gaussian import GAUSSIAN
from ..field import ARCSEC2_PER_DEG2
from .around import Around
from .finding import LOOK, OK, SIGMA, SIGMA_COUNTS, WRONG, Finding, skipped
from .view import View

#: objects between this many sigma, or this share of the radius, and the radius are field objects
OUTSIDE_SIGMA, OUTSIDE_SHARE = 3.5, 0.5
#: relative error of the area that matters, and the one that spoils a uniform field
OFF, FAR_OFF = 0.1, 0.4
#: the same where counterparts with wide wings, of which too little is known, are among the objects
OFF_WINGS = 0.3
#: relative scatter of the density that matters
SCATTER = 0.2
#: pairs of field objects around one primary, below which nothing can be said of their scatter
MIN_PAIRS = 5.0
#: objects in the rings, below which the density taken is not doubted
MIN_OBJECTS = 10
#: primaries in a part of the field
PER_CELL = 20


@dataclass(frozen=True)
class Ring:
    """Field objects of one catalogue away from the primaries."""

    row: np.ndarray
    """(r,) which sampled primaries have a ring"""
    inner: np.ndarray
    """(r,) arcsec, where it begins"""
    count: np.ndarray
    """(r,) around every primary that has a ring"""
    hosts: np.ndarray
    """(r,) expected counterparts among them"""
    expected: np.ndarray
    """(r,) rows / area times the ring's area"""
    taken: np.ndarray
    """(r,) the same with the density that the probabilities go by"""

    @property
    def over_taken(self) -> tuple[float, float]:
        """Density seen over the one that the probabilities go by, and its error; 1 if unknown."""
        total = float(self.taken.sum())
        n = float(self.count.sum())
        if total <= 0 or n < MIN_OBJECTS:
            return 1.0, math.inf
        return float((self.count - self.hosts).sum()) / total, math.sqrt(n) / total


def ring_of(view: View, part: Around, scale: float) -> Ring:
    """Objects so far out that next to none is a counterpart; `scale` of the quoted errors."""
    inner = np.maximum(OUTSIDE_SHARE * part.radius, OUTSIDE_SIGMA * max(scale, 1.0) * view.sigma)
    has = (inner < 0.95 * part.radius) & view.looked[:, part.k]
    outside = np.flatnonzero((part.separation > inner[part.i]) & has[part.i])
    count, hosts_in = part.count(outside, view.n), part.total(part.p, view.n, outside)
    covered = 1.0 - float(view.fit.details.get("uncovered") or 0.0)
    square = covered * np.pi * (part.radius**2 - inner**2) / ARCSEC2_PER_DEG2
    stated = density_stated(view, part) * square
    taken = density_taken(view, part) * square
    return Ring(np.flatnonzero(has), inner[has], count[has], hosts_in[has], stated[has], taken[has])


def density_stated(view: View, part: Around) -> float:
    """Objects (deg^-2) around a primary by rows / area.

    In a survey that is small fields round the primaries, their counterparts are none of them.
    """
    catalog = part.catalog
    if not view.small_fields(part):
        return catalog.density_deg2
    own = float(part.fraction.mean()) * view.setting.primary.n_rows
    return max(catalog.n_rows - own, 1.0) / catalog.area


def density_taken(view: View, part: Around) -> np.ndarray:
    """Objects (deg^-2) around each primary by the density that the probabilities go by, (s,)."""
    if not view.follows(part):
        return np.full(view.n, density_stated(view, part))
    # Field objects; the counterparts of neighbours are around as well.
    primary, hosts = view.setting.primary, 0.0
    if not view.small_fields(part):
        hosts = float(part.fraction.mean()) * primary.n_rows / primary.area
    taken: np.ndarray = view.setting.field.per_deg2[view.sample, part.k] + hosts
    return taken


def without_wings(view: View, part: Around, ring: Ring, share: float, wing: float) -> Ring:
    """The ring less the counterparts in it of which a `share` has errors `wing` times as large."""

    def beyond(radius: np.ndarray | float) -> np.ndarray:
        out: np.ndarray = GAUSSIAN.beyond(radius / (wing * view.sigma[ring.row]))
        return out

    more = share * part.fraction[ring.row] * (beyond(ring.inner) - beyond(part.radius))
    return replace(ring, hosts=ring.hosts + more)


def area(view: View, part: Around, ring: Ring, least: float = OFF) -> Finding:
    """Density around the primaries over rows / area; `least`: ln of a ratio that matters."""
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
    if sigma > SIGMA and off > least:
        verdict = WRONG if off > FAR_OFF and not view.follows(part) else LOOK
    advice = f"the {name} objects around the sources are as dense as rows / area says"
    if verdict != OK:
        other = part.catalog.area / max(ratio, 1e-9)
        explained = f"the area is {other:.4g} deg^2 rather than {part.catalog.area:.4g}"
        if other > FULL_SKY_DEG2:
            explained = "the radius reaches beyond the survey"
        advice = (
            f"{name} objects around the sources are {ratio:.2f} times as dense as rows / area "
            f"says: {explained}, or the sources lie where the field is "
            f"{'dense' if ratio > 1 else 'thin'}"
        )
    return Finding(check, ratio, 1.0, error, sigma, verdict, advice)


def density(view: View, part: Around, ring: Ring) -> Finding:
    """Relative scatter of the density over the field: squared, 0 where it is even.

    The counts N where lambda are expected have the mean of (N - lambda)^2 - N of lambda^2 times the
    squared relative scatter of the density: from source to source, and from one part of the field
    to the next, where a slope stands out much more.  Outside the footprint nothing is expected: a
    hole is no slope.
    """
    name = part.catalog.name
    expected = view.inside[ring.row] * ring.expected
    check, total = f"density_{name}", float(expected.sum())
    mean = expected * (float(ring.count.sum()) / total if total > 0 else 0.0)
    cell = _cells(view, ring.row)
    several = [np.bincount(cell, weights=values) for values in (ring.count, mean)]
    tried = [
        found
        for found in (
            _scatter(ring.count, mean, 1.0, view.clumps),
            _scatter(several[0], several[1], view.clumps, view.clumps),
        )
        if found is not None
    ]
    if not tried:
        return skipped(check, 0.0, "too few field objects around the sources to see their scatter")
    value, error = max(tried, key=lambda t: t[0] / t[1])
    sigma = value / error
    verdict = LOOK if sigma > SIGMA_COUNTS and value > SCATTER**2 else OK
    advice = f"the {name} field is even around the sources"
    if verdict == LOOK:
        advice = (
            f"the density of {name} varies by {math.sqrt(value):.0%} (rms) over the field: "
            + (
                "p_match and p_hostless follow it, p_any and p_i do not"
                if view.follows(part)
                else "give field='local', which follows it"
            )
        )
    return Finding(check, value, 0.0, error, max(sigma, 0.0), verdict, advice)


def _scatter(
    count: np.ndarray, mean: np.ndarray, own: float, clumps: float
) -> tuple[float, float] | None:
    """Squared relative scatter and its error; `own` is the variance of a count over its mean.

    None where there are too few pairs of field objects.
    """
    pairs = float((mean**2).sum())
    if pairs < 2.0 * MIN_PAIRS:
        return None
    value = float(((count - mean) ** 2 - own * count).sum()) / pairs
    # Of the mean as well: one number less is free than there are.
    noise = 2.0 * own**2 + 2.0 * (clumps - own) if own < clumps else 2.0 * own**2
    return value, math.sqrt(noise * pairs + own * float(mean.sum())) / pairs


def _cells(view: View, row: np.ndarray) -> np.ndarray:
    """Parts of the field with about as many primaries each, (r,): strips, cut across."""
    n = len(row)
    strips = max(1, int(math.sqrt(n / PER_CELL)))
    primary = view.setting.primary
    ra, dec = primary.ra[view.sample[row]], primary.dec[view.sample[row]]
    rank = np.empty(n, np.int64)
    rank[np.argsort(dec, kind="stable")] = np.arange(n)
    strip = rank * strips // max(n, 1)
    rank[np.lexsort((ra, strip))] = np.arange(n)
    return rank * strips**2 // max(n, 1)
