"""The parts of the report, one function each."""

from __future__ import annotations

import numpy as np

from ...catalogs.scalars import plural
from ...matching.wording import listed, not_looked, outside_share, rows_left_out
from ...plots.expected import expected_curves
from ..published.inputs import member_columns
from . import figures
from .figures import picture
from .material import Material
from .page import Section, bullets, figure, inline, paragraph, table, terms
from .pairs import numbers
from .prior_figures import prior_pictures
from .single_sources import citing, claims, finding_charts, source_table
from .words import catalogue_words, class_counts, density_words, meanings, method

#: cuts in the table of purity and completeness
CUTS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
NO_INPUTS = (
    "This needs the position and error columns of the catalogues, which are not in this result: "
    "write it with them (include_inputs=True)."
)


def lead(m: Material) -> str:
    """The first sentence, and the numbers that matter."""
    result, counts = m.result, class_counts(m.result)
    n, record = len(m.result.sources), m.result.record
    share = {name: f"{100 * count / n:.1f}%" for name, count in counts.items()}
    shown = [(f"{count:,}", f"{name} ({share[name]})") for name, count in counts.items() if count]
    outside, _ = outside_share(record)
    if outside:
        where = f"seem to lie where {not_looked(record)} ({100 * outside:.1f}%)"
        shown.append((f"{outside * n:,.0f}", f"among the hostless: {where}"))
    shown.append((f"{record.host_fraction:.3f}", "have a counterpart, fitted or given"))
    at = result.expected([0.5])[0]
    if at["n_selected"]:
        shown.append((f"{at['purity']:.3f}", f"expected purity at p_{record.others[0].name} 0.5"))
    wrong = sum(str(v) != "ok" for v in result.checks()["verdict"])
    shown.append((str(wrong), "checks that are not ok"))
    cards = "\n".join(f"<div><dt>{inline(text)}</dt><dd>{v}</dd></div>" for v, text in shown)
    first = (
        f"Which of {record.n_candidates:,} {plural(record.n_candidates, 'candidate')} in "
        f"{listed([c.name for c in record.others])} are the counterparts of {n:,} "
        f"{record.primary.name} {plural(n, 'source')}, how sure that is, and which sources have "
        "none."
    )
    return f'{paragraph(first, "lead")}\n<dl class="cards">\n{cards}\n</dl>'


def what_and_how(m: Material) -> Section:
    """The catalogues, the method, how sure the answers are."""
    record = m.result.record
    parts = [
        bullets([catalogue_words(c, rows_left_out(record, c.name)) for c in record.catalogues]),
        *map(paragraph, method(m.result)),
        figure(
            picture(
                figures.how_sure(m.result),
                "Histograms of p_match of the best association and of p_hostless, 0 to 1.",
                "How sure the answers are: sources by probability (logarithmic).",
            )
        ),
        "<h3>The numbers</h3>",
        terms(list(meanings(m.result.record).items())),
    ]
    return Section("what", "What was matched, and how", "\n".join(parts))


def checks(m: Material) -> Section:
    """What speaks for and against the result."""
    rows = m.result.checks()
    if len(rows) == 0:
        return Section("checks", "Checks", paragraph("This result has no checks: match again."))
    order = {"wrong": 0, "look": 1, "ok": 2}
    lines = sorted(
        (
            [
                str(r["check"]),
                str(r["verdict"]),
                str(r["advice"]),
                *(f"{r[c]:.3g}" if np.isfinite(r[c]) else "-" for c in ("value", "expected")),
                f"{r['sigma']:.1f}" if np.isfinite(r["sigma"]) else "-",
            ]
            for r in rows
        ),
        key=lambda line: order[line[1]],
    )
    said = "What the match found when it looked at its own result, the worst first."
    heads = ["check", "verdict", "what it means", "value", "expected", "sigma off"]
    return Section("checks", "Checks", table(said, heads, lines, (3, 4, 5)))


def expected(m: Material) -> Section:
    """Purity and completeness with the cut."""
    parts = []
    for name in m.result.catalogue_names[1:]:
        found = m.result.expected(list(CUTS), name)
        rows = [
            [
                f"{r['cutoff']:g}",
                f"{int(r['n_selected']):,}",
                *(
                    f"{r[c]:.3f} +- {r[f'{c}_error']:.3f}" if r["n_selected"] else "-"
                    for c in ("purity", "completeness")
                ),
            ]
            for r in found
        ]
        said = f"Cuts on p_{name}: selected are the sources at or above."
        parts.append(table(said, ["cut", "selected", "purity", "completeness"], rows, range(4)))
        alt = (
            f"Expected purity and completeness of {name} counterparts against the cut on p_{name}; "
            f"at {CUTS[0]:g} they are {rows[0][2]} and {rows[0][3]}."
        )
        drawn = expected_curves(m.result, name)
        drawn.set_size_inches(figures.WIDTH, 4.2)
        parts.append(figure(picture(drawn, alt)))
    said = (
        "From the probabilities alone: of the sources selected, as many are right as their "
        "probabilities add up to. As good as the probabilities are; the checks tell what speaks "
        "against them."
    )
    return Section(
        "expected", "Expected purity and completeness", "\n".join([paragraph(said), *parts])
    )


def separations(m: Material) -> Section:
    """Separations over sigma."""
    drawn = figures.separations(m.result, m.pairs)
    if drawn is None:
        said = NO_INPUTS if m.result.record.n_candidates else "No source has a candidate."
        return Section("separations", "Separations over their errors", paragraph(said))
    alt = (
        "Histogram of separations over sigma, every candidate counted with its probability, "
        "beside the distribution that the errors say (Rayleigh)."
    )
    caption = (
        "Every candidate counts with its probability. Where the histogram lies to the right of "
        "the dashed line the errors are too small, to the left too large; `bayesmatch errors` "
        "fits them."
    )
    html = figure(picture(drawn, alt, caption))
    return Section("separations", "Separations over their errors", html)


def host_fraction(m: Material) -> Section:
    """The share with a counterpart against each covariate."""
    drawn = figures.host_fractions(m.result, _covariates(m))
    heading = "Who has a counterpart"
    if not drawn:
        few = "Too few sources, or none of their properties is in this result."
        return Section("hosts", heading, paragraph(few))
    said = "Mean of 1 - p_hostless in bins of about equally many sources, with its scatter."
    if m.result.host_fraction is not None:  # it is not written to files
        said += (
            " A line is the fraction that was fitted, before the objects around a source are "
            "looked at."
        )
    shown = [
        figure(picture(one, f"Share of sources with a counterpart against {name}, in bins.", name))
        for name, one in drawn.items()
    ]
    charts = "\n".join(shown)
    return Section(
        "hosts", heading, f'{paragraph(said)}\n<div class="charts panels">\n{charts}\n</div>'
    )


def _covariates(m: Material) -> dict[str, np.ndarray]:
    """Properties of the sources that the fraction may depend on, and those that it should not."""
    record, table_ = m.result.record, m.result.sources
    primary = record.primary
    found = {f"{primary.name} position error (arcsec)": m.sources.sigma}
    named = record.host_covariates
    if isinstance(named, list):
        rows = np.asarray(table_[primary.name])
        columns = member_columns(m.result, m.result._catalogs, 0, rows)
        for name in named:
            if name in columns and columns[name].dtype.kind in "iuf":
                found[f"{primary.name} {name}"] = numbers(columns[name])
    for other in record.others:
        column = f"density_{other.name}"
        if column in table_.colnames:
            found[f"{other.name} objects per deg^2"] = np.asarray(table_[column], float)
    found["candidates within the radius"] = np.asarray(table_["n_candidates"], float)
    return found


def densities(m: Material) -> Section:
    """Maps of the field density."""
    parts = []
    for name in m.result.catalogue_names[1:]:
        column = f"density_{name}"
        drawn = figures.sky_densities(m.result, m.sources.ra, m.sources.dec, name)
        if drawn is not None:
            alt = f"Map of the sources, coloured by the density of {name} objects around each."
            caption = f"Sources on the sky, coloured by the density of {name} field objects there."
            parts.append(figure(picture(drawn, alt, caption, form="png")))
        elif column in m.result.sources.colnames:
            density = np.asarray(m.result.sources[column], float)
            if not figures.varies(density):
                mean = density_words(density.mean())
                parts.append(paragraph(f"{name}: {mean} field objects per deg^2 at every source."))
    return Section(
        "density", "Density of the field", "\n".join(parts) if parts else paragraph(NO_INPUTS)
    )


def priors(m: Material) -> Section:
    """The priors, with their plots."""
    pictures = prior_pictures(m.result)
    if not pictures:
        return Section("priors", "Priors", paragraph("None was used, or none says anything."))
    return Section("priors", "Priors", "\n".join(map(figure, pictures)))


#: what makes the parts of the page, in their order
SECTIONS = (
    what_and_how,
    checks,
    expected,
    separations,
    host_fraction,
    densities,
    priors,
    claims,
    finding_charts,
    source_table,
    citing,
)
