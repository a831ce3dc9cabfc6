"""The documentation site: ``sphinx-build -W --keep-going -n docs OUT``."""

import contextlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import bayesmatch
from docs import blocks, directives, formulas

project = "bayesmatch"
author = "The bayesmatch authors"
copyright = author
version = release = bayesmatch.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]
nitpicky = True
# Modules inside the package, whose docstrings tell the mathematics: read them there.
nitpick_ignore_regex = [(r"py:.*", r"bayesmatch\.(catalogs|priors|matching)\..+")]

html_theme = "furo"
html_math_renderer = "mathml"
html_title = f"bayesmatch {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False

myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "dollarmath"]
myst_heading_anchors = 4
pygments_style = "friendly"
pygments_dark_style = "monokai"
copybutton_exclude = ".linenos, .gp, .go"

autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
numpydoc_xref_param_type = False


def draw_gallery(app):
    """Run the code of the gallery, which draws its figures."""
    folder = Path(app.srcdir, "_gallery")
    folder.mkdir(exist_ok=True)
    with contextlib.chdir(folder):
        blocks.run("docs/gallery.md")


def setup(app):
    """Called by Sphinx."""
    app.add_directive("commands", directives.Commands)
    app.add_directive("modules", directives.Modules)
    app.add_html_math_renderer(
        "mathml",
        inline_renderers=(formulas.visit_inline, None),
        block_renderers=(formulas.visit_block, None),
    )
    app.connect("builder-inited", draw_gallery)
