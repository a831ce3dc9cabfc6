"""Magnitudes and colours: right numbers, NaN for what was not measured, clear errors."""

import json

import astropy.units as u
import numpy as np
import pandas as pd
import pytest
from astropy.table import MaskedColumn, QTable, Table
from hypothesis import given
from hypothesis import strategies as st

from bayesmatch import photometry
from bayesmatch.photometry import Features, legacy_survey

NAN = np.nan
BANDS = ("g", "r", "z", "w1", "w2")


# -- Features ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("colors", "names"),
    [
        ("adjacent", ("g-r", "r-z")),
        ("all", ("g-r", "g-z", "r-z")),
        ("none", ()),
        (None, ()),
        ([], ()),
        (["g-z"], ("g-z",)),
        ([("g", "z"), ["z", "r"]], ("g-z", "z-r")),
    ],
)
def test_names_of_features(colors, names):
    features = Features(["g", "r", "z"], colors=colors, mag="mag_{band}")
    assert features.bands == ("g", "r", "z")
    assert features.names == ("g", "r", "z", *names)
    assert features.columns == ("mag_g", "mag_r", "mag_z")
    assert features.compute({f"mag_{b}": [1.0] for b in "grz"}).shape == (1, 3 + len(names))


def test_a_minus_sign_in_a_band():
    features = Features(["u-1", "u-2"], colors=["u-1-u-2"])
    assert features.colors == (("u-1", "u-2"),)


def test_values_by_hand():
    table = {"g": [22.0, 21.0], "r": [21.5, 19.0], "z": [20.0, 18.5]}
    np.testing.assert_array_equal(
        Features("g r z".split(), colors="all").compute(table),
        [[22, 21.5, 20, 0.5, 2, 1.5], [21, 19, 18.5, 2, 2.5, 0.5]],
    )


@pytest.mark.parametrize("value", [NAN, np.inf, -np.inf, -99.0, -99.9, -999.0, 99.0, 90.0, 999.0])
def test_missing_values(value):
    table = {"g": np.array([22.0, value]), "r": np.array([21.0, 21.0])}
    features = Features(["g", "r"])
    np.testing.assert_array_equal(features.compute(table), [[22, 21, 1], [NAN, 21, NAN]])
    np.testing.assert_array_equal(features.missing(table), [[False, False], [True, False]])


def same_table_in_every_form():
    g, r = np.array([22.0, 0.0, 20.0]), np.array([21, 20, 19])
    mask = [False, True, False]
    frame = pd.DataFrame({"g": [22.0, None, 20.0], "r": r, "text": list("abc")})
    return {
        "table": Table({"g": MaskedColumn(g, mask=mask), "r": r, "text": list("abc")}),
        "qtable": QTable({"g": MaskedColumn(g, mask=mask, unit="mag"), "r": r * u.ABmag}),
        "frame": frame,
        "nullable": frame.astype({"g": "Float64", "r": "Int16"}),
        "arrow": frame.astype({"g": "double[pyarrow]"}),
        "mapping": {"g": np.ma.array(g, mask=mask), "r": list(r), "other": np.zeros(7)},
        "series": {"g": frame["g"], "r": frame["r"]},
        "float32": {"g": np.array([22, NAN, 20], np.float32), "r": r.astype(">f4")},
    }


@pytest.mark.parametrize("form", list(same_table_in_every_form()))
def test_every_form_of_table(form):
    table = same_table_in_every_form()[form]
    before = repr(table)
    values = Features(["g", "r"]).compute(table)
    assert values.dtype == np.float64
    np.testing.assert_array_equal(values, [[22, 21, 1], [NAN, 20, NAN], [20, 19, 1]])
    assert repr(table) == before


def test_input_is_not_modified():
    g = np.array([22.0, -99.0, NAN])
    table = Table({"g": g, "r": g}, copy=False)
    Features(["g", "r"]).compute(table)
    np.testing.assert_array_equal(g, [22.0, -99.0, NAN])
    assert table.colnames == ["g", "r"]


def test_no_rows():
    table = {"g": np.empty(0), "r": np.empty(0)}
    assert Features(["g", "r"]).compute(table).shape == (0, 3)
    assert Features(["g", "r"]).missing(table).shape == (0, 2)


@given(
    st.lists(st.sampled_from(["g", "r", "i", "z", "y", "w1", "w2"]), min_size=1, unique=True),
    st.sampled_from(["adjacent", "all", "none"]),
    st.sampled_from(["{band}", "MAG_{band}_0"]),
)
def test_json_round_trip(bands, colors, mag):
    features = Features(bands, colors=colors, mag=mag)
    again = Features.from_dict(json.loads(json.dumps(features.to_dict())))
    assert again == features
    assert (again.names, again.columns) == (features.names, features.columns)


@given(
    st.lists(
        st.one_of(st.floats(10, 30), st.sampled_from([NAN, np.inf, -99.0, 99.0])),
        min_size=6,
        max_size=6,
    )
)
def test_a_colour_is_there_exactly_where_both_bands_are(values):
    table = {"g": values[:2], "r": values[2:4], "z": values[4:]}
    features = Features(["g", "r", "z"], colors="all")
    found, missing = features.compute(table), features.missing(table)
    for k, (a, b) in enumerate(features.colors, start=3):
        a, b = features.bands.index(a), features.bands.index(b)
        np.testing.assert_array_equal(np.isnan(found[:, k]), missing[:, a] | missing[:, b])
        there = ~np.isnan(found[:, k])
        np.testing.assert_array_equal(found[there, k], (found[:, a] - found[:, b])[there])


def test_equality():
    assert Features(["g", "r"]) == Features(("g", "r"), colors=[("g", "r")])
    assert Features(["g", "r"]) != Features(["g", "r"], colors=None)
    assert Features(["g", "r"]) != Features(["r", "g"])
    assert Features(["g", "r"]) != Features(["g", "r"], mag="m{band}")
    assert Features(["g", "r"]) != "g"


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"bands": []}, ValueError, ["bands", "empty"]),
        ({"bands": "grz"}, TypeError, ["bands", "grz", "sequence"]),
        ({"bands": 5}, TypeError, ["bands", "5"]),
        ({"bands": ["g", 1]}, TypeError, ["1", "not the name of a band"]),
        ({"bands": ["g", " "]}, TypeError, ["not the name of a band"]),
        ({"bands": ["g", "r", "g"]}, ValueError, ["'g'", "twice"]),
        ({"colors": "g-r"}, ValueError, ["g-r", "adjacent", "list"]),
        ({"colors": 3}, TypeError, ["3", "adjacent"]),
        ({"colors": ["g-i"]}, ValueError, ["g-i", "g, r, z"]),
        ({"colors": ["g-g"]}, ValueError, ["g-g"]),
        ({"colors": [("g", "r", "z")]}, ValueError, ["'g', 'r', 'z'"]),
        ({"colors": [7]}, ValueError, ["7"]),
        ({"colors": [([], "g")]}, ValueError, ["not a colour"]),
        ({"colors": ["g-r", ("g", "r")]}, ValueError, ["g-r", "twice"]),
        ({"mag": "mag"}, ValueError, ["mag", "{band}"]),
        ({"mag": "{filter}"}, ValueError, ["{filter}", "{band}"]),
        ({"mag": "{"}, ValueError, ["{band}"]),
        ({"mag": None}, TypeError, ["mag", "{band}"]),
        ({"bands": ["g", "r", "g-r"]}, ValueError, ["feature 'g-r'", "twice"]),
    ],
)
def test_bad_features(options, kind, words):
    with pytest.raises(kind) as error:
        Features(**{"bands": ["g", "r", "z"], **options})
    assert all(word in str(error.value) for word in words), error.value


@pytest.mark.parametrize(
    ("table", "kind", "words"),
    [
        ({"g": [1.0], "R": [1.0]}, ValueError, ["'r'", "g, R", "mag="]),
        ({}, ValueError, ["'g', 'r'", "none"]),
        ({"g": ["a"], "r": [1.0]}, TypeError, ["'g'", "(a)", "number"]),
        ({"g": [True], "r": [1.0]}, TypeError, ["'g'", "bool"]),
        ({"g": np.ones((1, 2)), "r": [1.0]}, TypeError, ["'g'", "(1, 2)"]),
        ({"g": [1.0, 2.0], "r": [1.0]}, ValueError, ["one length"]),
        ([1, 2], TypeError, ["list", "mapping"]),
        (None, TypeError, ["NoneType"]),
    ],
)
def test_bad_tables(table, kind, words):
    with pytest.raises(kind) as error:
        Features(["g", "r"]).compute(table)
    assert all(word in str(error.value) for word in words), error.value


def test_twin_columns_of_a_frame():
    frame = pd.DataFrame([[1.0, 2.0, 3.0]], columns=["g", "g", "r"])
    with pytest.raises(ValueError, match="two columns .* 'g'"):
        Features(["g", "r"]).compute(frame)


@pytest.mark.parametrize(
    "record",
    [
        {},
        [],
        {"bands": ["g"]},
        None,
        "g",
        {"bands": ["g"], "colors": [], "mag": "{band}", "more": 1},
    ],
)
def test_bad_records(record):
    with pytest.raises(ValueError, match="to_dict"):
        Features.from_dict(record)


# -- Legacy Survey -------------------------------------------------------------------------------


def fluxes(flux, ivar=1.0, transmission=1.0, band="g"):
    n = len(flux)
    return {
        f"flux_{band}": np.array(flux),
        f"flux_ivar_{band}": np.broadcast_to(ivar, n),
        f"mw_transmission_{band}": np.broadcast_to(transmission, n),
    }


def magnitudes(table, **options):
    return np.asarray(legacy_survey(table, bands=["g"], **options)["g"])


def test_magnitude_by_hand():
    # 100 nmgy is 17.5; a transmission of 10^-0.4 makes it 1 mag brighter
    found = magnitudes(fluxes([100.0, 100.0], transmission=[1.0, 10**-0.4]))
    np.testing.assert_allclose(found, [17.5, 16.5], rtol=1e-14)


@pytest.mark.parametrize(
    ("flux", "ivar", "transmission"),
    [
        (-100.0, 1.0, 1.0),
        (0.0, 1.0, 1.0),
        (NAN, 1.0, 1.0),
        (np.inf, 1.0, 1.0),
        (-np.inf, 1.0, 1.0),
        (100.0, 0.0, 1.0),
        (100.0, -1.0, 1.0),
        (100.0, NAN, 1.0),
        (100.0, np.inf, 1.0),
        (100.0, 1.0, 0.0),
        (100.0, 1.0, -99.0),
        (100.0, 1.0, NAN),
        (100.0, 1.0, np.inf),
        (3.0, 1.0, 1.0),  # S/N exactly 3 does not exceed 3
        (-99.0, 1.0, 1.0),
        (-999.0, -999.0, -999.0),
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_unreliable_fluxes(flux, ivar, transmission, dtype):
    table = fluxes([100.0, flux], ivar=[1.0, ivar], transmission=[1.0, transmission])
    found = magnitudes({name: np.asarray(v, dtype) for name, v in table.items()})
    np.testing.assert_array_equal(np.isnan(found), [False, True])


def test_signal_to_noise_cut():
    table = fluxes([3.5, 3.5, 1e-3], ivar=[1.0, 2.0, 1e-4])
    np.testing.assert_array_equal(np.isnan(magnitudes(table)), [False, False, True])
    np.testing.assert_array_equal(np.isnan(magnitudes(table, snr_min=4)), [True, False, True])
    np.testing.assert_array_equal(np.isnan(magnitudes(table, snr_min=0)), [False] * 3)


def test_masked_values():
    table = Table(fluxes([100.0] * 4))
    for k, name in enumerate(list(table.colnames), start=1):
        mask = np.zeros(4, bool)
        mask[k] = True
        table[name] = MaskedColumn(table[name], mask=mask)
    np.testing.assert_array_equal(magnitudes(table), [17.5, NAN, NAN, NAN])


def test_all_columns_and_their_values():
    table = {}
    for band, flux in zip(BANDS, [100.0, 200.0, 400.0, 1000.0, 2000.0], strict=True):
        table |= fluxes([flux, -1.0], band=band)
    table["fx"] = [1e-14, 1e-14]
    out = legacy_survey(table, xray_flux="fx")
    assert out.colnames == [
        *BANDS,
        "w1_vega",
        "w2_vega",
        "g-r",
        "r-z",
        "z-w1",
        "w1-w2",
        *(f"log_fx_{b}" for b in BANDS),
    ]
    assert out["w1"][0] == 15.0
    assert out["w1_vega"][0] == pytest.approx(15.0 - 2.699)
    assert out["w1"][0] - out["w1_vega"][0] == pytest.approx(2.699)
    assert out["w2"][0] - out["w2_vega"][0] == pytest.approx(3.339)
    assert out["g-r"][0] == pytest.approx(2.5 * np.log10(2))
    assert out["log_fx_r"][0] == pytest.approx(-14 + 5.67 + out["r"][0] / 2.5)
    assert all(np.isnan(out[name][1]) for name in out.colnames)
    assert out["g"].unit == u.mag
    assert all(out[name].description for name in out.colnames)
    # what it gives is what Features takes
    features = Features(BANDS)
    np.testing.assert_array_equal(features.compute(out)[0], [out[n][0] for n in features.names])


def test_vega_offsets_of_all_wise_bands():
    table = {}
    for band in ("W3", "w4"):
        table |= fluxes([100.0], band=band)
    out = legacy_survey(table, bands=("W3", "w4"))
    assert out["W3_vega"][0] == pytest.approx(17.5 - 5.174)
    assert out["w4_vega"][0] == pytest.approx(17.5 - 6.620)


@pytest.mark.parametrize("value", [0.0, -1e-14, NAN, np.inf, -99.0])
def test_no_xray_flux(value):
    out = legacy_survey({**fluxes([100.0]), "fx": [value]}, bands=["g"], xray_flux="fx")
    assert np.isnan(out["log_fx_g"][0])
    assert out["g"][0] == 17.5


def test_dereddened_magnitudes():
    mag = [20.0, NAN, np.inf, -99.0, 99.0, -999.0]
    np.testing.assert_array_equal(magnitudes({"dered_mag_g": mag}), [20] + [NAN] * 5)
    # with fluxes but no transmission, the S/N cut holds
    table = {"dered_mag_g": [20.0] * 4, "flux_g": [10.0, 2.0, -10.0, NAN], "flux_ivar_g": [1.0] * 4}
    np.testing.assert_array_equal(magnitudes(table), [20, NAN, NAN, NAN])
    # with a transmission, fluxes give the magnitude
    table["mw_transmission_g"] = [1.0] * 4
    np.testing.assert_array_equal(magnitudes(table), [20, NAN, NAN, NAN])
    table["flux_g"] = [100.0] * 4
    np.testing.assert_array_equal(magnitudes(table), [17.5] * 4)
    # a catalogue that gives S/N
    table = {"dered_mag_g": [20.0] * 3, "snr_g": [5.0, 3.0, NAN]}
    np.testing.assert_array_equal(magnitudes(table), [20, NAN, NAN])
    table = {"flux_g": [100.0] * 2, "mw_transmission_g": [1.0] * 2, "snr_g": [5.0, 3.0]}
    np.testing.assert_array_equal(magnitudes(table), [17.5, NAN])


def test_case_and_prefix():
    table = {f"LS_{name.upper()}": values for name, values in fluxes([100.0]).items()}
    assert magnitudes(table, prefix="ls_") == 17.5
    table["ls_flux_g"] = [1000.0]  # the exact name wins
    assert magnitudes(table, prefix="ls_") == 15.0
    with pytest.raises(ValueError, match="'ls_flux_g' and 'LS_FLUX_G' could both"):
        magnitudes(dict(sorted(table.items(), reverse=True)), prefix="Ls_")


@pytest.mark.parametrize(
    ("flux_unit", "factor", "ivar_unit"),
    [
        ("nanomaggy", 1.0, "1/nanomaggy^2"),
        ("nmgy", 1.0, "nmgy-2"),
        ("mgy", 1e-9, "mgy-2"),
        ("uJy", 3.631, "uJy-2"),
        ("nanomaggies", 1.0, "1/nanomaggies^2"),
    ],
)
def test_units(flux_unit, factor, ivar_unit):
    table = Table(fluxes([100.0 * factor, 3.5 * factor, 2.5 * factor], ivar=factor**-2))
    table["flux_g"].unit = u.Unit(flux_unit, parse_strict="silent")
    table["flux_ivar_g"].unit = u.Unit(ivar_unit, parse_strict="silent")
    np.testing.assert_allclose(magnitudes(table)[:2], 22.5 - 2.5 * np.log10([100, 3.5]))
    assert np.isnan(magnitudes(table)[2])


def test_unit_of_the_xray_flux():
    table = Table({**fluxes([100.0]), "fx": [1e-17]})
    table["fx"].unit = "W / m2"
    out = legacy_survey(table, bands=["g"], xray_flux="fx")
    assert out["log_fx_g"][0] == pytest.approx(-14 + 7 + 5.67)


@pytest.mark.parametrize("form", [Table, QTable, pd.DataFrame, dict])
def test_forms_and_input_kept(form):
    table = form({**fluxes([100.0, -5.0]), "name": ["a", "b"]})
    before = repr(table)
    out = legacy_survey(table, bands=["g"])
    assert type(out) is Table
    np.testing.assert_array_equal(out["g"], [17.5, NAN])
    assert repr(table) == before


def test_no_rows_of_fluxes():
    assert len(legacy_survey(fluxes([]), bands=["g"])) == 0


@given(st.floats(-1e4, 1e6), st.floats(0, 1e6), st.floats(0.05, 1), st.floats(0, 10))
def test_against_the_formula(flux, ivar, transmission, snr_min):
    found = magnitudes(fluxes([flux], ivar=ivar, transmission=transmission), snr_min=snr_min)[0]
    if flux > 0 and ivar > 0 and flux * np.sqrt(ivar) > snr_min and flux / transmission > 1e-25:
        assert found == pytest.approx(22.5 - 2.5 * np.log10(flux / transmission), rel=1e-12)
    elif not (flux > 0 and flux * np.sqrt(ivar) > snr_min):
        assert np.isnan(found)


@pytest.mark.parametrize(
    ("change", "options", "kind", "words"),
    [
        (
            {"mw_transmission_g": None},
            {},
            ValueError,
            ["'mw_transmission_g'", "dered_mag_g", "'g'"],
        ),
        ({"flux_ivar_g": None}, {}, ValueError, ["'flux_ivar_g'"]),
        ({"flux_g": None}, {}, ValueError, ["'flux_g'", "bands="]),
        ({}, {"bands": ["g", "r"]}, ValueError, ["'r'", "'flux_r', 'flux_ivar_r'", "prefix="]),
        ({}, {"prefix": "ls_"}, ValueError, ["'ls_flux_g'", "prefix="]),
        ({"flux_g": ["bright", "faint"]}, {}, TypeError, ["'flux_g'", "bright", "number"]),
        ({}, {"snr_min": -1}, ValueError, ["snr_min", "-1"]),
        ({}, {"snr_min": NAN}, ValueError, ["snr_min"]),
        ({}, {"snr_min": "3"}, ValueError, ["snr_min"]),
        ({}, {"bands": []}, ValueError, ["bands"]),
        ({}, {"bands": "g"}, TypeError, ["bands"]),
        ({}, {"xray_flux": "fx"}, ValueError, ["'fx'", "flux_g, "]),
        ({"flux_g": [1.0]}, {}, ValueError, ["one length"]),
        ({"flux_g": [1.0, 2.0] * u.m}, {}, ValueError, ["'flux_g'", "unit m", "nmgy"]),
        ({"flux_ivar_g": [1.0, 2.0] / u.m}, {}, ValueError, ["'flux_ivar_g'", "nmgy^-2"]),
    ],
)
def test_bad_input_of_legacy_survey(change, options, kind, words):
    table = {
        name: values
        for name, values in {**fluxes([100.0, 10.0]), **change}.items()
        if values is not None
    }
    with pytest.raises(kind) as error:
        legacy_survey(table, **{"bands": ["g"], **options})
    assert all(word in str(error.value) for word in words), error.value


def test_not_a_table():
    with pytest.raises(TypeError, match="mapping"):
        legacy_survey([1, 2, 3])


def test_constants_are_the_contract():
    assert photometry.VEGA_OFFSET == {"w1": 2.699, "w2": 3.339, "w3": 5.174, "w4": 6.620}
