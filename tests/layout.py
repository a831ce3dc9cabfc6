"""What the layout of the package must keep, read from its files with `ast`; nothing is imported.

The folders stand in the order in which data flows, and every import points from a later one to an
earlier one, wherever the statement stands (in a function, under ``TYPE_CHECKING``).  Free are only
the imports of the face itself: ``import bayesmatch``, and ``__version__`` from it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median
from typing import NamedTuple

#: the rooms of the package, in the order in which data flows
ORDER = (
    "_deprecation",
    "_kernels",
    "catalogs",
    "photometry",
    "truth",
    "priors",
    "likelihood",
    "matching",
    "plots",
    "diagnostics",
    "distributed",
    "mock",
    "testing",
    "data",
    "demo",
    "cli",
    "__main__",
)
#: the face, which imports from everywhere, and the marker of types
FACE = ("__init__.py", "__init__.pyi", "py.typed")
#: a module by the name of a public function would hide it; those of the command line are named
#: after its subcommands, and nothing is reached through them
HIDES, FREE_TO_HIDE = ("match", "assess", "calibrate", "explain"), "cli"

MAX_ENTRIES, MAX_LINES, MEDIAN_LINES, MAX_BODY, MAX_PARAMETERS = 20, 300, 120, 60, 10
#: room and function that may take more parameters: what users call with keywords
MANY_PARAMETERS = (
    "catalogs:Catalog.__init__",
    "catalogs:Catalog.read",
    "catalogs:Catalog.scan",
    "distributed:match",
    "matching:match",
    "mock:survey",
    "mock:sky",
    "truth:hostless",
    "truth:robust_counterparts",
    "truth:training_sample",
)


class Fault(NamedTuple):
    """One thing that the layout forbids, and where it is."""

    file: str
    line: int
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.text}"


class Import(NamedTuple):
    """One import statement of a module, resolved."""

    line: int
    target: str
    name: str | None


def faults(package: Path) -> list[Fault]:
    """Everything that the layout of `package`, a directory, forbids."""
    modules = {_module_name(package, path): path for path in sorted(package.rglob("*.py"))}
    found = [*_entries(package), *_lengths(package, modules)]
    edges: dict[str, dict[str, int]] = {}
    for module, path in modules.items():
        tree = ast.parse(path.read_text())
        file = path.relative_to(package.parent).as_posix()
        found += [Fault(file, *fault) for fault in _functions(tree, _room(module))]
        if module == package.name:
            continue
        edges[module] = {}
        for line, target, name in _imports(tree, module, path.name == "__init__.py", modules):
            fault = _import_fault(module, target, name, modules)
            if fault:
                found.append(Fault(file, line, *fault))
            elif target not in (module, package.name):
                edges[module].setdefault(target, line)
        found += [
            Fault(file, node.lineno, "hidden", "import with a statement, that can be counted")
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and _last_name(node) in ("import_module", "__import__")
        ]
    return found + [
        Fault(modules[module].relative_to(package.parent).as_posix(), *fault)
        for module, *fault in _circles(edges)
    ]


def _module_name(package: Path, path: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def _imports(
    tree: ast.AST, module: str, is_folder: bool, modules: dict[str, Path]
) -> Iterator[Import]:
    """Imports of the package's own modules, and of names in them."""
    root = module.split(".")[0]
    base = module.split(".") if is_folder else module.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == root:
                    yield Import(node.lineno, alias.name, None)
        elif isinstance(node, ast.ImportFrom):
            start = base[: len(base) - node.level + 1] if node.level else []
            source = ".".join([*start, *([node.module] if node.module else [])])
            for alias in node.names if source.split(".")[0] == root else ():
                full = f"{source}.{alias.name}"
                yield (
                    Import(node.lineno, full, None)
                    if full in modules
                    else Import(node.lineno, source, alias.name)
                )


def _import_fault(
    module: str, target: str, name: str | None, modules: dict[str, Path]
) -> tuple[str, str] | None:
    root = module.split(".")[0]
    if target not in modules:
        return "unknown", f"there is no module {target}"
    if target == root:
        if name in (None, "__version__"):
            return None
        return "face", f"reach {name} through the face: `import {root}`, then `{root}.{name}`"
    here, there = _room(module), _room(target)
    if here in ORDER and there in ORDER and ORDER.index(there) > ORDER.index(here):
        return "order", f"{here} stands before {there} and must not import {target}"
    return None


def _circles(edges: dict[str, dict[str, int]]) -> Iterator[tuple[str, int, str, str]]:
    """Circles of files; each is opened at the import that is told, to find the next."""
    left = {module: set(targets) for module, targets in edges.items()}
    while True:
        try:
            TopologicalSorter(left).prepare()
            return
        except CycleError as error:
            circle = error.args[1][::-1]
        yield circle[0], edges[circle[0]][circle[1]], "circle", " -> ".join(circle)
        left[circle[0]].discard(circle[1])


def _entries(package: Path) -> Iterator[Fault]:
    top = [p for p in sorted(package.iterdir()) if p.name != "__pycache__"]
    if len(top) > MAX_ENTRIES:
        yield Fault(package.name, 0, "entries", f"{len(top)} at the top, at most {MAX_ENTRIES}")
    for path in top:
        if path.name not in FACE and path.stem not in ORDER:
            yield Fault(f"{package.name}/{path.name}", 0, "room", "has no place in the order")
    for path in sorted(package.rglob("*")):
        inside = path.relative_to(package)
        if (
            path.stem in HIDES
            and inside.parts[0] != FREE_TO_HIDE
            and (path.is_dir() or path.suffix == ".py")
        ):
            yield Fault(
                f"{package.name}/{inside.as_posix()}",
                0,
                "name",
                f"would hide the function {path.stem}",
            )


def _lengths(package: Path, modules: dict[str, Path]) -> Iterator[Fault]:
    lines = {path: len(path.read_text().splitlines()) for path in modules.values()}
    for path, n in lines.items():
        if n > MAX_LINES:
            yield Fault(
                path.relative_to(package.parent).as_posix(),
                n,
                "module",
                f"{n} lines, at most {MAX_LINES}",
            )
    middle = median([n for path, n in lines.items() if path.name != "__init__.py"] or [0])
    if middle >= MEDIAN_LINES:
        yield Fault(package.name, 0, "median", f"{middle:g} lines, must be below {MEDIAN_LINES}")


def _functions(tree: ast.Module, room: str) -> Iterator[tuple[int, str, str]]:
    """Functions that are too long or take too much, compiled kernels apart."""
    for name, node in _named(tree):
        if any(_last_name(decorator) == "jit" for decorator in node.decorator_list):
            continue
        doc = ast.get_docstring(node) is not None
        body = (
            node.end_lineno
            - node.body[0].lineno
            + 1
            - doc * (node.body[0].end_lineno - node.body[0].lineno + 1)
        )
        if body > MAX_BODY:
            yield node.lineno, "body", f"{name} has {body} lines, at most {MAX_BODY}"
        a = node.args
        listed = [p.arg for p in (*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg) if p]
        n = len(listed) - (listed[:1] in (["self"], ["cls"]))
        if n > MAX_PARAMETERS and f"{room}:{name}" not in MANY_PARAMETERS:
            yield (node.lineno, "parameters", f"{name} takes {n}, at most {MAX_PARAMETERS}")


def _named(
    node: ast.AST, prefix: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for child in ast.iter_child_nodes(node):
        inner = prefix
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            inner = f"{prefix}{child.name}."
            if not isinstance(child, ast.ClassDef):
                yield inner[:-1], child
        yield from _named(child, inner)


def _last_name(node: ast.expr) -> str:
    """``jit`` of ``@jit``, ``@numba.jit`` and ``@jit(...)``."""
    while isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
