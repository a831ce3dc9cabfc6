"""NWAY's own output on 2,263 Chandra sources and their Gaia stars: its numbers from ours.

Each row is a pair of a Chandra source and a Gaia star, as published, with what NWAY made of it. The
stars around each source are not in the file, but NWAY's probabilities tell how many there were.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import bayesmatch as bm
from bayesmatch import plots
from bayesmatch.catalogs.gaussian import GAUSSIAN

from .report import Claim, FigureView, Section, TableView, below

DATA = Path(__file__).parent / "data" / "csc2_gaia.csv.gz"
FULL_SKY = 4 * np.pi * np.degrees(1) ** 2
#: all pairs are closer than this; wider would let in the stars of neighbouring Chandra sources
RADIUS = 1.5
SIGMA_OF_R95 = float(GAUSSIAN.quantile(0.95))


@dataclass(frozen=True)
class Stars:
    """How many stars NWAY was given around each source, read off its probabilities."""

    area: float
    """(deg^2) of the circle they were taken from, divided by NWAY's completeness"""
    count: np.ndarray
    """(n,) number of stars, plus one"""
    deviation: np.ndarray
    """(n,) distance of that from a whole number before rounding"""


def run(out: Path, *, quick: bool = False, seeds: int | None = None) -> Section:
    """Run the protocol; it takes seconds, so quick or not is the same."""
    rows = pd.read_csv(DATA)
    circle = np.hypot(rows["CSC_err_r0"], rows["CSC_err_r1"]) / np.sqrt(2)
    log10_b = pairs(rows, circle)["dist_bayesfactor"].to_numpy()
    exact = pairs(rows, bm.ErrorEllipse("CSC_err_r0", "CSC_err_r1", "CSC_PA"))
    exact_b = exact["dist_bayesfactor"].to_numpy()
    stars = stars_around(rows)
    ours = with_density(rows, circle, stars)
    difference = {
        "dist_bayesfactor (log10)": log10_b - rows["dist_bayesfactor"],
        **{c: ours[c] - rows[c] for c in ("p_single", "p_any", "p_i")},
    }
    difference = {name: np.asarray(d) for name, d in difference.items()}

    central = np.percentile(difference["dist_bayesfactor (log10)"], [16, 84])
    nway_part, exact_part = rows["dist_bayesfactor"] - log10_b, exact_b - log10_b
    slope = float(np.sum(nway_part * exact_part) / np.sum(exact_part**2))
    claims = [
        below(
            "log10 Bayes factor against NWAY's: median |difference|",
            float(np.median(np.abs(difference["dist_bayesfactor (log10)"]))),
            1e-3,
            6,
        ),
        Claim(
            "the same: 16% and 84% points of the difference",
            f"{central[0]:+.6f}, {central[1]:+.6f}",
            "within +- 0.0004",
            bool(np.abs(central).max() <= 4e-4),
        ),
        below(
            "whole number of stars in every row: largest deviation",
            float(stars.deviation.max()),
            0.005,
            6,
        ),
        *(
            below(
                f"{c} against NWAY's: median |difference|",
                float(np.median(np.abs(difference[c]))),
                1e-5,
                7,
            )
            for c in ("p_single", "p_any")
        ),
        Claim(
            "exact ellipse - circle, log10 Bayes factor: median, 99% point of |.|",
            "{:.5f}, {:.5f}".format(*np.percentile(np.abs(exact_part), [50, 99])),
            "-",
            None,
        ),
        Claim(
            "slope of (NWAY - circle) against (exact ellipse - circle)",
            f"{slope:+.3f}",
            "1 if NWAY's were exact",
            None,
        ),
    ]
    plots.save(
        figure(difference["dist_bayesfactor (log10)"], nway_part, exact_part, rows),
        out / "chandra_gaia.png",
    )
    return Section(
        "chandra_gaia",
        "NWAY's own output on 2,263 Chandra sources and Gaia stars",
        text(len(rows), stars),
        claims,
        [differences_table(difference)],
        [FigureView("chandra_gaia.png", CAPTION)],
        {
            "n": len(rows),
            "area_over_completeness_deg2": stars.area,
            "largest_deviation_from_whole_number": stars.deviation.max(),
            "median_abs_difference": {k: np.median(np.abs(d)) for k, d in difference.items()},
            "largest_abs_difference": {k: np.abs(d).max() for k, d in difference.items()},
            "slope_of_ellipse_part": slope,
        },
    )


CAPTION = (
    "Left: log10 Bayes factor of bayesmatch, for circles, minus NWAY's. Middle: what makes "
    "that difference. Horizontally, what the error ellipse changes by the exact integral; "
    "vertically, what it changes in NWAY; the same would lie on the dotted line. Right: "
    "separations in units of the error NWAY was given, and of the error that follows from "
    "the 95% ellipse (divided by 2.448), against the Rayleigh distribution they should "
    "follow."
)


def text(n: int, stars: Stars) -> list[str]:
    """What is done, in plain words."""
    return [
        f"Yang et al. (2022) matched sources of the Chandra X-ray catalogue with Gaia stars by "
        f"NWAY, and published its output. These are the {n:,} pairs. Nothing here is simulated, "
        "and NWAY itself is not run: the numbers are those others obtained.",
        "The Bayes factor of a pair depends on its separation and errors only. NWAY was given an "
        "ellipse per Chandra source; taken as a circle of the same mean square, the published "
        "number comes back.",
        "NWAY's probability `p_single` adds the density of stars, which the file does not tell. "
        "But NWAY counts the stars around each source, plus one, in a fixed area; so one number "
        "(that area, divided by NWAY's completeness) must turn every `p_single` into a whole "
        f"number of stars. It does, with {stars.area:.4e} deg^2: a strict test of the formula. "
        "With these densities `match()` is run on all sources, and its `p_single`, `p_any` and "
        "`p_i` are compared.",
        "For ellipses bayesmatch uses the exact integral, NWAY an approximation; the difference "
        "is given for information. The ellipses here are nearly round, so it is small. (It goes "
        "the wrong way in that version of NWAY: along the long axis of the ellipse, where a "
        "separation should count less, it counts more.) And r0 and r1, which hold 95% of "
        "positions, were given to NWAY as if they were one sigma: the right panel shows how much "
        "too large that is.",
    ]


def pairs(rows: pd.DataFrame, error: Any, area: float = FULL_SKY) -> pd.DataFrame:
    """`bayesmatch.match` of Chandra sources and stars; its rows for the published pairs."""
    x = bm.Catalog(rows, name="CSC", ra="ra", dec="dec", id="name", pos_err=error, area=FULL_SKY)
    gaia = bm.Catalog(
        rows, name="GAIA", ra="GAIA_RA", dec="GAIA_DEC", id="name", pos_err="GAIA_PU", area=area
    )
    found = bm.match(x, gaia, radius=RADIUS, host_fraction=0.9).to_pandas()
    found = found[found["CSC"] == found["GAIA"]].reset_index(drop=True)
    if len(found) != len(rows):
        raise AssertionError(f"{len(rows) - len(found)} of {len(rows)} pairs are missing")
    return found


def stars_around(rows: pd.DataFrame) -> Stars:
    """The number of stars behind each p_single, given NWAY's own Bayes factor.

    p = 1 / (1 + (n - 1) / B) for n stars on the whole sky at the local density, which is the whole
    number over the area. The least dense sources have one star, their own: number 2.
    """
    full_sky = 1 + 10 ** rows["dist_bayesfactor"] * (1 / rows["p_single"] - 1)
    density = np.asarray(full_sky) / FULL_SKY
    area = 2 / np.median(density[density < 1.25 * density.min()])
    count = density * area
    return Stars(float(area), np.round(count).astype(int), np.abs(count - np.round(count)))


def with_density(rows: pd.DataFrame, sigma: pd.Series, stars: Stars) -> pd.DataFrame:
    """The pairs, matched group by group of the same density of stars."""
    done = []
    for count in np.unique(stars.count):
        mine = np.flatnonzero(stars.count == count)
        group = rows.iloc[mine].reset_index(drop=True)
        # match() takes the density of one more star than there are, as NWAY does
        area = stars.area * (len(mine) + 1) / count
        found = pairs(group, sigma.to_numpy()[mine], area)
        done.append(found.set_index(mine)[["p_single", "p_any", "p_i"]])
    return pd.concat(done).sort_index()


def differences_table(difference: dict[str, np.ndarray]) -> TableView:
    """Percentiles of the differences."""
    points = [0, 16, 50, 84, 100]
    return TableView(
        "bayesmatch minus NWAY",
        ["column", "lowest", "16%", "median", "84%", "highest"],
        [
            [name, *(f"{v:+.1e}" for v in np.percentile(d, points))]
            for name, d in difference.items()
        ],
        "The largest differences of the Bayes factor are those of the least round ellipses. p_i is "
        "1 in every row: only one star is that close.",
    )


def figure(
    difference: np.ndarray, nway_part: Any, exact_part: np.ndarray, rows: pd.DataFrame
) -> Figure:
    """Differences, where they come from, and separations in units of their errors."""
    fig = Figure(figsize=(12.5, 4.4), layout="constrained")
    left, middle, right = fig.subplots(1, 3)
    shown = np.mean(np.abs(difference) < 5e-3)
    left.hist(1e3 * difference, np.linspace(-5, 5, 81), color="tab:blue")
    left.set(
        xlabel="log10 Bayes factor, bayesmatch - NWAY (1/1000)",
        ylabel="pairs",
        yscale="log",
        title=f"Agreement ({shown:.0%} of the pairs shown)",
    )
    limit = 0.036
    middle.plot([-limit, limit], [-limit, limit], ":", color="0.5")
    middle.plot(exact_part, nway_part, ".", ms=4, alpha=0.5, color="tab:blue")
    middle.set(
        xlim=(-limit, limit),
        ylim=(-limit, limit),
        xlabel="exact ellipse - circle",
        ylabel="NWAY - circle",
        title="What the ellipse changes in log10 B",
    )
    sigma = np.hypot(np.hypot(rows["CSC_err_r0"], rows["CSC_err_r1"]) / np.sqrt(2), rows["GAIA_PU"])
    apart = rows["Separation_GAIA_CSC"]
    edges = np.linspace(0, 4, 51)
    for scale, label in ((1.0, "error as given to NWAY"), (SIGMA_OF_R95, "error / 2.448")):
        right.hist(apart / sigma * scale, edges, density=True, histtype="step", lw=1.6, label=label)
    right.plot(edges, GAUSSIAN.density(edges), "k--", lw=1, label="Rayleigh")
    right.set(
        xlabel="separation / error", ylabel="density of pairs", xlim=(0, 4), title="Separations"
    )
    right.legend(frameon=False)
    return fig
