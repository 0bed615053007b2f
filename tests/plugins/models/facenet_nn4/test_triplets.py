"""Triplet selection and loss against loops and the published gradient."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch.nn import functional as F

from harness_plugins.models.facenet_nn4.triplets import TripletObjective, select

LABELS = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2, 3])


def embeddings(seed=0):
    return F.normalize(torch.randn(9, 4, generator=torch.Generator().manual_seed(seed)), dim=1)


def allowed(x, alpha, selection):
    """For every pair i < j of one person, the set of its possible negatives, by loops."""
    found = {}
    for i, j in itertools.combinations(range(len(LABELS)), 2):
        if LABELS[i] != LABELS[j]:
            continue
        near = (x[i] - x[j]).square().sum()
        gaps = {
            n: float((x[i] - x[n]).square().sum() - near)
            for n in range(len(LABELS))
            if LABELS[n] != LABELS[i]
        }
        found[i, j] = {
            n for n, gap in gaps.items() if gap < alpha and (selection == "vanilla" or gap > 0)
        }
    return found


@pytest.mark.parametrize("selection", ["vanilla", "semi-hard"])
def test_draws_uniformly_among_the_allowed_negatives(selection):
    x = embeddings()
    expected = allowed(x, 0.5, selection)
    seen = {pair: set() for pair in expected}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for _ in range(200):
            triplets = [t.tolist() for t in select(x, LABELS, 0.5, selection)]
            for a, p, n in zip(*triplets, strict=True):
                seen[a, p].add(n)
    assert seen == expected
    assert any(expected.values())


def test_loss_and_gradient_equal_the_published_formula():
    x = embeddings(1).requires_grad_()
    objective = TripletObjective(0.2, "vanilla")
    with torch.random.fork_rng():
        torch.manual_seed(3)
        a, p, n = select(x.detach(), LABELS, 0.2, "vanilla")
        torch.manual_seed(3)
        loss, log = objective(x, LABELS)
    assert log == {"triplets": len(a)}
    loss.backward()
    kept, gradient, total = x.detach(), torch.zeros(9, 4), 0.0
    for i, j, k in zip(a.tolist(), p.tolist(), n.tolist(), strict=True):
        margin = (kept[i] - kept[j]).square().sum() - (kept[i] - kept[k]).square().sum() + 0.2
        assert margin > 0
        total += margin / len(a)
        gradient[i] += 2 * (kept[k] - kept[j]) / len(a)
        gradient[j] += 2 * (kept[j] - kept[i]) / len(a)
        gradient[k] += 2 * (kept[i] - kept[k]) / len(a)
    torch.testing.assert_close(loss.detach(), total)
    torch.testing.assert_close(x.grad, gradient)


def test_separated_people_leave_nothing_to_learn():
    x = torch.eye(4)[LABELS]
    assert TripletObjective(0.2, "vanilla")(x, LABELS) == (None, {})


def test_equal_embeddings_give_a_loss_of_alpha():
    loss, _ = TripletObjective(0.2, "vanilla")(torch.ones(9, 4) / 2, LABELS)
    assert float(loss) == pytest.approx(0.2)
    assert TripletObjective(0.2, "semi-hard")(torch.ones(9, 4) / 2, LABELS)[0] is None
