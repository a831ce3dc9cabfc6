"""`bayesmatch train`, and what it makes used by `bayesmatch match --prior`."""

from pathlib import Path

import numba
import numpy as np
import pytest
from astropy.table import Table

import bayesmatch as bm
from bayesmatch.cli import main

N = 3000


def sample(seed=0, n_hosts=300):
    """Hosts brighter and bluer than the field, with missing magnitudes and X-ray fluxes."""
    rng = np.random.default_rng(seed)
    host = np.arange(N) < n_hosts
    g = np.where(host, rng.normal(20, 1, N), rng.normal(23, 1.2, N))
    r = g - np.where(host, rng.normal(0.2, 0.3, N), rng.normal(0.9, 0.4, N))
    g[rng.random(N) < 0.1] = np.nan
    r[rng.random(N) < 0.1] = -99.0
    return Table(
        {
            "g": g,
            "r": r,
            "flux": 10 ** rng.uniform(-15, -13, N),
            "is_counterpart": host,
            "class": np.where(host, "a", "b"),
        }
    )


@pytest.fixture(autouse=True)
def one_thread():
    """LightGBM's threads wait for each other by spinning: minutes when the machine is busy."""
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(before)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    sample().write(tmp_path / "t.fits")
    monkeypatch.chdir(tmp_path)
    return tmp_path


TRAIN = ["train", "t.fits", "--label", "is_counterpart", "--bands", "g,r", "--out", "p.json"]


def train(*more):
    return main([*TRAIN, *map(str, more)])


def test_train(folder, capsys):
    assert train() == 0  # 5 have neither magnitude
    out = capsys.readouterr().out
    assert "295 counterparts" in out and "wrote p.json" in out and "3 features" in out
    assert sorted(p.name for p in folder.iterdir()) == ["p.json", "p.png", "t.fits"]
    prior = bm.read_prior("p.json")
    assert isinstance(prior, bm.LightGBMPrior)
    assert prior.name == "photometry" and prior.feature_names == ("g", "r", "g-r")
    host = np.asarray(sample()["is_counterpart"])
    ratio = prior.predict(sample(1))
    assert np.median(ratio[host]) > 0.5 and np.median(ratio[~host]) < -0.5
    same = bm.LightGBMPrior.fit(sample(), host, features=bm.photometry.Features(["g", "r"]))
    np.testing.assert_array_equal(same.predict(sample(1)), ratio)


@pytest.mark.slow
def test_same_seed_same_file(folder, capsys):
    first = [train("--seed", seed, "--quiet") or Path("p.json").read_bytes() for seed in (7, 7, 8)]
    assert first[0] == first[1] != first[2]
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_context_pattern_and_name(folder, capsys):
    table = sample()
    table.rename_columns(["g", "r"], ["mag_g", "mag_r"])
    table.write("m.ecsv")
    assert (
        main(
            [
                "train",
                "m.ecsv",
                "--label",
                "is_counterpart",
                "--bands",
                "g,r",
                "--mag",
                "mag_{band}",
                "--context",
                "flux",
                "--name",
                "agn",
                "--out",
                "c.json",
            ]
        )
        == 0
    )
    prior = bm.read_prior("c.json")
    assert prior.name == "agn" and prior.context == ("flux",)
    assert prior.columns == ["mag_g", "mag_r"]


@pytest.mark.slow
def test_trained_prior_in_a_match(folder, capsys):
    """`match --prior` uses it, as `bm.match` does."""
    rng = np.random.default_rng(5)
    hosts = sample(5)
    n = 60
    tables = {
        name: Table(
            {
                "ID": np.arange(size),
                "RA": 150 + rng.uniform(0, 0.15, size),
                "DEC": 2 + rng.uniform(0, 0.15, size),
                "err": np.full(size, err),
            },
            meta={"EXTNAME": name, "SKYAREA": 0.0225},
        )
        for name, size, err in (("X", n, 1.5), ("O", N, 0.1))
    }
    for column in ("RA", "DEC"):
        tables["O"][column][:n] = tables["X"][column] + rng.normal(0, 1.5 / 3600, n)
    tables["O"]["g"], tables["O"]["r"] = hosts["g"], hosts["r"]
    for name, table in tables.items():
        table.write(f"{name}.fits")
    assert train("--quiet") == 0
    assert (
        main(
            [
                "match",
                "X.fits",
                ":err",
                "O.fits",
                ":err",
                "--radius",
                "8",
                "--prior",
                "O:p.json",
                "--out",
                "m.fits",
                "--host-fraction",
                "0.9",
            ]
        )
        == 0
    )
    ours = bm.MatchResult.read("m.fits").associations
    a, b = (bm.Catalog.read(f"{n}.fits", pos_err="err") for n in "XO")
    same = bm.match(a, b, radius=8, priors={"O": [bm.read_prior("p.json")]}, host_fraction=0.9)
    for column in ("bias_O_photometry", "p_any", "p_i"):
        np.testing.assert_array_equal(ours[column], same.associations[column])
    assert np.ptp(np.log10(ours["bias_O_photometry"])) > 1


@pytest.mark.parametrize(
    "change, words",
    [
        ({"t.fits": "none.fits"}, "none.fits"),
        ({"is_counterpart": "label"}, "no column 'label'"),
        ({"is_counterpart": "class"}, "'class'"),
        ({"is_counterpart": "flux"}, "must be true or false"),
        ({"g,r": "g,z"}, "no column 'z'"),
        ({"g,r": "g,g"}, "comes twice"),
        ({"g,r": "g,"}, "not the name of a band"),
        ({"p.json": "p.txt"}, "must end in one of .json"),
    ],
)
def test_wrong_input_is_one_line(folder, capsys, change, words):
    assert main([change.get(part, part) for part in TRAIN]) == 1
    out, err = capsys.readouterr()
    assert out == "" and words in err and err.strip().count("\n") == 0
    assert err.startswith("bayesmatch train: error: ")
    assert [p.name for p in folder.iterdir()] == ["t.fits"]


def test_too_few_counterparts(folder, capsys):
    sample(n_hosts=5).write("t.fits", overwrite=True)
    assert train() == 1
    assert "only 5 counterparts" in capsys.readouterr().err
    assert not Path("p.json").exists()


def test_wrong_context(folder, capsys):
    assert train("--context", "fluxx") == 1
    assert "no column 'fluxx'" in capsys.readouterr().err


def test_usage(capsys):
    assert main(["train", "t.fits"]) == 2
    assert "--label" in capsys.readouterr().err


@pytest.mark.slow
def test_a_prior_that_has_learned_nothing_has_diagnostics(tmp_path, monkeypatch, capsys):
    """Its ratio is the same everywhere: one bin, which is drawn."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(4)
    host = np.arange(600) < 60
    table = Table({"g": rng.normal(22, 1, 600), "r": rng.normal(21, 1, 600), "h": host})
    table.write("t.fits")
    line = "train t.fits --label h --bands g,r --out p.json".split()
    assert main(line) == 0 and Path("p.png").stat().st_size > 10_000
    capsys.readouterr()
    assert main([*line, "--seed", "-1"]) == 1
    assert "seed is -1; give a whole number, 0 or more" in capsys.readouterr().err
