"""Texts in FITS headers: descriptions in the form in which astropy reads them."""

import numpy as np
from astropy.table import Column, Table
from astropy.table.meta import get_yaml_from_table

from bayesmatch.catalogs.formats.header_text import BEGIN, END, described


def test_descriptions_are_in_the_yaml_that_astropy_writes():
    texts = [
        "",
        "plain",
        "a: b # c",
        "it's {a, b}",
        '"quoted" text',
        "- list",
        "null",
        "1.5",
        "yes",
        "%d & *x ! | >",
        "long words " * 30,
        "x" * 300,
        "ends with: ",
        "@at `tick`",
        "2026-01-01",
        "?",
        "=",
        "~",
        "a,b, [c]",
        "[arcsec] x",
        "trailing\\",
    ]
    types = [np.float64, np.int32, bool, "U12", "S3", np.uint8, np.float32]
    shapes = [(), (3,), (2, 2)]
    table = Table()
    for k in range(len(texts) * 3):
        text = texts[k % len(texts)]
        table[f"c{k}" if k % 4 else f"odd name: {k}"] = Column(
            np.zeros((1, *shapes[k % 3]), types[k % len(types)]), description=text or None
        )
    table["null"] = Column([1], description="x")
    shown = table[:0]
    shown.meta = {"__serialized_columns__": {}}
    lines = described(table, {n: c.description or "" for n, c in table.items()})
    assert lines[0] == BEGIN and lines[-1] == END
    joined = "".join(x[:-1] if len(x) == 71 and x.endswith("\\") else x + "\n" for x in lines[1:-1])
    assert joined.splitlines() == get_yaml_from_table(shown)
