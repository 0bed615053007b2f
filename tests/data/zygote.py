"""The command in forks of a process that has loaded its libraries, which would take most of a run.

Reads requests from standard input, one JSON object a line: ``args``, ``cwd``, ``environ``, ``out``
and ``err`` (files). Answers each with its exit status. It only imports, so it has no threads, and
a fork of it is as good as a fresh process.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import Any

LOADED = (
    "torch", "pandas", "scipy.stats", "sklearn.metrics", "cv2", "pyarrow.ipc", "jinja2", "altair",
    "harness.api", "harness.reporting.page.writing",
)  # fmt: skip


def serve() -> None:
    for name in LOADED:
        import_module(name)
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if not child:
            os._exit(run(request))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(status, flush=True)


def run(request: dict[str, Any]) -> int:
    """In the fork: what a fresh interpreter does with this command line."""
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, request["out"], os.O_WRONLY | os.O_CREAT),
        (2, request["err"], os.O_WRONLY | os.O_CREAT),
    ):
        os.dup2(os.open(path, flags, 0o600), number)
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
