from __future__ import annotations

import pytest

from harness.engine import attributes as module
from harness.engine.attributes import attributes


class Faces:
    """A face set of which only the metadata is asked for."""

    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def meta(self, index):
        return self.rows[index]


def test_numbers_are_binned_and_words_are_counted():
    rows = [{"yaw_deg": float(i), "light": "lobes" if i % 4 else "flat", "worn": i % 2 == 0,
             "size": 3, "none": None, "file": f"f{i}"} for i in range(100)]  # fmt: skip
    found = attributes(Faces(rows))
    assert (found["faces"], found["read"]) == (100, 100)
    assert sum(found["numeric"]["yaw_deg"]["counts"]) == 100
    assert found["numeric"]["yaw_deg"]["edges"][0] == 0
    assert found["numeric"]["yaw_deg"]["edges"][-1] == 99
    assert found["numeric"]["size"]["counts"] == [100]
    assert found["named"] == {"light": {"lobes": 75, "flat": 25}, "worn": {"yes": 50, "no": 50}}


def test_a_large_set_is_read_at_even_steps(monkeypatch):
    monkeypatch.setattr(module, "MOST_FACES", 11)
    found = attributes(Faces([{"x": float(i)} for i in range(101)]))
    assert found["read"] == 11
    assert found["numeric"]["x"]["edges"][-1] == 100


def test_values_that_are_no_numbers_do_not_break_a_histogram():
    rows = [{"x": 1.0}, {"x": float("nan")}, {"x": 2.0}, {"mixed": 1}, {"mixed": "a"}]
    found = attributes(Faces(rows))
    assert sum(found["numeric"]["x"]["counts"]) == 2
    assert found["named"]["mixed"] == pytest.approx({"1": 1, "a": 1})
