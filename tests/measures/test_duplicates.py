"""Hashes of changed pictures, and pairs against a loop."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from harness.measures.duplicates import duplicates, exact_copies, near_pairs, perceptual_hash


def picture(seed: int, side: int = 112) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (7, 7, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC))


def bits(a: np.uint64, b: np.uint64) -> int:
    return int(a ^ b).bit_count()


def test_hash_survives_what_leaves_the_picture() -> None:
    image = picture(0)
    own = perceptual_hash(image)
    smaller = cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA)
    brighter = np.clip(image.astype(np.int16) // 2 + 60, 0, 255).astype(np.uint8)
    saved = cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], 1)
    for changed in (smaller, brighter, saved):
        assert bits(own, perceptual_hash(np.asarray(changed))) <= 4
    others = [bits(own, perceptual_hash(picture(seed))) for seed in range(1, 30)]
    assert min(others) > 10
    assert 24 < np.mean(others) < 40


def test_hash_against_the_transform_written_out() -> None:
    image = picture(3)
    grey = cv2.resize(
        cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (32, 32), interpolation=cv2.INTER_AREA
    )
    n = np.arange(32)
    basis = np.cos(np.pi * (2 * n[None, :] + 1) * n[:, None] / 64) * np.sqrt(2 / 32)
    basis[0] /= np.sqrt(2)
    low = (basis @ grey.astype(np.float64) @ basis.T)[:8, :8].ravel()
    expected = sum(1 << (63 - k) for k, value in enumerate(low) if value > np.median(low[1:]))
    assert bits(perceptual_hash(image), np.uint64(expected)) <= 1  # one may be on the median


def test_pairs_are_those_of_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.measures.duplicates._ROWS", 7)
    monkeypatch.setattr("harness.measures.duplicates._COLUMNS", 13)
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**63, 60, dtype=np.uint64)
    for k in range(0, 40, 2):
        hashes[k + 1] = hashes[k] ^ np.uint64((1 << (k // 4)) - 1)  # 0 to 9 bits
    found = near_pairs(hashes)
    expected = {
        (i, j) for i in range(60) for j in range(i + 1, 60) if bits(hashes[i], hashes[j]) <= 4
    }
    assert {*zip(found.first.tolist(), found.second.tolist(), strict=True)} == expected
    assert found.count == len(expected) == len(found.first)
    across = near_pairs(hashes[:30], hashes[30:])
    expected = {
        (i, j) for i in range(30) for j in range(30) if bits(hashes[i], hashes[j + 30]) <= 4
    }
    assert {*zip(across.first.tolist(), across.second.tolist(), strict=True)} == expected


def test_planted_copies_are_counted_by_kind() -> None:
    rng = np.random.default_rng(1)
    hashes = rng.integers(0, 2**63, 40, dtype=np.uint64)
    digests = [f"{k}" for k in range(40)]
    subjects = np.arange(40) // 4
    hashes[1] = hashes[0]
    digests[1] = digests[0]  # the same file twice, one person
    hashes[9] = hashes[20] ^ np.uint64(5)  # nearly, two people
    found = {row.metric: row.value for row in duplicates(digests, hashes, subjects)}
    assert found == {"exact_duplicates": 1, "near_duplicates": 2, "near_duplicates_within": 1,
                     "near_duplicates_across": 1}  # fmt: skip
    assert exact_copies([b"a", b"b", b"a", b"a"]).tolist() == [2, 3]


def test_more_pairs_than_can_be_listed_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.measures.duplicates.MOST_PAIRS", 10)
    found = {
        row.metric: row for row in duplicates(["x"] * 30, np.zeros(30, np.uint64), np.arange(30))
    }
    assert found["near_duplicates"].value == 435
    assert found["exact_duplicates"].value == 29
    assert found["near_duplicates_within"].value is None
    assert "435" in found["near_duplicates_within"].why
