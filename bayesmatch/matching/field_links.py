"""Densities of field objects by the catalogues that have seen them.

Objects of the field are seen in one of the other catalogues or in several.  How many are seen in
exactly the catalogues T comes from the links of the candidates among each other: an EM fit in
which every detection belongs to one field object or to the counterpart, whose shares by pattern
are fitted along.  The fit finds *shares*; how dense a catalogue is at each primary, the field
model says.
"""

from __future__ import annotations

import numpy as np

from .._kernels.jit import ranges, run_ranges
from .._kernels.prepared_objects import expected_prepared, prepare
from ..catalogs.area import FULL_SKY_DEG2
from ..catalogs.field_sample import position_hash
from .associations import Associations
from .field import FieldDensity
from .field_objects import NOTHING, FieldObjects, ln_relative
from .seen_by_each import as_observed, completed
from .setting import Setting

#: most candidates, and most associations, that the fit looks at: a sample of the primaries
MOST_CANDIDATES, MOST_ROWS = 8_000, 80_000
#: the first steps look at one of so many of these
COARSE = 4
MOST_STEPS = 100
#: the fit ends when a step changes every number by less than this many Poisson errors
TOLERANCE = 0.05
#: objects that are always taken to be seen by one catalogue alone
FLOOR = 0.5
#: objects count up to this many errors from the edge of the circle, but at least within this share
MARGIN, LEAST_INNER = 5.0, 0.5
#: primaries per piece of work
PRIMARIES = 32


def fit_field_objects(
    setting: Setting, associations: Associations, ln_evidence: np.ndarray, density: FieldDensity
) -> FieldObjects:
    """Field objects by pattern, from the candidates around a sample of the primaries.

    Parameters
    ----------
    setting, associations
        Of the match.
    ln_evidence : ndarray, shape (n_rows,)
        Ln of the Bayes factor times the prior ratios of the members.
    density : FieldDensity
        Of each other catalogue at each primary.
    """
    rho = density.rho
    which = _sample(setting, associations, rho)
    # of the circles in which all catalogues have looked
    radius = setting.radius_arcsec
    if density.reach_arcsec is not None:
        radius = min(radius, float(density.reach_arcsec.min()))
    state, steps = _start(setting, which), 0
    if len(which) == 0:
        return state
    rows = associations.first, associations.member, ln_evidence
    around, inner = surroundings(setting), _inner_radius(setting, radius)
    # A part of the sample finds nearly all: the whole takes few steps more.
    for part in (which[::COARSE], which) if len(which) >= COARSE * PRIMARIES else (which,):
        scale = len(part) / len(which)
        chance = None if density.chance is None else density.chance[part]
        sample = _Sample(around, part, (rho[part], chance), rows, radius, inner)
        for _ in range(MOST_STEPS):
            steps += 1
            new = sample.step(state)
            change = np.abs(new.count - state.count * scale) / np.sqrt(new.count + 1.0)
            state = FieldObjects(new.count / scale, new.hosts, steps)
            if change.max() < TOLERANCE:
                break
    return state


def _sample(setting: Setting, associations: Associations, rho: np.ndarray) -> np.ndarray:
    """Some primaries, as many as bounded work allows, those without candidates left out.

    Which, and in what order, goes by their positions, not by the order of the list: the fit ends
    near where the first of them lead it.  One with very many associations is passed over if others
    are there, and so are those where not all catalogues have looked, `rho` (n, n_other): an object
    that one has missed there is not one that it does not see.
    """
    start, n_other = setting.candidates.start, setting.candidates.n_other
    candidates, rows = np.diff(start[::n_other]), np.diff(associations.first)
    usable = np.flatnonzero((candidates > 0) & (rows <= MOST_ROWS // 10))
    if len(usable) == 0:
        usable = np.flatnonzero(candidates > 0)
    looked = usable[(rho[usable] > 2.0 * NOTHING).all(axis=1)]
    usable = looked if len(looked) >= PRIMARIES else usable
    work = max(candidates[usable].sum() / MOST_CANDIDATES, rows[usable].sum() / MOST_ROWS, 1.0)
    every = int(np.ceil(work))
    hashed = position_hash(*(part[usable] for part in setting.primary.given_positions))
    usable = usable[np.argsort(hashed, kind="stable")]
    return usable[every // 2 :: every] if len(usable) > every // 2 else usable[:1]


def _inner_radius(setting: Setting, radius: float) -> float:
    """Radius (arcsec) within which an object's detections all lie in the circle."""
    covariance = setting.positions.covariance
    variance = np.maximum(covariance[:, 0], covariance[:, 1])
    mean = []
    for k, catalog in enumerate(setting.others):
        slots, _ = setting.candidates.of_catalogue(k)
        wider = sum(share * factor**2 for share, factor in catalog.tails.parts)
        mean.append(variance[slots].mean() * wider if len(slots) else 0.0)
    margin = MARGIN * np.sqrt(sum(sorted(mean)[-2:]))
    return float(max(radius - margin, LEAST_INNER * radius))


def _start(setting: Setting, which: np.ndarray) -> FieldObjects:
    """Numbers to begin with: half of the rarest catalogue's objects shared."""
    n_other = setting.candidates.n_other
    size = np.diff(setting.candidates.start).reshape(-1, n_other)[which].sum(axis=0) + FLOOR
    bits = np.arange(1 << n_other)[:, None] >> np.arange(n_other) & 1
    several = bits.sum(axis=1) > 1
    count = np.where(several, 0.5 * size.min() / several[bits[:, 0] == 1].sum(), 0.0)
    count[1 << np.arange(n_other)] = size - count @ bits
    return FieldObjects(count, np.full(len(count), 1.0 / len(count)))


class _Sample:
    """Primaries `which` that the fit looks at, with what is the same in all steps."""

    def __init__(
        self,
        around: tuple,
        which: np.ndarray,
        seen: tuple[np.ndarray, np.ndarray | None],
        rows: tuple[np.ndarray, ...],
        radius: float,
        inner: float,
    ) -> None:
        (rho, self.chance), self.rows, self.radius = seen, rows, radius
        self.which, self.rho = which, rho
        self.around, self.inner = around, inner
        self.ln_density = np.log(rho * 3600.0**2 * FULL_SKY_DEG2)
        self.pieces = ranges(len(which), PRIMARIES)
        n_other = rho.shape[1]
        found = run_ranges(lambda a, b: prepare(which[a:b], n_other, *around, inner), self.pieces)
        self.prepared = {a: one for (a, _), one in zip(self.pieces, found, strict=True)}

    def step(self, field: FieldObjects) -> FieldObjects:
        """One EM step, from the circles around the primaries."""
        rho, n_patterns = self.rho, len(field.count)
        nu = field.per_arcsec2(rho)
        share = np.broadcast_to(field.hosts, (len(rho), n_patterns))
        seen, own = as_observed(nu, self.chance), as_observed(share, self.chance)
        relative = ln_relative(seen, rho)
        with np.errstate(divide="ignore"):
            ln_share = np.log(own)
        of_each = np.empty((2, len(rho), n_patterns))

        def piece(a: int, b: int) -> None:
            expected_prepared(
                self.which[a:b],
                self.prepared[a],
                self.around,
                (relative[a:b], self.ln_density[a:b]),
                self.rows,
                ln_share[a:b],
                self.inner,
                *of_each[:, a:b],
            )

        list(run_ranges(piece, self.pieces))
        count, hosts = of_each
        # Primaries without candidates are not looked at: as many as chance leaves empty.
        empty = own[:, 0] * np.exp(-np.pi * self.radius**2 * seen[:, 1:].sum(axis=1))
        hosts[:, 0] += empty / (1.0 - empty)
        count[:, 0] = np.pi * self.inner**2 * seen[:, 0]
        # Summed over all primaries: the same bytes for any number of threads.
        count, hosts = (
            completed(found, values, self.chance).sum(axis=0)
            for found, values in ((count, nu), (hosts, share))
        )
        singles = 1 << np.arange(rho.shape[1])
        count[singles] = np.maximum(count[singles], FLOOR)
        return FieldObjects(count, (hosts + FLOOR) / (hosts + FLOOR).sum())


def surroundings(setting: Setting) -> tuple:
    """Where the candidates lie, as the kernels take it."""
    primary, candidates, positions = setting.primary, setting.candidates, setting.positions
    return (
        candidates.start,
        primary.ra,
        primary.dec,
        positions.ra,
        positions.dec,
        candidates.separation,
        positions.covariance,
        positions.circular,
        _tails(setting),
    )


def _tails(setting: Setting) -> np.ndarray:
    """(n_other, 2) fraction and squared factor of the tails of the others; (0, 2) without any."""
    tails = [catalog.tails for catalog in setting.others]
    if not any(each.fraction > 0.0 for each in tails):
        return np.empty((0, 2))
    return np.array([(each.fraction, each.factor**2) for each in tails])
