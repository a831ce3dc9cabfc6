"""Numba's cache of compiled kernels, with a digest in every file.

A damaged file would end the process in a traceback, in LLVM, or in other machine code than was
compiled.  The files' names differ from Numba's own, so that every file without a digest is damaged.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import io
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import source_stamp, stopping
from .loaded_code import load_quickly

try:
    from numba.core.caching import IndexDataCacheFile
except ImportError:  # pragma: no cover - moved, in a later Numba
    IndexDataCacheFile = object

#: what is relied upon below, of a file of Numba's
KNOWN = (
    *("_load_index", "_load_data", "_save_index", "_save_data", "_open_for_write"),
    *("_data_path", "_index_path", "_index_name", "_cache_path", "load"),
)
DIGEST = hashlib.sha256().digest_size
_said: list[str] = []


def check_files(compiled: Any, ours: bool) -> None:
    """Let a compiled function, with a cache, check what it reads, and load it quickly.

    `ours`: a kernel of this package, which is one of every installation with the same source.  With
    a Numba whose internals are others its cache is left as it is.
    """
    cache = compiled._cache
    try:
        name = f"{cache._impl.filename_base}.checked"
        stamp = cache._impl.locator.get_source_stamp()
        others = None
        if ours:
            stamp = source_stamp.stamp_of(compiled.py_func.__module__.rpartition(".")[2])
            others = _of_all_installations(name, stamp)
        files = CheckedFiles(cache_path=cache.cache_path, filename_base=name, source_stamp=stamp)
        files.others = others
    except (AttributeError, TypeError, OSError):  # the last: no source, which is read
        return
    if all(hasattr(files, name) for name in KNOWN) and hasattr(cache, "_cache_file"):
        cache._cache_file = files
        load_quickly(cache)


def _of_all_installations(name: str, stamp: str) -> CheckedFiles | None:
    folder = source_stamp.shared_folder()
    if folder is None:
        return None
    return CheckedFiles(cache_path=str(folder), filename_base=f"{name}.{stamp}", source_stamp=stamp)


class CheckedFiles(IndexDataCacheFile):
    """The index and the data files of one function, each with its digest at the end."""

    others: CheckedFiles | None = None
    """those of all installations of the same source"""

    def load(self, key: Any) -> Any:
        """What was compiled, here or by another installation; None: nothing."""
        data = super().load(key)
        if data is None and self.others is not None:
            with contextlib.suppress(OSError):
                data = self.others.load(key)
            if data is not None:
                self._keep(key, data)
        return data

    def save(self, key: Any, data: Any) -> None:
        """Keep what was compiled; a full disk costs the next process time, and no more."""
        self._keep(key, data)
        if self.others is not None:
            self.others.save(key, data)

    def _keep(self, key: Any, data: Any) -> None:
        """In a file that has the name of its key, and no other's.

        Numba counts files: of two processes that compile for unlike arguments at a time, one could
        find the code of the other where it was to find its own.
        """
        base = self._index_name.removesuffix(".nbi")
        name = f"{base}.{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.nbc"
        with contextlib.suppress(OSError):
            index = self._load_index()
            if not index:  # of other source: another process may have to compile once more
                for path in Path(self._cache_path).glob(f"{glob.escape(base)}.*.nbc"):
                    path.unlink(missing_ok=True)
            self._save_data(name, data)
            self._save_index({**index, key: name})

    def _load_index(self) -> Any:
        return super()._load_index() if _is_whole(self._index_path) else {}

    def _load_data(self, name: str) -> Any:
        path = self._data_path(name)
        if not _is_whole(path):
            raise FileNotFoundError(path)  # to Numba: compile again
        return super()._load_data(name)

    @contextlib.contextmanager
    def _open_for_write(self, filepath: str) -> Iterator[io.BytesIO]:
        file = io.BytesIO()
        yield file
        data = file.getvalue()
        # A signal would leave Numba's own temporary file behind.
        with stopping.held(), super()._open_for_write(filepath) as target:
            target.write(data + hashlib.sha256(data).digest())


def _is_whole(path: str) -> bool:
    """Whether a file, if there is one, is as it was written; if not, it is thrown away."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        return True
    except OSError:
        content = b""
    if hashlib.sha256(content[:-DIGEST]).digest() == content[-DIGEST:]:
        return True
    with contextlib.suppress(OSError):
        os.unlink(path)
    if not _said:
        _said.append(path)
        warnings.warn(
            f"the compilation cache in {os.path.dirname(path)} is damaged; its damaged files are "
            "thrown away, and what they held is compiled again",
            UserWarning,
            stacklevel=2,
        )
    return False
