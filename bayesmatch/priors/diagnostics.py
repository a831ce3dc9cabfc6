"""How well a learned prior learned: tables, each from objects its models had not seen.

``diagnose(prior)`` gives them all; :func:`bayesmatch.plots.prior_diagnostics` draws them.
"""

from __future__ import annotations

import numpy as np
from astropy.table import Table

from .lightgbm import LightGBMPrior
from .training import TrainingRecord

#: rows that permutation importance is measured on
PERMUTATION_ROWS = 20_000


def diagnose(prior: LightGBMPrior) -> dict[str, Table]:
    """All diagnostic tables of a prior that was just trained.

    Returns
    -------
    dict of str to Table
        ``precision_recall``, ``distribution``, ``reliability``, ``importance``,
        ``learning_curve``.

    Raises
    ------
    ValueError
        For a loaded prior: the training sample is not kept in the file.
    """
    seen = prior.training
    if seen is None:
        raise ValueError(
            f"prior {prior.name!r} was loaded from a file, which does not keep the "
            "training sample; diagnose it where it is trained"
        )
    return {
        "precision_recall": precision_recall(seen),
        "distribution": distribution(seen),
        "reliability": ratio_check(seen),
        "importance": importance(prior, seen),
        "learning_curve": learning_curve(seen),
    }


def precision_recall(seen: TrainingRecord) -> Table:
    """Precision and recall of counterparts above each threshold in log10 ratio."""
    from sklearn.metrics import precision_recall_curve

    precision, recall, threshold = precision_recall_curve(
        seen.label, seen.ln_ratio / np.log(10), sample_weight=seen.weight
    )
    keep = np.unique(np.linspace(0, len(threshold) - 1, 400).astype(int))
    return Table(
        {"log10_ratio": threshold[keep], "precision": precision[keep], "recall": recall[keep]}
    )


def distribution(seen: TrainingRecord, n_bins: int = 40) -> Table:
    """Densities of log10 ratio for counterparts and for field objects."""
    log10_ratio = seen.ln_ratio / np.log(10)
    edges = np.linspace(log10_ratio.min(), log10_ratio.max() + 1e-9, n_bins + 1)
    out = Table({"lo": edges[:-1], "hi": edges[1:]})
    for name, mine in (("counterparts", seen.label), ("field", ~seen.label)):
        out[name], _ = np.histogram(
            log10_ratio[mine], edges, weights=seen.weight[mine], density=True
        )
    return out


def ratio_check(seen: TrainingRecord, n_bins: int = 12) -> Table:
    """Ratio measured in bins of predicted ratio: share of counterparts over share of field."""
    log10_ratio = seen.ln_ratio / np.log(10)
    edges = np.unique(np.quantile(log10_ratio[seen.label], np.linspace(0, 1, n_bins + 1)))
    if len(edges) == 1:  # a prior that has learned nothing
        edges = np.repeat(edges, 2)
    edges[0], edges[-1] = -np.inf, np.inf
    which = np.digitize(log10_ratio, edges[1:-1])
    hosts, field = seen.weight * seen.label, seen.weight * ~seen.label
    rows = []
    for b in range(len(edges) - 1):
        mine = which == b
        n_hosts, n_field = int((mine & seen.label).sum()), int((mine & ~seen.label).sum())
        if n_hosts == 0 or n_field == 0:
            continue
        measured = (hosts[mine].sum() / hosts.sum()) / (field[mine].sum() / field.sum())
        predicted = np.average(np.exp(seen.ln_ratio[mine]), weights=field[mine])
        rows.append(
            (predicted, measured, measured * np.sqrt(1 / n_hosts + 1 / n_field), n_hosts, n_field)
        )
    return Table(rows=rows, names=["predicted", "measured", "error", "counterparts", "field"])


def importance(prior: LightGBMPrior, seen: TrainingRecord, seed: int = 0) -> Table:
    """Each feature's share of the gain, and the log loss its permutation adds."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(seen.x))[:PERMUTATION_ROWS]
    x, label, fold, weight = (a[rows] for a in (seen.x, seen.label, seen.fold, seen.weight))

    def loss(features: np.ndarray) -> float:
        logit = np.empty(len(features))
        for k in range(len(prior.forest)):
            logit[fold == k] = prior.forest.log_odds(features[fold == k], k)[0]
        return float(np.average(np.logaddexp(0, np.where(label, -logit, logit)), weights=weight))

    base = loss(x)
    gain = prior.forest.gain
    added = []
    for column in range(x.shape[1]):
        shuffled = x.copy()
        shuffled[:, column] = rng.permutation(shuffled[:, column])
        added.append(loss(shuffled) - base)
    return Table(
        {
            "feature": list(prior.feature_names),
            "gain": gain / max(gain.sum(), 1e-300),
            "permutation": added,
        }
    )


def learning_curve(seen: TrainingRecord) -> Table:
    """Log loss by boosting round, training and validation part, mean over the models."""
    rounds = max(len(loss["training"]) for loss in seen.loss)

    def mean(part: str) -> np.ndarray:
        padded = [
            np.pad(np.asarray(loss[part]), (0, rounds - len(loss[part])), mode="edge")
            for loss in seen.loss
        ]
        mean_loss: np.ndarray = np.mean(padded, axis=0)
        return mean_loss

    return Table(
        {
            "round": np.arange(1, rounds + 1),
            "training": mean("training"),
            "validation": mean("validation"),
        }
    )
