"""Templates of a benchmark (who is on which images), and their pooling from one embedding pass."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError, UsageError
from harness.metrics.pooling import PoolingVariant, ZeroFeatureError
from harness.metrics.templates import (
    TemplateLayout,
    media_means,
    pool_templates,
    template_layout,
)
from harness.protocols.base import Embeddings, Flip, Views
from harness.protocols.pooled import Pooled, note_of, zero_features

Fusion = Literal["pool", "softmax", "media"]
Index = NDArray[np.int32]

FUSIONS: Mapping[Fusion, str] = {
    "pool": "cosine of unit sums of media means, images weighted by detector and norm as named",
    "softmax": "cosines of all image pairs, softmax mean over beta 0..20 (Masi et al. 2016)",
    "media": "cosines of all pairs of media means, softmax mean over beta 0..20",
}
VIEWS: Mapping[Views, str] = {
    "raw": "as the network gives them",
    "unit": "image and mirrored image each made unit length before they are fused",
}
NOT_ENROLLED = (
    "images without a face are left out of their template; a template without any is never accepted"
)
_LOOKUP = 1 << 18  # template ids looked up at a time: a whole list would become 8 bytes an id


@dataclass(frozen=True, eq=False)
class TemplateSet:
    """One entry for every image of every template: int32 (E,) each.

    ``rows`` are rows of the benchmark's images, ``template_ids`` and ``media_ids`` the data set's
    own numbers, ``subjects`` who the template shows, or None where the data set does not say.
    Raises DataError when a template shows two subjects.
    """

    rows: Index
    template_ids: Index
    media_ids: Index
    subjects: Index | None = None

    def __post_init__(self) -> None:
        if not self.rows.size:
            raise DataError("a template list without images cannot be scored")
        if self.subjects is not None:
            _, subjects = self.subject_table()
            ids = np.searchsorted(np.unique(self.template_ids), self.template_ids)
            wrong = subjects[ids] != self.subjects
            if wrong.any():
                raise DataError(
                    f"template {self.template_ids[np.argmax(wrong)]} is given two subjects; "
                    "every template shows one person"
                )

    def only(self, template_ids: NDArray[Any]) -> TemplateSet:
        """The entries of these templates. Raises DataError naming one that has no image."""
        wanted = np.unique(template_ids)
        absent = wanted[~np.isin(wanted, self.template_ids)]
        if absent.size:
            raise DataError(
                f"{absent.size:,} templates have no images, the first is {absent[0]}; complete "
                "the template list"
            )
        keep = np.isin(self.template_ids, wanted)
        subjects = None if self.subjects is None else self.subjects[keep]
        return TemplateSet(self.rows[keep], self.template_ids[keep], self.media_ids[keep], subjects)

    def subject_table(self) -> tuple[Index, Index]:
        """Template ids, rising, and the subject of each. Raises DataError where unknown."""
        if self.subjects is None:
            raise DataError("the subjects of these templates are not known")
        ids, first = np.unique(self.template_ids, return_index=True)
        return ids, self.subjects[first]

    def subjects_of(self, template_ids: Index) -> Index:
        """Subject of each of these templates, int32. Raises DataError for an unknown template."""
        ids, subjects = self.subject_table()
        return subjects[positions(ids, template_ids)]

    def layout(self, enrolled: NDArray[np.bool_]) -> TemplateLayout:
        """Which embeddings make which template; ``enrolled`` bool (images,)."""
        made = template_layout(self.template_ids, self.media_ids, enrolled[self.rows])
        return replace(made, rows=self.rows[made.rows].astype(np.int32))


def positions(ids: NDArray[Any], wanted: NDArray[Any]) -> Index:
    """Where each wanted id is in the rising ``ids``, int32; DataError for one that does not."""
    found = np.empty(wanted.size, np.int32)
    for first in range(0, wanted.size, _LOOKUP):
        part = slice(first, first + _LOOKUP)
        at = np.minimum(np.searchsorted(ids, wanted[part]), ids.size - 1)
        unknown = ids[at] != wanted[part]
        if unknown.any():
            raise DataError(
                f"template {wanted[part][np.argmax(unknown)]} has no images, yet entry "
                f"{first + int(np.argmax(unknown)) + 1:,} of a list names it"
            )
        found[part] = at
    return found


def array_digest(arrays: Mapping[str, NDArray[Any]], names: Sequence[str] = ()) -> str:
    """SHA-256 of arrays (name, little-endian bytes, shape) and of a list of names."""
    sha = hashlib.sha256()
    for key in sorted(arrays):
        values = np.ascontiguousarray(arrays[key])
        values = values.astype(values.dtype.newbyteorder("<"), copy=False)
        sha.update(f"{key} {values.dtype.str} {values.shape};".encode())
        sha.update(values.data.cast("B") if values.size else b"")
    sha.update("\n".join(names).encode())
    return sha.hexdigest()


@dataclass(frozen=True, eq=False)
class TemplateRules:
    """How the images of a template become scores, shared by 1:1 and 1:N.

    ``detector`` are the scores that the data set gives, float32 (images,), or None. The headline
    is raw norms x detector score (where given), flip sum; all other cells that the embeddings
    allow are scored too. ``weigh`` None means: by detector where the data set gives it. ``views``
    ``unit`` makes image and mirrored image unit length before they are fused by ``flip``; its cells
    all have both.
    """

    detector: NDArray[np.float32] | None = None
    keep_norm: bool = True
    weigh: bool | None = None
    flip: Flip = "sum"
    fusion: Fusion = "pool"
    views: Views = "raw"

    def __post_init__(self) -> None:
        if self.weigh and self.detector is None:
            raise UsageError(
                "weighing by detector score needs a data set that gives the scores; set "
                "detector_score=false"
            )
        if self.fusion != "pool" and (self.flip == "concat" or self.views == "unit"):
            raise UsageError(f"{self.fusion} fusion takes flip none or sum, and raw views")
        if self.views == "unit" and self.flip == "none":
            raise UsageError(
                "views=unit is about an image and its mirror image, and flip=none has no mirror "
                "image; set norm=unit or another flip"
            )

    @property
    def headline(self) -> str:
        """Name of the cell that the table shows."""
        if self.fusion != "pool":
            return f"{self.fusion}+{'flip-sum' if self.flip == 'sum' else 'no-flip'}"
        weigh = self.detector is not None if self.weigh is None else self.weigh
        return self._variant(self.keep_norm, weigh, self.flip != "none").name

    def _variant(self, norm: bool, weigh: bool, flip: bool) -> PoolingVariant:
        concat = flip and self.flip == "concat"
        return PoolingVariant(norm, weigh, flip, concat, unit_views=self.views == "unit")

    def variants(self) -> tuple[PoolingVariant, ...]:
        """Every cell of norm x detector x flip that can be scored."""
        alone = (False,) if self.views == "raw" else ()
        return tuple(
            self._variant(norm, weigh, flip)
            for norm in (True, False)
            for weigh in ((True, False) if self.detector is not None else (False,))
            for flip in ((True, *alone) if self.flip != "none" else alone)
        )

    def names(self) -> tuple[str, ...]:
        """Names of all cells that are scored."""
        if self.fusion != "pool":
            return (self.headline,)
        return tuple(variant.name for variant in self.variants())

    def protocol(self) -> dict[str, Any]:
        """The rules as JSON."""
        return {
            "score": FUSIONS[self.fusion],
            "pooling": self.headline,
            "flip": self.flip,
            **({"views": VIEWS[self.views]} if self.views != "raw" else {}),
            "detector_score": "given with the images"
            if "+detector" in self.headline
            else "not used",
            "not_enrolled": NOT_ENROLLED,
        }

    def layout(self, embeddings: Embeddings, templates: TemplateSet) -> TemplateLayout:
        """Which embeddings make which template. Raises UsageError, DataError."""
        self._check(embeddings)
        return templates.layout(embeddings.enrolled)

    def pooled(self, embeddings: Embeddings, layout: TemplateLayout) -> Iterator[Pooled]:
        """Every cell, one after the other, those that remove norms first.

        Two cells are pooled at a time: eight at once take as long and four times the memory. A
        feature that is zero has no norm to remove: a cell beside the headline is then left out with
        its reason. Raises DataError where it is the headline.
        """
        variants = sorted(self.variants(), key=lambda v: v.keep_norm)
        zeros: dict[bool, NDArray[Any]] = {}
        for alike in {(v.keep_norm, v.flip): None for v in variants}:
            group = [v for v in variants if (v.keep_norm, v.flip) == alike]
            try:
                made = pool_templates(
                    embeddings.plain,
                    layout,
                    group,
                    mirrored=embeddings.mirror if alike[1] else None,
                    detector=self.detector,
                )
            except ZeroFeatureError as error:
                zeros[alike[1]] = error.rows
                said = f"{zero_features(error.rows, embeddings.names)}; they have no norm to remove"
                if any(variant.name == self.headline for variant in group):
                    raise DataError(f"{said}; set norm=raw") from None
                yield from (
                    Pooled(variant.name, None, f"not computed: {said}") for variant in group
                )
                continue
            for variant in group:
                templates = made.pop(variant)
                note = note_of(zeros.get(variant.flip), templates, layout, embeddings.names)
                yield Pooled(variant.name, templates, note)

    def features(
        self, embeddings: Embeddings, templates: TemplateSet
    ) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """What softmax fusion compares: features (M, D) and the template id of each."""
        self._check(embeddings)
        usable = embeddings.enrolled[templates.rows]
        rows, ids = templates.rows[usable], templates.template_ids[usable]
        features = embeddings.plain[rows]
        if embeddings.mirror is not None and self.flip == "sum":
            features = features + embeddings.mirror[rows]
        zero = ~features.any(axis=1)
        if zero.any() and self.fusion == "softmax":
            said = zero_features(np.unique(rows[zero]), embeddings.names)
            raise DataError(f"{said}; they have no cosine, so set fusion=pool")
        if self.fusion == "media":
            return media_means(features, ids, templates.media_ids[usable])
        return features, ids

    def _check(self, embeddings: Embeddings) -> None:
        if self.flip != "none" and embeddings.mirror is None:
            raise UsageError(
                f"templates with flip={self.flip} need embeddings of the mirrored images; embed "
                "again with flip on"
            )
        if not embeddings.enrolled.any():
            raise DataError("no image has a face, so no template can be scored")


def kept_images(
    sets: Sequence[TemplateSet], n_images: int
) -> tuple[NDArray[np.intp], list[TemplateSet]]:
    """The image rows that any template uses, rising, and the sets renumbered to them."""
    used = np.zeros(n_images, np.bool_)
    for templates in sets:
        used[templates.rows] = True
    number = np.cumsum(used, dtype=np.int32) - 1
    return np.flatnonzero(used), [replace(t, rows=number[t.rows]) for t in sets]
