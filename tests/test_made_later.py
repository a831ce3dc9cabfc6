"""The tables of a result are made when they are asked for, once, and are part of its copies."""

import copy
import pickle

import numpy as np
import pytest
from astropy.table import Table

import bayesmatch as bm
from bayesmatch.matching import pipeline


@pytest.fixture
def result(monkeypatch):
    """A match that counts how often its tables are made."""
    made = []
    for name in ("association_table", "source_table"):
        make = getattr(pipeline, name)
        monkeypatch.setattr(
            pipeline, name, lambda *a, make=make, name=name: made.append(name) or make(*a)
        )
    rng = np.random.default_rng(1)
    ra, dec = 10 + 0.1 * rng.random(40), 0.1 * rng.random(40)
    a = bm.Catalog({"RA": ra, "DEC": dec}, name="A", pos_err=1.0, area=1.0)
    b = bm.Catalog({"RA": ra + 1e-4, "DEC": dec}, name="B", pos_err=0.5, area=1.0)
    found = bm.match(a, b, radius=5, min_p_i=0.5)
    found.made = made
    return found


def test_each_is_made_once_when_asked_for(result):
    assert result.made == []
    assert result.meta["n_associations"] == len(result.associations)
    assert result.made == ["association_table"]
    assert result.sources is result.sources
    assert result.associations is result.associations
    assert result.made == ["association_table", "source_table"]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copies_have_them(result, copied):
    other = copied(result)
    assert type(other.sources) is Table
    np.testing.assert_array_equal(other.sources["p_any"], result.sources["p_any"])


def test_pickled_with_its_tables():
    result = bm.MatchResult(lambda: Table({"a": [1]}), Table({"b": [2]}), {})
    assert pickle.loads(pickle.dumps(result)).associations["a"].tolist() == [1]


def test_another_table_may_take_the_place(result):
    result.sources = Table({"x": [1]})
    assert result.sources.colnames == ["x"]
