"""Kernels that run without Numba: what they give, and that anything odd ends in Numba's own way."""

import json
import os
import subprocess
import sys
from importlib.metadata import version

import numba
import numpy as np
import pytest

from bayesmatch._kernels import argument_kinds, jit, keeping, kept_code, kernel

pytestmark = pytest.mark.skipif(
    not kept_code.possible(), reason="on Linux, with Numba's settings as it comes"
)

#: takes arrays and gives nothing, an array, several
CALLS = """
import hashlib, json, sys
import numpy as np
from bayesmatch._kernels import covered_cells, sky_counts

def results():
    weights = np.zeros((4, 4), np.int64)
    sky_counts.corner_sums(np.arange(9).reshape(3, 3), weights)
    level = covered_cells.next_level(np.arange(64, dtype=np.int32).reshape(8, 8))
    first = covered_cells.first_level(np.arange(64, dtype=np.int32).reshape(8, 8), np.eye(8) > 0)
    found = [weights, level, *first]
    return hashlib.sha256(b"".join(a.tobytes() for a in found)).hexdigest(), str(level.dtype)
"""
RUN = "print(json.dumps([results(), 'numba' in sys.modules]))"


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache with the kernels above, compiled by a first process."""
    folder = tmp_path_factory.mktemp("cache")
    first = run(folder, RUN)
    assert first[1]
    return folder, first[0]


def run(folder, code, before="", **environment):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", before + CALLS + code],
        env={**os.environ, "NUMBA_CACHE_DIR": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def files(folder):
    return sorted((folder / "bayesmatch").glob("*.code"))


def test_the_same_without_numba(cache):
    folder, expected = cache
    assert len(files(folder)) == 3
    assert run(folder, RUN) == [expected, False]
    assert {path.suffix for path in (folder / "bayesmatch").iterdir()} == {".code"}


@pytest.mark.slow
def test_numba_comes_later(cache):
    """What was loaded before goes on, other arguments are compiled, arrays are freed."""
    folder, expected = cache
    code = """
before = results()
kept = covered_cells.next_level(np.arange(64, dtype=np.int32).reshape(8, 8))
assert "numba" not in sys.modules
other = covered_cells.next_level(np.asfortranarray(np.arange(64, dtype=np.int32).reshape(8, 8)))
assert "numba" in sys.modules and (other == kept).all()
import numba
assert covered_cells.next_level._numba_type_ == numba.typeof(covered_cells.next_level.dispatcher)
assert kept.sum() == kept.copy().sum()
del kept
print(json.dumps([before, results()]))
"""
    assert run(folder, code) == [expected, expected]


def test_where_numba_is_there_it_is_asked(cache):
    folder, expected = cache
    code = (
        "import numba; a = results()\nprint(json.dumps([a, len(covered_cells.next_level.stats)]))"
    )
    assert run(folder, code)[0] == expected


@pytest.mark.few(1)
@pytest.mark.parametrize(
    "setting", [{"NUMBA_OPT": "2"}, {"NUMBA_DISABLE_JIT": "1"}], ids=lambda s: [*s][0]
)
def test_other_settings_of_numba_are_its_own(cache, setting):
    folder, expected = cache
    assert run(folder, RUN, **setting) == [expected, True]


@pytest.mark.slow
def test_another_version_of_numba_is_its_own(cache):
    folder, expected = cache
    assert kept_code.numba_version() == tuple(map(int, version("numba").split(".")[:2]))
    before = "from bayesmatch._kernels import kept_code; kept_code.TRIED = ((0, 1), (0, 2))\n"
    assert run(folder, RUN, before) == [expected, True]


@pytest.mark.few(1)
@pytest.mark.parametrize("damage", ["one bit", "stamp", "symbol", "empty"])
def test_a_file_that_is_not_as_it_should_be(cache, damage):
    """Numba is asked, and the file is made anew."""
    folder, expected = cache
    whole = {path: path.read_bytes() for path in files(folder)}
    for path, content in whole.items():
        body = bytearray(content[: -kept_code.DIGEST])
        if damage == "one bit":
            body[-60] ^= 4
        elif damage == "empty":
            path.write_bytes(b"")
            continue
        head, _, code = bytes(body).partition(b"\n")
        said = json.loads(head)
        if damage == "stamp":
            said["stamp"] = "of another version"
        elif damage == "symbol":
            said["needs"].append("_symbol_that_is_nowhere")
        body = json.dumps(said).encode() + b"\n" + code
        digest = kept_code.hashlib.sha256(body).digest()
        path.write_bytes(body + (content[-kept_code.DIGEST :] if damage == "one bit" else digest))
    assert run(folder, RUN) == [expected, True]
    if damage == "symbol":
        for path, content in whole.items():
            path.write_bytes(content)
    assert run(folder, RUN) == [expected, False]


def broken(*arguments):
    raise AttributeError("not in this version")


@pytest.mark.few(1)
@pytest.mark.parametrize("part", ["_extensions", "_engine", "_helpers"])
def test_other_parts_of_numba_end_in_its_own_way(cache, part):
    folder, expected = cache
    code = f"""
from bayesmatch._kernels import running
def broken(): raise AttributeError
running.{part} = broken
{RUN}
"""
    assert run(folder, code) == [expected, True]


def test_a_folder_that_cannot_be_written_to_costs_only_time(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_code, "folders", lambda: iter([tmp_path / "file" / "below"]))
    (tmp_path / "file").write_text("")
    kept_code.write("kernel.code", {}, b"")
    assert kept_code.read("kernel.code") is None


VALUES = [
    1, True, 1.5, np.int64(1), np.float64(1), np.bool_(True), np.float32(1), np.int32(1),
    2**62, -(2**63), 2**63, "text", None, 1j, np.complex128(1), np.datetime64(1, "s"), [1.0],
    np.arange(3), np.arange(6)[::2], np.arange(3, dtype=">i8"), np.arange(3, dtype="i4"),
    np.zeros((2, 3)), np.zeros((2, 3)).T, np.zeros((2, 1)), np.zeros((4, 4))[::2], np.array(1.0),
    np.zeros(3, "M8[s]"), np.zeros(3, "S4"), np.zeros(3, [("a", "f8")]), np.zeros(3, object),
    np.zeros(2, "f4"), np.zeros(2, bool), np.zeros(2, "u1"), np.ma.zeros(3), (1, 2.0), (1, (2.0,)),
    (np.zeros(2), 1), np.zeros(9, "u1")[1:9].view("f8"), np.broadcast_to(1.0, 3),
]  # fmt: skip


def test_arguments_with_the_same_text_have_one_type_for_numba():
    types, known = {}, 0
    for value in VALUES:
        text = argument_kinds.text(argument_kinds.kind(value))
        if text is not None:
            known += 1
            assert types.setdefault(text, numba.typeof(value)) == numba.typeof(value)
    assert known > 20 and len(types) > 15
    for left_out in (2**63, "text", [1.0], np.ma.zeros(3), np.arange(3, dtype=">i8")):
        assert argument_kinds.text(argument_kinds.kind(left_out)) is None
    unaligned = np.zeros(9, "u1")[1:9].view("f8")
    assert argument_kinds.text(argument_kinds.kind(unaligned)) is None


def test_symbols_that_code_needs():
    """Of an object file as LLVM writes it: those that its source declares, and defines not."""
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_default_triple().create_target_machine(reloc="pic")
    source = """
    declare double @cos(double)
    define double @twice(double %x) {
      %y = call double @cos(double %x)
      ret double %y
    }
    @outside = external global i64
    define i64 @there() {
      %v = load i64, i64* @outside
      ret i64 %v
    }
    """.replace("i64*", "ptr" if binding.llvm_version_info[0] > 14 else "i64*")
    code = machine.emit_object(binding.parse_assembly(source))
    assert {"cos", "outside"} <= set(keeping.undefined(code))
    assert not {"twice", "there"} & set(keeping.undefined(code))
    with pytest.raises(ValueError, match="not an object file"):
        keeping.undefined(b"\xcf\xfa\xed\xfe" + code[4:])


@pytest.mark.few(1)
@pytest.mark.parametrize("given", ["1", "3", None])
def test_threads_are_those_that_numba_would_say(given):
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_NUM_THREADS"}
    if given:
        environment["NUMBA_NUM_THREADS"] = given
    code = (
        "import sys\nfrom bayesmatch._kernels.jit import n_threads\nn = n_threads()\n"
        "assert 'numba' not in sys.modules\nimport numba\nprint(n == numba.get_num_threads())"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert done.stdout.strip() == b"True", done.stderr


def test_a_kernel_is_found_by_its_name():
    import pickle

    from bayesmatch._kernels import grid

    assert isinstance(grid.search, kernel.Kernel)
    assert pickle.loads(pickle.dumps(grid.search)) is grid.search
    assert isinstance(jit.jit(broken), numba.core.dispatcher.Dispatcher)  # not of the package


TOGETHER = """
import threading, time
from bayesmatch._kernels import kept_code, kernel
read, loads, start = kept_code.read, [], threading.Barrier(8)
def slow(name):
    loads.append(name)
    time.sleep(0.05)
    return read(name)
kept_code.read = slow
out = np.zeros((8, 4, 4), np.int64)
def one(k):
    start.wait()
    sky_counts.corner_sums(np.arange(9).reshape(3, 3), out[k])
threads = [threading.Thread(target=one, args=(k,)) for k in range(8)]
[t.start() for t in threads], [t.join() for t in threads]
print(json.dumps([len(loads), bool((out == out[0]).all()), int(out[0, 3, 3])]))
"""


def test_threads_that_call_it_first_together_load_it_once(cache):
    assert run(cache[0], TOGETHER) == [1, True, 36]


def test_kernels_that_are_not_compiled_wrap_without_a_word(monkeypatch):
    """With NUMBA_DISABLE_JIT, where Numba hands the function back; warnings are errors here."""
    monkeypatch.setattr(numba, "njit", lambda **options: lambda function: function)
    square = jit.jit(lambda x: x * x)
    assert square(np.uint64(2**63 + 1)) == 1 and square.__name__ == "<lambda>"
