"""Shared by all tests."""

import matplotlib

matplotlib.use("Agg")
