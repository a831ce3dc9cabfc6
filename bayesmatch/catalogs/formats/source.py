"""The content of a file: unpacked if it is compressed, and known by its first bytes."""

from __future__ import annotations

import io
import re
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

#: first bytes of compressed files
GZIP, BZIP2, XZ, ZIP, ZSTD, COMPRESS = (
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"PK\x03\x04",
    b"\x28\xb5\x2f\xfd",
    b"\x1f\x9d",
)
#: what their names end in, in lower case
PACKED_ENDINGS = (".gz", ".bz2", ".xz", ".zip", ".zst", ".z")
#: first bytes of formats that need no name
_MAGIC = (
    (b"SIMPLE  =", "fits"),
    (b"PAR1", "parquet"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"ARROW1", "arrow"),
    (b"FEA1", "arrow"),
    (b"# %ECSV", "ecsv"),
)
#: bytes that formats are told apart by
HEAD = 4096


class Source:
    """A file to read.

    Parameters
    ----------
    path : Path
        A regular file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def _start(self) -> bytes:
        with open(self.path, "rb") as file:
            return file.read(HEAD)

    @property
    def packed(self) -> bool:
        """Whether the file is compressed, whatever its name."""
        return self._start.startswith((GZIP, BZIP2, XZ, ZIP, ZSTD, COMPRESS))

    @cached_property
    def content(self) -> bytes:
        """All bytes, unpacked."""
        return _unpacked(self.path, self._start) if self.packed else self.path.read_bytes()

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return len(self.content) if self.packed else self.path.stat().st_size

    def opened(self) -> BinaryIO:
        """The content as a file."""
        return io.BytesIO(self.content) if self.packed else open(self.path, "rb")

    @property
    def readable(self) -> Path | BinaryIO:
        """The path, or where the file is compressed its content as a file."""
        return io.BytesIO(self.content) if self.packed else self.path

    @cached_property
    def head(self) -> bytes:
        """The first bytes of the content."""
        return self.content[:HEAD] if self.packed else self._start

    @property
    def kind(self) -> str | None:
        """The format that the content shows; None: it does not."""
        for magic, kind in _MAGIC:
            if self.head.removeprefix(b"\xef\xbb\xbf").startswith(magic):
                return kind
        text = self.head.removeprefix(b"\xef\xbb\xbf").lstrip()[:HEAD].lower()
        if text.startswith(b"<"):
            if b"<html" in text or b"<!doctype html" in text:
                raise ValueError(
                    "it is a page of HTML, not a table: often the message of a server; "
                    "download the table again"
                )
            if re.search(rb"<(\w+:)?votable\b", text):
                return "votable"
        return None

    @property
    def is_text(self) -> bool:
        """Whether the content may be text."""
        head = self.head
        return head.startswith((b"\xff\xfe", b"\xfe\xff")) or not (
            re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head)
        )


def _unpacked(path: Path, start: bytes) -> bytes:
    """The content of a compressed file, whose checksum is compared."""
    if start.startswith(GZIP):
        import gzip

        with gzip.open(path) as file:
            return file.read()
    if start.startswith(BZIP2):
        import bz2

        return bz2.decompress(path.read_bytes())
    if start.startswith(XZ):
        import lzma

        return lzma.decompress(path.read_bytes())
    if start.startswith(ZSTD):
        import pyarrow as pa

        with pa.input_stream(str(path), compression="zstd") as file:
            return bytes(file.read())
    if start.startswith(COMPRESS):
        raise ValueError("it is packed with compress (.Z); unpack it first (gunzip does)")
    return _from_zip(path)


def _from_zip(path: Path) -> bytes:
    import zipfile

    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if not n.endswith("/")]
        if any(name.startswith(("xl/", "content.xml")) for name in names):
            raise ValueError("it is a spreadsheet; save its sheet as CSV")
        if len(names) != 1:
            raise ValueError(
                f"it is an archive of {len(names)} files ({', '.join(names[:3])}...); unpack it "
                "and give one of them"
            )
        return archive.read(names[0])
