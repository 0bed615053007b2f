"""What the stored scores of one training say of its headline, comparison by comparison.

Each comparison has an influence, what it adds to the number: of an accuracy whether it is called
right, of an area its placement, of a TAR whether it is accepted and how it moves the threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.digests import digest
from harness.metrics.operating_points import OperatingPoint, tar_at_far
from harness.metrics.scores import highest_scores
from harness.metrics.uncertainty.bootstrap import (
    SubjectPairs,
    encode_subjects,
)
from harness.metrics.uncertainty.two_level import (
    Spread,
    spread_over_people,
    spread_over_units,
)
from harness.metrics.verification import FOLD_RULES
from harness.protocols.pair_groups import FOLD, of_group
from harness.protocols.pair_metrics import fold_accuracy
from harness.protocols.template_sets import positions
from harness.reporting.compare.scores import Columns, Stored

Doubles = NDArray[np.float64]
PEOPLE, PAIRS = "people", "pairs"


@dataclass(frozen=True, eq=False)
class Influences:
    """The headline of one training and what other people would make of it.

    ``rows`` float64 (P,) are influences, which sum to zero. ``people`` tells who is in each row:
    two people of a pair, one person of a search, or nobody (None) where rows are taken as
    independent. Trainings with equal ``rows_id`` have the same rows.
    """

    value: float
    rows: Doubles
    people: SubjectPairs | NDArray[np.integer[Any]] | None
    rows_id: str

    @property
    def over(self) -> str:
        """What the test is over: people, or pairs where people are unknown."""
        return PAIRS if self.people is None else PEOPLE


def spread(trainings: Sequence[Influences]) -> Spread | None:
    """How the headlines of trainings vary together; None where they have not the same rows."""
    first = trainings[0]
    if any(other.rows_id != first.rows_id for other in trainings):
        return None
    table = np.stack([one.rows for one in trainings])
    if isinstance(first.people, SubjectPairs):
        return spread_over_people(table, first.people)
    return spread_over_units(table, first.people)


def influences_of(stored: Stored) -> Influences | None:
    """None where the scores are of no form that is known here."""
    columns, rule = stored.columns, stored.rule
    if any(name.startswith("distance") for name in columns):
        return _of_pairs(stored)
    if f"score:{rule}" in columns and "far" in stored.at:
        return _of_tar(stored)
    if f"rank:{rule}" in columns and "rank" in stored.at:
        return _of_rank_rate(stored)
    return None


# -- pairs ---------------------------------------------------------------------------------------


def _of_pairs(stored: Stored) -> Influences | None:
    parts = _parts(stored.columns)
    folds = [len(np.unique(part.get("fold", ()))) for part in parts]
    if stored.rule in FOLD_RULES and all(count > 1 for count in folds):
        influence = [_accuracy_influence(stored, part) / len(parts) for part in parts]
    elif folds == [1] and "distance" in parts[0]:
        influence = [_area_influence(parts[0]["distance"], parts[0]["genuine"])]
    else:
        return None
    names = ("genuine", "fold", FOLD, "group", "first", "second")
    return Influences(
        stored.value,
        np.concatenate(influence),
        _people(parts),
        _rows_id(stored.columns, names),
    )


def _parts(columns: Columns) -> list[Columns]:
    """The columns of each group of pairs, in the order of their rows; one where none are told."""
    if FOLD not in columns:
        return [columns]
    return [of_group(columns, number) for number in np.unique(columns["group"]).tolist()]


def _people(parts: Sequence[Columns]) -> SubjectPairs | None:
    """Who is in each pair; groups have people of their own."""
    if "first_subject" not in parts[0]:
        return None
    pairs = [encode_subjects(part["first_subject"], part["second_subject"]) for part in parts]
    start = np.cumsum([0, *(part.n_subjects for part in pairs)])
    left = [part.left + before for part, before in zip(pairs, start[:-1], strict=True)]
    right = [part.right + before for part, before in zip(pairs, start[:-1], strict=True)]
    return SubjectPairs(np.concatenate(left), np.concatenate(right), int(start[-1]))


def _accuracy_influence(stored: Stored, part: Columns) -> Doubles:
    """Calls less the mean of their kind: how many pairs are genuine is fixed by the protocol."""
    rule = FOLD_RULES[FOLD_RULES.index(stored.rule)]
    centre = bool(stored.protocol.get("centre", False))
    genuine = part["genuine"]
    right = fold_accuracy(part, genuine, part["fold"], rule, centre=centre)[0].correct
    return _centred(right.astype(np.float64), genuine) / len(right)


def _centred(values: Doubles, kinds: NDArray[Any]) -> Doubles:
    """The values less the mean of their kind."""
    codes = np.unique(kinds, return_inverse=True)[1]
    return values - (np.bincount(codes, values) / np.bincount(codes))[codes]


def _area_influence(distance: Doubles, genuine: NDArray[np.bool_]) -> Doubles:
    """Placements (DeLong et al. 1988): the share of the other kind that each pair is right against.

    Ties count half; faces that were not found have an infinite distance.
    """
    influence = np.empty(len(distance))
    for kind, sign in ((genuine, 1.0), (~genuine, -1.0)):
        others = np.sort(distance[~kind])
        nearer, within = (
            np.searchsorted(others, distance[kind], side=s) for s in ("left", "right")
        )
        share = 1 - (nearer + within) / (2 * len(others))
        influence[kind] = sign * (share - share.mean()) / np.count_nonzero(kind)
    return influence


# -- templates -----------------------------------------------------------------------------------


def _of_tar(stored: Stored) -> Influences:
    """Genuine comparisons as they are accepted, impostors as they move the threshold."""
    columns = stored.columns
    rows_id = _rows_id(columns, ("first", "second", "genuine", "split"))
    parts = _splits(columns)
    influence = np.concatenate([_tar_influence(stored, rows) for _, rows in parts]) / len(parts)
    people = None if stored.subjects is None else _template_people(columns, parts, stored.subjects)
    return Influences(stored.value, influence, people, rows_id)


def _tar_influence(stored: Stored, rows: slice) -> Doubles:
    """What each comparison of a split adds to its TAR at the FAR of the headline.

    A higher share of accepted impostors raises the threshold, which costs TAR at the slope of the
    ROC there (Hsieh & Turnbull 1996).
    """
    far = float(stored.at["far"])
    scores = stored.columns[f"score:{stored.rule}"][rows]
    genuine = stored.columns["genuine"][rows]
    highest = highest_scores(scores, genuine, far)
    (point,) = tar_at_far(highest, [far], stored.protocol["far_rule"])
    assert isinstance(point, OperatingPoint)  # the headline has a value
    accepted = (scores >= point.threshold).astype(np.float64)
    influence = _centred(accepted, genuine)
    influence[genuine] /= np.count_nonzero(genuine)
    impostors = np.count_nonzero(~genuine)
    influence[~genuine] *= -_slope(scores, genuine, far) / impostors
    return influence


def _slope(scores: NDArray[Any], genuine: NDArray[np.bool_], far: float) -> float:
    """Slope of the ROC at a FAR, between two thirds of it and one and a half times it."""
    impostor, mates = scores[~genuine], np.sort(scores[genuine])
    allowed, least = far * impostor.size, int(far * impostor.size / 1.5)
    ends = [least, min(max(round(1.5 * allowed), least + 1), impostor.size)]
    order = np.sort(np.partition(impostor, impostor.size - ends[1])[impostor.size - ends[1] :])
    # As many impostors as ``ends`` say score at or above these.
    cuts = [order[-count] if count else np.nextafter(order[-1], np.inf) for count in ends]
    tar = [1 - np.searchsorted(mates, cut, side="left") / mates.size for cut in cuts]
    return float((tar[1] - tar[0]) * impostor.size / (ends[1] - ends[0]))


def _template_people(
    columns: Columns, parts: Sequence[tuple[int, slice]], subjects: NDArray[np.int32]
) -> SubjectPairs:
    """Who is in each comparison of two templates, over all splits."""
    names = np.unique(subjects[:, 2])
    pairs = [
        _subject_pairs(columns, rows, subjects[subjects[:, 0] == number], names)
        for number, rows in parts
    ]
    left = np.concatenate([part.left for part in pairs])
    right = np.concatenate([part.right for part in pairs])
    return SubjectPairs(left, right, names.size)


def _splits(columns: Columns) -> list[tuple[int, slice]]:
    """Number and rows of each split; they stand one after the other."""
    if "split" not in columns:
        return [(0, slice(None))]
    numbers, first = np.unique(columns["split"], return_index=True)
    edges = [*first.tolist(), len(columns["split"])]
    return [(n, slice(edges[k], edges[k + 1])) for k, n in enumerate(numbers.tolist())]


def _subject_pairs(
    columns: Columns, rows: slice, table: NDArray[np.int32], names: NDArray[np.int32]
) -> SubjectPairs:
    ids, first = np.unique(table[:, 1], return_index=True)
    number = positions(names, table[first, 2]).astype(np.min_scalar_type(names.size))
    left, right = (number[positions(ids, columns[side][rows])] for side in ("first", "second"))
    return SubjectPairs(left, right, names.size)


# -- searches ------------------------------------------------------------------------------------


def _of_rank_rate(stored: Stored) -> Influences:
    """Mean over galleries of the rate of mated searches that are hits, by the person searched."""
    columns = stored.columns
    mated = columns["mated"].astype(np.bool_)
    hits = (columns[f"rank:{stored.rule}"] <= float(stored.at["rank"]))[mated].astype(np.float64)
    blocks = np.stack([columns["split"], columns["gallery"]])[:, mated]
    codes = np.unique(blocks, axis=1, return_inverse=True)[1].ravel()
    sizes = np.bincount(codes)
    influence = _centred(hits, codes) / (sizes[codes] * len(sizes))
    rows_id = _rows_id(columns, ("split", "gallery", "subject", "mated"))
    return Influences(stored.value, influence, columns["subject"][mated], rows_id)


def _rows_id(columns: Columns, names: Sequence[str]) -> str:
    """Equal for two results with the same comparisons in the same order."""
    found = {name: columns[name] for name in names if name in columns}
    return digest({name: [str(v.dtype.kind), len(v), _bytes(v)] for name, v in found.items()})


def _bytes(values: NDArray[Any]) -> str:
    import hashlib

    whole = values.astype(np.int64) if values.dtype.kind in "iub" else values
    return hashlib.sha256(np.ascontiguousarray(whole).tobytes()).hexdigest()
