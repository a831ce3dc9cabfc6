"""Shared by all tests."""

from collections import defaultdict
from itertools import compress

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

#: compiles most kernels
COMPILES = "test_a_short_run[matches]"
#: modules that compile few, those that compile none first; at the end those whose kernels the other
#: process has compiled by then
COMPILES_FEW = """
    test_layout test_photometry test_project test_site test_docstrings test_saved_priors
    test_training_labels test_trees test_reading_text test_compilation_cache test_deprecation
    test_header_text test_images test_notebooks test_reading_files test_root test_scan_files
    test_sentinels test_truth test_doctests test_bad_input test_catalog test_catalog_kinds
    test_reading_frames test_coverage test_train_cli test_cli_outputs test_written test_messy
    test_bad_rows test_source_stamp
""".split()


def _spread(items, n):
    """Of a list n, spread evenly, and the others."""
    kept = np.zeros(len(items), bool)
    kept[np.linspace(0, len(items) - 1, n).round().astype(int)] = True
    return list(compress(items, kept)), list(compress(items, ~kept))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items):
    """Some settings are slow; and an order in which two processes do not compile the same.

    Of the settings of a test marked `few(n)` all but n, spread evenly, are slow; of one marked
    `few(n, slow=m)` m of these are, and the rest is `full`.  Of two processes each begins with its
    half of the tests: one compiles, the other has what needs few kernels.
    """
    settings = defaultdict(list)
    for item in items:
        if item.get_closest_marker("few"):
            settings[item.nodeid.partition("[")[0]].append(item)
    for of_one in settings.values():
        few = of_one[0].get_closest_marker("few")
        others = _spread(of_one, *few.args)[1]
        slow, full = _spread(others, few.kwargs.get("slow", len(others)))
        for item in slow:
            item.add_marker(pytest.mark.slow)
        for item in full:
            item.add_marker(pytest.mark.full)
    found = yield  # what is not asked for is left out
    first = [item for item in items if item.name == COMPILES]
    light = [item for item in items if item.path.stem in COMPILES_FEW]
    light.sort(key=lambda item: COMPILES_FEW.index(item.path.stem))
    apart = {*first, *light}
    others = [item for item in items if item not in apart]
    half = max(len(items) // 2 - len(first), 0)
    items[:] = [*first, *others[:half], *light, *others[half:]]
    return found
