from __future__ import annotations

import threading

import pytest

from harness.engine.graph import soonest, together

NEEDS = {"d": {"b", "c"}, "b": {"a"}, "c": {"a", "elsewhere"}, "a": set(), "e": set()}


def test_everything_is_done_once_and_after_what_it_needs():
    done, lock = [], threading.Lock()

    def do(name):
        with lock:
            assert NEEDS[name] - {"elsewhere"} <= set(done)
            done.append(name)

    together(NEEDS, do, most=3)
    assert sorted(done) == sorted(NEEDS)


def test_what_needs_nothing_of_each_other_is_done_at_once():
    both = threading.Barrier(2, timeout=20)
    together({"a": set(), "b": set()}, lambda _: both.wait(), most=2)


def test_nothing_begins_after_the_stop():
    done = []
    together(NEEDS, done.append, most=1, stopped=lambda: len(done) >= 2)
    assert len(done) == 2


def test_an_error_interrupts_the_others_and_is_raised():
    over = threading.Event()

    def do(name):
        if name == "e":
            raise KeyboardInterrupt
        assert over.wait(20)

    with pytest.raises(KeyboardInterrupt):
        together(NEEDS, do, most=4, interrupt=over.set)


def test_what_waits_comes_right_after_the_last_it_needs():
    cells = {"x": {"b", "gone"}, "y": {"a", "d"}, "z": set(), "w": {"gone"}, "v": {"a", "b"}}
    assert list(soonest("abcd", cells)) == ["z", "w", "a", "b", "x", "v", "c", "d", "y"]
    assert list(soonest("", {"x": {"b"}})) == ["x"]
    assert list(soonest("ab", {})) == ["a", "b"]
