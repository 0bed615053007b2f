"""Settings of Sphinx. What the pages need is in the site; a reader's browser fetches nothing."""

from __future__ import annotations

from importlib.metadata import version as installed
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.utils.math import MathError, latex2mathml
from sphinx.util import logging

if TYPE_CHECKING:
    from sphinx.application import Sphinx

LOG = logging.getLogger(__name__)

project = "harness"
author = "the authors of harness"
release = version = installed("synthface-harness")
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
needs_sphinx = "8.0"

myst_enable_extensions = ["attrs_inline", "deflist", "dollarmath"]
myst_heading_anchors = 4
myst_links_external_new_tab = False
math_numfig = False
smartquotes = False
html_math_renderer = "mathml"

html_theme = "furo"
html_title = f"harness {release}"
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": False}


def _formula(node: nodes.Element, **how: bool) -> str:
    """A formula as MathML, or as it was written with a warning, which ends the build."""
    try:
        return str(latex2mathml.tex2mathml(node.astext(), **how))
    except MathError as error:
        LOG.warning("formula: %s", error, location=node)
        return node.astext()


def _inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(_formula(node))
    raise nodes.SkipNode


def _block(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="formula">{_formula(node, as_block=True)}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Write formulas as MathML, which browsers show without any script."""
    app.add_html_math_renderer(
        "mathml", inline_renderers=(_inline, None), block_renderers=(_block, None)
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
