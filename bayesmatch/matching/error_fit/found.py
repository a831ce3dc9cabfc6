"""What a fit of position errors found, and how it is applied."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Table

from ...catalogs.catalog import Catalog
from ...catalogs.errors import ErrorProfile
from ...catalogs.places import shifted_positions
from ...catalogs.tails import Tails, profile_with
from .frame import frame_design
from .numbers import fit_numbers
from .scaling import standardised_columns
from .wording import RADIUS_95 as RADIUS_95
from .wording import fit_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class PositionErrorFit:
    """What :func:`fit_position_errors` found; ``print`` it for a summary.

    The error of a primary per axis is ``sqrt((scale * quoted)^2 + floor_arcsec^2)``, and
    ``dra_arcsec`` (that is, dRA cos Dec) and ``ddec_arcsec`` **added to the primary's positions**
    bring it onto the others' frame. With tails, a share ``tail_fraction`` of the errors is
    ``tail_factor`` times as wide; with a matrix, the offset is ``(dra_arcsec, ddec_arcsec) +
    matrix @ (east, north)``, the position relative to the field's ``center`` in degrees; with
    slopes, ln scale has ``slopes[column]`` times the standardised column added. :meth:`apply` does
    all of it.
    """

    scale: float
    """factor on the quoted errors"""
    scale_error: float
    """its standard error"""
    floor_arcsec: float
    """systematic error per axis, added in quadrature; 0 where the data ask for none"""
    floor_arcsec_error: float
    """NaN where all quoted errors are one circle: then only the scale can be fitted"""
    dra_arcsec: float
    """offset to the east (arcsec on the sky)"""
    dra_arcsec_error: float
    ddec_arcsec: float
    """offset to the north"""
    ddec_arcsec_error: float
    floor_upper_arcsec: float
    """the floor is below this with 95% confidence"""
    host_fractions: dict[str, tuple[float, float]]
    """by other catalogue: the fraction of primaries with a counterpart in it, of those within its
    footprint, and the standard error"""
    covariance: np.ndarray
    """(4 or more, 4 or more) covariance of ln scale, floor^2, offset east, offset north, and of the
    parameters of tails, matrix and slopes, as far as they were fitted"""
    ln_gain: float
    """how much the log likelihood gains over the quoted errors"""
    lost: float
    """share of the counterparts that lie beyond the radius, as the fitted errors have it"""
    converged: bool
    radius_arcsec: float
    names: tuple[str, ...]
    """names of the catalogues, the primary first"""
    candidates: Table = field(repr=False)
    """every pair within the radius: rows, ``separation`` (arcsec), separation in units of its
    sigma as quoted (``before``) and as fitted (``after``), and ``p``, the probability that it is
    the true one under the fitted errors"""
    tail_fraction: float = 0.0
    """share of the errors that are wider; 0 where the data do not ask for it"""
    tail_fraction_error: float = np.nan
    """its standard error; of a fraction of 0, how far it may be from that; NaN: not looked for"""
    tail_factor: float = 3.0
    """how much wider they are"""
    tail_factor_error: float = np.nan
    """NaN where there are no tails"""
    matrix: np.ndarray = field(default_factory=lambda: np.zeros((2, 2)))
    """(2, 2) arcsec per degree: offset east and north by position east and north of ``center``; 0
    where the data do not ask for it"""
    matrix_error: np.ndarray = field(default_factory=lambda: np.full((2, 2), np.nan))
    """standard errors of its elements"""
    slopes: dict[str, float] = field(default_factory=dict)
    """by covariate: ln scale per standard deviation of the column"""
    slopes_error: dict[str, float] = field(default_factory=dict)
    standards: dict[str, tuple[float, float]] = field(default_factory=dict)
    """by covariate: mean and standard deviation of the column"""
    center: tuple[float, float] | None = None
    """right ascension and declination of the field's centre, degrees; None: sources all over"""

    @property
    def host_fraction(self) -> float:
        """Fraction of primaries with a counterpart in the first other catalogue."""
        return self.host_fractions[self.names[1]][0]

    @property
    def host_fraction_error(self) -> float:
        """Its standard error."""
        return self.host_fractions[self.names[1]][1]

    @property
    def n_counterparts(self) -> float:
        """Expected number of true counterparts among the candidates."""
        return float(np.sum(self.candidates["p"]))

    def apply(self, primary: Catalog) -> Catalog:
        """The catalogue with its positions moved and its errors corrected.

        Parameters
        ----------
        primary : Catalog
            The one fitted, or another of the same instrument. It is not modified.

        Returns
        -------
        Catalog
            With the corrected values in its columns of positions and errors: covariances times
            ``scale^2`` plus ``floor_arcsec^2`` on the diagonal, and with the tails. The ``meta`` of
            a match of it has the numbers of this fit, ``meta["errors"]["corrected"]``.

        Raises
        ------
        TypeError
            If it is not a Catalog.
        ValueError
            If it lacks a column of the covariates.
        """
        if not isinstance(primary, Catalog):
            raise TypeError(
                f"apply takes a Catalog, got a {type(primary).__name__}; wrap the "
                "table: bayesmatch.Catalog(table, name=..., pos_err=..., area=...)"
            )
        east, north = self._offsets(primary)
        ra, dec = shifted_positions(primary, east, north)
        out = primary.corrected(ra, dec, self._scales(primary), self.floor_arcsec, self.tails)
        out.corrections = (*primary.corrections, fit_numbers(self))
        return out

    @property
    def tails(self) -> Tails:
        """The tails of the corrected errors."""
        return Tails(self.tail_fraction, self.tail_factor)

    @property
    def profile(self) -> ErrorProfile:
        """How separations in units of the core's sigma are distributed, by the fit."""
        return profile_with(self.tails)

    def _scales(self, primary: Catalog) -> float | np.ndarray:
        """The factor on the quoted errors: one number, or one per row with covariates."""
        z = standardised_columns(primary, self.standards)
        if z is None:
            return self.scale
        scales: np.ndarray = self.scale * np.exp(z @ np.array(list(self.slopes.values())))
        return scales

    def _offsets(self, primary: Catalog) -> tuple[Any, Any]:
        """The offset to the east and north (arcsec): one number each, or one per row."""
        if self.center is None or not self.matrix.any():
            return self.dra_arcsec, self.ddec_arcsec
        design = frame_design(primary.ra, primary.dec, self.center)
        more = np.einsum("nca,a->cn", design, self.matrix.ravel())
        return self.dra_arcsec + more[0], self.ddec_arcsec + more[1]

    def plot(self) -> Figure:
        """Rayleigh plot: separation / sigma of the counterparts, before and after."""
        import bayesmatch

        return bayesmatch.plots.rayleigh_plot(self)

    def __str__(self) -> str:
        return fit_text(self)
