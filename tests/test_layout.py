"""The package keeps its order; and what watches over that finds what is planted."""

from pathlib import Path

import pytest
from layout import MAX_ENTRIES, ORDER, faults

PACKAGE = Path(__file__).parent.parent / "bayesmatch"

GOOD = {
    "__init__.py": "from .cli import main\nfrom .matching.tables import rows\n",
    "__init__.pyi": "from .matching.tables import rows as rows\n",
    "py.typed": "",
    "_kernels/__init__.py": "",
    "_kernels/grid.py": "@jit\ndef search("
    + ", ".join("abcdefghijklm")
    + "):\n"
    + "    a = 1\n" * 61,
    "catalogs/__init__.py": "",
    "catalogs/names.py": "",
    "catalogs/catalog.py": "from .._kernels.grid import search\nfrom . import names\n"
    "class Catalog:\n    def plot(self):\n"
    "        import bayesmatch as bm\n        return bm.plots\n",
    "matching/__init__.py": "from .tables import rows\n",
    "matching/tables.py": "from .. import __version__\nfrom ..catalogs.catalog import Catalog\n"
    "def match(" + ", ".join("abcdefghijklm") + "):\n    pass\n"
    "def rows(): pass\n",
    "cli/__init__.py": "from bayesmatch.matching import rows\n",
    "cli/match.py": "",
}


@pytest.fixture
def package(tmp_path):
    for name, text in GOOD.items():
        path = tmp_path / "bayesmatch" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "bayesmatch"


def test_the_package():
    found = faults(PACKAGE)
    assert not found, "\n" + "\n".join(map(str, found))


def test_nothing_is_found_in_a_good_tree(package):
    assert faults(package) == []


LONG = "def f():\n    '''Doc.\n\n    More.\n    '''\n"
PLANTED = [
    ("catalogs/names.py", "import os\nfrom ..matching import rows\n", 2, "order"),
    ("catalogs/names.py", "from .. import matching\n", 1, "order"),
    ("catalogs/names.py", "def f():\n    import bayesmatch.matching.tables as t\n", 2, "order"),
    ("catalogs/names.py", "if TYPE_CHECKING:\n    from bayesmatch.cli import main\n", 2, "order"),
    ("catalogs/names.py", "def f():\n    from .. import match\n", 2, "face"),
    ("catalogs/names.py", "from ..nowhere import rows\n", 1, "unknown"),
    (
        "catalogs/names.py",
        "\nimport importlib\nimportlib.import_module('.cli', 'bayesmatch')\n",
        3,
        "hidden",
    ),
    ("catalogs/names.py", "def f():\n    from .catalog import Catalog\n", 2, "circle"),
    ("catalogs/__init__.py", "from .catalog import Catalog\n", None, "circle"),
    ("catalogs/names.py", "a = 1\n" * 301, 301, "module"),
    ("catalogs/names.py", LONG + "    a = 1\n" * 61, 1, "body"),
    (
        "catalogs/names.py",
        "class A:\n    def f(self, " + ", ".join("abcdefghijk") + "): pass\n",
        2,
        "parameters",
    ),
    ("catalogs/names.py", "def f(a, b, c, d, e, f, g, h, *i, j, **k): pass\n", 1, "parameters"),
    ("catalogs/names.py", "def match(a, b, c, d, e, f, g, h, i, j, k): pass\n", 1, "parameters"),
    ("catalogs/explain.py", "", 0, "name"),
    ("matching/match/__init__.py", "", 0, "name"),
    ("extra.py", "", 0, "room"),
]


@pytest.mark.parametrize(("name", "text", "line", "rule"), PLANTED)
def test_what_is_planted_is_found(package, name, text, line, rule):
    if name == "catalogs/__init__.py":  # catalog.py takes a name from its own folder
        (package / "catalogs/catalog.py").write_text("from . import names, Names\n")
    path = package / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    (fault,) = faults(package)
    assert fault.rule == rule
    if rule == "circle":
        assert fault.text.count("->") == 2
    elif rule == "name":
        assert f"bayesmatch/{name}".startswith(fault.file)
    else:
        assert (fault.file, fault.line) == (f"bayesmatch/{name}", line)
        assert str(fault).startswith(f"bayesmatch/{name}:{line}: {rule}: ")


def test_a_longer_circle_and_a_second_one(package):
    (package / "catalogs/area.py").write_text("from .catalog import Catalog\n")
    (package / "catalogs/names.py").write_text("import os\nfrom . import area\n")
    (package / "cli/a.py").write_text("from .b import x\n")
    (package / "cli/b.py").write_text("\n\nfrom .a import y\n")
    found = faults(package)
    assert [f.rule for f in found] == ["circle", "circle"]
    assert sorted(f.text.count("->") for f in found) == [2, 3]
    assert {(f.file, f.line) for f in found} <= {
        ("bayesmatch/catalogs/area.py", 1),
        ("bayesmatch/catalogs/names.py", 2),
        ("bayesmatch/catalogs/catalog.py", 2),
        ("bayesmatch/cli/a.py", 1),
        ("bayesmatch/cli/b.py", 3),
    }


def test_a_function_of_sixty_lines_and_ten_parameters_may_be(package):
    (package / "catalogs/names.py").write_text(
        "def f("
        + ", ".join("abcdefghij")
        + "):\n    '''Doc.\n\n    More.\n    '''\n"
        + "    a = 1\n" * 60
    )
    assert faults(package) == []


def test_too_many_entries(package):
    for name in ORDER:
        if not (package / name).exists() and not name.startswith("__"):
            (package / f"{name}.py").write_text("")
    (package / "__main__.py").write_text("")
    assert len(list(package.iterdir())) == MAX_ENTRIES and faults(package) == []
    (package / "notes.txt").write_text("")
    assert [fault.rule for fault in faults(package)] == ["entries", "room"]


def test_the_middle_module_is_short(package):
    for path in package.rglob("*.py"):
        if path.name not in ("__init__.py", "catalog.py", "tables.py", "grid.py"):
            path.write_text("a = 1\n" * 120)
    assert faults(package) == []
    for path in (package / "catalogs").glob("*.py"):
        path.write_text(path.read_text() + "a = 1\n" * 120)
    assert [fault.rule for fault in faults(package)] == ["median"]
