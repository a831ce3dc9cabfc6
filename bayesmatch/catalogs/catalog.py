"""What a user makes of a table or a file, and the way to a scanned data set.

This is where everything a user may hand in becomes plain arrays in fixed units (degrees, arcsec,
deg^2), and where everything wrong with it is said; the stages behind it trust what they get.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from .area import area_given, moc_of
from .bad_rows import Faults, faulty_positions
from .columns import column_ucds
from .convert import as_table
from .coordinates import in_degrees
from .epochs import read_epoch, read_motions, said_of
from .errors import error_entries
from .far import FarCatalog
from .formats.asked import Asked, check_hdu
from .formats.digest import file_state
from .formats.naming import read_stem
from .formats.reading import read_table
from .held import HeldCatalog
from .identifiers import read_identifiers
from .known import warn_of_known
from .names import as_name, check_name
from .positions import degrees_given, position_columns, read_only, turned
from .quoted import read_errors
from .scalars import shown
from .scan.candidate_rows import CandidateRows
from .scan.catalog import ScannedCatalog
from .scan.opened import opened
from .split_positions import joined_positions
from .tails import tailed
from .targets import as_read
from .values import ColumnValues


class Catalog(HeldCatalog):
    """A list of sources on the sky, ready to be matched.

    Parameters
    ----------
    table : astropy.table.Table, pandas.DataFrame or mapping of arrays
        The rows. Units on columns are honoured; bare numbers are degrees (positions) and arcsec
        (errors). It is never modified, and not copied where its columns can be used as they are.
    name : str
        An identifier; the result's columns carry it.
    pos_err : float, Quantity, str, Radius, pair or ErrorEllipse
        Position error, 1 sigma **per axis**: a number in arcsec or a column name (circular); a
        :class:`bayesmatch.Radius` for r90 and the like; a pair ``(sigma_ra_cosdec, sigma_dec)`` of
        such; or an :class:`ErrorEllipse`. A unit behind a column's name, ``"e_RA[mas]"``, stands
        for the column's own. From 1e-6 to 1e7 arcsec, the two axes of one error at most a factor
        1e6 apart.
    area : float, Quantity or mocpy.MOC, optional
        Sky area the catalogue covers, deg^2. Default: SKYAREA from the table's header. The string
        ``"estimate"`` takes :meth:`estimate_area`, with a warning.
    ra, dec, id : str, optional
        Column names. Default: exactly ``RA``, ``DEC``, ``ID`` (any case), then the UCD, then a
        known alias, right ascension and declination as a pair; of one of them, the other is its
        partner. Pairs of numbers that differ are refused. Texts (``12:34:56``, ``"ra[hms]"`` where
        hours and degrees cannot be told apart), galactic coordinates, other equinoxes and a
        SkyCoord column are converted to ICRS degrees in two new columns. Without an identifier
        column, row numbers serve, called ``ID``; with ``id="#"`` in any case, called ``row``.
    tail_fraction : float, default 0
        Share of the sources whose errors are wider than quoted: the error of a row is
        ``(1 - tail_fraction) N(C) + tail_fraction N(tail_factor^2 C)``, from 0 to below 1. The
        calibrated columns of a match go by it, NWAY's by N(C).
    tail_factor : float, default 3
        How much wider these are, above 1 and at most 100.
    epoch : float, str, array or Time, optional
        When the positions are of: a Julian year (2016.0), a column of such (or of MJD, by unit or
        name), a date, an astropy Time. Default: a column ``ref_epoch``, or one of that UCD.
    pm : pair of float, Quantity or str, optional
        Proper motion ``(pmra * cos(dec), pmdec)``, mas/yr (units honoured); missing ones are 0. In
        a match the objects of the other catalogues are moved to the epoch of the primary, on great
        circles, where both epochs are known. Default: columns like Gaia's ``pmra`` and ``pmdec``,
        by name or UCD; ``(0, 0)``: none.
    pm_err : float, str, or pair of such, optional
        Error of these, mas/yr per axis; it widens the position errors with the years. With
        ``pm=(0, 0)``: how fast objects move whose motions are not known. Default: columns like
        Gaia's ``pmra_error``.

    Attributes
    ----------
    ra, dec : ndarray of float64, shape (n,)
        Positions in degrees, 0 <= ra < 360.
    area : float
        Sky area in deg^2.
    circular : bool
        Whether all errors are circles.
    id_name : str
        Name of the identifier column.
    error_record : list
        What `pos_err` was, one, two or three of: column name, number (arcsec, degrees), or None
        for values given per row.

    Raises
    ------
    ValueError, TypeError
        If anything about the table is wrong; the message names the catalogue, the column, the
        value, the first row and the remedy.

    Warns
    -----
    UserWarning
        If coordinates are stored in single precision (steps of 0.03 arcsec).
    """

    def __init__(
        self,
        table: Any,
        *,
        name: str,
        pos_err: Any,
        area: Any = None,
        ra: str | None = None,
        dec: str | None = None,
        id: str | None = None,
        tail_fraction: float = 0.0,
        tail_factor: float = 3.0,
        epoch: Any = None,
        pm: Any = None,
        pm_err: Any = None,
    ) -> None:
        check_name(name)
        table = joined_positions(as_table(table, name), name, ra is not None or dec is not None)
        if len(table) == 0:
            raise ValueError(
                f"catalogue {name!r} is empty: it has no rows; check the file or the "
                "selection that made it"
            )
        values, ucds = ColumnValues(table, name), column_ucds(table)
        table, ra_name, dec_name = in_degrees(values, f := position_columns(values, ra, dec, ucds))
        values = ColumnValues(table, name, origins=f.origins(ra_name, dec_name))
        degrees = degrees_given(values, ra_name, dec_name)
        faulty, faults = faulty_positions(values, (ra_name, dec_name), *degrees), Faults(len(table))
        ra_deg, dec_deg = read_only(turned(degrees[0])), read_only(degrees[1])
        values = ColumnValues(table, name, dec=dec_deg)
        warn_of_known(values, error_entries(pos_err))
        pos_err = tailed(pos_err, tail_fraction, tail_factor, name)
        errors = read_errors(values, pos_err, len(table), faults)
        identifiers = read_identifiers(values, id, ucds, ra_name)
        there = slice(None) if faulty is None else ~faulty[0]
        deg2 = area_given(area, ra_deg[there], dec_deg[there], table.meta, name)
        super().__init__(
            name=name,
            table=table,
            ra_name=ra_name,
            dec_name=dec_name,
            ra=ra_deg,
            dec=dec_deg,
            errors=errors,
            identifiers=identifiers,
            area=deg2,
        )
        self.pos_err, self.said = pos_err, said_of(values, ucds, epoch, pm, pm_err)
        self.moc, self.epoch = moc_of(area), read_epoch(values, self.said)
        self.motions = read_motions(values, self.said, self.ra, self.dec)
        self.bad_errors, self.error_fault = faults.mask, faults.text
        if faulty is not None:
            self.set_aside(*faulty)

    @classmethod
    def read(
        cls,
        path: str | os.PathLike,
        *,
        hdu: int | str | None = None,
        name: str | None = None,
        pos_err: Any = None,
        area: Any = None,
        ra: str | None = None,
        dec: str | None = None,
        id: str | None = None,
        tail_fraction: float = 0.0,
        tail_factor: float = 3.0,
        epoch: Any = None,
        pm: Any = None,
        pm_err: Any = None,
    ) -> Catalog:
        """Read a catalogue from a table in a file: FITS, VOTable, CSV, Parquet and others.

        Parameters
        ----------
        path : path
            The file; its content and extension tell the format, compressed or not.
            ``file.fits#2``, ``file.fits[2]`` and ``file.fits#NAME`` name one of its tables.
        hdu : int or str, optional
            Number (in FITS that of the extension, from 1) or name of the table. Default: the first
            with positions.
        name : str, optional
            Default: the table's EXTNAME, else the file's name, made an identifier.
        pos_err, area, ra, dec, id, tail_fraction, tail_factor, epoch, pm, pm_err
            As for :class:`Catalog`.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError, TypeError
            If it cannot be read, or as for :class:`Catalog`.

        Warns
        -----
        UserWarning
            If something had to be guessed or left out: one of several tables, an encoding, a line
            of units, columns with lists in their cells.
        """
        table = read_table(path, Asked(check_hdu(hdu), ra, dec, id))
        if name is None:
            extname = str(table.meta.get("EXTNAME") or "").strip()
            name = as_name(extname or read_stem(path))
        if pos_err is None:
            raise ValueError(
                f"catalogue {name!r} ({path}) has no position error: give pos_err= in "
                f"arcsec or as one of the columns {', '.join(table.colnames)}"
            )
        catalog = cls(
            table,
            name=name,
            pos_err=pos_err,
            area=area,
            ra=ra,
            dec=dec,
            id=id,
            tail_fraction=tail_fraction,
            tail_factor=tail_factor,
            epoch=epoch,
            pm=pm,
            pm_err=pm_err,
        )
        catalog.read_from = as_read(path)
        catalog.read_as = file_state(catalog.read_from[0])
        return catalog

    @classmethod
    def scan(
        cls,
        paths: str | os.PathLike | Iterable[str | os.PathLike],
        *,
        name: str | None = None,
        pos_err: Any = None,
        area: Any = None,
        ra: str | None = None,
        dec: str | None = None,
        id: str | None = None,
        tail_fraction: float = 0.0,
        tail_factor: float = 3.0,
        epoch: Any = None,
        pm: Any = None,
        pm_err: Any = None,
    ) -> ScannedCatalog | FarCatalog:
        """A Parquet data set of any size, streamed through the search and never loaded whole.

        It can be any of the other catalogues of :func:`bayesmatch.match` (not the primary), and
        gives the same result as the whole table would. See
        :class:`bayesmatch.catalogs.scan.catalog.ScannedCatalog` for what is read when.

        Parameters
        ----------
        paths : path, or sequence of them
            A directory (also Hive partitions or a HATS catalogue), a glob, a file, or a list.
            Rows are numbered through the files sorted by path; those of a list keep its order.
            ``hats:`` before a path or an address: a HATS catalogue, opened by LSDB.
        name : str, optional
            Default: EXTNAME in the files' key-value metadata, else the directory's name.
        pos_err : float, Quantity, str, pair or ErrorEllipse
            As for :class:`Catalog`, but not one value per row.
        area : float, Quantity or mocpy.MOC, optional
            As for :class:`Catalog`. Default: SKYAREA in the files' key-value metadata; the region
            of a data set that :func:`bayesmatch.fetch` made.
        ra, dec, id, tail_fraction, tail_factor, epoch, pm, pm_err
            As for :class:`Catalog`, epoch and motions not one value per row.

        Raises
        ------
        FileNotFoundError
            If there is no such file, or none in the directory.
        OSError
            If a directory cannot be read.
        ValueError, TypeError
            If a file comes twice (also by links), is a pipe or a device, cannot be read, has other
            columns than the first or contradicts the name of its directory, or as for
            :class:`Catalog`. Bad values are found when they are read.
        """
        pos_err = tailed(pos_err, tail_fraction, tail_factor, name or shown(paths))
        how = {"name": name, "pos_err": pos_err, "area": area, "ra": ra, "dec": dec, "id": id}
        return opened(paths, motion=(epoch, pm, pm_err), **how)


# Users ask whether something is a Catalog, wherever its rows are.
Catalog.register(ScannedCatalog)
Catalog.register(CandidateRows)
