"""Samplers: what a batch holds, and that only its number decides."""

from __future__ import annotations

import numpy as np
import pytest

from harness.errors import UsageError
from harness.training.data.samplers import PeopleSampler, UniformSampler

LABELS = np.array([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 0, 1, 2, 0])


def test_people_batch_has_p_people_of_at_most_k_distinct_images():
    sampler = PeopleSampler(LABELS, people=3, images=3, seed=1)
    counts = np.bincount(LABELS)
    drawn = np.zeros(len(LABELS))
    for draw in range(300):
        batch = sampler(draw)
        assert batch.dtype == np.int64
        assert len(set(batch.tolist())) == len(batch)
        people, sizes = np.unique(LABELS[batch], return_counts=True)
        assert len(people) == 3
        assert sizes.tolist() == np.minimum(counts[people], 3).tolist()
        drawn[batch] += 1
    # Every person is drawn 3 times of 5; then every image min(K, n) times of n.
    expected = 300 * 3 / 5 * np.minimum(counts, 3) / counts
    np.testing.assert_allclose(drawn, expected[LABELS], rtol=0.25)


def test_draws_do_not_depend_on_each_other_but_on_the_seed():
    one, other = (PeopleSampler(LABELS, 3, 3, seed) for seed in (1, 2))
    in_order = [one(draw).tolist() for draw in range(5)]
    assert [PeopleSampler(LABELS, 3, 3, 1)(draw).tolist() for draw in (4, 0)] == [
        in_order[4],
        in_order[0],
    ]
    assert [other(draw).tolist() for draw in range(5)] != in_order


def test_uniform_epochs_hold_every_image_once():
    sampler = UniformSampler(LABELS, batch=4, seed=1)
    assert sampler.per_epoch == 4
    epochs = [np.concatenate([sampler(4 * epoch + i) for i in range(4)]) for epoch in range(3)]
    for epoch in epochs:
        assert len(set(epoch.tolist())) == 16
    assert epochs[0].tolist() != epochs[1].tolist()
    np.testing.assert_array_equal(sampler(1), epochs[0][4:8])


def test_too_little_data_is_a_usage_error():
    with pytest.raises(UsageError, match="6 people cannot be drawn from 5"):
        PeopleSampler(LABELS, 6, 2, 0)
    with pytest.raises(UsageError, match="19 images cannot be drawn from 18"):
        UniformSampler(LABELS, 19, 0)
