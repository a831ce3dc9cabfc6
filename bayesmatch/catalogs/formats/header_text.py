"""Texts in headers of FITS files: descriptions as astropy reads them, and what a file came from."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from astropy.table import Column, Table

#: what astropy.io.fits looks for in the comments of a table, and characters of a line of it
BEGIN, END = "--BEGIN-ASTROPY-SERIALIZED-COLUMNS--", "--END-ASTROPY-SERIALIZED-COLUMNS--"
WIDTH = 70


def plain_ascii(text: str) -> str:
    """A text in the characters of a FITS header, breaks and runs of blanks as one blank."""
    text = unicodedata.normalize(
        "NFKD", text.replace("µ", "u").replace("μ", "u").replace("ß", "ss")
    )
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = text.encode("ascii", "replace").decode()
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def described(table: Table, texts: Mapping[str, str]) -> list[str]:
    """Comments from which ``Table.read`` takes the descriptions of columns.

    FITS has no keyword of its own for them; the form is that in which astropy writes them.
    """
    from astropy.table.meta import get_yaml_from_table

    if not any(texts.values()):
        return []
    shown = Table(meta={"__serialized_columns__": {}})
    for name, column in table.items():
        shown[name] = Column(
            [], dtype=column.dtype, shape=column.shape[1:], description=texts[name] or None
        )
    lines = [BEGIN]
    for line in get_yaml_from_table(shown):
        if not line:
            lines.append("")
        for start in range(0, len(line), WIDTH):
            more = "\\" if start + WIDTH < len(line) else ""
            lines.append(line[start : start + WIDTH] + more)
    return [*lines, END]


def history_lines(record: Mapping[str, Any]) -> list[str]:
    """What a result was made by and from; nothing that differs between equal runs."""
    meta = record.get("meta", {})
    lines = [f"bayesmatch {meta.get('bayesmatch', '')}"]
    if meta.get("command"):
        lines.append(f"command: {meta['command']}")
    for catalogue in meta.get("catalogues", ()):
        files = catalogue.get("files")
        if files:
            lines.append(f"catalogue {catalogue['name']}: {', '.join(files)}")
    return lines


def add_cards(header: Any, keyword: str, lines: Iterable[str]) -> None:
    """Add a card for each line, those of HISTORY broken where a card ends."""
    cards: Sequence[str]
    for line in lines:
        if keyword == "COMMENT":
            cards = [line]
        else:
            text = plain_ascii(line)
            cards = [text[k : k + WIDTH] for k in range(0, len(text), WIDTH)]
        for card in cards:
            header.add_comment(card) if keyword == "COMMENT" else header.add_history(card)


def continued_json(record: Any) -> str:
    """JSON of a record that stays what it is over many cards of a header.

    Readers of FITS, astropy's among them, lose texts with quotes and ampersands that go on over
    several cards; in JSON both can be written by their numbers.
    """
    return json.dumps(record).replace("'", "\\u0027").replace("&", "\\u0026")


def readable(text: str) -> str:
    """A text for a card that is read as it was written: one that is not has other quotes."""
    from astropy.io import fits

    card = str(fits.Card("TCOMM1", text))
    try:
        if fits.Card.fromstring(card).value == text.rstrip():
            return text
    except fits.VerifyError:
        pass
    return text.replace("'", '"').replace("&", "+")
