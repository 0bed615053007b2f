"""How far a stage is: a live bar on a terminal, a plain line every ten per cent elsewhere."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from harness.terminal import line

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


class Progress:
    """Shows one stage at a time on standard error; standard output is for data."""

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None
        self._label = self._unit = ""
        self._start = self._first = 0.0
        self._decile = 0
        self.heard = time.monotonic()  # when the stage last said how far it is

    def lanes(self) -> Lanes:
        """The same, for several stages at once."""
        return Lanes(quiet=self._quiet, stream=self._stream)

    def listener(self) -> Callable[[], float]:
        """Asks when the stage of the calling thread last said how far it is."""
        return lambda: self.heard

    def stage(self, label: str) -> None:
        """Begin a stage."""
        self.close()
        self._label, self._start, self._decile = label, time.perf_counter(), 0
        self._first = -1.0
        if not self._quiet and self._stream.isatty():
            self._bar = _rich_bar()
            self._task = self._bar.add_task(line(label), total=None, detail="")
            self._bar.start()

    def __call__(self, done: int, total: int, unit: str, detail: str = "") -> None:
        """Report ``done`` of ``total`` units; the rate ignores what an earlier run had done."""
        self.heard = time.monotonic()
        if self._quiet:
            return
        if self._first < 0 or unit != self._unit:
            self._first, self._start, self._unit = done, time.perf_counter(), unit
            self._decile = 0
        rate = (done - self._first) / max(time.perf_counter() - self._start, 1e-9)
        left = (total - done) / rate if rate > 0 else float("nan")
        text = f"{rate:.1f} {unit}/s" if rate > 0 else ""
        if detail:
            text = f"{text}, {detail}" if text else detail
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total, detail=line(text))
            return
        decile = 10 * done // max(total, 1)
        if decile > self._decile:
            self._decile = decile
            eta = f", {_duration(left)} left" if left == left and done < total else ""
            text = f", {text}" if text else ""
            self.line(f"{self._label}: {done}/{total} {unit} ({10 * decile} %){text}{eta}")

    def queued(self) -> None:
        """The stage waits for a worker: its silence begins to count with :meth:`begun`."""
        self.heard = math.inf

    def begun(self) -> None:
        """The stage has its worker."""
        self.heard = time.monotonic()

    def line(self, text: str) -> None:
        """A line of its own, above the bar if there is one."""
        if self._quiet:
            return
        text = line(text)
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            print(text, file=self._stream, flush=True)

    def close(self) -> None:
        """End the stage's display."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


class Lanes(Progress):
    """Shows several stages at once, one a thread, in plain lines."""

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._quiet, self._stream = quiet, stream or sys.stderr
        self._local = threading.local()

    def listener(self) -> Callable[[], float]:
        """See :class:`Progress`."""
        lane = self._lane()
        return lambda: lane.heard

    def stage(self, label: str) -> None:
        """Begin a stage of the calling thread."""
        self._local.lane = _Plain(quiet=self._quiet, stream=self._stream)
        self._local.lane.stage(label)

    def __call__(self, done: int, total: int, unit: str, detail: str = "") -> None:
        """See :class:`Progress`."""
        self._lane()(done, total, unit, detail)

    def queued(self) -> None:
        """See :class:`Progress`."""
        self._lane().queued()

    def begun(self) -> None:
        """See :class:`Progress`."""
        self._lane().begun()

    def line(self, text: str) -> None:
        """See :class:`Progress`."""
        self._lane().line(text)

    def close(self) -> None:
        """Nothing is on display."""

    def _lane(self) -> Progress:
        if not hasattr(self._local, "lane"):
            self._local.lane = _Plain(quiet=self._quiet, stream=self._stream)
        lane: Progress = self._local.lane
        return lane


class _Plain(Progress):
    """Plain lines on a terminal too."""

    def stage(self, label: str) -> None:
        """Begin a stage."""
        self._label, self._decile, self._first = label, 0, -1.0


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
