"""What Chandra and XMM-Newton would see of a mock sky: fewer sources, better positions."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from ..catalogs.scalars import check_seed
from .lockman import Sky, moved


@dataclass(frozen=True)
class Telescope:
    """A telescope that points here and there and measures precise X-ray positions."""

    name: str
    sigma: tuple[float, float]
    """position errors, arcsec per axis: uniform between these"""
    flux_limit: tuple[float, float]
    """of its pointings, erg/s/cm^2: log-uniform between these"""
    pointing_radius: float
    """arcmin"""
    coverage: float
    """share of the sky inside at least one pointing, about; 1: all of it, at the lowest limit"""
    variability: float = 0.2
    """scatter of log10 of the flux against the list's: other years, other detectors"""
    flawed: float = 0.05
    """share of sources (confused, at the edge) whose position is FLAW times worse than said;
    none of them is flagged secure"""
    flagged: float = 0.05
    """share of good sources that are not flagged secure either"""


#: Chandra: sharp positions, small fields, as deep as the list everywhere or deeper
CHANDRA = Telescope("CHANDRA", (0.3, 0.8), (1e-15, 3e-15), 9.0, 0.25)
#: XMM-Newton: larger errors, larger fields, as deep as the list or deeper
XMM = Telescope("XMM", (1.0, 1.5), (1.5e-15, 3e-15), 14.0, 0.25)
#: how much worse the position of a flawed source is than its error says
FLAW = 4.0


def precise(sky: Sky, telescope: Telescope = CHANDRA, *, seed: int = 0) -> Table:
    """Look at a mock sky with a more precise telescope.

    Parameters
    ----------
    sky : Sky
        From :func:`bayesmatch.mock.sky`.
    telescope : Telescope, default CHANDRA
        ``bm.mock.CHANDRA``, ``bm.mock.XMM`` or one of your own.
    seed : int, default 0
        The same seed gives the same table; telescopes of different names differ.

    Returns
    -------
    Table
        The sources it detects, those below the list's flux limit included: ``ID`` (name and
        number), ``RA``, ``DEC``, ``sigma`` (arcsec per axis), ``flux`` (erg/s/cm^2), ``secure``,
        and as truth ``xray``, the source's row in ``sky.xray``. SKYAREA is in its meta.
    """
    if not isinstance(sky, Sky):
        raise TypeError(f"sky is a {type(sky).__name__}; give what bayesmatch.mock.sky() returns")
    # Not the seed alone: the sky itself may have been drawn with it.
    rng = np.random.default_rng([check_seed(seed), zlib.crc32(telescope.name.encode())])
    xray = sky.xray
    limit = _flux_limits(rng, sky, telescope)
    flux = np.asarray(xray["flux"]) * 10 ** rng.normal(0, telescope.variability, len(xray))
    row = rng.permutation(np.flatnonzero(flux > limit))
    n = len(row)
    sigma = rng.uniform(*telescope.sigma, n)
    flawed = rng.random(n) < telescope.flawed
    ra, dec = moved(
        rng,
        np.asarray(xray["RA"])[row],
        np.asarray(xray["DEC"])[row],
        np.where(flawed, FLAW, 1.0) * sigma,
    )
    secure = ~flawed & (rng.random(n) >= telescope.flagged)
    return Table(
        {
            "ID": [f"{telescope.name}-{k}" for k in range(n)],
            "RA": ra,
            "DEC": dec,
            "sigma": sigma,
            "flux": flux[row],
            "secure": secure,
            "xray": row,
        },
        meta={"SKYAREA": xray.meta["SKYAREA"] * min(telescope.coverage, 1.0)},
    )


def _flux_limits(rng: np.random.Generator, sky: Sky, telescope: Telescope) -> np.ndarray:
    """The lowest flux limit of the pointings that hold each X-ray source, inf outside them all."""
    at = _unit_vectors(sky.xray)
    lowest, highest = np.log(telescope.flux_limit)
    if telescope.coverage >= 1:
        return np.full(len(at), telescope.flux_limit[0])
    radius = np.radians(telescope.pointing_radius / 60)
    share = np.pi * np.degrees(radius) ** 2 / sky.xray.meta["SKYAREA"]
    n = max(1, round(-np.log1p(-telescope.coverage) / share))
    # Centres on survey objects are uniform over the same area.
    centres = _unit_vectors(sky.secondary[rng.integers(0, len(sky.secondary), n)])
    limits = np.exp(rng.uniform(lowest, highest, n))
    out = np.full(len(at), np.inf)
    for centre, limit in zip(centres, limits, strict=True):
        inside = at @ centre > np.cos(radius)
        out[inside] = np.minimum(out[inside], limit)
    return out


def _unit_vectors(table: Table) -> np.ndarray:
    ra, dec = np.radians(table["RA"]), np.radians(table["DEC"])
    return np.column_stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
