"""What stands in two places agrees: version, changelog, packages, commands of the pages."""

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import bayesmatch as bm
from benchmarks import paired

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/priors.md",
    "docs/learned_priors.md",
)


def test_the_version_comes_from_one_place():
    assert PROJECT["project"]["dynamic"] == ["version"]
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "bayesmatch.__version__"}
    cited = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(), re.M)[1]
    assert cited == bm.__version__


def test_the_changelog_begins_with_this_version():
    """Not released, or with the day of the release; and it says something."""
    section = (ROOT / "CHANGELOG.md").read_text().split("\n## ")[1]
    version = re.escape(bm.__version__)
    assert re.match(rf"{version} \((unreleased|\d{{4}}-\d\d-\d\d)\)\n\* \S", section)


def test_every_folder_of_the_package_is_installed():
    from setuptools import find_packages

    found = find_packages(ROOT, **PROJECT["tool"]["setuptools"]["packages"]["find"])
    folders = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "bayesmatch").rglob("*.py")
    }
    assert set(found) == folders


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_exist(page):
    text = (ROOT / page).read_text()
    named = set(re.findall(r"\]\((?!https?:)([^)#]+)", text))
    missing = [name for name in named if not ((ROOT / page).parent / name).exists()]
    assert not missing


def test_rooms_that_the_architecture_page_names():
    """The order of the page is that of the test of the layout."""
    from layout import ORDER

    text = (ROOT / "docs/architecture.md").read_text()
    block = re.search(r"^```text\n(_deprecation.*?)^```", text, re.M | re.S)[1]
    named = [line.split()[0].removesuffix("/").removesuffix(".py") for line in block.splitlines()]
    assert named == [room for room in ORDER if room != "__main__"]


@pytest.mark.parametrize("script", ["run", "full"])
def test_ci_scripts_are_shell_that_can_be_run(script):
    path = ROOT / ".ci" / script
    assert path.stat().st_mode & 0o100
    subprocess.run(["bash", "-n", str(path)], check=True)


def test_the_lowest_versions_are_the_bounds():
    """What .ci/full installs as the lowest is what pyproject.toml says, of every dependency."""
    bounds = {}
    tools = ("pytest", "pytest-xdist", "hypothesis", "numpydoc", "reproject")
    for text in [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["dev"],
        *PROJECT["project"]["optional-dependencies"]["testing"],
        *PROJECT["project"]["optional-dependencies"]["images"],
    ]:
        needed = Requirement(text)
        if text in PROJECT["project"]["dependencies"] or needed.name in tools:
            (bound,) = needed.specifier
            assert bound.operator == ">=", text
            bounds[needed.name] = Version(bound.version)
    lines = (ROOT / ".ci/constraints-lowest.txt").read_text().splitlines()
    pins = [line.split("==") for line in lines if "==" in line and not line.startswith("#")]
    assert {name: Version(version) for name, version in pins} == bounds


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Names in the sdist, and in the wheel that is made of the sdist alone."""
    pytest.importorskip("build", reason="needs the package build")
    source, out = tmp_path_factory.mktemp("source") / "tree", tmp_path_factory.mktemp("built")
    leave_out = shutil.ignore_patterns(
        ".git", "__pycache__", "*.egg-info", "build", "dist", ".*_cache", ".venv*", ".hypothesis"
    )
    shutil.copytree(ROOT, source, ignore=leave_out)
    made = subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(out), str(source)],
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-2000:]
    with tarfile.open(next(out.glob("*.tar.gz"))) as sdist:
        names = [m.name.partition("/")[2] for m in sdist.getmembers() if m.isfile()]
    with zipfile.ZipFile(next(out.glob("*.whl"))) as wheel:
        return set(names), set(wheel.namelist())


SHIPPED = (
    ".ci",
    "bayesmatch",
    "benchmarks",
    "docs",
    "notebooks",
    "recipe",
    "tests",
    "validation",
)


@pytest.mark.slow
def test_the_sdist_holds_what_its_tests_need(built):
    ours = {
        path.relative_to(ROOT).as_posix()
        for folder in SHIPPED
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and not any(part.startswith(".") and part != ".ci" for part in path.relative_to(ROOT).parts)
    }
    assert len(ours) > 300
    missing = {*ours, *PAGES, "pyproject.toml", "CHANGELOG.md", "CITATION.cff"} - built[0]
    assert not missing
    assert not [name for name in built[0] if name.endswith((".pyc", ".nbi", ".nbc"))]


@pytest.mark.slow
def test_the_wheel_holds_the_package_alone(built):
    tops = {name.split("/")[0] for name in built[1]}
    assert tops == {"bayesmatch", f"bayesmatch-{bm.__version__}.dist-info"}
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "bayesmatch").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in built[1] if name.startswith("bayesmatch/")} == package


def test_paired_times(capsys, monkeypatch):
    """The turns change, and the ratio decides."""
    seconds, called = {"a": 1.0, "b": 1.05}, []

    def one(checkout, size):
        called.append(checkout.name)
        return seconds[checkout.name]

    monkeypatch.setattr(paired, "one", one)
    assert paired.main(["a", "b", "--pairs", "2"]) == 0
    assert called == ["a", "b", "b", "a"]
    seconds["b"] = 1.2
    assert paired.main(["a", "b", "--pairs", "1"]) == 1
    assert "new / old 1.200" in capsys.readouterr().out

    # A checkout beside itself tells the noise.
    times = iter([1.0, 2.0, 1.0, 2.0])
    monkeypatch.setattr(paired, "one", lambda *_: next(times))
    paired.main(["a", "a", "--pairs", "2"])
    assert "new / old 2.000" in (out := capsys.readouterr().out) and "new / old 0.500" in out


@pytest.mark.slow
def test_one_time_of_a_checkout():
    assert 0 < paired.one(ROOT, (100, 10_000)) < 60
