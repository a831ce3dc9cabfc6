"""A result in a few lines for people."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.table import Table

from ..catalogs.scalars import plural
from .checks.table import not_ok
from .expected import expected_line, expected_table
from .learned_lines import learned_lines
from .record import MatchRecord
from .table_columns import looked_at
from .wording import none_found, not_looked, outside_share


def summary_text(associations: Table, sources: Table, record: MatchRecord) -> str:
    """How many sources there are, and how sure their counterparts are."""
    n, names = len(sources), [c.name for c in record.catalogues]
    given = (
        "given" if record.host_fraction_given else (f"+- {record.host_fraction_error:.3f}, fitted")
    )
    secure, hostless, ambiguous, unknown = _kinds(sources).values()
    expected = expected_table(associations, sources, record, [0.5], None)
    lines = [
        f"{n} {names[0]} {plural(n, 'source')} matched to {' and '.join(names[1:])} within "
        f"{record.radius_arcsec:g} arcsec",
        f"  candidates         {record.n_candidates:>9,}",
        f"  host fraction      {record.host_fraction:>9.3f}  ({given})",
        f"  secure             {_count(secure, n)}  one association has p_match >= 0.9",
        f"  hostless           {_count(hostless, n)}  p_hostless >= 0.9"
        f"{_outside(record, n)}{_candidates(sources, hostless, names[1:])}",
        f"  ambiguous          {_count(ambiguous, n)}  everything else",
        expected_line(expected[0], names[1]),
        *learned_lines(record.auto_priors or {}),
        *(f"  {line}" for line in not_ok(record.checks or ())),
    ]
    if none := none_found(record):
        lines[2] += f"; {none}"
    if unknown.any():
        lines.insert(6, f"  unknown            {_count(unknown, n)}  no catalogue has looked")
    return "\n".join(lines)


def summary_numbers(associations: Table, sources: Table, record: MatchRecord) -> dict[str, Any]:
    """The same as numbers, for programs: what is unknown or does not exist is NaN."""
    outside, outside_error = outside_share(record)
    return {
        "catalogues": [{"name": c.name, "rows": c.rows} for c in record.catalogues],
        "radius_arcsec": record.radius_arcsec,
        "sources": len(sources),
        "dropped": dict(record.dropped or {}),
        "candidates": record.n_candidates,
        "associations": record.n_associations,
        "host_fraction": record.host_fraction,
        "host_fraction_error": record.host_fraction_error,
        "host_fraction_given": record.host_fraction_given,
        "share_outside_survey": outside,
        "share_outside_survey_error": outside_error,
        **{name: int(np.count_nonzero(which)) for name, which in _kinds(sources).items()},
        "expected": {
            c.name: expected_table(associations, sources, record, [0.5], c.name)
            for c in record.others
        },
        "checks": list(record.checks or ()),
        "seconds": dict(record.seconds),
    }


def _kinds(sources: Table) -> dict[str, np.ndarray]:
    """Which sources are of each kind."""
    unknown = ~looked_at(sources)
    p_hostless = np.where(unknown, 0.0, np.ma.getdata(sources["p_hostless"]))
    secure, hostless = np.asarray(sources["p_match"]) >= 0.9, p_hostless >= 0.9
    return {
        "secure": secure,
        "hostless": hostless,
        "ambiguous": ~(secure | hostless | unknown),
        "unknown": unknown,
    }


def _outside(record: MatchRecord, n: int) -> str:
    """That sources beyond the survey count as hostless, where that is known."""
    share, error = outside_share(record)
    if share == 0.0:
        return ""
    return (
        f"; among them those that seem to lie where {not_looked(record)}, {share * n:,.0f} +- "
        f"{error * n:,.0f} sources"
    )


def _candidates(sources: Table, hostless: np.ndarray, names: list[str]) -> str:
    """That hostless sources have candidates in ``sources``, too, and what these are."""
    named = np.any([np.asarray(sources[name]) >= 0 for name in names], axis=0)
    count = int(np.count_nonzero(hostless & named))
    if count == 0:
        return ""
    return f"; the best candidate that sources names for {count:,} of them is no identification"


def _count(which: np.ndarray, n: int) -> str:
    return f"{int(which.sum()):>9,} {100 * which.sum() / n:>5.1f}%"
