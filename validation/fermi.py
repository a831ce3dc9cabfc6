"""Gamma-ray sources of the whole sky and blazars: error ellipses, large errors, RA from 0 to 360.

4FGL-DR4 names a counterpart for most of its sources: 1,650 of them are blazars of BZCAT, 3,119 are
none. The identifications come from Fermi's own likelihoods, which used positions too, so that they
are a friendly truth. 3FGL against 4FGL is the same sky seen twice, with ellipses on both sides.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import bayesmatch as bm
from bayesmatch import plots

from .report import Claim, FigureView, Section, TableView, at_least, below

DATA = Path(__file__).parent / "data" / "fermi"
FULL_SKY = 41_252.96
#: BZCAT leaves out the plane of the Milky Way
BZCAT_SHARE = 0.85
#: arcsec; blazars are known to a fraction of this
BZCAT_ERROR = 1.0
#: arcsec: of the match with blazars, and of 3FGL with 4FGL
RADIUS, RADIUS_3FGL = 1200.0, 3000.0
CUTOFF = 0.5
#: at the cutoff, of the model with uniform densities and independent claims
RIGHT, WRONG, HOSTLESS_MATCHED, MATCHED_HOSTLESS = 1644, 0, 7, 6


def run(out: Path, *, quick: bool = False, seeds: int | None = None) -> Section:
    """Run the protocol; it takes seconds, so quick or not is the same."""
    fgl4, blazars = gamma("4fgl_dr4", "FGL4"), bzcat()
    result = bm.match(fgl4, blazars, radius=RADIUS)
    plain = bm.match(fgl4, blazars, radius=RADIUS, field="uniform", claims="independent")
    truth = known("truth_4fgl_bzcat", fgl4)
    judged = {
        name: bm.assess(r, truth, score="p_hostless")
        for name, r in (("all parts on", result), ("all parts off", plain))
    }
    again = repeated(fgl4)
    best = judged["all parts on"]
    plots.save(best.plot(), out / "fermi.png")
    return Section(
        "fermi",
        "4FGL gamma-ray sources and BZCAT blazars, all sky",
        TEXT,
        [*check(best, judged["all parts off"]), repeated_claim(*again)],
        [scores_table(judged)],
        [FigureView("fermi.png", CAPTION)],
        {
            "scores": {
                name: {**a.confusion(CUTOFF)._asdict(), **errors(a)} for name, a in judged.items()
            },
            "n": best.n,
            "repeated": dict(zip(("right", "wrong", "none"), again, strict=True)),
        },
    )


TEXT = (
    "4FGL-DR4 lists 7,195 gamma-ray sources of the whole sky with error ellipses; 90 have none and "
    "are left out. Sigma is the 68% radius divided by 1.51, from 11 to 1,270 arcsec; the search "
    "goes to 1,200 arcsec. BZCAT has 3,376 blazars, outside the plane of the Milky Way. 4FGL gives "
    "counterparts of its own: if that is within 15 arcsec of a blazar the blazar is the right "
    "answer, if it is farther than 2 arcmin from all blazars the source is hostless; of the others "
    "nothing is known and they are not judged.",
    "Fermi's own associations rest on positions and on densities of blazars too, so that doubtful "
    "sources are missing from this truth: the probabilities come out better than they need to be.",
    "3FGL, the catalogue before, is matched with 4FGL for ellipses on both sides; the associations "
    "that 4FGL lists are compared with the best candidates.",
)
CAPTION = (
    "Purity and completeness as the cutoff varies, and reliability of 1 - p_hostless against the "
    "counterparts named in 4FGL."
)


def gamma(file: str, name: str) -> bm.Catalog:
    """Gamma-ray sources that have an error ellipse."""
    table = pd.read_csv(DATA / f"{file}.csv.gz")
    table = table[table[["MAJOR68", "MINOR68", "PA68"]].notna().all(axis=1)].reset_index(drop=True)
    for axis in ("MAJOR", "MINOR"):
        table[axis] = bm.sigma_from_radius(3600.0 * table[f"{axis}68"].to_numpy(), 0.68)
    ellipse = bm.ErrorEllipse("MAJOR", "MINOR", "PA68")
    return bm.Catalog(table, name=name, pos_err=ellipse, area=FULL_SKY)


def bzcat() -> bm.Catalog:
    """The blazars."""
    table = pd.read_csv(DATA / "bzcat5.csv.gz")
    return bm.Catalog(table, name="BZCAT", pos_err=BZCAT_ERROR, area=round(BZCAT_SHARE * FULL_SKY))


def known(file: str, primary: bm.Catalog) -> pd.DataFrame:
    """The truth of the sources at hand, each once."""
    truth = pd.read_csv(DATA / f"{file}.csv.gz")
    source = truth.columns[0]
    at_hand = truth[source].isin([str(name) for name in primary.table["ID"]])
    return truth[at_hand & ~truth[source].duplicated(keep=False)].reset_index(drop=True)


def repeated(fgl4: bm.Catalog) -> tuple[int, int, int]:
    """3FGL against 4FGL: sources whose best candidate is 4FGL's association, another, none."""
    fgl3 = gamma("3fgl", "FGL3")
    truth = known("truth_3fgl_4fgl", fgl3)
    truth = truth[truth["FGL4_ID"].isin([str(name) for name in fgl4.table["ID"]])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # nearly all have a counterpart
        sources = bm.match(fgl3, fgl4, radius=RADIUS_3FGL).sources
    found = pd.DataFrame(
        {
            "FGL3_ID": [str(name) for name in sources["FGL3_ID"]],
            "best": np.ma.filled(np.ma.asarray(sources["FGL4_ID"]).astype(object), ""),
            "p_hostless": np.asarray(sources["p_hostless"]),
        }
    ).merge(truth, on="FGL3_ID")
    matched = found["p_hostless"] < 1.0 - CUTOFF
    right = found["best"].astype(str) == found["FGL4_ID"]
    return int((matched & right).sum()), int((matched & ~right).sum()), int((~matched).sum())


def errors(a: bm.Assessment) -> dict[str, Any]:
    """Calibration errors and their floors."""
    return {
        "ece": a.ece,
        "ece_p95": a.ece_floor.p95,
        "offset": a.offset,
        "shape": a.shape,
        "shape_p95": a.shape_floor.p95,
    }


def check(a: bm.Assessment, plain: bm.Assessment) -> list[Claim]:
    """What is claimed, and whether it holds."""
    c = a.confusion(CUTOFF)
    return [
        at_least(f"right counterparts at {CUTOFF}", c.right, RIGHT, 0),
        below("wrong counterparts", c.wrong, WRONG, 0),
        below("hostless sources that were given a blazar", c.hostless_matched, HOSTLESS_MATCHED, 0),
        below("sources with a blazar called hostless", c.matched_hostless, MATCHED_HOSTLESS, 0),
        Claim(
            "ECE of p_hostless: no larger than with all parts off",
            f"{a.ece:.4f}",
            f"<= {plain.ece:.4f}",
            bool(a.ece <= plain.ece),
        ),
        Claim(
            "the shape part of the ECE: at most the 95% point of its floor",
            f"{a.shape:.4f}",
            f"<= {a.shape_floor.p95:.4f}",
            bool(a.shape <= a.shape_floor.p95),
        ),
    ]


def repeated_claim(right: int, wrong: int, none: int) -> Claim:
    """3FGL against 4FGL, for information."""
    return Claim(
        "3FGL x 4FGL: 4FGL's association is the best candidate, another is, hostless",
        f"{right}, {wrong}, {none}",
        "-",
        None,
    )


def scores_table(judged: dict[str, bm.Assessment]) -> TableView:
    """The counts at the cutoff, and the calibration errors."""
    return TableView(
        "Against the counterparts that 4FGL names",
        [
            f"cut at {CUTOFF}",
            "right",
            "wrong",
            "hostless, matched",
            "matched, hostless",
            "right hostless",
            "ECE",
            "95% point of its floor",
            "offset",
            "shape",
            "95% point of its floor",
        ],
        [[name, *a.confusion(CUTOFF), *errors(a).values()] for name, a in judged.items()],
        "Offset: mean probability minus the share that has a counterpart. Shape: the calibration "
        "error that is left when one factor of all odds has taken the offset out.",
    )
