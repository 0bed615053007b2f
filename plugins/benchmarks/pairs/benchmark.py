"""Pairs of the user's own."""

from __future__ import annotations

from functools import partial

from harness.errors import UsageError
from harness.protocols.landmark_files import pick, read_scored_points
from harness.protocols.pair_lists import read_pairs_csv
from harness.protocols.verification import Listing, PairBenchmark, existing

from .params import Params


class Pairs(PairBenchmark):
    """Any pairs, cross-validated as LFW View 2."""

    params: Params
    title = "pairs"

    def listing(self) -> Listing:
        """The CSV list and the images it names."""
        root = self.params.root
        if root is None:
            raise UsageError("benchmark pairs needs root=FOLDER with pairs.csv, or pack=FILE.bin")
        source = existing(root, self.params.pairs or "pairs.csv")
        landmarks = None
        if self.params.landmarks is not None:
            file = existing(root, self.params.landmarks)
            landmarks = partial(pick, read_scored_points(file), where=file)
        return Listing(
            {"verification": read_pairs_csv(source)},
            root,
            source,
            landmarks,
            template=self.params.template,
        )
