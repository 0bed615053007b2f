"""TAR at a given FAR, with every rule the field uses to select the operating point by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.metrics._vertices import vertex_window
from harness.metrics.outcome import NotMeasurable
from harness.metrics.scores import SortedScores, count_above, deciding_impostors

FarRule = Literal["nearest-vertex", "at-most", "interp"]

_FIRST_WINDOW = 1024  # impostor ranks on each side of the target; widened until exact


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """One point of the ROC curve, selected by ``rule`` for the target ``target_far``.

    A comparison is accepted when its score >= ``threshold``; that accepts ``false_accepts`` of the
    impostors, which is the realised ``far``. ``tar`` is the reported rate: the share of genuine
    comparisons accepted there, except with rule ``interp`` (see :func:`tar_at_far`).
    """

    target_far: float
    rule: FarRule
    tar: float
    far: float
    threshold: float
    true_accepts: int
    false_accepts: int
    n_genuine: int
    n_impostor: int

    @property
    def fnmr(self) -> float:
        """False non-match rate, ``1 - tar``."""
        return 1.0 - self.tar


def tar_at_far(
    scores: SortedScores, targets: Sequence[float], rule: FarRule = "nearest-vertex"
) -> tuple[OperatingPoint | NotMeasurable, ...]:
    """TAR at each target FAR; predicate score >= threshold.

    - ``nearest-vertex``: the corner vertex whose FAR is nearest to the target, on either side of
      it; of several, the one accepting most. The rule of insightface and its descendants.
    - ``at-most``: the lowest observed score whose FAR is at most the target, ties counted.
    - ``interp``: TAR interpolated linearly in FAR between the two neighbouring operating points,
      that is, of a decision randomised between them; threshold, realised FAR and counts are those
      of the neighbour at or below the target.

    A target below 1/I is :class:`NotMeasurable`: I impostors cannot show it. Raises ValueError for
    a target outside (0, 1] or an unknown rule.
    """
    if rule not in ("nearest-vertex", "at-most", "interp"):
        raise ValueError(f"unknown FAR rule {rule!r}; use nearest-vertex, at-most or interp")
    return tuple(_pick(scores, float(target), rule) for target in targets)


def fnmr_at_fmr(
    scores: SortedScores, targets: Sequence[float]
) -> tuple[OperatingPoint | NotMeasurable, ...]:
    """FNMR at the lowest threshold with FMR at most each target (NIST FRTE); read ``.fnmr``."""
    return tar_at_far(scores, targets, rule="at-most")


def measurable_far(target: float, n_impostor: int) -> NotMeasurable | None:
    """Say why a FAR cannot be shown by ``n_impostor`` comparisons, or None if it can.

    Raises ValueError when the target is not a rate in (0, 1].
    """
    if not 0.0 < target <= 1.0:
        raise ValueError(f"a target FAR must be in (0, 1], not {target}")
    if target < 1.0 / n_impostor:
        return NotMeasurable(
            f"FAR {target:g} needs at least {round(1 / target):,} impostor comparisons; "
            f"there are {n_impostor:,}"
        )
    return None


def _pick(scores: SortedScores, target: float, rule: FarRule) -> OperatingPoint | NotMeasurable:
    refused = measurable_far(target, scores.n_impostor)
    if refused is not None:
        return refused
    if scores.n_lower and scores.impostor.size < deciding_impostors(target, scores.n_impostor):
        raise ValueError(
            f"the {scores.impostor.size:,} highest of {scores.n_impostor:,} impostor scores do not "
            f"decide FAR {target:g}"
        )
    if rule == "nearest-vertex":
        threshold, false_accepts, true_accepts = _nearest_vertex(scores, target)
    else:
        threshold, false_accepts, true_accepts = _at_most(scores, target)
    tar = true_accepts / scores.n_genuine
    if rule == "interp":
        tar = _interpolated(scores, target, false_accepts, true_accepts)
    return OperatingPoint(
        target_far=target,
        rule=rule,
        tar=tar,
        far=false_accepts / scores.n_impostor,
        threshold=threshold,
        true_accepts=true_accepts,
        false_accepts=false_accepts,
        n_genuine=scores.n_genuine,
        n_impostor=scores.n_impostor,
    )


def _nearest_vertex(scores: SortedScores, target: float) -> tuple[float, int, int]:
    """Threshold, false and true accepts of the vertex nearest to the target FAR."""
    n = scores.n_impostor
    centre, width = round(target * n), _FIRST_WINDOW
    while True:
        window = vertex_window(scores, centre - width, centre + width)
        if window.threshold.size:
            # Reversed, so that the first minimum is the vertex that accepts most.
            distance = np.abs(window.false_matches[::-1] / n - target)
            best = int(np.argmin(distance))
            above, below = window.matches_above, window.matches_below
            beyond_top = np.inf if above is None else target - above / n
            beyond_bottom = np.inf if below is None else below / n - target
            if distance[best] < min(beyond_top, beyond_bottom):
                i = window.threshold.size - 1 - best
                return (
                    float(window.threshold[i]),
                    int(window.false_matches[i]),
                    int(window.true_matches[i]),
                )
        width *= 8


def allowed_accepts(target: float, n_impostor: int) -> int:
    """Largest number of false accepts k with k / n_impostor <= target, as floats compare."""
    allowed = min(int(target * n_impostor) + 1, n_impostor)
    while allowed / n_impostor > target:
        allowed -= 1
    return allowed


def _at_most(scores: SortedScores, target: float) -> tuple[float, int, int]:
    """Threshold, false and true accepts of the lowest score with FAR <= target."""
    allowed = allowed_accepts(target, scores.n_impostor)
    if allowed == scores.n_impostor:
        lowest = min(scores.impostor[0], scores.genuine[0])
        return float(lowest), scores.n_impostor, scores.n_genuine
    highest_rejected = scores.impostor[scores.impostor.size - 1 - allowed]
    false_accepts = count_above(scores.impostor, highest_rejected)
    true_accepts = count_above(scores.genuine, highest_rejected)
    accepted = [float("inf")]
    if false_accepts:
        accepted.append(float(scores.impostor[-false_accepts]))
    if true_accepts:
        accepted.append(float(scores.genuine[-true_accepts]))
    return min(accepted), false_accepts, true_accepts


def _interpolated(
    scores: SortedScores, target: float, false_accepts: int, true_accepts: int
) -> float:
    """TAR on the straight line from the point at or below the target to the next one."""
    n = scores.n_impostor
    if false_accepts == n or false_accepts / n == target:
        return true_accepts / scores.n_genuine
    kept = scores.impostor.size
    next_score = scores.impostor[kept - 1 - false_accepts]
    next_false = kept - int(np.searchsorted(scores.impostor, next_score, side="left"))
    next_true = scores.n_genuine - int(np.searchsorted(scores.genuine, next_score, side="left"))
    share = (target * n - false_accepts) / (next_false - false_accepts)
    return (true_accepts + share * (next_true - true_accepts)) / scores.n_genuine
