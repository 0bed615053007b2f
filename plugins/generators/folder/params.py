"""Parameters of the generator ``folder`` and of the data sets that it reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from harness.plugin import External
from harness.plugin.sources import LANDMARKS, SourceParams

_DATABASE = "The database: data.mdb or its folder, an .lmdb file, or a folder with one."
LIST = "images.txt"
"""The list that ``harness faces export --format imagelist`` writes."""

_ROOT = "Folder with {identity}/{file}, or with zip files that hold the same, or one zip file."


class FolderParams(SourceParams):
    """Where the images are and which of them are used."""

    root: Annotated[Path | None, External()] = Field(None, description=_ROOT)
    folders: tuple[str, ...] = Field(
        (), description="Read only these folders below root; all of them if empty."
    )
    identity_depth: int | None = Field(
        None,
        ge=1,
        description="Which folder of a path names the identity, 1 is the first below root. If not "
        "set, the folder that holds the file, by its whole path below root.",
    )
    landmarks: Annotated[str | None, External(inside="root")] = Field(
        None,
        description="Five-point landmark file below root: path and ten numbers per line, in pixels "
        "of the image. An image without a line counts as unreadable. That of a set written by "
        "`harness faces export` is read where neither this nor template is given.",
    )

    @classmethod
    def of_export(cls, folder: Path, template: str | None) -> Mapping[str, Any]:
        """The landmarks that an export lays beside the images, else its template."""
        if (folder / LANDMARKS).is_file():
            return {"landmarks": LANDMARKS}
        return super().of_export(folder, template)

    def tells_faces(self) -> bool | None:
        """Image files hold nothing but pixels."""
        return self.template is not None or self.landmarks is not None

    @model_validator(mode="after")
    def _one_alignment(self) -> FolderParams:
        if self.template is not None and self.landmarks is not None:
            raise ValueError("template and landmarks exclude each other; give one of them")
        return self


class PackedParams(SourceParams):
    """Where packed files are and which of their images are used."""

    root: Annotated[Path | None, External()] = Field(
        None, description="Folder with the packed files, at any depth, or one of them."
    )


class ParquetParams(PackedParams):
    """Parquet files, and which of their columns are read."""

    image_column: str = Field(
        "image", description="Column of encoded images: bytes, or a struct that holds bytes."
    )
    identity_column: str | None = Field(
        None,
        description="Column of identities, whole numbers or text; identity or else label if not "
        "set.",
    )


class LmdbParams(SourceParams):
    """Where an LMDB database is and which of its images are used."""

    root: Annotated[Path | None, External()] = Field(None, description=_DATABASE)
    database: Annotated[str | None, External(inside="root")] = Field(
        None, description="The .lmdb file or folder below root, where there are several."
    )
    mask: Annotated[Path | None, External()] = Field(
        None,
        description="A .npy file of whole numbers: indices of the images to use, in the order of "
        "`__keys__`. It is never unpickled.",
    )
    label_position: int | None = Field(
        None,
        ge=1,
        lt=16,
        description="Where the label is in each value, counted from 0; if not set, the only whole "
        "number: 1 in HSFace and VFace, 2 behind a feature.",
    )
    template: str | None = Field(
        "arcface", description="The alignment template that all images already follow."
    )


class ImageListParams(SourceParams):
    """Where images and the list of them are, and which of them are used."""

    root: Annotated[Path | None, External()] = Field(
        None, description="Folder that the paths of the list begin in."
    )
    list: Annotated[Path | None, External()] = Field(
        None,
        description="Text file of path and label per line (tab or space between them), or of paths "
        "alone, where the folder that holds a file names its identity.",
    )
    prefix: str = Field("", description="Beginning of every path in the list that root stands for.")

    @classmethod
    def of_export(cls, folder: Path, template: str | None) -> Mapping[str, Any]:
        """The list that an export writes beside the images."""
        found = folder / LIST
        listed = {"list": found} if found.is_file() else {}
        return {**super().of_export(folder, template), **listed}


class DigiFaceParams(FolderParams):
    """DigiFace-1M. Its crops follow no published template, so faces are found by an aligner."""

    root: Annotated[Path | None, External(asset="digiface1m")] = Field(None, description=_ROOT)
    group_images: int | None = Field(
        18, ge=1, description="Consecutive images of an identity that share their accessories."
    )


class WebFaceParams(FolderParams):
    """WebFace260M; the smaller sets are the first of its ten folders."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "4m": {"folders": ("0",)},
        "12m": {"folders": ("0", "1", "2")},
        "42m": {"folders": tuple(str(part) for part in range(10))},
    }

    root: Annotated[Path | None, External(asset="webface260m")] = Field(None, description=_ROOT)
    template: str | None = Field(
        "arcface", description="The alignment template that all images already follow."
    )


class SFaceParams(FolderParams):
    """SFace."""

    root: Annotated[Path | None, External(asset="sface")] = Field(None, description=_ROOT)


class GanDiffFaceParams(FolderParams):
    """GANDiffFace."""

    root: Annotated[Path | None, External(asset="gandiffface")] = Field(None, description=_ROOT)


class DisCoParams(FolderParams):
    """DisCo."""

    root: Annotated[Path | None, External(asset="disco")] = Field(None, description=_ROOT)


class IDiffFaceParams(FolderParams):
    """IDiff-Face."""

    root: Annotated[Path | None, External(asset="idiff-face")] = Field(None, description=_ROOT)


class ExFaceGanParams(FolderParams):
    """ExFaceGAN."""

    root: Annotated[Path | None, External(asset="exfacegan")] = Field(None, description=_ROOT)


class Syn2AuthParams(FolderParams):
    """Syn2Auth."""

    root: Annotated[Path | None, External(asset="syn2auth")] = Field(None, description=_ROOT)


class HsFaceParams(LmdbParams):
    """HSFace. Sets of 100,000 and 200,000 identities are masks of the largest database."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "10k": {"database": "hsface10k.lmdb"},
        "20k": {"database": "hsface20k.lmdb"},
    }

    root: Annotated[Path | None, External(asset="hsface")] = Field(None, description=_DATABASE)


class VFaceParams(LmdbParams):
    """VFace."""

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        size: {"database": f"vface{size}.lmdb"} for size in ("10k", "20k", "100k")
    }

    root: Annotated[Path | None, External(asset="vface")] = Field(None, description=_DATABASE)


class WebFaceLmdbParams(LmdbParams):
    """WebFace4M in one database; its values have a feature before the label."""

    root: Annotated[Path | None, External(asset="webface4m-lmdb")] = Field(
        None, description=_DATABASE
    )
