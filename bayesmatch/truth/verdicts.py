"""What one precise X-ray catalogue says of every primary: this counterpart, none, or nothing.

The rules are those of Bykov et al. (2022, Lockman Hole); :mod:`.samples` combines the catalogues.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..catalogs.catalog import Catalog
from ..catalogs.errors import catalog_radius
from .counts import n_true
from .pairs import close_pairs, objects_around
from .radius import annulus_deg2, false_radius, local_false_radius
from .regions import in_regions

#: verdicts that are not a row of the survey
HOSTLESS, UNKNOWN = -1, -2
#: objects wanted in the annulus by default, as a share of what the mean density predicts
ANNULUS_SHARE = 0.25


@dataclass(frozen=True)
class Cuts:
    """Every limit of the selection; radii in arcsec."""

    match_radius: float
    max_sigma: float
    """inf: no such cut"""
    flux_ratio: tuple[float, float]
    r98_factor: float
    hostless_factors: tuple[float, float]
    probability: float
    annulus: tuple[float, float]
    min_annulus: int | None
    exclude: Any
    """as :func:`.regions.regions` gives it"""


@dataclass(frozen=True)
class Precise:
    """A precise catalogue and what was read from it, an entry per source: shape (n,)."""

    catalog: Catalog
    r98: np.ndarray
    """arcsec"""
    secure: np.ndarray | None
    flux: np.ndarray | None
    """in the unit of the primary's, NaN where unknown; None: no cut on it"""


@dataclass(frozen=True)
class Verdicts:
    """Of one precise catalogue: shape (n,), a primary each; NaN and -1 where it has no verdict."""

    survey_row: np.ndarray
    """the counterpart's row, HOSTLESS or UNKNOWN"""
    precise_row: np.ndarray
    separation: np.ndarray
    """of the nearest object of the survey from the precise position, arcsec"""
    r98: np.ndarray
    false_radius: np.ndarray
    flux_ratio: np.ndarray
    counts: dict[str, int]
    """primaries left at every step"""


def verdicts(
    primary: Catalog, flux: np.ndarray | None, precise: Precise, survey: Catalog, cuts: Cuts
) -> Verdicts:
    """Apply every cut; `flux` is the primary's, NaN where unknown."""
    counts = {"primaries": len(primary)}
    i, k = _unique_pairs(primary, precise, cuts, counts)
    ratio = np.full(len(i), np.nan)
    if flux is not None and precise.flux is not None:
        ratio = precise.flux[k] / flux[i]
        low, high = cuts.flux_ratio
        agrees = (ratio >= low) & (ratio <= high)  # False where a flux is unknown
        i, k, ratio = i[agrees], k[agrees], ratio[agrees]
        counts["flux_ratio_agrees"] = len(i)
    x = precise.catalog
    outside = ~in_regions(x.ra[k], x.dec[k], cuts.exclude)
    i, k, ratio = i[outside], k[outside], ratio[outside]
    counts["outside_excluded"] = len(i)

    found = _around(x, k, precise.r98[k], survey, cuts)
    robust = (found.n_inside == 1) & (found.nearest < found.false_radius)
    counts["one_object_within_r98_limit"] = n_true(found.n_inside == 1)
    counts["robust"] = n_true(robust)
    far = (found.nearest >= cuts.hostless_factors[0] * precise.r98[k]) & (
        found.nearest >= cuts.hostless_factors[1] * found.false_radius
    )
    counts["no_object_near"] = n_true(far)
    far &= found.n_annulus >= least_in_annulus(cuts, survey)
    counts["hostless"] = n_true(far)

    survey_row = np.full(len(primary), UNKNOWN)
    survey_row[i[robust]] = found.nearest_row[robust]
    survey_row[i[far]] = HOSTLESS
    known = robust | far

    def of_primary(values: np.ndarray, absent: Any) -> np.ndarray:
        out = np.full(len(primary), absent)
        out[i[known]] = values[known]
        return out

    return Verdicts(
        survey_row,
        of_primary(k, -1),
        of_primary(found.nearest, np.nan),
        of_primary(precise.r98[k], np.nan),
        of_primary(found.false_radius, np.nan),
        of_primary(ratio, np.nan),
        counts,
    )


def least_in_annulus(cuts: Cuts, survey: Catalog) -> int:
    """Objects in the annulus that show that the survey has looked there."""
    if cuts.min_annulus is not None:
        return cuts.min_annulus
    return max(1, round(ANNULUS_SHARE * survey.density_deg2 * annulus_deg2(cuts.annulus)))


def _unique_pairs(
    primary: Catalog, precise: Precise, cuts: Cuts, counts: dict[str, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Primaries and precise sources that have only each other within the radius, and are secure."""
    i, k, separation = close_pairs(primary, precise.catalog, cuts.match_radius)
    n_precise = np.bincount(i, minlength=len(primary))
    n_primary = np.bincount(k, minlength=len(precise.catalog))
    counts["with_precise_source"] = n_true(n_precise > 0)
    counts["with_only_one"] = n_true(n_precise == 1)
    keep = (n_precise[i] == 1) & (n_primary[k] == 1)
    counts["of_no_other_primary"] = n_true(keep)
    if precise.secure is not None:
        keep &= precise.secure[k]
        counts["secure"] = n_true(keep)
    if cuts.max_sigma < np.inf:
        error = np.hypot(catalog_radius(primary)[i], catalog_radius(precise.catalog)[k])
        keep &= separation <= cuts.max_sigma * error
        counts["within_max_sigma"] = n_true(keep)
    order = np.argsort(i[keep], kind="stable")
    return i[keep][order], k[keep][order]


@dataclass(frozen=True)
class _Around:
    """The survey around some precise positions, an entry each: shape (n,)."""

    nearest: np.ndarray
    """separation of the nearest object, arcsec; inf where there is none"""
    nearest_row: np.ndarray
    n_inside: np.ndarray
    """objects within r98_factor r98"""
    n_annulus: np.ndarray
    false_radius: np.ndarray
    """from the density in the annulus, or the mean where that is empty"""


def _around(x: Catalog, rows: np.ndarray, r98: np.ndarray, survey: Catalog, cuts: Cuts) -> _Around:
    n = len(rows)
    mean_radius = false_radius(survey.density_deg2, cuts.probability)
    if n == 0:
        none = np.empty(0, np.int64)
        return _Around(np.empty(0), none, none, none, np.empty(0))
    # One object alone in the annulus already means a false radius of some arcsec at most.
    largest = max(mean_radius, false_radius(1 / annulus_deg2(cuts.annulus), cuts.probability))
    of_r98, of_false = cuts.hostless_factors
    reach = max(
        cuts.annulus[1], max(cuts.r98_factor, of_r98) * r98.max(), max(1.0, of_false) * largest
    )
    row, j, separation = objects_around(x, rows, survey, reach)
    by_row = np.argsort(rows)
    slot = by_row[np.searchsorted(rows, row, sorter=by_row)]

    in_annulus = (separation >= cuts.annulus[0]) & (separation < cuts.annulus[1])
    n_annulus = np.bincount(slot[in_annulus], minlength=n)
    radius = local_false_radius(n_annulus, cuts.annulus, mean_radius, cuts.probability)
    n_inside = np.bincount(slot[separation < cuts.r98_factor * r98[slot]], minlength=n)
    order = np.lexsort((j, separation, slot))
    has, first = np.unique(slot[order], return_index=True)
    nearest, nearest_row = np.full(n, np.inf), np.full(n, -1)
    nearest[has], nearest_row[has] = separation[order][first], j[order][first]
    return _Around(nearest, nearest_row, n_inside, n_annulus, radius)
