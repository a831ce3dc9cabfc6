"""Sets of counterparts of which some lie outside the radius, and others inside.

A source with counterparts in several catalogues may have only some of them within the radius: it
looks like one that has those alone.  With the true position m of the source, and the shares

    g_k(|m|) = P(the object of catalogue k is seen farther away than the radius | m),

the likelihood of the association M for a source whose counterparts have the pattern P is

    L_M r_PM,  r_PM = E[prod over k in P, not in M, of g_k(|m|) | positions of source and M],

against that of no counterpart: all of P outside is the case without M (see
:mod:`bayesmatch.matching.beyond`).  So the fractions are fitted to ``sum_P pi_P sum_M L_M r_PM``,
over all M within P, and the row of M has the weight ``L_M sum_P pi_P r_PM``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..catalogs.segments import segments
from ..catalogs.tails import Tails
from .associations import Associations
from .candidate_positions import tangent_planes
from .radius_edge import SIGMAS, Edge
from .setting import Setting

#: not asked for sources whose counterparts are outside with a smaller probability, which a radius
#: of 2.1 sigma cuts off: the host fraction is at most 0.02 off there, and p_match is pi L / sum
LEAST = 0.1
#: points in a Gaussian across and along the direction from the source, each as likely
ALONG, ACROSS = 16, 4
#: rows of associations that are worked on at a time
ROWS = 50_000


@dataclass(frozen=True)
class PartlyOutside:
    """Associations that may be a part of the counterparts of their source."""

    associations: Associations
    edges: Sequence[Edge]
    """of each other catalogue"""
    concerned: np.ndarray
    """(n_primary,) bool: whether its counterparts may be outside at all"""
    parts: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]]
    """by pattern seen and pattern of all counterparts: (m,) rows of associations, ln r of each"""

    def added_to(self, by_pattern: np.ndarray, ln_like: np.ndarray) -> np.ndarray:
        """Ln likelihood of every pattern of counterparts, (n_primary, n_patterns).

        `by_pattern` is that of the associations with exactly these, of which `ln_like` (n_rows,)
        is each one's own.
        """
        out = by_pattern.copy()
        for (_, whole), (rows, ln_share) in self.parts.items():
            primary = self.associations.primary_of(rows)  # ascending, as the rows are
            begin = np.flatnonzero(np.diff(primary, prepend=-1))
            ln_sum = np.logaddexp.reduceat(ln_like[rows] + ln_share, begin)
            of = primary[begin]
            out[of, whole] = np.logaddexp(out[of, whole], ln_sum)
        return out

    def ln_factor(self, ln_fraction: np.ndarray) -> np.ndarray:
        """Ln of the weight of every row over that with all counterparts seen, (n_rows,).

        `ln_fraction` (n_primary, n_patterns) of the sources by their counterparts.
        """
        out = np.zeros(self.associations.first[-1])
        with np.errstate(invalid="ignore"):  # no such sources at all: NaN, which is left out
            for (seen, whole), (rows, ln_share) in self.parts.items():
                primary = self.associations.primary_of(rows)
                more = ln_fraction[primary, whole] - ln_fraction[primary, seen] + ln_share
                out[rows] = np.logaddexp(out[rows], np.where(np.isnan(more), -np.inf, more))
        return out


def partly_outside(
    setting: Setting,
    associations: Associations,
    objects: Sequence[tuple[Tails, Sequence[float], float]],
    share: np.ndarray,
) -> PartlyOutside | None:
    """Which associations may be a part of what a source has; None with one other catalogue.

    Parameters
    ----------
    setting, associations
        Of the match.
    objects : sequence of (Tails, sequence of float, float)
        Of each other catalogue what :meth:`Edge.of` is made from.
    share : ndarray, shape (n_primary, n_other)
        Probability that the counterpart in each is outside.
    """
    n_other = len(objects)
    if n_other == 1:
        return None
    concerned = share.max(axis=1) > LEAST
    if not concerned.any() or len(setting.candidates.row) == 0:
        return None
    edges = [Edge.of(*each) for each in objects]
    found: dict[tuple[int, int], list[tuple[np.ndarray, np.ndarray]]] = {}
    reach = np.array([edge.reach for edge in edges])
    plane = tangent_planes(
        setting.primary, setting.candidates, setting.positions, associations.pieces
    )
    for rows, pattern in _near_edges(setting, associations, concerned, float(reach.min())):
        members = plane[associations.member[rows][:, _bits(pattern, n_other)]]
        own = setting.primary.covariance(associations.primary_of(rows))
        distance = _true_distances(own, members)
        outside = [edge.at(distance) for edge in edges]
        for whole in range(pattern + 1, 1 << n_other):
            if whole & pattern != pattern:
                continue
            missing = [outside[k] for k in _bits(whole ^ pattern, n_other)]
            with np.errstate(divide="ignore"):
                ln_share = np.log(np.prod(missing, axis=0).mean(axis=1))
            some = ln_share > -np.inf
            if some.any():
                found.setdefault((pattern, whole), []).append((rows[some], ln_share[some]))
    parts = {
        key: (np.concatenate([p[0] for p in pieces]), np.concatenate([p[1] for p in pieces]))
        for key, pieces in found.items()
    }
    return PartlyOutside(associations, edges, concerned, parts)


def ln_cut_objects(
    setting: Setting, edges: Sequence[Edge], concerned: np.ndarray, nu: np.ndarray
) -> np.ndarray:
    """Ln of the density of field objects of which each candidate is all that is seen, (n_slots,).

    Over that of objects that its catalogue alone sees: those whose other detections are outside
    the radius come to it.

    Parameters
    ----------
    setting, edges
        As for :func:`partly_outside`.
    concerned : ndarray of bool, shape (n_primary,)
        Primaries whose errors reach the radius; 0 for the candidates of others.
    nu : ndarray, shape (n_primary, n_patterns)
        Density of field objects by pattern.
    """
    candidates, n_other = setting.candidates, len(edges)
    out = np.zeros(len(candidates.row))
    for k in range(n_other):
        slots, primary = candidates.of_catalogue(k)
        sigma = np.sqrt(0.5 * setting.positions.covariance[slots, :2].sum(axis=1))
        others = [edges[j].reach for j in range(n_other) if j != k]
        near = candidates.separation[slots] + SIGMAS * sigma > min(others)
        near &= concerned[primary] & (nu[primary, 1 << k] > 0.0)
        if not near.any():
            continue
        slots, primary, sigma = slots[near], primary[near], sigma[near]
        ahead = candidates.separation[slots, None, None] + sigma[:, None, None] * _points(ALONG)
        distance = np.hypot(ahead, sigma[:, None, None] * _points(ACROSS)[:, None])
        outside = [edge.at(distance.reshape(len(slots), -1)) for edge in edges]
        cut = np.zeros(len(slots))
        for whole in range(1, 1 << n_other):
            if whole >> k & 1 and whole != 1 << k:
                missing = [outside[j] for j in _bits(whole ^ 1 << k, n_other)]
                cut += nu[primary, whole] * np.prod(missing, axis=0).mean(axis=1)
        out[slots] = np.log1p(cut / nu[primary, 1 << k])
    return out


def _bits(pattern: int, n_other: int) -> list[int]:
    return [k for k in range(n_other) if pattern >> k & 1]


def _near_edges(
    setting: Setting, associations: Associations, concerned: np.ndarray, reach: float
) -> Iterator[tuple[np.ndarray, int]]:
    """Rows whose sources may lie beyond `reach` (arcsec) from where they were seen, by pattern."""
    candidates, member = setting.candidates, associations.member
    n_other, first = member.shape[1], associations.first
    which = np.flatnonzero(concerned)
    bounds = np.searchsorted(first, np.arange(0, first[-1] + ROWS, ROWS))
    for a, b in zip(bounds[:-1], bounds[1:], strict=True):
        here = which[(which >= a) & (which < b)]
        count = first[here + 1] - first[here]
        rows = segments(first[here], count)
        slots = member[rows]
        has = slots >= 0
        variance = setting.positions.covariance[slots, :2].max(axis=2)
        radius = candidates.separation[slots] + SIGMAS * np.sqrt(variance)
        far = np.where(has, radius, -np.inf).max(axis=1) > reach
        pattern = has @ (1 << np.arange(n_other))
        for seen in range(1, (1 << n_other) - 1):
            chosen = rows[far & (pattern == seen)]
            if len(chosen):
                yield chosen, seen


def _true_distances(own: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Where the sources of some associations may truly be: arcsec from where seen, (m, points).

    From the covariances of the sources, (m, 3), and the members in their tangent planes,
    (m, members, 6), cores of the errors alone.
    """
    xx, yy, xy = _inverse(*own.T)
    east, north = np.zeros(len(own)), np.zeros(len(own))
    for k in range(members.shape[1]):
        x, y, *covariance, _ = members[:, k].T
        a, b, c = _inverse(*covariance)
        xx, yy, xy = xx + a, yy + b, xy + c
        east, north = east + a * x + c * y, north + c * x + b * y
    xx, yy, xy = _inverse(xx, yy, xy)
    east, north = xx * east + xy * north, xy * east + yy * north
    # Along the direction to the mean, and across.
    mean = np.hypot(east, north)
    with np.errstate(invalid="ignore"):
        u, v = (np.where(mean > 0, part / mean, at) for part, at in ((east, 1.0), (north, 0.0)))
    along = u * u * xx + 2.0 * u * v * xy + v * v * yy
    across = v * v * xx - 2.0 * u * v * xy + u * u * yy
    both = u * v * (yy - xx) + (u * u - v * v) * xy
    slope = both / across
    rest = np.sqrt(np.maximum(along - slope * both, 0.0))
    z, t = _points(ALONG), _points(ACROSS)
    aside = np.sqrt(across)[:, None, None] * t[:, None]
    ahead = mean[:, None, None] + slope[:, None, None] * aside + rest[:, None, None] * z
    out: np.ndarray = np.hypot(ahead, aside).reshape(len(own), -1)
    return out


def _points(n: int) -> np.ndarray:
    """Points in a normal distribution, each as likely, (n,)."""
    from scipy.special import ndtri

    return np.asarray(ndtri((np.arange(n) + 0.5) / n))


def _inverse(xx: np.ndarray, yy: np.ndarray, xy: np.ndarray) -> tuple[np.ndarray, ...]:
    """Of symmetric 2 x 2 matrices, as their three numbers."""
    determinant = xx * yy - xy**2
    return yy / determinant, xx / determinant, -xy / determinant
