"""Renaming without breaking: the old name works for a while, and says so.

A renamed argument::

    @renamed_arguments(removed="0.4", search_radius="radius")
    def match(primary, *others, radius): ...

A renamed public name, in ``bayesmatch/__init__.py``: an entry ``"old": ("new", "0.4")`` of
``_RENAMED``.  The warning is a FutureWarning, since that is what Python shows to the person whose
script it is.  Both go when the version that they name is made.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def warn_renamed(old: str, new: str, removed: str, stacklevel: int = 2) -> None:
    """Say that `old` is called `new` now, and in which version the old name goes.

    Parameters
    ----------
    old, new : str
        As the user writes them.
    removed : str
        The first version without the old name, like ``"0.4"``.
    stacklevel : int, default 2
        As of :func:`warnings.warn`, counted from the caller of this function.
    """
    warnings.warn(
        f"{old} is called {new} now; the old name goes in bayesmatch {removed}",
        FutureWarning,
        stacklevel=stacklevel + 1,
    )


def renamed_arguments(
    *, removed: str, **renamed: str
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Accept keyword arguments by their old names too.

    Parameters
    ----------
    removed : str
        The first version without the old names.
    **renamed : str
        Old name = new name.

    Returns
    -------
    callable
        A decorator, which leaves the signature as it is: with the new names only.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            for old, new in renamed.items():
                if old not in kwargs:
                    continue
                if new in kwargs:
                    raise TypeError(
                        f"{function.__name__}() got {new} and its old name {old}; give {new} only"
                    )
                warn_renamed(f"{function.__name__}({old}=)", f"{new}=", removed)
                kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return call

    return decorate
