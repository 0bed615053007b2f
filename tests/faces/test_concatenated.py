from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from harness.faces.concatenated import ConcatenatedImages


def images(count: int, template: str | None = "arcface", *, known: bool = True):
    return SimpleNamespace(
        names=[f"{i}.jpg" for i in range(count)],
        landmarks=np.full((count, 5, 2), count, np.float32),
        boxes=np.full((count, 4), count, np.float32),
        template=template,
        subjects=np.arange(count) if known else None,
        read=lambda index: b"%d of %d" % (index, count),
    )


class Counted(SimpleNamespace):
    def __len__(self):
        return len(self.names)


def concatenated(**sets):
    return ConcatenatedImages({name + "/": Counted(**vars(s)) for name, s in sets.items()})


def test_images_of_all_sets_stand_one_after_the_other():
    both = concatenated(a=images(3), b=images(2))
    assert len(both) == 5
    assert [both.read(i) for i in range(5)] == [
        b"0 of 3", b"1 of 3", b"2 of 3", b"0 of 2", b"1 of 2",
    ]  # fmt: skip
    assert both.names[2:4] == ["a/2.jpg", "b/0.jpg"]
    assert both.boxes[:, 0].tolist() == [3, 3, 3, 2, 2]
    assert both.landmarks.shape == (5, 5, 2)
    assert both.subjects.tolist() == [0, 1, 2, 0, 1]


def test_what_not_all_sets_have_the_whole_lacks():
    assert concatenated(a=images(1), b=images(1)).template == "arcface"
    assert concatenated(a=images(1), b=images(1, None)).template is None
    assert concatenated(a=images(1), b=images(1, known=False)).subjects is None
