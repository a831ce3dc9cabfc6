"""`MatchResult.expected`: purity and completeness from the probabilities alone."""

import numpy as np
import pytest
from astropy.table import MaskedColumn

import bayesmatch as bm
from bayesmatch import plots
from validation.skies import simulate, simulate_patterns


@pytest.fixture(scope="module")
def two():
    return simulate(1, 600, 0.6).match()


@pytest.fixture(scope="module")
def three():
    sky = simulate_patterns(3, 400, (0.3, 0.2, 0.2, 0.3), density=(8000.0, 5000.0))
    return sky, sky.match()


def slow(result, name, cutoff):
    """One cutoff, association by association and source by source."""
    a, s = result.associations, result.sources
    primary = result.catalogue_names[0]
    host = np.zeros(len(s))
    for row in a:
        if row[name] >= 0:
            host[row[primary]] += row["p_match"]
    chosen = [k for k in range(len(s)) if s[name][k] >= 0 and s[f"p_{name}"][k] >= cutoff]
    right = sum(s[f"p_{name}"][k] for k in chosen)
    return len(chosen), right / len(chosen), right / host.sum()


@pytest.mark.parametrize("cutoff", [0.0, 0.3, 0.9])
def test_slow_reference(two, three, cutoff):
    for result, name in ((two, "OPT"), (three[1], "OPT"), (three[1], "IRAC")):
        row = result.expected([cutoff], catalogue=name)[0]
        n, purity, completeness = slow(result, name, cutoff)
        assert row["n_selected"] == n
        assert row["purity"] == pytest.approx(purity, rel=1e-9)
        assert row["completeness"] == pytest.approx(completeness, rel=1e-6)


def test_columns_and_ends(two):
    table = two.expected()
    assert table.colnames == [
        "cutoff",
        "n_selected",
        "purity",
        "purity_error",
        "completeness",
        "completeness_error",
    ]
    assert len(table) == 101 and table.meta["catalogue"] == "OPT"
    assert np.all(np.diff(table["n_selected"]) <= 0)
    last = two.expected([1.0])[0]
    assert last["n_selected"] == 0 and last["completeness"] == 0 and np.isnan(last["purity"])


def test_errors_are_as_large_as_the_scatter():
    """(truth - expected) / error over 40 skies: a variance of 1, and no bias."""
    pulls = []
    for seed in range(40):
        sky = simulate(1000 + seed, 300, 0.7)
        result = sky.match(host_covariates=None)
        row = result.expected([0.5])[0]
        found = np.asarray(result.sources["OPT"])
        chosen = (found >= 0) & (np.asarray(result.sources["p_OPT"]) >= 0.5)
        right = (chosen & (found == sky.truth[:, 0])).sum()
        for what, value in (
            ("purity", right / chosen.sum()),
            ("completeness", right / sky.host.sum()),
        ):
            pulls.append((value - row[what]) / row[f"{what}_error"])
    pulls = np.array(pulls).reshape(-1, 2)
    assert np.all(np.abs(pulls.mean(axis=0)) < 3 / np.sqrt(40) + 0.1)
    assert np.all((pulls.std(axis=0) > 0.7) & (pulls.std(axis=0) < 1.3))


def test_rows_left_out_by_min_p_i(three):
    """What min_p_i leaves out of the table still counts as counterparts."""
    sky, whole = three
    short = sky.match(min_p_i=0.3)
    assert len(short.associations) < len(whole.associations)
    for name in ("OPT", "IRAC"):
        a, b = (r.expected([0.5], catalogue=name)[0] for r in (whole, short))
        assert b["completeness"] == pytest.approx(a["completeness"], abs=0.01)
    alone = simulate(1, 600, 0.6)
    a, b = (alone.match(min_p_i=m).expected([0.5])[0] for m in (0.0, 0.5))
    assert b["completeness"] == pytest.approx(a["completeness"], rel=1e-12)


@pytest.mark.parametrize("ending", ["fits", "csv"])
def test_from_a_file(three, tmp_path, ending):
    three[1].write(tmp_path / f"r.{ending}")
    back = bm.MatchResult.read(tmp_path / f"r.{ending}")
    for name in three[1].expected().colnames:
        np.testing.assert_array_equal(back.expected()[name], three[1].expected()[name])


def test_where_the_catalogue_has_not_looked(two):
    """Masked probabilities and in_<NAME> False are left out, whatever stands under them."""
    sources = two.sources.copy()
    out = np.arange(len(sources)) % 3 == 0
    kept = bm.MatchResult(two.associations, two.sources[~out], two.meta).expected([0.5])[0]
    for mask in ("p_hostless", "in_OPT"):
        changed = sources.copy()
        if mask == "in_OPT":
            changed["in_OPT"] = ~out
        else:
            changed["p_hostless"] = MaskedColumn(changed["p_hostless"], mask=out)
        row = bm.MatchResult(two.associations, changed, two.meta).expected([0.5])[0]
        assert list(row) == pytest.approx(list(kept))


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"cutoffs": [1.5]}, ValueError, "0 to 1"),
        ({"cutoffs": [-0.1]}, ValueError, "0 to 1"),
        ({"cutoffs": []}, ValueError, "one or more"),
        ({"cutoffs": [np.nan]}, ValueError, "0 to 1"),
        ({"cutoffs": "half"}, TypeError, "numbers"),
        ({"catalogue": "X"}, ValueError, "OPT"),
        ({"catalogue": 1}, ValueError, "OPT"),
    ],
)
def test_bad_arguments(two, options, error, text):
    with pytest.raises(error, match=text):
        two.expected(**options)


def test_summary_and_figure(two, tmp_path):
    row = two.expected([0.5])[0]
    (line,) = [t for t in two.summary().splitlines() if "expected at 0.5" in t]
    assert f"purity {row['purity']:.3f} +- {row['purity_error']:.3f}" in line
    assert f"{row['n_selected']}" in line
    figure = plots.expected_curves(two)
    plots.save(figure, tmp_path / "e.png")
    assert "p_OPT" in figure.axes[0].get_xlabel()
    curve = figure.axes[0].get_lines()[0].get_ydata()
    np.testing.assert_array_equal(curve, two.expected()["purity"])


def test_nothing_to_select():
    primary = bm.Catalog({"RA": [10.0], "DEC": [0.0]}, name="X", pos_err=1.0, area=1.0)
    other = bm.Catalog({"RA": [20.0], "DEC": [0.0]}, name="O", pos_err=1.0, area=1.0)
    with pytest.warns(UserWarning):
        result = bm.match(primary, other, radius=5.0)
    row = result.expected([0.5])[0]
    assert row["n_selected"] == 0 and np.isnan(row["purity"])
    assert "no O object" in result.summary()
