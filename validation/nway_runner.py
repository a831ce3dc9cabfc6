"""Run upstream NWAY 4.8.0 and bayesmatch on the same catalogues, and compare.

NWAY is AGPL-3 and is only ever run: its Python API (`nway_api`) and its command line (`nway_cli`),
in scratch directories, because it leaves caches and plots behind. Both return the associations
under bayesmatch's column names, so that `differences` and `assert_agrees` can compare them.
"""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table

import bayesmatch as bm

NWAY = Path(sys.executable).parent / "nway.py"
VERSION = "4.8.0"
PROBABILITIES = ("p_any", "p_i", "p_single", "dist_post")
LOG10_B = ("dist_bayesfactor_uncorrected", "dist_bayesfactor")
API_NAMES = {"prob_has_match": "p_any", "prob_this_match": "p_i"}
CLI_NAMES = {
    "dist_bayesfactor": "dist_bayesfactor_uncorrected",
    "dist_bayesfactor_corrected": "dist_bayesfactor",
}
#: a bin without counterparts (ratio 0), one without field objects (ratio 100), one with neither
HISTOGRAM = np.column_stack(
    [
        np.arange(16.0, 26.0),
        np.arange(17.0, 27.0),
        [0.0, 0.05, 0.1, 0.2, 0.25, 0.0, 0.15, 0.1, 0.05, 0.0],
        [0.01, 0.01, 0.0, 0.05, 0.1, 0.15, 0.2, 0.2, 0.3, 0.0],
    ]
)


@dataclass(frozen=True)
class Source:
    """One catalogue as plain arrays."""

    name: str
    ra: np.ndarray
    dec: np.ndarray
    error: np.ndarray
    area: float
    mags: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def id(self) -> np.ndarray:
        """Identifiers that are not row numbers."""
        return 3 * np.arange(len(self.ra)) + 11

    @property
    def table(self) -> Table:
        """The catalogue as NWAY wants it."""
        columns = {"ID": self.id, "RA": self.ra, "DEC": self.dec, "ERR": self.error, **self.mags}
        return Table(columns, meta={"EXTNAME": self.name, "SKYAREA": self.area})

    def write(self, folder: Path) -> list[str]:
        """A FITS file for `nway.py`; returns the two arguments that name it and its errors."""
        self.table.write(Path(folder) / f"{self.name}.fits")
        return [f"{self.name}.fits", ":ERR"]

    @property
    def catalog(self) -> bm.Catalog:
        """The catalogue as bayesmatch wants it."""
        return bm.Catalog(self.table, name=self.name, pos_err="ERR")


def installed_version() -> str | None:
    """NWAY's version, None where it is not installed."""
    try:
        return metadata.version("nway")
    except metadata.PackageNotFoundError:
        return None


def run_bayesmatch(sources: Sequence[Source], **options: Any) -> bm.MatchResult:
    """`bayesmatch.match` with HISTOGRAM as the prior of every magnitude.

    The host fraction, which NWAY has no equivalent of, is fixed: tiny fields warn when fitting it.
    """
    priors = {
        s.name: [bm.HistogramPrior(m, *HISTOGRAM.T) for m in s.mags] for s in sources if s.mags
    }
    return bm.match(*(s.catalog for s in sources), priors=priors, host_fraction=0.9, **options)


def nway_api(
    folder: Path, sources: Sequence[Source], *, radius: float, completeness: Any, **options: Any
) -> Table:
    """Associations of `nwaylib.nway_match`, run in `folder`, on copies (it changes its input)."""
    progress = io.StringIO()  # NWAY's progress bars
    with contextlib.chdir(folder), warnings.catch_warnings(), contextlib.redirect_stderr(progress):
        warnings.simplefilter("ignore")
        from nwaylib import nway_match
        from nwaylib.logger import NullOutputLogger

        frame = nway_match(
            [
                {
                    "name": s.name,
                    "ra": s.ra.copy(),
                    "dec": s.dec.copy(),
                    "error": s.error.copy(),
                    "area": s.area,
                    "mags": [m.copy() for m in s.mags.values()],
                    "magnames": list(s.mags),
                    "maghists": [tuple(HISTOGRAM.T.copy()) for _ in s.mags],
                }
                for s in sources
            ],
            match_radius=radius,
            prior_completeness=completeness,
            store_mag_hists=False,
            logger=NullOutputLogger(),
            **options,
        )
    return _renamed(as_table(frame), API_NAMES)


def as_table(frame: Any) -> Table:
    """What `nway_match` returned; Pandas before 3 keeps the first column beside the index."""
    flat = frame.reset_index(level=0, drop=frame.index.names[0] in frame.columns)
    return Table({str(c): flat[c].to_numpy() for c in flat.columns})


def nway_cli(folder: Path, args: Sequence[Any], out: str = "nway.fits") -> Table:
    """Associations that `nway.py` writes when run in `folder` with these arguments."""
    done = subprocess.run(
        [sys.executable, NWAY, *map(str, args), f"--out={out}"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = _renamed(Table.read(Path(folder) / out, hdu=1), CLI_NAMES)
    if "dist_bayesfactor" not in table.colnames:  # where there is nothing to correct
        table["dist_bayesfactor"] = table["dist_bayesfactor_uncorrected"]
    return table


def _renamed(table: Table, names: Mapping[str, str]) -> Table:
    present = [n for n in names if n in table.colnames]
    table.rename_columns(present, [names[n] for n in present])
    return table


def same_rows(ours: Table, theirs: Table, members: Sequence[str]) -> bool:
    """Whether both have the same associations in the same order."""
    return len(ours) == len(theirs) and all(
        np.array_equal(_member(ours[name]), theirs[name]) for name in (*members, "ncat")
    )


def differences(ours: Table, theirs: Table) -> dict[str, np.ndarray]:
    """|bayesmatch - NWAY| row by row, of every column both compute; of log10 B relative to it."""
    biases = [c for c in theirs.colnames if c.startswith("bias_")]
    apart = {
        name: np.abs(np.asarray(ours[name]) - np.asarray(theirs[name]))
        for name in (*PROBABILITIES, *LOG10_B, *biases)
    }
    for name in (*LOG10_B, *biases):
        apart[name] /= np.maximum(np.abs(np.asarray(theirs[name])), 1.0)
    return apart


def flags_differ(ours: Table, theirs: Table, primary: str) -> int:
    """Rows of another match_flag; not counted are close calls, and rows of the primary alone."""
    # NWAY's command line flags the only row of a primary without candidates, its API does not.
    compared = (np.asarray(ours["ncat"]) > 1) & ~_close_calls(ours, primary)
    return int(np.sum(np.asarray(ours["match_flag"] != theirs["match_flag"])[compared]))


def assert_agrees(
    ours: Table,
    theirs: Table,
    members: Sequence[str],
    *,
    atol: float,
    log_rtol: float,
    log_atol: float = 1e-9,
) -> None:
    """The same associations in the same order, with the same numbers and flags."""
    for name in members:
        np.testing.assert_array_equal(_member(ours[name]), theirs[name], err_msg=name)
    np.testing.assert_array_equal(ours["ncat"], theirs["ncat"])
    for name in (*PROBABILITIES, *(c for c in theirs.colnames if c.startswith("bias_"))):
        np.testing.assert_allclose(
            ours[name],
            theirs[name],
            rtol=0 if name in PROBABILITIES else log_rtol,
            atol=atol,
            err_msg=name,
        )
    np.testing.assert_allclose(
        ours["Separation_max"], theirs["Separation_max"], rtol=3e-7, atol=1e-6
    )
    for name in LOG10_B:
        np.testing.assert_allclose(
            ours[name], theirs[name], rtol=log_rtol, atol=log_atol, err_msg=name
        )
    assert flags_differ(ours, theirs, members[0]) == 0
    assert not np.any(ours["match_flag"][np.asarray(ours["ncat"]) == 1])


def _member(column: Any) -> Any:
    return column.filled(-99) if hasattr(column, "filled") else column


def _close_calls(ours: Table, primary: str, ratio: float = 0.5) -> np.ndarray:
    """Rows whose p_i is within 1e-12 of a rival's maximum or of the limit for flag 2."""
    _, group = np.unique(ours[primary], return_inverse=True)
    p_i = np.asarray(ours["p_i"])
    top = np.zeros(group.max() + 1)
    np.maximum.at(top, group, p_i)
    near = np.abs(p_i / np.maximum(top, 1e-300)[group] - 1) < 1e-12
    tied = np.bincount(group, near)[group] > 1
    return (near & tied) | (np.abs(p_i - ratio * top[group]) < 1e-12 * top[group])
