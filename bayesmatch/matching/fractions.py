"""The fractions of primaries with each set of counterparts: given, or fitted to a match."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .associations import Associations
from .beyond import Beyond
from .calibrated import pattern_likelihood
from .covariates import with_densities
from .hole_rims import seen_around
from .host_fraction import HostFraction, among_those_that_looked, fit_to_some
from .inner_circles import inner_circles
from .options import MatchOptions
from .patterns import pattern_labels
from .setting import Setting

Covariates = tuple[np.ndarray, dict[str, Any]]


def covariates_of(setting: Setting, options: MatchOptions, covariates: Covariates) -> Covariates:
    """Those given, and densities where they vary."""
    if options.host_covariates != "sigma":
        return covariates
    names = [other.name for other in setting.others]
    return with_densities(covariates, dict(zip(names, setting.field.around.T, strict=True)))


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
    if isinstance(total, HostFraction):
        details = {**total.details, **details}
        return replace(total, ln_beyond=ln_beyond, partly=partly, details=details)
    looked, uniform = setting.looked, setting.field.details["model"] == "uniform"
    by_pattern = pattern_likelihood(associations, ln_like)
    if partly is not None:
        by_pattern = partly.added_to(by_pattern, ln_like)
    fit = fit_to_some(
        np.asarray(looked.all(axis=1)),
        by_pattern,
        z,
        total=total,
        labels=pattern_labels([c.name for c in setting.catalogs]),
        description=description,
        empty=np.diff(setting.candidates.start[:: len(setting.others)]) == 0,
        expected=setting.field.expected(setting.radius_arcsec),
        ln_beyond=ln_beyond,
        circles=None if uniform else lambda: inner_circles(setting, beyond),
        around=None if uniform else lambda: seen_around(setting, beyond),
    )
    return replace(
        fit,
        ln_fraction=among_those_that_looked(fit.ln_fraction, looked),
        partly=partly,
        details={**fit.details, **details},
    )
