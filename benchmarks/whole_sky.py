"""A survey of half the sky, made row by row from a seed: what ``allsky`` is measured on.

The western Galactic hemisphere, 20,000 deg^2 of it without the strip along the plane (where eROSITA
sees half of the sky), with 50,000 objects per deg^2: galaxies, as many everywhere, and stars, more
towards the plane.  Rows are in HEALPix order of the ICRS (nested, order 29), in files of ten
million as surveys ship them: two float64 coordinates and five float32 magnitudes in steps of 0.001,
zstd, row groups of 2^20 rows, all else as pyarrow writes it.  Sources as of an X-ray survey are
drawn with it, three in four of an object of the survey.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

AREA, ROWS = 20_000.0, 1_000_000_000
#: of the HEALPix order whose pixels, 0.2 deg^2 each, have one density
ORDER, DEEPEST = 7, 29
PIXEL_DEG2 = 41_252.96 / (12 << (2 * ORDER))
#: stars per galaxy at the plane, and the Galactic latitude (degrees) by which they thin out e-fold
STARS_AT_PLANE, SCALE_HEIGHT = 6.0, 12.0
ROWS_PER_FILE, LEAST_FILES = 10_000_000, 4
#: sources per deg^2, and how many of them are objects of the survey
SOURCES_PER_DEG2, HAS_COUNTERPART = 46.5, 0.75
#: errors of sources, arcsec per axis: median, scatter of the natural log, least, largest
ERRORS = (3.0, 0.4, 1.0, 6.0)
#: and of the survey
SURVEY_ERROR = 0.1
BANDS = ("g", "r", "z", "w1", "w2")
SEED = 16
DONE, SOURCES, SURVEY = "made.json", "sources.parquet", "survey"


@dataclass(frozen=True)
class Sky:
    """Which pixels there are, in HEALPix order, and what is in them."""

    pixel: np.ndarray
    """(n,) numbers of the pixels"""
    stars: np.ndarray
    """(n,) stars per galaxy"""
    first_row: np.ndarray
    """(n + 1,) row at which each begins, and the number of all"""

    @property
    def area(self) -> float:
        """deg^2."""
        return len(self.pixel) * PIXEL_DEG2

    @classmethod
    def of(cls, rows: int) -> Sky:
        """The first pixels of the whole survey that hold so many rows; the last one is cut off."""
        import astropy.units as u
        from astropy.coordinates import SkyCoord
        from cdshealpix.nested import healpix_to_lonlat

        number = np.arange(12 << (2 * ORDER), dtype=np.uint64)
        galactic = SkyCoord(*healpix_to_lonlat(number, ORDER), frame="icrs").galactic
        latitude = np.abs(galactic.b.to_value(u.deg))
        west = np.flatnonzero(galactic.l.to_value(u.deg) > 180.0)
        inside = west[np.argsort(-latitude[west], kind="stable")][: round(AREA / PIXEL_DEG2)]
        pixel = np.sort(inside)
        stars = STARS_AT_PLANE * np.exp(-latitude[pixel] / SCALE_HEIGHT)
        share = np.cumsum(1.0 + stars)
        first = np.concatenate([[0], np.rint(share / share[-1] * ROWS).astype(np.int64)])
        n = int(np.searchsorted(first, rows))
        first = np.minimum(first[: n + 1], rows)
        return cls(number[pixel[:n]], stars[:n], first)

    def files(self) -> list[tuple[int, int]]:
        """Pixels (begin, end) of each file: whole ones, about as many rows in each."""
        rows = int(self.first_row[-1])
        n = max(LEAST_FILES, round(rows / ROWS_PER_FILE))
        edges = np.searchsorted(self.first_row, np.arange(n + 1) * (rows / n))
        edges[-1] = len(self.pixel)
        cuts = np.unique(edges).tolist()
        return list(zip(cuts[:-1], cuts[1:], strict=True))


def make(folder: Path, rows: int = ROWS, processes: int = 1) -> None:
    """The survey and its sources in a folder; files that are there are kept, so it goes on."""
    import pyarrow as pa
    from pyarrow import parquet

    (folder / SURVEY).mkdir(parents=True, exist_ok=True)
    sky = Sky.of(rows)
    numbers = range(len(sky.files()))
    if processes == 1:
        parts = [_file(folder, rows, number) for number in numbers]
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            n = len(numbers)
            parts = list(pool.map(_file, [folder] * n, [rows] * n, numbers))
    sources = pa.concat_tables([parquet.read_table(part) for part in parts])
    sources = sources.append_column("ID", pa.array(np.arange(len(sources))))
    parquet.write_table(sources, folder / SOURCES)
    about = {"rows": rows, "sources": len(sources), "area": sky.area, "seed": SEED}
    (folder / DONE).write_text(json.dumps(about) + "\n")
    for part in parts:
        part.unlink()


def made(folder: Path) -> dict | None:
    """What the data set in a folder holds; None: it is not there, or not whole."""
    path = folder / DONE
    return json.loads(path.read_text()) if path.exists() else None


def survey_files(folder: Path) -> list[Path]:
    """Files of the survey, in order."""
    return sorted((folder / SURVEY).glob("*.parquet"))


def _file(folder: Path, rows: int, number: int) -> Path:
    """Make one file; where its sources are kept until all are made."""
    import pyarrow as pa
    from pyarrow import parquet

    kept = folder / f"sources-{number:03d}.parquet"
    if kept.exists():
        return kept
    sky = Sky.of(rows)
    begin, end = sky.files()[number]
    rng = np.random.default_rng([SEED, number])
    first = sky.first_row[begin : end + 1] - sky.first_row[begin]
    ra, dec = _positions(rng, np.repeat(sky.pixel[begin:end], np.diff(first)))
    is_star = rng.random(len(ra), np.float32) < np.repeat(
        (sky.stars / (1 + sky.stars)).astype(np.float32)[begin:end], np.diff(first)
    )
    bands = field_magnitudes(rng, is_star)
    host, sources = _sources(rng, sky.pixel[begin:end], first, ra, dec)
    bands[:, host] = host_magnitudes(rng, len(host))
    data = {"RA": ra, "DEC": dec} | dict(zip(BANDS, in_steps(bands), strict=True))
    path = folder / SURVEY / f"part-{number:03d}.parquet"
    writing = path.with_suffix(".writing")
    parquet.write_table(pa.table(data), writing, compression="zstd", row_group_size=1 << 20)
    writing.rename(path)
    row = sources["counterpart"]
    sources["counterpart"] = np.where(row < 0, -1, row + sky.first_row[begin])
    parquet.write_table(pa.table(sources), kept.with_suffix(".writing"))
    kept.with_suffix(".writing").rename(kept)
    return kept


def _positions(rng: np.random.Generator, pixel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Uniform in pixels (n,) that stand in order, in HEALPix order; degrees."""
    from cdshealpix.nested import healpix_to_lonlat

    bits = 2 * (DEEPEST - ORDER)
    inside = rng.integers(0, 1 << bits, len(pixel), dtype=np.uint64)
    at = np.sort((pixel.astype(np.uint64) << np.uint64(bits)) + inside)
    ra, dec = (angle.deg for angle in healpix_to_lonlat(at, DEEPEST, num_threads=1))
    # Not in the middle of a pixel (0.0004 arcsec): those have round binary numbers, which compress.
    ra += 1e-8 * rng.random(len(ra))
    dec += 1e-8 * (rng.random(len(ra)) - 0.5)
    return ra, dec


def _sources(
    rng: np.random.Generator, pixel: np.ndarray, first: np.ndarray, ra: np.ndarray, dec: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Rows that are counterparts, and the table of sources, in no order."""
    n = rng.poisson(SOURCES_PER_DEG2 * PIXEL_DEG2, len(pixel))
    at = np.repeat(np.arange(len(pixel)), n)
    median, scatter, least, largest = ERRORS
    sigma = np.clip(median * np.exp(scatter * rng.standard_normal(len(at))), least, largest)
    sigma = np.round(sigma, 3)
    row = first[at] + (rng.random(len(at)) * np.diff(first)[at]).astype(np.int64)
    has = (rng.random(len(at)) < HAS_COUNTERPART) & (np.diff(first)[at] > 0)
    has[np.setdiff1d(np.arange(len(at)), np.unique(row, return_index=True)[1])] = False
    x_ra, x_dec = _positions(rng, pixel[at])
    error = np.hypot(sigma, SURVEY_ERROR) / 3600.0
    east, north = rng.standard_normal((2, len(at))) * error
    host_dec = dec[row[has]]
    x_dec[has] = np.clip(host_dec + north[has], -90.0, 90.0)
    x_ra[has] = (ra[row[has]] + east[has] / np.cos(np.radians(host_dec))) % 360.0
    mixed = rng.permutation(len(at))
    table = {"RA": x_ra, "DEC": x_dec, "POS_ERR": sigma, "counterpart": np.where(has, row, -1)}
    return row[has], {name: values[mixed] for name, values in table.items()}


def field_magnitudes(rng: np.random.Generator, is_star: np.ndarray) -> np.ndarray:
    """Magnitudes (5, n) of stars and galaxies."""
    n = len(is_star)
    slope = np.where(is_star, np.float32(0.18), np.float32(0.34)) * np.float32(math.log(10.0))
    r = np.float32(23.4) - rng.standard_exponential(n, np.float32) / slope
    np.maximum(r, np.float32(12.0), out=r)
    g_r = np.where(is_star, np.float32(0.95), np.float32(0.75)) + 0.45 * _normal(rng, n)
    r_z = np.where(is_star, np.float32(0.4), np.float32(0.3)) + 0.45 * g_r + 0.2 * _normal(rng, n)
    z_w1 = np.where(is_star, np.float32(-0.7), np.float32(0.55)) + 0.5 * _normal(rng, n)
    w1_w2 = np.where(is_star, np.float32(-0.6), np.float32(-0.25)) + 0.25 * _normal(rng, n)
    return _bands(r, g_r, r_z, z_w1, w1_w2)


def host_magnitudes(rng: np.random.Generator, n: int) -> np.ndarray:
    """Magnitudes (5, n) of the counterparts of X-ray sources."""
    r = 20.8 + 1.5 * _normal(rng, n)
    colors = ((0.55, 0.4), (0.55, 0.35), (1.1, 0.5), (0.2, 0.28))
    return _bands(r, *(mean + scatter * _normal(rng, n) for mean, scatter in colors))


def in_steps(bands: Iterable[np.ndarray]) -> list[np.ndarray]:
    """Magnitudes as catalogues give them, to three decimals."""
    return [np.round(band, 3).astype(np.float32) for band in bands]


def _normal(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.standard_normal(n, np.float32)


def _bands(r: np.ndarray, *colors: np.ndarray) -> np.ndarray:
    g_r, r_z, z_w1, w1_w2 = colors
    z = r - r_z
    return np.stack([r + g_r, r, z, z - z_w1, z - z_w1 - w1_w2]).astype(np.float32)
