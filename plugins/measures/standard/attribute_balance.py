"""The measure ``attribute-balance``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError, UsageError
from harness.plugin.images import decode
from harness.plugin.measures import (
    MeasuredSet,
    MeasuredValue,
    Measurement,
    MetricInfo,
    balance,
    bin_count,
    bins,
    draw_subject_weights,
    missing,
    shares,
    spread,
    spread_within,
)
from harness.plugin.ratings import AttributeInfo, FaceAttributes, FaceBatch

from .params import AttributeBalanceParams
from .shared import SeededMeasure

if TYPE_CHECKING:
    from harness.plugin import Context

_BATCH = 64


class AttributeBalance(SeededMeasure):
    """Mean, spread and balance of what an attribute or quality component says of each image."""

    name: ClassVar = "attribute-balance"
    needs = frozenset({"images"})
    params: AttributeBalanceParams
    metrics: ClassVar = {
        "mean": MetricInfo("mean over images; of angles and classes there is none"),
        "std": MetricInfo("standard deviation over images, circular for angles", 0),
        "within": MetricInfo("mean standard deviation within an identity", 0),
        "entropy": MetricInfo("entropy over the bins, in bits", 0),
        "kl": MetricInfo("divergence of the bins from the target, in bits", 0, None, "low"),
        "rated": MetricInfo("share of images with a value", 0, 1, "high"),
    }

    def prepare(self, ctx: Context) -> None:
        """Open the component that rates."""
        super().prepare(ctx)
        self._rater = ctx.tool("rater")
        if "embeddings" in self._rater.needs:
            raise UsageError(
                f"{self.params.by} rates embeddings, which this measure does not have; use "
                "`harness faces rate`, and then by=csv-attributes with its file"
            )

    def measure(self, faces: MeasuredSet) -> Measurement:
        """Measure one set."""
        notes: list[str] = []
        columns = self._columns(faces, notes)
        owners = np.unique(faces.subjects, return_inverse=True)[1].astype(np.int64)
        values: list[MeasuredValue] = []
        kept: dict[str, tuple[AttributeInfo, NDArray[np.float64]]] = {}
        for name, (info, column) in columns.items():
            known = np.isfinite(column)
            if not known.any():
                notes.append(f"no image has a value of {name}")
                continue
            values += shares({f"rated@{name}": known.astype(np.float64)}, owners,
                             self.rng(f"rated@{name}"), self.params.replicates)  # fmt: skip
            kept[name] = info, column
            values += self._one(name, info, column[known], owners[known])
        if not values:
            values.append(missing("rated", "no image has a value of any attribute"))
        if self.params.pairs:
            for pair in combinations(kept, 2):
                values += self._pair(pair, kept, owners)
        return Measurement(values, notes=notes)

    def _one(
        self, name: str, info: AttributeInfo, column: NDArray[np.float64],
        owners: NDArray[np.int64],
    ) -> Iterator[MeasuredValue]:  # fmt: skip
        owners = np.unique(owners, return_inverse=True)[1].astype(np.int64)
        rng, replicates = self.rng(name), self.params.replicates
        weights = draw_subject_weights(int(owners.max()) + 1, replicates, rng)
        if info.kind != "category":
            angle = info.kind == "angle"
            if not angle:
                yield from shares({f"mean@{name}": column}, owners, rng, replicates)
            yield spread(f"std@{name}", column, owners, weights, angle=angle)
            yield spread_within(f"within@{name}", column, owners, rng, replicates,
                                angle=angle)  # fmt: skip
        size = bin_count(info)
        if size:
            target = self._target(name, size)
            yield from balance(name, bins(column, info), size, owners, weights, target)

    def _pair(
        self, pair: tuple[str, str], kept: dict[str, tuple[AttributeInfo, NDArray[np.float64]]],
        owners: NDArray[np.int64],
    ) -> list[MeasuredValue]:  # fmt: skip
        """Joint bins of two attributes; the target is the product of theirs."""
        (one, first), (two, second) = kept[pair[0]], kept[pair[1]]
        sizes = bin_count(one), bin_count(two)
        both = np.isfinite(first) & np.isfinite(second)
        if 0 in sizes or not both.any():
            return []
        codes = bins(first[both], one) * sizes[1] + bins(second[both], two)
        people = np.unique(owners[both], return_inverse=True)[1].astype(np.int64)
        rng = self.rng("+".join(pair))
        weights = draw_subject_weights(int(people.max()) + 1, self.params.replicates, rng)
        wanted = [self._target(name, size) for name, size in zip(pair, sizes, strict=True)]
        joint = (None if wanted[0] is None or wanted[1] is None
                 else np.outer(wanted[0], wanted[1]).ravel().tolist())  # fmt: skip
        return balance("+".join(pair), codes, sizes[0] * sizes[1], people, weights, joint)

    def _target(self, name: str, size: int) -> list[float] | None:
        target = self.params.target.get(name)
        if target is None:
            return None
        if target == "uniform":
            return [1 / size] * size
        if len(target) != size:
            raise UsageError(f"target of {name} has {len(target)} shares; it has {size} bins")
        return [float(share) for share in target]

    def _columns(
        self, faces: MeasuredSet, notes: list[str]
    ) -> dict[str, tuple[AttributeInfo, NDArray[np.float64]]]:
        rater, images = self._rater, faces.images
        attributes = isinstance(rater, FaceAttributes)
        infos = rater.attributes if attributes else {"quality": AttributeInfo(rater.metric.text)}
        found = {name: np.full(len(images), np.nan) for name in infos}
        unknown = sorted(set(self.params.target) - set(infos))
        if unknown:
            raise UsageError(f"target names {', '.join(unknown)}; {self.params.by} gives "
                             f"{', '.join(infos)}")  # fmt: skip
        bad = 0
        for start in range(0, len(images), _BATCH):
            self.ctx.progress(start, len(images), "images")
            rows = np.arange(start, min(start + _BATCH, len(images)))
            batch, kept = self._batch(faces, rows)
            bad += len(rows) - len(kept)
            said = rater.describe(batch) if attributes else {"quality": rater.rate(batch)}
            for name, values in said.items():
                found[name][kept] = values
        if bad:
            notes.append(f"{bad:,} of {len(images):,} images cannot be decoded")
        return {name: (infos[name], column) for name, column in found.items()}

    def _batch(
        self, faces: MeasuredSet, rows: NDArray[np.intp]
    ) -> tuple[FaceBatch, NDArray[np.intp]]:
        """Faces that can be decoded, and their rows."""
        images, pixels, kept = faces.images, [], rows.tolist()
        if "images" in self._rater.needs:
            kept = []
            for row in rows.tolist():
                try:
                    pixels.append(decode(images.read(row), images.names[row]))
                except DataError:
                    continue
                kept.append(row)
        at = np.array(kept, np.intp)
        stated = [images.meta(row) for row in kept] if hasattr(images, "meta") else [{}] * len(kept)
        vectors = np.empty((len(kept), 0), np.float32)
        return FaceBatch([images.names[row] for row in kept], pixels, images.landmarks[at],
                         images.boxes[at], vectors, stated), at  # fmt: skip
