"""Counterparts outside the radius of the match: the part of the error circle that it cuts off.

A source that has a counterpart has it farther away than the radius with the probability

    q = sum over tails of w_x w_k  mean over phi of exp(-r^2 / (2 (m + d cos phi))),

m +- d being the variances along and across the errors of source and object together; of circles
exp(-r^2 / (2 sigma^2)), the Rayleigh distribution.  All that is seen around such a source are field
objects, as around one without a counterpart: relative to that its likelihood is q.  So the
fractions pi_S are fitted to ``sum_S pi_S (sum_a L_a + q_S)``, and are those of all counterparts,
however small the radius is; and the no-counterpart row, which is all that a source with its
counterpart outside can have, has the weight ``pi_0 + sum_S pi_S q_S``.  Where some counterparts of
a source are outside and others are not: :mod:`bayesmatch.matching.partly_outside`.

``p_hostless`` is then the probability that no counterpart is *within the radius*: the one for which
``p_hostless`` and the ``p_match`` of all associations sum to 1.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from ..catalogs.tails import Tails
from .associations import Associations
from .partly_outside import LEAST, PartlyOutside, partly_outside
from .radius_edge import Edge, all_outside
from .setting import Setting
from .some_candidates import some_slots

#: directions in which an ellipse is looked at, from its major to its minor axis: the mean over them
#: is exact to 1e-9 for axes of 1 to 10, and to 1e-3 for any
DIRECTIONS = 32
#: an object that is not seen has an error that one of these shares of the candidates do not exceed
SHARES: tuple[float, ...] = (0.1, 0.3, 0.5, 0.7, 0.9)
#: that many candidates tell which errors there are
SAMPLE = 100_000
#: of the details of a fit: errors (arcsec) that objects of each other catalogue have, and the
#: largest q of any source
ERRORS: str = "object_errors"
LARGEST: str = "beyond_radius"


@dataclass(frozen=True)
class Beyond:
    """Probabilities that counterparts lie outside the radius."""

    ln_share: np.ndarray
    """(n_primary, n_patterns) ln q_S, 0 for "no counterpart" """
    details: dict[str, Any]
    """what the record of the fit has, in plain Python types"""
    partly: PartlyOutside | None = None
    """associations of which other counterparts may be outside; None: there are none"""

    def errors_of(self, name: str) -> list[float]:
        """Sigmas (arcsec) that objects of another catalogue have, each as often."""
        errors: list[float] = self.details[ERRORS][name]
        return errors


def counterparts_beyond(
    setting: Setting, known: Mapping[str, Any], associations: Associations | None = None
) -> Beyond | None:
    """How probable it is that the counterparts of each primary lie outside the radius.

    Where a catalogue is cones round the primaries, outside those.

    Parameters
    ----------
    setting : Setting
        Of the match.
    known : mapping
        Details of the fit of another match: its ``object_errors`` hold for this one, too.
    associations : Associations, optional
        Those that may be a part of what a source has; default: none is.

    Returns
    -------
    Beyond or None
        None takes the radius for as large as need be; what tests put in the place of this function
        to compare with a match that goes without.
    """
    errors = dict(known.get(ERRORS, {}))
    for k, other in enumerate(setting.others):
        errors.setdefault(other.name, _object_errors(setting, k))
    ends = ends_of(len(errors), setting.radius_arcsec, setting.field.reach_arcsec)
    covariance, primary = setting.primary.covariance(), setting.primary.tails
    objects = [
        (other.tails, errors[other.name], float(end))
        for other, end in zip(setting.others, ends, strict=True)
    ]
    ln_share, share = shares_beyond(covariance, primary, objects)
    largest = float(np.exp(ln_share[:, 1:].max(initial=-np.inf)))
    partly = None
    if associations is not None:
        partly = partly_outside(setting, associations, objects, share)
    return Beyond(ln_share, {ERRORS: errors, LARGEST: largest}, partly)


def shares_beyond(
    covariance: np.ndarray, primary: Tails, objects: Sequence[tuple[Tails, Sequence[float], float]]
) -> tuple[np.ndarray, np.ndarray]:
    """Ln of the probability that all counterparts are outside, (n, patterns); it by catalogue.

    The counterparts of a source share its error: where one is outside, the others nearly always
    are.

    Parameters
    ----------
    covariance, primary
        Of the sources, as for :func:`share_beyond`, and the tails of their errors.
    objects : sequence of (Tails, sequence of float, float)
        Of each other catalogue tails and errors of its objects, and its radius (arcsec).
    """
    share = np.column_stack(
        [
            share_beyond(covariance, (primary, tails), errors, radius)
            for tails, errors, radius in objects
        ]
    )
    ln_share = by_pattern(share)
    if len(objects) == 1:
        return ln_share, share
    some = np.flatnonzero(share.max(axis=1) > LEAST)
    if len(some) == 0:
        return ln_share, share
    edges = [Edge.of(*each) for each in objects]
    variances, weights = variances_of(covariance[some], primary)
    for pattern in range(1, ln_share.shape[1]):
        members = [edge for k, edge in enumerate(edges) if pattern >> k & 1]
        if len(members) > 1:
            with np.errstate(divide="ignore"):
                joint = np.log(all_outside(variances, weights, members))
            ln_share[some, pattern] = np.minimum(ln_share[some, pattern], joint)
    return ln_share, share


def variances_of(covariance: np.ndarray, tails: Tails) -> tuple[np.ndarray, np.ndarray]:
    """Variances (n, d) in some directions and parts of the tails, and the weights of these (d,)."""
    xx, yy, xy = covariance.T
    mean, half = 0.5 * (xx + yy), np.hypot(0.5 * (xx - yy), xy)
    n_directions = DIRECTIONS if half.any() else 1
    phi = np.pi * (np.arange(n_directions) + 0.5) / n_directions
    core = mean[:, None] + half[:, None] * np.cos(phi)
    weights = [np.full(n_directions, weight / n_directions) for weight, _ in tails.parts]
    variances = [factor**2 * core for _, factor in tails.parts]
    return np.concatenate(variances, axis=1), np.concatenate(weights)


def cut_apart(details: Mapping[str, Any], n_other: int) -> bool:
    """Whether some counterparts of a source may be outside and others not, in a recorded fit."""
    return n_other > 1 and bool(details.get(LARGEST, 0.0) > LEAST)


def ends_of(n_other: int, radius_arcsec: float, reach_arcsec: Any) -> np.ndarray:
    """Where the candidates of each other catalogue end, (n_other,), arcsec."""
    ends = np.full(n_other, radius_arcsec)
    return ends if reach_arcsec is None else np.minimum(ends, reach_arcsec)


def share_beyond(
    covariance: np.ndarray,
    tails: tuple[Tails, Tails],
    object_errors: Sequence[float],
    radius_arcsec: float | np.ndarray,
) -> np.ndarray:
    """Probability that the counterpart of each source lies outside the radius, (n,).

    Parameters
    ----------
    covariance : ndarray, shape (n, 3)
        Of the sources: east^2, north^2, east*north, arcsec^2.
    tails : (Tails, Tails)
        Of the errors of sources and objects.
    object_errors : sequence of float
        Sigmas per axis that objects have, each as often, arcsec.
    radius_arcsec : float or ndarray, shape (n,)
    """
    xx, yy, xy = covariance.T
    mean, half = 0.5 * (xx + yy), np.hypot(0.5 * (xx - yy), xy)
    n_directions = DIRECTIONS if half.any() else 1
    phi = np.pi * (np.arange(n_directions) + 0.5) / n_directions
    total = np.zeros(len(covariance))
    for (w_x, k_x), (w_o, k_o) in itertools.product(tails[0].parts, tails[1].parts):
        for sigma in object_errors:
            m, d = k_x**2 * mean + (k_o * sigma) ** 2, k_x**2 * half
            weight = w_x * w_o / (len(object_errors) * n_directions)
            for cosine in np.cos(phi).tolist():
                variance = np.maximum(m + d * cosine, 1e-300)
                total += weight * np.exp(-0.5 * np.square(radius_arcsec) / variance)
    return np.minimum(total, 1.0)


def by_pattern(share: np.ndarray) -> np.ndarray:
    """Ln of the most that all counterparts of a pattern can be outside, (n, n_patterns).

    `share` (n, n_other) is that of each catalogue: where the objects' errors are small, all are
    outside where the one that is least often is.
    """
    n, n_other = share.shape
    out = np.zeros((n, 1 << n_other))
    with np.errstate(divide="ignore"):
        ln_share = np.log(share)
    for pattern in range(1, 1 << n_other):
        members = [k for k in range(n_other) if pattern >> k & 1]
        out[:, pattern] = ln_share[:, members].min(axis=1)
    return out


def with_beyond(ln_like: np.ndarray, ln_beyond: np.ndarray | None) -> np.ndarray:
    """Ln likelihood of each pattern (n, n_patterns), of counterparts outside the radius too."""
    if ln_beyond is None:
        return ln_like
    out = ln_like.copy()
    np.logaddexp(out[:, 1:], ln_beyond[:, 1:], out=out[:, 1:])
    return out


def within_radius(ln_fraction: np.ndarray, ln_beyond: np.ndarray | None) -> np.ndarray:
    """Ln prior weight of the rows of each pattern, (n, n_patterns).

    Those of the counterparts are their fractions (their likelihoods sum to the share within the
    radius); that of no counterpart within the radius is ``pi_0 + sum_S pi_S q_S``.
    """
    if ln_beyond is None:
        return ln_fraction
    out = ln_fraction.copy()
    out[:, 0] = reduce(np.logaddexp, (ln_fraction + ln_beyond).T)  # columns are few, and rows many
    return out


def outside_by_catalogue(ln_fraction: np.ndarray, ln_beyond: np.ndarray) -> np.ndarray:
    """Share of the no-counterpart rows with a counterpart outside, by catalogue, (n, n_other)."""
    n_patterns = ln_fraction.shape[1]
    weight = np.exp(ln_fraction + ln_beyond)
    share = weight / weight.sum(axis=1, keepdims=True)
    patterns = np.arange(n_patterns)
    bits = range(n_patterns.bit_length() - 1)
    return np.column_stack([share[:, (patterns >> k & 1) == 1].sum(axis=1) for k in bits])


def _object_errors(setting: Setting, k: int) -> list[float]:
    """Sigmas that objects of a catalogue have, by their candidates; no candidates: none."""
    slots = some_slots(setting.primary, setting.others[k], setting.candidates, k, SAMPLE)
    some = setting.positions.covariance[slots]
    if len(some) == 0:
        return [0.0]
    each = 0.5 * (some[:, 0] + some[:, 1])
    variance = each[:1]
    if each.min() != each.max():
        variance = np.quantile(each, SHARES, method="inverted_cdf")
    if variance[0] == variance[-1]:
        variance = variance[:1]
    sigmas: list[float] = np.sqrt(variance).tolist()
    return sigmas
