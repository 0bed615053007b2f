"""How far a stage is: a live bar on a terminal, plain lines elsewhere.

Elsewhere there is a line when a stage begins, one every ten per cent, and one every half minute, so
that a log never leaves open whether anything happens.
"""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from harness.terminal import line

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


EVERY_S = 30.0
"""Seconds after which a stage in plain lines shows again that it is at work."""
LOOK_S = 1.0
QUEUED = "waiting for a worker"


class Progress:
    """Shows one stage at a time on standard error; standard output is for data.

    ``verbose`` adds what :meth:`detail` is given.
    """

    def __init__(
        self, *, quiet: bool = False, verbose: bool = False, stream: TextIO | None = None
    ) -> None:
        self._stream = stream or sys.stderr
        self._quiet, self._verbose = quiet, verbose and not quiet
        self._begin()
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None
        self.heard = time.monotonic()  # when the stage last said how far it is

    def _begin(self, label: str = "") -> None:
        """Forget the stage before."""
        self._label, self._unit, self._waits = label, "", ""
        self._start, self._first, self._decile = time.perf_counter(), -1.0, 0
        self._at = ""  # how far it is, in words
        self._shown = self._began = time.monotonic()

    def lanes(self) -> Lanes:
        """The same, for several stages at once."""
        return Lanes(quiet=self._quiet, verbose=self._verbose, stream=self._stream)

    def listener(self) -> Callable[[], float]:
        """Asks when the stage of the calling thread last said how far it is."""
        return lambda: self.heard

    def stage(self, label: str) -> None:
        """Begin a stage."""
        self.close()
        self._begin(label)
        if not self._quiet and self._stream.isatty():
            self._bar = _rich_bar()
            self._task = self._bar.add_task(line(label), total=None, detail="")
            self._bar.start()
        else:
            self.line(f"{label}  started")

    @contextmanager
    def ticking(self) -> Iterator[None]:
        """Show every half minute that the stage of this thread is at work, where there is no bar.

        Slow code between two reports is shown too, and what is waited for.
        """
        over, stage = threading.Event(), self._of_this_thread()

        def watch() -> None:
            while not over.wait(LOOK_S):
                stage.tick()

        if not self._quiet:
            threading.Thread(target=watch, daemon=True, name="harness-progress").start()
        try:
            yield
        finally:
            over.set()

    def tick(self) -> None:
        """One line if there was none of this stage for half a minute."""
        now = time.monotonic()
        if self._bar is not None or now - self._shown < EVERY_S:
            return
        worked = _duration(now - self._began)
        state = self._waits or self._at or "at work"
        self.line(f"{self._label}: {state}, {worked} so far")

    def _of_this_thread(self) -> Progress:
        return self

    def __call__(self, done: int, total: int, unit: str, detail: str = "") -> None:
        """Report ``done`` of ``total`` units; the rate ignores what an earlier run had done.

        A ``total`` of 0 is work without a count, which ``detail`` names.
        """
        self.heard = time.monotonic()
        if self._quiet:
            return
        if self._first < 0 or unit != self._unit:
            self._first, self._start, self._unit = done, time.perf_counter(), unit
            self._decile = 0
        self._waits = ""
        if not total:
            self._uncounted(detail)
            return
        rate = (done - self._first) / max(time.perf_counter() - self._start, 1e-9)
        left = (total - done) / rate if rate > 0 else float("nan")
        text = f"{rate:.1f} {unit}/s" if rate > 0 else ""
        if detail:
            text = f"{text}, {detail}" if text else detail
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total, detail=line(text))
            return
        decile = 10 * done // max(total, 1)
        eta = f", {_duration(left)} left" if left == left and done < total else ""
        text = f", {text}" if text else ""
        self._at = f"{done}/{total} {unit} ({100 * done // max(total, 1)} %){text}{eta}"
        if decile > self._decile or time.monotonic() - self._shown >= EVERY_S:
            self._decile = decile
            self.line(f"{self._label}: {self._at}")

    def _uncounted(self, what: str) -> None:
        self._at = what
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, detail=line(what))
        else:
            self.line(f"{self._label}: {what}")

    def queued(self) -> None:
        """The stage waits for a worker: its silence begins to count with :meth:`begun`."""
        self.heard, self._waits = math.inf, QUEUED

    def waits(self, text: str) -> None:
        """The stage waits, for the other process that ``text`` names: that is no silence of it."""
        self.heard, self._waits = math.inf, text
        self.line(f"{self._label}: {text}" if self._label else text)

    def begun(self) -> None:
        """The stage has its worker, or is waited for no longer."""
        self.heard, self._waits = time.monotonic(), ""

    def line(self, text: str) -> None:
        """A line of its own, above the bar if there is one."""
        if self._quiet:
            return
        self._shown = time.monotonic()
        text = line(text)
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            print(text, file=self._stream, flush=True)

    def detail(self, text: str) -> None:
        """A line for those who asked for more."""
        if self._verbose:
            self.line(f"{'':>8}  {text}")

    def close(self) -> None:
        """End the stage's display."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


class Lanes(Progress):
    """Shows several stages at once, one a thread, in plain lines."""

    def __init__(
        self, *, quiet: bool = False, verbose: bool = False, stream: TextIO | None = None
    ) -> None:
        self._quiet, self._verbose = quiet, verbose and not quiet
        self._stream = stream or sys.stderr
        self._local = threading.local()

    def listener(self) -> Callable[[], float]:
        """See :class:`Progress`."""
        lane = self._lane()
        return lambda: lane.heard

    def stage(self, label: str) -> None:
        """Begin a stage of the calling thread."""
        self._local.lane = self._new_lane()
        self._local.lane.stage(label)

    def __call__(self, done: int, total: int, unit: str, detail: str = "") -> None:
        """See :class:`Progress`."""
        self._lane()(done, total, unit, detail)

    def queued(self) -> None:
        """See :class:`Progress`."""
        self._lane().queued()

    def waits(self, text: str) -> None:
        """See :class:`Progress`."""
        self._lane().waits(text)

    def begun(self) -> None:
        """See :class:`Progress`."""
        self._lane().begun()

    def line(self, text: str) -> None:
        """See :class:`Progress`."""
        self._lane().line(text)

    def detail(self, text: str) -> None:
        """See :class:`Progress`."""
        self._lane().detail(text)

    def close(self) -> None:
        """Nothing is on display."""

    def _of_this_thread(self) -> Progress:
        return self._lane()

    def _lane(self) -> Progress:
        if not hasattr(self._local, "lane"):
            self._local.lane = self._new_lane()
        lane: Progress = self._local.lane
        return lane

    def _new_lane(self) -> Progress:
        return _Plain(quiet=self._quiet, verbose=self._verbose, stream=self._stream)


class _Plain(Progress):
    """Plain lines on a terminal too."""

    def stage(self, label: str) -> None:
        """Begin a stage."""
        self._begin(label)
        self.line(f"{label}  started")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _rich_bar() -> RichProgress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    return RichProgress(
        TextColumn("{task.description}", markup=False),  # a label may hold brackets
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[detail]}", markup=False),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
