"""The layout of NIST: whole images with face boxes, one CSV file a list of templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.plugin import Context, DataError
from harness.plugin.benchmarks import positions
from harness.plugin.lists import ListColumn, require_images

from .lists import ID, Lists, cached, find_folder, per_template, subject_rows
from .params import IjbParams

BOX = ("face_x", "face_y", "face_width", "face_height")
SIDE = ListColumn("float32")
TEMPLATES = {
    "template_id": ID,
    "subject_id": ID,
    "filename": ListColumn("str", ("file",)),
    "media_id": ListColumn("int32", ("sighting_id",)),
    **dict.fromkeys(BOX, SIDE),
}


@dataclass(frozen=True)
class _ListFiles:
    """Names of the lists below one folder; ``templates`` are needed by 1:1 only."""

    folder: str
    pairs: str
    templates: tuple[str, ...]
    galleries: Mapping[str, str]
    probes: str

    def search(self) -> tuple[str, ...]:
        return (*self.galleries.values(), self.probes)


def _known(params: IjbParams) -> list[_ListFiles]:
    """The arrangements in which NIST gave the lists out."""
    one, two = params.galleries
    prefix = params.dataset
    galleries = {name: f"{prefix}_1N_gallery_{name}.csv" for name in (one, two)}
    flat = (
        f"{prefix}_11_{one}_{two}_matches.csv",
        (),
        galleries,
        f"{prefix}_1N_probe_mixed.csv",
    )
    tests = {name: f"test4/gallery_{name}.csv" for name in (one, two)}
    return [
        _ListFiles("protocols", "test1/match.csv",
               ("test1/enroll_templates.csv", "test1/verif_templates.csv"), tests,
               "test4/probes.csv"),
        _ListFiles("protocol", *flat),
        _ListFiles("protocols", *flat),
    ]  # fmt: skip


def find(root: Path, params: IjbParams) -> tuple[Path, _ListFiles] | None:
    """The folder in this layout and the arrangement of its lists, if there is one."""
    letter = params.dataset[-1].upper()
    for files in _known(params):
        for name in (files.pairs, files.probes):
            folder = find_folder(
                root,
                (f"IJB{letter}", f"IJB-{letter}"),
                lambda f, name=name, files=files: (f / files.folder / name).is_file(),  # type: ignore[misc]
            )
            if folder is not None:
                return folder, files
    return None


def read(folder: Path, files: _ListFiles, ctx: Context) -> Lists:
    """Read and check all lists. Raises DataError with file and line."""
    lists = folder / files.folder
    absent = [name for name in files.search() if not (lists / name).exists()]
    wanted = dict.fromkeys((*files.templates, *(() if absent else files.search())))
    tables = {
        name: cached(ctx, lists / name, TEMPLATES, header=True)
        for name in wanted
        if (lists / name).exists()
    }
    if not tables:
        raise DataError(f"{lists} lacks its lists of templates: {', '.join(absent)}")
    images = folder / "images" if (folder / "images").is_dir() else folder
    names, boxes, entries = _entries(lists, images, tables)
    subjects = subject_rows(tables)
    pairs, genuine = _pairs(lists / files.pairs, files.templates, tables, subjects, ctx)
    return Lists(
        folder=images,
        names=names,
        landmarks=None,
        boxes=boxes,
        detector=None,
        rows=entries[0],
        template_ids=entries[1],
        media_ids=entries[2],
        subject_ids=subjects,
        pairs=pairs,
        genuine=genuine,
        pairs_file=str(lists / files.pairs),
        galleries={}
        if absent
        else {name: per_template(tables[f])[:, 0] for name, f in files.galleries.items()},
        probes=np.empty(0, np.int32) if absent else per_template(tables[files.probes])[:, 0],
        missing=f"{', '.join(absent)} in {lists}" if absent else "",
    )


def _entries(
    lists: Path, images: Path, tables: Mapping[str, Mapping[str, NDArray[Any]]]
) -> tuple[list[str], NDArray[np.float32], NDArray[np.int32]]:
    """Names and boxes of the distinct faces; row, template and media (3, E) of every entry."""
    seen: dict[tuple[Any, ...], int] = {}
    where: list[str] = []
    sizes: dict[int, int] = {}
    found: list[NDArray[np.int32]] = []
    for name, table in tables.items():
        fresh = _fresh(lists / name, table["template_id"], sizes)
        sides = np.stack([table[side] for side in BOX], axis=1)
        rows = []
        for line in fresh.tolist():
            face = (str(table["filename"][line]), *sides[line].tolist())
            if face not in seen:
                seen[face] = len(seen)
                where.append(f"{lists / name}, line {line + 2}")
            rows.append(seen[face])
        numbers = (np.array(rows, np.int32), table["template_id"][fresh], table["media_id"][fresh])
        found.append(np.stack(numbers))
    names = [str(face[0]) for face in seen]
    require_images(images, names, where)
    corner = np.array([face[1:] for face in seen], np.float32)
    flat = (corner[:, 2:] <= 0).any(axis=1)
    if flat.any():
        at = int(np.argmax(flat))
        raise DataError(f"{where[at]}: the face box of {names[at]} has no size")
    boxes = np.concatenate([corner[:, :2], corner[:, :2] + corner[:, 2:]], axis=1)
    return names, boxes, np.concatenate(found, axis=1)


def _fresh(file: Path, template_ids: NDArray[np.int32], sizes: dict[int, int]) -> NDArray[np.intp]:
    """Lines of the templates that no list before holds; a template held twice must agree in size.

    ``sizes`` (images by template) is filled.
    """
    ids, counts = np.unique(template_ids, return_counts=True)
    for template, count in zip(ids.tolist(), counts.tolist(), strict=True):
        if sizes.get(template, count) != count:
            raise DataError(
                f"{file}: template {template} has {count} images but {sizes[template]} in the "
                "lists before; the lists are not of one release"
            )
    fresh = np.array([template not in sizes for template in ids.tolist()], np.bool_)
    sizes.update(zip(ids[fresh].tolist(), counts[fresh].tolist(), strict=True))
    return np.flatnonzero(np.isin(template_ids, ids[fresh]))


def _pairs(
    file: Path,
    templates: tuple[str, ...],
    tables: Mapping[str, Any],
    subjects: NDArray[np.int32],
    ctx: Context,
) -> tuple[NDArray[np.int32] | None, NDArray[np.bool_] | None]:
    """Pairs, genuine where both templates show one subject; None where the lists are absent."""
    if not file.exists() or any(name not in tables for name in templates):
        return None, None
    found = cached(ctx, file, {"left": ID, "right": ID}, header=False)
    owner = []
    for side in ("left", "right"):
        try:
            owner.append(subjects[positions(subjects[:, 0], found[side]), 1])
        except DataError as error:
            raise DataError(f"{file}: {error}") from None
    return np.stack([found["left"], found["right"]]), owner[0] == owner[1]
