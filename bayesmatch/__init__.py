"""Which object is the counterpart, how sure is that, and is there one at all.

Start with :class:`Catalog` and :func:`match`; every public name is imported when first used, so
``import bayesmatch`` itself is quick.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

#: where each public name lives; a module by that name must not exist beside it, or importing the
#: module would hide the name
_HOME = {
    "Assessment": "diagnostics.assessment.result",
    "AutoPrior": "priors.auto",
    "Calibration": "diagnostics.false_matches.result",
    "Catalog": "catalogs.catalog",
    "ErrorEllipse": "catalogs.errors",
    "Explanation": "diagnostics.explanation.core",
    "FunctionPrior": "priors.function",
    "HistogramPrior": "priors.histogram",
    "LightGBMPrior": "priors.lightgbm",
    "MatchResult": "matching.result",
    "PositionErrorFit": "matching.error_fit.found",
    "assess": "diagnostics.assessment.core",
    "calibrate": "diagnostics.false_matches.core",
    "explain": "diagnostics.explanation.core",
    "fit_position_errors": "diagnostics.position_errors",
    "match": "matching.core",
    "read_prior": "priors.storage",
    "sigma_from_radius": "catalogs.errors",
}

_MODULES = ("likelihood", "mock", "photometry", "plots", "truth")
#: old name -> (new name, the version that goes without the old one)
_RENAMED: dict[str, tuple[str, str]] = {}
#: need an extra, so they are not among the names that anything may list and import
_OPTIONAL = ("distributed", "testing")

__all__ = ["__version__", *_HOME, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _MODULES + _OPTIONAL:
        return importlib.import_module(f".{name}", __name__)
    if name in _RENAMED:
        from ._deprecation import warn_renamed

        new, removed = _RENAMED[name]
        warn_renamed(f"bayesmatch.{name}", f"bayesmatch.{new}", removed)
        return __getattr__(new)
    if name not in _HOME:
        raise AttributeError(f"module 'bayesmatch' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
