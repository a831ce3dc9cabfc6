#!/usr/bin/env python3
"""Build sdist and wheel, the same bytes each time, and check them: `.ci/package.py --out DIR`.

The sdist is packed again with the times, owners and modes that its files have on no machine in
particular; the wheel is made of what is in it.  SOURCE_DATE_EPOCH is the time that both say, by
default that of the last commit.  PyPI follows no relative links: with `--address` the README of
both, not that of the checkout, has the address of this version's tag in front of them.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: 1980, before which zip files know no time
FIRST_TIME = 315532800
#: in the sdist and nowhere in the wheel, and in the package beside its code
NEVER_IN_WHEEL = ("tests/", "validation/", "benchmarks/", "notebooks/", "docs/", ".ci/", "recipe/")
#: files of the sdist with the text that PyPI shows
DESCRIBED = ("README.md", "PKG-INFO")
DATA = (
    "py.typed",
    "__init__.pyi",
    "data/cosmos_truth.csv",
    "data/cosmos_xmm.fits.gz",
    "data/cosmos_zcosmos.fits.gz",
    "diagnostics/report/page.css",
    "diagnostics/report/table.js",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Build, check, and say what was made."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder (default: dist)")
    parser.add_argument(
        "--address",
        metavar="URL",
        help="the repository's page, as https://github.com/OWNER/NAME; for what is uploaded",
    )
    options = parser.parse_args(argv)
    if options.address is None:
        print("the README's picture and links are relative; for an upload give --address")
    made = package(ROOT, options.out, options.address)
    run("-m", "twine", "check", "--strict", *made)
    faults = check_contents(*made)
    for path in made:
        print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path}")
    print("\n".join(faults))
    return int(bool(faults))


def package(root: Path, out: Path, address: str | None = None) -> tuple[Path, Path]:
    """The sdist and the wheel of a checkout."""
    epoch = source_time(root)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        run("-m", "build", "--sdist", "--outdir", work / "sdist", root)
        (plain,) = (work / "sdist").glob("*.tar.gz")
        sdist = out / plain.name
        sdist.write_bytes(packed_again(plain, epoch, address))
        with tarfile.open(sdist) as archive:
            archive.extractall(work / "tree", filter="data")
        (tree,) = (work / "tree").iterdir()
        run("-m", "build", "--wheel", "--outdir", work / "wheel", tree, epoch=epoch)
        (built,) = (work / "wheel").glob("*.whl")
        wheel = out / built.name
        wheel.write_bytes(built.read_bytes())
    return sdist, wheel


def source_time(root: Path) -> int:
    """What SOURCE_DATE_EPOCH says, else the time of the last commit, else 1980."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return max(int(given), FIRST_TIME)
    told = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=root, capture_output=True, text=True
    )
    return max(int(told.stdout), FIRST_TIME) if told.returncode == 0 else FIRST_TIME


def absolute(text: str, address: str, version: str) -> str:
    """Markdown whose relative links and pictures lead to the tag of a version.

    >>> absolute("![a](b.png) [c](d.md#e) [f](https://g)", "https://h/i", "1.0")
    '![a](https://h/i/raw/v1.0/b.png) [c](https://h/i/blob/v1.0/d.md#e) [f](https://g)'
    """

    def led(found: re.Match[str]) -> str:
        kind = "raw" if found["picture"] else "blob"
        place = f"{address.rstrip('/')}/{kind}/v{version}/{found['path']}"
        return f"{found['picture']}[{found['said']}]({place})"

    return re.sub(
        r"(?P<picture>!?)\[(?P<said>[^\]]*)\]\((?P<path>(?![a-z]+:|#)[^)\s]+)\)", led, text
    )


def packed_again(sdist: Path, epoch: int, address: str | None = None) -> bytes:
    """The files of an sdist in the order of their names, with nothing of the machine in them."""
    version = sdist.name.removesuffix(".tar.gz").rpartition("-")[2]
    packed = io.BytesIO()
    with tarfile.open(sdist) as old, tarfile.open(fileobj=packed, mode="w") as new:
        for member in sorted(old.getmembers(), key=lambda m: m.name):
            member.mtime, member.uid, member.gid = epoch, 0, 0
            member.uname = member.gname = ""
            member.pax_headers = {}
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            content = old.extractfile(member) if member.isfile() else None
            if content is not None and address and Path(member.name).name in DESCRIBED:
                text = absolute(content.read().decode(), address, version).encode()
                member.size, content = len(text), io.BytesIO(text)
            new.addfile(member, content)
    return gzip.compress(packed.getvalue(), mtime=epoch)


def check_contents(sdist: Path, wheel: Path) -> list[str]:
    """What is wrong with what the packages hold; nothing, if all is right."""
    with tarfile.open(sdist) as archive:
        source = {m.name.partition("/")[2] for m in archive.getmembers() if m.isfile()}
    with zipfile.ZipFile(wheel) as archive:
        installed = set(archive.namelist())
    code = {name for name in source if name.startswith("bayesmatch/")}
    apart = {name for name in installed if ".dist-info/" not in name}
    return [
        *_said("in the sdist, not in the wheel", code - apart),
        *_said("in the wheel, not of the package", apart - code),
        *_said("not in the wheel", {f"bayesmatch/{name}" for name in DATA} - apart),
        *_said("in the wheel", {n for n in installed if n.startswith(NEVER_IN_WHEEL)}),
        *_said("compiled", {n for n in source | installed if n.endswith((".pyc", ".nbi", ".nbc"))}),
    ]


def _said(what: str, names: Iterable[str]) -> list[str]:
    return [f"{what}: {name}" for name in sorted(names)]


def run(*arguments: str | Path, epoch: int | None = None) -> None:
    """Run a module of this Python; its output is shown only where it fails."""
    more = {} if epoch is None else {"SOURCE_DATE_EPOCH": str(epoch)}
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, arguments))}:\n{done.stdout[-4000:]}")


if __name__ == "__main__":
    sys.exit(main())
