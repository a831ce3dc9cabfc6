"""The evidence of every association: Bayes factor and prior ratios, as NWAY has it and as we do."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..priors.prior_set import PriorSet
from .associations import Associations
from .clock import Clock
from .combined import combined_ratios
from .error_tails import tailed_ln_bayes
from .local_ratio import without_mean_ratio
from .options import MatchOptions
from .posterior import BayesFactors, Posterior, posterior_of, without_unrelated
from .setting import Setting


class Evidence(NamedTuple):
    """What speaks for every association."""

    post: Posterior
    """NWAY's, which keeps the core of the errors; without ``ln_evidence``"""
    ln_tailed: np.ndarray
    """(n_rows,) ln Bayes factor with the tails of all errors"""
    against_none: np.ndarray
    """(n_rows,) ln of the same times all prior ratios, over those of no counterpart"""
    log10_combined: dict[str, np.ndarray]
    """by prior on combinations, (n_rows,) log10 of its ratio"""

    def apart(self) -> tuple[Evidence, list[np.ndarray]]:
        """All but ``against_none``, and that in a list: whoever takes it out lets it go."""
        return self._replace(against_none=np.empty(0)), [self.against_none]


def weigh(
    setting: Setting,
    associations: Associations,
    bayes: BayesFactors,
    slot_ln_ratio: np.ndarray,
    priors: PriorSet,
    options: MatchOptions,
    clock: Clock,
) -> Evidence:
    """Evidence and NWAY's posterior; `slot_ln_ratio` (n_slots,) are the candidates' own ratios."""
    with clock("priors"):
        combined = combined_ratios(setting, associations, priors)
    with clock("posterior"):
        post = posterior_of(
            setting,
            associations,
            bayes,
            slot_ln_ratio,
            options.secondary_ratio,
            row_ln_ratio=combined.ln_ratio,
        )
        ln_tailed = tailed_ln_bayes(setting, associations, bayes)
        ln_evidence = without_unrelated(associations, post)
        post = replace(post, ln_evidence=np.empty(0))  # it is the other
        if ln_tailed is not bayes.ln_bayes:
            ln_evidence = ln_evidence + (ln_tailed - bayes.ln_bayes)
        ln_evidence = without_mean_ratio(associations, setting.field, ln_evidence)
        against_none = combined.against_none(setting, associations, ln_evidence)
    return Evidence(post, ln_tailed, against_none, combined.log10)
