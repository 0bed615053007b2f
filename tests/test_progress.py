from __future__ import annotations

import io
import re
import threading
import time

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
    assert len(lines) == 11
    assert lines[0] == "train a  started"
    assert lines[1].startswith("train a: 10/100 steps (10 %), ")
    assert re.search(r"[\d.]+ steps/s, loss 0.5, \d.* left$", lines[5])
    assert lines[-1].endswith("loss 0.5")


def test_a_first_line_without_a_rate_ends_with_the_share(progress, shown):
    progress.stage("embed a")
    progress(64, 602, "images")
    assert shown.getvalue() == "embed a  started\nembed a: 64/602 images (10 %)\n"


@pytest.mark.parametrize(
    ("done", "total", "share"), [(2000, 7680, 26), (999, 1000, 99), (1, 8, 12)]
)
def test_the_share_is_of_what_is_done(progress, shown, done, total, share):
    progress.stage("generate a")
    progress(done, total, "images")
    assert f"generate a: {done}/{total} images ({share} %)" in shown.getvalue()


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now

    perf_counter = monotonic


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("harness.progress.time", clock)
    return clock


def ticked(progress, clock, shown, seconds):
    """The lines of some seconds in which nothing is reported, looked at every second."""
    before = len(shown.getvalue().splitlines())
    for _ in range(seconds):
        clock.now += 1
        progress.tick()
    return shown.getvalue().splitlines()[before:]


def test_a_slow_part_shows_every_half_minute_that_it_is_at_work(shown, clock):
    progress = Progress(stream=shown)
    progress.stage("generate a")
    assert ticked(progress, clock, shown, 65) == [
        "generate a: at work, 30 s so far", "generate a: at work, 1 min 0 s so far"
    ]  # fmt: skip
    progress(100, 2000, "images")
    assert ticked(progress, clock, shown, 40) == [
        "generate a: 100/2000 images (5 %), 1 min 30 s so far"
    ]


def test_small_steps_show_every_half_minute_too(shown, clock):
    progress = Progress(stream=shown)
    progress.stage("train a")
    for step in range(1, 91):
        clock.now += 1
        progress(step, 10_000, "steps")
    lines = [line for line in shown.getvalue().splitlines() if "steps" in line]
    assert [line.partition(",")[0] for line in lines] == [
        "train a: 30/10000 steps (0 %)", "train a: 60/10000 steps (0 %)",
        "train a: 90/10000 steps (0 %)",
    ]  # fmt: skip


def test_who_waits_is_not_silent(shown, clock):
    progress = Progress(stream=shown)
    progress.stage("train a")
    progress.waits("waiting: process 3324 on vm is already producing 4604")
    assert progress.heard == float("inf")  # nobody is blamed
    waited = "train a: waiting: process 3324 on vm is already producing 4604"
    assert shown.getvalue().splitlines()[-1] == waited
    assert ticked(progress, clock, shown, 31) == [f"{waited}, 30 s so far"]
    progress.begun()
    assert progress.heard == clock.now
    assert ticked(progress, clock, shown, 31) == ["train a: at work, 1 min 0 s so far"]


def test_a_stage_that_waits_for_a_worker_says_so(shown, clock):
    progress = Progress(stream=shown)
    progress.stage("embed a")
    progress.queued()
    assert ticked(progress, clock, shown, 31) == ["embed a: waiting for a worker, 30 s so far"]


def test_the_clock_ticks_by_itself_while_a_stage_runs(shown, monkeypatch):
    monkeypatch.setattr("harness.progress.EVERY_S", 0.05)
    monkeypatch.setattr("harness.progress.LOOK_S", 0.01)
    for made in (Progress(stream=shown), Progress(stream=shown).lanes()):
        made.stage("score a")
        with made.ticking():
            end = time.monotonic() + 20
            while "score a: at work" not in shown.getvalue() and time.monotonic() < end:
                time.sleep(0.01)
        assert "score a: at work" in shown.getvalue()
        shown.truncate(0)
        shown.seek(0)


@pytest.mark.parametrize(("verbose", "quiet"), [(True, False), (False, False), (True, True)])
def test_details_are_for_those_who_ask(shown, verbose, quiet):
    progress = Progress(stream=shown, verbose=verbose, quiet=quiet)
    progress.detail("key 1234")
    progress.lanes().detail("key 1234")
    assert shown.getvalue().count("key 1234") == (2 if verbose and not quiet else 0)


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
        "one  started",
        "one: 1/2 parts (50 %)", "one: 2/2 parts (100 %)",
        "two  started",
        "two: 1/2 parts (50 %)", "two: 2/2 parts (100 %)",
    ]  # fmt: skip
