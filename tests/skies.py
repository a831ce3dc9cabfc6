"""Simulated skies with known truth, for the tests."""

from validation.skies import (
    DEX,
    Sky,
    calibration_error,
    logistic,
    simulate,
    simulate_patterns,
    step,
)

__all__ = ["DEX", "Sky", "calibration_error", "logistic", "simulate", "simulate_patterns", "step"]
