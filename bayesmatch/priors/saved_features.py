"""Features in a saved prior: column names, or magnitudes and colours to be computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .saved import Record, check_name

if TYPE_CHECKING:
    from ..photometry import Features


def features_entry(features: Sequence[str] | Features) -> Any:
    """Features in types that JSON has."""
    return list(features) if isinstance(features, Sequence) else {"Features": features.to_dict()}


def features_of(entries: Record) -> Sequence[str] | Features:
    """The features that a saved prior names; a ValueError if it names none."""
    if not isinstance(entries.get("features"), dict):
        columns = entries.many("features", check_name)
        if not columns:
            raise ValueError("features is empty")
        return columns
    from ..photometry import Features

    described = entries.part("features")
    described.only(["Features"])
    return Features.from_dict(described.part("Features").entries)
