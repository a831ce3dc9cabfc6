"""A compiled kernel, which imports Numba when there is something that only Numba can do."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from typing import Any

from . import kept_code
from .argument_kinds import kind, text_of_call

_loading = threading.Lock()


class Kernel:
    """Runs machine code that was kept; else, and where Numba is imported, what Numba makes.

    To Numba, and to who asks for its attributes, it is the function that Numba makes.

    Parameters
    ----------
    function
        what is compiled
    compiled
        makes of it the function that Numba runs
    """

    def __init__(self, function: Callable, compiled: Callable[[Callable], Callable]) -> None:
        functools.update_wrapper(self, function)
        self._compiled = compiled
        self._code: dict[tuple, Callable | None] = {}
        """by kinds of arguments: machine code, or what Numba makes; None: none is kept"""

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Run the kernel."""
        kinds = tuple(map(kind, arguments))
        code = self._code.get(kinds)
        if code is not None and not named:
            return code(*arguments)
        if named or not kept_code.possible():
            return self.dispatcher(*arguments, **named)
        return self._first_call(arguments, kinds)

    def code_for(self, *arguments: Any) -> Callable:
        """What runs with arguments of these kinds, again and again: the machine code, if known."""
        return self._code.get(tuple(map(kind, arguments))) or self

    def _first_call(self, arguments: tuple, kinds: tuple) -> Any:
        """Of such arguments, or another that is Numba's."""
        with _loading:
            name = self._file_name(kinds)
            # What LLVM knows of Numba's is Numba's affair, where there is Numba.  And another
            # thread may have loaded it since: twice would be once too often.
            if name is not None and "numba" not in sys.modules and kinds not in self._code:
                self._code[kinds] = self._load(name)
        code = self._code.get(kinds)
        if code is not None:
            return code(*arguments)
        value = self.dispatcher(*arguments)
        self._code[kinds] = self.dispatcher
        if name is not None:
            from .keeping import keep

            keep(self.dispatcher, arguments, name)
        return value

    def _file_name(self, kinds: tuple) -> str | None:
        said = text_of_call(kinds)
        wrapped: Any = self.__wrapped__
        return said and kept_code.file_name(wrapped.__module__, wrapped.__name__, said)

    def _load(self, name: str) -> Callable | None:
        """The code of a file; None where there is none, or none that can be run here."""
        try:
            found = kept_code.read(name)
            if found is None:
                return None
            from .running import function_of

            return function_of(*found)
        except Exception:  # of parts of Numba's or LLVM's that are others: the same by Numba
            return None

    @functools.cached_property
    def dispatcher(self) -> Any:
        """What Numba makes of the function."""
        return self._compiled(self.__wrapped__)  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> Any:
        # Whoever looks whether something special is there does not mean Numba.
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.dispatcher, name)

    def __reduce__(self) -> str:
        return str(self.__wrapped__.__qualname__)  # type: ignore[attr-defined]
