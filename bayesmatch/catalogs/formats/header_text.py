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
#: of lines of YAML in ECSV, and what says there that no column is made of several
YAML_WIDTH, NO_SERIALIZED = 130, ("meta: !!omap", "- __serialized_columns__: {}")


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

    FITS has no keyword of its own for them.  The form is that of
    ``astropy.table.meta.get_yaml_from_table``, which loads all of astropy's coordinates first.
    """
    if not any(texts.values()):
        return []
    import yaml

    columns = [_attributes(name, column, texts[name]) for name, column in table.items()]
    text = yaml.safe_dump(
        {"datatype": columns}, default_flow_style=None, sort_keys=False, width=YAML_WIDTH
    )
    lines = [BEGIN]
    for line in [*text.splitlines(), *NO_SERIALIZED]:
        if not line:
            lines.append("")
        for start in range(0, len(line), WIDTH):
            more = "\\" if start + WIDTH < len(line) else ""
            lines.append(line[start : start + WIDTH] + more)
    return [*lines, END]


def _attributes(name: str, column: Column, description: str) -> dict[str, str]:
    """What ECSV says of a column that has a description, in its order; arrays are JSON there."""
    kind, shape = column.dtype.name, column.shape[1:]
    datatype = "string" if kind.startswith(("str", "bytes")) else kind
    found = {"name": name, "datatype": "string" if shape else datatype}
    if description:
        found["description"] = description
    if shape:
        found["subtype"] = datatype + json.dumps(list(shape), separators=(",", ":"))
    return found


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
