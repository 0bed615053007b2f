"""Damage to files, the same in every run, and a bounded command line that reads them.

A fuzz test takes a sound file, asks :func:`mutants` for damaged copies of it, and gives each to
:func:`command`, which runs ``harness`` in this process under limits of time and memory.
"""

from __future__ import annotations

import contextlib
import io
import resource
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.cli.main import run

LIMIT_S, LIMIT_BYTES = 10, 1 << 30
CLEAN = (0, 1, 2, 3)
"""Exit codes that a damaged file may give; 70 is a fault of the harness."""
NUMBERS = (0, 1, 127, 128, 255, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 62, (1 << 63) - 1,
           (1 << 64) - 1)  # fmt: skip
"""Values at which counts, sizes and offsets overflow; written over fields of 1 to 8 bytes."""
WORDS = (b"nan", b"-inf", b"1e999", b"-1", b"0", b"9" * 30, b"7" * 5000, b"", b"\0", b"../../x",
         b"\xff", b"\xef\xbb\xbf", "\u0663".encode(), b"\r", b'"', b" " * 300, b"1_0", b"0x1",
         b"[" * 5000, b"true", b"null", "e\u0301".encode(), b"\x1b[31m", b"=1+1")  # fmt: skip
"""Words instead of one word of a text."""

_Rng = np.random.Generator


def mutants(data: bytes, cases: int, seed: int = 0, *, text: bool = False) -> Iterator[bytes]:
    """Damaged copies of ``data``; those of a larger number of cases begin with the same ones."""
    kinds = [*(TEXT if text else BINARY), _cut, _flip, _zero, _lose, _twice, _insert]
    for case in range(cases):
        rng = np.random.default_rng([seed, case])
        made = bytearray(data)
        for _ in range(1 + int(rng.integers(4) == 0)):  # one in four is damaged twice
            kinds[int(rng.integers(len(kinds)))](made, rng)
        yield bytes(made)


def _span(made: bytearray, rng: _Rng) -> slice:
    """A stretch of up to half of the content; short ones are as likely as long ones."""
    longest = max(1, len(made) // 2)
    length = min(longest, int(2 ** rng.uniform(0, np.log2(longest) + 1e-9)))
    start = int(rng.integers(max(1, len(made) - length + 1)))
    return slice(start, start + length)


def _cut(made: bytearray, rng: _Rng) -> None:
    del made[int(rng.integers(len(made) + 1)) :]


def _flip(made: bytearray, rng: _Rng) -> None:
    for at in rng.integers(max(1, len(made)), size=rng.integers(1, 5)).tolist():
        made[at : at + 1] = bytes(byte ^ 1 << int(rng.integers(8)) for byte in made[at : at + 1])


def _zero(made: bytearray, rng: _Rng) -> None:
    span = _span(made, rng)
    made[span] = bytes(len(made[span]))


def _lose(made: bytearray, rng: _Rng) -> None:
    del made[_span(made, rng)]


def _twice(made: bytearray, rng: _Rng) -> None:
    span = _span(made, rng)
    made[span.stop : span.stop] = made[span]


def _insert(made: bytearray, rng: _Rng) -> None:
    at = int(rng.integers(len(made) + 1))
    made[at:at] = rng.bytes(int(rng.integers(1, 64)))


def _number(made: bytearray, rng: _Rng) -> None:
    """An awkward number over a field; fields are aligned, and most are near the beginning."""
    width = int(2 ** rng.integers(4))
    reach = max(1, (min(len(made), 256) if rng.integers(2) else len(made)) // width)
    at = int(rng.integers(reach)) * width
    value = NUMBERS[int(rng.integers(len(NUMBERS)))] & ((1 << 8 * width) - 1)
    made[at : at + width] = value.to_bytes(width, "little" if rng.integers(2) else "big")


def _word(made: bytearray, rng: _Rng) -> None:
    """An awkward word for a word, or for a few letters."""
    at = int(rng.integers(len(made) + 1))
    end = at + int(rng.integers(6))
    if rng.integers(2):
        while end < len(made) and made[end : end + 1].isalnum():
            end += 1
    made[at:end] = WORDS[int(rng.integers(len(WORDS)))]


def _line(made: bytearray, rng: _Rng) -> None:
    """A line lost, doubled, or put elsewhere."""
    lines = made.splitlines(keepends=True)
    if lines:
        line = lines.pop(int(rng.integers(len(lines))))
        for _ in range(int(rng.integers(3))):
            lines.insert(int(rng.integers(len(lines) + 1)), line)
        made[:] = b"".join(lines)


BINARY: tuple[Callable[[bytearray, _Rng], None], ...] = (_number, _number, _flip)
TEXT: tuple[Callable[[bytearray, _Rng], None], ...] = (_word, _word, _line)


# -- reading under limits ----------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """Exit code and output of one command line."""

    code: int
    stdout: str
    stderr: str


def command(argv: Sequence[str | Path], *, limited: bool = True) -> Answer:
    """Run ``harness`` in this process, within :func:`bounded` unless it is not ``limited``."""
    out, err = io.StringIO(), io.StringIO()
    limits = bounded() if limited else contextlib.nullcontext()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), limits:
        code = run([str(word) for word in argv])
    return Answer(code, out.getvalue(), err.getvalue())


class LateError(BaseException):
    """A case took too long. No ``Exception``, which the command line would catch and name."""


@contextlib.contextmanager
def bounded(seconds: int = LIMIT_S, memory: int = LIMIT_BYTES) -> Iterator[None]:
    """Whatever takes more time raises ``LateError``; more new memory raises ``MemoryError``.

    ``seconds`` are processor time, so that a busy machine fails no case; what waits for ever is
    ended after ten times as long. Linux only; in the main thread only.
    """

    def late(*_: object) -> None:
        raise LateError(f"it took more than {seconds} s")

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    handlers = {number: signal.signal(number, late) for number in (signal.SIGALRM, signal.SIGPROF)}
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + memory, before[1]))
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.alarm(10 * seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
