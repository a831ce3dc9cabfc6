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
    assert "bayesmatch" in names and not names & {*HEAVY, "nway", "nwaylib"}


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


@pytest.mark.full
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
    for kernel in ("search", "fill_pairs", "nway_rows"):
        assert list((tmp_path / "cache").rglob(f"*.{kernel}-*.nbi")), kernel
    assert len(list((tmp_path / "cache").rglob("*.search-*.nbc"))) == 1


@pytest.mark.slow
def test_a_cache_that_cannot_be_written(files, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    python(command(files, tmp_path / "out.csv"), NUMBA_CACHE_DIR=str(blocked))
    assert (tmp_path / "out.csv").is_file() and blocked.read_text() == "not a directory"


@pytest.mark.slow
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


#: optional part -> the module that it needs, what is asked for, the extra that has it
EXTRAS = {
    "distributed": ("lsdb", "bm.distributed", "distributed"),
    "images": ("reproject", "bm.plots.open_images('x.fits')", "images"),
    "testing": ("hypothesis", "bm.testing", "testing"),
}


@pytest.mark.few(1)
@pytest.mark.parametrize("part", EXTRAS)
def test_an_optional_part_that_is_missing_says_what_to_install(part, tmp_path):
    """One line with the extra, which there is."""
    module, asked, extra = EXTRAS[part]
    code = f"import sys; sys.modules[{module!r}] = None\nimport bayesmatch as bm\n"
    code += f"try: {asked}\nexcept ImportError as error: print(error)"
    (tmp_path / "x.fits").touch()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    line = done.stdout.strip()
    assert done.stderr == "" and line.count("\n") == 0
    assert line.endswith(f"pip install 'bayesmatch[{extra}]'")
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
    assert any(module in needed for needed in project["optional-dependencies"][extra])


@pytest.mark.slow
def test_the_command_line_without_the_images_extra(files, tmp_path):
    """A report and charts without images need none of it; an image asks for it in a line."""
    out = tmp_path / "r.fits"
    python(command(files, out))
    code = "import sys; sys.modules['reproject'] = None\nfrom bayesmatch.cli import main\n"
    charts = ["charts", str(out), "--pick", "random", "--n", "1", "--quiet"]
    (tmp_path / "x.fits").touch()
    with_image = [*charts, "--out", str(tmp_path / "b"), "--image", str(tmp_path / "x.fits")]
    code += f"print(main({[*charts, '--out', str(tmp_path / 'a')]!r}), main({with_image!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "0 1\n" and done.stderr.count("\n") == 1
    assert "pip install 'bayesmatch[images]'" in done.stderr and not (tmp_path / "b").exists()


def test_the_overview_is_quick_to_make():
    """Nothing of what matching needs is imported for --help and --version."""
    for argument in ("--help", "--version"):
        names = imported_by(f"from bayesmatch.cli import main; main([{argument!r}])")
        assert "bayesmatch" in names
        assert not names & {
            *HEAVY,
            "numba",
            "numpy",
            "astropy",
            "pandas",
            "scipy",
            "tqdm",
            "pyarrow",
        }
