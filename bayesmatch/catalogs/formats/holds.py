"""Names of columns as each format can hold them, and how the others are written.

A name that a format cannot hold is written as one that it can, made from it; the record of a
result says which, so that reading brings the name back.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence

#: of the FITS standard: characters of a text in one card of a header
MAX_NAME = 68
#: FITS readers take ``NAME: 1.5`` in a card for a keyword of its own
_KEYWORD_LIKE = re.compile(r" *: +(?=[+-]? *[.\d])")
#: what identifiers in XML have not, as far as names go
_NO_IDENTIFIER = re.compile(r"[^A-Za-z0-9_.\-]")


def written_names(kind: str, names: Sequence[str], own: Collection[str] = ()) -> list[str]:
    """The names that columns have in a file of a format: legal there, and none twice.

    Parameters
    ----------
    kind : str
        The format.
    names : sequence of str
        Of the columns, all different. Those that are legal keep theirs; of those that differ by
        case only, in FITS, all get another: readers that do not look at case would find the wrong
        one by its old name.
    own : collection of str
        Columns that keep their names in any case: those of a result.
    """
    legal = [_legal(kind, name) for name in names]
    key = str.lower if kind == "fits" else str
    kept = [
        name == new and (name in own or key is str) for name, new in zip(names, legal, strict=True)
    ]
    if kind == "fits":
        alike = Counter(n.lower() for n, new in zip(names, legal, strict=True) if n == new)
        kept = [
            name == new and (k or alike[name.lower()] == 1)
            for name, new, k in zip(names, legal, kept, strict=True)
        ]
    taken = {key(new): number for number, (new, k) in enumerate(zip(legal, kept, strict=True)) if k}
    if kind == "fits":  # that nothing is found by the old names
        taken |= {name: -1 for name, times in alike.items() if times > 1 and name not in taken}
    out = []
    for number, (new, k) in enumerate(zip(legal, kept, strict=True)):
        if not k and taken.setdefault(key(new), number) != number:
            first = 1 if taken[key(new)] == -1 else 2
            new = _free(new, kind, taken, first)
            taken[key(new)] = number
        out.append(new)
    return _apart_from_identifiers(out) if kind == "votable" else out


def _apart_from_identifiers(names: list[str]) -> list[str]:
    """Names of a VOTable of which none is what a reader makes an identifier of from another."""
    taken = dict.fromkeys(names, 0)
    out = []
    for name in names:
        identifier = _NO_IDENTIFIER.sub("_", name)
        if identifier != name and identifier in taken:
            name = _free(identifier, "votable", taken)
            taken[name] = 0
        out.append(name)
    # A new name may be what is made of one before it; each time fewer are left that can collide.
    return out if out == names else _apart_from_identifiers(out)


def changes(kind: str, names: Sequence[str], own: Collection[str] = ()) -> dict[str, str]:
    """Columns that have another name in a file of a format, and the name."""
    pairs = zip(names, written_names(kind, names, own), strict=True)
    return {name: new for name, new in pairs if new != name}


def _free(name: str, kind: str, taken: dict[str, int], number: int = 2) -> str:
    while True:
        end = f"_{number}"
        new = name + end
        if kind == "fits":
            new = _short(name, MAX_NAME - len(end)) + end
        if (new.lower() if kind == "fits" else new) not in taken:
            return new
        number += 1


def _legal(kind: str, name: str) -> str:
    """A name that the format can hold: itself if that can be."""
    new = "".join(c if c.isprintable() else "_" for c in name).strip()
    new = re.sub(" {2,}", " ", new) if kind == "votable" else new
    if kind == "fits":
        if not new.isascii():
            new = unicodedata.normalize("NFKD", new.replace("ß", "ss"))
            new = "".join(c for c in new if not unicodedata.combining(c))
            new = "".join(c if c.isascii() and c.isprintable() else "_" for c in new)
        new = _short(_KEYWORD_LIKE.sub("_", new.strip()), MAX_NAME)
    return new or "column"


def _short(name: str, room: int) -> str:
    """A name of at most `room` characters: its beginning and its end, which tell most."""
    while _places(name) > room:
        half = (min(len(name), room) - 2) // 2
        if len(name) <= room:  # quotes take two places
            name = name.replace("'", "_")
            continue
        name = f"{name[: room - 2 - half].rstrip()}__{name[-half:].lstrip()}"
    return name


def _places(name: str) -> int:
    """Places in a card: a quote takes two."""
    return len(name) + name.count("'")
