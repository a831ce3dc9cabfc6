"""Figures of the priors of a result."""

from __future__ import annotations

import numpy as np

from ...matching.result import MatchResult
from ...plots.learned import learned_ratio
from ...plots.priors import histogram_prior
from ...priors.histogram import HistogramPrior
from ...priors.learned_ratio import LearnedRatio
from .figures import WIDTH, Picture, picture, prior_ratios


def prior_pictures(result: MatchResult) -> list[Picture]:
    """What each prior is, where it is at hand, and what it gave the candidates."""
    p = np.asarray(result.associations["p_match"], float)
    found = []
    for catalogue, listed in result.priors.items():
        for prior in listed:
            name = f"prior {prior.name} of {catalogue or 'combinations'}"
            if isinstance(prior, HistogramPrior):
                alt = f"Histograms of {prior.column} of counterparts and field, and their ratio."
                drawn = histogram_prior(prior)
                drawn.set_size_inches(WIDTH, 4.8)
                found.append(picture(drawn, alt, f"The {name}."))
            elif isinstance(prior, LearnedRatio):
                alt = f"What the {name} learned: shares and ratios by feature."
                found.append(picture(learned_ratio(prior), alt, f"The {name}, learned."))
    for column in result.record.bias_columns:
        if column not in result.associations.colnames:
            continue
        ratios = prior_ratios(result, column, p)
        if ratios is not None:
            name = column.removeprefix("bias_")
            alt = f"Distribution of the ratio of {name}: counterparts beside other candidates."
            said = (
                f"What the prior {name} gave the candidates: the farther apart, the more it says."
            )
            found.append(picture(ratios, alt, said))
    return found
