"""Skies for the reliability of probabilities: what is varied, and what is known to go less well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import skies

#: of the sources with a counterpart in a sky of three catalogues: in the first other only, in the
#: second only, in both
MEMBERSHIP = (0.25, 0.15, 0.60)
#: density of the second other catalogue in units of the first one's
SECOND_DENSITY = 0.6


@dataclass(frozen=True)
class Recipe:
    """How to make a sky."""

    host: float | Callable[[np.ndarray], np.ndarray]
    """fraction of the sources that have a counterpart; or a function of log10 flux"""
    sigma_scale: float = 1.0
    """of the X-ray position errors, 1 to 3 arcsec"""
    density: float = 20_000.0
    """field objects per deg^2 in the first other catalogue"""
    n_catalogues: int = 2
    prior: bool = False
    """objects have magnitudes, and the prior is the right one"""
    shared: float = 0.0
    """fraction of the third catalogue's field objects that the second has too"""
    primary_density: float = 100.0
    """X-ray sources per deg^2"""

    @property
    def host_text(self) -> str:
        """The host fraction in words."""
        return self.host.__name__ if callable(self.host) else f"{self.host:g}"


def recipes(quick: bool) -> list[Recipe]:
    """The skies that are judged; quick: every other one."""
    smooth, step = skies.logistic, skies.step
    # catalogues, scale of sigma, density, prior; host fractions
    groups: list[tuple[tuple[int, float, float, bool], tuple[Any, ...]]] = [
        ((2, 0.5, 60_000.0, False), (0.05, 0.3, 0.7, 0.95, 0.99, smooth, step)),
        ((2, 1.0, 20_000.0, False), (0.3, 0.05, 0.7, 0.95, smooth, 0.99, step)),
        ((2, 2.0, 20_000.0, False), (0.3, 0.7, 0.95, 0.99, step, smooth)),
        ((2, 2.0, 60_000.0, True), (0.05, 0.3, 0.7, 0.95, smooth, step)),
        ((3, 0.5, 20_000.0, False), (0.05, 0.3, 0.7, 0.99, step, smooth)),
        ((3, 1.0, 10_000.0, False), (0.3, 0.7, 0.99, step, smooth)),
        ((3, 1.0, 60_000.0, True), (0.3, 0.7, 0.95, step, smooth)),
        ((3, 2.0, 10_000.0, True), (0.3, 0.7, 0.99, step, smooth)),
    ]
    listed = [
        Recipe(host, scale, density, k, prior)
        for (k, scale, density, prior), hosts in groups
        for host in hosts
    ]
    return listed[::2] if quick else listed


#: what is judged elsewhere, or cannot be, for information: why, and skies
LIMITS = {
    "little to tell hosts by": (
        Recipe(0.05, 2.0),
        Recipe(0.05, 1.0, n_catalogues=3),
        Recipe(0.99, 2.0, 60_000.0, 2, True),
    ),
    "crowded X-ray sources": (
        Recipe(0.95, 2.0, 60_000.0, 2, True, primary_density=1000.0),
        Recipe(0.99, 2.0, 10_000.0, 3, primary_density=500.0),
    ),
    "shared field objects": (
        Recipe(0.7, n_catalogues=3, shared=0.95),
        Recipe(skies.step, n_catalogues=3, shared=0.95),
        Recipe(0.7, 1.0, 60_000.0, 3, shared=0.95),
    ),
}


def simulate(recipe: Recipe, seed: int, n: int) -> skies.Sky:
    """One sky."""
    options: dict[str, Any] = {
        "sigma_scale": recipe.sigma_scale,
        "magnitudes": recipe.prior,
        "primary_density": recipe.primary_density,
    }
    if recipe.n_catalogues == 2:
        return skies.simulate(seed, n, recipe.host, density=recipe.density, **options)

    def patterns(log_flux: np.ndarray) -> np.ndarray:
        host = recipe.host(log_flux) if callable(recipe.host) else recipe.host
        p = np.broadcast_to(host, log_flux.shape)
        return np.column_stack([1 - p, *(share * p for share in MEMBERSHIP)])

    return skies.simulate_patterns(
        seed,
        n,
        patterns,
        density=(recipe.density, SECOND_DENSITY * recipe.density),
        shared=recipe.shared,
        **options,
    )
