"""Numba's cache of compiled kernels: what is damaged in it is thrown away, and said once."""

import importlib
import random
import shutil
import sys
import warnings
from pathlib import Path

import numba
import numpy as np
import pytest
from numba.core.caching import FunctionCache
from numba.core.registry import cpu_target

from bayesmatch._kernels import cache, cache_folder, jit, loaded_code, source_stamp

DAMAGE = {
    "cut": lambda content: content[:40],
    "empty": lambda content: b"",
    "garbage": lambda content: random.Random(1).randbytes(len(content)),
    "one bit": lambda content: bytes([*content[:-60], content[-60] ^ 4, *content[-59:]]),
    "longer": lambda content: content + b"\0",
}


@pytest.fixture
def load(tmp_path, monkeypatch):
    """What gives the same two kernels anew, as another process would have them."""
    path = tmp_path / "two_kernels.py"
    path.write_text("def double(x):\n    return 2.0 * x\n\n\ndef half(x):\n    return 0.5 * x\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, path.stem, raising=False)
    module = importlib.import_module(path.stem)
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_said", [])
    return lambda: [jit.jit(module.double), jit.jit(module.half)]


def files(tmp_path, ending):
    return sorted((tmp_path / "cache").rglob(f"*.{ending}"))


def call(kernels):
    """Results, and how many were taken from the cache."""
    values = [kernel(3.0) for kernel in kernels]
    return values, sum(sum(kernel.stats.cache_hits.values()) for kernel in kernels)


@pytest.mark.few(4)
@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("ending", ["nbi", "nbc"])
def test_damage(tmp_path, load, ending, damage):
    assert call(load()) == ([6.0, 1.5], 0)
    assert call(load()) == ([6.0, 1.5], 2)
    assert len(files(tmp_path, ending)) == 2
    for path in files(tmp_path, ending):
        path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.warns(UserWarning, match="is damaged; its damaged files are thrown away") as said:
        assert call(load()) == ([6.0, 1.5], 0)
    assert len(said) == 1 and str(tmp_path / "cache") in str(said[0].message)
    assert call(load()) == ([6.0, 1.5], 2)  # whole again


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path, load, monkeypatch):
    def full(self, *arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.IndexDataCacheFile, "_save_data", full)
    for _ in range(2):
        assert call(load()) == ([6.0, 1.5], 0)


def test_nothing_temporary_is_left(tmp_path, load):
    call(load())
    kinds = {path.suffix for path in (tmp_path / "cache").rglob("*") if path.is_file()}
    assert kinds == {".nbi", ".nbc"}


def test_processes_that_compile_for_unlike_arguments_at_a_time(load, monkeypatch):
    """Neither knows of the other, and the first is the last to write: nobody gets its code."""
    written = []
    with monkeypatch.context() as patch:
        patch.setattr(cache.CheckedFiles, "_load_index", lambda self: {})
        patch.setattr(cache.CheckedFiles, "_save_data", lambda *data: written.append(data))
        for number in (3.0, np.float32(3.0)):
            assert load()[0](number) == 6.0
    for data in reversed(written):
        cache.CheckedFiles._save_data(*data)
    for number in (3.0, np.float32(3.0)):
        kernel = load()[0]
        assert kernel(number) == 6.0
        assert kernel.signatures == [(numba.typeof(number),)]


def test_every_kernel_is_checked():
    from bayesmatch._kernels import grid

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert isinstance(grid.search._cache._cache_file, cache.CheckedFiles)
    assert Path(grid.search._cache._cache_file._index_name).name.endswith(".checked.nbi")


def test_a_place_in_the_temporary_folder_where_no_other_can_be_written(tmp_path, load, monkeypatch):
    def nowhere(self, *arguments, **options):
        if not numba.config.CACHE_DIR:
            raise RuntimeError("cannot cache function: no locator available")
        return cached(self, *arguments, **options)

    cached = numba.core.dispatcher.Dispatcher.enable_caching
    monkeypatch.setattr(numba.core.dispatcher.Dispatcher, "enable_caching", nowhere)
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setattr(cache_folder.tempfile, "gettempdir", lambda: str(tmp_path))
    assert call(load()) == ([6.0, 1.5], 0)
    assert call(load()) == ([6.0, 1.5], 2)
    (folder,) = tmp_path.glob("bayesmatch-*")
    assert folder.stat().st_mode & 0o777 == 0o700 and list(folder.rglob("*.checked.nbi"))
    assert numba.config.CACHE_DIR == ""
    # What others can write to is not read from.
    folder.chmod(0o777)
    monkeypatch.setattr(jit, "_said", [])
    with pytest.warns(UserWarning, match="set NUMBA_CACHE_DIR") as said:
        kernels = load()
    assert [kernel(3.0) for kernel in kernels] == [6.0, 1.5] and len(said) == 1


def test_a_link_in_the_temporary_folder_is_not_followed(tmp_path, monkeypatch):
    monkeypatch.setattr(cache_folder.tempfile, "gettempdir", lambda: str(tmp_path))
    folder = cache_folder.temporary_cache()
    assert folder is not None
    folder.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    assert cache_folder.temporary_cache() is None


def test_a_kernel_from_the_cache_is_compiled_into_others(tmp_path, monkeypatch):
    """Its intermediate code is parsed only then; what it allocates works without compiling."""
    path = tmp_path / "inner_and_outer.py"
    path.write_text(
        "import numpy as np\nfrom bayesmatch._kernels.jit import jit\n\n\n"
        "@jit\ndef inner(x):\n    return np.full(3, x)\n\n\n"
        "@jit\ndef outer(x):\n    return inner(x).sum()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    hits = []
    for _ in range(3):
        monkeypatch.delitem(sys.modules, path.stem, raising=False)
        module = importlib.import_module(path.stem)
        assert module.inner(2.0).tolist() == [2.0, 2.0, 2.0]
        if hits:
            assert module.outer(2.0) == 6.0
        hits.append([sum(k.stats.cache_hits.values()) for k in (module.inner, module.outer)])
    assert hits == [[0, 0], [1, 0], [1, 1]]


@pytest.fixture
def installations(tmp_path, load, monkeypatch):
    """Takes away what one installation has compiled, and gives the kernels to the next."""
    shared, stamps = tmp_path / "shared", ["first"]
    shared.mkdir(mode=0o700)
    monkeypatch.setattr(jit, "_ours", lambda function: True)
    monkeypatch.setattr(jit, "Kernel", lambda function, compiled: compiled(function))
    monkeypatch.setattr(source_stamp, "shared_folder", lambda: shared)
    monkeypatch.setattr(source_stamp, "stamp_of", lambda module: stamps[-1])

    def following(stamp="first"):
        stamps.append(stamp)
        shutil.rmtree(tmp_path / "cache", ignore_errors=True)
        return load()

    return following, shared


def test_another_installation_of_the_same_source_compiles_nothing(tmp_path, load, installations):
    following, shared = installations
    assert call(following()) == ([6.0, 1.5], 0)
    assert len(list(shared.glob("*.nbc"))) == 2
    assert call(following()) == ([6.0, 1.5], 2)
    for path in shared.iterdir():
        path.unlink()
    assert call(load()) == ([6.0, 1.5], 2)  # it keeps what it found
    assert call(following()) == ([6.0, 1.5], 0)


def test_other_source_and_damage_are_not_taken_from_another_installation(installations):
    following, shared = installations
    call(following())
    assert call(following("second")) == ([6.0, 1.5], 0)
    assert call(following("first")) == ([6.0, 1.5], 2)
    for path in shared.glob("*.nbc"):
        path.write_bytes(DAMAGE["one bit"](path.read_bytes()))
    with pytest.warns(UserWarning, match="is damaged; its damaged files are thrown away"):
        assert call(following()) == ([6.0, 1.5], 0)


def gone(*arguments, **options):
    raise AttributeError("not in this version")


def without_defined_symbols(patch, engine):
    """An engine that knows what is defined in another way."""
    known = engine._defined_symbols
    patch.setattr(type(engine), "is_symbol_defined", lambda _, name: name in known)
    patch.setattr(
        type(engine),
        "_load_defined_symbols",
        lambda _, module: known.update(
            f.name for f in (*module.functions, *module.global_variables)
        ),
    )
    patch.delattr(engine, "_defined_symbols")


def other_payload(patch, engine):
    quick = loaded_code._Loaded.rebuild
    patch.setattr(loaded_code._Loaded, "rebuild", lambda self, t, p: quick(self, t, p[:1]))


def other_state(patch, engine):
    quick = vars(loaded_code.LoadedLibrary)["_unserialize"].__func__
    longer = classmethod(lambda cls, codegen, state: quick(cls, codegen, (*state, 1)))
    patch.setattr(loaded_code.LoadedLibrary, "_unserialize", longer)


OTHER = {
    "memory": lambda patch, engine: patch.setattr(loaded_code, "rtsys", object()),
    "symbols": without_defined_symbols,
    "payload": other_payload,
    "state": other_state,
    "library": lambda patch, engine: patch.setattr(loaded_code.LoadedLibrary, "__init__", gone),
    "code": lambda patch, engine: patch.setattr(
        loaded_code.LoadedLibrary, "_set_compiled_object", gone
    ),
    "loading": lambda patch, engine: patch.setattr(loaded_code._Cache, "_load_overload", gone),
}


@pytest.mark.parametrize("part", OTHER)
def test_other_internals_of_numba_end_in_its_own_way(load, monkeypatch, part):
    """Whatever differs from what the quick way knows, kernels come from the cache all the same."""
    codegen = cpu_target.target_context.codegen()
    usual = codegen._library_class
    assert call(load()) == ([6.0, 1.5], 0)
    OTHER[part](monkeypatch, codegen._engine)
    kernels = load()
    assert isinstance(kernels[0]._cache, loaded_code._Cache)
    assert call(kernels) == ([6.0, 1.5], 2)
    assert type(kernels[0]._cache) is FunctionCache and codegen._library_class is usual


@pytest.mark.parametrize("change", ["constructor", "attribute"])
def test_other_files_of_numba_are_left_to_it(load, monkeypatch, change):
    if change == "constructor":
        monkeypatch.setattr(cache.CheckedFiles, "__init__", lambda self, path: None)
    else:
        monkeypatch.setattr(cache.CheckedFiles, "_index_path", property(gone), raising=False)
        monkeypatch.setattr(cache.CheckedFiles, "__init__", lambda self, **names: None)
    for hits in (0, 2):
        kernels = load()
        assert call(kernels) == ([6.0, 1.5], hits) and type(kernels[0]._cache) is FunctionCache
