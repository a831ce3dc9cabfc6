"""Purity and completeness that a result expects of itself, from its probabilities alone.

Where there is no truth this is what can be said of a cut: of the sources selected as many are right
as their probabilities add up to. It is as good as the probabilities are calibrated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Table

from ..catalogs.scalars import shown
from .arguments import cutoff_values

if TYPE_CHECKING:
    from .record import MatchRecord


@dataclass(frozen=True)
class Believed:
    """What a result believes of every source within one other catalogue's footprint."""

    p: np.ndarray
    """(n,) that the best candidate is the counterpart; 0 where there is none"""
    candidate: np.ndarray
    """(n,) bool: there is a best candidate"""
    host: np.ndarray
    """(n,) that there is a counterpart in that catalogue"""
    p_hostless: np.ndarray
    """(n,) that there is none in any"""


def expected_table(
    associations: Table,
    sources: Table,
    record: MatchRecord,
    cutoffs: Sequence[float] | np.ndarray | None,
    catalogue: str | None,
) -> Table:
    """See :meth:`bayesmatch.MatchResult.expected`."""
    others = [c.name for c in record.others]
    name = others[0] if catalogue is None else catalogue
    if not isinstance(name, str) or name not in others:
        raise ValueError(f"catalogue is {shown(catalogue)}; give one of {', '.join(others)}")
    at = np.linspace(0.0, 1.0, 101).round(2) if cutoffs is None else cutoff_values(cutoffs)
    fraction = record.host_fraction
    spread = fraction * (1.0 - fraction)
    ln_odds_error = record.host_fraction_error / spread if spread > 0 else 0.0
    believed = _believed(associations, sources, record.primary.name, others, name)
    columns = expected_of(believed, at, ln_odds_error)
    return Table({"cutoff": at, **columns}, meta={"catalogue": name})


def expected_line(row: Any, name: str) -> str:
    """A row of the table for people."""
    cutoff = f"{row['cutoff']:g}"
    if row["n_selected"] == 0:
        return f"  expected                      no {name} object has p_{name} >= {cutoff}"
    return (
        f"  expected at {cutoff}    {row['n_selected']:>9,}  p_{name} >= {cutoff}: "
        f"purity {row['purity']:.3f} +- {row['purity_error']:.3f}, "
        f"completeness {row['completeness']:.3f} +- {row['completeness_error']:.3f}"
    )


def expected_of(b: Believed, cutoffs: np.ndarray, ln_odds_error: float) -> dict[str, np.ndarray]:
    """Purity and completeness at cutoffs, with errors; all (n_cutoffs,).

    Whether source i is right is a draw with p_i, whether it has a counterpart one with q_i >= p_i
    (the first implies the second), all independent: the number right and the number of counterparts
    are Poisson-binomial, with covariance p_i (1 - q_i), and the error of the completeness R / H is
    that of R - C H over H. The host fraction is common to all: when the odds of having any
    counterpart change by a factor exp(d), p_i changes by d p_i p_hostless_i.
    """
    selectable = np.flatnonzero(b.candidate)
    order = selectable[np.argsort(-b.p[selectable], kind="stable")]
    p, q, none = b.p[order], b.host[order], b.p_hostless[order]
    n = np.searchsorted(-p, -cutoffs, side="right")
    right, noise, both, slope = (
        np.append(0.0, np.cumsum(terms))[n] for terms in (p, p * (1.0 - p), p * (1.0 - q), p * none)
    )
    hosts = b.host.sum()
    host_noise = (b.host * (1.0 - b.host)).sum()
    host_slope = (b.host * b.p_hostless).sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        purity, completeness = right / n, right / hosts
        purity_error = np.hypot(np.sqrt(noise), ln_odds_error * slope) / n
        own = noise - 2.0 * completeness * both + completeness**2 * host_noise
        common = ln_odds_error * (slope - completeness * host_slope)
        completeness_error = np.hypot(np.sqrt(np.maximum(own, 0.0)), common) / hosts
    return {
        "n_selected": n,
        "purity": purity,
        "purity_error": purity_error,
        "completeness": completeness,
        "completeness_error": completeness_error,
    }


def _believed(
    associations: Table, sources: Table, primary: str, others: Sequence[str], name: str
) -> Believed:
    """The probabilities of the sources that the catalogue has looked at."""
    p_hostless, unknown = _numbers(sources["p_hostless"])
    p, masked = _numbers(sources[f"p_{name}"])
    looked = ~(unknown | masked)
    if f"in_{name}" in sources.colnames:
        looked &= np.asarray(sources[f"in_{name}"], bool)
    host = _has_counterpart(associations, 1.0 - p_hostless, primary, others, name)
    return Believed(
        p[looked],
        np.asarray(sources[name])[looked] >= 0,
        np.maximum(host, p)[looked],
        p_hostless[looked],
    )


def _has_counterpart(
    associations: Table, any_host: np.ndarray, primary: str, others: Sequence[str], name: str
) -> np.ndarray:
    """(n_sources,) probability of a counterpart in one catalogue; `any_host`: in any.

    With one other catalogue that is the probability of any. With more it is the sum over the
    associations with a member of that catalogue; what ``min_p_i`` has left out of the table is
    known in sum only, and shared out as what is left.
    """
    if len(others) == 1:
        return any_host
    number, n = np.asarray(associations[primary]), len(any_host)
    row = np.cumsum(np.diff(number, prepend=number[:1]) != 0)  # some sources may be left out
    p_match = _numbers(associations["p_match"])[0]
    alone = np.asarray(associations["ncat"]) == 1
    with_it = np.asarray(associations[name]) >= 0
    kept = np.bincount(row, weights=np.where(alone, 0.0, p_match), minlength=n)
    mine = np.bincount(row, weights=np.where(with_it, p_match, 0.0), minlength=n)
    usual = mine.sum() / kept.sum() if kept.sum() > 0 else 0.0
    share = np.divide(mine, kept, out=np.full(n, usual), where=kept > 0)
    host: np.ndarray = np.minimum(mine + share * np.maximum(any_host - kept, 0.0), 1.0)
    return host


def _numbers(column: Any) -> tuple[np.ndarray, np.ndarray]:
    """Values of a column, 0 where masked or NaN, and where that is."""
    values = np.array(np.ma.getdata(column), np.float64)
    missing = np.ma.getmaskarray(np.ma.asarray(column)) | np.isnan(values)
    values[missing] = 0.0
    return values, missing
