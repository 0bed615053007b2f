"""Comparisons made again from stored scores, without images, lists or a benchmark's code.

What a cell keeps (its scores, its protocol and the operating points of its numbers) says
everything that a rule of scoring needs. Only what is in the lists themselves cannot change here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError, UsageError
from harness.metrics.operating_points import FarRule
from harness.metrics.verification import FOLD_RULES
from harness.protocols.base import Comparison, Flip, Scores, Views
from harness.protocols.identification import TemplateIdentification
from harness.protocols.imported import ImportedScores
from harness.protocols.pair_vectors import Distance
from harness.protocols.pairs import STRATUM, PairFolds
from harness.protocols.pooled import pooling_notes
from harness.protocols.search_rates import OVER_GALLERIES, RankAverage
from harness.protocols.template_lists import PairSplit, SearchSplit
from harness.protocols.template_sets import TemplateRules, TemplateSet
from harness.protocols.templates import TemplateVerification

Form = Literal["pairs", "templates", "searches", "imported"]
Points = Sequence[tuple[str, Mapping[str, float | str], bool]]
"""Name, operating point and headline mark of every number that a result holds."""

SETTINGS: Mapping[Form, tuple[str, ...]] = {
    "pairs": ("flip", "rule", "centre", "views", "normalise", "distance", "val_far"),
    "templates": ("norm", "detector_score", "flip", "views", "far_rule", "headline_far"),
    "searches": ("norm", "detector_score", "flip", "views", "rank_average"),
    "imported": (),
}
"""The parameters of benchmarks that are rules of scoring, by form of comparison."""

CHOICES: Mapping[str, tuple[Any, ...]] = {
    "flip": get_args(Flip),
    "rule": FOLD_RULES,
    "centre": (False, True),
    "normalise": (True, False),
    "distance": get_args(Distance),
    "norm": ("raw", "unit"),
    "views": get_args(Views),
    "rank_average": tuple(OVER_GALLERIES),
    "detector_score": (True, False, None),
    "far_rule": get_args(FarRule),
}


def form_of(scores: Scores) -> Form:
    """What kind of comparison stored scores belong to; DataError for one of a plugin's own."""
    columns = scores.columns
    if "fold" in columns and any(name.startswith("distance") for name in columns):
        return "pairs"
    if any(name.startswith("score:") for name in columns):
        return "templates"
    if any(name.startswith("mate:") for name in columns):
        return "searches"
    if "score" in columns and "genuine" in columns:
        return "imported"
    raise DataError(
        "its scores are of a form that only its own benchmark understands; run the study again "
        "with the new settings, which reuses the embeddings"
    )


def rebuild(
    protocol: Mapping[str, Any], points: Points, scores: Scores, changes: Mapping[str, Any]
) -> Comparison:
    """The comparison behind stored scores, with ``changes`` (see ``SETTINGS``) laid over it.

    Its list digests are those of the stored numbers and not of the lists; two comparisons that are
    rebuilt from the same scores differ in ``protocol()`` exactly where their rules do. Raises
    UsageError for a setting that stored scores cannot follow.
    """
    form = form_of(scores)
    for key, value in changes.items():
        if key not in SETTINGS[form]:
            known = ", ".join(SETTINGS[form]) or "none"
            raise UsageError(
                f"{key} is not among the rules that stored scores can follow ({known}); run the "
                "study again with it, which reuses the embeddings"
            )
        if key in CHOICES and value not in CHOICES[key]:
            known = ", ".join(str(choice) for choice in CHOICES[key])
            raise UsageError(f"{key}={value} is none of {known}")
    if form == "pairs":
        return _pairs(protocol, scores, changes)
    if form == "imported":
        return _imported(protocol, scores)
    if form == "templates":
        return _templates(protocol, points, scores, changes)
    return _searches(protocol, points, scores, changes)


def needs_embeddings(comparison: Comparison, protocol: Mapping[str, Any]) -> bool:
    """Whether a rebuilt comparison compares other vectors than the stored scores did."""
    if not isinstance(comparison, PairFolds):
        return False
    own = {"flip": comparison.flip, "centre": comparison.centre, "views": comparison.views,
           "normalise": comparison.normalise, "distance": comparison.distance}  # fmt: skip
    return own != _vector_rules(protocol)


def _vector_rules(protocol: Mapping[str, Any]) -> dict[str, Any]:
    """How the vectors of pairs were compared; protocols name only what is not the usual rule."""
    usual = {"views": "raw", "normalise": True, "distance": "squared-l2"}
    return {
        "flip": protocol["flip"],
        "centre": protocol["centre"],
        **{name: protocol.get(name, value) for name, value in usual.items()},
    }


def title_and_rule(protocol: Mapping[str, Any]) -> tuple[str, str]:
    """``("cfp-fp", "insightface")`` of the protocol ``cfp-fp/insightface@1``; DataError if none."""
    title, slash, rule = str(protocol.get("id", "")).partition("@")[0].rpartition("/")
    if not slash:
        raise DataError(f"protocol {protocol.get('id')!r} does not name its rule")
    return title, rule


# -- pairs -------------------------------------------------------------------------------------


def _pairs(protocol: Mapping[str, Any], scores: Scores, changes: Mapping[str, Any]) -> PairFolds:
    columns = scores.columns
    title, rule = title_and_rule(protocol)
    if rule not in FOLD_RULES:
        raise DataError(f"threshold rule {rule!r} of {title} is not known to this release")
    first, second = (columns[side].astype(np.int64) for side in ("first", "second"))
    subjects = None
    if "first_subject" in columns:
        sides = [columns[f"{side}_subject"].astype(np.int64) for side in ("first", "second")]
        subjects = np.stack(sides, axis=1)
    made = PairFolds(
        name=title,
        first=first,
        second=second,
        genuine=columns["genuine"].astype(np.bool_),
        fold=columns["fold"].astype(np.int64),
        image_names=_numbered(1 + int(max(first.max(), second.max()))),
        subjects=subjects,
        rule=FOLD_RULES[FOLD_RULES.index(rule)],
        val_far=protocol.get("val_far"),
        **_vector_rules(protocol),
        limit=protocol.get("limit"),
        strata={
            name.removeprefix(STRATUM): values
            for name, values in columns.items()
            if name.startswith(STRATUM)
        },
    )
    return replace(made, **changes)


def _imported(protocol: Mapping[str, Any], scores: Scores) -> ImportedScores:
    fold = scores.columns.get("fold")
    return ImportedScores(
        title_and_rule(protocol)[0],
        scores.columns["genuine"].astype(np.bool_),
        None if fold is None else fold.astype(np.int64),
        protocol["source_sha256"],
    )


# -- templates ---------------------------------------------------------------------------------


def _templates(
    protocol: Mapping[str, Any], points: Points, scores: Scores, changes: Mapping[str, Any]
) -> TemplateVerification:
    columns = scores.columns
    title, cell = title_and_rule(protocol)
    fars = sorted({float(at["far"]) for name, at, _ in points if name == "tar@far"})
    headline = [float(at["far"]) for name, at, marked in points if name == "tar@far" and marked]
    headline_far = float(changes.get("headline_far") or (headline or fars)[0])
    if headline_far not in fars:
        raise UsageError(
            f"headline_far={headline_far:g} was not measured; choose among "
            f"{', '.join(f'{far:g}' for far in fars)}"
        )
    made = TemplateVerification(
        name=title,
        splits=list(_pair_splits(scores)),
        rules=_rules(cell, columns, "score:", changes),
        image_names=(),
        fars=fars,
        headline_far=headline_far,
        far_rule=changes.get("far_rule", protocol["far_rule"]),
        limit=protocol.get("limit"),
    )
    _demand(made.rules, scores, "score:")
    return made


def _pair_splits(scores: Scores) -> Iterator[PairSplit]:
    columns, table = scores.columns, scores.extra.get("template_subjects")
    count = len(columns["genuine"])
    split = columns["split"] if "split" in columns else np.zeros(count, np.int8)
    for number in np.unique(split):
        mine = split == number
        left, right = (columns[side][mine].astype(np.int32) for side in ("first", "second"))
        if table is None:
            templates = _template_set(np.union1d(left, right), None)
        else:
            own = table[table[:, 0] == number]
            templates = _template_set(own[:, 1], own[:, 2])
        yield PairSplit(templates, left, right, columns["genuine"][mine].astype(np.bool_))


def _searches(
    protocol: Mapping[str, Any], points: Points, scores: Scores, changes: Mapping[str, Any]
) -> TemplateIdentification:
    columns = scores.columns
    title, cell = title_and_rule(protocol)
    splits = [
        _search_split(columns, columns["split"] == number, list(protocol["galleries"]))
        for number in np.unique(columns["split"])
    ]
    made = TemplateIdentification(
        name=title,
        splits=splits,
        rules=_rules(cell, columns, "mate:", changes),
        image_names=(),
        ranks=tuple(sorted({int(at["rank"]) for name, at, _ in points if name == "rank-rate"})),
        fpirs=tuple(sorted({float(at["fpir"]) for name, at, _ in points if name == "tpir@fpir"})),
        limit=protocol.get("limit"),
        rank_average=changes.get("rank_average", _rank_average(protocol)),
    )
    _demand(made.rules, scores, "mate:")
    return made


def _rank_average(protocol: Mapping[str, Any]) -> RankAverage:
    """Which of :data:`OVER_GALLERIES` the protocol holds."""
    found = [key for key, text in OVER_GALLERIES.items() if text == protocol["over_galleries"]]
    if not found:
        raise DataError(f"{protocol['over_galleries']!r} is not known to this release")
    return found[0]


def _search_split(
    columns: Mapping[str, NDArray[Any]], mine: NDArray[np.bool_], names: Sequence[str]
) -> SearchSplit:
    """Probes as stored; of a gallery only who of the probes is in it matters to the numbers."""
    first = mine & (columns["gallery"] == columns["gallery"][mine][0])
    probes, owner = columns["probe"][first], columns["subject"][first]
    ids, subjects, galleries = [probes], [owner], {}
    free = int(probes.max()) + 1
    for number, name in enumerate(names):
        rows = mine & (columns["gallery"] == number)
        held = np.unique(columns["subject"][rows & columns["mated"].astype(np.bool_)])
        galleries[name] = np.arange(free, free + held.size, dtype=np.int32)
        free += held.size
        ids.append(galleries[name])
        subjects.append(held)
    return SearchSplit(
        _template_set(np.concatenate(ids), np.concatenate(subjects)),
        galleries,
        probes.astype(np.int32),
    )


def _template_set(ids: NDArray[Any], subjects: NDArray[Any] | None) -> TemplateSet:
    zeros = np.zeros(ids.size, np.int32)
    known = None if subjects is None else subjects.astype(np.int32)
    return TemplateSet(zeros, ids.astype(np.int32), zeros, known)


def _rules(
    cell: str, columns: Mapping[str, Any], prefix: str, changes: Mapping[str, Any]
) -> TemplateRules:
    """The rules behind the cell of a protocol's name, with the changes laid over them."""
    parts = cell.split("+")
    weighed = any("+detector" in name for name in columns if name.startswith(prefix))
    detector = np.ones(1, np.float32) if weighed else None
    flip: Flip = "concat" if "flip-concat" in parts else "none"
    flip = changes.get("flip", "sum" if "flip-sum" in parts else flip)
    views = changes.get("views", "unit" if "unit-views" in parts else "raw")
    if parts[0] in ("softmax", "media"):
        if changes.keys() & {"norm", "detector_score", "views"}:
            raise UsageError(f"{parts[0]} fusion takes neither norm, detector_score nor views")
        fusion: Literal["softmax", "media"] = "softmax" if parts[0] == "softmax" else "media"
        return TemplateRules(detector=detector, flip=flip, fusion=fusion)
    keep = changes.get("norm", "raw" if "raw-norm" in parts else "unit") == "raw"
    weigh = changes.get("detector_score", "detector" in parts)
    return TemplateRules(detector=detector, keep_norm=keep, weigh=weigh, flip=flip, views=views)


def _demand(rules: TemplateRules, scores: Scores, prefix: str) -> None:
    """Every cell must be there; one beside the headline may have been refused, with its note."""
    refused = pooling_notes(scores).keys() - {rules.headline}
    absent = [
        name
        for name in rules.names()
        if f"{prefix}{name}" not in scores.columns and name not in refused
    ]
    if absent:
        raise UsageError(
            f"the stored scores do not hold {absent[0]}; run the study again with these settings, "
            "which reuses the embeddings"
        )


def _numbered(count: int) -> list[str]:
    return [str(number) for number in range(count)]
