"""A generator in a fresh process, which gets a job: what it shares with us is the disk."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.engine.session import Session
from harness.faces.face import Face, Missing, Slot
from harness.testing.base import require

if TYPE_CHECKING:
    from harness.testing.subject import Subject

_START = "import sys; from harness.testing.worker import main; main(*sys.argv[1:])"
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


def run_python(code: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter that finds the same modules."""
    path = os.pathsep.join(filter(None, sys.path))
    return subprocess.run(  # noqa: S603 (our own interpreter, no shell)
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": path, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def single_files(modules: Iterable[str]) -> list[str]:
    """The files of those modules that are single-file plugins."""
    return [
        str(sys.modules[name].__file__)
        for name in dict.fromkeys(modules)
        if name.startswith("harness_file_")
    ]


def last_line(text: str) -> str:
    """The last line of what a process said."""
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it says nothing"


def answers_elsewhere(
    subject: Subject, shards: Sequence[Sequence[Slot]], hash_seed: int
) -> dict[Slot, Face | Missing]:
    """What a fresh process answers to shards of slots; Python hashes strings by ``hash_seed``."""
    with tempfile.TemporaryDirectory() as folder:
        told, said = Path(folder, "job.pickle"), Path(folder, "answers.json")
        told.write_bytes(pickle.dumps((subject.job(), shards)))
        threads = dict.fromkeys(_THREADS, "1")
        done = run_python(
            _START, str(told), str(said), PYTHONHASHSEED=str(hash_seed), **threads
        )  # fmt: skip
        require(done.returncode == 0, f"in a fresh process: {last_line(done.stderr)}")
        rows = json.loads(said.read_text(encoding="utf-8"))
    made = [_from_row(row) for row in rows]
    return {item.slot: item for item in made}


def main(told: str, said: str) -> None:
    """Read a job, make its shards, write the answers; called in the fresh process."""
    job, shards = pickle.loads(Path(told).read_bytes())  # noqa: S301 (written by the other process)
    (node,) = job.plan.nodes.values()
    generator, _ = Session.open(job).generator(node)
    rows = [_to_row(item) for shard in shards for item in generator.generate(shard)]
    Path(said).write_text(json.dumps(rows), encoding="utf-8")


def _to_row(item: Face | Missing) -> dict[str, Any]:
    if isinstance(item, Missing):
        return {"slot": item.slot, "reason": item.reason}
    return {"slot": item.slot, "image": b64encode(item.image).decode("ascii")}


def _from_row(row: Mapping[str, Any]) -> Face | Missing:
    slot = Slot(*row["slot"])
    if "reason" in row:
        return Missing(slot, row["reason"])
    return Face(slot, b64decode(row["image"]))
