"""Which parameters a model of position errors has, and what they make of every primary.

All models have (ln scale, floor^2, offset east, offset north).  One with tails has two more, one of
the whole frame four, and one per covariate.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np

from ...catalogs.tails import MAX_FACTOR, NO_TAILS, Tails

#: ln scale, floor^2, offset east and north
N_CORE, FLOOR = 4, 1
#: more than half of the errors are no tail, and what is less wide is none
MAX_FRACTION, MIN_FACTOR = 0.5, 1.5
#: where the parameters of the tails are 0: a fraction of 0.05 and a factor of 3
FRACTION_0, FACTOR_0 = float(np.log(0.1 / 0.9)), float(np.log(1.5))
#: a ridge on them: without it a wide tail of a third of the errors takes a chance excess of field
#: objects, in one sky of 20; the data of 20 counterparts in the tails outweigh it
RIDGE_TAILS = (1.0, 1.0)


@dataclass(frozen=True)
class ErrorModel:
    """The parameters of a model, in order: core, tails, frame, covariates."""

    tails: bool = False
    """whether they are fitted"""
    frame: np.ndarray | None = None
    """(n, 2, 4) offset east and north of each primary by the four elements of the frame's matrix;
    None: the offset is the same everywhere"""
    covariates: np.ndarray | None = None
    """(n, q) what ln scale is linear in; None: nothing"""
    given: Tails = field(default=NO_TAILS)
    """tails that are not fitted"""

    @property
    def size(self) -> int:
        """Number of parameters."""
        return int(self.slopes.stop)

    @property
    def matrix(self) -> slice:
        """Where the elements of the frame's matrix are."""
        start = N_CORE + 2 * self.tails
        return slice(start, start + (0 if self.frame is None else 4))

    @property
    def slopes(self) -> slice:
        """Where the coefficients of the covariates are."""
        start = self.matrix.stop
        return slice(start, start + (0 if self.covariates is None else self.covariates.shape[1]))

    @property
    def ridge(self) -> np.ndarray:
        """(size,) of the parameters."""
        ridge = np.zeros(self.size)
        if self.tails:
            ridge[N_CORE : N_CORE + 2] = RIDGE_TAILS
        return ridge

    def tails_at(self, parameters: np.ndarray) -> Tails:
        """The tails that the parameters stand for."""
        if not self.tails:
            return self.given
        share = MAX_FRACTION / (1.0 + np.exp(-parameters[N_CORE] - FRACTION_0))
        return Tails(float(share), MIN_FACTOR + float(np.exp(parameters[N_CORE + 1] + FACTOR_0)))

    def tail_parameters(self, fraction: float, factor: float) -> np.ndarray:
        """The two parameters of tails."""
        share = fraction / MAX_FRACTION
        return np.array(
            [
                np.log(share / (1.0 - share)) - FRACTION_0,
                np.log(factor - MIN_FACTOR) - FACTOR_0,
            ]
        )

    def tail_slopes(self, tails: Tails) -> tuple[float, float]:
        """Derivatives of tail fraction and ln tail factor by their parameters."""
        return (
            tails.fraction * (1.0 - tails.fraction / MAX_FRACTION),
            1.0 - MIN_FACTOR / tails.factor,
        )

    def of_primaries(self, parameters: np.ndarray, n: int) -> np.ndarray:
        """The core's four parameters of each primary, (n, 4)."""
        models = np.tile(parameters[:N_CORE], (n, 1))
        if self.frame is not None:
            models[:, 2:] += np.einsum("nca,a->nc", self.frame, parameters[self.matrix])
        if self.covariates is not None:
            models[:, 0] += np.einsum("nq,q->n", self.covariates, parameters[self.slopes])
        return models

    def parts(self, parameters: np.ndarray, other: Tails) -> np.ndarray:
        """The Gaussians of a pair, for the kernels: (share, factors of both, slope of ln share).

        `other` has the tails of the other catalogue.
        """
        own = self.tails_at(parameters)
        by_fraction = (-1.0 / (1.0 - own.fraction), 1.0 / max(own.fraction, 1e-300))
        return np.array(
            [
                (share * also, wide, wide_too, by_fraction[n] if self.tails else 0.0)
                for (n, (share, wide)), (also, wide_too) in itertools.product(
                    enumerate(own.parts), other.parts
                )
            ]
        )

    def score(self, own: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        """Gradients by all parameters (n, size), from those by each primary's, (n, 6)."""
        score = np.empty((len(own), self.size))
        score[:, :N_CORE] = own[:, :N_CORE]
        if self.tails:
            score[:, N_CORE : N_CORE + 2] = own[:, 4:] * self.tail_slopes(self.tails_at(parameters))
        if self.frame is not None:
            score[:, self.matrix] = np.einsum("nc,nca->na", own[:, 2:4], self.frame)
        if self.covariates is not None:
            score[:, self.slopes] = own[:, :1] * self.covariates
        return score

    def allowed(self, parameters: np.ndarray, models: np.ndarray, radius: float) -> bool:
        """Whether the likelihood is defined and the maximum would make sense there."""
        within = np.hypot(*parameters[2:4]) < radius / 2
        if self.frame is not None:
            within = within and np.hypot(*models[:, 2:].T).max() < 0.9 * radius
        if self.tails:
            within = within and self.tails_at(parameters).factor < MAX_FACTOR
        return bool(within)
