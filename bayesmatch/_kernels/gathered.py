"""Candidates taken out of their catalogue."""

from __future__ import annotations

from .jit import jit


@jit
def gather_circles(first, last, row, sigma, covariance):
    """Covariances (xx, yy, xy, det) of the rows of slots first to last.

    `sigma` (n,) or, the same for all, (1,) is that of circles.
    """
    each = len(sigma) > 1
    for slot in range(first, last):
        set_circle(sigma[row[slot]] if each else sigma[0], covariance[slot])


@jit
def put_circles(first, last, slots, row, sigma, covariance):
    """The same of some `slots` (n,), from first to last of them."""
    each = len(sigma) > 1
    for n in range(first, last):
        set_circle(sigma[row[slots[n]]] if each else sigma[0], covariance[slots[n]])


@jit
def set_circle(s, covariance):
    """The covariance (4,) of a circle of sigma s."""
    covariance[0], covariance[1] = s * s, s * s
    covariance[2], covariance[3] = 0.0, (s * s) * (s * s)


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
def count_members(first, last, member, number):
    """How many catalogues take part in the rows first to last, the primary's included."""
    for n in range(first, last):
        count = 1
        for b in range(member.shape[1]):
            count += member[n, b] >= 0
        number[n] = count


@jit
def raise_to(first, last, values, largest):
    """Replace the largest so far where a value, no NaN, is larger."""
    for n in range(first, last):
        if values[n] > largest[n]:
            largest[n] = values[n]
