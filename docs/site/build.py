"""Build the documentation: ``python docs/site/build.py -o build/docs``. Any warning is an error.

The pages in ``docs/`` and those made from the code are laid side by side in a scratch folder, so
that nothing generated ever is among what people edit.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import asset_pages
import command_pages
import component_pages
import contract_pages
import scaffold_pages

from harness._plugins.discovery import load
from harness._plugins.registry import BUILTIN, Registry
from harness.components import KINDS, plural

HERE = Path(__file__).parent
DOCS = HERE.parent
REFERENCE = "reference"
SHOWN = {".html", ".jpg", ".webp"}
"""Files of the gallery that the site has beside its page."""


def reference(registry: Registry) -> dict[str, str]:
    """Every generated page, by its name below ``reference/``."""
    return (
        component_pages.pages(registry)
        | command_pages.pages()
        | contract_pages.pages()
        | {"index": _index()}
    )


def builtin() -> Registry:
    """The built-in components alone: the site does not depend on what else is installed."""
    registry = load(autoload=False)
    broken = [f"{row.name}: {row.reason}" for row in registry.plugins if not row.ok]
    if broken:
        raise RuntimeError(f"plugins of {BUILTIN} do not load: {'; '.join(broken)}")
    return registry


def lay_out(folder: Path) -> None:
    """Fill a folder with all pages, written and generated, as Sphinx wants them."""
    registry = builtin()
    for page in sorted(DOCS.rglob("*.md")):
        target = folder / page.relative_to(DOCS)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = scaffold_pages.filled(page.read_text("utf-8"))
        target.write_text(asset_pages.filled(text, registry), "utf-8")
    for path in sorted((DOCS / "gallery").iterdir()):
        if path.suffix in SHOWN:
            shutil.copy(path, folder / "gallery" / path.name)
    (folder / REFERENCE).mkdir()
    for name, text in reference(registry).items():
        (folder / REFERENCE / f"{name}.md").write_text(text, "utf-8")
    for name in ("conf.py", "site.css"):
        shutil.copy(HERE / name, folder / name)


def build(out: Path) -> int:
    """Build the site into ``out``; the exit status of Sphinx, which is 1 after a warning."""
    from sphinx.cmd.build import main as sphinx

    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "source"
        source.mkdir()
        lay_out(source)
        trees = str(Path(scratch) / "doctrees")
        return sphinx(["-q", "-W", "--keep-going", "-E", "-d", trees, str(source), str(out)])


def _index() -> str:
    pages = ["commands", *map(plural, KINDS), "groups"]
    pages += ["hooks", "contract", "python"]
    about = "Made from the code of this version; nothing here is written by hand."
    return "\n".join(["# Reference", "", about, "", "```{toctree}", *pages, "```", ""])


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Build the documentation as a static site.")
    parser.add_argument("-o", "--out", type=Path, default=DOCS.parent / "build" / "docs")
    return build(parser.parse_args().out)


if __name__ == "__main__":
    sys.exit(main())
