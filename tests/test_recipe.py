"""Metadata for conda-forge, Zenodo, GitHub and Read the Docs say what pyproject.toml says."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from jinja2 import Environment, StrictUndefined
from packaging.requirements import Requirement

import bayesmatch as bm

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TEXT = PROJECT["project"]
#: conda-forge's names of what is called otherwise on the index of Python packages
CONDA = {"astropy": "astropy-base", "matplotlib": "matplotlib-base"}


def rendered(text):
    """The recipe as conda-build reads it: Jinja first, then YAML."""
    return yaml.safe_load(
        Environment(undefined=StrictUndefined).from_string(text).render(PYTHON="python")
    )


RECIPE = rendered((ROOT / "recipe/meta.yaml").read_text())
CITED = yaml.safe_load((ROOT / "CITATION.cff").read_text())
ZENODO = json.loads((ROOT / ".zenodo.json").read_text())


def as_conda(texts):
    """Requirements as a recipe writes them."""
    needed = map(Requirement, texts)
    return {
        f"{CONDA.get(r.name, r.name)} {','.join(sorted(map(str, r.specifier), reverse=True))}"
        for r in needed
    }


def test_the_recipe_needs_what_the_package_needs():
    python = f"python {TEXT['requires-python']}"
    assert set(RECIPE["requirements"]["run"]) == {python, *as_conda(TEXT["dependencies"])}
    assert set(RECIPE["requirements"]["host"]) == {
        python,
        "pip",
        *as_conda(PROJECT["build-system"]["requires"]),
    }


def test_optional_parts_are_bounded_in_the_recipe_too():
    extras = TEXT["optional-dependencies"]
    bounded = as_conda([*extras["distributed"], *extras["images"], *extras["testing"]])
    assert set(RECIPE["requirements"]["run_constrained"]) == bounded


def test_the_recipe_describes_the_package():
    assert RECIPE["package"] == {"name": TEXT["name"], "version": bm.__version__}
    assert RECIPE["about"]["summary"] == TEXT["description"]
    assert RECIPE["about"]["license"] == TEXT["license"]
    assert [RECIPE["about"]["license_file"]] == TEXT["license-files"]
    assert (ROOT / RECIPE["about"]["license_file"]).is_file()
    assert RECIPE["build"]["entry_points"] == [f"{k} = {v}" for k, v in TEXT["scripts"].items()]
    assert RECIPE["build"]["noarch"] == "python"


def test_what_the_recipe_tests_exists():
    from bayesmatch.cli import COMMANDS, main

    assert len(COMMANDS) > 10
    for line in RECIPE["test"]["commands"]:
        program, command, *_ = line.split()
        if program == "bayesmatch":
            assert main([command, *([] if command.startswith("-") else ["--help"])]) == 0
    for name in RECIPE["test"]["imports"]:
        assert (ROOT / name.replace(".", "/") / "__init__.py").is_file()


def test_zenodo_says_what_the_citation_says():
    assert ZENODO["title"] == CITED["title"] == TEXT["name"]
    assert ZENODO["version"] == CITED["version"] == bm.__version__
    assert ZENODO["license"] == CITED["license"] == TEXT["license"]
    assert ZENODO["description"] == TEXT["description"]
    assert ZENODO["keywords"] == TEXT["keywords"]
    assert ZENODO["upload_type"] == CITED["type"] == "software"
    names = [author["name"] for author in TEXT["authors"]]
    assert [c["name"] for c in ZENODO["creators"]] == [a["name"] for a in CITED["authors"]] == names
    assert len(ZENODO["references"]) == len(CITED["references"])
    for said, reference in zip(ZENODO["references"], CITED["references"], strict=True):
        for part in ("title", "journal", "volume", "start", "year"):
            assert str(reference[part]) in said
        assert all(a["family-names"] in said for a in reference["authors"])


def test_the_citation_is_of_the_format_1_2_0():
    """What its schema asks for; the DOIs are those that tables and reports cite."""
    from bayesmatch.diagnostics.published.header import BIBTEX

    assert CITED["cff-version"] == "1.2.0" and CITED["message"] and CITED["authors"]
    known = {"title", "authors", "type", "journal", "volume", "start", "year", "doi"}
    for reference in CITED["references"]:
        assert {"type", "title", "authors"} <= set(reference) <= known
        assert reference["type"] == "article" and isinstance(reference["year"], int)
        assert re.fullmatch(r"10\.\d{4,9}/\S+", reference["doi"])
        assert f"{{{reference['doi']}}}" in BIBTEX
    released = CITED.get("date-released")
    unreleased = "(unreleased)" in (ROOT / "CHANGELOG.md").read_text().split("\n## ")[1]
    assert (released is None) == unreleased


def test_read_the_docs_builds_the_site():
    how = yaml.safe_load((ROOT / ".readthedocs.yaml").read_text())
    assert how["version"] == 2 and how["sphinx"]["fail_on_warning"] is True
    version = how["build"]["tools"]["python"]
    assert f"Programming Language :: Python :: {version}" in TEXT["classifiers"]
    if not (ROOT / "docs/conf.py").exists():
        pytest.skip("there is no site in docs/")
    assert (ROOT / how["sphinx"]["configuration"]).is_file()
    (install,) = how["python"]["install"]
    assert set(install["extra_requirements"]) <= set(TEXT["optional-dependencies"])


def test_every_python_that_is_named_is_one_that_is_tested():
    versions = [c.rpartition(" ")[2] for c in TEXT["classifiers"] if "Python :: 3." in c]
    assert versions[0] == TEXT["requires-python"].removeprefix(">=")
    tested = re.search(r"PYTHONS:-(.*?)\}", (ROOT / ".ci/full").read_text())[1]
    assert tested.split() == [f"python{version}" for version in versions]
