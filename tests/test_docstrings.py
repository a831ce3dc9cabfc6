"""Docstrings of what users call: complete where they list parameters, arrays with their shapes."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest
from numpydoc.docscrape import get_doc_object
from numpydoc.validate import Validator, validate

import bayesmatch as bm

#: numpydoc's checks that every public docstring passes
CHECKS = {
    "GL01",
    "GL03",  # where the text begins, no blank lines in a row
    "GL05",
    "GL06",
    "GL07",  # no tabs, known sections, in their order
    "GL08",  # there is one
    "GL09",
    "GL10",
    "SS01",
    "SS03",
    "SS04",
    "SS06",  # a summary: one line, a full stop
    "PR02",
    "PR03",
    "PR05",
    "PR06",
    "PR07",
    "PR09",
    "PR10",  # what Parameters lists
    "RT02",
    "RT05",
    "YD01",
}
#: and public functions that stand by themselves; a method of one line needs no sections
FUNCTION_CHECKS = CHECKS | {"PR01", "RT01"}
#: "shape (n,)", "(n, K)", "of the same shape"
SHAPE = re.compile(r"\bshape\b|\([\w +*]+,[\w +*,]*\)")
PACKAGE = Path(bm.__file__).parent


def public():
    """Name -> object of what users reach through the face, classes and functions."""
    found = {f"bayesmatch.{name}": getattr(bm, name) for name in bm._HOME}
    for module in bm._MODULES:
        room = getattr(bm, module)
        for name in getattr(room, "__all__", vars(room)):
            value = getattr(room, name)
            if name[0] != "_" and getattr(value, "__module__", "").startswith(room.__name__):
                found[f"{room.__name__}.{name}"] = value
    return {
        name: value
        for name, value in found.items()
        if inspect.isclass(value) or inspect.isfunction(value)
    }


def members(name, value):
    """The public methods and properties that a class defines."""
    return [
        f"{name}.{key}"
        for key, member in vars(value).items()
        if not key.startswith("_")
        and (
            inspect.isfunction(member)
            or hasattr(member, "__func__")
            or inspect.isdatadescriptor(member)
            or hasattr(member, "attrname")
        )
    ]


PUBLIC = public()
MEMBERS = [
    m for name, value in PUBLIC.items() if inspect.isclass(value) for m in members(name, value)
]


def document(name):
    return Validator(get_doc_object(Validator._load_obj(name)))


def found_by(name, checks):
    return [f"{name}: {code} {text}" for code, text in validate(name)["errors"] if code in checks]


def told(faults):
    return "\n" + "\n".join(faults)


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names(name):
    checks = FUNCTION_CHECKS if inspect.isfunction(PUBLIC[name]) else CHECKS
    faults = found_by(name, checks)
    assert not faults, told(faults)
    if inspect.isclass(PUBLIC[name]):
        doc = document(name).doc
        fields = [
            node
            for node in ast.walk(ast.parse(inspect.getsource(PUBLIC[name])))
            if isinstance(node, ast.AnnAssign)
        ]
        assert doc["Parameters"] or doc["Attributes"] or fields, f"{name}: lists nothing"


def test_methods_and_properties():
    assert len(MEMBERS) > 50
    faults = [fault for name in MEMBERS for fault in found_by(name, CHECKS)]
    assert not faults, told(faults)


def test_arrays_that_are_listed_have_shapes():
    """Parameters, attributes and return values of public names whose type is an array."""
    without = []
    for name in [*PUBLIC, *MEMBERS]:
        doc = document(name)
        for section in ("Parameters", "Attributes", "Returns"):
            without += [
                f"{name}: {section}: {entry.name or entry.type}"
                for entry in doc.doc[section]
                if re.search(r"\b(nd)?array(_like)?\b", entry.type)
                and not SHAPE.search(" ".join([entry.type, *entry.desc]))
            ]
    assert not without, told(without)


def test_arrays_that_public_methods_return_have_shapes():
    without = []
    for name in [*PUBLIC, *MEMBERS]:
        doc = document(name)
        function = getattr(doc.code_obj, "fget", getattr(doc.code_obj, "func", doc.code_obj))
        given = getattr(function, "__annotations__", {}).get("return", "")
        if "ndarray" in str(given) and not SHAPE.search(doc.raw_doc):
            without.append(name)
    assert not without, told(without)


def test_arrays_in_records_have_shapes():
    """What travels between the stages: a line under each field tells its shape, or the
    class does for all."""
    found, without = 0, []
    for path in sorted(PACKAGE.rglob("*.py")):
        for record in ast.walk(ast.parse(path.read_text())):
            body = record.body if isinstance(record, ast.ClassDef) else []
            for field, after in zip(body, [*body[1:], None], strict=False):
                if isinstance(field, ast.AnnAssign) and "ndarray" in ast.unparse(field.annotation):
                    line = (
                        ast.literal_eval(after.value)
                        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
                        else ""
                    )
                    found += 1
                    if not SHAPE.search(line + (ast.get_docstring(record) or "")):
                        without.append(
                            f"{path.relative_to(PACKAGE)}:{field.lineno}: "
                            f"{record.name}.{ast.unparse(field.target)}"
                        )
    assert found > 50
    assert not without, told(without)
