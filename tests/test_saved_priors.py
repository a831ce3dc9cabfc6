"""Saved priors are data: whatever the bytes, a ValueError that names the file, or ratios."""

import collections
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import damaged_priors
import numpy as np
import pytest

import bayesmatch as bm
from bayesmatch.cli import main
from bayesmatch.photometry import Features
from bayesmatch.priors import saved

TESTS = Path(__file__).parent
#: seconds that one edit may take
SLOWEST = 5.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("priors")
    damaged_priors.write_priors(path)
    return path


def run_python(*arguments, timeout, **environment):
    return subprocess.run(
        [sys.executable, "-W", "error", *map(str, arguments)],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)]),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def try_edits(folder, first, stop):
    """Outcomes of edits by prior and kind, in a process of its own, which they must not end."""
    process = run_python(
        TESTS / "damaged_priors.py", folder, first, stop, timeout=60 + SLOWEST * (stop - first)
    )
    lines = process.stdout.splitlines()
    last = lines[-1] if lines else "before the first"
    assert process.returncode == 0, (
        f"ended at {last}: {process.returncode}: {process.stderr[-900:]}"
    )
    assert len(lines) == stop - first
    outcomes = collections.Counter()
    for line in lines:
        _, prior, kind, outcome, seconds = line.split()
        assert float(seconds) < SLOWEST, line
        outcomes[prior, kind, outcome] += 1
    return outcomes


@pytest.mark.slow
def test_random_edits(folder):
    outcomes = try_edits(folder, 0, 400)
    assert {prior for prior, _, _ in outcomes} == set(damaged_priors.NAMES)
    kinds = {kind for _, kind, _ in outcomes}
    assert len(kinds) == len(damaged_priors.WRONG_DIGEST) + len(damaged_priors.RIGHT_DIGEST)
    assert {outcome for _, _, outcome in outcomes} == {"ValueError", "same", "valid"}
    assert {"plain", "context", "histogram"} == {
        prior for prior, kind, outcome in outcomes if (kind, outcome) == ("white_space", "same")
    }


@pytest.mark.full
def test_thousands_of_random_edits(folder):
    total = collections.Counter()
    for first in range(0, 3500, 500):
        total += try_edits(folder, first, first + 500)
    by_kind = collections.Counter()
    for (prior, kind, outcome), n in total.items():
        by_kind[f"{'histogram ' * (prior == 'histogram')}{kind} {outcome}"] += n
    assert sum(n for (prior, _, _), n in total.items() if prior != "histogram") >= 3000
    print(*(f"{kind}: {n}" for kind, n in sorted(by_kind.items())), sep="\n")


# -- JSON ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content, message",
    [
        (b"[" * 100_000, "nested deeper than 32"),
        (b'{"a":' * 100_000, "nested deeper than 32"),
        (b'{"format": "x", "format": "x"}', "'format' comes twice"),
        (b'{"format": NaN}', "NaN"),
        (b'{"format": -Infinity}', "Infinity"),
        (b'{"format": 1e999}', "1e999 is too large"),
        (b'{"format": ' + b"9" * 400 + b"}", "999... has more than 19 digits"),
        (b'{"format": ["x"]}', "a list of 1 is not the format"),
        (b'{"format": null}', "None is not the format"),
        (b"[1]", "holds a list"),
        (b"{}", "damaged"),
        (b"\xff\xfe{\x00", "utf-8"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b'{"a": "' + b"\\" * 1001, "damaged"),
        (b'"' * 1001, "damaged"),
    ],
)
def test_bytes_that_are_no_prior(tmp_path, content, message):
    path = tmp_path / "p.json"
    path.write_bytes(content)
    for read in (bm.read_prior, bm.LightGBMPrior.load, bm.HistogramPrior.load):
        with pytest.raises(ValueError) as info:
            read(path)
        found = str(info.value)
        assert found.startswith(str(path)) and "\n" not in found and len(found) < 500
        assert message in found or read is not bm.read_prior


def test_brackets_in_texts_do_not_count(tmp_path):
    prior = bm.HistogramPrior('[[{"' * 40, [1], [2], [1], [1], name="]]}" * 40 + "\\")
    prior.save(tmp_path / "p.json")
    assert bm.read_prior(tmp_path / "p.json").name == prior.name


def test_size_is_bounded(tmp_path, monkeypatch):
    path = tmp_path / "p.json"
    with open(path, "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ValueError, match="p.json.*larger than 32 MB"):
        bm.read_prior(path)


@pytest.mark.few(2)
@pytest.mark.parametrize("part", ["[],", "1,", '"",', '{"a":1},'])
def test_number_of_entries_is_bounded(tmp_path, part):
    """Twenty megabytes that would take Python a minute and gigabytes."""
    path = tmp_path / "p.json"
    path.write_text('{"format": [' + part * (20_000_000 // len(part)) + "1]}")
    start = time.process_time()
    with pytest.raises(ValueError, match="p.json.*more than 1000000 entries"):
        bm.read_prior(path)
    assert time.process_time() - start < SLOWEST


def test_command_line_says_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for name in "xo":
        lines = [f"{ra},{dec}" for ra, dec in rng.random((20, 2))]
        Path(f"{name}.csv").write_text("\n".join(["RA,DEC", *lines]))
    Path("deep.json").write_bytes(b"[" * 100_000)
    command = "match x.csv 1 o.csv 1 --radius 20 --area .01:.01 --out q.fits --prior o:deep.json"
    assert main(command.split()) == 1
    error = capsys.readouterr().err.strip()
    assert "deep.json" in error and "\n" not in error and "Traceback" not in error


# -- the schema ------------------------------------------------------------------------------------


def changed(folder, tmp_path, name, change):
    """A prior's record changed, and its digest right again, as a file."""
    record = json.loads((folder / f"{name}.json").read_text())
    change(record)
    path = tmp_path / "p.json"
    path.write_text(damaged_priors.with_digest(record))
    return path


def in_ratio(**entries):
    return lambda record: record["calibration"].update(entries)


@pytest.mark.parametrize(
    "change, message",
    [
        (in_ratio(slope="1"), "slope has '1', which is not a number"),
        (in_ratio(slope=True), "slope has True"),
        (in_ratio(slope=1e300), "ln ratios could reach"),
        (in_ratio(low=5.0, high=1.0), "low is 5, above high"),
        (in_ratio(patterns={"01": 1.0}), "'01' does not say 0 or 1 for each of 3 bands"),
        (in_ratio(patterns={"012": 1.0}), "'012' does not say"),
        (in_ratio(patterns={f"{k:03b}" + "0" * k: 1.0 for k in range(1001)}), "1001 entries"),
        (in_ratio(nodes=[[0.0, 1.0]] * 2), "2 context columns, not 1"),
        (in_ratio(nodes=[[0.0, 0.0]]), "must ascend"),
        (in_ratio(nodes=[[0.0]]), "two or more"),
        (in_ratio(ln_mean=[0.0]), "ln_mean does not have the shape"),
        (in_ratio(ln_mean=0.0), "ln_mean does not have the shape"),
        (in_ratio(log_context=[1]), "not true or false"),
        (in_ratio(log_context=[]), "of 0 columns"),
        (in_ratio(other=1.0), "'other' that is not known"),
        (lambda r: r["calibration"].pop("high"), "no entry 'high'"),
        (lambda r: r.update(name=3), "name is 3, not a text"),
        (lambda r: r.update(name=""), "name has 0 characters"),
        (lambda r: r.update(name="\ud800"), "no file can hold"),
        (lambda r: r.update(counts={"field": -1}), "field is -1"),
        (lambda r: r.update(counts=[]), "counts is a list of 0, not an object"),
        (lambda r: r.update(versions={"numpy": 2}), "versions is 2"),
        (lambda r: r.update(context=["flux"] * 4), "more than 3"),
        (lambda r: r.update(context="flux"), "not a list"),
        (lambda r: r.update(features=[]), "features is empty"),
        (lambda r: r.update(features=["g", 1]), "features is 1"),
        (lambda r: r.update(features=["g", "r"]), "max_feature_idx"),
        (lambda r: r.update(features={"Features": {}}), "does not describe features"),
        (lambda r: r.update(models=[]), "0 models"),
        (lambda r: r.update(models=r["models"] * 5), "20 models"),
        (lambda r: r.update(models=[1]), "models is 1"),
        (lambda r: r.update(version="1"), "version is '1'"),
        (lambda r: r.update(version=True), "version is True"),
        (lambda r: r.update(more=1), "'more' that is not known"),
    ],
)
def test_entries_have_their_types(folder, tmp_path, change, message):
    path = changed(folder, tmp_path, "context", change)
    with pytest.raises(ValueError, match=message) as info:
        bm.read_prior(path)
    assert str(info.value).startswith(str(path))


@pytest.mark.parametrize(
    "key, value, message",
    [
        ("lo", 10**400, "no|digits"),
        ("lo", ["1"], "not a number"),
        ("lo", [True] * 8, "not a number"),
        ("selected", None, "not a list"),
        ("others", [1e-300] * 8, "must be a number"),
        ("hi", [], "one length"),
        ("name", ["x"], "not a text"),
        ("counts", {"others": 1.5}, "1.5, not an integer"),
    ],
)
def test_entries_of_a_histogram(folder, tmp_path, key, value, message):
    record = json.loads((folder / "histogram.json").read_text())
    if key == "others":
        record["selected"] = [1e300] * len(record["lo"])
        value = value[:1] * len(record["lo"])
    record[key] = value
    path = tmp_path / "p.json"
    path.write_text(json.dumps(record))
    with pytest.raises(ValueError, match=message) as info:
        bm.read_prior(path)
    assert str(info.value).startswith(str(path))


def test_histogram_of_a_number_too_large():
    with pytest.raises(ValueError, match="histogram of 'm': selected is inf in bin 0"):
        bm.HistogramPrior("m", [1], [2], [10**400], [1])
    with pytest.raises(ValueError, match="its ratio to others must be a number"):
        bm.HistogramPrior("m", [1], [2], [1e308], [1e-308])


@pytest.mark.parametrize(
    "prior, kind, says",
    [
        (bm.FunctionPrior("own", len), TypeError, "'own' is not saved.*ColumnPrior, which saves"),
        (bm.CombinationPrior("own", len), TypeError, "'own' is not saved.*make the prior of it"),
        (bm.LearnedPrior(["g"]), ValueError, r"'photometry' has learned nothing.*result.priors\["),
    ],
)
def test_what_cannot_be_saved_says_what_to_do(prior, kind, says, tmp_path):
    with pytest.raises(kind, match=says):
        prior.save(tmp_path / "prior.json")
    assert not list(tmp_path.iterdir())


def test_messages_are_short():
    assert len(saved.shown("x" * 10_000)) <= 60
    assert saved.shown([[1] * 1000]) == "a list of 1"
    assert len(saved.one_line(ValueError("a\nb" * 1000))) == 300


def test_damaged_text_histograms(folder, tmp_path):
    """Random edits of the text file, plain and compressed; sizes beyond reason."""
    histogram = bm.read_prior(folder / "histogram.json")
    outcomes = collections.Counter()
    for name, edits in (("h.txt", 150), ("h.txt.gz", 50), ("h.txt.xz", 50)):
        path = tmp_path / name
        bins = np.column_stack([histogram.lo, histogram.hi, histogram.selected, histogram.others])
        np.savetxt(path, bins)
        whole = path.read_bytes()
        for number in range(edits):
            rng = np.random.default_rng([3, number])
            edit = damaged_priors.WRONG_DIGEST[rng.integers(4)]
            path.write_bytes(edit(whole, rng))
            try:
                outcomes[
                    name, np.isfinite(bm.HistogramPrior.read(path, column="r").ratio).all()
                ] += 1
            except ValueError as error:
                assert str(error).startswith(str(path)) and "\n" not in str(error)
                outcomes[name, "ValueError"] += 1
    assert {kind for _, kind in outcomes} == {True, "ValueError"}
    assert {name for name, kind in outcomes if kind == "ValueError"} == set(
        ("h.txt", "h.txt.gz", "h.txt.xz")
    )
    with open(tmp_path / "h.txt", "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ValueError, match="h.txt.*larger than 32 MB"):
        bm.HistogramPrior.read(tmp_path / "h.txt", column="r")


# -- features --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mag",
    [
        "{band:>1000000000}",
        "{band.__class__}",
        "{band[0]}",
        "{band!r}",
        "{}",
        "{band}" + "x" * 1000,
    ],
)
def test_patterns_fill_in_the_band_and_nothing_else(mag):
    with pytest.raises(ValueError, match="mag is .*{band}"):
        Features(["g", "r"], mag=mag)


def test_braces_can_be_written():
    assert Features(["g"], mag="{{{band}}}").columns == ("{g}",)


def test_features_are_bounded():
    with pytest.raises(ValueError, match="201 names; give at most 200"):
        Features([f"b{k}" for k in range(201)])
    with pytest.raises(ValueError, match="201 characters; give at most 200"):
        Features(["g" * 201])
    with pytest.raises(TypeError, match="bands is a dict"):
        Features.from_dict({"bands": {"g": 1}, "colors": [], "mag": "{band}"})
    start = time.perf_counter()
    bands = [f"b{k}" for k in range(200)]
    assert len(Features(bands, colors=[(a, b) for a in bands for b in bands if a != b]).names) > 1e4
    assert time.perf_counter() - start < SLOWEST


# -- without LightGBM, and in forked children ------------------------------------------------------

USE = """
import sys
import numpy as np
import bayesmatch as bm
import damaged_priors
prior = bm.read_prior(sys.argv[1])
assert np.isfinite(damaged_priors.ratios(prior)).all()
assert "lightgbm" not in sys.modules and "sklearn" not in sys.modules
"""


def test_lightgbm_is_for_training_only(folder):
    process = run_python("-c", USE, folder / "context.json", timeout=120)
    assert process.returncode == 0, process.stderr


FORK = """
import multiprocessing, warnings
warnings.simplefilter("ignore")
import lightgbm
import numpy as np
import bayesmatch as bm

rng = np.random.default_rng(0)
n = 25_000
label = rng.random(n) < 0.1
sky = {"ID": np.arange(n), "RA": 150 + rng.random(n), "DEC": rng.random(n),
       "mag": rng.normal(20, 2, n) - label}
few = {key: values[:5000] for key, values in sky.items()}

def fit():
    return bm.LightGBMPrior.fit(sky, label, features=["mag"])

def match():
    catalogs = [bm.Catalog(t, name=name, pos_err=1.0, area=1.0)
                for t, name in ((few, "X"), (sky, "O"))]
    return bm.match(*catalogs, radius=10, priors={"O": [prior]})

prior = fit()
expected = prior.predict(sky)
posterior = np.asarray(match().associations["p_i"])
# the threads of another user of LightGBM
lightgbm.train({"objective": "binary", "num_threads": 2, "verbosity": -1},
               lightgbm.Dataset(sky["mag"][:, None], label), 5)

def child(results):
    results.put((prior.predict(sky), np.asarray(match().associations["p_i"]), fit().predict(sky)))

context = multiprocessing.get_context("fork")
results = context.Queue()
process = context.Process(target=child, args=(results,), daemon=True)
process.start()
predicted, again, refitted = results.get(timeout=100)
process.join(20)
assert process.exitcode == 0
assert np.array_equal(predicted, expected) and np.array_equal(refitted, expected)
assert np.array_equal(again, posterior)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
def test_forked_children_do_not_hang():
    process = run_python("-W", "ignore", "-c", FORK, timeout=200, NUMBA_NUM_THREADS="2")
    assert process.returncode == 0, process.stderr[-2000:]
