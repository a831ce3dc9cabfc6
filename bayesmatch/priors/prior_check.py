"""What a user gave as priors of a catalogue, checked; and who is to blame when their code fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..catalogs.held import HeldCatalog
from ..catalogs.scalars import shown
from .combination import on_combinations
from .evaluation import said_of, tells_of
from .protocol import evaluates, learns


def check_listed(listed: Sequence[Any], catalog: HeldCatalog, primary: HeldCatalog) -> None:
    """Refuse what is not a prior, and names that occur twice."""
    seen = set()
    for prior in listed:
        if on_combinations(prior) and not evaluates(prior):
            raise ValueError(
                f"priors of catalogue {catalog.name!r}: {shown(prior)} is one on combinations, "
                "which go with no catalogue: give priors={None: [...]}"
            )
        if not isinstance(getattr(prior, "name", None), str) or not (
            evaluates(prior) or learns(prior)
        ):
            raise TypeError(
                f"priors of catalogue {catalog.name!r}: {shown(prior)} is not a prior (it "
                "needs a name, and log10_ratio or log10_ratio_pairs, or learn)"
            )
        if prior.name in seen:
            raise ValueError(
                f"priors of catalogue {catalog.name!r}: two are called "
                f"{prior.name!r}; give one another name="
            )
        seen.add(prior.name)
        if isinstance(getattr(prior, "columns", None), str):
            raise TypeError(
                f"prior {prior.name!r} of catalogue {catalog.name!r}: columns is a text; give a "
                "list of names"
            )
        if hasattr(prior, "check"):
            with of_prior(prior, catalog.name, "check"):
                prior.check(catalog, primary)


@contextmanager
def of_prior(prior: Any, catalogue: str, method: str) -> Iterator[None]:
    """What a method of a prior raises, named; what says of which catalogue it speaks stays."""
    try:
        yield
    except Exception as error:  # of a user's code
        if tells_of(error, catalogue) or isinstance(error, OSError):
            raise
        raise ValueError(
            f"prior {prior.name!r} of catalogue {catalogue!r}: {method}() failed ({said_of(error)})"
        ) from error


def check_learned(given: Any, found: Any, catalog: HeldCatalog) -> None:
    """Refuse what a prior of the user's own learned wrongly: it would fail far from the cause."""
    what = f"prior {given.name!r} of catalogue {catalog.name!r} learned {shown(found)}"
    if not evaluates(found) or learns(found):
        raise TypeError(
            f"{what}; learn() must return a prior that is ready: with log10_ratio or "
            "log10_ratio_pairs, without learn"
        )
    if getattr(found, "name", None) != given.name:
        raise ValueError(
            f"{what}, which is not called {given.name!r}; the learned prior must keep the name"
        )
