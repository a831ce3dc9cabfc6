"""Why a source got its probabilities, in plain words."""

from __future__ import annotations

import textwrap
from typing import Any, NamedTuple

import numpy as np
from astropy.table import Table

from ...matching.result import MatchResult
from ...matching.wording import OTHER_TERMS, label, listed, member, probability, signed
from .combination import excluded_by, odds_in_words
from .fraction import fraction_words
from .inputs import input_columns, those_that_looked

#: log10 terms below say nothing
SMALL = 0.05
WIDTH = 100


def sentences(result: MatchResult, row: int, table: Table) -> str:
    """Why the probabilities of a source are what they are, in a few sentences."""
    return "\n".join(
        textwrap.fill(paragraph, WIDTH) for paragraph in _Words(result, row, table).paragraphs()
    )


class _Term(NamedTuple):
    """Part of the log10 odds of an association."""

    what: str
    log10: float
    detail: str
    value: str = ""
    """of the column a prior is called after"""


class _Words:
    def __init__(self, result: MatchResult, row: int, table: Table) -> None:
        self.result, self.table = result, table
        self.source = result.sources[row]
        self.record = record = result.record
        self.primary, self.names = record.primary.name, [r.name for r in record.others]
        self.ids = [r.id for r in record.others]
        identifier = self.source[f"{self.primary}_{record.primary.id}"]
        self.who = f"{self.primary} {str(identifier).strip()}"
        self.others = " or ".join(those_that_looked(self.source, self.names))
        self.noun = "candidate" if len(self.names) == 1 else "association"
        self.p_hostless = float(np.ma.filled(self.source["p_hostless"], np.nan))

    def paragraphs(self) -> list[str]:
        if len(self.table) == 1:
            return self._alone()
        p = float(self.table["p_match"][1])
        said = [f"{self._verdict(p)} {self._reasons()}", self._rivals(), self._nway()]
        return [paragraph for paragraph in said if paragraph]

    def _alone(self) -> list[str]:
        radius = f"{self.record.radius_arcsec:g} arcsec"
        if not self.others:
            return [f"{self.who}: not in the area (MOC) of {' or '.join(self.names)}: unknown."]
        if self.source["n_candidates"] > 0:
            return [
                f"{self.who}: all associations with its {self.source['n_candidates']} "
                f"candidates were left out of this result (min_p_i). Probability of no "
                f"counterpart: {probability(self.p_hostless)}."
            ]
        return [
            f"{self.who}: no {self.others} object lies within {radius}, so it has no "
            "counterpart there (probability 1, as long as that radius is several times the "
            "position error)."
        ]

    def _verdict(self, p: float) -> str:
        best, away = self._label(1), self._away(1)
        none = probability(self.p_hostless)
        if p >= 0.5:
            return (
                f"{self.who}: its most probable counterpart is {best}, {away}, with "
                f"probability {probability(p)}; that it has none, {none}."
            )
        if self.p_hostless >= 0.5:
            n = len(self.table) - 1
            of = f"The best of {n} {self.noun}s" if n > 1 else f"Its only {self.noun}"
            return (
                f"{self.who}: it probably has no counterpart in {self.others} (probability "
                f"{none}). {of}, {best}, {away}, has probability {probability(p)}."
            )
        return (
            f"{self.who}: ambiguous. The most probable counterpart is {best}, {away}, but with "
            f"probability {probability(p)} only; that it has none, {none}."
        )

    def _reasons(self) -> str:
        """What speaks for and against the best candidate."""
        total = float(self.table["total"][1])
        if not np.isfinite(total):
            return f"All are excluded: {self._excluded_by(1)}."
        said: list[str] = []
        for start, belongs in (
            ("Speaking for it", lambda v: v >= SMALL),
            ("Against it", lambda v: v <= -SMALL),
            ("Saying little", lambda v: abs(v) < SMALL),
        ):
            group = [
                f"{term.what} ({signed(term.log10)}{term.detail and '; '}{term.detail})"
                for term in self._terms(1)
                if belongs(term.log10)
            ]
            if group:
                said.append(f"{start}{'' if said else ', in powers of ten'}: {listed(group)}.")
        odds = odds_in_words(total, self.table.meta["none_excluded_by"])
        return f"{' '.join(said)} Together {signed(total)}: {odds}."

    def _terms(self, at: int) -> list[_Term]:
        """The terms of one association: position beside chance, priors, host fraction."""
        row = self.table[at]
        members = [n for n in self.names if row[n] >= 0]
        terms = [
            _Term(
                "its position" if len(members) == 1 else "their positions",
                float(row["position"] + row["density"]),
                f"Bayes factor {row['position']:.2f} less {-row['density']:.2f} for the "
                f"density of {listed(members)}",
            )
        ]
        for name, prior in self.record.prior_names:
            if row[name] >= 0:
                value = self._input(name, prior, at)
                whose = "" if len(self.names) == 1 else f"{name} "
                terms.append(
                    _Term(
                        f"{whose}prior {prior}",
                        float(row[f"prior_{name}_{prior}"]),
                        f"{prior} is {value}" if value else "",
                        value,
                    )
                )
        terms += [
            _Term(f"prior {p}", float(row[f"prior_{p}"]), "") for p in self.record.combinations
        ]
        terms.append(_Term("the host fraction", float(row["fraction"]), self._share(at)))
        known = {"position", "density", "fraction"}
        terms += [
            _Term(OTHER_TERMS.get(name, name.replace("_", " ")), float(row[name]), "")
            for name in self.table.meta["terms"]
            if name not in known and not name.startswith("prior_")
        ]
        return terms

    def _share(self, at: int) -> str:
        members = [n for n in self.names if self.table[n][at] >= 0]
        return fraction_words(self.record, float(self.table["fraction"][at]), members)

    def _rivals(self) -> str:
        """The runner-up, what it lacks, and how many more there are."""
        table = self.table
        if len(table) < 3:
            return ""
        text = (
            f"The runner-up, {self._label(2)}, {self._away(2)}, has probability "
            f"{probability(float(table['p_match'][2]))}"
        )
        if np.isfinite(table["total"][2]):
            behind = float(table["total"][1] - table["total"][2])
            text += f", {behind:.2f} behind" if behind >= 0.005 else ", as much evidence"
            text += self._why_behind()
        elif np.isfinite(table["total"][1]):
            text += f": {self._excluded_by(2)}"
        text += "."
        if len(table) > 3:
            rest = float(np.sum(np.asarray(table["p_match"][3:], float)))
            n = len(table) - 3
            text += (
                f" {n} more {self.noun}s have {probability(rest)} together."
                if n > 1
                else f" One more has {probability(rest)}."
            )
        return text

    def _why_behind(self) -> str:
        """What sets the runner-up apart from the best."""
        takes_part = [[self.table[n][at] >= 0 for n in self.names] for at in (1, 2)]
        if takes_part[0] != takes_part[1]:
            if any(second > first for first, second in zip(*takes_part, strict=True)):
                return ", with another set of catalogues"
            left_out = [
                member(self.table, 1, name, id_name)
                for name, id_name, first, second in zip(
                    self.names, self.ids, *takes_part, strict=True
                )
                if first > second
            ]
            return f", without {listed(left_out)}"
        less: list[tuple[float, str]] = []
        more: list[tuple[float, str]] = []
        for n, (first, second) in enumerate(zip(self._terms(1), self._terms(2), strict=True)):
            by = second.log10 - first.log10
            if abs(by) < SMALL:
                continue
            fit = "fit" if first.what.startswith("their") else "fits"
            fits = "" if n else f" {fit} better" if by > 0 else f" {fit} worse"
            values = (
                f"; {second.value} instead of {first.value}" if first.value and second.value else ""
            )
            (less if by < 0 else more).append((by, f"{first.what}{fits} ({signed(by)}{values})"))
        text = f": {listed([words for _, words in sorted(less)])}" if less else ""
        if more:
            better = listed([words for _, words in sorted(more, reverse=True)])
            text += f"{', though' if less else ':'} {better}"
        return text

    def _nway(self) -> str:
        table, source = self.table, self.source
        text = (
            f"NWAY's numbers: p_any {probability(float(source['p_any']))}, p_i "
            f"{probability(float(table['p_i'][1]))} for {self._label(1)}."
        )
        flags = np.asarray(table["match_flag"])
        if flags[1] != 1 and (flags == 1).any():
            at = int(np.argmax(flags == 1))
            text += f" They prefer {self._label(at)} (p_i {probability(float(table['p_i'][at]))})."
        if len(self.names) > 1:
            text += " " + self._marginals()
        if source["n_claims"] > 1 and table[self.names[0]][1] == source[self.names[0]]:
            text += (
                f" {member(table, 1, self.names[0], self.ids[0])} is also the best of "
                f"{source['n_claims'] - 1} other {self.primary} "
                f"{'source' if source['n_claims'] == 2 else 'sources'}."
            )
        left_out = 1.0 - float(np.sum(np.asarray(table["p_match"], float)))
        if self.record.min_p_i > 0 and left_out > 1e-6:
            text += (
                f" Associations below min_p_i, {probability(left_out)} in sum, are not in "
                "this result."
            )
        return text

    def _marginals(self) -> str:
        """Probability of each member of the best association, over all associations with it."""
        table = self.table
        p_match = np.asarray(table["p_match"], float)
        said = [
            f"{member(table, 1, name, id_name)} "
            f"{probability(float(p_match[np.asarray(table[name]) == table[name][1]].sum()))}"
            for name, id_name in zip(self.names, self.ids, strict=True)
            if table[name][1] >= 0
        ]
        return f"Over all associations: {listed(said)}."

    def _label(self, at: int) -> str:
        return label(self.table, at, self.names, self.ids)

    def _away(self, at: int) -> str:
        apart = [
            f"{self.table[f'Separation_{self.primary}_{n}'][at]:.2g}"
            for n in self.names
            if self.table[n][at] >= 0
        ]
        return f"{listed(apart)} arcsec away"

    def _excluded_by(self, at: int) -> str:
        return excluded_by(self.record, self.table, at)

    def _input(self, name: str, column: str, at: int) -> str:
        """The value of an input column that a prior is called after, as text; empty if unknown."""
        row = int(self.table[name][at])
        if self.result._catalogs:
            catalog = next(c for c in self.result._catalogs if c.name == name)
            row = int(catalog.held(np.array([row]))[0])
            if column not in catalog.table.colnames:
                return ""
            value: Any = catalog.table[column][row]
        else:
            known = input_columns(
                self.result, name, np.array([row]), int(self.source[self.primary])
            )
            if column not in known.colnames:
                return ""
            value = known[column][0]
        if np.ma.is_masked(value):
            return "unknown"
        try:
            number = float(value)
        except (TypeError, ValueError):
            return ""
        return f"{number:.4g}" if number > -99 else "unknown"  # NaN too
