"""The files of a study that have digests: cells, pictures, histories and environments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.fileio import verified
from harness.results import cells, env_file
from harness.results.measured import records

SUFFIX = ".sha256"


def faults(study: Path) -> Iterator[str]:
    """One sentence for every file of a study that does not fit its digest."""
    for folder in sorted((study / "cells").glob("*")):
        wrong = cells.fault(folder)
        if wrong:
            yield wrong
    yield from records.faults(study)
    for path in sorted((study / "media").glob("*")):
        if path.suffix != SUFFIX and not verified.fits(path):
            yield f"{path} is altered: its SHA-256 is not the one beside it"
    for path in sorted((study / env_file.FOLDER).glob("*.json")):
        if not env_file.fits(path):
            yield f"{path} is altered: its name is not its digest"


def unverified(study: Path) -> int:
    """The number of results that older releases wrote without a digest."""
    found = (cells.finished(folder) for folder in (study / "cells").glob("*"))
    return sum(result is not None and result.integrity == "unverified" for result in found)
