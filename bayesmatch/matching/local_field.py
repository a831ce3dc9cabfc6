"""The density of field objects around every primary, from counts at all scales.

From outside inwards, each ring about a primary corrects the density that the rings beyond it gave,
by as much as the counts of all primaries say that densities vary between the two scales (see
:mod:`bayesmatch.matching.density_ladder`).  Hosts are no field objects: their expected number is
taken out.  The stated area of the catalogue only counts where there is hardly an object to count.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from .._kernels import sky_counts as kernels
from .._kernels.jit import ranges, run_ranges
from .._kernels.rings import far_rings, near_rings
from .._kernels.sums import dot
from ..catalogs.candidates import Candidates
from ..catalogs.cell_maps import Looked
from ..catalogs.errors import catalog_radius, error_radius
from ..catalogs.gaussian import GAUSSIAN
from ..catalogs.held import HeldCatalog
from ..catalogs.sky_box import SkyBox
from ..catalogs.tails import tails_of
from .dense_primaries import MANY, OthersHosts, among_primaries, crowd
from .density_ladder import (
    ENOUGH,
    Densities,
    Ring,
    as_stated,
    densities,
    far_more,
    others_around,
    own_shares,
    sparse_weights,
    totals,
    with_room,
)
from .field import ARCSEC2_PER_DEG2, FieldDensity
from .field_trend import of_small_fields
from .looked_at import Around, looked_at
from .moc_cells import looked_within
from .round_sources import others_within
from .seen_by_each import seen_by_each
from .small_fields import Circles, end_of_fields, until_end
from .some_candidates import some_slots

#: rings within the radius of the match: from half of it, a quarter ...
RINGS = 4
#: nearer than so many errors a candidate may well be the host
INNER_SIGMA = 3.0
#: half the size of a window from which on it is coarse (arcsec): holes round stars are far smaller
COARSE = 600.0
#: a window that tells field objects from hosts is so many times as large as the circle of the match
ROOM = 2.5
#: primaries that a thread goes through at a time
PIECE = 1 << 13
#: of the hosts, within the radius: where it is less, how many there are is not known from them
LEAST_KEPT = 0.1
#: where there is less than this of the density around, a survey may not have looked
VOID = 0.25
#: with fewer primaries in covered cells, cells are larger than what the survey looked at
MOSTLY_SEEN = 0.1


@dataclass(frozen=True)
class LocalField:
    """The density around every primary.

    Where densities vary, so do the objects' properties: ratios of priors go with their mean over
    the field around (:mod:`bayesmatch.matching.local_ratio`). For a catalogue with a prior of which
    that cannot be told the density is the stated mean, as its ratios are to the whole survey's.
    """

    known_errors: bool = True
    """False: hosts may be anywhere within the radius, so only what is around it tells"""
    others_hosts: OthersHosts = OthersHosts()
    counts_cells: ClassVar[bool] = True

    def at(
        self,
        primary: HeldCatalog,
        others: Sequence[HeldCatalog],
        candidates: Candidates,
        radius_arcsec: float,
        with_priors: Collection[str] = (),
        box: SkyBox | None = None,
    ) -> FieldDensity:
        """The density of each of the K - 1 others at each of the n primaries."""
        box = box or SkyBox(primary.ra, primary.dec)
        shape = (len(primary), len(others))
        here, around, reach = np.empty(shape), np.empty(shape), np.full(len(others), radius_arcsec)
        chance, own = np.ones(shape), np.zeros(shape)
        found: dict[str, Any] = {}
        counts, covered = [], np.zeros(len(primary), bool)
        for k, other in enumerate(others):
            local = _Local(primary, other, candidates, k, radius_arcsec, box, self)
            here[:, k], around[:, k], reach[k] = local.here, local.around, local.reach
            chance[:, k], own[:, k] = local.chance, local.own
            counts.append(local.count)
            covered |= local.covered & (local.here > VOID * local.around)
            found[other.name] = {**local.details, "local": other.name not in with_priors}
            if other.name in with_priors:
                here[:, k] = around[:, k] = other.plus_one_deg2
        details = {"model": "local", "scales": found}
        seen = some = None
        if len(others) > 1:
            whole = [not found[other.name]["small_fields"] for other in others]
            seen = seen_by_each(box, counts, np.where(whole, around, 0.0), candidates)
            some = chance if (chance < 1.0).any() else None
        density = FieldDensity(here, here, around, details, reach, seen=seen, chance=some)
        many = own if own.any() else None
        return replace(density, covered=covered, cells=(box, counts), others=many)


class _Local:
    """The densities (deg^-2) of one catalogue at every primary, and how they were found."""

    def __init__(
        self,
        primary: HeldCatalog,
        other: HeldCatalog,
        candidates: Candidates,
        k: int,
        radius: float,
        box: SkyBox,
        model: LocalField,
    ) -> None:
        self.model, self._rooms = model, dict[str, np.ndarray]()
        self.own: np.ndarray | float = 0.0
        slots = candidates.slots_of(k)
        rows, self.separation = candidates.row[slots], candidates.separation[slots]
        self.start = np.zeros(len(primary) + 1, np.int64)
        np.cumsum(np.diff(candidates.start).reshape(len(primary), -1)[:, k], out=self.start[1:])
        self.at = primary.ra, primary.dec
        core, other_sigma = catalog_radius(primary), 0.0
        if len(rows):
            errors = other.errors
            alike = getattr(errors, "alike", False)  # other kinds of errors need not know
            some = [0] if alike else some_slots(primary, other, candidates, k)
            sample = candidates.row[some]
            radii = error_radius(errors.covariance(sample), errors.determinant(sample))
            other_sigma = float(np.median(radii))
        self.sigma = np.hypot(core, other_sigma)
        self._wings = [
            (share, np.hypot(times * core, other_sigma))
            for share, times in tails_of(primary.errors).parts
        ]
        self.stated = other.density_deg2 / ARCSEC2_PER_DEG2
        self.chance = np.ones(len(primary))
        looked = looked_within(other, box)
        self.count, self.covered = looked.count, looked.covered[box.row, box.column]
        self._circles = Circles(radius, other, rows, looked, box, self.at)
        widest = INNER_SIGMA * self._wings[-1][1]
        self.reach = end_of_fields(self.separation, self.start, widest, self._circles)
        self._beyond_reach = self._beyond(self.reach)
        self.kept = max(1.0 - float(self._beyond_reach.mean()), LEAST_KEPT)
        self._inner = np.minimum(INNER_SIGMA * self.sigma, 0.7 * self.reach)
        if box.widest**2 < ROOM * np.pi * radius**2:
            self._as_stated(other.n_rows, np.pi * radius**2)
        else:
            self._settle(looked, box, radius)

    def _as_stated(self, n_rows: int, circle: float) -> None:
        """The stated density without the hosts: no window is wide enough to tell them apart."""
        found, self.hosts = as_stated(self.stated, np.diff(self.start), n_rows, circle)
        self._found(found, small_fields=False)

    def _settle(self, looked: Looked, box: SkyBox, radius: float) -> None:
        """Which rings tell the density, and the densities."""
        windows, seen = looked.windows, self.covered
        told = looked.by_map and seen.any()
        if seen.mean() < MOSTLY_SEEN and not told:  # small fields: cells say nothing
            seen = np.ones(len(seen), bool)
        self._beyond_inner = self._beyond(self._inner)
        self._ring_counts = self._rings()
        edges = self._inner, self.reach, self._beyond_inner, self._beyond_reach
        self._own = own_shares(self._beyond, RINGS, *edges)
        self._others = others_around(windows)
        of_others = crowd(windows, self._others, self._inner)
        self._left_in = self.model.others_hosts.left_in(*of_others)
        self.hosts = self._host_share(seen)
        near = self._near(seen)
        all_far = self._far(windows, box, radius) if self.reach == radius else []
        far = until_end(near, self._own[::-1], 1.0 - self.hosts, all_far, self._circles)
        small_fields = not far
        if far and far[0].count.sum() >= ENOUGH:
            self.hosts, weight = self._hosts_beyond(windows, all_far, seen, np.pi * radius**2)
            near, far = self._near(seen), self._far(windows, box, radius)[: len(far)]
            more = far_more(totals(near, weight), totals(far[:1], weight))
            if more or not self.model.known_errors:
                near = []  # hosts farther out than the errors say
        whole = None if small_fields else densities(near, far, self.stated, len(seen))
        if whole and self._left_in and of_others[0] > MANY:
            whole, own = among_primaries(whole, self._others, looked, box)
            self.own = ARCSEC2_PER_DEG2 * own * (not self.model.others_hosts.stay)
        self._found(whole or self._of_small_fields(box), small_fields)

    def _of_small_fields(self, box: SkyBox) -> Densities:
        """Densities from what is within the fields of primaries that have any: no cell tells."""
        self._others = others_within(self.at, 2.0 * self.reach)
        self._left_in &= self.model.others_hosts.stay
        self.hosts = self._host_share(np.ones(len(self.sigma), bool))
        count, area = (values.sum(axis=0) for values in self._ring_counts)
        shares = 1.0 - self._beyond_inner, self._own.sum(axis=0)
        around = Around(self._nearer, count, np.pi * self._inner**2, area, *shares, self._others)
        often = 1.0 + np.pi * self.reach**2 * self._others
        there, self.hosts = looked_at(around, box, often, self.stated, self.hosts)
        # That there is no host either makes `there` smaller: it is for the patterns to say.
        none = 1.0 - self.hosts * (shares[0] + shares[1])
        self.chance = 1.0 / (1.0 + none * (1.0 - there) / np.maximum(there, 1e-12))
        return of_small_fields(self._near(there), box, self.at, often, self.stated)

    def _found(self, found: Densities, small_fields: bool) -> None:
        self.here, self.around = ARCSEC2_PER_DEG2 * found.here, ARCSEC2_PER_DEG2 * found.around
        self.details = {
            "mean_around_deg2": ARCSEC2_PER_DEG2 * found.mean,
            "hosts": self.hosts,
            "small_fields": small_fields,
            "reach_arcsec": self.reach,
            "shapes": found.shapes,
        }

    def _host_share(self, seen: np.ndarray) -> float:
        """Mean number of hosts of a primary that was `seen`: what is more than beyond them."""
        near = int(self._nearer[seen].sum())
        count, area = (counts[0][seen].sum() for counts in self._ring_counts)
        excess = near - count / max(area, 1e-300) * np.pi * (self._inner[seen] ** 2).sum()
        share = excess / max((1.0 - self._beyond_inner[seen]).sum(), 1e-300)
        return float(np.clip(share, 0.0, 1.0))

    def _hosts_beyond(
        self, windows: tuple[np.ndarray, ...], far: list[Ring], seen: np.ndarray, circle: float
    ) -> tuple[float, np.ndarray]:
        """Mean number of hosts of a primary, all that is more than the field of the rings `far`.

        However wide errors are.  Hosts of others lie in the circle of the match, of `circle`
        arcsec^2, and in the ring as well.  And the weights (n,) for that.
        """
        far = with_room(far, ROOM * circle)
        inner, found = far[0], np.diff(self.start)
        sources = windows[2][:, np.argmin(np.abs(windows[1].sum(axis=0) - inner.area.sum()))]
        count = inner.count + self.hosts / self.kept * (1 if self._left_in else sources)
        weight = seen * sparse_weights(np.maximum(count - found, 0.0), far, circle)
        times = circle * weight.sum() / max(dot(weight, inner.area), 1e-300)
        excess = dot(weight, found - times * count)
        own = weight.sum() + dot(weight, circle * self._others - times * sources) / self.kept
        hosts = excess / max(own, 0.5 * weight.sum(), 1e-300)
        return float(np.clip(hosts, 0.0, 1.0)), weight

    def _beyond(self, radius: np.ndarray | float) -> np.ndarray:
        """(n,) share of the hosts beyond a radius (arcsec), tails of the errors included."""
        parts = [share * GAUSSIAN.beyond(radius / sigma) for share, sigma in self._wings]
        out: np.ndarray = np.sum(parts, axis=0)
        return out

    def _rings(self) -> tuple[np.ndarray, np.ndarray]:
        """Candidates in the rings within the radius, from outside in, and areas, (RINGS, n)."""
        n = len(self.sigma)
        count, area = np.zeros((n, RINGS), np.int64), np.empty((n, RINGS))
        self._nearer = np.zeros(n, np.int64)
        around = self.start, self.separation, self._inner, self.reach, RINGS
        out = self._nearer, count, area
        pieces = ranges(n, 1 << 11)
        list(run_ranges(lambda a, b: kernels.count_rings(a, b, *around, *out), pieces))
        return np.ascontiguousarray(count.T), np.ascontiguousarray(area.T)

    def _room(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """Memory of that name for numbers: the rings found last take the place of those before."""
        if name not in self._rooms:
            self._rooms[name] = np.empty(shape)
        return self._rooms[name]

    def _near(self, seen: np.ndarray) -> list[Ring]:
        """Rings within the radius, from inside outwards; empty where the primary was not `seen`."""
        count, area = self._ring_counts
        out = self._room("near", (4, *count.shape))
        others = np.zeros(len(seen)) if self._left_in else self._others
        around = self.hosts, seen.astype(float), others, self._own, count, area, *out
        list(run_ranges(lambda a, b: near_rings(a, b, *around), ranges(len(seen), PIECE)))
        return [Ring(*of_ring) for of_ring in zip(*out, strict=True)][::-1]

    def _far(self, windows: tuple[np.ndarray, ...], box: SkyBox, radius: float) -> list[Ring]:
        """Windows, (n, w), that hold the circle of the match: the smallest, the others as rings."""
        hosts = min(self.hosts / self.kept, 1.0)  # those outside the circles too
        half = (box.half_rows + 0.5) * box.cell * 3600.0
        which = np.flatnonzero((half >= radius) | (np.arange(len(half)) == len(half) - 1))
        n = len(windows[0])
        out = self._room("far", (3, len(which), n))
        if self._left_in:
            windows = *windows[:2], np.ones_like(windows[2])
        around = hosts, which, *windows, *out
        list(run_ranges(lambda a, b: far_rings(a, b, *around), ranges(n, PIECE)))
        return [
            Ring(count, area, variance=variance, coarse=bool(half[w] >= COARSE))
            for w, count, area, variance in zip(which, *out, strict=True)
        ]
