from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import fractional_matrix_power

from harness.errors import DataError
from harness.training import whitening
from harness.training.whitening import Whitening, whitener

SIZE = 6
MIX = np.random.default_rng(0).normal(size=(SIZE, SIZE))


def people(count, images, seed=0):
    """Embeddings that differ within a person along a few directions above all, and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(count), images)
    centres = rng.normal(size=(count, SIZE))
    return centres[labels] + 0.5 * rng.normal(size=(len(labels), SIZE)) @ MIX, labels


def within(embeddings, labels):
    """Covariance of unit-length embeddings about the means of their classes."""
    unit = embeddings / np.linalg.norm(embeddings, axis=1)[:, None]
    parts = [unit[labels == label] - unit[labels == label].mean(0) for label in set(labels)]
    return np.mean([np.outer(row, row) for part in parts for row in part], axis=0)


@pytest.mark.parametrize("floor", [1e-9, 0.03, 1.0])
def test_the_map_is_the_inverse_root_of_the_covariance_within_a_class(floor):
    embeddings, labels = people(30, 8)
    covariance = within(embeddings, labels)
    largest = np.linalg.eigvalsh(covariance)[-1]
    root = fractional_matrix_power(covariance + floor * largest * np.eye(SIZE), -0.5)
    found = whitener(embeddings, labels, floor)
    np.testing.assert_allclose(found / found[0, 0], root / root[0, 0], rtol=1e-6, atol=1e-9)
    deviations = np.sqrt(np.linalg.eigvalsh(found.T @ covariance @ found))
    assert deviations[-1] == pytest.approx(np.sqrt(largest))
    if floor < 1e-6:
        np.testing.assert_allclose(deviations, np.sqrt(largest), rtol=1e-6)


def test_one_image_of_each_person_says_nothing_of_what_varies_within():
    embeddings, labels = people(8, 1)
    with pytest.raises(DataError, match="two images or more that differ; leave out"):
        whitener(embeddings, labels, 0.1)


def test_people_are_told_apart_better_where_one_direction_says_nothing():
    def closer(embeddings, labels):
        unit = embeddings / np.linalg.norm(embeddings, axis=1)[:, None]
        cosine, same = unit @ unit.T, labels[:, None] == labels
        genuine = cosine[same & ~np.eye(len(unit), dtype=bool)]
        return (genuine[:, None] > cosine[~same][None, ::7]).mean()

    embeddings, labels = people(30, 8)
    others, their_labels = people(20, 6, seed=5)
    found = whitener(embeddings, labels, 0.01)
    assert closer(others @ found, their_labels) > closer(others, their_labels) + 0.03


def test_a_layer_is_the_identity_until_it_is_fitted_and_never_trained():
    embeddings, labels = people(10, 8)
    layer = Whitening(SIZE)
    before = torch.from_numpy(embeddings).float()
    torch.testing.assert_close(layer(before), before)
    assert not list(layer.parameters())

    def outputs(numbers):
        return layer(before[torch.from_numpy(numbers)])

    layer.fit(outputs, labels, 0.1)
    expected = torch.from_numpy(whitener(embeddings, labels, 0.1)).float()
    torch.testing.assert_close(layer.matrix, expected, rtol=1e-4, atol=1e-5)
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(before.bfloat16()).dtype == torch.float32
    again = whitener(layer(before).double().numpy(), labels, 0.1)
    layer.fit(outputs, labels, 0.1)
    torch.testing.assert_close(layer.matrix, expected @ torch.from_numpy(again).float(),
                               rtol=1e-3, atol=1e-4)  # fmt: skip


def test_no_more_images_are_read_than_needed_and_each_once(monkeypatch):
    monkeypatch.setattr(whitening, "IMAGES", 40)
    embeddings, labels = people(10, 8)
    mixed = np.random.default_rng(1).permutation(80)
    asked = []

    def outputs(numbers):
        asked.extend(numbers.tolist())
        return torch.from_numpy(embeddings[mixed][numbers])

    Whitening(SIZE).fit(outputs, labels[mixed], 0.1)
    assert len(asked) == len(set(asked)) == 40
    assert set(labels[mixed][asked]) == set(range(5))
