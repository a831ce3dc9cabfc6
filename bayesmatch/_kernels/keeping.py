"""What Numba has compiled and cached, kept once more to be run without it.

Anything that is not as told below is not kept: the next process asks Numba again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import kept_code
from .argument_kinds import DTYPES


def keep(dispatcher: Any, arguments: Sequence[Any], name: str) -> None:
    """Keep what a function of Numba's has run for such arguments, in a file of that name."""
    # Of other versions anything may be missing or otherwise, and nothing is lost.
    with contextlib.suppress(Exception):
        if kept_code.read(name) is None:
            _keep(dispatcher, arguments, name)


def _keep(dispatcher: Any, arguments: Sequence[Any], name: str) -> None:
    from numba import typeof

    types = tuple(typeof(value) for value in arguments)
    cached = dispatcher._cache
    data = cached._cache_file.load(cached._index_key(types, dispatcher.targetctx.codegen()))
    library, described, environment, _, object_mode, lifted, _, to_run_first, others = data
    _, form, (code, _) = library
    if form != "object" or object_mode or lifted or to_run_first:
        return
    constants = {one.env_name: list(one.consts) for one in (environment, *others)}
    if not all(type(c) in map(type, DTYPES) and c in DTYPES for v in constants.values() for c in v):
        return
    said = {
        "module": described.modname,
        "name": described.qualname.rpartition(".")[2],
        "wrapper": described.llvm_cpython_wrapper_name,
        "environments": {n: [DTYPES[c] for c in found] for n, found in constants.items()},
        "needs": undefined(code),
    }
    kept_code.write(name, said, code)


def undefined(code: bytes) -> list[str]:
    """Symbols that an object file of ELF's kind for 64 bits, little-endian, expects elsewhere."""
    if code[:6] != b"\x7fELF\x02\x01":
        raise ValueError("not an object file of that kind")
    section = np.dtype(
        {
            "names": ["type", "offset", "size", "link"],
            "formats": ["<u4", "<u8", "<u8", "<u4"],
            "offsets": [4, 24, 32, 40],
            "itemsize": 64,
        }
    )
    symbol = np.dtype({"names": ["name", "home"], "formats": ["<u4", "<u2"], "offsets": [0, 6],
                       "itemsize": 24})  # fmt: skip
    (begin,) = np.frombuffer(code, "<u8", 1, 0x28).tolist()
    (count,) = np.frombuffer(code, "<u2", 1, 0x3C).tolist()
    sections = np.frombuffer(code, section, count, begin)
    found = set()
    for table in sections[sections["type"] == 2]:
        texts = sections[table["link"]]
        size, offset = (
            int(table["size"]),
            int(table["offset"]),
        )  # NumPy 1 divides u8 by int as floats
        symbols = np.frombuffer(code, symbol, size // symbol.itemsize, offset)
        for start in symbols["name"][(symbols["home"] == 0) & (symbols["name"] > 0)]:
            first = int(texts["offset"]) + int(start)
            found.add(code[first : code.index(b"\0", first)].decode())
    return sorted(found)
