"""The results inside a report: written so that no text in them can end the script element."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.fileio.atomic import write_text
from harness.fileio.decoding import json_value, reason
from harness.fileio.names import WRITTEN, require_no_links
from harness.results.schema import Result

SCHEMA = "harness/report@2"
READABLE = ("harness/report@1", SCHEMA)
SHORT_ID = 12
SHARED = ("generator", "model", "benchmark", "aligner")
"""Components of a cell; one that many results share is in the data once."""
ELEMENT = "harness-data"
MOST_BYTES = 256 << 20
"""Bytes of a page; one of a thousand results has 16 MB."""

_SCRIPT = re.compile(r"<script\b([^<>]*+)>([^<]*+)</script", re.IGNORECASE)
_ID = re.compile(rf"""\bid=["']?{ELEMENT}["']?(?:\s|$)""")
"""Looked for in one pass each, however the page is made; the data of a report holds no ``<``."""

ESCAPES = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}


def script_json(value: Any) -> str:
    """JSON that is safe inside a script element and still JSON: ``<`` becomes ``\\u003c``."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(ESCAPES)


def payload(results: list[Result]) -> dict[str, Any]:
    """What a report carries: every result, as in its ``result.json``.

    Since version 2 components and protocols are in a list of their own, and a result has their
    places in it: two hundred results of a study repeat the same few.
    """
    shared: dict[str, int] = {}
    rows = []
    for result in results:
        fields = result.model_dump(mode="json")
        cell = fields["cell"]
        for role in SHARED:
            if cell[role] is not None:
                cell[role] = _place(cell[role], shared)
        fields["protocol"] = _place(fields["protocol"], shared)
        rows.append({"schema": fields.pop("schema_"), **fields})
    return {"schema": SCHEMA, "shared": [json.loads(text) for text in shared], "results": rows}


def _place(value: Any, shared: dict[str, int]) -> int:
    return shared.setdefault(json.dumps(value), len(shared))


def _whole(fields: dict[str, Any], shared: list[Any]) -> dict[str, Any]:
    """A result with its components and protocol in place; of version 1 they are there already."""
    cell = fields["cell"]
    for role in SHARED:
        if isinstance(cell.get(role), int):
            cell[role] = shared[cell[role]]
    if isinstance(fields["protocol"], int):
        fields["protocol"] = shared[fields["protocol"]]
    return fields


def extract(path: Path) -> list[Result]:
    """The results inside an HTML report, equal to those it was rendered from.

    Raises ``DataError`` where the file is not a report or its data is damaged.
    """
    try:
        scripts = _SCRIPT.finditer(_text(path))
        found = json_value(next((s[2] for s in scripts if _ID.search(s[1])), "{}"))
        if found.get("schema") not in READABLE:
            raise DataError(f"{path} holds no results of a report ({SCHEMA}); render it again")
        shared = found.get("shared", [])
        return [Result.from_fields(_whole(fields, shared)) for fields in found["results"]]
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is not a readable report: {reason(error)}") from error


def _text(path: Path) -> str:
    if not path.is_file():
        raise DataError(f"{path} is not a file; give the HTML page of a report")
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise DataError(f"{path} is larger than {MOST_BYTES} bytes, so it is not a report")
    return content.decode("utf-8")


def write_study(results: Iterable[Result], folder: Path) -> None:
    """A study folder of results without their scores, as a report that was sent is all there is.

    A cell that is in the folder already stays as it is.
    """
    require_no_links(folder, *WRITTEN)
    for result in results:
        path = folder / "cells" / result.id[:SHORT_ID] / "result.json"
        if not path.exists():
            write_text(path, result.to_json())
