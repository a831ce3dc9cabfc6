"""Which columns are the position: pairs of a right ascension and a declination that go together.

``RAJ2000`` goes with ``DEJ2000``, ``RA_1`` with ``DEC_1``, ``_RAJ2000`` with ``_DEJ2000``: names
are a word for the coordinate and what stands before and after it, which a pair has in common.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

#: words for the two coordinates; of several, the first is taken
RA_WORDS = ("ra", "rightascension", "right_ascension", "right ascension", "r.a.")
DEC_WORDS = ("dec", "de", "decl", "declination", "dej", "d.e.")
#: SExtractor's, and the world coordinates of images
GREEK = {"alpha": "delta", "alphawin": "deltawin", "alphapeak": "deltapeak", "alphapsf": "deltapsf"}
#: galactic coordinates: names of the longitude and the latitude
GALACTIC = (
    ("glon", "glat"),
    ("g_lon", "g_lat"),
    ("lii", "bii"),
    ("l", "b"),
    ("gal_lon", "gal_lat"),
    ("gal_l", "gal_b"),
    ("_glon", "_glat"),
    ("galactic_l", "galactic_b"),
    ("galactic_longitude", "galactic_latitude"),
    ("l_gal", "b_gal"),
)
RA_UCD = ("pos.eq.ra;meta.main", "pos_eq_ra_main")
DEC_UCD = ("pos.eq.dec;meta.main", "pos_eq_dec_main")
OTHER_UCDS = (("pos.eq.ra", "pos.eq.dec"), ("pos_eq_ra", "pos_eq_dec"))
GALACTIC_UCDS = (
    ("pos.galactic.lon;meta.main", "pos.galactic.lat;meta.main"),
    ("pos.galactic.lon", "pos.galactic.lat"),
    ("pos_gal_lon", "pos_gal_lat"),
)
#: what may stand before and after the word in a name that means the object's own position
BEFORE = ("", "_", "coord_", "target_", "mean", "mean_", "med", "obj_", "src_", "source_")
AFTER = (
    *("", "icrs", "j2000", "2000", "deg", "degrees", "mean", "corr", "hms", "dms", "str", "sex"),
    *("j2000.0", "j2000_deg", "deg_j2000", "icrs_deg", "fk5", "win_j2000", "degree", "decimal"),
)
#: units in brackets at the ends of names of coordinates
IN_BRACKETS = "deg(rees?)?|d|h:m:s|d:m:s|hms|dms|h|hrs?|hours?|hourangle|rad(ians?)?"
#: names that say a frame of 1950
OLD = ("b1950", "1950", "b1950.0", "fk4", "b1950_deg", "1950_deg")
#: parts of names that are about a coordinate, and not one
ABOUT = re.compile(
    r"(^|_)(e|err|error|errors|sig|sigma|unc|uncert|uncertainty|std|stddev|stdev|rms|pm\w*|mu|var|cov|"
    r"ivar|offset|off|delta|diff|d|min|max|flag|nobs|n|res|resid|bias|weight|wt|lo|hi|low|high|"
    r"lowerr|uperr|epoch|parallax|rate|proper|motion|vel|dec|de|ra|units?|ucd|q|idx|index|scale|"
    r"range|span|width|size|box|num|cen|pix|pixel|hour|min|sec|h|m|s)(\d*)(_|$)|err|sigma|motion"
)


@dataclass(frozen=True)
class Pair:
    """A right ascension and a declination (or longitude and latitude) that go together."""

    ra: str
    dec: str
    kind: str
    """"exact", "main" (UCD), "known", "own" (of a part of the table), "old" (B1950), "galactic"
    """
    part: str = ""
    """what says whose position it is, where a name says so: the 2 of RA_2, the opt of RA_opt"""

    def __str__(self) -> str:
        return f"{self.ra}, {self.dec}"

    @property
    def anonymous(self) -> bool:
        """Whether it is one of several only by what a join has added to its name."""
        return bool(re.fullmatch(r"\d{1,2}|[xy]", self.part))


def pairs_in(names: Sequence[str], ucds: Mapping[str, str]) -> list[Pair]:
    """All pairs of positions in a table, the likeliest first."""
    order = {kind: k for k, kind in enumerate(("exact", "main", "known", "own", "old", "galactic"))}
    found = [*_by_ucd(names, ucds), *_by_name(names), *_galactic(names, ucds)]
    unique: dict[tuple[str, str], Pair] = {}
    for pair in sorted(found, key=lambda p: order[p.kind]):
        if not any(pair.ra == ra or pair.dec == dec for ra, dec in unique):
            unique[pair.ra, pair.dec] = pair
    return list(unique.values())


def partner(names: Sequence[str], ucds: Mapping[str, str], column: str) -> str | None:
    """The other half of the pair that a column belongs to; None where it belongs to none."""
    for pair in [*_by_name(names), *_by_ucd(names, ucds), *_galactic(names, ucds)]:
        if column in (pair.ra, pair.dec):
            return pair.dec if column == pair.ra else pair.ra
    return None


def _by_name(names: Sequence[str]) -> list[Pair]:
    """Pairs that what is left of their names tells."""
    right: dict[tuple[str, str], list[str]] = {}
    for word in DEC_WORDS:
        for name in names:
            for key in _keys(name, (word, *(GREEK.values() if word == "dec" else ("y_world",)))):
                right.setdefault(key, []).append(name)
    pairs = []
    for name in names:
        for key in _keys(name, (*RA_WORDS, *GREEK, "x_world")):
            others = [other for other in right.get(key, ()) if other != name]
            if others:
                pairs.append(Pair(name, others[0], *_kind(name, others[0], key)))
                break
    return sorted(pairs, key=lambda p: _known_order(p.ra))


def _known_order(name: str) -> int:
    """VizieR's own columns stand before those it computes."""
    return int(name.startswith("_"))


def _keys(name: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What stands before and after one of some words in a name, in small letters."""
    if not any(word in name.lower() for word in words):
        return
    low = re.sub(rf"\s*[\[(]({IN_BRACKETS})[\])]$", "", name.strip().lower())
    low = re.sub(r"\s*\((j2000|icrs)[^()]*\)$", r"\1", low)
    for word in sorted(words, key=len, reverse=True):
        for place in re.finditer(re.escape(word), low):
            before, after = low[: place.start()], low[place.end() :]
            if _bounded(name, place, before, after) and not _about(before, after):
                yield _plain(before, after)


def _plain(before: str, after: str) -> tuple[str, str]:
    """The two halves of a name around its word, without the joints of what is understood."""
    bare = after.strip("_ .-")
    return before, bare if bare in AFTER or bare in OLD else after


def _bounded(name: str, place: re.Match[str], before: str, after: str) -> bool:
    """Whether a word stands by itself in a name: RANK has none, targetRa has one."""
    begins = (
        not before[-1:].isalpha()
        or before in BEFORE
        or (name[place.start() : place.start() + 1].isupper() and name[place.start() - 1].islower())
    )
    ends = (
        not after[:1].isalpha()
        or after in AFTER
        or after in OLD
        or (name[place.end() : place.end() + 1].isupper() and name[place.end() - 1].islower())
    )
    return begins and ends


def _about(before: str, after: str) -> bool:
    """Whether a name tells something about a coordinate: its error, its motion."""
    return any(ABOUT.search(re.sub(r"[\s.\-]+", "_", half)) for half in (before, after))


def _kind(ra: str, dec: str, key: tuple[str, str]) -> tuple[str, str]:
    """What kind of pair names are, and whose."""
    before, after = key
    if (ra.lower(), dec.lower()) == ("ra", "dec"):
        return "exact", ""
    if after in OLD:
        return "old", ""
    if before in BEFORE and after in AFTER:
        return "known", ""
    return "own", f"{before} {after}".strip("_ .-")


def _by_ucd(names: Sequence[str], ucds: Mapping[str, str]) -> list[Pair]:
    plain = {n: str(ucds.get(n, "")).strip().lower().replace(" ", "") for n in names}
    pairs = []
    for kind, ra_ucd, dec_ucd in (
        ("main", RA_UCD, DEC_UCD),
        *(("known", (a,), (b,)) for a, b in OTHER_UCDS),
    ):
        ra, dec = ([n for n in names if plain[n] in ucd] for ucd in (ra_ucd, dec_ucd))
        if len(ra) == 1 and len(dec) == 1:
            pairs.append(Pair(ra[0], dec[0], kind))
        elif ra and dec:  # several: those whose names go together
            pairs += [
                Pair(p.ra, p.dec, kind) for p in _by_name(names) if p.ra in ra and p.dec in dec
            ]
    return pairs


def _galactic(names: Sequence[str], ucds: Mapping[str, str]) -> list[Pair]:
    low = {n.strip().lower(): n for n in reversed(names)}
    plain = {str(u).strip().lower().replace(" ", ""): n for n, u in ucds.items() if n in names}
    return [
        Pair(where[a], where[b], "galactic")
        for where, known in ((plain, GALACTIC_UCDS), (low, GALACTIC))
        for a, b in known
        if a in where and b in where
    ]
