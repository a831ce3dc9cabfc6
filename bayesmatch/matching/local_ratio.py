"""What a prior's ratio is on average over the field around every primary.

A candidate counts by the density of field objects like it: density at the place times
p(x | field, place).  A prior says p(x | counterpart) / p(x | field) for a whole field.  Where the
mix of objects changes with the place, so does the mean of that ratio over the field objects there,
and p(x | counterpart) would no longer integrate to 1.  With the local density rho and the mean c
of the ratio over the field objects around, what takes the place of ratio / density is

    ratio / (rho c),

c being the mean of the product where a catalogue has several priors.  It comes from the candidates
that lie too far from the primaries to be counterparts, and where they are few from a sample of the
objects around, over the same windows as the density, from outside inwards.  A sum S of ratios is
taken for a count of S / kappa objects, kappa being the mean ratio of what contributes to S, which
has the right variance (a compound Poisson process); so windows are shrunk to those beyond them as
densities are (:mod:`bayesmatch.matching.density_ladder`):

    c_k = (S_k / kappa + a) / (n_k / kappa + a / c_{k+1}).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..catalogs.errors import catalog_radius
from ..catalogs.field_sample import position_hash
from ..catalogs.held import HeldCatalog
from ..catalogs.sky_box import SkyBox
from ..priors.evaluation import candidate_ratios
from ..priors.prior_set import PriorSet
from .associations import Associations
from .density_ladder import ENOUGH, LEAST, SHAPES, STATED_WEIGHT, STEPS, SURE_SCATTER
from .field import FieldDensity
from .setting import Setting

#: field objects that tell the mean ratio: to 2% where ratios go up to 100
RATIO_ROWS = 60_000
#: objects nearer to a primary than so many sigma may be its counterpart, and candidates nearer than
#: this part of the radius too, should the errors be larger than quoted
INNER_SIGMA, INNER_RADIUS = 5.0, 0.5
#: log10 ratios count as no more than this, so that their squares are numbers
LARGEST = 100.0


@dataclass(frozen=True)
class LocalMeans:
    """Mean ratio over the field around each primary."""

    mean: np.ndarray
    """(n,)"""
    shapes: list[float]
    """of the gamma distribution of each window's over that beyond it, from the outermost inwards"""


def with_mean_ratios(
    setting: Setting, priors: PriorSet, log10_ratios: Mapping[tuple[int, str], np.ndarray]
) -> Setting:
    """The setting with the mean ratio of each catalogue's priors over the field at every primary.

    Parameters
    ----------
    setting : Setting
        Of a match; its field has the cells in which objects were counted where the model has a
        local density.
    priors : PriorSet
        Ready to be evaluated.
    log10_ratios : dict of (int, str) to ndarray, shape (n_slots,)
        What they give for the candidates.
    """
    field = setting.field
    if field.cells is None:
        return setting
    box, counts = field.cells
    mean = np.ones(field.per_deg2.shape)
    details = {**field.details, "scales": dict(field.details["scales"])}
    for k, other in enumerate(setting.others):
        listed = priors.by_catalogue[other.name]
        scale = details["scales"][other.name]
        if not listed or not scale["local"]:
            continue
        log10 = sum(log10_ratios[k, prior.name] for prior in listed)
        ra, dec, ratio = _field_objects(setting, k, listed, np.asarray(log10), box, counts[k])
        found = local_means(box, ra, dec, ratio)
        mean[:, k] = found.mean
        details["scales"][other.name] = {**scale, "mean_ratio": _record(found, len(ratio))}
    changed = bool((mean != 1.0).any())
    field = replace(field, cells=None, details=details, mean_ratio=mean if changed else None)
    return replace(setting, field=field)


def without_mean_ratio(
    associations: Associations, field: FieldDensity, ln_evidence: np.ndarray
) -> np.ndarray:
    """Ln evidence (n_rows,) with the ratios of all members over their mean at the primary."""
    if field.mean_ratio is None:
        return ln_evidence
    ln_mean = np.log(field.mean_ratio)[associations.primary]
    out: np.ndarray = ln_evidence - np.where(associations.member >= 0, ln_mean, 0.0).sum(axis=1)
    return out


def local_means(box: SkyBox, ra: np.ndarray, dec: np.ndarray, ratio: np.ndarray) -> LocalMeans:
    """Mean ratio over the field around the sources of a box.

    Parameters
    ----------
    box : SkyBox
        The cells around the sources.
    ra, dec : ndarray, shape (m,)
        Field objects in cells near the sources, degrees.
    ratio : ndarray, shape (m,)
        Their ratios, 0 for those that are excluded.
    """
    n = len(box.row)
    total = float(ratio.sum())
    if total <= 0.0:
        return LocalMeans(np.ones(n), [])
    kappa = float(ratio @ ratio) / total
    cell, size = box.cell_numbers(ra, dec), box.n_rows * box.n_columns
    objects = np.bincount(cell, minlength=size).astype(np.float64).reshape(box.shape)
    sums = np.bincount(cell, ratio / kappa, size).reshape(box.shape)
    within = box.windows(objects, sums)[:2]
    seen, summed = (_rings(values) for values in within)
    mean = np.full(n, (total / kappa + STATED_WEIGHT) / (len(ratio) / kappa + STATED_WEIGHT))
    shapes = []
    for w in reversed(range(seen.shape[1])):
        number, expected = np.maximum(summed[:, w], 0.0), seen[:, w] / kappa * mean
        # Windows overlap: so many times an object is counted, on average.
        repeated = max(1.0, float(within[0][:, w].sum()) / len(ratio))
        shape = scatter_shape(number, expected, repeated)
        shapes.append(shape)
        mean = (number + shape) / (seen[:, w] / kappa + shape / mean)
    return LocalMeans(np.maximum(mean, LEAST), shapes)


def scatter_shape(number: np.ndarray, expected: np.ndarray, repeated: float) -> float:
    """Shape of the gamma distribution that means over the expected ones follow, from all windows.

    As :func:`bayesmatch.matching.density_ladder.gamma_shape` for windows that overlap.

    Parameters
    ----------
    number, expected : ndarray, shape (n,)
        Effective numbers of objects around each primary.
    repeated : float
        Windows that an object is in, on average: only so many times fewer are independent.
    """
    chance = np.maximum(expected, 1e-300)
    beyond, told_by = (number - expected) ** 2 - expected, chance / (2.0 * chance + 1.0)
    # Without scatter the weighted sum of `beyond` has this variance.
    noise = np.sqrt(float(told_by @ expected) * repeated)
    if expected.sum() < ENOUGH * repeated or float(told_by @ beyond) < SURE_SCATTER * noise:
        return SHAPES[1]
    variance = 0.0
    for _ in range(STEPS):
        weight = chance**2 / (2.0 * (chance + variance * chance**2) ** 2 + chance)
        variance = max(float(weight @ beyond) / float(weight @ expected**2), 0.0)
    return float(np.clip(1.0 / max(variance, 1.0 / SHAPES[1]), *SHAPES))


def _rings(within: np.ndarray) -> np.ndarray:
    """What each window (n, w) has beyond the next smaller one; the smallest is whole."""
    return np.diff(within, axis=1, prepend=0.0)


def _field_objects(
    setting: Setting,
    k: int,
    listed: Sequence[Any],
    log10: np.ndarray,
    box: SkyBox,
    counts: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Right ascensions, declinations and ratios, (m,) each, of field objects of a catalogue.

    The candidates that are no counterparts, of which the ratios are there, `log10` (n_slots,);
    where they are few, also a sample of the objects around.
    """
    other = setting.others[k]
    slots, i = setting.candidates.of_catalogue(k)
    rows, separation = setting.candidates.row[slots], setting.candidates.separation[slots]
    inner = INNER_SIGMA * _sigma(setting, k, slots)[i]
    taken = np.zeros(len(other), np.bool_)
    taken[rows[separation < inner]] = True
    outer = np.maximum(inner, INNER_RADIUS * setting.radius_arcsec)
    away = np.flatnonzero((separation >= outer) & ~taken[rows])
    row, first = np.unique(rows[away], return_index=True)
    ra, dec, ratio = other.ra[row], other.dec[row], _ratios(log10[slots[away[first]]])
    if len(row) >= RATIO_ROWS:
        return ra, dec, ratio
    columns = list(dict.fromkeys(c for prior in listed for c in prior.field_columns))
    sample = other.field_sample(columns, box, RATIO_ROWS - len(row), counts).catalog
    taken[row] = True
    known = position_hash(other.ra[taken], other.dec[taken])  # rows may have no numbers
    rest = np.flatnonzero(~np.isin(position_hash(sample.ra, sample.dec), known))
    more = _ratios(_log10_of(setting, other.name, listed, sample.bare(rest, columns)))
    return (
        np.concatenate([ra, sample.ra[rest]]),
        np.concatenate([dec, sample.dec[rest]]),
        np.concatenate([ratio, more]),
    )


def _sigma(setting: Setting, k: int, slots: np.ndarray) -> np.ndarray:
    """Error of the separations from each primary, (n,) arcsec."""
    sigma = catalog_radius(setting.primary)
    if len(slots):
        some = setting.positions.covariance[slots[:: max(1, len(slots) // 1000)]]
        sigma = np.hypot(sigma, np.median(np.sqrt(0.5 * (some[:, 0] + some[:, 1]))))
    return sigma


def _log10_of(
    setting: Setting, name: str, listed: Sequence[Any], catalog: HeldCatalog
) -> np.ndarray:
    """Log10 of the product of the ratios of all priors of a catalogue for rows of a sample, (m,).

    Ratios that depend on the primary are taken for one of the primaries each, so that the mean is
    that over the primaries too.
    """
    rows = np.arange(len(catalog))
    n = np.uint64(len(setting.primary))
    i = (position_hash(catalog.dec, catalog.ra) % n).astype(np.int64)
    log10 = np.zeros(len(rows))
    for prior in listed:
        log10 += candidate_ratios(prior, setting.primary, catalog, i, rows)
    return log10


def _ratios(log10: np.ndarray) -> np.ndarray:
    ratio: np.ndarray = 10.0 ** np.minimum(log10, LARGEST)
    return ratio


def _record(found: LocalMeans, n: int) -> dict[str, Any]:
    return {
        "mean": float(found.mean.mean()),
        "smallest": float(found.mean.min()),
        "largest": float(found.mean.max()),
        "shapes": found.shapes,
        "field_objects": n,
    }
