"""Training of :class:`LightGBMPrior`: folds, models, calibration, normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import __version__
from .._kernels import jit
from ..catalogs.columns import column_values, table_columns
from .lightgbm import (
    Calibration,
    LightGBMPrior,
    context_matrix,
    feature_matrix,
    feature_names,
    raw_logit,
)

if TYPE_CHECKING:
    from ..photometry import Features

FOLDS = 4
#: part of each training set held back to stop early
VALIDATION = 0.15
MIN_OBJECTS = 30
MAX_ROUNDS, PATIENCE = 120, 15
PARAMETERS = {
    "objective": "binary", "learning_rate": 0.12, "num_leaves": 15, "min_data_in_leaf": 30,
    "lambda_l2": 5.0, "feature_fraction": 0.8, "max_bin": 127, "verbosity": -1,
    "deterministic": True, "force_col_wise": True,
}
#: the ratio stops changing where fewer objects than this, or than this share, lie beyond. Its mean
#: over the field hangs on the few highest: on 240,000 field objects a share of 1e-3 (ratio 120)
#: normalises to 1.1%, 10 objects (ratio 500) to 1.6%; matches are equally good
TAIL_OBJECTS, TAIL_SHARE = 10, 1e-3
#: twice the gain in held-out ln likelihood below which the features are held to say nothing
MIN_GAIN = 10.0
#: a pattern of missing bands has its own factor with this many counterparts, and this share
PATTERN_COUNTERPARTS, PATTERN_SHARE = 30, 0.01
#: nodes along each context column, by number of columns; field objects per fold drawn there
CONTEXT_NODES = {1: 25, 2: 9, 3: 5}
CONTEXT_FIELD = 10_000


@dataclass(frozen=True)
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
    """(n,) calibrated ln ratio from that model"""
    loss: list[dict[str, list[float]]]
    """log loss by round, of each fold's training and validation part"""


def train(table: Any, is_counterpart: Any, *, features: Sequence[str] | Features, context: Any,
          sample_weight: Any, name: str, seed: int, n_threads: int | None, groups: Any,
          progress: bool) -> LightGBMPrior:
    """See :meth:`LightGBMPrior.fit`."""
    import lightgbm
    from tqdm import tqdm

    if not isinstance(name, str) or not name:
        raise TypeError(f"name is {name!r}; give a text")
    if isinstance(features, str):
        raise TypeError(f"features is the text {features!r}; give a sequence of columns")
    features = list(features) if not hasattr(features, "compute") else features
    if not feature_names(features):
        raise ValueError("features is empty; name at least one column")
    x, missing = feature_matrix(table, features)
    label = _labels(table, is_counterpart, len(x))
    context_names = tuple(table_columns(context)) if context is not None else ()
    if len(context_names) > max(CONTEXT_NODES):
        raise ValueError(f"context has {len(context_names)} columns; give at most 3")
    values = context_matrix(context, context_names, len(x))
    weight = _weights(sample_weight, len(x))
    used = ~np.isnan(x).all(axis=1)  # an object without any feature says nothing
    group = _groups(table, groups, len(x))[used]
    x, missing, label, weight, values = (a[used] for a in (x, missing, label, weight, values))
    for what, n in (("counterparts", label.sum()), ("field objects", (~label).sum())):
        if n < MIN_OBJECTS:
            raise ValueError(f"only {n} {what} with any feature measured; training needs at least "
                             f"{MIN_OBJECTS}: enlarge the sample")

    rng = np.random.default_rng(seed)
    fold = assign_folds(rng, label, group, FOLDS)
    both = np.column_stack([x, values])
    names = [f"f{number}" for number in range(both.shape[1])]
    logit = np.empty(len(label))
    inner = [assign_folds(rng, label, group, round(1 / VALIDATION)) == 0 for _ in range(FOLDS)]

    def boost(k: int) -> tuple[str, dict[str, list[float]]]:
        return _boost(both, label, weight, (fold != k) & ~inner[k], (fold != k) & inner[k], names,
                      seed + k)

    # One thread a model: LightGBM's own threads wait for each other at every split, and on busy
    # cores trained a quarter of a million rows in 150 s instead of 8 s.
    n_threads = jit.n_threads() if n_threads is None else n_threads
    with ThreadPoolExecutor(max(1, min(n_threads, FOLDS))) as pool:
        trained = list(tqdm(pool.map(boost, range(FOLDS)), desc="training", unit="model",
                            total=FOLDS, disable=not progress))
    texts, losses = [text for text, _ in trained], [loss for _, loss in trained]
    models = [lightgbm.Booster(model_str=text) for text in texts]
    for k, model in enumerate(models):
        logit[fold == k] = raw_logit(model, both[fold == k])

    calibration = _calibrate(logit, label, weight, missing, bool(context_names))
    if context_names:
        calibration = _normalise_context(calibration, models, logit, x, missing, label, weight,
                                         values, fold, rng)
    ln_ratio = calibration.ln_ratio(logit, missing)
    if context_names:
        ln_ratio = ln_ratio - calibration.ln_context_mean(values)
    return LightGBMPrior(
        name=name, features=features, context=context_names, models=texts, calibration=calibration,
        counts={"counterparts": int(label.sum()), "field": int((~label).sum()),
                "left_out_without_features": int((~used).sum())},
        versions={"bayesmatch": __version__, "lightgbm": lightgbm.__version__,
                  "numpy": np.__version__},
        training=TrainingRecord(both, label, weight, fold, ln_ratio, losses))


def assign_folds(rng: np.random.Generator, label: np.ndarray, group: np.ndarray, n: int
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


def _labels(table: Any, is_counterpart: Any, n: int) -> np.ndarray:
    values = (column_values(table, is_counterpart) if isinstance(is_counterpart, str)
              else np.asarray(np.ma.filled(np.ma.asarray(is_counterpart).astype(float), np.nan)))
    if values.shape != (n,):
        raise ValueError(f"is_counterpart has shape {values.shape} for {n} rows")
    if not np.isin(values, (0, 1)).all():
        row = int(np.flatnonzero(~np.isin(values, (0, 1)))[0])
        raise ValueError(f"is_counterpart is {values[row]} in row {row}; it must be true or false")
    label = values == 1
    if label.all() or not label.any():
        raise ValueError(f"is_counterpart is {bool(label[0]) if n else 'empty'} in every row; "
                         "training needs counterparts and field objects")
    return label


def _weights(sample_weight: Any, n: int) -> np.ndarray:
    weight = np.ones(n) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (n,) or not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise ValueError(f"sample_weight must be {n} finite numbers, 0 or more")
    return weight


def _groups(table: Any, groups: Any, n: int) -> np.ndarray:
    if groups is None:
        return (column_values(table, "xray_row") if "xray_row" in table_columns(table)
                else np.arange(n))
    groups = np.asarray(groups)
    if groups.shape != (n,):
        raise ValueError(f"groups has shape {groups.shape} for {n} rows")
    return groups


def _boost(x: np.ndarray, label: np.ndarray, weight: np.ndarray, fit: np.ndarray,
           check: np.ndarray, names: list[str], seed: int
           ) -> tuple[str, dict[str, list[float]]]:
    """One model as text, and its log loss by round.

    The classes keep their true proportion: reweighting them would distort the odds that the
    calibration divides by.
    """
    import lightgbm

    data = lightgbm.Dataset(x[fit], label[fit], weight=weight[fit], feature_name=names,
                            free_raw_data=False)
    held = lightgbm.Dataset(x[check], label[check], weight=weight[check], reference=data)
    loss: dict[str, dict[str, list[float]]] = {}
    model = lightgbm.train(
        {**PARAMETERS, "seed": seed, "num_threads": 1}, data, MAX_ROUNDS,
        valid_sets=[data, held], valid_names=["training", "validation"],
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False),
                   lightgbm.record_evaluation(loss)])
    text = model.model_to_string(num_iteration=max(1, model.best_iteration))
    # The parameter block records the number of threads; equal models are to be equal files.
    head, _, rest = text.partition("\nparameters:")
    _, _, tail = rest.partition("end of parameters")
    return head + tail, {part: values["binary_logloss"] for part, values in loss.items()}


def _calibrate(logit: np.ndarray, label: np.ndarray, weight: np.ndarray, missing: np.ndarray,
               with_context: bool) -> Calibration:
    """Platt scaling of held-out logits to ln ratio, bounded, normalised over the field."""
    low = np.sort(logit[label])[_tail(int(label.sum()))]
    high = np.sort(logit[~label])[-1 - _tail(int((~label).sum()))]
    low, high = min(low, high), max(low, high)
    slope, intercept = _platt(np.clip(logit, low, high), label, weight)
    odds = weight[label].sum() / weight[~label].sum()
    bare = Calibration(float(intercept - np.log(odds)), float(slope), float(low), float(high), {},
                       0.0, [], [], [])
    field = ~label
    patterns = {} if with_context else _pattern_factors(bare.ln_ratio(logit, missing), label,
                                                        weight, missing)
    factors = replace(bare, patterns=patterns)
    ln_mean = float(np.log(np.average(np.exp(factors.ln_ratio(logit[field], missing[field])),
                                      weights=weight[field])))
    return replace(factors, patterns={key: f - ln_mean for key, f in patterns.items()},
                   other_patterns=-ln_mean)


def _tail(n: int) -> int:
    """How many of n objects lie beyond a bound."""
    return min(max(TAIL_OBJECTS, int(TAIL_SHARE * n)), n // 3)


def _pattern_factors(ln_ratio: np.ndarray, label: np.ndarray, weight: np.ndarray,
                     missing: np.ndarray) -> dict[str, float]:
    """Ln factor that brings each common pattern's mean ratio to the ratio of its shares.

    The factors are shrunk by how uncertain they are beside how much they scatter in truth (the
    moment estimate of random effects): where patterns tell nothing, chance must not.
    """
    field, hosts = weight * ~label, weight * label
    keys, factor, variance = [], [], []
    for pattern in np.unique(missing, axis=0):
        mine = (missing == pattern).all(axis=1)
        n_hosts, n_field = int((mine & label).sum()), int((mine & ~label).sum())
        if n_hosts < PATTERN_COUNTERPARTS or n_field <= PATTERN_SHARE * (~label).sum():
            continue
        ratio = np.exp(ln_ratio[mine & ~label])
        mean = np.average(ratio, weights=field[mine & ~label])
        share = hosts[mine].sum() / hosts.sum() / (field[mine].sum() / field.sum())
        keys.append("".join("1" if m else "0" for m in pattern))
        factor.append(np.log(share / mean))
        variance.append(1 / n_hosts + ratio.var() / mean**2 / n_field)
    if not keys:
        return {}
    delta, noise = np.array(factor), np.array(variance)
    spread = max(0.0, float(np.average(delta**2 - noise, weights=1 / noise)))
    return dict(zip(keys, (delta * spread / (spread + noise)).tolist(), strict=True))


def _platt(logit: np.ndarray, label: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Slope (0 or more) and intercept of a weighted logistic regression, by Newton steps.

    The slope is 0 unless the likelihood gains enough by it.
    """
    slope, intercept = 1.0, 0.0
    for _ in range(100):
        p = 1 / (1 + np.exp(-(slope * logit + intercept)))
        curve = weight * p * (1 - p)
        gradient = np.array([np.sum(weight * (label - p) * logit) + 1e-3 * (1 - slope),
                             np.sum(weight * (label - p))])
        a, b, c = np.sum(curve * logit * logit) + 1e-3, np.sum(curve * logit), np.sum(curve) + 1e-9
        step = np.array([c * gradient[0] - b * gradient[1],
                         a * gradient[1] - b * gradient[0]]) / max(a * c - b * b, 1e-12)
        step *= min(1.0, 2.0 / np.abs(step).max()) if np.abs(step).max() > 0 else 1.0
        slope, intercept = slope + step[0], intercept + step[1]
        if np.abs(step).max() < 1e-10:
            break
    rate = np.average(label, weights=weight)
    constant = float(np.log(rate / (1 - rate)))
    eta = slope * logit + intercept
    gain = np.sum(weight * (label * (eta - constant)
                            - np.logaddexp(0, eta) + np.logaddexp(0, constant)))
    if slope <= 0 or 2 * gain * weight.sum() < MIN_GAIN * np.sum(weight**2):
        return 0.0, constant  # the features say nothing: the base rate
    return slope, intercept


def _nodes(column: np.ndarray, n: int) -> np.ndarray:
    """Nodes along a context column: half at quantiles, half equally spaced, for the thin tails."""
    low, high = np.quantile(column, (0.002, 0.998))
    if low == high:
        return np.array([low, low + 1.0])
    dense = np.quantile(column, np.linspace(0.002, 0.998, n // 2 + 1))
    return np.unique(np.concatenate([dense, np.linspace(low, high, n - n // 2)[1:-1]]))


def _normalise_context(calibration: Calibration, models: Sequence[Any], logit: np.ndarray,
                       x: np.ndarray, missing: np.ndarray, label: np.ndarray, weight: np.ndarray,
                       values: np.ndarray, fold: np.ndarray, rng: np.random.Generator
                       ) -> Calibration:
    """Mean ratio of field objects at nodes of the context, each by models that did not see them.

    Objects are drawn more often the higher their ratio, which a few of them dominate, and count
    for less by as much.
    """
    log = [bool((v > 0).all() and v.max() > 10 * v.min()) for v in values.T]
    calibration = replace(calibration, log_context=log)
    scaled = calibration.scaled(values)
    nodes = [_nodes(column, CONTEXT_NODES[values.shape[1]]) for column in scaled.T]
    mesh = np.stack(np.meshgrid(*nodes, indexing="ij"), axis=-1)
    points = mesh.reshape(-1, values.shape[1])
    raw = np.column_stack([10.0**p if is_log else p for p, is_log in zip(points.T, log,
                                                                         strict=True)])
    mean = np.zeros(len(points))
    for k, model in enumerate(models):
        field = np.flatnonzero((fold == k) & ~label)
        ratio = np.exp(calibration.ln_ratio(logit[field], missing[field]))
        chance = weight[field] * (ratio + np.average(ratio, weights=weight[field]))
        chance /= chance.sum()
        drawn = rng.choice(len(field), CONTEXT_FIELD, p=chance)
        rows = field[drawn]
        share = weight[rows] / weight[field].sum() / chance[drawn] / CONTEXT_FIELD
        for number, point in enumerate(raw):
            both = np.column_stack([x[rows], np.broadcast_to(point, (len(rows), len(point)))])
            here = np.exp(calibration.ln_ratio(raw_logit(model, both), missing[rows]))
            mean[number] += np.sum(share * here) / share.sum() / len(models)
    return replace(calibration, nodes=[n.tolist() for n in nodes],
                   ln_mean=np.log(mean).reshape(mesh.shape[:-1]).tolist())
