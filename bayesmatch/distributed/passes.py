"""A function on partitions, with what all of them need sent once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

import cdshealpix
import numba
import numpy as np
from dask import threaded
from dask._task_spec import DataNode, Task, TaskRef
from dask.base import get_scheduler
from scipy.spatial import cKDTree

from .._kernels.jit import ranges

#: healpy's max_pixrad is exact; this is for rounding
SLACK = 1.001
#: pixel centres asked about at once
CENTRES = 1 << 16


def over_partitions(
    catalog: Any, function: Callable[[Any, Any], Any], shared: Any, pixels: Sequence[Any] = ()
) -> list[tuple[int, Any]]:
    """``function(partition, shared)`` of the partitions of an LSDB catalogue, on Dask.

    `pixels`: of the partitions, in this order; default: all. Returned are the number of each pixel
    (:func:`pixel_number`) and the value.  `shared` travels once, not with every task.
    """
    wanted = list(pixels) or list(catalog.get_healpix_pixels())
    built = catalog._operation.build(pixels=wanted)
    graph, name = dict(built.graph), f"bayesmatch-{uuid.uuid4().hex}"
    graph[name] = DataNode(name, shared)
    keys = []
    for k, pixel in enumerate(wanted):
        key = (f"{function.__name__}-{name}", k)
        part = TaskRef(built.pixel_to_key_map[pixel])
        graph[key] = Task(key, alone, function, part, TaskRef(name))
        keys.append(key)
    found = (get_scheduler() or threaded.get)(graph, keys)
    return [(pixel_number(pixel), value) for pixel, value in zip(wanted, found, strict=True)]


def alone(function: Callable, *given: Any) -> Any:
    """A call on one thread: Dask runs partitions side by side, and threads would compete."""
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        return function(*given)
    finally:
        numba.set_num_threads(before)


def pixel_number(pixel: Any) -> int:
    """One number for order and number of a HEALPix pixel."""
    return int((4 << (2 * pixel.order)) + pixel.pixel)


def pixels_near(pixels: Sequence[Any], ra: np.ndarray, dec: np.ndarray, arcsec: float) -> list[Any]:
    """Those of some HEALPix pixels that may have a point within a distance of a position.

    `ra`, `dec`: (n,) degrees.
    """
    if not len(pixels):
        return []
    tree = cKDTree(_unit(np.radians(ra), np.radians(dec)))
    order = np.array([p.order for p in pixels])
    longitude, latitude = np.empty(len(order)), np.empty(len(order))
    for depth in np.unique(order):
        at = np.flatnonzero(order == depth)
        number = np.array([pixels[k].pixel for k in at.tolist()], np.uint64)
        lon, lat = cdshealpix.healpix_to_lonlat(number, int(depth))
        longitude[at], latitude[at] = lon.to_value("rad"), lat.to_value("rad")
    reach = np.array([_largest_radius(int(k)) for k in range(order.max() + 1)])[order]
    angle = np.minimum(SLACK * (reach + np.radians(arcsec / 3600.0)), np.pi)
    near = np.zeros(len(order), bool)
    for a, b in ranges(len(order), CENTRES):
        chord, _ = tree.query(_unit(longitude[a:b], latitude[a:b]))
        near[a:b] = chord <= 2.0 * np.sin(0.5 * angle[a:b])
    return [pixel for pixel, is_near in zip(pixels, near, strict=True) if is_near]


def _largest_radius(order: int) -> float:
    """Largest distance of a corner of a pixel from its centre, radians.

    As the HEALPix library has it: of the pixel below the corner of the polar cap.
    """
    n_side = 2.0**order
    a = _unit(np.array([np.pi / (4.0 * n_side)]), np.arcsin([2.0 / 3.0]))
    b = _unit(np.array([0.0]), np.arcsin([1.0 - (1.0 - 1.0 / n_side) ** 2 / 3.0]))
    return float(2.0 * np.arcsin(0.5 * np.linalg.norm(a - b)))


def _unit(longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    """Unit vectors (n, 3) of positions in radians."""
    across = np.cos(latitude)
    return np.column_stack(
        [across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude)]
    )
