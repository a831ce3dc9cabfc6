"""What a small match does not need is not loaded: modules take longer than it does."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import bayesmatch
from bayesmatch._kernels import kept_code

#: each of them takes long
DEAR = ("scipy", "astropy.coordinates", "pandas", "matplotlib.pyplot", "sklearn", "lightgbm")
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
    for _ in range(2):  # the first may compile, and keeps what it compiles
        done = subprocess.run(
            [sys.executable, "-c", RUN, *command, "--out", str(tmp_path / "out.fits")],
            capture_output=True,
            text=True,
            check=True,
        )
    status, loaded = json.loads(done.stdout.splitlines()[-1])
    assert status == 0 and "astropy.table" in loaded
    assert not kept_code.possible() or "numba" not in loaded
    assert not {*DEAR, *(f"bayesmatch.{name}" for name in OWN)} & {*loaded}


END = """
import atexit, sys, threading, time
atexit.register(print, "registered")
class Held:
    def __del__(self):
        print("taken apart")
held = Held()
ending = threading.Event()
def late():
    ending.wait()  # however long the command has taken
    time.sleep(0.3)
    print("of a thread")
how = sys.argv.pop(1)
if how == "thread":
    threading.Thread(target=late).start()
if how == "pool":
    from bayesmatch._kernels.shared_work import ahead
    ahead(int, 2)
from bayesmatch import __main__ as command
end = command._end
def at_end(status):
    ending.set()
    end(status)
command._end = at_end
command.run()
"""


@pytest.mark.parametrize("how", ["alone", "pool", "thread"])
@pytest.mark.parametrize(("asked", "status"), [("--help", 0), ("nonsense", 2)])
def test_what_is_to_be_done_at_the_end_is_done(how, asked, status):
    done = subprocess.run([sys.executable, "-c", END, how, asked], capture_output=True, text=True)
    assert done.returncode == status
    lines = done.stdout.splitlines()
    # Threads that only wait for work do not make the end as long as all that was loaded.
    assert lines.pop() == "taken apart" if how == "thread" else "taken apart" not in lines
    assert lines[-1] == "registered" and (how == "thread") == ("of a thread" in lines)


def test_a_profiler_has_its_say():
    command = [sys.executable, "-m", "cProfile", "-m", "bayesmatch", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "function calls" in done.stdout
