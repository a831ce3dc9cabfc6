"""Arguments of the wrong kind, and folders that cannot be made: one line that says which."""

import errno
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

import bayesmatch as bm
from bayesmatch import plots
from bayesmatch.catalogs.targets import make_folder
from bayesmatch.cli import main

#: that read files; they say themselves what they take
READING = ("open_images", "read_overlay")
DRAWN = [
    f
    for name, f in vars(plots).items()
    if inspect.isfunction(f) and name in plots.__all__ and name not in READING
]


@pytest.fixture(scope="module")
def result():
    x = bm.Catalog({"RA": [10.0], "DEC": [0.0]}, name="X", pos_err=1.0, area=1.0)
    o = bm.Catalog({"RA": [10.0], "DEC": [0.0]}, name="O", pos_err=0.1, area=1.0)
    return bm.match(x, o, radius=5, host_fraction=0.5), (x, o)


@pytest.mark.parametrize("function", DRAWN, ids=lambda f: f.__name__)
def test_figures_of_what_cannot_be_drawn(function, tmp_path):
    names = [
        n
        for n, p in inspect.signature(function).parameters.items()
        if p.default is p.empty and n != "rows"
    ]
    last = {"rows": [0]} if "rows" in inspect.signature(function).parameters else {}
    wrong = [np.zeros(3), *([tmp_path / "f.png"] * (len(names) - 1))]
    with pytest.raises(
        TypeError, match=rf"^{function.__name__}: {names[0]} has to be a .* not \w+$"
    ):
        function(*wrong, **last)


def test_figures_of_some_that_cannot_be_drawn():
    with pytest.raises(TypeError, match="a mapping of names to Assessment, not int"):
        plots.purity_completeness({"a": 5})
    with pytest.raises(TypeError, match="a mapping of names to Table, not list"):
        plots.prior_diagnostics([1])


def test_a_figure_of_the_right_kind_is_drawn(result):
    match, (x, o) = result
    assert plots.sky_map(match, x, o, [0]).axes
    with pytest.raises(TypeError, match="sky_map: other has to be a Catalog, not float"):
        plots.sky_map(match, x, 3.0, [0])


@pytest.mark.parametrize("wrong", [5, "X", None.__class__])
def test_catalogues_that_are_none(result, wrong, tmp_path):
    match, catalogs = result
    calls = (
        lambda: match.with_inputs(wrong),
        lambda: match.write(tmp_path / "r.ecsv", catalogues=wrong),
        lambda: match.catalogue(catalogues=wrong),
    )
    for call in calls:
        with pytest.raises(
            TypeError, match="^catalogues is .*; give a list of the catalogues that"
        ):
            call()
    assert not list(tmp_path.iterdir())
    assert len(match.with_inputs(c for c in catalogs)) == len(match.associations)


def test_a_folder_that_cannot_be_made_is_named(result, tmp_path, capsys):
    """A name that is longer than file systems allow: so also for whoever may do everything."""
    long = tmp_path / ("x" * 300)
    told = re.escape(f"{long}: the directory cannot be made (")
    with pytest.raises(OSError, match=f"^--out {told}.*give another name$"):
        make_folder(long, option="--out")
    assert main(["demo", "--quiet", "--out", str(long)]) == 1
    assert f"--out {long}: the directory cannot be made (" in capsys.readouterr().err


def test_the_folder_of_a_result_that_cannot_be_made_is_named(result, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    folder = tmp_path / "a"
    told = f"the directory {folder} cannot be made (No space left on device); give another name"
    with pytest.raises(OSError, match=re.escape(told)):
        result[0].write(folder / "result.ecsv")


def test_two_outputs_are_compared_in_p_any_alone(result, tmp_path, capsys):
    paths = [str(tmp_path / name) for name in ("real.fits", "fake.fits")]
    for path in paths:
        result[0].write(path)
    assert main(["calibrate", *paths, "--score", "p_match", "--out", str(tmp_path / "t.csv")]) == 1
    said = capsys.readouterr().err
    assert "--score p_match: two outputs are compared in p_any" in said and said.count("\n") == 1
    assert not (tmp_path / "t.csv").exists()


def test_versions_tell_of_pyvo(capsys):
    assert main(["--version"]) == 0
    assert re.search(r"^pyvo (\d|is not installed)", capsys.readouterr().out, re.M)
