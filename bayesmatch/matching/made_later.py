"""The tables of a result, made when they are first asked for.

A match has its probabilities as arrays; columns with units, descriptions and masks take as long as
a small catalogue's search, and who asks for one table, or for a few numbers, does without.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

from astropy.table import Table

#: of several threads that ask, one makes the table: all have the same
_making = Lock()


class MadeLater:
    """An attribute that is a table, or was given as what makes it."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, of: Any, owner: type | None = None) -> Table:
        if of is None:
            return self
        held = of.__dict__[self._name]
        if callable(held):
            with _making:
                held = of.__dict__[self._name]
                if callable(held):
                    held = of.__dict__[self._name] = held()
        return held

    def __set__(self, of: Any, value: Table | Callable[[], Table]) -> None:
        of.__dict__[self._name] = value


class TwoTables:
    """What has a table of associations and one of sources."""

    associations = MadeLater()
    sources = MadeLater()

    def __getstate__(self) -> dict[str, Any]:
        """With the tables themselves: what makes them is no part of a copy."""
        return {**self.__dict__, "associations": self.associations, "sources": self.sources}
