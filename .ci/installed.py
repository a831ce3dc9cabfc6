#!/usr/bin/env python3
"""A wheel in a bare environment, without a network: `.ci/installed.py WHEEL PYTHON [--keep DIR]`.

Makes a virtual environment of PYTHON, installs the wheel with its images extra there, and runs
demo, match, report and charts from an empty folder, with an empty home, and with no network: in a
network of its own that leads nowhere where the system lets us (`unshare`), else with a proxy that
refuses.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

#: finds an ambiguous source of the demo and paints its candidates; prints its identifier
PAINT = """
import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
import bayesmatch as bm
result = bm.MatchResult.read("demo/cosmos.fits")
sources, pairs = result.sources, result.associations
best = np.asarray(sources["p_match"]), np.asarray(sources["n_candidates"])
row = int(np.flatnonzero((best[0] < 0.9) & (best[0] > 0.4) & (best[1] > 1))[0])
mine = pairs[(pairs["XMM"] == sources["XMM"][row]) & (np.asarray(pairs["ZCOSMOS"]) >= 0)]
wcs = WCS(naxis=2)
wcs.wcs.ctype, wcs.wcs.cdelt = ["RA---TAN", "DEC--TAN"], [-0.2 / 3600, 0.2 / 3600]
wcs.wcs.crval = [float(mine["XMM_RA"][0]), float(mine["XMM_DEC"][0])]
wcs.wcs.crpix = [200.5, 200.5]
y, x = np.mgrid[:400, :400]
data = np.random.default_rng(0).normal(100, 1, (400, 400)).astype("f4")
for ra, dec in zip(mine["ZCOSMOS_RA"], mine["ZCOSMOS_DEC"]):
    x0, y0 = wcs.world_to_pixel_values(ra, dec)
    data += 200 * np.exp(-((x - x0) ** 2 + (y - y0) ** 2) / 18)
fits.PrimaryHDU(data, wcs.to_header()).writeto("image.fits")
print(str(sources["XMM_ID"][row]).strip())
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Install and run; say what was made."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("python", help="the interpreter whose environment is made")
    parser.add_argument("--keep", type=Path, help="leave environment and products in this folder")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as temporary:
        work = options.keep or Path(temporary)
        subprocess.run([options.python, "-m", "venv", work / "env"], check=True)
        python = work / "env/bin/python"
        wanted = f"{options.wheel.resolve()}[images]"
        subprocess.run([python, "-m", "pip", "install", "-q", wanted], check=True)
        for path in try_out(python, work / "run"):
            print(f"{path.stat().st_size:>10,}  {path}")
    return 0


def try_out(python: Path, folder: Path, env: Mapping[str, str] | None = None) -> list[Path]:
    """Run the commands with an interpreter that has the package; the files that they make.

    Parameters
    ----------
    python : Path
        The interpreter.
    folder : Path
        Made; the commands run there.
    env : mapping, optional
        Additions to the environment.
    """
    home = folder / "home"
    home.mkdir(parents=True)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    shut = {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache"), "TERM": "dumb"}
    shut.update({f"{kind}_proxy": "http://127.0.0.1:9" for kind in ("http", "https", "all")})
    whole = {**kept, **shut, **(env or {})}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [*offline(), str(python), *arguments], cwd=folder, env=whole, text=True,
            capture_output=True,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{' '.join(arguments[:4])}:\n{done.stdout}{done.stderr}")
        return done.stdout

    command = ("-m", "bayesmatch")
    assert str(folder.parent) in run("-c", "import bayesmatch; print(bayesmatch.__file__)")
    run(*command, "demo", "--out", "demo")
    run(*command, "report", "demo/cosmos.fits", "--out", "report.html")
    source = run("-c", PAINT).strip()
    told = run(
        *command, "charts", "demo/cosmos.fits", "--ids", source, "--images", "image.fits",
        "--out", "charts",
    )  # fmt: skip
    if "without an image" in told:
        raise SystemExit(f"charts: {told}")
    run(*command, "report", "demo/cosmos.fits", "--images", "image.fits", "--out", "images.html")
    made = ["demo/cosmos.fits", "demo/sky.png", "demo/probabilities.png", "report.html"]
    paths = [folder / name for name in [*made, "images.html"]] + list(folder.glob("charts/*.png"))
    if len(paths) != len(made) + 2 or not all(p.stat().st_size > 10_000 for p in paths):
        raise SystemExit(f"not all was made: {', '.join(map(str, paths))}")
    return paths


def offline() -> list[str]:
    """What starts a program in a network that leads nowhere; nothing where that is not allowed."""
    apart = ["unshare", "--map-root-user", "--net"]
    try:
        allowed = subprocess.run([*apart, "true"], capture_output=True).returncode == 0
    except OSError:
        allowed = False
    return apart if allowed else []


if __name__ == "__main__":
    sys.exit(main())
