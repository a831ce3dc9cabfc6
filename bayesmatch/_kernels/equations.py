"""Linear equations, solved by the thread that asks.

LAPACK's threads get into the way of those that sum: with a hundred unknowns a step then takes ten
times as long.
"""

from __future__ import annotations

import math

from .jit import jit


@jit
def solve_positive(matrix, right):
    """Solution of matrix x = right by Cholesky's decomposition; both are overwritten.

    Of the symmetric `matrix` (d, d) the lower triangle counts. Unknowns whose pivot vanishes are 0;
    returns whether none does, as of a positive definite matrix.
    """
    n, definite = len(right), True
    for j in range(n):
        pivot = matrix[j, j]
        for k in range(j):
            pivot -= matrix[j, k] * matrix[j, k]
        definite &= pivot > 1e-12
        pivot = math.sqrt(pivot) if pivot > 1e-12 else 0.0
        matrix[j, j] = pivot
        for i in range(j + 1, n):
            s = matrix[i, j]
            for k in range(j):
                s -= matrix[i, k] * matrix[j, k]
            matrix[i, j] = s / pivot if pivot > 0.0 else 0.0
    for i in range(n):
        s = right[i]
        for k in range(i):
            s -= matrix[i, k] * right[k]
        right[i] = s / matrix[i, i] if matrix[i, i] > 0.0 else 0.0
    for i in range(n - 1, -1, -1):
        s = right[i]
        for k in range(i + 1, n):
            s -= matrix[k, i] * right[k]
        right[i] = s / matrix[i, i] if matrix[i, i] > 0.0 else 0.0
    return definite
