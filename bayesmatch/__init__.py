"""Which object is the counterpart, how sure is that, and is there one at all.

Start with :class:`Catalog` and :func:`match`; every public name is imported when first used, so
``import bayesmatch`` itself is quick.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__version__ = "0.1.0"

_MODULES = ("likelihood", "mock", "photometry", "plots", "truth")
#: old name -> (new name, the version that goes without the old one)
_RENAMED: dict[str, tuple[str, str]] = {}
#: need an extra, so they are not among the names that anything may list and import
_OPTIONAL = ("distributed", "testing")


def _homes() -> dict[str, str]:
    """Where each public name lives, as the stub tells type checkers and editors.

    A module by a public name must not exist beside it, or importing it would hide the name.
    """
    import ast

    with open(f"{__file__.rpartition('.')[0]}.pyi", encoding="utf-8") as stub:
        tree = ast.parse(stub.read())
    return {
        alias.name: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def __getattr__(name: str) -> Any:
    # Made when it is first asked for: nothing stops a command line well before its first lines run.
    if name == "_HOME":
        globals()[name] = homes = _homes()
        return homes
    if name == "__all__":
        globals()[name] = names = ["__version__", *__getattr__("_HOME"), *_MODULES]
        return names
    import importlib

    if name in _MODULES + _OPTIONAL:
        return importlib.import_module(f".{name}", __name__)
    if name in _RENAMED:
        from ._deprecation import warn_renamed

        new, removed = _RENAMED[name]
        warn_renamed(f"bayesmatch.{name}", f"bayesmatch.{new}", removed)
        return __getattr__(new)
    homes = globals().get("_HOME") or __getattr__("_HOME")
    if name not in homes:
        raise AttributeError(f"module 'bayesmatch' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{homes[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__getattr__("__all__"))
