"""A small match with everything that a published table and a report must bear."""

from __future__ import annotations

import warnings

import numpy as np
from astropy import units as u
from astropy.table import MaskedColumn, Table
from mocpy import MOC

import bayesmatch as bm

#: what an identifier may look like at worst
NASTY = "</script><b>&\"'"
SIZE, N, N_HOSTS, N_FIELD = 0.3, 90, 70, 1500


def tables(seed=5):
    """Sources and two catalogues of objects; some sources outside the second one's area."""
    rng = np.random.default_rng(seed)
    ra, dec = 150 + rng.uniform(0, SIZE, N), 2 + rng.uniform(0, SIZE, N)
    sigma = rng.uniform(0.4, 1.6, N)
    names = [f"X {k:03d}" for k in range(N)]
    names[3] = NASTY
    sources = Table(
        {
            "NAME": names,
            "RA": ra * u.deg,
            "DEC": dec * u.deg,
            "err": sigma * u.arcsec,
            "flux [cgs]": 10.0 ** rng.uniform(-15, -13, N) * u.erg / u.s / u.cm**2,
            "counts": MaskedColumn(rng.integers(1, 500, N), mask=rng.random(N) < 0.1),
            "spectrum": rng.normal(size=(N, 3)).astype("f4"),
        }
    )
    sources["err"].description = "1 sigma per axis"
    sources["err"].info.meta = {"ucd": "stat.error"}
    sources["counts"].info.meta = {"ucd": "phot.count"}
    objects = _objects(rng, ra, dec, sigma, 0.1)
    objects["flux_r"] = MaskedColumn(
        rng.normal(20, 2, len(objects)).astype("f4"), unit="nanomaggy", mask=objects["r"] > 24
    )
    other = _objects(rng, ra, dec, sigma, 0.4)[::2]
    other["w1"] = rng.normal(17, 1, len(other))
    other["flag"] = rng.random(len(other)) < 0.5
    return sources, objects, other


def _objects(rng, ra, dec, sigma, error):
    east, north = rng.normal(size=(2, N_HOSTS)) * np.hypot(sigma[:N_HOSTS], error) / 3600
    at_dec = np.append(dec[:N_HOSTS] + north, 2 + rng.uniform(0, SIZE, N_FIELD))
    at_ra = np.append(
        ra[:N_HOSTS] + east / np.cos(np.radians(dec[:N_HOSTS])),
        150 + rng.uniform(0, SIZE, N_FIELD),
    )
    order = rng.permutation(len(at_ra))
    r = np.append(rng.normal(21, 1, N_HOSTS), rng.normal(23, 1.5, N_FIELD))
    ids = np.array([f"J{k}" for k in range(len(order))])
    return Table(
        {"ID": ids, "RA": at_ra[order] * u.deg, "DEC": at_dec[order] * u.deg, "r": r[order] * u.mag}
    )


def catalogs(sources, objects, other=None):
    """The catalogues of a match; the objects have an area that leaves some sources out."""
    moc = MOC.from_cone(lon=150.13 * u.deg, lat=2.15 * u.deg, radius=0.175 * u.deg, max_depth=13)
    found = [
        bm.Catalog(sources, name="XRAY", pos_err="err", area=SIZE**2, id="NAME"),
        bm.Catalog(objects, name="OPT", pos_err=0.1, area=moc),
    ]
    if other is not None:
        found.append(bm.Catalog(other, name="IR", pos_err=(0.4, 0.4), area=SIZE**2))
    return found


def matched(*catalogues, **how):
    """A match of them; that rows are outside an area is no news here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*are outside its area")
        return bm.match(*catalogues, radius=8.0, **how)
