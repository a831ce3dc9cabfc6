"""`bayesmatch match --learn` and `--adapt`: what is learned, said, written, and refused."""

import json
import re
import shutil

import matplotlib.image
import numba
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.table import Table

import bayesmatch as bm
from bayesmatch.cli import main
from bayesmatch.cli.train import FROM_COUNTERPARTS
from bayesmatch.priors.learned import MIN_COUNTERPARTS
from bayesmatch.priors.learned_ratio import LearnedRatio

BANDS = "g,r,z,w1,w2"
MATCH = ["match", "x.fits", ":sigma", "opt.fits", "0.1", "--radius", "30"]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """LightGBM's threads wait for each other by spinning: minutes when the machine is busy."""
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(before)


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    """A small sky in files, matched with a learned prior, and what the command printed."""
    folder = tmp_path_factory.mktemp("learn")
    xray, survey, truth = bm.mock.survey(n_primary=300, area=0.7, seed=3)
    survey["kind"] = np.where(survey["g"] > 22, "faint", "bright")
    for table, name in ((xray, "x"), (survey, "opt")):
        table.meta["EXTNAME"] = name.upper()
        table.write(folder / f"{name}.fits")
    truth.write(folder / "truth.csv")
    (folder / "scan").mkdir()
    columns = {name: np.asarray(survey[name]) for name in survey.colnames}
    half = len(survey) // 2
    for k, rows in enumerate((slice(half), slice(half, None))):
        part = pa.table({name: values[rows] for name, values in columns.items()})
        pq.write_table(part, folder / "scan" / f"part{k}.parquet")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main([*MATCH, "--learn", f"OPT:{BANDS}", "--out", "out.fits"]) == 0
    return folder


@pytest.fixture
def folder(field, tmp_path, monkeypatch):
    """Its files, once more, for a test to write beside."""
    for path in field.iterdir():
        copied = tmp_path / path.name
        shutil.copytree(path, copied) if path.is_dir() else copied.symlink_to(path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*argv, out="new.fits", match=MATCH):
    assert main([*match, *argv, "--out", out]) == 0
    return bm.MatchResult.read(out)


def refused(capsys, *argv, out="new.fits", match=MATCH):
    assert main([*match, *argv, "--out", out]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    return err


def right(result):
    truth = Table.read("truth.csv")
    best = result.sources["OPT_ID"].astype(str).filled("")
    return np.mean(best == truth["counterpart"].astype(str))


def bias(result):
    return np.asarray(result.associations["bias_OPT_photometry"]).tobytes()


def test_learned_without_a_training_sample(folder, capsys):
    assert right(bm.MatchResult.read("out.fits")) > right(run()) + 0.05
    assert "learned prior" not in capsys.readouterr().out


def test_the_line_in_the_summary(folder):
    result = bm.MatchResult.read("out.fits")
    told = result.meta["auto_priors"]["OPT"]["photometry"]
    (line,) = [t for t in result.summary().splitlines() if t.startswith("  learned prior ")]
    assert f"OPT photometry: {told['model']}; ln likelihood +{told['ln_gain']:.1f} (" in line
    assert line.endswith(f"(counterparts expected: {told['expected_counterparts']:.0f})")
    assert "looks" not in told  # bins and numbers stay with the prior, not in every header


def test_saved_and_used_again(folder):
    """The prior beside the result gives the same ratios in another match."""
    first = bm.MatchResult.read("out.fits")
    prior = bm.read_prior("out_OPT_photometry_learned.json")
    assert isinstance(prior, LearnedRatio)
    assert prior.columns == BANDS.split(",") and "z-w1" in prior.feature_names
    again = run("--prior", "OPT:out_OPT_photometry_learned.json")
    assert bias(again) == bias(first)
    assert np.ptp(np.frombuffer(bias(again))) > 10
    assert again.meta["auto_priors"] == {} and "learned prior" not in again.summary()


@pytest.mark.slow
def test_scanned_the_same(folder):
    first = bm.MatchResult.read("out.fits")
    area = ["--area", f":{Table.read('opt.fits').meta['SKYAREA']}"]
    scan = ["match", "x.fits", ":sigma", "scan", "0.1", "--radius", "30", *area]
    result = run("--learn", f"scan:{BANDS}", match=scan)
    found = np.asarray(result.associations["bias_scan_photometry"]).tobytes()
    assert found == bias(first)
    assert (folder / "new_scan_photometry_learned.json").exists()


def test_the_plot(folder):
    image = matplotlib.image.imread("out_OPT_photometry_learned.png")
    assert image.shape[0] > 500 and image.std() > 0.05
    prior = bm.read_prior("out_OPT_photometry_learned.json")
    axes = prior.plot().axes
    assert len(axes) == 2 * len(prior.feature_names)
    assert [a.get_xlabel() for a in axes[1::2]] == list(prior.feature_names)
    w1 = prior.looks.features[prior.feature_names.index("w1")]
    near, field = (s.get_data().values for s in axes[6].patches)
    np.testing.assert_array_equal(near, w1.shares[0][:-1])
    np.testing.assert_array_equal(field, w1.shares[1][:-1])


def test_the_table(folder):
    """Its numbers are those of the truth and of the survey, within what chance allows."""
    table = Table.read("out_OPT_photometry_learned.ecsv")
    prior = bm.read_prior("out_OPT_photometry_learned.json")
    assert list(dict.fromkeys(table["feature"])) == list(prior.feature_names)
    survey, truth = Table.read("opt.fits"), Table.read("truth.csv")
    is_host = np.isin(survey["ID"].astype(str), truth["counterpart"].astype(str))
    for band in ("r", "w1"):
        rows = table[table["feature"] == band]
        edges = np.append(rows["low"][:-1], rows["high"][-2])
        assert np.isnan(rows["low"][-1]) and (np.diff(edges) > 0).all()
        values = np.ma.filled(np.ma.asarray(survey[band], dtype=float), np.nan)
        place = np.searchsorted(edges[1:-1], values, side="right")
        place[np.isnan(values)] = len(edges) - 1
        hosts = np.bincount(place[is_host], minlength=len(edges))
        others = np.bincount(place[~is_host], minlength=len(edges))
        assert abs(rows["counterparts"].sum() - hosts.sum()) < 0.1 * hosts.sum()
        off = (rows["counterparts"] - hosts) / np.sqrt(hosts + 1)
        assert np.abs(off).max() < 3
        share, expected = rows["field"] / rows["field"].sum(), others / others.sum()
        np.testing.assert_allclose(share, expected, atol=0.01)
        # the field's mean ratio is 1, and bin by bin it is what the shares say
        assert np.sum(share * np.nan_to_num(rows["ratio"])) == pytest.approx(1, abs=0.1)
        ok = (rows["counterparts"] > 10) & (rows["field"] > 0)
        sigma = np.abs(rows["ratio"] - rows["measured"]) / rows["measured_error"]
        assert ok.sum() >= 5 and sigma[ok].max() < 3
        assert (rows["ratio_low"][ok] < rows["ratio"][ok]).all()
        assert (rows["ratio"][ok] < rows["ratio_high"][ok]).all()
    np.testing.assert_array_equal(prior.looks.table()["ratio"], table["ratio"])


@pytest.mark.slow
def test_a_single_column_is_a_magnitude_alone(folder):
    run("--learn", "OPT:w1")
    assert bm.read_prior("new_OPT_photometry_learned.json").feature_names == ("w1",)


@pytest.mark.slow
def test_too_few_stay_at_one_and_say_why(folder):
    Table.read("x.fits")[:20].write("few.fits")
    few = ["match", "few.fits", ":sigma", "opt.fits", "0.1", "--radius", "30"]
    result = run("--learn", "OPT:g,r", match=few)
    assert (result.associations["bias_OPT_photometry"] == 1).all()
    (line,) = [t for t in result.summary().splitlines() if "learned prior" in t]
    assert "OPT photometry: stays at 1, fewer than 30 counterparts are expected" in line
    figure = bm.read_prior("new_OPT_photometry_learned.json").plot()
    assert "stays at 1" in figure._suptitle.get_text()
    assert np.nanmax(Table.read("new_OPT_photometry_learned.ecsv")["ratio"]) == 1


class TestAdapt:
    @pytest.mark.slow
    def test_a_histogram_that_misleads_is_put_right(self, folder, capsys):
        """Given as it is it prefers what counterparts are not; on the field it is turned round."""
        (folder / "h.txt").write_text("14 20 1 20\n20 26 20 1\n")
        bad = ["--mag", "OPT:w1", "h.txt"]
        assert right(run(*bad)) < right(run(*bad, "--adapt")) - 0.05
        assert "new_OPT_w1_learned.json" in capsys.readouterr().out
        prior = bm.read_prior("new_OPT_w1_learned.json")
        assert prior.name == "w1" and prior.columns == ["w1"]

    @pytest.mark.slow
    def test_a_saved_one_keeps_its_name_and_file(self, folder):
        good = bm.HistogramPrior(
            "w1", [14, 18, 20], [18, 20, 23], [5, 3, 1], [1, 2, 3], name="mine"
        )
        good.save("good.json")
        before = (folder / "good.json").read_bytes()
        result = run("--prior", "OPT:good.json", "--adapt")
        assert result.meta["auto_priors"]["OPT"]["mine"]["ln_gain"] > 0
        assert "mine" in bm.read_prior("new_OPT_mine_learned.json").name
        assert (folder / "good.json").read_bytes() == before

    def test_nothing_to_adapt(self, folder, capsys):
        err = refused(capsys, "--adapt")
        assert "--adapt: there is no prior to adapt; give --prior CAT:FILE" in err
        for other in (["--mag", "OPT:g", "auto"], ["--prior", "OPT:@g"]):
            assert "--adapt: there is no prior" in refused(capsys, "--adapt", *other)

    def test_what_was_learned_in_a_match(self, folder, capsys):
        err = refused(capsys, "--adapt", "--prior", "OPT:out_OPT_photometry_learned.json")
        assert "learned in a match; learn anew with --learn, or leave out --adapt" in err


@pytest.mark.parametrize(
    "given, said",
    [
        (["NIX:g"], "--learn NIX:g: 'NIX' is not among the catalogues matched; give one of OPT"),
        (["X:g"], "--learn X:g: 'X' is the primary; give one of OPT"),
        (["OPT:g,nix"], "'nix'"),
        (["OPT:g,kind"], "'kind'"),
        (["OPT"], "--learn OPT: give CATALOGUE:COLUMN,COLUMN,..."),
        (["OPT:g,,r"], "--learn OPT:g,,r: give CATALOGUE:COLUMN"),
        (["OPT:g,g"], "--learn OPT:g,g: "),
        (["OPT:g", "OPT:r"], "catalogue 'OPT' comes twice; give all its columns at once"),
    ],
)
def test_bad_input(folder, capsys, given, said):
    err = refused(capsys, *(part for text in given for part in ("--learn", text)))
    assert said in err
    assert not list(folder.glob("new*"))


def test_unknown_columns_are_named_with_their_catalogue(folder, capsys):
    err = refused(capsys, "--learn", "OPT:g,nix")
    assert "OPT" in err and re.search(r"g.*r.*z", err)


def test_two_of_one_name(folder, capsys):
    saved = "OPT:out_OPT_photometry_learned.json"
    err = refused(capsys, "--learn", "OPT:g,r", "--prior", saved)
    assert "another prior called 'photometry'" in err and "--adapt instead of --learn" in err


class TestOutputs:
    """No file that is read is written to, whatever it is that would be learned."""

    def test_over_a_prior(self, folder, capsys):
        prior = bm.HistogramPrior("w1", [14, 20], [20, 24], [2, 1], [1, 2], name="photometry")
        prior.save("a_OPT_photometry_learned.json")
        before = (folder / "a_OPT_photometry_learned.json").read_bytes()
        given = ["--adapt", "--prior", "OPT:a_OPT_photometry_learned.json"]
        err = refused(capsys, *given, out="a.fits")
        assert "would overwrite an input" in err
        assert (folder / "a_OPT_photometry_learned.json").read_bytes() == before
        assert not (folder / "a.fits").exists()

    def test_over_a_catalogue(self, folder, capsys):
        Table.read("x.fits").write("a_OPT_photometry_learned.ecsv")
        before = (folder / "a_OPT_photometry_learned.ecsv").read_bytes()
        match = ["match", "a_OPT_photometry_learned.ecsv", *MATCH[2:]]
        err = refused(capsys, "--learn", "OPT:g,r", out="a.fits", match=match)
        assert "would overwrite an input" in err
        assert (folder / "a_OPT_photometry_learned.ecsv").read_bytes() == before

    @pytest.mark.slow
    def test_all_that_is_written_is_told(self, folder, capsys):
        assert main([*MATCH, "--learn", "OPT:g,r", "--out", "b.csv"]) == 0
        told = [t[6:] for t in capsys.readouterr().out.splitlines() if t.startswith("wrote ")]
        assert sorted(told) == sorted(p.name for p in folder.glob("b[._]*"))
        assert {f"b_OPT_photometry_learned{e}" for e in (".json", ".png", ".ecsv")} <= set(told)


def test_looks_of_a_file_are_checked(folder):
    """A file with other numbers where the plot's are is no learned prior."""
    from bayesmatch.priors.saved import record_digest

    record = json.loads((folder / "out_OPT_photometry_learned.json").read_text())
    for damage in (
        lambda looks: looks.pop(),
        lambda looks: looks[0].update(name="other"),
        lambda looks: looks[0]["edges"].reverse(),
        lambda looks: looks[0]["field"].append(1.0),
        lambda looks: looks[0].update(error="none"),
        lambda looks: looks[0]["log10_ratio"].__setitem__(0, 1e9),
        lambda looks: looks[0]["counterparts"].__setitem__(0, -1.0),
    ):
        changed = json.loads(json.dumps(record))
        damage(changed["learned"]["looks"])
        del changed["sha256"]
        changed["sha256"] = record_digest(changed)
        (folder / "bad.json").write_text(json.dumps(changed))
        with pytest.raises(ValueError, match="not a saved learned prior, or damaged"):
            bm.read_prior("bad.json")


@pytest.mark.slow
def test_train_tells_of_learning_from_the_match(folder, capsys):
    survey, truth = Table.read("opt.fits"), Table.read("truth.csv")
    survey["host"] = np.isin(survey["ID"].astype(str), truth["counterpart"].astype(str))
    survey[survey["host"] | (np.arange(len(survey)) % 40 == 0)].write("t.fits")
    argv = ["train", "t.fits", "--label", "host", "--bands", "g,r", "--out", "t.json"]
    assert main(argv) == 0
    assert "bayesmatch match --learn CAT:g,r" in capsys.readouterr().out
    assert main(["train", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert f"{MIN_COUNTERPARTS:g} or more" in text and "--learn CAT:COL,COL" in text
    assert FROM_COUNTERPARTS == MIN_COUNTERPARTS


#: Evidence.add of matching/learning.py indexes an empty array; the mark goes when that is mended
@pytest.mark.few(1)
@pytest.mark.parametrize("case", ["no candidates", "no value", "one value"])
def test_nothing_to_learn_from(folder, case):
    """Files and figure are made all the same, and say that the ratio is 1."""
    survey = Table.read("opt.fits")
    if case == "no candidates":
        survey["RA"] += 40.0
    survey["m"] = np.full(len(survey), np.nan if case == "no value" else 20.0)
    survey.write("o.fits")
    match = ["match", "x.fits", ":sigma", "o.fits", "0.1", "--radius", "30"]
    result = run("--learn", "OPT:m", match=match)
    assert (result.associations["bias_OPT_photometry"] == 1).all()
    assert "OPT photometry: stays at 1, " in result.summary()
    assert (folder / "new_OPT_photometry_learned.png").exists()
    ratio = Table.read("new_OPT_photometry_learned.ecsv")["ratio"]
    assert np.isnan(ratio).sum() >= len(ratio) - 2
    np.testing.assert_allclose(ratio[~np.isnan(ratio)], 1, atol=1e-12)


@pytest.mark.slow
def test_fitted_errors_and_calibrate_learn_too(folder, capsys):
    result = run("--learn", f"OPT:{BANDS}", "--fit-errors")
    assert right(result) > right(run()) + 0.05
    argv = ["calibrate", *MATCH[1:], "--learn", "OPT:r,w1", "--realizations", "1"]
    assert main(argv) == 0
    assert "at positions that belong to nothing" in capsys.readouterr().out
