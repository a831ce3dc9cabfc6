"""Paths as people give them: a home directory expanded, addresses on the network refused."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from .scalars import shown

#: what an address begins with; a Path has lost one of its slashes
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):/(?P<second>/?)")
#: schemes that are known with one slash, too
_KNOWN = frozenset("http https ftp ftps sftp file s3 s3a gs gcs az abfs hdfs vos ivo".split())
#: whose files are objects in a bucket
_BUCKETS = frozenset("s3 s3a gs gcs az abfs hdfs".split())


def given_path(path: Any) -> Path:
    """The path of a local file or directory that a user gives, ``~`` expanded.

    Raises
    ------
    TypeError
        If it is no path.
    ValueError
        If it is an address on the network; says what to do instead.
    """
    try:
        text = os.fsdecode(path)
    except TypeError:
        raise TypeError(f"a path is {shown(path)}; give the name of a file") from None
    found = _SCHEME.match(text)
    scheme = found["scheme"].lower() if found else ""
    if found and (found["second"] or scheme in _KNOWN):
        if scheme != "file":
            raise ValueError(f"{text}: {_refusal(scheme)}")
        text = unquote(re.sub(r"^file:/+(localhost/)?", "/", text, flags=re.IGNORECASE))
    return Path(os.path.expanduser(text))


def _refusal(scheme: str) -> str:
    if scheme in _BUCKETS:
        return (
            "only local files are read and written; copy the data here first, or open a HATS "
            "catalogue there with LSDB and match it with bayesmatch.distributed"
        )
    return "only local files are read and written; download it first, then give the file's name"
