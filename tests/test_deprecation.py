"""Old names work, warn the person who wrote them, and say when they go."""

import inspect
import warnings

import pytest

import bayesmatch as bm
from bayesmatch._deprecation import renamed_arguments

RENAMED = r"search\(width=\) is called radius= now; the old name goes in bayesmatch 0\.4"


@renamed_arguments(removed="0.4", width="radius", depth="limit")
def search(table, *, radius, limit=3):
    """Search."""
    return table, radius, limit


def test_an_old_argument_is_the_new_one_with_a_warning():
    with pytest.warns(FutureWarning, match=RENAMED) as told:
        assert search(1, width=2) == (1, 2, 3)
    assert told[0].filename == __file__
    with pytest.warns(FutureWarning) as told:
        assert search(1, width=2, depth=4) == (1, 2, 4)
    assert len(told) == 2


def test_the_new_argument_is_silent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert search(1, radius=2) == (1, 2, 3)
    assert list(inspect.signature(search).parameters) == ["table", "radius", "limit"]
    assert search.__doc__ == "Search."


def test_both_names_at_once_are_refused():
    with pytest.raises(TypeError, match="got radius and its old name width"):
        search(1, radius=2, width=2)


def test_an_old_public_name(monkeypatch):
    monkeypatch.setitem(bm._RENAMED, "HistPrior", ("HistogramPrior", "0.4"))
    with pytest.warns(
        FutureWarning,
        match=r"bayesmatch\.HistPrior is called bayesmatch\.Hist"
        r"ogramPrior now.*0\.4",
    ) as told:
        assert bm.HistPrior is bm.HistogramPrior
    assert told[0].filename == __file__
    with pytest.warns(FutureWarning):  # each time: the old name is not kept
        assert bm.HistPrior is bm.HistogramPrior
    assert "HistPrior" not in dir(bm)
