"""The folder that a fetch fills: a Parquet file per cell, and a manifest that says of what.

A cell is done when its file is there: files are written whole, those of cells without a row too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astropy.table import Table

from ... import __version__
from ..formats.arrow import astropy_notes, to_arrow
from ..formats.writing import replaced_together
from ..scan.fetched import CELL, FORMAT, MANIFEST, digest_of, read_manifest
from ..scan.files import ENDINGS
from .cells import Cell, area_of, cell_named
from .surveys import Survey

if TYPE_CHECKING:
    import pyarrow

#: in the metadata of a file: digest of the request that it is of
REQUEST_KEY = "bayesmatch_request"


@dataclass(frozen=True)
class Store:
    """A folder for the rows of a survey in a region."""

    folder: Path
    survey: Survey
    region: Any
    """a `mocpy.MOC`"""
    said: str
    """what the region is, in words"""

    @property
    def request(self) -> dict[str, Any]:
        """Everything that the rows depend on, in plain types."""
        asked = json.loads(json.dumps(asdict(self.survey)))
        return {"survey": asked, "region_sha256": digest_of(self.region.serialize("json"))}

    def begin(self, query: str) -> Mapping[str, Any]:
        """Make the folder ready; the manifest of a fetch that was interrupted, or a new one.

        Raises
        ------
        ValueError
            If the folder holds something else.
        """
        found = read_manifest(self.folder)
        if found is not None and (found["complete"] or self._parts()):
            if found["request"] != self.request:
                raise ValueError(
                    f"{self.folder} holds another fetch ({_told(found)}); give another folder, or "
                    "delete this one"
                )
            self._check_parts()
            return found
        strange = [p.name for p in self.folder.iterdir()] if self.folder.is_dir() else []
        strange = [name for name in strange if name not in (".lock", MANIFEST)]
        if strange:
            raise ValueError(
                f"{self.folder} is not empty (it has {sorted(strange)[0]}), and what is in it was "
                "not fetched; give a new folder"
            )
        record = {
            "format": FORMAT,
            "complete": False,
            "bayesmatch": __version__,
            "region": self.said,
            "area_deg2": area_of(self.region),
            "query": query,
            "request": self.request,
            "moc": self.region.serialize("json"),
        }
        self._write(record)
        return record

    def finish(self, record: Mapping[str, Any], **found: Any) -> None:
        """All cells are there."""
        self._write({**record, "complete": True, **found})

    def path(self, cell: Cell) -> Path:
        """The file of a cell."""
        return self.folder / f"{CELL}{cell}.parquet"

    def has(self, cell: Cell) -> bool:
        """Whether the rows of a cell are there."""
        return self.path(cell).is_file()

    def split(self) -> set[Cell]:
        """Cells of which parts are there: their answers were cut, and may not be a second time."""
        found = set()
        for path in self._parts():
            cell = cell_named(path.stem.removeprefix(CELL))
            while cell is not None and cell.order > self.survey.cell_order:
                cell = Cell(cell.order - 1, cell.number >> 2)
                found.add(cell)
        return found

    def rows(self, cell: Cell) -> int:
        """Rows of a cell that is there."""
        from pyarrow import parquet

        return int(parquet.read_metadata(self.path(cell)).num_rows)

    def put(self, cell: Cell, table: Table) -> int:
        """Write the rows of a cell, in an order that does not depend on the service; how many."""
        from pyarrow import parquet

        data = _ordered(to_arrow(table), self.survey)
        notes = {
            "EXTNAME": self.survey.name,
            "SKYAREA": repr(area_of(self.region)),
            REQUEST_KEY: self._digest,
            **astropy_notes(table[:0]),
        }
        with replaced_together([self.path(cell)]) as (temporary,):
            parquet.write_table(data.replace_schema_metadata(notes), temporary)
        return int(data.num_rows)

    @property
    def _digest(self) -> str:
        return hashlib.sha256(json.dumps(self.request, sort_keys=True).encode()).hexdigest()

    def _check_parts(self) -> None:
        """Raise unless all files of the folder are of this fetch."""
        from pyarrow import parquet

        for path in self._parts():
            try:
                notes = parquet.read_schema(path).metadata or {}
            except Exception as error:  # of whatever it holds
                raise ValueError(
                    f"{path}: cannot be read as Parquet; delete it, and fetch again"
                ) from error
            if notes.get(REQUEST_KEY.encode()) != self._digest.encode():
                raise ValueError(
                    f"{path}: is not of this fetch, and its rows would count; move it elsewhere"
                )

    def _parts(self) -> list[Path]:
        """The Parquet files that are there."""
        files = sorted(self.folder.iterdir())
        return [p for p in files if p.suffix in ENDINGS and not p.name.startswith((".", "_"))]

    def discard(self) -> None:
        """Leave nothing of a fetch that has found nothing."""
        for path in (*self._parts(), self.folder / MANIFEST):
            path.unlink(missing_ok=True)

    def _write(self, record: Mapping[str, Any]) -> None:
        with replaced_together([self.folder / MANIFEST]) as (temporary,):
            temporary.write_text(json.dumps(record, indent=1), encoding="utf-8")


def _ordered(data: pyarrow.Table, survey: Survey) -> pyarrow.Table:
    """Rows by right ascension, declination, and all other columns."""
    import pyarrow as pa

    flat = [f.name for f in data.schema if not pa.types.is_nested(f.type)]
    first = [n for n in flat if n.lower() == survey.ra.lower()]
    first += [n for n in flat if n.lower() == survey.dec.lower()]
    keys = list(dict.fromkeys([*first, *flat]))
    return data.sort_by([(name, "ascending") for name in keys])


def _told(record: Mapping[str, Any]) -> str:
    survey = record["request"].get("survey")
    name = survey.get("name") if isinstance(survey, Mapping) else None
    return f"{name or 'a survey'}, {record.get('region', 'another region')}"
