"""Limits of time and memory on a network from elsewhere, which may hold loops that never end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from harness.errors import LimitError

if TYPE_CHECKING:
    from onnxruntime import RunOptions

SECONDS_PER_IMAGE = 60.0
"""Large networks take about a second per image on one core."""

MEMORY_SHARE = 0.9
"""Of the memory that is free when a batch begins; the rest is for what else the machine does."""

LOOK_EVERY_S = 0.1


@contextmanager
def limits(path: Path, images: int, seconds_per_image: float) -> Iterator[RunOptions]:
    """Options for one batch of ``images``, under which it is stopped at a limit.

    ONNX Runtime looks between operations whether it shall stop, also inside of the bodies of
    ``Loop``, ``Scan`` and ``If``; a single operation is not interrupted. Raises ``LimitError`` with
    the limit that was met instead of what ONNX Runtime raises then.
    """
    from onnxruntime import RunOptions

    options, over, met = RunOptions(), threading.Event(), list[str]()
    seconds = seconds_per_image * max(images, 1)
    watching = threading.Thread(
        target=_watch, args=(options, over, met, seconds), daemon=True, name="harness-onnx-limits"
    )
    watching.start()
    try:
        yield options
    except Exception as error:
        if met:
            raise LimitError(f"{path} was stopped: {images} images {met[0]}") from error
        raise
    finally:
        over.set()
        watching.join()


def _watch(options: RunOptions, over: threading.Event, met: list[str], seconds: float) -> None:
    end, process = time.monotonic() + seconds, psutil.Process()
    room = MEMORY_SHARE * psutil.virtual_memory().available
    before = process.memory_info().rss
    while not over.wait(LOOK_EVERY_S):
        grown = process.memory_info().rss - before
        if time.monotonic() > end:
            met.append(
                f"took more than {seconds:g} s; a network with a loop may never end, and for one "
                "that is only slow raise limit_s (seconds per image)"
            )
        elif grown > room:
            met.append(
                f"took more than {room / 1e9:.1f} GB of memory, nearly all that was free; lower "
                "--batch-size"
            )
        else:
            continue
        options.terminate = True
        return
