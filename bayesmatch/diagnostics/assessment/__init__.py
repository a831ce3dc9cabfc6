"""Identifications against the truth: purity, completeness, reliability, with their intervals."""
