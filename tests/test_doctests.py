"""Every example of a docstring gives what it shows, from the lines that it shows."""

import doctest
import importlib
from pathlib import Path

import pytest

import bayesmatch as bm

PACKAGE = Path(bm.__file__).parent
#: the modules that have examples, found without importing any
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    for path in PACKAGE.rglob("*.py")
    if ">>>" in path.read_text()
)
#: examples that a user looks for first
EXPECTED = {
    "sigma_from_radius",
    "training_sample",
    "robust_counterparts",
    "legacy_survey",
    "Features",
    "FunctionPrior",
}


def examples(name):
    if ".distributed" in name:
        pytest.importorskip("lsdb")
    module = importlib.import_module(name.removesuffix(".__init__"))
    # No names of the module: an example says what it imports.
    return [test for test in doctest.DocTestFinder().find(module, globs={}) if test.examples]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = examples(name)
    assert found, f"{name} has >>> where no example is found"
    told = []
    for test in found:
        doctest.DocTestRunner(verbose=False).run(test, out=told.append)
    assert not told, "".join(told)


def test_the_examples_are_found():
    found = {test.name.rsplit(".", 1)[1] for name in MODULES for test in examples(name)}
    assert found >= EXPECTED
