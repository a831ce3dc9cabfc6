"""What the host fraction may depend on: properties of the primaries, as columns of a matrix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..catalogs.errors import catalog_radius
from ..catalogs.held import HeldCatalog
from ..catalogs.scalars import shown

#: where the logit may bend, with enough primaries
KNOTS, MIN_PRIMARIES_FOR_KNOTS = (0.2, 0.4, 0.6, 0.8), 1000
#: names of properties: the error radius, and columns taken in log10
SIGMA, LOG10 = "ln(sigma)", "log10("
#: what names of logarithms begin with
LOGARITHMS = ("ln(", LOG10)
#: name of the density of a catalogue's field objects, and how much its ln has to vary to matter
DENSITY, VARIES = "ln(density_{})", 0.2
#: name of how much denser it is at a primary than some minutes of arc around it
CLUMP = "ln(density_{} here/around)"
#: standardised covariates end here: beyond, a square would extrapolate
MAX_Z = 4.0
#: values more standard deviations off do not count in centre and spread, nor do larger ones, whose
#: square overflows
FAR, LARGE = 10.0, 1e150


def covariate_matrix(primary: HeldCatalog, covariates: Any) -> tuple[np.ndarray, dict[str, Any]]:
    """Covariates (n, Q): 1, then each standardised property, its square and its bends.

    A fraction that drops at some flux is a step, which a square cannot follow: with 1000 primaries
    or more the logit may also bend at the quintiles of each property, ``max(0, z - knot)``.

    Parameters
    ----------
    primary : HeldCatalog
        The sources.
    covariates : "sigma", sequence of str, or None
        The log of the error radius, columns of the primary (log10 where all positive and
        spanning over a decade), or only a constant.

    Returns
    -------
    matrix : ndarray, shape (n, Q)
    description : dict
        ``names`` of the Q columns, ``center``, ``scale`` and ``knots`` of each property.

    Raises
    ------
    ValueError, TypeError
        If a column does not exist, is not numeric or is not finite.
    """
    return _matrix(_properties(primary, covariates), len(primary))


def with_densities(
    covariates: tuple[np.ndarray, dict[str, Any]], around: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, dict[str, Any]]:
    """Covariates, and the ln of the density of field objects where it varies.

    `around`: by other catalogue, (n,) objects per deg^2; see :class:`~.field.FieldDensity`.  What
    a survey sees of the hosts goes by its depth, and so may its density.
    """
    ln_density = {DENSITY.format(name): np.log(density) for name, density in around.items()}
    varying = {name: values for name, values in ln_density.items() if values.std() > VARIES}
    if not varying:
        return covariates
    z, description = covariates
    more, added = _matrix(varying, len(z))
    names = [*description["names"], *added.pop("names")[1:]]
    both = {key: {**description[key], **values} for key, values in added.items()}
    return np.column_stack([z, more[:, 1:]]), {"names": names, **both}


def with_clumps(
    covariates: tuple[np.ndarray, dict[str, Any]], name: str, here: np.ndarray, around: np.ndarray
) -> tuple[np.ndarray, dict[str, Any]]:
    """Covariates, and a last one: by how much the ln density at a primary exceeds that around it.

    Where it varies.  A hole or an edge is no property of a primary: there it is 0.  It enters as a
    line: most primaries lie in no clump.  See :mod:`~.clump_term`, which has it earn its place.

    Parameters
    ----------
    covariates
        A matrix (n, Q) and its description.
    name : str
        Of the other catalogue.
    here, around : ndarray, shape (n,)
        Its field objects per deg^2 at each primary, and some minutes of arc around.
    """
    if not (here > np.exp(2.0 * VARIES) * around).any():
        return covariates  # what lies from 0 to 2 s has a deviation of s at most
    more = np.log(np.maximum(here, around) / around)
    if not more.std() > VARIES:
        return covariates
    (z, description), key = covariates, CLUMP.format(name)
    line = {"center": {key: float(more.mean())}, "scale": {key: float(more.std())}}
    column = standardised(more, line["center"][key], line["scale"][key])
    both = {part: {**description[part], **values} for part, values in line.items()}
    names = [*description["names"], key]
    return np.column_stack([z, column]), {**description, **both, "names": names, "lines": [key]}


def _matrix(values: Mapping[str, np.ndarray], n: int) -> tuple[np.ndarray, dict[str, Any]]:
    names, center, scale, knots = ["1"], {}, {}, {}
    for name, value in values.items():
        mean, spread = centre_and_spread(value, logarithm=name.startswith(LOGARITHMS))
        if spread == 0:
            continue  # no information
        center[name], scale[name] = mean, spread
        names += [name, f"{name}^2"]
        if len(value) >= MIN_PRIMARIES_FOR_KNOTS:
            z = standardised(value, center[name], spread)
            knots[name] = np.quantile(z, KNOTS).tolist()
            names += [f"{name} above {knot:.0%}" for knot in KNOTS]
    description = {"names": names, "center": center, "scale": scale, "knots": knots}
    return design_matrix(values, n, description), description


def centre_and_spread(value: np.ndarray, *, logarithm: bool) -> tuple[float, float]:
    """Mean and standard deviation of a property (n,), and 0 where it is the same everywhere.

    To rounding: of a logarithm that is a number of 1, of anything else (fluxes of 1e-15) of the
    values' own. A value that is very far off (1e30 among counts) would decide both, and leave the
    others all the same: it does not count, unless the others are the same.
    """
    kept, found = value[np.abs(value) <= LARGE], (0.0, 0.0)
    if len(kept) == 0:
        mean, spread = centre_and_spread(value / LARGE, logarithm=False)
        return mean * LARGE, spread * LARGE
    while True:
        mean, spread, size = float(kept.mean()), float(kept.std()), float(np.abs(kept).max())
        if not spread > 1e-9 * (max(1.0, size) if logarithm else size):
            return found
        found = mean, spread
        near = np.abs(kept - mean) <= FAR * spread
        if near.all():
            return found
        kept = kept[near]


def standardised(value: np.ndarray, center: float, scale: float) -> np.ndarray:
    """A property (n,) less its centre, over its scale, and no farther from 0 than is trusted."""
    return np.clip((value - center) / scale, -MAX_Z, MAX_Z)


def design_matrix(
    values: Mapping[str, np.ndarray], n: int, description: Mapping[str, Any]
) -> np.ndarray:
    """The matrix that a description stands for, (n, Q)."""
    parts = [np.ones(n)]
    for name, center in description["center"].items():
        z = standardised(values[name], center, description["scale"][name])
        parts += [z] if name in description.get("lines", ()) else [z, z * z]
        parts += [np.maximum(0.0, z - knot) for knot in description["knots"].get(name, ())]
    return np.column_stack(parts)


def _properties(primary: HeldCatalog, covariates: Any) -> dict[str, np.ndarray]:
    if covariates is None:
        return {}
    if isinstance(covariates, str):
        if covariates != "sigma":
            raise ValueError(
                f"host_covariates is {shown(covariates)}: give 'sigma', a sequence of "
                "column names, or None"
            )
        return {SIGMA: property_values(primary, SIGMA)}
    properties = {}
    for column in covariates:
        values = primary.measured(column)
        if values.min() > 0 and values.max() > 10 * values.min():
            properties[f"{LOG10}{column})"] = np.log10(values)
        else:
            properties[column] = values
    return properties


def property_values(primary: HeldCatalog, name: str) -> np.ndarray:
    """A property by the name that :func:`covariate_matrix` gave it."""
    if name == SIGMA:
        ln_sigma: np.ndarray = np.log(catalog_radius(primary))
        return ln_sigma
    if name.startswith(LOG10) and name not in primary.table.colnames:
        log10_value: np.ndarray = np.log10(primary.numbers(name[len(LOG10) : -1]))
        return log10_value
    return primary.numbers(name)
