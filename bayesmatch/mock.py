"""A mock X-ray list and optical survey with known counterparts, after the Lockman Hole.

It stands for the SRG/eROSITA Lockman Hole survey matched to the DESI Legacy Imaging Surveys (Bykov
et al. 2022): how crowded the sky is, how bright hosts are for their X-ray flux, which bands are
missing.  Where each number comes from is said beside it; those marked *tuned* were set so that the
fractions of missing bands and the difficulty of the match come out as in that survey.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy.table import Table

BANDS = ("g", "r", "z", "w1", "w2")
#: survey objects per deg^2 (Legacy Survey in the Lockman Hole)
FIELD_DENSITY = 58_000.0
#: X-ray sources per deg^2 above FLUX_MIN (Lockman Hole list)
XRAY_DENSITY = 450.0
#: erg/s/cm^2, 0.5-2 keV
FLUX_MIN = 3e-15
FLUX_MAX = 3e-13
#: N(>F) ~ F^-1.5: the Euclidean slope, right above the break near 1e-14 and steep below it
FLUX_SLOPE = 1.5
#: sigma per axis (arcsec): a floor and a part that grows as counts fall; *tuned* to r98 = 6.3
SIGMA_FLOOR, SIGMA_AT_MIN, SIGMA_SLOPE = 0.8, 2.8, 0.55
#: scatter of ln sigma at one flux (exposure and off-axis angle)
SIGMA_SCATTER = 0.15
#: 5-sigma AB depths of the survey, *tuned* (Legacy: about 24.0, 23.4, 22.5 for g r z; unWISE)
DEPTH = (24.2, 23.45, 23.3, 21.55, 20.95)
#: depth varies over the sky by this much (mag, 1 sigma)
DEPTH_SCATTER = 0.15
#: fraction of the sky that has an image in each band: gaps and masked stars, *tuned*
COVERAGE = (0.97, 0.975, 0.93, 1.0, 1.0)
#: detected with this S/N in g, r or z to be in the survey (Legacy: about 6)
DETECTION_SNR = 6.0
#: a magnitude is given when S/N exceeds this
MAG_SNR = 3.0
#: error of optical positions, arcsec per axis
OPTICAL_ERROR = 0.1
#: fraction of AGN that are unobscured
UNOBSCURED = 0.55


@dataclass(frozen=True)
class Population:
    """A kind of object: brightness in r and colours, AB mag."""

    share: float
    """of the field, by number before detection"""
    slope: float
    """d log10 N / d mag of the counts in r"""
    bright: float
    """brightest r"""
    colors: tuple[float, float, float, float]
    """mean g-r, r-z, z-w1, w1-w2"""
    scatter: tuple[float, float, float, float]
    """and their scatter"""


FAINTEST_R = 26.0
#: counts and colours of high-latitude stars and of galaxies at z < 1.2, *tuned* in share
FIELD = (
    Population(0.06, 0.14, 15.0, (0.95, 0.85, -0.70, -0.62), (0.45, 0.45, 0.35, 0.12)),
    Population(0.66, 0.36, 17.0, (0.55, 0.45, 0.35, -0.25), (0.30, 0.35, 0.65, 0.30)),
    Population(0.28, 0.33, 17.0, (1.30, 0.95, 1.00, -0.30), (0.30, 0.30, 0.50, 0.25)),
)
#: AGN hosts: colours of broad-line quasars, and of obscured ones in galaxy light with hot dust
QUASAR = Population(0, 0, 0, (0.25, 0.35, 1.05, 0.30), (0.25, 0.30, 0.55, 0.25))
OBSCURED = Population(0, 0, 0, (0.95, 0.90, 1.15, 0.02), (0.40, 0.35, 0.55, 0.30))
#: log10 of the X-ray to r-band flux ratio, log Fx + 5.67 + r / 2.5: mean and scatter by kind
X_TO_O = {True: (-0.20, 0.42), False: (0.10, 0.48)}


def survey(
    *,
    n_primary: int = 4000,
    area: float = 9.0,
    seed: int = 0,
    sigma_scale: float = 1.0,
    density: float = FIELD_DENSITY,
    center: tuple[float, float] = (161.0, 58.0),
    fluxes: bool = False,
) -> tuple[Table, Table, Table]:
    """Draw an X-ray list, an optical survey around it, and the truth.

    Parameters
    ----------
    n_primary : int, default 4000
        Number of X-ray sources.
    area : float, default 9
        Sky area in deg^2, a square around `center`.
    seed : int, default 0
        The same seed gives the same tables.
    sigma_scale : float, default 1
        Factor on the X-ray position errors.
    density : float, default 58,000
        Survey objects per deg^2.
    center : (float, float), default (161, 58)
        RA and Dec of the centre, degrees.
    fluxes : bool, default False
        Also give ``flux_<band>``, ``flux_ivar_<band>`` (nanomaggies) and
        ``mw_transmission_<band>`` (1), as the Legacy Survey does.

    Returns
    -------
    primary : Table
        ``ID``, ``RA``, ``DEC``, ``sigma`` (arcsec per axis), ``flux`` (erg/s/cm^2).
    secondary : Table
        ``ID``, ``RA``, ``DEC`` and AB magnitudes ``g r z w1 w2``, NaN below S/N 3. Both
        have SKYAREA in their meta.
    truth : Table
        ``ID`` of the source and ``counterpart``, an ID of the survey or ``"hostless"``: the host
        exists in the sky but is too faint for the survey.

    Notes
    -----
    Matched by distance alone this sky is about 85% right; 2 to 4% of its sources are hostless.
    """
    if not (n_primary >= 1 and area > 0 and density > 0 and sigma_scale > 0):
        raise ValueError("n_primary, area, density and sigma_scale must be positive")
    rng = np.random.default_rng(seed)
    flux = _fluxes(rng, n_primary)
    sigma = sigma_scale * np.exp(rng.normal(0, SIGMA_SCATTER, n_primary)) * np.hypot(
        SIGMA_FLOOR, SIGMA_AT_MIN * (flux / FLUX_MIN) ** -SIGMA_SLOPE)
    true_ra, true_dec = _positions(rng, n_primary, area, center)

    host_maggies, host_error, detected = _observe(rng, _host_magnitudes(rng, flux))
    n_field = round(density * area) - int(detected.sum())
    if n_field < 1:
        raise ValueError(f"{density * area:.0f} survey objects cannot hold {detected.sum()} hosts")
    maggies, error = _field(rng, n_field)
    ra, dec = _positions(rng, n_field, area, center)
    host_ra, host_dec = _moved(rng, true_ra[detected], true_dec[detected], OPTICAL_ERROR)

    # Hosts are scattered over the survey's rows, so that row numbers tell nothing.
    order = rng.permutation(n_field + int(detected.sum()))
    maggies = np.concatenate([maggies, host_maggies[detected]])[order]
    error = np.concatenate([error, host_error[detected]])[order]
    meta = {"SKYAREA": float(area)}
    secondary = Table({"ID": np.arange(len(order)),
                       "RA": np.concatenate([ra, host_ra])[order],
                       "DEC": np.concatenate([dec, host_dec])[order]}, meta=meta, copy=False)
    for b, band in enumerate(BANDS):
        with np.errstate(invalid="ignore", divide="ignore"):
            mag = 22.5 - 2.5 * np.log10(maggies[:, b])
        secondary[band] = np.where(maggies[:, b] > MAG_SNR * error[:, b], mag, np.nan)
        if fluxes:
            secondary[f"flux_{band}"] = maggies[:, b]
            secondary[f"flux_ivar_{band}"] = error[:, b] ** -2.0
            secondary[f"mw_transmission_{band}"] = np.ones(len(order), np.float32)

    x_ra, x_dec = _moved(rng, true_ra, true_dec, sigma)
    primary = Table({"ID": np.arange(n_primary), "RA": x_ra, "DEC": x_dec, "sigma": sigma,
                     "flux": flux}, meta=meta, copy=False)
    place = np.argsort(order)[n_field:]  # where each host went
    counterpart = np.full(n_primary, "hostless", dtype="U12")
    counterpart[detected] = place.astype(str)
    return primary, secondary, Table({"ID": np.arange(n_primary), "counterpart": counterpart})


def _fluxes(rng: np.random.Generator, n: int) -> np.ndarray:
    """X-ray fluxes from a power law between FLUX_MIN and FLUX_MAX."""
    tail = (FLUX_MAX / FLUX_MIN) ** -FLUX_SLOPE
    return FLUX_MIN * (1 - rng.random(n) * (1 - tail)) ** (-1 / FLUX_SLOPE)


def _positions(rng: np.random.Generator, n: int, area: float, center: tuple[float, float]
               ) -> tuple[np.ndarray, np.ndarray]:
    """Uniform positions in a box of this area: uniform in sin(dec)."""
    side = np.radians(np.sqrt(area)) / 2
    middle = np.radians(center[1])
    low, high = np.sin(max(middle - side, -np.pi / 2)), np.sin(min(middle + side, np.pi / 2))
    width = np.degrees(np.radians(1) ** 2 * area / (high - low))
    if width > 360:
        raise ValueError(f"area {area:g} deg^2 does not fit around dec {center[1]:g}")
    ra = center[0] + width * (rng.random(n) - 0.5)
    return np.mod(ra, 360.0), np.degrees(np.arcsin(rng.uniform(low, high, n)))


def _moved(rng: np.random.Generator, ra: np.ndarray, dec: np.ndarray, sigma: np.ndarray | float
           ) -> tuple[np.ndarray, np.ndarray]:
    """Positions moved by a Gaussian error per axis (arcsec)."""
    east, north = rng.normal(size=(2, len(ra))) * sigma / 3600
    return np.mod(ra + east / np.cos(np.radians(dec)), 360.0), np.clip(dec + north, -90, 90)


def _host_magnitudes(rng: np.random.Generator, flux: np.ndarray) -> np.ndarray:
    """True AB magnitudes (n, 5) of the hosts of sources of these X-ray fluxes."""
    unobscured = rng.random(len(flux)) < UNOBSCURED
    mean, scatter = np.where(unobscured[:, None], X_TO_O[True], X_TO_O[False]).T
    r = 2.5 * (rng.normal(mean, scatter) - np.log10(flux) - 5.67)
    return np.where(unobscured[:, None], _with_colors(rng, r, QUASAR),
                    _with_colors(rng, r, OBSCURED))


def _with_colors(rng: np.random.Generator, r: np.ndarray, kind: Population) -> np.ndarray:
    """Magnitudes in all bands from r and the colours of a population."""
    g_r, r_z, z_w1, w1_w2 = (rng.normal(kind.colors, kind.scatter, (len(r), 4))).T
    z = r - r_z
    return np.column_stack([r + g_r, r, z, z - z_w1, z - z_w1 - w1_w2])


def _observe(rng: np.random.Generator, magnitude: np.ndarray
             ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Measured fluxes and errors in nanomaggies, and whether the survey detects the object."""
    depth = np.asarray(DEPTH) + rng.normal(0, DEPTH_SCATTER, (len(magnitude), 1))
    error = 10 ** (-0.4 * (depth - 22.5)) / 5
    error = np.where(rng.random(magnitude.shape) < COVERAGE, error, np.inf)
    noise = np.where(np.isfinite(error), error, 0.0) * rng.normal(size=magnitude.shape)
    flux = np.where(np.isfinite(error), 10 ** (-0.4 * (magnitude - 22.5)) + noise, 0.0)
    detected = np.any(flux[:, :3] > DETECTION_SNR * error[:, :3], axis=1)
    return flux.astype(np.float32), error.astype(np.float32), detected


def _field(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Fluxes and errors of n detected field objects, drawn in blocks until there are enough."""
    share = np.cumsum([p.share for p in FIELD])
    fluxes, errors, found = [], [], 0
    while found < n:
        size = 200_000
        kind = np.searchsorted(share / share[-1], rng.random(size))
        magnitude = np.empty((size, len(BANDS)))
        for number, population in enumerate(FIELD):
            mine = kind == number
            u = rng.random(int(mine.sum()))
            low, high = (10 ** (population.slope * m) for m in (population.bright, FAINTEST_R))
            r = np.log10(low + u * (high - low)) / population.slope
            magnitude[mine] = _with_colors(rng, r, population)
        flux, error, detected = _observe(rng, magnitude)
        fluxes.append(flux[detected])
        errors.append(error[detected])
        found += int(detected.sum())
    return np.concatenate(fluxes)[:n], np.concatenate(errors)[:n]
