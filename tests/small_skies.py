"""Catalogues of a few sources at places given by hand."""

import numpy as np
from astropy import units
from astropy.table import Table
from mocpy import MOC

import bayesmatch as bm

#: one density per catalogue, sources by themselves: what can be worked out by hand
BY_HAND = {"field": "uniform", "claims": "independent"}
RA, DEC = 180.0, 30.0
#: beside a source: enough objects for a density (false radius 3.49") and against a hole
FIELD = [(15.0, 0.0), (-20.0, 0.0)]


def catalog(places, name, pos_err=0.5, area=0.01, tails=(0.0, 3.0), **columns):
    """A catalogue of sources at (east, north) arcsec of one place."""
    east, north = np.array(places, dtype=float).reshape(-1, 2).T
    dec = DEC + north / 3600
    table = Table(
        {
            "ID": [f"{name}{k}" for k in range(len(dec))],
            "RA": RA + east / 3600 / np.cos(np.radians(dec)),
            "DEC": dec,
            **columns,
        }
    )
    wide = dict(zip(("tail_fraction", "tail_factor"), tails, strict=True))
    return bm.Catalog(table, name=name, pos_err=pos_err, area=area, **wide)


def looked_at_in_part(catalog, center, radius):
    """A catalogue that has looked only within `radius` (deg) of a position, as its MOC says."""
    moc = MOC.from_cone(*(c * units.deg for c in center), radius=radius * units.deg, max_depth=13)
    return bm.Catalog(catalog.table, name=catalog.name, pos_err=catalog.pos_err, area=moc), moc
