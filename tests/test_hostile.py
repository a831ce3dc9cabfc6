"""Every argument of every public function given what it cannot take: promised exceptions only.

What comes out is a ValueError, TypeError or OSError of one line, or a result without NaN. The
table of calls below is crossed with the hostile values and columns; the ordinary run takes every
fifth pair, the slow one takes all.
"""

import datetime
import decimal
import fractions
import itertools
import re
import warnings
from pathlib import Path

import astropy.units as u
import numpy as np
import pandas as pd
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, Table
from astropy.time import Time
from astropy.utils.masked import Masked

import bayesmatch as bm

N = 12


class Wicked:
    """Raises in whatever is asked of it."""

    def __float__(self):
        raise RuntimeError("no float\nin two lines")

    def __repr__(self):
        raise RuntimeError("no repr")

    def __len__(self):
        raise RuntimeError("no len")


SCALARS = {
    "10**400": 10**400,
    "-10**400": -(10**400),
    "10**5000": 10**5000,
    "2**63": 2**63,
    "2**64": 2**64,
    "-1": -1,
    "0": 0,
    "0.0": 0.0,
    "5e-324": 5e-324,
    "1e-310": 1e-310,
    "1.7e308": 1.7e308,
    "nan": float("nan"),
    "inf": float("inf"),
    "-inf": -np.inf,
    "float32 nan": np.float32("nan"),
    "longdouble": np.longdouble("1e4000"),
    "complex": 1 + 5j,
    "numpy complex": np.complex128(1j),
    "True": True,
    "numpy False": np.False_,
    "None": None,
    "text": "no",
    "empty text": "",
    "NUL": "a\0b",
    "lines": "a\nb",
    "bytes": b"1",
    "list": [],
    "nested": [[1.0, 2.0], [3.0]],
    "tuple": (1.0, 2.0, 3.0),
    "dict": {"a": 1},
    "set": {1, 2},
    "array": np.arange(3.0),
    "array of one": np.array([5.0]),
    "no dimensions": np.array(np.nan),
    "array of objects": np.array([None, "x"], dtype=object),
    "masked": np.ma.masked,
    "Masked": Masked(1.0, mask=True),
    "NA": pd.NA,
    "NaT": pd.NaT,
    "datetime64": np.datetime64("2020-01-01"),
    "timedelta64": np.timedelta64(3, "s"),
    "date": datetime.date(2020, 1, 1),
    "Time": Time("2020-01-01"),
    "metres": 5.0 * u.m,
    "nan arcsec": np.nan * u.arcsec,
    "two arcsec": [1.0, 2.0] * u.arcsec,
    "SkyCoord": SkyCoord(1 * u.deg, 2 * u.deg),
    "Decimal": decimal.Decimal("1e999"),
    "Decimal nan": decimal.Decimal("nan"),
    "Fraction": fractions.Fraction(10**400, 3),
    "path": Path("/does/not/exist"),
    "function": len,
    "class": dict,
    "Wicked": Wicked(),
    "generator": (k for k in "ab"),
    "Table": Table({"a": [1]}),
    "DataFrame": pd.DataFrame({"a": [1]}),
}
COLUMNS = {
    "Masked": Masked(np.ones(N), mask=np.arange(N) == 3),
    "Masked arcsec": Masked(np.ones(N) * u.arcsec, mask=np.arange(N) == 3),
    "MaskedColumn": MaskedColumn(np.ones(N), mask=np.arange(N) == 3),
    "text": np.array(["x"] * N),
    "numbers as text": np.array(["1.5"] * N),
    "bytes": np.array([b"1"] * N),
    "complex": np.ones(N) + 1j,
    "bool": np.ones(N, bool),
    "datetime64": np.full(N, np.datetime64("2020-01-01")),
    "timedelta64": np.full(N, np.timedelta64(1, "s")),
    "Time": Time(np.full(N, 59000.0), format="mjd"),
    "SkyCoord": SkyCoord(np.ones(N) * u.deg, np.ones(N) * u.deg),
    "objects": np.array([None] * N, dtype=object),
    "huge": np.array([10**400] * N, dtype=object),
    "lists": np.array([[1.0]] * N, dtype=object),
    "ragged": [[1.0]] * (N - 1) + [[1.0, 2.0]],
    "dictionaries": [{"a": 1}] * N,
    "two dimensions": np.ones((N, 2)),
    "short": np.ones(N - 1),
    "scalar": 1.0,
    "nan": np.full(N, np.nan),
    "inf": np.full(N, np.inf),
    "tiny": np.full(N, 1e-310),
    "vast": np.full(N, 1e300),
    "longdouble": np.full(N, np.longdouble("1e4000")),
    "1e20": np.full(N, 1e20),
    "uint64": np.full(N, 2**64 - 1, np.uint64),
    "big-endian": np.arange(N, dtype=">f8"),
    "float16": np.arange(N, dtype=np.float16),
    "record": np.zeros(N, dtype=[("a", float)]),
    "metres": np.ones(N) * u.m,
    "categorical": pd.Series(["a"] * N, dtype="category"),
    "nullable": pd.Series([1.0, None] * (N // 2), dtype="Float64"),
    "nullable text": pd.Series(["1.0", None] * (N // 2), dtype="string"),
    "zones": pd.Series(pd.date_range("2020", periods=N, tz="UTC")),
    "None": None,
}


def table(**columns):
    t = {
        "ID": np.arange(N),
        "RA": 150 + np.arange(N) / 100,
        "DEC": np.full(N, 2.0),
        "sigma": np.ones(N),
        "mag": np.linspace(15, 25, N),
    }
    return {**t, **columns}


def catalog(name="O", rows=None, **options):
    return bm.Catalog(
        table() if rows is None else rows, **{"name": name, "pos_err": 1.0, "area": 1.0, **options}
    )


X, OTHER = catalog("X"), catalog("O")


def matched(*others, primary=X, **options):
    """A match of what is given; its probabilities must be some."""
    others = others or (OTHER,)
    result = bm.match(primary, *others, **{"radius": 20.0, "host_fraction": 0.5, **options})
    for column in ("p_i", "p_match", "p_single", "dist_post"):
        assert np.isfinite(np.asarray(result.associations[column])).all(), column
    total = np.asarray(result.associations["p_match"]).sum()
    assert total == pytest.approx(len(result.sources), rel=1e-12)
    return result


def hashable(value):
    try:
        hash(value)
    except TypeError:
        return False
    return True


def prior(value):
    """A prior whose function returns `value`."""
    return matched(priors={"O": [bm.FunctionPrior("f", lambda t: value)]})


def combination(function=lambda members: [0.0] * len(next(iter(members.values()))), columns=None):
    """A prior on combinations in a match."""
    return matched(priors={None: [bm.CombinationPrior("f", function, columns)]})


RESULT = None


def result():
    """One good result, made when first asked for."""
    global RESULT
    if RESULT is None:
        RESULT = matched()
    return RESULT


def assessment():
    ids = np.arange(N).astype(str)
    return bm.assess(result(), {"ID": ids, "counterpart": ids})


def errors(**parts):
    ellipse = {"major": 2.0, "minor": 1.0, "pa": 0.0, **parts}
    return matched(primary=catalog("X", pos_err=bm.ErrorEllipse(**ellipse)))


HISTOGRAM = ([1.0], [2.0], [1.0], [1.0])
CALLS = {
    **{
        f"match {name}": lambda v, name=name: matched(**{name: v})
        for name in (
            "radius prior_completeness priors host_fraction host_covariates correct_unrelated "
            "secondary_ratio min_p_i prune progress max_rows"
        ).split()
    },
    "match completeness of two": lambda v: matched(prior_completeness=[v]),
    "match covariates": lambda v: matched(host_covariates=[v]),
    "match prior": lambda v: matched(priors={"O": [v]}),
    "match priors of": lambda v: matched(priors={v: []} if hashable(v) else v),
    "match primary": lambda v: matched(primary=v),
    "match other": lambda v: matched(v),
    **{
        f"Catalog {name}": lambda v, name=name: matched(catalog("O", **{name: v}))
        for name in "name pos_err area ra dec id".split()
    },
    "Catalog rows": lambda v: catalog("O", rows=v),
    "Catalog pair": lambda v: matched(catalog("O", pos_err=(v, 1.0))),
    "ErrorEllipse major": lambda v: errors(major=v),
    "ErrorEllipse minor": lambda v: errors(minor=v),
    "ErrorEllipse pa": lambda v: errors(pa=v),
    "estimate_area": lambda v: OTHER.estimate_area(v),
    "coverage": lambda v: OTHER.coverage(v),
    "Catalog.read": lambda v: bm.Catalog.read(v, pos_err=1.0),
    "Catalog.scan": lambda v: bm.Catalog.scan(v, pos_err=1.0),
    "read_prior": lambda v: bm.read_prior(v),
    "HistogramPrior.read": lambda v: bm.HistogramPrior.read(v, column="m"),
    "HistogramPrior.load": lambda v: bm.HistogramPrior.load(v),
    "LightGBMPrior.load": lambda v: bm.LightGBMPrior.load(v),
    "MatchResult.read": lambda v: bm.MatchResult.read(v),
    **{
        f"HistogramPrior {k}": lambda v, k=k: bm.HistogramPrior(
            "mag", *HISTOGRAM[:k], v, *HISTOGRAM[k + 1 :]
        )
        for k in range(4)
    },
    "HistogramPrior in a list": lambda v: bm.HistogramPrior("mag", [1], [2], [v], [1]),
    "HistogramPrior column": lambda v: matched(
        priors={"O": [bm.HistogramPrior(v, *HISTOGRAM, name="h")]}
    ),
    "HistogramPrior.fit selected": lambda v: bm.HistogramPrior.fit("mag", v, [1.0, 2.0]),
    "HistogramPrior.fit others": lambda v: bm.HistogramPrior.fit("mag", [1.0, 2.0], v),
    **{
        f"HistogramPrior.fit {name}": lambda v, name=name: bm.HistogramPrior.fit(
            "mag", [1.0, 2.0], [1.0, 2.0, 3.0], **{name: v}
        )
        for name in "weights bins smooth".split()
    },
    **{
        f"AutoPrior {name}": lambda v, name=name: bm.AutoPrior("mag", **{"radius": 1.0, name: v})
        for name in "radius exclude_radius min_post".split()
    },
    "AutoPrior column": lambda v: matched(priors={"O": [bm.AutoPrior(v, name="a")]}),
    "FunctionPrior name": lambda v: bm.FunctionPrior(v, len),
    "FunctionPrior function": lambda v: bm.FunctionPrior("f", v),
    "FunctionPrior returns": prior,
    "ColumnPrior column": lambda v: matched(priors={"O": [bm.ColumnPrior(v, name="c")]}),
    "ColumnPrior name": lambda v: bm.ColumnPrior("mag", name=v),
    "CombinationPrior name": lambda v: bm.CombinationPrior(v, len),
    "CombinationPrior function": lambda v: bm.CombinationPrior("f", v),
    "CombinationPrior columns": lambda v: combination(columns=v),
    "CombinationPrior columns of one": lambda v: combination(columns={"O": v}),
    "CombinationPrior returns": lambda v: combination(lambda members: v),
    "priors of None": lambda v: matched(priors={None: v}),
    "sigma_from_radius r": lambda v: bm.sigma_from_radius(v, 0.9),
    "sigma_from_radius containment": lambda v: bm.sigma_from_radius(1.0, v),
    **{
        f"calibrate {name}": lambda v, name=name: bm.calibrate(
            X, OTHER, **{"radius": 3.0, "n_realizations": 1, name: v}
        )
        for name in "radius method n_realizations seed score cutoffs host_fraction".split()
    },
    "assess result": lambda v: bm.assess(v, {"ID": ["0"], "counterpart": ["0"]}),
    "assess truth": lambda v: bm.assess(result(), v),
    **{
        f"assess {name}": lambda v, name=name: bm.assess(
            result(), {"ID": ["0"], "counterpart": ["0"]}, **{name: v}
        )
        for name in "score cutoffs catalogue".split()
    },
    "confusion": lambda v: assessment().confusion(v),
    "completeness_at_purity": lambda v: assessment().completeness_at_purity(v),
    "by values": lambda v: assessment().by(v),
    "by bins": lambda v: assessment().by(np.arange(N), v),
    "by cutoff": lambda v: assessment().by(np.arange(N), cutoff=v),
    "compare": lambda v: assessment().compare(v, n_resamples=5),
    **{
        f"compare {name}": lambda v, name=name: assessment().compare(
            assessment(), **{"n_resamples": 5, name: v}
        )
        for name in "cutoff n_resamples level seed".split()
    },
    "best": lambda v: result().best(v),
    **{
        f"likelihood_ratio {name}": lambda v, name=name: result().likelihood_ratio(**{name: v})
        for name in "catalogue host_fraction".split()
    },
    "catalogue likelihood_ratio": lambda v: result().catalogue(likelihood_ratio=v),
    **{
        f"result coverage {name}": lambda v, name=name: result().coverage(**{name: v})
        for name in "catalogue order catalogues".split()
    },
    "explain result": lambda v: bm.explain(v, 0),
    "explain": lambda v: bm.explain(result(), v),
    "fit_position_errors radius": lambda v: bm.fit_position_errors(X, OTHER, radius=v),
    "fit_position_errors priors": lambda v: bm.fit_position_errors(X, OTHER, radius=3.0, priors=v),
    "fit_position_errors other": lambda v: bm.fit_position_errors(X, v, radius=3.0),
    **{
        f"mock.survey {name}": lambda v, name=name: bm.mock.survey(
            **{"n_primary": 3, "area": 0.01, name: v}
        )
        for name in "n_primary area seed sigma_scale density center fluxes".split()
    },
    "mock.sky flux_faint": lambda v: bm.mock.sky(n_primary=3, area=0.01, flux_faint=v),
    "mock.precise sky": lambda v: bm.mock.precise(v),
    "mock.precise seed": lambda v: bm.mock.precise(bm.mock.sky(n_primary=3, area=0.01), seed=v),
    "false_radius": lambda v: bm.truth.false_radius(v),
    "false_radius probability": lambda v: bm.truth.false_radius(1e4, v),
    **{
        f"robust_counterparts {name}": lambda v, name=name: bm.truth.robust_counterparts(
            X, catalog("C", pos_err=0.3), OTHER, **{"quiet": True, name: v}
        )
        for name in (
            "match_radius max_sigma secure flux precise_flux flux_ratio r98 r98_factor "
            "hostless_factors probability annulus min_annulus exclude"
        ).split()
    },
    "hostless precise": lambda v: bm.truth.hostless(X, v, OTHER, quiet=True),
    **{
        f"training_sample {name}": lambda v, name=name: bm.truth.training_sample(
            catalog("C", pos_err=0.3), OTHER, **{name: v}
        )
        for name in (
            "r98 flux flux_min exclude probability annulus max_separation duplicate_radius"
        ).split()
    },
    "Features": lambda v: bm.photometry.Features(v),
    "Features colors": lambda v: bm.photometry.Features(["g", "r"], colors=v),
    "Features mag": lambda v: bm.photometry.Features(["g", "r"], mag=v),
    "legacy_survey": lambda v: bm.photometry.legacy_survey(v),
    "legacy_survey snr_min": lambda v: bm.photometry.legacy_survey(table(), snr_min=v),
    "measured": lambda v: bm.photometry.measured(v),
    **{
        f"LightGBMPrior.fit {name}": lambda v, name=name: bm.LightGBMPrior.fit(
            **{
                "table": table(),
                "is_counterpart": np.arange(N) < 4,
                "features": ["mag"],
                name: v,
            }
        )
        for name in (
            "table is_counterpart features context sample_weight name seed n_threads groups"
        ).split()
    },
}
BY_COLUMN = {
    **{
        f"column {column}": lambda v, column=column: matched(catalog("O", table(**{column: v})))
        for column in ("ID", "RA", "DEC", "mag")
    },
    "identifiers of the primary": lambda v: matched(primary=catalog("X", table(ID=v))),
    "column of errors": lambda v: matched(catalog("O", table(sigma=v), pos_err="sigma")),
    "errors per row": lambda v: matched(catalog("O", pos_err=v)),
    "angles per row": lambda v: errors(pa=v),
    "covariate": lambda v: matched(primary=catalog("X", table(f=v)), host_covariates=["f"]),
    "column of a prior": lambda v: matched(
        catalog("O", table(mag=v)), priors={"O": [bm.HistogramPrior("mag", *HISTOGRAM)]}
    ),
    "a prior's values": prior,
    "selected": lambda v: bm.HistogramPrior.fit("mag", v, [1.0, 2.0]),
    "others": lambda v: bm.HistogramPrior.fit("mag", [1.0, 2.0], v),
    "weights": lambda v: bm.HistogramPrior.fit("mag", np.arange(N), np.arange(N), weights=v),
    "truth": lambda v: bm.assess(result(), {"ID": np.arange(N).astype(str), "counterpart": v}),
    "truth identifiers": lambda v: bm.assess(result(), {"ID": v, "counterpart": v}),
    "by": lambda v: assessment().by(v),
    "feature": lambda v: bm.LightGBMPrior.fit(table(mag=v), np.arange(N) < 4, features=["mag"]),
    "labels": lambda v: bm.LightGBMPrior.fit(table(), v, features=["mag"]),
    "secure": lambda v: bm.truth.robust_counterparts(
        X, catalog("C", pos_err=0.3), OTHER, secure=v, quiet=True
    ),
    "r98": lambda v: bm.truth.robust_counterparts(
        X, catalog("C", pos_err=0.3), OTHER, r98=v, quiet=True
    ),
    "magnitudes": lambda v: bm.photometry.measured(v),
}
PATHS = (
    "Catalog.read",
    "Catalog.scan",
    "read_prior",
    "HistogramPrior.read",
    "HistogramPrior.load",
    "LightGBMPrior.load",
    "MatchResult.read",
    "explain result",
    "assess truth",
    "LightGBMPrior.fit table",
)
PAIRS = [
    *(
        (call, value)
        for call, value in itertools.product(CALLS.items(), SCALARS.items())
        if not (value[0] == "lines" and call[0] in PATHS)  # a path is named as it is
    ),
    *itertools.product(BY_COLUMN.items(), COLUMNS.items()),
]


#: what the interpreter and the libraries beneath say
UNCLEAR = re.compile(
    r"ambiguous|truth value|not supported between|could not convert|has no attribute|object is not"
    r"|unhashable|not iterable|object of type|a bug|must be real number|must be str|required arg"
    r"|concatenate|broadcast|Cannot |cannot be interpreted|invalid value|unsupported|inhomogeneous"
)


def faults(pairs):
    """What came out of the calls that should not have."""
    found = []
    for (what, call), (label, value) in pairs:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                call(value)
        except (ValueError, TypeError, OSError) as error:
            text = str(error)
            if (
                "\n" in text
                or not text.strip()
                or len(text) > 500
                or UNCLEAR.search(
                    text.partition("(")[0]  # what a user's function raised is quoted in brackets
                )
            ):
                found.append(f"{what} = {label}: {type(error).__name__} says {text[:200]!r}")
        except Exception as error:
            found.append(f"{what} = {label}: {type(error).__name__}: {str(error)[:200]}")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))
def test_every_fifth(part, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert faults(PAIRS[part * 2 :: 10]) == []


@pytest.mark.few(0, slow=3)
@pytest.mark.parametrize("part", range(8))
def test_all(part, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert faults(PAIRS[part::8]) == []
