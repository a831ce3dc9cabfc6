"""A field sample of a scanned catalogue: its rows around some sources, thinned as they stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..._kernels.jit import n_threads
from ..area import contains
from ..field_sample import FIELD_ROWS, sampled_rows, sampled_share
from ..sky_box import SkyBox
from .catalog import ScannedCatalog
from .checkpoint import Stage, run_tasks
from .parts import rows_of
from .search import position_batches, read_for_positions
from .work import Task, reader_ahead

if TYPE_CHECKING:
    import pyarrow as pa


def read_sample(
    other: ScannedCatalog,
    box: SkyBox,
    n_around: int,
    columns: Sequence[str],
    tasks: Sequence[Task],
    stage: Stage | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, pa.Table]:
    """Rows, positions (degrees) and some columns of the sampled rows, in row order.

    Parameters
    ----------
    other : ScannedCatalog
        Read once more where it may have rows in the cells.
    box : SkyBox
        Cells around the sources.
    n_around : int
        Rows in those near a source, which the share to be taken goes by.
    columns : sequence of str
        To have of the rows.
    tasks : sequence of Task
        All row groups that may hold such rows.
    stage : Stage, optional
        Where finished parts are kept.
    """
    import pyarrow as pa

    share, parallel = sampled_share(n_around, FIELD_ROWS), len(tasks) < n_threads()
    schema = pa.schema([other.schema.field(name) for name in columns])
    position = [("row", pa.int64()), ("ra", pa.float64()), ("dec", pa.float64())]
    types = pa.schema([*position, *schema])  # a column may have the name of a position
    ahead = reader_ahead(tasks, [*read_for_positions(other), *columns])

    def work(task: int) -> pa.Table:
        ahead(task)
        part, groups = tasks[task]
        pieces = [types.empty_table()]
        for batch in position_batches(other, part, groups, parallel, columns):
            ra, dec = batch.ra, batch.dec
            taken = sampled_rows(ra, dec, box, share)
            if other.moc is not None:
                taken = taken[contains(other.moc, ra[taken], dec[taken])]
            values = [pa.array(v) for v in (batch.numbers(taken), ra[taken], dec[taken])]
            found = rows_of(part, batch.data, batch.read(taken), schema)
            pieces.append(pa.Table.from_arrays([*values, *found], schema=types))
        return pa.concat_tables(pieces)

    tables = [table for _, table in run_tasks(work, len(tasks), stage)]
    whole = pa.concat_tables([types.empty_table(), *tables])
    row, ra, dec = (whole.column(k).to_numpy() for k in range(3))
    return row, ra, dec, whole.select(list(range(3, len(types))))
