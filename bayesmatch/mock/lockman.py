"""The mock sky: X-ray sources, the survey that holds their hosts, and the truth.

It stands for the SRG/eROSITA Lockman Hole survey matched to the DESI Legacy Imaging Surveys (Bykov
et al. 2022): how crowded the sky is, how bright hosts are for their X-ray flux, which bands are
missing.  *Tuned* numbers were set so that the difficulty of the match comes out as there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from ..catalogs.scalars import check_seed, true_or_false
from .arguments import check_center, check_flux_faint, check_size
from .photometry import (
    BANDS,
    FIELD_DENSITY,
    MAG_SNR,
    OPTICAL_ERROR,
    field,
    host_magnitudes,
    observe,
)

#: X-ray sources per deg^2 above FLUX_MIN (Lockman Hole list)
XRAY_DENSITY = 450.0
#: erg/s/cm^2, 0.5-2 keV
FLUX_MIN = 3e-15
#: erg/s/cm^2, 0.5-2 keV
FLUX_MAX = 3e-13
#: N(>F) ~ F^-1.5: the Euclidean slope, right above the break near 1e-14 and steep below it
FLUX_SLOPE = 1.5
#: the slope of N(>F) below FLUX_MIN, as in deep fields
FAINT_SLOPE = 0.65
#: sigma per axis (arcsec): a floor and a part that grows as counts fall; *tuned* to r98 = 6.3
SIGMA_FLOOR, SIGMA_AT_MIN, SIGMA_SLOPE = 0.8, 2.8, 0.55
#: scatter of ln sigma at one flux (exposure and off-axis angle)
SIGMA_SCATTER = 0.15


@dataclass(frozen=True)
class Sky:
    """A mock sky and everything there is to know about it."""

    primary: Table
    """the X-ray list, as of :func:`survey`"""
    secondary: Table
    """the optical survey, as of :func:`survey`"""
    truth: Table
    """``ID`` and ``counterpart`` of every source of the list"""
    xray: Table
    """every X-ray source there is, those of the list first: true ``RA`` and ``DEC``, ``flux``,
    ``primary`` (its row in the list, -1 for the fainter ones) and ``counterpart``"""


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
    drawn = sky(
        n_primary=n_primary,
        area=area,
        seed=seed,
        sigma_scale=sigma_scale,
        density=density,
        center=center,
        fluxes=fluxes,
        flux_faint=None,
    )
    return drawn.primary, drawn.secondary, drawn.truth


def sky(
    *,
    n_primary: int = 4000,
    area: float = 9.0,
    seed: int = 0,
    sigma_scale: float = 1.0,
    density: float = FIELD_DENSITY,
    center: tuple[float, float] = (161.0, 58.0),
    fluxes: bool = False,
    flux_faint: float | None = 7e-16,
) -> Sky:
    """Draw a sky as :func:`survey` does, with X-ray sources too faint for its list.

    Parameters
    ----------
    n_primary, area, seed, sigma_scale, density, center, fluxes
        As for :func:`survey`.
    flux_faint : float or None, default 7e-16
        Flux (erg/s/cm^2) down to which there are X-ray sources, below the list's 3e-15: as many
        per deg^2 as in deep fields, with hosts in the survey like the brighter ones. None: none,
        and the tables are those of :func:`survey` for this seed.

    Returns
    -------
    Sky
        With the tables ``primary``, ``secondary``, ``truth`` and ``xray``.
    """
    n_primary, area, density, sigma_scale = check_size(n_primary, area, density, sigma_scale)
    center, fluxes = check_center(center), true_or_false("fluxes", fluxes)
    flux_faint = check_flux_faint(flux_faint, FLUX_MIN)
    rng = np.random.default_rng(check_seed(seed))
    flux = _power_law_fluxes(rng, n_primary)
    sigma = (
        sigma_scale
        * np.exp(rng.normal(0, SIGMA_SCATTER, n_primary))
        * np.hypot(SIGMA_FLOOR, SIGMA_AT_MIN * (flux / FLUX_MIN) ** -SIGMA_SLOPE)
    )
    true_ra, true_dec = _uniform_positions(rng, n_primary, area, center)
    if flux_faint is not None:
        faint = _faint_fluxes(rng, flux_faint, area)
        faint_ra, faint_dec = _uniform_positions(rng, len(faint), area, center)
        flux = np.concatenate([flux, faint])
        true_ra, true_dec = np.append(true_ra, faint_ra), np.append(true_dec, faint_dec)

    host_maggies, host_error, detected = observe(rng, host_magnitudes(rng, flux))
    n_field = round(density * area) - int(detected.sum())
    if n_field < 1:
        raise ValueError(f"{density * area:.0f} survey objects cannot hold {detected.sum()} hosts")
    maggies, error = field(rng, n_field)
    ra, dec = _uniform_positions(rng, n_field, area, center)
    host_ra, host_dec = moved(rng, true_ra[detected], true_dec[detected], OPTICAL_ERROR)

    # Hosts are scattered over the survey's rows, so that row numbers tell nothing.
    order = rng.permutation(n_field + int(detected.sum()))
    secondary = _survey_table(
        np.concatenate([ra, host_ra])[order],
        np.concatenate([dec, host_dec])[order],
        np.concatenate([maggies, host_maggies[detected]])[order],
        np.concatenate([error, host_error[detected]])[order],
        fluxes,
    )
    secondary.meta = {"SKYAREA": float(area)}

    x_ra, x_dec = _as_listed(*moved(rng, true_ra[:n_primary], true_dec[:n_primary], sigma))
    ids = np.arange(n_primary)
    primary = Table(
        {"ID": ids, "RA": x_ra, "DEC": x_dec, "sigma": sigma, "flux": flux[:n_primary]},
        meta={"SKYAREA": float(area)},
        copy=False,
    )
    place = np.argsort(order)[n_field:]  # where each host went
    counterpart = np.full(len(flux), "hostless", dtype="U12")
    counterpart[detected] = place.astype(str)
    xray = Table(
        {
            "RA": true_ra,
            "DEC": true_dec,
            "flux": flux,
            "primary": np.append(ids, np.full(len(flux) - n_primary, -1)),
            "counterpart": counterpart,
        },
        meta={"SKYAREA": float(area)},
    )
    return Sky(primary, secondary, Table({"ID": ids, "counterpart": counterpart[:n_primary]}), xray)


def _survey_table(
    ra: np.ndarray, dec: np.ndarray, maggies: np.ndarray, error: np.ndarray, fluxes: bool
) -> Table:
    """The survey's objects with their magnitudes, and with fluxes if asked for."""
    ra, dec = _as_listed(ra, dec)
    out = Table({"ID": np.arange(len(ra)), "RA": ra, "DEC": dec}, copy=False)
    for b, band in enumerate(BANDS):
        with np.errstate(invalid="ignore", divide="ignore"):
            # In 64 bits: the last of 32 hangs on the processor, and on where numbers lie, and what
            # is learned from it differs as from another sky.
            mag = (22.5 - 2.5 * np.log10(maggies[:, b].astype(np.float64))).astype(np.float32)
        out[band] = np.where(maggies[:, b] > MAG_SNR * error[:, b], mag, np.nan)
        if fluxes:
            out[f"flux_{band}"] = maggies[:, b]
            out[f"flux_ivar_{band}"] = error[:, b] ** -2.0
            out[f"mw_transmission_{band}"] = np.ones(len(out), np.float32)
    return out


def _as_listed(ra: np.ndarray, dec: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions (degrees) to eight decimals, as catalogues have them.

    The last bits of a sine hang on the processor, and what samples hold, on those of positions.
    """
    return np.mod(np.round(ra, 8), 360.0), np.round(dec, 8)


def _power_law_fluxes(rng: np.random.Generator, n: int) -> np.ndarray:
    """X-ray fluxes from a power law between FLUX_MIN and FLUX_MAX."""
    tail = (FLUX_MAX / FLUX_MIN) ** -FLUX_SLOPE
    flux: np.ndarray = FLUX_MIN * (1 - rng.random(n) * (1 - tail)) ** (-1 / FLUX_SLOPE)
    return flux


def _faint_fluxes(rng: np.random.Generator, lowest: float, area: float) -> np.ndarray:
    """Fluxes of the sources between `lowest` and FLUX_MIN, as many as there are on the sky."""
    more = (lowest / FLUX_MIN) ** -FAINT_SLOPE  # N(> lowest) / N(> FLUX_MIN)
    n = rng.poisson(XRAY_DENSITY * area * (more - 1))
    flux: np.ndarray = FLUX_MIN * rng.uniform(1, more, n) ** (-1 / FAINT_SLOPE)
    return flux


def _uniform_positions(
    rng: np.random.Generator, n: int, area: float, center: tuple[float, float]
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


def moved(
    rng: np.random.Generator, ra: np.ndarray, dec: np.ndarray, sigma: np.ndarray | float
) -> tuple[np.ndarray, np.ndarray]:
    """Positions moved by a Gaussian error per axis (arcsec)."""
    east, north = rng.normal(size=(2, len(ra))) * sigma / 3600
    return np.mod(ra + east / np.cos(np.radians(dec)), 360.0), np.clip(dec + north, -90, 90)
