"""A Parquet data set: its files in order, with one schema between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..scalars import plural
from .partitions import partition_fields
from .parts import Files, Part, open_parts

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class DataSet:
    """What is read from when rows of a scanned catalogue are asked for."""

    name: str
    """of the catalogue"""
    parts: Sequence[Part] = field(repr=False)
    """the files, in the order of the rows"""
    schema: pa.Schema = field(repr=False)
    """columns of the files, and those that stand in the names of their directories"""
    partition_names: Sequence[str]
    """the latter"""
    stored: str
    """a column that is in the files; rows are counted by it where no other is wanted"""

    @classmethod
    def open(
        cls, name: str, files: Files, schema: pa.Schema, bounds_of: tuple[str, ...]
    ) -> DataSet:
        """Read the footers of all files, with the bounds of some columns, the positions first.

        Raises
        ------
        FileNotFoundError, ValueError
            If a file has gone, is damaged, has other columns than the first, or none has rows.
        """
        parts, schema = open_parts(files, schema, bounds_of)
        extra = [
            f
            for f in partition_fields([part.partition for part in parts])
            if f.name not in schema.names
        ]
        for column in extra:
            schema = schema.append(column)
        found = cls(name, parts, schema, [f.name for f in extra], bounds_of[0])
        if found.n_rows == 0:
            raise ValueError(
                f"catalogue {name!r} is empty: there are no rows in its "
                f"{len(parts)} {plural(len(parts), 'file')}; check the path or the selection that "
                "made it"
            )
        return found

    @property
    def n_rows(self) -> int:
        """Rows of all files."""
        return sum(part.n_rows for part in self.parts)

    def locate(self, row: int) -> tuple[Path, int]:
        """File and row in it of a row of the data set."""
        first = np.array([part.first_row for part in self.parts])
        # The last of equal numbers: files without rows come before the one that has it.
        k = int(np.searchsorted(first, row, side="right")) - 1
        return self.parts[k].path, int(row - first[k])
