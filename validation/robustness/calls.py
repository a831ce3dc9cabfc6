"""Matches as they may be asked for, and calls that are wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.table import Table
from hypothesis import strategies as st

import bayesmatch as bm
from bayesmatch.testing import catalogs, check_invariants, matches

from .common import digest, outcome

#: what nobody should give, for any argument
GARBAGE: tuple[Any, ...] = (
    None, -1, 0, 1e-310, 1e308, 10**400, -(10**400), np.nan, np.inf, "", "text", b"bytes", (), (1,),
    (1, 2, 3, 4, 5, 6, 7), [None], {}, {"OPT": 5}, {"NOBODY": []}, {"OPT": [object()]}, 1 + 2j,
    object(), True, np.datetime64("2020-01-01"), np.array([1.0, np.nan]), np.zeros((2, 2)),
    ["MAG"], "MAG", ("SIGMA", "SIGMA"), lambda: None,
)  # fmt: skip
OPTIONS = (
    "radius", "priors", "prior_completeness", "host_fraction", "host_covariates",
    "correct_unrelated", "secondary_ratio", "min_p_i", "prune", "max_rows", "checkpoint",
    "progress", "no_such_option",
)  # fmt: skip
COLUMNS = ("RA", "DEC", "ID", "MAG", "SIGMA")


def check_match(data: st.DataObject) -> None:
    """Whole matches of 2 to 6 catalogues: every invariant, brute force, inputs unchanged."""
    case = data.draw(matches())
    before = digest(case.catalogs)
    result = outcome(case.run)
    assert digest(case.catalogs) == before, "an input was changed"
    assert result is not None, "a right match was refused"
    check_invariants(result)


def check_bad_match(data: st.DataObject) -> None:
    """Matches with one option that is wrong: refused in one line, or a right result."""
    case = data.draw(matches(max_catalogues=3))
    name = data.draw(st.sampled_from(OPTIONS))
    value = data.draw(st.sampled_from(GARBAGE))
    if name == "checkpoint" and isinstance(value, (str, bytes)):
        return  # a folder by that name would be made here
    before = digest(case.catalogs)
    result = outcome(lambda: case.run(**{name: value, "progress": False}))
    assert digest(case.catalogs) == before, "an input was changed"
    if result is not None:
        check_invariants(result)


def check_bad_catalogue(data: st.DataObject) -> None:
    """Catalogues with one argument or column that is wrong."""
    good = data.draw(catalogs("X"))
    columns: dict[str, Any] = {name: good.table[name] for name in good.table.colnames}
    columns.setdefault("SIGMA", np.ones(len(good)))
    arguments: dict[str, Any] = {"name": "X", "pos_err": 1.0, "area": 1.0}
    what = data.draw(st.sampled_from([*arguments, "ra", "dec", "id", *COLUMNS]))
    value = data.draw(st.sampled_from(GARBAGE))
    if what in COLUMNS:
        columns[what] = np.array([value] * len(good), dtype=object)
        if data.draw(st.booleans()):
            columns[what] = data.draw(st.sampled_from(_odd_columns(len(good))))
    else:
        arguments[what] = value
    table = data.draw(st.sampled_from([dict, Table]))
    catalog = outcome(lambda: bm.Catalog(table(columns), **arguments))
    if catalog is not None:
        partner = bm.Catalog(
            {"RA": [float(catalog.ra[0])], "DEC": [float(catalog.dec[0])]},
            name="OTHER_SIDE",
            pos_err=1.0,
            area=1.0,
        )
        result = outcome(lambda: bm.match(catalog, partner, radius=5.0))
        if result is not None:
            check_invariants(result)


def _odd_columns(n: int) -> list[Any]:
    return [
        np.full(n, np.nan),
        np.full(n, np.inf),
        np.full(n, 1e308),
        np.full(n, 91.0),
        np.full(n, 1 + 1j),
        np.full(n, "x"),
        np.full(n, np.datetime64("2020-01-01")),
        np.zeros((n, 2)),
        np.zeros(n + 1),
        np.ma.masked_all(n),
        np.full(n, 2**63, np.uint64),
        np.full(n, 1e19),
    ]
