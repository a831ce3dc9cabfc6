"""What a text on the command line stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..catalogs.typed import HINT, parts, plain

#: what a table may be written to, for help texts; knowing it from the formats would take long
TABLE_ENDINGS = ".fits, .vot, .ecsv, .csv or .parquet"
#: what a figure may be written to
FIGURES = (".png", ".pdf", ".svg")


def number_or_name(text: str) -> float | str:
    """A number if it is one."""
    try:
        return float(text)
    except ValueError:
        return text


def completeness(text: str) -> float | list[float]:
    """One number, or one per other catalogue."""
    try:
        values = [float(part) for part in text.split(":")]
    except ValueError:
        raise ValueError(
            f"--prior-completeness is {text!r}; give a number, or one per other catalogue as c2:c3"
        ) from None
    return values[0] if len(values) == 1 else values


def host_covariates(text: str) -> str | list[str] | None:
    """Columns, or the words for the error radius and for none."""
    if text in ("sigma", "none"):
        return text if text == "sigma" else None
    return columns(text)


def columns(text: str) -> list[str]:
    """Columns between commas."""
    return [plain(part.strip()) for part in parts(text, ",")]


def per_catalogue(option: str, text: str | None, n: int, kind: Callable[[str], Any]) -> list[Any]:
    """One value per catalogue, None where it is left to the file."""
    if text is None:
        return [None] * n
    given = parts(text, ":")
    if len(given) != n:
        raise ValueError(
            f"{option} is {text!r}; give {n} values, one per catalogue, separated by "
            f"colons, empty where the file tells{quoting(text)}"
        )
    return [kind(plain(part)) if part else None for part in given]


def sky_area(text: str) -> Any:
    """What ``--area`` says of a catalogue: deg^2, "estimate", or the map (MOC) in a file."""
    if text == "estimate":
        return text
    try:
        return float(text)
    except ValueError:
        pass
    import os

    if not os.path.lexists(os.path.expanduser(text)):
        raise ValueError(
            f"--area: {text!r} is no number and no file; give deg^2, 'estimate', or the file of a "
            "coverage map (MOC), one per catalogue"
        )
    from ..catalogs.coverage import read_moc

    return read_moc(text, f"--area {text}")


def area_files(text: str | None) -> list[str]:
    """The files that ``--area`` names."""
    given = [] if text is None else [plain(part) for part in parts(text, ":")]
    return [part for part in given if part and isinstance(number_or_name(part), str)]


def quoting(text: str) -> str:
    """What to say of names with colons where an argument with a colon is not understood."""
    return f"; {HINT}, as ':\"a:b\"'" if ":" in text else ""
