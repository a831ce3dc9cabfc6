"""Sizes and names of the protocol `priors`."""

from __future__ import annotations

from dataclasses import dataclass

RADIUS = 30.0
DISTANCE, BASELINE, LIGHTGBM, CONTEXT = "distance", "published", "LightGBM", "LightGBM + flux"
SHUFFLED = "shuffled labels"


@dataclass(frozen=True)
class Setting:
    """Sizes of a run."""

    train_primary: int = 10_000
    train_area: float = 22.0
    train_field: int = 240_000
    n_primary: int = 4000
    area: float = 9.0
    seeds: int = 3
    sigma_scales: tuple[float, ...] = (1.0, 1.6)
    field_area: float = 35.0
    """of the sky on which the ratio's mean is taken"""
    context_field: int = 400_000
    """field objects per quintile of X-ray flux"""
    train_seed: int = 100
    field_seed: int = 200
    first_seed: int = 1
    max_epochs: int = 60
    """of the published pipeline's networks"""
    threads: int | None = None
    """of LightGBM's training"""
    slack: float = 0.0
    """standard errors by which means over the field may miss, besides what is claimed"""


#: a training sample this small knows the ratio's mean to 2%, hence the slack
QUICK = Setting(
    train_primary=5000,
    train_area=11.0,
    train_field=120_000,
    seeds=1,
    field_area=9.0,
    context_field=100_000,
    max_epochs=25,
    threads=1,
    slack=2.0,
)
