"""bayesmatch against NWAY 4.8.0's command line, live.

`nway.py` is where NWAY corrects for unrelated associations (UPSTREAM row 1). Its result has
single-precision columns, -99 for absent members, and match_flag 1 where there is no candidate.
"""

import numpy as np
import pytest

import bayesmatch as bm
from bayesmatch.cli import main
from validation.nway_fields import one_primary, random_field
from validation.nway_runner import HISTOGRAM, Source, assert_agrees, nway_cli, run_bayesmatch

#: The absolute part for log10 B: NWAY's command line loses precision before it sums the terms, of
#: up to 25, that may cancel. The API does not (test_upstream_api, 1e-7); separations rounded to
#: float32 explain about 3/4 of the largest difference seen, 3.0e-6.
SINGLE = {"atol": 2e-6, "log_rtol": 3e-7, "log_atol": 4e-6}


def corrected(folder, sources, radius, completeness, *flags, **options):
    """The same match in `nway.py` and `bayesmatch.match`, compared; returns both."""
    files = [argument for s in sources for argument in s.write(folder)]
    text = ":".join(map(str, np.atleast_1d(completeness)))
    theirs = nway_cli(folder, [*files, "--radius", radius, "--prior-completeness", text, *flags])
    ours = run_bayesmatch(sources, radius=radius, prior_completeness=completeness, **options)
    assert_agrees(ours.associations, theirs, [f"{s.name}_ID" for s in sources], **SINGLE)
    return ours.associations, theirs


@pytest.mark.few(0, slow=3)
@pytest.mark.parametrize(
    "seed, sizes, centre, radius, completeness",
    [
        (1, (100, 1500, 1200), (150.0, 2.0), 15.0, 0.9),
        (2, (100, 1500, 1200), (161.0, 57.0), 15.0, [0.9, 0.6]),
        (3, (100, 1500, 1200), (0.0, 0.0), 15.0, 1.0),
        (4, (40, 700, 600, 500), (150.0, 2.0), 15.0, 0.9),
        (5, (40, 700, 600, 500), (161.0, 57.0), 15.0, [0.9, 0.6, 0.3]),
        (6, (40, 400, 900, 300), (200.0, -89.5), 15.0, 0.5),
    ],
    ids=["K3", "K3-dec57", "K3-ra0", "K4", "K4-dec57", "K4-south"],
)
def test_unrelated_associations(tmp_path, seed, sizes, centre, radius, completeness):
    sources = random_field(seed, sizes, centre)
    rows, _ = corrected(tmp_path, sources, radius, completeness)
    change = rows["dist_bayesfactor"] - rows["dist_bayesfactor_uncorrected"]
    for ncat in range(1, len(sizes) - 1):  # the rows that leave out two or more catalogues
        assert np.any(change[rows["ncat"] == ncat] > 1)
    assert not np.any(change[rows["ncat"] >= len(sizes) - 1])


#: offsets (arcsec east, north) of the objects of B, C and D around one primary each, and whether
#: the best of the associations that leave out the primary is the triple
LEFT_OUT = {
    "the pair BC": ([(0.1, 4)], [(0, 4.1)], [(0, -4)], False),
    "the pair BD": ([(0.1, 4)], [(0, -4)], [(0, 4.1)], False),
    "the pair CD": ([(0.1, -4)], [(0, 4)], [(0, 4.1)], False),
    "the triple": ([(0.1, 4)], [(0, 4.05)], [(0, 4.1)], True),
    "one of two pairs, BC or CD": ([(0.1, 4)], [(0, 4.1), (0, -4)], [(0, -4.1)], False),
    "the triple, not the pair BC": ([(0.1, 4), (3, 0)], [(0, 4.1), (3, 0.3)], [(3, 0.1)], True),
}


@pytest.mark.slow
def test_unrelated_associations_of_four(tmp_path):
    """A pair among three left-out catalogues counts as the triple does, if it is the better."""
    fields = [
        one_primary(*others, dec=2 + 0.05 * n) for n, (*others, _) in enumerate(LEFT_OUT.values())
    ]
    sources = [
        Source(
            parts[0].name,
            *(np.concatenate([getattr(p, of) for p in parts]) for of in ("ra", "dec", "error")),
            1.0,
        )
        for parts in zip(*fields, strict=True)
    ]
    rows, _ = corrected(tmp_path, sources, 12.0, 0.9)
    hostless = rows["dist_bayesfactor"][rows["ncat"] == 1]
    assert np.all(hostless > 4)
    assert (hostless > 10).tolist() == [triple for *_, triple in LEFT_OUT.values()]


@pytest.mark.slow
def test_unrelated_pair(tmp_path):
    """UPSTREAM row 1."""
    sources = one_primary([(0, 4)], [(0, 4.1)])
    rows, _ = corrected(tmp_path, sources, 30.0, 0.9)
    assert rows["dist_bayesfactor"][0] == pytest.approx(6.445029, abs=1e-6)
    assert rows["p_any"][0] == pytest.approx(0.99998796, abs=3e-8)


@pytest.mark.slow
def test_unrelated_pair_ignored(tmp_path):
    sources = one_primary([(0, 4)], [(0, 4.1)])
    rows, _ = corrected(
        tmp_path, sources, 30.0, 0.9, "--ignore-unrelated-associations", correct_unrelated=False
    )
    assert rows["dist_bayesfactor"][0] == 0.0
    assert rows["p_any"][0] == pytest.approx(1.0, abs=1e-8)


@pytest.mark.slow
def test_p_any_of_one_candidate(tmp_path):
    """UPSTREAM row 8 (the other completenesses: test_upstream_api)."""
    rows, _ = corrected(tmp_path, one_primary([(0, 10)], far=1), 30.0, 0.9)
    assert rows["dist_bayesfactor"][1] == pytest.approx(7.5824578, abs=1e-7)
    assert rows["p_any"][1] == pytest.approx(0.0270529, abs=1e-7)


@pytest.mark.slow
def test_radius_and_ties(tmp_path):
    """UPSTREAM rows 10 and 11: no row with B and C, 36.5" apart; identical candidates both best."""
    rows, theirs = corrected(tmp_path, one_primary([(0.1, 18), (0.1, 18)], [(0, -18.5)]), 20.0, 0.9)
    assert rows["ncat"].tolist() == [1, 2, 2, 2]
    assert rows["match_flag"].tolist() == theirs["match_flag"].tolist()
    assert rows["match_flag"].tolist() == [0, 2, 1, 1]


# -- the command lines of NWAY's manual ------------------------------------------------------------

TWO = [
    "COSMOS_XMM.fits",
    ":pos_err",
    "COSMOS_OPTICAL.fits",
    "0.1",
    "--radius",
    "15",
    "--prior-completeness",
    "0.9",
]
THREE = [
    "COSMOS_XMM.fits",
    ":pos_err",
    "COSMOS_OPTICAL.fits",
    "0.1",
    "COSMOS_IRAC.fits",
    "0.5",
    "--radius",
    "20",
]
OPT = ["--mag", "OPT:MAG", "opt.txt"]
IRAC = ["--mag", "IRAC:mag_ch1", "irac.txt"]
NINE = ["--prior-completeness", "0.9"]


@pytest.fixture
def cosmos(tmp_path, monkeypatch):
    """Smaller files like those of NWAY's manual: real densities, -99 magnitudes, histograms."""
    sources = random_field(
        7,
        (60, 11_000, 6_800),
        (150.0, 2.0),
        magnitudes=True,
        names=("XMM", "OPT", "IRAC"),
        errors=((0.5, 2), (0.1, 0.1), (0.5, 0.5)),
    )
    for source, file, column in zip(
        sources, ("XMM", "OPTICAL", "IRAC"), ("pos_err", "MAG", "mag_ch1"), strict=True
    ):
        table = source.table
        values = table["MAG0"] if source.mags else table["ERR"].astype("f4")
        table[column] = np.nan_to_num(values, nan=-99.0)
        table.keep_columns(["ID", "RA", "DEC", column])
        table.write(tmp_path / f"COSMOS_{file}.fits")
    np.savetxt(tmp_path / "opt.txt", HISTOGRAM)
    np.savetxt(tmp_path / "irac.txt", HISTOGRAM * [1, 1, 2, 1])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_both(folder, args):
    """One command line, given to `bayesmatch match` and to `nway.py`."""
    assert main(["match", *args, "--out=ours.fits"]) == 0
    ours = bm.MatchResult.read("ours.fits")
    names = [c["name"] for c in ours.meta["catalogues"]]
    return ours, nway_cli(folder, args), [f"{name}_ID" for name in names]


@pytest.mark.few(0, slow=4)
@pytest.mark.parametrize(
    "args",
    [
        TWO,
        [*TWO, *OPT],
        [*THREE, *NINE],
        [*THREE, *NINE, *OPT, *IRAC],
        [*THREE, "--prior-completeness", "0.95:0.7", *OPT],
        [*THREE, *NINE, *IRAC, "--acceptable-prob", "0.05"],
        [*THREE, *NINE, "--ignore-unrelated-associations"],
    ],
    ids=["two", "two-mag", "three", "three-mag", "completeness", "acceptable", "ignore-unrelated"],
)
def test_command_line_of_the_manual(cosmos, capsys, args):
    ours, theirs, ids = run_both(cosmos, args)
    assert_agrees(ours.associations, theirs, ids, **SINGLE)
    assert ours.sources["XMM"].tolist() == list(range(60))
    assert "--acceptable-prob" not in args or (theirs["match_flag"] == 2).sum() > 50


@pytest.mark.slow
def test_input_columns_go_along(cosmos, capsys):
    """Every input column that `nway.py` carries has the same name and values in ours."""
    ours, theirs, ids = run_both(cosmos, [*TWO, *OPT])
    for name in ids:
        there = theirs[name] != -99
        catalog = name.removesuffix("ID")
        columns = [c for c in theirs.colnames if c.startswith(catalog)]
        assert len(columns) == 4
        for column in columns:
            np.testing.assert_array_equal(
                np.ma.getdata(ours.associations[column])[there],
                np.ma.getdata(theirs[column])[there],
            )


@pytest.mark.slow
def test_min_prob(cosmos, capsys):
    """UPSTREAM row 13: --min-prob drops NWAY's no-counterpart rows, ours stay."""
    ours, theirs, ids = run_both(cosmos, [*THREE, *NINE, *OPT, "--min-prob", "0.01"])
    rows = ours.associations
    assert theirs["ncat"].min() == 2
    assert (rows["ncat"] == 1).sum() == 60
    assert_agrees(rows[rows["ncat"] > 1], theirs, ids, **SINGLE)


@pytest.mark.slow
def test_flag_of_a_primary_without_candidates(tmp_path):
    """UPSTREAM row 5: NWAY's command line flags it 1, ours 0 as on every no-counterpart row."""
    rows, theirs = corrected(tmp_path, random_field(8, (50, 60), (150.0, 2.0)), 10.0, 0.9)
    alone = np.bincount(rows["A"])[rows["A"]] == 1
    assert alone.sum() > 5
    assert set(theirs["match_flag"][alone]) == {1}
    assert not np.any(rows["match_flag"][alone])
