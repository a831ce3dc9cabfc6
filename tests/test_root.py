"""Roots are found where SciPy's Brent finds them, with the same steps."""

import math

import pytest
from scipy.optimize import brentq

from bayesmatch.matching.root import root

FUNCTIONS = {
    "line": lambda x: 3 * x - 1,
    "cube": lambda x: (x - 0.3) ** 3 + 1e-3 * (x - 0.3),
    "steep": lambda x: math.atan(1e4 * (x - 0.7)),
    "exponential": lambda x: math.exp(-20 * x) - 0.01,
    "step": lambda x: -1.0 if x < 0.123456 else 1.0,
    "rational": lambda x: 0.2 / (x + 0.01) - 1 - x,
    "falling": lambda x: 0.25 - x**5,
    "at the low end": lambda x: x,
    "at the high end": lambda x: x - 1,
    "products below the smallest number": lambda x: 1e-300 * (x**3 - 0.1),
    "products above the largest number": lambda x: 1e300 * (x - 0.1) ** 3,
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("accuracy", [1e-2, 1e-6, 1e-12])
def test_step_by_step(name, accuracy):
    seen = [], []

    def watched(k):
        return lambda x: (seen[k].append(x), FUNCTIONS[name](x))[1]

    expected = brentq(watched(0), 0.0, 1.0, xtol=accuracy)
    assert root(watched(1), 0.0, 1.0, accuracy) == expected
    assert seen[1] == seen[0]


def test_no_root():
    with pytest.raises(ValueError, match="one sign at both 0 and 1"):
        root(lambda x: 1.0 + x, 0.0, 1.0, 1e-6)


def test_no_root_of_values_whose_product_is_no_number():
    with pytest.raises(ValueError, match="one sign at both 0 and 1"):
        root(lambda x: 1e-200 * (1.0 + x), 0.0, 1.0, 1e-6)
