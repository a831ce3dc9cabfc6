"""The tables of a result are made when they are asked for, once, and are part of its copies."""

import copy
import pickle

import numpy as np
import pytest
from astropy.table import Column, Table

import bayesmatch as bm
from bayesmatch.matching import made_later
from bayesmatch.matching.table_columns import column_of


@pytest.fixture
def result(monkeypatch):
    """A match that counts how often its tables are made."""
    made = []
    for name in ("association_table", "source_table"):
        make = getattr(made_later, name)
        monkeypatch.setattr(
            made_later, name, lambda *a, make=make, name=name: made.append(name) or make(*a)
        )
    rng = np.random.default_rng(1)
    ra, dec = 10 + 0.1 * rng.random(40), 0.1 * rng.random(40)
    a = bm.Catalog({"RA": ra, "DEC": dec}, name="A", pos_err=1.0, area=1.0)
    b = bm.Catalog({"RA": ra + 1e-4, "DEC": dec}, name="B", pos_err=0.5, area=1.0)
    found = bm.match(a, b, radius=5, min_p_i=0.5)
    found.made = made
    return found


def test_a_column_is_what_astropy_makes():
    values = np.arange(3.0)
    for unit in (None, "arcsec"):
        plain, made = Column(values, description="text", unit=unit), column_of(values, "text", unit)
        assert made.attrs_equal(plain) and (made == plain).all() and type(made) is type(plain)
        assert np.shares_memory(made, values)
        again = pickle.loads(pickle.dumps(made))
        assert again.attrs_equal(plain) and made.copy().attrs_equal(plain)
        made.meta["a"] = 1
        assert column_of(values, "text").meta == {}


def test_each_is_made_once_when_asked_for(result):
    assert result.made == []
    assert result.meta["n_associations"] == len(result.associations)
    assert result.made == ["association_table"]
    assert result.sources is result.sources
    assert result.associations is result.associations
    assert result.made == ["association_table", "source_table"]


def test_columns_belong_to_their_table(result):
    for table in (result.sources, result.associations):
        assert len({len(table[name]) for name in table.colnames}) == 1
        assert all(table[name].name == name for name in table.colnames)
        assert all(table[name].parent_table is table for name in table.colnames)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copies_have_them(result, copied):
    other = copied(result)
    assert type(other.sources) is Table
    np.testing.assert_array_equal(other.sources["p_any"], result.sources["p_any"])


def test_what_no_table_shows_is_let_go(result):
    """Of ten million candidates it would be a gigabyte."""
    held = vars(result)["sources"].args[0]
    assert len(held.setting.candidates.row) > 0 == held.setting.positions.covariance.size
    np.testing.assert_array_equal(
        held.post.log10_bayes["dist_bayesfactor"][held.post.p_i >= 0.5],
        np.asarray(result.associations["dist_bayesfactor"])[result.associations["ncat"] > 1],
    )


def test_pickled_with_its_tables():
    result = bm.MatchResult(lambda: Table({"a": [1]}), Table({"b": [2]}), {})
    assert pickle.loads(pickle.dumps(result)).associations["a"].tolist() == [1]


def test_another_table_may_take_the_place(result):
    result.sources = Table({"x": [1]})
    assert result.sources.colnames == ["x"]


@pytest.mark.parametrize("n_other", [1, 2])
def test_identifiers_are_those_of_the_match_whatever_becomes_of_the_tables(n_other):
    rng = np.random.default_rng(2)
    tables = [
        Table({"ID": [f"{name}{k}" for k in range(n)], "RA": rng.random(n), "DEC": rng.random(n)})
        for name, n in (("x", 30), ("o", 900), ("w", 700))
    ]
    catalogs = [
        bm.Catalog(table, name=name, pos_err=5.0, area=1.0)
        for table, name in zip(tables[: n_other + 1], "XOW", strict=False)
    ]
    before, later = (bm.match(*catalogs, radius=200, host_fraction=0.5) for _ in range(2))
    names = [f"{name}_ID" for name in "XOW"[: n_other + 1]]
    expected = [
        [table[n].tolist() for n in names] for table in (before.associations, before.sources)
    ]
    for table in tables:
        table.sort("DEC")
        table["ID"][:] = "?"
    found = [[table[n].tolist() for n in names] for table in (later.associations, later.sources)]
    assert found == expected
    assert len(set(before.associations[names[-1]].tolist())) > 100
