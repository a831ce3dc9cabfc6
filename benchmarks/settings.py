"""How much a run of the benchmarks does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Given to every section's ``run``."""

    repeat: int = 5
    """calls of which the median is taken"""
    nway_repeat: int = 5
    """the same, of NWAY"""
    quick: bool = False
    """toy sizes, to see that everything runs; never results"""
    data: Path | None = None
    """where the scanned data set is, or is to be made and kept; None: a temporary directory"""
    n_rows: int = 1_000_000_000
    """of the whole sky"""
    only: tuple[str, ...] = ()
    """parts of a section that is measured in parts; empty: all"""
    environments: Path | None = None
    """where peers' own environments are, or are to be made and kept; None: a temporary directory"""
    python313: str = "python3.13"
    """the Python 3.13 that xmatcher needs"""

    def rows(self, n: int, least: int = 200) -> int:
        """`n` rows, or a hundredth in a quick run."""
        return max(least, n // 100) if self.quick else n
