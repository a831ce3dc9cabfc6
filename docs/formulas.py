"""Formulas as MathML, which browsers draw themselves: no script, no request to another machine."""

from __future__ import annotations

import re

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

#: TeX that the converter of docutils does not know, and what says the same there
SAID_OTHERWISE = (
    (r"\\[bB]igg?[lr]?\s*(\(|\[|\\langle(?![a-zA-Z]))", r"\\left\1"),
    (r"\\[bB]igg?[lr]?\s*(\)|\]|\\rangle(?![a-zA-Z]))", r"\\right\1"),
    (r"\\[bB]igg?[lr]?(?![a-zA-Z])", ""),
    (r"\\dots(?![a-zA-Z])", r"\\ldots"),
    (r"\\textstyle(?![a-zA-Z])", ""),
    (r"\\tfrac(\d)(\d)", r"\\tfrac{\1}{\2}"),
    (r"\\tfrac(\d)([a-zA-Z])", r"\\tfrac{\1}{\2}"),
)
LOG = logging.getLogger(__name__)


def mathml(tex: str, node: nodes.Node, *, block: bool) -> str:
    """A formula; what cannot be converted is a warning, and so an error of the build."""
    for pattern, instead in SAID_OTHERWISE:
        tex = re.sub(pattern, instead, tex)
    try:
        return str(tex2mathml(tex, as_block=block))
    except Exception as error:  # the converter has an error of its own for each fault
        LOG.warning("formula: %s: %s", error, tex, location=node)
        return f"<code>{nodes.unescape(tex)}</code>"


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """A formula in a line."""
    self.body.append(mathml(node.astext(), node, block=False))
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """A formula by itself, with its number and a link to it."""
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(mathml(node.astext(), node, block=True) + "</div>\n")
    raise nodes.SkipNode
