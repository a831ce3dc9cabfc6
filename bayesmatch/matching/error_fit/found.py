"""What a fit of position errors found, and how it is applied."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from astropy.table import Table

from ...catalogs.catalog import Catalog
from ...catalogs.gaussian import GAUSSIAN
from ...catalogs.places import shifted_positions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: a 95% error radius in units of sigma per axis
RADIUS_95 = float(GAUSSIAN.quantile(0.95))


@dataclass(frozen=True, eq=False)
class PositionErrorFit:
    """What :func:`fit_position_errors` found; ``print`` it for a summary.

    The error of a primary per axis is ``sqrt((scale * quoted)^2 + floor_arcsec^2)``, and
    ``dra_arcsec`` (that is, dRA cos Dec) and ``ddec_arcsec`` **added to the primary's positions**
    bring it onto the others' frame; :meth:`apply` does both.
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
    """(4, 4) covariance of ln scale, floor^2, offset east, offset north"""
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
            ``scale^2`` plus ``floor_arcsec^2`` on the diagonal.

        Raises
        ------
        TypeError
            If it is not a Catalog.
        """
        if not isinstance(primary, Catalog):
            raise TypeError(
                f"apply takes a Catalog, got a {type(primary).__name__}; wrap the "
                "table: bayesmatch.Catalog(table, name=..., pos_err=..., area=...)"
            )
        ra, dec = shifted_positions(primary, self.dra_arcsec, self.ddec_arcsec)
        return primary.corrected(ra, dec, self.scale, self.floor_arcsec)

    def plot(self) -> Figure:
        """Rayleigh plot: separation / sigma of the counterparts, before and after."""
        import bayesmatch

        return bayesmatch.plots.rayleigh_plot(self)

    def __str__(self) -> str:
        name = self.names[0]
        floor = (
            f"arcsec per axis, in quadrature (95%: below {self.floor_upper_arcsec:.2f})"
            if self.floor_arcsec_error > 0
            else "cannot be told from the scale: all quoted errors are one circle"
        )
        p = np.asarray(self.candidates["p"])
        outside = [
            100 * p[np.asarray(self.candidates[which]) > RADIUS_95].sum() / p.sum()
            for which in ("before", "after")
        ]
        return "\n".join(
            [
                f"position errors of {name} from its counterparts in "
                f"{' and '.join(self.names[1:])}",
                f"  scale       {self.scale:7.3f} +- {self.scale_error:.3f}  times the quoted "
                "errors",
                f"  floor       {self.floor_arcsec:7.3f} +- {self.floor_arcsec_error:.3f}  {floor}",
                f"  dRA cos Dec {self.dra_arcsec:+7.3f} +- {self.dra_arcsec_error:.3f}  "
                "arcsec, to be "
                f"added to {name} positions",
                f"  dDec        {self.ddec_arcsec:+7.3f} +- {self.ddec_arcsec_error:.3f}  arcsec",
                f"  {outside[0]:.1f}% of the {p.sum():,.0f} counterparts are outside their "
                "quoted 95% "
                f"error, {outside[1]:.1f}% outside the fitted one",
                *(
                    f"  {100 * fraction:.1f} +- {100 * error:.1f}% of the {name} sources "
                    "within the "
                    f"footprint of {other} have a counterpart there"
                    for other, (fraction, error) in self.host_fractions.items()
                ),
            ]
        )
