"""VOTables whose data stand elsewhere: reading one would fetch whatever address it names."""

from __future__ import annotations

import xml.parsers.expat
from typing import Any

from .source import Source

CHUNK = 1 << 20
#: without one of these no element can have an attribute ``href``; UTF-16 has NULs
TELLING = (b"href", b"<!ENTITY", b"\0")


def refuse_external_data(source: Source) -> None:
    """Raise a ValueError if a table's data are not in the file but behind a ``STREAM href=``."""
    with source.opened() as file:
        if not _may_refer(file):
            return
    with source.opened() as file:
        parser = xml.parsers.expat.ParserCreate()
        parser.StartElementHandler = _start
        try:
            while chunk := file.read(CHUNK):
                parser.Parse(chunk, False)
        except xml.parsers.expat.ExpatError:
            return  # the reader, an expat too, gets no farther and says what is wrong


def _may_refer(file: Any) -> bool:
    tail = b""
    while chunk := file.read(CHUNK):
        if any(word in tail + chunk for word in TELLING):
            return True
        tail = chunk[-16:]
    return False


def _start(name: str, attributes: dict[str, str]) -> None:
    if name.rpartition(":")[2].upper() != "STREAM":
        return
    for key, value in attributes.items():
        if key.rpartition(":")[2].lower() == "href":
            raise ValueError(
                f"its data are not in the file but at {value[:200]}, and nothing is fetched; "
                "save the table with its data (TOPCAT, BINARY2) and give that file"
            )
