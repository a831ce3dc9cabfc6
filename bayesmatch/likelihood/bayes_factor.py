"""The Bayes factor of positions."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._kernels import likelihood as kernels
from .checks import check_all, numbers


def ln_bayes_factor(offsets: Any, covariances: Any) -> Any:
    """Ln of the Bayes factor of associations of K members against chance, from positions alone.

    With covariances C_i, P_i = C_i^-1, W = sum P_i, h = sum P_i x_i, lengths in radians::

        ln B = (K-1) ln 2 - (sum ln|C_i| + ln|W|) / 2 - (sum x_i^T P_i x_i - h^T W^-1 h) / 2

    which for circles (w_i = 1 / sigma_i^2, separations psi_ij) is::

        B = 2^(K-1) prod w_i / sum w_i exp(-sum_{i<j} w_i w_j psi_ij^2 / (2 sum w_i))

    Parameters
    ----------
    offsets : array_like, shape (..., K, 2)
        Positions in arcsec east and north of any common point, in a tangent plane: right for
        offsets far below a degree. K is 1 or more.
    covariances : array_like, shape (..., K, 2, 2)
        Position errors in arcsec^2, ``[[east^2, east*north], [east*north, north^2]]``, symmetric
        and positive definite. The leading dimensions broadcast against those of `offsets`. Of
        both, Quantities may be in other units.

    Returns
    -------
    float or ndarray of float64, shape (...)
        Natural logarithm; 0 for K = 1. It does not depend on the order of the members, on a shift
        or on a rotation; lengths scaled by f add ``-2 (K - 1) ln f``.

    Raises
    ------
    ValueError
        If shapes do not fit, a value is not finite, a covariance is not symmetric and positive
        definite, or the result is beyond double precision; says which association.
    TypeError
        If the values are not real numbers.

    Examples
    --------
    >>> import bayesmatch as bm
    >>> import numpy as np
    >>> separation = np.array([0.0, 1.0, 5.0])
    >>> offsets = np.zeros((3, 2, 2))
    >>> offsets[:, 1, 0] = separation
    >>> ln_b = bm.likelihood.ln_bayes_factor(offsets, 0.5 * np.eye(2)[None].repeat(2, 0))
    >>> np.round(ln_b, 3).tolist()
    [25.167, 24.667, 12.667]
    """
    x, c = numbers("offsets", offsets, "arcsec"), numbers("covariances", covariances, "arcsec2")
    if x.ndim < 2 or x.shape[-1] != 2 or x.shape[-2] == 0:
        raise ValueError(f"offsets have shape {x.shape}; give (..., K, 2) with K of 1 or more")
    if c.ndim < 3 or c.shape[-2:] != (2, 2) or c.shape[-3] != x.shape[-2]:
        raise ValueError(
            f"covariances have shape {c.shape} for offsets of shape {x.shape}; "
            f"give (..., {x.shape[-2]}, 2, 2)"
        )
    check_all("offsets", x, np.isfinite(x), "they must be finite (arcsec)")
    _check_covariances(c)
    try:
        shape = np.broadcast_shapes(x.shape[:-2], c.shape[:-3])
    except ValueError:
        raise ValueError(
            f"offsets of shape {x.shape} and covariances of shape {c.shape} do not broadcast; "
            "their leading dimensions must be equal or 1"
        ) from None
    n, n_members = int(np.prod(shape, dtype=np.int64)), x.shape[-2]
    out = np.empty(n)
    kernels.ln_bayes_each(
        np.broadcast_to(x, (*shape, n_members, 2)).reshape(n, n_members, 2),
        np.broadcast_to(c, (*shape, n_members, 2, 2)).reshape(n, n_members, 2, 2),
        out,
    )
    check_all("ln B", out, np.isfinite(out), "errors or offsets are too extreme for doubles")
    return out.reshape(shape)[()]


def _check_covariances(c: np.ndarray) -> None:
    xx, yy, xy = c[..., 0, 0], c[..., 1, 1], c[..., 0, 1]
    check_all("covariances", c, np.isfinite(c), "they must be finite (arcsec^2)")
    symmetric = np.abs(xy - c[..., 1, 0]) <= 1e-12 * np.sqrt(np.abs(xx * yy))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        good = (xx > 0) & (yy > 0) & (np.abs(xy) < np.sqrt(xx) * np.sqrt(yy)) & symmetric
    if not good.all():
        at = tuple(int(k) for k in np.argwhere(~good)[0])
        raise ValueError(
            f"the covariance at {list(at)} is {c[at].tolist()}; it must be symmetric and "
            "positive definite (arcsec^2)"
        )
