"""Figures. Each function returns a matplotlib Figure; :func:`save` writes it."""

from . import style as style
from .assessment import assessment_panels, purity_completeness
from .expected import expected_curves
from .explanation import evidence_chart
from .false_matches import calibration_curves
from .files import save
from .finding_chart import finding_chart
from .images.hips import HipsImages
from .images.read import open_images
from .learned import learned_ratio
from .matches import probability_plane, sky_map
from .nway import comparison_panels
from .overlays import read_overlay
from .priors import histogram_prior, prior_diagnostics
from .rayleigh import rayleigh_plot

__all__ = [
    "HipsImages",
    "assessment_panels",
    "calibration_curves",
    "comparison_panels",
    "evidence_chart",
    "expected_curves",
    "finding_chart",
    "histogram_prior",
    "learned_ratio",
    "open_images",
    "prior_diagnostics",
    "probability_plane",
    "purity_completeness",
    "read_overlay",
    "rayleigh_plot",
    "save",
    "sky_map",
]
