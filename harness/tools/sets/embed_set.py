"""Embeddings of a labelled set under one network, kept in the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.align.aligned import AlignedImages
from harness.align.place import Rule, place
from harness.digests import digest
from harness.embedding.extract import extract, load
from harness.engine.opener import ComponentOpener
from harness.engine.sets.labelled_set import LabelledSet, chosen_images
from harness.engine.stages.embed import BATCH
from harness.faces.views import Subset
from harness.plan.nodes import ResolvedComponent


@dataclass(frozen=True, eq=False)
class EmbeddedSet:
    """Images of a set, their embeddings float32 (N, D), and subjects int64 (N,).

    ``key`` is that of the embeddings in the store. Rows without an embedding are NaN.
    """

    key: str
    images: Subset
    vectors: NDArray[np.float32]
    subjects: NDArray[np.int64]
    identities: Mapping[int, str]


@dataclass(frozen=True)
class SetEmbedder:
    """A network with weights, and what finds the faces where a set does not say."""

    opener: ComponentOpener
    model: ResolvedComponent
    aligner: ResolvedComponent | None = None

    def embed(self, faces: LabelledSet, per_identity: int | None = None) -> EmbeddedSet:
        """Embed the first ``per_identity`` images of every identity, or find them in the store."""
        images = chosen_images(faces, per_identity)
        study = self.opener.study
        parts = {
            "stage": "leak",
            "component": self.model.identity(),
            "inputs": {"faces": faces.key},
            "per_identity": per_identity,
            "template": images.template,
            "aligner": self.aligner.identity() if self.aligner else None,
            "rule": [study.align, study.on_failure],
            "device": self.opener.device.split(":")[0],
        }
        key = digest(parts)
        made = self.opener.store.build(
            "embeddings", key, parts, lambda folder: self._extract(faces.title, images, folder)
        )
        found = load(made.folder)
        assert images.subjects is not None, "asked for before"
        return EmbeddedSet(key, images, found.plain, images.subjects, faces.identities)

    def _extract(self, title: str, images: Subset, folder: Path) -> dict[str, Any]:
        aligner = self.opener.aligner(self.aligner) if self.aligner is not None else None
        study, progress = self.opener.study, self.opener.progress
        progress.stage(f"   place  {title}")
        rule = Rule(study.align, study.on_failure, study.max_doubtful)
        placements = place(images, rule, aligner=aligner, progress=progress)
        network = self.opener.trained(self.model, None)
        progress.stage(f"   embed  {title}")
        extract(
            network,
            AlignedImages(images, placements, network.input_spec),
            images.names,
            mirror=False,
            folder=folder,
            progress=progress,
            batch_size=study.batch_size or BATCH,
        )
        progress.close()
        return {"images": len(images), "failed": int(placements.failed.sum())}
