"""Five real catalogues of a crowded field: XMM-Newton sources against a chain through Chandra.

NGC 2264 is a young star cluster in the plane of the Milky Way, with 15,000 to 25,000 stars per
square degree in each of Gaia, 2MASS and AllWISE. Chandra's positions are precise enough to tell by
eye which star an XMM-Newton source is; they are kept from the match, and compared with it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import bayesmatch as bm
from bayesmatch import plots

from .ngc2264_field import (
    SIGMA,
    STARS,
    Chain,
    along_chain,
    catalog,
    follow_chain,
    moved,
    nearest_star,
    read,
    sky_areas,
    truth,
)
from .ngc2264_figures import figure
from .report import Claim, FigureView, Section, TableView, at_least, below

#: five times the error of XMM-Newton
RADIUS = 7.5
#: (arcsec east, north) by which positions are moved to places where no source is
SHIFTS = ((45.0, 0.0), (-45.0, 0.0), (0.0, 45.0), (0.0, -45.0))


@dataclass(frozen=True)
class Outcome:
    """A match, and which 2MASS star it prefers."""

    label: str
    result: bm.MatchResult
    star: np.ndarray
    """(n,) the 2MASS star of the largest probability, summed over associations; -1: none"""
    p_star: np.ndarray
    """(n,) that probability"""


def run(out: Path, *, quick: bool = False, seeds: int | None = None) -> Section:
    """Run the protocol; it takes seconds, so quick or not is the same."""
    tables = {name: read(name) for name in SIGMA}
    areas = sky_areas(tables)
    catalogs = {name: catalog(name, tables[name], areas[name]) for name in SIGMA}
    chain = follow_chain(tables)
    xmm, others = catalogs["XMM"], [catalogs[name] for name in STARS]
    of_chain = chain.star >= 0
    fit, fit_of_chain = (
        fit_errors(tables["XMM"][rows], areas["XMM"], catalogs["TMASS"])
        for rows in (np.full(len(xmm), True), of_chain)
    )
    outcomes = [
        matched("2MASS", xmm, catalogs["TMASS"]),
        matched("2MASS, XMM errors fitted", fit.apply(xmm), catalogs["TMASS"]),
        matched("Gaia, 2MASS, AllWISE", xmm, *others),
        matched("Chandra, Gaia, 2MASS, AllWISE", xmm, catalogs["CHANDRA"], *others),
    ]
    two, _, four, _ = outcomes
    fake = {
        label: [matched(label, moved(tables["XMM"], *shift, areas["XMM"]), *of) for shift in SHIFTS]
        for label, of in ((two.label, [catalogs["TMASS"]]), (four.label, others))
    }
    claimed = {
        label: [float(o.result.meta["host_fraction"]) for o in of] for label, of in fake.items()
    }
    known = bm.assess(two.result, truth(tables, chain), score="p_hostless")
    plots.save(
        figure(tables, along_chain(tables, chain), chain, two, fake[two.label], fit_of_chain),
        out / "ngc2264.png",
    )

    recovered = {o.label: float(np.mean((o.star == chain.star)[of_chain])) for o in outcomes}
    nearest = float(np.mean((nearest_star(tables) == chain.star)[of_chain]))
    fits = {"these sources": fit_of_chain, "all XMM-Newton sources": fit}
    claims = check(
        chain,
        outcomes,
        recovered,
        nearest,
        claimed,
        fits,
        offset_deviation(tables, chain, fit_of_chain),
        known,
    )
    numbers = {
        "areas_deg2": areas,
        "n_chain": of_chain.sum(),
        "n_without": chain.without.sum(),
        "recovered": recovered,
        "nearest": nearest,
        "host_fraction_shifted": claimed,
        "ece": known.ece,
        "confusion": known.confusion(0.5)._asdict(),
        "fit": {
            of: {
                k: getattr(f, k)
                for k in (
                    "scale",
                    "scale_error",
                    "dra_arcsec",
                    "dra_arcsec_error",
                    "ddec_arcsec",
                    "ddec_arcsec_error",
                )
            }
            for of, f in (("all", fit), ("chain", fit_of_chain))
        },
    }
    return Section(
        "ngc2264",
        "A crowded field: XMM-Newton sources in NGC 2264, five catalogues",
        text(tables, areas, chain),
        claims,
        [matches_table(outcomes, chain, claimed), catalogues_table(tables, areas)],
        [FigureView("ngc2264.png", CAPTION)],
        numbers,
    )


def check(
    chain: Chain,
    outcomes: Sequence[Outcome],
    recovered: dict[str, float],
    nearest: float,
    claimed: dict[str, list[float]],
    fits: dict[str, bm.PositionErrorFit],
    deviation: float,
    known: bm.Assessment,
) -> list[Claim]:
    """What is claimed, and whether it holds."""
    of_chain = chain.star >= 0
    two, _, four, five = outcomes
    member = np.asarray(five.result.sources["CHANDRA"])
    return [
        at_least(
            f"2MASS alone: stars of the chain recovered, of {of_chain.sum()}",
            recovered[two.label],
            0.98,
        ),
        Claim("the nearest star instead, for comparison", f"{nearest:.4f}", "-", None),
        at_least("Gaia, 2MASS and AllWISE: the same", recovered[four.label], 0.95),
        at_least("with Chandra too, five catalogues: the same", recovered[five.label], 0.97),
        at_least(
            "five catalogues: Chandra source of the chain in the best association",
            float(np.mean((member == chain.chandra)[of_chain])),
            0.97,
        ),
        at_least(
            f"2MASS alone: p_hostless > 0.5 for the {chain.without.sum()} without a star",
            float(np.mean(np.asarray(two.result.sources["p_hostless"])[chain.without] > 0.5)),
            0.8,
        ),
        below(
            "2MASS alone: host fraction of positions shifted by 45 arcsec, largest of 4",
            max(claimed[two.label]),
            0.03,
        ),
        below("Gaia, 2MASS and AllWISE: the same, largest of 4", max(claimed[four.label]), 0.05),
        Claim(
            "p_hostless + sum of p_match - 1: largest of all matches",
            f"{max(map(not_one, outcomes)):.1e}",
            "<= 1e-09",
            max(map(not_one, outcomes)) <= 1e-9,
        ),
        below(
            "offset of the chain's XMM-Newton sources: fitted without the chain, minus that "
            "along it, in standard errors",
            deviation,
            3.0,
            2,
        ),
        *(
            Claim(
                f"{of}: error per axis; offset to be added, east and north (arcsec)",
                f"{SIGMA['XMM'] * f.scale:.2f} +- {SIGMA['XMM'] * f.scale_error:.2f}; "
                f"{f.dra_arcsec:+.2f} +- {f.dra_arcsec_error:.2f}, "
                f"{f.ddec_arcsec:+.2f} +- {f.ddec_arcsec_error:.2f}",
                "-",
                None,
            )
            for of, f in fits.items()
        ),
        Claim(
            "2MASS alone: ECE of p_hostless on the sources with a known answer",
            f"{known.ece:.3f} (floor {known.ece_floor.mean:.3f}, "
            f"95% point {known.ece_floor.p95:.3f})",
            "-",
            None,
        ),
    ]


CAPTION = (
    "Left: the field; dots are XMM-Newton sources, crosses Chandra's, grey the 2MASS stars. "
    "Middle: XMM-Newton position minus the 2MASS star of the chain; the offset (cross) and "
    "the one and two sigma circles were fitted to the same sources without the chain. "
    "Right: probability of the most probable 2MASS star, as the share of sources below "
    "it: those of the chain should be near 1, sources whose Chandra position has no "
    "star, and shifted positions, near 0."
)


def text(tables: dict[str, pd.DataFrame], areas: dict[str, float], chain: Chain) -> list[str]:
    """What is done, in plain words."""
    n = (chain.star >= 0).sum()
    return [
        f"The {len(tables['XMM'])} XMM-Newton sources of this star cluster are off by one or two "
        "arcseconds. Where Chandra has a source within 5 arcsec, and 2MASS a star within 1 arcsec "
        f"of that, the star is taken as the answer ({n} sources). Where Chandra has a source but "
        f"2MASS no star within 3 arcsec of it ({chain.without.sum()}), there is none in 2MASS. "
        "This chain is no perfect truth, and an easy one: it favours sources near a star. But it "
        "is independent of the match.",
        "Three matches are compared with it: with 2MASS alone; with Gaia, 2MASS and AllWISE "
        "together; and those with Chandra as a fifth catalogue. The star meant by a match is the "
        "one with the largest sum of `p_match` over all associations that contain it.",
        "The files tell no position errors, so round values are assumed for all. Densities need "
        "the sky area: Gaia, 2MASS and AllWISE fill a circle, whose radius is that of the "
        f"outermost object ({areas['GAIA']:.3f} deg^2). Counting occupied cells would give more, "
        "since cells on the border count whole. Chandra's fields have no simple shape; there the "
        f"occupied cells are counted ({areas['CHANDRA']:.2f} deg^2).",
        "Positions shifted by 45 arcsec to four sides belong to nothing: the fitted share of "
        "sources with a counterpart should be near 0 there, although the stars are clustered. "
        "Gaia, 2MASS and AllWISE see the same stars, so that a star near the position by chance "
        "is near in all three. A model that takes that for three independent coincidences, as "
        'NWAY\'s does and `field="uniform"`, finds counterparts for 13 to 17% of these positions.',
        "XMM-Newton looked several times, and each time its positions are off as a whole by "
        "something else: the middle panel shows two clumps. One offset for all sources is an "
        "average.",
    ]


def fit_errors(table: pd.DataFrame, area: float, stars: bm.Catalog) -> bm.PositionErrorFit:
    """Scale and offset of XMM-Newton's errors; all are assumed equal, so that a floor is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # which says so
        return bm.fit_position_errors(
            catalog("XMM", table.reset_index(drop=True), area), stars, radius=RADIUS
        )


def offset_deviation(
    tables: dict[str, pd.DataFrame], chain: Chain, fit: bm.PositionErrorFit
) -> float:
    """How many standard errors the fitted offset is from the mean along the chain."""
    east, north = along_chain(tables, chain)
    return float(
        max(
            abs(fit.dra_arcsec + east.mean()) / fit.dra_arcsec_error,
            abs(fit.ddec_arcsec + north.mean()) / fit.ddec_arcsec_error,
        )
    )


def matched(label: str, xmm: bm.Catalog, *others: bm.Catalog) -> Outcome:
    """A match, and the most probable 2MASS star of each source."""
    result = bm.match(xmm, *others, radius=RADIUS)
    rows = result.associations["XMM", "TMASS", "p_match"].to_pandas()
    sums = rows[rows["TMASS"] >= 0].groupby(["XMM", "TMASS"], as_index=False)["p_match"].sum()
    best = sums.sort_values(["XMM", "p_match"], kind="stable").drop_duplicates("XMM", keep="last")
    star, p_star = np.full(len(xmm), -1), np.zeros(len(xmm))
    star[best["XMM"]], p_star[best["XMM"]] = best["TMASS"], best["p_match"]
    return Outcome(label, result, star, p_star)


def not_one(outcome: Outcome) -> float:
    """How far p_hostless and the p_match of a source are from adding up to 1."""
    rows = outcome.result.associations
    whole = np.bincount(rows["XMM"], rows["p_match"] * (rows["ncat"] > 1))
    return float(np.abs(whole + np.asarray(outcome.result.sources["p_hostless"]) - 1).max())


def matches_table(
    outcomes: Sequence[Outcome], chain: Chain, claimed: dict[str, list[float]]
) -> TableView:
    """One line per match."""
    rows: list[list[Any]] = []
    for o in outcomes:
        of_chain = chain.star >= 0
        member = np.asarray(o.result.sources["TMASS"])
        shifted = claimed.get(o.label)
        rows.append(
            [
                o.label,
                f"{len(o.result.associations):,}",
                f"{np.mean((o.star == chain.star)[of_chain]):.3f}",
                f"{np.mean((member == chain.star)[of_chain]):.3f}",
                f"{o.p_star[of_chain].mean():.3f}",
                f"{o.p_star[chain.without].mean():.3f}",
                f"{o.result.meta['host_fraction']:.3f} +- "
                f"{o.result.meta['host_fraction_error']:.3f}",
                f"{np.mean(shifted):.3f}" if shifted else "-",
            ]
        )
    return TableView(
        "Matches of XMM-Newton with ...",
        [
            "other catalogues",
            "associations",
            "star right",
            "in the best",
            "mean p, chain",
            "mean p, no star",
            "host fraction",
            "shifted",
        ],
        rows,
        "star right: of the chain's stars, those that are the most probable 2MASS star; in the "
        "best: those in the best single association (which may leave 2MASS out); mean p: mean "
        "probability of the most probable 2MASS star, for sources of the chain, and for those "
        "whose Chandra position has no star; host fraction: fitted share of sources with a "
        "counterpart in any of the catalogues; shifted: the same at the shifted positions, mean of "
        "four.",
    )


def catalogues_table(tables: dict[str, pd.DataFrame], areas: dict[str, float]) -> TableView:
    """What goes in."""
    names = {
        "XMM": "XMM-Newton",
        "CHANDRA": "Chandra",
        "GAIA": "Gaia DR3",
        "TMASS": "2MASS",
        "WISE": "AllWISE",
    }
    return TableView(
        "Catalogues",
        ["catalogue", "sources", "area (deg^2)", "per deg^2", "assumed sigma (arcsec)"],
        [
            [
                names[n],
                f"{len(t):,}",
                f"{areas[n]:.3f}",
                f"{len(t) / areas[n]:,.0f}",
                f"{SIGMA[n]:g}",
            ]
            for n, t in tables.items()
        ],
        "XMM-Newton covers part of the circle only; the area of the sources to be "
        "identified does not enter their probabilities.",
    )
