"""Mean ratio of field objects at every value of the context, which a prior divides out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .boosting import FoldModels
from .density_ratio import DensityRatio
from .training_sample import TrainingSample

#: nodes along each context column, by number of columns; field objects per fold drawn there
CONTEXT_NODES = {1: 25, 2: 9, 3: 5}
CONTEXT_FIELD = 10_000


def with_context_mean(
    ratio: DensityRatio, models: FoldModels, sample: TrainingSample, rng: np.random.Generator
) -> DensityRatio:
    """The ratio, with its mean over field objects at nodes of the context to be divided out.

    Each mean is by models that did not see the objects. Objects are drawn more often the higher
    their ratio, which a few of them dominate, and count for less by as much.
    """
    x, missing, label, weight = sample.x, sample.missing, sample.label, sample.weight
    values = sample.context
    log = [bool((v > 0).all() and v.max() > 10 * v.min()) for v in values.T]
    ratio = replace(ratio, log_context=log)
    scaled = ratio.scaled(values)
    nodes = [_nodes(column, CONTEXT_NODES[values.shape[1]]) for column in scaled.T]
    mesh = np.stack(np.meshgrid(*nodes, indexing="ij"), axis=-1)
    points = mesh.reshape(-1, values.shape[1])
    raw = np.column_stack(
        [10.0**p if is_log else p for p, is_log in zip(points.T, log, strict=True)]
    )
    mean = np.zeros(len(points))
    for k in range(len(models.forest)):
        field = np.flatnonzero((models.fold == k) & ~label)
        seen = np.exp(ratio.ln_ratio(models.logit[field], missing[field]))
        chance = weight[field] * (seen + np.average(seen, weights=weight[field]))
        chance /= chance.sum()
        drawn = rng.choice(len(field), CONTEXT_FIELD, p=chance)
        rows = field[drawn]
        share = weight[rows] / weight[field].sum() / chance[drawn] / CONTEXT_FIELD
        for number, point in enumerate(raw):
            both = np.column_stack([x[rows], np.broadcast_to(point, (len(rows), len(point)))])
            logit = models.forest.log_odds(both, k)[0]
            here = np.exp(ratio.ln_ratio(logit, missing[rows]))
            mean[number] += np.sum(share * here) / share.sum() / len(models.forest)
    return replace(
        ratio,
        nodes=[n.tolist() for n in nodes],
        ln_mean=np.log(mean).reshape(mesh.shape[:-1]).tolist(),
    )


def _nodes(column: np.ndarray, n: int) -> np.ndarray:
    """Nodes along a context column: half at quantiles, half equally spaced, for the thin tails."""
    low, high = np.quantile(column, (0.002, 0.998))
    if low == high:
        return np.array([low, low + 1.0])
    dense = np.quantile(column, np.linspace(0.002, 0.998, n // 2 + 1))
    return np.unique(np.concatenate([dense, np.linspace(low, high, n - n // 2)[1:-1]]))
