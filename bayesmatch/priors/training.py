"""Training of a density ratio: models of folds, ratio, mean over the field."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import __version__
from .boosting import train_folds
from .context_mean import with_context_mean
from .density_ratio import DensityRatio
from .density_ratio_fit import fit_density_ratio
from .training_sample import NO_FEATURE, NO_LABEL, TrainingSample


@dataclass(frozen=True, eq=False)
class TrainingRecord:
    """What training saw, for the diagnostics; every logit is from a model that did not."""

    x: np.ndarray
    """(n, F) features and context"""
    label: np.ndarray
    """(n,) is a counterpart"""
    weight: np.ndarray
    """(n,)"""
    fold: np.ndarray
    """(n,) the model that has not seen the row"""
    ln_ratio: np.ndarray
    """(n,) ln ratio from that model"""
    loss: list[dict[str, list[float]]]
    """log loss by round, of each fold's training and validation part"""
    left_out: dict[str, tuple[int, int]]
    """counterparts and field objects left out, by reason"""


@dataclass(frozen=True, eq=False)
class TrainedRatio:
    """All that training found; :meth:`bayesmatch.LightGBMPrior.fit` makes a prior of it."""

    models: list[str]
    """one per fold, in LightGBM's text format"""
    density_ratio: DensityRatio
    """what the models' log odds stand for"""
    counts: dict[str, int]
    """numbers of objects trained on"""
    versions: dict[str, str]
    """of this package and of those that the models hang on"""
    record: TrainingRecord
    """for the diagnostics"""


def train(
    sample: TrainingSample, *, seed: int, n_threads: int | None, progress: bool
) -> TrainedRatio:
    """Train the models, fit the density ratio, normalise it.

    Parameters
    ----------
    sample : TrainingSample
        Counterparts and field objects.
    seed : int
        Same seed, same sample: the same bytes.
    n_threads : int or None
        Models trained side by side; None: as many as the rest of the library uses.
    progress : bool
        Show a progress bar over the models.

    Returns
    -------
    TrainedRatio
        Models, ratio, and what training saw.
    """
    import lightgbm

    rng = np.random.default_rng(seed)
    models = train_folds(sample, rng, seed=seed, n_threads=n_threads, progress=progress)
    ratio = fit_density_ratio(models.logit, sample)
    if sample.context_names:
        ratio = with_context_mean(ratio, models, sample, rng)
    ln_ratio = ratio.ln_ratio(models.logit, sample.missing)
    if sample.context_names:
        ln_ratio = ln_ratio - ratio.ln_context_mean(sample.context)
    counts = {
        "counterparts": sample.n_counterparts,
        "field": sample.n_field,
        "left_out_without_features": sum(sample.left_out.get(NO_FEATURE, (0, 0))),
    }
    if NO_LABEL in sample.left_out:
        counts["left_out_without_label"] = sum(sample.left_out[NO_LABEL])
    versions = {
        "bayesmatch": __version__,
        "lightgbm": lightgbm.__version__,
        "numpy": np.__version__,
    }
    return TrainedRatio(
        models.texts,
        ratio,
        counts,
        versions,
        TrainingRecord(
            sample.inputs,
            sample.label,
            sample.weight,
            models.fold,
            ln_ratio,
            models.loss,
            sample.left_out,
        ),
    )
