"""The field model of a match: the calibrated columns go by it, NWAY's do not."""

from dataclasses import replace

import numpy as np

import bayesmatch as bm
from bayesmatch.matching.covariates import covariate_matrix
from bayesmatch.matching.field import FieldDensity, UniformField
from bayesmatch.matching.options import MatchOptions
from bayesmatch.matching.pipeline import run_match
from bayesmatch.priors.prior_set import PriorSet


class Denser:
    """The uniform field, ten times as dense."""

    counts_cells = False

    def at(self, primary, others, *around):
        field = UniformField().at(primary, others)
        ten = (10.0 * each for each in (field.per_deg2, field.plus_one, field.around))
        return FieldDensity(*ten, {"model": "denser"})


def match_with(field):
    """40 sources with an object at 1 sigma each, and a fraction of one half."""
    dec = np.linspace(0.0, 1.0, 40)
    a = bm.Catalog({"RA": np.full(40, 10.0), "DEC": dec}, name="A", pos_err=0.6, area=1.0)
    b = bm.Catalog({"RA": np.full(40, 10.0), "DEC": dec + 1 / 3600}, name="B", pos_err=0.8, area=1)
    given = {
        "radius": 5.0,
        "prior_completeness": 1.0,
        "host_fraction": 0.5,
        "host_covariates": None,
        "correct_unrelated": True,
        "secondary_ratio": 0.5,
        "min_p_i": 0.0,
        "prune": 0.0,
        "progress": False,
        "max_rows": 1000,
        "checkpoint": None,
        "field": "uniform",
        "claims": "independent",
        "errors": "given",
        "bad_rows": "strict",
    }
    options = replace(MatchOptions.checked(a, (b,), given), field=field)
    priors = PriorSet.checked(None, a, (b,))
    return run_match(a, (b,), priors, options, covariate_matrix(a, None))


def test_the_calibrated_columns_go_by_the_field_of_the_options():
    uniform, denser = match_with(UniformField()), match_with(Denser())
    odds = [np.asarray(r.sources["log10_odds_host"]) for r in (uniform, denser)]
    np.testing.assert_allclose(odds[1], odds[0] - 1.0, rtol=0, atol=1e-12)
    for column in ("p_any", "p_i"):
        np.testing.assert_array_equal(uniform.sources[column], denser.sources[column])


def test_the_field_of_a_match_may_be_uniform():
    result = match_with(UniformField())
    a, b = (result._catalogs[k] for k in (0, 1))
    same = bm.match(
        a,
        b,
        radius=5,
        host_fraction=0.5,
        host_covariates=None,
        prune=0,
        field="uniform",
        claims="independent",
    )
    np.testing.assert_array_equal(
        same.sources["log10_odds_host"], result.sources["log10_odds_host"]
    )
