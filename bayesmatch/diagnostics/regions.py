"""A result as regions of DS9: sources as error circles or ellipses, candidates as points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..catalogs.formats.storage import parts_of
from ..catalogs.tails import profile_with
from .explanation.inputs import all_input_rows

if TYPE_CHECKING:
    from ..matching.result import MatchResult

HEADER = "# Region file format: DS9 version 4.1\nglobal width=2\nfk5\n"
#: from which probability on a source is one or the other, as the result's summary has it
CLEAR = 0.9
COLORS = {"secure": "green", "ambiguous": "yellow", "hostless": "red", "unknown": "cyan"}
#: of the error regions
SHARE = 0.68


def ds9_regions(result: MatchResult, min_p: float = 0.01) -> str:
    """Regions of all sources and their candidates, for DS9.

    Parameters
    ----------
    result : MatchResult
        In memory, or from a file that has the input columns.
    min_p : float, default 0.01
        Candidates that are less probable are left out.

    Returns
    -------
    str
        The region file: in degrees (fk5) and arcsec, 68% error circles or ellipses of the sources
        (green: secure, an association has p_match >= 0.9; red: hostless, p_hostless >= 0.9;
        yellow: all others; cyan: no catalogue has looked there), and points where candidates are,
        with their identifier and probability.

    Raises
    ------
    ValueError
        If the result does not have the positions.
    """
    kinds = source_kinds(result)
    lines = [HEADER + f"# sources: {SHARE:.0%} error; " + ", ".join(map(": ".join, COLORS.items()))]
    primary = result.catalogue_names[0]
    known = _known(result, 0)
    reach = profile_with(result.record.catalogues[0].tails).quantile(SHARE)
    rows = np.asarray(result.sources[primary])
    ids = result.sources[f"{primary}_{_id_name(result, 0)}"]
    at, covariance = _places(known, rows)
    for n, kind in enumerate(kinds):
        shape = _shape(at[n], covariance[n], reach)
        lines.append(f"{shape} # color={COLORS[kind]} text={{{_text(ids[n])}}}")
    for k in range(1, len(result.catalogue_names)):
        lines += _candidates(result, k, min_p, dict(zip(rows.tolist(), kinds, strict=True)))
    return "\n".join(lines) + "\n"


def source_kinds(result: MatchResult) -> list[str]:
    """Of every source: secure, hostless, ambiguous, or unknown where nobody has looked."""
    p_hostless = _numbers(result.sources["p_hostless"], np.nan)
    p_match = _numbers(result.sources["p_match"], 0.0)
    kinds = np.select(
        [np.isnan(p_hostless), p_match >= CLEAR, p_hostless >= CLEAR],
        ["unknown", "secure", "hostless"],
        "ambiguous",
    )
    return [str(kind) for kind in kinds]


def _candidates(result: MatchResult, k: int, min_p: float, kinds: dict[int, str]) -> list[str]:
    """A point for each object of catalogue k and source that may have it."""
    table, name = result.associations, result.catalogue_names[k]
    member = np.asarray(table[name])
    own = np.asarray(table[result.catalogue_names[0]])
    there = np.flatnonzero(member >= 0)
    pairs, first, inverse = np.unique(
        np.column_stack([own[there], member[there]]), axis=0, return_index=True, return_inverse=True
    )
    p_match = _numbers(table["p_match"], 0.0)[there]
    p = np.bincount(inverse.ravel(), p_match, minlength=len(pairs))
    keep = p >= min_p
    pairs, p, at_row = pairs[keep], p[keep], there[first[keep]]
    if len(pairs) == 0:
        return []
    at, _ = _places(_known(result, k), pairs[:, 1])
    ids = table[f"{name}_{_id_name(result, k)}"][at_row]
    return [
        f"point({ra:.7f},{dec:.7f}) # point=cross color={COLORS[kinds[int(source)]]} "
        f"text={{{_text(f'{name} {one}')} p={share:.3f}}}"
        for (ra, dec), source, one, share in zip(at, pairs[:, 0], ids, p, strict=True)
    ]


def _known(result: MatchResult, k: int) -> tuple[np.ndarray, Any, bool]:
    """Rows of catalogue k that are known, sorted; the catalogue of them; whether errors are."""
    if result._catalogs:
        return np.arange(0), result._catalogs[k], True
    name = result.catalogue_names[k]
    found = all_input_rows(result, k)
    if found is None:
        raise ValueError(
            f"the result does not have the positions of {name}: match again without --no-inputs, "
            "or write it with include_inputs=True"
        )
    rows, known = found
    return rows, known.catalog, known.error_known


def _places(known: tuple[np.ndarray, Any, bool], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions (n, 2), degrees, and covariances (n, 3), arcsec^2, NaN where not known."""
    listed, catalog, errors = known
    at = np.searchsorted(listed, rows) if len(listed) else catalog.held(rows)
    covariance = catalog.covariance(at) if errors else np.full((len(at), 3), np.nan)
    return np.column_stack([catalog.ra[at], catalog.dec[at]]), covariance


def _shape(at: np.ndarray, covariance: np.ndarray, reach: float) -> str:
    """A circle, an ellipse, or a point where the error is not known."""
    ra, dec = at
    east, north, mixed = covariance
    if not np.isfinite(covariance).all():
        return f"point({ra:.7f},{dec:.7f})"
    if east == north and mixed == 0.0:
        return f'circle({ra:.7f},{dec:.7f},{reach * np.sqrt(east):.4f}")'
    mean, half = (east + north) / 2, np.hypot((east - north) / 2, mixed)
    major, minor = reach * np.sqrt(mean + half), reach * np.sqrt(max(mean - half, 0.0))
    # east of north; DS9 turns the first axis counterclockwise from where west is
    pa = np.degrees(0.5 * np.arctan2(2 * mixed, north - east))
    return f'ellipse({ra:.7f},{dec:.7f},{major:.4f}",{minor:.4f}",{(pa + 90) % 180:.2f})'


def _id_name(result: MatchResult, k: int) -> str:
    return str(result.record.catalogues[k].id)


def _numbers(column: Any, missing: float) -> np.ndarray:
    values, mask = parts_of(column)
    return np.where(False if mask is None else mask, missing, values.astype(np.float64))


def _text(value: Any) -> str:
    """A text that a region's braces can hold, in one line."""
    return " ".join(str(value).translate({ord("{"): "(", ord("}"): ")"}).split())
