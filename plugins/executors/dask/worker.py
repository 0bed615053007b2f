"""What runs in the worker processes."""

from __future__ import annotations

import io
import os
import pickle
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import psutil
from distributed import WorkerPlugin, get_worker

from harness.plugin import HarnessError, PrerequisiteError
from harness.plugin.executors import import_files

from . import farewell

SEEN_WITHIN_S = 5.0
"""A shared file system may show a new file a little later on another machine."""

LOOK_EVERY_S = 0.5
LOG_CHARACTERS = 20_000
CLOCK_S = 60.0
Tell = Callable[[Any], None]


@dataclass(frozen=True)
class Sign:
    """A file with a secret in each shared folder, there as long as the client runs.

    Its second line names the client's process, so that the file of a killed client is removed by
    the next client on that machine.
    """

    token: str
    folders: tuple[Path, ...]

    def files(self) -> list[Path]:
        """Where it is."""
        return [folder / f".client-{self.token}" for folder in self.folders]

    def put(self) -> None:
        """Write it, and remove those of killed clients of this machine."""
        for file in self.files():
            file.parent.mkdir(parents=True, exist_ok=True)
            for other in file.parent.glob(".client-*"):
                if _is_dead(other):
                    other.unlink(missing_ok=True)
            file.write_text(f"{self.token}\n{_process(os.getpid())}\n", encoding="utf-8")

    def remove(self) -> None:
        """Take it away, which stops the tasks that still run."""
        for file in self.files():
            file.unlink(missing_ok=True)

    def is_there(self) -> bool:
        """Whether the client wants the work to continue."""
        return self.files()[0].exists()


@dataclass(frozen=True)
class Failed:
    """What a task raised, where, with its traceback and what it printed last."""

    error: BaseException
    report: str


class StopTaskError(BaseException):
    """The client has gone; not an ``Exception``, so that no plugin continues in spite of it."""


class Arrival(WorkerPlugin):  # type: ignore[misc]
    """Makes single-file plugins known to a worker before its first task, whenever it arrives.

    A worker of this run alone, which prints to its terminal, is silent once ``own`` is gone.
    """

    def __init__(self, plugin_files: tuple[Path, ...], own: Sign | None) -> None:
        self.plugin_files, self.own = plugin_files, own

    def setup(self, worker: Any) -> None:
        """Import them."""
        import_files(self.plugin_files)
        if (own := self.own) is not None:
            farewell.quiet(lambda: not own.is_there())


_SEEN: set[str] = set()


def problem(sign: Sign, dask_worker: Any) -> str:
    """Why a worker cannot do the work of that client, in one sentence; empty if it can."""
    where = f"worker {dask_worker.address}"
    if dask_worker.state.nthreads != 1:
        return (
            f"{where} runs {dask_worker.state.nthreads} tasks at once and components need a "
            "process of their own; start it with --nthreads 1"
        )
    for file in sign.files():
        until = time.monotonic() + SEEN_WITHIN_S
        while not _holds(file, sign.token):
            if time.monotonic() > until:
                return (
                    f"{where} cannot see {file.parent}, where this run keeps its work; put it on a "
                    "file system that all machines mount under the same path (HARNESS_HOME, -o)"
                )
            time.sleep(0.2)
    return ""


def _check(sign: Sign) -> None:
    if sign.token not in _SEEN:
        found = problem(sign, get_worker())
        if found:
            raise PrerequisiteError(found)
        _SEEN.add(sign.token)


def _holds(file: Path, token: str) -> bool:
    try:
        return file.read_text(encoding="utf-8").partition("\n")[0] == token
    except (OSError, UnicodeDecodeError):
        return False


def _process(pid: int) -> str:
    """Host, number and start of a running process."""
    return f"{socket.gethostname()} {pid} {psutil.Process(pid).create_time():.0f}"


def _is_dead(file: Path) -> bool:
    """Whether the file names a process of this machine that has ended."""
    try:
        _, _, written = file.read_text(encoding="utf-8").strip().partition("\n")
        host, pid, start = written.split(" ")
        if host != socket.gethostname():
            return False  # only that machine can tell
        # The start shows a later process of the same number; a corrected clock moves it a little.
        return bool(abs(psutil.Process(int(pid)).create_time() - float(start)) > CLOCK_S)
    except psutil.NoSuchProcess:
        return True
    except (OSError, ValueError, OverflowError, psutil.Error):
        return False  # not ours to judge


@dataclass(frozen=True)
class Parcel:
    """A task and what it works on as bytes, which a scheduler without the plugins passes on.

    Not plain bytes: of an argument that it can see to be large, ``Client.map`` makes a task of the
    argument's name, which fails, and two calls at once would share it.
    """

    content: bytes


def packed(task: Callable[[Any, int, Tell], Any], shared: Any) -> Parcel:
    """A parcel for :func:`do`."""
    return Parcel(pickle.dumps((task, shared)))


def one_shard(which: tuple[Callable[[Any, int], Any], Any], shard: int, _: Tell) -> Any:
    """A shard as a task; it has nothing to tell."""
    task, shared = which
    return task(shared, shard)


def whole_stage(which: tuple[Callable[[Any, Tell], Any], Any], _: int, tell: Tell) -> Any:
    """A stage as a task."""
    task, shared = which
    return task(shared, tell)


def do(item: int, sign: Sign, parcel: Parcel, topic: str, number: int) -> Any:
    """One task, or how it failed; what it tells goes to the client as events."""
    worker = get_worker()
    asked = [0.0]

    def tell(message: Any) -> None:
        if time.monotonic() - asked[0] > LOOK_EVERY_S:
            asked[0] = time.monotonic()
            if not sign.is_there():
                raise StopTaskError("the client has gone")
        worker.log_event(topic, [number, message])

    def work() -> Any:
        task, shared = pickle.loads(parcel.content)  # noqa: S301 (packed by the client of this cluster)
        return task(shared, item, tell)

    return _kept(sign, work)


def _kept(sign: Sign, work: Callable[[], Any]) -> Any:
    log = _Tail(sys.stderr)
    try:
        _check(sign)
        with redirect_stdout(log), redirect_stderr(log):
            return work()
    except StopTaskError as stopped:
        return Failed(HarnessError(f"stopped: {stopped}"), "")
    except (Exception, SystemExit) as error:  # noqa: BLE001 (a plugin may raise anything)
        report = "".join(traceback.format_exception(error))
        return Failed(_portable(error), f"on worker {get_worker().address}\n{report}{log.said()}")


def _portable(error: BaseException) -> BaseException:
    """The error, if it survives the way to the client; else one of ours that says the same."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 (own bytes)
    except Exception:  # noqa: BLE001 (pickling runs the error's own code)
        return HarnessError(f"{type(error).__name__}: {' '.join(str(error).split())}")
    return error


class _Tail(io.TextIOBase):
    """Passes text on and keeps its end."""

    def __init__(self, onward: TextIO) -> None:
        self._onward, self._text = onward, ""

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str, /) -> int:
        """Pass on and keep."""
        self._text = (self._text + text)[-LOG_CHARACTERS:]
        return self._onward.write(text)

    def flush(self) -> None:
        """Pass on."""
        self._onward.flush()

    def said(self) -> str:
        """The end of what was printed."""
        return f"printed by the task:\n{self._text}" if self._text else ""
