"""Whether two tables and a ``meta`` are a result: what was read is not trusted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from astropy.table import Column, Table

from ..catalogs.formats.cell_values import plain_column
from ..catalogs.formats.registry import check_columns
from ..catalogs.held import HeldCatalog
from ..catalogs.names import check_name
from ..catalogs.scalars import shown
from ..priors.prior_set import PriorSet
from .joined import joined_columns, known_columns
from .mending import check_catalogue_names, warn_of_changes
from .record import MatchRecord
from .record_check import check_meta
from .table_columns import later_columns, mean_ratio_column
from .tables import LIKELIHOOD_RATIOS, SAME_SOURCE, association_columns, source_columns

PROBABILITIES = ("p_any", "p_i", "p_match", "p_single", "p_hostless", "dist_post")
#: masked where no catalogue has looked
MAY_MISS = ("p_hostless", "log10_odds_host")
COUNTS = ("ncat", "match_flag", "n_candidates", "n_claims")
#: how far above 1 a probability may be by rounding
ROUNDING = 1e-9


def check_output(
    path: Any,
    catalogs: Sequence[Any],
    priors: Mapping[str, Sequence[Any]],
    *,
    include_inputs: bool,
) -> None:
    """Raise, before a match, if its result could not be written to a file of this format.

    Warns of what will be written in another way than it is.
    """
    prior_names = {name: [p.name for p in listed] for name, listed in priors.items()}
    own = association_columns(catalogs, prior_names)
    check_catalogue_names(path, [c.name for c in catalogs], [*own, *source_columns(catalogs)])
    joined = joined_columns(catalogs, map(known_columns, catalogs), own) if include_inputs else []
    names = [*own, *(column.name for column in joined if not column.left_out)]
    sources = source_columns(catalogs)
    for listed in (names, sources):
        check_columns(path, listed)
    warn_of_changes(path, names, sources, own, joined)


def own_columns(record: MatchRecord) -> list[str]:
    """Columns of the associations that are not those of the inputs."""
    own = association_columns(record.catalogues, record.priors, record.combinations)
    return [*own, *(LIKELIHOOD_RATIOS if record.likelihood_ratio else ())]


def given_catalogs(catalogues: Any) -> tuple[Any, ...]:
    """What was given as ``catalogues=``, as a tuple."""
    if isinstance(catalogues, str) or not isinstance(catalogues, Iterable):
        raise TypeError(
            f"catalogues is {shown(catalogues)}; give a list of the catalogues that were matched"
        )
    return tuple(catalogues)


def check_inputs(associations: Table, record: MatchRecord, catalogs: Sequence[Any]) -> None:
    """Raise unless these are the catalogues that were matched, in their order."""
    names = [c.name for c in record.catalogues]
    given = [getattr(c, "name", type(c).__name__) for c in catalogs]
    if given != names:
        raise ValueError(f"catalogues are {', '.join(given)}; give {', '.join(names)}, as matched")
    for catalog, matched in zip(catalogs, record.catalogues, strict=True):
        if catalog.n_listed != matched.rows or catalog.id_name != matched.id:
            raise ValueError(
                f"catalogue {catalog.name!r} has {catalog.n_listed} rows and identifiers "
                f"{catalog.id_name!r}, the one that was matched {matched.rows} and "
                f"{matched.id!r}; give that one"
            )
        rows = np.asarray(associations[catalog.name])
        there = np.flatnonzero(rows >= 0)
        column = associations[f"{catalog.name}_{catalog.id_name}"]
        there = there[~np.ma.getmaskarray(np.ma.asarray(column))[there]]
        part = catalog.input_rows(rows[there])
        if catalog.id_name not in part.colnames:
            continue
        values, _ = plain_column(part[catalog.id_name])
        found = np.char.strip(values.astype(str))
        differs = found != np.char.strip(np.ma.getdata(column)[there].astype(str))
        if differs.any():
            first = int(np.argmax(differs))
            raise ValueError(
                f"catalogue {catalog.name!r} has {str(found[first])!r} in row "
                f"{rows[there][first]}, where the one that was matched has "
                f"{str(column[there][first])!r}; give that one"
            )


def check_names(primary: HeldCatalog, others: Sequence[HeldCatalog], priors: PriorSet) -> None:
    """Refuse catalogue, identifier and prior names that would make two columns alike."""
    catalogs = (primary, *others)
    combinations = [p.name for p in priors.combinations]
    columns = association_columns(catalogs, priors.names(), combinations)
    reserved = [mean_ratio_column(other.name) for other in others]
    for names in (columns, [*source_columns(catalogs), *reserved]):
        twice = next((n for n in names if names.count(n) > 1), None)
        if twice is not None:
            raise ValueError(
                f"two columns of the result would be called {twice!r}; rename a catalogue "
                "(name=, --name on the command line), an identifier column or a prior"
            )


def check_result(associations: Table, sources: Table, meta: Any) -> None:
    """Raise a ValueError unless these tables, in this shape, belong together and to this meta."""
    check_meta(meta)
    record = MatchRecord.from_meta(meta)
    catalogues = record.catalogues
    names = [check_name(c.name) for c in catalogues]
    kinds = {f"{c.name}_{c.id}": "UiuS" for c in catalogues}
    claims = [f"n_claims_{name}" for name in names[1:]]
    kinds |= dict.fromkeys([*names, *COUNTS, *claims, SAME_SOURCE], "iu")
    kinds |= {later_columns(name)[1]: "b" for name in names[1:]}
    _check_columns(associations, "ASSOCIATIONS", own_columns(record), kinds)
    expected = source_columns(catalogues)
    later = [SAME_SOURCE, *(column for name in names[1:] for column in later_columns(name))]
    expected = with_mean_ratios(expected, names[1:], sources.colnames)
    for added in (claims, later):
        if not set(added) & set(sources.colnames):  # a file of an older version
            expected = [name for name in expected if name not in added]
    _check_columns(sources, "SOURCES", expected, kinds)
    if len(associations) != record.n_associations:
        raise ValueError(
            f"ASSOCIATIONS has {len(associations)} rows, and meta says {record.n_associations}"
        )
    matched = catalogues[0].n_inside
    if len(sources) != matched:
        raise ValueError(
            f"SOURCES has {len(sources)} rows, and the catalogue {names[0]} {matched} to match"
        )
    row = np.asarray(sources[names[0]])
    if matched == catalogues[0].rows and not np.array_equal(row, np.arange(matched)):
        raise ValueError(f"column {names[0]!r} of SOURCES is not 0, 1, 2 ...")
    if row[0] < 0 or row[-1] >= catalogues[0].rows or (np.diff(row) <= 0).any():
        raise ValueError(f"column {names[0]!r} of SOURCES has not rows of that catalogue in order")
    _check_primaries(associations, names, row)
    for catalogue in catalogues[1:]:
        for title, table in (("ASSOCIATIONS", associations), ("SOURCES", sources)):
            row = np.asarray(table[catalogue.name])
            _refuse(
                (row < -1) | (row >= catalogue.rows),
                f"column {catalogue.name!r} of {title} is no row of that catalogue, "
                f"which has {catalogue.rows}",
            )


def with_mean_ratios(
    expected: Sequence[str], names: Sequence[str], there: Sequence[str]
) -> list[str]:
    """Names of columns of sources, and those of mean ratios `there` behind each catalogue's."""
    behind = {later_columns(name)[1]: mean_ratio_column(name) for name in names}
    out: list[str] = []
    for column in expected:
        more = behind.get(column)
        out += [column] if more not in there or more is None else [column, more]
    return out


def _check_columns(
    table: Table, title: str, expected: Sequence[str], kinds: Mapping[str, str]
) -> None:
    """Raise unless the columns are there, and have values as a match gives them."""
    for name, there in zip(expected, [*table.colnames, *[None] * len(expected)], strict=False):
        if name != there:
            raise ValueError(f"{title} has no column {name!r} where it should be ({there!r})")
        column = table[name]
        if column.ndim != 1 or column.dtype.kind not in kinds.get(name, "f"):
            raise ValueError(f"column {name!r} of {title} is of type {column.dtype}")
        mask = getattr(column, "mask", None)
        may_miss = "U" in kinds.get(name, "f") or name in MAY_MISS
        if not may_miss and mask is not None and np.any(mask):
            raise ValueError(f"column {name!r} of {title} has missing values")
        if name in PROBABILITIES:
            values = np.asarray(column)[~missing_in(column)]
            _refuse(
                ~((values >= 0) & (values <= 1 + ROUNDING)),
                f"column {name!r} of {title} is no probability",
            )


def missing_in(column: Column) -> np.ndarray:
    """Which values of a column are missing, as far as some may be."""
    mask: np.ndarray = np.ma.getmaskarray(column)
    return mask | np.isnan(np.ma.getdata(column)) if column.name in MAY_MISS else mask


def _check_primaries(table: Table, names: Sequence[str], rows: np.ndarray) -> None:
    """Raise unless every primary has its rows together, the no-counterpart row first."""
    primary = np.asarray(table[names[0]])
    first = np.flatnonzero(np.diff(primary, prepend=-1))
    if not np.array_equal(primary[first], rows):
        raise ValueError(f"column {names[0]!r} of ASSOCIATIONS does not go through all sources")
    members = np.column_stack([np.asarray(table[name]) for name in names[1:]])
    count = 1 + np.count_nonzero(members >= 0, axis=1)
    _refuse(
        count != np.asarray(table["ncat"]),
        "column 'ncat' of ASSOCIATIONS is not the number of members",
    )
    alone = np.zeros(len(table), bool)
    alone[first] = True
    _refuse(
        alone != (count == 1),
        "the first row of each source in ASSOCIATIONS, and no other, must be without counterpart",
    )


def _refuse(bad: np.ndarray, text: str) -> None:
    if bad.any():
        raise ValueError(f"{text} (row {int(np.argmax(bad))})")
