"""What the table of the page is made of: every source, and its candidates with their terms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...catalogs.area import FULL_SKY_DEG2
from ...catalogs.formats.storage import parts_of
from ...matching.result import MatchResult
from ...matching.table_columns import later_columns
from ..published.core import CLASSES, classes
from ..published.inputs import source_of
from .pairs import Pairs, Places, numbers

#: candidates of a source that the page has, and below which probability only the first few
MOST, FEW, LIKELY = 8, 3, 1e-3
#: log10 of what is smaller is written so
FLOOR = -300.0


def page_data(result: MatchResult, sources: Places, pairs: Sequence[Pairs]) -> dict[str, Any]:
    """All that the page shows of single sources, as JSON can hold it.

    Returns
    -------
    dict
        ``columns``: of the table, each with ``name``, ``text`` (its description), ``kind``
        ("text", "number", "class") and ``values`` by source; ``start`` (n + 1): where the
        candidates of each source begin in ``candidates``, whose lists are by association, the most
        probable first: identifiers, separations, offsets and terms; ``left``: how many more each
        has.
    """
    kept, start, left = _kept(result)
    return {
        "primary": result.catalogue_names[0],
        "others": result.catalogue_names[1:],
        "radius": result.record.radius_arcsec,
        "classes": list(CLASSES),
        "columns": _columns(result),
        "sigma": rounded(sources.sigma, 3),
        "start": start.tolist(),
        "left": left.tolist(),
        "candidates": _candidates(result, kept, pairs),
    }


def _columns(result: MatchResult) -> list[dict[str, Any]]:
    record, table = result.record, result.sources
    primary, *others = record.catalogues
    found = [
        _text(result, f"{primary.name}_{primary.id}", f"{primary.name} {primary.id}"),
        {
            "name": "class",
            "text": "secure: p_match at or above 0.9; hostless: p_hostless at or above 0.9; "
            "outside: no catalogue has looked; ambiguous: everything else",
            "kind": "class",
            "values": [CLASSES.index(str(c)) for c in classes(result)],
        },
    ]
    names = ["p_match", "p_hostless"]
    for other in others:
        found.append(_text(result, f"{other.name}_{other.id}", f"{other.name} {other.id}"))
        names += [f"Separation_{primary.name}_{other.name}", f"p_{other.name}"]
    names += ["n_candidates", "n_claims", "p_any", "p_i"]
    for name in names:
        if name in table.colnames and name not in [c["name"] for c in found]:
            column = table[name]
            found.append(
                {
                    "name": name,
                    "text": column.description or name,
                    "kind": "number",
                    "values": rounded(numbers(column), 4),
                }
            )
    return found


def _text(result: MatchResult, name: str, text: str) -> dict[str, Any]:
    return {"name": name, "text": text, "kind": "text", "values": texts(result.sources[name])}


def texts(column: Any) -> list[str | None]:
    """Cells as text, None where they are masked."""
    values, mask = parts_of(column)
    gone = np.zeros(len(values), bool) if mask is None else mask
    return [None if no else str(v).strip() for v, no in zip(values.tolist(), gone, strict=True)]


def _kept(result: MatchResult) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of associations that the page has, by source and rank; where each begins; the rest."""
    table, n = result.associations, len(result.sources)
    primary = source_of(result)
    rows = np.flatnonzero(np.asarray(table["ncat"]) > 1)
    p = np.asarray(table["p_match"], float)[rows]
    nway = np.asarray(table["p_i"], float)[rows]
    order = rows[np.lexsort((rows, -nway, -p, primary[rows]))]
    owner = primary[order]
    begin = np.searchsorted(owner, np.arange(n + 1))
    rank = np.arange(len(order)) - begin[owner]
    likely = np.asarray(table["p_match"], float)[order] >= LIKELY
    keep = (rank < FEW) | (likely & (rank < MOST))
    count = np.bincount(owner[keep], minlength=n)
    return order[keep], np.append(0, np.cumsum(count)), np.diff(begin) - count


def _candidates(result: MatchResult, kept: np.ndarray, pairs: Sequence[Pairs]) -> dict[str, Any]:
    """The lists by association."""
    record, table = result.record, result.associations
    primary, *others = record.catalogues
    source = source_of(result, kept)
    out: dict[str, Any] = {"id": [], "separation": [], "offset": []}
    for other, pair in zip(others, pairs, strict=True):
        rows = np.asarray(table[other.name])[kept]
        ids = texts(table[f"{other.name}_{other.id}"][kept])
        out["id"].append(
            [
                None if row < 0 else text if text is not None else f"row {row}"
                for row, text in zip(rows.tolist(), ids, strict=True)
            ]
        )
        separation = np.asarray(table[f"Separation_{primary.name}_{other.name}"], float)[kept]
        out["separation"].append(rounded(separation, 4))
        out["offset"].append(_offsets(pair, source, rows))
    p_match = np.asarray(table["p_match"], float)[kept]
    terms = _terms(result, kept, source)
    out["terms"] = [{"name": name, "values": _decimals(values)} for name, values in terms.items()]
    out["p_match"] = rounded(p_match, 4)
    out["p_i"] = rounded(np.asarray(table["p_i"], float)[kept], 4)
    return out


def _offsets(pair: Pairs, source: np.ndarray, rows: np.ndarray) -> list[Any]:
    """East and north offsets of members, two numbers each; None where there is none."""
    if len(pair.row) == 0:
        return [None] * (2 * len(rows))
    width = int(max(pair.row.max(), rows.max(initial=0))) + 1
    at = np.searchsorted(pair.primary * width + pair.row, source * width + np.maximum(rows, 0))
    found = pair.offset[np.minimum(at, len(pair.row) - 1)]
    found = np.where((rows < 0)[:, None], np.nan, found)
    return _decimals(found.ravel())


def _terms(result: MatchResult, kept: np.ndarray, source: np.ndarray) -> dict[str, np.ndarray]:
    """Log10 terms of associations, which sum to ``total``: p_match over p_hostless."""
    record, table = result.record, result.associations
    with np.errstate(divide="ignore", invalid="ignore"):
        column = "dist_bayesfactor_tails"
        column = column if column in table.colnames else "dist_bayesfactor_uncorrected"
        terms = {"position": np.asarray(table[column], float)[kept]}
        density = np.zeros(len(kept))
        for other in record.others:
            name = later_columns(other.name)[0]
            there = np.asarray(table[other.name])[kept] >= 0
            if name in result.sources.colnames:
                full = np.log10(np.asarray(result.sources[name], float)[source] * FULL_SKY_DEG2)
            else:
                full = np.full(len(kept), other.log10_full_sky)
            density -= np.where(there, full, 0.0)
        terms["density"] = density
        for bias in record.bias_columns:
            prior = np.log10(np.asarray(table[bias], float)[kept])
            terms[bias.removeprefix("bias_")] = prior
        p_match = np.asarray(table["p_match"], float)[kept]
        odds = numbers(result.sources["log10_odds_host"])[source]
        # log10 of p_hostless, from the odds, which do not saturate.
        hostless = -np.logaddexp(0.0, odds * np.log(10.0)) / np.log(10.0)
        total = np.log10(p_match) - hostless
        known = np.sum(list(terms.values()), axis=0)
        terms["rest"] = total - known
        terms["total"] = total
    return terms


def _decimals(values: np.ndarray) -> list[float | None]:
    """Numbers with two decimals; None where there is none, far below: the floor."""
    clipped = np.where(np.isneginf(values), FLOOR, values)
    with np.errstate(invalid="ignore"):
        plain = np.round(np.where(np.isfinite(clipped), clipped, np.nan), 2) + 0.0
    return [None if v != v else int(v) if v == int(v) else v for v in plain.tolist()]


def rounded(values: np.ndarray, digits: int) -> list[float | None]:
    """Numbers with so many significant digits, as short as can be; None where there is none."""
    short = [float(f"{v:.{digits}g}") if math.isfinite(v) else None for v in values.tolist()]
    return [int(v) if v is not None and abs(v) < 1e15 and v == int(v) else v for v in short]
