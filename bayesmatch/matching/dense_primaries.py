"""Many primaries beside sparse objects: galaxies of a deep image, and a list of X-ray sources.

Of some hundred objects cells cannot tell where a survey ends but from large blocks, and what is
left of a field of a degree when those beside the edge are left out has some tens.  Where there are
more primaries, the share of these that lies in there says what share of the objects does.

Nearly all objects may be hosts.  A primary by itself has the hosts of all others in its field; in
the joint posterior they are explained, and the field is without them.  How many they are and how
dense the rest is go together there: what is left when an excess is taken out of counts may be next
to nothing, and the number of counterparts came out 0.8 to 2 times the truth.  So the hosts stay in
the field at first, and leave it as the joint posterior finds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .._kernels.near_far import cells_near
from ..catalogs.cell_maps import Looked, corner_sums
from ..catalogs.held import HeldCatalog
from ..catalogs.sky_box import SkyBox
from .associations import Associations
from .density_ladder import ENOUGH, Densities
from .field import FieldDensity

#: primaries are many with more of them than this for every object
MANY = 0.5
#: and they are crowded with more than this about a place where the host of one may be
CROWDED = 0.2
#: with fewer for every object, it is no matter whether hosts of others are field objects
SOME = 0.12
#: their word is taken where it differs from that of the objects by less than so many standard
#: deviations: else only a part of them was looked at
ALIKE = 3.0
#: objects that a square holds which is large enough to be hardly ever empty
HOLDS = 8.0
#: where less of the cells is covered wholly, all are taken
LEAST_COVERED = 0.05
#: of the density, the least that is left
LEAST = 0.02


@dataclass(frozen=True)
class OthersHosts:
    """What becomes of the hosts of other primaries in the field of one; None of it: taken out."""

    stay: bool = False
    """they are field objects where they may be more than a few: nothing else explains them"""
    where_crowded: bool = False
    """they are where primaries are many and crowded, until the joint posterior explains them"""

    @classmethod
    def of_claims(cls, independent: bool, others: Sequence[HeldCatalog]) -> OthersHosts:
        """Those of a match whose claims are exclusive or `independent`, with some catalogues."""
        # Of several other catalogues objects may be one: what leaves one field leaves others.
        return cls(independent, not independent and len(others) == 1)

    def left_in(self, each: float, within: float) -> bool:
        """Whether they stay in the density, with so many primaries for `each` object.

        And `within` the circle that the host of one lies in.
        """
        crowded = self.where_crowded and each > MANY and within > CROWDED
        return crowded or (self.stay and each > SOME)


def crowd(
    windows: tuple[np.ndarray, ...], others: np.ndarray, inner: np.ndarray
) -> tuple[float, float]:
    """How many primaries there are for each object in the largest windows, and about a place.

    `others` (n,) are those around each, per arcsec^2, `inner` (n,) is how far its host may be.
    """
    number, square, _ = windows
    objects = float(number[:, -1].sum() / max(square[:, -1].sum(), 1e-300))
    within = float((np.pi * inner**2 * others).mean())
    return float(others.mean()) / max(objects, 1e-300), within


def among_primaries(
    found: Densities, others: np.ndarray, looked: Looked, box: SkyBox
) -> tuple[Densities, np.ndarray]:
    """Densities of sparse objects as many primaries have them, and their own, (n,) per arcsec^2.

    `others` (n,) are the primaries around each in the largest window.  The latter density is such
    that over the former it is the number of primaries for each object.
    """
    both = _filled(looked.count, found.here.mean(), box, 0.5)
    both &= _filled(box.sources, others.mean(), box, 1.0)
    n, objects = len(box.row), max(float(looked.count[both].sum()), 1.0)
    within = both & looked.covered
    if within.sum() <= LEAST_COVERED * both.sum():
        within = both
    expected = objects * float(box.sources[within].sum()) / max(box.sources[both].sum(), 1)
    square = float(within.sum(axis=1) @ box.cell_area)
    some = within[box.row, box.column]
    number, area, _ = box.covered_windows(box.sources, both)
    own = number[:, -1] / np.maximum(area[:, -1], 1.0)
    if not some.any() or not own[some].any():
        return found, n / objects * found.here.mean() / others.mean() * others
    times = expected / square / found.here[some].mean()
    if within is both or abs(1.0 / times - 1.0) * expected**0.5 <= ALIKE:
        here, around = times * found.here, times * found.around
        found = replace(found, here=here, around=around, mean=times * found.mean)
    return found, n / objects * found.here[some].mean() / own[some].mean() * own


def _filled(count: np.ndarray, density: float, box: SkyBox, back: float) -> np.ndarray:
    """Cells (rows, columns) that have something around, of a `density` (arcsec^-2).

    Within half a square that holds :data:`HOLDS` of `count` on average; and not nearer to what has
    nothing around than a part of that, `back`: with 1, what a straight edge cuts off stays off.
    """
    half = max(1, round(0.5 * (HOLDS / density) ** 0.5 / (3600.0 * box.cell)))
    near = _near(count, half, box)
    part = round(back * half)
    return ~_near(~near, part, box) if part else near


def _near(what: np.ndarray, reach: int, box: SkyBox) -> np.ndarray:
    """Cells that are within some cells of one with anything, (rows, columns)."""
    sums = corner_sums((what > 0).astype(np.int32))
    (near,) = cells_near(sums, (reach,), box.half_columns[:, 0] / box.half_rows[0])
    out: np.ndarray = near
    return out


def with_own(field: FieldDensity, catalogs: Sequence[HeldCatalog]) -> FieldDensity:
    """A field of one density, of one other catalogue, with the primaries where they are many."""
    primary, *others = catalogs
    each = len(primary) / max(others[0].n_rows, 1)
    known = field.details["model"] != "uniform" or "hosts_left_out" in field.details
    if known or len(others) > 1 or others[0].n_rows < ENOUGH or each <= MANY:
        return field
    return replace(field, others=each * field.per_deg2)


def without_hosts(
    field: FieldDensity, associations: Associations, ln_like: np.ndarray, hosts: float
) -> tuple[FieldDensity, np.ndarray]:
    """The field without `hosts` of each other primary, and the likelihoods (n_rows,) in that."""
    assert field.others is not None
    left = np.maximum(field.per_deg2 - hosts * field.others, LEAST * field.per_deg2)
    plus_one = left + (field.plus_one - field.per_deg2)
    gain = np.log(field.plus_one / plus_one)
    of_rows = np.repeat(gain, np.diff(associations.first), axis=0)
    details = {**field.details, "hosts_left_out": float(hosts)}
    fewer = replace(field, per_deg2=left, plus_one=plus_one, others=None, details=details)
    return fewer, ln_like + np.where(associations.member >= 0, of_rows, 0.0).sum(axis=1)
