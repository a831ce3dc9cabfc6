"""Marginal likelihood of a position-error model: what `fit_position_errors` maximises.

The parameters are those of the error model (:mod:`bayesmatch.matching.error_fit.model`), first
(ln scale, floor^2, dra, ddec), followed by the coefficients of a logit for the fraction of
primaries with a counterpart, one set per other catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from ..._kernels import position_errors as kernels
from ..._kernels.jit import ranges, run_kernel
from ..._kernels.sums import dot
from ...catalogs.candidates import Candidates
from ...catalogs.errors import ErrorProfile, error_radius
from ...catalogs.gaussian import GAUSSIAN
from ...catalogs.held import HeldCatalog
from ...catalogs.tails import NO_TAILS, Tails, profile_with
from ..candidate_positions import candidate_positions, tangent_planes
from ..fraction_likelihood import RIDGE_CONSTANT, RIDGE_SLOPE
from .model import FLOOR, N_CORE, ErrorModel

#: the scale stays within these, the offset within half the radius
LN_SCALE_MAX = np.log(100.0)
#: ln of a candidate's prior ratios, beyond which sums of likelihoods overflow
LN_RATIO_MAX = 200.0 * np.log(10.0)
#: directions in which the counterparts lost beyond the radius are counted
CIRCLE = np.column_stack([np.cos(np.arange(32) * np.pi / 16), np.sin(np.arange(32) * np.pi / 16)])
PIECE = 1 << 12


@dataclass(frozen=True)
class Neighbours:
    """Candidates of one other catalogue, primary by primary."""

    name: str
    """of the catalogue"""
    start: np.ndarray
    """(n_primary + 1,) first candidate of each primary, then the end"""
    row: np.ndarray
    """(m,) row in its catalogue"""
    slots: np.ndarray
    """(m, 6) offset east and north (arcsec), covariance xx, yy, xy (arcsec^2) along the primary's
    axes, its determinant"""
    ratio: np.ndarray
    """(m,) prior ratio over the density of field objects (arcsec^2)"""
    inside: np.ndarray
    """(n_primary,) probability that the primary is within the catalogue's footprint"""
    variance: float
    """a typical variance, for counterparts that are not among the candidates (arcsec^2)"""
    tails: Tails = NO_TAILS
    """of the catalogue's errors"""


def neighbours(
    primary: HeldCatalog,
    others: Sequence[HeldCatalog],
    candidates: Candidates,
    density: np.ndarray,
    ln_ratio: np.ndarray,
    inside: np.ndarray,
) -> list[Neighbours]:
    """Candidates of each other catalogue in the tangent planes of the primaries.

    ``density`` (n_primary, n_other) is that of field objects at the primaries, per arcsec^2,
    ``ln_ratio`` (n_slots,) the ln of the candidates' prior ratios, ``inside``
    (n_primary, n_other) the probability of lying within each footprint.
    """
    n = len(primary)
    positions = candidate_positions(primary, others, candidates)
    plane = tangent_planes(primary, candidates, positions, ranges(n, PIECE))
    found = []
    for k, other in enumerate(others):
        slots, i = candidates.of_catalogue(k)
        if ln_ratio[slots].max(initial=0.0) > LN_RATIO_MAX:
            raise ValueError(
                f"the log10 prior ratios of an object of catalogue {other.name!r} add up to "
                f"{ln_ratio[slots].max() / np.log(10.0):g}; a fit of position errors takes up to "
                f"{LN_RATIO_MAX / np.log(10.0):.0f}"
            )
        start = np.zeros(n + 1, np.int64)
        np.cumsum(np.bincount(i, minlength=n), out=start[1:])
        found.append(
            Neighbours(
                other.name,
                start,
                candidates.row[slots],
                plane[slots],
                np.exp(ln_ratio[slots]) / density[i, k],
                np.ascontiguousarray(inside[:, k], float),
                float(np.median(_radius(positions.covariance[slots]))) ** 2 if len(slots) else 0.0,
                other.tails,
            )
        )
    return found


def _radius(cov: np.ndarray) -> np.ndarray:
    """Error radius (n,) of covariances with their determinant (n, 4)."""
    return error_radius(cov[:, :3], cov[:, 3])


class ErrorLikelihood:
    """The ridge-penalised log likelihood, summed over primaries and other catalogues."""

    def __init__(
        self,
        neighbours: Sequence[Neighbours],
        p_cov: np.ndarray,
        z: np.ndarray,
        radius: float,
        profile: ErrorProfile = GAUSSIAN,
        model: ErrorModel | None = None,
    ) -> None:
        self.profile, self.model = profile, ErrorModel() if model is None else model
        if p_cov.shape[1] == 3:
            xx, yy, xy = p_cov.T
            p_cov = np.column_stack([p_cov, xx * yy - xy * xy])
        self.neighbours, self.p_cov, self.z, self.radius = neighbours, p_cov, z, radius
        self.n_model = self.model.size
        self.size = self.n_model + len(neighbours) * z.shape[1]
        ridge = np.full(z.shape[1], RIDGE_SLOPE)
        ridge[0] = RIDGE_CONSTANT
        self.ridge = np.concatenate([self.model.ridge, np.tile(ridge, len(neighbours))])

    def with_model(self, model: ErrorModel) -> ErrorLikelihood:
        """The same data under another model."""
        return ErrorLikelihood(
            self.neighbours, self.p_cov, self.z, self.radius, self.profile, model
        )

    def logit(self, k: int) -> slice:
        """Where the coefficients of other catalogue k are."""
        q = self.z.shape[1]
        return slice(self.n_model + k * q, self.n_model + (k + 1) * q)

    def fractions(self, parameters: np.ndarray, k: int) -> np.ndarray:
        """Each primary's fraction of having a counterpart in catalogue k."""
        logit = np.einsum("nq,q->n", self.z, parameters[self.logit(k)])
        fraction: np.ndarray = 1.0 / (1.0 + np.exp(-logit))
        return fraction

    def _arguments(self, k: int, parameters: np.ndarray) -> tuple:
        mine = self.neighbours[k]
        return (
            mine.start,
            mine.slots,
            mine.ratio,
            mine.inside > 0.0,
            self.p_cov,
            self.z,
            self.model.of_primaries(parameters, len(self.p_cov)),
            self.model.parts(parameters, mine.tails),
            np.ascontiguousarray(parameters[self.logit(k)]),
            mine.variance,
            self.radius,
            CIRCLE,
        )

    def scores(self, parameters: np.ndarray) -> tuple[float, np.ndarray]:
        """The log likelihood, and its gradient primary by primary (without the ridge's)."""
        n, total = len(self.p_cov), 0.0
        score = np.zeros((n, self.size))
        for k in range(len(self.neighbours)):
            value = np.empty(n)
            own = np.empty((n, N_CORE + 2 + self.z.shape[1]))
            arguments = self._arguments(k, parameters)
            run_kernel(kernels.mixture_scores, ranges(n, PIECE), *arguments, value, own)
            inside = self.neighbours[k].inside
            value *= inside
            own *= inside[:, None]
            total += float(value.sum())
            score[:, : self.n_model] += self.model.score(own[:, : N_CORE + 2], parameters)
            score[:, self.logit(k)] = own[:, N_CORE + 2 :]
        return total - 0.5 * float(self.ridge @ parameters**2), score

    def shares(self, parameters: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Of every candidate of catalogue k: probability, and separation in units of sigma."""
        m = len(self.neighbours[k].row)
        share, distance = np.empty(m), np.empty(m)
        arguments = self._arguments(k, parameters)
        pieces = ranges(len(self.p_cov), PIECE)
        run_kernel(kernels.candidate_shares, pieces, *arguments, share, distance)
        return share, distance

    def gradient(self, parameters: np.ndarray) -> np.ndarray:
        """Gradient of the penalised log likelihood."""
        gradient: np.ndarray = self.scores(parameters)[1].sum(axis=0) - self.ridge * parameters
        return gradient

    def host_fraction(
        self, parameters: np.ndarray, covariance: np.ndarray, k: int
    ) -> tuple[float, float]:
        """Mean fraction with a counterpart in catalogue k, and its standard error."""
        share = self.fractions(parameters, k)
        slope = np.einsum("n,nq->q", share * (1 - share), self.z) / len(share)
        mine = self.logit(k)
        return float(share.mean()), max(0.0, float(slope @ covariance[mine, mine] @ slope)) ** 0.5

    def lost(self, parameters: np.ndarray) -> float:
        """Share of the counterparts beyond the radius, in the catalogue that loses most."""
        shares = []
        scale2 = np.exp(2 * self.model.of_primaries(parameters, len(self.p_cov))[:, :1])
        profile = profile_with(self.model.tails_at(parameters), self.profile)
        for k, mine in enumerate(self.neighbours):
            more = parameters[FLOOR] + mine.variance
            cov = scale2 * self.p_cov
            cov[:, 3] = scale2[:, 0] * cov[:, 3] + more * (cov[:, 0] + cov[:, 1] + more)
            cov[:, :2] += more
            beyond = profile.beyond(self.radius / _radius(cov))
            host = self.fractions(parameters, k)
            shares.append(dot(host, beyond) / float(host.sum()))
        return max(shares)

    def candidate_table(self, parameters: np.ndarray, before: np.ndarray, k: int) -> Table:
        """Pairs with catalogue k: separations in sigma as quoted and as fitted, probability."""
        mine = self.neighbours[k]
        p, after = self.shares(parameters, k)
        return Table(
            {
                "primary": np.repeat(np.arange(len(self.p_cov)), np.diff(mine.start)),
                "catalogue": np.full(len(p), mine.name),
                "row": mine.row,
                "separation": np.hypot(mine.slots[:, 0], mine.slots[:, 1]),
                "before": before,
                "after": after,
                "p": p,
            }
        )

    def allowed(self, parameters: np.ndarray) -> bool:
        """Whether the likelihood is defined there."""
        models = self.model.of_primaries(parameters, len(self.p_cov))
        return bool(
            np.abs(models[:, 0]).max() < LN_SCALE_MAX
            and parameters[FLOOR] >= 0
            and self.model.allowed(parameters, models, self.radius)
        )
