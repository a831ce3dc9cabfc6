"""Histogram priors learned from the match, against live `nway.py`, and their parts by themselves.

The rules of `--mag CAT:COL auto` were found by running NWAY on crafted catalogues (UPSTREAM).
"""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

import bayesmatch as bm
from bayesmatch.cli import main
from bayesmatch.plots import histogram_prior
from bayesmatch.priors.binning import QUANTILES, adaptive_edges
from validation.nway_fields import random_field
from validation.nway_runner import Source, assert_agrees, nway_cli

FIELD = {"errors": ((0.5, 2.0), (0.1, 0.4))}
#: as in test_upstream_cli: NWAY writes single precision
SINGLE = {"atol": 2e-6, "log_rtol": 3e-7, "log_atol": 4e-6}
CENTRES = {1: (150.0, 2.0), 2: (161.0, 57.0), 3: (10.0, -7.0), 4: (200.0, -60.0), 5: (150.0, 1.0)}


def with_magnitudes(source, rng, decimals=None):
    """Counterparts (the objects near a primary) brighter; some NaN, some -99; maybe rounded."""
    values = rng.normal(22, 1.5, len(source.ra))
    values = values if decimals is None else np.round(values, decimals)
    kind = rng.integers(0, 12, len(values))
    values[kind == 0], values[kind == 1] = np.nan, -99.0
    return Source(source.name, source.ra, source.dec, source.error, source.area, {"MAG": values})


def auto_field(seed, sizes, decimals=None):
    """Crowded: some objects are near two primaries, each has about five candidates."""
    primary, *others = random_field(seed, sizes, CENTRES[seed], **FIELD)
    rng = np.random.default_rng(seed + 100)
    return [primary, *(with_magnitudes(s, rng, decimals) for s in others)]


def arguments(folder, sources, *flags):
    files = [argument for s in sources for argument in s.write(folder)]
    mags = [part for s in sources[1:] for part in ("--mag", f"{s.name}:MAG", "auto")]
    return [*files, "--radius", "15", "--prior-completeness", "0.9", *mags, *map(str, flags)]


def five_decimals(path):
    """Lines of a histogram file as NWAY prints them."""
    return [" ".join(f"{value:10.5f}" for value in row) for row in np.loadtxt(path, ndmin=2)]


def assert_same_as_nway(folder, args, fits):
    """`bayesmatch match` and `nway.py` with one command line: same histograms, same numbers."""
    theirs = nway_cli(folder, args)
    assert main(["match", *args, "--out=ours.fits"]) == 0
    ours = bm.MatchResult.read("ours.fits")
    for name in fits:
        written = Path(f"{name}_fit.txt").read_text().splitlines()[1:]
        assert five_decimals(f"ours_{name}_fit.txt") == written
        assert Path(f"ours_{name}_fit.png").stat().st_size > 10_000
    ids = [f"{c['name']}_ID" for c in ours.meta["catalogues"]]
    assert_agrees(ours.associations, theirs, ids, **SINGLE)
    return ours, theirs


TWO, THREE = (350, 3000), (350, 3000, 2700)
RADIUS, POSTERIOR = ("--mag-radius", 3.5), ("--mag-auto-minprob", 0.5)


@pytest.mark.few(0, slow=3)
@pytest.mark.parametrize(
    "seed, sizes, flags",
    [
        *((seed, TWO, RADIUS) for seed in (1, 4)),
        *((seed, TWO, POSTERIOR) for seed in (2, 5)),
        *((seed, THREE, RADIUS) for seed in (4,)),
        *((seed, THREE, POSTERIOR) for seed in (1, 3)),
        (1, TWO, (*RADIUS, "--mag-exclude-radius", 6)),
        (2, THREE, (*RADIUS, "--mag-exclude-radius", 2)),
        (3, THREE, ("--mag-auto-minprob", 0.2)),
    ],
)
def test_as_nway(tmp_path, monkeypatch, capsys, seed, sizes, flags):
    monkeypatch.chdir(tmp_path)
    sources = auto_field(seed, sizes)
    fits = [f"{s.name}_MAG" for s in sources[1:]]
    ours, theirs = assert_same_as_nway(tmp_path, arguments(tmp_path, sources, *flags), fits)
    for name in fits:
        assert len(set(np.asarray(theirs[f"bias_{name}"]))) > 10


#: what SciPy's interp1d did before 1.18, for the columns of FITS files (of another byte order)
LINEAR = """
import numpy, scipy.interpolate
scipy.interpolate.interp1d._call_linear = lambda self, x: numpy.interp(
    x, self.x, self._y[:, 0])[:, None]
"""


@pytest.fixture
def scipy_before_1_18(tmp_path, monkeypatch):
    """`nway.py` runs with SciPy's former formula of linear interpolation.

    NWAY takes its edges from SciPy's interp1d.  SciPy 1.18 weighs both neighbours, so that between
    two magnitudes of 22 it can give 21.999999999999996: NWAY then makes a bin of that width, or
    counts all objects of that magnitude in the next bin.  NWAY's numbers have changed with SciPy,
    those of bayesmatch have not: it interpolates with NumPy, y_lo + slope (x - x_lo), as before.
    """
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(LINEAR)
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)


def test_edges_at_equal_magnitudes_are_these_magnitudes():
    """Interpolation between equal values must not round: an edge beside them moves all of them."""
    rng = np.random.default_rng(5)
    for decimals in (0, 1, 2):
        values = np.round(rng.normal(22, 1.5, 500), decimals)
        weights = rng.random(500)
        cumulative = np.cumsum(weights[np.argsort(values)]) / weights.sum()
        between_equals = np.sort(values)[np.searchsorted(cumulative, QUANTILES[1:-1])]
        edges = adaptive_edges(values, weights)
        inside = [e for e in edges if np.isclose(e, between_equals, rtol=0, atol=1e-9).any()]
        assert inside and set(inside) <= set(values)


@pytest.mark.few(0, slow=2)
@pytest.mark.parametrize("flags", [("--mag-radius", 3.5), ("--mag-auto-minprob", 0.3)])
@pytest.mark.parametrize("decimals", [0, 1])
def test_rounded_magnitudes_as_nway(
    tmp_path, monkeypatch, capsys, scipy_before_1_18, flags, decimals
):
    """Equal magnitudes fall together in fewer bins."""
    monkeypatch.chdir(tmp_path)
    sources = auto_field(3, TWO, decimals)
    assert_same_as_nway(tmp_path, arguments(tmp_path, sources, *flags), ["B_MAG"])


@pytest.fixture
def cosmos(tmp_path, monkeypatch):
    """Files like those of NWAY's manual."""
    sources = random_field(
        8,
        (400, 20_000, 9_000),
        (150.0, 2.0),
        width=0.4,
        names=("XMM", "OPT", "IRAC"),
        errors=((0.5, 2), (0.1, 0.1), (0.5, 0.5)),
    )
    rng = np.random.default_rng(8)
    for source, file, column in zip(
        sources, ("XMM", "OPTICAL", "IRAC"), ("pos_err", "MAG", "mag_ch1"), strict=True
    ):
        table = source.table
        table[column] = (
            table["ERR"]
            if source.name == "XMM"
            else with_magnitudes(source, rng).mags["MAG"].astype("f4")
        )
        table.keep_columns(["ID", "RA", "DEC", column])
        table.write(tmp_path / f"COSMOS_{file}.fits")
    monkeypatch.chdir(tmp_path)
    return tmp_path


MANUAL = ["COSMOS_XMM.fits", ":pos_err", "COSMOS_OPTICAL.fits", "0.1"]


@pytest.mark.slow
def test_two_catalogues_of_the_manual(cosmos, capsys):
    ours, _ = assert_same_as_nway(
        cosmos,
        [
            *MANUAL,
            "--radius",
            "15",
            "--prior-completeness",
            "0.9",
            "--mag",
            "OPT:MAG",
            "auto",
            "--mag-radius",
            "3.5",
        ],
        ["OPT_MAG"],
    )
    assert "ours_OPT_MAG_fit.png" in capsys.readouterr().out
    record = ours.meta["auto_priors"]["OPT"]["MAG"]
    assert record["radius_arcsec"] == record["exclude_radius_arcsec"] == 3.5
    assert record["counts"]["selected"] > 100


@pytest.mark.slow
def test_three_catalogues_of_the_manual(cosmos, capsys):
    assert_same_as_nway(
        cosmos,
        [
            *MANUAL,
            "COSMOS_IRAC.fits",
            "0.5",
            "--radius",
            "20",
            "--prior-completeness",
            "0.9",
            "--mag",
            "OPT:MAG",
            "auto",
            "--mag",
            "IRAC:mag_ch1",
            "auto",
            "--mag-auto-minprob",
            "0.5",
        ],
        ["OPT_MAG", "IRAC_mag_ch1"],
    )


@pytest.mark.slow
def test_exclude_radius_without_radius_is_ignored_as_by_nway(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    args = arguments(
        tmp_path, auto_field(1, TWO), "--mag-exclude-radius", 6, "--mag-auto-minprob", 0.5
    )
    assert_same_as_nway(tmp_path, args, ["B_MAG"])
    assert "no effect without --mag-radius" in capsys.readouterr().err


def test_options_of_auto_priors_that_nothing_takes_are_told(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    args = arguments(tmp_path, auto_field(1, TWO), *RADIUS, *POSTERIOR, "--out", "a.csv")
    assert main(["match", *args, "--quiet"]) == 0
    assert "--mag-auto-minprob has no effect with --mag-radius" in capsys.readouterr().err
    at = args.index("--mag")
    del args[at : at + 3]
    assert main(["match", *args, "--mag-exclude-radius", "6", "--quiet"]) == 0
    said = capsys.readouterr().err
    for option in ("radius", "auto-minprob", "exclude-radius"):
        assert f"--mag-{option} has no effect without --mag CAT:COL auto" in said


def test_files_go_beside_out(tmp_path, monkeypatch, capsys):
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    args = arguments(tmp_path / "here", auto_field(1, TWO), "--mag-radius", 3.5)
    before = sorted(p.name for p in Path().iterdir())
    assert main(["match", *args, "--out", "../there/x.csv", "--quiet"]) == 0
    assert sorted(p.name for p in Path().iterdir()) == before
    assert sorted(p.name for p in Path("../there").iterdir()) == [
        "x.csv",
        "x.meta.json",
        "x.sources.csv",
        "x_B_MAG_fit.png",
        "x_B_MAG_fit.txt",
    ]
    assert capsys.readouterr().out == ""


# -- in Python -------------------------------------------------------------------------------------


def one_to_one(n=120, n_field=400, offset_arcsec=1.0, **columns):
    """Primaries on a grid, an object near each, the other objects a degree away."""
    ra, dec = 150 + 0.01 * (np.arange(n) % 20), 2 + 0.01 * (np.arange(n) // 20)
    rng = np.random.default_rng(0)
    mag = np.r_[rng.normal(20, 1, n), rng.normal(24, 1, n_field)]
    a = bm.Catalog({"RA": ra, "DEC": dec}, name="A", pos_err=1.0, area=1.0)
    b = {
        "RA": np.r_[ra, 151 + rng.uniform(0, 0.3, n_field)],
        "DEC": np.r_[dec + np.asarray(offset_arcsec) / 3600, 3 + rng.uniform(0, 0.3, n_field)],
        "mag": mag,
        **columns,
    }
    return a, bm.Catalog(b, name="B", pos_err=0.1, area=1.0), mag


def matched(a, b, *priors, **options):
    return bm.match(a, b, radius=10, priors={"B": list(priors)}, host_fraction=0.9, **options)


def test_learned_prior_is_in_the_result():
    a, b, mag = one_to_one()
    given = bm.AutoPrior("mag", radius=3.5, name="bright")
    result = matched(a, b, given)
    assert repr(given) == "AutoPrior('mag', radius=3.5, exclude_radius=3.5, name='bright')"
    learned = result.priors["B"][0]
    assert isinstance(learned, bm.HistogramPrior) and learned.name == "bright"
    assert learned.counts == {"selected": 120, "others": 400, "excluded": 120}
    np.testing.assert_array_equal(
        learned.ratio, bm.HistogramPrior.fit("mag", mag[:120], mag[120:]).ratio
    )
    assert result.meta["auto_priors"]["B"]["bright"]["counts"] == learned.counts
    rows = result.associations
    member = np.asarray(rows["B"])[np.asarray(rows["ncat"]) == 2]
    np.testing.assert_allclose(
        np.asarray(rows["bias_B_bright"])[np.asarray(rows["ncat"]) == 2],
        10 ** learned.log10_ratio(b)[member],
        rtol=1e-12,
    )
    again = matched(a, b, learned)
    for column in ("p_any", "p_i", "p_match"):
        np.testing.assert_array_equal(again.associations[column], rows[column])
    assert "auto_priors" in again.meta and again.meta["auto_priors"] == {}


def test_weights_are_the_posteriors():
    a, b, mag = one_to_one(offset_arcsec=np.linspace(0, 3, 120))
    rows = matched(a, b).associations
    post = np.asarray(rows["dist_post"])[np.asarray(rows["ncat"]) == 2]
    assert post.min() > 0.5 and np.ptp(post) > 0.01
    learned = matched(a, b, bm.AutoPrior("mag", min_post=0.5)).priors["B"][0]
    expected = bm.HistogramPrior.fit("mag", mag[:120], mag[120:], weights=post)
    np.testing.assert_array_equal(learned.selected, expected.selected)
    equal = bm.HistogramPrior.fit("mag", mag[:120], mag[120:])
    assert not np.array_equal(learned.lo, equal.lo)


@pytest.mark.parametrize(
    "prior, words",
    [
        (
            bm.AutoPrior("mag", radius=3.5),
            [
                "'mag'",
                "'B'",
                "only 60 of 460",
                "closer than 3.5 arcsec",
                "needs 100",
                "enlarge radius",
                "--mag-radius",
            ],
        ),
        (
            bm.AutoPrior("mag"),
            [
                "only 60 of 460",
                "dist_post above 0.9",
                "lower min_post",
                "--mag-auto-minprob",
                "radius=",
            ],
        ),
    ],
)
def test_too_few(prior, words):
    a, b, _ = one_to_one(n=60)
    with pytest.raises(ValueError) as error:
        matched(a, b, prior)
    assert all(word in str(error.value) for word in words), error.value


def test_no_field_left():
    a, b, mag = one_to_one(n_field=0)
    with pytest.raises(ValueError, match="120 counterparts but no field objects"):
        matched(a, b, bm.AutoPrior("mag", radius=3.5))


def test_missing_values_do_not_count():
    a, b, mag = one_to_one(n=140)
    mag[:20] = [-99, -999, np.nan, np.inf] * 5
    a, b, _ = one_to_one(n=140, mag=mag)
    assert matched(a, b, bm.AutoPrior("mag", radius=2)).priors["B"][0].counts == {
        "selected": 120,
        "others": 400,
        "excluded": 140,
    }
    mag[:50] = -99
    a, b, _ = one_to_one(n=140, mag=mag)
    with pytest.raises(ValueError, match=r"only 90 of 540 .* \(50 more have no value\)"):
        matched(a, b, bm.AutoPrior("mag", radius=2))


def test_radius_beyond_the_match():
    a, b, _ = one_to_one()
    with pytest.warns(UserWarning, match="no farther than its radius, 10 arcsec") as caught:
        matched(a, b, bm.AutoPrior("mag", radius=3, exclude_radius=20))
    assert caught[0].filename == __file__  # the line that calls match()


@pytest.mark.parametrize(
    "options, words",
    [
        ({"radius": 0}, "radius is 0; give arcsec, above 0"),
        ({"radius": -1}, "radius is -1"),
        ({"radius": "3"}, "radius is '3'"),
        ({"radius": np.nan}, "radius is nan"),
        ({"radius": 3, "exclude_radius": -1}, "exclude_radius is -1"),
        ({"exclude_radius": 3}, "exclude_radius goes with radius"),
        ({"min_post": 1.0}, "min_post is 1.0"),
        ({"min_post": True}, "min_post is True"),
    ],
)
def test_wrong_options(options, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        bm.AutoPrior("mag", **options)


def test_wrong_column_and_use():
    a, b, _ = one_to_one(text=np.array(["x"] * 520))
    with pytest.raises(ValueError, match="has no column 'magn'"):
        matched(a, b, bm.AutoPrior("magn", radius=3))
    with pytest.raises(TypeError, match="'text'"):
        matched(a, b, bm.AutoPrior("text", radius=3))
    with pytest.raises(ValueError, match="two are called 'mag'"):
        matched(a, b, bm.AutoPrior("mag", radius=3), bm.AutoPrior("mag"))
    with pytest.raises(ValueError, match="learned inside match"):
        bm.AutoPrior("mag").log10_ratio(b)


def test_command_line_errors_are_one_line_and_write_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    args = arguments(tmp_path, auto_field(1, TWO), "--mag-auto-minprob", 0.98)
    before = sorted(Path().iterdir())
    assert main(["match", *args, "--out", "x.fits"]) == 1
    error = capsys.readouterr().err.strip()
    assert "only 4 of 3000" in error and "\n" not in error
    assert sorted(Path().iterdir()) == before


# -- HistogramPrior.fit ----------------------------------------------------------------------------

RNG = np.random.default_rng(4)
BRIGHT, FAINT = RNG.normal(20, 1, 150), RNG.normal(23, 1.5, 3000)


def test_adaptive_bins():
    prior = bm.HistogramPrior.fit("mag", BRIGHT, FAINT)
    edges = np.append(prior.lo, prior.hi[-1])
    assert edges[0] == min(BRIGHT.min(), FAINT.min() - 1) and edges[-1] == FAINT.max() + 1
    inner = np.interp(np.linspace(0, 1, 15), np.arange(1, 151) / 150, np.sort(BRIGHT))
    np.testing.assert_allclose(
        [e for e in edges if BRIGHT.min() <= e <= BRIGHT.max()], inner, rtol=1e-12
    )
    for density in (prior.selected, prior.others):
        assert np.sum(density * np.diff(edges)) == pytest.approx(1, abs=1e-12)
    assert prior.counts == {"selected": 150, "others": 3000}


def test_missing_values_are_left_out():
    values = np.ma.masked_equal(np.r_[BRIGHT, 50.0], 50.0)
    one = bm.HistogramPrior.fit("mag", BRIGHT, FAINT)
    two = bm.HistogramPrior.fit("mag", values, np.r_[FAINT, np.nan, -99, -999, np.inf])
    np.testing.assert_array_equal(one.selected, two.selected)
    np.testing.assert_array_equal(one.others, two.others)


def test_weights_count_as_copies():
    weights = RNG.integers(0, 4, 150)
    edges = [15, 18, 20, 21, 22, 30]
    one = bm.HistogramPrior.fit("mag", BRIGHT, FAINT, weights=weights, bins=edges)
    two = bm.HistogramPrior.fit("mag", np.repeat(BRIGHT, weights), FAINT, bins=edges)
    np.testing.assert_allclose(one.selected, two.selected, rtol=1e-12)


def test_given_bins():
    prior = bm.HistogramPrior.fit("mag", [1, 1, 2, 9], [1, 2, 2, 2, 20], bins=[0, 1.5, 3])
    np.testing.assert_allclose(prior.selected * 1.5, [0.5, 0.25])  # of all, also those outside
    np.testing.assert_allclose(prior.others * 1.5, [0.2, 0.6])
    prior = bm.HistogramPrior.fit("mag", [1, 2, 3], [0, 5], bins=5, name="m")
    assert prior.lo.tolist() == [0, 1, 2, 3, 4] and prior.name == "m"


def test_smoothing_is_the_cure_of_empty_bins():
    edges = np.arange(14.0, 31.0)
    hard = bm.HistogramPrior.fit("mag", BRIGHT, FAINT, bins=edges)
    soft = bm.HistogramPrior.fit("mag", BRIGHT, FAINT, bins=edges, smooth=0.5)
    assert {0.0, 100.0} <= set(hard.ratio)
    assert 0 < soft.ratio.min() and soft.ratio.max() < 100
    neither = (hard.selected == 0) & (hard.others == 0)
    assert neither.any()
    np.testing.assert_allclose(soft.ratio[neither], 1)
    well_filled = np.minimum(hard.selected * 150, hard.others * 3000) > 30
    assert well_filled.any()
    np.testing.assert_allclose(soft.ratio[well_filled], hard.ratio[well_filled], rtol=0.15)
    for density in (soft.selected, soft.others):
        assert density.sum() == pytest.approx(1, abs=1e-12)
    # no counterpart where E are expected by chance: about smooth / E
    faint = np.flatnonzero(edges[:-1] == 25)[0]
    assert hard.selected[faint] == 0
    assert soft.ratio[faint] == pytest.approx(0.5 / (hard.others[faint] * 150 + 0.5), rel=1e-6)


@pytest.mark.parametrize(
    "selected, others, options, words",
    [
        ([], FAINT, {}, "0 of 0 selected and 3000 of 3000 others have a value"),
        (BRIGHT, [np.nan, -99], {}, "150 of 150 selected and 0 of 2 others"),
        (BRIGHT, FAINT, {"weights": [1]}, "weights must be 150 finite numbers"),
        (BRIGHT, FAINT, {"weights": -np.ones(150)}, "0 or more"),
        (BRIGHT, FAINT, {"weights": np.zeros(150)}, "0 of 150 selected"),
        (BRIGHT, FAINT, {"bins": "auto"}, "bins is 'auto'"),
        (BRIGHT, FAINT, {"bins": 0}, "bins is 0"),
        (BRIGHT, FAINT, {"bins": 2.5}, "bins is 2.5"),
        (BRIGHT, FAINT, {"bins": [1, 1]}, "ascending"),
        (BRIGHT, FAINT, {"smooth": -1}, "smooth is -1"),
        ([3, 3], [3, 3], {}, "every value is 3"),
        ([3, 3], [3, 3], {"bins": 4}, "every value is 3"),
    ],
)
def test_fit_errors(selected, others, options, words):
    with pytest.raises(ValueError, match=words) as error:
        bm.HistogramPrior.fit("mag", selected, others, **options)
    assert "'mag'" in str(error.value)


def test_fit_refuses_text():
    with pytest.raises(TypeError, match="'mag': others is of type <U1"):
        bm.HistogramPrior.fit("mag", BRIGHT, ["a"])


# -- saved -----------------------------------------------------------------------------------------


def test_save_and_load(tmp_path):
    prior = bm.HistogramPrior.fit("mag", BRIGHT, FAINT, smooth=0.5, name="bright")
    prior.save(tmp_path / "p.json")
    for back in (bm.HistogramPrior.load(tmp_path / "p.json"), bm.read_prior(tmp_path / "p.json")):
        assert (back.column, back.name, back.counts) == ("mag", "bright", prior.counts)
        for part in ("lo", "hi", "selected", "others"):
            np.testing.assert_array_equal(getattr(back, part), getattr(prior, part))


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda text: text[:100], "damaged"),
        (lambda text: "17 18 1 2\n", "HistogramPrior.read"),
        (lambda text: "[]", "not a saved prior"),
        (lambda text: text.replace("bayesmatch-histogram-prior", "x"), "'x' is not the format"),
        (lambda text: text.replace('"version": 1', '"version": 9'), "newer bayesmatch"),
        (lambda text: text.replace('"lo"', '"low"'), "damaged"),
        (lambda text: json.dumps({**json.loads(text), "hi": [1]}), "lists of one length"),
    ],
)
def test_damaged_file(tmp_path, change, words):
    path = tmp_path / "p.json"
    bm.HistogramPrior.fit("mag", BRIGHT, FAINT).save(path)
    path.write_text(change(path.read_text()))
    with pytest.raises(ValueError, match=words) as error:
        bm.read_prior(path)
    assert str(path) in str(error.value)


def test_no_such_file(tmp_path):
    for read in (bm.read_prior, bm.HistogramPrior.load):
        with pytest.raises(FileNotFoundError, match="no such prior file"):
            read(tmp_path / "none.json")


def test_prior_on_the_command_line(tmp_path, monkeypatch, capsys):
    """A saved prior does what its text file does."""
    monkeypatch.chdir(tmp_path)
    files = [argument for s in auto_field(1, TWO) for argument in s.write(tmp_path)]
    prior = bm.HistogramPrior.fit("MAG", BRIGHT, FAINT)
    prior.save("p.json")
    prior.write("p.txt")
    common = ["match", *files, "--radius", "15", "--quiet"]
    assert main([*common, "--prior", "B:p.json", "--out", "a.csv"]) == 0
    assert main([*common, "--mag", "B:MAG", "p.txt", "--out", "b.csv"]) == 0
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()
    for given, words in (
        ("p.json", "CATALOGUE:FILE"),
        ("B:none.json", "no such prior file"),
        ("X:p.json", "'X' is not among"),
        ("B:p.txt", "not a saved prior"),
    ):
        assert main([*common, "--prior", given, "--out", "c.csv"]) == 1
        error = capsys.readouterr().err.strip()
        assert words in error and "\n" not in error
    assert not Path("c.csv").exists()


def test_plot():
    for smooth in (0.0, 0.5):
        prior = bm.HistogramPrior.fit("mag", BRIGHT, FAINT, smooth=smooth)
        top, bottom = prior.plot().axes
        assert [t.get_text() for t in top.get_legend().get_texts()] == [
            "150 counterparts",
            "3,000 field objects",
        ]
        assert bottom.get_xlabel() == "mag"
    assert histogram_prior(bm.HistogramPrior("m", [0], [1], [1], [1])).axes
