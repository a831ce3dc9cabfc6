"""Objects that are there more than once: twice in a catalogue, or claimed twice."""

from __future__ import annotations

import math

import numpy as np

from ..._kernels.neighbours import pairs_in_blocks
from ...catalogs.held import HeldCatalog
from ..field import ARCSEC2_PER_DEG2
from ..table_columns import take
from .around import Around
from .finding import LOOK, OK, SIGMA_COUNTS, WRONG, Finding, poisson_sigma, skipped
from .view import View

#: sigma of their difference within which two entries of one catalogue are the same
SAME = 2.0
#: share of the entries, of the primaries that matters; what spoils all
TWICE, LISTED, SPOILT = 0.03, 0.02, 0.3
#: share of the counterparts that are given away twice, and how many at least
CLAIMED, CLAIMS = 0.005, 3.0
ONCE = "no object is the counterpart of two sources"
#: pairs of candidates that duplicates are looked for in, and primaries
MAX_PAIRS, MAX_PRIMARIES = 5_000, 4_000


def duplicates(view: View, part: Around) -> Finding:
    """Share of the entries of another catalogue that are there twice."""
    name = part.catalog.name
    check = f"duplicates_{name}"
    close, pairs, chance, entries = _close_pairs(view, part)
    if entries == 0:
        return skipped(check, 0.0, "no source has two candidates")
    value = 2.0 * (close - chance) / entries
    error = 2.0 * math.sqrt(view.clumps * max(chance, 1.0)) / entries
    sigma = poisson_sigma(close, chance, view.clumps)
    verdict = OK
    if sigma > SIGMA_COUNTS and value > TWICE:
        verdict = WRONG if value > SPOILT else LOOK
    advice = f"no {name} object is there twice"
    if verdict != OK:
        advice = (
            f"{min(value, 1.0):.0%} of the {name} objects around the sources have a second entry "
            "within their errors, which shares their probability: leave one of each out"
        )
    return Finding(check, value, 0.0, error, max(sigma, 0.0), verdict, advice)


def _close_pairs(view: View, part: Around) -> tuple[float, int, float, int]:
    """Pairs of candidates of a primary within their errors, all pairs, those by chance, entries."""
    size = part.number
    step = max(1, int((size * (size - 1) // 2).sum()) // MAX_PAIRS)
    use = np.flatnonzero(part.i % step == 0) if step > 1 else np.arange(len(part.i))
    i, variance = part.i[use], np.sqrt(np.maximum(part.theirs[3, use], 0.0))
    of = i, part.offset.take(use, axis=0), variance
    close, pairs, chance = pairs_in_blocks(*of, SAME**2, part.radius**2)
    return float(close), pairs, chance, len(i) if pairs else 0


def listed_twice(primary: HeldCatalog, radius: float) -> Finding:
    """Share of the primaries that are in the list twice; `radius` of the match, arcsec.

    Pairs within 2 sigma of their difference, against those by chance: as many as the list's density
    makes, or the ring around each shows, whichever is more.
    """
    check = f"duplicates_{primary.name}"
    n = min(len(primary), MAX_PRIMARIES)
    rows = np.arange(len(primary))
    if n < len(primary):  # a strip of the sky: a sample would lose the pairs
        rows = np.argpartition(primary.dec, n)[:n]
    covariance = primary.covariance(rows)
    variance = np.sqrt(np.maximum(covariance[:, 0] * covariance[:, 1] - covariance[:, 2] ** 2, 0))
    typical = SAME * math.sqrt(2.0 * float(np.median(variance)))
    reach = min(typical, radius)
    close, ring = _pairs(primary.ra[rows], primary.dec[rows], variance, reach)
    per_arcsec2 = primary.n_rows / primary.area / ARCSEC2_PER_DEG2
    chance = max(0.5 * n * per_arcsec2 * math.pi * reach**2, ring / 3.0)
    value = 2.0 * (close - chance) / n
    error = 2.0 * math.sqrt(max(chance, 1.0)) / n
    sigma = poisson_sigma(close, chance)
    verdict = LOOK if sigma > SIGMA_COUNTS and value > LISTED else OK
    advice = f"no {primary.name} source is listed twice"
    if verdict == LOOK:
        advice = (
            f"{min(value, 1.0):.0%} of the {primary.name} sources have a second entry within their "
            "errors: leave one of each out, or see same_source"
        )
    return Finding(check, value, 0.0, error, max(sigma, 0.0), verdict, advice)


def _pairs(
    ra: np.ndarray, dec: np.ndarray, variance: np.ndarray, reach: float
) -> tuple[float, float]:
    """Pairs closer than their errors allow, and pairs between one and two reaches (arcsec).

    Only pairs within one cell of the sky are seen: the border loses some of either.
    """
    cell = max(8.0 * reach / 3600.0, 1e-7)
    line = np.floor((dec + 90.0) / cell)
    width = np.cos(np.radians((line + 0.5) * cell - 90.0))
    column = np.floor(ra * np.maximum(width, 1e-9) / cell)
    key = line * (400.0 / cell + 1.0) + column
    order = np.argsort(key)
    key, ra, dec, variance = key[order], ra[order], dec[order], variance[order]
    close, ring = 0, 0
    for shift in range(1, 6):
        same = np.flatnonzero(key[shift:] == key[:-shift])
        if len(same) == 0:
            break
        north = 3600.0 * (dec[same + shift] - dec[same])
        east = 3600.0 * (ra[same + shift] - ra[same]) * np.cos(np.radians(dec[same]))
        apart2 = north**2 + east**2
        near2 = np.minimum(SAME**2 * (variance[same] + variance[same + shift]), reach**2)
        close += int(np.count_nonzero(apart2 <= near2))
        ring += int(np.count_nonzero((apart2 > reach**2) & (apart2 <= 4.0 * reach**2)))
    return float(close), float(ring)


def claims(view: View) -> Finding:
    """Share of the counterparts that are given to several primaries.

    Of every object, what the probabilities of those that have it as their best exceed 1 by.
    """
    best, setting = view.calibrated.best, view.setting
    if view.options.claims != "independent":
        return Finding("claims", 0.0, 0.0, 0.0, math.nan, OK, ONCE)
    worst, most = 0.0, 0.0
    for k in range(len(setting.others)):
        member = np.where(best < 0, -1, view.associations.member[best, k])
        row = take(setting.candidates.row, member, -1)
        has = np.flatnonzero(row >= 0)
        p = view.calibrated.marginal[has, k]
        expected = float(p.sum())
        if expected == 0.0:  # far out, by the errors: no double is as small
            continue
        _, object_ = np.unique(row[has], return_inverse=True)
        total = np.bincount(object_, weights=p)
        over = float(np.maximum(total - 1.0, 0.0).sum())
        if over / expected > worst:
            worst, most = over / expected, over
    verdict = LOOK if worst > CLAIMED and most > CLAIMS else OK
    advice = ONCE
    if verdict == LOOK:
        advice = (
            f"{most:.0f} counterparts are given to two sources: give claims='exclusive', with "
            "which an object has one"
        )
    return Finding("claims", worst, 0.0, 0.0, math.nan, verdict, advice)
