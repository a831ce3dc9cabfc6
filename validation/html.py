"""The report: one HTML file with all claims, figures and tables, readable on its own."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from bayesmatch.diagnostics.report.page import inline, paragraph

from .glossary import GLOSSARY
from .report import Claim, FigureView, Section, TableView, cell, replace_file
from .versions import versions

VERDICT = {
    True: '<td class="pass">pass</td>',
    False: '<td class="miss">MISS</td>',
    None: "<td>info</td>",
}
#: what is aligned to the right where a whole column is: numbers, with what may stand around them
NUMBER = re.compile(r"[-+]?[\d.,]+(e[-+]?\d+)?( ?%| s)?( \+- [\d.,]+)?|-|nan")
STYLE = """
body { font: 16px/1.5 "DejaVu Sans", Verdana, Arial, sans-serif; color: #222; background: #fff;
  max-width: 68rem; margin: 0 auto; padding: 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.7rem; line-height: 1.2; }
h2 { font-size: 1.35rem; line-height: 1.25; border-bottom: 2px solid #999; margin-top: 2.5rem; }
h3 { font-size: 1.05rem; margin: 1.5rem 0 0.4rem; }
a { color: #0b5394; }
code { font-family: "DejaVu Sans Mono", Menlo, monospace; font-size: 0.92em; }
.table { overflow-x: auto; margin: 0.6rem 0; }
table { border-collapse: collapse; font-size: 0.82rem; line-height: 1.35; }
th, td { border: 1px solid #ccc; padding: 0.25rem 0.45rem; text-align: left;
  vertical-align: top; overflow-wrap: normal; }
th { background: #eee; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th.number { white-space: normal; }
td.pass { background: #dff2df; } td.miss { background: #f8c8c4; font-weight: bold; }
.note, figcaption { font-size: 0.88rem; color: #444; }
figure { margin: 1.2rem 0; break-inside: avoid; }
figure img { max-width: 100%; max-height: 44rem; border: 1px solid #ddd; box-sizing: border-box; }
@media screen and (max-width: 45rem) {
  figure img { max-width: none; max-height: none; width: 46rem; }
}
dt { font-weight: bold; margin-top: 0.6rem; } dd { margin-left: 1.2rem; }
.verdict { font-size: 1.1rem; font-weight: bold; padding: 0.5rem 0.8rem; }
.verdict.pass { background: #dff2df; } .verdict.miss { background: #f8c8c4; }
@media print {
  body { max-width: none; font-size: 10pt; padding: 0; }
  .table { overflow: visible; } table { font-size: 7pt; } tr { break-inside: avoid; }
  th, td { padding: 0.1rem 0.2rem; } .note, figcaption { font-size: 8.5pt; }
  h2, h3 { break-after: avoid; } thead { display: table-header-group; }
}
"""


def write_html(
    sections: Sequence[Section], out: Path, *, quick: bool, seconds: Mapping[str, float]
) -> Path:
    """Write ``report.html``, whole or not at all; figures are read from `out`."""
    path = out / "report.html"
    replace_file(path, render(sections, out, quick=quick, seconds=seconds))
    return path


def render(
    sections: Sequence[Section], out: Path, *, quick: bool, seconds: Mapping[str, float]
) -> str:
    """The page's text."""
    claims = [c for s in sections for c in s.claims if c.ok is not None]
    missed = sum(not c.ok for c in claims)
    verdict = (
        f"All {len(claims)} claims hold."
        if not missed
        else f"{missed} of {len(claims)} claims missed."
    )
    skipped = [s.name for s in sections if s.skipped]
    if skipped:
        verdict += f" Skipped: {', '.join(skipped)}."
    size = (
        "This is the quick run: smaller samples and fewer simulated skies than the full one."
        if quick
        else "This is the full run."
    )
    body = [
        "<h1>bayesmatch: is it right?</h1>",
        paragraph(
            "bayesmatch says which optical or infrared object is the counterpart of each "
            "X-ray source, how sure that is, and which sources have no counterpart in the "
            "survey at all. Here it is tried on skies where the answer is known. Each "
            "section below is one protocol: what was done, what was claimed beforehand, and "
            f"what was measured. {size}"
        ),
        f'<p class="verdict {"miss" if missed else "pass"}">{verdict}</p>',
        _summary(sections, seconds),
        paragraph("Terms are explained in the glossary at the end."),
        _contents(sections),
        *(section_html(s, out) for s in sections),
        '<h2 id="glossary">Glossary</h2>',
        _glossary(),
        '<h2 id="versions">Versions</h2>',
        table_html(TableView("", ["program", "version"], list(versions().items()))),
        paragraph(
            f"Made by `python -m validation{' --quick' if quick else ''}` from a checkout, "
            f"on {os.cpu_count()} cores. The same versions give the same numbers, but for "
            "the seconds."
        ),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>bayesmatch: validation report</title>\n<style>{STYLE}</style>\n</head>\n"
        "<body>\n" + "\n".join(body) + "\n</body>\n</html>\n"
    )


def section_html(section: Section, out: Path) -> str:
    """One protocol."""
    parts = [
        f'<h2 id="{escape(section.name)}">{inline(section.title)} '
        f"<code>({escape(section.name)})</code></h2>",
        *map(paragraph, section.text),
        "<h3>Claims</h3>",
        claims_html(section.claims),
        *(figure_html(f, out) for f in section.figures),
        *map(table_html, section.tables),
    ]
    return "\n".join(parts)


def claims_html(claims: Sequence[Claim]) -> str:
    """The claims of a section."""
    rows = "\n".join(
        f"<tr><td>{inline(c.what)}</td><td>{inline(c.measured)}</td>"
        f"<td>{inline(c.required)}</td>{VERDICT[c.ok]}</tr>"
        for c in claims
    )
    return _table(["claim", "measured", "required", "result"], rows)


def table_html(table: TableView) -> str:
    """A table with its title and note; columns of numbers to the right."""
    text = [[cell(v) for v in row] for row in table.rows]
    numeric = [all(NUMBER.fullmatch(row[k]) for row in text) for k in range(len(table.header))]
    rows = "\n".join(
        "<tr>"
        + "".join(f"<td{_number(n)}>{inline(v)}</td>" for v, n in zip(row, numeric, strict=True))
        + "</tr>"
        for row in text
    )
    title = f"<h3>{inline(table.title)}</h3>\n" if table.title else ""
    note = f'\n<p class="note">{inline(table.note)}</p>' if table.note else ""
    return title + _table(table.header, rows, numeric) + note


def figure_html(figure: FigureView, out: Path) -> str:
    """A figure, embedded."""
    data = base64.b64encode((out / figure.file).read_bytes()).decode("ascii")
    return (
        f'<figure><div class="table"><img alt="{escape(figure.caption)}" '
        f'src="data:image/png;base64,{data}"></div>\n'
        f"<figcaption>{inline(figure.caption)}</figcaption></figure>"
    )


def _number(numeric: bool) -> str:
    return ' class="number"' if numeric else ""


def _table(header: Sequence[str], rows: str, numeric: Sequence[bool] = ()) -> str:
    flags = numeric or [False] * len(header)
    head = "".join(
        f"<th{_number(n)}>{inline(str(h))}</th>" for h, n in zip(header, flags, strict=True)
    )
    return (
        f'<div class="table"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n'
        "</tbody>\n</table></div>"
    )


def _summary(sections: Sequence[Section], seconds: Mapping[str, float]) -> str:
    rows = []
    for s in sections:
        counted = [c for c in s.claims if c.ok is not None]
        held = sum(bool(c.ok) for c in counted)
        outcome = (
            "<td>skipped"
            if s.skipped
            else f'<td class="{"pass" if s.ok else "miss"}">{held} of {len(counted)}'
        )
        rows.append(
            f'<tr><td><a href="#{escape(s.name)}">{escape(s.name)}</a></td>'
            f"<td>{inline(s.title)}</td>{outcome}</td>"
            f'<td class="number">{seconds[s.name]:.0f}</td></tr>'
        )
    return _table(
        ["protocol", "what it tries", "claims that hold", "seconds"],
        "\n".join(rows),
        [False, False, False, True],
    )


def _contents(sections: Sequence[Section]) -> str:
    links = [(s.name, s.title) for s in sections] + [
        ("glossary", "Glossary"),
        ("versions", "Versions"),
    ]
    return (
        "<h3>Contents</h3>\n<ol>\n"
        + "\n".join(
            f'<li><a href="#{escape(name)}">{inline(title)}</a></li>' for name, title in links
        )
        + "\n</ol>"
    )


def _glossary() -> str:
    terms = sorted(GLOSSARY.items(), key=lambda term: term[0].lower())
    return (
        "<dl>\n"
        + "\n".join(f"<dt>{inline(term)}</dt><dd>{inline(text)}</dd>" for term, text in terms)
        + "\n</dl>"
    )
