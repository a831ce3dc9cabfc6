"""An assessment in a few lines for people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ...catalogs.scalars import plural
from ..metrics import PURITIES

if TYPE_CHECKING:
    import bayesmatch as bm

#: standard errors beyond which the truth is told to have another share than the result
SHARE_SIGMA = 3.0


def summary_text(a: bm.Assessment) -> str:
    """See :meth:`bayesmatch.Assessment.summary`."""
    cutoff, value = a.crossing
    lines = [
        f"{a.n} {plural(a.n, 'source')} with known answers: {a.n_counterparts} with a counterpart "
        f"in {a.catalogue}, {a.n_hostless} hostless; cut on {a.score}",
        f"  purity = completeness    {_known(value)}  "
        + ("nowhere" if math.isnan(cutoff) else f"at {a.score} = {cutoff:.4g}"),
        *(_at_purity(a, purity) for purity in PURITIES),
    ]
    for judged in _judged(a):
        lines += [*_calibration(judged), *_share(judged)]
    return "\n".join(lines)


def _judged(a: bm.Assessment) -> list[bm.Assessment]:
    """Those whose calibration is told: cut on ``p_match``, of the best candidate's too."""
    return [a, a.best_candidate] if a.score == "p_match" else [a]


def _calibration(a: bm.Assessment) -> list[str]:
    return [
        f"  calibration error        {a.ece:.4f}  of the probability that {a.of}; exact "
        f"ones would have {a.ece_floor.mean:.4f}, and {a.ece_floor.p95:.4f} in one case of 20",
        f"    offset                {a.offset:+.4f}  +- {a.offset_error:.4f}: mean probability "
        "minus share",
        f"    shape                  {a.shape:.4f}  after one shift in the logit; exact ones "
        f"would have {a.shape_floor.mean:.4f}, and {a.shape_floor.p95:.4f} in one case of 20",
    ]


def _share(a: bm.Assessment) -> list[str]:
    """What is to be said where the truth has another share than the result."""
    truth, result, sigma = a.share_difference
    if not sigma > SHARE_SIGMA:
        return []
    whole = a.n == len(a._result.sources)
    why = (
        "the probabilities are off by a common factor of the odds"
        if whole
        else "the truth is no fair sample of the sources, or the result is off; the shape does "
        "not depend on that, the offset does"
    )
    return [
        f"  {a.of}: {truth:.3f} of the truth, {result:.3f} of all sources by the result "
        f"({sigma:.1f} sigma): {why}"
    ]


def _at_purity(a: bm.Assessment, purity: float) -> str:
    cutoff = a.cutoff_at_purity(purity)
    at = "no cutoff is as pure" if math.isnan(cutoff) else f"at {a.score} = {cutoff:.4g}"
    complete = _known(a.completeness_at_purity(purity))
    return f"  completeness at {purity:.0%}      {complete}  {at}"


def _known(share: float) -> str:
    """A share; a dash where nothing is known of it, as without counterparts in the truth."""
    return "     -" if math.isnan(share) else f"{share:.4f}"


def summary_numbers(a: bm.Assessment) -> dict[str, Any]:
    """The same as numbers, for programs."""
    return {
        "sources": a.n,
        "with_counterpart": a.n_counterparts,
        "hostless": a.n_hostless,
        "catalogue": a.catalogue,
        "score": a.score,
        "purity_equals_completeness": a.crossing,
        "at_purity": [
            {
                "purity": purity,
                "completeness": a.completeness_at_purity(purity),
                "cutoff": a.cutoff_at_purity(purity),
            }
            for purity in PURITIES
        ],
        **_calibration_numbers(a),
        "best_candidate": _calibration_numbers(a.best_candidate),
    }


def _calibration_numbers(a: bm.Assessment) -> dict[str, Any]:
    return {
        "calibration_error": a.ece,
        "calibration_error_floor": a.ece_floor,
        "offset": a.offset,
        "offset_error": a.offset_error,
        "shape": a.shape,
        "shape_floor": a.shape_floor,
        "share_difference": a.share_difference,
    }
