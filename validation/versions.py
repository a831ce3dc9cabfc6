"""What the numbers were made with."""

from __future__ import annotations

import platform
from importlib import metadata

PACKAGES = (
    "numpy",
    "scipy",
    "numba",
    "astropy",
    "pandas",
    "scikit-learn",
    "lightgbm",
    "matplotlib",
    "nway",
)


def versions() -> dict[str, str]:
    """Versions of bayesmatch, Python and the packages that matter, those installed."""
    import bayesmatch

    found = {"bayesmatch": bayesmatch.__version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
