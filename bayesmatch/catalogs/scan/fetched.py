"""What a data set says that was fetched from a service: whether it is complete, and of which sky.

:mod:`bayesmatch.catalogs.services` writes it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..scalars import shown

MANIFEST = "_fetched.json"
FORMAT = 1
#: names of the files of cells begin so
CELL = "cell-"
#: no manifest is larger: a MOC of a million cells is some ten million bytes
MAX_BYTES = 1 << 26


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """What the data set in a directory was fetched as; None if it was not fetched.

    Raises
    ------
    ValueError
        If the manifest is not what was written.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
        record = json.loads(data.decode())
        if len(data) > MAX_BYTES or not isinstance(record, dict):
            raise ValueError
        if record["format"] != FORMAT or type(record["complete"]) is not bool:
            raise ValueError
        if not (isinstance(record["moc"], Mapping) and isinstance(record["request"], Mapping)):
            raise ValueError
        # mocpy leaves out cells that it does not understand, without a word.
        if digest_of(record["moc"]) != record["request"]["region_sha256"]:
            raise ValueError
    except (OSError, ValueError, KeyError, RecursionError) as error:
        raise ValueError(
            f"{path}: is not what 'bayesmatch fetch' wrote; fetch the data set again into another "
            "folder"
        ) from error
    return record


def digest_of(cells: Mapping[str, Any]) -> str:
    """Of the cells of a region by order, as JSON has them."""
    return hashlib.sha256(json.dumps(cells, sort_keys=True).encode()).hexdigest()


def fetched_region(paths: Any) -> Any:
    """The region, a `mocpy.MOC`, of a data set that was fetched; None if it was not.

    Raises
    ------
    ValueError
        If the data set is not complete.
    """
    if not isinstance(paths, (str, os.PathLike)) or not os.path.isdir(paths):
        return None
    folder = Path(paths)
    record = read_manifest(folder)
    if record is None:
        return None
    if not record["complete"]:
        raise ValueError(
            f"{folder}: this data set is not complete, its fetch was interrupted; the same "
            "'bayesmatch fetch' command goes on from there"
        )
    n_files = sum(path.name.startswith(CELL) for path in folder.iterdir())
    if n_files != record.get("cells"):
        raise ValueError(
            f"{folder}: this data set has {n_files:,} of the {shown(record.get('cells'))} files "
            f"({CELL}*) that were fetched; the same 'bayesmatch fetch' command brings them again"
        )
    return moc_from(record["moc"], folder)


def moc_from(cells: Mapping[str, Any], folder: Path) -> Any:
    """A `mocpy.MOC` from its cells by order, as JSON has them."""
    from mocpy import MOC

    try:
        return MOC.from_json(dict(cells))
    except Exception as error:  # mocpy raises many kinds
        raise ValueError(
            f"{folder / MANIFEST}: its region is {shown(cells)}, no MOC; fetch the data set again "
            "into another folder"
        ) from error
