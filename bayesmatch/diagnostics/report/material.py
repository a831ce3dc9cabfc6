"""What the parts of the report are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...matching.result import MatchResult
from .pairs import Pairs, Places


@dataclass(frozen=True)
class Material:
    """What the parts are made from."""

    result: MatchResult
    sources: Places
    pairs: Sequence[Pairs]
    """with each other catalogue"""
    images: Any
    n_charts: int
