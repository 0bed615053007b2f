"""The results inside a report: written so that no text in them can end the script element."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import DataError
from harness.reporting.damage import reason
from harness.reporting.study import result_from

if TYPE_CHECKING:
    from harness.study.result import Result

SCHEMA = "harness/report@1"
ELEMENT = "harness-data"
ESCAPES = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}


def script_json(value: Any) -> str:
    """JSON that is safe inside a script element and still JSON: ``<`` becomes ``\\u003c``."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(ESCAPES)


def payload(results: list[Result]) -> dict[str, Any]:
    """What a report carries: every result, as in its ``result.json``."""
    rows = []
    for result in results:
        fields = result.model_dump(mode="json")
        rows.append({"schema": fields.pop("schema_"), **fields})
    return {"schema": SCHEMA, "results": rows}


def extract(path: Path) -> list[Result]:
    """The results inside an HTML report, equal to those it was rendered from.

    Raises ``DataError`` where the file is not a report or its data is damaged.
    """
    reader = _Reader()
    try:
        reader.feed(path.read_text(encoding="utf-8"))
        found = json.loads("".join(reader.parts)) if reader.parts else {}
        if found.get("schema") != SCHEMA:
            raise DataError(f"{path} holds no results of a report ({SCHEMA}); render it again")
        return [result_from(fields) for fields in found["results"]]
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise DataError(f"{path} is not a readable report: {reason(error)}") from error


class _Reader(HTMLParser):
    """Collects the text of the data element."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script" and dict(attrs).get("id") == ELEMENT

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.parts.append(data)
