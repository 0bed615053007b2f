"""What Dask and its libraries log while a run is being ended: nothing that the user needs."""

from __future__ import annotations

import logging
from collections.abc import Callable

LOGGERS = ("distributed", "distributed.client", "tornado.application", "asyncio")
"""Those that Dask prints through; ``asyncio`` has errors of connections that nobody awaits."""


def quiet(ending: Callable[[], bool]) -> Callable[[], None]:
    """Drop what these loggers say while ``ending()``, until the function returned is called.

    A signal to the process group ends workers and client at once, and the scheduler in the client
    complains about each connection, task and worker lost; the run itself says in one sentence that
    it was ended.
    """

    def wanted(record: logging.LogRecord) -> bool:
        return not ending()

    # A filter of a logger does not see the records of the loggers below it; one of a handler does.
    found = [logging.getLogger(name) for name in LOGGERS]
    places = [place for logger in found for place in (logger, *logger.handlers)]
    for place in places:
        place.addFilter(wanted)

    def undo() -> None:
        for place in places:
            place.removeFilter(wanted)

    return undo
