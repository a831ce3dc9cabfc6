"""The package itself: quick to import, compiled code cached safely, free of NWAY's code."""

import hashlib
import os
import re
import subprocess
import sys
import tomllib
from importlib import import_module, metadata
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

import bayesmatch as bm

HEAVY = ("matplotlib", "sklearn", "lightgbm", "mocpy", "lsdb")
PACKAGE = Path(bm.__file__).parent


def python(code, *args, **environment):
    return subprocess.run(
        [sys.executable, *code, *map(str, args)],
        text=True,
        check=True,
        capture_output=True,
        env={**os.environ, **environment},
    )


def imported_by(code):
    # A list of modules, one import-time line each: "import time: self | cumulative | name".
    return {
        line.rsplit("|", 1)[1].strip().split(".")[0]
        for line in python(["-X", "importtime", "-c", code]).stderr.splitlines()
        if "|" in line
    }


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    rng = np.random.default_rng(1)
    for name in "AO":
        Table(
            {"RA": 10 + np.arange(40) / 60, "DEC": rng.normal(size=40) / 3600},
            meta={"EXTNAME": name, "SKYAREA": 1.0},
        ).write(folder / f"{name}.fits")
    return folder


def command(folder, out):
    return [
        "-m",
        "bayesmatch",
        "match",
        str(folder / "A.fits"),
        "1.0",
        str(folder / "O.fits"),
        "0.5",
        "--radius",
        "9",
        "--out",
        str(out),
    ]


def test_importing_leaves_the_heavy_packages_alone():
    names = imported_by("import bayesmatch")
    assert "bayesmatch" in names and not names & {*HEAVY, "numba", "pandas", "scipy", "nway"}


def test_matching_from_the_command_line_leaves_the_heavy_packages_alone(files, tmp_path):
    argv = command(files, tmp_path / "out.fits")[2:]
    names = imported_by(f"import bayesmatch.cli as c; assert c.main({argv!r}) == 0")
    assert "numba" in names and not names & {*HEAVY, "nway", "nwaylib"}


def test_every_public_name():
    for name in bm.__all__:
        assert getattr(bm, name) is not None
    assert set(bm.__all__) <= set(dir(bm))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        bm.nonsense  # noqa: B018
    assert metadata.version("bayesmatch") == bm.__version__


def test_nway_is_never_imported():
    """NWAY is AGPL-3: its numbers are compared with, its code is not used."""
    for path in PACKAGE.rglob("*.py"):
        assert not re.search(
            r"^\s*(import|from)\s+nway|import_module\(.*nway|__import__\(.*nway",
            path.read_text(),
            re.MULTILINE,
        ), path


@pytest.mark.slow
def test_processes_that_start_together_share_an_empty_cache(files, tmp_path):
    """Four at once with nothing compiled yet: all succeed, with the same bytes."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    outs = [tmp_path / f"{i}.parquet" for i in range(4)]
    runs = [
        subprocess.Popen(
            [sys.executable, *command(files, out)],
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for out in outs
    ]
    for run in runs:
        out, err = run.communicate(timeout=300)
        assert run.returncode == 0 and err == "", err
    python(command(files, tmp_path / "again.parquet"), NUMBA_CACHE_DIR=str(tmp_path / "cache"))
    digests = {
        hashlib.sha256(out.read_bytes()).hexdigest() for out in [*outs, tmp_path / "again.parquet"]
    }
    assert len(digests) == 1
    # One version of each kernel that is called from Python.
    for kernel in ("search", "enumerate_primary", "nway_rows"):
        assert list((tmp_path / "cache").rglob(f"*.{kernel}-*.nbi")), kernel
    assert len(list((tmp_path / "cache").rglob("*.search-*.nbc"))) == 1


def test_a_cache_that_cannot_be_written(files, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    python(command(files, tmp_path / "out.csv"), NUMBA_CACHE_DIR=str(blocked))
    assert (tmp_path / "out.csv").is_file() and blocked.read_text() == "not a directory"


def test_without_any_place_for_a_cache():
    """Where Numba finds no directory to write to, kernels are compiled in the process."""
    code = (
        "from numba.core import caching; caching.CacheImpl._locator_classes = [];"
        "from bayesmatch._kernels.jit import jit; print(jit(lambda x: x + 1)(2))"
    )
    assert python(["-c", code]).stdout == "3\n"


def test_distributed_without_lsdb_says_what_to_install(monkeypatch):
    for name in [n for n in sys.modules if n.startswith("bayesmatch.distributed")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(vars(bm), "distributed", raising=False)
    monkeypatch.setitem(sys.modules, "lsdb", None)
    with pytest.raises(ImportError, match=r"bayesmatch\[distributed\]"):
        bm.distributed  # noqa: B018


def test_lsdb_is_bounded_to_what_is_tested():
    """Its internals are imported, so another minor version may have none of them."""
    from packaging.requirements import Requirement

    pytest.importorskip("lsdb")
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
    (lsdb,) = map(Requirement, project["optional-dependencies"]["distributed"])
    installed = metadata.version("lsdb")
    major, minor = map(int, installed.split(".")[:2])
    assert installed in lsdb.specifier and f"{major}.{minor + 1}" not in lsdb.specifier
    for module, name in (
        ("core.crossmatch.abstract_crossmatch_algorithm", "AbstractCrossmatchAlgorithm"),
        ("core.crossmatch.crossmatch_args", "CrossmatchArgs"),
        ("io.schema", "get_arrow_schema"),
        ("operations.lsdb_ops", "FromHealpixMap"),
        *(
            ("operations.functions.merge_catalog_functions", name)
            for name in (
                "align_and_apply",
                "align_catalogs",
                "apply_suffixes",
                "create_merged_catalog_info",
                "filter_by_spatial_index_to_pixel",
                "generate_meta_df_for_joined_tables",
                "get_aligned_pixels_from_alignment",
                "get_healpix_pixels_from_alignment",
            )
        ),
    ):
        assert hasattr(import_module(f"lsdb.{module}"), name)
