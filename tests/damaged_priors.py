"""Random edits of saved priors, and what reading them gives. No test in here.

``python tests/damaged_priors.py FOLDER FIRST STOP`` tries edits FIRST to STOP - 1 of the priors
that :func:`write_priors` put into FOLDER, and prints ``number prior kind outcome seconds`` for
each. An edit whose digest is left wrong must give a ValueError that names the file, or the ratios
of the unedited prior. With the digest put right, ratios are those that the slow reference finds in
the file. Anything else ends the run.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import tree_reference

import bayesmatch as bm

BANDS = ["g", "r", "z"]
NAMES = ("plain", "context", "histogram")
#: what nobody wrote
NUMBERS = (
    *("-1", "0", "1", "15", "-2000000000", "2000000000", "2147483648", "9" * 30, "1" + "0" * 400),
    *("nan", "inf", "-inf", "1e308", "-1e308", "1e999", "5e-324", "", "x", "0x10", "1_0", "1 2"),
)
JSON_VALUES = (
    *("null", "true", "false", '""', '"x"', '"\\ud800"', '"\\u0000"', "[]", "{}", "[[]]", "[null]"),
    *("0", "-1", "1.5", "1e308", "-1e308", "1e999", "NaN", "Infinity", "-Infinity", "1e-320"),
    *("1" + "0" * 400, "[" * 40 + "]" * 40, '{"a": 1, "a": 1}', '"' + "x" * 2000 + '"', "9" * 19),
)


def rows(n=60):
    """Objects to evaluate priors for, some with nothing measured, and their primaries' flux."""
    rng = np.random.default_rng(5)
    table = {band: rng.normal(21, 2, n) for band in BANDS}
    for values in table.values():
        values[rng.random(n) < 0.25] = np.nan
    return table, {"flux": 10 ** rng.uniform(-15, -13, n)}


def write_priors(folder):
    """Small priors of every kind: a prior of plain columns, one with context, a histogram."""
    rng = np.random.default_rng(4)
    n = 1500
    host = rng.random(n) < 0.3
    table = {band: rng.normal(21, 1.5, n) - k * host for k, band in enumerate(BANDS)}
    for values in table.values():
        values[rng.random(n) < 0.2] = np.nan
    flux = {"flux": 10 ** rng.uniform(-15, -13, n)}
    plain = bm.LightGBMPrior.fit(table, host, features=BANDS, n_threads=1)
    features = bm.photometry.Features(BANDS, colors="all")
    context = bm.LightGBMPrior.fit(table, host, features=features, context=flux, n_threads=1)
    for name, prior in (("plain", plain), ("context", context)):
        path = folder / f"{name}.json"
        prior.save(path)
        record = json.loads(path.read_text())
        record["models"] = [shortened(text, 4) for text in record["models"]]
        path.write_text(with_digest(record))
    one = bm.HistogramPrior.fit("r", table["r"][host], table["r"][~host], bins=8, smooth=1)
    one.save(folder / "histogram.json")


def shortened(text, n_trees):
    """The first trees of a model."""
    head, *trees = text.split("\nTree=")
    lines = [
        "tree_sizes=" + " ".join(line.split("=")[1].split()[:n_trees])
        if line.startswith("tree_sizes=")
        else line
        for line in head.split("\n")
    ]
    last = "\nend of trees\n"
    kept = [tree.partition("\nend of trees")[0] for tree in trees[:n_trees]]
    return "\nTree=".join(["\n".join(lines), *kept]) + last


def with_digest(record):
    """The record as a file, its digest put right."""
    record = {key: value for key, value in record.items() if key != "sha256"}
    record["sha256"] = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
    return json.dumps(record, indent=1) + "\n"


# -- edits -----------------------------------------------------------------------------------------


def flipped_bits(content, rng):
    """One to three bits."""
    data = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        data[rng.integers(len(data))] ^= 1 << rng.integers(8)
    return bytes(data)


def random_bytes(content, rng):
    """A stretch of noise, or of one byte."""
    a, n = rng.integers(len(content)), rng.integers(1, 40)
    noise = rng.integers(0, 256, n, np.uint8).tobytes()
    return content[:a] + (noise if rng.random() < 0.5 else noise[:1] * n) + content[a + n :]


def cut_out(content, rng):
    """A stretch, or all from somewhere on, missing."""
    a = rng.integers(len(content))
    b = len(content) if rng.random() < 0.3 else a + 1 + int(rng.exponential(200))
    return content[:a] + content[b:]


def moved(content, rng):
    """A stretch put in again somewhere."""
    a, b = rng.integers(len(content), size=2)
    n = 1 + int(rng.exponential(100))
    return content[:b] + content[a : a + n] + content[b:]


def white_space(content, rng):
    """The same record, written in another way."""
    record = json.loads(content)
    items = list(record.items())
    rng.shuffle(items)
    indent = [None, 0, 7][rng.integers(3)]
    return (" " * int(rng.integers(3)) + json.dumps(dict(items), indent=indent)).encode()


def _places(value, path=()):
    """Paths to everything in a record."""
    if path:
        yield path
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in items:
        yield from _places(inner, (*path, key))


MARK = "<<here>>"


def json_value(content, rng, right_digest=False):
    """An entry replaced by what does not belong there."""
    record = json.loads(content)
    places = list(_places(record))
    if right_digest:
        places = [place for place in places if place != ("sha256",)]
    *path, last = places[rng.integers(len(places))]
    inner = record
    for key in path:
        inner = inner[key]
    choice = JSON_VALUES[rng.integers(len(JSON_VALUES))]
    if not right_digest:
        inner[last] = MARK
        return json.dumps(record, indent=1).replace(json.dumps(MARK), choice).encode()
    try:
        inner[last] = json.loads(choice)
        return with_digest(record).encode()
    except (ValueError, UnicodeError):
        inner[last] = int(choice)
        return with_digest(record).encode()


def json_entry(content, rng, right_digest=False):
    """An entry missing, renamed, or swapped with another."""
    record = json.loads(content)
    groups = [record, *(v for v in record.values() if isinstance(v, dict) and v)]
    group = groups[rng.integers(len(groups))]
    keys = [key for key in group if not (right_digest and key == "sha256")]
    one, other = (keys[rng.integers(len(keys))] for _ in range(2))
    what = rng.integers(4)
    if what == 0:
        del group[one]
    elif what == 1:
        group[one + "x"] = group.pop(one)
    elif what == 2:
        group["more"] = group[one]
    else:
        group[one], group[other] = group[other], group[one]
    return (with_digest(record) if right_digest else json.dumps(record)).encode()


def twice(content, rng):
    """An entry that comes twice."""
    lines = content.split(b"\n")
    starts = [k for k, line in enumerate(lines) if line.startswith(b' "')]
    k = starts[rng.integers(len(starts))]
    return b"\n".join([*lines[: k + 1], *lines[k:]])


def nested(content, rng):
    """Brackets without end."""
    a = rng.integers(len(content))
    mark = (b"[", b'{"a":', b"[[],")[rng.integers(3)]
    return content[:a] * int(rng.integers(2)) + mark * int(rng.integers(20, 100_000)) + content[a:]


def model_number(text, rng):
    """One number of a model, or all on its line, replaced."""
    lines = text.split("\n")
    filled = [k for k, line in enumerate(lines) if "=" in line]
    k = filled[rng.integers(len(filled))]
    key, _, values = lines[k].partition("=")
    words = values.split(" ")
    new = NUMBERS[rng.integers(len(NUMBERS))]
    if rng.random() < 0.3:
        words = [new] * len(words)
    elif rng.random() < 0.3:
        a, b = rng.integers(len(words), size=2)
        words[a], words[b] = words[b], words[a]
    else:
        words[rng.integers(len(words))] = new
    lines[k] = f"{key}={' '.join(words)}"
    return "\n".join(lines)


def model_child(text, rng):
    """A split that sends rows elsewhere: to itself, up, to another leaf or feature."""
    lines = text.split("\n")
    keys = ("left_child=", "right_child=", "split_feature=", "decision_type=")
    filled = [k for k, line in enumerate(lines) if line.startswith(keys)]
    k = filled[rng.integers(len(filled))]
    key, _, values = lines[k].partition("=")
    words = values.split(" ")
    words[rng.integers(len(words))] = str(rng.integers(-17, 17))
    lines[k] = f"{key}={' '.join(words)}"
    return "\n".join(lines)


def model_line(text, rng):
    """A line missing, twice, moved, renamed, or another's."""
    lines = text.split("\n")
    a, b = rng.integers(len(lines), size=2)
    what = rng.integers(5)
    if what == 0:
        del lines[a]
    elif what == 1:
        lines.insert(b, lines[a])
    elif what == 2:
        lines[a], lines[b] = lines[b], lines[a]
    elif what == 3:
        lines[a] = "x" + lines[a]
    else:
        extra = ("average_output", "is_linear=1", "num_cat=1", "cat_threshold=1 2", "=", "num_cat")
        lines.insert(a, extra[rng.integers(len(extra))])
    return "\n".join(lines)


def model_tree(text, rng):
    """Trees missing, twice, or in another order, numbered and counted as if nothing had been."""
    body, _, tail = text.partition("\nend of trees")
    head, *trees = body.split("\nTree=")
    trees = [tree.partition("\n")[2] for tree in trees]
    chosen = rng.integers(len(trees), size=rng.integers(0, 9))
    sizes = "tree_sizes=" + " ".join(["100"] * len(chosen))
    lines = [sizes if line.startswith("tree_sizes=") else line for line in head.split("\n")]
    blocks = [f"{number}\n{trees[k]}" for number, k in enumerate(chosen)]
    return "\nTree=".join(["\n".join(lines), *blocks]) + "\nend of trees" + tail


def model_text(text, rng):
    """A stretch of the text missing, moved or made noise."""
    edit = (cut_out, moved, random_bytes)[rng.integers(3)]
    return edit(text.encode(), rng).decode("latin1")


def in_a_model(edit):
    """An edit of one model's text, with the right digest."""

    def edited(content, rng):
        record = json.loads(content)
        k = rng.integers(len(record["models"]))
        record["models"][k] = edit(record["models"][k], rng)
        return with_digest(record).encode()

    return edited


#: edits that leave the digest as it is, or have none to leave
WRONG_DIGEST = (
    *(flipped_bits, random_bytes, cut_out, moved, white_space, json_value, json_entry),
    *(twice, nested),
)
#: edits of LightGBM priors by somebody who puts the digest right
RIGHT_DIGEST = {
    "json_value_signed": lambda content, rng: json_value(content, rng, right_digest=True),
    "json_entry_signed": lambda content, rng: json_entry(content, rng, right_digest=True),
    **{
        edit.__name__: in_a_model(edit)
        for edit in (model_number, model_child, model_line, model_tree, model_text)
    },
}


def edited(contents, number):
    """Name of the prior, kind of edit, bytes, and whether the digest is right, of edit `number`."""
    rng = np.random.default_rng([11, number])
    name = NAMES[rng.choice(3, p=[0.45, 0.45, 0.1])]
    if name != "histogram" and rng.random() < 0.6:
        kind = list(RIGHT_DIGEST)[rng.integers(len(RIGHT_DIGEST))]
        return name, kind, RIGHT_DIGEST[kind](contents[name], rng), True
    edit = WRONG_DIGEST[rng.integers(len(WRONG_DIGEST))]
    return name, edit.__name__, edit(contents[name], rng), name == "histogram"


# -- outcomes --------------------------------------------------------------------------------------


def ratios(prior):
    """Log10 ratios of the rows; none of them NaN or +inf."""
    table, flux = rows()
    if isinstance(prior, bm.HistogramPrior):
        out = prior.log10_ratio(SimpleNamespace(magnitudes=lambda _: table["r"]))
    else:
        # an edited prior may ask for other columns
        columns = {column: table[BANDS[k % 3]] for k, column in enumerate(prior.columns)}
        context = {column: flux["flux"] for column in prior.context}
        out = prior.predict(columns, context or None)
    assert not (np.isnan(out) | np.isposinf(out)).any()
    return out


def expected(content):
    """Ratios that the slow reference finds in an edited file."""
    record = json.loads(content)
    table, flux = rows()
    features = record["features"]
    if isinstance(features, dict):
        features = bm.photometry.Features.from_dict(features["Features"])
        columns = {column: table[BANDS[k % 3]] for k, column in enumerate(features.columns)}
        x, missing = features.compute(columns), features.missing(columns)
    else:
        x = np.column_stack([table[BANDS[k % 3]] for k in range(len(features))])
        missing = np.isnan(x)
    context = np.column_stack([flux["flux"] for _ in record["context"]] or [np.empty((len(x), 0))])
    return tree_reference.log10_ratio(record, x, missing, context)


def outcome(path, content, original, right_digest):
    """Read one edited file: "ValueError", "same" or "valid"; an AssertionError for all else."""
    path.write_bytes(content)
    try:
        prior = bm.read_prior(path)
        found = ratios(prior)
    except ValueError as error:
        message = str(error)
        assert message.startswith(str(path)), f"{message} does not name the file"
        assert "\n" not in message and len(message) < 1000, message
        return "ValueError"
    if np.array_equal(found, original):
        return "same"
    assert right_digest, "a wrong digest, and other ratios"
    if isinstance(prior, bm.LightGBMPrior):
        np.testing.assert_allclose(found, expected(content), rtol=0, atol=1e-9)
    return "valid"


def main(folder, first, stop):
    """Try edits `first` to `stop` - 1."""
    folder = Path(folder)
    contents = {name: (folder / f"{name}.json").read_bytes() for name in NAMES}
    original = {name: ratios(bm.read_prior(folder / f"{name}.json")) for name in NAMES}
    path = folder / f"edited-{first}.json"
    for number in range(int(first), int(stop)):
        name, kind, content, right = edited(contents, number)
        print(number, name, kind, end=" ", flush=True)
        start = time.perf_counter()
        found = outcome(path, content, original[name], right)
        print(found, f"{time.perf_counter() - start:.3f}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
