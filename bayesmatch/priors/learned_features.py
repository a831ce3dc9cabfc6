"""Features that a prior is to learn from: those given, or those of the prior it starts with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..catalogs.scalars import names_of, shown
from .feature_matrix import feature_names
from .histogram import HistogramPrior
from .lightgbm import LightGBMPrior

if TYPE_CHECKING:
    from ..photometry import Features


def checked_features(
    features: Sequence[str] | Features | None, start: LightGBMPrior | HistogramPrior | None
) -> Sequence[str] | Features:
    """Columns, or features to compute; a ValueError or TypeError if there are none."""
    if features is None:
        if start is None:
            raise ValueError("LearnedPrior: give features, or a start whose features to take")
        return start.features if isinstance(start, LightGBMPrior) else [start.column]
    if isinstance(features, str):
        raise TypeError(
            f"LearnedPrior: features is the text {shown(features)}; give a sequence of columns"
        )
    if not hasattr(features, "compute"):
        features = names_of("LearnedPrior: features", features)
    if not feature_names(features):
        raise ValueError("LearnedPrior: features is empty; name at least one column")
    return features
