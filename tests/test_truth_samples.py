"""Robust counterparts and hostless sources: skies by hand, the definitions one by one, a mock."""

import json

import astropy.units as u
import numpy as np
import pandas as pd
import pytest
from astropy.table import MaskedColumn, QTable, Table, vstack
from small_skies import DEC, FIELD, RA, catalog

import bayesmatch as bm
from bayesmatch import mock, truth


def primary(places=((0, 0),), **columns):
    return catalog(places, "P", pos_err=3.0, **columns)


def both(primary, precise, survey, **options):
    """Both samples as {primary id: counterpart id}."""
    found = {}
    for sample in (truth.robust_counterparts, truth.hostless):
        table = sample(primary, precise, survey, quiet=True, **options)
        assert not set(table[primary.id_name]) & set(found)
        found.update(table.iterrows())
    return found


def verdict(objects, *, xray=((2, 1),), r98=1.0, primaries=((0, 0),), **options):
    """What is said of the first primary by one precise catalogue with one source at (2, 1)."""
    precise = catalog(xray, "X", **options.pop("precise_columns", {}))
    primaries = primary(primaries, **options.pop("primary_columns", {}))
    return both(primaries, precise, catalog(objects, "O"), r98=r98, **options).get("P0")


def around(*places):
    """Objects at distances east of the precise position (2, 1), and the field."""
    return [*((2 + e, 1 + n) for e, n in places), *((2 + e, 1 + n) for e, n in FIELD)]


# -- the tables ----------------------------------------------------------------------------------


def test_smallest_sky():
    primaries = catalog([(0, 0), (500, 0), (900, 0)], "P", 3.0)
    precise = catalog([(2, 1), (500, 3)], "X")
    survey = catalog([*around((0.3, 0)), *((500 + e, n) for e, n in FIELD)], "O", area=0.01)
    robust = truth.robust_counterparts(primaries, precise, survey, quiet=True)
    hostless = truth.hostless(primaries, precise, survey, quiet=True)
    assert robust.colnames == hostless.colnames == ["ID", "counterpart"]
    assert list(robust.iterrows()) == [("P0", "O0")]
    assert list(hostless.iterrows()) == [("P1", "hostless")]
    counts = {
        "X": {
            "primaries": 3,
            "with_precise_source": 2,
            "with_only_one": 2,
            "of_no_other_primary": 2,
            "outside_excluded": 2,
            "one_object_within_r98_limit": 1,
            "robust": 1,
            "no_object_near": 1,
            "hostless": 1,
        },
        "all catalogues": {
            "with_a_verdict": 2,
            "conflicting": 0,
            "counterpart_claimed_twice": 0,
            "robust": 1,
            "hostless": 1,
        },
    }
    assert json.loads(json.dumps(robust.meta["counts"])) == counts
    assert robust.meta["counts"] == hostless.meta["counts"]
    together = vstack([robust, hostless], metadata_conflicts="silent")
    assert list(together["counterpart"]) == ["O0", "hostless"]


def test_counts_are_printed(capsys):
    options = primary(), catalog([(2, 1)], "X"), catalog(around((0.3, 0)), "O")
    truth.robust_counterparts(*options)
    text = capsys.readouterr().out
    assert text.startswith("robust counterparts of P\n  X\n    primaries    ")
    assert "of no other primary" in text and "all catalogues" in text
    truth.hostless(*options)
    assert capsys.readouterr().out.startswith("hostless sources of P\n")
    truth.hostless(*options, quiet=True)
    assert capsys.readouterr().out == ""


def test_details():
    precise = [
        catalog([(2, 1)], "XMM", pos_err=1.2, fx=[4e-14]),
        catalog([(2.3, 1)], "CHANDRA", pos_err=0.4, fx=[3e-14]),
    ]
    sample = truth.robust_counterparts(
        primary(fx=[2e-14]),
        precise,
        catalog(around((0.3, 0)), "O"),
        quiet=True,
        details=True,
        flux="fx",
        precise_flux="fx",
    )
    assert sample.colnames == [
        "ID",
        "counterpart",
        "precise",
        "precise_ID",
        "flux_ratio",
        "separation",
        "r98",
        "false_radius",
        "n_precise",
    ]
    row = sample[0]
    assert (row["precise"], row["precise_ID"], row["n_precise"]) == ("CHANDRA", "CHANDRA0", 2)
    assert row["flux_ratio"] == pytest.approx(1.5)
    assert row["separation"] == pytest.approx(0.0, abs=1e-6)
    assert row["r98"] == pytest.approx(2.797 * 0.4)
    assert row["false_radius"] == pytest.approx(
        truth.false_radius(2 / (np.pi * 800 / 3600**2)), rel=1e-12
    )
    assert sample["separation"].unit == u.arcsec


def test_empty_samples():
    options = primary(), catalog([(200, 0)], "X"), catalog(around((0.3, 0)), "O")
    for details in (False, True):
        samples = [
            f(*options, quiet=True, details=details)
            for f in (truth.robust_counterparts, truth.hostless)
        ]
        assert [len(s) for s in samples] == [0, 0]
        full = truth.robust_counterparts(
            options[0], catalog([(2, 1)], "X"), options[2], quiet=True, details=details
        )
        together = vstack([*samples, full], metadata_conflicts="silent")
        assert together.colnames == full.colnames
        assert list(together["counterpart"]) == ["O0"]


# -- X-ray sources, one cut at a time ------------------------------------------------------------

HIT = around((0.3, 0))
MISS = around()


def test_only_one_precise_source_within_the_radius():
    for objects, answer in ((HIT, "O0"), (MISS, "hostless")):
        assert verdict(objects) == answer
        assert verdict(objects, xray=[(2, 1), (29.9, 0)]) is None
        assert verdict(objects, xray=[(2, 1), (30.1, 0)]) == answer
        assert verdict(objects, xray=[(2, 1), (29.9, 0)], match_radius=25.0) == answer
    assert verdict(HIT, match_radius=2.2) is None


def test_that_has_no_other_primary():
    for objects, answer in ((HIT, "O0"), (MISS, "hostless")):
        assert verdict(objects, primaries=[(0, 0), (31, 1)]) is None  # 29" from the source
        assert verdict(objects, primaries=[(0, 0), (33, 1)]) == answer


@pytest.mark.parametrize(
    "column",
    [
        [True, False],
        [1, 0],
        np.array([1, 0], np.uint8),
        MaskedColumn([True, True], mask=[False, True]),
    ],
)
def test_secure_flag(column):
    options = {"primary_columns": {}, "precise_columns": {"ok": column}, "secure": "ok"}
    assert verdict(HIT, xray=[(2, 1), (700, 0)], **options) == "O0"
    assert (
        verdict(HIT, xray=[(700, 0), (2, 1)], precise_columns={"ok": column}, secure="ok") is None
    )
    assert verdict(HIT, xray=[(700, 0), (2, 1)], precise_columns={"ok": column}) == "O0"
    # a source that is not secure is one all the same
    assert verdict(HIT, xray=[(2, 1), (20, 0)], precise_columns={"ok": column}, secure="ok") is None


def test_flux_ratio():
    def with_fluxes(of_primary, of_precise, **options):
        return verdict(
            HIT,
            primary_columns={"f": [of_primary]},
            precise_columns={"g": [of_precise]},
            flux="f",
            precise_flux="g",
            **options,
        )

    for ratio, answer in ((0.19, None), (0.21, "O0"), (1.0, "O0"), (4.9, "O0"), (5.1, None)):
        assert with_fluxes(2e-14, ratio * 2e-14) == answer
    assert with_fluxes(1.0, 6.0, flux_ratio=(0.1, 10)) == "O0"
    assert with_fluxes(1.0, 6.0, flux_ratio=(0, np.inf)) == "O0"
    assert with_fluxes(1.0, 1.0, flux_ratio=(1, 1)) == "O0"
    for bad in (np.nan, 0.0, -99.0, -1e-15, np.inf):
        for pair in ((bad, 1e-14), (1e-14, bad)):
            assert with_fluxes(*pair, flux_ratio=(0, np.inf)) is None
    masked = MaskedColumn([1e-14], mask=[True])
    assert (
        verdict(
            HIT,
            primary_columns={"f": [1e-14]},
            precise_columns={"g": masked},
            flux="f",
            precise_flux="g",
        )
        is None
    )


def test_flux_units():
    in_cgs = MaskedColumn([1e-14], unit="erg / (s cm2)")
    in_si = MaskedColumn([1e-17], unit="W / m2")
    for first, second in ((in_cgs, in_si), (in_si, in_cgs)):
        assert (
            verdict(
                HIT,
                primary_columns={"f": first},
                precise_columns={"g": second},
                flux="f",
                precise_flux="g",
                flux_ratio=(0.99, 1.01),
            )
            == "O0"
        )
    with pytest.raises(ValueError, match="'X': column 'g' has unit ct.*not convertible"):
        verdict(
            HIT,
            primary_columns={"f": in_cgs},
            precise_columns={"g": MaskedColumn([1.0], unit="count")},
            flux="f",
            precise_flux="g",
        )


def test_max_sigma():
    # 2.24" apart, errors 3 and 0.5: 0.735 sigma
    assert verdict(HIT, max_sigma=0.74) == "O0"
    assert verdict(HIT, max_sigma=0.73) is None
    # cut last: the other one still is a rival
    assert verdict(HIT, xray=[(2, 1), (29, 0)], max_sigma=2.0) is None


def test_excluded_regions():
    centre = float(primary().ra[0]), float(primary().dec[0])
    assert verdict(HIT, exclude=[(*centre, 3.0)]) is None
    assert verdict(HIT, exclude=[(*centre, 2.0)]) == "O0"


# -- objects of the survey -----------------------------------------------------------------------


def test_exactly_one_object_within_the_limit():
    assert verdict(around((1.09, 0))) == "O0"
    assert verdict(around((1.11, 0))) is None
    assert verdict(around((1.11, 0)), r98_factor=1.2) == "O0"
    assert verdict(around((0.3, 0), (-1.09, 0))) is None
    assert verdict(around((0.3, 0), (-1.11, 0))) == "O0"  # though inside the false radius
    assert verdict(around((0.3, 0), (-1.11, 0)), r98_factor=1.2) is None


def test_inside_the_false_radius():
    radius = truth.false_radius(2 / (np.pi * 800 / 3600**2))
    assert radius == pytest.approx(3.49, abs=0.01)
    assert verdict(around((radius - 0.01, 0)), r98=4.0) == "O0"
    assert verdict(around((radius + 0.01, 0)), r98=4.0) is None
    assert verdict(around((radius - 0.01, 0)), r98=4.0, probability=0.02) is None
    assert verdict(around((radius - 0.01, 0)), r98=4.0, annulus=(10, 20)) is None  # denser there


def test_mean_density_where_the_annulus_is_empty():
    # five objects in 0.01 deg^2
    radius = truth.false_radius(5 / 0.01)
    assert radius > 15
    objects = [(2 + 14.0, 1), *((2 + e, 1) for e in (200, 300, 400, 500))]
    assert verdict(objects, r98=14.0, annulus=(20, 30)) == "O0"
    # which says nothing of hostless sources
    assert verdict(objects[1:], annulus=(20, 30)) is None
    assert verdict(objects[1:], annulus=(20, 30), min_annulus=0) == "hostless"


def test_hostless_beyond_both_limits():
    radius = truth.false_radius(2 / (np.pi * 800 / 3600**2))
    assert verdict(around((2 * radius - 0.01, 0))) is None
    assert verdict(around((2 * radius + 0.01, 0))) == "hostless"
    assert verdict(around((2 * radius - 0.01, 0)), hostless_factors=(2, 1.9)) == "hostless"
    assert verdict(around((7.9, 0)), r98=4.0) is None
    assert verdict(around((8.1, 0)), r98=4.0) == "hostless"
    assert verdict(around((7.9, 0)), r98=4.0, hostless_factors=(1.9, 2)) == "hostless"
    # an r98 beyond the annulus is searched too
    assert (
        verdict(around((50, 0), (0, 12), (0, -12), (12, 0)), r98=30.0, hostless_factors=(1.1, 0))
        is None
    )


def test_a_hole_in_the_survey_is_not_hostless():
    """Nothing near, and nothing farther out either."""
    elsewhere = [(400 + 10 * k, 300) for k in range(25)]
    assert verdict([*MISS, *elsewhere]) == "hostless"
    assert verdict(elsewhere) is None
    assert verdict(MISS[:1] + elsewhere) == "hostless"
    assert verdict(MISS[:1] + elsewhere, min_annulus=2) is None
    assert verdict(elsewhere, min_annulus=0) == "hostless"
    # A quarter of what the mean density predicts is wanted: above, 0.13 and so one object; here,
    # at 250,000 per deg^2, 12 objects.
    dense = [(e, n) for e in range(400, 600, 4) for n in range(300, 500, 4)]
    assert verdict(MISS + dense) is None
    assert verdict(MISS + dense, min_annulus=2) == "hostless"


def test_r98():
    far = around((1.3, 0))
    assert verdict(far, r98=None) == "O0"  # 1.1 * 2.797 * 0.5 = 1.54
    assert verdict(far, r98=None, precise_columns={"pos_err": 0.4}) is None  # 1.23
    assert verdict(far, r98="r", precise_columns={"r": MaskedColumn([0.02], unit="arcmin")}) == "O0"
    assert verdict(far, r98=[1.1]) is None
    assert verdict(far, r98=1.2 * u.arcsec) == "O0"


# -- several precise catalogues ------------------------------------------------------------------


def two(first, second, objects, **options):
    return both(
        primary(),
        [catalog(first, "CHANDRA"), catalog(second, "XMM")],
        catalog(objects, "O"),
        r98=options.pop("r98", 1.0),
        **options,
    )


def test_catalogues_together():
    assert two([(2, 1)], [(2.3, 1)], HIT) == {"P0": "O0"}  # both
    assert two([(2, 1)], [(700, 0)], HIT) == {"P0": "O0"}  # one of them
    assert two([(700, 1)], [(2, 1)], HIT) == {"P0": "O0"}
    assert two([(2, 1)], [(2, 1), (20, 0)], HIT) == {"P0": "O0"}  # the other says nothing
    assert two([(2, 1)], [(2, 1.1)], MISS) == {"P0": "hostless"}


def test_conflicts_are_dropped():
    objects = around((0, 0), (8, 0))
    assert two([(2, 1)], [(10, 1)], objects) == {}  # another counterpart
    assert two([(2, 1)], [(2, -9)], objects, hostless_factors=(2, 1)) == {}  # none
    assert two([(2, 1)], [(700, 0)], objects) == {"P0": "O0"}
    sample = truth.hostless(
        primary(),
        [catalog([(2, 1)], "A"), catalog([(10, 1)], "B")],
        catalog(objects, "O"),
        r98=1.0,
        quiet=True,
    )
    counts = sample.meta["counts"]
    assert list(counts) == ["A", "B", "all catalogues"]
    assert counts["A"]["robust"] == counts["B"]["robust"] == 1
    assert counts["all catalogues"] == {
        "with_a_verdict": 1,
        "conflicting": 1,
        "counterpart_claimed_twice": 0,
        "robust": 0,
        "hostless": 0,
    }


def test_a_counterpart_of_two_primaries():
    """Their precise sources are of two catalogues, each the only one of its primary."""
    primaries = primary([(-25, 0), (25, 0)])
    precise = [catalog([(-0.3, 0)], "A"), catalog([(0.3, 0)], "B")]
    survey = catalog([(0, 0), *FIELD], "O")
    assert both(primaries, precise, survey, r98=1.0) == {}  # each is near both primaries
    apart = primary([(-40, 0), (40, 0)])
    precise = [catalog([(-12, 0)], "A"), catalog([(12, 0)], "B")]
    survey = catalog([(0, 0), (0, 25), (0, -25)], "O")
    options = {"r98": 13.0, "probability": 0.5}
    for n in range(2):
        alone = both(apart, precise[n], survey, **options)
        assert alone == {f"P{n}": "O0"}
    assert both(apart, precise, survey, **options) == {}
    sample = truth.robust_counterparts(apart, precise, survey, quiet=True, **options)
    assert sample.meta["counts"]["all catalogues"]["counterpart_claimed_twice"] == 2


def test_options_per_catalogue():
    precise = [catalog([(2, 1)], "A", ok=[False], f=[1.0]), catalog([(2, 1)], "B", good=[1], g=[9])]
    survey, p = catalog(around((1.3, 0)), "O"), primary(f=[1.0])

    def kept(**options):
        sample = truth.robust_counterparts(p, precise, survey, quiet=True, details=True, **options)
        return sample["precise"].tolist()

    assert kept(r98={"A": 2.0, "B": 1.0}) == ["A"]
    assert kept(r98={"B": 1.2}) == ["B"]  # A's r98 is 1.40; the smaller one is shown
    assert kept(secure={"A": "ok"}) == ["B"]
    assert kept(secure={"A": "ok", "B": "good"}) == ["B"]
    assert kept(flux="f", precise_flux={"A": "f", "B": "g"}) == ["A"]
    assert kept(flux="f", precise_flux={"B": "g"}) == ["A"]
    assert kept(flux="f", precise_flux={"A": "f", "B": "g"}, secure={"A": "ok"}) == []


# -- inputs --------------------------------------------------------------------------------------


def test_identifiers():
    """Text is stripped, integers stay integers; rows serve where there are none."""

    def ids(primary_ids, survey_ids, **names):
        p, o = primary(), catalog(HIT, "O")
        tables = []
        for c, values in ((p, primary_ids), (o, survey_ids)):
            table = c.table.copy()
            table.remove_column("ID")
            if values is not None:
                table["ID"] = values
            tables.append(bm.Catalog(table, name=c.name, pos_err=1.0, area=0.01))
        return truth.robust_counterparts(tables[0], catalog([(2, 1)], "X"), tables[1], quiet=True)

    found = ids([" a "], ["b ", "c", "d"])
    assert list(found.iterrows()) == [("a", "b")]
    found = ids([12], [2**60 + 1, 4, 5])
    assert found["ID"].dtype.kind == "i" and list(found.iterrows()) == [(12, str(2**60 + 1))]
    assert list(ids(np.array([b"x"]), np.array([b"y ", b"z", b"zz"])).iterrows()) == [("x", "y")]
    assert list(ids(None, None).iterrows()) == [(0, "0")]


def test_identifiers_that_are_not_unique():
    def with_ids(ids):
        table = catalog(HIT, "O").table
        return bm.Catalog(
            {"ID": ids, "RA": table["RA"], "DEC": table["DEC"]}, name="O", pos_err=0.1, area=0.01
        )

    precise = catalog([(2, 1)], "X")
    with pytest.raises(ValueError, match="'O': column 'ID' has 7 in rows 0 and 2.*id="):
        truth.robust_counterparts(primary(), precise, with_ids([7, 8, 7]), quiet=True)
    survey = with_ids([7, 8, 8])  # of which neither is a counterpart
    assert len(truth.robust_counterparts(primary(), precise, survey, quiet=True)) == 1
    twice = bm.Catalog(
        Table({"ID": [1, 1], "RA": [1.0, 2], "DEC": [1.0, 2]}, copy=False),
        name="P",
        pos_err=1,
        area=1,
    )
    with pytest.raises(ValueError, match="'P': column 'ID' has 1 in row 1 and already"):
        truth.hostless(twice, precise, survey)


@pytest.mark.parametrize("kind", [QTable, Table.to_pandas, dict])
def test_kinds_of_tables(kind):
    catalogues = [primary(f=[1.0]), catalog([(2, 1)], "X", f=[2.0], ok=[True]), catalog(HIT, "O")]
    converted = [
        bm.Catalog(
            {n: np.asarray(t[n]) for n in t.colnames} if kind is dict else kind(t),
            name=c.name,
            pos_err=0.5,
            area=c.area,
        )
        for c, t in ((c, c.table) for c in catalogues)
    ]
    assert both(*converted, r98=1.0, flux="f", precise_flux="f", secure="ok") == {"P0": "O0"}


def test_nullable_pandas_columns():
    frame = pd.DataFrame(
        {
            "RA": [RA, RA + 1],
            "DEC": [DEC, DEC],
            "ID": ["a", "b"],
            "ok": pd.array([True, None], dtype="boolean"),
            "f": pd.array([1.0, None], dtype="Float64"),
        }
    )
    precise = bm.Catalog(frame, name="X", pos_err=0.5, area=1)
    found = both(
        primary(f=[1.0]),
        precise,
        catalog([(0, 0), *FIELD], "O"),
        secure="ok",
        flux="f",
        precise_flux="f",
    )
    assert found == {"P0": "O0"}


def random_sky(seed, n=150, side=0.25, density=30_000):
    """Primaries, two precise catalogues with gaps and strangers, a survey around them."""
    rng = np.random.default_rng(seed)
    half = side * 1800

    def place(n):
        return rng.uniform(-half, half, (n, 2))

    source = np.concatenate([place(n), place(n)])  # the second half is not in the primary
    host = rng.random(2 * n) < 0.8
    survey = catalog(
        np.concatenate([source[host], place(int(density * side**2))]), "O", area=side**2
    )
    flux = 10 ** rng.normal(0, 0.3, 2 * n)
    precise = []
    for name, sigma in (("A", 0.4), ("B", 1.0)):
        rows = np.flatnonzero(rng.random(2 * n) < 0.7)
        at = source[rows] + rng.normal(0, sigma, (len(rows), 2))
        precise.append(
            catalog(
                at,
                name,
                pos_err=sigma,
                area=side**2,
                f=flux[rows] * 10 ** rng.normal(0, 0.4, len(rows)),
                ok=rng.random(len(rows)) < 0.8,
            )
        )
    primaries = catalog(source[:n] + rng.normal(0, 3, (n, 2)), "P", 3.0, side**2, f=flux[:n])
    return primaries, precise, survey


def distances(ra, dec, others):
    a, b = np.radians([ra, dec]), np.radians([others.ra, others.dec])
    h = (
        np.sin((b[1] - a[1]) / 2) ** 2
        + np.cos(a[1]) * np.cos(b[1]) * np.sin((b[0] - a[0]) / 2) ** 2
    )
    return np.degrees(2 * np.arcsin(np.sqrt(h))) * 3600


def slow_verdicts(primaries, precise, survey):
    """The rules one source at a time, with the default cuts."""
    said = {}
    for x in precise:
        near = {k: distances(x.ra[k], x.dec[k], primaries) < 30 for k in range(len(x))}
        for p in range(len(primaries)):
            mine = [k for k in near if near[k][p]]
            if len(mine) != 1 or near[mine[0]].sum() != 1:
                continue
            k = mine[0]
            ratio = x.table["f"][k] / primaries.table["f"][p]
            if not x.table["ok"][k] or not 0.2 <= ratio <= 5:
                continue
            d = distances(x.ra[k], x.dec[k], survey)
            r98 = 2.797 * x.covariance()[k, 0] ** 0.5
            n = ((d >= 10) & (d < 30)).sum()
            density = n / (np.pi * 800 / 3600**2) if n else len(survey) / survey.area
            false = 3600 * np.sqrt(-np.log(0.97) / np.pi / density)
            if (d < 1.1 * r98).sum() == 1 and d.min() < false:
                said.setdefault(p, []).append(f"O{d.argmin()}")
            least = max(1, round(0.25 * len(survey) / survey.area * np.pi * 800 / 3600**2))
            if d.min() >= 2 * r98 and d.min() >= 2 * false and n >= least:
                said.setdefault(p, []).append("hostless")
    agreed = {f"P{p}": v[0] for p, v in said.items() if len(set(v)) == 1}
    return {
        p: v for p, v in agreed.items() if v == "hostless" or list(agreed.values()).count(v) == 1
    }


OPTIONS = {"flux": "f", "precise_flux": "f", "secure": "ok"}


@pytest.mark.parametrize("seed", range(4))
def test_against_the_definitions(seed):
    primaries, precise, survey = random_sky(seed)
    found = both(primaries, precise, survey, **OPTIONS)
    assert found == slow_verdicts(primaries, precise, survey)
    assert sum(v == "hostless" for v in found.values()) >= 2
    assert len(found) > 20


def test_order_of_rows_does_not_matter():
    primaries, precise, survey = random_sky(9)
    first = both(primaries, precise, survey, **OPTIONS)
    rng = np.random.default_rng(1)
    mixed = [c.subset(rng.permutation(len(c))) for c in (primaries, *precise, survey)]
    assert both(mixed[0], mixed[2:0:-1], mixed[3], **OPTIONS) == first
    table = truth.robust_counterparts(mixed[0], mixed[1:3], mixed[3], quiet=True, **OPTIONS)
    place = {name: k for k, name in enumerate(mixed[0].table["ID"])}
    assert np.all(np.diff([place[name] for name in table["ID"]]) > 0)


def test_inputs_are_not_modified():
    primaries, precise, survey = random_sky(5, n=30)
    catalogues = [primaries, *precise, survey]
    before = [c.table.copy() for c in catalogues]
    sample = truth.robust_counterparts(
        primaries, precise, survey, quiet=True, details=True, **OPTIONS
    )
    sample["ID"][:] = "?"
    for c, then in zip(catalogues, before, strict=True):
        assert c.table.colnames == then.colnames
        assert all((c.table[n] == then[n]).all() for n in then.colnames)


def test_counts_fall_from_step_to_step():
    primaries, precise, survey = random_sky(6)
    counts = truth.hostless(primaries, precise, survey, quiet=True, max_sigma=4.0, **OPTIONS).meta[
        "counts"
    ]
    for name in "AB":
        steps = list(counts[name].values())
        assert list(counts[name])[:8] == [
            "primaries",
            "with_precise_source",
            "with_only_one",
            "of_no_other_primary",
            "secure",
            "within_max_sigma",
            "flux_ratio_agrees",
            "outside_excluded",
        ]
        assert np.all(np.diff(steps[:8]) <= 0)
        assert counts[name]["robust"] <= counts[name]["one_object_within_r98_limit"] <= steps[7]
        assert counts[name]["hostless"] <= counts[name]["no_object_near"]


# -- a mock sky ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sky():
    return mock.sky(n_primary=3000, area=6.7, seed=21)


@pytest.fixture(scope="module")
def catalogues(sky):
    return (
        bm.Catalog(sky.primary, name="ERO", pos_err="sigma"),
        [
            bm.Catalog(mock.precise(sky, t, seed=21), name=t.name, pos_err="sigma")
            for t in (mock.CHANDRA, mock.XMM)
        ],
        bm.Catalog(sky.secondary, name="OPT", pos_err=mock.OPTICAL_ERROR),
    )


def share_right(sample, sky):
    true = np.asarray(sky.truth["counterpart"])[np.asarray(sample["ID"])]
    return np.mean(true == np.asarray(sample["counterpart"]))


def test_samples_of_a_mock_sky_are_right(sky, catalogues):
    options = {"quiet": True, "secure": "secure", "flux": "flux", "precise_flux": "flux"}
    robust = truth.robust_counterparts(*catalogues, **options)
    hostless = truth.hostless(*catalogues, **options)
    assert len(robust) > 500 and len(hostless) > 10
    assert share_right(robust, sky) >= 0.98
    assert share_right(hostless, sky) >= 0.98
    # sources whose position is worse than said would pass for hostless
    careless = truth.hostless(*catalogues, quiet=True)
    assert share_right(careless, sky) < 0.9
    assert careless.meta["counts"]["all catalogues"]["conflicting"] > 0


def test_samples_are_what_assess_takes(catalogues):
    options = {"quiet": True, "secure": "secure"}
    samples = [f(*catalogues, **options) for f in (truth.robust_counterparts, truth.hostless)]
    result = bm.match(catalogues[0], catalogues[2], radius=30)
    assessed = bm.assess(result, vstack(samples, metadata_conflicts="silent"))
    assert (assessed.n_counterparts, assessed.n_hostless) == tuple(map(len, samples))
    assert 0.8 < assessed.crossing.value < 0.95


# -- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", [truth.robust_counterparts, truth.hostless])
@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"match_radius": 0}, ValueError, ["match_radius is 0"]),
        ({"match_radius": np.nan}, ValueError, ["match_radius is nan"]),
        ({"match_radius": "30"}, ValueError, ["match_radius is '30'"]),
        ({"max_sigma": -1}, ValueError, ["max_sigma is -1"]),
        ({"secure": "nix"}, ValueError, ["'X'", "'nix'"]),
        ({"secure": "flux"}, TypeError, ["'X'", "'flux'", "float64", "true or false"]),
        ({"secure": "count"}, TypeError, ["'count'", "1 or 0"]),
        ({"secure": [True]}, TypeError, ["secure is [True]", "column name"]),
        ({"secure": {"Y": "ok"}}, ValueError, ["secure is given for 'Y'", "X"]),
        ({"flux": "flux"}, ValueError, ["precise_flux is None"]),
        ({"precise_flux": "flux"}, ValueError, ["flux is None"]),
        ({"flux": "nix", "precise_flux": "flux"}, ValueError, ["'P'", "'nix'"]),
        ({"flux": "flux", "precise_flux": "nix"}, ValueError, ["'X'", "'nix'"]),
        ({"flux": np.ones(2), "precise_flux": "flux"}, TypeError, ["'P'", "column name"]),
        ({"flux": "ID", "precise_flux": "flux"}, TypeError, ["'ID'"]),
        ({"flux_ratio": (5, 0.2)}, ValueError, ["flux_ratio is (5, 0.2)", "least ratio first"]),
        ({"flux_ratio": 5}, ValueError, ["flux_ratio is 5"]),
        ({"flux_ratio": (np.nan, 5)}, ValueError, ["flux_ratio"]),
        ({"r98": -1.0}, ValueError, ["'X'", "r98", "-1"]),
        ({"r98": {"Y": 1.0}}, ValueError, ["r98 is given for 'Y'"]),
        ({"r98": [1.0, 2.0, 3.0]}, TypeError, ["r98", "one value per row"]),
        ({"r98_factor": 0}, ValueError, ["r98_factor"]),
        ({"r98_factor": 3}, ValueError, ["hostless_factors is (2.0, 2.0)", "r98_factor = 3"]),
        ({"hostless_factors": (2, np.inf)}, ValueError, ["hostless_factors", "finite"]),
        ({"hostless_factors": 2}, ValueError, ["hostless_factors is 2"]),
        ({"probability": 0}, ValueError, ["probability"]),
        ({"annulus": (30, 10)}, ValueError, ["annulus"]),
        ({"min_annulus": -1}, ValueError, ["min_annulus is -1"]),
        ({"min_annulus": 1.5}, ValueError, ["min_annulus is 1.5"]),
        ({"exclude": "here"}, ValueError, ["exclude"]),
    ],
)
def test_bad_input(sample, options, kind, words):
    precise = catalog([(2, 1)], "X", flux=[1e-14], count=[7], ok=[True])
    with pytest.raises(kind) as error:
        sample(primary(flux=[1e-14]), precise, catalog(HIT, "O"), **options)
    assert all(word in str(error.value) for word in words), error.value


def test_not_catalogues():
    good = catalog([(2, 1)], "X")
    for wrong, what in (
        ((good.table, good, good), "primary is a Table"),
        ((good, good, "survey.fits"), "survey is a str"),
        ((good, [good, None], good), "precise is a NoneType"),
        ((good, [], good), "precise is a list"),
        ((good, "chandra.fits", good), "precise is a str"),
    ):
        with pytest.raises(TypeError, match=what):
            truth.robust_counterparts(*wrong)
    with pytest.raises(ValueError, match="two catalogues are called 'X'"):
        truth.hostless(good, [good, good], good)


def test_a_primary_whose_id_column_has_a_name_of_ours():
    table = Table({"counterpart": ["a"], "RA": [RA], "DEC": [DEC]})
    bad = bm.Catalog(table, name="P", pos_err=1, area=1, id="counterpart")
    with pytest.raises(ValueError, match="'P': the identifier column 'counterpart'.*rename"):
        truth.robust_counterparts(bad, catalog([(2, 1)], "X"), catalog(HIT, "O"))
