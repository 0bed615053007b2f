"""Test of two methods over people and training seeds: a two-level variance model.

A method is known by the networks of a few training seeds, all tested on the same pairs. The mean
over seeds differs from the method's own value because other seeds and other people would give
another number. The model of crossed random effects (Searle et al. 1992, §4.5) adds both variances,
taking out what they share; their degrees of freedom are joined nearly as by Satterthwaite (1946).

Pairs that share a person are not independent. Their covariance is summed over all pairs of pairs
with a common person (Fafchamps & Gubert 2007; Aronow, Samii & Assenova 2015), which is unbiased
where the bootstrap with products of weights is too wide: it triples the variance of an impostor
pair (Owen 2007).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DataError
from harness.metrics.uncertainty.bootstrap import SubjectPairs

Doubles = NDArray[np.float64]

LEAST_SHARE = 0.5
"""Of the variance that independent pairs would have: sums over people can be far below it by
chance, and even negative, where there are few people."""

SHARES = 1.5
"""Power of the shares of the two variances by which their degrees of freedom are joined.

Satterthwaite's is 2. In simulations of two seeds a side it finds a difference that is not there in
5.0 to 7.1 % of studies, because a variance that is small by chance also gets a small weight; with
1 it is 3.4 to 5.7 %, with 1.5 it is 4.4 to 6.2 %, and from three seeds on 4.1 to 5.4 %.
"""

LEAST_FREEDOM = 2.0
"""Degrees of freedom of seeds below which they decide alone: one hardly tells a spread."""


@dataclass(frozen=True, eq=False)
class Spread:
    """How the numbers of T trainings vary together, as other people would be tested.

    ``covariance`` float64 (T, T) of the T numbers. ``sums`` float64 (T, G) are what each of G
    people (or pairs) adds. ``least`` float64 (T, T) is the covariance of independent pairs, a
    floor; ``rows`` is the number of pairs, of which one call more or less is the least that numbers
    are unsure by.
    """

    covariance: Doubles
    rows: int
    sums: Doubles
    least: Doubles | None = None

    def of(self, weights: ArrayLike) -> tuple[float, float]:
        """Variance of a weighted sum (T,) of the numbers, and its degrees of freedom."""
        w = np.asarray(weights, np.float64)
        variance = float(w @ self.covariance @ w)
        if self.least is not None:
            variance = max(variance, LEAST_SHARE * float(w @ self.least @ w))
        one_call = float(w @ w) / self.rows**2
        if variance <= one_call:
            return one_call, max(self.sums.shape[1] - 1.0, 1.0)
        # Few people may decide the difference, however many there are: their effective number.
        squares = np.square(w @ self.sums)
        effective = squares.sum() ** 2 / np.square(squares).sum()
        return variance, max(float(effective) - 1.0, 1.0)


def spread_over_people(influences: ArrayLike, pairs: SubjectPairs) -> Spread:
    """Spread of T numbers from what each pair adds to them, float (T, P), which sums to zero.

    Sums of products over all two pairs with a common person: (sum over people of S S') minus, for
    pairs of two people, what was counted with both of them.
    """
    u = _table(influences, pairs.genuine.size)
    apart = ~pairs.genuine
    left, right = pairs.left.astype(np.int64), pairs.right.astype(np.int64)
    sums: Doubles = np.stack([np.bincount(left, row, pairs.n_subjects) for row in u])
    sums = sums + [np.bincount(right[apart], row[apart], pairs.n_subjects) for row in u]
    low, high = np.minimum(left, right)[apart], np.maximum(left, right)[apart]
    codes = np.unique(low * pairs.n_subjects + high, return_inverse=True)[1]
    twice = np.stack([np.bincount(codes, row[apart]) for row in u])
    shared = sums @ sums.T - twice @ twice.T
    return Spread(shared, u.shape[1], sums, u @ u.T)


def spread_over_units(influences: ArrayLike, units: ArrayLike | None = None) -> Spread:
    """Spread of T numbers from what each row adds to them, float (T, P).

    ``units`` int (P,) numbers the people of the rows, whose sums are taken; without it every row is
    a unit.
    """
    u = np.asarray(influences, np.float64)
    u = _table(u, u.shape[-1])
    rows = u.shape[1]
    if units is not None:
        codes = np.unique(np.asarray(units), return_inverse=True)[1]
        u = np.stack([np.bincount(codes, row) for row in u])
    return Spread(u @ u.T, rows, u)


def _table(influences: ArrayLike, length: int) -> Doubles:
    u = np.asarray(influences, np.float64)
    if u.ndim != 2 or u.shape[1] != length or not u.size:
        raise DataError(f"influences of {length:,} pairs are needed, not shape {u.shape}")
    return u


@dataclass(frozen=True, slots=True)
class TwoLevel:
    """B minus A, with the variances of its error and their degrees of freedom.

    ``seeds`` is that of training seeds, 0 with one training each, where the test is about two
    networks and not about the methods that made them; ``people`` is the rest. ``counts`` are the
    trainings of A and of B, 0 for a side that has no seeds.
    """

    difference: float
    seeds: float
    people: float
    seeds_freedom: float
    people_freedom: float
    counts: tuple[int, ...]

    @property
    def standard_error(self) -> float:
        """Of the difference, over seeds and people."""
        return float(np.sqrt(self.seeds + self.people))

    @property
    def freedom(self) -> float:
        """Degrees of freedom of the standard error."""
        whole = self.seeds + self.people
        if self.seeds > 0 and self.seeds_freedom < LEAST_FREEDOM:
            return self.seeds_freedom
        terms = ((self.seeds, self.seeds_freedom), (self.people, self.people_freedom))
        return 1 / float(sum((term / whole) ** SHARES / df for term, df in terms))

    @property
    def p_value(self) -> float:
        """Two-sided, that there is no difference."""
        return min(1.0, 2 * _tail(-abs(self.difference), self.standard_error, self.freedom))

    def half_width(self, level: float = 0.95) -> float:
        """Half the width of the interval of the difference."""
        from scipy.special import stdtrit

        return float(stdtrit(self.freedom, (1 + level) / 2)) * self.standard_error

    def p_above(self, bound: float) -> float:
        """P-value of the hypothesis that the difference is ``bound`` or less."""
        return _tail(bound - self.difference, self.standard_error, self.freedom)

    def p_below(self, bound: float) -> float:
        """P-value of the hypothesis that the difference is ``bound`` or more."""
        return _tail(self.difference - bound, self.standard_error, self.freedom)

    def with_one_more_seed(self) -> TwoLevel:
        """What one more training of A and of B would leave, if seeds and people vary as seen."""
        counts = tuple(count + 1 if count else 0 for count in self.counts)
        seeds = self.seeds * _inverse(counts) / _inverse(self.counts)
        freedom = self.seeds_freedom + sum(count > 0 for count in counts)
        return replace(self, seeds=seeds, seeds_freedom=freedom, counts=counts)


def two_level_test(
    a: Sequence[float],
    b: Sequence[float],
    spread: Spread,
    fixed: tuple[bool, bool] = (False, False),
) -> TwoLevel:
    """Test B against A: one number for each training of A and of B, on the same people.

    ``fixed`` marks a side that is a network and not a method: it has no seeds to vary.

    ``spread`` holds the trainings of A, then those of B. Seeds of both methods are taken to vary
    equally, so two seeds each give two degrees of freedom, and a single seed on one side borrows
    the variance of the other. With one training on each side only people are tested over.
    """
    counts = np.array([len(a), len(b)])
    if not counts.all() or spread.covariance.shape[0] != counts.sum():
        raise DataError(f"{spread.covariance.shape[0]} trainings are not {len(a)} and {len(b)}")
    varied = tuple(0 if still else len(side) for still, side in zip(fixed, (a, b), strict=True))
    people, people_freedom = spread.of(np.repeat([-1.0, 1.0] / counts, counts))
    seeds, shared, seeds_freedom = _seeds(a, b, spread, varied)
    # What seeds and people do together is in both variances; it counts once.
    rest = max(people - shared, 0.0) if seeds > 0 else people
    effect = float(np.mean(b) - np.mean(a))
    return TwoLevel(effect, seeds, rest, seeds_freedom, people_freedom, varied)


def _seeds(
    a: Sequence[float], b: Sequence[float], spread: Spread, varied: Sequence[int]
) -> tuple[float, float, float]:
    """Variance of B minus A from seeds, the part of it that people vary, degrees of freedom."""
    freedom = len(a) + len(b) - 2
    if not freedom:
        return 0.0, 0.0, 1.0
    squares = sum(float(np.square(np.asarray(side) - np.mean(side)).sum()) for side in (a, b))
    first, rest = slice(0, len(a)), slice(len(a), None)
    own = sum(
        (len(side) - 1) * _unshared(spread.covariance[rows, rows])
        for side, rows in ((a, first), (b, rest))
    )
    per_difference = _inverse(varied)
    return (
        squares / freedom * per_difference,
        max(own / freedom, 0.0) * per_difference,
        float(freedom),
    )


def _inverse(counts: Sequence[int]) -> float:
    """Variance of a difference of means of this many trainings, of one training's variance."""
    return float(sum(1 / count for count in counts if count))


def _unshared(covariance: Doubles) -> float:
    """Mean variance of a training's number over people, less what all trainings share of it."""
    n = covariance.shape[0]
    if n < 2:
        return 0.0
    own = float(np.trace(covariance))
    shared: float = (float(covariance.sum()) - own) / (n * (n - 1))
    return float(own / n - shared)


def _tail(value: float, error: float, freedom: float) -> float:
    """Share of Student's distribution below ``value / error``."""
    from scipy.special import stdtr

    return float(stdtr(freedom, value / error))
