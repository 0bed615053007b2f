"""Order, bounds, errors and an early end of the prefetcher."""

from __future__ import annotations

import itertools
import threading
import time

import pytest

from harness.embedding.prefetch import prefetch


@pytest.mark.parametrize("threads", [1, 4])
def test_keeps_order_whatever_takes_longest(threads):
    def work(job):
        time.sleep(0.01 if job % 3 == 0 else 0)
        return job * 2

    assert list(prefetch(range(20), work, threads=threads)) == list(range(0, 40, 2))


def test_never_works_far_ahead():
    started = []
    results = prefetch(itertools.count(), lambda job: started.append(job) or job, ahead=3)
    for expected in range(5):
        assert next(results) == expected
        time.sleep(0.01)
        assert len(started) <= expected + 4
    results.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("prefetch")]


def test_an_error_arrives_in_its_place():
    def work(job):
        if job == 2:
            raise ValueError("bad")
        return job

    results = prefetch(range(5), work, threads=2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="bad"):
        next(results)
