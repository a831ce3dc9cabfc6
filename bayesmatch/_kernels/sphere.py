"""Distances and directions on the sphere that stay exact for small angles and at the poles."""

from __future__ import annotations

import math

from .jit import jit

DEGREE = math.pi / 180.0
ARCSEC = DEGREE / 3600.0
#: half differences (radians) of which a double does not hold the fifth power beside the first
NEAR = 2.0**-12
SIXTH = 1.0 / 6.0


@jit
def separation(ra_1, dec_1, cos_dec_1, ra_2, dec_2, cos_dec_2):
    """Great-circle separation in arcsec of two positions in degrees (haversine formula).

    The coordinate differences are formed in degrees, where they are exact for neighbours, so the
    relative error is a few ulp at any separation below 90 degrees.
    """
    return separation_of(ra_2 - ra_1, dec_2 - dec_1, cos_dec_1, cos_dec_2)


@jit
def separation_of(d_ra, d_dec, cos_dec_1, cos_dec_2):
    """The same from the coordinate differences.

    Within a minute of arc the first terms of sine and arcsine are all that a double holds, and
    take a tenth of the time: the digits are those of the functions.
    """
    x, y = 0.5 * DEGREE * d_ra, 0.5 * DEGREE * d_dec
    if (abs(x) < NEAR) & (abs(y) < NEAR):
        return separation_near(x, y, cos_dec_1, cos_dec_2)
    s_dec, s_ra = math.sin(y), math.sin(x)
    h = s_dec * s_dec + cos_dec_1 * cos_dec_2 * s_ra * s_ra
    return 2.0 / ARCSEC * math.asin(math.sqrt(min(h, 1.0)))


@jit
def separation_near(x, y, cos_dec_1, cos_dec_2):
    """The same from half the coordinate differences (radians), both below :data:`NEAR`."""
    xx, yy = x * x, y * y
    s_ra, s_dec = x - x * xx * (SIXTH - xx / 120.0), y - y * yy * (SIXTH - yy / 120.0)
    h = s_dec * s_dec + cos_dec_1 * cos_dec_2 * s_ra * s_ra
    s = math.sqrt(h)
    return 2.0 / ARCSEC * (s + s * h * (SIXTH + h * (0.075 + h * 15.0 / 336.0)))


@jit
def offset(ra_1, dec_1, ra_2, dec_2, distance):
    """Offset (east, north) of position 2 in the plane at position 1, at its true `distance`.

    The direction is the great circle's at position 1 (zenithal equidistant projection).  The
    north component is written without the cancellation of the textbook formula.
    """
    d_ra = DEGREE * (ra_2 - ra_1)
    cos_2 = math.cos(DEGREE * dec_2)
    half = math.sin(0.5 * d_ra)
    east = math.sin(d_ra) * cos_2
    north = (
        math.sin(DEGREE * (dec_2 - dec_1)) + 2.0 * math.sin(DEGREE * dec_1) * cos_2 * half * half
    )
    length = math.hypot(east, north)
    if length == 0.0:
        return 0.0, 0.0
    return distance * east / length, distance * north / length


@jit
def offsets(row, ra_1, dec_1, ra_2, dec_2, distance, out):
    """Offsets `out` (m, 2) of positions 2 (m,) from those of positions 1 that `row` (m,) names."""
    for k in range(len(row)):
        i = row[k]
        out[k, 0], out[k, 1] = offset(ra_1[i], dec_1[i], ra_2[k], dec_2[k], distance[k])


@jit
def convergence(ra_1, dec_1, ra_2, dec_2):
    """Angle to add to a position angle at 2 when it is carried along the great circle to 1.

    Napier's analogy for the triangle of the two positions and the pole; radians.
    """
    half_ra = 0.5 * DEGREE * (ra_2 - ra_1)
    numerator = math.sin(half_ra) * math.sin(0.5 * DEGREE * (dec_1 + dec_2))
    denominator = math.cos(half_ra) * math.cos(0.5 * DEGREE * (dec_2 - dec_1))
    return -2.0 * math.atan2(numerator, denominator)


@jit
def rotate_covariance(xx, yy, xy, angle):
    """Covariance (east, north) after its axes turn by `angle` from north through east."""
    c, s = math.cos(angle), math.sin(angle)
    return (
        c * c * xx + 2.0 * c * s * xy + s * s * yy,
        s * s * xx - 2.0 * c * s * xy + c * c * yy,
        (c * c - s * s) * xy + c * s * (yy - xx),
    )
