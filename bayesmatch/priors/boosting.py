"""Models of a training sample, each trained without one fold of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._kernels import jit
from .._kernels import progress as bars
from .forest import Forest
from .training_sample import TrainingSample

FOLDS = 4
#: part of each training set held back to stop early
VALIDATION = 0.15
MAX_ROUNDS, PATIENCE = 120, 15
PARAMETERS = {
    "objective": "binary",
    "learning_rate": 0.12,
    "num_leaves": 15,
    "min_data_in_leaf": 30,
    "lambda_l2": 5.0,
    "feature_fraction": 0.8,
    "max_bin": 127,
    "verbosity": -1,
    "deterministic": True,
    "force_col_wise": True,
}


@dataclass(frozen=True, eq=False)
class FoldModels:
    """Models, and what they say of the rows that they have not seen."""

    texts: list[str]
    """in LightGBM's format"""
    forest: Forest
    """the same, ready to use"""
    fold: np.ndarray
    """(n,) the model that has not seen the row"""
    logit: np.ndarray
    """(n,) log odds from that model"""
    loss: list[dict[str, list[float]]]
    """log loss by round, of each model's training and validation part"""


def train_folds(
    sample: TrainingSample,
    rng: np.random.Generator,
    *,
    seed: int,
    n_threads: int | None,
    progress: bool,
) -> FoldModels:
    """A model for each fold; the same bytes whatever the number of threads."""
    x, label, weight, group = sample.inputs, sample.label, sample.weight, sample.group
    fold = assign_folds(rng, label, group, FOLDS)
    names = [f"f{number}" for number in range(x.shape[1])]
    inner = [assign_folds(rng, label, group, round(1 / VALIDATION)) == 0 for _ in range(FOLDS)]

    def boost(k: int) -> tuple[str, dict[str, list[float]]]:
        return _boost(
            x, label, weight, (fold != k) & ~inner[k], (fold != k) & inner[k], names, seed + k
        )

    # One thread a model: LightGBM's own threads wait for each other at every split, and on busy
    # cores trained a quarter of a million rows in 150 s instead of 8 s.
    n_threads = jit.n_threads() if n_threads is None else n_threads
    workers = max(1, min(n_threads, FOLDS))
    models = jit.on_threads(boost, range(FOLDS), workers)
    trained = list(bars.steps(models, FOLDS, "training", show=progress))
    texts, losses = [text for text, _ in trained], [loss for _, loss in trained]
    forest = Forest.of(texts, x.shape[1])
    logit = np.empty(len(label))
    for k in range(FOLDS):
        logit[fold == k] = forest.log_odds(x[fold == k], k)[0]
    return FoldModels(texts, forest, fold, logit, losses)


def assign_folds(
    rng: np.random.Generator, label: np.ndarray, group: np.ndarray, n: int
) -> np.ndarray:
    """Fold of each row: groups stay together, those with a counterpart are spread evenly."""
    _, index = np.unique(group, return_inverse=True)
    with_counterpart = np.zeros(index.max() + 1, bool)
    np.logical_or.at(with_counterpart, index, label)
    order = rng.permutation(len(with_counterpart))
    order = np.concatenate([order[with_counterpart[order]], order[~with_counterpart[order]]])
    fold = np.empty(len(order), np.int64)
    fold[order] = np.arange(len(order)) % n
    return fold[index]


def _boost(
    x: np.ndarray,
    label: np.ndarray,
    weight: np.ndarray,
    fit: np.ndarray,
    check: np.ndarray,
    names: list[str],
    seed: int,
) -> tuple[str, dict[str, list[float]]]:
    """One model as text, and its log loss by round.

    The classes keep their true proportion: reweighting them would distort the odds that the
    density ratio divides by.
    """
    import lightgbm

    data = lightgbm.Dataset(
        x[fit], label[fit], weight=weight[fit], feature_name=names, free_raw_data=False
    )
    held = lightgbm.Dataset(x[check], label[check], weight=weight[check], reference=data)
    loss: dict[str, dict[str, list[float]]] = {}
    model = lightgbm.train(
        {**PARAMETERS, "seed": seed, "num_threads": 1},
        data,
        MAX_ROUNDS,
        valid_sets=[data, held],
        valid_names=["training", "validation"],
        callbacks=[
            lightgbm.early_stopping(PATIENCE, verbose=False),
            lightgbm.record_evaluation(loss),
        ],
    )
    return model_text(model), {part: values["binary_logloss"] for part, values in loss.items()}


def model_text(model: Any) -> str:
    """A model in LightGBM's text format, up to its best round, the same for any machine."""
    text = model.model_to_string(num_iteration=max(1, model.best_iteration))
    # The parameter block records the number of threads; equal models are to be equal files.
    head, _, rest = text.partition("\nparameters:")
    _, _, tail = rest.partition("end of parameters")
    return str(head + tail)
