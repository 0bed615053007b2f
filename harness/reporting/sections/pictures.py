"""Pictures of a study as data URIs, and what is said of every component."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from harness.fileio import verified
from harness.results.unreadable import Damaged, own

if TYPE_CHECKING:
    from harness.results.schema import ComponentUse
    from harness.results.study import Study

KEY = 12
JPEG = b"\xff\xd8\xff"


def about(use: ComponentUse) -> list[tuple[str, str]]:
    """Provider, licence, citation and training data of a component, where stated."""
    lines = [
        ("Provider", f"{use.provider}, version {use.version}"),
        ("Licence", use.licence or "not stated"),
        ("Citation", use.citation or "not stated"),
        ("Made from", ", ".join(use.training_data)),
    ]
    return [(name, text) for name, text in lines if text]


def picture(study: Study, name: str) -> str:
    """A JPEG of the study as a data URI; empty where absent, listed as damaged where not one."""
    for path in media(study, name):
        content = path.read_bytes()
        if content.startswith(JPEG):
            return "data:image/jpeg;base64," + base64.b64encode(content).decode()
        study.damaged.append(Damaged(path, "not a JPEG picture"))
    return ""


def media(study: Study, name: str) -> Iterable[Path]:
    """The files of this name that the study's folders keep; altered ones are listed as damaged."""
    for folder in study.folders:
        path = folder / "media" / name
        if not path.is_file() or not own(folder, path, study.damaged):
            continue
        if verified.fits(path):
            yield path
        else:
            study.damaged.append(Damaged(path, "altered: its SHA-256 is not the one beside it"))
