"""ALMA detections and 3D-HST galaxies: errors far too small, a frame that is off, a dense field.

95 sub-millimetre detections inside CANDELS, 50 of them with a known galaxy; 608,000 galaxies per
square degree. The quoted errors are formal ones; the error floor and the shift of the frame must be
found from the positions alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

import bayesmatch as bm
from bayesmatch import plots

from .report import Claim, FigureView, Section, TableView, at_least, below

DATA = Path(__file__).parent / "data" / "cosmos_dense"
AREA = 0.0557
#: arcsec per axis: of the galaxies, and how far to look
HST_ERROR, RADIUS = 0.02, 3.0
CUTOFF = 0.5
#: known galaxies that must be found, of 50: all but one
RIGHT = 49
#: standard errors by which the fit may differ from what the known galaxies say
SIGMAS = 3.0


class Found(NamedTuple):
    """How a match does on the detections with a known galaxy."""

    right: int
    wrong: int
    none: int
    host_fraction: float


def run(out: Path, *, quick: bool = False, seeds: int | None = None) -> Section:
    """Run the protocol; it takes seconds, so quick or not is the same."""
    alma, hst = catalogs()
    fit = bm.fit_position_errors(alma, hst, radius=RADIUS)
    corrected = fit.apply(alma)
    found = {
        "errors as quoted": judge(alma, bm.match(alma, hst, radius=RADIUS)),
        "errors fitted": judge(alma, bm.match(corrected, hst, radius=RADIUS)),
        'errors="fit"': judge(alma, bm.match(alma, hst, radius=RADIUS, errors="fit")),
    }
    east, north = along_truth(alma, hst)
    plots.save(fit.plot(), out / "alma.png")
    return Section(
        "alma",
        "95 ALMA detections among 34,000 galaxies of 3D-HST",
        TEXT,
        check(fit, found, east, north),
        [found_table(found), fit_table(fit, east, north)],
        [FigureView("alma.png", CAPTION)],
        {
            "found": {name: f._asdict() for name, f in found.items()},
            "fit": {name: getattr(fit, name) for name in NUMBERS},
            "known": {"east": float(east.mean()), "north": float(north.mean())},
        },
    )


NUMBERS = ("scale", "floor_arcsec", "dra_arcsec", "ddec_arcsec", "host_fraction") + (
    "scale_error",
    "floor_arcsec_error",
    "dra_arcsec_error",
    "ddec_arcsec_error",
)
TEXT = (
    "A3COSMOS gives positions and formal errors of sub-millimetre detections, in the median 0.05 "
    "arcsec. Dust and stars of a galaxy need not lie in the same place, and the frames of ALMA and "
    "of HST differ, so that the true separations are larger. `fit_position_errors` finds a floor "
    "and a shift from the positions alone; both are compared with those of the 50 detections whose "
    "galaxy is known. The other 45 are not judged: that no galaxy is known does not mean that "
    "there is none.",
)
CAPTION = (
    "Separations divided by sigma, every pair counting with its probability of being true: with "
    "the quoted and with the fitted errors."
)


def catalogs() -> tuple[bm.Catalog, bm.Catalog]:
    """The detections and the galaxies."""
    alma = pd.read_csv(DATA / "alma.csv.gz", dtype={"OPT_ID": str}, keep_default_na=False)
    ellipse = bm.ErrorEllipse("MAJOR", "MINOR", "PA")
    return (
        bm.Catalog(alma, name="ALMA", pos_err=ellipse, area=AREA),
        bm.Catalog(pd.read_csv(DATA / "optical.csv.gz"), name="HST", pos_err=HST_ERROR, area=AREA),
    )


def galaxies(alma: bm.Catalog) -> np.ndarray:
    """(n,) identifier of the known galaxy, empty where none is known."""
    return np.array([str(name) for name in alma.table["OPT_ID"]])


def judge(alma: bm.Catalog, result: bm.MatchResult) -> Found:
    """Compare the best candidates with the known galaxies."""
    sources = result.sources
    galaxy = galaxies(alma)
    known = galaxy != ""
    best = np.ma.filled(np.ma.asarray(sources["HST_ID"]).astype(str), "")
    matched = np.asarray(sources["p_hostless"]) < 1.0 - CUTOFF
    right = np.array([str(b).strip() for b in best]) == galaxy
    return Found(
        int((known & matched & right).sum()),
        int((known & matched & ~right).sum()),
        int((known & ~matched).sum()),
        float(result.meta["host_fraction"]),
    )


def along_truth(alma: bm.Catalog, hst: bm.Catalog) -> tuple[np.ndarray, np.ndarray]:
    """Position of the known galaxy minus that of ALMA (arcsec east, north)."""
    galaxy = galaxies(alma)
    rows = {str(name): k for k, name in enumerate(hst.table["ID"])}
    at = np.flatnonzero(galaxy != "")
    to = np.array([rows[name] for name in galaxy[at]])
    ra, dec = (np.asarray(alma.table[c])[at] for c in ("RA", "DEC"))
    east = (np.asarray(hst.table["RA"])[to] - ra) * np.cos(np.radians(dec)) * 3600.0
    return east, (np.asarray(hst.table["DEC"])[to] - dec) * 3600.0


def check(
    fit: bm.PositionErrorFit, found: dict[str, Found], east: np.ndarray, north: np.ndarray
) -> list[Claim]:
    """What is claimed, and whether it holds."""
    n = len(east)
    apart = max(
        abs(fit.dra_arcsec - east.mean()) / fit.dra_arcsec_error,
        abs(fit.ddec_arcsec - north.mean()) / fit.ddec_arcsec_error,
    )
    return [
        below(
            "shift of the frame: fitted minus that of the known galaxies, in standard errors",
            apart,
            SIGMAS,
            2,
        ),
        at_least(
            "error floor in units of its standard error",
            fit.floor_arcsec / fit.floor_arcsec_error,
            SIGMAS,
            1,
        ),
        at_least(
            f"known galaxies found, errors fitted, of {n}", found["errors fitted"].right, RIGHT, 0
        ),
        at_least(f'the same with errors="fit", of {n}', found['errors="fit"'].right, RIGHT, 0),
        Claim(
            f"the same with errors as quoted, of {n}",
            str(found["errors as quoted"].right),
            "-",
            None,
        ),
    ]


def found_table(found: dict[str, Found]) -> TableView:
    """One line per match."""
    return TableView(
        "Known galaxies found",
        [f"cut at {CUTOFF}", "right", "wrong", "called hostless", "host fraction"],
        [[name, *f] for name, f in found.items()],
    )


def fit_table(fit: bm.PositionErrorFit, east: np.ndarray, north: np.ndarray) -> TableView:
    """What the fit found, and what the known galaxies say."""
    axis = np.concatenate([east - np.median(east), north - np.median(north)])
    scatter = 1.4826 * np.median(np.abs(axis))
    rows = [
        ("scale of the quoted errors", fit.scale, fit.scale_error, "-"),
        ("floor (arcsec per axis, in quadrature)", fit.floor_arcsec, fit.floor_arcsec_error, "-"),
        ("shift to the east (arcsec)", fit.dra_arcsec, fit.dra_arcsec_error, f"{east.mean():+.3f}"),
        (
            "shift to the north (arcsec)",
            fit.ddec_arcsec,
            fit.ddec_arcsec_error,
            f"{north.mean():+.3f}",
        ),
    ]
    return TableView(
        "ALMA's position errors, from the positions alone",
        ["", "fitted", "known galaxies"],
        [[what, f"{value:+.3f} +- {error:.3f}", known] for what, value, error, known in rows],
        f"The known galaxies scatter by {scatter:.3f} arcsec per axis (from the median absolute "
        "deviation).",
    )
