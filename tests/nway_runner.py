"""Random fields, run through upstream NWAY 4.8.0 and through bayesmatch.

NWAY is AGPL-3 and is only ever run: its Python API (`nway_api`) and its command line (`nway_cli`),
in scratch directories, because it leaves caches and plots behind. Both return the associations
under bayesmatch's column names, so that one function (`assert_agrees`) compares them.
"""

import contextlib
import subprocess
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from astropy.table import Table

import bayesmatch as bm

NWAY = Path(sys.executable).parent / "nway.py"
PROBABILITIES = ("p_any", "p_i", "p_single", "dist_post")
LOG10_B = ("dist_bayesfactor_uncorrected", "dist_bayesfactor")
API_NAMES = {"prob_has_match": "p_any", "prob_this_match": "p_i"}
CLI_NAMES = {"dist_bayesfactor": "dist_bayesfactor_uncorrected",
             "dist_bayesfactor_corrected": "dist_bayesfactor"}
#: a bin without counterparts (ratio 0), one without field objects (ratio 100), one with neither
HISTOGRAM = np.column_stack([
    np.arange(16.0, 26.0), np.arange(17.0, 27.0),
    [0.0, 0.05, 0.1, 0.2, 0.25, 0.0, 0.15, 0.1, 0.05, 0.0],
    [0.01, 0.01, 0.0, 0.05, 0.1, 0.15, 0.2, 0.2, 0.3, 0.0]])


@dataclass(frozen=True)
class Source:
    """One catalogue as plain arrays."""

    name: str
    ra: np.ndarray
    dec: np.ndarray
    error: np.ndarray
    area: float
    mags: dict = field(default_factory=dict)

    @property
    def id(self):
        return 3 * np.arange(len(self.ra)) + 11

    @property
    def table(self):
        columns = {"ID": self.id, "RA": self.ra, "DEC": self.dec, "ERR": self.error, **self.mags}
        return Table(columns, meta={"EXTNAME": self.name, "SKYAREA": self.area})

    def write(self, folder):
        """A FITS file for `nway.py`; returns the two arguments that name it and its errors."""
        self.table.write(Path(folder) / f"{self.name}.fits")
        return [f"{self.name}.fits", ":ERR"]

    @property
    def catalog(self):
        return bm.Catalog(self.table, name=self.name, pos_err="ERR")


def offset(ra, dec, east, north):
    """Positions at tangent-plane offsets (degrees) from (ra, dec); exact at any declination."""
    x, y = np.radians(east), np.radians(north)
    a, d = np.radians(ra), np.radians(dec)
    up = np.cos(d) - y * np.sin(d)
    new_ra = np.degrees(a + np.arctan2(x, up)) % 360
    return new_ra, np.degrees(np.arctan2(np.sin(d) + y * np.cos(d), np.hypot(x, up)))


def random_field(seed, sizes, centre, *, width=0.2, magnitudes=False, names="ABCD",
                 errors=((0.5, 2.0), (0.3, 1.2))):
    """Catalogues A, B, C ... in a square, each with its own area and range of errors (arcsec).

    The others hold half the primaries and half of as many bystanders, 5" from a primary, which
    are no counterparts but the same object in several catalogues; a third of either lies far off
    for its error. The rest is field.
    """
    rng = np.random.default_rng(seed)
    a_xy = rng.uniform(-width / 2, width / 2, (sizes[0], 2))
    angle = rng.uniform(0, 2 * np.pi, sizes[0])
    objects = np.concatenate([a_xy, a_xy + 5 / 3600 * np.column_stack([np.cos(angle),
                                                                       np.sin(angle)])])
    sources = []
    for k, size in enumerate(sizes):
        error = rng.uniform(*errors[min(k, len(errors) - 1)], size)
        xy = rng.uniform(-width / 2, width / 2, (size, 2))
        held = np.flatnonzero(rng.random(len(objects)) < 0.5) if k else np.arange(size)
        n = min(len(held), size)
        scatter = error[:n] / 3600 * rng.choice([1.0, 1.0, 4.0], n)
        xy[:n] = objects[held[:n]] + scatter[:, None] * rng.standard_normal((n, 2))
        mix = rng.permutation(size) if k else np.arange(size)
        ra, dec = offset(*centre, *xy[mix].T)
        mags = {f"MAG{n}": random_magnitudes(rng, size) for n in range(k if magnitudes else 0)}
        sources.append(Source(names[k], ra, dec, error[mix], width**2 * (1 + 0.1 * k), mags))
    return sources


def random_magnitudes(rng, size):
    """Magnitudes inside, outside and on the edges of HISTOGRAM, some -99 and some NaN."""
    values = rng.uniform(15.0, 27.0, size)
    kind = rng.integers(0, 10, size)
    values[kind == 0] = -99.0
    values[kind == 1] = np.nan
    values[kind == 2] = np.round(values[kind == 2])
    return values


def one_primary(*others, far=0, dec=2.0):
    """A primary at (150, dec) with error 3", and small catalogues around it with error 0.3".

    Each of `others` lists the offsets (arcsec east, north) of one catalogue's rows; `far` adds
    rows far away to all catalogues.
    """
    sources = []  # NWAY asserts that right ascensions differ: give at least one an east offset
    for name, rows, error in zip("ABCD", ([(0, 0)], *others), (3.0, 0.3, 0.3, 0.3),
                                 strict=False):
        xy = np.array([*rows, *[(3000.0, 3000.0)] * far]) / 3600
        ra = 150 + xy[:, 0] / np.cos(np.radians(dec))
        sources.append(Source(name, ra, dec + xy[:, 1], np.full(len(xy), error),
                              1e-4 if far else 1.0))
    return sources


def run_bayesmatch(sources, **options):
    """`bayesmatch.match` with HISTOGRAM as the prior of every magnitude.

    The host fraction, which NWAY has no equivalent of, is fixed: tiny fields warn when fitting it.
    """
    priors = {s.name: [bm.HistogramPrior(m, *HISTOGRAM.T) for m in s.mags]
              for s in sources if s.mags}
    return bm.match(*(s.catalog for s in sources), priors=priors, host_fraction=0.9, **options)


def nway_api(folder, sources, *, radius, completeness, **options):
    """Associations of `nwaylib.nway_match`, run in `folder`, on copies (it changes its input)."""
    with contextlib.chdir(folder), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from nwaylib import nway_match
        from nwaylib.logger import NullOutputLogger

        frame = nway_match(
            [{"name": s.name, "ra": s.ra.copy(), "dec": s.dec.copy(), "error": s.error.copy(),
              "area": s.area, "mags": [m.copy() for m in s.mags.values()],
              "magnames": list(s.mags), "maghists": [tuple(HISTOGRAM.T.copy()) for _ in s.mags]}
             for s in sources],
            match_radius=radius, prior_completeness=completeness, store_mag_hists=False,
            logger=NullOutputLogger(), **options).reset_index(level=0)
    return _renamed(Table({str(c): frame[c].to_numpy() for c in frame.columns}), API_NAMES)


def nway_cli(folder, args, out="nway.fits"):
    """Associations that `nway.py` writes when run in `folder` with these arguments."""
    done = subprocess.run([sys.executable, NWAY, *map(str, args), f"--out={out}"], cwd=folder,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = _renamed(Table.read(Path(folder) / out, hdu=1), CLI_NAMES)
    if "dist_bayesfactor" not in table.colnames:  # where there is nothing to correct
        table["dist_bayesfactor"] = table["dist_bayesfactor_uncorrected"]
    return table


def _renamed(table, names):
    present = [n for n in names if n in table.colnames]
    table.rename_columns(present, [names[n] for n in present])
    return table


def assert_agrees(ours, theirs, members, *, atol, log_rtol, log_atol=1e-9):
    """The same associations in the same order, with the same numbers and flags."""
    for name in members:
        column = ours[name]
        rows = column.filled(-99) if hasattr(column, "filled") else column
        np.testing.assert_array_equal(rows, theirs[name], err_msg=name)
    np.testing.assert_array_equal(ours["ncat"], theirs["ncat"])
    for name in (*PROBABILITIES, *(c for c in theirs.colnames if c.startswith("bias_"))):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=0 if name in PROBABILITIES
                                   else log_rtol, atol=atol, err_msg=name)
    np.testing.assert_allclose(ours["Separation_max"], theirs["Separation_max"],
                               rtol=3e-7, atol=1e-6)
    for name in LOG10_B:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=log_rtol, atol=log_atol,
                                   err_msg=name)
    # NWAY's command line flags the only row of a primary without candidates, its API does not.
    compared = (np.asarray(ours["ncat"]) > 1) & ~_close_calls(ours, members[0])
    np.testing.assert_array_equal(ours["match_flag"][compared], theirs["match_flag"][compared])
    assert not np.any(ours["match_flag"][np.asarray(ours["ncat"]) == 1])


def _close_calls(ours, primary, ratio=0.5):
    """Rows whose p_i is within 1e-12 of a rival's maximum or of the limit for flag 2."""
    _, group = np.unique(ours[primary], return_inverse=True)
    p_i = np.asarray(ours["p_i"])
    top = np.zeros(group.max() + 1)
    np.maximum.at(top, group, p_i)
    near = np.abs(p_i / np.maximum(top, 1e-300)[group] - 1) < 1e-12
    tied = np.bincount(group, near)[group] > 1
    return (near & tied) | (np.abs(p_i - ratio * top[group]) < 1e-12 * top[group])
