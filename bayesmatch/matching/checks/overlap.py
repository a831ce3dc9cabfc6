"""Do the catalogues lie on the same part of the sky, and if not, why."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...catalogs.held import HeldCatalog
from ...catalogs.scan.candidate_rows import CandidateRows
from ...catalogs.scan.search import thinned
from .finding import LOOK, OK, SIGMA, WRONG, Finding
from .view import View

CHECK = "overlap"
#: share of the primaries within a catalogue, below which to look, and to doubt everything
SOME, FEW = 0.5, 0.1
#: primaries and objects that explanations are tried on
TRIED = 200, 200_000


def overlap(view: View) -> Finding:
    """Share of the primaries where the others have looked; of the worst catalogue.

    A primary within a catalogue has no candidate with the chance exp(-lambda) at most, lambda being
    the number of field objects in the circle: the stated one or, where that is wrong, what the
    primaries with candidates have.
    """
    found = [_one(view, k) for k in range(len(view.setting.others))]
    return min(found, key=lambda f: (-(OK, LOOK, WRONG).index(f.verdict), f.value))


def _one(view: View, k: int) -> Finding:
    setting = view.setting
    other, looked = setting.others[k], setting.looked[:, k]
    count = np.diff(setting.candidates.start)[k :: len(setting.others)][looked]
    n = len(count)
    if n == 0:
        advice = f"no {setting.primary.name} source lies within the area of {other.name}, a MOC"
        return Finding(CHECK, 0.0, 1.0, 0.0, math.nan, WRONG, advice)
    some = int(np.count_nonzero(count))
    stated = other.density_deg2 * math.pi * (view.radius / 3600.0) ** 2
    seen = _rate(float(count.sum()) / some) if some else stated
    chance = -math.expm1(-min(stated, seen)) if some else -math.expm1(-stated)
    share = min(1.0, some / (n * chance)) if chance > 0 else 1.0
    error = math.sqrt(max(chance * (1.0 - chance), 1.0 / n) / n) / max(chance, 1e-300)
    sigma = (1.0 - share) / error
    doubtful = share < SOME and sigma > SIGMA
    there = _places(other) if some == 0 or doubtful else None
    apart = there is not None and some == 0 and len(there.ra) > 0
    if apart and there is not None:
        apart = _among(setting.primary.ra, setting.primary.dec, there) < FEW
    if apart or (share < FEW and sigma > SIGMA):
        verdict, share = WRONG, 0.0 if apart else share
    elif doubtful:
        verdict = LOOK
    else:
        verdict = OK
    advice = f"{other.name} objects are around the {setting.primary.name} sources"
    if verdict != OK:
        number = f"only {some:,}" if some else "none"
        advice = (
            f"{number} of {n:,} {setting.primary.name} sources have a candidate in {other.name}: "
            + _reason(_places(setting.primary), there, setting.primary.name, other.name)
        )
    return Finding(CHECK, share, 1.0, error, sigma, verdict, advice)


def _rate(mean: float) -> float:
    """Rate of a Poisson distribution whose mean, zeros left out, is given."""
    rate = mean
    for _ in range(30):
        rate = mean * -math.expm1(-rate) if rate > 0 else 0.0
    return rate


@dataclass(frozen=True)
class _Places:
    """Where a catalogue's objects are, thinned out."""

    ra: np.ndarray
    """(m,) degrees"""
    dec: np.ndarray
    """(m,) degrees"""
    size: float
    """degrees: some mean distances of them"""


def _places(catalog: HeldCatalog) -> _Places | None:
    """Where its objects are; None: they are not at hand."""
    most = TRIED[1]
    if isinstance(catalog, CandidateRows) and catalog.moc is None:
        ra, dec = thinned(catalog.scanned, most)
    elif catalog.all_at_hand:
        step = max(1, len(catalog) // most)
        ra, dec = catalog.ra[::step], catalog.dec[::step]
    else:
        return None
    size = 3.0 * math.sqrt(catalog.area / len(ra)) if len(ra) else 1.0
    return _Places(ra, dec, min(max(size, 1e-4), 10.0))


def _among(ra: np.ndarray, dec: np.ndarray, there: _Places) -> float:
    """Share of positions (degrees) within some mean distances of a catalogue's objects."""
    step, size = max(1, len(ra) // TRIED[0]), there.size

    def cells(ra: np.ndarray, dec: np.ndarray, shift: tuple[int, int]) -> np.ndarray:
        line = np.floor((dec + 90.0) / size).astype(np.int64) + shift[1]
        middle = np.cos(np.radians(np.clip((line + 0.5) * size - 90.0, -89.0, 89.0)))
        column = np.floor(ra * middle / size).astype(np.int64) + shift[0]
        cell: np.ndarray = line * 10_000_000 + column
        return cell

    occupied = np.unique(cells(there.ra, there.dec, (0, 0)))
    near = np.zeros(len(ra[::step]), bool)
    for east in (-1, 0, 1):
        for north in (-1, 0, 1):
            near |= np.isin(cells(ra[::step], dec[::step], (east, north)), occupied)
    return float(near.mean())


def _reason(here: _Places | None, there: _Places | None, primary: str, other: str) -> str:
    """What makes the catalogues overlap, where one of the usual mistakes does."""
    if here is not None and there is not None and len(there.ra):
        both = (primary, here, there), (other, there, here)
        as_given = [_among(at.ra % 360.0, at.dec, of) for _, at, of in both]
        for text, turned in MISTAKES:
            for (name, at, of), given in zip(both, as_given, strict=True):
                ra, dec = turned(at.ra, at.dec)
                if _plausible(ra, dec) and _among(ra % 360.0, dec, of) > SOME + given:
                    return f"they would overlap if the positions of {name} were {text}"
    return (
        "compare the fields and the frames of both (degrees or hours, equatorial or galactic, "
        "signs), and the area of the second"
    )


def _plausible(ra: np.ndarray, dec: np.ndarray) -> bool:
    """Whether these are positions, as 15 times the right ascensions all around a pole are not."""
    return bool(np.all(np.abs(dec) <= 90.0) and np.all(np.abs(ra) <= 360.0 + 1e-6))


def _from_galactic(lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from astropy.coordinates import SkyCoord

    place = SkyCoord(l=lon, b=lat, unit="deg", frame="galactic").icrs
    return place.ra.deg, place.dec.deg


def _from_b1950(ra: np.ndarray, dec: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    from astropy.coordinates import FK4, SkyCoord

    place = SkyCoord(ra % 360.0, dec, unit="deg", frame=FK4(equinox="B1950")).icrs
    return place.ra.deg, place.dec.deg


#: what positions may be taken for, and how to put it right
MISTAKES: tuple[tuple[str, Callable], ...] = (
    ("right ascension in hours, not degrees", lambda ra, dec: (15.0 * ra, dec)),
    ("galactic longitude and latitude", _from_galactic),
    ("declinations with the other sign", lambda ra, dec: (ra, -dec)),
    ("declination and right ascension, exchanged", lambda ra, dec: (dec, ra)),
    ("of the equinox B1950 (FK4)", _from_b1950),
    ("in radians, not degrees", lambda ra, dec: (np.degrees(ra), np.degrees(dec))),
)
