"""The source that ``harness new-plugin`` writes, for the pages that explain it."""

from __future__ import annotations

import re
import tempfile
from functools import cache
from pathlib import Path

from harness.scaffold import new_package

MARK = re.compile(r"^<!-- scaffold (\w+) (\S+) -->$", flags=re.MULTILINE)
"""Where a page wants a file of the package of a kind, named below its source folder."""

LANGUAGES = {".py": "python", ".toml": "toml", ".md": "markdown"}


def filled(text: str) -> str:
    """A page with every mark replaced by that file; raises ``KeyError`` for one not written."""
    return MARK.sub(lambda found: _block(found[1], found[2]), text)


def _block(kind: str, name: str) -> str:
    language = LANGUAGES[Path(name).suffix]
    return f"```{language}\n{_written(kind)[name].rstrip()}\n```"


@cache
def _written(kind: str) -> dict[str, str]:
    """Content of each file of the package ``acme``, by its last part."""
    with tempfile.TemporaryDirectory() as folder:
        files = new_package("acme", kind, Path(folder))
        return {file.name: file.read_text("utf-8") for file in files}
