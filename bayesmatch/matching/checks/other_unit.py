"""Position errors in another unit than they are read in: the factor that would fit."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ..._kernels.other_unit import ln_likelihoods_of_scaled
from ...catalogs.said import about
from ...catalogs.typed import typed
from .around import Around
from .finding import WRONG, Finding
from .view import View

#: what a factor of the errors says of their unit, as the brackets behind a column's name have it
UNITS = {
    3600.0: ("degrees", "deg"),
    60.0: ("arcmin", "arcmin"),
    15.0: ("seconds of time", "s"),
    1e-3: ("mas", "mas"),
    1e-6: ("microarcsec", "uas"),
    206264.80624709636: ("radians", "rad"),
    1.0 / 3600.0: ("arcsec, and their unit said degrees", "arcsec"),
    1.0 / 60.0: ("arcsec, and their unit said arcmin", "arcsec"),
    1000.0: ("arcsec, and their unit said mas", "arcsec"),
}
#: a unit of columns: nobody gives a number in it
OF_COLUMNS = 15.0
#: ln of the ratio between the factor that fits best and that of a unit
NEAR = 0.35
#: gain in ln likelihood, over the errors as they are read, that no field of chance pairs gives: the
#: best of a hundred factors reaches 10 in one of a thousand
GAIN = 15.0
#: a unit is not named where another factor explains the separations better than by so much
AS_GOOD = 3.0
#: factors, of which one in some is tried first, then those around the best, and then so many within
#: a step of it; and fractions with a counterpart
STEP, COARSE, FINE = 0.1, 4, 9
FACTORS = np.exp(np.arange(math.log(1e-7), math.log(5e5), STEP))
FRACTIONS = np.array([0.1, 0.3, 0.6, 0.9])
#: factors of errors that are a little off, and in no other unit
OFF = np.array([0.4, 0.6, 0.8, 1.0, 1.25, 1.6, 2.5])
#: candidates that are looked at
MAX_PAIRS = 50_000


#: gain in ln likelihood by a factor of the errors, the factor, of which catalogue, its columns
Tried = list[tuple[float, float, str, list[str]]]


def factors_tried(view: View) -> Tried:
    """Factors of the errors of each catalogue that fit best."""
    tried: Tried = []
    for part in view.around:
        pairs = _Pairs.of(view, part)
        as_read = pairs.nearly_as_read()
        for whose, catalog in (
            ("primary", view.setting.primary),
            ("other", part.catalog),
            ("east", view.setting.primary),
        ):
            texts = [about(g).column for g in catalog.error_record if isinstance(g, str)]
            if whose == "east" and len(texts) != 2:
                continue
            ln_likelihood, factor = pairs.best(whose)
            if whose != "east" or _near(factor) == OF_COLUMNS:
                tried.append((ln_likelihood - as_read, factor, catalog.name, texts))
    return tried


def far_off(tried: Tried) -> bool:
    """Whether some factor explains separations that the errors as they are read do not."""
    return any(gain >= GAIN for gain, *_ in tried)


def with_factor(tried: Tried, finding: Finding) -> Finding:
    """A finding about errors that are far off, with the factor by which they seem to be."""
    _, factor, *_ = max(tried)
    return replace(
        finding, value=factor, expected=1.0, error=abs(factor - 1.0) / max(finding.sigma, 1e-9)
    )


def in_other_unit(tried: Tried, finding: Finding) -> Finding | None:
    """A finding about errors that are off by the factor of another unit; None: they are not."""
    # Errors of both catalogues add up: what one factor explains another one may explain as well.
    least = max(GAIN, *(gain - AS_GOOD for gain, *_ in tried))
    named = [
        (gain, unit, name, columns)
        for gain, factor, name, columns in tried
        if gain >= least and (unit := _near(factor)) and (columns or unit != OF_COLUMNS)
    ]
    if not named:
        return None
    best, unit, name, columns = max(named, key=lambda found: found[0])
    what, bracket = UNITS[unit]
    return replace(
        finding,
        value=unit,
        expected=1.0,
        error=0.5 * unit / math.sqrt(best),
        sigma=math.sqrt(2.0 * best),
        verdict=WRONG,
        advice=f"the separations are those of {name} errors {unit:.4g} times the quoted ones, as "
        f"if these were in {what}: {_remedy(columns, bracket)}",
    )


def _near(factor: float) -> float | None:
    """The factor of a unit that a factor is."""
    near = (u for u in UNITS if factor and abs(math.log(factor / u)) < NEAR)
    return next(near, None)


def _remedy(columns: list[str], bracket: str) -> str:
    """How to say the unit, in Python and on the command line."""
    if not columns:
        return "give them in arcsec"
    if bracket == "s":
        units = ["[s]", *("" for _ in columns[1:] or ["DEC_ERR"])]
        columns = columns if len(columns) > 1 else [columns[0], "DEC_ERR"]
    else:
        units = [f"[{bracket}]" if k < 2 else "" for k in range(len(columns))]
    said = [f"{column}{unit}" for column, unit in zip(columns, units, strict=True)]
    line = ":".join(f"{typed(c)}{unit}" for c, unit in zip(columns, units, strict=True))
    parts = ", ".join(f"'{text}'" for text in said[:2])
    return (
        f"say it behind the column's name, pos_err={parts if len(said) == 1 else f'({parts})'} "
        f"(':{line}' on the command line)"
    )


@dataclass(frozen=True)
class _Pairs:
    """Candidates of some primaries: offsets and both covariances."""

    i: np.ndarray
    """(m,) primary, from 0 without gaps at the end"""
    n: int
    offset: np.ndarray
    """(2, m) arcsec, east and north"""
    own: np.ndarray
    """(3, m) covariance of the primary, arcsec^2"""
    other: np.ndarray
    """(3, m) of the candidate"""
    density: float
    """candidates per arcsec^2; counterparts among them make it too large, which is safe"""

    @classmethod
    def of(cls, view: View, part: Around) -> _Pairs:
        """Of the first primaries, so that there are not too many."""
        few = slice(None)
        if len(part.i) > MAX_PAIRS:
            few = slice(0, int(np.searchsorted(part.i, part.i[MAX_PAIRS])) or MAX_PAIRS)
        i = part.i[few]
        n = int(i.max()) + 1 if len(i) else 0
        other = np.ascontiguousarray(part.theirs[:3, few])
        density = len(i) / (math.pi * part.radius**2 * max(n, 1))
        own = part.covariance[:, few] - other
        offset = np.ascontiguousarray(part.offset[few].T)
        return cls(np.asarray(i, np.int64), n, offset, own, other, density)

    def nearly_as_read(self) -> float:
        """Ln likelihood of errors as they are read, or a little off in either catalogue.

        Of all that a factor of the other catalogue's errors explains, most may be explained by a
        small one of the primaries'.
        """
        if self.n == 0:
            return 0.0
        tried = (self._ln_likelihoods(whose, OFF).max() for whose in ("primary", "other"))
        return max(0.0, *map(float, tried))

    def best(self, whose: str) -> tuple[float, float]:
        """Ln likelihood at the factor of some errors that fits best, and it."""
        if self.n == 0:
            return 0.0, 0.0
        at = COARSE * int(self._ln_likelihoods(whose, FACTORS[::COARSE]).argmax())
        around = FACTORS[max(at - COARSE + 1, 0) : at + COARSE]
        middle = around[self._ln_likelihoods(whose, around).argmax()]
        fine = middle * np.exp(np.linspace(-STEP, STEP, FINE))
        ln_likelihoods = self._ln_likelihoods(whose, fine)
        at = int(ln_likelihoods.argmax())
        return float(ln_likelihoods[at]), float(fine[at])

    def _ln_likelihoods(self, whose: str, factors: np.ndarray) -> np.ndarray:
        """Over that of chance alone, at the best of some fractions with a counterpart."""
        one, square = np.ones(len(factors)), factors * factors
        scales = {
            "primary": (square, square, square, one),
            "other": (one, one, one, square),
            "east": (square, one, factors, one),
        }[whose]
        ln_likelihoods: np.ndarray = ln_likelihoods_of_scaled(
            self.i,
            self.n,
            self.offset,
            self.own,
            self.other,
            np.column_stack(scales),
            self.density,
            FRACTIONS,
        )
        return ln_likelihoods
