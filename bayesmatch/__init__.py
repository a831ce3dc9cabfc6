"""Which object is the counterpart, how sure is that, and is there one at all.

Start with :class:`Catalog` and :func:`match`; every public name is imported when first used, so
``import bayesmatch`` itself is quick.
"""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import Any

__version__ = "0.1.0"


def _homes() -> dict[str, str]:
    """Where each public name lives, as the stub tells type checkers and editors."""
    tree = ast.parse(Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    return {
        alias.name: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


#: a module by a public name must not exist beside it, or importing it would hide the name
_HOME = _homes()

_MODULES = ("likelihood", "mock", "photometry", "plots", "truth")
#: old name -> (new name, the version that goes without the old one)
_RENAMED: dict[str, tuple[str, str]] = {}
#: need an extra, so they are not among the names that anything may list and import
_OPTIONAL = ("distributed", "testing")

__all__ = ["__version__", *_HOME, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _MODULES + _OPTIONAL:
        return importlib.import_module(f".{name}", __name__)
    if name in _RENAMED:
        from ._deprecation import warn_renamed

        new, removed = _RENAMED[name]
        warn_renamed(f"bayesmatch.{name}", f"bayesmatch.{new}", removed)
        return __getattr__(new)
    if name not in _HOME:
        raise AttributeError(f"module 'bayesmatch' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
