from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import DataError
from harness.metrics import search_gallery, search_scores


def plain_search(scores, probe_subjects, gallery_subjects):
    """Each probe in a loop: mate, best other, rank with ties against the mate."""
    rows = []
    for row, subject in zip(scores, probe_subjects, strict=True):
        own = [s for s, g in zip(row, gallery_subjects, strict=True) if g == subject]
        others = [s for s, g in zip(row, gallery_subjects, strict=True) if g != subject]
        mate = max(own, default=-np.inf)
        rank = 1 + sum(s >= mate for s in others) if own else 0
        rows.append((bool(own), mate, max(others, default=-np.inf), rank))
    return [np.array(column) for column in zip(*rows, strict=True)]


def assert_equal(found, expected):
    for name, column in zip(("mated", "mate_score", "other_score", "rank"), expected, strict=True):
        np.testing.assert_array_equal(getattr(found, name), column, err_msg=name)


@given(st.data())
def test_small_matrices_with_ties_many_mates_and_rejections(data):
    n_probes = data.draw(st.integers(1, 6))
    n_gallery = data.draw(st.integers(1, 6))
    value = st.sampled_from([0.0, 0.25, 0.5, -np.inf])
    scores = np.array(
        data.draw(st.lists(value, min_size=n_probes * n_gallery, max_size=n_probes * n_gallery)),
        np.float32,
    ).reshape(n_probes, n_gallery)
    subject = st.integers(0, 3)
    probes = data.draw(st.lists(subject, min_size=n_probes, max_size=n_probes))
    gallery = data.draw(st.lists(subject, min_size=n_gallery, max_size=n_gallery))
    before = scores.copy()
    assert_equal(search_scores(scores, probes, gallery), plain_search(scores, probes, gallery))
    np.testing.assert_array_equal(scores, before)


@pytest.fixture
def scene():
    rng = np.random.default_rng(0)
    probes = rng.integers(-3, 4, size=(200, 6)).astype(np.float32)  # whole numbers: many ties
    gallery = rng.integers(-3, 4, size=(45, 6)).astype(np.float32)
    return probes, rng.integers(0, 60, size=200), gallery, rng.integers(0, 60, size=45)


def test_from_embeddings_in_blocks_of_any_size(scene, monkeypatch):
    probes, probe_subjects, gallery, gallery_subjects = scene
    expected = plain_search(probes @ gallery.T, probe_subjects, gallery_subjects)
    assert_equal(search_gallery(*scene), expected)
    module = sys.modules["harness.metrics.search"]
    for scores, least in ((45 * 7, 1), (45, 64), (1, 7)):
        monkeypatch.setattr(module, "_BLOCK_SCORES", scores)
        monkeypatch.setattr(module, "_LEAST_PROBES", least)
        assert_equal(search_gallery(*scene), expected)
        assert_equal(search_scores(probes @ gallery.T, probe_subjects, gallery_subjects), expected)


def test_labels_may_be_names(scene):
    probes, probe_subjects, gallery, gallery_subjects = scene
    named = search_gallery(
        probes,
        [f"s{k:03}" for k in probe_subjects],
        gallery,
        [f"s{k:03}" for k in gallery_subjects],
    )
    numbered = search_gallery(*scene)
    np.testing.assert_array_equal(named.rank, numbered.rank)


def test_rows_without_a_face_score_minus_infinity(scene):
    probes, probe_subjects, gallery, gallery_subjects = scene
    probe_ok, gallery_ok = np.arange(200) % 7 != 0, np.arange(45) % 5 != 0
    scores = probes @ gallery.T
    scores[~probe_ok] = -np.inf
    scores[:, ~gallery_ok] = -np.inf
    probes[~probe_ok] = np.nan
    gallery[~gallery_ok] = np.inf
    found = search_gallery(*scene, probe_enrolled=probe_ok, gallery_enrolled=gallery_ok)
    assert_equal(found, plain_search(scores, probe_subjects, gallery_subjects))
    rejected = found.mated & ~probe_ok
    assert rejected.any()
    assert (found.rank[rejected] > 40).all()


def test_types_of_the_result(scene):
    found = search_gallery(*scene)
    assert found.mate_score.dtype == found.other_score.dtype == np.float32
    assert found.rank.dtype == np.int32
    assert found.mated.dtype == np.bool_


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({0: np.ones((200, 5), np.float32)}, "5 dimensions, the gallery 6"),
        ({1: np.zeros(3)}, "200 entries"),
        ({3: np.zeros(3)}, "45 entries"),
        ({0: np.full((200, 6), np.nan, np.float32)}, "probes: 200 of 200 rows are not finite"),
        ({2: np.zeros((0, 6), np.float32)}, "gallery must be a float"),
        ({2: np.zeros((45, 6), int)}, "gallery must be a float"),
    ],
)
def test_unusable_input_is_named(scene, change, message):
    arguments = [change.get(k, value) for k, value in enumerate(scene)]
    with pytest.raises(DataError, match=message):
        search_gallery(*arguments)


def test_unusable_matrices_are_named():
    for subject in (0, 1):  # NaN as the mate's score, and as another's
        with pytest.raises(DataError, match="1 of 2 probes hold NaN, the first is probe 1"):
            search_scores([[0.5, 0.5], [np.nan, 0.5]], [0, subject], [0, 7])
    with pytest.raises(DataError, match="probes by gallery"):
        search_scores([1.0], [0], [0])
