"""Silence what C libraries print on standard error, such as decoders without a log level.

libpng prints warnings and errors without a file name, which the error that follows names. Closing
or replacing file descriptor 2 would also swallow what other threads print from Python, so the C
variable ``stderr`` is pointed elsewhere. Where that is not possible (not glibc) nothing is done.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

_lock = threading.Lock()
_inside = 0
_before: int | None = None


@contextmanager
def silenced() -> Iterator[None]:
    """Drop what C code of this process prints on its ``stderr``; Python's is not touched.

    May be used by several threads at once, and ends with the last of them.
    """
    global _inside, _before
    streams = _streams()
    if streams is None:
        yield
        return
    variable, nowhere = streams
    with _lock:
        if _inside == 0:
            _before, variable.value = variable.value, nowhere
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                variable.value = _before


@cache
def _streams() -> tuple[ctypes.c_void_p, int] | None:
    """The C variable ``stderr``, and a stream that leads nowhere; None where there are none."""
    if os.name == "nt":
        return None
    try:
        library = ctypes.CDLL(None)
        variable = ctypes.c_void_p.in_dll(library, "stderr")
        library.fopen.restype = ctypes.c_void_p
        nowhere = library.fopen(os.devnull.encode(), b"w")
    except (OSError, ValueError, AttributeError):
        return None
    return (variable, nowhere) if nowhere and variable.value else None
