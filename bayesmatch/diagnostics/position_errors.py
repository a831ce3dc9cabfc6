"""Are the quoted position errors right? Their scale, a floor and an offset, fitted to the match.

The separations of true counterparts say how large position errors really are, but which pairs are
true is not known. So nothing is picked by hand: every candidate counts with its probability, in
the same likelihood as :func:`bayesmatch.match` uses.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, cast

from ..catalogs.catalog import Catalog
from ..catalogs.held import HeldCatalog
from ..catalogs.itself import known_as_itself, named_apart
from ..catalogs.left_out import BAD_ROWS, checked_primary, with_positions
from ..catalogs.motions import at_epoch_of
from ..matching.arguments import check_catalogs, in_arcsec, one_of
from ..matching.core import match
from ..matching.error_fit.around import surroundings_of
from ..matching.error_fit.engine import MAX_ROWS, fit_with_learned
from ..matching.error_fit.found import PositionErrorFit
from ..matching.error_fit.scaling import standards
from ..matching.error_fit.selection import Request
from ..matching.error_fit.wording import copied_text
from ..matching.local_field import LocalField
from ..priors.prior_set import PriorSet

#: with fewer expected counterparts than this the errors are hardly measured
MIN_COUNTERPARTS = 20
#: a radius that loses more counterparts than this is worth a warning
MAX_LOST = 0.05


def fit_position_errors(
    primary: Catalog,
    *others: Catalog,
    radius: Any,
    priors: Mapping[str, Sequence[Any]] | None = None,
    tails: str | bool = "auto",
    frame: str = "auto",
    covariates: Sequence[str] = (),
    bad_rows: str = "strict",
) -> PositionErrorFit:
    """Fit the primary's position errors to its counterparts: scale, floor, offset, and more.

    Parameters
    ----------
    primary : Catalog
        Whose errors are in doubt; circles or ellipses.
    *others : Catalog
        One or more catalogues with its counterparts, whose own errors are taken as right.
    radius : float or Quantity
        How far to look, arcsec. Five times the largest *true* error is best; counterparts beyond
        are allowed for, so that less does no harm.
    priors : mapping of str to list of priors, optional
        As in :func:`bayesmatch.match`. With good photometric priors fewer sources are needed.
    tails : {"auto", True, False}
        Whether a share of the errors is wider than the others by a factor. "auto": where the data
        ask for it; False: as the catalogue has it.
    frame : {"auto", "offset", "affine"}
        Whether the primary's frame may be turned and stretched, or is only offset. "auto": where
        the data ask for it.
    covariates : sequence of str, default ()
        Columns of the primary in which ln scale is linear, such as the off-axis angle.
    bad_rows : {"strict", "drop"}
        What becomes of rows without a position or a position error, as in
        :func:`bayesmatch.match`.

    Returns
    -------
    PositionErrorFit
        Values with standard errors, ``apply(primary)`` and ``plot()``.

    Raises
    ------
    ValueError, TypeError
        If an argument is wrong, one of the others is the primary once more, or no primary has a
        candidate.

    Warns
    -----
    UserWarning
        If most counterparts have the very position of their source, fewer than 20 counterparts are
        expected, the radius loses over 5% of them, or the fit does not converge.

    Notes
    -----
    Maximum marginal likelihood. With d the offset of candidate j from primary i, the likelihood is
    the product over primaries of ::

        1 - h + h * (Q + sum_j ratio_j N(d_ij; (dra, ddec), V_ij) / density)
        V_ij = scale^2 C_i + floor^2 I + C_j

    that is, of the Bayes factor (Budavari & Szalay 2008) of two sources, exact for ellipses. The
    fraction h with a counterpart is a logit in the quoted error, as in match(): faint sources
    have large errors and fewer counterparts. Q is the probability of a counterpart beyond
    `radius`. The density is that around each primary where it differs from the stated mean, as in
    match() (of a catalogue with priors the stated one), and h may depend on it: chance neighbours
    do not widen the errors. Primaries outside a catalogue's footprint
    (:mod:`bayesmatch.matching.error_fit.footprint`) do not count.

    With several other catalogues the log likelihoods of the pairs (primary, other) are added, each
    with its own host fraction, and the errors allow for their sharing the primary's true error
    (the sandwich of a composite likelihood).

    The floor cannot be negative. Where the data ask for none it is exactly 0, and the scale's
    error is that for a floor of 0. While floor^2 is less than 2.25 of its errors,
    ``floor_arcsec_error`` is the scatter that estimates of a floor of 0 would have. If all quoted
    errors are one circle, scale and floor cannot be told apart, and the floor stays 0.

    With tails of fraction w and factor k the Gaussian becomes ::

        (1 - w) N(d; mu, V) + w N(d; mu, k^2 (scale^2 C_i + floor^2 I) + C_j)

    w and k have a weak prior about 0.05 and 3, without which wide tails take a chance excess of
    field objects. With "auto" tails are kept that gain a ln likelihood of 3.5 or more, a frame that
    gains 9 or more (for each other catalogue), and neither with fewer than 50 counterparts: then
    the numbers are those of a fit without. Nor are tails looked for where all quoted errors are one
    circle: their spread would pass for them. A frame is for fields within 20 degrees of their
    centre.
    """
    others = named_apart(primary, others)
    check_catalogs(primary, others)
    _check_in_memory(others)
    primary = cast(Catalog, checked_primary(primary, one_of("bad_rows", bad_rows, BAD_ROWS)))
    others = tuple(known_as_itself(primary, with_positions(other, bad_rows)) for other in others)
    twice = next((other for other in others if other.itself), None)
    if twice is not None:
        raise ValueError(
            f"catalogue {twice.name!r} is {primary.name!r} once more: what its sources lie on is "
            "themselves, and tells nothing of their position errors; give another catalogue, with "
            "counterparts of them"
        )
    others = tuple(at_epoch_of(other, primary) for other in others)
    radius_arcsec = in_arcsec(radius)
    request = Request.checked(tails, frame, covariates)
    standards(primary, request.covariates)  # before any work
    checked = PriorSet.checked(priors, primary, others)
    if checked.combinations:
        raise ValueError(
            f"prior {checked.combinations[0].name!r} acts on combinations; a fit of position "
            "errors goes by pairs: leave it out here (match(errors='fit') does)"
        )
    around = surroundings_of(primary, others, radius_arcsec, LocalField(), max_rows=MAX_ROWS)
    if around is None:
        raise ValueError(
            f"no {primary.name} source has a candidate within {radius_arcsec:g} "
            "arcsec: there is nothing to fit; check that the catalogues overlap"
        )

    def learn(corrected: HeldCatalog) -> PriorSet:
        found = match(
            cast(Catalog, corrected),
            *others,
            radius=radius_arcsec,
            priors=checked.as_dict(),
            bad_rows=bad_rows,
        )
        return PriorSet.of(found.priors)

    found = fit_with_learned(around, checked, request, learn)
    _warn_of_fit(found)
    return found


def _check_in_memory(others: Sequence[Any]) -> None:
    """Raise a TypeError, with what does it, if rows of a catalogue are in files or elsewhere."""
    for other in others:
        if not isinstance(other, HeldCatalog):
            raise TypeError(
                f"catalogue {other.name!r} is not in memory, where a fit by itself needs it: read "
                "it (Catalog.read; a single file on the command line), or have the errors fitted "
                "on the way of a match, match(errors='fit') ('bayesmatch match --fit-errors')"
            )


def no_measure(found: PositionErrorFit) -> str:
    """Why a fit measures no errors; empty where it does."""
    if copied := copied_text(found):
        return copied
    n = found.n_counterparts
    return (
        f"only about {n:.0f} {'counterpart is' if round(n) == 1 else 'counterparts are'} among the "
        "candidates, too few to measure errors by"
        if n < MIN_COUNTERPARTS
        else ""
    )


def _warn_of_fit(found: PositionErrorFit) -> None:
    what = f"position errors of {found.names[0]!r}:"
    if why := no_measure(found):
        warnings.warn(f"{what} {why}", UserWarning, stacklevel=3)
    elif not found.converged:
        warnings.warn(f"{what} the fit did not converge", UserWarning, stacklevel=3)
    if found.lost > MAX_LOST:
        warnings.warn(
            f"{what} {100 * found.lost:.0f}% of the counterparts lie beyond the radius "
            f"of {found.radius_arcsec:g} arcsec; the fit allows for them, but a larger "
            "radius tells more",
            UserWarning,
            stacklevel=3,
        )
