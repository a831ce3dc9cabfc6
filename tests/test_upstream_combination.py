"""CombinationPrior against the ``prior_callback`` of NWAY 4.8.0's Python API, live.

The API hands the table of all associations, no counterpart's among them, to a function that gives
factors; 0 excludes. It does not correct for unrelated associations (UPSTREAM row 1).
"""

import numpy as np
import pytest

import bayesmatch as bm
from validation.nway_fields import one_primary, random_field
from validation.nway_runner import HISTOGRAM, assert_agrees, nway_api

CENTRES = [(150.0, 0.0), (161.0, 57.0), (40.0, 89.5), (200.0, -60.0), (0.0, 0.0)]
SIZES = {2: (150, 3000), 3: (120, 1500, 1200), 4: (80, 700, 600, 500)}
RADIUS = {2: 20.0, 3: 15.0, 4: 12.0}


def noise(rows):
    """A number from 0 to 1 for each combination of rows, -1 where a catalogue has none."""
    mixed = np.zeros(len(rows[0]), np.uint64)
    for k, row in enumerate(rows):
        mixed = mixed * np.uint64(6364136223846793005) + np.asarray(row + 2 + k, np.uint64)
        mixed ^= mixed >> np.uint64(29)
    return (mixed % np.uint64(10_007)) / 10_007


def log10_noise(rows, excluded):
    """From -3 to 3, and -inf for a share of all, no counterpart's rows among them."""
    u = noise(rows)
    return np.where(u < excluded, -np.inf, 6.0 * u - 3.0)


def colour_term(blue, red):
    """By a colour between two catalogues, 0 where either magnitude is missing."""
    known = np.isfinite(blue) & np.isfinite(red) & (blue > -99) & (red > -99)
    return np.where(known, np.clip(0.4 * np.where(known, blue - red, 0.0), -2, 2), 0.0)


def both(sources, excluded, colours):
    """The same prior as a function of our members and of NWAY's table."""
    names = [s.name for s in sources]

    def ours(members):
        id_ = [np.ma.filled((members[name]["ID"].astype(int) - 11) // 3, -1) for name in names]
        out = log10_noise(id_, excluded)
        if colours:
            mags = [np.ma.filled(members[n]["MAG0"].astype(float), np.nan) for n in names[-2:]]
            out = out + colour_term(*mags)
        return out

    def theirs(table):
        rows = [np.asarray(table[name]) for name in names]
        out = log10_noise(rows, excluded)
        if colours:
            mags = [
                np.where(rows[k] < 0, np.nan, sources[k].mags["MAG0"][rows[k]])
                for k in (len(names) - 2, len(names) - 1)
            ]
            out = out + colour_term(*mags)
        return 10.0**out

    return ours, theirs


def compare(folder, sources, functions, *, radius, completeness):
    ours, theirs = functions
    priors = {
        s.name: [bm.HistogramPrior(m, *HISTOGRAM.T) for m in s.mags] for s in sources if s.mags
    }
    priors[None] = [bm.CombinationPrior("prior_callback", ours)]
    result = bm.match(
        *(s.catalog for s in sources),
        radius=radius,
        prior_completeness=completeness,
        priors=priors,
        host_fraction=0.9,
        correct_unrelated=False,
    )
    expected = nway_api(
        folder, sources, radius=radius, completeness=completeness, prior_callback=theirs
    )
    assert_agrees(
        result.associations, expected, [s.name for s in sources], atol=1e-8, log_rtol=1e-7
    )
    return result


SEEDS = [*range(2), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 10))]


@pytest.mark.filterwarnings("ignore:prior prior_callback of combinations")
@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("seed", SEEDS)
def test_field(tmp_path, k, seed):
    magnitudes = seed % 2 == 1
    sources = random_field(
        3000 + 10 * seed + k, SIZES[k], CENTRES[seed // 2], magnitudes=magnitudes
    )
    functions = both(sources, 0.1 + 0.08 * seed, magnitudes and k > 2)
    result = compare(
        tmp_path, sources, functions, radius=RADIUS[k], completeness=(1.0, 0.9, 0.3)[seed % 3]
    )
    rows = result.associations
    assert set(rows["ncat"]) == set(range(1, k + 1))  # the field exercises every kind of row
    excluded = rows["bias_prior_callback"] == 0
    assert excluded[rows["ncat"] == 1].any() and excluded[rows["ncat"] == k].any()
    assert (rows["p_any"][excluded & (rows["ncat"] == 1)] == 1).any()  # none: it must have one
    np.testing.assert_array_equal(rows["p_i"][excluded], 0)


@pytest.mark.filterwarnings("ignore:no primary has a candidate")
@pytest.mark.parametrize(
    "ratio, p_any",
    [
        (lambda ncat: np.where(ncat == 1, 2.0, 0.0), 0.547028),
        (lambda ncat: np.where(ncat == 1, -np.inf, 0.0), 1.0),
        (lambda ncat: np.where(ncat > 1, -np.inf, 0.0), 0.0),
        (lambda ncat: np.full(len(ncat), -2.0), 0.991787),
    ],
    ids=["100 for none", "none excluded", "all but none excluded", "0.01 for all"],
)
def test_no_counterpart_is_a_combination_too(tmp_path, ratio, p_any):
    sources = one_primary([(0.1, 2), (1, 4)], [(0.1, 1)], far=1)
    functions = (
        lambda m: ratio(1 + sum((~np.ma.getmaskarray(m[n]["ID"])).astype(int) for n in "BC")),
        lambda table: 10.0 ** ratio(np.asarray(table["ncat"])),
    )
    result = compare(tmp_path, sources, functions, radius=20.0, completeness=0.9)
    assert result.sources["p_any"][0] == pytest.approx(p_any, abs=1e-6)


@pytest.mark.filterwarnings("ignore:only 2 primaries")
def test_nothing_is_left(tmp_path):
    """All excluded: p_any is 0, as of NWAY, and the source is taken to have no counterpart."""
    sources = one_primary([(0.1, 2), (1, 4)], [(0.1, 1)], far=1)
    functions = (
        lambda m: np.where(np.asarray(m["A"]["ID"]) == 11, -np.inf, 0.0),
        lambda table: np.where(table["A"] == 0, 0.0, 1.0),
    )
    with pytest.warns(UserWarning, match="all associations of 1 A sources .* row 0"):
        result = compare(tmp_path, sources, functions, radius=20.0, completeness=0.9)
    assert result.sources["p_any"][0] == 0 and result.sources["p_hostless"][0] == 1
    assert result.sources["p_any"][1] > 0.9
