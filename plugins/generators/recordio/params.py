"""Parameters of the generator ``recordio`` and of the data sets that it reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from harness.plugin import External
from harness.plugin.sources import SourceParams

BESIDE = (".idx", "list.txt")
"""What is read beside a .rec file that is given itself."""

_ROOT = "Folder with one .rec file and its .idx (also one level down, in record/)."


class RecordIOParams(SourceParams):
    """Where the records are and which of them are used."""

    root: Annotated[Path | None, External(beside=BESIDE)] = Field(None, description=_ROOT)
    rec: Annotated[str | None, External(inside="root")] = Field(
        None, description="The .rec file below root, where there are several."
    )
    labels: Literal["auto", "header", "list"] = Field(
        "auto",
        description="Where identities stand: in the header of each record, or as folders in "
        "list.txt beside it (index, tab, path), as in DCFace. auto: in list.txt where there is "
        "one; a labelling that gives every image its own identity, or all the same, is refused.",
    )
    negative_labels: Literal["error", "skip"] = Field(
        "error", description="What to do with records whose label is negative: junk in some sets."
    )
    template: str | None = Field(
        "arcface", description="The alignment template that all images already follow."
    )

    @classmethod
    def of_export(cls, folder: Path, template: str | None) -> Mapping[str, Any]:
        """An export writes identities into the headers."""
        return {**super().of_export(folder, template), "labels": "header"}


class CasiaParams(RecordIOParams):
    """CASIA-WebFace, aligned, as insightface packs it."""

    root: Annotated[Path | None, External(asset="casia-webface", beside=BESIDE)] = Field(
        None, description=_ROOT
    )


class Ms1mParams(RecordIOParams):
    """MS1MV2, aligned, as insightface packs it."""

    root: Annotated[Path | None, External(asset="ms1mv2", beside=BESIDE)] = Field(
        None, description=_ROOT
    )


class DcFaceParams(RecordIOParams):
    """DCFace; the labels in its record headers are not identities."""

    root: Annotated[Path | None, External(asset="dcface", beside=BESIDE)] = Field(
        None, description=_ROOT
    )
    labels: Literal["auto", "header", "list"] = Field(
        "list", description="Where identities stand; DCFace has them in list.txt."
    )
