"""The log of a study: one JSON object a line, only ever appended."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Watcher = Callable[[Mapping[str, Any]], object]


class Events:
    """Appends to ``events.jsonl`` and tells the watchers."""

    def __init__(self, folder: Path, watch: Watcher) -> None:
        self._file = folder / "events.jsonl"
        self._watch = watch

    def add(self, event: str, stage: str, key: str, label: str, **more: Any) -> None:
        """Append one event; a single short write, so that two processes cannot mix lines."""
        record = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "event": event,
            "stage": stage,
            "key": key,
            "label": label,
            **more,
        }
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        self._watch(record)
