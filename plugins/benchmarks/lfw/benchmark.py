"""LFW: its images, its pairs and the landmarks that go with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.align.decode import image_size
from harness.components import Benchmark, Context
from harness.errors import DataError
from harness.faces.files import ImageFiles
from harness.protocols.landmarks import landmark_scale, read_five_points
from harness.protocols.lists import first_of_each, read_lfw_pairs
from harness.protocols.pairs import PairFolds

from .params import Params


class Lfw(Benchmark):
    """LFW View 2 (Huang et al. 2007): person-disjoint folds of matched and mismatched pairs."""

    params: Params

    def prepare(self, ctx: Context) -> None:
        """Read the lists, and check that every image a pair names is there."""
        super().prepare(ctx)
        root = Path(self.params.root or "")
        self._folder = root / "lfw" if (root / "lfw").is_dir() else root
        self._pairs = first_of_each(read_lfw_pairs(root / self.params.pairs), ctx.limit)
        names = sorted({name for pair in self._pairs for name in (pair.first, pair.second)})
        absent = [name for name in names if not (self._folder / name).is_file()]
        if absent:
            raise DataError(
                f"{self.params.pairs} names {len(absent)} images that are not in {self._folder}, "
                f"the first is {absent[0]}; complete the folder or use a pairs file for the part "
                "you have"
            )
        self._images = ImageFiles(
            self._folder,
            names,
            landmarks=self._landmarks(root, names),
            subjects=np.unique([Path(n).parent.name for n in names], return_inverse=True)[1],
        )

    def _landmarks(self, root: Path, names: list[str]) -> NDArray[np.float32] | None:
        if self.params.landmarks is None:
            return None
        file = root / self.params.landmarks
        points = read_five_points(file)
        absent = [name for name in names if name not in points]
        if absent:
            raise DataError(
                f"{file} has no landmarks for {len(absent)} images, the first is {absent[0]}"
            )
        scaled = np.empty((len(names), 5, 2), np.float32)
        for row, name in enumerate(names):
            size = image_size((self._folder / name).read_bytes(), name)
            scale = landmark_scale(
                size, self.params.landmark_image_px, self.params.landmark_scale, name
            )
            scaled[row] = points[name] * scale
        return scaled

    def images(self) -> ImageFiles:
        """Every image that a pair names, by path."""
        return self._images

    def comparison(self, name: str) -> PairFolds:
        """The pairs in their folds."""
        index = {image: row for row, image in enumerate(self._images.names)}
        return PairFolds.build(
            name="lfw-view2",
            pairs=[(index[p.first], index[p.second], p.genuine, p.fold) for p in self._pairs],
            images=self._images,
            flip=self.params.flip,
            rule=self.params.rule,
            centre=self.params.centre,
            limit=self.ctx.limit,
        )
