"""A function on partitions, with what all of them need sent once."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import cdshealpix
import numba
import numpy as np
from dask import threaded
from dask._task_spec import DataNode, Task, TaskRef
from dask.base import get_scheduler
from dask.local import get_sync
from scipy.spatial import cKDTree

from .._kernels.jit import n_threads, ranges, run_ranges
from .reading import FileRows, Files, FrameRows, files_of

#: healpy's max_pixrad is exact; this is for rounding
SLACK = 1.001
#: pixel centres asked about at once; so few of them that a tree of the positions does not pay
CENTRES, FEW_CENTRES = 1 << 16, 64
#: positions that are asked about first: most pixels near any have one of these
FIRST_ASKED = 4096
#: a task takes this share of what is left for each thread, and most partitions of one
LEFT_EACH, MOST_IN_ONE = 2, 16
#: files of a catalogue, and rows in them, that are read here rather than sent here
FILES_HERE, ROWS_HERE = 64, 1 << 20


def over_partitions(
    catalog: Any,
    function: Callable[[Any, Any], Any],
    shared: Any,
    pixels: Sequence[Any] = (),
    *,
    n_rows: int | None = None,
) -> list[tuple[int, Any]]:
    """``function(rows, shared)`` of the partitions of an LSDB catalogue, on Dask.

    As :func:`over_pieces`; returned are the number of each pixel (:func:`pixel_number`) and the
    value.
    """
    pieces = over_pieces(catalog, partial(_each, function), shared, pixels, n_rows=n_rows)
    return [pair for numbers, values in pieces for pair in zip(numbers, values, strict=True)]


def _each(function: Callable, parts: Iterable[Any], shared: Any) -> list[Any]:
    return [function(part, shared) for part in parts]


def over_pieces(
    catalog: Any,
    function: Callable[[Iterable[Any], Any], Any],
    shared: Any,
    pixels: Sequence[Any] = (),
    *,
    n_rows: int | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> list[tuple[list[int], Any]]:
    """``function(several, shared)`` of some partitions at a time, in their order, on Dask.

    `several` are :class:`FileRows`, or one :class:`FrameRows`. `pixels`: of the partitions, in this
    order; default: all. Returned are the numbers of the pixels and the value. `shared` travels
    once, not with every task. `n_rows`: of the catalogue, where all of them are handed on; it costs
    more to send a few than to read them, so they are read here, on this process' threads, if it
    sees their files. `meanwhile` is called once, where others work for this process.
    """
    wanted = list(pixels) or list(catalog.get_healpix_pixels())
    name = f"bayesmatch-{uuid.uuid4().hex}"
    files, get = files_of(catalog), get_scheduler() or threaded.get
    few = n_rows is not None and n_rows <= ROWS_HERE and len(wanted) <= FILES_HERE
    if few and files is not None and files.are_here(wanted):
        return read_here(files, function, shared, wanted)
    graph: dict[Any, Any] = {name: DataNode(name, shared)}
    pieces = [(k, k + 1) for k in range(len(wanted))]
    given: list[tuple[Any, ...]]
    if files is None:
        built = catalog._operation.build(pixels=wanted)
        graph.update(built.graph)
        given = [(of_frame, TaskRef(built.pixel_to_key_map[pixel])) for pixel in wanted]
    else:
        pieces = shrinking(len(wanted), at_once(get))
        graph[f"{name}-files"] = DataNode(f"{name}-files", files)
        given = [(of_files, wanted[a:b], TaskRef(f"{name}-files")) for a, b in pieces]
    keys = [(f"of-{name}", k) for k in range(len(given))]
    for key, (how, *what) in zip(keys, given, strict=True):
        graph[key] = Task(key, alone, how, function, *what, TaskRef(name))
    return _numbered(wanted, pieces, got_early(get, graph, keys, meanwhile))


def read_here(
    files: Files, function: Callable, shared: Any, wanted: Sequence[Any]
) -> list[tuple[list[int], Any]]:
    """What :func:`over_pieces` gives, without Dask, of files that are read in milliseconds."""
    pieces = shrinking(len(wanted), n_threads())
    values = run_ranges(lambda a, b: alone(of_files, function, wanted[a:b], files, shared), pieces)
    return _numbered(wanted, pieces, values)


def _numbered(
    wanted: Sequence[Any], pieces: Sequence[tuple[int, int]], values: Iterable[Any]
) -> list[tuple[list[int], Any]]:
    """Values of some pieces of pixels, with the pixels' numbers."""
    return [
        ([pixel_number(pixel) for pixel in wanted[a:b]], value)
        for (a, b), value in zip(pieces, values, strict=True)
    ]


def of_frame(function: Callable, frame: Any, shared: Any) -> Any:
    """The function's value of a partition that LSDB has computed."""
    return function([FrameRows(frame)], shared)


def of_files(function: Callable, pixels: Sequence[Any], files: Files, shared: Any) -> Any:
    """The function's value of some partitions, each read from its file and then forgotten."""
    return function((FileRows(files, pixel) for pixel in pixels), shared)


def shrinking(n: int, workers: int) -> list[tuple[int, int]]:
    """Ranges of `n` for tasks: long ones first, single ones at the end.

    Few, since each costs its time in the scheduler, and yet none is waited for long.
    """
    out, first = [], 0
    while first < n:
        size = max(1, min(MOST_IN_ONE, (n - first) // (LEFT_EACH * workers)))
        out.append((first, first + size))
        first += size
    return out


def got_early(
    get: Any,
    graph: dict[Any, Any],
    keys: list[Any],
    meanwhile: Callable[[], object] | None = None,
) -> list[Any]:
    """Values of a graph's keys, each taken from where it is while others are worked out."""
    client = getattr(get, "__self__", None)  # of a Client
    if client is None or not hasattr(client, "nthreads") or client.asynchronous or in_task():
        values: list[Any] = list(get(graph, keys))
        return values
    from distributed import as_completed

    # Through the scheduler, which may be all that this process can reach, unless they are here.
    direct = True if all("://127.0.0.1:" in worker for worker in client.nthreads()) else None
    futures = client.get(graph, keys, sync=False)
    place = {future.key: k for k, future in enumerate(futures)}
    if meanwhile is not None:
        meanwhile()
    found: dict[int, Any] = {}
    for batch in as_completed(futures).batches():
        for future, value in zip(batch, client.gather(batch, direct=direct), strict=True):
            found[place[future.key]] = value
    return [found[k] for k in range(len(keys))]


def in_task() -> bool:
    """Whether this runs in a task, which has to make room for those that it waits for."""
    from distributed import get_worker

    try:
        get_worker()
    except ValueError:
        return False
    return True


def at_once(get: Any) -> int:
    """How many tasks a Dask scheduler runs at once, about."""
    if get is get_sync:
        return 1
    threads = getattr(getattr(get, "__self__", None), "nthreads", None)  # of a Client
    return os.cpu_count() or 1 if threads is None else max(1, sum(threads().values()))


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
    order = np.array([p.order for p in pixels])
    longitude, latitude = np.empty(len(order)), np.empty(len(order))
    for depth in np.unique(order):
        at = np.flatnonzero(order == depth)
        number = np.array([pixels[k].pixel for k in at.tolist()], np.uint64)
        lon, lat = cdshealpix.healpix_to_lonlat(number, int(depth))
        longitude[at], latitude[at] = lon.to_value("rad"), lat.to_value("rad")
    reach = np.array([_largest_radius(int(k)) for k in range(order.max() + 1)])[order]
    angle = np.minimum(SLACK * (reach + np.radians(arcsec / 3600.0)), np.pi)
    centre = _unit(longitude, latitude)
    chord = 2.0 * np.sin(0.5 * angle)
    step = 1 + len(ra) // FIRST_ASKED
    near = _any_within(centre, chord, ra[::step], dec[::step])
    rest = np.flatnonzero(~near)  # few, where sources lie in most pixels
    if step > 1 and len(rest):
        near[rest] = _any_within(centre[rest], chord[rest], ra, dec)
    return [pixel for pixel, is_near in zip(pixels, near, strict=True) if is_near]


def _any_within(
    centre: np.ndarray, chord: np.ndarray, ra: np.ndarray, dec: np.ndarray
) -> np.ndarray:
    """Whether any position (n,) is within a chord of each of some points (m, 3), (m,)."""
    points = _unit(np.radians(ra), np.radians(dec))
    out = np.zeros(len(centre), bool)
    if len(centre) <= FEW_CENTRES:
        for k in range(len(centre)):
            cosine = points @ centre[k]
            out[k] = np.linalg.norm(points[cosine.argmax()] - centre[k]) <= chord[k]
        return out
    tree = cKDTree(points, 64, False, False)  # made for few queries
    for a, b in ranges(len(centre), CENTRES):
        distance, _ = tree.query(centre[a:b])
        out[a:b] = distance <= chord[a:b]
    return out


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
