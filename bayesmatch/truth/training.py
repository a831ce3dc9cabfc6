"""Sources whose answer is known, from a more precise X-ray catalogue: what priors learn from.

A precise position (Chandra) in a sky that is not too crowded names the counterpart by itself.
:func:`training_sample` collects such counterparts, and the objects near the X-ray sources that
certainly are none.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.table import Column, Table

from ..catalogs.catalog import Catalog
from ..catalogs.left_out import with_good_rows, with_positions
from ..catalogs.scalars import number_or_nan, shown
from .counts import n_true
from .options import check_annulus
from .pairs import Pairs, close_pairs, objects_around
from .radius import annulus_deg2, false_radius, local_false_radius, r98_arcsec
from .regions import in_regions, regions


def training_sample(
    precise: Catalog,
    survey: Catalog,
    *,
    r98: Any = None,
    flux: str | None = None,
    flux_min: float | None = None,
    exclude: Any = None,
    probability: float = 0.03,
    annulus: tuple[float, float] = (10.0, 30.0),
    max_separation: float | None = None,
    duplicate_radius: float = 1.0,
) -> Table:
    """Secure counterparts of precise X-ray sources, and field objects around them.

    Parameters
    ----------
    precise : Catalog
        X-ray sources with precise positions (Chandra).
    survey : Catalog
        The survey's objects, as deep around the X-ray sources as where a prior will be used.
    r98 : float, Quantity, str or array_like, optional
        98% error radius of the X-ray positions, arcsec, or the name of its column. Default: 2.797
        times the position error of `precise` (of an ellipse, the geometric mean of its axes).
    flux : str, optional
        X-ray flux column of `precise`. Sources without a positive flux are then left out.
    flux_min : float, optional
        Least X-ray flux, in the column's unit.
    exclude : sequence of (ra, dec, radius), (Catalog, radius) or mocpy.MOC, optional
        Regions whose X-ray sources and objects are left out, so that an area to be matched is not
        trained on: circles (degrees and arcsec), circles around every source of a catalogue
        (arcsec), a MOC, or a list of any of these.
    probability : float, default 0.03
        Of a chance object within the false radius.
    annulus : (float, float), default (10, 30)
        Inner and outer radius, arcsec: where the local density is counted and field objects lie.
    max_separation : float, optional
        Largest separation of a counterpart, arcsec, whatever the false radius.
    duplicate_radius : float, default 1
        Of X-ray sources closer than this (arcsec) to one in an earlier row, only that one is used.

    Returns
    -------
    Table
        The survey's columns, ``is_counterpart``, ``xray_row`` and ``survey_row`` (rows in the
        catalogues given), ``separation`` (arcsec) and every column of `precise` as
        ``xray_<column>``; ordered by ``xray_row``, then ``survey_row``. ``meta["counts"]`` has the
        counts at every step.

    Raises
    ------
    ValueError, TypeError
        If an argument is wrong, or no X-ray source, counterpart or field object is left; the
        message gives the counts.

    Notes
    -----
    A counterpart is an object inside the false radius (see :func:`false_radius`, with the density
    counted in the annulus, or the survey's mean where that is empty) and inside r98, with no
    second object inside the false radius, that is not so for another X-ray source too. A field
    object lies in the annulus of exactly one X-ray source, and of no other within the outer radius.

    X-ray sources below the flux limit or in an excluded region still count as neighbours, and
    objects there in densities: they are on the sky, though not in the sample.

    Examples
    --------
    >>> import bayesmatch as bm
    >>> x = bm.Catalog({"RA": [10.0], "DEC": [0.0]}, name="X", pos_err=0.4, area=1)
    >>> o = bm.Catalog(
    ...     {"RA": [10.0, 10.0], "DEC": [0.0001, 0.005], "r": [20.0, 23.0]},
    ...     name="O",
    ...     pos_err=0.1,
    ...     area=1,
    ... )
    >>> print(bm.truth.training_sample(x, o)["r", "is_counterpart", "xray_row"])
     r   is_counterpart xray_row
    ---- -------------- --------
    20.0           True        0
    23.0          False        0
    """
    _check_arguments(precise, survey, max_separation, flux_min, duplicate_radius)
    precise, survey = with_good_rows(precise), with_positions(survey)
    max_separation, flux_min = _float(max_separation), _float(flux_min)
    duplicate_radius = _float(duplicate_radius) or 0.0
    inner, outer = check_annulus(annulus)
    names = _column_names(precise, survey)
    r98_limit = r98_arcsec(precise, r98)
    bright = _bright(precise, flux, flux_min)
    mean_radius = false_radius(survey.density_deg2, probability)
    excluded = regions(exclude)

    counts: dict[str, int] = {"xray_sources": len(precise)}
    unique = ~_repeated(precise, duplicate_radius)
    counts["xray_unique"] = n_true(unique)
    used = unique & bright
    counts["xray_above_flux_limit"] = n_true(used)
    used &= ~in_regions(precise.ra, precise.dec, excluded)
    counts["xray_outside_excluded"] = n_true(used)
    _require(n_true(used), "X-ray source", "lower flux_min, or exclude less", counts)

    # One object alone in the annulus already means a false radius of some arcsec at most.
    reach = max(outer, mean_radius, false_radius(1 / annulus_deg2((inner, outer)), probability))
    i, j, separation = objects_around(precise, np.flatnonzero(unique), survey, reach)

    in_annulus = (separation >= inner) & (separation < outer)
    n_annulus = np.bincount(i[in_annulus], minlength=len(precise))
    radius = local_false_radius(n_annulus, (inner, outer), mean_radius, probability)
    counts["annulus_empty"] = n_true(used & (n_annulus == 0))

    limit = r98_limit if max_separation is None else np.minimum(r98_limit, max_separation)
    claim = _sole_objects((i, j, separation), used, radius, limit, counts)
    claims = np.bincount(j[claim], minlength=len(survey))
    counterpart = claim & used[i] & (claims[j] == 1)
    counts["claimed_once"] = n_true(counterpart)

    near = np.bincount(j[separation < outer], minlength=len(survey))
    field = in_annulus & used[i]
    counts["field_in_annulus"] = len(np.unique(j[field]))
    field &= (near[j] == 1) & (claims[j] == 0)
    counts["field_of_one_source"] = n_true(field)

    keep = counterpart | field
    i, j, separation, counterpart = i[keep], j[keep], separation[keep], counterpart[keep]
    outside = ~in_regions(survey.ra[j], survey.dec[j], excluded)
    i, j, separation, counterpart = (a[outside] for a in (i, j, separation, counterpart))
    counts["counterparts"] = n_true(counterpart)
    counts["field"] = n_true(~counterpart)
    _require(
        counts["counterparts"],
        "secure counterpart",
        "check the units of the position errors "
        "or r98=, and that both catalogues cover the same sky",
        counts,
    )
    _require(counts["field"], "field object", "widen annulus=", counts)
    return _sample(precise, survey, names, i, j, separation, counterpart, counts)


def _check_arguments(
    precise: Any, survey: Any, max_separation: Any, flux_min: Any, duplicate_radius: Any
) -> None:
    """Refuse what is no catalogue, or no number."""
    for what, catalog in (("precise", precise), ("survey", survey)):
        if not isinstance(catalog, Catalog):
            raise TypeError(f"{what} is a {type(catalog).__name__}; give a bayesmatch.Catalog")
    for what, value in (
        ("max_separation", max_separation),
        ("flux_min", flux_min),
        ("duplicate_radius", duplicate_radius),
    ):
        if value is not None and not 0 <= number_or_nan(value) < np.inf:
            raise ValueError(f"{what} is {shown(value)}; give a number, 0 or more, or leave it out")


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _column_names(precise: Catalog, survey: Catalog) -> list[str]:
    """Names of the X-ray source's columns in the sample."""
    names = [f"xray_{name}" for name in precise.table.colnames]
    ours = ["is_counterpart", "xray_row", "survey_row", "separation", *names]
    twice = next((n for n in ours if n in survey.table.colnames or ours.count(n) > 1), None)
    if twice is not None:
        where = f"catalogue {survey.name!r}" + (f" or {precise.name!r}" if twice in names else "")
        raise ValueError(f"the sample would have two columns {twice!r}; rename the one of {where}")
    return names


def _bright(precise: Catalog, flux: str | None, flux_min: float | None) -> np.ndarray:
    """Which X-ray sources pass the flux limit."""
    if flux is None:
        if flux_min is not None:
            raise ValueError(
                f"flux_min is {shown(flux_min)} but no flux column is named; give flux= "
                "(--flux on the command line)"
            )
        return np.ones(len(precise), bool)
    values = precise.magnitudes(flux)
    return (values > 0) & (values >= (flux_min or 0.0)) & (values < np.inf)


def _sole_objects(
    around: Pairs, used: np.ndarray, radius: np.ndarray, limit: np.ndarray, counts: dict[str, int]
) -> np.ndarray:
    """Which pairs are of an X-ray source and the one object in its false radius, inside r98 too.

    `used`, `radius` and `limit` (arcsec) have an entry per X-ray source.
    """
    i, _, separation = around
    inside = separation < radius[i]
    n_inside = np.bincount(i[inside], minlength=len(used))
    counts["with_object_in_false_radius"] = n_true(used & (n_inside > 0))
    alone = inside & (n_inside[i] == 1)
    counts["with_only_one"] = n_true(used[i] & alone)
    claim: np.ndarray = alone & (separation < limit[i])
    counts["inside_r98"] = n_true(used[i] & claim)
    return claim


def _repeated(precise: Catalog, radius: float) -> np.ndarray:
    """Which X-ray sources are close to one in an earlier row."""
    out = np.zeros(len(precise), bool)
    if radius > 0:
        i, j, _ = close_pairs(precise, precise, radius)
        out[i[j < i]] = True
    return out


def _require(left: int, what: str, remedy: str, counts: dict[str, int]) -> None:
    if left == 0:
        steps = ", ".join(f"{name} {value}" for name, value in counts.items())
        raise ValueError(f"no {what} is left for training ({steps}); {remedy}")


def _sample(
    precise: Catalog,
    survey: Catalog,
    names: list[str],
    i: np.ndarray,
    j: np.ndarray,
    separation: np.ndarray,
    counterpart: np.ndarray,
    counts: dict[str, int],
) -> Table:
    """The rows as one table."""
    out = survey.table[j]
    out.meta = {"counts": counts}
    out["is_counterpart"] = Column(counterpart, description="secure counterpart, not field")
    out["xray_row"] = Column(precise.row_numbers(i), description=f"row in {precise.name} (0-based)")
    out["survey_row"] = Column(survey.row_numbers(j), description=f"row in {survey.name} (0-based)")
    out["separation"] = Column(separation, unit="arcsec", description="from the X-ray source")
    xray = precise.table[i]
    for name, column in zip(names, xray.colnames, strict=True):
        out[name] = xray[column]
    return out
