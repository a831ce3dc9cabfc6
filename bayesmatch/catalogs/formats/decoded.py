"""Text of any encoding as UTF-8 with lines that end as Unix ends them."""

from __future__ import annotations


def as_utf8(content: bytes) -> tuple[bytes, str]:
    """The content as UTF-8 without a byte-order mark, and what was guessed (empty: nothing)."""
    note = ""
    if content.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        content = content.decode("utf-32").encode()
    elif content.startswith((b"\xff\xfe", b"\xfe\xff")):
        content = content.decode("utf-16").encode()
    elif b"\0" in content[:200]:
        kind = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
        content = content.decode(kind).encode()
    content = content.removeprefix(b"\xef\xbb\xbf")
    if not content.isascii():
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            kind = "cp1252"
            try:
                text = content.decode(kind)
            except UnicodeDecodeError:
                kind = "latin-1"
                text = content.decode(kind)
            line = content.count(b"\n", 0, error.start) + 1
            note = f"it is not UTF-8 (line {line}) and was read as {kind}"
            content = text.encode()
    if b"\r" in content[: 1 << 16]:
        # Of Windows, or of old Macintoshes; within quoted cells too.
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return content, note
