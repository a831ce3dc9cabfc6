"""Sources whose answer is known: what priors learn from, and what a match is judged by."""

from .radius import false_radius
from .samples import hostless, robust_counterparts
from .training import training_sample

__all__ = ["false_radius", "hostless", "robust_counterparts", "training_sample"]
