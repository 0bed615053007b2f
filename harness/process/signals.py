"""Signals that ask a command to end: a sentence, a resumable state, the shell's exit code."""

from __future__ import annotations

import signal
from types import FrameType

ENDING = ("SIGTERM", "SIGHUP")
"""Sent by batch systems, ``kill`` and closing terminals; Windows has no SIGHUP."""


_arrived: list[int] = []


class EndedError(KeyboardInterrupt):
    """A signal asked this process to end; what waits for Ctrl-C handles it alike."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def exit_code(self) -> int:
        """128 and the signal's number, as shells count: 143 for SIGTERM, 129 for SIGHUP."""
        return 128 + self.number


def listen() -> None:
    """Raise :class:`EndedError` in the main thread when one of ``ENDING`` arrives.

    A signal that is ignored stays so: under ``nohup`` a closing terminal must not end the run.
    """
    for name in ENDING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def ended() -> bool:
    """Whether such a signal has come: what fails from then on fails because of it."""
    return bool(_arrived)


def _end(number: int, frame: FrameType | None) -> None:
    _arrived.append(number)
    # The next one ends the process at once, as a second Ctrl-C would.
    signal.signal(number, signal.SIG_DFL)
    raise EndedError(number)
