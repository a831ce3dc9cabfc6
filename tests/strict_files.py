"""Files of tables judged by the rules of their standards, with no help of the package or astropy.

The FITS standard 4.0 (sections 3, 4 and 7.3) and the schema of VOTable 1.4, as far as a table
writer can break them.
"""

import re
import xml.etree.ElementTree as ET

#: bytes of the letters of TFORM
WIDTHS = {"L": 1, "B": 1, "I": 2, "J": 4, "K": 8, "A": 1, "E": 4, "D": 8, "C": 8, "M": 16, "P": 8}
WIDTHS |= {"Q": 16}
NAMESPACE = "{http://www.ivoa.net/xml/VOTable/v1.3}"
DATATYPES = {
    *("boolean", "bit", "unsignedByte", "short", "int", "long", "char", "unicodeChar"),
    *("float", "double", "floatComplex", "doubleComplex"),
}
NC_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
UCD = re.compile(r"[a-z]+(\.[A-Za-z0-9-]+)*(;[a-z]+(\.[A-Za-z0-9-]+)*)*")
#: units of the VOUnits standard 1.0 that the tables of these tests have, combined by . / ** ()
VOUNIT = re.compile(r"(deg|arcsec|mas|mag|Jy|mJy|s|um|electron|yr|m|\d|[./*()-])+")


def fits_cards(data, start):
    """Cards of a header, by keyword (long texts joined), and where its data begin."""
    cards, at, last = {}, start, None
    while True:
        card = data[at : at + 80]
        assert len(card) == 80 and all(0x20 <= byte <= 0x7E for byte in card), card
        text, at = card.decode("ascii"), at + 80
        key = text[:8].rstrip()
        assert re.fullmatch(r"[A-Z0-9_-]*", key), text
        if key == "END":
            return cards, start + -(-(at - start) // 2880) * 2880
        if key in ("COMMENT", "HISTORY", ""):
            cards.setdefault(key, []).append(text[8:].rstrip())
        elif key == "CONTINUE":
            assert cards[last].endswith("&"), text
            cards[last] = cards[last][:-1] + quoted(text[8:])
        else:
            assert text[8:10] == "= ", text
            assert key not in cards, f"{key} twice"
            value = text[10:].strip()
            cards[key] = quoted(value) if value[0] == "'" else value.partition("/")[0].strip()
            last = key


def quoted(text):
    found = re.match(r"\s*'((?:[^']|'')*)'\s*(/.*)?$", text)
    assert found, text
    return found[1].replace("''", "'").rstrip()


def check_fits(path):
    """Names of the columns of each table of a FITS file, which is held against the standard."""
    data, at, tables = path.read_bytes(), 0, []
    assert len(data) % 2880 == 0
    while at < len(data):
        cards, at = fits_cards(data, at)
        n_axes = int(cards["NAXIS"])
        size = 1 if n_axes else 0
        for axis in range(1, n_axes + 1):
            size *= int(cards[f"NAXIS{axis}"])
        if cards.get("XTENSION") == "BINTABLE":
            tables.append(check_columns(cards))
        at += -(-(size + int(cards.get("PCOUNT", 0))) // 2880) * 2880
    assert at == len(data)
    return tables


def check_columns(cards):
    n, names, width = int(cards["TFIELDS"]), [], 0
    assert n <= 999
    for number in range(1, n + 1):
        name, form = cards[f"TTYPE{number}"], cards[f"TFORM{number}"]
        assert name and name == name.strip() and len(name) <= 68
        # What readers take for a keyword with a record in it.
        assert not re.search(r": +[+-]?[\d.]", name), name
        repeat, letter = re.fullmatch(r"(\d*)([LBIJKAEDCMPQ]).*", form).groups()
        assert repeat != "0", f"{name} has no width"
        width += int(repeat or 1) * WIDTHS[letter]
        if f"TNULL{number}" in cards:
            assert letter in "BIJK"
        assert cards.get(f"TUNIT{number}", "x")
        names.append(name)
    assert width == int(cards["NAXIS1"])
    assert len({name.lower() for name in names}) == n, "names that differ by case only"
    return names


def check_votable(path):
    """Names of the fields of each table of a VOTable, which is held against its schema."""
    root = ET.fromstring(path.read_bytes())
    assert root.tag == f"{NAMESPACE}VOTABLE" and root.get("version") in ("1.3", "1.4")
    identifiers = [e.get("ID") for e in root.iter() if e.get("ID") is not None]
    assert len(identifiers) == len(set(identifiers)), "one ID twice in a document"
    assert all(NC_NAME.fullmatch(i) for i in identifiers)
    tables = []
    for table in root.iter(f"{NAMESPACE}TABLE"):
        names = []
        for field in table.findall(f"{NAMESPACE}FIELD"):
            name = field.get("name")
            assert name == " ".join(name.split()), f"no token: {name!r}"
            assert field.get("datatype") in DATATYPES
            size = field.get("arraysize")
            assert size is None or re.fullmatch(r"(\d+x)*(\d+|\d*\*)", size)
            assert size != "0"
            for what, rule in (("ucd", UCD), ("unit", VOUNIT)):
                if field.get(what) is not None:
                    assert rule.fullmatch(field.get(what)), field.get(what)
            order = [child.tag.removeprefix(NAMESPACE) for child in field]
            assert order == sorted(order, key=["DESCRIPTION", "VALUES", "LINK"].index)
            names.append(name)
        assert len(names) == len(set(names))
        tables.append(names)
    return tables
