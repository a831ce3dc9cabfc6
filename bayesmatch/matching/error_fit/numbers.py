"""The numbers of a fit of position errors, for the record of a match."""

from __future__ import annotations

from typing import Any

import numpy as np

NUMBERS = ("scale", "floor_arcsec", "dra_arcsec", "ddec_arcsec", "tail_fraction", "tail_factor")


def fit_numbers(fit: Any) -> dict[str, Any]:
    """The numbers of a fit as plain types; what was not looked for is left out."""
    record: dict[str, Any] = {}
    for name in NUMBERS:
        for part in (name, f"{name}_error"):
            value = float(getattr(fit, part))
            if np.isfinite(value):
                record[part] = value
    if fit.matrix.any():
        assert fit.center is not None
        record["matrix"] = fit.matrix.tolist()
        record["matrix_error"] = fit.matrix_error.tolist()
        record["center"] = list(fit.center)
    if fit.slopes:
        record["slopes"], record["slopes_error"] = dict(fit.slopes), dict(fit.slopes_error)
    record["n_counterparts"] = fit.n_counterparts
    record["ln_gain"] = float(fit.ln_gain)
    record["converged"] = bool(fit.converged)
    return record
