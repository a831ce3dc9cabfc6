"""Densities of field objects by pattern, brought to those that each catalogue has."""

from __future__ import annotations

import math

import numpy as np

from .equations import solve_positive
from .jit import jit


@jit
def fit_to_sums(first, last, rho, bits, sweeps, fitting, steps, fitted, nu):
    """Give `nu` (n, patterns) the sums `rho` (n, n_other), by a factor for every catalogue.

    ``bits`` (patterns, n_other) bool: which catalogues see the objects of a pattern.  Sweeps over
    the catalogues, until all factors are nearly 1 (by `fitting`), then Newton's steps for ln of the
    factors, until they are less than `fitted`: sweeps leave the last catalogue nearer to its sum.
    """
    n_other = bits.shape[1]
    room = np.empty((n_other, n_other)), np.empty(n_other), np.empty(n_other)
    for i in range(first, last):
        for _ in range(sweeps):
            if sweep(rho[i], bits, nu[i]) < fitting:
                break
        if n_other == 1:
            continue
        for _ in range(steps):
            largest = newton_step(rho[i], bits, nu[i], *room)
            if not fitted < largest < 1.0:  # farther is no fit
                break
            step = room[1]
            for t in range(len(bits)):
                change = 0.0
                for k in range(n_other):
                    change += step[k] * bits[t, k]
                nu[i, t] *= math.exp(change)


@jit
def sweep(rho, bits, nu):
    """Bring the sums to `rho` one after the other; how far the factors were from 1 at most."""
    largest = 0.0
    for k in range(len(rho)):
        factor = rho[k] / seen_by(k, bits, nu)
        for t in range(len(bits)):
            if bits[t, k]:
                nu[t] *= factor
        largest = max(largest, abs(factor - 1.0))
    return largest


@jit
def seen_by(k, bits, nu):
    """Density of all objects that a catalogue sees."""
    total = 0.0
    for t in range(len(bits)):
        if bits[t, k]:
            total += nu[t]
    return total


@jit
def newton_step(rho, bits, nu, matrix, step, unit):
    """The `step` (n_other,) in ln of the factors, and the largest of them."""
    n_other = len(rho)
    for j in range(n_other):
        # In units of the densities: of a catalogue that has not looked it is next to nothing.
        unit[j] = math.sqrt(rho[j])
    for j in range(n_other):
        step[j] = (rho[j] - seen_by(j, bits, nu)) / unit[j]
        for k in range(n_other):
            both = 0.0
            for t in range(len(bits)):
                if bits[t, j] and bits[t, k]:
                    both += nu[t]
            matrix[j, k] = both / unit[j] / unit[k]
        matrix[j, j] += 1e-14
    solve_positive(matrix, step)
    largest = 0.0
    for j in range(n_other):
        step[j] /= unit[j]
        largest = max(largest, abs(step[j]))
    return largest
