"""Which measure of a set goes with accuracy: rank correlations over sets, and prediction errors.

Every row is a face set; nothing here knows trainings. Intervals resample sets, p-values permute
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from harness.errors import UsageError
from harness.metrics.uncertainty.paired import holm

Floats = NDArray[np.float64]
LEAST_SETS = 8
"""With seven sets a rank correlation below 0.79 is not evidence at the level of 5 %."""


@dataclass(frozen=True)
class Association:
    """How one measure goes with one score over sets.

    ``spearman`` with its percentile interval ``low`` to ``high``, ``kendall`` (tau-b), ``partial``
    the Spearman correlation given the covariates, ``p_value`` by permutation (two-sided) and
    ``holm`` adjusted over all measures. ``loo_error`` is the root mean square error of predicting
    each set from the others by a line on this measure. None where a value is undefined.
    """

    measure: str
    sets: int
    spearman: float | None
    low: float | None
    high: float | None
    kendall: float | None
    partial: float | None
    p_value: float | None
    holm: float | None
    loo_error: float | None


@dataclass(frozen=True)
class Prediction:
    """All measures for one score, and the errors of the mean, the best measure, and a ridge.

    ``error_best`` chooses the best measure again without the set that it predicts, so it is no
    better than chance where chance chose.
    """

    score: str
    sets: int
    associations: tuple[Association, ...]
    error_mean: float
    error_best: float | None
    error_ridge: float | None


def predict(
    score: str,
    values: Floats,
    measures: Mapping[str, Floats],
    covariates: Mapping[str, Floats],
    rng: np.random.Generator,
    *,
    replicates: int = 2000,
    permutations: int = 10_000,
) -> Prediction:
    """Relate ``measures`` (S,) each to a score (S,), given ``covariates`` (S,) each.

    Measures with NaN are judged on the sets that have them; a ridge uses the measures that all sets
    have. Raises UsageError below eight sets.
    """
    if len(values) < LEAST_SETS:
        raise UsageError(
            f"{len(values)} face sets have both measures and {score}; {LEAST_SETS} are needed"
        )
    found = [
        _associate(name, column, values, covariates, rng, replicates, permutations)
        for name, column in measures.items()
    ]
    tested = [k for k, item in enumerate(found) if item.p_value is not None]
    adjusted = dict(zip(tested, holm([found[k].p_value or 0.0 for k in tested]), strict=True))
    kept = tuple(replace(item, holm=adjusted.get(k)) for k, item in enumerate(found))
    whole = {name: column for name, column in measures.items()
             if np.isfinite(column).all() and np.ptp(column) > 0}  # fmt: skip
    table = np.column_stack(list(whole.values())) if whole else np.empty((len(values), 0))
    return Prediction(
        score,
        len(values),
        kept,
        _rms(values - _others_mean(values)),
        _best_error(table, values) if whole else None,
        _ridge_error(table, values) if whole else None,
    )


def _associate(
    name: str,
    column: Floats,
    values: Floats,
    covariates: Mapping[str, Floats],
    rng: np.random.Generator,
    replicates: int,
    permutations: int,
) -> Association:
    here = np.isfinite(column)
    x, y = column[here], values[here]
    given = np.column_stack([c[here] for c in covariates.values()]) if covariates else None
    if len(x) < LEAST_SETS or np.ptp(x) == 0 or np.ptp(y) == 0:
        return Association(name, len(x), None, None, None, None, None, None, None, None)
    from scipy.stats import kendalltau

    rho = spearman(x, y)
    drawn = rng.integers(len(x), size=(replicates, len(x)))
    around = np.array([spearman(x[rows], y[rows]) for rows in drawn])
    around = around[np.isfinite(around)]
    low, high = np.quantile(around, [0.025, 0.975])
    ranks, others = _ranks(x), _ranks(y)
    shuffled = np.array([_correlation(ranks, rng.permutation(others)) for _ in range(permutations)])
    # The observed order is one of the permutations (Phipson & Smyth 2010).
    p_value = (1 + int((np.abs(shuffled) >= abs(rho) - 1e-12).sum())) / (1 + permutations)
    line = [np.polyval(np.polyfit(np.delete(x, k), np.delete(y, k), 1), x[k])
            if np.ptp(np.delete(x, k)) > 0 else np.delete(y, k).mean()
            for k in range(len(x))]  # fmt: skip
    return Association(
        name,
        len(x),
        rho,
        min(float(low), rho),
        max(float(high), rho),
        float(kendalltau(x, y).statistic),
        None if given is None else partial(x, y, given),
        p_value,
        None,
        _rms(y - np.array(line)),
    )


def spearman(x: Floats, y: Floats) -> float:
    """Correlation of mid-ranks; NaN where one side is constant."""
    return _correlation(_ranks(x), _ranks(y))


def partial(x: Floats, y: Floats, given: Floats) -> float | None:
    """Spearman correlation of x and y given covariates (S, C): of the residuals of their ranks.

    None where the covariates explain one side wholly, or leave no degree of freedom.
    """
    design = np.column_stack([np.ones(len(x)), *(_ranks(column) for column in given.T)])
    if np.linalg.matrix_rank(design) >= len(x) - 1:
        return None
    left, right = (
        ranks - design @ np.linalg.lstsq(design, ranks, rcond=None)[0]
        for ranks in (_ranks(x), _ranks(y))
    )
    if min(np.abs(left).max(), np.abs(right).max()) < 1e-9 * len(x):
        return None
    return _correlation(left, right)


def _ranks(values: Floats) -> Floats:
    from scipy.stats import rankdata

    return np.asarray(rankdata(values), np.float64)


def _correlation(x: Floats, y: Floats) -> float:
    a, b = x - x.mean(), y - y.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else float("nan")


def _rms(errors: Floats) -> float:
    return float(np.sqrt(np.mean(errors**2)))


def _others_mean(values: Floats) -> Floats:
    return np.asarray((values.sum() - values) / (len(values) - 1))


def _best_error(table: Floats, values: Floats) -> float:
    """Leave-one-out error of a line on the measure that is best among the other sets."""
    errors = []
    for k in range(len(values)):
        x, y = np.delete(table, k, 0), np.delete(values, k)
        strength = [abs(spearman(column, y)) for column in x.T]
        best = int(np.nanargmax(strength)) if np.isfinite(strength).any() else 0
        slope = np.polyfit(x[:, best], y, 1) if np.ptp(x[:, best]) > 0 else [0.0, y.mean()]
        errors.append(values[k] - np.polyval(slope, table[k, best]))
    return _rms(np.array(errors))


def _ridge_error(table: Floats, values: Floats) -> float:
    """Leave-one-out error of a ridge on all measures, its penalty chosen among the other sets."""
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    errors = []
    for k in range(len(values)):
        model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-3, 4, 15)))
        model.fit(np.delete(table, k, 0), np.delete(values, k))
        errors.append(values[k] - float(model.predict(table[k : k + 1])[0]))
    return _rms(np.array(errors))
