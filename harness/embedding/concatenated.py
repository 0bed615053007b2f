"""One extraction of several that follow each other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from harness.embedding.extract import RESULT, load
from harness.embedding.records import read_extraction
from harness.fileio.atomic import write_text


def concatenate(parts: Sequence[Path], folder: Path) -> None:
    """Leave in ``folder``, byte for byte, what extracting the images of all ``parts`` had left.

    Each of ``parts`` is the folder of an extraction with the same settings. Memory stays flat.
    Raises DataError where one is not complete.
    """
    found = [load(part) for part in parts]
    described = [read_extraction(part / RESULT).model_dump() for part in parts]
    total, size = sum(len(part.plain) for part in found), found[0].plain.shape[1]
    for name in described[0]["parts"]:
        array = np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float32, (total, size))
        first = 0
        for part in found:
            rows = getattr(part, name)
            array[first : first + len(rows)] = rows
            first += len(rows)
        array.flush()
    np.save(folder / "enrolled.npy", np.concatenate([part.enrolled for part in found]))
    facts = described[0] | {
        "images": total,
        "failures": [failure for each in described for failure in each["failures"]],
    }
    write_text(folder / RESULT, json.dumps(facts, indent=2, sort_keys=True) + "\n")
