"""Are the quoted position errors right? Their scale, a floor and an offset, fitted to the match.

The separations of true counterparts say how large position errors really are, but which pairs are
true is not known. So nothing is picked by hand: every candidate counts with its probability, in
the same likelihood as :func:`bayesmatch.match` uses.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Table, vstack

from .arguments import check_catalogs, in_arcsec
from .candidates import Candidates, find_candidates
from .catalog import Catalog
from .catalogs.places import shifted_positions
from .covariates import covariate_matrix
from .error_fit.footprint import covered
from .error_fit.likelihood import FLOOR, N_MODEL, ErrorLikelihood, neighbours
from .error_fit.maximum import (
    first_guess,
    floor_error,
    maximise,
    parameter_covariance,
    without_floor,
)
from .host_fraction import MIN_PRIMARIES
from .matching import match
from .priors import all_ratios, check_priors
from .priors.auto import AutoPrior

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LN_10 = np.log(10.0)
MAX_ROWS = 200_000_000
#: with fewer expected counterparts than this the errors are hardly measured
MIN_COUNTERPARTS = 20
#: a radius that loses more counterparts than this is worth a warning
MAX_LOST = 0.05
#: a 95% error radius in units of sigma per axis
RADIUS_95 = float(np.sqrt(-2 * np.log(0.05)))


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
            raise TypeError(f"apply takes a Catalog, got a {type(primary).__name__}; wrap the "
                            "table: bayesmatch.Catalog(table, name=..., pos_err=..., area=...)")
        ra, dec = shifted_positions(primary, self.dra_arcsec, self.ddec_arcsec)
        return primary.corrected(ra, dec, self.scale, self.floor_arcsec)

    def plot(self) -> Figure:
        """Rayleigh plot: separation / sigma of the counterparts, before and after."""
        from .plots import rayleigh_plot

        return rayleigh_plot(self)

    def __str__(self) -> str:
        name = self.names[0]
        floor = (f"arcsec per axis, in quadrature (95%: below {self.floor_upper_arcsec:.2f})"
                 if self.floor_arcsec_error > 0 else "cannot be told from the scale: all quoted "
                 "errors are one circle")
        p = np.asarray(self.candidates["p"])
        outside = [100 * p[np.asarray(self.candidates[which]) > RADIUS_95].sum() / p.sum()
                   for which in ("before", "after")]
        return "\n".join([
            f"position errors of {name} from its counterparts in {' and '.join(self.names[1:])}",
            f"  scale       {self.scale:7.3f} +- {self.scale_error:.3f}  times the quoted errors",
            f"  floor       {self.floor_arcsec:7.3f} +- {self.floor_arcsec_error:.3f}  {floor}",
            f"  dRA cos Dec {self.dra_arcsec:+7.3f} +- {self.dra_arcsec_error:.3f}  arcsec, to be "
            f"added to {name} positions",
            f"  dDec        {self.ddec_arcsec:+7.3f} +- {self.ddec_arcsec_error:.3f}  arcsec",
            f"  {outside[0]:.1f}% of the {p.sum():,.0f} counterparts are outside their quoted 95% "
            f"error, {outside[1]:.1f}% outside the fitted one",
            *(f"  {100 * fraction:.1f} +- {100 * error:.1f}% of the {name} sources within the "
              f"footprint of {other} have a counterpart there"
              for other, (fraction, error) in self.host_fractions.items())])


def fit_position_errors(
    primary: Catalog,
    *others: Catalog,
    radius: Any,
    priors: Mapping[str, Sequence[Any]] | None = None,
) -> PositionErrorFit:
    """Fit scale, floor and offset of the primary's position errors to its counterparts.

    Parameters
    ----------
    primary : Catalog
        Whose errors are in doubt; circles or ellipses.
    *others : Catalog
        One or more catalogues with its counterparts, whose own errors are taken as right.
    radius : float or Quantity
        How far to look, arcsec. Five times the largest *true* error is best; counterparts beyond
        are allowed for, so that less does no harm.
    priors : mapping of str to list of priors, optional
        As in :func:`bayesmatch.match`. With good photometric priors fewer sources are needed.

    Returns
    -------
    PositionErrorFit
        Values with standard errors, ``apply(primary)`` and ``plot()``.

    Raises
    ------
    ValueError, TypeError
        If an argument is wrong, or no primary has a candidate.

    Warns
    -----
    UserWarning
        If fewer than 20 counterparts are expected, the radius loses over 5% of them, or the fit
        does not converge.

    Notes
    -----
    Maximum marginal likelihood. With d the offset of candidate j from primary i, the likelihood is
    the product over primaries of ::

        1 - h + h * (Q + sum_j ratio_j N(d_ij; (dra, ddec), V_ij) / density)
        V_ij = scale^2 C_i + floor^2 I + C_j

    that is, of the Bayes factor (Budavari & Szalay 2008) of two sources, exact for ellipses. The
    fraction h with a counterpart is a logit in the quoted error, as in match(): faint sources
    have large errors and fewer counterparts. Q is the probability of a counterpart beyond
    `radius`. Field objects fall uniformly, so chance neighbours do not widen the errors. Primaries
    outside a catalogue's footprint (see :mod:`bayesmatch.error_fit.footprint`) do not count.

    With several other catalogues the log likelihoods of the pairs (primary, other) are added, each
    with its own host fraction, and the errors allow for their sharing the primary's true error
    (the sandwich of a composite likelihood).

    The floor cannot be negative. Where the data ask for none it is exactly 0, and the scale's
    error is that for a floor of 0. While floor^2 is less than 2.25 of its errors,
    ``floor_arcsec_error`` is the scatter that estimates of a floor of 0 would have. If all quoted
    errors are one circle, scale and floor cannot be told apart, and the floor stays 0.
    """
    check_catalogs(primary, others)
    radius_arcsec = in_arcsec(radius)
    checked = check_priors(priors, primary, others)
    z, _ = covariate_matrix(primary, "sigma" if len(primary) >= MIN_PRIMARIES else None)
    candidates = find_candidates(primary, others, radius_arcsec, max_rows=MAX_ROWS)
    if len(candidates.row) == 0:
        raise ValueError(f"no {primary.name} source has a candidate within {radius_arcsec:g} "
                         "arcsec: there is nothing to fit; check that the catalogues overlap")
    fixed = {name: [p for p in listed if not isinstance(p, AutoPrior)]
             for name, listed in checked.items()}
    found = _fit(primary, others, candidates, fixed, z, radius_arcsec)
    if any(isinstance(p, AutoPrior) for listed in checked.values() for p in listed):
        # these are learned from the match with errors put right
        learned = match(found.apply(primary), *others, radius=radius_arcsec, priors=checked).priors
        found = _fit(primary, others, candidates, learned, z, radius_arcsec)
    _warn(found)
    return found


def _fit(primary: Catalog, others: Sequence[Catalog], candidates: Candidates,
         priors: Mapping[str, Sequence[Any]], z: np.ndarray, radius: float) -> PositionErrorFit:
    """The fit with priors that are ready to use."""
    ratios = all_ratios(priors, primary, others, candidates)
    ln_ratio = LN_10 * sum(ratios.values(), np.zeros(len(candidates.row)))
    near = covered(primary, others, candidates, radius, max_rows=MAX_ROWS)
    problem = ErrorLikelihood(neighbours(primary, others, candidates, ln_ratio, near),
                              primary.covariance(), z, radius)
    free = np.ones(problem.size, bool)
    free[FLOOR] = not _same_circle(problem.p_cov)
    parameters, converged = maximise(problem, first_guess(problem), free)
    covariance = parameter_covariance(problem, parameters, free)
    floor2 = float(parameters[FLOOR])
    floor2_error = float(covariance[FLOOR, FLOOR]) ** 0.5 if free[FLOOR] else np.nan
    if free[FLOOR] and floor2 == 0:
        covariance = without_floor(covariance)
    error = np.sqrt(np.diag(covariance))
    scale = float(np.exp(parameters[0]))
    quoted, _ = maximise(problem, np.where(np.arange(problem.size) < N_MODEL, 0.0, parameters),
                         np.arange(problem.size) >= N_MODEL)
    return PositionErrorFit(
        scale=scale, scale_error=scale * float(error[0]),
        floor_arcsec=floor2 ** 0.5, floor_arcsec_error=floor_error(floor2, floor2_error),
        dra_arcsec=float(parameters[2]), dra_arcsec_error=float(error[2]),
        ddec_arcsec=float(parameters[3]), ddec_arcsec_error=float(error[3]),
        floor_upper_arcsec=(floor2 + 1.645 * floor2_error) ** 0.5,
        host_fractions={other.name: problem.host_fraction(parameters, covariance, k)
                        for k, other in enumerate(others)},
        covariance=covariance[:N_MODEL, :N_MODEL],
        ln_gain=problem.scores(parameters)[0] - problem.scores(quoted)[0],
        lost=problem.lost(parameters), converged=converged, radius_arcsec=radius,
        names=(primary.name, *(o.name for o in others)),
        candidates=vstack([
            problem.candidate_table(parameters, quoted, k) for k in range(len(others))]))


def _same_circle(cov: np.ndarray) -> bool:
    """Whether all errors are one circle: then scale and floor cannot be told apart."""
    return bool(np.ptp(cov[:, :2]) <= 1e-6 * cov[0, 0] and np.abs(cov[:, 2]).max() == 0)


def _warn(found: PositionErrorFit) -> None:
    what = f"position errors of {found.names[0]!r}:"
    if found.n_counterparts < MIN_COUNTERPARTS:
        warnings.warn(f"{what} only about {found.n_counterparts:.0f} counterparts are among the "
                      "candidates, too few to measure errors by", UserWarning, stacklevel=3)
    elif not found.converged:
        warnings.warn(f"{what} the fit did not converge", UserWarning, stacklevel=3)
    if found.lost > MAX_LOST:
        warnings.warn(f"{what} {100 * found.lost:.0f}% of the counterparts lie beyond the radius "
                      f"of {found.radius_arcsec:g} arcsec; the fit allows for them, but a larger "
                      "radius tells more", UserWarning, stacklevel=3)
