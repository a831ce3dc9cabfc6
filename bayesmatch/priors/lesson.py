"""What a match has to teach: candidates, sources and field objects; and what it says of a ratio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .field_means import blended, rarer_than_seen, share_of_ratio, topped
from .learning_view import MatchView
from .source_context import Folds, SourceContext, grouped


class Judged(NamedTuple):
    """Ratios of the candidates, and what the match says with them."""

    tilted: np.ndarray
    """(m,) ln ratio that the model of the source's fold gives, cut off at the largest"""
    ln_mean: np.ndarray
    """(F, nodes) over the field"""
    edge: np.ndarray
    """(F,) ln ratio from which on it is the largest"""
    cap: np.ndarray
    """(F,) largest ln ratio"""
    p: np.ndarray
    """(m,) probability of each candidate"""
    ln_like: np.ndarray
    """(n,) ln marginal likelihood of each source"""


@dataclass(frozen=True, eq=False)
class Lesson:
    """What there is to learn from: candidates, sources and field objects as arrays."""

    view: MatchView
    x: np.ndarray
    """(m, F) features of the candidates, NaN where missing"""
    field: np.ndarray
    """(k, F) those of field objects away from all sources"""
    weight: np.ndarray
    """(k,) how much each of them counts, 1 on average: by the ratio of other priors beside"""
    start: np.ndarray
    """(m,) ln ratio of the prior to be put right; 0 without one"""
    start_field: np.ndarray
    """(k,) of the field objects"""
    context: SourceContext
    folds: Folds
    fold: np.ndarray
    """(m,) fold of each candidate's source"""
    group: np.ndarray
    """(m,) group of each candidate's source"""
    centre: np.ndarray
    """(G, C) properties of each group"""
    values: np.ndarray
    """(m, C) properties of each candidate's source"""
    teaches: np.ndarray
    """(F, m) bool: which candidates a fold's model learns from"""
    alike: float
    """share of the counterparts that look like field objects, whatever the ratio says"""
    seed: int

    @classmethod
    def of(
        cls,
        view: MatchView,
        features: tuple[np.ndarray, np.ndarray],
        start: tuple[np.ndarray, np.ndarray],
        context: SourceContext,
        folds: Folds,
        alike: float,
        seed: int,
    ) -> Lesson:
        """From features and ln ratios to start from, of candidates and of field objects."""
        fold = folds.of_sources(view.primary)[view.source]
        values = context.values(view.primary)
        group, centre = grouped(values)
        # An object near a source must not teach the model that judges it, whosesoever it is.
        near = np.zeros(len(view.catalog), np.int64)
        np.bitwise_or.at(near, view.row[view.near], 1 << fold[view.near])
        teaches = np.stack(
            [(fold != f) & ((near[view.row] >> f) & 1 == 0) for f in range(len(folds))]
        )
        return cls(
            view,
            *features,
            view.field_weight,
            *start,
            context,
            folds,
            fold,
            group[view.source],
            centre,
            values[view.source],
            teaches,
            alike,
            seed,
        )

    def judged(
        self, tilted: np.ndarray, ln_mean: np.ndarray, cap: np.ndarray, beyond: np.ndarray
    ) -> Judged:
        """Ratios and probabilities of the candidates, whose ln ratios `tilted` (m,) have no end.

        `ln_mean` (F, nodes), `cap` (F,) and `beyond` (F, nodes) as
        :func:`~.field_means.field_means` gives them.
        """
        edge, own = cap, cap[self.fold]
        p, ln_like = self.view.evidence(blended(np.minimum(tilted, own), self.alike))
        seen = np.stack([self.context.at(of_fold, self.values) for of_fold in beyond])
        seen = seen[self.fold, np.arange(len(self.fold))]
        found = rarer_than_seen(tilted, self.taught(tilted, p), own, seen)
        if found is not None:
            tilted, ln_mean, edge = tilted + found[0], ln_mean - found[0], edge + found[0]
            cap = np.maximum(found[1], edge)
            tilted = topped(tilted, edge[self.fold], cap[self.fold])
            p, ln_like = self.view.evidence(blended(tilted, self.alike))
        else:
            tilted = np.minimum(tilted, own)
        return Judged(tilted, ln_mean, edge, cap, p, ln_like)

    def taught(self, tilted: np.ndarray, p: np.ndarray) -> np.ndarray:
        """How much each candidate (m,) teaches: its probability, without that of field look-alikes.

        However few these are in the end: what the ratio makes unlikely must not teach that it is
        likely.
        """
        taught: np.ndarray = p * share_of_ratio(blended(tilted, self.alike), self.alike)
        return taught
