"""Primaries whose answer a more precise X-ray catalogue gives: what a match is judged by.

:func:`robust_counterparts` names the counterpart, :func:`hostless` the primaries that have none;
stacked (``astropy.table.vstack``), their tables are the ``truth`` of :func:`bayesmatch.assess`.
Both take the same arguments and, given the same, never contradict each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from astropy.table import Table

from ..catalogs.catalog import Catalog
from .columns import Columns
from .combined import Combined
from .options import check_cuts
from .verdicts import HOSTLESS


def robust_counterparts(
    primary: Catalog,
    precise: Catalog | Sequence[Catalog],
    survey: Catalog,
    *,
    match_radius: float = 30.0,
    max_sigma: float | None = None,
    secure: Any = None,
    flux: str | None = None,
    precise_flux: Any = None,
    flux_ratio: tuple[float, float] = (0.2, 5.0),
    r98: Any = None,
    r98_factor: float = 1.1,
    hostless_factors: tuple[float, float] = (2.0, 2.0),
    probability: float = 0.03,
    annulus: tuple[float, float] = (10.0, 30.0),
    min_annulus: int | None = None,
    exclude: Any = None,
    details: bool = False,
    quiet: bool = False,
) -> Table:
    """Primaries whose counterpart a precise X-ray position names without doubt.

    A precise source counts when it is the only one within `match_radius` of the primary, the
    primary is the only one within that radius of it, it is flagged secure, and the fluxes agree.
    The counterpart is then the only object of the survey within ``r98_factor`` r98 of the precise
    position, and lies inside the false radius (see :func:`false_radius`).

    Parameters
    ----------
    primary : Catalog
        The X-ray sources that were, or will be, matched.
    precise : Catalog or sequence of Catalog
        X-ray sources with more precise positions (Chandra, XMM-Newton).
    survey : Catalog
        The objects among which counterparts are looked for.
    match_radius : float, default 30
        Between primary and precise source, arcsec.
    max_sigma : float, optional
        Largest separation of the two in units of their position errors together, for a purer
        sample. Default: no such cut, as published.
    secure : str or mapping, optional
        Column of `precise`, true for the sources to be trusted (booleans or 0 and 1; masked is
        not). Default: all are.
    flux, precise_flux : str, and str or mapping; optional
        X-ray flux columns of `primary` and of `precise`, for the same energy band; units are
        honoured. Sources without a positive flux on either side are then left out. Default: fluxes
        are not compared.
    flux_ratio : (float, float), default (0.2, 5)
        Least and largest ratio of the fluxes, precise over primary.
    r98 : float, Quantity, str, array_like or mapping, optional
        98% error radius of the precise positions, arcsec: one for all, shape (n,), or its column.
        Default: 2.797 times their position error.
    r98_factor : float, default 1.1
        In units of r98: within this there is exactly one object.
    hostless_factors : (float, float), default (2, 2)
        In units of r98 and of the false radius: beyond both lies the nearest object of a hostless
        source.
    probability : float, default 0.03
        Of a chance object within the false radius.
    annulus : (float, float), default (10, 30)
        Around the precise position, arcsec: where the local density of the survey is counted. The
        survey's mean density serves where it is empty.
    min_annulus : int, optional
        Least number of objects in the annulus of a hostless source: with fewer, the survey may
        have a hole there. Default: a quarter of what the mean density predicts, and at least one.
    exclude : sequence of (ra, dec, radius), (Catalog, radius) or mocpy.MOC, optional
        Regions (masks, bright stars) whose precise sources are left out; as for
        :func:`training_sample`.
    details : bool, default False
        Add columns: ``precise`` (the catalogue; the most precise of several that agree),
        ``precise_ID``, ``flux_ratio``, ``separation`` of the nearest object, ``r98``,
        ``false_radius`` (arcsec) and ``n_precise``, how many catalogues say so.
    quiet : bool, default False
        Do not print the counts at every step.

    Returns
    -------
    Table
        The primary's identifier, under its own name, and ``counterpart``, the survey's identifier
        as text; ordered as `primary`. It may be empty. ``meta["counts"]`` has the counts at every
        step for each precise catalogue (its name) and for all together (``"all catalogues"``).

    Raises
    ------
    ValueError, TypeError
        If an argument is wrong, or a counterpart's identifier is not unique in the survey.

    Notes
    -----
    A mapping gives an option per precise catalogue, by its name; one that it leaves out has the
    default. Where two precise catalogues disagree (another counterpart, or none), the primary is
    left out of both samples; so is a counterpart claimed by two primaries.

    The cuts are those published for the SRG/eROSITA Lockman Hole.

    References
    ----------
    Bykov et al. 2022, Astronomy Letters 48, 653.

    Examples
    --------
    >>> import bayesmatch as bm
    >>> here = {"ID": ["X1"], "RA": [10.0], "DEC": [0.0]}
    >>> x = bm.Catalog(here, name="XRAY", pos_err=3.0, area=1)
    >>> c = bm.Catalog(here, name="CHANDRA", pos_err=0.4, area=1)
    >>> o = bm.Catalog(
    ...     {"ID": [7, 8], "RA": [10.0, 10.0], "DEC": [0.0001, 0.005]},
    ...     name="O",
    ...     pos_err=0.1,
    ...     area=1,
    ... )
    >>> print(bm.truth.robust_counterparts(x, c, o, quiet=True))
     ID counterpart
    --- -----------
     X1           7
    """
    cuts = check_cuts(
        match_radius,
        max_sigma,
        flux_ratio,
        r98_factor,
        hostless_factors,
        probability,
        annulus,
        min_annulus,
        exclude,
    )
    found = Combined(primary, precise, survey, cuts, Columns(secure, flux, precise_flux, r98))
    return found.table("robust counterparts", found.agreed >= 0, details, quiet)


def hostless(
    primary: Catalog,
    precise: Catalog | Sequence[Catalog],
    survey: Catalog,
    *,
    match_radius: float = 30.0,
    max_sigma: float | None = None,
    secure: Any = None,
    flux: str | None = None,
    precise_flux: Any = None,
    flux_ratio: tuple[float, float] = (0.2, 5.0),
    r98: Any = None,
    r98_factor: float = 1.1,
    hostless_factors: tuple[float, float] = (2.0, 2.0),
    probability: float = 0.03,
    annulus: tuple[float, float] = (10.0, 30.0),
    min_annulus: int | None = None,
    exclude: Any = None,
    details: bool = False,
    quiet: bool = False,
) -> Table:
    """Primaries that, by a precise X-ray position, have no counterpart in the survey.

    The nearest object of the survey is beyond ``hostless_factors`` times both r98 and the false
    radius of the precise position, where the survey has objects farther out.

    Parameters
    ----------
    primary, precise, survey, match_radius, max_sigma, secure, flux, precise_flux, flux_ratio
        As for :func:`robust_counterparts`; to judge by both samples give both the same.
    r98, r98_factor, hostless_factors, probability, annulus, min_annulus, exclude, details, quiet
        As there.

    Returns
    -------
    Table
        The primary's identifier, under its own name, and ``counterpart``, always ``"hostless"``;
        for the rest as :func:`robust_counterparts`.

    Raises
    ------
    ValueError, TypeError
        If an argument is wrong.

    Notes
    -----
    A hole in the survey (a bright star, a missing image) looks like the absence of a counterpart.
    `min_annulus` finds holes of about the annulus's size; smaller ones must be given as `exclude`.
    """
    cuts = check_cuts(
        match_radius,
        max_sigma,
        flux_ratio,
        r98_factor,
        hostless_factors,
        probability,
        annulus,
        min_annulus,
        exclude,
    )
    found = Combined(primary, precise, survey, cuts, Columns(secure, flux, precise_flux, r98))
    return found.table("hostless sources", found.agreed == HOSTLESS, details, quiet)
