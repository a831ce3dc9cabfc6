"""The packages as they are given away: the same bytes each time, and of use without a network."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from ci_scripts import script

import bayesmatch as bm

ROOT = Path(__file__).parent.parent
package, installed = script("package"), script("installed")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Packages of two copies of the checkout, which differ in times and modes of their files."""
    pytest.importorskip("build", reason="needs the package build")
    pytest.importorskip("twine", reason="needs the package twine")
    leave_out = shutil.ignore_patterns(
        ".git", "__pycache__", "*.egg-info", "build", "dist", ".*_cache", ".venv*", ".hypothesis"
    )
    made, tree = [], ROOT
    for k in range(2):
        copied = tmp_path_factory.mktemp("copy") / f"tree{k}"
        shutil.copytree(tree, copied, ignore=leave_out)
        tree = copied
        for path in sorted(tree.rglob("*"), reverse=True):
            os.utime(path, (10**9 + k, 10**9 + k))
            if k and path.is_file():
                path.chmod(path.stat().st_mode & 0o111 | 0o600)
        before = os.environ.get("SOURCE_DATE_EPOCH")
        os.environ["SOURCE_DATE_EPOCH"] = "1700000000"
        try:
            made.append(package.package(tree, tree / "dist"))
        finally:
            os.environ.pop("SOURCE_DATE_EPOCH")
            if before is not None:
                os.environ["SOURCE_DATE_EPOCH"] = before
    return made


@pytest.mark.slow
def test_built_twice_gives_the_same_bytes(built):
    for one, other in zip(*built, strict=True):
        assert one.name == other.name and one.read_bytes() == other.read_bytes()


@pytest.mark.slow
def test_what_the_packages_hold(built):
    sdist, wheel = built[0]
    assert package.check_contents(sdist, wheel) == []
    package.run("-m", "twine", "check", "--strict", sdist, wheel)
    with tarfile.open(sdist) as archive:
        held = {m.name.partition("/")[2]: m for m in archive.getmembers() if m.isfile()}
    for name in ("recipe/meta.yaml", ".zenodo.json", ".readthedocs.yaml", "CITATION.cff"):
        assert name in held
    assert {m.mtime for m in held.values()} == {1700000000}
    assert {m.mode for m in held.values()} == {0o644, 0o755}
    assert held[".ci/run"].mode == 0o755


@pytest.mark.slow
def test_contents_that_are_wrong_are_found(built, tmp_path):
    sdist, wheel = built[0]
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(tmp_path / "w.whl", "w") as new:
        for name in old.namelist():
            if not name.endswith("table.js"):
                new.writestr(name, old.read(name))
        new.writestr("tests/data/large.fits", b"")
    found = package.check_contents(sdist, tmp_path / "w.whl")
    assert "not in the wheel: bayesmatch/diagnostics/report/table.js" in found
    assert "in the wheel: tests/data/large.fits" in found


@pytest.mark.full
def test_the_wheel_works_without_a_network(built, tmp_path):
    """With what this environment has beside it; .ci/full does the same in bare environments."""
    pytest.importorskip("reproject")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index"]
    target = tmp_path / "site"
    subprocess.run([*pip, "--target", target, built[0][1]], check=True)
    made = installed.try_out(Path(sys.executable), tmp_path / "run", {"PYTHONPATH": str(target)})
    assert bm.MatchResult.read(tmp_path / "run/demo/cosmos.fits").record.primary.name == "XMM"
    assert len(made) == 6


@pytest.mark.skipif(not installed.offline(), reason="no network of its own is allowed here")
def test_offline_is_offline():
    code = "import socket; socket.create_connection(('127.0.0.1', 9), 1)"
    done = subprocess.run(
        [*installed.offline(), sys.executable, "-c", code], capture_output=True, text=True
    )
    assert "unreachable" in done.stderr


def test_the_readme_of_an_upload_leads_to_its_tag(tmp_path):
    """Pictures to the file itself, links to its page; the checkout's README stays as it is."""
    readme = (ROOT / "README.md").read_text()
    plain = tmp_path / "bayesmatch-1.2.0.tar.gz"
    with tarfile.open(plain, "w:gz") as sdist:
        for name in ("README.md", "PKG-INFO", "docs/README.txt"):
            path = tmp_path / "text"
            path.write_text(readme if name == "README.md" else "[a](docs/é.md)")
            sdist.add(path, f"bayesmatch-1.2.0/{name}")
    (tmp_path / "new.tar.gz").write_bytes(package.packed_again(plain, 10**9, "https://h.org/o/n/"))
    with tarfile.open(tmp_path / "new.tar.gz") as new:
        held = {m.name[17:]: new.extractfile(m).read().decode() for m in new.getmembers()}
    assert "](https://h.org/o/n/raw/v1.2.0/docs/images/finding_chart.png)" in held["README.md"]
    assert (
        "(https://h.org/o/n/blob/v1.2.0/docs/validated.md#claims-that-are-missed)"
        in held["README.md"]
    )
    assert "](docs/" not in held["README.md"] and "](C" not in held["README.md"]
    assert held["PKG-INFO"] == "[a](https://h.org/o/n/blob/v1.2.0/docs/é.md)"
    assert held["docs/README.txt"] == "[a](docs/é.md)"
    before = package.packed_again(plain, 10**9)
    assert package.absolute("[a](https://b) [c](#d)", "https://h", "1") == "[a](https://b) [c](#d)"
    plain.write_bytes(before)
    with tarfile.open(plain) as same:
        assert same.extractfile("bayesmatch-1.2.0/README.md").read().decode() == readme
