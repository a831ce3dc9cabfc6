"""Compiled kernels taken from Numba's cache with no more of Numba than running them needs.

Numba gets ready to compile before it looks into its cache, and parses the intermediate code of what
it finds there, for kernels that may be compiled against it: two thirds of what loading the kernels
of a match cost.  Here both are left to when something is compiled.  With a Numba whose internals
are others its own way is taken: the first that is not as told below ends the quick one.
"""

from __future__ import annotations

from typing import Any

try:
    from llvmlite.binding import parse_bitcode
    from numba.core.caching import CompileResultCacheImpl, FunctionCache
    from numba.core.codegen import JITCodeLibrary
    from numba.core.runtime.nrt import rtsys

    #: what is relied upon below, beside the methods that are overridden
    KNOWN = all(
        hasattr(owner, name)
        for owner, name in (
            (rtsys, "initialize"),
            (JITCodeLibrary, "_unserialize"),
            (JITCodeLibrary, "_get_module_for_linking"),
            (JITCodeLibrary, "_set_compiled_object"),
            (JITCodeLibrary, "_finalize_final_module"),
            (FunctionCache, "_load_overload"),
            (FunctionCache, "_guard_against_spurious_io_errors"),
        )
    )
except ImportError:  # pragma: no cover - moved, in a later Numba
    KNOWN = False
    JITCodeLibrary = CompileResultCacheImpl = FunctionCache = object


class LoadedLibrary(JITCodeLibrary):  # type: ignore[misc]
    """Machine code from a file; its intermediate code is parsed when a kernel is compiled to it."""

    _bitcode: bytes | None = None
    _shared_module: Any

    @classmethod
    def _unserialize(cls, codegen: Any, state: Any) -> Any:
        name, kind, data = state
        if kind != "object":
            return super()._unserialize(codegen, state)
        library = codegen.create_library(name)
        library.enable_object_caching()
        code, library._bitcode = data
        library._set_compiled_object(code)
        library._finalize_final_module()
        return library

    def _get_module_for_linking(self) -> Any:
        if self._shared_module is None and self._bitcode is not None:
            self._shared_module = parse_bitcode(self._bitcode)
        return super()._get_module_for_linking()


class _Loaded(CompileResultCacheImpl):  # type: ignore[misc]
    """Makes a function of what a file holds, as :class:`LoadedLibrary` does."""

    def rebuild(self, target_context: Any, payload: Any) -> Any:
        codegen, described = target_context.codegen(), payload[1]
        usual = codegen._library_class
        # What the machine code is asked for; that of kernels inside it was put into them.
        codegen._engine._defined_symbols |= {
            described.llvm_func_name,
            described.llvm_cpython_wrapper_name,
            described.llvm_cfunc_wrapper_name,
            described.env_name,
        }
        codegen._library_class = LoadedLibrary  # Numba holds its lock here
        try:
            return super().rebuild(target_context, payload)
        finally:
            codegen._library_class = usual


class _Cache(FunctionCache):  # type: ignore[misc]
    """The cache of one function."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """What is cached for a signature, or None."""
        try:
            rtsys.initialize(target_context)  # memory, which kernels may allocate
            with self._guard_against_spurious_io_errors():
                return self._load_overload(sig, target_context)
        except Exception:  # of internals that are others
            self.__class__, self._impl.__class__ = FunctionCache, CompileResultCacheImpl
            return self.load_overload(sig, target_context)
        return None  # the guard has swallowed an error


def load_quickly(cache: Any) -> None:
    """Let the cache of a function, as Numba has made it, load as told above."""
    if KNOWN and type(cache) is FunctionCache and type(cache._impl) is CompileResultCacheImpl:
        cache.__class__, cache._impl.__class__ = _Cache, _Loaded
