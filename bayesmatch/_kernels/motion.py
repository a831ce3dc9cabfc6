"""Objects moved along great circles by their proper motions."""

from __future__ import annotations

import math

from .jit import jit
from .sphere import DEGREE, separation

MAS = DEGREE / 3.6e6


@jit
def move(first, last, ra, dec, pm_ra, pm_dec, years, out_ra, out_dec):
    """Positions (degrees) some years later, of rows first to last.

    On a straight line in space at constant speed, across the line of sight: the direction is
    ``p + t (east mu_alpha* + north mu_delta)``, without a radial velocity and far away (Gaia DR3
    documentation, 4.1.7).  `pm_ra` is that times cos(dec), both in mas/yr; all arrays (n,).
    What does not move keeps its position to the last bit.
    """
    for k in range(first, last):
        x, y = pm_ra[k] * years[k] * MAS, pm_dec[k] * years[k] * MAS
        if x == 0.0 and y == 0.0:
            out_ra[k], out_dec[k] = ra[k], dec[k]
            continue
        s_ra, c_ra = math.sin(DEGREE * ra[k]), math.cos(DEGREE * ra[k])
        s_dec, c_dec = math.sin(DEGREE * dec[k]), math.cos(DEGREE * dec[k])
        out = c_dec - s_dec * y  # towards the meridian of the old position
        angle = math.atan2(c_ra * x + s_ra * out, c_ra * out - s_ra * x) / DEGREE
        angle += 360.0 if angle < 0.0 else 0.0
        out_ra[k] = angle if angle < 360.0 else 0.0
        out_dec[k] = math.atan2(s_dec + c_dec * y, math.hypot(out, x)) / DEGREE


@jit
def separations(i, ra_1, dec_1, ra_2, dec_2, out):
    """Separations (m,) in arcsec of positions 2 (m,) from those of positions 1 that `i` names."""
    for k in range(len(i)):
        a, b = ra_1[i[k]], dec_1[i[k]]
        cos_1, cos_2 = math.cos(DEGREE * b), math.cos(DEGREE * dec_2[k])
        out[k] = separation(a, b, cos_1, ra_2[k], dec_2[k], cos_2)
