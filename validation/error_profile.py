"""Mock skies whose errors have tails, or whose frame is turned: the fit finds what is wrong.

`position_errors` asks for scale, floor and offset; this one for all that goes beyond. Every limit
was written down before it was measured.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import bayesmatch as bm

from .conditions import Condition, radius_of
from .real_skies import Plan, RealSky, simulate
from .report import Claim, Section, TableView, at_least

N_SEEDS, QUICK_SEEDS = 100, 3
TAIL_FACTOR = 4.0
TAILS = (0.0, 0.05, 0.1)
#: of the distorted skies: arcsec per deg, arcsec per deg, times the errors, of ln scale per
#: standard deviation of the distance from the axis
ROTATION, STRETCH, SCALE, SLOPE = 3.0, 3.0, 1.3, 0.3
FIRST_SEED = 41_000
#: shares of skies, and of the true number
WITHIN_3, FALSE_TAILS, TO = 0.95, 0.02, 0.05
COVARIATE = "OFF_AXIS"


@dataclass(frozen=True)
class Fits:
    """Numbers of many skies of one kind, (n,) each, and their standard errors."""

    tails: np.ndarray
    tails_error: np.ndarray
    numbers: np.ndarray
    """(n, 4): rotation, stretch, scale, slope"""
    errors: np.ndarray


def run(out: Path, *, quick: bool = False, seeds: int | None = None) -> Section:
    """Run the protocol."""
    n = seeds or (QUICK_SEEDS if quick else N_SEEDS)
    numbers = range(FIRST_SEED, FIRST_SEED + n)
    tails = {share: fits(with_tails(seed, share) for seed in numbers) for share in TAILS}
    distorted = fits((distorted_sky(seed) for seed in numbers), covariates=[COVARIATE])
    claims = [*claims_on_tails(tails, distorted, n), *claims_on_frames(distorted)]
    if n < N_SEEDS:  # shares of a few skies say little: for information
        claims = [replace(claim, required="-", ok=None) for claim in claims]
    found = {
        "n_seeds": n,
        **{f"tails {share:g}": shown(fit) for share, fit in tails.items()},
        "distorted": shown(distorted),
    }
    table = tables(tails, distorted)
    return Section(
        "error_profile",
        "Tails and frames of position errors, and their fit",
        TEXT,
        claims,
        table,
        [],
        found,
    )


TEXT = (
    "Mock skies have 4,000 sources with quoted errors of 1.2 to 3.6 arcsec, 30,000 field objects "
    "per deg^2, and counterparts for 70% of the sources. Of 0, 5 or 10% of the sources the true "
    f"errors are {TAIL_FACTOR:g} times the quoted ones. A fourth kind of sky is turned by "
    f"{ROTATION:g} arcsec per degree and stretched as much, its errors are {SCALE:g} times the "
    f"quoted ones, and grow with the distance from the axis (a slope of {SLOPE:g} of ln scale).",
    "`fit_position_errors` is left to find out which of these a sky has.",
)


def with_tails(seed: int, share: float) -> tuple[RealSky, float]:
    """A sky where some sources have larger errors, and the radius of its match (arcsec)."""
    condition = Condition("tails", Plan(tails=(share, TAIL_FACTOR)), reach=13.0)
    sky = simulate(seed, condition.plan)
    return sky, radius_of(condition, sky)


def distorted_sky(seed: int) -> tuple[RealSky, float]:
    """A sky turned and stretched, with quoted errors that are too small, the more so off axis."""
    condition = Condition("distorted", Plan(per_deg2=640.0, rotation=ROTATION), reach=7.0)
    sky = simulate(seed, condition.plan)
    radius = radius_of(condition, sky)
    ra, dec, sigma = (sky.primary[name] for name in ("RA", "DEC", "SIGMA"))
    middle = 0.5 * (ra.min() + ra.max()), 0.5 * (dec.min() + dec.max())
    z = (sky.off_axis - sky.off_axis.mean()) / sky.off_axis.std()
    primary = {
        "RA": ra - STRETCH / 3600.0 * (ra - middle[0]),
        "DEC": dec - STRETCH / 3600.0 * (dec - middle[1]),
        "SIGMA": sigma / (SCALE * np.exp(SLOPE * z)),
        COVARIATE: sky.off_axis,
    }
    return replace(sky, primary=primary), radius


def fits(skies: Iterable[tuple[RealSky, float]], **options: Any) -> Fits:
    """What is found on some skies."""
    rows = []
    for sky, radius in skies:
        fit = bm.fit_position_errors(*sky.catalogs(), radius=radius, **options)
        m, e = np.asarray(fit.matrix), np.asarray(fit.matrix_error)
        slope, slope_error = (
            (fit.slopes[COVARIATE], fit.slopes_error[COVARIATE]) if options else (0.0, 0.0)
        )
        rows.append(
            [
                fit.tail_fraction,
                fit.tail_fraction_error,
                0.5 * (m[1, 0] - m[0, 1]),
                0.5 * (m[0, 0] + m[1, 1]),
                fit.scale,
                slope,
                0.5 * np.hypot(e[1, 0], e[0, 1]),
                0.5 * np.hypot(e[0, 0], e[1, 1]),
                fit.scale_error,
                slope_error,
            ]
        )
    found = np.array(rows)
    return Fits(found[:, 0], found[:, 1], found[:, 2:6], found[:, 6:])


def claims_on_tails(tails: dict[float, Fits], distorted: Fits, n: int) -> list[Claim]:
    """The fraction is right where there are tails, and none are made up."""
    claims = [
        at_least(
            f"{share:.0%} of the sources with errors x{TAIL_FACTOR:g}: fraction within 3 standard "
            "errors, share of the skies",
            float(np.mean(np.abs(fit.tails - share) <= 3.0 * fit.tails_error)),
            WITHIN_3,
        )
        for share, fit in tails.items()
        if share > 0.0
    ]
    for name, fit in (("skies without", tails[0.0]), ("distorted skies without", distorted)):
        false = int(np.count_nonzero(fit.tails > 0.0))
        claims.append(
            Claim(
                f"tails found in {name}",
                f"{false} of {n}",
                f"<= {FALSE_TAILS:g}",
                false <= FALSE_TAILS * n,
            )
        )
    return claims


def claims_on_frames(fit: Fits) -> list[Claim]:
    """Rotation, stretch and scale are right to 5% in every sky but a few, and the slope."""
    truth = (ROTATION, STRETCH, SCALE)
    names = ("rotation", "stretch", "scale of the errors")
    claims = [
        at_least(
            f"distorted: {name} right to 5%, share of the skies",
            float(np.mean(np.abs(fit.numbers[:, k] / truth[k] - 1.0) <= TO)),
            WITHIN_3,
        )
        for k, name in enumerate(names)
    ]
    off = np.abs(fit.numbers[:, 3] - SLOPE) <= 3.0 * fit.errors[:, 3]
    name = "distorted: slope with the distance from the axis within 3 standard errors"
    return [*claims, at_least(f"{name}, share of the skies", float(np.mean(off)), WITHIN_3)]


def shown(fit: Fits) -> dict[str, list]:
    """As JSON."""
    return {name: np.asarray(value).tolist() for name, value in vars(fit).items()}


def tables(tails: dict[float, Fits], distorted: Fits) -> list[TableView]:
    """Mean, mean standard error and scatter of what was found."""

    def row(name: str, truth: float, value: np.ndarray, error: np.ndarray) -> list[str]:
        numbers = value.mean(), error.mean(), value.std(ddof=1)
        return [name, f"{truth:g}", *(f"{x:.4f}" for x in numbers)]

    rows = [
        row(f"tail fraction, {share:.0%}", share, fit.tails, fit.tails_error)
        for share, fit in tails.items()
    ]
    named = (
        ("rotation (arcsec per deg)", ROTATION),
        ("stretch (arcsec per deg)", STRETCH),
        ("scale of the errors", SCALE),
        ("slope with the distance from the axis", SLOPE),
    )
    rows += [
        row(name, truth, distorted.numbers[:, k], distorted.errors[:, k])
        for k, (name, truth) in enumerate(named)
    ]
    head = ["", "true", "mean", "mean standard error", "scatter"]
    return [TableView("What is found", head, rows)]
