"""Which numbers mean "not measured", in which columns: one rule for every prior."""

import numpy as np
import pandas as pd
import pytest
from astropy.table import Column, Table

import bayesmatch as bm
from bayesmatch.catalogs.columns import column_values
from bayesmatch.catalogs.sentinels import without_sentinels
from bayesmatch.photometry import Features
from bayesmatch.priors.binning import plain_values

NAN = np.nan


def ratio(
    values, unit=None, lo=(-200, -100), hi=(-100, 200), selected=(0.9, 0.1), others=(0.1, 0.9)
):
    n = len(values)
    table = Table({"RA": np.arange(n) * 1.0, "DEC": np.zeros(n), "x": Column(values, unit=unit)})
    prior = bm.HistogramPrior("x", lo, hi, selected, others)
    return 10 ** prior.log10_ratio(bm.Catalog(table, name="O", pos_err=1.0, area=1.0))


@pytest.mark.parametrize("unit", [None, "mas/yr"])
def test_a_proper_motion_below_99_is_a_value(unit):
    np.testing.assert_allclose(ratio([-120.0, -98.0], unit), [9, 1 / 9])
    np.testing.assert_allclose(ratio([-120, 99], unit), [9, 1 / 9])


def test_99_is_missing_in_histograms_as_in_features():
    values = [20.0, 99.0, 99.99, 999.0, -99.0, -99.9, NAN]
    expected = [20.0, NAN, NAN, NAN, NAN, NAN, NAN]
    np.testing.assert_array_equal(Features(["g"]).compute({"g": values})[:, 0], expected)
    np.testing.assert_array_equal(plain_values(values, "g"), expected)
    np.testing.assert_array_equal(column_values({"g": values}, "g"), expected)
    np.testing.assert_array_equal(column_values({"g": np.float32(values)}, "g"), expected)
    np.testing.assert_array_equal(column_values(pd.DataFrame({"g": values}), "g"), expected)
    np.testing.assert_allclose(ratio(values, "mag")[1:], 1)
    np.testing.assert_allclose(ratio(values)[1:], 1)
    faint = bm.HistogramPrior.fit(
        "g", np.linspace(18, 22, 200), np.r_[np.linspace(18, 25, 200), np.full(50, 99.0)]
    )
    assert faint.hi[-1] < 30 and faint.counts["others"] == 200


@pytest.mark.parametrize(
    "magnitudes, kept",
    [
        (True, [-98.9, 0, 89.9]),  # no magnitude reaches the others
        (False, [-98.9, 0, 89.9, 95, 99, 120, 999, -120, -1000]),
        (None, [-98.9, 0, 89.9, 95, 120, -120, -1000]),
    ],
)
def test_what_is_a_value_goes_by_the_column(magnitudes, kept):
    values = np.array([-98.9, 0, 89.9, 95, 99, 120, 999, -120, -1000, -99, -999, NAN, np.inf])
    found = without_sentinels(values, magnitudes)
    np.testing.assert_array_equal(found[~np.isnan(found)], kept)


def test_the_context_of_a_prior_has_no_sentinels():
    table = {"flux": [99.0, -120.0, np.inf]}
    np.testing.assert_array_equal(column_values(table, "flux", sentinels=False), [99, -120, NAN])


@pytest.mark.parametrize(
    "value", [1e308, -1e308, 1.7976931348623157e308, 3.4028235e38, -3.4028235e38]
)
@pytest.mark.parametrize("magnitudes", [True, False, None])
def test_the_largest_numbers_are_missing(value, magnitudes):
    """What programs write for infinity; a luminosity of 1e47 is what it says."""
    got = without_sentinels(np.array([value, 5.0, 20.0]), magnitudes)
    assert np.isnan(got[0]) and got[2] == 20.0
    real = without_sentinels(np.array([1e47, -1e47, -200.0, 3e38]), False)
    assert list(real) == [1e47, -1e47, -200.0, 3e38]


@pytest.mark.slow
@pytest.mark.parametrize("value", [-99.0, -999.0])
def test_covariates_have_to_be_known(value):
    """One -99 among fluxes would make all others the same; a count of 99 is what it says."""
    rng = np.random.default_rng(1)
    table = {"RA": rng.uniform(0, 1, 200), "DEC": rng.uniform(0, 1, 200)}
    sources = {**{k: v[:40] for k, v in table.items()}, "n": np.full(40, 99.0)}
    sources["flux"] = np.where(np.arange(40) == 7, value, 1e-14)
    x = bm.Catalog(sources, name="X", pos_err=1.0, area=1.0)
    o = bm.Catalog(table, name="O", pos_err=1.0, area=1.0)
    says = rf"'X': column 'flux' is {value} in row 7; that stands for 'not measured'"
    with pytest.raises(ValueError, match=says):
        bm.match(x, o, radius=5, host_covariates=["flux"])
    with pytest.raises(ValueError, match=says):
        bm.fit_position_errors(x, o, radius=5, covariates=["flux"])
    bm.match(x, o, radius=5, host_covariates=["n"])
