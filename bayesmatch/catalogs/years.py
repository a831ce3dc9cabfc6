"""Epochs in whatever form they stand, as Julian years."""

from __future__ import annotations

import contextlib

import numpy as np

from .values import ColumnValues

REMEDY = "give a Julian year (2016.0), the name of a column, or an astropy Time"


def column_years(values: ColumnValues, column: str) -> np.ndarray:
    """A column of epochs as Julian years (n,): years, MJD or JD by unit and name, dates, Times."""
    data = values.table[values.existing(column)]
    if hasattr(data, "jyear"):
        return np.ma.filled(np.ma.asarray(data.jyear, np.float64), np.nan)
    if np.asarray(data).dtype.kind in "MUSO":
        from astropy.time import Time

        mask = np.ma.getmaskarray(np.ma.asarray(data))
        text = np.asarray(np.ma.getdata(data)).astype(
            "datetime64[us]" if data.dtype.kind == "M" else str
        )
        years = np.full(len(text), np.nan)
        try:
            years[~mask] = Time(text[~mask]).jyear
        except Exception as error:  # of whatever stands there
            raise ValueError(
                f"catalogue {values.catalog!r}: column {column!r} is no epoch "
                f"({' '.join(str(error).split())[:80]}); {REMEDY}"
            ) from error
        return years
    offset, factor = year_scale(values, column)
    return offset + factor * values.numbers(column)


def year_scale(values: ColumnValues, column: str) -> tuple[float, float]:
    """What turns the numbers of a column into Julian years: offset and factor."""
    data = values.table[column]
    unit, name = str(getattr(data, "unit", None) or "").strip().lower(), column.lower()
    if unit in ("d", "day", "days", "mjd", "jd") or (not unit and "mjd" in name):
        julian = unit == "jd" or ("jd" in name and "mjd" not in name)
        zero = 2_451_545.0 if julian else 51_544.5
        return 2000.0 - zero / 365.25, 1.0 / 365.25
    if not unit and name in ("jd", "bjd", "hjd", "epoch_jd", "jd_epoch"):
        return 2000.0 - 2_451_545.0 / 365.25, 1.0 / 365.25
    return 0.0, 1.0


def year_of_text(text: str) -> float | None:
    """A year, "J2015.5" or a date as a Julian year; None: it is none."""
    with contextlib.suppress(ValueError):
        return float(text.strip().upper().removeprefix("J"))
    from astropy.time import Time

    with contextlib.suppress(ValueError):
        return float(Time(text.strip()).jyear)
    return None
