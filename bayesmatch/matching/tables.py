"""The two tables of a result, column by column as the user sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.table import Column, Table

from .._kernels.gathered import show_members
from .._kernels.jit import ranges, run_kernel
from ..catalogs.formats.storage import masked_column
from ..catalogs.held import HeldCatalog
from ..catalogs.identifiers import Identifiers
from .associations import Associations
from .calibrated import Calibrated
from .combined import combined_columns
from .record import CatalogueRecord
from .setting import Setting
from .shown import Shown
from .table_columns import (
    TAKEN,
    column_of,
    field_columns,
    id_column,
    later_columns,
    n_claims,
    row_numbers,
    row_text,
    table_of,
    take,
)

SAME_SOURCE = "same_source"
#: columns of the associations on request: see :mod:`bayesmatch.matching.likelihood_ratio`
LIKELIHOOD_RATIOS: tuple[str, str] = ("likelihood_ratio", "reliability")
#: where the Bayes factors come from, in the descriptions of their columns
BAYES = {
    "dist_bayesfactor_uncorrected": " from positions alone",
    "dist_bayesfactor": ", associations without the primary considered",
    "dist_bayesfactor_tails": " from positions, tails of the errors included",
}
#: what the members in sources are, in the descriptions of their columns
CANDIDATE = "the best candidate, no identification where p_hostless is high"


@dataclass(frozen=True)
class Matched:
    """Everything the tables are made from."""

    setting: Setting
    associations: Associations
    log10_ratios: Mapping[tuple[int, str], np.ndarray]
    """by (other catalogue, prior name), per candidate slot"""
    post: Shown
    calibrated: Calibrated
    same_source: np.ndarray
    """(n_primary,) row of the first entry of the same source, -1 = none"""
    identifiers: Sequence[Identifiers]
    """of the primaries, and of every candidate as one of each other catalogue's"""


def association_columns(
    catalogs: Sequence[HeldCatalog | CatalogueRecord],
    prior_names: Mapping[str, Sequence[str]],
    combinations: Sequence[str] = (),
) -> list[str]:
    """Names of the association columns, in order.

    `prior_names` by catalogue; `combinations`: those of priors on whole combinations.
    """
    names = [c.name for c in catalogs]
    return [
        *names,
        *(f"{c.name}_{c.id_name}" for c in catalogs),
        *(f"Separation_{a}_{b}" for b_at, b in enumerate(names) for a in names[:b_at]),
        "Separation_max",
        "ncat",
        "dist_bayesfactor_uncorrected",
        "dist_bayesfactor",
        *(["dist_bayesfactor_tails"] if any(c.tails.fraction > 0 for c in catalogs) else []),
        "dist_post",
        *(f"bias_{name}_{p}" for name, listed in prior_names.items() for p in listed),
        *(f"bias_{p}" for p in combinations),
        "p_single",
        "p_any",
        "p_i",
        "match_flag",
        "p_match",
    ]


def source_columns(catalogs: Sequence[HeldCatalog | CatalogueRecord]) -> list[str]:
    """Names of the source columns, in order."""
    primary, *others = catalogs
    return [
        primary.name,
        f"{primary.name}_{primary.id_name}",
        "p_any",
        "p_hostless",
        "log10_odds_host",
        "n_candidates",
        *(
            n
            for c in others
            for n in (
                c.name,
                f"{c.name}_{c.id_name}",
                f"p_{c.name}",
                f"Separation_{primary.name}_{c.name}",
                *later_columns(c.name),
            )
        ),
        "p_i",
        "p_match",
        "second_p_i",
        "n_claims",
        *(f"n_claims_{c.name}" for c in others),
        SAME_SOURCE,
    ]


def kept_rows(m: Matched, min_p_i: float) -> np.ndarray:
    """Which associations a table keeps, (n_rows,)."""
    keep: np.ndarray = (m.post.p_i >= min_p_i) | np.all(m.associations.member < 0, axis=1)
    return keep


def association_table(m: Matched, min_p_i: float) -> Table:
    """One row per association, those below `min_p_i` left out (never a no-counterpart row)."""
    post = m.post
    keep: Any = kept_rows(m, min_p_i) if min_p_i > 0 else slice(None)
    primary_row, member = m.associations.primary[keep], m.associations.member[keep]
    n, n_other = member.shape
    # All in two: the system has large pages for what is long, and each page is waited for.
    numbers, room = np.empty((2 * n_other + 1, n), np.int64), np.empty((n_other + 2, n))
    rows, apart, largest, p_any = numbers[:n_other], room[:n_other], room[n_other], room[-1]
    candidates, between = m.setting.candidates, m.associations.between[keep]
    found, ncat = (candidates.row, candidates.separation, between), np.empty(n, np.int16)
    run_kernel(show_members, ranges(n, TAKEN), member, *found, rows, apart, largest, ncat)
    columns = _member_columns(m, (primary_row, *rows), (primary_row, *member.T), numbers[n_other:])
    for (a, b), values in _separations(m, apart, between).items():
        columns[f"Separation_{a}_{b}"] = column_of(
            values, unit="arcsec", description=f"Separation of {a} and {b}; NaN when one is absent"
        )
    columns["Separation_max"] = column_of(
        largest, unit="arcsec", description="Largest separation within the association"
    )
    columns["ncat"] = column_of(ncat, description="Number of catalogues taking part")
    columns.update(_evidence_columns(m, keep, member))
    columns.update(combined_columns(m.post.log10_combined, keep))
    columns["p_single"] = column_of(
        post.p_single[keep], description="Posterior of this association against chance, with priors"
    )
    columns["p_any"] = column_of(
        take(post.p_any, primary_row, np.nan, p_any),
        description="NWAY: probability that any counterpart exists",
    )
    columns["p_i"] = column_of(
        post.p_i[keep], description="NWAY: probability of this association if a counterpart exists"
    )
    columns["match_flag"] = column_of(
        post.match_flag[keep], description="1 best, 2 comparable to the best, 0 other"
    )
    columns["p_match"] = column_of(
        m.calibrated.p_match[keep],
        description="Calibrated probability that exactly this association is true",
    )
    return table_of(columns, "ASSOCIATIONS")


def _member_columns(
    m: Matched, rows: Sequence[np.ndarray], places: Sequence[np.ndarray], room: np.ndarray
) -> dict[str, Column]:
    """Rows and identifiers of all members, at `places` among those that are kept."""
    catalogs = m.setting.catalogs
    columns = {
        catalog.name: column_of(row_numbers(catalog, row), description=row_text(catalog))
        for catalog, row in zip(catalogs, rows, strict=True)
    }
    for catalog, ids, at, out in zip(catalogs, m.identifiers, places, room, strict=True):
        columns[f"{catalog.name}_{ids.name}"] = id_column(
            catalog.name, ids, at, optional=catalog is not m.setting.primary, out=out
        )
    return columns


def _evidence_columns(m: Matched, keep: Any, member: np.ndarray) -> dict[str, Column]:
    """Bayes factors, posterior by distance, and the ratio of every prior."""
    columns = {
        name: column_of(log10[keep], description=f"log10 of the Bayes factor{BAYES[name]}")
        for name, log10 in m.post.log10_bayes.items()
    }
    columns["dist_post"] = column_of(
        m.post.dist_post[keep],
        description="Posterior of this association against chance, positions only",
    )
    for (k, name), ratio in m.log10_ratios.items():
        other, values = m.setting.others[k].name, take(ratio, member[:, k], 0.0)
        columns[f"bias_{other}_{name}"] = column_of(
            np.power(10.0, values, out=values),
            description=f"Ratio of prior {name} for this {other} object, 1 = neutral",
        )
    return columns


def source_table(m: Matched) -> Table:
    """One row per primary, in input order."""
    primary, others, candidates = m.setting.primary, m.setting.others, m.setting.candidates
    best = m.calibrated.best
    none = best < 0
    member = np.where(none[:, None], -1, m.associations.member[best])
    n, name = len(best), primary.name
    count = np.diff(candidates.start).reshape(n, -1).sum(axis=1)
    columns: dict[str, Column] = {
        name: column_of(row_numbers(primary, np.arange(n)), description=row_text(primary)),
        f"{name}_{primary.id_name}": id_column(
            name, m.identifiers[0], np.arange(n), optional=False
        ),
        "p_any": column_of(
            m.post.p_any, description="NWAY: probability that any counterpart exists"
        ),
        "p_hostless": _where_looked(
            m, m.calibrated.p_hostless, "Calibrated probability of no counterpart within the radius"
        ),
        "log10_odds_host": _where_looked(
            m, m.calibrated.log10_odds, "log10 of (1 - p_hostless) / p_hostless"
        ),
        "n_candidates": column_of(count, description="Objects within the radius, all catalogues"),
    }
    for k, (other, ids) in enumerate(zip(others, m.identifiers[1:], strict=True)):
        row = take(candidates.row, member[:, k], -1)
        columns[other.name] = column_of(
            row_numbers(other, row),
            description=f"{row_text(other)}, in the best association: {CANDIDATE}",
        )
        columns[f"{other.name}_{ids.name}"] = id_column(
            other.name, ids, member[:, k], optional=True
        )
        columns[f"{other.name}_{ids.name}"].description += f", of {CANDIDATE}"
        columns[f"p_{other.name}"] = column_of(
            m.calibrated.marginal[:, k],
            description=f"Calibrated probability that this {other.name} object is the counterpart",
        )
        columns[f"Separation_{name}_{other.name}"] = column_of(
            take(candidates.separation, member[:, k], np.nan),
            unit="arcsec",
            description=f"Separation of {name} and {other.name} in the best association",
        )
        columns |= field_columns(m.setting.field, m.setting.looked[:, k], k, other.name)
    for p, values in (("p_i", m.post.p_i), ("p_match", m.calibrated.p_match)):
        columns[p] = column_of(take(values, best, 0.0), f"{p} of the best association")
    columns["second_p_i"] = column_of(
        m.calibrated.second_p_i, description="p_i of the runner-up, 0 if there is none"
    )
    for k, other in enumerate(others):
        claims = n_claims(np.asarray(columns[other.name]))
        text = f"Primaries with the same {other.name} object as their best"
        if k == 0:
            columns["n_claims"] = column_of(claims, description=text)
        columns[f"n_claims_{other.name}"] = column_of(claims, description=text)
    columns[SAME_SOURCE] = column_of(
        row_numbers(primary, m.same_source),
        description="Row of the first primary that is probably the same source",
    )
    return table_of(columns, "SOURCES")


def _where_looked(m: Matched, values: np.ndarray, text: str) -> Column:
    """A column that is masked where no catalogue has looked."""
    nowhere = np.asarray(~m.setting.looked.any(axis=1))
    if nowhere.any():
        return masked_column(values, nowhere, text)
    return column_of(values, description=text)


def _separations(
    m: Matched, apart: np.ndarray, between: np.ndarray
) -> dict[tuple[str, str], np.ndarray]:
    """Separations of all pairs of catalogues: A_B, A_C, B_C, A_D, B_D, C_D, ..."""
    out: dict[tuple[str, str], np.ndarray] = {}
    column, names = 0, [c.name for c in m.setting.catalogs]
    for b, other in enumerate(names[1:]):
        out[names[0], other] = apart[b]
        for a in range(b):
            out[names[1 + a], other] = between[:, column]
            column += 1
    return out
