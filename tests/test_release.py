"""The release script: what it changes, what it refuses, what it leaves."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ci_scripts import script

ROOT = Path(__file__).parent.parent
release = script("release")
FILES = (*release.VERSIONS, "CHANGELOG.md")
#: in place of the packages' build, which takes a minute
BUILD = """
import pathlib
pathlib.Path("dist").mkdir()
pathlib.Path("dist/bayesmatch-9.8.7.tar.gz").write_bytes(b"packed")
"""


def git(folder, *arguments):
    who = ["-c", "user.name=A", "-c", "user.email=a@b.c"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path):
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    changelog = tmp_path / "CHANGELOG.md"
    first = changelog.read_text().split("\n## ")[1].partition("\n")[0]
    changelog.write_text(changelog.read_text().replace(first, "9.8.7 (unreleased)", 1))
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci/package.py").write_text(BUILD)
    (tmp_path / ".gitignore").write_text("dist/\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "all")
    return tmp_path


def texts(folder):
    return {name: (folder / name).read_text() for name in FILES}


def test_version_and_date_are_set_everywhere(checkout, capfd):
    how = ["9.8.7", "--date", "2031-02-03", "--tests", "test -f CHANGELOG.md"]
    assert release.main(how, checkout) == 0
    now = texts(checkout)
    assert '\n__version__ = "9.8.7"\n' in now["bayesmatch/__init__.py"]
    cited = yaml.safe_load(now["CITATION.cff"])
    assert (cited["version"], str(cited["date-released"])) == ("9.8.7", "2031-02-03")
    assert '"version": "9.8.7",' in now[".zenodo.json"]
    assert 'set version = "9.8.7"' in now["recipe/meta.yaml"]
    assert "\n## 9.8.7 (2031-02-03)\n* " in now["CHANGELOG.md"]
    recipe = (checkout / "dist/meta.yaml").read_text()
    digest = hashlib.sha256(b"packed").hexdigest()
    assert f"sha256: {digest}" in recipe and "bayesmatch-9.8.7.tar.gz" in recipe
    assert "path: .." not in recipe
    told = capfd.readouterr().out
    assert 'git tag -a v9.8.7 -m "Version 9.8.7"' in told and "twine upload" in told


def test_a_dry_run_changes_nothing_and_says_all(checkout, capsys):
    before = texts(checkout)
    assert release.main(["9.8.7", "--dry-run"], checkout) == 0
    assert texts(checkout) == before and not (checkout / "dist").exists()
    told = capsys.readouterr().out
    assert '+__version__ = "9.8.7"' in told and "bash -c .ci/run" in told
    assert "git tag -a v9.8.7" in told


def test_what_fails_leaves_the_checkout_as_it_was(checkout):
    before = texts(checkout)
    with pytest.raises(SystemExit, match="failed: bash -c false; nothing is changed"):
        release.main(["9.8.7", "--tests", "false"], checkout)
    assert texts(checkout) == before


def test_what_is_refused(checkout):
    with pytest.raises(SystemExit, match="9.8 is no version"):
        release.main(["9.8"], checkout)
    with pytest.raises(SystemExit, match="does not begin with '## 9.8.8 "):
        release.main(["9.8.8"], checkout)
    git(checkout, "tag", "v9.8.7")
    with pytest.raises(SystemExit, match="tag v9.8.7 already"):
        release.main(["9.8.7"], checkout)
    (checkout / "new.txt").touch()
    with pytest.raises(SystemExit, match=r"not committed:\n\?\? new.txt"):
        release.main(["9.8.7", "--dry-run"], checkout)


def test_the_script_is_one_that_can_be_called():
    done = subprocess.run(
        [sys.executable, ROOT / ".ci/release.py", "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0 and "--dry-run" in done.stdout
    for name in ("release", "package", "installed"):
        assert (ROOT / f".ci/{name}.py").stat().st_mode & 0o100
