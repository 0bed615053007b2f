"""Which images of a set are embedded."""

from __future__ import annotations

import numpy as np

from harness.engine.sets.labelled_set import first_images


def test_the_first_images_of_each_person_keep_their_order():
    subjects = np.array([5, 1, 5, 5, 1, 2])
    assert first_images(subjects, 2).tolist() == [0, 1, 2, 4, 5]
    assert first_images(subjects, None).tolist() == [0, 1, 2, 3, 4, 5]
