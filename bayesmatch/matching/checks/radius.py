"""Is the radius large enough for the position errors."""

from __future__ import annotations

import numpy as np

from .finding import LOOK, OK, WRONG, Finding
from .view import View

CHECK = "radius"
#: share of the counterparts beyond the radius: that of 3 sigma, and what leaves no result
LOST, MANY = 0.0111, 0.1


def radius(view: View) -> Finding:
    """Share of the counterparts that lie beyond the radius; of the worst catalogue.

    That is the mean over the primaries of the error profile beyond radius / sigma, sigma of primary
    and a typical object together.
    """
    errors = view.setting.primary.errors
    worst = 0.0
    for part in view.around:
        # of the other catalogue: the difference is what the objects add
        own = np.median(part.theirs[3]) if len(part.slot) else 0.0
        sigma = np.sqrt(view.sigma**2 + max(float(own), 0.0) ** 0.5)
        worst = max(worst, float(np.mean(errors.beyond(part.radius / np.maximum(sigma, 1e-300)))))
    verdict = WRONG if worst > MANY else LOOK if worst > LOST else OK
    advice = "the radius holds the counterparts"
    if verdict != OK:
        advice = (
            f"{worst:.1%} of the counterparts lie beyond the radius of {view.radius:g} arcsec: "
            f"give about 5 times the largest error ({5.0 * float(view.sigma.max()):.3g}), or the "
            "errors in arcsec if they are in another unit"
        )
    return Finding(CHECK, worst, 0.0, 0.0, np.nan, verdict, advice)
