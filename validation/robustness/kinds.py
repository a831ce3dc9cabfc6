"""The kinds of cases: how many of all, how many in one process, and what checks one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import calls, faults, files, kills


@dataclass(frozen=True)
class Kind:
    """One kind of case."""

    check: Callable[[Any], None]
    """of drawn data, or, where `drawn` is False, of a random generator"""
    share: float
    """of all cases"""
    batch: int
    """cases in one process"""
    drawn: bool = True

    @property
    def text(self) -> str:
        """What is tried, in one line."""
        return (self.check.__doc__ or "").splitlines()[0]


KINDS = {
    "matches": Kind(calls.check_match, 0.45, 1000),
    "bad_matches": Kind(calls.check_bad_match, 0.25, 1000),
    "bad_catalogues": Kind(calls.check_bad_catalogue, 0.2, 1000),
    "catalogue_files": Kind(files.check_catalogue_file, 0.02, 500),
    "result_files": Kind(files.check_result_file, 0.02, 500),
    "prior_files": Kind(files.check_prior_file, 0.02, 500),
    "model_files": Kind(files.check_model_file, 0.02, 100),
    "checkpoints": Kind(faults.check_checkpoint, 0.006, 200),
    "writes": Kind(faults.check_write, 0.004, 200),
    "killed_writes": Kind(kills.check_killed_write, 0.006, 100, drawn=False),
    "killed_scans": Kind(kills.check_killed_scan, 0.004, 100, drawn=False),
}
