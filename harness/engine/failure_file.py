"""The record of a failed stage: what failed, in one sentence and with its traceback."""

from __future__ import annotations

import json
import traceback
from pathlib import Path

from harness.errors import one_sentence
from harness.fileio.atomic import write_text
from harness.inputs import shown


def write_failure(folder: Path, stage: str, key: str, label: str, error: BaseException) -> Path:
    """Write ``failed-N.json`` beside earlier ones; raises ``OSError`` where that cannot be done."""
    number = len(list(folder.glob("failed-*.json"))) + 1
    record = {
        "stage": stage,
        "key": key,
        "label": label,
        "error": type(error).__name__,
        "message": shown(one_sentence(error)),
        "traceback": shown("".join(traceback.format_exception(error))),
    }
    path = folder / f"failed-{number}.json"
    write_text(path, json.dumps(record, indent=1) + "\n")
    return path
