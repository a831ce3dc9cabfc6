"""What tells that a compiled kernel is stale, and where those for all installations are kept."""

import os
import re
import time

from bayesmatch._kernels import kept_code, source_stamp


def test_a_kernel_is_stale_when_one_inside_it_is_another(tmp_path, monkeypatch):
    """Also one in the same place, whose own file was not touched."""
    monkeypatch.setattr(kept_code, "HERE", tmp_path)
    sources = {
        "outer": "from .jit import jit\nfrom .inner import one, two\n",
        "inner": "from .innermost import (\n    three,\n)\n",
        "innermost": "NUMBER = 1\n",
        "jit": "from .shared_work import at_work\n",
        "shared_work": "",
    }

    def stamps():
        for name, source in sources.items():
            (tmp_path / f"{name}.py").write_text(source)
        return [source_stamp.stamp_of.__wrapped__(name) for name in ("outer", "inner", "innermost")]

    before = stamps()
    assert before == stamps() and len(set(before)) == 3
    sources["shared_work"] = "# of no interest to kernels\n"
    assert stamps() == before
    sources["innermost"] = "NUMBER = 2\n"
    assert all(a != b for a, b in zip(stamps(), before, strict=True))
    sources |= {"innermost": "NUMBER = 1\n", "outer": sources["outer"] + "\n"}
    assert [a == b for a, b in zip(stamps(), before, strict=True)] == [False, True, True]


def test_kernels_import_what_is_compiled_into_them_from_beside_them():
    """As :mod:`bayesmatch._kernels.source_stamp` looks for it."""
    own = re.compile(r"^\s*(?:from (\.\S*)|from bayesmatch\S*|import bayesmatch\S*) import", re.M)
    for path in kept_code.HERE.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        if "\n@jit\n" in source:
            found = own.findall(source)
            assert found and all(re.fullmatch(r"\.\w+", name) for name in found), path.name
            at_the_top = source_stamp.OTHERS.findall(source.encode())
            assert len(at_the_top) == len(found), path.name


def test_compiled_code_that_others_may_write_is_not_run(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_code, "folders", lambda: iter([tmp_path / "x", tmp_path / "home"]))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    find = source_stamp.shared_folder.__wrapped__
    folder = find()
    assert folder == tmp_path / "home" / "kernels" and folder.stat().st_mode & 0o777 == 0o700
    for name, age in (("old", 100), ("new", 10)):
        (folder / name).write_bytes(b"")
        os.utime(folder / name, (time.time() - age * 86400.0,) * 2)
    assert find() == folder and [path.name for path in folder.iterdir()] == ["new"]
    folder.chmod(0o777)
    assert find() is None
    folder.rename(tmp_path / "elsewhere").chmod(0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    assert find() is None
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    folder.unlink()
    assert find() is None
