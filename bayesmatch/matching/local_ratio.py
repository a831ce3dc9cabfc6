"""What a prior's ratio is on average over the field around every primary.

A candidate counts by the density of field objects like it: density at the place times
p(x | field, place).  A prior says p(x | counterpart) / p(x | field) for a whole field.  Where the
mix of objects changes with the place, so does the mean of that ratio over the field objects there,
and p(x | counterpart) would no longer integrate to 1.  With the local density rho and the mean c
of the ratio over the field objects around, what takes the place of ratio / density is

    ratio / (rho c),

c being the mean of the product where a catalogue has several priors.  It comes from the candidates
that lie too far from the primaries to be counterparts, and where they are few from a sample of the
objects around; :mod:`bayesmatch.matching.ratio_ladder` takes it from them to the primaries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .._kernels.jit import run_ranges
from .._kernels.sums import dot
from ..catalogs.errors import catalog_radius
from ..catalogs.field_sample import position_hash
from ..catalogs.held import HeldCatalog
from ..catalogs.sky_box import SkyBox
from ..priors.evaluation import candidate_ratios
from ..priors.prior_set import PriorSet
from .associations import Associations
from .field import FieldDensity
from .ratio_ladder import LocalMeans, local_means
from .setting import Setting
from .some_candidates import some_slots

#: field objects that tell the mean ratio: to 2% where ratios go up to 100
RATIO_ROWS = 60_000
#: objects nearer to a primary than so many sigma may be its counterpart, and candidates nearer than
#: this part of the radius too, should the errors be larger than quoted
INNER_SIGMA, INNER_RADIUS = 5.0, 0.5
#: log10 ratios count as no more than this, so that their squares are numbers
LARGEST = 100.0


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
    if not any(priors.by_catalogue[other.name] for other in setting.others):
        return setting
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
        found = local_means(box, ra, dec, ratio, field.per_deg2[:, k])
        mean[:, k] = found.mean
        told = _record(found, ratio, field.per_deg2[:, k])
        details["scales"][other.name] = {**scale, "mean_ratio": told}
    changed = bool((mean != 1.0).any())
    field = replace(field, details=details, mean_ratio=mean if changed else None)
    return setting.with_field(lambda _: field)


def without_mean_ratio(
    associations: Associations, field: FieldDensity, ln_evidence: np.ndarray
) -> np.ndarray:
    """Ln evidence (n_rows,) with the ratios of all members over their mean at the primary."""
    if field.mean_ratio is None:
        return ln_evidence
    ln_mean, out = np.log(field.mean_ratio), np.empty(len(ln_evidence))
    first, member = associations.first, associations.member

    def piece(a: int, b: int) -> None:
        rows = slice(first[a], first[b])
        each = np.repeat(ln_mean[a:b], np.diff(first[a : b + 1]), axis=0)
        out[rows] = ln_evidence[rows] - np.where(member[rows] >= 0, each, 0.0).sum(axis=1)

    list(run_ranges(piece, associations.pieces))
    return out


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
    other, slots = setting.others[k], setting.candidates.slots_of(k)
    rows, separation = setting.candidates.row[slots], setting.candidates.separation[slots]
    inner = INNER_SIGMA * _sigma(setting, k)[setting.candidates.of_catalogue(k)[1]]
    taken = np.zeros(len(other), np.bool_)
    taken[rows[separation < inner]] = True
    outer = np.maximum(inner, INNER_RADIUS * setting.radius_arcsec, out=inner)
    away = np.flatnonzero((separation >= outer) & ~taken[rows])
    one = _one_each(rows, separation, away, len(other))
    row = np.flatnonzero(one >= 0)
    ra, dec, ratio = other.ra[row], other.dec[row], _ratios(log10[slots][one[row]])
    if len(row) >= RATIO_ROWS:
        return ra, dec, ratio
    columns = list(dict.fromkeys(c for prior in listed for c in prior.field_columns))
    sample = other.field_sample(columns, box, RATIO_ROWS - len(row), counts).catalog
    taken[row] = True
    known = position_hash(other.ra[taken], other.dec[taken])  # rows may have no numbers
    rest = np.flatnonzero(~np.isin(position_hash(sample.ra, sample.dec), known))
    more = _ratios(log10_of_sample(setting, other.name, listed, sample.bare(rest, columns)))
    return (
        np.concatenate([ra, sample.ra[rest]]),
        np.concatenate([dec, sample.dec[rest]]),
        np.concatenate([ratio, more]),
    )


def _one_each(
    rows: np.ndarray, separation: np.ndarray, some: np.ndarray, n_rows: int
) -> np.ndarray:
    """One of `some` slots for each row of a catalogue, (n_rows,), -1 where there is none.

    Of the slots of several primaries that of the farthest: their order is to change nothing.
    """
    one = np.full(n_rows, -1)
    one[rows[some]] = some  # the last of several values stays
    shared = np.zeros(n_rows, np.bool_)
    shared[rows[some[one[rows[some]] != some]]] = True
    several = some[shared[rows[some]]]
    several = several[np.argsort(separation[several], kind="stable")]
    one[rows[several]] = several
    return one


def _sigma(setting: Setting, k: int) -> np.ndarray:
    """Error of the separations from each primary, (n,) arcsec."""
    sigma = catalog_radius(setting.primary)
    candidates = setting.candidates
    slots = some_slots(setting.primary, setting.others[k], candidates, k)
    some = setting.positions.covariance[slots]
    if len(some):
        sigma = np.hypot(sigma, np.median(np.sqrt(0.5 * (some[:, 0] + some[:, 1]))))
    return sigma


def log10_of_sample(
    setting: Setting, name: str, listed: Sequence[Any], catalog: HeldCatalog
) -> np.ndarray:
    """Log10 of the product of the ratios of all priors of a catalogue for rows of a sample, (m,).

    Ratios that depend on the primary are taken for one of the primaries each, so that the mean is
    that over the primaries too.
    """
    rows = np.arange(len(catalog))
    n = np.uint64(len(setting.primary))
    # Which one goes by its place, not by its row: the order of the list is to change nothing, nor
    # is the last digit of a fitted shift.
    in_order = np.argsort(position_hash(*setting.primary.given_positions), kind="stable")
    i = in_order[(position_hash(catalog.dec, catalog.ra) % n).astype(np.int64)]
    log10 = np.zeros(len(rows))
    for prior in listed:
        log10 += candidate_ratios(prior, setting.primary, catalog, i, rows)
    return log10


def _ratios(log10: np.ndarray) -> np.ndarray:
    ratio: np.ndarray = 10.0 ** np.minimum(log10, LARGEST)
    return ratio


def _record(found: LocalMeans, ratio: np.ndarray, density: np.ndarray) -> dict[str, Any]:
    n = len(ratio)
    return {
        "mean": float(found.mean.mean()),
        # Over the objects, not the places: 1 where a prior is of the whole field, be it deep here
        # and shallow there.
        "mean_over_objects": dot(density, found.mean) / max(float(density.sum()), 1e-300),
        "mean_error": float(ratio.std()) / n**0.5 if n else 0.0,
        "smallest": float(found.mean.min()),
        "largest": float(found.mean.max()),
        "shapes": found.shapes,
        "thinned": found.thinned,
        "field_objects": n,
    }
