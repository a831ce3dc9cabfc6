"""Files and their damage: catalogues, results and priors in every format."""

from __future__ import annotations

import shutil
from functools import lru_cache
from pathlib import Path

import numpy as np
from astropy.table import Table
from hypothesis import strategies as st

import bayesmatch as bm
from bayesmatch.testing import check_invariants
from bayesmatch.testing.priors import lightgbm_prior

from .common import FORMATS, contents, damaged, folder, outcome, same_tables


def table(seed: int = 3, n: int = 20) -> Table:
    """Some sources with every kind of column."""
    rng = np.random.default_rng(seed)
    made = Table(
        {
            "ID": [f"s{k}" for k in range(n)],
            "RA": (10 + rng.normal(0, 0.002, n)) % 360,
            "DEC": rng.normal(0, 0.002, n),
            "SIGMA": rng.uniform(0.3, 2.0, n),
            "MAG": np.ma.masked_greater(rng.uniform(15, 25, n), 23.0),
            "N": rng.integers(0, 9, n),
        }
    )
    made.meta.update(EXTNAME="CAT", SKYAREA=0.5)
    return made


@lru_cache(maxsize=1)
def small_match() -> bm.MatchResult:
    """A result to write."""
    primary = bm.Catalog(table(1, 8), name="X", pos_err="SIGMA")
    return bm.match(primary, bm.Catalog(table(2), name="O", pos_err=0.5), radius=8.0,
                    host_fraction=0.7)  # fmt: skip


@lru_cache(maxsize=16)
def written(what: str, extension: str) -> Path:
    """A folder with a good file ``file.<extension>``, and whatever belongs to it."""
    place = folder()
    path = place / f"file.{extension}"
    if what == "catalogue":
        table().write(path, format={"vot": "votable", "csv": "ascii.csv"}.get(extension))
    elif what == "result":
        small_match().write(path)
    elif what == "model":
        lightgbm_prior("MAG").save(path)
    else:
        prior = bm.HistogramPrior("MAG", [15, 18, 21], [18, 21, 24], [0.1, 0.2, 0.0], [0.1, 0, 1])
        (prior.save if extension == "json" else prior.write)(path)
    return place


def broken(data: st.DataObject, what: str, extension: str) -> Path:
    """A copy of that folder with one of its files damaged; the path of the main file."""
    place = folder()
    shutil.copytree(written(what, extension), place, dirs_exist_ok=True)
    victim = data.draw(st.sampled_from(sorted(p.name for p in place.iterdir())))
    path = place / victim
    path.write_bytes(data.draw(damaged(path.read_bytes())))
    return place / f"file.{extension}"


def check_catalogue_file(data: st.DataObject) -> None:
    """Catalogue files with damaged bytes: refused in one line, or read; never written to."""
    extension = data.draw(st.sampled_from(FORMATS))
    path = broken(data, "catalogue", extension)
    before = contents(path.parent)
    catalog = outcome(lambda: bm.Catalog.read(path, name="C", pos_err=1.0, area=1.0))
    assert contents(path.parent) == before, "a file that was read has changed"
    if catalog is not None:
        assert np.isfinite(catalog.ra).all() and (np.abs(catalog.dec) <= 90).all()
        assert ((catalog.ra >= 0) & (catalog.ra < 360)).all()
    shutil.rmtree(path.parent)


def check_result_file(data: st.DataObject) -> None:
    """Result files with damaged bytes: refused in one line, or a result that can be right."""
    extension = data.draw(st.sampled_from(FORMATS))
    path = broken(data, "result", extension)
    before = contents(path.parent)
    result = outcome(lambda: bm.MatchResult.read(path))
    assert contents(path.parent) == before, "a file that was read has changed"
    if result is not None:
        good = bm.MatchResult.read(written("result", extension) / path.name)
        if not same_tables(result, good):
            check_invariants(result)
        assert outcome(result.summary) is not None, "what was read cannot be summed up"
    shutil.rmtree(path.parent)


def check_prior_file(data: st.DataObject) -> None:
    """Saved histograms with damaged bytes: refused in one line, or ratios that are numbers."""
    extension = data.draw(st.sampled_from(["json", "txt"]))
    path = broken(data, "prior", extension)
    read = bm.read_prior if extension == "json" else _read_histogram
    prior = outcome(lambda: read(path))
    if prior is not None:
        catalog = bm.Catalog(table(), name="C", pos_err=1.0)
        ratio = outcome(lambda: prior.log10_ratio(catalog))
        assert ratio is None or not np.isnan(ratio).any(), "a ratio is NaN"
    shutil.rmtree(path.parent)


def _read_histogram(path: Path) -> bm.HistogramPrior:
    return bm.HistogramPrior.read(path, column="MAG")


def check_model_file(data: st.DataObject) -> None:
    """Saved LightGBM priors with damaged bytes: refused in one line, or the same ratios."""
    path = broken(data, "model", "json")
    prior = outcome(lambda: bm.read_prior(path))
    if prior is not None:
        catalog = bm.Catalog(table(), name="C", pos_err=1.0)
        ratio = outcome(lambda: prior.log10_ratio(catalog))
        if ratio is not None:
            good = lightgbm_prior("MAG").log10_ratio(catalog)
            assert np.array_equal(ratio, good), "other ratios than before the damage"
    shutil.rmtree(path.parent)
