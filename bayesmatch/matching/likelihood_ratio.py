"""Likelihood ratio and reliability of every candidate, for who compares with other work.

Sutherland & Saunders (1992, MNRAS 259, 413): of an object at the offset d from a source,

    LR = q(m) f(d) / n(m)             R_j = LR_j / (sum_i LR_i + 1 - Q)

f the density of the offsets of counterparts (arcsec^-2), n(m) that of field objects of such
magnitudes, q(m) that of counterparts, whose integral is Q, the fraction of sources with one.

All of it is in a result.  The Bayes factor of two positions is B = 4 pi f, f per steradian; a prior
ratio r is q(m) / Q over n(m) / rho; so with n+ = 4 pi rho, the field objects of the full sky,

    LR = Q r B / n+

and the reliability is the calibrated ``p_match`` of a match in which Q is the same for all sources
(``host_covariates=None``, no share of them outside the footprint), an object may be claimed twice
(``claims="independent"``), errors have no tails, and no counterpart lies outside the radius; see
``docs/theory.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from astropy.table import Column, Table

from ..catalogs.area import FULL_SKY_DEG2
from ..catalogs.candidates import Candidates
from ..catalogs.held import HeldCatalog
from ..catalogs.scalars import number_within, shown
from ..catalogs.warned import warn_user
from ..likelihood import ln_bayes_factor
from .candidate_positions import candidate_positions, tangent_planes
from .patterns import pattern_labels
from .table_columns import later_columns, mean_ratio_column
from .tables import LIKELIHOOD_RATIOS

if TYPE_CHECKING:
    import bayesmatch

    from .record import MatchRecord

LN_10 = np.log(10.0)
RATIO, RELIABILITY = LIKELIHOOD_RATIOS
TEXTS = {
    RATIO: "Likelihood ratio q(m) f(r) / n(m) of the {} object (Sutherland & Saunders 1992)",
    RELIABILITY: "Reliability of the {} object, LR / (sum LR + 1 - Q), Q = {:.6g}",
}


class _Objects(NamedTuple):
    """The candidates of one catalogue that the associations have, by source and row."""

    source: np.ndarray
    """(m,) place among the sources"""
    row: np.ndarray
    """(m,) first association with it"""
    pair: np.ndarray
    """(m,) the association of source and object alone, -1: there is none"""
    of_row: np.ndarray
    """(r,) which of them is in each association, -1: none"""


def likelihood_ratio_table(
    result: bayesmatch.MatchResult, catalogue: str | None, host_fraction: float | None, add: bool
) -> Table:
    """See :meth:`bayesmatch.MatchResult.likelihood_ratio`."""
    record = result.record
    k = _number_of(record, catalogue)
    q = host_fraction_of(record, k) if host_fraction is None else host_fraction
    q = number_within("host_fraction", q, 0.0, 1.0, open_low=host_fraction is not None)
    objects = _objects(result, k)
    ratio, reliability = _ratios(result, k, q, objects)
    if add:
        _add(result, k, q, objects.of_row, (ratio, reliability))
    return _table(result, k, q, objects, (ratio, reliability))


def host_fraction_of(record: MatchRecord, k: int) -> float:
    """Fitted fraction of the sources with a counterpart in other catalogue k, whatever else."""
    fraction = (record.host_fraction_fit or {}).get("fraction")
    if fraction is None or len(record.others) == 1:
        return record.host_fraction
    labels = pattern_labels([c.name for c in record.catalogues])
    return float(sum(fraction[label] for bits, label in enumerate(labels) if bits >> k & 1))


def reliabilities(ln_ratio: np.ndarray, source: np.ndarray, n: int, q: float) -> np.ndarray:
    """R_j = LR_j / (sum_i LR_i + 1 - Q) over the candidates of each of n sources, (m,).

    `ln_ratio` (m,) is ln LR; of an excluded candidate -inf, and its reliability is 0.
    """
    with np.errstate(divide="ignore"):
        ln_none = float(np.log1p(-q))
    top = np.full(n, ln_none)
    np.maximum.at(top, source, ln_ratio)
    top = np.where(np.isfinite(top), top, 0.0)
    weight = np.exp(ln_ratio - top[source])
    total = np.exp(ln_none - top) + np.bincount(source, weight, n)
    out: np.ndarray = np.divide(
        weight, total[source], out=np.zeros(len(weight)), where=total[source] > 0
    )
    return out


def _number_of(record: MatchRecord, catalogue: str | None) -> int:
    names = [c.name for c in record.others]
    name = names[0] if catalogue is None else catalogue
    if not isinstance(name, str) or name not in names:
        raise ValueError(
            f"catalogue is {shown(catalogue)}; give one of {', '.join(names)} "
            "(--likelihood-ratio on the command line)"
        )
    return names.index(name)


def _objects(result: bayesmatch.MatchResult, k: int) -> _Objects:
    names, table = result.catalogue_names, result.associations
    member = np.asarray(table[names[k + 1]])
    source = np.searchsorted(np.asarray(result.sources[names[0]]), np.asarray(table[names[0]]))
    there = np.flatnonzero(member >= 0)
    key = source[there] * (int(member.max(initial=0)) + 1) + member[there]
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    pair, of_row = np.full(len(first), -1), np.full(len(table), -1)
    alone = np.asarray(table["ncat"])[there] == 2
    pair[which[alone]] = there[alone]
    of_row[there] = which
    return _Objects(source[there[first]], there[first], pair, of_row)


def _ratios(
    result: bayesmatch.MatchResult, k: int, q: float, objects: _Objects
) -> tuple[np.ndarray, np.ndarray]:
    """Likelihood ratio and reliability of the candidates, (m,) each."""
    record, sources, table = result.record, result.sources, result.associations
    other = record.others[k]
    ln_ratio = _ln_bayes(result, k, objects)
    ln_ratio -= np.log(_per_deg2(record, sources, k)[objects.source] * FULL_SKY_DEG2)
    with np.errstate(divide="ignore"):
        ln_ratio += np.log(q)
        for prior in (record.priors or {}).get(other.name, ()):
            ln_ratio += np.log(np.asarray(table[f"bias_{other.name}_{prior}"], float)[objects.row])
    if mean_ratio_column(other.name) in sources.colnames:
        mean = np.asarray(sources[mean_ratio_column(other.name)], float)
        ln_ratio -= np.log(mean)[objects.source]
    known = ~np.isnan(ln_ratio)
    reliability = np.full(len(ln_ratio), np.nan)
    reliability[known] = reliabilities(ln_ratio[known], objects.source[known], len(sources), q)
    _tell(record, int(np.count_nonzero(~known)))
    with np.errstate(over="ignore"):
        return np.exp(ln_ratio), reliability


def _per_deg2(record: MatchRecord, sources: Table, k: int) -> np.ndarray:
    """Field objects per deg^2 at every source as the match has them, (n,).

    Of one density per catalogue with one object more: the counterpart is of it.
    """
    other, column = record.others[k], later_columns(record.others[k].name)[0]
    if column not in sources.colnames:  # a file of an older version
        return np.full(len(sources), (other.n_inside + 1) / other.area_deg2)
    density = np.asarray(sources[column], float)
    uniform = (record.field or {}).get("model", "uniform") == "uniform"
    return density + 1.0 / other.area_deg2 if uniform else density


def _ln_bayes(result: bayesmatch.MatchResult, k: int, objects: _Objects) -> np.ndarray:
    """Ln of the Bayes factor of source and object alone, (m,): 4 pi f; NaN: not known."""
    table, names = result.associations, result.catalogue_names
    log10 = np.asarray(table["dist_bayesfactor_uncorrected"], float)
    out = np.where(objects.pair < 0, np.nan, LN_10 * log10[objects.pair])
    lost = np.flatnonzero(objects.pair < 0)
    if len(lost) and result._catalogs:
        primary, other, at = result._catalogs[0], result._catalogs[k + 1], objects.row[lost]
        start = np.searchsorted(objects.source[lost], np.arange(len(primary) + 1))
        row = other.held(np.asarray(table[names[k + 1]])[at])
        apart = np.asarray(table[f"Separation_{names[0]}_{names[k + 1]}"], float)[at]
        out[lost] = _ln_bayes_of(primary, other, Candidates(start, row, apart, 1))
    return out


def _ln_bayes_of(primary: HeldCatalog, other: HeldCatalog, candidates: Candidates) -> np.ndarray:
    """The same from the catalogues, (m,), where the associations do not tell."""
    at = candidate_positions(primary, (other,), candidates)
    plane = tangent_planes(primary, candidates, at, [(0, len(primary))])
    own = primary.covariance(candidates.of_catalogue(0)[1])
    covariance = np.stack([own, plane[:, 2:5]], axis=1)[:, :, [0, 2, 2, 1]].reshape(-1, 2, 2, 2)
    offset = np.zeros((len(plane), 2, 2))
    offset[:, 1] = plane[:, :2]
    out: np.ndarray = ln_bayes_factor(offset, covariance)
    return out


def _tell(record: MatchRecord, n_unknown: int) -> None:
    """Warn where the sum over the candidates lacks some."""
    if n_unknown:
        warn_user(
            f"{n_unknown} candidates have no likelihood ratio: the association of source and "
            "object alone is not in this file; match with prune=0 (--prune 0)"
        )
    if record.min_p_i:
        warn_user(
            f"associations with p_i below {record.min_p_i:g} are not in this result, and their "
            "objects not in the reliabilities; match with min_p_i=0 (without --min-prob)"
        )


def _add(
    result: bayesmatch.MatchResult,
    k: int,
    q: float,
    of_row: np.ndarray,
    values: tuple[np.ndarray, ...],
) -> None:
    """Put the columns beside the associations, in place of others that may be there."""
    table, name = result.associations, result.record.others[k].name
    if "likelihood" in result.catalogue_names:
        raise ValueError(
            "a catalogue is called 'likelihood', whose column 'ratio' would be called as the "
            "likelihood ratio; give it another name (name=, --name on the command line)"
        )
    at = table.colnames.index("p_match") + 1
    for column, value in zip((RATIO, RELIABILITY), values, strict=True):
        if column in table.colnames:
            table.remove_column(column)
        of_each = np.where(of_row < 0, np.nan, np.append(value, np.nan)[of_row])
        text = f"{TEXTS[column].format(name, q)}; NaN when absent"
        table.add_column(Column(of_each, name=column, description=text), index=at)
        at += 1
    result.meta["likelihood_ratio"] = {"catalogue": name, "host_fraction": q}


def _table(
    result: bayesmatch.MatchResult,
    k: int,
    q: float,
    objects: _Objects,
    values: tuple[np.ndarray, ...],
) -> Table:
    """A row per candidate, by source, the most reliable first."""
    record, table = result.record, result.associations
    primary, other = record.primary, record.others[k]
    p_match = np.asarray(table["p_match"], float)
    has = objects.of_row >= 0
    p = np.bincount(objects.of_row[has], p_match[has], len(objects.row))
    order = np.lexsort((objects.row, -np.nan_to_num(values[1]), objects.source))
    row = objects.row[order]
    out = Table(meta={"EXTNAME": "LIKELIHOOD_RATIO", "catalogue": other.name, "host_fraction": q})
    for c in (primary, other):
        for column in (c.name, f"{c.name}_{c.id}"):
            out[column] = table[column][row]
    separation = f"Separation_{primary.name}_{other.name}"
    out[separation] = table[separation][row]
    for column, value in zip((RATIO, RELIABILITY), values, strict=True):
        out[column] = Column(value[order], description=TEXTS[column].format(other.name, q))
    out[f"p_{other.name}"] = Column(
        p[order],
        description=f"Calibrated probability that this {other.name} object is the counterpart",
    )
    return out
