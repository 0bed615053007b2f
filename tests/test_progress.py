from __future__ import annotations

import io
import re
import threading

import pytest

from harness.progress import Progress


@pytest.fixture
def shown():
    return io.StringIO()


@pytest.fixture
def progress(shown):
    return Progress(stream=shown)


def test_a_plain_line_every_ten_per_cent_with_rate_and_time_left(progress, shown):
    progress.stage("train a")
    for done in range(1, 101):
        progress(done, 100, "steps", "loss 0.5")
    lines = shown.getvalue().splitlines()
    assert len(lines) == 10
    assert lines[0].startswith("train a: 10/100 steps (10 %), ")
    assert re.search(r"[\d.]+ steps/s, loss 0.5, \d.* left$", lines[4])
    assert lines[-1].endswith("loss 0.5")


def test_a_first_line_without_a_rate_ends_with_the_share(progress, shown):
    progress.stage("embed a")
    progress(64, 602, "images")
    assert shown.getvalue() == "embed a: 64/602 images (10 %)\n"


def test_the_rate_leaves_out_what_an_earlier_run_did(progress, shown, monkeypatch):
    clock = iter(float(second) for second in range(100))
    monkeypatch.setattr("harness.progress.time.perf_counter", lambda: next(clock))
    progress.stage("embed b")
    progress(900, 1000, "images")
    progress(905, 1000, "images")
    progress(1000, 1000, "images")
    rate = float(re.search(r"([\d.]+) images/s", shown.getvalue().splitlines()[-1])[1])
    assert rate < 100  # 100 images in a few seconds, not 1,000


def test_another_unit_begins_anew(progress, shown):
    progress.stage("train c")
    progress(10, 10, "steps")
    for done in range(64, 641, 64):
        progress(done, 640, "images")
    lines = [line for line in shown.getvalue().splitlines() if "images" in line]
    assert len(lines) == 10
    assert lines[-1].startswith("train c: 640/640 images (100 %)")


def test_quiet_says_nothing_and_hears(shown):
    progress = Progress(quiet=True, stream=shown)
    progress.stage("train d")
    before = progress.heard
    progress(5, 10, "steps")
    progress.line("a line")
    assert shown.getvalue() == ""
    assert progress.heard >= before


def test_lanes_keep_stages_of_several_threads_apart(progress, shown):
    lanes = progress.lanes()

    def work(label):
        lanes.stage(label)
        for done in (1, 2):
            lanes(done, 2, "parts")

    threads = [threading.Thread(target=work, args=(label,)) for label in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = sorted(re.sub(r", .*", "", line) for line in shown.getvalue().splitlines())
    assert lines == [
        "one: 1/2 parts (50 %)", "one: 2/2 parts (100 %)",
        "two: 1/2 parts (50 %)", "two: 2/2 parts (100 %)",
    ]  # fmt: skip
