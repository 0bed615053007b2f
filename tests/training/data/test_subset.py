from __future__ import annotations

import numpy as np
import pytest

from harness.errors import DataError
from harness.training.data.subset import ConcatenatedSets, MaskedSubset, choose, classes

SUBJECTS = np.repeat(np.arange(20), 7)
SAMPLES = np.tile(np.arange(7), 20)


def taken(**values):
    return choose(SUBJECTS, SAMPLES, 3, **values)


def test_everything_is_taken_unless_told_otherwise():
    assert taken().all()


@pytest.mark.parametrize("kind", ["images", "identities"])
def test_smaller_subsets_are_parts_of_larger_ones(kind):
    small, large = taken(**{kind: 5}), taken(**{kind: 11})
    assert (small <= large).all()
    for mask, count in ((small, 5), (large, 11)):
        assert (mask.sum() if kind == "images" else len(set(SUBJECTS[mask]))) == count
    other = choose(SUBJECTS, SAMPLES, 4, **{kind: 5})
    assert not np.array_equal(other, small)


def test_identities_are_drawn_before_images():
    mask = taken(identities=3, images=15)
    assert mask.sum() == 15
    assert set(SUBJECTS[mask]) <= set(SUBJECTS[taken(identities=3)])


def test_leaving_somebody_out_changes_the_order_of_nobody_else():
    gone = {2, 5}
    rest = [s for s in _order() if s not in gone]
    mask = taken(identities=6, excluded=gone)
    assert set(SUBJECTS[mask]) == set(rest[:6])


def _order():
    found: list[int] = []
    for count in range(1, 21):
        found += sorted(set(SUBJECTS[taken(identities=count)]) - set(found))
    return found


def test_the_order_of_rows_does_not_matter():
    shuffle = np.random.default_rng(0).permutation(len(SUBJECTS))
    mask = choose(SUBJECTS[shuffle], SAMPLES[shuffle], 3, images=30)
    assert np.array_equal(mask, taken(images=30)[shuffle])


@pytest.mark.parametrize(("kind", "count"), [("images", 141), ("identities", 21)])
def test_more_than_there_is_is_refused(kind, count):
    with pytest.raises(DataError, match=f"{count} {kind}"):
        taken(**{kind: count})


class Numbers:
    def __init__(self, start, labels):
        self.start, self.labels = start, np.array(labels)

    def __len__(self):
        return len(self.labels)

    def image(self, index):
        return np.full((1, 1, 3), self.start + index, np.uint8)


def test_a_union_keeps_images_and_people_apart():
    union = ConcatenatedSets([Numbers(10, [0, 1, 1]), Numbers(50, [0, 0])])
    assert union.labels.tolist() == [0, 1, 1, 2, 2]
    assert [int(union.image(i)[0, 0, 0]) for i in range(len(union))] == [10, 11, 12, 50, 51]


def test_a_part_has_labels_without_a_gap():
    part = MaskedSubset(Numbers(10, [0, 1, 1, 2]), np.array([False, True, False, True]))
    assert part.labels.tolist() == [0, 1]
    assert [int(part.image(i)[0, 0, 0]) for i in range(2)] == [11, 13]
    assert classes(np.array([5, 9, 5])).tolist() == [0, 1, 0]
