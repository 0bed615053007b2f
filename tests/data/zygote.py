"""The command in forks of a process that has loaded its libraries, which would take most of a run.

Reads requests from standard input, one JSON object a line, and answers each with one line:

- ``args``, ``cwd``, ``environ``, ``out`` and ``err`` (files): the exit status, when it has ended;
  ``loaded`` names more libraries to load first, for it and all later ones; with ``file_bytes``
  writing a file past that size fails as on a full disk;
- the same and ``started``: the process id of a fork that goes on, leader of a session of its own;
- ``poll`` and a process id: the exit status of that one, or ``null`` where it goes on.

It only imports, so it has no threads, and a fork of it is as good as a fresh process. Those that
it waits for share one process that draws figures.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from functools import cache
from importlib import import_module
from typing import Any

LOADED = (
    "torch", "pandas", "scipy.stats", "sklearn.metrics", "cv2", "pyarrow.ipc", "jinja2", "altair",
    # An optimiser imports this when it is made.
    "torch._dynamo", "torch.distributed", "safetensors.torch",
    "harness.api", "harness.engine.session", "harness.engine.stages.train", "harness.training.loop",
    "harness.reporting.page.writing",
)  # fmt: skip
PICTURE = {"data": {"values": [{"x": 1}]}, "mark": "point", "encoding": {"x": {"field": "x"}}}


def serve() -> None:
    for name in LOADED:
        import_module(name)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


def answer(request: dict[str, Any]) -> int | None:
    if "poll" in request:
        ended, status = os.waitpid(request["poll"], os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if ended else None
    for name in request.get("loaded", ()):
        import_module(name)
    started = request.get("started", False)
    if not started:
        tune()
    child = os.fork()
    if not child:
        if started:
            os.setsid()
            engine()._process = None  # it answers one asker at a time
        os._exit(run(request))
    return child if started else os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def engine() -> Any:
    from harness.reporting.figures.vega import VEGA

    return VEGA


def tune() -> None:
    """See that the process that draws runs, and that its next answer is for the next asker."""
    if engine().svg(PICTURE) != drawn():
        engine().close()


@cache
def drawn() -> str:
    return str(engine().svg(PICTURE))


def run(request: dict[str, Any]) -> int:
    """In the fork: what a fresh interpreter does with this command line."""
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, request["out"], os.O_WRONLY | os.O_CREAT),
        (2, request["err"], os.O_WRONLY | os.O_CREAT),
    ):
        os.dup2(os.open(path, flags, 0o600), number)
    # As a shell starts it, wherever the tests were started.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if limit := request.get("file_bytes"):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["environ"])
    sys.argv = ["harness", *request["args"]]
    from harness.cli.main import main

    code: Any = 1
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)


if __name__ == "__main__":
    serve()
