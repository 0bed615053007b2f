"""Two results on the same comparisons: what their stored scores say of the difference.

Accuracy and area of pairs, TAR of templates and rank rates of searches are each turned into what
the tests need: calls of single comparisons, and replicates of a bootstrap over subjects in which
both models see the same draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.metrics.operating_points import OperatingPoint, tar_at_far
from harness.metrics.outcome import NotMeasurable
from harness.metrics.scores import highest_scores
from harness.metrics.uncertainty.bootstrap import (
    SubjectPairs,
    bootstrap_accuracy,
    bootstrap_tar,
    draw_subject_weights,
    encode_subjects,
)
from harness.metrics.uncertainty.equivalence import tost_accuracy, tost_bootstrap
from harness.metrics.uncertainty.paired import mcnemar, paired_difference
from harness.metrics.verification import FOLD_RULES
from harness.protocols.pair_groups import FOLD, of_group
from harness.protocols.pair_metrics import fold_accuracy
from harness.protocols.subgroups import bootstrap_auc
from harness.protocols.template_sets import positions
from harness.seeds import stream

if TYPE_CHECKING:
    from harness.results.study import Cell

REPLICATES = 1000

Columns = Mapping[str, NDArray[Any]]
Replicates = NDArray[np.float64]


@dataclass(frozen=True)
class Stored:
    """What one model left of a benchmark: ``value`` of the headline, its point, and the scores."""

    value: float
    at: Mapping[str, float | str]
    protocol: Mapping[str, Any]
    columns: Columns
    subjects: NDArray[np.int32] | None = None  # rows (split, template, subject)

    @property
    def rule(self) -> str:
        """The rule or cell in the protocol's name: ``lfw/insightface@1`` gives ``insightface``."""
        return _rule(self.protocol)


def _rule(protocol: Mapping[str, Any]) -> str:
    return str(protocol.get("id", "")).rpartition("@")[0].rpartition("/")[2]


@dataclass(frozen=True)
class ScoreDifference:
    """B minus A of the headline as fractions, tested on the same comparisons.

    ``p_value`` is two-sided, of the test ``test``; ``p_not_worse`` tests that B is worse by the
    margin or more, ``p_equal`` that it differs by the margin or more (None without a margin).
    """

    effect: float
    low: float | None
    high: float | None
    p_value: float
    test: str
    p_not_worse: float | None = None
    p_equal: float | None = None


@dataclass(frozen=True)
class _Evidence:
    """Calls bool (P,) of each model, if single comparisons can be tested, and replicates (B,)."""

    calls: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None = None
    replicates: tuple[Replicates, Replicates] | None = None


def read_stored(cell: Cell) -> Stored | None:
    """The headline of a finished cell with its scores, or None where it was not measured.

    Raises DataError where the scores are gone or unreadable.
    """
    from harness.results.cells import load_array, stored_file
    from harness.results.columns import read_columns

    headline = next((m for m in cell.result.metrics if m.headline), None)
    path = cell.file(cell.result.raw.get("scores", ""))
    if path is None or not path.exists():
        raise DataError(f"the scores of {cell.folder} are gone; run the study again to make them")
    if headline is None or headline.value is None:
        return None
    stored_file(cell.folder, cell.result, cell.result.raw["scores"])
    name = cell.result.raw.get("template_subjects", "")
    subjects = load_array(cell.folder, cell.result, name) if cell.file(name) else None
    rule = _rule(cell.result.protocol)
    # Of the cells of template benchmarks, millions of scores each, only the headline is compared.
    columns = read_columns(path, lambda name: name.partition(":")[2] in ("", rule))
    return Stored(headline.value, headline.at, cell.result.protocol, columns, subjects)


def paired_test(
    a: Stored, b: Stored, seed: int, margin: float | None = None
) -> ScoreDifference | None:
    """Test B against A; None where the scores are of no form that is known here.

    Accuracy is tested by McNemar's exact test, areas, TAR and rank rates by the paired bootstrap
    over subjects (TAR by McNemar over genuine pairs where subjects are unknown). ``margin``, a
    fraction, adds the two one-sided tests of equivalence.
    """
    evidence = _evidence(a, b, seed)
    if evidence is None:
        return None
    low = high = None
    estimates = (b.value, a.value)
    if evidence.replicates is not None:
        found = paired_difference(estimates, *evidence.replicates)
        p_value, test = found.p_value, "paired bootstrap over subjects"
        if not isinstance(found.interval, NotMeasurable):
            low, high = found.interval.low, found.interval.high
    if evidence.calls is not None:
        p_value, test = mcnemar(*evidence.calls).p_value, "McNemar, exact"
    ends = None if margin is None else _equivalence(estimates, evidence, margin)
    return ScoreDifference(b.value - a.value, low, high, p_value, test, *(ends or ()))


def _equivalence(
    estimates: tuple[float, float], evidence: _Evidence, margin: float
) -> tuple[float, float]:
    if evidence.replicates is not None:
        found = tost_bootstrap(estimates, *evidence.replicates, margin)
    else:
        assert evidence.calls is not None
        found = tost_accuracy(*evidence.calls, margin)
    return found.p_not_worse, found.p_value


def _evidence(a: Stored, b: Stored, seed: int) -> _Evidence | None:
    if _is_pairs(a.columns) and _is_pairs(b.columns):
        return _of_pairs(a, b, seed)
    rng = stream(seed, "compare")
    if f"score:{a.rule}" in a.columns and f"score:{b.rule}" in b.columns and "far" in a.at:
        return _of_tar(a, b, rng)
    if f"rank:{a.rule}" in a.columns and f"rank:{b.rule}" in b.columns and "rank" in a.at:
        return _of_rank_rate(a, b, rng)
    return None


# -- pairs ---------------------------------------------------------------------------------------


def calls(stored: Stored) -> NDArray[np.bool_] | None:
    """Which pairs were called right, bool (P,); None for scores of other than pairs in folds."""
    parts = _parts(stored.columns)
    if stored.rule not in FOLD_RULES or not all(_has_folds(part) for part in parts):
        return None
    rule = FOLD_RULES[FOLD_RULES.index(stored.rule)]
    centre = bool(stored.protocol.get("centre", False))
    found = [fold_accuracy(p, p["genuine"], p["fold"], rule, centre=centre)[0] for p in parts]
    return np.concatenate([one.correct for one in found])


def area_replicates(stored: Stored, seed: int) -> Replicates | None:
    """Replicates (B,) of the area of pairs in one fold; equal seeds draw equal people.

    None for other scores, and where the people are unknown.
    """
    columns = stored.columns
    if not {"distance", "fold", "first_subject"} <= columns.keys() or _has_folds(columns):
        return None
    pairs = encode_subjects(columns["first_subject"], columns["second_subject"])
    weights = draw_subject_weights(pairs.n_subjects, REPLICATES, stream(seed, "compare"))
    return bootstrap_auc(columns["distance"], pairs.left, pairs.right, weights)


def _is_pairs(columns: Columns) -> bool:
    return any(name.startswith("distance") for name in columns)


def _parts(columns: Columns) -> list[Columns]:
    """The columns of each group of pairs, in the order of their rows; one where none are told."""
    if FOLD not in columns:
        return [columns]
    return [of_group(columns, number) for number in np.unique(columns["group"]).tolist()]


def _has_folds(columns: Columns) -> bool:
    return _is_pairs(columns) and len(np.unique(columns.get("fold", ()))) > 1


def _of_pairs(a: Stored, b: Stored, seed: int) -> _Evidence | None:
    area_b, area_a = area_replicates(b, seed), area_replicates(a, seed)
    if area_b is not None and area_a is not None:
        return _Evidence(replicates=(area_b, area_a))
    right_b, right_a = calls(b), calls(a)
    if right_b is None or right_a is None:
        return None
    if "first_subject" not in a.columns:
        return _Evidence((right_b, right_a))
    rng, drawn, start = stream(seed, "compare"), [], 0
    for part in _parts(a.columns):
        rows = slice(start, start := start + len(part["genuine"]))
        pairs = encode_subjects(part["first_subject"], part["second_subject"])
        weights = draw_subject_weights(pairs.n_subjects, REPLICATES, rng)
        drawn.append([bootstrap_accuracy(r[rows], pairs, weights) for r in (right_b, right_a)])
    mean_b, mean_a = np.mean(drawn, axis=0)  # over groups, as the headline is
    return _Evidence((right_b, right_a), (mean_b, mean_a))


# -- templates -----------------------------------------------------------------------------------


def _of_tar(a: Stored, b: Stored, rng: np.random.Generator) -> _Evidence:
    if a.subjects is None:
        return _Evidence(calls=(_accepted_genuine(b), _accepted_genuine(a)))
    names = np.unique(a.subjects[:, 2])
    weights = draw_subject_weights(names.size, REPLICATES, rng)
    parts = [
        (rows, _subject_pairs(a.columns, rows, a.subjects[a.subjects[:, 0] == number], names))
        for number, rows in _splits(a.columns)
    ]
    return _Evidence(replicates=(_tar_replicates(b, parts, weights),
                                 _tar_replicates(a, parts, weights)))  # fmt: skip


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


def _tar_replicates(
    stored: Stored, parts: list[tuple[slice, SubjectPairs]], weights: NDArray[np.uint16]
) -> Replicates:
    """Mean over splits of the replicates of TAR, threshold chosen anew in each."""
    scores, far = stored.columns[f"score:{stored.rule}"], float(stored.at["far"])
    drawn = [bootstrap_tar(scores[rows], pairs, [far], weights)[0] for rows, pairs in parts]
    return np.asarray(np.mean(drawn, axis=0))


def _accepted_genuine(stored: Stored) -> NDArray[np.bool_]:
    """Which genuine pairs are accepted at the threshold of their split."""
    far, found = float(stored.at["far"]), []
    for _, rows in _splits(stored.columns):
        scores = stored.columns[f"score:{stored.rule}"][rows]
        genuine = stored.columns["genuine"][rows]
        highest = highest_scores(scores, genuine, far)
        (point,) = tar_at_far(highest, [far], stored.protocol["far_rule"])
        assert isinstance(point, OperatingPoint)  # the headline has a value
        found.append(scores[genuine] >= point.threshold)
    return np.concatenate(found)


# -- searches ------------------------------------------------------------------------------------


def _of_rank_rate(a: Stored, b: Stored, rng: np.random.Generator) -> _Evidence:
    names, codes = np.unique(a.columns["subject"], return_inverse=True)
    weights = draw_subject_weights(names.size, REPLICATES, rng).astype(np.float64)
    blocks = np.unique(np.stack([a.columns["split"], a.columns["gallery"]]), axis=1).T

    def replicates(stored: Stored) -> Replicates:
        hits = stored.columns[f"rank:{stored.rule}"] <= float(stored.at["rank"])
        drawn = []
        for split, gallery in blocks:
            inside = (a.columns["split"] == split) & (a.columns["gallery"] == gallery)
            inside &= a.columns["mated"].astype(np.bool_)
            own = codes[inside]
            with np.errstate(invalid="ignore"):
                rate = np.bincount(own, hits[inside], names.size) @ weights
                rate /= np.bincount(own, minlength=names.size) @ weights
            drawn.append(rate)
        return np.asarray(np.mean(drawn, axis=0))

    return _Evidence(replicates=(replicates(b), replicates(a)))
