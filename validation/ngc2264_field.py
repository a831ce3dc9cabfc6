"""The catalogues of NGC 2264, and the chain from XMM-Newton through Chandra to 2MASS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import astropy.units as u
import numpy as np
import pandas as pd
from astropy.coordinates import SkyCoord

import bayesmatch as bm

DATA = Path(__file__).parent / "data" / "ngc2264"
#: 1 sigma per axis (arcsec); the catalogues come without errors
SIGMA = {"XMM": 1.5, "CHANDRA": 0.5, "GAIA": 0.1, "TMASS": 0.2, "WISE": 0.3}
STARS = ("GAIA", "TMASS", "WISE")
#: links of the chain, and how far a star must be where there is none (arcsec)
CHAIN_XMM, CHAIN_2MASS, NO_2MASS = 5.0, 1.0, 3.0


@dataclass(frozen=True)
class Chain:
    """What Chandra says of every XMM-Newton source."""

    star: np.ndarray
    """(n,) row of the 2MASS star, -1 where the chain gives none"""
    without: np.ndarray
    """(n,) bool: the Chandra source has no 2MASS star near it"""
    chandra: np.ndarray
    """(n,) row of the nearest Chandra source"""


def read(name: str) -> pd.DataFrame:
    """One catalogue: ID, RA, DEC."""
    file = {"TMASS": "2mass"}.get(name, name.lower())
    return pd.read_csv(DATA / f"{file}.csv.gz", dtype={"ID": str})


def catalog(name: str, table: pd.DataFrame, area: float) -> bm.Catalog:
    """The catalogue with its assumed error."""
    return bm.Catalog(table, name=name, pos_err=SIGMA[name], area=area)


def sky_areas(tables: dict[str, pd.DataFrame]) -> dict[str, float]:
    """Square degrees: the circle the stars fill, and the cells with Chandra sources."""
    stars = pd.concat([tables[name] for name in STARS])
    centre = SkyCoord(
        (stars["RA"].min() + stars["RA"].max()) / 2,
        (stars["DEC"].min() + stars["DEC"].max()) / 2,
        unit="deg",
    )
    circle = float(np.pi * positions(stars).separation(centre).deg.max() ** 2)
    fields = bm.Catalog(tables["CHANDRA"], name="CHANDRA", pos_err=1.0, area=1.0).estimate_area()
    return {name: fields if name == "CHANDRA" else circle for name in SIGMA}


def positions(table: pd.DataFrame) -> SkyCoord:
    """Positions of a catalogue."""
    return SkyCoord(table["RA"].to_numpy(), table["DEC"].to_numpy(), unit="deg")


def follow_chain(tables: dict[str, pd.DataFrame]) -> Chain:
    """XMM-Newton to the nearest Chandra source to the nearest 2MASS star."""
    chandra, apart, _ = positions(tables["XMM"]).match_to_catalog_sky(positions(tables["CHANDRA"]))
    star, next_apart, _ = positions(tables["CHANDRA"]).match_to_catalog_sky(
        positions(tables["TMASS"])
    )
    near = apart.arcsec < CHAIN_XMM
    found = near & (next_apart.arcsec[chandra] < CHAIN_2MASS)
    return Chain(
        np.where(found, star[chandra], -1), near & (next_apart.arcsec[chandra] > NO_2MASS), chandra
    )


def nearest_star(tables: dict[str, pd.DataFrame]) -> np.ndarray:
    """The nearest 2MASS star of every XMM-Newton source."""
    star, _, _ = positions(tables["XMM"]).match_to_catalog_sky(positions(tables["TMASS"]))
    return np.asarray(star)


def along_chain(tables: dict[str, pd.DataFrame], chain: Chain) -> tuple[np.ndarray, np.ndarray]:
    """XMM-Newton's position minus its star's (arcsec east, north), for the sources of the chain."""
    rows = np.flatnonzero(chain.star >= 0)
    star = positions(tables["TMASS"].iloc[chain.star[rows]])
    east, north = star.spherical_offsets_to(positions(tables["XMM"].iloc[rows]))
    return east.arcsec, north.arcsec


def truth(tables: dict[str, pd.DataFrame], chain: Chain) -> pd.DataFrame:
    """The chain as `bayesmatch.assess` takes it."""
    known = (chain.star >= 0) | chain.without
    star = tables["TMASS"]["ID"].to_numpy()[chain.star]
    return pd.DataFrame(
        {
            "XMM_ID": tables["XMM"]["ID"][known],
            "TMASS_ID": np.where(chain.without, "hostless", star)[known],
        }
    )


def moved(table: pd.DataFrame, east: float, north: float, area: float) -> bm.Catalog:
    """XMM-Newton's sources elsewhere (arcsec)."""
    shifted = positions(table).spherical_offsets_by(east * u.arcsec, north * u.arcsec)
    return catalog("XMM", table.assign(RA=shifted.ra.deg, DEC=shifted.dec.deg), area)
