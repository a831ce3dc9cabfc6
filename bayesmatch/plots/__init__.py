"""Figures. Each function returns a matplotlib Figure; :func:`save` writes it."""

from .assessment import assessment_panels, purity_completeness
from .expected import expected_curves
from .explanation import evidence_chart
from .false_matches import calibration_curves
from .files import save
from .learned import learned_ratio
from .matches import probability_plane, sky_map
from .nway import comparison_panels
from .priors import histogram_prior, prior_diagnostics
from .rayleigh import rayleigh_plot

__all__ = [
    "assessment_panels",
    "calibration_curves",
    "comparison_panels",
    "evidence_chart",
    "expected_curves",
    "histogram_prior",
    "learned_ratio",
    "prior_diagnostics",
    "probability_plane",
    "purity_completeness",
    "rayleigh_plot",
    "save",
    "sky_map",
]
