"""Where a survey ends that consists of small fields round the sources, as people download them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .._kernels.jit import ranges, run_ranges
from .._kernels.near_far import cells_near
from .._kernels.sky_counts import count_profile
from .._kernels.sums import dot
from ..catalogs.cell_maps import Looked
from ..catalogs.held import HeldCatalog
from ..catalogs.sky_box import CLOSE, FEW, SkyBox
from .density_ladder import NEARLY, OVERLAPPING, SMALL_FIELD, SURE, Ring, far_fewer
from .round_sources import among, keep_to_sources

#: where candidates end, within the radius, is looked for in so many rings of equal area
PROFILE = 64
#: beyond small fields there is less than this share of the density within, where they do not reach
#: the cells that count as far from all sources
HARDLY_ANY = 0.5 * SMALL_FIELD
#: of the cells that circles reach, what has to be outside of all to be judged
LEAST_ROOM = 0.05
#: so many objects for each source are more than hosts; so small a share of those inside, and so
#: few, are next to none outside of all circles
MORE_THAN_HOSTS, NEXT_TO_NONE, NONE = 1.2, 0.02, 4
#: primaries that a thread goes through at a time
PRIMARIES = 1 << 11


@dataclass(frozen=True)
class Circles:
    """The circles of a match, and what cells say of what is between them."""

    radius: float
    """arcsec"""
    other: HeldCatalog
    rows: np.ndarray
    """(slots,) of it, within the radius of some primary"""
    looked: Looked
    box: SkyBox
    at: tuple[np.ndarray, np.ndarray]
    """right ascensions and declinations of the sources, (n,) degrees each"""

    @cached_property
    def hold_all(self) -> bool:
        """Whether they hold more than hosts, of which each primary has one, or next to all objects.

        Hosts farther out than errors say make circles fuller than what is around them, but for one
        object each.
        """
        n_inside, _, density, filled = self._everywhere
        hosts = MORE_THAN_HOSTS * len(self.box.row)
        return self.hold_next_to_all or n_inside - density * filled > hosts

    @cached_property
    def hold_next_to_all(self) -> bool:
        """Whether hardly an object that they might reach is outside all of them."""
        n_inside, n_outside, *_ = self._everywhere
        return n_outside < min(NEXT_TO_NONE * n_inside, NONE)

    @cached_property
    def among(self) -> bool:
        """Whether most sources have others on all sides."""
        return bool(among(self.box)[self.box.row, self.box.column].mean() > 0.5)

    @cached_property
    def fields(self) -> bool:
        """Whether fields round the sources explain better than a whole survey what is outside."""
        if self.hold_next_to_all:
            return True
        inside = np.bincount(self._reached[1], minlength=self.looked.count.size)
        outside = self.looked.count - inside.reshape(self.box.shape)
        return keep_to_sources(outside, self.radius, self.box, self.at)

    @cached_property
    def density_outside(self) -> float:
        """Objects per arcsec^2 in covered cells that they reach, outside all; inf: hardly room."""
        return self._counts(self.looked.covered)[2]

    @cached_property
    def _everywhere(self) -> tuple[int, int, float, float]:
        return self._counts(np.ones(self.box.shape, bool))

    @cached_property
    def _reached(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cells that circles reach; the cell of each object in any, and how many it is in."""
        box = self.box
        reach = max(1, int(np.ceil(self.radius / (3600.0 * box.cell))))
        (near,) = cells_near(box.source_sums, (reach,), box.half_columns[:, 0] / box.half_rows[0])
        rows, times = np.unique(self.rows, return_counts=True)
        return near, box.cell_numbers(self.other.ra[rows], self.other.dec[rows]), times

    def _counts(self, cells: np.ndarray) -> tuple[int, int, float, float]:
        """In those of some cells that circles reach: objects in any circle, and in none.

        And the density of the latter, and how many arcsec^2 circles fill: what they have in common
        goes by how many of the objects in them are in several.
        """
        box, (reached, cell, times) = self.box, self._reached
        near = reached & cells
        there = near.ravel()[cell]
        n_inside, n_pairs = int(there.sum()), max(int(times[there].sum()), 1)
        n_outside = max(int(self.looked.count[near].sum()) - n_inside, 0)
        n_circles = int(cells[box.row, box.column].sum())
        filled = n_circles * np.pi * self.radius**2 * n_inside / n_pairs
        square = float(near.sum(axis=1) @ box.cell_area)
        room = square - filled
        density = n_outside / room if n_inside >= FEW and room > LEAST_ROOM * square else np.inf
        return n_inside, n_outside, float(density), filled


def end_of_fields(
    separation: np.ndarray, start: np.ndarray, inner: np.ndarray, circles: Circles
) -> float:
    """Where candidates end within the radius, if they do: the survey is fields of that size.

    `separation` (slots,) arcsec, `start` (n + 1,) CSR over them; nearer than `inner` (n,) arcsec
    a candidate may be a host.  If cells far from all sources have as many objects as the outer
    part, or those beside sources many enough, what is more in the inner one are hosts.
    """
    radius = circles.radius
    edges = radius * np.sqrt(np.arange(PROFILE + 1) / PROFILE)
    around = start, separation, inner, radius, edges
    parts = run_ranges(lambda a, b: count_profile(a, b, *around), ranges(len(inner), PRIMARIES))
    count = sum(parts, np.zeros(PROFILE))
    whole = np.searchsorted(np.sort(inner), edges[:-1], side="right").astype(float)
    total, weight = np.cumsum(count), np.cumsum(whole)
    n_in, w_in, both = total[:-1], weight[:-1], total[-1] / max(weight[-1], 1.0)
    n_out, w_out = total[-1] - n_in, weight[-1] - w_in
    some = (n_in > 0) & (w_in > 0) & (w_out > 0)
    fewer = some & (n_out * w_in < SMALL_FIELD * n_in * w_out)
    best, end, beyond = 0.5 * SURE**2, radius, 0.0
    for k in np.flatnonzero(fewer):
        gain = n_in[k] * np.log(n_in[k] / w_in[k] / both)
        gain += n_out[k] * np.log(n_out[k] / w_out[k] / both) if n_out[k] else 0.0
        if gain > best:
            best, end, beyond = gain, float(edges[k + 1]), n_out[k] / w_out[k]
    ring = np.pi * radius**2 / PROFILE
    if end < radius and circles.hold_all:
        cells = circles.looked.count, circles.looked.covered
        near, far = circles.box.near_and_far(*cells, CLOSE, beside=False, rim=False)
        far = far if far != near else circles.density_outside
        if far <= HARDLY_ANY * beyond / ring and fields_end(circles, 0):
            return end
    return radius


def until_end(
    near: Sequence[Ring], own: np.ndarray, without: float, far: Sequence[Ring], circles: Circles
) -> list[Ring]:
    """The far rings, up to where the survey turns out to be small fields round the sources.

    If what is in cells says so too.  What may be hosts is no field, the shares `own` (rings, n) of
    those in `near` rings: how many have one is not known where the radius cuts errors off, and the
    share `without` is still to take out.  Rich fields, whose neighbours are looked at as well, are
    not to speak for all: of sources around which many objects are expected all weigh the same.
    """
    if not far:
        return []
    wide, inner = far[-1], far[0]
    density = np.maximum(wide.count, 0.0) / np.maximum(wide.area, 1.0)
    weight = 1.0 / (1.0 + density * inner.area)
    count = area = 0.0
    for hosts, ring in zip(own, near, strict=True):
        count += max(dot(weight, ring.count) - without * dot(weight * hosts, ring.area > 0), 0.0)
        area += dot(weight, ring.area)
    one = dot(weight, weight * inner.area) / max(dot(weight, inner.area), 1e-300)
    for at, ring in enumerate(far):
        n, square = dot(weight, ring.count), dot(weight, ring.area)
        share = NEARLY if at <= 1 else OVERLAPPING
        if area > 0.0 and far_fewer(n, count * square / area, square / area, one, share):
            if fields_end(circles, at):
                return list(far[: max(0, at - 1)])  # the last one before has its edge
        count, area = count + max(n, 0.0), area + square
    return list(far)


def fields_end(circles: Circles, at: int) -> bool:
    """Whether cells confirm that a survey ends before the far ring `at` (0: the innermost).

    Next to the circles of the match, which hosts farther out than the errors say make fuller than
    what is around them, that is asked of what is outside all, if sources have others on all sides.
    Else, and farther out, cells that are far from all sources have next to nothing, beside those
    that are near: sources that follow a structured field leave its emptier parts to the former, at
    every scale.
    """
    if at <= 2 and circles.among:
        return circles.fields
    box, looked = circles.box, circles.looked
    close = max(CLOSE, int(box.half_rows[at - 1])) if at else CLOSE
    cells = looked.count, looked.covered
    within, beyond = box.near_and_far(*cells, close, beside=True, rim=at > 0)
    smallest = (box.half_rows[0] + 0.5) * box.cell * 3600.0
    hardly_any = at == 0 and circles.radius <= smallest
    return beyond < (HARDLY_ANY if hardly_any else SMALL_FIELD) * within


def tiles(near: Sequence[Ring], box: SkyBox, times: np.ndarray) -> list[Ring]:
    """Windows over small fields: what the near rings of the sources in each have together.

    `times` (n,): in how many fields an object is that is in that of a source.
    """
    count, area, variance = (np.zeros(box.shape) for _ in range(3))
    for ring in near:
        np.add.at(count, (box.row, box.column), ring.count)
        np.add.at(area, (box.row, box.column), ring.area)
        more = times * ring.variance + (times - 1.0) * ring.count
        np.add.at(variance, (box.row, box.column), more)
    number, square, _ = box.windows(count, area)
    taken = np.maximum(box.windows(variance, area)[0], 0.0)
    return [
        Ring(number[:, w], square[:, w], variance=taken[:, w], coarse=True)
        for w in range(number.shape[1])
    ]
