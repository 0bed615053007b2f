"""TinyFace: every image is a template of its own; mates and distractors make one gallery."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.plugin import Context, DataError
from harness.plugin.benchmarks import (
    Benchmark,
    ImageFiles,
    SearchSplit,
    TemplateIdentification,
    TemplateRules,
    TemplateSet,
    kept_images,
    search_images,
)
from harness.plugin.lists import Cells, read_variable, require_images

from .params import TinyFaceParams

DISTRACTOR = -100
"""Subject of all images of strangers: no listed subject is negative, so no probe has it."""

RANKS = (1, 5, 20)
PUBLISHED = {"Probe": 3_728, "Gallery_Match": 4_443, "Gallery_Distractor": 153_428}


class TinyFace(Benchmark):
    """TinyFace (Cheng et al. 2018): closed-set rank-1, 5 and 20."""

    params: TinyFaceParams

    def prepare(self, ctx: Context) -> None:
        """Read the two lists, find the distractors, check that every image is there."""
        super().prepare(ctx)
        root = Path(self.params.root or "")
        tests = next((f for f in (root, root / "tinyface") if (f / "Testing_Set").is_dir()), None)
        if tests is None:
            raise DataError(f"{root} holds no Testing_Set; give the folder that does")
        lists = tests / "Testing_Set"
        images = root / self.params.aligned if self.params.aligned else lists
        probes = _listed(lists / "probe_img_ID_pairs.mat", "probe", images, "Probe")
        mates = _listed(
            lists / "gallery_match_img_ID_pairs.mat", "gallery", images, "Gallery_Match"
        )
        found = {"Probe": probes, "Gallery_Match": mates}
        if self.params.distractors:
            distractors = search_images(images / "Gallery_Distractor")
            names = distractors.names
            for note in distractors.left_out.notes("Gallery_Distractor"):
                ctx.note(note)
            found["Gallery_Distractor"] = (
                [f"Gallery_Distractor/{name}" for name in names],
                np.full(len(names), DISTRACTOR, np.int32),
            )
        self._notes = tuple(
            f"{part} has {len(listed[0]):,} images, the published TinyFace {PUBLISHED[part]:,}"
            for part, listed in found.items()
            if len(listed[0]) != PUBLISHED[part]
        )
        names = [name for listed in found.values() for name in listed[0]]
        split = _split(np.concatenate([listed[1] for listed in found.values()]), len(probes[0]))
        split = split.first_subjects(ctx.limit)
        rows, (templates,) = kept_images([split.templates], len(names))
        self._split = replace(split, templates=templates)
        self._images = ImageFiles(
            images,
            [names[row] for row in rows],
            template=self.params.template if self.params.aligned else None,
        )

    def images(self) -> ImageFiles:
        """Probes, mates and distractors, in this order."""
        return self._images

    def shortfalls(self) -> tuple[str, ...]:
        """See :class:`Benchmark`."""
        return self._notes

    def comparison(self, name: str) -> TemplateIdentification:
        """The one search."""
        return TemplateIdentification(
            "tinyface-1:N",
            [self._split],
            TemplateRules(flip=self.params.flip, views=self.params.views),
            self._images.names,
            ranks=RANKS,
            fpirs=(),
            limit=self.ctx.limit,
            notes=self._notes,
        )


def _split(subjects: NDArray[np.int32], n_probes: int) -> SearchSplit:
    rows = np.arange(subjects.size, dtype=np.int32)
    return SearchSplit(
        TemplateSet(rows, rows, rows, subjects), {"gallery": rows[n_probes:]}, rows[:n_probes]
    )


def _listed(
    file: Path, kind: str, images: Path, folder: str
) -> tuple[list[str], NDArray[np.int32]]:
    """Names (with their folder) and subjects of ``<kind>_set`` and ``<kind>_ids``."""
    cells, ids = (read_variable(file, f"{kind}_{part}") for part in ("set", "ids"))
    if not isinstance(cells, Cells) or not isinstance(ids, np.ndarray):
        raise DataError(f"{file}: {kind}_set should hold names and {kind}_ids numbers")
    names = [_text(file, value) for value in cells.values]
    if len(names) != ids.size or not names:
        raise DataError(f"{file} has {len(names)} names but {ids.size} subjects")
    whole = np.nan_to_num(ids.astype(np.float64), nan=-1.0)
    if ((whole < 0) | (whole >= 2**31) | (whole % 1 != 0)).any():
        raise DataError(f"{file}: {kind}_ids should hold whole numbers from 0 on")
    paths = [f"{folder}/{name}" for name in names]
    require_images(images, paths, [f"{file}, entry {n + 1}" for n in range(len(paths))])
    return paths, ids.astype(np.int32)


def _text(file: Path, value: Any) -> str:
    while isinstance(value, Cells) and len(value.values) == 1:
        value = value.values[0]
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{file} holds {str(value)[:40]!r} where an image name should be")
    return value.strip()
