"""Candidates taken out of their catalogue."""

from __future__ import annotations

import numpy as np

from .jit import jit


@jit
def gather_circles(first, last, row, sigma, covariance):
    """Covariances (xx, yy, xy, det) of the rows of slots first to last.

    `sigma` (n,) or, the same for all, (1,) is that of circles.
    """
    each = len(sigma) > 1
    for slot in range(first, last):
        set_circle(slot, sigma[row[slot]] if each else sigma[0], covariance)


@jit
def put_circles(first, last, slots, row, sigma, covariance):
    """The same of some `slots` (n,), from first to last of them."""
    each = len(sigma) > 1
    for n in range(first, last):
        set_circle(slots[n], sigma[row[slots[n]]] if each else sigma[0], covariance)


@jit
def set_circle(slot, s, covariance):
    """The covariance of a slot whose errors are circles of sigma s."""
    covariance[slot, 0], covariance[slot, 1] = s * s, s * s
    covariance[slot, 2], covariance[slot, 3] = 0.0, (s * s) * (s * s)


@jit
def put_values(first, last, slots, row, values, out):
    """``values[row]`` of some `slots` (n,), from first to last of them, into those of `out`."""
    for n in range(first, last):
        out[slots[n]] = values[row[slots[n]]]


@jit
def take_present(first, last, values, at, absent, out):
    """``values[at]`` from first to last into `out`, and `absent` where `at` is -1."""
    for n in range(first, last):
        out[n] = values[at[n]] if at[n] >= 0 else absent


@jit
def take_known(first, last, values, at, absent, out, mask):
    """The same, and into `mask` where `at` is -1."""
    for n in range(first, last):
        mask[n] = at[n] < 0
        out[n] = absent if mask[n] else values[at[n]]


@jit
def show_members(first, last, member, row, apart, between, rows, separations, largest, number):
    """What the associations first to last show of their members, in one look at each.

    Of every other catalogue `rows` and `separations` (arcsec) from the primary, (n_other, n); the
    `largest` separation, those `between` (n, pairs) others included; and the `number` of
    catalogues.  `row` and `apart` (n_slots,) are those of the candidates.
    """
    for n in range(first, last):
        top, count = 0.0, 1
        for b in range(member.shape[1]):
            at = member[n, b]
            if at < 0:
                rows[b, n], separations[b, n] = -1, np.nan
                continue
            rows[b, n], separations[b, n] = row[at], apart[at]
            top = max(top, apart[at])
            count += 1
        for pair in range(between.shape[1]):
            if between[n, pair] > top:  # no NaN is
                top = between[n, pair]
        largest[n], number[n] = top, count
