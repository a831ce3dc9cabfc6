"""Trees of LightGBM's text format walked one row and one split at a time; nothing of ours.

The rules are those of LightGBM's documentation of its model file and of ``Tree::NumericalDecision``
in its source.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

ZERO = float(np.float32(1e-35))


def trees(text):
    """Each tree's lines as a dictionary."""
    for block in text.partition("\nend of trees")[0].split("\nTree=")[1:]:
        lines = block.split("\n")[1:]
        yield {key: value.split() for key, _, value in (line.partition("=") for line in lines)}


def leaf_value(tree, row):
    """Where a row ends in a tree."""
    if tree["num_leaves"] == ["1"]:
        return float(tree["leaf_value"][0])
    node = 0
    while node >= 0:
        value = row[int(tree["split_feature"][node])]
        decision = int(tree["decision_type"][node])
        missing, default = decision >> 2, "left_child" if decision & 2 else "right_child"
        if math.isnan(value) and missing != 2:
            value = 0.0
        if abs(value) <= ZERO:
            value = 0.0
        if (missing == 1 and value == 0) or (missing == 2 and math.isnan(value)):
            side = default
        else:
            threshold = float(tree["threshold"][node])
            side = "left_child" if value <= threshold else "right_child"
        node = int(tree[side][node])
    return float(tree["leaf_value"][-1 - node])


def log_odds(text, x):
    """Sum over the trees, for rows x (n, F)."""
    total = np.zeros(len(x))
    for tree in trees(text):
        total += [leaf_value(tree, row) for row in x]
    return total


def interpolated(nodes, values, point):
    """Multilinear interpolation in a grid, beyond which the value stays what it is."""
    lower, share = [], []
    for column, value in zip(nodes, point, strict=True):
        value = min(max(value, column[0]), column[-1])
        k = min(int(np.searchsorted(column, value, side="right")) - 1, len(column) - 2)
        lower.append(k)
        share.append((value - column[k]) / (column[k + 1] - column[k]))
    total = 0.0
    for corner in itertools.product((0, 1), repeat=len(nodes)):
        weight = math.prod(s if c else 1 - s for s, c in zip(share, corner, strict=True))
        inner = values
        for k, c in zip(lower, corner, strict=True):
            inner = inner[k + c]
        total += weight * inner
    return total


def log10_ratio(record, x, missing, context):
    """What the file of a LightGBM prior, as a dictionary, says of rows."""
    ratio = record["calibration"]
    inputs = np.column_stack([x, context])
    logits = np.array([log_odds(text, inputs) for text in record["models"]])
    out = np.zeros(len(x))
    for r in range(len(x)):
        if np.isnan(x[r]).all():
            continue
        pattern = "".join("1" if m else "0" for m in missing[r])
        factor = ratio["patterns"].get(pattern, ratio["other_patterns"])
        if record["context"]:
            point = [
                math.log10(max(value, 1e-300)) if log else value
                for value, log in zip(context[r], ratio["log_context"], strict=True)
            ]
            factor -= interpolated(ratio["nodes"], ratio["ln_mean"], point)
        bounded = np.clip(logits[:, r], ratio["low"], ratio["high"])
        out[r] = np.log10(np.mean(np.exp(ratio["intercept"] + ratio["slope"] * bounded + factor)))
    return out
