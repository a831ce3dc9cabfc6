"""`send`: the published table to programs on the same desk, through SAMP.

SAMP is the messaging protocol of the Virtual Observatory; a hub, which TOPCAT and Aladin bring
along, passes messages on.
"""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

from ...catalogs.scalars import shown
from ...matching.result import MatchResult
from .core import catalogue
from .writing import write_catalogue

LOAD = "table.load.votable"
#: a program has so many seconds to read the table
PATIENCE = 60


def send(result: MatchResult, client: str | None = None) -> list[str]:
    """Send the table of :func:`bayesmatch.catalogue` to programs that take tables through SAMP.

    Parameters
    ----------
    result : MatchResult
        From :func:`bayesmatch.match` or :meth:`MatchResult.read`.
    client : str, optional
        The name of the program, in any case ("topcat"). Default: every one that takes tables.

    Returns
    -------
    list of str
        Names of the programs that have loaded it.

    Raises
    ------
    ValueError, TypeError
        If no hub is running, no program takes tables, or none is called so: the message lists
        those that are there.
    OSError
        If a program could not load it.
    """
    if not (client is None or isinstance(client, str)):
        raise TypeError(f"client is {shown(client)}; give the name of a program, as 'topcat'")
    samp = _samp()
    us = samp.SAMPIntegratedClient(name="bayesmatch", addr="127.0.0.1", callable=False)
    try:
        us.connect()
    except samp.errors.SAMPHubError:
        raise ValueError(
            "no SAMP hub is running: open TOPCAT or Aladin, which bring one, and send again"
        ) from None
    try:
        there = _recipients(us, client)
        with tempfile.TemporaryDirectory(prefix="bayesmatch-") as folder:
            path = Path(folder) / "catalogue.vot"
            table = catalogue(result)
            write_catalogue(table, path)
            message = {
                "samp.mtype": LOAD,
                "samp.params": {
                    "url": path.as_uri(),
                    "table-id": "bayesmatch",
                    "name": table.meta["bayesmatch"]["title"],
                },
            }
            for key, name in there.items():
                _send(us, key, name, message, samp.errors.SAMPProxyError)
    finally:
        us.disconnect()
    return list(there.values())


def _recipients(us: Any, client: str | None) -> dict[str, str]:
    """Programs that take tables, by their key; those of a name if one is given."""
    names = {
        key: str(us.get_metadata(key).get("samp.name", key))
        for key in us.get_subscribed_clients(LOAD)
    }
    if not names:
        raise ValueError(
            "no program that takes tables is connected to the SAMP hub: open TOPCAT or Aladin"
        )
    if client is None:
        return names
    wanted = {key: name for key, name in names.items() if name.lower() == client.strip().lower()}
    if not wanted:
        raise ValueError(
            f"no program called {shown(client)} takes tables (client=, --client on the command "
            f"line); there are {', '.join(sorted(set(names.values())))}"
        )
    return wanted


def _samp() -> Any:
    """The protocol: in astropy, from which it goes, and in pyvo, where it goes to."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # astropy says that it will go
        try:
            from astropy import samp
        except ImportError:
            from pyvo import samp
    return samp


def _send(us: Any, key: str, name: str, message: dict[str, Any], refused: Any) -> None:
    """Send to one program, and wait until it has the table, whose file goes then."""
    try:
        answer = us.call_and_wait(key, message, str(PATIENCE))
    except refused as error:
        raise OSError(f"{name} has not answered in {PATIENCE} s ({error})") from None
    if answer.get("samp.status") != "samp.ok":
        said = answer.get("samp.error", {}).get("samp.errortxt", answer.get("samp.status"))
        raise OSError(f"{name} could not load the table: {said}")
