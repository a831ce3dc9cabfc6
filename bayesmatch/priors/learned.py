"""A prior that learns what counterparts look like from the match itself."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from .._kernels.sums import dot
from ..catalogs.held import HeldCatalog
from ..catalogs.scalars import check_seed, names_of, shown, text_of, whole_number
from .boosted_rounds import boosted
from .choice import Choice, best_choice
from .feature_matrix import feature_names
from .histogram import HistogramPrior
from .learned_features import checked_features
from .learned_looks import with_looks
from .learned_ratio import LearnedRatio, inputs, needed_columns
from .learning_rounds import Learner
from .learning_view import MatchView
from .lesson import Lesson
from .lightgbm import LightGBMPrior
from .share_alike import with_alike_fitted
from .source_context import SIGMA, Folds, SourceContext
from .strengths import rounds_to_make, strengths_to_try
from .training_sample import MAX_CONTEXT

if TYPE_CHECKING:
    from ..photometry import Features

#: fewer expected counterparts teach nothing
MIN_COUNTERPARTS = 30.0
#: field objects that are looked at, and the fewest that say what the field is like
FIELD_ROWS, MIN_FIELD_ROWS = 120_000, 100
#: expected counterparts from which on the ratio may go by the source, and trees may learn
FOR_CONTEXT, FOR_TREES = 300.0, 1000.0
#: folds where counterparts that are sure are many, and where they are few: the others then teach
#: a tenth more (4,000 sources, a host fraction of 0.3, errors x1.6: purity = completeness +0.003)
FOLDS, FEW_FOLDS, MANY = 5, 10, 2000
#: no other strength is tried once the ln likelihood has fallen so far
WORSE = 3.0
#: this over the root of their number, and at most, is the share of the counterparts that count as
#: looking like field objects: without it the ratio of rare kinds of counterparts comes out too low,
#: and too few sources have one (by 0.1 of 300)
ALIKE, MOST_ALIKE = 1.8, 0.15
#: knots of a feature: one per so many expected counterparts, between these numbers
PER_KNOT, KNOTS = 8.0, (4, 10)


class LearnedPrior:
    """Photometric prior that :func:`bayesmatch.match` learns from all candidates of the match.

    No training sample is needed: every candidate counts as a counterpart with the probability that
    the match gives it, which then goes by what was learned, until nothing changes (the EM
    algorithm). Every source is judged by a model that was learned from other sources. The ratio is
    a smooth function of each feature; with about a thousand counterparts and more LightGBM may add
    to it what features say together. Which it is, is chosen by the likelihood of sources that were
    not learned from; where positions and features say too little the ratio stays 1.

    The learned prior takes its place in ``result.priors``: it can be saved
    (:func:`bayesmatch.read_prior` reads it) and used in another match. ``result.meta`` tells what
    was chosen, and why.

    Parameters
    ----------
    features : sequence of str or photometry.Features, optional
        Numeric columns, or magnitudes and colours to compute. Default: those of `start`.
    start : LightGBMPrior or HistogramPrior, optional
        A prior learned elsewhere that is to be put right on the field at hand: re-learned where the
        match tells enough, kept where not.
    context : sequence of str, optional
        Up to three columns of the primary (X-ray flux) that what counterparts look like may go by;
        the ratio's mean over the field is 1 at every value. Default: the size of the position
        error, with at least 300 expected counterparts.
    name : str, default "photometry"
        Name in the result's column ``bias_<CATALOGUE>_<name>``.
    rounds : int, default 3
        Rounds of LightGBM, 0 to do without: fewer where most counterparts are sure by position,
        more where few are, at most 8/3 as many (8 by default). Those of the smooth functions end
        by themselves.
    seed : int, default 0
        Same seed, same sources: the same ratios, whatever the number of threads.

    Raises
    ------
    ValueError, TypeError
        If there are neither features nor a start, or an argument is not what it should be.

    Notes
    -----
    Dempster, Laird & Rubin 1977 (EM); Salvato et al. 2018, MNRAS 473, 4937, section 2.3 (the place
    of the ratio in the posterior).
    """

    learns_from_posterior = False
    learns_in_rounds = learns_from_field = True

    def __init__(
        self,
        features: Sequence[str] | Features | None = None,
        *,
        start: LightGBMPrior | HistogramPrior | None = None,
        context: Sequence[str] | None = None,
        name: str = "photometry",
        rounds: int = 3,
        seed: int = 0,
    ) -> None:
        if start is not None:
            if not isinstance(start, (LightGBMPrior, HistogramPrior)):
                raise TypeError(
                    f"LearnedPrior: start is {shown(start)}; give a LightGBMPrior or HistogramPrior"
                )
            if isinstance(start, LightGBMPrior) and start.context:
                raise ValueError(
                    f"LearnedPrior: start depends on the primary's {', '.join(start.context)}; "
                    "give one without context, and context= here"
                )
        self.features = checked_features(features, start)
        self.start = start
        if isinstance(context, str):
            raise TypeError(
                f"LearnedPrior: context is the text {shown(context)}; give a sequence of columns"
            )
        self.context = () if context is None else tuple(names_of("LearnedPrior: context", context))
        if len(self.context) > MAX_CONTEXT:
            raise ValueError(
                f"LearnedPrior: context has {len(self.context)} columns; give at most {MAX_CONTEXT}"
            )
        self.name = text_of("LearnedPrior: name", name)
        self.rounds = whole_number("LearnedPrior: rounds", rounds, 0, 100)
        self.seed = check_seed(seed)

    def __repr__(self) -> str:
        start = "" if self.start is None else f", start={self.start.name!r}"
        return f"LearnedPrior({list(feature_names(self.features))}{start}, name={self.name!r})"

    @property
    def columns(self) -> list[str]:
        """Columns of the catalogue that it needs."""
        return needed_columns(self.features, self.start)

    @property
    def field_columns(self) -> list[str]:
        """Columns of the field sample that it needs."""
        return self.columns

    def check(self, catalog: HeldCatalog, primary: HeldCatalog) -> None:
        """Raise a ValueError or TypeError unless the catalogues have what the prior needs."""
        for column in self.columns:
            catalog.check_magnitudes(column)
        for column in self.context:
            primary.numbers(column)  # which must be known of every source

    def log10_ratio(self, catalog: HeldCatalog) -> np.ndarray:
        """Raises: ratios, shape (n,), exist once :func:`bayesmatch.match` has learned them."""
        raise ValueError(
            "a LearnedPrior is learned inside match(); take the learned one from result.priors"
        )

    def save(self, path: str | os.PathLike) -> NoReturn:
        """Raises: the learned one in ``result.priors`` is what can be saved."""
        raise ValueError(
            f"LearnedPrior {self.name!r} has learned nothing yet, and is not saved: save the one "
            "that match() has learned, result.priors[CATALOGUE][i]"
        )

    def learn(self, catalog: HeldCatalog, view: MatchView) -> LearnedRatio:
        """The ratio that the match tells; of field objects too few, or of sources too few, 1."""
        x, start = inputs(catalog.subset(view.row, self.columns), self.features, self.start)
        field, start_field = inputs(view.sample.catalog, self.features, self.start)
        seen, nothing_there = (field, start_field), np.zeros(len(field))
        none, flat = view.evidence(np.zeros(len(x))), np.zeros(len(x))
        ln_mean_start = _ln_mean(start_field, view.field_weight)
        begin = none if self.start is None else view.evidence(start - ln_mean_start)
        first = none if none[1].sum() >= begin[1].sum() else begin
        expected = float(first[0].sum())
        n_folds = FOLDS if dot(first[0], first[0]) >= MANY else FEW_FOLDS
        folds = Folds.of(view.primary, min(n_folds, max(2, len(view.primary) // 3)), self.seed)
        no_context = SourceContext.of(view.primary, ())
        as_it_is = Choice("1", flat, *none)
        choices = [as_it_is]
        if self.start is not None:
            choices.append(Choice("start", start - ln_mean_start, *begin, uses_start=True))
        told: dict[str, Any] = {
            "expected_counterparts": expected,
            "field_objects": len(field),
            "folds": len(folds),
        }
        context, n_features = no_context, len(feature_names(self.features))
        if expected < MIN_COUNTERPARTS:
            told["why"] = f"fewer than {MIN_COUNTERPARTS:g} counterparts are expected"
        elif len(field) < MIN_FIELD_ROWS:
            told["why"] = f"fewer than {MIN_FIELD_ROWS} field objects away from the sources"
        else:
            wanted = self.context or ((SIGMA,) if expected >= FOR_CONTEXT else ())
            context = SourceContext.of(view.primary, wanted)
            if choices[-1].ln_like.sum() < as_it_is.ln_like.sum():  # a start that misleads
                x, field = x[:, :n_features], field[:, :n_features]
                start, start_field = flat, nothing_there
            given = (x, field), (start, start_field)
            choices += self._learned(view, *given, context, folds, as_it_is, first)
            if x.shape[1] > n_features and best_choice(choices).rounds is None:
                alone = x[:, :n_features], field[:, :n_features]
                nothing = flat, nothing_there
                choices += self._learned(view, alone, nothing, context, folds, as_it_is, none)
        best = best_choice(choices)
        told.update(
            model=best.what,
            ln_gain=float(best.ln_like.sum() - as_it_is.ln_like.sum()),
            tried={c.what: float(c.ln_like.sum() - as_it_is.ln_like.sum()) for c in choices},
            counterparts=float(best.p.sum()),
            **best.details,
        )
        built = self._built(best, context, folds, told, ln_mean_start)
        on_field = seen if built.start is not None else (seen[0][:, :n_features], nothing_there)
        return with_looks(built, x[:, :n_features], on_field, view, best.p)

    def learning_record(self, learned: LearnedRatio) -> dict[str, Any]:
        """How it was learned; what it looks like stays with it."""
        return {key: value for key, value in learned.learned.items() if key != "looks"}

    def _learned(
        self,
        view: MatchView,
        x: tuple[np.ndarray, np.ndarray],
        start: tuple[np.ndarray, np.ndarray],
        context: SourceContext,
        folds: Folds,
        flat: Choice,
        first: tuple[np.ndarray, np.ndarray],
    ) -> list[Choice]:
        """What was learned from some features and a start, from probabilities `first`."""
        expected = float(first[0].sum())
        alike = min(MOST_ALIKE, ALIKE / expected**0.5)
        lesson = Lesson.of(view, x, start, context, folds, alike, self.seed)
        uses_start = x[0].shape[1] > len(feature_names(self.features))
        n_knots = int(np.clip(expected / PER_KNOT, *KNOTS))
        few = expected < FOR_TREES
        learner = Learner(lesson, first[0], n_knots)
        choices: list[Choice] = []
        lowest = float(flat.ln_like.sum())
        for strength in strengths_to_try(first[0], few, uses_start):
            smooth = with_alike_fitted(learner.run(strength), view)
            choices.append(Choice.smooth(smooth))
            totals = [float(choice.ln_like.sum()) for choice in choices]
            if totals[-1] < lowest:  # too free, and gone astray
                learner.begin_again()
            elif totals[-1] < max(totals) - WORSE or not few:
                break
        if self.rounds and totals[-1] > lowest:
            n_rounds = rounds_to_make(first[0], self.rounds)
            choices += boosted(learner, smooth, n_rounds, few=few)
        return [replace(choice, uses_start=uses_start) for choice in choices]

    def _built(
        self,
        best: Choice,
        context: SourceContext,
        folds: Folds,
        told: dict[str, Any],
        ln_mean_start: float,
    ) -> LearnedRatio:
        nothing = LearnedRatio(
            self.name,
            self.features,
            self.start if best.uses_start else None,
            context,
            folds,
            None,
            np.zeros((len(folds), 1 + len(context.names), 0)),
            np.full((len(folds), len(context.nodes())), best.uses_start * ln_mean_start),
            np.zeros(len(folds)),
            np.zeros(len(folds)),
            0.0,
            (),
            told,
        )
        if best.rounds is None:
            return nothing
        found = best.rounds
        return replace(
            nothing,
            hats=found.hats,
            coefficients=found.coefficients,
            ln_mean=found.ln_mean,
            edge=found.edge,
            cap=found.cap,
            alike=found.alike,
            models=best.models,
        )


def _ln_mean(ln_ratio: np.ndarray, weight: np.ndarray) -> float:
    """Ln of the mean ratio over field objects."""
    return float(np.log((weight * np.exp(ln_ratio)).mean())) if len(ln_ratio) else 0.0
