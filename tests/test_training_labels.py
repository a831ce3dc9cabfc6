"""Labels of training samples as people write them: right, or refused with what to do."""

import numpy as np
import pandas as pd
import pytest
from astropy.table import MaskedColumn, Table

import bayesmatch as bm
from bayesmatch.cli import main
from bayesmatch.priors.label_choice import chosen
from bayesmatch.priors.training_labels import label_values

N = 300
Y = np.arange(N) < 100
NONE = np.arange(N) % 50 == 0

SAME = {
    "truth values": Y,
    "whole numbers": Y.astype(int),
    "small whole numbers": Y.astype("u1"),
    "numbers": Y.astype("f4"),
    "minus one": np.where(Y, 1, -1),
    "True": np.where(Y, "True", "False"),
    "true with blanks": np.where(Y, " TRUE", "false "),
    "yes": np.where(Y, "yes", "No"),
    "y": np.where(Y, "Y", "n"),
    "t": np.where(Y, "t", "F"),
    "1 as text": np.where(Y, "1", "0"),
    "1.0 as text": np.where(Y, "1.0", "0.0"),
    "bytes": np.where(Y, b"true", b"false"),
    "minus one as text": np.where(Y, "1", "-1"),
    "a list": list(map(bool, Y)),
    "objects": np.array([bool(y) for y in Y], dtype=object),
    "pandas": pd.Series(Y),
    "pandas text": pd.Series(np.where(Y, "true", "false")),
}
MISSING = {
    "masked": MaskedColumn(Y, mask=NONE),
    "masked text": MaskedColumn(np.where(Y, "yes", "no"), mask=NONE),
    "NaN": np.where(NONE, np.nan, Y),
    "empty text": np.where(NONE, "", np.where(Y, "True", "False")),
    "pandas boolean": pd.Series(pd.array(np.where(NONE, None, Y), dtype="boolean")),
    "None": np.where(NONE, None, Y),
}


@pytest.mark.parametrize("how", SAME)
def test_what_says_the_same(how):
    np.testing.assert_array_equal(label_values({}, SAME[how], N), Y)
    np.testing.assert_array_equal(label_values({"is": SAME[how]}, "is", N), Y)


@pytest.mark.parametrize("how", MISSING)
def test_missing_labels(how):
    np.testing.assert_array_equal(label_values({}, MISSING[how], N), np.where(NONE, np.nan, Y))


WRONG = {
    "classes": (np.where(Y, 1, 2), "--counterpart 2"),
    "one of three": (np.where(Y, 1, np.where(NONE, -1, 0)), "--counterpart -1"),
    "class names": (np.where(Y, "AGN", "star"), "--counterpart"),
    "probabilities": (np.where(Y, 0.9, 0.1), "--least-label"),
    "complex": (Y.astype(complex), "of type complex128"),
    "dates": (np.full(N, np.datetime64("2020-01-01")), "of type datetime64"),
    "rows": (np.ones((N, 2), bool), "shape"),
    "all missing": (np.full(N, np.nan), "missing in every row"),
    "all the same": (np.full(N, "no"), "False in every row"),
}


@pytest.mark.parametrize("how", WRONG)
def test_what_is_refused(how):
    values, words = WRONG[how]
    with pytest.raises((ValueError, TypeError), match=words) as caught:
        label_values({"is": values}, "is", N)
    assert "column 'is'" in str(caught.value) and "\n" not in str(caught.value)


def test_classes_and_probabilities():
    table = Table({"class": np.where(Y, 1, 2), "p": np.where(Y, 0.95, 0.02)})
    table["p"][150:] = 0.5
    np.testing.assert_array_equal(chosen(table, "class", "1"), Y)
    np.testing.assert_array_equal(chosen(table, "class", ["1", "2"]), 1)
    np.testing.assert_array_equal(
        chosen(table, "p", least=0.9), np.where(np.arange(N) < 150, Y, np.nan)
    )
    with pytest.raises(ValueError, match="is 3 in no row; there are 1, 2"):
        chosen(table, "class", "3")
    with pytest.raises(ValueError, match="above 0.5"):
        chosen(table, "p", least=0.3)
    with pytest.raises(ValueError, match="no probability"):
        chosen(table, "class", least=0.9)


def test_what_is_left_out_is_counted():
    rng = np.random.default_rng(1)
    table = Table({"g": np.where(Y, rng.normal(20, 1, N), rng.uniform(16, 25, N))})
    table["g"][:5] = np.nan
    table["g"][290:] = -99.0
    table["is"] = MaskedColumn(Y, mask=NONE)
    prior = bm.LightGBMPrior.fit(table, "is", features=["g"])
    # rows 0, 50, 100 ... 250 have no label; 0 no magnitude either
    assert prior.training.left_out == {
        "without a label": (0, 6),
        "with no feature measured": (4, 10),
    }
    assert prior.counts == {
        "counterparts": 100 - 2 - 4,
        "field": 200 - 4 - 10,
        "left_out_without_features": 14,
        "left_out_without_label": 6,
    }


@pytest.mark.few(0, slow=7)
@pytest.mark.parametrize("ending", ["fits", "csv", "ecsv", "vot", "parquet"])
@pytest.mark.parametrize("kind", ["True", "yes", "minus one", "classes", "probabilities"])
def test_on_the_command_line(kind, ending, tmp_path, monkeypatch, capsys):
    """The same prior, from every format; where refused, by what the message says."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    table = Table({"g": np.where(Y, rng.normal(20, 1, N), rng.uniform(16, 25, N))})
    table["is"] = {**SAME, **{k: v for k, (v, _) in WRONG.items()}}[kind]
    table.write(f"t.{ending}", **({"format": "votable"} if ending == "vot" else {}))
    argv = ["train", f"t.{ending}", "--label", "is", "--bands", "g", "--out", "p.json"]
    if kind in ("classes", "probabilities"):
        assert main(argv) == 1
        err = capsys.readouterr().err
        assert err.count("\n") == 1 and "column 'is'" in err
        more = ["--least-label", "0.9"] if kind == "probabilities" else ["--counterpart", "1"]
        assert more[0] in err
        argv += more
    assert main(argv) == 0
    assert "trained on 100 counterparts and 200 field objects" in capsys.readouterr().out
