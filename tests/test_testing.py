"""`check_invariants` names the rule that a result breaks; without Hypothesis one line says so."""

import subprocess
import sys

import hypothesis
import numpy as np
import pytest

import bayesmatch as bm
from bayesmatch import testing
from bayesmatch.testing import check_invariants


@pytest.fixture
def result():
    rng = np.random.default_rng(2)
    tables = [
        {"ID": np.arange(n), "RA": rng.normal(0, 2e-3, n) % 360, "DEC": rng.normal(0, 2e-3, n)}
        for n in (8, 20, 15)
    ]
    catalogs = [
        bm.Catalog(t, name=name, pos_err=1.0, area=1.0)
        for t, name in zip(tables, ("X", "A", "B"), strict=True)
    ]
    return bm.match(*catalogs, radius=6.0, host_fraction=0.7)


def test_a_right_result_passes_also_from_a_file(result, tmp_path):
    check_invariants(result)
    result.write(tmp_path / "r.fits")
    check_invariants(bm.MatchResult.read(tmp_path / "r.fits"))


def test_two_objects_just_as_far_apart_as_the_radius_pass():
    """Rounding decides, and where it decides against, no row has their separation."""
    ra, dec = (
        (359.99957924985046, 359.9999, 359.9989377495514),
        (-29.999999999611237, -29.999999999999996, -29.99999999650116),
    )
    catalogs = [
        bm.Catalog({"RA": [a], "DEC": [d]}, name=name, pos_err=0.5, area=1.0)
        for a, d, name in zip(ra, dec, ("X", "A", "B"), strict=True)
    ]
    check_invariants(bm.match(*catalogs, radius=3.0, host_fraction=0.7))


SPOILT = [
    ("associations", "p_match", 0.5, "sum of p_match|p_match is|p_hostless"),
    ("associations", "p_i", 0.5, "p_i"),
    ("associations", "p_single", 0.5, "p_single is 1"),
    ("associations", "dist_post", 0.5, "dist_post is 1"),
    ("associations", "p_any", 0.5, "p_any is the same"),
    ("associations", "match_flag", 3, "match_flag"),
    ("associations", "ncat", 7, "ncat"),
    ("associations", "Separation_max", 99.0, "Separation_max"),
    ("associations", "Separation_X_A", 6.0, "Separation_X_A"),
    ("associations", "dist_bayesfactor_uncorrected", -3.0, "Bayes factor|dist_post|p_match"),
    ("associations", "A", 0, "order of associations|ncat|A of"),
    ("associations", "A_ID", 99, "A_ID is that of the row"),
    ("sources", "p_hostless", 1.5, "p_hostless within 0 and 1"),
    ("sources", "p_A", 0.123, "p_A is the sum"),
    ("sources", "second_p_i", 0.123, "second_p_i"),
    ("sources", "log10_odds_host", 55.0, "log10_odds_host"),
    ("sources", "n_candidates", 55, "n_candidates"),
    ("sources", "n_claims", 55, "n_claims"),
    ("sources", "B", 14, "B of the best"),
]


def test_a_source_that_is_hostless_as_probably_as_not_passes():
    """Two sources that only one object can belong to: p_hostless is 1/2 but for the last digit."""
    table = {"ID": [0, 1], "RA": [0.0, 0.0], "DEC": [0.0, 0.0]}
    options = {"pos_err": 0.5, "area": 1.0}
    others = [
        bm.Catalog({"ID": [0], "RA": [ra], "DEC": [dec]}, name=f"C{at}", **options)
        for at, (ra, dec) in enumerate([(0.0, 0.0)] * 4 + [(0.0, 1 / 3600)])
    ]
    x = bm.Catalog(table, name="X", **options)
    result = bm.match(x, *others, radius=10, host_fraction=0.7, correct_unrelated=False)
    assert np.allclose(result.sources["p_hostless"], 0.5, atol=1e-12)
    check_invariants(result)


@pytest.mark.parametrize(("table", "column", "value", "rule"), SPOILT)
def test_what_is_spoilt_is_named(result, table, column, value, rule):
    spoilt = getattr(result, table)
    alone = spoilt["ncat"] == 1 if table == "associations" else np.zeros(len(spoilt), bool)
    row = int(np.flatnonzero(~alone & np.isfinite(np.ma.filled(spoilt[column], 0)))[-1])
    spoilt[column][row] = value
    with pytest.raises(AssertionError, match=rule):
        check_invariants(result)


def test_a_lost_association_is_found(result):
    complete = np.asarray(result.associations["ncat"]) == 2
    result.associations.remove_row(int(np.flatnonzero(complete)[-1]))
    with pytest.raises(AssertionError):
        check_invariants(result)


def test_without_hypothesis_it_says_what_to_install(monkeypatch):
    for name in [n for n in sys.modules if n.startswith("bayesmatch.testing")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(vars(bm), "testing", raising=False)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(ImportError, match=r"bayesmatch\[testing\]") as error:
        bm.testing  # noqa: B018
    assert "\n" not in str(error.value)


ALONE = """
import warnings
from hypothesis import given, settings
from bayesmatch.testing import priors

@settings(max_examples=2, deadline=None, database=None)
@given(priors(kinds=("lightgbm",)))
def drawn(prior):
    assert prior.name

warnings.simplefilter("error")
drawn()
"""


@pytest.mark.slow
def test_the_first_prior_of_a_process_can_be_trained_while_drawing():
    """Training loads what draws from Python's own random numbers, which Hypothesis warns of."""
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_position_errors_can_be_asked_for_without_a_number_of_rows():
    strategy = testing.position_errors(kinds=["rows"])
    value, columns = hypothesis.find(strategy, lambda found: True, database_key=None)
    assert value.shape == (3,) and not columns


def test_objects_that_move_and_some_without_an_error_pass():
    """Motions widen errors, each source sees objects at its own epoch, and some are left out."""
    rng = np.random.default_rng(5)
    n = 60

    def table(**columns):
        return {"RA": rng.normal(50, 6e-3, n), "DEC": rng.normal(0, 6e-3, n), **columns}

    o = bm.Catalog(
        table(err=np.where(np.arange(n) % 9 == 0, np.nan, 0.2)), name="O", pos_err="err", area=1
    )
    motion = {"epoch": 2000.0, "pm": (80.0, -40.0), "pm_err": 20.0}
    moving = bm.Catalog(table(), name="M", pos_err=0.3, area=1, **motion)
    for epoch in (2016.0, rng.uniform(1990, 2020, n)):
        x = bm.Catalog(table(), name="X", pos_err=0.5, area=1, epoch=epoch)
        with pytest.warns(UserWarning, match="left out"):
            check_invariants(bm.match(x, o, moving, radius=4, bad_rows="drop"))
