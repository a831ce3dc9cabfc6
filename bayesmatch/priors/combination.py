"""Priors on whole combinations: functions of all members of an association together."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, Protocol, runtime_checkable

import numpy as np
from astropy.table import Table

from ..catalogs.held import HeldCatalog
from ..catalogs.scalars import names_of, shown
from .evaluation import HIGHEST, LOWEST, known_ratios, said_of

Members = Mapping[str, Table]


@runtime_checkable
class MembersPrior(Protocol):
    """What a prior on combinations has; :class:`CombinationPrior` makes one from a function.

    ``columns``, a mapping of catalogue name to list of columns, is optional: absent or None, the
    prior may need any column of any catalogue.
    """

    @property
    def name(self) -> str:
        """Name, unique among the priors on combinations."""

    def log10_ratio_members(self, members: Members) -> np.ndarray:
        """Log10 of p(x | this combination) / p(x | field) of every association.

        Parameters
        ----------
        members : mapping of str to Table
            By catalogue, the primary's too, tables with a row per association (n): those of its
            members, masked where the catalogue takes no part.

        Returns
        -------
        ndarray, shape (n,)
            0 (or masked) where nothing is known, -inf to exclude a combination; otherwise from
            -323 to 308.
        """


class CombinationPrior:
    """A prior on whole combinations, from a function of all their members.

    For what no prior of one catalogue can say: a colour of magnitudes that stand in different
    catalogues, redshifts that must agree. It goes with no catalogue: ``match(..., priors={None:
    [prior]})``. Its ratio multiplies the evidence of the combination, as that of the other priors
    does, so it enters ``p_single``, ``p_any``, ``p_i`` and the calibrated columns.

    Parameters
    ----------
    name : str
        Name in the result's column ``bias_<name>``.
    function : callable
        Called with a mapping of catalogue name to astropy Table, with a row per association: the
        rows of its members, masked where the catalogue takes no part, the primary's always there.
        It returns log10 of p(x | these are one source) / p(x | chance) of each association. Masked
        values count as unknown (0); -inf excludes a combination; NaN is an error.
    columns : mapping of str to list of str, optional
        Columns that the function needs, by catalogue, the primary's too: the tables have those.
        Of catalogues that are left out they have the identifiers alone. One column may stand
        without a list.
        Default: all columns of all catalogues; of scanned ones that reads all of them.

    Notes
    -----
    The associations of a primary come together, those without a counterpart among them: there all
    catalogues but the primary are masked. A ratio other than 1 there counts, too: it is the
    evidence that the source has no counterpart at all, and -inf says that it must have one. (NWAY
    4.8.0 does the same with its ``prior_callback``.) Of a large match the function is called with
    the associations of some of the primaries at a time, so a row's ratio must not depend on rows
    of other primaries.

    With such a prior no association is pruned, whatever ``prune`` says: a function has no bound.
    A match with more associations than memory holds is refused.

    Examples
    --------
    >>> import bayesmatch as bm
    >>> import numpy as np
    >>> def red(members):
    ...     colour = members["OPT"]["r"] - members["IR"]["w1"]
    ...     return np.ma.where(colour > 1, 0.5, -1.0)
    >>> prior = bm.CombinationPrior("red", red, columns={"OPT": ["r"], "IR": ["w1"]})
    >>> prior.columns
    {'OPT': ['r'], 'IR': ['w1']}
    """

    def __init__(
        self,
        name: str,
        function: Callable[[Members], Any],
        columns: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        if not isinstance(name, str) or not name:
            raise TypeError(f"CombinationPrior: name is {shown(name)}; give a text")
        if not callable(function):
            raise TypeError(
                f"CombinationPrior {name!r}: function is {shown(function)}, not callable"
            )
        if columns is not None and not isinstance(columns, Mapping):
            raise TypeError(
                f"CombinationPrior {name!r}: columns is {shown(columns)}; give a mapping of "
                "catalogue name to a list of columns"
            )
        self.name, self.function = name, function
        self.columns: dict[str, list[str]] | None = None
        if columns is not None:
            what = f"CombinationPrior {name!r}: columns of"
            self.columns = {
                catalogue: [listed]
                if isinstance(listed, str)
                else names_of(f"{what} {shown(catalogue)}", listed)
                for catalogue, listed in columns.items()
            }

    def __repr__(self) -> str:
        return f"CombinationPrior({self.name!r}, columns={self.columns!r})"

    def log10_ratio_members(self, members: Members) -> Any:
        """The function's value for each association."""
        return self.function(members)

    def save(self, path: str | os.PathLike) -> NoReturn:
        """Raises: no file of data holds a function."""
        raise TypeError(
            f"CombinationPrior {self.name!r} is not saved: a file of data holds no function. Keep "
            "its code, and make the prior of it again"
        )


def check_combinations(
    listed: Any, primary: HeldCatalog, others: Sequence[HeldCatalog]
) -> tuple[Any, ...]:
    """The priors on combinations that a user gave, one or a list.

    Raises
    ------
    ValueError, TypeError
        If one is none, two share a name, or one needs a catalogue or column that is not there.
    """
    priors = tuple(listed) if isinstance(listed, (list, tuple)) else (listed,)
    names: list[str] = []
    for prior in priors:
        if not isinstance(getattr(prior, "name", None), str) or not on_combinations(prior):
            raise TypeError(
                f"priors of None: {shown(prior)} is not a prior on combinations "
                "(CombinationPrior); give priors of one catalogue under its name"
            )
        if prior.name in names:
            raise ValueError(
                f"priors of None: two are called {prior.name!r}; give one another name"
            )
        names.append(prior.name)
        _check_columns(prior, (primary, *others))
    return priors


def on_combinations(prior: Any) -> bool:
    """Whether a prior is one on whole combinations."""
    return callable(getattr(prior, "log10_ratio_members", None))


def columns_of(priors: Sequence[Any], catalogue: str) -> list[str] | None:
    """Columns of a catalogue that priors on combinations need; None: any."""
    needed: list[str] = []
    for prior in priors:
        columns = getattr(prior, "columns", None)
        if columns is None:
            return None
        needed += columns.get(catalogue, ())
    return needed


def ratio_of_members(prior: Any, members: Members, row_text: Callable[[int], str]) -> np.ndarray:
    """Log10 ratio of a prior for some associations.

    Parameters
    ----------
    prior : MembersPrior
        That is asked.
    members : mapping of str to Table
        By catalogue, a row per association.
    row_text : callable
        What messages call an association.

    Returns
    -------
    ndarray, shape (n,)
        Log10 ratios; 0 where the prior knows nothing.

    Raises
    ------
    ValueError
        If its code fails, or returns another shape, NaN, +inf or what no double holds.
    """
    n = len(next(iter(members.values())))
    where = f"prior {prior.name!r} of combinations"
    try:
        ratio = known_ratios(prior.log10_ratio_members(members))
    except Exception as error:  # of a user's code
        if isinstance(error, OSError):
            raise
        known = ", ".join(f"{c} ({', '.join(t.colnames)})" for c, t in members.items())
        raise ValueError(
            f"{where} failed ({said_of(error)}); it must return numbers, one log10 ratio per "
            f"association, from {known}"
        ) from error
    if ratio.shape != (n,):
        raise ValueError(
            f"{where} returned shape {ratio.shape} for {n} associations; it must return one log10 "
            "ratio for each"
        )
    bad = ~(((ratio >= LOWEST) & (ratio <= HIGHEST)) | np.isneginf(ratio))
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"{where} returned {ratio[first]:g} for {row_text(first)}; log10 ratios are from "
            f"{LOWEST:g} to {HIGHEST:g}, 0 where nothing is known, or -inf to exclude a combination"
        )
    return ratio


def _check_columns(prior: Any, catalogs: Sequence[HeldCatalog]) -> None:
    columns = getattr(prior, "columns", None)
    if columns is None:
        return
    what = f"prior {prior.name!r} of combinations: columns"
    by_name = {c.name: c for c in catalogs}
    if not isinstance(columns, Mapping) or not columns:
        raise TypeError(
            f"{what} is {shown(columns)}; give a mapping of catalogue name to a list of columns, "
            "or None for all"
        )
    for catalogue, listed in columns.items():
        if catalogue not in by_name:
            raise ValueError(
                f"{what}: catalogue {shown(catalogue)} is not among those matched; these are "
                f"{', '.join(by_name)}"
            )
        if not isinstance(listed, (list, tuple)) or not listed:
            raise TypeError(
                f"{what} of {catalogue!r} is {shown(listed)}; give a list of names, or leave the "
                "catalogue out"
            )
        for column in listed:
            by_name[catalogue].columns.existing(column)
