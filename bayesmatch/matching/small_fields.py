"""Where a survey ends that consists of small fields round the sources, as people download them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .._kernels.jit import ranges, run_ranges
from .._kernels.near_far import cells_near
from .._kernels.sky_counts import count_profile
from ..catalogs.cell_maps import Looked
from ..catalogs.held import HeldCatalog
from ..catalogs.sky_box import CLOSE, FEW, SkyBox
from .density_ladder import SMALL_FIELD, SURE, Ring
from .round_sources import among, keep_to_sources

#: where candidates end, within the radius, is looked for in so many rings of equal area
PROFILE = 64
#: beyond small fields there is less than this share of the density within, where they do not reach
#: the cells that count as far from all sources
HARDLY_ANY = 0.5 * SMALL_FIELD
#: and between the circles of dense sources, of the density in them, if they hold all
BETWEEN = 0.5
#: of the cells that circles reach, what has to be outside of all to be judged
LEAST_ROOM = 0.05
#: so many objects for each source are more than hosts; so few outside of all circles, of those
#: inside, are next to none
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
    """of the sources, degrees"""

    @cached_property
    def hold_all(self) -> bool:
        """Whether they hold more than hosts, of which each primary has one, or next to all objects.

        Hosts farther out than errors say make circles fuller than what is around them, but for one
        object each.
        """
        n_inside, _, density, filled = self._counts(np.ones(self.box.shape, bool))
        return self.hold_next_to_all or n_inside - density * filled > MORE_THAN_HOSTS * len(
            self.box.row
        )

    @cached_property
    def hold_next_to_all(self) -> bool:
        """Whether hardly an object that they might reach is outside all of them."""
        n_inside, n_outside, *_ = self._counts(np.ones(self.box.shape, bool))
        return n_outside < min(NEXT_TO_NONE * n_inside, NONE)

    @cached_property
    def among(self) -> bool:
        """Whether most sources have others on all sides."""
        return among(self.box)[self.box.row, self.box.column].mean() > 0.5

    @cached_property
    def fields(self) -> bool:
        """Whether a survey of small fields explains what is outside them better than a whole one.

        """
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
    best, end, within, beyond = 0.5 * SURE**2, radius, 0.0, 0.0
    for cut in range(1, PROFILE):
        n_in, w_in = total[cut - 1], weight[cut - 1]
        n_out, w_out = total[-1] - n_in, weight[-1] - w_in
        if min(n_in, w_in, w_out) <= 0 or n_out / w_out >= SMALL_FIELD * n_in / w_in:
            continue
        both = total[-1] / weight[-1]
        gain = n_in * np.log(n_in / w_in / both)
        gain += n_out * np.log(n_out / w_out / both) if n_out else 0.0
        if gain > best:
            best, end, within, beyond = gain, float(edges[cut]), n_in / w_in, n_out / w_out
    ring = np.pi * radius**2 / PROFILE
    if end < radius and circles.hold_all:
        cells = circles.looked.count, circles.looked.covered
        near, far = circles.box.near_and_far(*cells, CLOSE, beside=False, rim=False)
        far = far if far != near else circles.density_outside
        if far <= HARDLY_ANY * beyond / ring and fields_end(circles, 0):
            return end
    return radius


def fields_end(circles: Circles, at: int) -> bool:
    """Whether cells confirm that a survey ends before the far ring `at` (0: the innermost).

    Sources that follow a structured field leave its emptier parts to cells far from all of them,
    at every scale: those that lie within the ring count, beside the cells near sources.
    Hosts farther out than the errors say make the circles of the match fuller than what is around
    them, too: before the innermost ring only fields end that have next to nothing beside them.
    Where sources are so dense that no cell among them is far from all, what lies outside all
    circles has to tell, against the density `inside`, arcsec^-2, where no hosts are.
    """
    box, looked = circles.box, circles.looked
    if at <= 1 and circles.among:
        return circles.fields
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
