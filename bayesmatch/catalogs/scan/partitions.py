"""Partition values: what the names of directories (``year=2019``) say of the rows below them."""

from __future__ import annotations

import datetime
import decimal
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from .footers import column_range

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet

#: what Hive writes for a missing partition value
HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
#: statistics of texts may be cut at such a length
CUT_TEXT = 60

Values = Mapping[str, str | None]


def partition_values(file: Path, root: Path | None) -> dict[str, str | None]:
    """The ``key=value`` directories between the root and a file.

    Without a root all directories of the path count, the innermost first; those that are not
    well formed may belong to anything, and are left out.

    Raises
    ------
    ValueError
        If a directory below the root has no key or value, or a key comes twice.
    """
    folders = (file if root is None else file.relative_to(root)).parts[:-1]
    values: dict[str, str | None] = {}
    for folder in folders:
        if "=" not in folder:
            continue
        name, _, coded = folder.partition("=")
        try:
            value = None if coded == HIVE_NULL else _decoded(name, coded)
        except ValueError as error:
            if root is None:
                continue
            raise ValueError(
                f"{file}: its directory {folder!r} is no key=value ({error}); rename it"
            ) from None
        if name in values and root is not None:
            raise ValueError(
                f"{file}: two of its directories give {name!r}, as {values[name]!r} and "
                f"{value!r}; rename one"
            )
        values[name] = value
    return values


def _decoded(key: str, text: str) -> str:
    """A value whose special characters stand as ``%20`` and the like."""
    if not key or not text:
        raise ValueError("one side is empty")
    if re.search("%(?![0-9A-Fa-f]{2})", text):
        raise ValueError("a % is not followed by two hexadecimal digits")
    return unquote_to_bytes(text).decode()


def partition_fields(all_values: Sequence[Values]) -> list[pa.Field]:
    """Columns that stand in the directories' names: integers where every value is one, or text."""
    import pyarrow as pa

    fields = []
    for key in all_values[0]:
        values = [v for v in (one[key] for one in all_values) if v is not None]
        fits = values and all(
            re.fullmatch("-?[0-9]{1,10}", v) and abs(int(v)) < 2**31 for v in values
        )
        fields.append(pa.field(key, pa.int32() if fits else pa.string()))
    return fields


def check_partition(path: Path, file: parquet.ParquetFile, values: Values) -> None:
    """Raise a ValueError if a column of a file contradicts the name of its directory."""
    for key, value in values.items():
        for low, high in column_range(file, key):
            if any(_differ(value, stored) for stored in (low, high)):
                raise ValueError(
                    f"{path}: column {key!r} holds {low!s} to {high!s}, and its directory says "
                    f"{key}={HIVE_NULL if value is None else value}; move the file or repair it"
                )


def _differ(text: str | None, stored: Any) -> bool:
    """Whether a partition value is certainly another than a value in the file."""
    if text is None:
        return True
    if isinstance(stored, bool):
        return text.lower() not in (str(stored).lower(), str(int(stored)))
    if isinstance(stored, (int, float, decimal.Decimal)):
        try:
            return math.isfinite(stored) and decimal.Decimal(text) != decimal.Decimal(stored)
        except decimal.InvalidOperation:
            return True
    if isinstance(stored, bytes):
        stored = stored.decode("utf-8", "replace")
    if isinstance(stored, str):
        return stored != text and max(len(stored), len(text)) < CUT_TEXT
    if type(stored) is datetime.date:
        return stored.isoformat() != text
    return False
