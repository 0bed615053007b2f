"""How a metric differs between demographic groups, refused where counts are too small."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.metrics.operating_points import tar_at_far
from harness.metrics.outcome import NotMeasurable
from harness.metrics.scores import ErrorRates, SortedScores, error_rates, sort_scores

_FEWEST_ERRORS = 10  # rule of ten: errors needed behind a rate that is divided by
_FEWEST_COMPARISONS = 100  # below it one comparison moves a rate by over a percentage point


@dataclass(frozen=True, slots=True)
class AccuracySpread:
    """Accuracy over groups, as fractions. ``std_ddof0`` is the "std" of published tables.

    ``skewed_error_ratio`` is the largest error over the smallest.
    """

    accuracies: Mapping[str, float]
    mean: float
    std_ddof0: float | NotMeasurable
    std_ddof1: float | NotMeasurable
    max_minus_min: float | NotMeasurable
    skewed_error_ratio: float | NotMeasurable

    @property
    def trade_off(self) -> float | NotMeasurable:
        """Mean minus ``std_ddof0``: the ranking score of the FRCSyn bias tasks."""
        if isinstance(self.std_ddof0, NotMeasurable):
            return self.std_ddof0
        return self.mean - self.std_ddof0


@dataclass(frozen=True, slots=True)
class GroupFairness:
    """Differential performance at one threshold common to all groups.

    ``fmr_gap`` and ``fnmr_gap`` are the largest differences between two groups (A and B in the
    definition of FDR); they tell which of the two drives the summary measures.
    """

    threshold: float
    rates: Mapping[str, ErrorRates]
    fmr_gap: float
    fnmr_gap: float
    fdr: float | NotMeasurable
    garbe: float | NotMeasurable
    inequity_rate: float | NotMeasurable
    fmr_max_over_geomean: float | NotMeasurable


def accuracy_spread(counts: Mapping[str, tuple[int, int]]) -> AccuracySpread:
    """Spread of accuracy over groups, from (right, total) comparisons of each.

    Spread is NotMeasurable where a group has under 100 comparisons, the error ratio where the best
    group has under 10 errors. Raises DataError with fewer than two groups or impossible counts.
    """
    if len(counts) < 2:
        raise DataError(f"a spread needs at least two groups; there are {len(counts)}")
    for name, (right, total) in counts.items():
        if not 0 <= right <= total or total <= 0:
            raise DataError(f"group {name}: {right} right of {total} is not a count")
    rates = {name: right / total for name, (right, total) in counts.items()}
    values = np.array(list(rates.values()))
    small = _fewest(
        {name: total for name, (_, total) in counts.items()}, _FEWEST_COMPARISONS, "comparisons"
    )
    best = max(rates, key=lambda name: rates[name])
    errors = {best: counts[best][1] - counts[best][0]}
    return AccuracySpread(
        accuracies=rates,
        mean=float(values.mean()),
        std_ddof0=small or float(values.std()),
        std_ddof1=small or float(values.std(ddof=1)),
        max_minus_min=small or float(np.ptp(values)),
        skewed_error_ratio=small
        or _fewest(errors, _FEWEST_ERRORS, "errors")
        or float((1 - values.min()) / (1 - values.max())),
    )


def fairness_at_fmr(
    groups: Mapping[str, SortedScores], fmr: float, alpha: float = 0.5
) -> GroupFairness | NotMeasurable:
    """Differential performance where the FMR of all groups' impostors together is at most ``fmr``.

    Measures as in :func:`fairness_at_threshold`. NotMeasurable when ``fmr`` leaves fewer than ten
    false matches to be expected in a group: the group rates would be noise.
    """
    pooled = sort_scores(
        np.concatenate([scores.genuine for scores in groups.values()]),
        np.concatenate([scores.impostor for scores in groups.values()]),
    )
    (point,) = tar_at_far(pooled, (fmr,), rule="at-most")
    if isinstance(point, NotMeasurable):
        return point
    for name, scores in groups.items():
        if fmr * scores.n_impostor < _FEWEST_ERRORS:
            return NotMeasurable(
                f"FMR {fmr:g} of {scores.n_impostor:,} impostor comparisons in group {name} is "
                f"{fmr * scores.n_impostor:.3g} false matches; {_FEWEST_ERRORS} are needed"
            )
    return fairness_at_threshold(groups, point.threshold, alpha)


def fairness_at_threshold(
    groups: Mapping[str, SortedScores], threshold: float, alpha: float = 0.5
) -> GroupFairness:
    """Differential performance at a threshold chosen elsewhere; ``alpha`` weighs FMR against FNMR.

    - FDR = 1 - (alpha A + (1 - alpha) B) (de Freitas Pereira & Marcel 2022);
    - GARBE = alpha G(FMR) + (1 - alpha) G(FNMR), G the Gini coefficient times n/(n-1)
      (Howard et al. 2022);
    - inequity rate = (max/min FMR)^alpha (max/min FNMR)^(1-alpha) (NIST IR 8429);
    - largest FMR over the geometric mean of FMRs (NIST FRTE).

    All need 100 comparisons of each kind in every group. GARBE also needs ten errors of each kind
    over the groups, the ratios at least one error in every group; else they are NotMeasurable.
    Raises DataError with fewer than two groups, ValueError for alpha outside 0..1.
    """
    if len(groups) < 2:
        raise DataError(f"fairness needs at least two groups; there are {len(groups)}")
    if not 0.0 <= alpha <= 1.0:
        raise ValueError(f"alpha must be in 0..1, not {alpha}")
    rates = {name: error_rates(scores, threshold) for name, scores in groups.items()}
    fmr = np.array([rate.fmr for rate in rates.values()])
    fnmr = np.array([rate.fnmr for rate in rates.values()])
    small = _fewest(
        {name: min(rate.n_genuine, rate.n_impostor) for name, rate in rates.items()},
        _FEWEST_COMPARISONS,
        "comparisons of one kind",
    )
    no_false_match = small or _without({n: r.false_matches for n, r in rates.items()}, "match")
    no_non_match = _without({n: r.false_non_matches for n, r in rates.items()}, "non-match")
    fmr_gap, fnmr_gap = float(np.ptp(fmr)), float(np.ptp(fnmr))
    return GroupFairness(
        threshold=float(threshold),
        rates=rates,
        fmr_gap=fmr_gap,
        fnmr_gap=fnmr_gap,
        fdr=small or 1.0 - (alpha * fmr_gap + (1.0 - alpha) * fnmr_gap),
        garbe=small or _few_in_all(rates) or alpha * _gini(fmr) + (1.0 - alpha) * _gini(fnmr),
        inequity_rate=no_false_match
        or no_non_match
        or float((fmr.max() / fmr.min()) ** alpha * (fnmr.max() / fnmr.min()) ** (1.0 - alpha)),
        fmr_max_over_geomean=no_false_match or float(fmr.max() / np.exp(np.mean(np.log(fmr)))),
    )


def _gini(rates: NDArray[np.float64]) -> float:
    """Gini coefficient of error rates (n,), times n/(n-1) so that 1 is the largest value.

    sum over i, j of abs(x_i - x_j) / (2 n^2 mean), as in GARBE; 0 when all rates are equal.
    """
    n = rates.size
    spread = float(np.abs(rates[:, None] - rates[None, :]).sum())
    return n / (n - 1) * spread / (2 * n * n * float(rates.mean())) if spread else 0.0


def _fewest(counts: Mapping[str, int], needed: int, what: str) -> NotMeasurable | None:
    name = min(counts, key=lambda group: counts[group])
    if counts[name] >= needed:
        return None
    return NotMeasurable(f"group {name} has {counts[name]:,} {what}; {needed} are needed")


def _without(errors: Mapping[str, int], kind: str) -> NotMeasurable | None:
    empty = [name for name, count in errors.items() if not count]
    if not empty:
        return None
    return NotMeasurable(f"no false {kind} in group {', '.join(empty)}: a ratio has no value")


def _few_in_all(rates: Mapping[str, ErrorRates]) -> NotMeasurable | None:
    for kind, total in (
        ("matches", sum(rate.false_matches for rate in rates.values())),
        ("non-matches", sum(rate.false_non_matches for rate in rates.values())),
    ):
        if total < _FEWEST_ERRORS:
            return NotMeasurable(
                f"{total} false {kind} over all groups; {_FEWEST_ERRORS} are needed"
            )
    return None
