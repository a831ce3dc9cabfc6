"""Mock skies of the protocol `learned`, and what may be different about a field.

All begin with :func:`bayesmatch.mock.survey`. Changes are made to its tables, with the truth kept
in step: rows of the survey that go, magnitudes that move, sources that are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from astropy.table import Table, vstack

import bayesmatch as bm
from bayesmatch import mock
from bayesmatch.mock import photometry

from .priors_scores import hosts

#: square degrees per source, arcsec within which candidates are looked for at sigma x 1
AREA_PER_SOURCE, RADIUS = 9.0 / 4000.0, 30.0
NAME = "OPT"
#: extinction per E(B-V) of the bands
EXTINCTION = dict(zip(mock.BANDS, (3.2, 2.2, 1.2, 0.18, 0.12), strict=True))


@dataclass(frozen=True)
class Mock:
    """A sky to match, and the truth."""

    primary: Table
    survey: Table
    truth: Table
    """``counterpart`` of each source, a row of the survey as text or ``"hostless"``"""
    area: float
    """deg^2"""
    radius: float = RADIUS

    def match(self, priors: Sequence[Any] = (), **options: Any) -> bm.MatchResult:
        """Match with priors on the survey's magnitudes."""
        return bm.match(
            bm.Catalog(self.primary, name="XRAY", pos_err="sigma", area=self.area),
            bm.Catalog(self.survey, name=NAME, pos_err=mock.OPTICAL_ERROR, area=self.area),
            radius=self.radius,
            priors={NAME: list(priors)} if priors else None,
            **options,
        )


Change = Callable[[Mock, np.random.Generator], Mock]


def draw(seed: int, n: int, scale: float = 1.0) -> Mock:
    """A sky of n sources with position errors times `scale`."""
    area = AREA_PER_SOURCE * n
    tables = mock.survey(n_primary=n, area=area, seed=seed, sigma_scale=scale)
    return Mock(*tables, area, RADIUS * max(scale, 1.0))


def magnitude(survey: Table, band: str) -> np.ndarray:
    """(n,) magnitudes, NaN where missing."""
    return np.ma.filled(np.ma.asarray(survey[band], dtype=np.float64), np.nan)


def best_magnitude(survey: Table) -> np.ndarray:
    """(n,) magnitude in r, where that is missing in z, then in g."""
    r, z, g = (magnitude(survey, band) for band in "rzg")
    first = np.where(np.isnan(r), z, r)
    return np.where(np.isnan(first), g, first)


# -- changes --------------------------------------------------------------------------------------


def kept_objects(sky: Mock, keep: np.ndarray) -> Mock:
    """The sky whose survey lacks some objects: their sources are hostless."""
    row, source = hosts(sky.truth)
    place = np.cumsum(keep) - 1
    counterpart = np.full(len(sky.truth), "hostless", dtype="U12")
    still = keep[row]
    counterpart[source[still]] = place[row[still]].astype(str)
    return replace(sky, survey=sky.survey[keep], truth=Table({"counterpart": counterpart}))


def host_fraction(share: float) -> Change:
    """Counterparts of sources drawn at random are missing in the survey, until so many are left."""

    def change(sky: Mock, rng: np.random.Generator) -> Mock:
        row, _ = hosts(sky.truth)
        n_gone = len(row) - round(share * len(sky.truth))
        keep = np.ones(len(sky.survey), bool)
        keep[rng.permutation(row)[: max(n_gone, 0)]] = False
        return kept_objects(sky, keep)

    return change


def faint_hosts(limit: float) -> Change:
    """Sources with a counterpart brighter than this in r are left out of the list."""

    def change(sky: Mock, rng: np.random.Generator) -> Mock:
        row, source = hosts(sky.truth)
        keep = np.ones(len(sky.truth), bool)
        keep[source[magnitude(sky.survey, "r")[row] < limit]] = False
        return replace(sky, primary=sky.primary[keep], truth=sky.truth[keep])

    return change


def missing(*bands: str) -> Change:
    """The survey has not looked in these bands."""

    def change(sky: Mock, rng: np.random.Generator) -> Mock:
        survey = sky.survey.copy()
        for band in bands:
            survey[band] = np.full(len(survey), np.nan)
        return replace(sky, survey=survey)

    return change


def shallower(by: float) -> Change:
    """The survey is shallower by so many magnitudes in every band."""

    def change(sky: Mock, rng: np.random.Generator) -> Mock:
        survey = sky.survey.copy()
        detected = np.zeros(len(survey), bool)
        for band, depth in zip(mock.BANDS, photometry.DEPTH, strict=True):
            value = magnitude(survey, band)
            snr = 5.0 * 10.0 ** (0.4 * (depth - by - value))
            with np.errstate(invalid="ignore"):
                survey[band] = np.where(snr > photometry.MAG_SNR, value, np.nan)
                if band in "grz":
                    detected |= snr > photometry.DETECTION_SNR
        return kept_objects(replace(sky, survey=survey), detected)

    return change


def shifted(**magnitudes: float) -> Change:
    """Magnitudes are fainter by so much."""

    def change(sky: Mock, rng: np.random.Generator) -> Mock:
        survey = sky.survey.copy()
        for band, by in magnitudes.items():
            survey[band] = survey[band] + by
        return replace(sky, survey=survey)

    return change


def reddened(ebv: float) -> Change:
    """Dust of this E(B-V) in front of everything, not corrected for."""
    return shifted(**{band: ebv * per_ebv for band, per_ebv in EXTINCTION.items()})


def more_stars(factor: float) -> Change:
    """So many times the stars, everywhere."""
    return stars_by(lambda u: np.full(len(u), factor), factor)


def stars_by(factor: Callable[[np.ndarray], np.ndarray], largest: float) -> Change:
    """Stars multiplied by a function of the place along RA, 0 to 1, that is `largest` at most."""

    def change(sky: Mock, rng: np.random.Generator) -> Mock:
        old = sky.survey
        n_tried = round((largest - 1.0) * star_share(rng) * len(old))
        # RA and sin(dec) are uniform and independent: those of two objects make a new position.
        ra, dec = (rng.choice(np.asarray(old[axis]), n_tried) for axis in ("RA", "DEC"))
        wanted = (factor(along(sky, ra)) - 1.0) / (largest - 1.0)
        kept = rng.random(n_tried) < wanted
        ra, dec = ra[kept], dec[kept]
        new = stars(rng, len(ra))
        new["ID"], new["RA"], new["DEC"] = len(old) + np.arange(len(ra)), ra, dec
        return replace(sky, survey=vstack([old, new[old.colnames]], metadata_conflicts="silent"))

    return change


def along(sky: Mock, ra: np.ndarray) -> np.ndarray:
    """Places along the survey in RA, 0 to 1."""
    west, east = np.min(sky.survey["RA"]), np.max(sky.survey["RA"])
    return np.asarray((ra - west) / (east - west))


def shuffled(sky: Mock, rng: np.random.Generator) -> Mock:
    """Magnitudes change places: counterparts look like field objects."""
    survey, order = sky.survey.copy(), rng.permutation(len(sky.survey))
    for band in mock.BANDS:
        survey[band] = sky.survey[band][order]
    return replace(sky, survey=survey)


def away(arcsec: float) -> Change:
    """Positions that belong to nothing: all sources moved to the north."""

    def change(sky: Mock, rng: np.random.Generator) -> Mock:
        primary = sky.primary.copy()
        primary["DEC"] = primary["DEC"] + arcsec / 3600.0
        none = Table({"counterpart": np.full(len(primary), "hostless", dtype="U12")})
        return replace(sky, primary=primary, truth=none)

    return change


def as_it_is(sky: Mock, rng: np.random.Generator) -> Mock:
    """Nothing is changed."""
    return sky


# -- stars ----------------------------------------------------------------------------------------


def population(
    rng: np.random.Generator, kind: photometry.Population, n: int
) -> tuple[Table, float]:
    """Magnitudes of the objects that the survey detects of n of a kind, and their share."""
    low, high = (10.0 ** (kind.slope * m) for m in (kind.bright, photometry.FAINTEST_R))
    r = np.log10(low + rng.random(n) * (high - low)) / kind.slope
    g_r, r_z, z_w1, w1_w2 = rng.normal(kind.colors, kind.scatter, (n, 4)).T
    z = r - r_z
    flux, error, detected = photometry.observe(
        rng, np.column_stack([r + g_r, r, z, z - z_w1, z - z_w1 - w1_w2])
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        mags = np.where(flux > photometry.MAG_SNR * error, 22.5 - 2.5 * np.log10(flux), np.nan)
    return Table(mags[detected], names=mock.BANDS), float(detected.mean())


def star_share(rng: np.random.Generator, n: int = 50_000) -> float:
    """Share of stars among the survey's field objects."""
    seen = [kind.share * population(rng, kind, n)[1] for kind in photometry.FIELD]
    return seen[0] / sum(seen)


def stars(rng: np.random.Generator, n: int) -> Table:
    """Magnitudes of n stars that the survey detects."""
    pieces: list[Table] = []
    while sum(map(len, pieces)) < n:
        pieces.append(population(rng, photometry.FIELD[0], 2 * n + 100)[0])
    return vstack(pieces)[:n]
