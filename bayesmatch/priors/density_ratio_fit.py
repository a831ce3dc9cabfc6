"""Density ratio fitted to what models say of objects that they have not seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .density_ratio import DensityRatio
from .training_sample import TrainingSample

#: the ratio stops changing where fewer objects than this, or than this share, lie beyond. Its mean
#: over the field hangs on the few highest: on 240,000 field objects a share of 1e-3 (ratio 120)
#: normalises to 1.1%, 10 objects (ratio 500) to 1.6%; matches are equally good
TAIL_OBJECTS, TAIL_SHARE = 10, 1e-3
#: twice the gain in held-out ln likelihood below which the features are held to say nothing
MIN_GAIN = 10.0
#: a pattern of missing bands has its own factor with this many counterparts, and this share
PATTERN_COUNTERPARTS, PATTERN_SHARE = 30, 0.01


def fit_density_ratio(logit: np.ndarray, sample: TrainingSample) -> DensityRatio:
    """Platt scaling of held-out logits (n,) to ln ratio, bounded, normalised over the field.

    The mean over field objects at each context is another step:
    :func:`bayesmatch.priors.context_mean.with_context_mean`.
    """
    label, weight, missing = sample.label, sample.weight, sample.missing
    low = np.sort(logit[label])[_tail(int(label.sum()))]
    high = np.sort(logit[~label])[-1 - _tail(int((~label).sum()))]
    low, high = min(low, high), max(low, high)
    slope, intercept = _platt(np.clip(logit, low, high), label, weight)
    odds = weight[label].sum() / weight[~label].sum()
    bare = DensityRatio(
        float(intercept - np.log(odds)), float(slope), float(low), float(high), {}, 0.0, [], [], []
    )
    field = ~label
    patterns = (
        {}
        if sample.context_names
        else _pattern_factors(bare.ln_ratio(logit, missing), label, weight, missing)
    )
    factors = replace(bare, patterns=patterns)
    ln_mean = float(
        np.log(
            np.average(
                np.exp(factors.ln_ratio(logit[field], missing[field])), weights=weight[field]
            )
        )
    )
    return replace(
        factors, patterns={key: f - ln_mean for key, f in patterns.items()}, other_patterns=-ln_mean
    )


def _tail(n: int) -> int:
    """How many of n objects lie beyond a bound."""
    return min(max(TAIL_OBJECTS, int(TAIL_SHARE * n)), n // 3)


def _pattern_factors(
    ln_ratio: np.ndarray, label: np.ndarray, weight: np.ndarray, missing: np.ndarray
) -> dict[str, float]:
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
        gradient = np.array(
            [
                np.sum(weight * (label - p) * logit) + 1e-3 * (1 - slope),
                np.sum(weight * (label - p)),
            ]
        )
        a, b, c = np.sum(curve * logit * logit) + 1e-3, np.sum(curve * logit), np.sum(curve) + 1e-9
        step = np.array(
            [c * gradient[0] - b * gradient[1], a * gradient[1] - b * gradient[0]]
        ) / max(a * c - b * b, 1e-12)
        step *= min(1.0, 2.0 / np.abs(step).max()) if np.abs(step).max() > 0 else 1.0
        slope, intercept = slope + step[0], intercept + step[1]
        if np.abs(step).max() < 1e-10:
            break
    rate = np.average(label, weights=weight)
    constant = float(np.log(rate / (1 - rate)))
    eta = slope * logit + intercept
    gain = np.sum(
        weight * (label * (eta - constant) - np.logaddexp(0, eta) + np.logaddexp(0, constant))
    )
    if slope <= 0 or 2 * gain * weight.sum() < MIN_GAIN * np.sum(weight**2):
        return 0.0, constant  # the features say nothing: the base rate
    return slope, intercept
