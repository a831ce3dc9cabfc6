"""The verdicts of several precise catalogues together, and the sample they make."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.table import Column, Table

from ..catalogs.catalog import Catalog
from ..catalogs.identifiers import USE_ROWS
from ..catalogs.left_out import with_good_rows, with_positions
from .columns import Columns, read_columns
from .counts import steps_text
from .options import check_sample_catalogs
from .verdicts import HOSTLESS, UNKNOWN, Cuts, verdicts

#: the step after the catalogues', in ``meta["counts"]``; no catalogue can be called that
TOGETHER = "all catalogues"


class Combined:
    """The verdicts of all precise catalogues, and what they agree on."""

    def __init__(
        self, primary: Catalog, precise: Any, survey: Catalog, cuts: Cuts, columns: Columns
    ) -> None:
        self.catalogs = list(map(with_good_rows, check_sample_catalogs(primary, precise, survey)))
        primary, survey = with_good_rows(primary), with_positions(survey)
        self.primary, self.survey = primary, survey
        known_flux, read = read_columns(primary, self.catalogs, columns)
        self.of_catalog = [verdicts(primary, known_flux, p, survey, cuts) for p in read]
        self.agreed = self._combine()

    def _combine(self) -> np.ndarray:
        """Of every primary: the counterpart's row, HOSTLESS or UNKNOWN."""
        said = np.array([v.survey_row for v in self.of_catalog])
        known = said > UNKNOWN
        agreed: np.ndarray = said.max(axis=0)
        conflict = (known & (said != agreed)).any(axis=0)
        self.counts: dict[str, dict[str, int]] = {
            c.name: v.counts for c, v in zip(self.catalogs, self.of_catalog, strict=True)
        }
        together = self.counts[TOGETHER] = {
            "with_a_verdict": int(known.any(axis=0).sum()),
            "conflicting": int(conflict.sum()),
        }
        agreed[conflict] = UNKNOWN
        rows, times = np.unique(agreed[agreed >= 0], return_counts=True)
        twice = np.isin(agreed, rows[times > 1])
        together["counterpart_claimed_twice"] = int(twice.sum())
        agreed[twice] = UNKNOWN
        together["robust"] = int((agreed >= 0).sum())
        together["hostless"] = int((agreed == HOSTLESS).sum())
        return agreed

    def table(self, what: str, mine: np.ndarray, details: bool, quiet: bool) -> Table:
        """Some primaries with what was agreed on, as a sample; the counts are printed."""
        rows = np.flatnonzero(mine)
        survey_rows = self.agreed[rows]
        text = (
            _unique_ids(self.survey, survey_rows)
            if (survey_rows >= 0).any()
            else np.full(len(rows), "hostless")
        )
        name = self.primary.id_name
        out = Table(
            {
                name: Column(self.primary.ids(rows), description=f"of {self.primary.name}"),
                "counterpart": Column(
                    text,
                    dtype=text.dtype if len(rows) else "U8",
                    description=f"of {self.survey.name}, or hostless",
                ),
            }
        )
        if details:
            for column, values in self._details(rows).items():
                out[column] = values
        out.meta["counts"] = self.counts
        if not quiet:
            print(steps_text(f"{what} of {self.primary.name}", self.counts))
        return out

    def _details(self, rows: np.ndarray) -> dict[str, Column]:
        """What the most precise of the catalogues with a verdict measured."""

        def stacked(field: str) -> np.ndarray:
            return np.array([getattr(v, field)[rows] for v in self.of_catalog])

        r98 = stacked("r98")
        best = np.argmin(np.where(np.isnan(r98), np.inf, r98), axis=0)
        where = best, np.arange(len(rows))
        precise_row = stacked("precise_row")[where]
        ids = [
            str(self.catalogs[b].ids(np.array([k]))[0])
            for b, k in zip(best, precise_row, strict=True)
        ]
        names = np.array([c.name for c in self.catalogs])
        return {
            "precise": Column(names[best], description="precise catalogue"),
            "precise_ID": Column(ids, dtype=None if ids else "U1", description="its source"),
            "flux_ratio": Column(stacked("flux_ratio")[where], description="precise / primary"),
            "separation": Column(
                stacked("separation")[where],
                unit="arcsec",
                description="of the nearest object from the precise position",
            ),
            "r98": Column(r98[where], unit="arcsec", description="of the precise position"),
            "false_radius": Column(stacked("false_radius")[where], unit="arcsec"),
            "n_precise": Column((~np.isnan(r98)).sum(axis=0), description="catalogues that agree"),
        }


def _unique_ids(survey: Catalog, rows: np.ndarray) -> np.ndarray:
    """Identifiers of some objects as text, none of which another object has too."""
    ids = survey.ids(np.arange(len(survey)))
    same = np.flatnonzero(np.isin(ids, ids[rows]))
    if len(same) > len(rows):
        values, times = np.unique(ids[same], return_counts=True)
        value = values[times > 1][0]
        first, second = same[ids[same] == value][:2]
        raise ValueError(
            f"catalogue {survey.name!r}: column {survey.id_name!r} has {value!s} in "
            f"rows {first} and {second}, of which one is a counterpart; give a column "
            f"of unique identifiers as id= (--id on the command line), {USE_ROWS}"
        )
    text: np.ndarray = ids[rows].astype(str)
    return text
