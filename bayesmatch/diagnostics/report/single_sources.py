"""The parts of the report that are of single sources, and what to cite."""

from __future__ import annotations

from html import escape

import numpy as np

from ..published.core import classes
from ..published.header import BIBTEX, citation, header, header_lines
from .charts import KINDS, LEGEND, ON_IMAGES, charts, chosen
from .material import Material
from .page import Section, bullets, figure, paragraph, table
from .words import claim_facts

#: objects in the table of competition
MOST_CLAIMS = 20
#: where the page's script puts the table
TABLE = """\
<p>Click a heading to sort, a row for its evidence. In the table, the arrow keys go from row to
row.</p>
<form id="controls" class="controls">
<label>Search identifiers <input type="search" id="search" autocomplete="off"></label>
<label>Conditions <input type="text" id="where" autocomplete="off" spellcheck="false"
 placeholder="p_match &gt; 0.8, n_candidates &lt; 5" aria-describedby="said"></label>
<fieldset id="kinds"><legend>Class</legend></fieldset>
<button type="button" id="reset">Show all</button>
<button type="button" id="copy">Save as CSV</button>
</form>
<p id="said" role="status" aria-live="polite"></p>
<div id="scroll" class="scroll" tabindex="0" role="region" aria-label="Table of all sources">
<table id="sources"><thead></thead><tbody></tbody></table></div>
<noscript><p>The page's own script makes the table; this browser does not run it.</p></noscript>"""


def claims(m: Material) -> Section:
    """Sources that compete for an object."""
    result = m.result
    primary, first = result.record.primary, result.record.others[0]
    parts = [bullets(claim_facts(result))]
    n_claims = np.asarray(result.sources["n_claims"])
    objects = np.asarray(result.sources[first.name])
    shared = np.unique(objects[n_claims > 1])[:MOST_CLAIMS]
    ids = result.sources[f"{primary.name}_{primary.id}"]
    rows = []
    for row in shared:
        mine = np.flatnonzero(objects == row)
        p = np.asarray(result.sources[f"p_{first.name}"], float)[mine]
        said = ", ".join(
            f"{str(ids[at]).strip()} ({value:.2f})" for at, value in zip(mine, p, strict=True)
        )
        rows.append([str(result.sources[f"{first.name}_{first.id}"][mine[0]]).strip(), said])
    if rows:
        caption = f"Objects that are the best of several sources (at most {MOST_CLAIMS})."
        heads = [f"{first.name} object", f"{primary.name} sources (p_{first.name})"]
        parts.append(table(caption, heads, rows))
    return Section("claims", "Sources that compete", "\n".join(parts))


def finding_charts(m: Material) -> Section:
    """Charts of some sources of each kind."""
    parts = [paragraph(LEGEND if m.images is None else ON_IMAGES)]
    drawn = []
    covers = getattr(m.images, "covers", None)
    on = None if covers is None else covers(m.sources.ra, m.sources.dec)
    for kind, rows in chosen(m.result, m.n_charts, on).items():
        if not rows:
            continue
        some = charts(m.result, rows, m.images)
        drawn += some
        shown = "\n".join(
            figure(
                chart.picture,
                f'<button type="button" class="link" data-open="{chart.row}">'
                f"{escape(chart.source)}</button>",
            )
            for chart in some
        )
        parts.append(
            f"<h3>{kind.capitalize()}</h3>\n{paragraph(KINDS[kind])}\n"
            f'<div class="charts{" panels" if m.images is not None else ""}">\n{shown}\n</div>'
        )
    bare = sum(chart.bare for chart in drawn)
    if bare:
        parts.insert(
            1,
            paragraph(f"{bare} of {len(drawn)} charts are bare: the images do not show that sky."),
        )
    return Section("charts", "Finding charts", "\n".join(parts))


def source_table(m: Material) -> Section:
    """Where the page's script puts the table of all sources."""
    return Section("sources-section", "All sources", TABLE)


def citing(m: Material) -> Section:
    """Versions, parameters, inputs, and what to cite."""
    record = m.result.record
    head = header(record, classes(m.result), (0.9, 0.9), m.result._catalogs)
    html = "\n".join(
        [
            "<h3>To cite</h3>",
            bullets(citation(record)),
            f"<pre>{escape(BIBTEX)}</pre>",
            "<h3>Versions, inputs and parameters</h3>",
            f"<pre>{escape(chr(10).join(header_lines(head)))}</pre>",
        ]
    )
    return Section("cite", "How it was made, and how to cite it", html)
