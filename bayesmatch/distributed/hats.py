"""HATS catalogues by path or address, as any catalogue of a match but the first."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import lsdb
import numpy as np
from astropy.table import Table, vstack

from ..catalogs.area import moc_of
from ..catalogs.catalog import Catalog
from ..catalogs.errors import error_entries
from ..catalogs.far import FarCatalog
from ..catalogs.held import HeldCatalog
from ..catalogs.identifiers import read_identifiers
from ..catalogs.known import warn_of_known
from ..catalogs.quoted import read_errors
from ..catalogs.scalars import shown, shown_text
from ..catalogs.scan.catalog import ScannedCatalog
from ..catalogs.sky_box import SkyBox
from ..catalogs.values import ColumnValues
from .found import find_rows
from .partition import Survey, plain_table
from .passes import over_partitions, pixel_number
from .reading import together
from .sizes import as_identifier, count_rows, survey_area
from .sources import columns_for

#: of what a library says, that is passed on
SAID = 240


def open_hats(
    address: str,
    *,
    name: str | None = None,
    pos_err: Any = None,
    area: Any = None,
    ra: str | None = None,
    dec: str | None = None,
    id: str | None = None,
    motion: tuple[Any, Any, Any] = (None, None, None),
) -> ScannedCatalog | HatsCatalog:
    """Open a HATS catalogue with LSDB: its columns, positions, rows and coverage.

    On this machine its files are scanned then, as by :meth:`bayesmatch.Catalog.scan`. Elsewhere a
    match reads the partitions near its sources, and of these the columns that it needs; the
    numbers of its rows in the result count the rows near the sources by right ascension.

    Parameters
    ----------
    address : str
        A path, or what LSDB opens: ``https://``, ``s3://``, ...
    name : str, optional
        Default: the catalogue's, made an identifier.
    pos_err, id
        As for :class:`bayesmatch.Catalog`, not one value per row.
    area : float, Quantity or mocpy.MOC, optional
        Default: of its coverage map, with a warning.
    ra, dec : str, optional
        The columns that the catalogue is partitioned by, which are the default.
    motion : tuple
        `epoch`, `pm` and `pm_err` of :class:`bayesmatch.Catalog`.

    Returns
    -------
    ScannedCatalog or HatsCatalog

    Raises
    ------
    OSError
        If there is no such catalogue, or it cannot be reached.
    ValueError, TypeError
        If an argument is wrong.
    """
    catalog = _opened(address)
    info = catalog.hc_structure.catalog_info
    name = as_identifier(name or catalog.name)
    for option, given, own in (("ra", ra, info.ra_column), ("dec", dec, info.dec_column)):
        if given is not None and given != own:
            raise ValueError(
                f"catalogue {name!r}: {option} is {shown(given)}, and the HATS catalogue is "
                f"partitioned by {own!r}; leave it out"
            )
    if pos_err is None:
        raise ValueError(
            f"catalogue {name!r} ({address}) has no position error: give pos_err= in arcsec or as "
            f"one of the columns {', '.join(catalog.columns)}"
        )
    survey = Survey(
        name, pos_err, count_rows(catalog), survey_area(catalog, area, name, "area"), id, *motion
    )
    path = _local(address)
    if path is None:
        return HatsCatalog(catalog, survey, address, moc_of(area))
    return ScannedCatalog(
        path,
        name=name,
        pos_err=pos_err,
        area=survey.area if area is None else area,
        ra=info.ra_column,
        dec=info.dec_column,
        id=id,
        motion=motion,
    )


class HatsCatalog(FarCatalog):
    """A HATS catalogue elsewhere.

    Parameters
    ----------
    catalog : lsdb.Catalog
        With all its columns.
    survey : Survey
        What holds for it as a whole.
    address : str
        Where it is.
    moc : mocpy.MOC, optional
        Its footprint, where its area was given as one.
    """

    def __init__(self, catalog: Any, survey: Survey, address: str, moc: Any = None) -> None:
        self.catalog, self.survey, self.n_total = catalog, survey, survey.n_rows
        table = plain_table(catalog.meta)[:0]
        columns = ColumnValues(table, survey.name)
        info = catalog.hc_structure.catalog_info
        survey.check_columns(table.colnames)
        warn_of_known(columns, error_entries(survey.pos_err))
        super().__init__(
            name=survey.name,
            table=table,
            ra_name=info.ra_column,
            dec_name=info.dec_column,
            id_name=read_identifiers(columns, survey.id, {}).name,
            errors=read_errors(columns, survey.pos_err, 0),
            area=survey.area,
        )
        self.pos_err, self.moc, self.read_from = survey.pos_err, moc, (address,)

    def hold_near(
        self,
        primary: HeldCatalog,
        radius: float,
        *,
        columns: Sequence[str] | None,
        max_rows: int,
        box: SkyBox | None,
    ) -> HeldCatalog:
        """The rows near the sources: see :meth:`FarCatalog.hold_near`."""
        wanted = columns_for(self.catalog, self.survey, columns or (), every=columns is None)
        try:
            found = find_rows(
                _opened(self.read_from[0], wanted),  # so that no other column is read
                self.survey,
                wanted,
                primary,
                radius,
                max_rows=max_rows,
                cells=None if box is None else "count",
                moc=self.moc,
            )
        except (ValueError, TypeError, MemoryError, OSError):
            raise
        except Exception as error:  # of whatever transports the files
            raise OSError(_unreachable(self.read_from[0], error)) from error
        found.lenient, found.read_from = self.lenient, self.read_from
        found.identifiers.warn_repeated(found.columns)
        found.far = self
        return found

    def rows_at(self, home: np.ndarray, at: np.ndarray) -> Table:
        """All columns of some rows, by the number of their pixel and their row there, (n,) each."""
        names = tuple(self.table.colnames)
        pixels = {pixel_number(p): p for p in self.catalog.get_healpix_pixels()}
        tables, place = [self.table], np.empty(len(at), np.int64)
        for number in np.unique(home).tolist():
            here = home == number
            rows, place[here] = np.unique(at[here], return_inverse=True)
            place[here] += sum(map(len, tables))
            asked = over_partitions(self.catalog, _some_rows, (names, rows), [pixels[number]])
            tables.append(plain_table(together([asked[0][1]], self.catalog.meta, names)))
        return vstack(tables, metadata_conflicts="silent")[place]


def _some_rows(part: Any, wanted: tuple[tuple[str, ...], np.ndarray]) -> Any:
    """Some columns of some rows of a partition."""
    return part.take(*wanted)


Catalog.register(HatsCatalog)


def _opened(address: str, columns: Sequence[str] | str = "all") -> Any:
    """The catalogue with some columns, as LSDB has it."""
    try:
        return lsdb.open_catalog(
            address, columns=columns if isinstance(columns, str) else list(columns)
        )
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"hats:{address}: there is no HATS catalogue ({_said(error)}); give the path or the "
            "address of its directory"
        ) from error
    except Exception as error:  # of whatever transports the files, or reads them
        raise OSError(_unreachable(address, error)) from error


def _unreachable(address: str, error: Exception) -> str:
    return (
        f"hats:{address}: cannot be opened or read ({_said(error)}); check the address and the "
        "network, or give the path of a copy"
    )


def _said(error: Exception) -> str:
    return shown_text(str(error), SAID) or type(error).__name__


def _local(address: str) -> str | None:
    """The path of a catalogue on this machine; None: it is elsewhere."""
    parts = urlsplit(address)
    if parts.scheme == "file":
        return unquote(parts.path)
    return None if "://" in address else os.path.expanduser(address)
