"""The fractions of primaries with each set of counterparts: given, or fitted to a match."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .._kernels.sums import rows_times
from .associations import Associations
from .beyond import Beyond
from .calibrated import pattern_likelihood
from .covariates import with_clumps, with_densities
from .hole_rims import seen_around
from .host_fraction import HostFraction, fit_to_some
from .inner_circles import Circles, inner_circles
from .options import MatchOptions
from .patterns import pattern_labels
from .seen_by_each import among_those_that_looked, as_seen, mixed
from .setting import Setting

Covariates = tuple[np.ndarray, dict[str, Any]]


def covariates_of(setting: Setting, options: MatchOptions, covariates: Covariates) -> Covariates:
    """Those given, and densities where they vary; of one other catalogue those in clumps, too.

    With more there would be as many lines for each set of counterparts.
    """
    if options.host_covariates != "sigma":
        return covariates
    names, field = [other.name for other in setting.others], setting.field
    found = with_densities(covariates, dict(zip(names, field.around.T, strict=True)))
    if len(names) > 1 or options.host_fraction is not None:
        return found
    return with_clumps(found, names[0], field.per_deg2[:, 0], field.around[:, 0])


def fractions_of(
    setting: Setting,
    associations: Associations,
    ln_like: np.ndarray,
    options: MatchOptions,
    given: tuple[Covariates, Beyond | None],
) -> HostFraction:
    """The fractions of primaries with each set of counterparts: given, or fitted."""
    total, ((z, description), beyond) = options.host_fraction, given
    ln_beyond, details = (beyond.ln_share, beyond.details) if beyond else (None, {})
    partly = beyond.partly if beyond else None
    seen, chance = setting.field.seen, setting.field.chance
    if isinstance(total, HostFraction):
        details = {**total.details, **details}
        fit = replace(total, ln_beyond=ln_beyond, partly=partly, details=details, inside=None)
        every = np.ones(len(fit.ln_fraction), bool)
        return _where_seen(fit, seen, None, every)  # those who may have looked are in it
    looked, uniform = setting.looked, setting.field.details["model"] == "uniform"
    use, fitted_beyond = np.asarray(looked.any(axis=1)), ln_beyond
    if not looked[use].all():
        seen = _seen_within(looked, seen)
        setting = setting.with_field(lambda field: replace(field, seen=seen))
    by_pattern = pattern_likelihood(associations, ln_like)
    if partly is not None:
        by_pattern = partly.added_to(by_pattern, ln_like)
    by_pattern = as_seen(by_pattern, seen, chance, 0.0)
    if ln_beyond is not None:
        fitted_beyond = as_seen(ln_beyond, seen, chance, -np.inf)
    fit = fit_to_some(
        use,
        by_pattern,
        z,
        total=total,
        labels=pattern_labels([c.name for c in setting.catalogs]),
        description=description,
        within=_within(setting),
        ln_beyond=fitted_beyond,
        circles=None if uniform else lambda: inner_circles(setting, beyond),
        around=None if uniform else lambda: seen_around(setting, beyond),
    )
    if seen is not None or chance is not None:
        of_seen = _where_seen(replace(fit, ln_beyond=ln_beyond), seen, chance, use)
        fit = of_seen if total is None else replace(of_seen, mean=fit.mean, details=fit.details)
    return replace(
        fit,
        ln_fraction=among_those_that_looked(fit.ln_fraction, looked),
        partly=partly,
        details={**fit.details, **details},
    )


def _seen_within(looked: np.ndarray, seen: np.ndarray | None) -> np.ndarray:
    """Which catalogues have looked, (n, n_other), as maps and counts in cells say, either a no.

    All, where no map says that any has: nothing goes by those sources. The map alone, where cells
    say that none of those has: no source is without.
    """
    both: np.ndarray = looked if seen is None else np.logical_and(looked, seen)
    none = ~both.any(axis=1, keepdims=True)
    out: np.ndarray = both | looked & none | ~looked.any(axis=1, keepdims=True)
    return out


def _within(setting: Setting) -> Circles:
    """The circles of the match."""
    field, count = setting.field, np.diff(setting.candidates.start[:: len(setting.others)])
    unseen = None if field.covered is None else ~field.covered
    return Circles(count, field.expected(setting.radius_arcsec), unseen=unseen)


def _where_seen(
    fit: HostFraction, seen: np.ndarray | None, chance: np.ndarray | None, use: np.ndarray
) -> HostFraction:
    """The fractions among the catalogues that have looked there, `seen` (n_primary, n_other) bool.

    Or may have, by `chance` (n_primary, n_other). The mean over the sources `use` (n_primary,) bool
    follows, and those of the patterns: counterparts that nobody can see are none.
    """
    ln_fraction = counted = fit.ln_fraction
    if seen is not None:
        ln_fraction = counted = among_those_that_looked(ln_fraction, seen)
    if chance is not None:
        there = _without_counterpart(chance, ln_fraction)
        counted = mixed(ln_fraction, there, among_those_that_looked)
        ln_fraction = mixed(ln_fraction, chance, among_those_that_looked)
    if ln_fraction is fit.ln_fraction:
        return fit
    before, after = (np.exp(ln[use]).mean(axis=0) for ln in (fit.ln_fraction, counted))
    found = np.array(list(fit.details["fraction"].values()))
    found[1:] = found[1:].sum() / max(before[1:].sum(), 1e-300) * after[1:]
    found[0] = 1.0 - found[1:].sum()
    fractions = dict(zip(fit.details["fraction"], found.tolist(), strict=True))
    details = {**fit.details, "fraction": fractions}
    return replace(fit, ln_fraction=ln_fraction, mean=float(found[1:].sum()), details=details)


def _without_counterpart(chance: np.ndarray, ln_fraction: np.ndarray) -> np.ndarray:
    """The `chance` (n, n_other) to have looked, of one in which there is no counterpart.

    As where there is nothing; 1 stays.
    """
    member = np.arange(ln_fraction.shape[1])[:, None] >> np.arange(chance.shape[1]) & 1
    none = np.maximum(1.0 - rows_times(np.exp(ln_fraction), member), 1e-12) * chance
    out: np.ndarray = none / (none + (1.0 - chance))
    return out
