"""The posterior of all primaries together: host fraction and claims, each in the other's light.

The host fraction is first fitted to every primary by itself.  What a primary may still have when
the others have had their claims is another likelihood, to which it is fitted again: where sources
are crowded, a fit without claims takes the counterparts of neighbours for the source's own, and
came out 0.714 for a true 0.700 (4,000 sources per deg^2 with errors of 4"), with them 0.698.

Claims are weighed against field objects, which are nobody's counterpart.  A density from the rows
of a catalogue has the counterparts of the primaries in it: where they are many, their expected
share is taken out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .._kernels.jit import begin
from .._kernels.sums import dot, rows_times
from ..catalogs.held import HeldCatalog
from ..catalogs.warned import warn_user
from .associations import Associations
from .beyond import outside_by_catalogue
from .calibrated import Calibrated, calibrated_of
from .claims import Claims, exclusive, find_sources, find_them, independent
from .dense_primaries import with_own, without_hosts
from .host_fraction import HostFraction
from .posterior import Posterior
from .same_source import CloseEntries, Duplicates, close_entries
from .setting import Setting

LN_10 = np.log(10.0)
#: counterparts are taken out of a density where they are more than this share of the objects, and
#: the objects are many enough to have a density
MIN_SHARE, MAX_SHARE, MIN_ROWS = 0.05, 0.9, 1000
#: the fraction is fitted again while the mean probability of a counterpart moves by more than this
#: many of its standard errors
MOVED = 0.1
MAX_FITS = 4
#: the same where the field changes with it, which goes slowly; smaller changes are none
CLOSE, LEAST, MAX_STEPS = 0.02, 1e-5, 20


@dataclass(frozen=True)
class KnownClaims:
    """What claims rest on, learned in a match: for another match of the same sources."""

    duplicates: Duplicates
    host_share: np.ndarray
    """(n_other,) share of the objects of each other catalogue that are counterparts"""


@dataclass(frozen=True)
class Settled:
    """The final probabilities, and what they go by."""

    setting: Setting
    """with the density of field objects alone"""
    fit: HostFraction
    claims: Claims
    known: KnownClaims | None
    """None where claims are independent"""


def entries_ahead(
    rule: KnownClaims | str, primary: HeldCatalog, radius_arcsec: float
) -> Callable[[], CloseEntries] | None:
    """Begin to look for entries of one source, beside the search; None: nobody will ask."""
    known = rule.duplicates if isinstance(rule, KnownClaims) else None
    if rule == "independent" or not find_them(primary, known):
        return None
    if known is None and primary.close is not None and primary.close[0] == radius_arcsec:
        found: CloseEntries = primary.close[1]
        return lambda: found
    return begin(lambda: close_entries(primary, radius_arcsec, known))


def entries_known(
    rule: KnownClaims | str, primary: HeldCatalog, radius_arcsec: float
) -> tuple[float, CloseEntries] | None:
    """What a catalogue's ``close`` is for a match, found now; None: nobody will ask."""
    if rule != "exclusive" or not find_them(primary, None):
        return None
    return radius_arcsec, close_entries(primary, radius_arcsec, None)


def settle(
    rule: KnownClaims | str,
    setting: Setting,
    associations: Associations,
    ln_like: np.ndarray,
    post: Posterior,
    first: list[tuple[HostFraction, Calibrated]],
    fit_to: Callable[[np.ndarray], HostFraction] | None,
) -> Settled:
    """Claims by a rule, and the host fraction that goes with them.

    Parameters
    ----------
    rule : {"independent", "exclusive"} or KnownClaims
        Exclusive with duplicates and counterparts as they are known, or to be found.
    setting, associations, post
        Of the match.
    ln_like : ndarray, shape (n_rows,)
        Ln likelihood of every association against no counterpart.
    first
        The fit to every primary by itself, and its probabilities; taken out of the list, so that
        nobody holds what is not needed any more: gigabytes in a match of a whole survey.
    fit_to
        Fits the fractions to another `ln_like`; None: they are given.
    """
    fit, calibrated = first.pop()
    if rule == "independent":
        return Settled(setting, fit, independent(calibrated), None)
    known = rule if isinstance(rule, KnownClaims) else None
    whole = setting.field if known else with_own(setting.field, setting.catalogs)
    many = whole.others is not None
    share = known.host_share if known else _host_share(setting, associations, fit, calibrated, many)
    if share.any():
        before, field = setting.field, setting.field.scaled(1.0 - share)
        setting = setting.with_field(lambda _: field)
        fewer = np.log(field.plus_one[0] / before.plus_one[0])  # the same at all primaries
        ln_like = ln_like - rows_times(associations.member >= 0, fewer)
        fit = fit if fit_to is None else fit_to(ln_like)
        calibrated = calibrated_of(associations, ln_like, post, fit)
    duplicates, sets = find_sources(
        setting, associations, None if known is None else known.duplicates
    )
    setting.positions.forget()
    before, in_whole = calibrated.p_hostless.mean(), ln_like
    if many:
        field, ln_like = without_hosts(whole, associations, in_whole, 1.0 - before)
        calibrated = calibrated_of(associations, ln_like, post, fit)
    claims = exclusive(setting, associations, ln_like, post, fit, calibrated, sets)
    for _ in range(MAX_STEPS if many else MAX_FITS):
        now = claims.calibrated.p_hostless.mean()
        moved = max(CLOSE * fit.mean_error, LEAST) if many else MOVED * fit.mean_error
        if (fit_to is None and not many) or abs(now - before) <= moved:
            break
        before = now
        if many:
            field, ln_like = without_hosts(whole, associations, in_whole, 1.0 - now)
        if fit_to is not None:
            fit = fit_to(claims.terms.added_to(ln_like, associations.first))
        del claims, calibrated
        calibrated = calibrated_of(associations, ln_like, post, fit)
        claims = exclusive(setting, associations, ln_like, post, fit, calibrated, sets)
    if many:
        setting = setting.with_field(lambda _: field)
    n_same = int(np.count_nonzero(claims.same_source >= 0))
    if n_same and known is None:
        warn_user(_told(setting, n_same))
    claims.details.update(
        same_source=n_same,
        common_errors=1.0 - duplicates.spread,
        host_share=share.tolist(),
    )
    return Settled(setting, fit, claims, KnownClaims(duplicates, share))


def _told(setting: Setting, n_same: int) -> str:
    name, n = setting.primary.name, len(setting.primary)
    return (
        f"catalogue {name!r}: {n_same} of {n} rows are probably second entries of a source (column "
        "same_source of the sources); they share its counterparts: remove them if the list should "
        'have each source once, or give claims="independent"'
    )


def _host_share(
    setting: Setting,
    associations: Associations,
    fit: HostFraction,
    calibrated: Calibrated,
    many: bool,
) -> np.ndarray:
    """Expected share of the objects that are counterparts, (n_other,); 0 where it is small.

    And 0 where the density is that of field objects already, or primaries are `many`.
    """
    n_other = associations.member.shape[1]
    share = np.zeros(n_other)
    if setting.field.details["model"] != "uniform" or many:
        return share
    outside = np.zeros(n_other)
    if fit.ln_beyond is not None:
        each = outside_by_catalogue(fit.ln_fraction, fit.ln_beyond)
        outside = np.array([dot(calibrated.p_hostless, of_one) for of_one in each.T])
    for k, other in enumerate(setting.others):
        if other.n_rows < MIN_ROWS or len(setting.primary) <= MIN_SHARE * other.n_rows:
            continue
        expected = dot(calibrated.p_match, associations.member[:, k] >= 0) + outside[k]
        share[k] = min(expected / max(other.n_rows, 1), MAX_SHARE)
    return np.where(share > MIN_SHARE, share, 0.0)
