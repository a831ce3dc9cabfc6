"""How NWAY was run, as far as its file tells."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from astropy.io.fits import Header

#: what a comment of the file begins with, and how long one is
ARGUMENT, CARD = "argument ", 72


@dataclass(frozen=True)
class NwayCommand:
    """The arguments of a run of ``nway.py``; None where the file does not tell."""

    line: str = ""
    radius: float | None = None
    completeness: tuple[float, ...] | None = None
    """one, or one per other catalogue"""
    unrelated: bool | None = None
    """whether unrelated associations are counted"""
    secondary_ratio: float | None = None
    min_prob: float | None = None
    mags: tuple[tuple[str, str], ...] = ()
    """catalogue:column, and the file or ``auto``"""
    mag_radius: float | None = None
    mag_exclude_radius: float | None = None
    mag_min_post: float = 0.9
    prefilter: tuple[tuple[str, str], ...] = ()
    """pairs of catalogues"""
    files: tuple[str, ...] = ()
    errors: tuple[str, ...] = field(default=())
    """position errors as they were given"""

    @classmethod
    def of(cls, header: Header) -> NwayCommand:
        """What the primary header of a file by ``nway.py`` tells."""
        told = _arguments(header)
        given = told.get("prior_completeness")
        catalogues = told.get("catalogues") or []
        return cls(
            line=str(header.get("NWAYCMD", "")),
            radius=told.get("radius"),
            completeness=(
                None if given is None else tuple(float(c) for c in str(given).split(":"))
            ),
            unrelated=told.get("consider_unrelated_associations"),
            secondary_ratio=told.get("acceptable_prob"),
            min_prob=told.get("min_prob"),
            mags=tuple((str(c), str(f)) for c, f in told.get("mag") or ()),
            mag_radius=told.get("mag_radius"),
            mag_exclude_radius=told.get("mag_exclude_radius"),
            mag_min_post=told.get("mag_auto_minprob", 0.9),
            prefilter=tuple((str(a), str(b)) for a, b, _ in told.get("prefilter_pair") or ()),
            files=tuple(catalogues[::2]),
            errors=tuple(catalogues[1::2]),
        )


def _arguments(header: Header) -> dict[str, Any]:
    """The arguments in the comments of a header; long ones go on in the next cards."""
    texts: list[str] = []
    for card in map(str, header.get("COMMENT", ())):
        if card.startswith(ARGUMENT):
            texts.append(card)
        elif texts:
            whole = -(-len(texts[-1]) // CARD) * CARD  # a blank at a card's end is not kept
            texts[-1] = texts[-1].ljust(whole) + card
    told: dict[str, Any] = {}
    for text in texts:
        name, _, value = text.removeprefix(ARGUMENT).partition(": ")
        try:
            told[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            told[name] = value
    return told
