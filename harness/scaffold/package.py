"""Writing the package of a new plugin: it works, and its tests pass, before a line is changed."""

from __future__ import annotations

import keyword
import re
from datetime import UTC, datetime
from importlib import util
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness.components import API
from harness.errors import UsageError

CORE = "synthface-harness"
LICENCE = "Apache-2.0"
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST = 40
SUMMARIES = {
    "generator": "patchworks of colours as faces",
    "model": "a linear layer on small images",
    "benchmark": "pairs of drawn people",
    "aligner": "landmarks from the box of a face",
    "measure": "length of the mean embedding of a face set",
    "quality": "how well an image of a face is exposed",
    "attribute": "how wide a mouth is",
    "report": "a table of what each result cost",
}
KINDS = tuple(SUMMARIES)
SMALL = {
    "generator": '{"identities": 4, "images_per_id": 2}',
    "model": '{"steps": 2}',
    "benchmark": "{}",
    "aligner": "{}",
    "measure": "{}",
    "quality": "{}",
    "attribute": "{}",
}
"""Parameter values that keep the conformance kit quick, as source text."""


def check_name(name: str) -> str:
    """The import name of a plugin's package; raises ``UsageError`` for a name that cannot be one.

    A name is lower-case words joined by hyphens. One that is a keyword, or that something
    installed already has, would not be importable or would hide it.
    """
    module = name.replace("-", "_")
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise UsageError(
            f"{name!r} cannot be the name of a plugin; take lower-case letters and digits, words "
            f"joined by hyphens, at most {LONGEST} characters, for example acme-faces"
        )
    if keyword.iskeyword(module) or util.find_spec(module) is not None:
        raise UsageError(
            f"{module!r} is already a module of Python or of something installed; take another name"
        )
    return module


def new_package(name: str, kind: str, parent: Path) -> list[Path]:
    """Write the folder ``parent/name`` and give its files, in the order to read them.

    Raises ``UsageError`` for a bad name, an unknown kind, or a folder that exists.
    """
    module = check_name(name)
    if kind not in KINDS:
        raise UsageError(f"unknown kind {kind!r}; take one of {', '.join(KINDS)}")
    folder = parent / name
    if folder.exists():
        raise UsageError(f"{folder} exists; nothing is overwritten, take another name or folder")
    texts = {path: _render(template, name, module, kind) for path, template in
             _files(module, kind).items()}  # fmt: skip
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="\n")
    return [folder / path for path in texts]


def what_to_try(name: str, kind: str) -> str:
    """The first command to give with a new package of this kind."""
    return _render("next", name, name.replace("-", "_"), kind).strip()


def _files(module: str, kind: str) -> dict[str, str]:
    """Path in the package to template."""
    source, report = f"src/{module}", kind == "report"
    hooks, tests = ("report_hooks", "report_tests") if report else ("hooks", "tests")
    component = {f"{source}/{kind}.py": kind, f"{source}/params.py": f"params/{kind}"}
    return {
        "README.md": "readme",
        f"{source}/__init__.py": hooks,
        **({} if report else component),
        f"{source}/py.typed": "",
        f"tests/test_{module}.py": tests,
        "pyproject.toml": "pyproject",
        "LICENSE": "licence",
        ".github/workflows/test.yml": "workflow",
    }


def _render(template: str, name: str, module: str, kind: str) -> str:
    if not template:
        return ""
    words = name.split("-")
    values: dict[str, Any] = {
        "name": name,
        "module": module,
        "kind": kind,
        "cls": "".join(word.capitalize() for word in words),
        "title": " ".join(word.capitalize() for word in words),
        "summary": SUMMARIES[kind],
        "small": SMALL.get(kind, "{}"),
        "api": API,
        "core": CORE,
        "core_version": version(CORE),
        "licence": LICENCE,
        "year": datetime.now(UTC).year,
    }
    return str(_environment().get_template(f"{template}.jinja").render(values))


def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # What is written is source text, not HTML; names are checked before they enter it.
    return Environment(  # noqa: S701
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
