"""The layout of insightface: loose crops with five points and scores, lists in ``meta/``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.plugin import Context, DataError
from harness.plugin.lists import ListColumn, require_images

from .lists import ID, Lists, cached, find_folder, per_template, subject_rows
from .params import IjbParams

POINTS = tuple(f"{axis}{k}" for k in range(1, 6) for axis in "xy")
SEARCH = {"template_id": ID, "subject_id": ID}


def find(root: Path, params: IjbParams) -> Path | None:
    """The folder with ``meta/`` in this layout, if there is one."""
    letter = params.dataset[-1].upper()
    file = f"meta/{params.dataset}_face_tid_mid.txt"
    return find_folder(root, (f"IJB{letter}", f"IJB-{letter}"), lambda f: (f / file).is_file())


def read(folder: Path, params: IjbParams, ctx: Context) -> Lists:
    """Read and check all lists. Raises DataError with file and line."""
    meta, prefix = folder / "meta", params.dataset
    points_file = meta / f"{prefix}_name_5pts_score.txt"
    words = {"name": ListColumn("str"), **dict.fromkeys(POINTS, ListColumn("float32")),
             "score": ListColumn("float32", low=0)}  # fmt: skip
    points = cached(ctx, points_file, words, header=False)
    entries_file = meta / f"{prefix}_face_tid_mid.txt"
    entries = cached(
        ctx, entries_file, {"name": ListColumn("str"), "tid": ID, "mid": ID}, header=False
    )
    _same_names(points_file, points["name"], entries_file, entries["name"])
    names = points["name"].tolist()
    images = folder / "loose_crop"
    require_images(images, names, str(points_file))
    pairs_file = meta / f"{prefix}_template_pair_label.txt"
    pairs, genuine = _pairs(pairs_file, ctx)
    tables, missing = _search(meta, params, ctx)
    return Lists(
        folder=images,
        names=names,
        landmarks=np.stack([points[name] for name in POINTS], axis=1).reshape(-1, 5, 2),
        boxes=None,
        detector=points["score"],
        rows=np.arange(len(names), dtype=np.int32),
        template_ids=entries["tid"],
        media_ids=entries["mid"],
        subject_ids=subject_rows(tables),
        pairs=pairs,
        genuine=genuine,
        pairs_file=str(pairs_file),
        galleries={
            name: per_template(tables[_gallery(prefix, name)])[:, 0]
            for name in (params.galleries if tables else ())
        },
        probes=per_template(tables[_probes(prefix)])[:, 0] if tables else np.empty(0, np.int32),
        missing=missing,
    )


def _gallery(prefix: str, name: str) -> str:
    return f"{prefix}_1N_gallery_{name}.csv"


def _probes(prefix: str) -> str:
    return f"{prefix}_1N_probe_mixed.csv"


def _same_names(
    points_file: Path, points: NDArray[Any], entries_file: Path, entries: NDArray[Any]
) -> None:
    if points.size != entries.size:
        raise DataError(
            f"{points_file} has {points.size:,} images but {entries_file} has {entries.size:,}; "
            "they must list the same images in the same order"
        )
    wrong = points != entries
    if wrong.any():
        at = int(np.argmax(wrong))
        raise DataError(
            f"{entries_file}, line {at + 1}: image {entries[at]}, but {points_file.name} has "
            f"{points[at]} there; they must list the same images in the same order"
        )


def _pairs(file: Path, ctx: Context) -> tuple[NDArray[np.int32] | None, NDArray[np.bool_] | None]:
    if not file.exists():
        return None, None
    columns = {"left": ID, "right": ID, "label": ListColumn("int8", low=0, high=1)}
    found = cached(ctx, file, columns, header=False)
    return np.stack([found["left"], found["right"]]), found["label"].astype(np.bool_)


def _search(
    meta: Path, params: IjbParams, ctx: Context
) -> tuple[dict[str, dict[str, NDArray[Any]]], str]:
    """The 1:N lists by file name, all or none, and which are absent."""
    files = [_gallery(params.dataset, name) for name in params.galleries]
    files.append(_probes(params.dataset))
    absent = [file for file in files if not (meta / file).exists()]
    if absent:
        return {}, f"{', '.join(absent)} in {meta}"
    return {file: cached(ctx, meta / file, SEARCH, header=True) for file in files}, ""
