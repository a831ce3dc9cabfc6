"""Saved priors as data: JSON read with limits, and entries taken from it by type.

Whatever the bytes of a file are, reading it gives a record or a ValueError that names the file.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from ..catalogs.formats.writing import replaced_together
from ..catalogs.paths import given_path
from ..catalogs.scalars import shown_text

#: a saved prior of 4 models of 120 trees takes 1 MB
MAX_BYTES, MAX_DEPTH, MAX_DIGITS = 32 << 20, 32, 19
#: texts, brackets and commas: Python takes up to 60 bytes and 2 microseconds for each
MAX_PARTS = 1_000_000
#: characters of a name, entries of a dictionary of counts
MAX_NAME, MAX_ENTRIES = 1000, 1000
#: brackets and commas, and texts, whose brackets and commas do not count
_PARTS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{\]},]', re.DOTALL)


def write_record(path: str | os.PathLike, record: Mapping[str, Any]) -> None:
    """Write the JSON object of a prior, whole or not at all."""
    with replaced_together([path]) as (temporary,):
        temporary.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def read_record(path: str | os.PathLike) -> dict[str, Any]:
    """The JSON object in a file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is larger than 32 MB, no JSON object, nested deeper than 32, or has a million entries,
        an entry twice, a number that is not finite, or an integer of more than 19 digits.
    """
    path = given_path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such prior file")
    with open(path, "rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES >> 20} MB")
    text = content.decode("utf-8")
    _check_extent(text)
    record = json.loads(
        text,
        object_pairs_hook=_object,
        parse_int=_integer,
        parse_float=_float,
        parse_constant=_constant,
    )
    if not isinstance(record, dict):
        raise ValueError(f"it holds a {type(record).__name__}, not an object")
    return record


def build_prior(
    path: str | os.PathLike, what: str, build: Callable[[dict[str, Any]], Any], record: Any = None
) -> Any:
    """What `build` makes of a record, by default the one in the file; a ValueError names the file.

    `what` it should be is told in the message.
    """
    os.fspath(path)  # a TypeError of its own for what is no path
    try:
        return build(read_record(path) if record is None else record)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: not a saved {what}, or damaged ({one_line(error)})") from error


def check_format(record: dict[str, Any], name: str, version: int) -> None:
    """Raise a ValueError unless the record says that it is of this format and version."""
    if record.get("format") != name:
        raise ValueError(f"its format is {shown(record.get('format'))}")
    written = Record(record).integer("version", low=1)
    if written > version:
        raise ValueError(
            f"it was written by a newer bayesmatch (format version {written}); upgrade"
        )


def record_digest(record: Mapping[str, Any]) -> str:
    """SHA-256 of all entries but this: against accidents, not against anybody."""
    rest = {key: value for key, value in record.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def digested(record: dict[str, Any], name: str, version: int, keys: Iterable[str]) -> Record:
    """Entries of a record of this format that has its digest, these keys and no others."""
    check_format(record, name, version)
    if record.get("sha256") != record_digest(record):
        raise ValueError("its contents do not agree with its sha256")
    entries = Record(record)
    entries.only(keys)
    return entries


def shown(value: Any) -> str:
    """A value in a message, short."""
    if isinstance(value, (list, dict)):
        return f"a {type(value).__name__} of {len(value)}"
    return shown_text(repr(value[:60] if isinstance(value, str) else value), 60)


def one_line(error: Exception) -> str:
    """What an error says, on one line that is not too long."""
    return shown_text(str(error), 300)


class Record:
    """Entries of a JSON object, each taken with its type; anything else is a ValueError.

    Parameters
    ----------
    entries : object
        What should be a JSON object.
    what : str, default "it"
        What it is, in messages.
    """

    def __init__(self, entries: Any, what: str = "it") -> None:
        if not isinstance(entries, dict):
            raise ValueError(f"{what} is {shown(entries)}, not an object")
        self.entries, self.what = entries, what

    def only(self, keys: Iterable[str]) -> None:
        """Raise unless it has these entries and no others."""
        keys = set(keys)
        for key in sorted(keys - set(self.entries)):
            raise ValueError(f"{self.what} has no entry {key!r}")
        for key in sorted(set(self.entries) - keys):
            raise ValueError(f"{self.what} has an entry {shown(key)} that is not known")

    def get(self, key: str) -> Any:
        """Any value."""
        if key not in self.entries:
            raise ValueError(f"{self.what} has no entry {key!r}")
        return self.entries[key]

    def part(self, key: str) -> Record:
        """An object inside it."""
        return Record(self.get(key), key)

    def text(self, key: str) -> str:
        """A text, of any length."""
        return check_text(key, self.get(key))

    def name(self, key: str) -> str:
        """A name: a text of 1 to 1000 characters that can be written to files."""
        return check_name(key, self.get(key))

    def integer(self, key: str, *, low: int = 0) -> int:
        """An integer from `low` on."""
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value < 1 << 63:
            raise ValueError(f"{key} is {shown(value)}, not an integer from {low} on")
        return value

    def number(self, key: str) -> float:
        """A finite number."""
        return check_number(key, self.get(key))

    def many(self, key: str, check: Callable[[str, Any], Any]) -> list[Any]:
        """A list, each item of which passes `check`."""
        value = self.get(key)
        if not isinstance(value, list):
            raise ValueError(f"{key} is {shown(value)}, not a list")
        return [check(key, item) for item in value]

    def by_name(self, key: str, check: Callable[[str, Any], Any]) -> dict[str, Any]:
        """An object of up to 1000 entries, each value of which passes `check`."""
        entries = self.part(key).entries
        if len(entries) > MAX_ENTRIES:
            raise ValueError(f"{key} has {len(entries)} entries, more than {MAX_ENTRIES}")
        return {check_name(key, k): check(key, v) for k, v in entries.items()}

    def counts(self, key: str) -> dict[str, int]:
        """Numbers of objects by name."""
        part = self.part(key)
        return {name: part.integer(name) for name in self.by_name(key, lambda _, v: v)}

    def array(self, key: str, shape: Sequence[int]) -> list[Any]:
        """Nested lists of finite numbers, of this shape."""

        def nested(value: Any, left: Sequence[int]) -> Any:
            if not left:
                return check_number(key, value)
            if not isinstance(value, list) or len(value) != left[0]:
                raise ValueError(f"{key} does not have the shape {tuple(shape)}")
            return [nested(item, left[1:]) for item in value]

        values: list[Any] = nested(self.get(key), shape)
        return values


def check_text(key: str, value: Any) -> str:
    """A text that can be written in UTF-8."""
    if not isinstance(value, str):
        raise ValueError(f"{key} is {shown(value)}, not a text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{key} has characters that no file can hold") from None
    return value


def check_name(key: str, value: Any) -> str:
    """A text of 1 to 1000 characters."""
    if not 1 <= len(check_text(key, value)) <= MAX_NAME:
        raise ValueError(f"{key} has {len(value)} characters, not 1 to {MAX_NAME}")
    return str(value)


def check_number(key: str, value: Any) -> float:
    """A finite number, not true or false."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{key} has {shown(value)}, which is not a number")
    return float(value)


def check_ascending(key: str, values: Any) -> list[float]:
    """Two or more finite numbers, each larger than the one before."""
    if not isinstance(values, list) or len(values) < 2:
        raise ValueError(f"{key} must be lists of two or more numbers")
    numbers = [check_number(key, value) for value in values]
    if not all(a < b for a, b in pairwise(numbers)):
        raise ValueError(f"{key} must ascend")
    return numbers


def check_flag(key: str, value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError(f"{key} has {shown(value)}, not true or false")
    return value


def _check_extent(text: str) -> None:
    """Before parsing, which recurses and, where Python's limit is high, ends the process."""
    depth = 0
    for number, found in enumerate(_PARTS.finditer(text)):
        if number >= MAX_PARTS:
            raise ValueError(f"it has more than {MAX_PARTS} entries")
        first = text[found.start()]
        if first in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError(f"it is nested deeper than {MAX_DEPTH}")
        elif first in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the entry {shown(key)} comes twice")
            seen.add(key)
    return entries


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS + 1:
        raise ValueError(f"the integer {digits[:12]}... has more than {MAX_DIGITS} digits")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"the number {shown_text(digits, 24)} is too large")
    return value


def _constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")
