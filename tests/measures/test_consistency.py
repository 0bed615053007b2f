"""Against a loop over images, and sets with a known share of wrong labels."""

from __future__ import annotations

import numpy as np
import pytest

from harness.measures.consistency import assign, consistency
from harness.measures.embedded import embedded
from tests.measures.made import people


def test_every_image_is_judged_as_one_by_one() -> None:
    vectors, labels = people(12, 4, 1.2)
    labels[:4] = [50, 51, 52, 53]  # identities of one image compete and are not judged
    faces = embedded(vectors, labels)
    found = assign(faces)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert len(found.rows) == len(labels) - 4
    for position, row in enumerate(found.rows):
        scores = {}
        for label in np.unique(labels):
            members = [i for i in np.flatnonzero(labels == label) if i != row]
            if members:
                centre = unit[members].sum(axis=0)
                scores[label] = float(unit[row] @ centre / np.linalg.norm(centre))
        best = max(scores, key=lambda label: scores[label])
        assert faces.labels[found.nearest[position]] == best
        assert found.own_cosine[position] == pytest.approx(scores[labels[row]], abs=1e-5)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.2])
def test_planted_wrong_labels_are_found(share: float) -> None:
    vectors, labels = people(100, 10, 0.35, dim=64)
    rng = np.random.default_rng(5)
    wrong = rng.choice(len(labels), round(share * len(labels)), replace=False)
    labels[wrong] = (labels[wrong] + rng.integers(1, 100, len(wrong))) % 100
    faces = embedded(vectors, labels)
    found = assign(faces)
    first, second = consistency(faces, found, rng)
    assert first.value == pytest.approx(1 - share, abs=1e-9)
    assert first.low is not None
    assert first.high is not None
    assert first.low <= 1 - share <= first.high
    assert second.value is not None
    assert second.value > 0.7
    assert set(found.rows[found.worst(10**6)].tolist()) == set(wrong.tolist())


def test_equal_embeddings_count_for_their_own() -> None:
    faces = embedded(np.ones((6, 3)), [0, 0, 1, 1, 2, 2])
    assert consistency(faces, assign(faces), np.random.default_rng(0))[0].value == 1.0


@pytest.mark.parametrize(
    ("labels", "why"), [([0, 1, 2], "two images"), ([0, 0, 0], "one identity")]
)
def test_what_cannot_be_judged_says_so(labels: list[int], why: str) -> None:
    faces = embedded(np.eye(3), labels)
    rows = consistency(faces, assign(faces), np.random.default_rng(0))
    assert all(row.value is None and why in row.why for row in rows)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, labels = people(30, 5, 1.5)
    whole = assign(embedded(vectors, labels))
    monkeypatch.setattr("harness.measures.consistency._SCORES", 1)
    monkeypatch.setattr("harness.measures.consistency._LEAST_ROWS", 7)
    cut = assign(embedded(vectors, labels))
    assert (whole.nearest == cut.nearest).all()
