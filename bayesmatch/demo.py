"""`bayesmatch demo`: the whole way on bundled real data, with the known answers beside it."""

from __future__ import annotations

import csv
from importlib import resources
from pathlib import Path

import numpy as np
from astropy.table import Table

from .catalogs.catalog import Catalog
from .catalogs.targets import make_folder
from .matching.core import match
from .matching.result import MatchResult

RADIUS_ARCSEC = 20.0
OUTPUTS = ("cosmos.fits", "sky.png", "probabilities.png")
#: position error of zCOSMOS-bright objects, arcsec per axis
OPTICAL_ERROR_ARCSEC = 0.1


def run_demo(directory: Path, *, option: str = "") -> str:
    """Match XMM-COSMOS with zCOSMOS-bright; write tables and plots; return a readable report.

    Parameters
    ----------
    directory : Path
        Made if it does not exist, when there is something to write. Takes ``cosmos.fits`` (both
        tables), ``sky.png`` and ``probabilities.png``.
    option : str, default ""
        The option that gave the directory, which messages begin with.
    """
    data = resources.files("bayesmatch.data")
    with (
        resources.as_file(data / "cosmos_xmm.fits.gz") as xmm_path,
        resources.as_file(data / "cosmos_zcosmos.fits.gz") as optical_path,
    ):
        xmm = Catalog.read(xmm_path, pos_err="pos_err")
        objects = Table.read(optical_path)
        # FITS tells no mag_I of the selection from mag_i of the photometry: the one that is used.
        objects.remove_column("mag_I")
        optical = Catalog(objects, name="ZCOSMOS", pos_err=OPTICAL_ERROR_ARCSEC)
        command = (
            f"bayesmatch match {xmm_path} :pos_err {optical_path} {OPTICAL_ERROR_ARCSEC} "
            f"--radius {RADIUS_ARCSEC:g} --out matched.fits"
        )
    truth = read_truth()
    result = match(xmm, optical, radius=RADIUS_ARCSEC)

    from . import plots

    tables, *names = OUTPUTS
    figures = (
        plots.sky_map(result, xmm, optical, example_rows(result)),
        plots.probability_plane(result),
    )
    make_folder(directory, option=option)
    written = result.write(directory / tables, include_inputs=True)
    for name, figure in zip(names, figures, strict=True):
        plots.save(figure, directory / name)
        written.append(str(directory / name))
    return "\n".join(
        [
            "XMM-COSMOS X-ray sources and zCOSMOS-bright galaxies (real, bundled)",
            "",
            result.summary(),
            "",
            agreement(result, truth),
            "",
            "wrote",
            *(f"  {path}" for path in written),
            "",
            "the same from the command line:",
            f"  {command}",
        ]
    )


def read_truth() -> dict[str, str]:
    """Literature identifications: X-ray id to optical id, or to ``hostless``."""
    with (resources.files("bayesmatch.data") / "cosmos_truth.csv").open() as file:
        return {row["XMM_ID"]: row["ZCOSMOS_ID"] for row in csv.DictReader(file)}


def agreement(result: MatchResult, truth: dict[str, str]) -> str:
    """How the result compares with the identifications, at p_hostless = 0.5."""
    table = result.sources
    known = [
        (truth[str(i)], str(best), p)
        for i, best, p in zip(
            table["XMM_ID"], table["ZCOSMOS_ID"], table["p_hostless"], strict=True
        )
        if str(i) in truth
    ]
    given = [(answer, best if p < 0.5 else "hostless") for answer, best, p in known]
    hosts = [pair for pair in given if pair[0] != "hostless"]
    none = [pair for pair in given if pair[0] == "hostless"]
    right = sum(answer == best for answer, best in hosts)
    missed = sum(best == "hostless" for _, best in hosts)
    said_none = sum(best == "hostless" for _, best in none)
    return "\n".join(
        [
            f"against {len(given):,} literature identifications, calling p_hostless > 0.5 "
            "hostless:",
            f"  counterpart known  {len(hosts):>9,}: {right} right, "
            f"{len(hosts) - right - missed} another object, {missed} called hostless",
            f"  no counterpart     {len(none):>9,}: {said_none} called hostless, "
            f"{len(none) - said_none} given one",
        ]
    )


def example_rows(result: MatchResult) -> np.ndarray:
    """Six sources in two lines of a secure, an ambiguous and a hostless one each."""
    table = result.sources
    crowd = np.asarray(table["n_candidates"])
    p_match, p_hostless = np.asarray(table["p_match"]), np.asarray(table["p_hostless"])
    cases = (p_match >= 0.9, (p_match < 0.9) & (p_hostless < 0.5), p_hostless >= 0.9)
    examples = [
        sorted(np.flatnonzero(case), key=lambda row: (-crowd[row], row))[:2] for case in cases
    ]
    return np.array(examples).T.ravel()
