"""bayesmatch against NWAY 4.8.0's Python API, live, on random fields.

The API does not correct for unrelated associations (UPSTREAM row 1) and loses flat-sky pairs
between declinations 10 and 45 (row 4), so `correct_unrelated` is off and no field lies there.
"""

import itertools

import numpy as np
import pytest

from validation.nway_fields import one_primary, random_field
from validation.nway_runner import Source, assert_agrees, nway_api, run_bayesmatch

CENTRES = {
    "equator": (150.0, 0.0),
    "dec57": (161.0, 57.0),
    "north": (40.0, 89.5),
    "south": (200.0, -89.5),
    "ra0": (0.0, 0.0),
    "ra0-dec57": (0.0, 57.0),
}
SIZES = {2: (150, 3000), 3: (120, 1500, 1200), 4: (80, 700, 600, 500)}
RADIUS = {2: 20.0, 3: 15.0, 4: 12.0}
COMPLETENESS = {2: [0.85], 3: [0.9, 0.6], 4: [0.95, 0.8, 0.4]}


def compare(folder, sources, radius, completeness):
    """Completeness: one number, or a list with one value per other catalogue."""
    ours = run_bayesmatch(
        sources, radius=radius, prior_completeness=completeness, correct_unrelated=False
    )
    listed = np.ndim(completeness) > 0
    theirs = nway_api(
        folder,
        sources,
        radius=radius,
        completeness=np.array([1.0, *completeness]) if listed else completeness,
    )
    assert_agrees(ours.associations, theirs, [s.name for s in sources], atol=1e-8, log_rtol=1e-7)
    return ours.associations


FIELDS = list(itertools.product(CENTRES, (2, 3, 4), (False, True)))


@pytest.mark.few(3)
@pytest.mark.parametrize(
    "place, k, magnitudes", FIELDS, ids=[f"{p}-K{k}{'-mag' * m}" for p, k, m in FIELDS]
)
def test_field(tmp_path, place, k, magnitudes):
    seed = FIELDS.index((place, k, magnitudes))
    sources = random_field(seed, SIZES[k], CENTRES[place], magnitudes=magnitudes)
    completeness = COMPLETENESS[k] if seed // 2 % 2 else (1.0, 0.9, 0.3)[seed % 3]
    rows = compare(tmp_path, sources, RADIUS[k], completeness)
    assert set(rows["ncat"]) == set(range(1, k + 1))  # the field exercises every kind of row
    assert magnitudes == any(c.startswith("bias_") for c in rows.colnames)


@pytest.mark.slow
def test_large_field(tmp_path):
    sources = random_field(100, (2_000, 300_000), CENTRES["equator"], width=1.0, magnitudes=True)
    rows = compare(tmp_path, sources, 20.0, 0.9)
    assert len(rows) > 40_000


@pytest.mark.parametrize("dec", [90.0, -90.0])
def test_field_over_a_pole(tmp_path, dec):
    compare(tmp_path, random_field(101, SIZES[3], (0.0, dec)), RADIUS[3], 0.9)


def test_sparse_field(tmp_path):
    """Most primaries have no candidate: p_any 0 and match_flag 0 (UPSTREAM row 5)."""
    rows = compare(tmp_path, random_field(102, (100, 60), CENTRES["equator"]), 10.0, 0.9)
    alone = np.bincount(rows["A"])[rows["A"]] == 1
    assert alone.sum() > 20
    assert not np.any(rows["p_any"][alone])


def test_far_outside_the_errors(tmp_path):
    """Separations of up to 100 sigma underflow exp() but not the posterior's logarithms."""
    sources = random_field(103, (60, 600), CENTRES["equator"], errors=[(0.3, 0.6)])
    rows = compare(tmp_path, sources, 60.0, 0.9)
    assert rows["dist_bayesfactor"].min() < -300


def test_secondary_ratio(tmp_path):
    sources = random_field(104, SIZES[3], CENTRES["dec57"], magnitudes=True)
    ours = run_bayesmatch(sources, radius=RADIUS[3], correct_unrelated=False, secondary_ratio=0.05)
    theirs = nway_api(
        tmp_path, sources, radius=RADIUS[3], completeness=1.0, prob_ratio_secondary=0.05
    )
    default = nway_api(tmp_path, sources, radius=RADIUS[3], completeness=1.0)
    assert_agrees(ours.associations, theirs, "ABC", atol=1e-8, log_rtol=1e-7)
    assert (theirs["match_flag"] == 2).sum() > (default["match_flag"] == 2).sum() > 0


@pytest.mark.parametrize(
    "completeness, p_any", [(1.0, 0.0299687), (0.9, 0.0270529), (0.5, 0.0152123), (0.1, 0.0030799)]
)
def test_completeness_1_does_not_force_p_any_1(tmp_path, completeness, p_any):
    """UPSTREAM row 8: the no-counterpart weight is 1 whatever the completeness."""
    rows = compare(tmp_path, one_primary([(0, 10)], far=1), 30.0, completeness)
    assert rows["dist_bayesfactor"][1] == pytest.approx(7.5824578, abs=1e-7)
    assert rows["p_any"][1] == pytest.approx(p_any, abs=1e-7)


def test_area_of_the_primary_cancels(tmp_path):
    a, b = one_primary([(0, 10)], far=1)
    wide = Source("A", a.ra, a.dec, a.error, 7.0)
    rows = compare(tmp_path, [wide, b], 30.0, 0.9)
    assert rows["p_any"][1] == pytest.approx(0.0270529, abs=1e-7)


def test_flat_sky_pair_that_upstream_loses(tmp_path):
    """UPSTREAM row 4: a pair of 18.7" at declination 44 is not found by NWAY, and is by us."""
    sources = [
        Source(name, np.array([ra]), np.array([44.0]), np.array([3.0]), 1.0)
        for name, ra in (("A", 100.005), ("B", 100.012222))
    ]
    theirs = nway_api(tmp_path, sources, radius=20.0, completeness=0.9)
    ours = run_bayesmatch(sources, radius=20.0, prior_completeness=0.9).associations
    assert theirs["B"].tolist() == [-1]
    assert ours["B"].tolist() == [-1, 0]
    assert ours["Separation_A_B"][1] == pytest.approx(18.703, abs=1e-3)


def test_radius_holds_for_every_pair(tmp_path):
    """UPSTREAM row 10: B 18" north and C 18" south of A are no association within 20"."""
    rows = compare(tmp_path, one_primary([(0.1, 18)], [(-0.1, -18)]), 20.0, 0.9)
    assert np.column_stack([rows["B"], rows["C"]]).tolist() == [[-1, -1], [-1, 0], [0, -1]]


def test_identical_candidates_are_both_best(tmp_path):
    """UPSTREAM row 11: both get match_flag 1 (the rows are ties, so compared here)."""
    sources = one_primary([(0.1, 4), (0.1, 4)])
    rows = compare(tmp_path, sources, 20.0, 0.9)
    theirs = nway_api(tmp_path, sources, radius=20.0, completeness=0.9)
    assert rows["match_flag"].tolist() == theirs["match_flag"].tolist() == [0, 1, 1]
    assert rows["p_i"][1] == pytest.approx(0.5, abs=1e-12)


def test_p_i_belongs_to_the_combination(tmp_path):
    """UPSTREAM row 12: two C candidates share p_i between them although B is certain."""
    rows = compare(tmp_path, one_primary([(0.01, 1)], [(0.1, 1), (-0.11, 1)]), 20.0, 0.9)
    best = np.sort(rows["p_i"])[-2:]
    assert best[0] > 0.4
    assert best.sum() == pytest.approx(1.0, abs=1e-6)
