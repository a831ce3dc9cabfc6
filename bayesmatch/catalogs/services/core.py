"""``fetch``: the rows of a survey in a region, cell by cell, into a data set that is scanned."""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table

from ..._kernels.progress import bar
from ..area import contains
from ..formats.writing import check_place
from ..scalars import number_within, shown, true_or_false
from ..scan.catalog import ScannedCatalog
from ..scan.fetched import MANIFEST
from ..scan.lock import locked
from .cells import SMALLEST, Cell, area_of, cells_of, circle_around, region_of
from .store import Store
from .surveys import Survey, survey_named
from .tap import CutError, TapService

#: around sources: the field beside them is counted as well
MARGIN_ARCSEC = 300.0


@dataclass(frozen=True)
class Fetched:
    """What a fetch has brought."""

    folder: Path
    survey: Survey
    area_deg2: float
    """of the region that was asked for"""
    n_rows: int
    n_cells: int
    n_kept: int
    """cells that were there already"""
    n_queries: int

    def scan(self, **how: Any) -> ScannedCatalog:
        """The data set as a catalogue: :meth:`bayesmatch.Catalog.scan`, with its columns known.

        Parameters
        ----------
        **how
            As for :meth:`bayesmatch.Catalog.scan`; `pos_err` has to be given.
        """
        return ScannedCatalog(self.folder, **{**self.columns, **how})

    @property
    def columns(self) -> dict[str, str]:
        """Names of the position columns, as the data set has them."""
        from pyarrow import parquet

        first = next(p for p in sorted(self.folder.iterdir()) if p.suffix == ".parquet")
        names = parquet.read_schema(first).names
        asked = {"ra": self.survey.ra, "dec": self.survey.dec}
        return {key: named_in(names, self.survey, name) for key, name in asked.items()}


def fetch(
    survey: str | Survey,
    region: Any,
    out: str | os.PathLike,
    *,
    margin: float = MARGIN_ARCSEC,
    timeout: float = 600.0,
    progress: bool = False,
) -> Fetched:
    """Fetch the rows of a survey in a region from its TAP service, as a Parquet data set.

    :meth:`bayesmatch.Catalog.scan` and ``bayesmatch match`` take the folder, and know its area: the
    region, a MOC. The region is cut into cells that are asked for one by one; a row is in one of
    them. A cell whose answer a limit of the service has cut is asked for in parts. Called again
    with the same arguments, an interrupted fetch goes on; what was not finished is no catalogue.

    Parameters
    ----------
    survey : str or Survey
        A name in ``bayesmatch.catalogs.services.SURVEYS``, or a table of any service.
    region : mocpy.MOC, (ra, dec, radius) or Catalog
        A MOC; a circle, in degrees, of which all HEALPix cells are fetched that it touches; the
        surroundings of the sources of a catalogue.
    out : path
        A folder, new or of the same fetch.
    margin : float, default 300
        Around the sources of a catalogue, arcsec: the radius of the match, and enough beside it to
        count the field in.
    timeout : float, default 600
        Seconds to wait for the answer to a query.
    progress : bool, default False
        Draw a bar.

    Returns
    -------
    Fetched
        With the numbers of rows, cells and queries; ``fetched.scan(pos_err=...)``.

    Raises
    ------
    ImportError
        If pyvo is not installed (``pip install 'bayesmatch[services]'``).
    OSError
        If the service cannot be reached; what has been fetched is kept.
    ValueError, TypeError
        If an argument is wrong, the folder holds something else, the service refuses the query, a
        limit cuts the smallest cells, or there is no row in the region.
    """
    asked = survey if isinstance(survey, Survey) else survey_named(survey)
    moc, said = region_of(region, margin)
    seconds = number_within("timeout", timeout, 0.0, 86_400.0, open_low=True)
    try:
        folder = Path(os.path.expanduser(os.fspath(out)))
    except TypeError:
        raise TypeError(f"out is {shown(out)}; give the name of a folder") from None
    check_place(folder / MANIFEST)
    show = true_or_false("progress", progress)
    with contextlib.closing(TapService(asked, timeout=seconds)) as service:
        return fetch_cells(service, Store(folder, asked, moc, said), show)


def fetch_cells(service: TapService, store: Store, progress: bool = False) -> Fetched:
    """Fetch all cells of a region that are not there yet; see :func:`fetch`."""
    survey, begun = store.survey, datetime.datetime.now(datetime.UTC)
    with locked(store.folder, "data set"):
        record = store.begin(query_text(survey, ("{ra}", "{dec}", "{radius}")))
        waiting = cells_of(store.region, survey.cell_order)[::-1]
        split = store.split()
        n_rows = n_cells = n_kept = 0
        with bar(len(waiting), survey.name, show=progress, unit="cell") as shown_bar:
            share = {cell: 1.0 for cell in waiting}
            while waiting:
                cell = waiting.pop()
                part = cell.of(store.region)
                if part.empty():
                    shown_bar.update(share[cell])
                    continue
                if store.has(cell):
                    n_kept += 1
                    n_rows += store.rows(cell)
                else:
                    try:
                        if cell in split:
                            raise CutError  # it was
                        n_rows += store.put(cell, _rows_of(service, part))
                    except CutError as error:
                        parts = _smaller(cell, error)
                        share |= {one: share[cell] / 4 for one in parts}
                        waiting += parts[::-1]
                        continue
                n_cells += 1
                shown_bar.update(share[cell])
        if n_rows == 0:
            store.discard()
            raise ValueError(
                f"{survey.name} has no row {store.said}; the survey may not cover it"
                + (f", or {survey.where!r} leaves none" if survey.where else "")
            )
        store.finish(
            record,
            rows=n_rows,
            cells=n_cells,
            begun=begun.isoformat(timespec="seconds"),
            finished=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        )
    area = area_of(store.region)
    return Fetched(store.folder, survey, area, n_rows, n_cells, n_kept, service.queries)


def query_text(survey: Survey, circle: tuple[str, str, str]) -> str:
    """The query for the rows in a circle (ra, dec, radius; degrees, as texts)."""
    more = f" AND ({survey.where})" if survey.where.strip() else ""
    return (
        f"SELECT {survey.selected} FROM {survey.table} WHERE CONTAINS(POINT('ICRS', {survey.ra}, "
        f"{survey.dec}), CIRCLE('ICRS', {', '.join(circle)})) = 1{more}"
    )


def _rows_of(service: TapService, part: Any) -> Table:
    """The rows in a part of a cell, a `mocpy.MOC`."""
    survey = service.survey
    ra, dec, radius = circle_around(part)
    table = service.query(query_text(survey, (f"{ra:.9f}", f"{dec:.9f}", f"{radius:.9f}")))
    names = [named_in(table.colnames, survey, name) for name in (survey.ra, survey.dec)]
    if not len(table):
        return table
    position: list[np.ndarray] = [
        np.ma.filled(np.ma.asarray(table[n], float), np.nan) for n in names
    ]
    inside = np.isfinite(position[0]) & np.isfinite(position[1])
    inside[inside] = contains(part, position[0][inside] % 360.0, position[1][inside])
    return table[inside]


def named_in(columns: Sequence[str], survey: Survey, name: str) -> str:
    """The column of an answer that a name stands for; services do not all keep the case."""
    bare = name.strip('"').lower()
    found = next((c for c in columns if c.lower() == bare), None)
    if found is None:
        raise ValueError(
            f"{survey.tap}: its answer has no column {name!r} (it has {', '.join(columns[:12])}); "
            "give the columns of the position (ra=, dec=; --ra, --dec on the command line)"
        )
    return found


def _smaller(cell: Cell, error: CutError) -> list[Cell]:
    """The parts of a cell whose answer was cut."""
    if cell.order >= SMALLEST:
        raise ValueError(
            f"{error}, even for a cell of {58.6 * 60 / 2**cell.order:.2g} arcmin; a survey "
            "that is cut is none: leave rows out with a condition (where=, --where on the command "
            "line), or ask another service"
        ) from None
    return cell.parts()
