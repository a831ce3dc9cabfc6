"""What the tables of a result show of the evidence, and nothing else.

Tables are made when they are asked for, long after the match: of ten million candidates, what no
table shows would keep a gigabyte until then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .candidate_positions import CandidatePositions
from .evidence import Evidence
from .setting import Setting

LN_10 = np.log(10.0)


@dataclass(frozen=True)
class Shown:
    """Bayes factors and probabilities of NWAY's model as their columns have them."""

    log10_bayes: dict[str, np.ndarray]
    """by column, (n_rows,)"""
    dist_post: np.ndarray
    """(n_rows,)"""
    p_single: np.ndarray
    """(n_rows,)"""
    p_i: np.ndarray
    """(n_rows,)"""
    match_flag: np.ndarray
    """(n_rows,)"""
    p_any: np.ndarray
    """(n_primary,)"""
    log10_combined: dict[str, np.ndarray]
    """by prior on combinations, (n_rows,) log10 of its ratio"""

    @classmethod
    def of(cls, evidence: Evidence) -> Shown:
        """Its natural logarithms of Bayes factors become log10 where they are: no copy is made."""
        post = evidence.post
        bayes = {
            "dist_bayesfactor_uncorrected": post.ln_bayes,
            "dist_bayesfactor": post.ln_bayes_corrected,
        }
        if evidence.ln_tailed is not post.ln_bayes:
            bayes["dist_bayesfactor_tails"] = evidence.ln_tailed
        for values in bayes.values():
            values /= LN_10
        return cls(
            bayes,
            post.dist_post,
            post.p_single,
            post.p_i,
            post.match_flag,
            post.p_any,
            evidence.log10_combined,
        )


def without_positions(setting: Setting) -> Setting:
    """The same without where the candidates lie, which no table shows."""
    none = np.empty(0)
    circular = setting.positions.circular
    nowhere = CandidatePositions(
        lambda slots: (none, none), lambda slots: np.empty((0, 4)), circular
    )
    return replace(setting, positions=nowhere, close=None)
