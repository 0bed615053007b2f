from __future__ import annotations

import numpy as np
import pytest

from harness.errors import DataError
from harness_plugins.generators.digi2real.filter import filter_order, most_similar


def plain(rows: np.ndarray, score: str) -> tuple[list[int], np.ndarray]:
    """The definitions in loops over a whole matrix."""
    count = len(rows)
    matrix = rows.astype(np.float64) @ rows.astype(np.float64).T
    others = [[matrix[i, j] for j in range(count) if j != i] for i in range(count)]
    if score != "greedy":
        scores = np.array([max(o) if score == "max" else sum(o) / len(o) for o in others])
        return sorted(range(count), key=lambda i: (scores[i], i)), scores
    taken = [min(range(count), key=lambda i: max(others[i]))]
    scores = np.full(count, -1.0)
    while len(taken) < count:
        left = [i for i in range(count) if i not in taken]
        largest = {i: max(matrix[i, j] for j in taken) for i in left}
        taken.append(min(left, key=largest.__getitem__))
        scores[taken[-1]] = largest[taken[-1]]
    return taken, scores


@pytest.mark.parametrize("score", ["max", "mean", "greedy"])
@pytest.mark.parametrize("block", [1, 7, 1024])
def test_orders_are_those_of_the_definition(random_units, score, block):
    rows = random_units(40, 16, seed=4)
    order, scores = filter_order(rows, score, block)
    expected_order, expected_scores = plain(rows, score)
    assert order.tolist() == expected_order
    assert scores == pytest.approx(expected_scores, abs=1e-6)


def test_near_duplicates_come_last(random_units):
    rows = random_units(10, 64)
    rows[7] = rows[2] + 0.01 * rows[3]
    rows[7] /= np.linalg.norm(rows[7])
    order, _ = filter_order(rows, "max")
    assert set(order[-2:].tolist()) == {2, 7}
    greedy, _ = filter_order(rows, "greedy")
    assert greedy[-1] in (2, 7)
    assert {2, 7} != set(greedy[-2:].tolist())
    nearest, _ = most_similar(rows)
    assert (nearest[2], nearest[7]) == (7, 2)


@pytest.mark.parametrize("score", ["max", "mean", "greedy"])
def test_few_identities(random_units, score):
    for count in (0, 1):
        order, scores = filter_order(random_units(count, 8), score)
        assert order.tolist() == list(range(count))
        assert len(scores) == count


def test_lengths_are_checked(random_units):
    with pytest.raises(DataError, match="unit length"):
        filter_order(random_units(3, 8) * 2)
