"""Quality and attributes of every image of a set, kept in the store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from harness.align.decode import decode
from harness.align.place import Rule, place
from harness.align.placements import Placements
from harness.components import (
    AttributeInfo,
    FaceAttributes,
    FaceBatch,
    FaceQuality,
    FaceRater,
    MetricInfo,
)
from harness.digests import digest
from harness.engine.opener import BASES, ComponentOpener
from harness.engine.sets.labelled_set import LabelledSet, chosen_images
from harness.errors import DataError, UsageError
from harness.faces.views import Subset
from harness.fileio.atomic import write_text
from harness.fileio.verified import checked, unreadable
from harness.plan.nodes import ResolvedComponent
from harness.tools.sets.embed_set import SetEmbedder

VALUES, ABOUT = "ratings.npy", "ratings.json"
BATCH = 64
"""Faces that a component is given at a time."""


@dataclass(frozen=True, eq=False)
class RatingColumn:
    """One number per image, float64 (N,), NaN where there is none, and what it says."""

    name: str
    info: AttributeInfo
    values: NDArray[np.float64]
    source: str
    """The component, or the file, that it comes from."""
    quality: bool = False


@dataclass(frozen=True)
class SetRatings:
    """Columns over the images of a set, in their order, and what was noted on the way."""

    images: Subset
    columns: Sequence[RatingColumn]
    notes: Sequence[str] = ()
    key: str = ""


@dataclass(frozen=True)
class SetRater:
    """Rates sets; what a component said of a set is found in the store."""

    opener: ComponentOpener
    raters: Sequence[ResolvedComponent]
    embedder: SetEmbedder | None = None
    aligner: ResolvedComponent | None = None
    _placed: dict[str, Placements] = field(default_factory=dict)

    def rate(self, faces: LabelledSet, per_identity: int | None = None) -> SetRatings:
        """Every column of every component for the first ``per_identity`` images of identities.

        Raises UsageError where two components give a column of one name, or where one needs
        embeddings and there is no model.
        """
        images = chosen_images(faces, per_identity)
        columns: list[RatingColumn] = []
        notes: list[str] = []
        keys = []
        for chosen in self.raters:
            key, found, said = self._one(chosen, faces, images, per_identity)
            columns += found
            notes += said
            keys.append(key)
        names = [column.name for column in columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise UsageError(f"two components give {', '.join(twice)}; leave one of them out")
        return SetRatings(images, columns, notes, digest(keys))

    def _one(
        self, chosen: ResolvedComponent, faces: LabelledSet, images: Subset, per: int | None
    ) -> tuple[str, list[RatingColumn], list[str]]:
        rater, ctx = self.opener.prepared(chosen, BASES[chosen.provided.component.kind])
        embeds = "embeddings" in rater.needs
        if embeds and self.embedder is None:
            raise UsageError(f"{chosen.name} rates embeddings; give --model")
        study = self.opener.study
        parts = {
            "stage": "rate",
            "component": chosen.identity(),
            "inputs": {"faces": faces.key},
            "model": self.embedder.model.identity() if embeds and self.embedder else None,
            "per_identity": per,
            "template": images.template,
            "aligner": self.aligner.identity() if self.aligner else None,
            "rule": [study.align, study.on_failure],
            "device": self.opener.device.split(":")[0],
        }
        key = digest(parts)

        def make(folder: Path) -> dict[str, Any]:
            self.opener.progress.stage(f"   {chosen.name}  {faces.title}")
            named = self._work(rater, faces, images, per)
            infos = _infos(chosen, rater)
            table = np.stack([named[name] for name in infos]) if infos else np.empty((0, 0))
            np.save(folder / VALUES, table)
            about = {"names": list(infos), "infos": [asdict(info) for info in infos.values()],
                     "notes": list(ctx.notes)}  # fmt: skip
            write_text(folder / ABOUT, json.dumps(about, indent=1) + "\n")
            self.opener.progress.close()
            return {"images": len(images), "columns": len(infos)}

        stored = self.opener.store.build("ratings", key, parts, make)
        quality = chosen.provided.component.kind == "quality"
        found, notes = _read(stored.folder, chosen.shown, quality=quality)
        return key, found, notes

    def _work(
        self, rater: FaceRater, faces: LabelledSet, images: Subset, per: int | None
    ) -> Mapping[str, NDArray[np.float64]]:
        parts: list[Mapping[str, NDArray[np.float64]]] = []
        done = 0
        for batch in self._batches(rater, faces, images, per):
            if isinstance(rater, FaceQuality):
                parts.append({"quality": rater.rate(batch)})
            elif isinstance(rater, FaceAttributes):
                parts.append(rater.describe(batch))
            done += len(batch)
            self.opener.progress(done, len(images), "images")
        names = parts[0] if parts else {}
        return {name: np.concatenate([part[name] for part in parts]) for name in names}

    def _batches(
        self, rater: FaceRater, faces: LabelledSet, images: Subset, per: int | None
    ) -> Iterator[FaceBatch]:
        count = len(images)
        points = np.full((count, 5, 2), np.nan, np.float32)
        if "landmarks" in rater.needs:
            placed = self._placements(faces, images, per)
            points[~placed.failed] = placed.landmarks[~placed.failed]
        vectors = np.empty((count, 0), np.float32)
        if "embeddings" in rater.needs and self.embedder is not None:
            vectors = self.embedder.embed(faces, per).vectors
        for start in range(0, count, BATCH):
            rows = range(start, min(start + BATCH, count))
            pixels = [decode(images.read(row), images.names[row]) for row in rows
                      ] if "images" in rater.needs else []  # fmt: skip
            here = slice(rows.start, rows.stop)
            yield FaceBatch(
                images.names[here], pixels, points[here], images.boxes[here],
                np.asarray(vectors[here]),
                [images.meta(row) for row in rows] if "stated" in rater.needs else (),
            )  # fmt: skip

    def _placements(self, faces: LabelledSet, images: Subset, per: int | None) -> Placements:
        """Landmarks, found once for all components."""
        key = f"{faces.key}/{per}"
        if key not in self._placed:
            study, progress = self.opener.study, self.opener.progress
            finder = self.opener.aligner(self.aligner) if self.aligner is not None else None
            progress.stage(f"   place  {faces.title}")
            rule = Rule(study.align, study.on_failure, study.max_doubtful)
            self._placed[key] = place(images, rule, aligner=finder, progress=progress)
        return self._placed[key]


def _infos(chosen: ResolvedComponent, rater: FaceRater) -> Mapping[str, AttributeInfo]:
    if isinstance(rater, FaceAttributes):
        return rater.attributes
    info = rater.metric if isinstance(rater, FaceQuality) else MetricInfo("")
    return {"quality": AttributeInfo(f"{chosen.name}: {info.text}")}


def _read(folder: Path, source: str, *, quality: bool) -> tuple[list[RatingColumn], list[str]]:
    """What was kept; DataError naming the file that cannot be read."""
    path = folder / ABOUT
    try:
        about = json.loads(checked(path).read_bytes())
        infos = TypeAdapter(list[AttributeInfo]).validate_python(about["infos"])
        path = folder / VALUES
        table = np.load(checked(path), allow_pickle=False)
        rows = zip(about["names"], infos, table, strict=True)
        columns = [RatingColumn(name, info, row, source, quality) for name, info, row in rows]
        return columns, list(about["notes"])
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        if isinstance(error, DataError):
            raise
        raise unreadable(path, error) from None
