"""Queries to a TAP service: whole answers, tried again where it helps, or a line that says why not.

An answer that a limit has cut is no answer: it raises :class:`CutError`, and the caller asks for
less at a time.
"""

from __future__ import annotations

import contextlib
import re
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from astropy.table import MaskedColumn, Table

from ..scalars import shown_text
from .surveys import Survey

#: rows asked for at most; services have limits of their own, and say so
MAXREC = 2_000_000
#: numbers of rows at which services cut; an answer of just so many may be a part
ROUND = frozenset((1_000, 2_000, 2_500, 5_000, 10_000, 20_000, 50_000, 100_000, 500_000, 1_000_000))
#: seconds before the second, third, ... time
WAITS = (1.0, 4.0, 15.0, 60.0)
#: answers of HTTP that may be others next time
PASSING = (408, 425, 429, 500, 502, 503, 504)
#: characters of what a service says that are passed on
SAID = 240


class CutError(ValueError):
    """An answer was cut by a limit."""


def need_pyvo() -> Any:
    """The package pyvo; a line that tells what to install."""
    try:
        import pyvo
    except ImportError as error:
        raise ImportError(
            "fetching from a TAP service needs the package pyvo: pip install 'bayesmatch[services]'"
        ) from error
    return pyvo


@dataclass
class TapService:
    """A TAP service that is asked for parts of a survey."""

    survey: Survey
    timeout: float = 600.0
    """seconds for a query"""
    waits: tuple[float, ...] = WAITS
    """seconds before it is asked again"""
    queries: int = field(default=0, init=False)
    """asked so far, those that failed included"""
    _answered: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        pyvo, timeout = need_pyvo(), self.timeout
        import requests

        class Session(requests.Session):
            """Waits no longer for an answer than is said, and knows those that are open."""

            answers: list[Any] = []

            def request(self, *given: Any, **how: Any) -> Any:
                how.setdefault("timeout", timeout)
                answer = super().request(*given, **how)
                self.answers.append(answer)
                return answer

        self._session = Session()
        self._session.headers["User-Agent"] = "bayesmatch"
        self._service = pyvo.dal.TAPService(self.survey.tap, session=self._session)

    def close(self) -> None:
        """Leave the service."""
        self._session.close()

    def query(self, text: str) -> Table:
        """The whole answer to a query.

        Raises
        ------
        CutError
            If a limit has cut it.
        OSError
            If the service cannot be reached, or fails again and again.
        ValueError
            If it refuses the query, or its answer is no table.
        """
        # A service that has never answered is not waited for as one that has.
        waits = self.waits if self._answered else self.waits[:1]
        for wait in (*waits, None):
            try:
                return self._once(text)
            except CutError:
                raise
            except Exception as error:  # of pyvo, requests and astropy: what they parse is no table
                if not _passing(error):
                    raise self._final(error, text) from None
                if wait is None:
                    raise OSError(self._unreachable(error)) from None
                time.sleep(wait)
        raise AssertionError("not reached")

    def _final(self, error: Exception, text: str) -> Exception:
        """What to say of an error that would come again."""
        from pyvo.dal import exceptions

        if isinstance(error, exceptions.DALQueryError):
            return ValueError(
                f"{self.survey.tap} refuses the query ({_line(error)}); check the table, the "
                f"columns and the condition: {text}"
            )
        if _code(error) is not None:
            return OSError(self._unreachable(error))
        return ValueError(
            f"{self.survey.tap}: its answer is no VOTable ({_line(error)}); check the address, "
            "of which a browser may show a page"
        )

    def _unreachable(self, error: Exception) -> str:
        code, said = _code(error), _line(error)
        if code is not None:
            return f"{self.survey.tap} fails ({code}: {said}); check the address, or try later"
        kept = "; what has been fetched is kept, and the same command goes on from there"
        return (
            f"{self.survey.tap}: no answer ({said}): no network, or another address is needed "
            f"(tap=, --tap on the command line){kept if self._answered else ''}"
        )

    def _once(self, text: str) -> Table:
        """One try."""
        self.queries += 1
        try:
            return self._answer(text)
        finally:  # pyvo leaves what it need not read
            for answer in self._session.answers:
                answer.close()
            self._session.answers.clear()

    def _answer(self, text: str) -> Table:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of VOTables that are not by the letter, and of cuts
            if self.survey.mode == "sync":
                result = self._service.run_sync(text, maxrec=MAXREC)
            else:
                result = self._job(text)
            table, fields = result.to_table(), result.fielddescs
        self._answered = True
        if result.query_status == "OVERFLOW" or len(table) in ROUND or len(table) >= MAXREC:
            raise CutError(
                f"{self.survey.tap} gives {len(table):,} rows and may have more: its limit"
            )
        return plain(table, [(str(f.datatype), str(f.arraysize or "")) for f in fields])

    def _job(self, text: str) -> Any:
        """The result of an asynchronous job, which is deleted whatever becomes of it."""
        job = self._service.submit_job(text, maxrec=MAXREC)
        try:
            job.run().wait(phases=["COMPLETED", "ERROR", "ABORTED"], timeout=self.timeout)
            job.raise_if_error()
            return job.fetch_result()
        finally:
            with contextlib.suppress(Exception):  # an error of the job itself is on its way
                job.delete()


def plain(table: Table, fields: Sequence[tuple[str, str]]) -> Table:
    """A table whose columns Parquet can hold, the same types in every answer.

    Texts come as objects, and columns of arrays of any length are left out, also where no row tells
    one from the other: `fields` are the columns' types and arrays' sizes, as the VOTable has them.
    """
    out = Table()
    for (name, column), (kind, size) in zip(table.items(), fields, strict=True):
        values = np.ma.getdata(column)
        if values.dtype.kind == "O":
            mask = np.ma.getmaskarray(np.ma.asarray(column))
            if "char" not in kind.lower() or "x" in size:
                continue
            texts = ["" if m or v is None else _text(v) for v, m in zip(values, mask, strict=True)]
            column = MaskedColumn(
                np.array(texts, dtype=str),
                mask=mask if mask.any() else None,
                description=column.description,
                unit=column.unit,
            )
        out[name] = column
    return out


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _passing(error: Exception) -> bool:
    """Whether the same query may succeed later: no connection, or a service that is busy."""
    from pyvo.dal import exceptions
    from requests.exceptions import RequestException

    if isinstance(error, exceptions.DALQueryError):
        return False
    code, cause = _code(error), getattr(error, "cause", None)
    if code is not None:
        return code in PASSING
    return isinstance(error, (OSError, exceptions.DALServiceError, RequestException)) or isinstance(
        cause, RequestException
    )


def _code(error: Exception) -> int | None:
    """The status of HTTP; None where there was no answer."""
    code = getattr(error, "code", None)
    return code if isinstance(code, int) and code else None


def _line(error: Exception) -> str:
    """What an error says, in one line that is not too long."""
    text = " ".join(str(getattr(error, "reason", None) or error).split())
    inner = re.search(r"(Failed to resolve '[^']+'|timed out|\[Errno -?\d+\] [\w ]+)", text)
    if inner is not None:
        return inner[1].strip()
    return shown_text(text.removeprefix("Query Error: "), SAID)
