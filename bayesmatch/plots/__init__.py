"""Figures. Each function returns a matplotlib Figure; :func:`save` writes it."""

from .files import save
from .match import probability_plane, sky_map
from .priors import histogram_prior, prior_diagnostics

__all__ = ["histogram_prior", "prior_diagnostics", "probability_plane", "save", "sky_map"]
