"""Twenty-three ways to call a match wrongly, or on a sky that the model does not describe.

Each is what a user may do without noticing, and each has the check or checks that must fire, and
those that may: consequences of the same mistake. Every other check that fires is a false alarm.
This table was written before the checks were measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord

import bayesmatch as bm

from .skies import FIELD_MAG, HOST_MAG, Sky, simulate, simulate_patterns

SIGMA_MAX, OTHER_SIGMA = 3.0, 0.3
RADIUS = 5.0 * float(np.hypot(SIGMA_MAX, OTHER_SIGMA))

Table = dict[str, np.ndarray]


@dataclass(frozen=True)
class Setup:
    """A match with one thing wrong."""

    name: str
    what: str
    """in words"""
    run: Callable[[int], bm.MatchResult]
    """the match, from a seed"""
    must: tuple[str, ...]
    """checks that must fire"""
    may: tuple[str, ...] = ()
    """checks that may fire: consequences of the same"""


def pair(
    sky: Sky,
    *,
    primary: Table | None = None,
    other: Table | None = None,
    scale: float = 1.0,
    area: float = 1.0,
    radius: float = RADIUS,
    priors: list | None = None,
    **options: object,
) -> bm.MatchResult:
    """Match a sky of two catalogues: other tables, quoted errors times `scale`, area times `area`.

    `area` is of the second catalogue only.
    """
    x = dict(sky.primary if primary is None else primary)
    x["SIGMA"] = x["SIGMA"] * scale
    return bm.match(
        bm.Catalog(x, name="X", pos_err="SIGMA", area=sky.area),
        bm.Catalog(
            sky.others[0] if other is None else other,
            name="OPT",
            pos_err=OTHER_SIGMA,
            area=sky.area * area,
        ),
        radius=radius,
        priors={"OPT": priors} if priors else None,
        **{"claims": "exclusive", **options},
    )


# -- the skies ------------------------------------------------------------------------------------


def hours(seed: int) -> bm.MatchResult:
    """Right ascensions of the sources in hours."""
    sky = simulate(seed, 200, 0.7)
    return pair(sky, primary={**sky.primary, "RA": sky.primary["RA"] / 15.0})


def galactic(seed: int) -> bm.MatchResult:
    """Galactic coordinates of the sources."""
    sky = simulate(seed, 200, 0.7)
    place = SkyCoord(sky.primary["RA"] * u.deg, sky.primary["DEC"] * u.deg).galactic
    return pair(sky, primary={**sky.primary, "RA": place.l.deg, "DEC": place.b.deg})


def lost_sign(seed: int) -> bm.MatchResult:
    """A field in the south whose sources have lost the sign of the declination."""
    sky = simulate(seed, 200, 0.7)
    return pair(sky, other={**sky.others[0], "DEC": -sky.others[0]["DEC"]})


def elsewhere(seed: int) -> bm.MatchResult:
    """A catalogue of the neighbouring field."""
    sky = simulate(seed, 200, 0.7)
    return pair(sky, other={**sky.others[0], "DEC": sky.others[0]["DEC"] + 2.0})


def unit(factor: float) -> Callable[[int], bm.MatchResult]:
    """Quoted errors are true ones times a factor, the radius as one would choose it."""
    return lambda seed: pair(simulate(seed, 100, 0.7), scale=factor)


def short_radius(seed: int) -> bm.MatchResult:
    """A radius of one sigma of the largest errors."""
    return pair(simulate(seed, 300, 0.7), radius=SIGMA_MAX)


def wrong_area(factor: float, n: int) -> Callable[[int], bm.MatchResult]:
    """The area of the catalogue is stated wrong by a factor, in a crowded field."""
    return lambda seed: pair(simulate(seed, n, 0.7, density=60_000.0), area=factor)


def wrong_errors(quoted: float) -> Callable[[int], bm.MatchResult]:
    """Quoted errors are the true ones times a factor; the radius is 5 of the quoted ones."""
    return lambda seed: pair(
        simulate(seed, 500, 0.7), scale=quoted, radius=5.0 * SIGMA_MAX * max(quoted, 1.0)
    )


def moved(sky: Sky, east: np.ndarray | float, north: np.ndarray | float) -> Table:
    """The sources elsewhere, by arcsec."""
    x = sky.primary
    dec = x["DEC"] + np.asarray(north) / 3600.0
    ra = x["RA"] + np.asarray(east) / 3600.0 / np.cos(np.radians(x["DEC"]))
    return {**x, "RA": ra, "DEC": dec}


def tails(seed: int) -> bm.MatchResult:
    """A tenth of the sources with errors four times as large as quoted."""
    sky = simulate(seed, 1000, 0.8, density=4000.0, sigma_scale=0.5)
    rng = np.random.default_rng([seed, 5])
    east, north = rng.standard_normal((2, 1000)) * sky.primary["SIGMA"] * np.sqrt(15.0)
    some = rng.random(1000) < 0.1
    return pair(sky, primary=moved(sky, east * some, north * some))


def offset(seed: int) -> bm.MatchResult:
    """A frame that is off by an arcsecond."""
    sky = simulate(seed, 300, 0.7)
    return pair(sky, primary=moved(sky, 0.8, -0.6))


def rotated(seed: int) -> bm.MatchResult:
    """A frame rotated by 4 arcsec per degree about the centre of a field of a square degree."""
    sky = simulate(seed, 1000, 0.7)
    x = sky.primary
    east = (x["RA"] - x["RA"].mean()) * np.cos(np.radians(x["DEC"]))
    north = x["DEC"] - x["DEC"].mean()
    return pair(sky, primary=moved(sky, -4.0 * north, 4.0 * east))


def gradient(seed: int) -> bm.MatchResult:
    """Field objects whose density rises thirtyfold across the field."""
    sky = simulate(seed, 500, 0.7, density=60_000.0)
    objects = sky.others[0]
    place = (objects["RA"] - objects["RA"].min()) / np.ptp(objects["RA"])
    rng = np.random.default_rng([seed, 6])
    keep = rng.random(len(place)) < 30.0 ** (place - 1.0)
    keep[sky.truth[sky.host, 0]] = True
    return pair(sky, other={name: values[keep] for name, values in objects.items()})


def shared(seed: int) -> bm.MatchResult:
    """Three catalogues, 95% of the infrared field objects being optical ones too."""
    sky = simulate_patterns(
        seed,
        300,
        (0.3, 0.2, 0.1, 0.4),
        density=(60_000.0, 30_000.0),
        shared=0.95,
        primary_density=1000.0,
    )
    return sky.match(claims="exclusive")


def survey_twice(seed: int) -> bm.MatchResult:
    """A survey with every object twice."""
    sky = simulate(seed, 300, 0.7)
    twice = {name: np.concatenate([v, v]) for name, v in sky.others[0].items()}
    rng = np.random.default_rng([seed, 7])
    twice["DEC"] = twice["DEC"] + rng.normal(0.0, 0.1 / 3600.0, len(twice["DEC"]))
    return pair(sky, other=twice)


def list_twice(seed: int) -> bm.MatchResult:
    """A fifth of the sources listed twice."""
    sky = simulate(seed, 500, 0.7)
    rng = np.random.default_rng([seed, 8])
    again = rng.choice(500, 100, replace=False)
    sigma = sky.primary["SIGMA"][again]
    more = moved(sky, 0.0, 0.0)
    east, north = rng.standard_normal((2, 100)) * 0.5 * sigma / 3600.0
    more = {name: np.concatenate([v, v[again]]) for name, v in more.items()}
    more["DEC"][500:] += north
    more["RA"][500:] += east / np.cos(np.radians(more["DEC"][500:]))
    return pair(sky, primary=more)


def magnitudes(shift: float, factor: float, wrong: float = 0.0) -> Callable[[int], bm.MatchResult]:
    """A prior for field objects fainter by `shift`, a ratio `factor` too large, `wrong` labels."""

    def ratio(table: Table) -> np.ndarray:
        def log_density(mag: np.ndarray, mean: float, scatter: float) -> np.ndarray:
            return -0.5 * ((mag - mean) / scatter) ** 2 - np.log(scatter)

        mag = np.asarray(table["MAG"])
        field = log_density(mag, FIELD_MAG[0] + shift, FIELD_MAG[1])
        ln_ratio = log_density(mag, *HOST_MAG) - field
        return np.log10(factor * ((1.0 - wrong) * np.exp(ln_ratio) + wrong))

    def run(seed: int) -> bm.MatchResult:
        sky = simulate(seed, 500, 0.7, magnitudes=True)
        return pair(sky, priors=[bm.FunctionPrior("mag", ratio)])

    return run


def crowded(seed: int) -> bm.MatchResult:
    """Sources so dense that many claim one object, every one by itself."""
    sky = simulate(seed, 1000, 0.7, primary_density=4000.0, sigma_scale=1.5)
    return pair(sky, radius=1.5 * RADIUS, claims="independent")


SETUPS = (
    Setup("hours", "right ascension of the sources in hours", hours, ("overlap",)),
    Setup("galactic", "galactic coordinates of the sources", galactic, ("overlap",)),
    Setup("lost sign", "declinations without their sign", lost_sign, ("overlap",)),
    Setup("elsewhere", "a catalogue of the neighbouring field", elsewhere, ("overlap",)),
    Setup("milliarcsec", "errors a thousand times too small", unit(1e-3), ("position_errors",)),
    Setup("radians", "errors in radians", unit(1 / 206_265), ("position_errors",)),
    Setup(
        "1000 times",
        "errors a thousand times too large",
        unit(1e3),
        ("radius",),
        ("position_errors", "duplicates_X", "claims"),
    ),
    Setup("short radius", "radius of 1 sigma", short_radius, ("radius",)),
    Setup("area x2", "stated area twice too large", wrong_area(2.0, 200), ("area_OPT",)),
    Setup("area x0.5", "stated area half of the true one", wrong_area(0.5, 200), ("area_OPT",)),
    Setup("area x1.25", "stated area off by a quarter", wrong_area(1.25, 1000), ("area_OPT",)),
    Setup(
        "errors x0.6",
        "quoted errors 0.6 of the true ones",
        wrong_errors(0.6),
        ("position_errors",),
        ("tails",),
    ),
    Setup(
        "r90",
        "90% radii taken for sigma",
        wrong_errors(2.146),
        ("position_errors",),
        ("tails",),
    ),
    Setup("tails", "a tenth with errors x4", tails, ("tails",), ("position_errors",)),
    Setup("offset", "frame off by 1 arcsec", offset, ("frame",), ("position_errors", "tails")),
    Setup(
        "rotation",
        "frame rotated by 4 arcsec/deg",
        rotated,
        ("frame",),
        ("position_errors", "tails"),
    ),
    Setup("gradient", "density rising thirtyfold", gradient, ("density_OPT",)),
    Setup("shared", "95% of the infrared objects are optical ones", shared, ("shared_OPT_IRAC",)),
    Setup(
        "survey twice",
        "every object of the survey twice",
        survey_twice,
        ("duplicates_OPT",),
        ("density_OPT",),
    ),
    Setup("list twice", "a fifth of the sources twice", list_twice, ("duplicates_X",), ("claims",)),
    Setup("prior x3", "prior ratios 3 times too large", magnitudes(0.0, 3.0), ("prior_OPT_mag",)),
    Setup(
        "prior elsewhere",
        "a prior of a survey 1.5 mag deeper",
        magnitudes(1.5, 1.0),
        ("prior_OPT_mag",),
    ),
    Setup("crowded", "claims of crowded sources independent", crowded, ("claims",)),
    Setup(
        "wrong labels",
        "a prior of which a quarter of the labels were field objects",
        magnitudes(0.0, 1.0, 0.25),
        ("prior_OPT_mag",),
    ),
)


# -- skies on which nothing is wrong --------------------------------------------------------------


@dataclass(frozen=True)
class Clean:
    """A sky that obeys the model."""

    name: str
    run: Callable[[int], bm.MatchResult]


def three(seed: int) -> bm.MatchResult:
    """Three catalogues that share nothing."""
    return simulate_patterns(seed, 300, (0.3, 0.2, 0.1, 0.4), primary_density=1000.0).match(
        claims="exclusive"
    )


CLEAN = (
    Clean("60 sources", lambda seed: pair(simulate(seed, 60, 0.7))),
    Clean("300 sources", lambda seed: pair(simulate(seed, 300, 0.7))),
    Clean("1,000 sources", lambda seed: pair(simulate(seed, 1000, 0.5))),
    Clean("crowded field", lambda seed: pair(simulate(seed, 300, 0.7, density=60_000.0))),
    Clean("few counterparts", lambda seed: pair(simulate(seed, 300, 0.05))),
    Clean("right prior", magnitudes(0.0, 1.0)),
    Clean("three catalogues", three),
)
