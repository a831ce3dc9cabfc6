"""Whether the host fraction goes by clumps of the field: a line that the likelihood must earn.

The density that the fraction goes by is that some minutes of arc around.  Where the fraction
changes inside smaller clumps the densest third of the sources came out with 0.1 to 0.4 too many
hosts.  The density at the source knows them, but not without noise and errors of its own, with
which a fraction that is the same everywhere should have nothing to do.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .footprint_share import Maximum
from .fraction_likelihood import FractionLikelihood

#: gain in ln likelihood from which on the line is kept: by chance one sky in 100,000 has as much
#: (half a chi^2 of one degree of freedom), the Bayesian information criterion asks for ln(n) / 2, 3
#: to 5, and what densities in clumps are wrong by made it 2.9 with up to 1,000 sources and 9.9 with
#: 4,000 on 234 skies with varying densities and one fraction everywhere
MIN_GAIN = 10.0


def without_lines(z: np.ndarray, description: dict[str, Any]) -> tuple[np.ndarray, dict[str, Any]]:
    """Covariates (n, Q) and their description without those that enter as lines, the last."""
    lines = description.get("lines", [])
    if not lines:
        return z, description
    rest = {key: value for key, value in description.items() if key != "lines"}
    for part in ("center", "scale"):
        rest[part] = {key: v for key, v in description[part].items() if key not in lines}
    rest["names"] = description["names"][: -len(lines)]
    return np.ascontiguousarray(z[:, : -len(lines)]), rest


def with_lines_earned(
    problem: FractionLikelihood,
    found: Maximum,
    ln_like: np.ndarray,
    covariates: tuple[np.ndarray, dict[str, Any]],
) -> tuple[FractionLikelihood, Maximum, dict[str, Any]]:
    """A fit of two patterns with lines where they gain enough, and what to tell of it.

    Parameters
    ----------
    problem, found
        The likelihood without them, and its maximum.
    ln_like : ndarray, shape (n, 2)
        What the likelihood is of.
    covariates
        With lines.
    """
    z, description = covariates
    more = FractionLikelihood(ln_like, z, None, problem.ln_beyond)
    start = np.zeros(more.size)
    start[: len(found[0])] = found[0]
    with_them = more.maximise(start)
    gain = float(more.value(with_them[0]) - problem.value(found[0]))
    if with_them[3] and gain > MIN_GAIN:
        return more, with_them, {**description, "clump_gain": gain}
    return problem, found, {**without_lines(z, description)[1], "clump_gain": max(gain, 0.0)}
