"""Shared by all tests."""

from collections import defaultdict

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Of the settings of a test marked `few(n)` all but n, spread evenly, are slow."""
    settings = defaultdict(list)
    for item in items:
        if item.get_closest_marker("few"):
            settings[item.nodeid.partition("[")[0]].append(item)
    for of_one in settings.values():
        n = of_one[0].get_closest_marker("few").args[0]
        kept = np.linspace(0, len(of_one) - 1, n).round().astype(int)
        for k, item in enumerate(of_one):
            if k not in kept:
                item.add_marker(pytest.mark.slow)
