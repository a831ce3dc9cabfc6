"""Position errors: what a catalogue quotes, as a covariance in arcsec^2.

Everything inside the library is the error **per axis** (1 sigma of a two-dimensional Gaussian).
Catalogues quote other numbers, and reading one as another is the commonest mistake in matching:

=============================  =====================
quoted                         per-axis sigma
=============================  =====================
r39 (one "radial sigma")       r / 1.000
r50 (CEP)                      r / 1.177
2-D rms, sqrt(s_x^2 + s_y^2)   r / 1.414
r68                            r / 1.510
r90                            r / 2.146
r95                            r / 2.448
r98                            r / 2.797
r99                            r / 3.035
=============================  =====================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from .._kernels.thin import THIN
from .gaussian import GAUSSIAN
from .said import Radius, said
from .scalars import plain_numbers, shown, unmasked


class ErrorProfile(Protocol):
    """How the separations of counterparts are distributed, in units of the per-axis sigma."""

    def quantile(self, containment: Any) -> Any:
        """Radius, in sigma, within which a fraction of the separations lies."""

    def density(self, x: Any) -> Any:
        """Probability density of a separation of `x` sigma."""

    def beyond(self, x: Any) -> Any:
        """Fraction of the separations beyond `x` sigma."""


class PositionErrorModel(ErrorProfile, Protocol):
    """What the position errors of a catalogue's rows are.

    :class:`bayesmatch.catalogs.gaussian.GaussianErrors` is one. Everything that needs more than a
    covariance (quantiles of separations, counterparts lost beyond a radius) asks the profile, so
    that another kind of error is another class and its kernels.
    """

    @property
    def record(self) -> list[Any]:
        """What was given for each part: column name, number (arcsec, degrees), None: per row."""

    @property
    def circular(self) -> bool:
        """Whether all errors are circles."""

    def covariance(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Covariance of some rows (default all): (m, 3) of east^2, north^2, east*north, arcsec^2.

        Along the source's own east and north.
        """

    def determinant(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Determinant of those covariances, (m,), arcsec^4: exact however thin an ellipse is."""

    def subset(self, rows: np.ndarray) -> PositionErrorModel:
        """Errors of some rows."""

    def scaled(self, scale: float | np.ndarray, floor: float) -> PositionErrorModel:
        """Every sigma times `scale` (one, or (n,)), `floor` (arcsec per axis) in quadrature."""

    def columns(self) -> Mapping[str, np.ndarray]:
        """Sigmas (arcsec, (n,)) by the columns they were given in."""


@runtime_checkable
class ErrorKind(Protocol):
    """Errors that are no Gaussians, as users give them: ``pos_err`` may be any such object.

    It says what the numbers and columns mean that a catalogue quotes; everything else goes by the
    model that it makes.
    """

    @property
    def quoted(self) -> Any:
        """What is quoted: number, Quantity, column, pair or :class:`ErrorEllipse`."""

    def model(self, core: Any) -> PositionErrorModel:
        """The errors, from the Gaussian ones that the quoted values stand for alone."""


def sigma_from_radius(r: Any, containment: float) -> Any:
    """Per-axis 1-sigma error from a radius that contains a given fraction.

    For a circular two-dimensional Gaussian the separation follows a Rayleigh distribution, so
    ``r = sigma * sqrt(-2 ln(1 - containment))``: r98 = 2.797 sigma, r90 = 2.146 sigma,
    r68 = 1.510 sigma.

    Parameters
    ----------
    r : float, array or Quantity
        Error radius in any unit, any shape.
    containment : float
        Fraction of sources within `r`, between 0 and 1 exclusive (0.98 for r98).

    Returns
    -------
    float, array or Quantity
        `r` divided by the factor, in the same unit and shape.

    Raises
    ------
    ValueError
        If `containment` is not between 0 and 1, or a radius is not positive and finite.

    Examples
    --------
    >>> import bayesmatch as bm
    >>> print(round(bm.sigma_from_radius(2.797, 0.98), 3))
    1.0
    """
    if not (isinstance(containment, (int, float, np.number)) and 0 < containment < 1):
        raise ValueError(
            f"containment is {shown(containment)}: give the fraction of sources inside "
            "the radius, between 0 and 1 (0.98 for r98)"
        )
    try:
        values = plain_numbers(unmasked(getattr(r, "value", r)))
    except Exception as error:
        raise TypeError(f"error radii are {shown(r)}: give numbers or a Quantity") from error
    if not np.all(np.isfinite(values) & (values > 0)):
        raise ValueError("error radii must be positive and finite")
    return r / GAUSSIAN.quantile(containment)


@dataclass(frozen=True)
class ErrorEllipse:
    """An elliptical position error, given to a catalogue as ``pos_err``.

    Parameters
    ----------
    major, minor : float, Quantity, str or Radius
        1-sigma error along and across the ellipse, arcsec, or the name of a column; or the axis of
        the ellipse that holds a fraction of the sources, a :class:`bayesmatch.Radius`.
    pa : float, Quantity or str
        Position angle of `major` in degrees **east of north**, or the name of a column.
    """

    major: Any
    minor: Any
    pa: Any


def quoted_part(pos_err: Any) -> Any:
    """What a position error consists of, whatever kind it is."""
    return pos_err.quoted if isinstance(pos_err, ErrorKind) else pos_err


def error_entries(pos_err: Any) -> Sequence[Any]:
    """The numbers and column names that a position error consists of.

    Names with what is said of them, as :func:`bayesmatch.catalogs.said.said` reads it.
    """
    pos_err = quoted_part(pos_err)
    if isinstance(pos_err, ErrorEllipse):
        parts: Sequence[Any] = (pos_err.major, pos_err.minor, pos_err.pa)
    else:
        parts = pos_err if isinstance(pos_err, (tuple, list)) else (pos_err,)
    return [part.entry if isinstance(part, Radius) else part for part in parts]


def error_columns(pos_err: Any, names: Sequence[str] | None = None) -> list[str]:
    """Columns that position errors are made from, among those that there are."""
    return [said(part, names).column for part in error_entries(pos_err) if isinstance(part, str)]


def error_radius(covariance: np.ndarray, determinant: np.ndarray | None = None) -> np.ndarray:
    """Geometric mean of the two axes (n,), arcsec: sigma of the circle of the same area.

    Parameters
    ----------
    covariance : ndarray, shape (n, 3)
        Columns xx, yy, xy.
    determinant : ndarray, shape (n,), optional
        Theirs, where it is known better than from the columns: for thin ellipses.
    """
    xx, yy, xy = covariance.T
    det = xx * yy - xy * xy
    if determinant is not None:
        det = np.where(determinant < THIN * (xx + yy) ** 2, determinant, det)
    radius: np.ndarray = det**0.25
    return radius


def catalog_radius(catalog: Any) -> np.ndarray:
    """Error radius of every row of a catalogue in memory, (n,), arcsec."""
    return error_radius(catalog.covariance(), catalog.errors.determinant())
