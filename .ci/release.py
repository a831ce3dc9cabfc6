#!/usr/bin/env python3
"""Make a release, all but the upload: `.ci/release.py VERSION [--dry-run]`.

In a clean checkout whose changelog begins with the unreleased section of that version: puts version
and date where they stand, runs the tests, builds the packages and checks them, writes the recipe of
the published sdist, and prints what is left to do by hand: commit, tag, upload.  What fails leaves
the checkout as it was.
"""

from __future__ import annotations

import argparse
import datetime
import difflib
import hashlib
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: file -> what stands before the version in it, and behind it
VERSIONS = {
    "bayesmatch/__init__.py": (r'^__version__ = "', r'"$'),
    "CITATION.cff": (r"^version: ", r"$"),
    ".zenodo.json": (r'^  "version": "', r'",$'),
    "recipe/meta.yaml": (r'^\{% set version = "', r'" %\}$'),
}


def main(argv: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Make the release; what is wrong ends it in a line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("version", help="as 1.2.0")
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be done; do nothing"
    )
    parser.add_argument("--date", default=datetime.date.today().isoformat(), help="default: today")
    parser.add_argument(
        "--tests",
        default=".ci/run",
        metavar="COMMAND",
        help="what must pass before anything is built (default: .ci/run)",
    )
    parser.add_argument(
        "--address",
        metavar="URL",
        help="the repository's page, which the uploaded README's links and picture lead to",
    )
    options = parser.parse_args(argv)
    check_place(root, options.version)
    texts = changed(root, options.version, options.date)
    for name, text in texts.items():
        print(diff(name, (root / name).read_text(), text), end="")
    steps = [
        ["bash", "-c", options.tests],
        [sys.executable, ".ci/package.py", "--out", "dist"],
    ]
    if options.address:
        steps[-1] += ["--address", options.address]
    if options.dry_run:
        print("\n".join(["would run", *(f"  {' '.join(step)}" for step in steps)]))
        print(left_to_do(options.version))
        return 0
    before = {name: (root / name).read_text() for name in texts}
    try:
        for name, text in texts.items():
            (root / name).write_text(text)
        for step in steps:
            subprocess.run(step, cwd=root, check=True)
        write_recipe(root, options.version)
    except BaseException as error:
        for name, text in before.items():
            (root / name).write_text(text)
        if isinstance(error, subprocess.CalledProcessError):
            raise SystemExit(f"failed: {' '.join(error.cmd)}; nothing is changed") from None
        raise
    print(left_to_do(options.version))
    return 0


def check_place(root: Path, version: str) -> None:
    """Refuse what is no version, a checkout with changes, a version that has a tag."""
    if not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", version):
        raise SystemExit(f"{version} is no version; give one as 1.2.0 or 1.2.0rc1")
    changes = git(root, "status", "--porcelain")
    if changes:
        raise SystemExit(f"there are changes that are not committed:\n{changes}")
    if git(root, "tag", "--list", f"v{version}"):
        raise SystemExit(f"there is a tag v{version} already; a version is released once")


def changed(root: Path, version: str, date: str) -> dict[str, str]:
    """The texts of the files that say version or date, as the release has them."""
    texts = {}
    for name, (before, behind) in VERSIONS.items():
        pattern = re.compile(f'({before})[^"\n]+?({behind})', re.M)
        text, count = pattern.subn(rf"\g<1>{version}\g<2>", (root / name).read_text())
        if count != 1:
            raise SystemExit(f"{name}: the version stands there {count} times, not once")
        texts[name] = text
    cited = re.sub(r"^date-released: .*\n", "", texts["CITATION.cff"], flags=re.M)
    line = f"version: {version}\n"
    texts["CITATION.cff"] = cited.replace(line, f"{line}date-released: {date}\n", 1)
    changelog = (root / "CHANGELOG.md").read_text()
    heading = f"\n## {version} (unreleased)\n"
    if changelog.count(heading) != 1 or changelog.find("\n## ") != changelog.find(heading):
        raise SystemExit(f"CHANGELOG.md does not begin with {heading.strip()!r}")
    texts["CHANGELOG.md"] = changelog.replace(heading, f"\n## {version} ({date})\n")
    return {name: text for name, text in texts.items() if text != (root / name).read_text()}


def write_recipe(root: Path, version: str) -> Path:
    """The recipe that builds the published sdist, beside the packages."""
    sdist = root / "dist" / f"bayesmatch-{version}.tar.gz"
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    recipe = (root / "recipe/meta.yaml").read_text()
    source = f"source:\n  url: ADDRESS/{sdist.name}\n  sha256: {digest}\n"
    path = root / "dist" / "meta.yaml"
    path.write_text(recipe.replace("source:\n  path: ..\n", source))
    return path


def left_to_do(version: str) -> str:
    """What is done by hand."""
    return f"""\
left to do
  git commit -am "Version {version}"
  git tag -a v{version} -m "Version {version}"
  git push origin HEAD v{version}
  twine upload dist/bayesmatch-{version}*
  dist/meta.yaml: put in the address of the sdist, give it to conda-forge
  then raise the version and begin the next section of CHANGELOG.md, (unreleased)"""


def diff(name: str, old: str, new: str) -> str:
    """What changes in a file."""
    lines = (text.splitlines(keepends=True) for text in (old, new))
    return "".join(difflib.unified_diff(*lines, name, name, n=0))


def git(root: Path, *arguments: str) -> str:
    """What git says."""
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
