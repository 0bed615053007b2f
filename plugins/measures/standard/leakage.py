"""The measure ``leakage``."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from harness.plugin.measures import (
    FacePair,
    LeakSearch,
    MeasuredSet,
    MeasuredValue,
    Measurement,
    MetricInfo,
    NotMeasurable,
    SortedEmbeddings,
    find,
    leakage,
)

from .params import LeakageParams
from .shared import SeededMeasure, unit_vectors


class Leakage(SeededMeasure):
    """People of the set that are also in the one that the generator has seen."""

    name: ClassVar = "leakage"
    needs = frozenset({"embeddings", "seen"})
    optional = frozenset({"control"})
    params: LeakageParams
    metrics: ClassVar = {
        "leak_rate": MetricInfo("identities that match one of the other set", 0, 1, "low"),
        "leak_expected": MetricInfo("identities that would match by chance", 0, 1),
        "leak_excess": MetricInfo("the first less the second, or less the control", -1, 1, "low"),
        "leak_p": MetricInfo("probability of as many matches by chance, or more", 0, 1),
    }

    def measure(self, faces: MeasuredSet) -> Measurement:
        """Search every identity; pairs are ranked by similarity."""
        assert faces.seen is not None, "needs says so"
        notes: list[str] = []
        mine = unit_vectors(faces, notes)
        seen = unit_vectors(faces.seen, notes, "the set that the generator has seen")
        found = find(mine, seen, kind=self.params.search, fmr=self.params.fmr)
        control = None
        if faces.control is not None and not isinstance(found, NotMeasurable):
            other = unit_vectors(faces.control, notes, "the control")
            # At the rate of the set itself, and so at its threshold.
            met = find(other, seen, kind=self.params.search, fmr=found.asked)
            assert not isinstance(met, NotMeasurable), "the same rate on the same set"
            control = met
            notes.append(f"{control.found:,} of {other.identities:,} people of the control match")
        values = leakage(
            mine, found, self.rng("leak_rate"), control=control, replicates=self.params.replicates
        )
        if isinstance(found, NotMeasurable):
            return Measurement(values, (), notes)
        values.append(MeasuredValue("leak_p", found.p_value, n=mine.identities))
        notes.append(
            f"threshold {found.threshold:.4f}: FMR {found.fmr:.2g} of {found.impostors:,} impostor "
            f"comparisons of the other set; {found.found:,} identities match and "
            f"{found.by_chance:.2g} are expected by chance"
        )
        return Measurement(values, self._pairs(faces, faces.seen, mine, seen, found), notes)

    def _pairs(
        self,
        faces: MeasuredSet,
        other: MeasuredSet,
        mine: SortedEmbeddings,
        seen: SortedEmbeddings,
        found: LeakSearch,
    ) -> list[FacePair]:
        order = np.argsort(-found.score, kind="stable")[: self.params.pairs]
        return [
            FacePair(
                faces.identities[int(mine.labels[k])],
                other.identities[int(seen.labels[found.mate[k]])],
                int(found.row[k]),
                int(found.mate_row[k]),
                float(found.score[k]),
                "seen",
            )
            for k in order.tolist()
            if found.mate[k] >= 0
        ]
