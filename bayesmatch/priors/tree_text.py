"""Trees in LightGBM's text format: read as data, and checked in every respect.

Nothing of a file reaches compiled code before it has passed here. LightGBM's own reader trusts its
input, and damaged or made-up trees end the whole process there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

#: what a model may have at most; training makes 120 trees of 15 leaves
MAX_TREES, MAX_LEAVES, MAX_FEATURES = 5000, 64, 10_000
#: leaf values, in log odds: LightGBM's own limit of 100 times its bias and shrinkage is far below
MAX_LEAF_VALUE = 1e6
#: gains, which are kept in single precision
MAX_GAIN = 1e30
#: decision types: default left, then how missing values are known (none, zero, NaN)
DEFAULT_LEFT, MISSING_NONE, MISSING_ZERO, MISSING_NAN = 2, 0, 1, 2
CATEGORICAL = 1
#: lines of the head that must be what training writes
HEAD = {"num_class": "1", "num_tree_per_iteration": "1", "objective": "binary sigmoid:1"}
VERSIONS = ("v3", "v4")


@dataclass(frozen=True)
class Tree:
    """One tree of s splits and s + 1 leaves; split 0 is the root."""

    feature: list[int]
    """(s,)"""
    threshold: list[float]
    """(s,) values up to it go left; may be infinite"""
    missing: list[int]
    """(s,) which values are missing: MISSING_NONE (NaN counts as 0), MISSING_ZERO, MISSING_NAN"""
    default_left: list[bool]
    """(s,) missing values go left"""
    gain: list[float]
    """(s,) gain of the split in training"""
    left_of: list[tuple[int, int]]
    """(s,) range of leaves left of the split"""
    leaf_value: list[float]
    """(s + 1,) log odds of the leaves, from left to right"""


def parse_trees(text: str, n_features: int) -> list[Tree]:
    """Trees of a binary classifier in LightGBM's text format.

    Parameters
    ----------
    text : str
        What ``Booster.model_to_string`` gives.
    n_features : int
        Number of features that the model must be of.

    Raises
    ------
    ValueError
        If anything is not as training writes it: lines, numbers, sizes, indices, a split that
        belongs to two branches or to none.
    """
    if n_features > MAX_FEATURES:
        raise ValueError(f"{n_features} features; at most {MAX_FEATURES} can be evaluated")
    body, end, _ = text.partition("\nend of trees")
    if not end:
        raise ValueError("the model has no line 'end of trees'")
    head, *blocks = body.split("\nTree=")
    _check_head(_entries(head), n_features, len(blocks))
    if not 1 <= len(blocks) <= MAX_TREES:
        raise ValueError(f"the model has {len(blocks)} trees; it must have 1 to {MAX_TREES}")
    trees = []
    for number, block in enumerate(blocks):
        label, _, lines = block.partition("\n")
        if label != str(number):
            raise ValueError(f"tree {number} is called {label[:20]!r}")
        try:
            trees.append(_tree(_entries(lines), n_features))
        except ValueError as error:
            raise ValueError(f"tree {number}: {error}") from None
    return trees


def _entries(text: str) -> dict[str, str]:
    """Lines ``key=value``, and words alone."""
    entries: dict[str, str] = {}
    for line in text.split("\n"):
        key, _, value = line.partition("=")
        if key in entries and key:
            raise ValueError(f"the line {key[:40]!r} comes twice")
        entries[key] = value
    return entries


def _check_head(head: Mapping[str, str], n_features: int, n_trees: int) -> None:
    if "tree" not in head or head.get("version") not in VERSIONS:
        raise ValueError(f"not a LightGBM model of version {' or '.join(VERSIONS)}")
    if "average_output" in head:
        raise ValueError("the trees of the model are averaged, not added; that is not supported")
    for key, wanted in HEAD.items():
        if head.get(key) != wanted:
            raise ValueError(f"{key} is {head.get(key, 'missing')[:40]!r}, not {wanted!r}")
    if head.get("max_feature_idx") != str(n_features - 1):
        raise ValueError(
            f"max_feature_idx is {head.get('max_feature_idx', 'missing')[:40]!r}; the prior has "
            f"{n_features} features"
        )
    if len(head.get("tree_sizes", "").split()) != n_trees:
        raise ValueError(f"tree_sizes are not those of {n_trees} trees")


def _tree(entries: Mapping[str, str], n_features: int) -> Tree:
    n_leaves = _integers(entries, "num_leaves", 1, 1, MAX_LEAVES)[0]
    if _integers(entries, "num_cat", 1, 0, 2**31)[0]:
        raise ValueError("it has categorical splits, which training never makes")
    if entries.get("is_linear", "0") != "0":
        raise ValueError("it has linear leaves, which training never makes")
    n = n_leaves - 1
    left = _integers(entries, "left_child", n, -n_leaves, n - 1)
    right = _integers(entries, "right_child", n, -n_leaves, n - 1)
    order, left_of = _leaf_order(left, right)
    decision = _integers(entries, "decision_type", n, 0, 15)
    if any(d & CATEGORICAL or d >> 2 > MISSING_NAN for d in decision):
        raise ValueError("decision_type has values that training never makes")
    threshold = _numbers(entries, "threshold", n)
    if any(math.isnan(t) for t in threshold):
        raise ValueError("threshold is not a number")
    value = _numbers(entries, "leaf_value", n_leaves)
    # not <=, which NaN would pass
    if not all(abs(v) <= MAX_LEAF_VALUE for v in value):
        raise ValueError(f"leaf_value is not finite, or beyond {MAX_LEAF_VALUE:g}")
    gain = _numbers(entries, "split_gain", n)
    if not all(abs(g) <= MAX_GAIN for g in gain):
        raise ValueError(f"split_gain is not finite, or beyond {MAX_GAIN:g}")
    return Tree(
        _integers(entries, "split_feature", n, 0, n_features - 1),
        threshold,
        [d >> 2 for d in decision],
        [bool(d & DEFAULT_LEFT) for d in decision],
        gain,
        left_of,
        [value[leaf] for leaf in order],
    )


def _leaf_order(left: list[int], right: list[int]) -> tuple[list[int], list[tuple[int, int]]]:
    """Leaves from left to right, and which of these places are left of each split.

    Children of 0 and above are splits, others leaves: -1 is leaf 0. Every split and every leaf must
    be reached once.
    """
    n = len(left)
    order: list[int] = []
    start, middle = [-1] * n, [-1] * n
    leaf_seen = [False] * (n + 1)
    todo = [(0 if n else -1, False)]
    while todo:
        child, left_is_done = todo.pop()
        if left_is_done:
            middle[child] = len(order)
        elif child >= 0:
            if start[child] >= 0:
                raise ValueError(f"split {child} is reached twice")
            start[child] = len(order)
            todo += [(right[child], False), (child, True), (left[child], False)]
        else:
            if leaf_seen[-1 - child]:
                raise ValueError(f"leaf {-1 - child} is reached twice")
            leaf_seen[-1 - child] = True
            order.append(-1 - child)
    if len(order) != n + 1:
        raise ValueError(f"only {len(order)} of {n + 1} leaves are reached")
    return order, list(zip(start, middle, strict=True))


def _words(entries: Mapping[str, str], key: str, n: int) -> list[str]:
    if key not in entries:
        raise ValueError(f"it has no line {key!r}")
    words = entries[key].split()
    if len(words) != n:
        raise ValueError(f"{key} has {len(words)} values, not {n}")
    return words


def _integers(entries: Mapping[str, str], key: str, n: int, low: int, high: int) -> list[int]:
    words = _words(entries, key, n)
    try:
        values = [int(word) for word in words]
    except ValueError:
        raise ValueError(f"{key} must be integers") from None
    for value in values:
        if not low <= value <= high:
            raise ValueError(f"{key} has {str(value)[:24]}; it must be {low} to {high}")
    return values


def _numbers(entries: Mapping[str, str], key: str, n: int) -> list[float]:
    try:
        return [float(word) for word in _words(entries, key, n)]
    except ValueError as error:
        if "convert" in str(error):
            raise ValueError(f"{key} must be numbers") from None
        raise
