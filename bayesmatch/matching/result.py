"""What a match gives back: two tables, the record of how they were made, and how to keep them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Table

from ..catalogs.held import HeldCatalog
from ..catalogs.scalars import number_within
from ..catalogs.warned import warn_user
from .checks.table import checks_table
from .conveniences import Conveniences
from .expected import expected_table
from .field import FieldDensity
from .host_fraction import HostFraction
from .joined import JoinedColumn, with_columns
from .kept_dropped import Kept, with_kept
from .made_later import TwoTables
from .mending import check_catalogue_names, warn_of_changes
from .record import MatchRecord
from .result_check import check_inputs, given_catalogs, own_columns
from .result_files import check_writable, read_result, write_result
from .settled import KnownClaims
from .summary import summary_text
from .terms import PosteriorTerms

if TYPE_CHECKING:
    import pandas

    import bayesmatch


class MatchResult(Conveniences, TwoTables):
    """The result of :func:`bayesmatch.match`.

    Attributes
    ----------
    associations : astropy.table.Table
        One row per association, ordered by primary, each primary's no-counterpart row first.
    sources : astropy.table.Table
        One row per primary, in input order.
    meta : dict
        Parameters, fitted host fraction with its standard error, counts, versions, and the
        seconds each stage took (these are not written to files, so that equal runs give equal
        files).
    priors : dict
        Priors used, by catalogue (None: on combinations); empty for a result read from a file.
    host_fraction : HostFraction or None
        The fractions of primaries with each set of counterparts, source by source, which another
        match of the same sources with the same catalogues takes (``match(...,
        host_fraction=result.host_fraction)``): ``mean`` with its ``mean_error``, ``ln_fraction``
        of shape (n_primary, 2^(K - 1)), and ``details`` of the fit. None for a result read from a
        file, whose ``meta`` has all of it but ``ln_fraction``.
    """

    def __init__(
        self,
        associations: Table | Callable[[], Table],
        sources: Table | Callable[[], Table],
        meta: dict[str, Any],
        *,
        priors: Mapping[str, Sequence[Any]] | None = None,
        catalogs: Sequence[HeldCatalog] = (),
        host_fraction: HostFraction | None = None,
        terms: PosteriorTerms | None = None,
        field: FieldDensity | None = None,
        claims: KnownClaims | None = None,
        kept: Kept | None = None,
    ) -> None:
        self.associations, self.sources, self.meta = associations, sources, meta
        self.priors = dict(priors or {})
        self._catalogs = tuple(catalogs)
        self.host_fraction = host_fraction
        self._terms = terms
        self._field = field
        self._claims = claims
        self._kept = kept

    def __repr__(self) -> str:
        return (
            f"<MatchResult: {len(self.sources)} sources, {len(self.associations)} associations "
            f"of {' x '.join(self.catalogue_names)}>"
        )

    @property
    def record(self) -> MatchRecord:
        """What ``meta`` says, typed."""
        return MatchRecord.from_meta(self.meta)

    @property
    def catalogue_names(self) -> list[str]:
        """Names of the catalogues, the primary first."""
        return [c.name for c in self.record.catalogues]

    def best(self, p_any_min: float = 0.0) -> Table:
        """The best association of each primary that has one (match_flag 1, the first on ties).

        Parameters
        ----------
        p_any_min : float, default 0
            Only primaries with at least this p_any.

        Returns
        -------
        astropy.table.Table
            Rows of ``associations``, at most one per primary.
        """
        p_any_min = number_within("p_any_min", p_any_min, -np.inf, np.inf)
        table = self.associations
        rows = np.flatnonzero(
            (np.asarray(table["match_flag"]) == 1) & (np.asarray(table["p_any"]) >= p_any_min)
        )
        _, first = np.unique(np.asarray(table[self.catalogue_names[0]])[rows], return_index=True)
        return table[rows[first]]

    def to_pandas(self) -> pandas.DataFrame:
        """The associations as a DataFrame; masked integers become nullable, vectors lists."""
        table = self.associations.copy(copy_data=False)
        for name in [n for n in table.colnames if table[n].ndim > 1]:
            # As the newest Astropy does by itself, and the lowest not at all.
            rows = np.empty(len(table), object)
            for k, row in enumerate(table[name].tolist()):
                rows[k] = row
            table[name] = rows
        return table.to_pandas()

    def summary(self) -> str:
        """A few lines for people: how many sources, and how sure their counterparts are."""
        return summary_text(self.associations, self.sources, self.record)

    def expected(
        self,
        cutoffs: Sequence[float] | np.ndarray | None = None,
        catalogue: str | None = None,
    ) -> Table:
        """Purity and completeness of a cut on ``p_<NAME>``, from the probabilities alone.

        Parameters
        ----------
        cutoffs : sequence of float, optional
            Selected are the sources whose best candidate has ``p_<NAME>`` at or above the cutoff.
            Default: 0, 0.01, ... 1.
        catalogue : str, optional
            NAME, the catalogue of the counterparts. Default: the first after the primary.

        Returns
        -------
        Table
            A row per cutoff: ``cutoff``, ``n_selected``, ``purity`` (share of the selected that
            are expected to be right), ``completeness`` (expected number right over that of sources
            with a counterpart in NAME), and the standard error of both, ``purity_error`` and
            ``completeness_error``: chance of this many sources, and the host fraction's error.

        Raises
        ------
        ValueError, TypeError
            If the catalogue is none of the others, or a cutoff is not a number from 0 to 1.

        Notes
        -----
        As good as the probabilities: :func:`bayesmatch.assess` compares with known answers,
        :meth:`checks` tells what speaks against them. Sources where the catalogue has not looked
        are left out.
        """
        return expected_table(self.associations, self.sources, self.record, cutoffs, catalogue)

    def checks(self) -> Table:
        """What speaks for and against this result, as the match found it.

        Returns
        -------
        Table
            A row per check: ``check``, ``value``, ``expected``, ``error``, ``sigma`` (numbers, NaN
            where there is none), ``verdict`` ("ok"; "look": worth a look; "wrong": the result
            cannot be trusted) and ``advice``, a sentence. Without rows for a file of 0.1.
        """
        return checks_table(self.record.checks or ())

    def write(
        self,
        path: str | os.PathLike,
        include_inputs: bool | None = None,
        *,
        catalogues: Sequence[bayesmatch.Catalog] | None = None,
        keep_dropped: bool = False,
    ) -> list[str]:
        """Write both tables and the meta data; whole or not at all.

        All places are checked first. Files are written under other names and brought to the disk,
        then renamed together: a process that is killed leaves the old result or the new one for
        :meth:`read` (where there are several files, a hidden ``.finishing-...`` file tells which
        renames are left). A file that a catalogue was read from is not overwritten; of a symbolic
        link what it leads to is replaced. Folders that do not exist are made. Every file carries
        one digest of the run, and equal runs give equal files.

        Parameters
        ----------
        path : path
            FITS and VOTable hold both tables; ECSV, Parquet and CSV put the sources into a second
            file ``<stem>.sources.<ext>`` (and CSV units and meta data into ``<stem>.meta.json``).
        include_inputs : bool, optional
            Also give every association the columns of its members, as ``<NAME>_<column>``. Default:
            where the inputs are at hand, which they are not for a result read from a file.
        catalogues : sequence of Catalog, optional
            The catalogues that were matched, in their order, for a result read from a file.
        keep_dropped : bool, default False
            Also write a row for each primary that was left out (``bad_rows="drop"``), with all that
            a match finds masked; :meth:`read` passes over these, and they can be written again.

        Returns
        -------
        list of str
            The files written.

        Raises
        ------
        ValueError
            If the format is unknown or cannot hold the columns, a file would overwrite an input or
            join a scanned data set, or inputs are asked for that are not at hand.
        OSError
            If a file cannot be written there.

        Warns
        -----
        UserWarning
            Of every column that the format cannot hold: renamed, written as text, or left out.
        """
        catalogs = self._catalogs if catalogues is None else given_catalogs(catalogues)
        made_of = [*catalogs, *(p for listed in self.priors.values() for p in listed)]
        read = [source for part in made_of for source in getattr(part, "read_from", ())]
        associations, joined = self.associations, list[JoinedColumn]()
        check_writable(path, [associations.colnames], read)  # before a data set is read again
        if include_inputs or (include_inputs is None and catalogs):
            try:
                associations, joined = self._joined(catalogues)
            except OSError as error:
                if include_inputs:
                    raise
                warn_user(f"{path}: written without the columns of the inputs ({error})")
        tables, own = (associations.colnames, self.sources.colnames), own_columns(self.record)
        check_catalogue_names(path, self.catalogue_names, [*own, *self.sources.colnames])
        check_writable(path, tables, read)
        warn_of_changes(path, *tables, own, joined)
        parts = associations, self.sources, self.meta
        if keep_dropped:
            parts = with_kept(*parts, catalogs, self._kept, check=catalogues is not None)
        return write_result(path, *parts, read)

    @classmethod
    def read(cls, path: str | os.PathLike) -> MatchResult:
        """Read a result that :meth:`write` wrote (the path given to it).

        Raises
        ------
        FileNotFoundError
            If one of its files does not exist.
        ValueError
            If its files are of two runs, or one is damaged or was changed after it was written;
            says which.
        """
        associations, sources, meta, kept = read_result(path)
        return cls(associations, sources, meta, kept=kept)

    def with_inputs(self, catalogues: Sequence[bayesmatch.Catalog] | None = None) -> Table:
        """The associations with the input columns of every member, ``<NAME>_<column>``.

        Where that is the name of another column already, a number is put behind it. Arrays of
        different lengths in cells, and the like, are JSON text.

        Parameters
        ----------
        catalogues : sequence of Catalog, optional
            The catalogues that were matched, in their order, for a result read from a file.

        Raises
        ------
        ValueError
            If the inputs are not at hand, or the catalogues are not those that were matched.
        """
        return self._joined(catalogues)[0]

    def _joined(
        self, catalogues: Sequence[bayesmatch.Catalog] | None
    ) -> tuple[Table, list[JoinedColumn]]:
        """The associations with the input columns, and what became of each of these."""
        catalogs = self._catalogs if catalogues is None else given_catalogs(catalogues)
        if not catalogs:
            raise ValueError(
                "the input catalogues are not at hand: this result was read from a file; write "
                "with include_inputs=True where the match is made, or give them as catalogues="
            )
        core = own_columns(self.record)
        if catalogues is not None:
            check_inputs(self.associations, self.record, catalogs)
        return with_columns(self.associations, catalogs, core)
