"""Random fields for NWAY and bayesmatch, with the hard cases on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .nway_runner import Source


def offset(ra: Any, dec: Any, east: Any, north: Any) -> tuple[np.ndarray, np.ndarray]:
    """Positions at tangent-plane offsets (degrees) from (ra, dec); exact at any declination."""
    x, y = np.radians(east), np.radians(north)
    a, d = np.radians(ra), np.radians(dec)
    up = np.cos(d) - y * np.sin(d)
    new_ra = np.degrees(a + np.arctan2(x, up)) % 360
    return new_ra, np.degrees(np.arctan2(np.sin(d) + y * np.cos(d), np.hypot(x, up)))


def random_field(
    seed: int,
    sizes: Sequence[int],
    centre: tuple[float, float],
    *,
    width: float = 0.2,
    magnitudes: bool = False,
    names: Sequence[str] = "ABCD",
    errors: Sequence[tuple[float, float]] = ((0.5, 2.0), (0.3, 1.2)),
) -> list[Source]:
    """Catalogues A, B, C ... in a square, each with its own area and range of errors (arcsec).

    The others hold half the primaries and half of as many bystanders, 5" from a primary, which
    are no counterparts but the same object in several catalogues; a third of either lies far off
    for its error. The rest is field.
    """
    rng = np.random.default_rng(seed)
    a_xy = rng.uniform(-width / 2, width / 2, (sizes[0], 2))
    angle = rng.uniform(0, 2 * np.pi, sizes[0])
    objects = np.concatenate(
        [a_xy, a_xy + 5 / 3600 * np.column_stack([np.cos(angle), np.sin(angle)])]
    )
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


def random_magnitudes(rng: np.random.Generator, size: int) -> np.ndarray:
    """Magnitudes inside, outside and on the edges of HISTOGRAM, some -99 and some NaN."""
    values = rng.uniform(15.0, 27.0, size)
    kind = rng.integers(0, 10, size)
    values[kind == 0] = -99.0
    values[kind == 1] = np.nan
    values[kind == 2] = np.round(values[kind == 2])
    return values


def one_primary(
    *others: Sequence[tuple[float, float]], far: int = 0, dec: float = 2.0
) -> list[Source]:
    """A primary at (150, dec) with error 3", and small catalogues around it with error 0.3".

    Each of `others` lists the offsets (arcsec east, north) of one catalogue's rows; `far` adds
    rows far away to all catalogues.
    """
    sources = []  # NWAY asserts that right ascensions differ: give at least one an east offset
    for name, rows, error in zip("ABCD", ([(0, 0)], *others), (3.0, 0.3, 0.3, 0.3), strict=False):
        xy = np.array([*rows, *[(3000.0, 3000.0)] * far]) / 3600
        ra = 150 + xy[:, 0] / np.cos(np.radians(dec))
        sources.append(
            Source(name, ra, dec + xy[:, 1], np.full(len(xy), error), 1e-4 if far else 1.0)
        )
    return sources
