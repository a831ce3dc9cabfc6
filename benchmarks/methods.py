"""bayesmatch and its peers: each a function of two catalogues and a radius that gives a call.

A call does all of a new match and returns how many pairs it found. A peer that is not installed
gives None instead. Only bayesmatch and NWAY compute probabilities; the others find pairs.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
import tempfile
import warnings
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np

import bayesmatch as bm

from .skies import whole_match

Call = Callable[[], int]


def ours(primary: bm.Catalog, secondary: bm.Catalog, radius: float) -> Call:
    """Everything: both tables with all columns and the host-fraction fit."""
    return lambda: whole_match(primary, secondary, radius=radius).meta["n_candidates"]


def astropy_pairs(primary: bm.Catalog, secondary: bm.Catalog, radius: float) -> Call:
    """Pairs by `search_around_sky`; a new coordinate object each time, as a new match would be."""
    import astropy.units as u
    from astropy.coordinates import SkyCoord, search_around_sky

    def call() -> int:
        a, b = (SkyCoord(c.ra, c.dec, unit="deg") for c in (primary, secondary))
        return len(search_around_sky(a, b, radius * u.arcsec)[0])

    return call


def scipy_pairs(primary: bm.Catalog, secondary: bm.Catalog, radius: float) -> Call:
    """Pairs by a KD-tree of the secondary's unit vectors."""
    from scipy.spatial import cKDTree

    def vectors(c: bm.Catalog) -> np.ndarray:
        ra, dec = np.radians(c.ra), np.radians(c.dec)
        return np.column_stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])

    def call() -> int:
        chord = 2 * np.sin(np.radians(radius / 3600) / 2)
        found = cKDTree(vectors(secondary)).query_ball_point(vectors(primary), chord)
        return sum(map(len, found))

    return call


def smatch_pairs(primary: bm.Catalog, secondary: bm.Catalog, radius: float) -> Call | None:
    """Pairs by the astronomical smatch (another package of that name compares sentences)."""
    try:
        from smatch import Matcher
    except ImportError:
        return None

    def call() -> int:
        found = Matcher(primary.ra, primary.dec).query_radius(
            secondary.ra, secondary.dec, radius / 3600, return_indices=True
        )
        return len(found[1])

    return call


def stilts_pairs(primary: bm.Catalog, secondary: bm.Catalog, radius: float) -> Call | None:
    """Pairs by STILTS: a process that reads the positions from FITS files and writes the pairs."""
    program = shutil.which("stilts")
    if program is None:
        return None
    from astropy.table import Table

    scratch = tempfile.TemporaryDirectory()
    left, right, out = (Path(scratch.name) / f"{n}.fits" for n in ("left", "right", "out"))
    for path, c in ((left, primary), (right, secondary)):
        Table({"ra": c.ra, "dec": c.dec}).write(path)

    def call() -> int:
        subprocess.run(
            [
                program,
                "tskymatch2",
                f"in1={left}",
                f"in2={right}",
                f"out={out}",
                "ra1=ra",
                "dec1=dec",
                "ra2=ra",
                "dec2=dec",
                f"error={radius}",
                "find=all",
                "join=1and2",
            ],
            check=True,
            capture_output=True,
        )
        return len(Table.read(out))

    weakref.finalize(call, scratch.cleanup)  # when the measurement is over
    return call


def nway(primary: bm.Catalog, secondary: bm.Catalog, radius: float) -> Call | None:
    """The same match by NWAY; the call counts the pairs."""
    return nway_match(primary, secondary, radius=radius, ncat=2)


def nway_match(*catalogs: bm.Catalog, radius: float, ncat: int) -> Call | None:
    """The same match by NWAY, in a scratch directory: it keeps what it found in ``cache/`` there.

    That cache is emptied before every call, as it is for every new pair of catalogues. The call
    counts the associations of at least `ncat` catalogues.
    """
    scratch = tempfile.TemporaryDirectory()
    with contextlib.chdir(scratch.name):
        try:
            import nwaylib
        except ImportError:
            return None
    columns = {"mags": [], "magnames": [], "maghists": []}

    def call() -> int:
        shutil.rmtree(Path(scratch.name) / "cache", ignore_errors=True)
        tables = [
            {
                "name": c.name,
                "ra": c.ra.copy(),
                "dec": c.dec.copy(),
                "error": np.sqrt(c.covariance()[:, 0]),
                "area": c.area,
                **columns,
            }
            for c in catalogs
        ]
        with (
            contextlib.chdir(scratch.name),
            warnings.catch_warnings(),
            contextlib.redirect_stderr(io.StringIO()),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            result = nwaylib.nway_match(
                tables,
                match_radius=radius,
                prior_completeness=1.0,
                logger=nwaylib.NullOutputLogger(),
            )
        return int((result["ncat"] >= ncat).sum())

    weakref.finalize(call, scratch.cleanup)  # when the measurement is over
    return call


BAYESMATCH, NWAY = "bayesmatch `match()`, every column", "NWAY 4.8.0 `nway_match`"
#: bayesmatch first: the ratios are to it
METHODS = {
    BAYESMATCH: ours,
    "astropy `search_around_sky`, pairs only": astropy_pairs,
    "scipy `cKDTree` built and searched, pairs only": scipy_pairs,
    "smatch `Matcher`, pairs only": smatch_pairs,
    "STILTS `tskymatch2` with its files, pairs only": stilts_pairs,
    NWAY: nway,
}
