"""IJB-B and IJB-C: one reader of lists for each layout, the same comparisons."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.plugin import Context, DataError
from harness.plugin.benchmarks import (
    Benchmark,
    Comparison,
    ImageFiles,
    PairSplit,
    SearchSplit,
    TemplateIdentification,
    TemplateRules,
    TemplateSet,
    TemplateVerification,
    kept_images,
)

from . import insightface, official
from .lists import Lists
from .params import IjbParams


class Ijb(Benchmark):
    """IARPA Janus Benchmark B and C: template verification and open-set identification."""

    params: IjbParams

    def prepare(self, ctx: Context) -> None:
        """Read the lists of the layout at hand and check them against each other."""
        super().prepare(ctx)
        lists = self._read(ctx)
        self._notes = self._differences(lists)
        self._pairs = self._search = None
        if "1:1" in self.params.comparison_names() and lists.pairs is not None:
            self._pairs = _pair_split(lists).first_of_each(ctx.limit)
        if "1:N" in self.params.comparison_names() and lists.galleries:
            self._search = _search_split(lists).first_subjects(ctx.limit)
        self._missing = lists.missing
        sets = [s.templates for s in (self._pairs, self._search) if s is not None]
        if not sets:
            raise DataError(
                f"{self.params.root} has no complete list for "
                f"{' or '.join(self.params.comparison_names())}: absent are "
                f"{lists.missing or 'the template pairs'}; complete the folder"
            )
        rows, sets = kept_images(sets, len(lists.names))
        if self._search is not None:
            self._search = replace(self._search, templates=sets.pop())
        if self._pairs is not None:
            self._pairs = replace(self._pairs, templates=sets.pop())
        if ctx.limit is None and rows.size < len(lists.names):
            spare = len(lists.names) - rows.size
            self._notes += (f"{spare:,} images are in templates that no comparison names",)
        self._images = ImageFiles(
            lists.folder,
            [lists.names[row] for row in rows],
            landmarks=_rows(lists.landmarks, rows),
            boxes=_rows(lists.boxes, rows),
        )
        self._detector = _rows(lists.detector, rows)

    def images(self) -> ImageFiles:
        """Every face that a template holds, in the order of the lists."""
        return self._images

    def comparison(self, name: str) -> Comparison:
        """Template verification (1:1) or identification (1:N)."""
        p = self.params
        rules = TemplateRules(
            self._detector, p.norm == "raw", p.detector_score, p.flip, views=p.views
        )
        if name == "1:1" and self._pairs is not None:
            return TemplateVerification(
                f"{p.dataset}-1:1",
                [self._pairs],
                rules,
                self._images.names,
                fars=p.fars,
                headline_far=p.headline_far,
                far_rule=p.far_rule,
                limit=self.ctx.limit,
                notes=self._notes,
            )
        if name == "1:N" and self._search is not None:
            return TemplateIdentification(
                f"{p.dataset}-1:N",
                [self._search],
                rules,
                self._images.names,
                limit=self.ctx.limit,
                notes=self._notes,
                rank_average=p.rank_average,
            )
        raise DataError(
            f"{p.dataset} {name} needs {self._missing or 'the template pairs'}; complete the "
            f"folder or set comparisons={'1:1' if name == '1:N' else '1:N'}"
        )

    def shortfalls(self) -> tuple[str, ...]:
        """See :class:`Benchmark`."""
        missing = (f"absent: {self._missing}",) if self._missing else ()
        return (*self._notes, *missing)

    def _read(self, ctx: Context) -> Lists:
        root = Path(self.params.root or "")
        layout = self.params.layout
        if layout in ("auto", "insightface"):
            folder = insightface.find(root, self.params)
            if folder is not None:
                return insightface.read(folder, self.params, ctx)
        if layout in ("auto", "nist"):
            found = official.find(root, self.params)
            if found is not None:
                return official.read(*found, ctx)
        raise DataError(
            f"{root} holds neither meta/{self.params.dataset}_face_tid_mid.txt nor the protocols "
            f"of NIST (layout {layout}); give the folder that holds meta/ or protocols/"
        )

    def _differences(self, lists: Lists) -> tuple[str, ...]:
        """What of the lists has another size than the published set."""
        images, pairs, genuine = self.params.published
        if lists.pairs is None or lists.genuine is None:
            return ()
        sizes = {
            "template pairs": (lists.pairs.shape[1], pairs),
            "genuine pairs": (int(np.count_nonzero(lists.genuine)), genuine),
        }
        if lists.detector is not None:
            sizes["images"] = (len(lists.names), images)
        return tuple(
            f"the lists have {found:,} {what}, the published IJB-{self.params.dataset[-1].upper()} "
            f"has {wanted:,}"
            for what, (found, wanted) in sizes.items()
            if found != wanted
        )


def _rows(values: NDArray[np.float32] | None, rows: NDArray[np.intp]) -> NDArray[np.float32] | None:
    return None if values is None else values[rows]


def _pair_split(lists: Lists) -> PairSplit:
    """The pairs, with subjects where every template's is known."""
    assert lists.pairs is not None
    assert lists.genuine is not None
    left, right = lists.pairs
    ids = lists.subject_ids[:, 0]
    try:
        chosen = TemplateSet(lists.rows, lists.template_ids, lists.media_ids).only(lists.pairs)
        if np.isin(chosen.template_ids, ids).all():
            at = np.searchsorted(ids, chosen.template_ids)
            chosen = replace(chosen, subjects=lists.subject_ids[at, 1])
        return PairSplit(chosen, left, right, lists.genuine)
    except DataError as error:
        raise DataError(f"{lists.pairs_file}: {error}") from None


def _search_split(lists: Lists) -> SearchSplit:
    used = np.concatenate([lists.probes, *lists.galleries.values()])
    chosen = TemplateSet(lists.rows, lists.template_ids, lists.media_ids).only(used)
    at = np.searchsorted(lists.subject_ids[:, 0], chosen.template_ids)
    return SearchSplit(
        replace(chosen, subjects=lists.subject_ids[at, 1]), lists.galleries, lists.probes
    )
