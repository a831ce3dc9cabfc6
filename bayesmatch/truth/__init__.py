"""Sources whose answer is known: what priors learn from, and what a match is judged by."""

from .radius import false_radius
from .training import training_sample

__all__ = ["false_radius", "training_sample"]
