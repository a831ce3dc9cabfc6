"""What is said of a column beside its name: ``r90[arcmin]@90%``, its unit and its containment."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from .scalars import shown
from .typed import typed


@dataclass(frozen=True)
class Said:
    """A column, and what its numbers are where its own unit does not say."""

    column: str
    unit: str | None = None
    containment: float | None = None
    """fraction of the sources within the number; None: it is 1 sigma per axis"""

    @property
    def sigmas(self) -> float:
        """What the numbers are, in sigma per axis."""
        return 1.0 if self.containment is None else _quantile(self.containment)

    def __str__(self) -> str:
        return f"{self.column}{self._more}"

    @property
    def typed(self) -> str:
        """The same, as it is typed on the command line."""
        return f"{typed(self.column)}{self._more}"

    @property
    def _more(self) -> str:
        unit = "" if self.unit is None else f"[{self.unit}]"
        share = "" if self.containment is None else f"@{100.0 * self.containment:.10g}%"
        return f"{unit}{share}"


class Given(str):
    """What a position error was given as, a text, with what it says of which column."""

    about: Said

    @classmethod
    def of(cls, about: Said) -> Given:
        """The text of what is said."""
        given = cls(about)
        given.about = about
        return given

    def in_arcsec(self) -> Given:
        """The same, once the column has numbers in arcsec."""
        return Given.of(Said(self.about.column, None, self.about.containment))


def given_as(text: str, about: Said) -> str:
    """The text that a record keeps of an error, where more than a column's name is said."""
    return text if about == Said(text) else Given.of(about)


def about(given: str) -> Said:
    """What a text of a record says."""
    return given.about if isinstance(given, Given) else Said(given)


def said(text: str, names: Collection[str] | None = None) -> Said:
    """What a text says; a column that has the whole text for a name is meant before all else.

    Parameters
    ----------
    text : str
        ``COLUMN``, ``COLUMN[UNIT]``, ``COLUMN@90%`` (or ``@0.9``), ``COLUMN[UNIT]@90%``.
    names : collection of str, optional
        The columns that there are; without them, nothing is a column's whole name.

    Raises
    ------
    ValueError
        If a containment is not between 0 and 1.
    """
    if names is not None and text in names:
        return Said(text)
    rest, containment = split_containment(text)
    if names is not None and rest in names:
        return Said(rest, None, containment)
    found = re.fullmatch(r"(.*[^\s\[])\s*\[([^\[\]]+)\]\s*", rest)
    if found is None:
        return Said(rest, None, containment)
    return Said(found[1], found[2].strip(), containment)


def split_containment(text: str) -> tuple[str, float | None]:
    """A text without ``@90%`` at its end, and the fraction that this says; None: it says none."""
    found = re.fullmatch(r"(.*\S)\s*@\s*(\d+\.?\d*|\.\d+)\s*(%?)\s*", text)
    if found is None:
        return text, None
    fraction = float(found[2]) / (100.0 if found[3] else 1.0)
    return found[1], checked_containment(fraction, text)


def checked_containment(containment: Any, what: Any) -> float:
    """A fraction between 0 and 1."""
    try:
        fraction = float(containment)
    except (TypeError, ValueError):
        fraction = -1.0
    if not 0.0 < fraction < 1.0:
        raise ValueError(
            f"containment of {shown(what)} is {shown(containment)}; give the fraction of sources "
            "inside the radius, between 0 and 1, or in per cent, as 0.9 or @90%"
        )
    return fraction


@dataclass(frozen=True)
class Radius:
    """A position error quoted as the radius that holds a fraction of the sources.

    It stands for ``pos_err``, or for a part of a pair or of an :class:`ErrorEllipse` (whose axes
    are then those of the ellipse that holds the fraction). The error is that of a circular (or
    elliptical) Gaussian: see :func:`bayesmatch.sigma_from_radius`.

    Parameters
    ----------
    radius : float, Quantity, str or array of shape (n,)
        Radii: numbers in arcsec, or the name of a column, whose unit is honoured; where it has
        none, or a wrong one, the true one stands behind its name: ``"r90[arcmin]"``.
    containment : float
        Fraction of the sources within the radius, between 0 and 1 (0.9 for r90).

    Examples
    --------
    >>> import bayesmatch as bm
    >>> table = {"RA": [10.0], "DEC": [0.0], "r90": [2.146]}
    >>> c = bm.Catalog(table, name="X", pos_err=bm.Radius("r90", containment=0.9), area=1.0)
    >>> print(f"{c.covariance()[0, 0] ** 0.5:.3f} arcsec")
    1.000 arcsec
    """

    radius: Any
    containment: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "containment", checked_containment(self.containment, self.radius))

    @property
    def entry(self) -> Any:
        """The 1-sigma error per axis: a number, a Quantity, or a text that says it of a column."""
        if isinstance(self.radius, str):
            return f"{self.radius}@{100.0 * self.containment:.10g}%"
        return self.radius / _quantile(self.containment)


def _quantile(containment: float) -> float:
    """Radius, in sigma per axis, that holds a fraction of a circular Gaussian."""
    return float(np.sqrt(-2.0 * np.log1p(-containment)))
