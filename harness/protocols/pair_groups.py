"""Verification in demographic groups: the same rule in each, and how far the groups differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.digests import digest
from harness.errors import DataError
from harness.metrics.fairness import accuracy_spread, fairness_at_fmr
from harness.metrics.outcome import NotMeasurable
from harness.metrics.scores import SortedScores, sort_labelled_scores
from harness.metrics.uncertainty.intervals import clopper_pearson, percentile_interval
from harness.protocols.base import (
    LEVEL,
    OVER_PAIRS,
    Comparison,
    Embeddings,
    Evaluation,
    Flip,
    Interval,
    Metric,
    Scores,
)
from harness.protocols.pairs import REPLICATES, PairFolds

FMR_TARGETS = (1e-1, 1e-2)
"""Lower rates cannot be distinguished from noise with 3,000 impostor pairs in a group."""
ALPHA = 0.5
FOLD = "fold_in_group"
OVER: Mapping[str, float | str] = {"over": "groups"}
HIGHER = frozenset({"accuracy-trade-off", "fdr"})
DIMENSIONLESS = frozenset(
    {"skewed-error-ratio", "fdr", "garbe", "inequity-rate", "fmr-max-over-geomean"}
)

Accuracies = NDArray[np.float64]


@dataclass(frozen=True)
class PairGroups(Comparison):
    """Folds of pairs in two or more groups, each cross-validated on its own.

    The headline is the mean of the groups' accuracies; its note gives their spread. Standard
    deviation, largest minus smallest and ratio of errors come from the accuracies; FDR, GARBE and
    inequity rate from one threshold common to all groups, at which all impostors together have the
    stated FMR (see :mod:`harness.metrics.fairness`). What too few pairs cannot show has no value
    but a reason.
    """

    name: str
    groups: Mapping[str, PairFolds]
    cautions: Sequence[str] = ()

    @property
    def flip(self) -> Flip:  # type: ignore[override]
        """That of the groups."""
        return self._first.flip

    @cached_property
    def _first(self) -> PairFolds:
        return next(iter(self.groups.values()))

    def protocol(self) -> dict[str, Any]:
        """See :class:`Comparison`."""
        each = {name: group.protocol() for name, group in self.groups.items()}
        counts = ("n_genuine", "n_impostor", "folds", "pairs_sha256")
        common = {key: value for key, value in each[next(iter(each))].items() if key not in counts}
        return {
            **common,
            "id": f"{self.name}/{self._first.rule}@1",
            "groups": {name: {key: found[key] for key in counts} for name, found in each.items()},
            "pairs_sha256": digest({name: found["pairs_sha256"] for name, found in each.items()}),
            "n_genuine": sum(found["n_genuine"] for found in each.values()),
            "n_impostor": sum(found["n_impostor"] for found in each.values()),
            "mean": "of the groups' accuracies, each group with equal weight",
            "fairness_threshold": "common to all groups, at-most FMR over all impostor pairs",
            "fairness_alpha": ALPHA,
        }

    def score(self, embeddings: Embeddings) -> Scores:
        """The columns of :class:`PairFolds` group after group, with the number of the group."""
        parts = []
        for number, group in enumerate(self.groups.values()):
            columns = dict(group.score(embeddings).columns)
            columns[FOLD] = columns.pop("fold")
            columns["group"] = np.full(len(columns[FOLD]), number, np.int32)
            parts.append(columns)
        if any(part.keys() != parts[0].keys() for part in parts):
            raise DataError(f"the groups of {self.name} do not have the same folds; complete them")
        return Scores({key: np.concatenate([part[key] for part in parts]) for key in parts[0]})

    def evaluate(self, scores: Scores, seed: int) -> Evaluation:
        """Mean accuracy, the accuracy of each group, spread and fairness."""
        found = {
            name: _GroupResult.of(group, Scores(of_group(scores.columns, number)), seed)
            for number, (name, group) in enumerate(self.groups.items())
        }
        spread = self._spread(found)
        metrics = [*self._accuracies(found, _summary(spread)), *spread]
        for fmr in FMR_TARGETS:
            metrics += _at_fmr({name: group.ordered for name, group in found.items()}, fmr)
        for name, group in found.items():
            metrics += _vals(group.evaluation, name)
        warnings = [
            f"{name}: {text}" for name, group in found.items() for text in group.evaluation.warnings
        ]
        return Evaluation(metrics, (), [*warnings, *self.cautions])

    def _accuracies(self, found: Mapping[str, _GroupResult], note: str) -> list[Metric]:
        rows = np.stack([group.replicates for group in found.values()])
        mean = float(np.mean([group.accuracy.value for group in found.values()]))
        right, total = (
            sum(column) for column in zip(*(g.counts for g in found.values()), strict=True)
        )
        exact = clopper_pearson(right, total, LEVEL)
        over_pairs = Interval(exact.low, exact.high, LEVEL, f"{OVER_PAIRS} of all groups")
        interval = _interval(rows.mean(axis=0)) or over_pairs
        return [
            Metric("accuracy", mean, interval=interval, headline=True, note=note),
            *(
                Metric("accuracy", group.accuracy.value, {"group": name},
                       interval=group.accuracy.interval, threshold=group.accuracy.threshold)
                for name, group in found.items()
            ),
        ]  # fmt: skip

    def _spread(self, found: Mapping[str, _GroupResult]) -> list[Metric]:
        spread = accuracy_spread({name: group.counts for name, group in found.items()})
        rows = np.stack([group.replicates for group in found.values()])
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = (1 - rows.min(axis=0)) / (1 - rows.max(axis=0))
        std = rows.std(axis=0)
        return [
            _metric("accuracy-std", spread.std_ddof0, {**OVER, "ddof": 0.0}, std),
            _metric("accuracy-std", spread.std_ddof1, {**OVER, "ddof": 1.0},
                    rows.std(axis=0, ddof=1)),
            _metric("accuracy-max-min", spread.max_minus_min, OVER, np.ptp(rows, axis=0)),
            _metric("accuracy-trade-off", spread.trade_off, OVER, rows.mean(axis=0) - std),
            _metric("skewed-error-ratio", spread.skewed_error_ratio, OVER, ratio),
        ]  # fmt: skip


@dataclass(frozen=True)
class _GroupResult:
    """What one group gives: ``replicates`` are float64 (B,) of its accuracy, NaN if unknown."""

    evaluation: Evaluation
    accuracy: Metric
    counts: tuple[int, int]
    replicates: Accuracies
    ordered: SortedScores

    @classmethod
    def of(cls, group: PairFolds, scores: Scores, seed: int) -> _GroupResult:
        evaluation = group.evaluate(scores, seed)
        folds, distance = group.fold_accuracy(scores)
        replicates = group.accuracy_replicates(folds, seed)
        return cls(
            evaluation,
            next(metric for metric in evaluation.metrics if metric.headline),
            (folds.n_right, folds.n_pairs),
            np.full(REPLICATES, np.nan) if replicates is None else replicates,
            sort_labelled_scores(-distance, group.genuine),
        )


def of_group(columns: Mapping[str, NDArray[Any]], number: int) -> dict[str, NDArray[Any]]:
    """The columns of one group, as :class:`PairFolds` made them."""
    rows = columns["group"] == number
    own = {key: values[rows] for key, values in columns.items() if key != "group"}
    own["fold"] = own.pop(FOLD)
    return own


def _vals(evaluation: Evaluation, group: str) -> list[Metric]:
    """VAL of one group, where it was asked for."""
    return [
        replace(metric, at={**metric.at, "group": group})
        for metric in evaluation.metrics
        if metric.name.startswith("val@far")
    ]


def _interval(replicates: Accuracies) -> Interval | None:
    if np.isinf(replicates).any():
        return None
    found = percentile_interval(replicates, LEVEL)
    if isinstance(found, NotMeasurable):
        return None
    method = f"bootstrap over the subjects of each group, {REPLICATES} replicates"
    return Interval(found.low, found.high, LEVEL, method)


def _metric(
    name: str,
    value: float | NotMeasurable,
    at: Mapping[str, float | str],
    replicates: Accuracies | None = None,
) -> Metric:
    if isinstance(value, NotMeasurable):
        return Metric(name, None, at, higher_is_better=name in HIGHER, note=value.reason)
    return Metric(
        name,
        value,
        at,
        unit="score" if name in DIMENSIONLESS else "fraction",
        higher_is_better=name in HIGHER,
        interval=None if replicates is None else _interval(replicates),
    )


def _summary(spread: Sequence[Metric]) -> str:
    """Spread in words, for the table; the reason where it has no value."""
    std, _, gap, _, ratio = spread
    if std.value is None or gap.value is None:
        return f"no spread over groups: {std.note}"
    error = "n/a" if ratio.value is None else f"{ratio.value:.3g}"
    return (
        f"over groups: std {100 * std.value:.2f} points (ddof 0), max - min {100 * gap.value:.2f} "
        f"points, skewed error ratio {error}"
    )


def _at_fmr(groups: Mapping[str, SortedScores], fmr: float) -> list[Metric]:
    """Fairness where all impostors together have this FMR, and the error rates of each group."""
    at: dict[str, float | str] = {"fmr": fmr}
    found = fairness_at_fmr(groups, fmr, ALPHA)
    if isinstance(found, NotMeasurable):
        return [_metric(name, found, at) for name in ("fdr", "garbe", "inequity-rate")]
    rates = [
        Metric(name, value, {**at, "group": group}, higher_is_better=False,
               threshold=-found.threshold)
        for group, rate in found.rates.items()
        for name, value in (("fmr", rate.fmr), ("fnmr", rate.fnmr))
    ]  # fmt: skip
    return [
        _metric("fdr", found.fdr, at),
        _metric("fmr-gap", found.fmr_gap, at),
        _metric("fnmr-gap", found.fnmr_gap, at),
        _metric("garbe", found.garbe, at),
        _metric("inequity-rate", found.inequity_rate, at),
        _metric("fmr-max-over-geomean", found.fmr_max_over_geomean, at),
        *rates,
    ]
