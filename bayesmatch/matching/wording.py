"""Numbers, associations and tables as people read them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from astropy.table import Table

from ..catalogs.bad_rows import WORDS
from ..catalogs.scalars import plural
from .record import MatchRecord

LEGEND = """\
Terms are log10 (10 times that: decibans). position: Bayes factor of the positions; density: how
rare such objects are in the sky; then each prior; fraction: how common such counterparts are. Their
sum, total, is log10 of p_match over the probability of no counterpart. NWAY: the weight behind its
p_i, with its prior completeness instead of the fraction."""
#: of terms that are there sometimes
LEGENDS = {
    "tails": """\
tails: what the tails of the position errors add to position, which is that of the errors as quoted,
as NWAY has it.""",
    "mean_ratio": """\
mean_ratio: what the priors give the field objects around on average, which is divided out.""",
    "shared": """\
shared: that several catalogues see the same objects of the field, or would see one.""",
    "claims": """\
claims: what other sources claim, as an object is the counterpart of one source at most.""",
    "partly_outside": """\
partly_outside: that members in the other catalogues may lie outside the radius.""",
}
NONE_LEGEND = """\
That the source has no counterpart is excluded by a prior: it counts as 10^-10000."""
#: what text calls terms that have no words of their own
OTHER_TERMS = {
    "mean_ratio": "what priors give the field objects there",
    "claims": "what other sources claim",
    "shared": "what several catalogues have seen",
    "partly_outside": "other counterparts outside the radius",
}
#: associations printed
MAX_PRINTED = 10
#: a share outside the footprint is told from here on, and from so many standard errors
OUTSIDE, OUTSIDE_SIGMA = 0.005, 3.0
#: next to no source has a counterpart below this fraction, by so many standard errors, of so many
NONE, NONE_SIGMA, NONE_OF = 0.1, 3.0, 30


def probability(p: float) -> str:
    """A probability as a person would write it."""
    if p in (0, 1):
        return f"{p:g}"
    if p < 0.0095:
        return f"{p:.1g}"
    return f"{p:.2f}" if p < 0.995 else f"{p:.3f}" if p < 0.9995 else "> 0.999"


def times(log10_factor: float) -> str:
    """A factor given by its log10, for people."""
    if abs(log10_factor) > 6:
        return f"10^{log10_factor:.1f}"
    return f"{float(f'{10.0**log10_factor:.2g}'):,g}"


def member(table: Table, at: int, name: str, id_name: str) -> str:
    """Catalogue and identifier of a member of an association."""
    identifier = table[f"{name}_{id_name}"][at]
    if np.ma.is_masked(identifier):
        return f"{name} row {table[name][at]}"
    return f"{name} {str(identifier).strip()}"


def label(table: Table, at: int, names: Sequence[str], ids: Sequence[str]) -> str:
    """All members of an association."""
    members = [
        member(table, at, name, id_name)
        for name, id_name in zip(names, ids, strict=True)
        if table[name][at] >= 0
    ]
    return " + ".join(members) or "no counterpart"


def shortened(text: str, width: int) -> str:
    """The beginning of a text that is too long."""
    return text if len(text) <= width else f"{text[: width - 3].rstrip()}..."


def listed(parts: Sequence[str]) -> str:
    """A list as people write it: a, b and c."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def printed_table(table: Table, names: Sequence[str], ids: Sequence[str]) -> str:
    """The first rows of an evidence table as text, with a legend."""
    shown = range(min(len(table), MAX_PRINTED + 1))
    terms = [*table.meta["terms"], "total"]
    separation = [c for c in table.colnames if c.startswith("Separation_")]
    head = [
        "",
        "hypothesis",
        "arcsec",
        *(c.removeprefix("prior_") for c in terms),
        "p_match",
        "NWAY",
        "p_i",
    ]
    lines = [head]
    for at in shown:
        apart = [f"{table[c][at]:.2f}" for c in separation if np.isfinite(table[c][at])]
        lines.append(
            [
                str(table["rank"][at]),
                shortened(label(table, at, names, ids), 48),
                " ".join(apart),
                *(_log10(table[c][at]) for c in terms),
                probability(float(table["p_match"][at])),
                _log10(table["nway_total"][at]),
                probability(float(table["p_i"][at])) if at else "",
            ]
        )
    width = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    text = [
        "  ".join(
            [
                cells[0].rjust(width[0]),
                cells[1].ljust(width[1]),
                *(c.rjust(w) for c, w in zip(cells[2:], width[2:], strict=True)),
            ]
        ).rstrip()
        for cells in lines
    ]
    if len(table) > len(shown):
        text.append(f"... and {len(table) - len(shown)} more")
    legends = [LEGEND, *(LEGENDS[term] for term in terms if term in LEGENDS)]
    legends += [NONE_LEGEND] if table.meta.get("none_excluded_by") else []
    return "\n".join([*text, "", *legends])


def signed(value: float) -> str:
    """A log10 term with its sign, and none of its own where it is 0 in two decimals."""
    return f"{round(float(value), 2) + 0.0:+.2f}"  # -0.0 + 0.0 is 0.0


def _log10(value: float) -> str:
    return signed(value) if np.isfinite(value) else "excluded" if value < 0 else "inf"


def left_out_words(record: MatchRecord) -> str:
    """How many sources took no part in the match, behind a number; empty where all did."""
    n = sum((record.dropped or {}).get(record.primary.name, {}).values())
    return f" ({n:,} {plural(n, 'source')} without position or error left out of it)" if n else ""


def rows_left_out(record: MatchRecord, name: str) -> str:
    """How many rows of a catalogue a match left out for what they lack; empty where none."""
    counts = (record.dropped or {}).get(name, {})
    said = [f"{n:,} without a {WORDS[reason]}" for reason, n in counts.items() if reason in WORDS]
    return " and ".join(said)


def outside_share(record: MatchRecord) -> tuple[float, float]:
    """Share of the sources that seem to lie where nobody has looked, and its error; 0 if unsure."""
    fit = record.host_fraction_fit or {}
    share, error = fit.get("uncovered") or 0.0, fit.get("uncovered_error") or 0.0
    return (share, error) if share > OUTSIDE_SIGMA * error and share >= OUTSIDE else (0.0, 0.0)


def not_looked(record: MatchRecord) -> str:
    """That no other catalogue has looked, as the end of a sentence."""
    names = [c.name for c in record.others]
    return (
        f"{names[0]} has not looked" if len(names) == 1 else f"none of {listed(names)} has looked"
    )


def none_found(record: MatchRecord) -> str:
    """That next to no source has a counterpart, and what that may mean; empty: some have one.

    And where a check has found what is wrong, as it says more.  Mirrored positions, and those in
    another frame, are like positions that belong to nothing.
    """
    h, error = record.host_fraction, NONE_SIGMA * record.host_fraction_error
    told = any(
        c["verdict"] == "wrong" or (c["check"] == "overlap" and c["verdict"] != "ok")
        for c in record.checks or ()
    )
    few = record.primary.n_inside < NONE_OF
    if told or few or record.host_fraction_given or h > error or h + error > NONE:
        return ""
    return (
        "next to no source has a counterpart: unless that is expected, compare the positions of "
        "the catalogues on an image (frame, epoch, signs, which way right ascension grows)"
    )
