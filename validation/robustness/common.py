"""What all kinds of cases share: what a call may do, temporary folders, damage to bytes."""

from __future__ import annotations

import hashlib
import re
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

import bayesmatch as bm

#: how many calls of this process were accepted and refused
TALLY: Counter[str] = Counter()
FORMATS = ("fits", "vot", "parquet", "ecsv", "csv")
TOKENS = (b"-1", b"1e999", b"nan", b"99999999999999999999", b"null", b"{}", b"0", b"", b"\x00")


def outcome(call: Callable[[], Any]) -> Any:
    """What a call gives; None where it is refused in one line, as it should.

    Any other exception than ValueError, TypeError and OSError goes on to the runner.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = call()
    except (ValueError, TypeError, OSError) as error:
        text = str(error)
        if not text.strip() or "\n" in text:
            raise AssertionError(f"refused, but not in one line: {text!r}") from error
        TALLY["refused"] += 1
        return None
    TALLY["accepted"] += 1
    return value


def folder() -> Path:
    """A new folder, kept until the process ends."""
    return Path(tempfile.mkdtemp(dir=_root()))


_ROOT: list[tempfile.TemporaryDirectory] = []


def _root() -> str:
    if not _ROOT:
        _ROOT.append(tempfile.TemporaryDirectory(prefix="robustness-"))
    return _ROOT[0].name


def contents(path: Path) -> dict[str, str]:
    """Digest of every file below a folder, by its name."""
    return {
        str(p.relative_to(path)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(path.rglob("*"))
        if p.is_file()
    }


def digest(catalogs: tuple[bm.Catalog, ...]) -> str:
    """Of all columns of some catalogues, to see that a match leaves them alone."""
    state = hashlib.sha256()
    for catalog in catalogs:
        for name in catalog.table.colnames:
            column = catalog.table[name]
            state.update(repr((name, np.ma.getmaskarray(column).tobytes())).encode())
            state.update(np.ascontiguousarray(np.ma.getdata(column)).tobytes())
        state.update(catalog.ra.tobytes() + catalog.dec.tobytes())
    return state.hexdigest()


@st.composite
def damaged(draw: Callable[..., Any], data: bytes) -> bytes:
    """The bytes with one to four edits: bits, bytes, blocks, numbers, the end."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        size = draw(st.sampled_from([1, 8, 100, 2880]))
        kind = draw(
            st.sampled_from(["bit", "cut", "drop", "insert", "zero", "repeat", "number", "byte"])
        )
        if kind == "bit" and data:
            flipped = data[at] ^ (1 << draw(st.integers(0, 7)))
            data = data[:at] + bytes([flipped]) + data[at + 1 :]
        elif kind == "byte" and data:
            data = data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]
        elif kind == "cut":
            data = data[:at]
        elif kind == "drop":
            data = data[:at] + data[at + size :]
        elif kind == "insert":
            data = data[:at] + draw(st.binary(min_size=1, max_size=8)) + data[at:]
        elif kind == "zero":
            data = data[:at] + bytes(min(size, len(data) - at)) + data[at + size :]
        elif kind == "repeat":
            data = data[:at] + data[at : at + size] + data[at:]
        elif kind == "number":
            found = list(re.finditer(rb"-?\d+\.?\d*(?:e[+-]?\d+)?", data[at : at + 4000]))
            if found:
                one = found[draw(st.integers(0, len(found) - 1))]
                token = draw(st.sampled_from(TOKENS))
                data = data[: at + one.start()] + token + data[at + one.end() :]
    return data


def same_tables(one: bm.MatchResult, two: bm.MatchResult) -> bool:
    """Whether two results hold the same tables."""
    for a, b in ((one.associations, two.associations), (one.sources, two.sources)):
        if a.colnames != b.colnames or len(a) != len(b):
            return False
        for name in a.colnames:
            values = [np.ma.getdata(t[name]) for t in (a, b)]
            masks = [np.ma.getmaskarray(t[name]) for t in (a, b)]
            if not np.array_equal(*masks):
                return False
            numbers = values[0].dtype.kind == "f"
            here = ~masks[0]
            if not np.array_equal(values[0][here], values[1][here], equal_nan=numbers):
                return False
    return True
