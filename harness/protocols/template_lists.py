"""Lists of templates to compare: pairs, and probes to search in galleries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.protocols.template_sets import Index, TemplateSet, positions


@dataclass(frozen=True, eq=False)
class PairSplit:
    """One list of template pairs: ids int32 (P,) on either side, and bool (P,) ``genuine``.

    Raises DataError for a template without images, and for a label that contradicts the subjects.
    """

    templates: TemplateSet
    left: Index
    right: Index
    genuine: NDArray[np.bool_]

    def __post_init__(self) -> None:
        impostor = self.genuine.size - int(np.count_nonzero(self.genuine))
        if impostor in (0, self.genuine.size):
            raise DataError(
                f"a list of {self.genuine.size} template pairs needs genuine and impostor pairs, "
                f"but {impostor} are impostors"
            )
        if self.templates.subjects is None:
            positions(np.unique(self.templates.template_ids), self.left)
            positions(np.unique(self.templates.template_ids), self.right)
            return
        left, right = (self.templates.subjects_of(side) for side in (self.left, self.right))
        wrong = (left == right) != self.genuine
        if wrong.any():
            at = int(np.argmax(wrong))
            said = "genuine" if self.genuine[at] else "impostor"
            raise DataError(
                f"pair {at + 1:,} (templates {self.left[at]} and {self.right[at]}) is labelled "
                f"{said}, but the templates are of subjects {left[at]} and {right[at]}"
            )

    def first_of_each(self, limit: int | None) -> PairSplit:
        """The first ``limit`` genuine and impostor pairs, and the images that they need."""
        if limit is None:
            return self
        keep = np.sort(
            np.concatenate([np.flatnonzero(self.genuine == kind)[:limit] for kind in (True, False)])
        )
        left, right = self.left[keep], self.right[keep]
        templates = self.templates.only(np.concatenate([left, right]))
        return PairSplit(templates, left, right, self.genuine[keep])


@dataclass(frozen=True, eq=False)
class SearchSplit:
    """Probes (template ids, int32 (P,)) to be searched in each gallery (ids int32 (G,)) apart.

    Raises DataError for a template without images or given twice, for unknown subjects, and for a
    gallery in which no probe has its subject.
    """

    templates: TemplateSet
    galleries: Mapping[str, Index]
    probes: Index

    def __post_init__(self) -> None:
        wanted = self.templates.subjects_of(self.probes)
        for name, ids in {"probes": self.probes, **self.galleries}.items():
            kinds, times = np.unique(ids, return_counts=True)
            if not ids.size or times.max() > 1:
                twice = f"; template {kinds[np.argmax(times)]} is given twice" if ids.size else ""
                raise DataError(f"the template list {name} needs entries that are unique{twice}")
        for name, ids in self.galleries.items():
            if not np.isin(wanted, self.templates.subjects_of(ids)).any():
                raise DataError(f"no probe has its subject in gallery {name}; check both lists")

    def first_subjects(self, limit: int | None) -> SearchSplit:
        """The first ``limit`` subjects of each gallery, as many of none, and all their probes."""
        if limit is None:
            return self
        owner = self.templates.subjects_of(self.probes)
        galleries, kept, every = {}, [], []
        for name, ids in self.galleries.items():
            subjects = self.templates.subjects_of(ids)
            chosen = _first(subjects, limit)
            galleries[name] = ids[np.isin(subjects, chosen)]
            kept.append(chosen)
            every.append(subjects)
        kept.append(_first(owner[~np.isin(owner, np.concatenate(every))], limit))
        probes = self.probes[np.isin(owner, np.concatenate(kept))]
        templates = self.templates.only(np.concatenate([probes, *galleries.values()]))
        return SearchSplit(templates, galleries, probes)


def _first(subjects: Index, limit: int) -> Index:
    names, first = np.unique(subjects, return_index=True)
    return names[np.argsort(first)][:limit]
