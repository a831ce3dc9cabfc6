"""Fractions of the membership patterns for one source of a result that was read from a file."""

from __future__ import annotations

import numpy as np

from ...catalogs.catalog import Catalog
from ...matching import beyond
from ...matching.covariates import SIGMA, property_values
from ...matching.host_fraction import ln_fractions_at
from ...matching.record import MatchRecord
from ...matching.result import MatchResult
from ...matching.seen_by_each import among_those_that_looked
from ...matching.table_columns import later_columns
from ...matching.wording import times
from .inputs import input_catalog, number_of

LN_10 = np.log(10.0)
#: counterparts outside the radius that change no digit that is shown
NEGLIGIBLE = 1e-7
#: and that have to be told
NOTABLE = 1e-3


def log10_hostless(log10_odds: float) -> float:
    """Log10 of p_hostless from ``log10_odds_host``, which does not saturate."""
    return float(-np.logaddexp(0.0, log10_odds * LN_10) / LN_10)


def log10_odds_of(result: MatchResult, row: int) -> float:
    """``log10_odds_host`` of a source; -inf where no catalogue has looked, and none is known."""
    return float(np.ma.filled(result.sources["log10_odds_host"][row], -np.inf))


def recorded_fractions(
    result: MatchResult, row: int, seen: np.ndarray | None = None
) -> np.ndarray | None:
    """Log10 of pi_S / pi_0 of each pattern for a primary, from the fit's coefficients.

    Of the other catalogues that have looked there, as MOCs say, and `seen` (n_other,) bool.
    None where the file lacks the properties that the fit used, or the fit is that of another match.
    """
    record = result.record
    details = record.host_fraction_fit
    if not {"center", "scale", "knots", "coefficients"} <= set(details):
        return None
    # To a given number two patterns less are fitted; so many are of a fit that was given as it is,
    # perhaps at other properties than the file has.
    n_patterns = 1 << len(record.others)
    if record.host_fraction_given and len(details["coefficients"]) != n_patterns - 2:
        return None
    values = {}
    outside = details.get(beyond.LARGEST, 0.0) > NEGLIGIBLE
    source = None
    if details["center"] or outside:
        number = number_of(result, row)
        source = input_catalog(result, 0, np.array([number]), number)
        if source is None or ((SIGMA in details["center"] or outside) and not source.error_known):
            return None
        try:
            values = {name: property_values(source.catalog, name) for name in details["center"]}
        except (ValueError, TypeError):  # a column of the fit is not in the file
            return None
    total = record.host_fraction if record.host_fraction_given else None
    ln_fraction = ln_fractions_at(values, 1, details, total)
    looked = _looked(result, row) & (True if seen is None else seen)
    ln_fraction = among_those_that_looked(ln_fraction, looked)
    if outside and source is not None:
        ln_fraction = beyond.within_radius(ln_fraction, _ln_beyond(record, source.catalog))
    log10_fraction: np.ndarray = (ln_fraction[0] - ln_fraction[0, 0]) / LN_10
    return log10_fraction


def _looked(result: MatchResult, row: int) -> np.ndarray:
    """Whether each other catalogue has looked where a source lies, as MOCs say, (1, n_other)."""
    columns = [later_columns(other.name)[1] for other in result.record.others]
    s = result.sources
    return np.array([[column not in s.colnames or bool(s[column][row]) for column in columns]])


def _ln_beyond(record: MatchRecord, source: Catalog) -> np.ndarray:
    """Ln of the probability that its counterparts lie outside the radius, (1, patterns)."""
    errors = record.host_fraction_fit.get(beyond.ERRORS, {})
    scales = (record.field or {}).get("scales", {})
    objects = [
        (
            other.tails,
            errors.get(other.name, [0.0]),
            min(record.radius_arcsec, scales.get(other.name, {}).get("reach_arcsec", np.inf)),
        )
        for other in record.others
    ]
    return beyond.shares_beyond(source.covariance(), source.tails, objects)[0]


def fraction_words(record: MatchRecord, log10_fraction: float, members: list[str]) -> str:
    """How common counterparts in the catalogues `members` are, in words."""
    outside = record.host_fraction_fit.get(beyond.LARGEST, 0.0) > NOTABLE
    if len(record.others) == 1 and not outside:
        share = 100.0 / (1.0 + 10.0 ** min(-log10_fraction, 300.0))
        digits = f"{share:.1f}" if share > 99 else f"{share:.0f}"
        percent = "> 99.9" if share > 99.95 else digits
        return f"{percent}% of such sources have a counterpart"
    without = "without a counterpart within the radius" if outside else "without a counterpart"
    return f"for one such source {without}, {times(log10_fraction)} have {' + '.join(members)}"


def remaining_fractions(
    result: MatchResult,
    row: int,
    members: np.ndarray,
    known: np.ndarray,
    p_match: np.ndarray,
    smallest: float,
) -> np.ndarray:
    """Log10 of pi_S / pi_0 of every row: what the probabilities have beyond the other terms.

    Patterns whose probabilities all vanish keep the mean fractions of the sample, moved together
    so that the odds come out right when nothing else makes them.
    """
    odds = log10_odds_of(result, row)
    mean = _mean_fractions(result.record)
    pattern = members @ (1 << np.arange(members.shape[1]))
    out = np.where(pattern > 0, mean[pattern], 0.0)
    vanishing = []
    for s in np.unique(pattern[1:]):
        rows = np.flatnonzero(pattern == s)
        best = rows[np.argmax(p_match[rows])]
        if p_match[best] > smallest and np.isfinite(known[best]):
            out[rows] = np.log10(p_match[best]) - log10_hostless(odds) - known[best]
        else:
            vanishing.append(rows)
    if vanishing and sum(map(len, vanishing)) == len(known) - 1 and np.isfinite(odds):
        total = (
            np.logaddexp.reduce(LN_10 * np.where(np.isneginf(known), -np.inf, known + out)[1:])
            / LN_10
        )
        if np.isfinite(total):
            out[1:] += odds - total
    return out


def _mean_fractions(record: MatchRecord) -> np.ndarray:
    """Log10 of the mean fraction of each membership pattern over that of no counterpart."""
    share = np.maximum(list(record.host_fraction_fit["fraction"].values()), 1e-300)
    log10_mean: np.ndarray = np.log10(share / share[0])
    return log10_mean
