"""Type checkers and editors know the public names, although they are imported when first used."""

import ast
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

import bayesmatch as bm

STUB = Path(bm.__file__).with_suffix(".pyi")


def stub_names():
    """Name -> module that the stub takes it from; "" for the package itself."""
    tree = ast.parse(STUB.read_text())
    names = {
        alias.asname: node.module or ""
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return names | {node.target.id: "" for node in tree.body if isinstance(node, ast.AnnAssign)}


def test_the_stub_has_the_public_names_and_no_others():
    homes = {name: home for name, home in stub_names().items() if home}
    alone = {"__version__", *bm._MODULES, *bm._OPTIONAL}
    assert set(stub_names()) - set(homes) == alone
    assert set(bm.__all__) == set(homes) | alone - set(bm._OPTIONAL)
    for name, home in homes.items():
        assert getattr(bm, name).__module__ == f"bayesmatch.{home}"


def test_the_marker_is_part_of_the_package():
    assert resources.files("bayesmatch").joinpath("py.typed").is_file()


@pytest.mark.slow
def test_mypy_knows_what_a_user_gets(tmp_path):
    """Another person's file against the package, as it is installed."""
    user = tmp_path / "user.py"
    user.write_text(
        "import bayesmatch as bm\n"
        "reveal_type(bm.match)\n"
        "reveal_type(bm.Catalog.read('f', name='O', pos_err=1.0))\n"
        "reveal_type(bm.mock.survey)\n"
        "bm.match(1, radius=5)\n"
        "bm.nonsense\n"
    )
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            "--config-file=",
            "--ignore-missing-imports",
            "--follow-imports=silent",
            f"--cache-dir={tmp_path / 'cache'}",
            str(user),
        ],
        capture_output=True,
        text=True,
        cwd=STUB.parent.parent,
    )
    told = dict(line.split(":", 2)[1:] for line in run.stdout.splitlines() if "user.py:" in line)
    assert "def (primary: bayesmatch." in told["2"] and "MatchResult" in told["2"], run.stdout
    assert "Catalog" in told["3"] and "Any" not in told["3"]
    assert "def (" in told["4"]
    assert "incompatible type" in told["5"] and '"nonsense"' in told["6"], run.stdout
