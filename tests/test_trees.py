"""Own evaluation of LightGBM's trees: the same bits as LightGBM, and nothing unchecked."""

import pickle

import lightgbm
import numba
import numpy as np
import pytest
import tree_reference
from hypothesis import given, settings
from hypothesis import strategies as st

from bayesmatch._kernels import trees as kernels
from bayesmatch.priors.forest import Forest
from bayesmatch.priors.tree_text import parse_trees

#: values where comparisons turn
EDGES = [0.0, -0.0, 1e-35, -1e-35, 2e-35, 1e-300, 1e300, -1e300, np.inf, -np.inf, np.nan]


def sample(seed=0, n=3000):
    """Three features: one with missing values, one with many zeros, one as it is."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    x[rng.random(n) < 0.3, 0] = np.nan
    x[rng.random(n) < 0.5, 1] = 0.0
    label = np.nan_to_num(x[:, 0], nan=1.0) + x[:, 1] * x[:, 2] + rng.normal(size=n) > 0.5
    return x, label


def boosted(seed=0, rounds=20, **options):
    x, label = sample(seed)
    settings = {"objective": "binary", "verbosity": -1, "num_threads": 1, "num_leaves": 15}
    return lightgbm.train({**settings, **options}, lightgbm.Dataset(x, label), rounds)


def awkward_rows(model, n=400):
    """Rows at and beside the thresholds, and at the edges of what a number is."""
    rng = np.random.default_rng(1)
    split = [float(t) for tree in tree_reference.trees(model) for t in tree["threshold"]]
    values = np.array([*EDGES, *split, *np.nextafter(split, 9), *np.nextafter(split, -9)])
    return np.concatenate([rng.choice(values, (n, 3)), sample(2, n)[0]])


@pytest.mark.few(4)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"zero_as_missing": True},
        {"use_missing": False},
        {"num_leaves": 16},
        {"num_leaves": 17},
        {"num_leaves": 64},
        {"num_leaves": 2},
        {"min_data_in_leaf": 5000},
        {"max_bin": 4},
        {"boosting": "dart"},
    ],
    ids=str,
)
def test_as_lightgbm_to_the_bit(options):
    booster = boosted(**options)
    text = booster.model_to_string()
    x = awkward_rows(text)
    found = Forest.of([text], 3).log_odds(x)
    assert found.shape == (1, len(x))
    expected = lightgbm.Booster(model_str=text).predict(x, raw_score=True, num_threads=1)
    np.testing.assert_array_equal(found[0], expected)
    np.testing.assert_array_equal(found[0], tree_reference.log_odds(text, x))


def test_missing_against_the_rest():
    """LightGBM writes the threshold between numbers and NaN as inf."""
    x, _ = sample()
    x = np.column_stack([np.where(np.isnan(x[:, 0]), np.nan, 0.0), x[:, 1:]])
    booster = lightgbm.train(
        {"objective": "binary", "verbosity": -1, "num_threads": 1, "num_leaves": 4},
        lightgbm.Dataset(x, np.isnan(x[:, 0])),
        2,
    )
    text = booster.model_to_string()
    assert "threshold=inf" in text
    rows = awkward_rows(text)
    np.testing.assert_array_equal(
        Forest.of([text], 3).log_odds(rows)[0], booster.predict(rows, raw_score=True)
    )


@pytest.fixture(scope="module")
def texts():
    return [boosted(seed, 12 + seed).model_to_string() for seed in range(4)]


def test_several_models_are_each_as_alone(texts):
    x = awkward_rows(texts[0])
    forest = Forest.of(texts, 3)
    together = forest.log_odds(x)
    assert len(forest) == 4 and together.shape == (4, len(x))
    assert Forest.of(list(texts), 3) is forest  # read once
    for k, text in enumerate(texts):
        np.testing.assert_array_equal(forest.log_odds(x, k)[0], together[k])
        np.testing.assert_array_equal(Forest.of([text], 3).log_odds(x)[0], together[k])


def test_any_number_of_rows_and_threads(texts):
    forest = Forest.of(texts, 3)
    x = np.tile(awkward_rows(texts[0]), (30, 1))
    whole = forest.log_odds(x)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        for n in (0, 1, kernels.BLOCK - 1, kernels.BLOCK, kernels.BLOCK + 1, 10_000):
            np.testing.assert_array_equal(forest.log_odds(x[:n]), whole[:, :n])
    finally:
        numba.set_num_threads(before)
    np.testing.assert_array_equal(forest.log_odds(np.asfortranarray(x)), whole)


@pytest.mark.slow
def test_copies_that_cannot_be_written_to(texts):
    """What Dask hands to its workers."""
    forest = Forest.of(texts, 3)
    buffers = []
    content = pickle.dumps(forest, protocol=5, buffer_callback=buffers.append)
    copy = pickle.loads(content, buffers=[bytes(buffer) for buffer in buffers])
    assert not copy.trees[4].flags.writeable
    x = awkward_rows(texts[0])
    np.testing.assert_array_equal(copy.log_odds(x), forest.log_odds(x))


def test_wrong_number_of_features(texts):
    with pytest.raises(ValueError, match="the models take 3"):
        Forest.of(texts, 3).log_odds(np.zeros((5, 2)))


def test_gain_is_lightgbms(texts):
    for text in texts:
        booster = lightgbm.Booster(model_str=text)
        np.testing.assert_allclose(
            Forest.of([text], 3).gain, booster.feature_importance("gain"), rtol=1e-7
        )


def test_all_leaves_are_numbered():
    """The de Bruijn sequences give every single bit a place of its own."""
    from bayesmatch.priors.forest import WIDTHS

    for width, (_, sequence) in WIDTHS.items():
        shift = width - width.bit_length() + 1
        places = {((sequence << k) % (1 << width)) >> shift for k in range(width)}
        assert places == set(range(width))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(allow_nan=False), min_size=1, max_size=40, unique=True),
    st.floats(allow_nan=False),
)
def test_rank(thresholds, value):
    thresholds = np.unique(thresholds)
    buckets = np.zeros(1), np.zeros(1), np.empty((1, kernels.BUCKETS + 1), np.int16)
    first = np.array([0, len(thresholds)])
    kernels.bucket_starts(thresholds, first, *buckets)
    padded, half = np.empty(2 * len(thresholds)), np.empty(1, np.int64)
    kernels.bordered(thresholds, first, buckets[2], padded, half)
    with np.errstate(over="ignore"):
        beside = np.nextafter(thresholds, np.inf)
    for v in (value, *thresholds, *beside):
        bucket = kernels.bucket_of(v, buckets[0][0], buckets[1][0])
        found = kernels.rank(v, padded, buckets[2][0, bucket], half[0])
        assert found == (thresholds < v).sum()


# -- refused ---------------------------------------------------------------------------------------


def line(key, change, tree=0):
    """An edit of one line of a tree, or of the head (tree None)."""

    def edit(text):
        head, *trees = text.split("\nTree=")
        part = head if tree is None else trees[tree]
        lines = [
            f"{key}={change(old.partition('=')[2])}" if old.startswith(key + "=") else old
            for old in part.split("\n")
        ]
        if tree is None:
            head = "\n".join(lines)
        else:
            trees[tree] = "\n".join(lines)
        return "\nTree=".join([head, *trees])

    return edit


def filled(key, value):
    return line(key, lambda old: " ".join([value] * len(old.split())))


def first(key, value, **options):
    return line(key, lambda old: " ".join([value, *old.split()[1:]]), **options)


@pytest.mark.parametrize(
    "edit, message",
    [
        (filled("left_child", "0"), "tree 0: split 0 is reached twice"),
        (first("left_child", "0"), "split 0 is reached twice"),
        (first("left_child", "-1"), "twice|of 15 leaves"),
        (filled("left_child", "-2000000000"), "left_child has -2000000000"),
        (filled("right_child", "14"), "right_child has 14; it must be -15 to 13"),
        (filled("split_feature", "2000000000"), "split_feature has 2000000000"),
        (first("split_feature", "3"), "split_feature has 3; it must be 0 to 2"),
        (first("split_feature", "-1"), "split_feature has -1"),
        (first("split_feature", "9" * 5000), "split_feature must be integers"),
        (first("split_feature", "9" * 400), "split_feature has 9999"),
        (first("decision_type", "1"), "decision_type"),
        (first("decision_type", "12"), "decision_type"),
        (first("threshold", "nan"), "threshold is not a number"),
        (first("threshold", "x"), "threshold must be numbers"),
        (first("leaf_value", "nan"), "leaf_value is not finite"),
        (first("leaf_value", "1e300"), "leaf_value is not finite, or beyond"),
        (first("split_gain", "inf"), "split_gain is not finite"),
        (first("split_gain", "1e39"), "split_gain is not finite, or beyond"),
        (line("leaf_value", lambda old: old + " 1"), "leaf_value has 16 values, not 15"),
        (line("threshold", lambda old: ""), "threshold has 0 values, not 14"),
        (line("num_leaves", lambda old: "2000000000"), "num_leaves has 2000000000"),
        (line("num_leaves", lambda old: "0"), "num_leaves has 0"),
        (line("num_leaves", lambda old: "14"), "left_child has 14 values, not 13"),
        (line("num_cat", lambda old: "1"), "categorical splits, which training never makes"),
        (line("is_linear", lambda old: "1"), "linear leaves"),
        (lambda text: text.replace("\nleaf_value=", "\nleaf=", 1), "no line 'leaf_value'"),
        (lambda text: text.replace("\nis_linear=0", "\nnum_leaves=15", 1), "comes twice"),
        (lambda text: text.replace("Tree=1\n", "Tree=7\n"), "tree 1 is called '7'"),
        (lambda text: text.replace("\nend of trees", ""), "no line 'end of trees'"),
        (lambda text: text[: len(text) // 2], "no line 'end of trees'"),
        (lambda text: "", "no line 'end of trees'"),
        (lambda text: text.replace("\nversion=v4", "\nversion=v9"), "version v3 or v4"),
        (lambda text: text.replace("\nversion", "\naverage_output\nversion"), "averaged"),
        (line("num_tree_per_iteration", lambda old: "0", tree=None), "num_tree_per_iteration"),
        (line("num_class", lambda old: "2147483647", tree=None), "num_class"),
        (line("objective", lambda old: "binary sigmoid:2", tree=None), "objective"),
        (line("max_feature_idx", lambda old: "2000000000", tree=None), "max_feature_idx"),
        (line("tree_sizes", lambda old: "1 2", tree=None), "tree_sizes are not those of 12"),
    ],
)
def test_refused(texts, edit, message):
    edited = edit(texts[0])
    assert edited != texts[0]
    with pytest.raises(ValueError, match=f"model 0: .*({message})"):
        Forest.of([edited], 3)


def test_categorical_features_are_refused():
    x, label = sample()
    x[:, 1] = np.random.default_rng(0).integers(0, 5, len(x))
    label = label ^ np.isin(x[:, 1], (1, 3))
    booster = lightgbm.train(
        {"objective": "binary", "verbosity": -1, "num_threads": 1},
        lightgbm.Dataset(x, label, categorical_feature=[1]),
        5,
    )
    with pytest.raises(ValueError, match="categorical splits, which training never makes"):
        parse_trees(booster.model_to_string(), 3)


def test_too_many_leaves_trees_and_models(texts):
    with pytest.raises(ValueError, match="num_leaves has .*; it must be 1 to 64"):
        parse_trees(boosted(num_leaves=100).model_to_string(), 3)
    with pytest.raises(ValueError, match="17 models; there must be 1 to 16"):
        Forest.of([texts[0]] * 17, 3)
    with pytest.raises(ValueError, match="max_feature_idx is '2'; the prior has 4 features"):
        Forest.of([texts[0]], 4)
