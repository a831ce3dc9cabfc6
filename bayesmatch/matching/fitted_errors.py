"""``match(..., errors="fit")``: the primary's position errors put right before the match."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..catalogs.catalog import Catalog
from ..catalogs.far import FarCatalog
from ..catalogs.held import HeldCatalog
from ..catalogs.scan.candidates import hold_scanned
from ..catalogs.scan.catalog import ScannedCatalog
from ..catalogs.sky_box import SkyBox
from ..catalogs.warned import warn_user
from ..priors.prior_set import PriorSet
from .covariates import covariate_matrix
from .error_fit.around import surroundings_of
from .error_fit.engine import fit_with_learned
from .error_fit.found import PositionErrorFit
from .error_fit.numbers import fit_numbers
from .error_fit.selection import Request
from .error_fit.wording import copied_text
from .options import MatchOptions
from .pipeline import run_match

#: errors are not measured by fewer counterparts that are likely
MIN_LIKELY = 30
#: a candidate counts as one with a probability above
LIKELY = 0.5


def fitted(
    primary: Catalog,
    others: Sequence[HeldCatalog | ScannedCatalog | FarCatalog],
    priors: PriorSet,
    options: MatchOptions,
    near: Callable[[HeldCatalog], Sequence[HeldCatalog]] | None = None,
) -> tuple[Catalog, dict[str, Any]]:
    """The primary with its errors put right, and what was found, for the record of the match.

    Parameters
    ----------
    primary, others, priors, options
        Of the match, checked.
    near : callable, optional
        Gives `others` for the primary elsewhere, where they are of the rows near it alone.

    Returns
    -------
    primary : Catalog
        As it was given where it has too few likely counterparts.
    found : dict
        Plain numbers; ``applied`` says whether the primary was corrected.

    Warns
    -----
    UserWarning
        If there are fewer than 30 likely counterparts, or most have the position of their source.
    """
    fit = _fit(primary, others, priors, options, near)
    likely = 0 if fit is None else int(np.sum(np.asarray(fit.candidates["p"]) > LIKELY))
    if fit is None or likely < MIN_LIKELY:
        warn_user(
            f"position errors of {primary.name!r} are kept as they are quoted: only {likely} "
            f"likely counterparts are within {options.radius_arcsec:g} arcsec, {MIN_LIKELY} are "
            "needed to measure them by (errors='given' does not try)"
        )
        return primary, {"applied": False, "n_likely": likely}
    copied = copied_text(fit)
    if copied:
        warn_user(f"position errors of {primary.name!r} are kept as they are quoted: {copied}")
        return primary, {"applied": False, "n_likely": likely}
    if not fit.converged:
        warn_user(
            f"position errors of {primary.name!r}: the fit did not converge; its best values are "
            "applied (errors='given' takes the quoted errors)"
        )
    return fit.apply(primary), {"applied": True, "n_likely": likely, **fit_numbers(fit)}


def _fit(
    primary: HeldCatalog,
    others: Sequence[HeldCatalog | ScannedCatalog | FarCatalog],
    priors: PriorSet,
    options: MatchOptions,
    near: Callable[[HeldCatalog], Sequence[HeldCatalog]] | None,
) -> PositionErrorFit | None:
    """The fit; None where no primary has a candidate, or nothing can be told from those there."""
    radius = options.radius_arcsec
    box = SkyBox(primary.ra, primary.dec)  # which also tells who lies in a hole
    held = hold_scanned(
        primary,
        others,
        {c.name: priors.columns(c.name) for c in others},
        radius,
        max_rows=options.max_rows,
        advance=lambda rows: None,
        checkpoint=None,  # the match keeps its own, of corrected positions
        box=box,
    )
    around = surroundings_of(  # of rows without errors the match speaks
        primary, held, radius, options.field, max_rows=options.max_rows, box=box, quiet=True
    )
    if around is None:
        return None

    def learn(corrected: HeldCatalog) -> PriorSet:
        first = replace(options, errors="given", progress=False, checkpoint=None)
        covariates = covariate_matrix(corrected, options.host_covariates)
        there = others if near is None else near(corrected)
        return PriorSet.of(run_match(corrected, there, priors, first, covariates).priors)

    try:
        return fit_with_learned(around, priors, Request(), learn)
    except np.linalg.LinAlgError:
        return None
