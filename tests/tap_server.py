"""A TAP service on the loopback: one table, cones in ADQL, answers at once or as jobs.

It can be told to fail: see the attributes of :class:`TapServer`.
"""

from __future__ import annotations

import io
import itertools
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np
from astropy.io.votable import from_table
from astropy.table import Table

QUERY = re.compile(
    r"SELECT (?P<columns>.+?) FROM (?P<table>\S+) WHERE CONTAINS\(POINT\('ICRS', (?P<ra>\w+), "
    r"(?P<dec>\w+)\), CIRCLE\('ICRS', (?P<circle>[-+.\d, ]+)\)\) = 1(?: AND \((?P<where>.+)\))?$"
)
ERROR = (
    '<?xml version="1.0"?><VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">'
    '<RESOURCE type="results"><INFO name="QUERY_STATUS" value="ERROR">{}</INFO></RESOURCE>'
    "</VOTABLE>"
)


def separations(ra, dec, ra0, dec0):
    """Degrees from one position, by haversines: on its own account."""
    ra, dec, ra0, dec0 = map(np.radians, (ra, dec, ra0, dec0))
    h = np.sin((dec - dec0) / 2) ** 2 + np.cos(dec) * np.cos(dec0) * np.sin((ra - ra0) / 2) ** 2
    return np.degrees(2 * np.arcsin(np.sqrt(np.minimum(h, 1))))


class TapServer:
    """Serves a table; ``with TapServer(table) as server: server.url``."""

    def __init__(self, table: Table, limit: int = 1_000_000, name: str = "cat.objects") -> None:
        self.table, self.limit, self.name = table, limit, name
        self.queries: list[str] = []
        self.failures: list[tuple[int, str, str]] = []
        """(status, type, body) of the answers to the next queries"""
        self.stop_after: int | None = None
        """queries that are answered; the others are refused"""
        self.shuffle = np.random.default_rng(3)
        self.jobs: dict[str, dict] = {}
        self._number = itertools.count(1)

    def __enter__(self) -> TapServer:
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}/tap"
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()

    def answer(self, form: dict[str, str]) -> tuple[int, str, bytes]:
        """Status, type and body of the answer to a query."""
        text = form["QUERY"]
        self.queries.append(text)
        if self.failures:
            status, kind, body = self.failures.pop(0)
            return status, kind, body.encode()
        if self.stop_after is not None and len(self.queries) > self.stop_after:
            return 503, "text/plain", b"closed for maintenance"
        found = QUERY.match(text)
        if found is None or found["table"] != self.name:
            return 400, "application/x-votable+xml", ERROR.format("no such table").encode()
        if not {found["ra"], found["dec"]} <= set(self.table.colnames):
            return 400, "application/x-votable+xml", ERROR.format("no such column").encode()
        ra0, dec0, radius = map(float, found["circle"].split(","))
        ra, dec = (np.ma.filled(self.table[found[k]], np.nan) for k in ("ra", "dec"))
        rows = np.flatnonzero(separations(ra, dec, ra0, dec0) <= radius)
        if found["where"]:
            column, value = found["where"].split(" < ")
            rows = rows[np.ma.filled(self.table[column][rows], np.inf) < float(value)]
        rows = self.shuffle.permutation(rows)  # a database promises no order
        most = min(self.limit, int(form.get("MAXREC", self.limit)))
        names = found["columns"]
        table = self.table if names == "*" else self.table[names.split(", ")]
        return 200, "application/x-votable+xml", votable(table[rows[:most]], len(rows) > most)


def votable(table: Table, cut: bool) -> bytes:
    """The answer with some rows, in binary form."""
    file = from_table(table)
    for one in file.iter_tables():
        one.format = "binary"
    out = io.BytesIO()
    file.to_xml(out)
    text = out.getvalue().replace(
        b'<RESOURCE type="results">',
        b'<RESOURCE type="results"><INFO name="QUERY_STATUS" value="OK"/>',
    )
    if cut:
        end = b'<INFO name="QUERY_STATUS" value="OVERFLOW"/></RESOURCE>'
        text = text.replace(b"</RESOURCE>", end)
    return text


def handler(server: TapServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def send(self, status: int, kind: str, body: bytes, **more: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": kind, **more}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def form(self) -> dict[str, str]:
            size = int(self.headers.get("Content-Length", 0))
            text = self.rfile.read(size).decode() or urlsplit(self.path).query
            return {key.upper(): values[0] for key, values in parse_qs(text).items()}

        def steps(self) -> list[str]:
            return urlsplit(self.path).path.strip("/").split("/")[1:]

        def do_GET(self) -> None:
            match self.steps():
                case ["sync"]:
                    self.send(*server.answer(self.form()))
                case ["async", job]:
                    self.send(200, "text/xml", self.described(job))
                case ["async", job, "phase"]:
                    self.send(200, "text/plain", server.jobs[job]["phase"].encode())
                case ["async", job, "results", "result"]:
                    self.send(*server.jobs[job]["answer"])
                case _:
                    self.send(404, "text/plain", b"no such thing")

        def do_POST(self) -> None:
            form = self.form()
            match self.steps():
                case ["sync"]:
                    self.send(*server.answer(form))
                case ["async"]:
                    job = str(next(server._number))
                    server.jobs[job] = {"phase": "PENDING", "form": form, "answer": None}
                    self.send(303, "text/plain", b"", Location=f"{server.url}/async/{job}")
                case ["async", job, "phase"]:
                    if form.get("PHASE") == "RUN":
                        answer = server.answer(server.jobs[job]["form"])
                        phase = "COMPLETED" if answer[0] == 200 else "ERROR"
                        server.jobs[job].update(phase=phase, answer=answer)
                    self.send(303, "text/plain", b"", Location=f"{server.url}/async/{job}")
                case ["async", job]:  # ACTION=DELETE
                    server.jobs.pop(job, None)
                    self.send(303, "text/plain", b"", Location=f"{server.url}/async")
                case _:
                    self.send(404, "text/plain", b"no such thing")

        def do_DELETE(self) -> None:
            server.jobs.pop(self.steps()[1], None)
            self.send(200, "text/plain", b"")

        def described(self, job: str) -> bytes:
            """The job, as the Universal Worker Service has it."""
            phase = server.jobs[job]["phase"]
            said = ""
            if phase == "ERROR":
                body = server.jobs[job]["answer"][2].decode()
                found = re.search(r'value="ERROR">([^<]*)', body)
                message = found[1] if found else re.sub("<[^>]*>", " ", body)
                said = (
                    '<uws:errorSummary type="fatal" hasDetail="false"><uws:message>'
                    f"{message}</uws:message></uws:errorSummary>"
                )
            return (
                '<?xml version="1.0"?><uws:job xmlns:uws="http://www.ivoa.net/xml/UWS/v1.0" '
                'xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1">'
                f"<uws:jobId>{job}</uws:jobId><uws:phase>{phase}</uws:phase>"
                "<uws:executionDuration>0</uws:executionDuration><uws:parameters/>"
                '<uws:results><uws:result id="result" '
                f'xlink:href="{server.url}/async/{job}/results/result"/></uws:results>{said}'
                "</uws:job>"
            ).encode()

    return Handler
