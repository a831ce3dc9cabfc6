"""The mathematics of a match as pure functions on arrays: the very code that `match` runs.

For programs that test, extend or replace a part of it. Nothing here knows catalogues or tables,
and no input is modified. The equations are those of Salvato et al. (2018, MNRAS 473, 4937) and
Budavari & Szalay (2008, ApJ 679, 301).

An *association* is one row: the primary (first member) with the objects that may be the same
source. The rows of one primary form a *group*; its first row is H0, no counterpart. Groups are
given as one whole number per row, 0 or more, never descending.
"""

from .bayes_factor import ln_bayes_factor
from .calibrated import CalibratedPosterior, calibrated_posterior, ln_marginal_likelihood
from .nway import NwayPosterior, ln_prior, nway_posterior

__all__ = [
    "CalibratedPosterior",
    "NwayPosterior",
    "calibrated_posterior",
    "ln_bayes_factor",
    "ln_marginal_likelihood",
    "ln_prior",
    "nway_posterior",
]
