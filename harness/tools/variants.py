"""Every named variant of a benchmark's rules on the same embeddings, and how far the number moves.

Nothing is written: the table says how much of a difference between two papers may be protocol.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import get_args

import numpy as np

from harness.errors import HarnessError, UsageError
from harness.metrics.operating_points import FarRule, OperatingPoint, tar_at_far
from harness.metrics.scores import sort_labelled_scores
from harness.metrics.verification import FOLD_RULES, best_threshold_accuracy
from harness.protocols.base import Embeddings, Flip, Scores
from harness.protocols.identification import TemplateIdentification
from harness.protocols.pairs import PairFolds
from harness.protocols.search_rates import OVER_GALLERIES
from harness.protocols.stored import rebuild
from harness.protocols.templates import TemplateVerification
from harness.results.cells import stored_embeddings, stored_scores
from harness.results.schema import Result
from harness.store.artifacts import Store
from harness.tools.rescore import headline, points_of

NO_FOLDS = "no folds"
OPTIMISTIC = "threshold found on the tested pairs: optimistic, no protocol"


@dataclass(frozen=True)
class Variant:
    """One choice of every rule; ``value`` is a fraction, ``moved`` its distance to the number."""

    settings: Mapping[str, str]
    metric: str
    value: float | None
    moved: float | None
    in_use: bool
    note: str = ""


def variants(folder: Path, result: Result, store: Store) -> list[Variant]:
    """All variants that the stored scores and embeddings of a cell allow, the one in use first.

    Where the embeddings are gone only the rules that need none are varied, and each row says so.
    """
    scores = stored_scores(folder, result)
    comparison = rebuild(result.protocol, points_of(result), scores, {})
    if isinstance(comparison, PairFolds):
        found = list(_pairs(comparison, scores, *_embeddings(result, store)))
    elif isinstance(comparison, TemplateVerification):
        found = list(_templates(comparison, scores))
    elif isinstance(comparison, TemplateIdentification):
        found = list(_searches(comparison, scores))
    else:
        raise UsageError("its scores were imported, so they have no other variant")
    stated = headline(result).value
    placed = [
        replace(row, moved=row.value - stated)
        if row.value is not None and stated is not None
        else row
        for row in found
    ]
    return sorted(placed, key=lambda row: not row.in_use)


def _embeddings(result: Result, store: Store) -> tuple[Embeddings | None, str]:
    try:
        return stored_embeddings(result, store), ""
    except HarnessError as error:
        return None, f"flip and centre not varied: {error}"


def _pairs(
    own: PairFolds, scores: Scores, embeddings: Embeddings | None, note: str
) -> Iterator[Variant]:
    vectors = [(own.flip, own.centre)]
    if embeddings is not None:
        flips: tuple[Flip, ...] = get_args(Flip) if embeddings.mirror is not None else ("none",)
        vectors = list(product(flips, (False, True)))
    for flip, centre in vectors:
        same = (flip, centre) == (own.flip, own.centre)
        variant = replace(own, flip=flip, centre=centre)
        made = scores if same or embeddings is None else variant.score(embeddings)
        about = {"flip": str(flip), "centre": "yes" if centre else "no"}
        for rule in FOLD_RULES:
            value = replace(variant, rule=rule).fold_accuracy(made)[0].mean
            in_use = same and rule == own.rule
            yield Variant({**about, "threshold": rule}, "accuracy", value, None, in_use, note)
        if not centre:
            best = best_threshold_accuracy(made.columns["distance"], own.genuine).accuracy
            yield Variant({**about, "threshold": NO_FOLDS}, "accuracy", best, None, False,
                          OPTIMISTIC)  # fmt: skip


def _templates(own: TemplateVerification, scores: Scores) -> Iterator[Variant]:
    edges = np.cumsum([split.genuine.size for split in own.splits])[:-1]
    for cell in own.rules.names():
        if f"score:{cell}" not in scores.columns:
            continue  # a zero feature forbids it
        ordered = [
            sort_labelled_scores(part, split.genuine)
            for part, split in zip(
                np.split(scores.columns[f"score:{cell}"], edges), own.splits, strict=True
            )
        ]
        for rule in get_args(FarRule):
            points = [tar_at_far(split, [own.headline_far], rule)[0] for split in ordered]
            tars = [point.tar for point in points if isinstance(point, OperatingPoint)]
            whole = len(tars) == len(points)
            yield Variant(
                {"pooling": cell, "far rule": rule},
                f"TAR@FAR={own.headline_far:g}",
                float(np.mean(tars)) if whole else None,
                None,
                cell == own.rules.headline and rule == own.far_rule,
                "" if whole else "too few impostors for this FAR",
            )


def _searches(own: TemplateIdentification, scores: Scores) -> Iterator[Variant]:
    rank = min(own.ranks)
    for cell, average in product(own.rules.names(), OVER_GALLERIES):
        if f"rank:{cell}" not in scores.columns:
            continue
        variant = replace(own, rank_average=average)
        value, note = None, ""
        try:
            value = variant.rank_rate(scores, cell, float(rank))
        except UsageError as error:
            note = str(error)
        in_use = cell == own.rules.headline and average == own.rank_average
        settings = {"pooling": cell, "average": average}
        yield Variant(settings, f"rank-{rank}", value, None, in_use, note)
