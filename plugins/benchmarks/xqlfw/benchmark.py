"""XQLFW: LFW's list on images of very different quality."""

from __future__ import annotations

from functools import partial

from harness.protocols.landmark_files import pick, read_scored_points
from harness.protocols.lists import read_lfw_pairs
from harness.protocols.pair_lists import require_balance
from harness.protocols.verification import Listing, PairBenchmark, existing, person_by_folder

from .params import Params

FOLDERS = ("lfw_original_imgs_min_qual0.85variant11", "xqlfw", "lfw")


class Xqlfw(PairBenchmark):
    """Cross-Quality LFW (Knoche et al. 2021), scored as LFW View 2."""

    params: Params
    title = "xqlfw"
    official_pairs = 6000

    def listing(self) -> Listing:
        """``xqlfw_pairs.txt`` has the form of LFW's ``pairs.txt``."""
        source = existing(self.params.root, "xqlfw_pairs.txt")
        pairs = read_lfw_pairs(source)
        require_balance(pairs, source)
        landmarks = None
        if self.params.landmarks is not None:
            file = source.parent / self.params.landmarks
            points = read_scored_points(file)
            landmarks = partial(pick, points, where=file)
        return Listing(
            {"verification": pairs},
            existing(self.params.root, *([self.params.images] if self.params.images else FOLDERS)),
            source,
            landmarks,
            subject=person_by_folder,
            template=self.params.template,
        )
