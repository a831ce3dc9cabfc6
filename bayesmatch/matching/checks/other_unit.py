"""Position errors in another unit than they are read in: the factor that would fit."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ...catalogs.said import about
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
#: ln of the ratio between the factor that fits best and that of a unit
NEAR = 0.35
#: gain in ln likelihood, over the errors as they are read, that no field of chance pairs gives: the
#: best of a hundred factors reaches 10 in one of a thousand
GAIN = 15.0
#: factors that are tried, and fractions with a counterpart
FACTORS = np.exp(np.arange(math.log(1e-7), math.log(5e5), 0.1))
FRACTIONS = (0.1, 0.3, 0.6, 0.9)
#: candidates that are looked at
MAX_PAIRS = 50_000


def in_other_unit(view: View, finding: Finding) -> Finding | None:
    """A finding about errors that are off by the factor of another unit; None: they are not."""
    best = (GAIN, 0.0, "", "")
    for part in view.around:
        for whose in ("primary", "other"):
            gain, factor = _best(view, part, whose)
            if gain > best[0]:
                catalog = view.setting.primary if whose == "primary" else part.catalog
                given = catalog.error_record[0]
                column = about(given).column if isinstance(given, str) else ""
                best = gain, factor, catalog.name, column
    gain, factor, name, column = best
    unit = next((u for u in UNITS if factor and abs(math.log(factor / u)) < NEAR), None)
    if unit is None:
        return None
    what, bracket = UNITS[unit]
    remedy = "convert them to arcsec"
    if column and bracket:
        remedy = (
            f"say it behind the column's name, pos_err='{column}[{bracket}]' "
            f"(':{column}[{bracket}]' on the command line)"
        )
    if bracket == "s":
        remedy += ", as the first of a pair :RA_ERR:DEC_ERR"
    advice = (
        f"the separations are those of {name} errors {unit:.4g} times the quoted ones, as if these "
        f"were in {what}: {remedy}"
    )
    return replace(
        finding,
        value=unit,
        expected=1.0,
        error=0.5 * unit / math.sqrt(gain),
        sigma=math.sqrt(2.0 * gain),
        verdict=WRONG,
        advice=advice,
    )


def _best(view: View, part: Around, whose: str) -> tuple[float, float]:
    """Gain in ln likelihood of the factor of one catalogue's errors that fits best, and it."""
    few = part.i < np.searchsorted(np.cumsum(np.bincount(part.i, minlength=view.n)), MAX_PAIRS) + 1
    i, s2 = part.i[few], part.separation[few] ** 2
    n = int(i.max()) + 1 if len(i) else 0
    if n == 0:
        return 0.0, 0.0
    total = np.sqrt(part.determinant[few])
    own = np.minimum(part.own[few], total)
    varied, fixed = (own, total - own) if whose == "primary" else (total - own, own)
    if not np.any(varied > 1e-9 * total):
        return 0.0, 0.0
    # In units of the density seen: with counterparts among them it is too large, which is safe.
    density = len(i) / (math.pi * part.radius**2 * n)

    def ln_likelihood(factor: float) -> float:
        variance = np.maximum(varied * factor**2 + fixed, 1e-30)
        ratio = np.exp(-0.5 * s2 / variance) / (2.0 * math.pi * variance * density)
        each = np.bincount(i, weights=ratio, minlength=n)
        return max(float(np.log1p(q * (each - 1.0)).sum()) for q in FRACTIONS)

    as_read = max(ln_likelihood(f) for f in (0.4, 0.6, 0.8, 1.0, 1.25, 1.6, 2.5))
    tried = [ln_likelihood(f) for f in FACTORS]
    k = int(np.argmax(tried))
    return tried[k] - max(as_read, 0.0), float(FACTORS[k])
