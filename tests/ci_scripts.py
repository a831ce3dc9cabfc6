"""The scripts of .ci, to be called by tests."""

import importlib.util
from pathlib import Path

CI = Path(__file__).parent.parent / ".ci"


def script(name):
    """A script of .ci as a module."""
    spec = importlib.util.spec_from_file_location(f"ci_{name}", CI / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
