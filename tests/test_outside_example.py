"""The outside example passes, and finds each fault planted in a copy of the package."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bayesmatch as bm

PACKAGE = Path(bm.__file__).parent
EXAMPLE = Path(__file__).parent / "data" / "outside_test_example.py"

#: fault -> module, what stands there, what is put in its place, tests that find it
PLANTED = {
    "exponent inverted (circles)": (
        "_kernels/circles.py",
        "return (n - 1) * LN_SCALE + ln_w + math.log(product / w_sum) - 0.5 * exponent",
        "return (n - 1) * LN_SCALE + ln_w + math.log(product / w_sum) + 0.5 * exponent",
        {"test_bayes_factor", "test_posterior", "test_match"},
    ),
    "exponent inverted (two circles)": (
        "_kernels/circles.py",
        "ln_b[row] = LN_SCALE + ln_w + math.log(product / w_sum) - 0.5 * exponent",
        "ln_b[row] = LN_SCALE + ln_w + math.log(product / w_sum) + 0.5 * exponent",
        {"test_match"},
    ),
    "exponent inverted (three circles)": (
        "_kernels/circles.py",
        "ln_b[row] = n * LN_SCALE + ln_all + ln_last - 0.5 * exponent",
        "ln_b[row] = n * LN_SCALE + ln_all + ln_last + 0.5 * exponent",
        {"test_match"},
    ),
    "exponent inverted (general)": (
        "_kernels/bayes_factor.py",
        "(math.log(det) + dx * ux + dy * uy)",
        "(math.log(det) - dx * ux - dy * uy)",
        {"test_bayes_factor", "test_match"},
    ),
    "n for n + 1 (match)": (
        "catalogs/base.py",
        "return (self.n_rows + 1) / self.area",
        "return self.n_rows / self.area",
        {"test_match"},
    ),
    "n for n + 1 (likelihood)": (
        "likelihood/nway.py",
        "ln_full_sky((n[1:] + 1) / area[1:])",
        "ln_full_sky(n[1:] / area[1:])",
        {"test_posterior"},
    ),
    "covariance transposed (kernel)": (
        "_kernels/bayes_factor.py",
        "ixx, iyy, ixy = syy / det, sxx / det, -sxy / det",
        "ixx, iyy, ixy = sxx / det, syy / det, -sxy / det",
        {"test_bayes_factor", "test_match"},
    ),
    "covariance transposed (position angles)": (
        "catalogs/gaussian.py",
        "np.sin(np.radians(pa_deg)), np.cos(np.radians(pa_deg))",
        "np.cos(np.radians(pa_deg)), np.sin(np.radians(pa_deg))",
        {"test_match"},
    ),
    "ratio not normalised (histogram)": (
        "priors/binning.py",
        "count / len(others)]",
        "count]",
        {"test_match"},
    ),
    "ratio not normalised (p_i)": (
        "_kernels/posterior.py",
        "share_out(weight, 1, end - begin, some, p_i[begin:end])",
        "share_out(weight, 1, end - begin, weight[0], p_i[begin:end])",
        {"test_posterior", "test_match"},
    ),
    "pair lost at RA 0": (
        "_kernels/grid.py",
        "(d_ra <= circle[i, 3]) | (d_ra >= 360.0 - circle[i, 3])",
        "(d_ra <= circle[i, 3])",
        {"test_match"},
    ),
}


NO_SHRINKING = """
from hypothesis import Phase, settings
settings.register_profile("short", phases=[Phase.generate])
settings.load_profile("short")
"""


def run_example(folder):
    """Tests of the example that fail, with the package that stands in `folder`."""
    (folder / "conftest.py").write_text(NO_SHRINKING)
    shutil.copy(EXAMPLE, folder / "test_example.py")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "--tb=no", "-rf"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "NUMBA_CACHE_DIR": ""},
        capture_output=True,
        text=True,
    )
    assert run.returncode in (0, 1), run.stdout + run.stderr
    return {
        line.split("::")[1].split()[0]
        for line in run.stdout.splitlines()
        if line.startswith("FAILED")
    }


def compiled_with(module):
    """Modules of kernels whose compiled code may hold that of a module; none if it has none."""
    text = {path.stem: path.read_text() for path in (PACKAGE / "_kernels").glob("*.py")}
    found = {module.stem} if module.parent.name == "_kernels" else set()
    while (
        more := {
            name
            for name, lines in text.items()
            if found.intersection(re.findall(r"^\s*from \.(\w+) import", lines, re.MULTILINE))
        }
        - found
    ):
        found |= more
    return found


def test_it_is_short():
    lines = EXAMPLE.read_text().splitlines()
    assert len([line for line in lines if line.strip()]) <= 32  # with its imports


@pytest.mark.slow
def test_it_passes(tmp_path):
    (tmp_path / "bayesmatch").symlink_to(PACKAGE)
    assert run_example(tmp_path) == set()


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(
            fault, marks=pytest.mark.full if module.startswith("_kernels") else pytest.mark.slow
        )
        for fault, (module, *_) in PLANTED.items()
    ],
)
def test_it_finds_what_is_planted(tmp_path, fault):
    module, right, wrong, expected = PLANTED[fault]
    copy = tmp_path / "bayesmatch"
    skip = [f"{kernels}.*.nb?" for kernels in compiled_with(Path(module))]
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns(*skip))
    text = (copy / module).read_text()
    assert text.count(right) == 1
    (copy / module).write_text(text.replace(right, wrong))
    found = run_example(tmp_path)
    assert found and found <= expected, found
