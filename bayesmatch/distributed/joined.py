"""The catalogue that a match on LSDB gives: a result joined to the columns of both catalogues.

Nothing is searched any more: every row of the result knows the partition and the row of its
source, and those of its object.  An object of another partition is looked up in the margin, by its
position.
"""

from __future__ import annotations

from typing import Any

import nested_pandas as npd
import numpy as np
import pandas as pd
from hats.pixel_tree.pixel_alignment_types import PixelAlignmentType
from lsdb.io.schema import get_arrow_schema
from lsdb.operations.functions.merge_catalog_functions import (
    align_and_apply,
    align_catalogs,
    apply_suffixes,
    create_merged_catalog_info,
    filter_by_spatial_index_to_pixel,
    generate_meta_df_for_joined_tables,
    get_aligned_pixels_from_alignment,
    get_healpix_pixels_from_alignment,
)
from lsdb.operations.lsdb_ops import FromHealpixMap

from ..matching.result import MatchResult
from .found import Found
from .order import sky_key, sky_order
from .passes import pixel_number
from .sources import Sources
from .tables import result_frame

#: where the rows of a result belong: row of the source in its partition; partition of the object,
#: row there, position, and number among the objects of that position
SOURCE, HOME, AT, RA, DEC, RANK = (
    f"__{name}" for name in ("source", "home", "at", "ra", "dec", "rank")
)
KEYS = [SOURCE, HOME, AT, RA, DEC, RANK]
SUFFIX_METHOD = "all_columns"


def joined(
    primary: Any,
    secondary: Any,
    sources: Sources,
    found: Found,
    result: MatchResult,
    rows: str,
) -> Any:
    """The lazy LSDB catalogue of a result.

    Parameters
    ----------
    primary, secondary : lsdb.Catalog
        What was matched.
    sources, found : Sources, Found
        Their rows that were matched.
    result : MatchResult
        Of these.
    rows : {"associations", "sources"}
        Which of its tables.
    """
    i, j = members(sources, found, result, rows)
    extra = result_frame(result, rows, sources.held(i))
    rows_of = pd.concat([_places(sources, found, i, j), extra], axis=1)
    suffixes = (f"_{sources.name}", f"_{found.name}")
    alignment = align_catalogs(primary, secondary, alignment_type=PixelAlignmentType.LEFT)
    left, right = get_healpix_pixels_from_alignment(alignment)
    aligned = get_aligned_pixels_from_alignment(alignment)
    meta = joined_meta(primary, secondary, suffixes, extra)
    operation = align_and_apply(
        [
            (primary, left),
            (secondary, right),
            (secondary.margin, right),
            (_by_partition(primary, sources.home[i], rows_of), left),
            (None, aligned),
        ],
        join,
        meta,
        aligned,
        suffixes,
        (found.ra_name, found.dec_name, *found.table.colnames),
        meta,
        len(sources.aside) == 0,
    )
    return primary.__class__(
        operation, joined_structure(primary, secondary, suffixes, operation.meta, alignment)
    )


def members(
    sources: Sources, found: Found, result: MatchResult, rows: str
) -> tuple[np.ndarray, np.ndarray]:
    """Source and object (-1: none) of each row of a result's table."""
    table = result.sources if rows == "sources" else result.associations
    i, j = (np.asarray(table[c.name], dtype=np.int64) for c in (sources, found))
    return i, j


def joined_meta(
    primary: Any, secondary: Any, suffixes: tuple[str, str], extra: pd.DataFrame
) -> npd.NestedFrame:
    """Columns of both catalogues and `extra` ones, without rows."""
    return generate_meta_df_for_joined_tables(
        (primary, secondary),
        suffixes,
        suffix_method=SUFFIX_METHOD,
        extra_columns=extra.iloc[:0],
        log_changes=False,
    )


def joined_structure(
    primary: Any, secondary: Any, suffixes: tuple[str, str], meta: npd.NestedFrame, pixels: Any
) -> Any:
    """What LSDB knows of a joined catalogue; `pixels` has its ``pixel_tree`` and ``moc``."""
    info = create_merged_catalog_info(
        primary, secondary, f"{primary.name}_x_{secondary.name}", suffixes, SUFFIX_METHOD
    )
    return primary.hc_structure.__class__(
        info, pixels.pixel_tree, schema=get_arrow_schema(meta), moc=pixels.moc
    )


def _places(sources: Sources, found: Found, i: np.ndarray, j: np.ndarray) -> pd.DataFrame:
    """Where the rows of a table belong: of its sources i and objects j, -1 where there is none."""
    key = sky_key(found.table.to_pandas(), found.ra_name, found.dec_name)
    there = j >= 0
    out = pd.DataFrame({SOURCE: sources.at[i]})
    for name, values, absent in (
        (HOME, found.home, -1),
        (AT, found.at, -1),
        (RA, key.real, np.nan),
        (DEC, key.imag, np.nan),
        (RANK, found.rank, -1),
    ):
        column = np.full(len(j), absent, values.dtype)
        column[there] = values[j[there]]
        out[name] = column
    return out


def _by_partition(primary: Any, home: np.ndarray, rows: pd.DataFrame) -> Any:
    """Rows as an LSDB catalogue with the partitions of the primary.

    `home`: (n,) number of each row's partition.  Every task gets the rows of its own.
    """
    order = np.lexsort((rows[SOURCE].to_numpy(), home))  # keeps the order within a source
    pixels = list(primary.get_healpix_pixels())
    number = np.array([pixel_number(pixel) for pixel in pixels])
    first = np.searchsorted(home[order], number, side="left")
    last = np.searchsorted(home[order], number, side="right")
    parts = [
        # A copy: a slice would take the whole with it wherever it travels.
        rows.take(order[a:b]).reset_index(drop=True)
        for a, b in zip(first, last, strict=True)
    ]
    meta = npd.NestedFrame(rows.iloc[:0])
    operation = FromHealpixMap(_its_part, pixels, meta=meta, map_kwargs={"part": parts})
    return primary.__class__(operation, primary.hc_structure)


def _its_part(pixel: Any, part: pd.DataFrame) -> npd.NestedFrame:
    return npd.NestedFrame(part)


def join(*given: Any) -> npd.NestedFrame:
    """Rows of one partition, with the columns of both catalogues; LSDB calls this.

    Of the primary, the survey, its margin, the result and nothing there are a partition, a pixel
    and properties each; then suffixes, columns that tell objects of one position apart (those of
    the position first), an empty frame as it is to be, and whether every source was matched.
    """
    left, right, margin, part, _ = given[:5]
    left_pixel, right_pixel, _, _, aligned = given[5:10]
    left_info = given[10]
    suffixes, columns, meta, all_matched = given[15:]
    if left is None or len(left) == 0 or (len(part) == 0 and not all_matched):
        return meta
    n_matched = part[SOURCE].max() + 1  # NaN of no rows
    if not (len(left) == n_matched or (len(left) > n_matched and not all_matched)):
        raise ValueError(_changed(left_pixel))
    if aligned.order > left_pixel.order:
        at = pd.DataFrame({"at": np.arange(len(left))}, index=left.index)
        order = left_info.healpix_order
        at = filter_by_spatial_index_to_pixel(
            at, aligned.order, aligned.pixel, spatial_index_order=order
        )
        part = part[np.isin(part[SOURCE].to_numpy(), at["at"].to_numpy())]
        if len(part) == 0:
            return meta
    j, objects = _objects(part, right, margin, right_pixel, columns)
    left, objects = apply_suffixes(left, objects, suffixes, SUFFIX_METHOD, log_changes=False)
    out = left.iloc[part[SOURCE].to_numpy()].copy()
    # Objects by number, so that -1 is one that does not exist: missing values in each type.
    objects = objects.reset_index(drop=True).reindex(j)
    extra = part.drop(columns=KEYS)
    for frame in (objects, extra):
        frame.index = out.index
    return npd.NestedFrame(pd.concat([out, objects, extra], axis=1))


def _objects(
    part: pd.DataFrame,
    right: pd.DataFrame,
    margin: pd.DataFrame | None,
    pixel: Any,
    columns: tuple[str, ...],
) -> tuple[np.ndarray, pd.DataFrame]:
    """Rows of the objects of a part of the result, -1 for none, and the frame they are rows of."""
    home, at = part[HOME].to_numpy(), part[AT].to_numpy()
    here = np.zeros(len(part), bool) if pixel is None else home == pixel_number(pixel)
    if len(at[here]) and at[here].max() >= len(right):
        raise ValueError(_changed(pixel))
    j = np.where(here, at, -1)
    away = np.flatnonzero((home >= 0) & ~here)
    if not len(away):
        return j, right
    key = part[RA].to_numpy()[away] + 0j
    key.imag = part[DEC].to_numpy()[away]
    row = np.full(len(away), -1)
    if margin is not None and len(margin):
        names = list(dict.fromkeys(columns))
        order = sky_order(margin[names], *columns[:2])
        have = sky_key(margin, *columns[:2])[order]
        place = np.searchsorted(have, key) + part[RANK].to_numpy()[away]
        inside = place < len(have)
        inside[inside] = have[place[inside]] == key[inside]
        row[inside] = order[place[inside]]
    if (row < 0).any():
        lost = key[row < 0][0]
        raise ValueError(
            f"the object at {lost.real:.7f}, {lost.imag:+.7f} is in another partition and not in "
            "the margin of this one: counterparts across the borders of partitions are lost; make "
            "the margin from the catalogue as it is, and larger than the radius (and the shift of "
            "the frame that errors='fit' finds)"
        )
    j[away] = len(right) + row
    return j, pd.concat([right, margin])


def _changed(pixel: Any) -> str:
    return (
        f"the partition {pixel} has not the rows that it had when it was matched; match again, "
        "with catalogues that give the same rows whenever they are computed"
    )
