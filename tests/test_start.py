"""What a small match does not need is not loaded: modules take longer than it does."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import bayesmatch

#: the first is most of SciPy, the second of astropy.coordinates
DEAR = ("scipy.linalg", "astropy.coordinates", "pandas", "matplotlib.pyplot", "sklearn", "lightgbm")
OWN = ("truth", "matching.error_fit", "priors.learned", "priors.lightgbm", "plots")
RUN = """
import json, sys
from bayesmatch.cli import main
status = main(sys.argv[1:])
print(json.dumps([status, sorted(sys.modules)]))
"""


@pytest.mark.slow
def test_a_plain_match_loads_what_it_needs(tmp_path):
    data = Path(bayesmatch.__file__).parent / "data"
    command = ["match", str(data / "cosmos_xmm.fits.gz"), ":pos_err"]
    command += [str(data / "cosmos_zcosmos.fits.gz"), "0.1", "--radius", "20", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", RUN, *command, "--out", str(tmp_path / "out.fits")],
        capture_output=True,
        text=True,
        check=True,
    )
    status, loaded = json.loads(done.stdout.splitlines()[-1])
    assert status == 0 and "astropy.table" in loaded
    assert not {*DEAR, *(f"bayesmatch.{name}" for name in OWN)} & {*loaded}
