"""What the verification of stored files costs: speed of hashes, and the share of a whole run.

    python perf/verify.py [--recipe recipes/demo.toml] [harness run options ...]

Prints GB/s of the hashes of ``hashlib`` on this machine, then runs the recipe twice in an empty
store, in this process with ``-j 1``: from nothing, and with results removed so that every artifact
is read again. Prints the seconds spent in digests and their share of each run; the first must be
at most 2 % (exit 1 otherwise).
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from harness.cli.main import run
from harness.fileio import verified

ALLOWED = 0.02
HASHES = ("sha256", "sha1", "blake2b", "sha512", "md5")
MEGABYTES = 64


def speeds() -> None:
    content = os.urandom(MEGABYTES << 20)
    for name in HASHES:
        start = time.perf_counter()
        hashlib.new(name, content, usedforsecurity=False).digest()
        print(f"{name:<8} {MEGABYTES / 1000 / (time.perf_counter() - start):6.2f} GB/s")


class Clock:
    """Counts calls, bytes and seconds of :func:`harness.fileio.verified.sha256_of`."""

    def __init__(self) -> None:
        self.files, self.bytes, self.seconds = 0, 0, 0.0
        self._hash = verified.sha256_of

    def __call__(self, path: Path) -> str:
        start = time.perf_counter()
        found = self._hash(path)
        self.seconds += time.perf_counter() - start
        self.files += 1
        self.bytes += path.stat().st_size
        return found


def measure(words: list[str], title: str) -> float:
    clock = Clock()
    verified.sha256_of, before = clock, verified.sha256_of
    start = time.perf_counter()
    try:
        code = run(["run", *words])
    finally:
        verified.sha256_of = before
    wall = time.perf_counter() - start
    assert code == 0, f"the run ended with exit code {code}"
    share = clock.seconds / wall
    print(
        f"{title}: {clock.files} files, {clock.bytes / 1e6:.1f} MB in {clock.seconds:.3f} s of "
        f"{wall:.1f} s, {share:.3%}"
    )
    return share


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", default="recipes/demo.toml")
    given, more = parser.parse_known_args()
    speeds()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HARNESS_HOME"] = str(Path(folder, "home"))
        study = Path(folder, "study")
        words = ["-c", given.recipe, "-j", "1", "-q", "-o", str(study), *more]
        share = measure(words, "from nothing")
        shutil.rmtree(study / "cells")
        verified._VERIFIED.clear()  # as in a new process
        measure(words, "all read again")
    sys.exit(share > ALLOWED)


if __name__ == "__main__":
    main()
