from __future__ import annotations

import threading

from harness.slow_work import shown_if_slow


def test_slow_work_is_shown_again_and_again():
    said, enough = [], threading.Event()

    def show(text):
        said.append(text)
        if len(said) == 3:
            enough.set()

    with shown_if_slow("rendering the report", show, first_s=0.01, every_s=0.01):
        assert enough.wait(20)
    assert all(text == "rendering the report: 0 s so far" for text in said)


def test_quick_work_says_nothing():
    said = []
    with shown_if_slow("rendering the report", said.append):
        pass
    assert said == []
