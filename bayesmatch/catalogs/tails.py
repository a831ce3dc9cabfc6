"""Position errors with tails: a share of the sources is off by far more than is quoted.

The error of a row is ``(1 - w) N(C) + w N(k^2 C)``: C the covariance that is quoted, w the
*tail fraction*, k the *tail factor*.  NWAY's columns keep the core, N(C); the calibrated ones take
the mixture as it is (:mod:`bayesmatch.matching.error_tails`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import ErrorKind, ErrorProfile, PositionErrorModel, quoted_part
from .gaussian import GAUSSIAN
from .scalars import as_number, shown

#: how much wider than the core tails may be
MAX_FACTOR = 100.0
#: halvings that leave nothing of an interval in double precision
HALVINGS = 100


@dataclass(frozen=True)
class Tails:
    """How many errors are of the wider kind, and how wide that is."""

    fraction: float = 0.0
    factor: float = 3.0

    @classmethod
    def checked(cls, fraction: Any, factor: Any, catalogue: Any) -> Tails:
        """The two numbers that a user gives to a catalogue.

        Raises
        ------
        ValueError, TypeError
            If one is no number, or not in [0, 1) and (1, 100].
        """
        given = {"tail_fraction": fraction, "tail_factor": factor}
        number = {}
        for name, value in given.items():
            try:
                number[name] = as_number(value)
            except TypeError as error:
                raise TypeError(
                    f"catalogue {catalogue!r}: {name} is {shown(value)}; give one number for the "
                    "whole catalogue"
                ) from error
        if not 0.0 <= number["tail_fraction"] < 1.0:
            raise ValueError(
                f"catalogue {catalogue!r}: tail_fraction is {shown(fraction)}; give the share of "
                "the errors that are wider than quoted, from 0 to below 1"
            )
        if not 1.0 < number["tail_factor"] <= MAX_FACTOR:
            raise ValueError(
                f"catalogue {catalogue!r}: tail_factor is {shown(factor)}; give how many times "
                f"wider those errors are, above 1 and at most {MAX_FACTOR:g}"
            )
        return cls(number["tail_fraction"], number["tail_factor"])

    @property
    def parts(self) -> tuple[tuple[float, float], ...]:
        """(share, factor on sigma) of the core and, where there are tails, of them."""
        core = (1.0 - self.fraction, 1.0)
        return (core, (self.fraction, self.factor)) if self.fraction > 0 else (core,)


NO_TAILS: Tails = Tails()


@dataclass(frozen=True, eq=False)
class TailedProfile:
    """How separations are distributed in units of the core's sigma.

    One of :class:`bayesmatch.catalogs.errors.ErrorProfile`.
    """

    core: ErrorProfile
    tails: Tails

    def quantile(self, containment: Any) -> Any:
        """Radius, in sigma of the core, within which a fraction of the separations lies."""
        share = np.asarray(containment, np.float64)
        low = self.core.quantile(share) * np.ones_like(share)
        high = self.tails.factor * low
        for _ in range(HALVINGS):
            middle = 0.5 * (low + high)
            too_far = self.beyond(middle) < 1.0 - share
            low, high = np.where(too_far, low, middle), np.where(too_far, middle, high)
        return 0.5 * (low + high)

    def density(self, x: Any) -> Any:
        """Probability density of a separation of `x` sigma of the core."""
        return sum(share * self.core.density(x / k) / k for share, k in self.tails.parts)

    def beyond(self, x: Any) -> Any:
        """Fraction of the separations beyond `x` sigma of the core."""
        return sum(share * self.core.beyond(x / k) for share, k in self.tails.parts)


@dataclass(frozen=True, eq=False)
class TailedErrors(TailedProfile):
    """Errors with tails of the rows of a catalogue; covariances are those of the core.

    One of :class:`bayesmatch.catalogs.errors.PositionErrorModel`.
    """

    core: PositionErrorModel

    @property
    def record(self) -> list[Any]:
        """What was given for each part of the core."""
        return self.core.record

    @property
    def circular(self) -> bool:
        """Whether all errors are circles."""
        return self.core.circular

    @property
    def alike(self) -> bool:
        """Whether all rows have the same; False: that of the core is not known."""
        return getattr(self.core, "alike", False)

    def covariance(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Covariance of the core of some rows (default all), (m, 3), arcsec^2."""
        return self.core.covariance(rows)

    def determinant(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Determinant of those covariances, (m,), arcsec^4."""
        return self.core.determinant(rows)

    def subset(self, rows: np.ndarray) -> TailedErrors:
        """Errors of some rows."""
        return TailedErrors(self.core.subset(rows), self.tails)

    def scaled(self, scale: float | np.ndarray, floor: float) -> TailedErrors:
        """Every sigma times `scale`, with `floor` (arcsec per axis) added; the same tails."""
        return TailedErrors(self.core.scaled(scale, floor), self.tails)

    def columns(self) -> Mapping[str, np.ndarray]:
        """Sigmas of the core (arcsec, (n,)) by the columns they were given in."""
        return self.core.columns()


@dataclass(frozen=True)
class Tailed:
    """Errors with tails as ``pos_err`` takes them; what ``tail_fraction`` makes of ``pos_err``.

    One of :class:`bayesmatch.catalogs.errors.ErrorKind`.
    """

    pos_err: Any
    tails: Tails

    @property
    def quoted(self) -> Any:
        """What is quoted, the core."""
        return quoted_part(self.pos_err)

    def model(self, core: Any) -> TailedErrors:
        """The errors, from the Gaussian ones that the quoted values stand for alone."""
        inner = self.pos_err
        return TailedErrors(
            inner.model(core) if isinstance(inner, ErrorKind) else core,
            self.tails,
        )


def tailed(pos_err: Any, fraction: Any, factor: Any, catalogue: Any) -> Any:
    """``pos_err`` with the tails that a user gives; as it is where there are none."""
    tails = Tails.checked(fraction, factor, catalogue)
    return pos_err if tails.fraction == 0 or pos_err is None else Tailed(pos_err, tails)


def tails_of(errors: PositionErrorModel) -> Tails:
    """The tails of the errors of a catalogue; none where they are of another kind."""
    return errors.tails if isinstance(errors, TailedErrors) else NO_TAILS


def core_of(errors: PositionErrorModel) -> PositionErrorModel:
    """Errors without their tails."""
    return errors.core if isinstance(errors, TailedErrors) else errors


def with_tails(errors: PositionErrorModel, tails: Tails) -> PositionErrorModel:
    """Errors with these tails in place of their own."""
    core = core_of(errors)
    return TailedErrors(core, tails) if tails.fraction > 0 else core


def profile_with(tails: Tails, core: ErrorProfile = GAUSSIAN) -> ErrorProfile:
    """How separations are distributed with these tails, in units of the core's sigma."""
    return TailedProfile(core, tails) if tails.fraction > 0 else core
