"""Strategies for positions, position errors and small catalogues."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from astropy.table import MaskedColumn, Table
from hypothesis import strategies as st

from ..catalogs.catalog import Catalog
from ..catalogs.errors import ErrorEllipse
from . import reference

#: where right ascension wraps, the poles and their surroundings, and nothing special
CENTERS = (
    (0.0, 0.0),
    (0.0, 60.0),
    (359.9999, -30.0),
    (180.0, 0.0),
    (10.0, 90.0),
    (200.0, -90.0),
    (77.0, 89.999),
    (310.0, -89.995),
)
KINDS = ("number", "column", "axes", "ellipse", "rows")
#: those of circles
CIRCLES = ("number", "column", "rows")
SIGMA = st.one_of(st.sampled_from([0.5, 1.0, 0.1, 3.0, 0.01, 30.0]), st.floats(0.05, 10.0))
ANGLE = st.floats(-180.0, 360.0)


def centers() -> st.SearchStrategy[tuple[float, float]]:
    """Places on the sky, (RA, Dec) in degrees; often where coordinates are awkward."""
    anywhere = st.tuples(st.floats(0.0, 360.0, exclude_max=True), st.floats(-90.0, 90.0))
    return st.one_of(st.sampled_from(CENTERS), anywhere)


@st.composite
def associations(
    draw: Callable[..., Any], min_members: int = 1, max_members: int = 6
) -> tuple[np.ndarray, np.ndarray]:
    """Offsets (K, 2) in arcsec and covariances (K, 2, 2) in arcsec^2 of one association.

    Parameters
    ----------
    min_members, max_members : int
        Smallest and largest K.

    Returns
    -------
    strategy of (ndarray, ndarray)
        Shapes (K, 2) and (K, 2, 2): circles, or ellipses with axes up to 30 times as long as wide.
    """
    n = draw(st.integers(min_members, max_members))
    offsets = draw(
        st.lists(st.tuples(*[st.floats(-50.0, 50.0)] * 2), min_size=n, max_size=n),
    )
    circles = draw(st.booleans())
    covariances = []
    for _ in range(n):
        major = draw(SIGMA)
        minor = major if circles else major * draw(st.floats(1 / 30, 1.0))
        parts = [major] if circles else [major, minor, draw(ANGLE)]
        covariances.append(reference.covariance(parts, 1)[0])
    return np.array(offsets, dtype=float), np.array(covariances)


@st.composite
def position_errors(
    draw: Callable[..., Any], n_rows: int = 3, kinds: Sequence[str] = KINDS
) -> tuple[Any, dict[str, np.ndarray]]:
    """Position errors of a catalogue, as ``pos_err`` takes them, and the columns they need.

    Parameters
    ----------
    n_rows : int, default 3
        Rows of the catalogue.
    kinds : sequence of str
        Of "number", "column", "axes" (two columns, or numbers), "ellipse" and "rows" (an array).

    Returns
    -------
    strategy of (object, dict)
        The value for ``pos_err``, and columns by name, arrays of shape (n_rows,) in arcsec and
        degrees.
    """
    kind = draw(st.sampled_from(list(kinds)))
    if kind == "number":
        return draw(SIGMA), {}

    def rows(values: st.SearchStrategy[float]) -> np.ndarray:
        return np.array(draw(st.lists(values, min_size=n_rows, max_size=n_rows)), dtype=float)

    sigma = rows(SIGMA)
    if kind == "rows":
        return sigma, {}
    if kind == "column":
        return "SIGMA", {"SIGMA": sigma}
    if kind == "axes":
        second = draw(SIGMA) if draw(st.booleans()) else "SIGMA_2"
        columns = {"SIGMA": sigma} | ({"SIGMA_2": rows(SIGMA)} if second == "SIGMA_2" else {})
        return ("SIGMA", second), columns
    minor, pa = sigma * rows(st.floats(0.05, 1.0)), rows(ANGLE)
    return ErrorEllipse("MAJOR", "MINOR", "PA"), {"MAJOR": sigma, "MINOR": minor, "PA": pa}


@st.composite
def catalogs(
    draw: Callable[..., Any],
    name: str = "X",
    *,
    center: tuple[float, float] | None = None,
    spread: float = 30.0,
    min_rows: int = 1,
    max_rows: int = 8,
    near: Sequence[tuple[float, float]] = (),
    error_kinds: Sequence[str] = KINDS,
) -> Catalog:
    """Small catalogues around one place, with all that a table may have.

    Duplicate positions, right ascensions beyond 0 to 360, integer or text identifiers or none, a
    column `MAG` with masked, NaN and -99 entries, position errors of every kind.

    Parameters
    ----------
    name : str
        Of the catalogue.
    center : (float, float), optional
        Degrees; default: drawn, often at RA 0 or a pole.
    spread : float
        Largest offset from the centre east and north, arcsec.
    min_rows, max_rows : int
        Smallest and largest number of rows.
    near : sequence of (float, float)
        Offsets (arcsec) by which rows may stand, such as those of another catalogue's.
    error_kinds : sequence of str
        As `kinds` of :func:`position_errors`.

    Returns
    -------
    strategy of Catalog
        Its ``table.meta["OFFSETS"]`` has the offsets from the centre, arcsec.
    """
    ra_0, dec_0 = center if center is not None else draw(centers())
    step = st.floats(-spread, spread)
    places: list[tuple[float, float]] = []
    for _ in range(draw(st.integers(min_rows, max_rows))):
        known = [*near, *places]
        if known and draw(st.booleans()):
            east, north = draw(st.sampled_from(known))
            shift = draw(st.sampled_from([0.0, 0.1, 1.0, 3.0]))
            places.append((east + shift * draw(st.floats(-1, 1)), north + shift))
        else:
            places.append((draw(step), draw(step)))
    n = len(places)
    ra, dec = around(ra_0, dec_0, np.array(places, dtype=float).reshape(n, 2))
    table = Table({"RA": ra + draw(st.sampled_from([0.0, 0.0, 0.0, -360.0, 360.0])), "DEC": dec})
    identifier = draw(st.sampled_from(["none", "integer", "text"]))
    if identifier != "none":
        ids = np.arange(n) * 7 + 5
        table["ID"] = ids if identifier == "integer" else np.array([f"{name}-{k}" for k in ids])
    magnitude = st.one_of(st.floats(10.0, 30.0), st.sampled_from([np.nan, -99.0, 20.0]))
    table["MAG"] = MaskedColumn(
        draw(st.lists(magnitude, min_size=n, max_size=n)),
        mask=draw(st.lists(st.booleans(), min_size=n, max_size=n)),
        dtype=float,
    )
    pos_err, columns = draw(position_errors(n, error_kinds))
    for column, values in columns.items():
        table[column] = values
    table.meta["OFFSETS"] = places
    area = draw(st.one_of(st.sampled_from([1.0, 0.01, 41252.0]), st.floats(1e-3, 1e4)))
    return Catalog(table, name=name, pos_err=pos_err, area=area)


def around(ra: float, dec: float, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions in degrees at offsets (n, 2), arcsec east and north, along great circles."""
    r = np.hypot(*offsets.T) * reference.ARCSEC
    step = offsets @ reference.axes(ra, dec) * reference.ARCSEC
    at = np.cos(r)[:, None] * reference.unit(ra, dec) + np.sinc(r / np.pi)[:, None] * step
    longitude = np.degrees(np.arctan2(at[:, 1], at[:, 0])) % 360.0
    latitude = np.degrees(np.arctan2(at[:, 2], np.hypot(at[:, 0], at[:, 1])))
    return np.where(longitude >= 360.0, 0.0, longitude), latitude
