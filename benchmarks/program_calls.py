"""How each program is called with the same two files, and how its answer is read.

Every line is run as it stands, in a directory with ``x.fits`` (ID, RA, DEC, sigma) and ``o.fits``
(ID, RA, DEC, magnitudes), with the radius that the protocol of the priors has.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.table import Table


@dataclass(frozen=True)
class Answer:
    """Rows that a program gave: candidates, or one per source."""

    source: np.ndarray
    """(n,) identifiers"""
    member: np.ndarray
    """(n,) identifiers of what was matched to them"""
    score: np.ndarray
    """(n,) more is better"""


@dataclass(frozen=True)
class Call:
    """A program's call."""

    what: str
    line: str
    score: str
    """what ranks its answers: a column, or a minus and a column"""
    columns: tuple[str, str] = ("ID", "ID_2")
    """of the source's identifier, and of what was matched to it"""
    only: Callable[[Table], np.ndarray] | None = None
    """rows that are answers; None: all"""

    @property
    def program(self) -> str:
        """The program that it needs; for ``benchmarks.pairs`` the library."""
        words = shlex.split(self.line)
        return words[3] if words[0] == "python" else words[0]

    @property
    def output(self) -> str:
        """The file that it writes."""
        return "found.parquet" if "found.parquet" in self.line else "found.fits"

    def read(self, folder: Path) -> Answer:
        """What it wrote."""
        more = {"hdu": "SOURCES"} if self.program == "bayesmatch" else {}
        table = Table.read(folder / self.output, **more)
        if self.only is not None:
            table = table[self.only(table)]
        sign = -1.0 if self.score.startswith("-") else 1.0
        source, member = (np.asarray(table[c]).astype(np.int64) for c in self.columns)
        return Answer(source, member, sign * np.asarray(table[self.score.lstrip("-")], dtype=float))


RADIUS = 30.0
_XMATCHER = f"xmatcher match x.fits o.fits -r {RADIUS:g} --engine fast"
_ERRORS = (
    "--side1 ra_err_column=sigma,dec_err_column=sigma,pos_err_units=arcsec "
    "--side2 default_pos_error_arcsec=0.1"
)
_OURS = f"bayesmatch match x.fits :sigma o.fits 0.1 --radius {RADIUS:g}"
_NWAY = f"nway.py x.fits :sigma o.fits 0.1 --radius {RADIUS:g}"


def _ours(what: str, options: str = "") -> Call:
    line = " ".join([_OURS, *options.split(), "--quiet --out found.fits"])
    return Call(what, line, "p_match", ("XRAY_ID", "OPT_ID"), _with_candidate)


def _nway(what: str, options: str = "") -> Call:
    line = " ".join([_NWAY, *options.split(), "--out found.fits"])
    return Call(what, line, "p_any", ("XRAY_ID", "OPT_ID"), _flagged_best)


def _with_candidate(sources: Table) -> np.ndarray:
    return np.asarray(sources["OPT"]) >= 0


def _flagged_best(table: Table) -> np.ndarray:
    return (np.asarray(table["match_flag"]) == 1) & (np.asarray(table["ncat"]) > 1)


def _pairs(library: str, what: str) -> Call:
    line = f"python -m benchmarks.pairs {library} x.fits o.fits {RADIUS:g} found.fits"
    return Call(what, line, "-separation")


def _xmatcher(what: str, options: str, score: str) -> Call:
    return Call(f"xmatcher, {what}", f"{_XMATCHER} {options} -o found.parquet", score)


CALLS = (
    _ours("bayesmatch, positions alone"),
    _ours("bayesmatch, magnitudes learned from the match", "--learn OPT:g,r,z,w1,w2"),
    _nway("NWAY, positions alone"),
    _nway("NWAY, histograms of two magnitudes", "--mag OPT:z auto --mag OPT:w1 auto"),
    _pairs("astropy", "astropy `search_around_sky`"),
    _pairs("scipy", "scipy `cKDTree`"),
    _pairs("lsdb", "LSDB `crossmatch`"),
    Call(
        "STILTS, all pairs",
        "stilts tskymatch2 in1=x.fits in2=o.fits ra1=RA dec1=DEC ra2=RA dec2=DEC "
        f"error={RADIUS:g} find=all join=1and2 out=found.fits",
        "-Separation",
        ("ID_1", "ID_2"),
    ),
    Call(
        "STILTS, errors that overlap at 5 sigma",
        "stilts tmatch2 in1=x.fits in2=o.fits matcher=skyerr params=10 "
        "values1='RA DEC 5*sigma' values2='RA DEC 0.5' find=best1 join=1and2 out=found.fits",
        "-Separation",
        ("ID_1", "ID_2"),
    ),
    _xmatcher("all pairs", "--find all", "-sep_arcsec"),
    _xmatcher("`skyerr`", f"--matcher skyerr {_ERRORS}", "-sep_arcsec"),
    _xmatcher("`--probabilistic`", f"--probabilistic {_ERRORS}", "p_match"),
    _xmatcher("`auf`", f"--matcher auf {_ERRORS}", "auf_prob"),
    _xmatcher("`macauff`", f"--matcher macauff --macauff-flux-cols z {_ERRORS}", "macauff_prob"),
    _xmatcher(
        "`lr` with the errors", f"--matcher lr --lr-magnitude-column z {_ERRORS}", "reliability"
    ),
    _xmatcher("`lr` without errors", "--matcher lr --lr-magnitude-column z", "reliability"),
)
