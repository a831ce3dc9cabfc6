"""Machine code that Numba compiled, made callable with LLVM's loader and Numba's parts in C.

The code is Numba's own wrapper of the kernel: it takes Python's objects, and gives them back.  What
Numba does to call it is done here: the same symbols, the same environment, the same function.
"""

from __future__ import annotations

import ctypes
import importlib.util
import pickle
import sys
from collections.abc import Callable
from functools import cache
from importlib.machinery import ExtensionFileLoader
from typing import Any

import numpy as np

from .kept_code import extension_modules


def function_of(said: dict[str, Any], code: bytes) -> Callable | None:
    """The kernel; None where something that its code needs is not there."""
    from llvmlite import binding

    engine = _engine()  # which lets LLVM see this process
    if not all(map(_is_there, said["needs"])):  # LLVM would end the process
        return None
    engine.add_object_file(binding.ObjectFileRef.from_data(code))
    engine.finalize_object()
    dynamic = _extensions()["numba._dynfunc"]
    kept = []
    for name, constants in said["environments"].items():
        environment = dynamic.Environment({})
        environment.consts.extend(np.dtype(text) for text in constants)
        kept.append(environment)
        address = engine.get_global_value_address(name)
        if address:
            ctypes.c_void_p.from_address(address).value = id(environment)
    address = engine.get_function_address(said["wrapper"])
    if not address or not kept:
        return None
    made: Callable = dynamic.make_function(
        sys.modules[said["module"]], said["name"], "compiled kernel", address, kept[0], tuple(kept)
    )
    return made


@cache
def _is_there(name: str) -> bool:
    """Whether LLVM knows where something is that code needs; kernels need much the same."""
    from llvmlite import binding

    helpers = _helpers()
    if name in helpers:
        binding.add_symbol(name, helpers[name])
        return True
    return bool(binding.address_of_symbol(name))


@cache
def _extensions() -> dict[str, Any]:
    """Numba's modules in C, without the package around them.

    They do not stay among Python's modules, where Numba is to find its own, when it is imported.
    """
    modules = {}
    for name, path in extension_modules().items():
        loader = ExtensionFileLoader(name, str(path))
        described = importlib.util.spec_from_loader(name, loader)
        assert described is not None
        modules[name] = importlib.util.module_from_spec(described)
        loader.exec_module(modules[name])
        sys.modules.pop(name, None)
    return modules


@cache
def _helpers() -> dict[str, int]:
    """Addresses of what Numba tells LLVM of, by symbol, under Numba's names for it."""
    modules = _extensions()
    helper, dynamic = modules["numba._helperlib"].c_helpers, modules["numba._dynfunc"].c_helpers
    memory = modules["numba.core.runtime._nrt_python"].c_helpers
    return {
        **{name: int(address) for name, address in helper.items()},  # of the C library
        **{f"numba_{name}": int(address) for name, address in (helper | dynamic).items()},
        **{n if n.startswith("_") else f"NRT_{n}": int(address) for n, address in memory.items()},
        "numba_unpickle": ctypes.cast(_UNPICKLE, ctypes.c_void_p).value or 0,
    }


def _unpickle(address: int, size: int, digest: int) -> Any:
    """An object that is inside the machine code: the class of arrays, say."""
    return _unpickled(address, size)


@cache
def _unpickled(address: int, size: int) -> Any:
    return pickle.loads(ctypes.string_at(address, size))


#: Numba's own would import Numba
_UNPICKLE = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(
    _unpickle
)


@cache
def _engine() -> Any:
    """LLVM's loader of machine code, for as long as the process lives."""
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_default_triple().create_target_machine()
    return binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
