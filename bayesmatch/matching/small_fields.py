"""Where a survey ends that consists of small fields round the sources, as people download them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._kernels.jit import ranges, run_ranges
from .._kernels.sky_counts import count_profile
from ..catalogs.cell_maps import Looked
from ..catalogs.sky_box import CLOSE, SkyBox
from .density_ladder import SMALL_FIELD, SURE, Ring

#: where candidates end, within the radius, is looked for in so many rings of equal area
PROFILE = 64
#: beyond small fields there is less than this share of the density within, where they do not reach
#: the cells that count as far from all sources
HARDLY_ANY = 0.5 * SMALL_FIELD
#: primaries that a thread goes through at a time
PRIMARIES = 1 << 11


def end_of_fields(
    separation: np.ndarray,
    start: np.ndarray,
    inner: np.ndarray,
    radius: float,
    looked: Looked,
    box: SkyBox,
) -> float:
    """Where candidates end within the radius, if they do: the survey is fields of that size.

    `separation` (slots,) arcsec, `start` (n + 1,) CSR over them; nearer than `inner` (n,) arcsec
    a candidate may be a host.  If cells far from all sources have as many objects as the outer
    part, or those beside sources many enough, what is more in the inner one are hosts.
    """
    edges = radius * np.sqrt(np.arange(PROFILE + 1) / PROFILE)
    around = start, separation, inner, radius, edges
    parts = run_ranges(lambda a, b: count_profile(a, b, *around), ranges(len(inner), PRIMARIES))
    count = sum(parts, np.zeros(PROFILE))
    whole = np.searchsorted(np.sort(inner), edges[:-1], side="right").astype(float)
    total, weight = np.cumsum(count), np.cumsum(whole)
    best, end, outer = 0.5 * SURE**2, radius, 0.0
    for cut in range(1, PROFILE):
        n_in, w_in = total[cut - 1], weight[cut - 1]
        n_out, w_out = total[-1] - n_in, weight[-1] - w_in
        if min(n_in, w_in, w_out) <= 0 or n_out / w_out >= SMALL_FIELD * n_in / w_in:
            continue
        both = total[-1] / weight[-1]
        gain = n_in * np.log(n_in / w_in / both)
        gain += n_out * np.log(n_out / w_out / both) if n_out else 0.0
        if gain > best:
            best, end, outer = gain, float(edges[cut]), n_out / w_out
    ring = np.pi * radius**2 / PROFILE
    if end < radius:
        beyond = box.near_and_far(looked.count, looked.covered)[1]
        if beyond > HARDLY_ANY * outer / ring or not fields_end(looked, box, 0, radius):
            return radius
    return end


def fields_end(looked: Looked, box: SkyBox, at: int, radius: float) -> bool:
    """Whether cells confirm that a survey ends before the far ring `at` (0: the innermost).

    Sources that follow a structured field leave its emptier parts to cells far from all of them,
    at every scale: those that lie within the ring count, beside the cells near sources.
    Hosts farther out than the errors say make the circles of the match fuller than what is around
    them, too: before the innermost ring only fields end that have next to nothing beside them.
    """
    close = max(CLOSE, int(box.half_rows[at - 1])) if at else CLOSE
    within, beyond = box.near_and_far(looked.count, looked.covered, close, beside=True)
    smallest = (box.half_rows[0] + 0.5) * box.cell * 3600.0
    return beyond < (HARDLY_ANY if at == 0 and radius <= smallest else SMALL_FIELD) * within


def tiles(near: Sequence[Ring], box: SkyBox) -> list[Ring]:
    """Windows over small fields: what the near rings of the sources in each have together."""
    count, area = np.zeros(box.shape), np.zeros(box.shape)
    for ring in near:
        np.add.at(count, (box.row, box.column), ring.count)
        np.add.at(area, (box.row, box.column), ring.area)
    number, square, _ = box.windows(count, area)
    return [Ring(number[:, w], square[:, w], coarse=True) for w in range(number.shape[1])]
