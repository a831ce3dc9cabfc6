"""The page: HTML of its parts, and all in one file that asks for nothing from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from typing import Any

from .figures import Picture

#: what a browser may take for the page: its own script and style, and figures in it
POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)

#: pixels over which a figure is not made narrower than a screen
LARGE = 720


@dataclass(frozen=True)
class Section:
    """A part of the page."""

    id: str
    title: str
    html: str


def page(title: str, lead: str, sections: Sequence[Section], data: dict[str, Any]) -> str:
    """The whole file."""
    here = resources.files(__package__)
    style = (here / "page.css").read_text(encoding="utf-8")
    script = (here / "table.js").read_text(encoding="utf-8")
    links = "\n".join(f'<li><a href="#{escape(s.id)}">{inline(s.title)}</a></li>' for s in sections)
    body = "\n".join(
        f'<section aria-labelledby="{escape(s.id)}">\n'
        f'<h2 id="{escape(s.id)}">{inline(s.title)}</h2>\n{s.html}\n</section>'
        for s in sections
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{escape(title)}</title>
<style>
{style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<h1>{inline(title)}</h1>
{lead}
<nav aria-label="Contents"><ul>
{links}
</ul></nav>
</header>
<main id="main" tabindex="-1">
{body}
</main>
<dialog id="evidence" aria-labelledby="evidence-title">
<div class="bar"><button type="button" id="before">&larr; previous</button>
<button type="button" id="after">next &rarr;</button>
<button type="button" id="close">close</button></div>
<h2 id="evidence-title" tabindex="-1">Evidence</h2>
<div id="evidence-body"></div>
</dialog>
<script type="application/json" id="data">{json_in_page(data)}</script>
<script>
{script}</script>
</body>
</html>
"""


def json_in_page(data: Any) -> str:
    """JSON that ends no script element, whatever an identifier holds."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def inline(text: str) -> str:
    """Plain text as HTML; what stands between backticks is code."""
    html = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
    for plain, symbol in (
        ("+-", "&plusmn;"),
        ("&lt;=", "&le;"),
        ("&gt;=", "&ge;"),
        ("deg^2", "deg&sup2;"),
        ("Budavari", "Budav&aacute;ri"),
    ):
        html = html.replace(plain, symbol)
    return html


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of plain text."""
    return f"<p{f' class={chr(34)}{kind}{chr(34)}' if kind else ''}>{inline(text)}</p>"


def bullets(lines: Sequence[str]) -> str:
    """A list of plain texts."""
    return "<ul>\n" + "\n".join(f"<li>{inline(line)}</li>" for line in lines) + "\n</ul>"


def terms(pairs: Sequence[tuple[str, str]]) -> str:
    """Words and what they mean."""
    rows = "\n".join(f"<dt><code>{escape(k)}</code></dt><dd>{inline(v)}</dd>" for k, v in pairs)
    return f"<dl>\n{rows}\n</dl>"


def table(
    caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()
) -> str:
    """A table of plain texts; columns in `numbers` to the right; the first names the row.

    A row whose cells begin with one of the verdicts is coloured by it.
    """
    right = [' class="number"' if k in numbers else "" for k in range(len(header))]
    head = "".join(
        f'<th scope="col"{r}>{inline(h)}</th>' for h, r in zip(header, right, strict=True)
    )
    body = []
    for row in rows:
        cells = [f'<th scope="row"{right[0]}>{inline(row[0])}</th>']
        cells += [f"<td{r}>{_cell(c)}</td>" for c, r in zip(row[1:], right[1:], strict=True)]
        body.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f"{paragraph(caption, 'note')}\n"
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f'<table aria-label="{escape(caption)}">\n<thead><tr>{head}</tr></thead>\n<tbody>\n'
        + "\n".join(body)
        + "\n</tbody></table></div>"
    )


def _cell(text: str) -> str:
    if text in ("ok", "look", "wrong"):
        return f'<span class="verdict {text}">{text}</span>'
    return inline(text)


def figure(p: Picture, extra: str = "") -> str:
    """A figure with its caption; `extra` is HTML behind it."""
    caption = f"<figcaption>{inline(p.caption)}{extra}</figcaption>" if p.caption or extra else ""
    image = (
        f'<img alt="{escape(p.alt)}" width="{p.width}" height="{p.height}" loading="lazy" '
        f'src="{p.data}">'
    )
    if p.width > LARGE:  # many panels: on a phone it is moved, not made small
        image = (
            f'<div class="wide large" tabindex="0" role="region" aria-label="Figure">{image}</div>'
        )
    return f"<figure>{image}{caption}</figure>"
