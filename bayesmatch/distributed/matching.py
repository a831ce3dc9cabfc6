"""`match` for LSDB catalogues: a pass for the host fraction, and the matched catalogue."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..catalogs.area import FULL_SKY_DEG2, area_deg2
from ..catalogs.positions import square_degrees
from ..catalogs.scalars import shown
from ..matching.covariates import covariate_matrix
from ..matching.host_fraction import fit_host_fraction
from .algorithm import BayesianCrossmatch
from .partition import Partition, Survey

LN_10 = np.log(10.0)


def match(
    primary: Any,
    secondary: Any,
    *,
    radius: float,
    primary_pos_err: Any,
    secondary_pos_err: Any,
    secondary_area: Any = None,
    primary_name: str | None = None,
    secondary_name: str | None = None,
    primary_id: str | None = None,
    secondary_id: str | None = None,
    host_fraction: str | float = "fit",
    host_covariates: str | Sequence[str] | None = "sigma",
    rows: str = "associations",
    **options: Any,
) -> Any:
    """Match two LSDB catalogues: :func:`bayesmatch.match` with ``claims="independent"``.

    With ``host_fraction="fit"`` a first pass over the partitions is computed here, of which one
    number per source and the columns that the fit needs come back; the catalogue returned is lazy,
    and computed by ``.compute()`` or ``.write_catalog()``.

    Parameters
    ----------
    primary, secondary : lsdb.Catalog
        The sources, and the survey that may hold their counterparts; the survey with a margin of
        at least `radius`.
    radius : float
        Largest separation, arcsec, exclusive.
    primary_pos_err, secondary_pos_err : float, Quantity, str, pair or ErrorEllipse
        Position errors, as for :class:`bayesmatch.Catalog`.
    secondary_area : float, Quantity or mocpy.MOC, optional
        Sky area of the survey, deg^2. Default: of its coverage map, with a warning.
    primary_name, secondary_name : str, optional
        Used in column names. Default: the catalogues' names, made identifiers.
    primary_id, secondary_id : str, optional
        Identifier columns.
    host_fraction, host_covariates
        As for :func:`bayesmatch.match`.
    rows, **options
        As for :class:`BayesianCrossmatch`.

    Returns
    -------
    lsdb.Catalog
        The columns of both catalogues, suffixed with their names (``ID_XRAY``), and those of the
        result. ``n_claims``, ``n_claims_<NAME>`` and ``same_source`` are not among them, and an
        object may be the counterpart of several sources: partitions do not know of each other.

    Raises
    ------
    ValueError, TypeError
        If an argument is wrong, or the survey's margin is missing or smaller than the radius.

    Warns
    -----
    UserWarning
        If the area is taken from the coverage map.
    """
    names = [
        _identifier(given or catalog.name)
        for given, catalog in ((primary_name, primary), (secondary_name, secondary))
    ]
    if names[0] == names[1]:
        raise ValueError(f"both catalogues are called {names[0]!r}; give secondary_name=")
    n_primary, n_secondary = _n_rows(primary), _n_rows(secondary)
    sources = Survey(names[0], primary_pos_err, n_primary, 1.0, primary_id)
    objects = Survey(
        names[1],
        secondary_pos_err,
        n_secondary,
        _survey_area(secondary, secondary_area, names[1]),
        secondary_id,
    )
    suffixes = (f"_{names[0]}", f"_{names[1]}")

    def crossmatch(how_sure: Any, kind: str) -> Any:
        algorithm = BayesianCrossmatch(
            primary=sources,
            secondary=objects,
            radius_arcsec=radius,
            host_fraction=how_sure,
            rows=kind,
            **options,
        )
        return primary.crossmatch(
            secondary,
            algorithm=algorithm,
            how="left",
            suffixes=suffixes,
            suffix_method="all_columns",
            log_changes=False,
        )

    if isinstance(host_fraction, str):
        if host_fraction != "fit":
            raise ValueError(
                f"host_fraction is {shown(host_fraction)}; give 'fit' or a number between 0 and 1"
            )
        expected = objects.density_deg2 * square_degrees(radius)
        host_fraction = _fit(
            crossmatch(0.5, "sources"),
            primary,
            sources,
            suffixes[0],
            names,
            host_covariates,
            expected,
        )
    return crossmatch(host_fraction, rows)


def _fit(
    first_pass: Any,
    primary: Any,
    survey: Survey,
    suffix: str,
    names: Sequence[str],
    host_covariates: Any,
    expected: float,
) -> Any:
    """The host fraction, from every source's odds at a fraction of one half: its likelihood."""
    info = primary.hc_structure.catalog_info
    properties = (
        () if host_covariates is None or isinstance(host_covariates, str) else (host_covariates)
    )
    survey.check_columns(primary.columns, properties)
    needed = dict.fromkeys([info.ra_column, info.dec_column, *survey.error_columns, *properties])
    columns = [f"{c}{suffix}" for c in needed]
    found = first_pass[[*columns, "log10_odds_host", "n_candidates"]].compute(progress_bar=False)
    # In an order that does not depend on the partitions.
    found = found.sort_values(
        [f"{info.ra_column}{suffix}", f"{info.dec_column}{suffix}"], kind="stable"
    )
    ln_host = LN_10 * found.pop("log10_odds_host").to_numpy(np.float64)
    empty = found.pop("n_candidates").to_numpy(np.int64) == 0
    found.columns = [c.removesuffix(suffix) for c in found.columns]
    sources = Partition(found, replace(survey, id=None), info.ra_column, info.dec_column)
    z, description = covariate_matrix(sources, host_covariates)
    fit = fit_host_fraction(
        np.column_stack([np.zeros(len(ln_host)), ln_host]),
        z,
        total=None,
        labels=[names[0], "+".join(names)],
        description=description,
        empty=empty,
        expected=expected,
    )
    return {
        "host_fraction": fit.mean,
        "host_fraction_given": False,
        "host_fraction_fit": fit.details,
    }


def _identifier(name: str) -> str:
    name = re.sub(r"\W", "_", name, flags=re.ASCII)
    return name if name[:1].isalpha() else f"_{name}"


def _n_rows(catalog: Any) -> int:
    """Rows of a catalogue; counted where it is the outcome of a selection."""
    try:
        return len(catalog)
    except ValueError:  # LSDB does not know after a query
        return int(catalog.map_partitions(len).compute().sum())


def _survey_area(catalog: Any, given: Any, name: str) -> float:
    if given is not None:
        return area_deg2(given, {}, name)
    moc = catalog.hc_structure.moc
    if moc is None:
        raise ValueError(f"catalogue {name!r} has no coverage map; give secondary_area= (deg^2)")
    area: float = FULL_SKY_DEG2 * moc.sky_fraction
    warnings.warn(
        f"catalogue {name!r}: area {area:.4g} deg^2 from its coverage map, whose cells "
        "are coarse; give secondary_area= if you know it",
        UserWarning,
        stacklevel=3,
    )
    return area
