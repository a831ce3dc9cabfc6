"""The benchmarks' machinery at tiny sizes, and what is shown of their results; no speeds."""

import importlib
import inspect
import json
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import bayesmatch as bm
from benchmarks import (
    allsky,
    asv_bench,
    figure,
    methods,
    readme,
    sizes,
    start,
    store,
    threads,
    timing,
)
from benchmarks.__main__ import SECTIONS, main
from benchmarks.catalogues import exhaustive_rows, prune_difference
from benchmarks.elliptical import as_ellipses
from benchmarks.settings import Settings
from benchmarks.skies import cosmos_sky, large_sky, mock_sky

ROOT = Path(__file__).parent.parent
TINY = Settings(repeat=1, nway_repeat=1, quick=True)


def row(what, seconds, ratio, found=None):
    return {"what": what, "seconds": seconds, "ratio": ratio, "found": found, "calls": 5}


def results():
    """Sections with round numbers."""
    pair = [row(methods.BAYESMATCH, 0.1, 1.0, 90_000), row(methods.NWAY, 27.0, 270.0, 90_000)]
    return {
        "peers": {
            "size": "6,885 x 2,418,574, 30 arcsec",
            "rows": pair,
            "memory": {"bayesmatch": {"above_MB": 60.0}, "nway": {"above_MB": 1000.0}},
            "machine": {"cpus": 2, "processor": "Some CPU"},
        },
        "programs": {
            "size": "4,000 x 522,000, 30 arcsec",
            "with_counterpart": 3_900,
            "load": 1.0,
            "programs": {"stilts": "3.4"},
            "left_out": {},
            "rows": [
                row("bayesmatch", 2.0, None, 4000)
                | {"line": "bayesmatch match x.fits", "score": "p_match", "peak_MB": 200.0}
                | {"cpu_seconds": 3.0, "purity_is_completeness": 0.95}
            ],
        },
        "sizes": {
            "radius": 30.0,
            "four_times": {
                "sizes": [[1, 2], [27_540, 9_674_296]],
                "seconds": [0.1, 0.4],
                "ratio": 4.0,
            },
            "points": [
                {"primaries": 1000, "secondaries": 100_000, "rows": pair},
                {
                    "primaries": 1_000_000,
                    "secondaries": 100_000_000,
                    "candidates": 10_000_000,
                    "search_seconds": 3.0,
                    "rest_seconds": 2.0,
                    "above_MB": 2000.0,
                    "rows": [
                        pair[0],
                        {
                            "what": methods.NWAY,
                            "seconds": None,
                            "ratio": None,
                            "note": "about 300 s expected",
                        },
                    ],
                },
            ],
        },
        "catalogues": {
            "3": {"size": "1 x 2 x 3", "rows": pair},
            "5": {
                "size": "1 x 4 x 5",
                "seconds": 9.0,
                "peak_MB": 1024.0,
                "found": 70,
                "exhaustive": 3e9,
            },
        },
        "elliptical": {
            "rows": [row("circular errors", 0.1, 1.0), row("elliptical errors of both", 0.12, 1.2)]
        },
        "prior": {"rows": [row("distance only", 0.1, 1.0), row("LightGBM prior", 0.5, 5.0)]},
        "calls": {
            "rows": [
                row("second call", 0.1, 1.0),
                row("process: `python -c pass`", 1, 1),
                row("process: `import bayesmatch`", 0.04, 0.4),
            ]
        },
        "threads": {"rows": [row("1 thread", 0.2, 1.0), row("2 threads", 0.1, 0.5)]},
        "scan": {
            "rows": 100_000_000,
            "rows_per_second_median": 2e7,
            "peak_MB": 512.0,
            "cpu_seconds_median": 10.0,
            "position_bytes_per_row": 16.0,
            "primaries": 50_000,
            "area": 1800.0,
        },
        "distributed": {
            "size": "a x b",
            "secondaries": 5_000_000,
            "partitions": [8, 50],
            "rows": [
                row("in memory", 1.0, 1.0),
                row("1 worker", 12.0, 12.0),
                row("2 workers", 7.0, 7.0),
            ],
        },
    }


def test_the_page_shows_the_results():
    """The table is the one that the numbers of the last full run make."""
    text = readme.PAGE.read_text()
    shown = text[text.index(readme.BEGIN) + len(readme.BEGIN) : text.index(readme.END)]
    numbers = json.loads(readme.RESULTS.read_text())
    assert set(numbers) == set(SECTIONS)
    assert not any(section["quick"] for section in numbers.values())
    assert shown == readme.table(numbers)


def test_allsky_shows_the_results():
    shown = allsky.plan(json.loads(readme.RESULTS.read_text()), allsky.half_the_sky())
    assert allsky.PLAN.read_text() == shown


def test_table():
    text = readme.table(results())
    assert "| NWAY 4.8.0 `nway_match` | 27 | 270 | 90,000 | 1,000 MB |" in text
    assert "| four times that sky: 27,540 x 9,674,296 | 0.4 | 4.00 times as long |" in text
    assert "| `Catalog.scan`, 100,000,000 rows of Parquet | 5 | 20.0 million rows/s" in text
    assert (
        "| LSDB on Dask, a x b | 7 | two workers; one: 12 s; in memory, without Dask: 1 s |" in text
    )
    assert "python -c" not in text
    columns = [line.count("|") for line in text.splitlines() if line.startswith("|")]
    assert set(columns) == {7, 6, 4}


def test_table_with_lsdb_beside():
    numbers = results()
    small = numbers["distributed"]
    own = [row("LSDB, 1 worker", 20.0, 20.0), row("LSDB, 2 workers", 11.0, 11.0)]
    small["rows"] = [*small["rows"], *own]
    small["larger"] = [{"size": "a x 4b", "rows": small["rows"]}]
    lines = readme.table(numbers).splitlines()
    text = "two workers; one: 12 s; LSDB's crossmatch: 11 and 20 s; in memory, without Dask: 1 s"
    assert [line for line in lines if line.startswith("| LSDB on Dask")] == [
        f"| LSDB on Dask, {size} | 7 | {text} |" for size in ("a x b", "a x 4b")
    ]


def test_costs_and_plan():
    """The arithmetic, done again by hand."""
    c = allsky.costs(results())
    assert c["cpu_per_row"] == pytest.approx(1e-7)
    assert c["random_per_row"] == pytest.approx(3e-8)
    assert allsky.density(results()) == pytest.approx(580)
    assert c["rest_per_candidate"] == pytest.approx(2e-7)
    # 12 s with one worker, 7 with two: 10 s that workers share, 2 s that they do not
    assert c["dask_per_row"] == pytest.approx(10 / 5e6)
    assert c["dask_per_partition"] == pytest.approx(2 / 50)
    text = allsky.plan(results())
    assert "20.3 million" in text  # 930,000 x 1e5 x 2.1817e-4 deg^2
    assert "3 min of CPU" in text  # 2e9 x 100 ns
    assert "  60 s here" in text  # 2e9 x 30 ns
    assert "= 32 GB" in text  # 2e9 x 16 bytes
    assert "| 0.5 GB/s | 64 s |" in text
    noise = results()
    noise["distributed"]["rows"][2]["seconds"] = 13.0
    assert allsky.costs(noise)["dask_per_row"] == pytest.approx(12 / 5e6)


def test_summary_refuses_what_is_not_a_full_run(tmp_path):
    with pytest.raises(ValueError, match="lacks peers, programs, sizes"):
        readme.summary(tmp_path)
    for name in SECTIONS:
        store.keep(tmp_path, name, {"quick": name == "prior"})
    with pytest.raises(ValueError, match="quick run of prior"):
        readme.summary(tmp_path)
    store.keep(tmp_path, "prior", {"quick": False})
    assert list(readme.summary(tmp_path)) == list(SECTIONS)


def test_sections_of_several_runs_are_merged(tmp_path):
    store.keep(tmp_path, "scan", {"rows": 1})
    store.keep(tmp_path, "peers", {"rows": 2})
    store.keep(tmp_path, "scan", {"rows": 3})
    assert store.read(tmp_path) == {"scan": {"rows": 3}, "peers": {"rows": 2}}
    with pytest.raises(TypeError):
        store.keep(tmp_path, "scan", {"rows": object()})
    assert store.read(tmp_path)["scan"] == {"rows": 3}
    assert [p.name for p in tmp_path.iterdir()] == [store.FILE]


@pytest.mark.parametrize("name", SECTIONS)
def test_sections_can_be_run(name):
    module = importlib.import_module(f"benchmarks.{name}")
    assert list(inspect.signature(module.run).parameters) == ["settings"]


@pytest.mark.slow
def test_one_section_from_the_command_line(tmp_path, capsys):
    assert main(["elliptical", "--quick", "--repeat", "1", "--out", str(tmp_path)]) == 0
    assert "| elliptical errors of both |" in capsys.readouterr().out
    (section,) = store.read(tmp_path).values()
    assert section["quick"] and section["seconds"] > 0 and "numpy" in section["machine"]["versions"]
    assert [r["found"] for r in section["rows"]] == [section["rows"][0]["found"]] * 3
    assert section["rows"][0]["ratio"] == 1


@pytest.mark.parametrize("arguments", [["speed"], ["--repeat", "0"]])
def test_bad_arguments(arguments, capsys):
    with pytest.raises(SystemExit):
        main(arguments)
    assert "speed" in capsys.readouterr().err or "--repeat" in arguments


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_methods_find_the_same_pairs():
    catalogs = mock_sky(50, 5000)
    found = {
        name: call()
        for name, make in methods.METHODS.items()
        if (call := make(*catalogs, 30.0)) is not None
    }
    assert len(found) >= 3 and len(set(found.values())) == 1
    assert next(iter(found)) == methods.BAYESMATCH


def test_smatch(monkeypatch):
    """The matcher's interface; and another package of that name is not it."""
    monkeypatch.setitem(sys.modules, "smatch", types.ModuleType("smatch"))
    catalogs = mock_sky(5, 50)
    assert methods.smatch_pairs(*catalogs, 30.0) is None

    class Matcher:
        def __init__(self, lon, lat):
            assert len(lon) == len(lat) == 5

        def query_radius(self, lon, lat, radius, eps=0.0, return_indices=False):
            assert len(lon) == 50 and radius == pytest.approx(30 / 3600) and return_indices
            return [], np.zeros(7), np.zeros(7), np.zeros(7)

    sys.modules["smatch"].Matcher = Matcher
    assert methods.smatch_pairs(*catalogs, 30.0)() == 7


@pytest.mark.slow
def test_median_seconds(monkeypatch):
    """Calls that take 10, 1, 2, 6 and 3 s on a clock of our own."""
    clock = [0.0]
    monkeypatch.setattr(timing.time, "perf_counter", lambda: clock[0])

    def calls(*seconds):
        left = iter(seconds)

        def call():
            clock[0] += next(left)
            return clock[0]

        return call

    assert timing.median_seconds(calls(10, 1, 2, 6, 3), 4)[:2] == (2.5, 4)
    assert timing.median_seconds(calls(10, 1, 2), 3, warm=0)[:2] == (2, 3)
    # the first call is not wasted where calls are slow, and there are no more than there is time
    assert timing.median_seconds(calls(20, 22, 24), 5, budget=60)[:2] == (21, 2)
    assert timing.median_seconds(calls(100), 5, budget=60)[:2] == (100, 1)
    assert timing.median_seconds(calls(1, 1, 1), 2, budget=60)[:2] == (1, 2)


@pytest.mark.slow
def test_peers_that_would_take_too_long_are_not_run(monkeypatch):
    def too_long(*_):
        raise AssertionError("was to be left out")

    slow, large = "slow", "large"
    monkeypatch.setattr(sizes, "METHODS", {methods.BAYESMATCH: methods.ours, slow: too_long})
    point = sizes.at_size(100, 10_000, TINY, {slow: (1000, 10.0)})
    ours, peer = point["rows"]
    assert peer["seconds"] is None and peer["note"] == "about 100 s expected"
    assert ours["found"] == point["candidates"] and point["rest_seconds"] > 0
    monkeypatch.setattr(sizes, "METHODS", {methods.BAYESMATCH: methods.ours, large: too_long})
    monkeypatch.setattr(sizes, "MAX_PEER_ROWS", 5000)
    assert "memory" in sizes.at_size(100, 10_000, TINY, {})["rows"][1]["note"]


def test_figure_leaves_out_what_was_not_run():
    ax = figure.cost_of_size(results()["sizes"]).axes[0]
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert {line.get_label(): len(line.get_xdata()) for line in ax.lines} == {
        "bayesmatch match(), every column": 2,
        "NWAY 4.8.0 nway_match": 1,
    }


def test_large_sky():
    """Four in five have their counterpart, at the density that the others have."""
    primary, secondary = large_sky(500, 50_000)
    assert secondary.n_rows / secondary.area == pytest.approx(58_000)
    result = bm.match(primary, secondary, radius=25)
    assert 0.7 < result.meta["host_fraction"] < 0.9


def test_ellipses_keep_their_area():
    primary, _ = mock_sky(50, 1000)
    a, b, _ = as_ellipses(primary, 1).covariance().T
    xx, yy, xy = as_ellipses(primary, 1).covariance().T
    assert np.allclose(xx * yy - xy**2, primary.covariance()[:, 0] ** 2)
    assert not np.allclose(a, b)


@pytest.mark.slow
def test_start_up(capsys):
    """Whole processes, each beside the imports alone."""
    assert start.main(["--repeat", "1"]) == 0
    rows = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines()[2:]]
    seconds = {row[0].strip(): float(row[2]) for row in rows}
    assert {start.IMPORTS, start.FIRST, "process: `bayesmatch --help`"} < {*seconds}
    ratios = {row[0].strip(): float(row[3]) for row in rows}
    assert ratios[start.IMPORTS] == 1.0 and min(seconds.values()) > 0.0
    assert seconds["process: `import bayesmatch`"] < seconds[start.IMPORTS]


@pytest.mark.slow
def test_pruning_and_counting():
    catalogs = cosmos_sky((3000, 2000), (0.1, 0.5))
    assert prune_difference(catalogs) < 1e-9
    exact = len(bm.match(*catalogs, radius=10, prune=0).associations)
    assert exhaustive_rows(catalogs, radius=10, sample=len(catalogs[0])) == exact


def test_digest_sees_every_value():
    catalogs = mock_sky(50, 5000)
    one, two = (bm.match(*catalogs, radius=20) for _ in range(2))
    assert threads.digest(one) == threads.digest(two)
    two.associations["p_i"][3] += 1e-15
    assert threads.digest(one) != threads.digest(two)


@pytest.mark.slow
def test_process_of_its_own():
    found = timing.in_process("benchmarks.memory", "bayesmatch", 100, 20_000, 30.0)
    assert found["found"] > 0 and found["peak_MB"] >= found["before_MB"] > 10
    assert found["above_MB"] == pytest.approx(found["peak_MB"] - found["before_MB"])


TINY_ROWS = {
    "Pair": [(50, 5000)],
    "Several": [(3000, 2000), (3000, 2000, 2000)],
    "Elliptical": [(50, 5000)],
    "Making": [(50, 5000)],
}


@pytest.mark.parametrize("name", TINY_ROWS)
def test_asv_classes(name):
    """Every method once for every kind of parameters, as asv calls them."""
    kind = getattr(asv_bench, name)
    assert len(kind.params) == len(kind.param_names)
    timed = [m for m in dir(kind) if m.startswith(("time_", "peakmem_"))]
    assert timed
    for rows in TINY_ROWS[name]:
        for rest in [()] if len(kind.params) == 1 else [(p,) for p in kind.params[1]]:
            one = kind()
            one.setup(rows, *rest)
            for method in timed:
                getattr(one, method)(rows, *rest)


@pytest.mark.slow
def test_asv_can_import_all_that_lies_beside_its_classes():
    """It installs the package alone, and imports every module of the folder to look for classes."""
    code = (
        "import importlib, pkgutil, sys\n"
        "for name in ('validation', 'tests', 'lsdb', 'nwaylib'):\n"
        "    sys.modules[name] = None\n"
        "import benchmarks\n"
        "for found in pkgutil.iter_modules(benchmarks.__path__):\n"
        "    importlib.import_module(f'benchmarks.{found.name}')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_asv_knows_all_classes():
    classes = {
        n
        for n, c in vars(asv_bench).items()
        if inspect.isclass(c) and c.__module__ == asv_bench.__name__
    }
    assert classes == set(TINY_ROWS)
    assert json.loads((ROOT / "benchmarks/asv.conf.json").read_text())["benchmark_dir"] == "."
