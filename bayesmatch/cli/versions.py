"""``bayesmatch --version``: the versions that results may depend on."""

from __future__ import annotations

import argparse
import platform
from typing import Any

from .. import __version__

#: needed by every match, and parts that may be missing
NEEDED = ("numpy", "scipy", "numba", "astropy", "pyarrow", "lightgbm", "mocpy", "matplotlib")
OPTIONAL = ("lsdb", "reproject", "pyvo")


def versions_text() -> str:
    """A line for this package, Python and each other package; nothing of them is imported."""
    from importlib import metadata

    lines = [f"bayesmatch {__version__}", f"python {platform.python_version()}"]
    for name in (*NEEDED, *OPTIONAL):
        try:
            lines.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            lines.append(f"{name} is not installed")
    return "\n".join(lines)


class ShowVersions(argparse.Action):
    """The option that prints them."""

    def __init__(self, option_strings: Any, dest: str, **how: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **how)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print the versions, and end."""
        print(versions_text())
        parser.exit()
