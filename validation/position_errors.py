"""Mock skies whose position errors are wrong in a known way: `fit_position_errors` finds it.

Every combination of three scales, two floors and two host fractions, with one offset; many seeds
each. The fit must find every number within its standard error, and the errors must be honest.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import bayesmatch as bm
from bayesmatch import plots

from .report import Claim, FigureView, Section, TableView, at_least
from .skies import SIGMA_MAX, simulate

OFFSET = (0.4, -0.3)
SCALES, FLOORS, FRACTIONS = (0.6, 1.0, 1.6), (0.0, 0.7), (0.3, 0.95)
OTHER_SIGMA = 0.3
NAMES = ("scale", "floor_arcsec", "dra_arcsec", "ddec_arcsec")
#: with s seeds, a ratio of error to scatter is itself known to 1 / sqrt(2 s)
N_SEEDS, QUICK_SEEDS = 100, 5


@dataclass(frozen=True)
class Setting:
    """What is wrong with the position errors of a mock sky."""

    scale: float
    floor: float
    fraction: float

    @property
    def truth(self) -> np.ndarray:
        """In the order of NAMES."""
        return np.array([self.scale, self.floor, *OFFSET])


def run(out: Path, *, quick: bool = False, seeds: int | None = None) -> Section:
    """Run the protocol."""
    n_seeds = seeds or (QUICK_SEEDS if quick else N_SEEDS)
    settings = [Setting(*values) for values in itertools.product(SCALES, FLOORS, FRACTIONS)]
    found = {
        setting: fits(setting, range(k * n_seeds, (k + 1) * n_seeds))
        for k, setting in enumerate(settings)
    }
    within = np.array(
        [np.mean(np.abs(v - s.truth) <= 3 * e, axis=0) for s, (v, e) in found.items()]
    )
    ratio = np.array([e.mean(axis=0) / v.std(axis=0, ddof=1) for v, e in found.values()])
    mean_ratio = 1 / (1 / ratio).mean(axis=0)
    # the scatter itself is known to 1 / sqrt(2 n): allow what chance does to the worst of 48
    slack = 0.2 + 2.5 / np.sqrt(2 * n_seeds)
    allowed = 0.2 if n_seeds >= N_SEEDS else 0.35
    honest = float(np.mean(np.abs(ratio - 1) <= 0.2))
    claims = [
        at_least(
            "share within 3 standard errors, all settings and parameters",
            float(within.mean()),
            0.95,
        ),
        at_least(
            "the same, worst setting and parameter",
            float(within.min()),
            0.95 if n_seeds >= N_SEEDS else 0.7,
        ),
        Claim(
            "mean standard error / scatter, mean over the settings",
            ", ".join(
                f"{name.removesuffix('_arcsec')} {r:.3f}"
                for name, r in zip(NAMES, mean_ratio, strict=True)
            ),
            f"1 within {allowed:g}",
            bool(np.abs(mean_ratio - 1).max() <= allowed),
        ),
        Claim(
            "the same, settings and parameters within 20%",
            f"{honest:.3f}",
            ">= 0.95" if n_seeds >= N_SEEDS else "-",
            honest >= 0.95 if n_seeds >= N_SEEDS else None,
        ),
        Claim(
            "the same, extremes of the settings",
            f"{ratio.min():.3f}, {ratio.max():.3f}",
            f"0.8 to 1.2, and {slack - 0.2:.2f} for chance" if n_seeds >= N_SEEDS else "-",
            bool(np.abs(ratio - 1).max() <= slack) if n_seeds >= N_SEEDS else None,
        ),
    ]
    plots.save(figure(found), out / "position_errors.png")
    return Section(
        "position_errors",
        "Position errors that are wrong in a known way",
        text(n_seeds),
        claims,
        [table(found)],
        [FigureView("position_errors.png", CAPTION)],
        {
            "n_seeds": n_seeds,
            "within_3": within.tolist(),
            "ratio": ratio.tolist(),
            "settings": [vars(s) for s in settings],
        },
    )


CAPTION = (
    "(fitted - true) / standard error of every sky, by setting (scale / floor / host "
    "fraction). The bars hold all skies, the boxes half of them; the dashed lines are 3 "
    "standard errors. A true floor of 0 is a boundary: it cannot be missed to below."
)


def text(n_seeds: int) -> list[str]:
    """What is done, in plain words."""
    return [
        "A mock sky has 2,000 sources with quoted errors of 1 to 3 arcsec, 20,000 field objects "
        "per deg^2, and counterparts for 30% or 95% of the sources. The true errors are the "
        "quoted ones times a scale (0.6, 1 or 1.6), with a floor of 0 or 0.7 arcsec added in "
        "quadrature, and all positions are off by 0.4 arcsec in right ascension and -0.3 in "
        f"declination. {n_seeds} skies of each kind.",
        "Two things are asked of `fit_position_errors`: that its numbers are within 3 of their "
        "standard errors of the truth, and that the standard errors are as large as the scatter "
        "of the numbers from sky to sky.",
    ]


def mock(
    seed: int,
    setting: Setting,
    *,
    n: int = 2000,
    offset: tuple[float, float] = OFFSET,
    density: float = 20_000.0,
) -> tuple[bm.Catalog, bm.Catalog]:
    """Primaries X and objects OPT; X's errors are as wrong as `setting` says."""
    sky = simulate(seed, n, setting.fraction, density=density, other_sigma=OTHER_SIGMA)
    rng = np.random.default_rng([seed, 77])
    objects = {name: column.copy() for name, column in sky.others[0].items()}
    host = np.flatnonzero(sky.truth[:, 0] >= 0)
    row = sky.truth[host, 0]
    sigma = np.sqrt(
        (setting.scale * sky.primary["SIGMA"][host]) ** 2 + setting.floor**2 + OTHER_SIGMA**2
    )
    east, north = rng.standard_normal((2, len(host))) * sigma + np.array(offset)[:, None]
    dec = sky.primary["DEC"][host]
    objects["DEC"][row] = dec + north / 3600
    objects["RA"][row] = sky.primary["RA"][host] + east / 3600 / np.cos(np.radians(dec))
    return (
        bm.Catalog(sky.primary, name="X", pos_err="SIGMA", area=sky.area),
        bm.Catalog(objects, name="OPT", pos_err=OTHER_SIGMA, area=sky.area),
    )


def fits(setting: Setting, seeds: Iterable[int]) -> tuple[np.ndarray, np.ndarray]:
    """Values and standard errors, (n_seeds, 4), in the order of NAMES."""
    radius = 5 * SIGMA_MAX * max(setting.scale, 1.0)
    values, errors = [], []
    for seed in seeds:
        # Tails and turned frames have their rows in the protocol "skies".
        fit = bm.fit_position_errors(
            *mock(seed, setting), radius=radius, tails=False, frame="offset"
        )
        values.append([getattr(fit, name) for name in NAMES])
        errors.append([getattr(fit, f"{name}_error") for name in NAMES])
    return np.array(values), np.array(errors)


def table(found: dict[Setting, tuple[np.ndarray, np.ndarray]]) -> TableView:
    """Mean, mean error, scatter and share within 3 errors of every setting."""
    rows: list[list[Any]] = []
    for s, (value, error) in found.items():
        within = np.mean(np.abs(value - s.truth) <= 3 * error, axis=0)
        row: list[Any] = [f"{s.scale:g}", f"{s.floor:g}", f"{s.fraction:g}"]
        for k in range(len(NAMES)):
            row += [
                f"{value[:, k].mean():.3f}",
                f"{error[:, k].mean():.3f} / {value[:, k].std(ddof=1):.3f}",
                f"{within[k]:.2f}",
            ]
        rows.append(row)
    head = [
        x
        for name in ("scale", "floor", "east", "north")
        for x in (name, "error / scatter", "< 3 errors")
    ]
    return TableView(
        "Fitted numbers: mean, mean standard error and scatter, share within 3 errors",
        ["scale", "floor", "hosts", *head],
        rows,
    )


def figure(found: dict[Setting, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Deviations in units of the standard error."""
    fig = Figure(figsize=(13.0, 6.0), layout="constrained")
    axes = fig.subplots(1, len(NAMES), sharey=True)
    labels = [f"{s.scale:g} / {s.floor:g} / {s.fraction:g}" for s in found]
    for k, (ax, name) in enumerate(
        zip(axes, ("scale", "floor", "offset east", "offset north"), strict=True)
    ):
        pulls = [(v[:, k] - s.truth[k]) / e[:, k] for s, (v, e) in found.items()]
        ax.boxplot(pulls, orientation="horizontal", whis=(0, 100), widths=0.6)
        for x in (-3, 3):
            ax.axvline(x, color="tab:red", ls="--", lw=0.9)
        ax.axvline(0, color="0.6", lw=0.8)
        ax.set(title=name, xlabel="(fitted - true) / error", xlim=(-6, 6))
    axes[0].set_yticks(np.arange(1, len(labels) + 1), labels)
    axes[0].set_ylabel("scale / floor (arcsec) / host fraction")
    axes[0].invert_yaxis()
    return fig
