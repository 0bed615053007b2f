"""IJB-A: its ten splits of pairs and of searches, and the faces they name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.plugin import Context, DataError
from harness.plugin.benchmarks import (
    Benchmark,
    Comparison,
    ImageFiles,
    PairSplit,
    SearchSplit,
    TemplateIdentification,
    TemplateRules,
    TemplateSet,
    TemplateVerification,
    kept_images,
)
from harness.plugin.lists import ListColumn, read_text_columns, require_images, require_lists

from .params import IjbaParams

ID = ListColumn("int32", low=0)
BOX = ("face_x", "face_y", "face_width", "face_height")
ENTRIES = {
    "template_id": ID,
    "subject_id": ID,
    "file": ListColumn("str", ("filename",)),
    "media_id": ListColumn("int32", ("sighting_id",)),
    **dict.fromkeys(BOX, ListColumn("float32")),
}
PAIRS = "IJB-A_11_sets/split{k}"
SEARCHES = "IJB-A_1N_sets/split{k}"
LISTS = {
    "1:1": (f"{PAIRS}/verify_metadata_{{k}}.csv", f"{PAIRS}/verify_comparisons_{{k}}.csv"),
    "1:N": (f"{SEARCHES}/search_gallery_{{k}}.csv", f"{SEARCHES}/search_probe_{{k}}.csv"),
}
RANKS = (1, 5, 10)
FIRST = 11_787
"""Comparisons of the first split as NIST gave them out."""

Table = dict[str, NDArray[Any]]


class Ijba(Benchmark):
    """IARPA Janus Benchmark A (Klare et al. 2015): mean and std over ten splits."""

    params: IjbaParams

    def prepare(self, ctx: Context) -> None:
        """Read all splits; every face they name is one image with its box."""
        super().prepare(ctx)
        root = Path(self.params.root or "")
        numbers = range(1, self.params.splits + 1)
        wanted = [LISTS[name] for name in self.params.comparison_names()]
        require_lists(
            [root / name.format(k=k) for names in wanted for k in numbers for name in names]
        )
        faces = _Faces()
        self._pairs: list[PairSplit] = []
        self._searches: list[SearchSplit] = []
        if "1:1" in self.params.comparison_names():
            self._pairs = [_pairs(root, k, faces).first_of_each(ctx.limit) for k in numbers]
        if "1:N" in self.params.comparison_names():
            self._searches = [_searches(root, k, faces).first_subjects(ctx.limit) for k in numbers]
        every = [s.templates for s in self._pairs] + [s.templates for s in self._searches]
        rows, sets = kept_images(every, len(faces.names))
        kept = iter(sets)
        self._pairs = [replace(split, templates=next(kept)) for split in self._pairs]
        self._searches = [replace(split, templates=next(kept)) for split in self._searches]
        folder = root / "images" if (root / "images").is_dir() else root
        names = [faces.names[row] for row in rows]
        require_images(folder, names, [faces.where[row] for row in rows])
        self._images = ImageFiles(folder, names, boxes=faces.boxes()[rows])

    def images(self) -> ImageFiles:
        """Every face that a template holds, in the order in which the lists name them."""
        return self._images

    def shortfalls(self) -> list[str]:
        """See :class:`Benchmark`."""
        found = self._pairs[0].genuine.size if self._pairs and self.ctx.limit is None else FIRST
        if found == FIRST:
            return []
        return [f"split 1 has {found:,} comparisons, that of the published IJB-A {FIRST:,}"]

    def comparison(self, name: str) -> Comparison:
        """Template verification (1:1) or identification (1:N)."""
        p = self.params
        rules = TemplateRules(
            keep_norm=p.norm == "raw", flip=p.flip, fusion=p.fusion, views=p.views
        )
        if name == "1:1":
            return TemplateVerification(
                "ijba-1:1",
                self._pairs,
                rules,
                self._images.names,
                fars=p.fars,
                headline_far=p.headline_far,
                far_rule=p.far_rule,
                limit=self.ctx.limit,
            )
        return TemplateIdentification(
            "ijba-1:N",
            self._searches,
            rules,
            self._images.names,
            ranks=RANKS,
            rank_average=p.rank_average,
            limit=self.ctx.limit,
        )


class _Faces:
    """Distinct faces (file and box) in the order in which lists name them."""

    def __init__(self) -> None:
        self._rows: dict[tuple[Any, ...], int] = {}
        self.names: list[str] = []
        self.where: list[str] = []

    def rows(self, path: Path, table: Table) -> NDArray[np.int32]:
        """Row of each entry of a list, int32 (E,)."""
        sides = np.stack([table[side] for side in BOX], axis=1)
        flat = (sides[:, 2:] <= 0).any(axis=1)
        if flat.any():
            at = int(np.argmax(flat))
            raise DataError(f"{path}, line {at + 2}: the face box has no size")
        found = []
        for line, (name, box) in enumerate(
            zip(table["file"].tolist(), sides.tolist(), strict=True)
        ):
            face = (name, *box)
            if face not in self._rows:
                self._rows[face] = len(self.names)
                self.names.append(name)
                self.where.append(f"{path}, line {line + 2}")
            found.append(self._rows[face])
        return np.array(found, np.int32)

    def boxes(self) -> NDArray[np.float32]:
        """Left, top, right, bottom of every face, float32 (N, 4)."""
        corner = np.array([face[1:] for face in self._rows], np.float32)
        return np.concatenate([corner[:, :2], corner[:, :2] + corner[:, 2:]], axis=1)


def _templates(tables: Iterable[tuple[Path, Table, int]], faces: _Faces) -> TemplateSet:
    """The entries of lists of one split; the number is added to the template ids of a list."""
    parts = [
        (faces.rows(path, table), table["template_id"] + shift, table["media_id"],
         table["subject_id"])
        for path, table, shift in tables
    ]  # fmt: skip
    rows, ids, media, subjects = (np.concatenate(column) for column in zip(*parts, strict=True))
    return TemplateSet(rows, ids.astype(np.int32), media, subjects)


def _pairs(root: Path, split: int, faces: _Faces) -> PairSplit:
    metadata, comparisons = (root / name.format(k=split) for name in LISTS["1:1"])
    table = read_text_columns(metadata, ENTRIES, header=True)
    pairs = read_text_columns(comparisons, {"left": ID, "right": ID}, header=False)
    left, right = pairs["left"], pairs["right"]
    try:
        templates = _templates([(metadata, table, 0)], faces)
        same = templates.subjects_of(left) == templates.subjects_of(right)
        return PairSplit(templates.only(np.concatenate([left, right])), left, right, same)
    except DataError as error:
        raise DataError(f"{comparisons}: {error}") from None


def _searches(root: Path, split: int, faces: _Faces) -> SearchSplit:
    gallery_file, probe_file = (root / name.format(k=split) for name in LISTS["1:N"])
    gallery = read_text_columns(gallery_file, ENTRIES, header=True)
    probe = read_text_columns(probe_file, ENTRIES, header=True)
    # The two lists may number their templates apart: equal numbers are not one template.
    shift = 0
    if np.isin(probe["template_id"], gallery["template_id"]).any():
        shift = int(gallery["template_id"].max()) + 1
    try:
        templates = _templates([(gallery_file, gallery, 0), (probe_file, probe, shift)], faces)
        return SearchSplit(
            templates,
            {"gallery": np.unique(gallery["template_id"])},
            np.unique(probe["template_id"] + shift).astype(np.int32),
        )
    except DataError as error:
        raise DataError(f"{probe_file.parent}: {error}") from None
