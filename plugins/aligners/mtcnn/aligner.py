"""MTCNN as an aligner: one face per image, or the reason why there is none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import torch

from harness.plugin import Placement, PrerequisiteError
from harness.plugin.aligners import Aligner

from .boxes import Floats, intersection_over_union
from .detector import Cascade, DetectedFaces
from .networks import ONet, PNet, RNet, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from harness.plugin import Context

    from .params import MtcnnParams

NO_FACE = "no face found"
SURE = 0.9
"""Probability that ``largest_over_threshold`` asks for, as facenet-pytorch does."""


class Mtcnn(Aligner):
    """Multi-task cascaded convolutional networks (Zhang et al. 2016), always in float32."""

    params: MtcnnParams

    def prepare(self, ctx: Context) -> None:
        """Read the three networks; raises PrerequisiteError where a file is missing."""
        super().prepare(ctx)
        folder = self.params.weights
        if folder is None:
            raise PrerequisiteError(
                "aligner mtcnn needs weights: link the asset 'mtcnn' or set the parameter weights"
            )
        # Initial weights are drawn only to be overwritten; the global generator must not notice.
        with torch.random.fork_rng(devices=[]):
            networks = (PNet(self.params.softmax), RNet(), ONet())
        for network, name in zip(networks, ("pnet.pt", "rnet.pt", "onet.pt"), strict=True):
            load(network, folder / name)
        self.cascade = Cascade(networks, self.params, ctx.device)

    def locate(
        self, images: Sequence[NDArray[np.uint8]], boxes: NDArray[np.float32]
    ) -> list[Placement | str]:
        """The chosen face of each uint8 RGB (H, W, 3) image; see ``MtcnnParams.choose``."""
        results: list[Placement | str] = [NO_FACE] * len(images)
        # Small calls stay in a CPU's cache; large ones fill a GPU.
        limit = 1_000_000 if self.ctx.device == "cpu" else 16_000_000
        calls = list(_calls(images, limit))
        for numbers, found in zip(calls, self._detect(calls, images), strict=True):
            for number, faces in zip(numbers, found, strict=True):
                results[number] = self._choose(faces, images[number], boxes[number])
        return results

    def _detect(
        self, calls: Sequence[list[int]], images: Sequence[NDArray[np.uint8]]
    ) -> list[list[DetectedFaces]]:
        """The faces of each call's images; on a CPU calls run side by side, one thread each.

        Layers this small gain nothing from several threads, which then wait for each other: on a
        busy machine that is many times slower.
        """

        def detect(numbers: list[int]) -> list[DetectedFaces]:
            return self.cascade.detect([images[number] for number in numbers])

        threads = torch.get_num_threads()
        if self.ctx.device != "cpu" or threads == 1:
            return [detect(numbers) for numbers in calls]
        torch.set_num_threads(1)  # threads that are made from here on take it over
        try:
            with ThreadPoolExecutor(max_workers=threads) as pool:
                return list(pool.map(detect, calls))
        finally:
            torch.set_num_threads(threads)

    def _choose(
        self, faces: DetectedFaces, image: NDArray[np.uint8], box: NDArray[np.float32]
    ) -> Placement | str:
        if not len(faces.scores):
            return NO_FACE
        choose = self.params.choose
        if choose == "box" and not np.isfinite(box).all():
            return "no box is given to choose the face by"
        rank = _rank(choose, faces, self.cascade.convention.origin, image, box)
        best = int(rank.argmax())
        if choose == "box" and rank[best] == 0:
            return "no face found overlaps the given box"
        if rank[best] == -np.inf:
            return f"no face found of probability over {SURE}"
        return Placement(faces.landmarks[best], float(faces.scores[best]))


def _rank(
    choose: str,
    faces: DetectedFaces,
    origin: int,
    image: NDArray[np.uint8],
    box: NDArray[np.float32],
) -> Floats:
    """What the chosen face has most of, float32 (k,); ``origin`` numbers the boxes' first pixel."""
    boxes, scores = faces.boxes, faces.scores
    if choose == "score":
        return scores
    if choose == "box":
        return intersection_over_union(boxes - origin, box)
    size = np.array([image.shape[1], image.shape[0]], dtype=np.float32)
    away = np.square((boxes[:, :2] + boxes[:, 2:] - size - origin + 1) / 2).sum(axis=1)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    ranks = {
        "largest": area,
        "largest_over_threshold": np.where(scores > SURE, area, np.float32(-np.inf)),
        "central": -away,
        "prominent": area - 2 * away,
    }
    return np.asarray(ranks[choose])


def _calls(images: Sequence[NDArray[np.uint8]], limit: int) -> Iterator[list[int]]:
    """Numbers of the images for each run of the cascade, those of equal size side by side.

    ``limit`` is the number of pixels in a run, unless one image alone has more.
    """
    call: list[int] = []
    pixels = 0
    for number in sorted(range(len(images)), key=lambda n: images[n].shape):
        size = images[number].shape[0] * images[number].shape[1]
        if call and pixels + size > limit:
            yield call
            call, pixels = [], 0
        call.append(number)
        pixels += size
    if call:
        yield call
