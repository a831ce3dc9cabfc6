"""A catalogue: a table with positions, position errors, identifiers and a sky area, all checked.

This is where everything a user may hand in becomes plain arrays in fixed units (degrees, arcsec,
deg^2), and where everything wrong with it is said; the stages behind it trust what they get.
"""

from __future__ import annotations

import contextlib
import copy
import keyword
import math
import os
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Column

from . import columns, errors
from .area import ESTIMATE_CAVEAT, area_deg2, default_order, estimate_area
from .catalogs.convert import as_table
from .catalogs.formats.registry import file_stem, read_table
from .catalogs.formats.storage import missing, native_values
from .errors import ErrorEllipse

if TYPE_CHECKING:
    from astropy.table import Table

#: names that the columns of a result already have
RESERVED = ("ncat", "p_single", "p_any", "p_i", "p_match", "p_hostless", "match_flag", "dist_post",
            "dist_bayesfactor", "dist_bayesfactor_uncorrected", "Separation_max", "n_candidates",
            "log10_odds_host", "second_p_i", "n_claims")

#: degrees that are taken for a right ascension, and for a declination
RA_RANGE, DEC_RANGE = (-360.0, 720.0), (-90.0, 90.0)


class Catalog:
    """A list of sources on the sky, ready to be matched.

    Parameters
    ----------
    table : astropy.table.Table, pandas.DataFrame or mapping of arrays
        The rows. Units on columns are honoured; bare numbers are degrees (positions) and arcsec
        (errors). It is never modified, and not copied where its columns can be used as they are.
    name : str
        An identifier; the result's columns carry it.
    pos_err : float, Quantity, str, pair or ErrorEllipse
        Position error, 1 sigma **per axis** (see :func:`bayesmatch.sigma_from_radius` for r90 and
        the like): a number in arcsec or a column name (circular); a pair
        ``(sigma_ra_cosdec, sigma_dec)`` of such; or an :class:`ErrorEllipse`.
    area : float, Quantity or mocpy.MOC, optional
        Sky area the catalogue covers, deg^2. Default: SKYAREA from the table's header. The string
        ``"estimate"`` takes :meth:`estimate_area`, with a warning.
    ra, dec, id : str, optional
        Column names. Default: exactly ``RA``, ``DEC``, ``ID`` (any case), then the UCD, then a
        known alias. Without an identifier column, row numbers serve, called ``ID``.

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

    #: rows of the whole catalogue that are held, ascending; None: all
    rows: np.ndarray | None = None

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
    ) -> None:
        self.name = check_name(name)
        self.table = as_table(table, name)
        if len(self.table) == 0:
            raise ValueError(f"catalogue {name!r} is empty: it has no rows; check the file or the "
                             "selection that made it")
        ucds = columns.column_ucds(self.table)
        self.ra_name = self._column(ra, ucds, "right ascension", "ra", "RA", columns.RA_UCD,
                                    columns.RA_ALIASES)
        self.dec_name = self._column(dec, ucds, "declination", "dec", "DEC", columns.DEC_UCD,
                                     columns.DEC_ALIASES)
        self.ra = self._position(self.ra_name, *RA_RANGE)
        self.dec = self._position(self.dec_name, *DEC_RANGE)
        self.ra, self.dec = read_only(turned(self.ra)), read_only(self.dec)
        self._set_errors(pos_err)
        self._set_id(id, ucds)
        self.area = self._area(area)

    def __len__(self) -> int:
        return len(self.ra)

    def __repr__(self) -> str:
        return f"<Catalog {self.name!r}: {len(self)} rows, {self.area:g} deg^2>"

    @classmethod
    def read(
        cls,
        path: str | os.PathLike,
        *,
        name: str | None = None,
        pos_err: Any = None,
        area: Any = None,
        ra: str | None = None,
        dec: str | None = None,
        id: str | None = None,
    ) -> Catalog:
        """Read a catalogue from a FITS, VOTable, ECSV, CSV or Parquet file.

        Parameters
        ----------
        path : path
            The file; its extension tells the format. In FITS, the first table is read.
        name : str, optional
            Default: the table's EXTNAME, else the file's name, made an identifier.
        pos_err, area, ra, dec, id
            As for :class:`Catalog`.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError, TypeError
            If it cannot be read, or as for :class:`Catalog`.
        """
        table = read_table(path)
        if name is None:
            extname = str(table.meta.get("EXTNAME") or "").strip()
            name = as_name(extname or file_stem(path))
        if pos_err is None:
            raise ValueError(f"catalogue {name!r} ({path}) has no position error: give pos_err= in "
                             f"arcsec or as one of the columns {', '.join(table.colnames)}")
        return cls(table, name=name, pos_err=pos_err, area=area, ra=ra, dec=dec, id=id)

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
    ) -> Catalog:
        """A Parquet data set of any size, streamed through the search and never loaded whole.

        It can be any of the other catalogues of :func:`bayesmatch.match` (not the primary), and
        gives the same result as the whole table would. See
        :class:`bayesmatch.scan.catalog.ScannedCatalog` for what is read when.

        Parameters
        ----------
        paths : path, or sequence of them
            A directory (also Hive partitions or a HATS catalogue), a glob, a file, or a list.
            Rows are numbered through the files sorted by path; those of a list keep its order.
        name : str, optional
            Default: EXTNAME in the files' key-value metadata, else the directory's name.
        pos_err : float, Quantity, str, pair or ErrorEllipse
            As for :class:`Catalog`, but not one value per row.
        area : float, Quantity or mocpy.MOC, optional
            As for :class:`Catalog`. Default: SKYAREA in the files' key-value metadata.
        ra, dec, id : str, optional
            As for :class:`Catalog`.

        Raises
        ------
        FileNotFoundError
            If there is no such file, or none in the directory.
        ValueError, TypeError
            If a file cannot be read or has other columns than the first, or as for
            :class:`Catalog`. Bad values are found when they are read.
        """
        from .scan.catalog import ScannedCatalog

        return ScannedCatalog(paths, name=name, pos_err=pos_err, area=area, ra=ra, dec=dec, id=id)

    @property
    def n_rows(self) -> int:
        """Number of rows of the whole catalogue, which its density goes by."""
        return len(self)

    def row_numbers(self, rows: np.ndarray) -> np.ndarray:
        """Rows of the whole catalogue that some rows of this object are."""
        return rows if self.rows is None else self.rows[rows]

    def held(self, row_numbers: np.ndarray) -> np.ndarray:
        """Rows of this object that some rows of the whole catalogue are."""
        return row_numbers if self.rows is None else np.searchsorted(self.rows, row_numbers)

    def input_rows(self, row_numbers: np.ndarray) -> Table:
        """All columns of some rows of the whole catalogue."""
        return self.table[row_numbers]

    def field_counts(self, column: str, left_out: np.ndarray, edges: np.ndarray) -> Any:
        """Counts of all values of a column that is not at hand; None where it is."""
        return None

    def estimate_area(self, order: int | None = None) -> float:
        """Estimate the sky area from the HEALPix cells that hold an object.

        Parameters
        ----------
        order : int, optional
            HEALPix order of the cells, 0 to 29 (order 8: 0.052 deg^2). Default: the finest whose
            occupied cells hold 12 objects on average.

        Returns
        -------
        float
            Area in deg^2. Holes smaller than a cell count as covered.
        """
        if order is None:
            order = default_order(self.ra, self.dec)
        if not (isinstance(order, (int, np.integer)) and 0 <= order <= 29):
            raise ValueError(f"order is {order!r}: give a HEALPix order, 0 to 29")
        return estimate_area(self.ra, self.dec, int(order))

    def covariance(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Position covariance of some rows (default all): (m, 3) of east^2, north^2, east*north.

        In arcsec^2, along the source's own east and north.
        """
        n = len(self) if rows is None else len(rows)
        parts = [np.broadcast_to(part if part.ndim == 0 or rows is None else part[rows], (n,))
                 for part in self._error_parts]
        return self._to_covariance(*parts)

    def ids(self, rows: np.ndarray) -> np.ndarray:
        """Identifiers of some rows: integers, or text without blanks around it."""
        if self._id_values is None:
            return np.asarray(rows, dtype=np.int64)
        values = self._id_values[rows]
        if values.dtype.kind == "S":
            values = np.char.decode(values, "utf-8", "replace")
        return np.char.strip(values) if values.dtype.kind == "U" else values

    def numbers(self, column: str) -> np.ndarray:
        """A numeric column as float64, which must be finite in every row."""
        values = self._values(self._existing(column), "")
        if not np.isfinite(values).all():
            self._reject(column, ~np.isfinite(values), values,
                         "it must be finite in every row; remove those rows or leave it out")
        return values

    def magnitudes(self, column: str) -> np.ndarray:
        """A numeric column as float64, NaN where missing (masked, NaN, or -99 and below)."""
        values = self._values(self._existing(column), "")
        return np.where(values > -99.0, values, np.nan)

    def subset(self, rows: np.ndarray, only: Sequence[str] | None = None) -> Catalog:
        """Some rows of this catalogue (and of its columns), with the area of the whole."""
        part = copy.copy(self)
        part.table = (self.table if only is None else self.table[list(only)])[rows]
        part.ra, part.dec = read_only(self.ra[rows]), read_only(self.dec[rows])
        part._error_parts = [p[rows] if p.ndim else p for p in self._error_parts]
        part._id_values = self.ids(rows)
        part.rows = None if self.rows is None else self.rows[rows]
        part.id_mask = None if self.id_mask is None else self.id_mask[rows]
        return part

    def corrected(self, ra: np.ndarray, dec: np.ndarray, scale: float, floor: float) -> Catalog:
        """The same sources at other positions (degrees), with other errors.

        Every error times `scale`, with `floor` (arcsec per axis) added in quadrature. Columns of
        positions and errors have the new values; nothing of this catalogue is changed.
        """
        table = self.table.copy(copy_data=False)
        table.replace_column(self.ra_name, Column(ra, unit="deg"))
        table.replace_column(self.dec_name, Column(dec, unit="deg"))
        sigma = [np.hypot(scale * part, floor) for part in self._error_parts[:2]]
        pos_err: list[Any] = list(self.error_record)
        for k, given in enumerate(pos_err[:2]):
            new = sigma[0 if self.circular else k]
            if isinstance(given, str):
                table.replace_column(given, Column(new, unit="arcsec"))
            else:
                pos_err[k] = new
        if len(pos_err) == 3 and pos_err[2] is None:  # angles given per row; none of a circle
            pos_err[2] = 0.0 if self.circular else self._error_parts[2]
        out = Catalog(table, name=self.name, area=self.area, ra=self.ra_name, dec=self.dec_name,
                      id=self.id_name if self.id_name in table.colnames else None,
                      pos_err=pos_err[0] if len(pos_err) == 1 else
                      ErrorEllipse(*pos_err) if len(pos_err) == 3 else pos_err)
        # Not from the table: some rows of a catalogue without identifiers keep their numbers.
        out._id_values, out.id_mask, out.id_name = self._id_values, self.id_mask, self.id_name
        return out

    def check_primary_ids(self) -> None:
        """Identifiers of a primary must be unique: results are looked up by them."""
        ids = self.ids(np.arange(len(self)))
        absent = missing(ids) if self.id_mask is None else self.id_mask | missing(ids)
        if absent.any():
            self._reject(self.id_name, absent, ["missing"] * len(self),
                         "give every source an identifier, or name another column with id=")
        values, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
        if len(values) == len(ids):
            return
        row = int(np.flatnonzero(first[inverse] != np.arange(len(ids)))[0])
        raise ValueError(
            f"catalogue {self.name!r}: column {self.id_name!r} has {ids[row]!s} in row {row} and "
            f"already in row {first[inverse[row]]} ({len(ids) - len(values)} duplicates in all); "
            "remove them, or name another column with id=")

    # -- what the constructor is made of ---------------------------------------------------------

    def _column(self, given: str | None, ucds: dict[str, str], role: str, option: str, exact: str,
                ucd: tuple[str, ...], aliases: tuple[str, ...]) -> str:
        names = self.table.colnames
        if given is not None:
            return self._existing(given)
        found = columns.find_column(names, ucds, exact=exact, ucd=ucd, aliases=aliases)
        return columns.pick_column(found, names, catalog=self.name, role=role, option=option)

    def _existing(self, column: str) -> str:
        if column not in self.table.colnames:
            raise ValueError(f"catalogue {self.name!r} has no column {column!r}; give one of "
                             f"{', '.join(self.table.colnames)}")
        return column

    def _values(self, column: str, unit: str) -> np.ndarray:
        """A column as native float64 in `unit`, NaN where masked."""
        data = self.table[column]
        mask = getattr(data, "mask", None)
        raw = np.asarray(np.ma.getdata(getattr(data, "unmasked", data)))
        if raw.dtype.kind not in "fiu" or raw.ndim != 1:
            what = f"of type {raw.dtype}" if raw.ndim == 1 else f"of shape {raw.shape}"
            example = f" ({raw[0]!s})" if raw.ndim == 1 and len(raw) else ""
            raise TypeError(f"catalogue {self.name!r}: column {column!r} is {what}{example}; it "
                            f"must hold one number per row{unit and f', in {unit}'}")
        values = np.ascontiguousarray(raw, dtype=np.float64)
        if unit and data.unit is not None and str(data.unit) not in ("", unit):
            values = values * self._unit_factor(data.unit, unit, f"column {column!r}")
        if mask is not None and np.any(mask):
            values = np.where(mask, np.nan, values)
        return values

    def _unit_factor(self, have: Any, want: str, what: str) -> float:
        import astropy.units as u

        for spelling in (have, str(have).lower().rstrip("s")):  # many files say "Degrees"
            with contextlib.suppress(u.UnitConversionError, ValueError, TypeError):
                return float(u.Unit(spelling).to(want))
        raise ValueError(f"catalogue {self.name!r}: {what} has unit {have!s}, which is not "
                         f"convertible to {want}; correct the unit")

    def _position(self, column: str, low: float, high: float) -> np.ndarray:
        values = self._values(column, "deg")
        bad = ~((values >= low) & (values <= high))
        if bad.any():
            self._reject(column, bad, values, position_remedy(low))
        self._warn_single_precision(column)
        return values

    def _warn_single_precision(self, column: str) -> None:
        kind = self.table[column].dtype
        if kind.kind == "f" and kind.itemsize <= 4:
            warnings.warn(f"catalogue {self.name!r}: column {column!r} is stored in single "
                          "precision, which moves positions in steps of up to 0.03 arcsec; use "
                          "double precision", UserWarning, stacklevel=5)

    def _reject(self, column: str, bad: np.ndarray, values: Any, remedy: str) -> None:
        row = int(np.flatnonzero(bad)[0])
        others = int(bad.sum()) - 1
        more = f" (and {others} more rows)" if others else ""
        raise ValueError(f"catalogue {self.name!r}: column {column!r} is {values[row]!s} in "
                         f"{self.row_text(row)}{more}; {remedy}")

    def row_text(self, row: int) -> str:
        """A row, as messages name it."""
        return f"row {row}"

    def _set_errors(self, pos_err: Any) -> None:
        parts: list[np.ndarray]
        self._to_covariance: Callable[..., np.ndarray]
        if isinstance(pos_err, ErrorEllipse):
            parts = [self._sigma(pos_err.major), self._sigma(pos_err.minor),
                     self._number_or_column(pos_err.pa, "deg", "pa")]
            angle = np.atleast_1d(parts[2])
            if not np.isfinite(angle).all():
                self._reject(pos_err.pa if isinstance(pos_err.pa, str) else "pa",
                             ~np.isfinite(angle), angle, "position angles must be finite degrees; "
                             "set them to 0 where the error is a circle")
            self._to_covariance = errors.ellipse_covariance
        elif isinstance(pos_err, (tuple, list)):
            if len(pos_err) != 2:
                raise ValueError(f"catalogue {self.name!r}: pos_err has {len(pos_err)} parts; give "
                                 "one error, a pair (sigma_ra_cosdec, sigma_dec), or an "
                                 "ErrorEllipse(major, minor, pa)")
            parts = [self._sigma(part) for part in pos_err]
            self._to_covariance = errors.axes_covariance
        else:
            parts = [self._sigma(pos_err)]
            self._to_covariance = errors.circular_covariance
        given = ((pos_err.major, pos_err.minor, pos_err.pa) if isinstance(pos_err, ErrorEllipse)
                 else pos_err if isinstance(pos_err, (tuple, list)) else (pos_err,))
        self.error_record = [value if isinstance(value, str) else float(part)
                             if part.ndim == 0 else None
                             for value, part in zip(given, parts, strict=True)]
        self.circular = len(parts) == 1 or bool(np.all(parts[0] == parts[1]))
        if self.circular and len(parts) > 1:  # an ellipse with a = b is a circle, exactly
            parts, self._to_covariance = parts[:1], errors.circular_covariance
        self._error_parts = parts

    def _sigma(self, value: Any) -> np.ndarray:
        sigma = self._number_or_column(value, "arcsec", "pos_err")
        bad = ~(np.isfinite(sigma) & (sigma > 0))
        if bad.any() and sigma.ndim:
            self._reject(value if isinstance(value, str) else "pos_err", bad, sigma,
                         "position errors must be positive and finite (arcsec, 1 sigma per axis); "
                         "remove those rows or set a floor")
        if bad.any():
            raise ValueError(f"catalogue {self.name!r}: pos_err is {sigma:g}; a position error "
                             "must be positive and finite (arcsec, 1 sigma per axis)")
        return sigma

    def _number_or_column(self, value: Any, unit: str, what: str) -> np.ndarray:
        if isinstance(value, str):
            return self._values(self._existing(value), unit)
        given = getattr(value, "unit", None)
        factor = self._unit_factor(given, unit, what) if given is not None else 1.0
        try:
            number = np.ma.filled(np.ma.asarray(getattr(value, "value", value), np.float64),
                                  np.nan) * factor
        except (TypeError, ValueError):
            number = None
        if number is None or isinstance(value, (bool, type(None))) or number.ndim > 1 or (
                number.ndim == 1 and len(number) != len(self.table)):
            raise TypeError(f"catalogue {self.name!r}: {what} is {value!r}; give a number, a "
                            "Quantity, a column name or one value per row")
        return number

    def _set_id(self, given: str | None, ucds: dict[str, str]) -> None:
        names = self.table.colnames
        self._id_values: np.ndarray | None = None
        self.id_mask: np.ndarray | None = None
        self.id_name = "ID"
        if given is None:
            found = columns.find_column(names, ucds, exact="ID", ucd=columns.ID_UCD,
                                        aliases=columns.ID_ALIASES)
            if not found:
                return
            given = columns.pick_column(found, names, catalog=self.name, role="identifier",
                                        option="id")
        self.id_name = self._existing(given)
        data = self.table[given]
        mask = getattr(data, "mask", None)
        self.id_mask = np.asarray(mask) if mask is not None and np.any(mask) else None
        values = np.asarray(np.ma.getdata(getattr(data, "unmasked", data)))
        if values.dtype.kind == "O":
            values = native_values(values)
        if values.dtype.kind == "f" and np.all(values[np.isfinite(values)] % 1 == 0):
            self.id_mask = ~np.isfinite(values) if not np.isfinite(values).all() else self.id_mask
            values = np.where(np.isfinite(values), values, 0).astype(np.int64)
        if values.dtype.kind not in "iuSU" or values.ndim != 1:
            raise TypeError(f"catalogue {self.name!r}: identifier column {given!r} is of type "
                            f"{values.dtype.name}, not integer or text; name another with id=")
        self._id_values = values

    def _area(self, area: Any) -> float:
        if isinstance(area, str) and area == "estimate":
            value = self.estimate_area()
            warnings.warn(f"catalogue {self.name!r}: area {value:.4g} deg^2; {ESTIMATE_CAVEAT}",
                          UserWarning, stacklevel=3)
            return value
        return area_deg2(area, self.table.meta, self.name)


def as_name(text: str) -> str:
    """The text as an identifier."""
    name = re.sub(r"\W", "_", text, flags=re.ASCII)
    return name if name[:1].isalpha() else f"_{name}"


def check_name(name: Any) -> str:
    """A catalogue's name must be usable as (part of) a column name in every format."""
    if not isinstance(name, str):
        raise TypeError(f"catalogue name is {name!r}; give an identifier, like 'XMM'")
    if not name.isidentifier() or keyword.iskeyword(name) or not name.isascii():
        hint = re.sub(r"\W", "_", name, flags=re.ASCII).lstrip("0123456789_").upper() or "OPT"
        raise ValueError(f"catalogue name {name!r} is not an identifier (letters, digits, _), "
                         f"which column names need; use for example {hint!r}")
    if name in RESERVED:
        raise ValueError(f"catalogue name {name!r} is a column of the result; use another name")
    return name


def position_remedy(low: float) -> str:
    """What to do about a coordinate below `low` or otherwise out of range."""
    limits = "0 to 360" if low < -90 else "-90 to 90"
    return f"positions must be finite degrees ({limits}); remove or repair those rows"


def turned(ra: np.ndarray) -> np.ndarray:
    """Right ascensions from 0 to below 360 degrees; the same array where they are already."""
    if len(ra) == 0 or 0.0 <= ra.min() <= ra.max() < 360.0:
        return ra
    ra = np.mod(ra, 360.0)
    ra[ra == 360.0] = 0.0  # what a tiny negative number becomes
    return ra


def read_only(values: np.ndarray) -> np.ndarray:
    """A view that cannot be written to, whatever came in: kernels are compiled for one kind."""
    view = values.view()
    view.flags.writeable = False
    return view


def square_degrees(radius_arcsec: float) -> float:
    """Area of a circle of a radius in arcsec, deg^2."""
    return math.pi * (radius_arcsec / 3600.0) ** 2
