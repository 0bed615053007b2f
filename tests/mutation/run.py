"""Change the code a little, many times, and see whether a test notices: ``make mutate``.

Draws a seeded sample of :mod:`mutants` over the modules that make numbers, keys and verdicts. Each
is put into a copy of the tree, and the test files of its module run in a fork of a process that has
the libraries loaded: first those that mirror it, then, if it lives, the wider set of ``WIDER``.
What a run found is kept in a log, so that a stopped run continues where it was; ``--again`` tries
those that lived once more. Mutants that no test can tell from the code stand in
``equivalent.toml``, each with its reason.
"""

from __future__ import annotations

import argparse
import compileall
import contextlib
import difflib
import json
import os
import py_compile
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from mutants import Mutant, mutants_of, sample

ROOT = Path(__file__).parents[2]
MUTATED = (
    "harness/metrics", "harness/protocols", "harness/align", "harness/reporting", "harness/recipe",
    "harness/training/losses", "harness/digests.py", "harness/plan/nodes.py",
    "harness/plan/planner.py", "harness/plan/training.py", "harness/store/fingerprints.py",
)  # fmt: skip
WIDER: dict[str, tuple[str, ...]] = {
    "metrics": ("tests/metrics", "tests/protocols"),
    "protocols": ("tests/protocols", "tests/plugins/benchmarks", "tests/cli/test_rescore.py"),
    "align": ("tests/align", "tests/plugins/benchmarks"),
    "reporting": ("tests/reporting", "tests/cli/test_read_verbs.py", "tests/cli/test_compare.py",
                  "tests/cli/test_published_verbs.py"),
    "recipe": ("tests/recipe", "tests/plan", "tests/cli/test_config.py", "tests/cli/test_run.py"),
    "training": ("tests/training", "tests/plugins/models"),
    "plan": ("tests/plan", "tests/recipes", "tests/cli/test_run.py", "tests/engine"),
    "store": ("tests/store", "tests/inputs", "tests/plan"),
    "digests.py": ("tests/store", "tests/plan", "tests/test_digests.py"),
}  # fmt: skip
LOADED = ("numpy", "torch", "pandas", "scipy.stats", "sklearn.metrics", "cv2", "pyarrow.feather",
          "pydantic", "click", "jinja2", "altair", "pytest")  # fmt: skip
LEFT_OUT = "not slow and not browser"
LIMIT_CPU_S, LIMIT_S = 300, 3600
LIVES_NEAR, ALIVE = "alive after its own tests", "alive"
LIVING = (LIVES_NEAR, ALIVE)


class Bench:
    """A copy of the tree in which mutants are tried."""

    def __init__(self, folder: Path) -> None:
        for name in LOADED:
            import_module(name)
        self.tree, self.output = folder / "tree", folder / "output.txt"
        shutil.rmtree(self.tree, ignore_errors=True)
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, check=True, capture_output=True,
        ).stdout.decode()  # fmt: skip
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.tree / name)
        # Checked by content: a mutant has often the size and the second of the file before it.
        compileall.compile_dir(
            self.tree, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH
        )
        self._sound: dict[str, bool] = {}

    def killer(self, place: Path, changed: bytes, files: tuple[str, ...]) -> str | None:
        """The test that fails with this change of a file and passes without; None if none does."""
        whole, deaf = (
            place.read_bytes(),
            [*(name for name, sound in self._sound.items() if not sound)],
        )
        while True:
            try:
                place.write_bytes(changed)
                code = self._pytest(["-x", *files, *(f"--deselect={name}" for name in deaf)])
            finally:
                place.write_bytes(whole)
            if code in (0, 5):  # passed, or nothing was collected
                return None
            failed = self._failed()
            if self._passes(*(failed or files)):
                return failed[0] if failed else "time ran out" if code < 0 else f"exit {code}"
            print(
                f"  fails without a change, so left out: {', '.join(failed or files)}", flush=True
            )
            if not failed:
                return None
            deaf += failed

    def _passes(self, *names: str) -> bool:
        """Whether tests pass in the tree as it is."""
        name = " ".join(names)
        if name not in self._sound:
            self._sound[name] = self._pytest(names) == 0
        return self._sound[name]

    def _failed(self) -> list[str]:
        text = self.output.read_text("utf-8", errors="replace")
        return re.findall(r"^(?:FAILED|ERROR) (\S+\.py(?:::\S+(?:\[.*?\])?)?)", text, re.MULTILINE)

    def _pytest(self, words: Sequence[str]) -> int:
        child = os.fork()
        if not child:
            os._exit(self._inside(words))
        try:
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)  # and whatever it started

    def _inside(self, words: Sequence[str]) -> int:
        os.setsid()
        signal.alarm(LIMIT_S)
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_CPU_S, LIMIT_CPU_S))
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with self.output.open("wb") as out:
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
        os.chdir(self.tree)
        os.environ |= {"PYTHONPATH": str(self.tree), "PYTHONDONTWRITEBYTECODE": "1"}
        sys.dont_write_bytecode = True
        sys.path[:1] = [str(self.tree)]
        import pytest

        return int(pytest.main(["-q", "-p", "no:cacheprovider", "-m", LEFT_OUT, *words]))


def tests_of(module: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The test files that mirror a module, and the wider set of its room and of all that name it.

    Without a mirror those of its room that name it stand for it.
    """
    path = Path(module)
    dotted = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    parent, _, name = dotted.rpartition(".")
    names = re.compile(
        rf"{re.escape(dotted)}\b|from {re.escape(parent)} import [^\n]*\b{re.escape(name)}\b"
    )
    inner = path.relative_to("harness")
    found = [file.relative_to(ROOT) for file in sorted((ROOT / "tests").rglob("test_*.py"))]
    mirror = [file for file in found if file.parent == "tests" / inner.parent
              and file.stem.startswith(f"test_{inner.stem.strip('_')}")]  # fmt: skip
    naming = [file for file in found if names.search((ROOT / file).read_text("utf-8"))]
    near = mirror or [file for file in naming if file.parts[1] == inner.parts[0]]
    wide = [name for name in WIDER[inner.parts[0]] if (ROOT / name).exists()]
    rest = [file for file in naming if not any(file.is_relative_to(name) for name in wide)]
    return tuple(map(str, near)), (*wide, *(str(file) for file in rest if "real" not in file.parts))


def tried(bench: Bench, mutant: Mutant, *, wider: bool) -> dict[str, Any]:
    """What became of a mutant under the tests that mirror its module, or under the wider set."""
    place = bench.tree / mutant.file
    source = place.read_bytes()
    began = time.monotonic()
    files = tests_of(mutant.file)[wider]
    by = bench.killer(place, mutant.of(source), files) if files else None
    lives = ALIVE if wider else LIVES_NEAR
    killed = "killed by the wider set" if wider else "killed"
    return {
        "name": mutant.name, "file": mutant.file, "line": mutant.line, "by": by,
        "outcome": killed if by else lives, "diff": diff(source, mutant),
        "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip


def diff(source: bytes, mutant: Mutant) -> str:
    """The change as lines of a patch."""
    lines = difflib.unified_diff(
        source.decode().splitlines(), mutant.of(source).decode().splitlines(), lineterm="", n=0
    )
    return "\n".join([*lines][3:])


def drawn(count: int, seed: int) -> list[Mutant]:
    """The sample of the tree."""
    files = [file for name in MUTATED for file in _modules(ROOT / name)]
    return sample([mutant for file in files for mutant in mutants_of(ROOT, file)], count, seed)


def _modules(path: Path) -> Iterator[Path]:
    yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=ROOT / "build/mutation")
    parser.add_argument("--again", action="store_true", help="try those that lived again")
    said = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    said.folder.mkdir(parents=True, exist_ok=True)
    equivalent = tomllib.loads(Path(__file__).with_name("equivalent.toml").read_text("utf-8"))
    log = said.folder / "log.jsonl"
    known = {row["name"]: row for row in map(json.loads, log.open())} if log.exists() else {}
    todo = drawn(said.count, said.seed)
    judged = [mutant for mutant in todo if mutant.name not in equivalent]
    if said.again:
        known = {name: row for name, row in known.items() if row["outcome"] not in LIVING}
    bench = None
    for wider in (False, True):
        for mutant in judged:
            before = known.get(mutant.name, {}).get("outcome")
            if before == LIVES_NEAR if wider else before is None:
                bench = bench or Bench(said.folder)
                known[mutant.name] = row = tried(bench, mutant, wider=wider)
                with log.open("a") as out:
                    out.write(json.dumps(row) + "\n")
                print(f"{row['outcome']:24} {mutant.name} {mutant.file}:{mutant.line} "
                      f"{row['by'] or ''}\n{row['diff']}", flush=True)  # fmt: skip
    return summary(todo, known, equivalent)


def summary(todo: Sequence[Mutant], known: dict[str, Any], equivalent: dict[str, str]) -> int:
    """Print the counts; 1 where more than one in twenty lives."""
    counts = Counter(
        "equivalent" if m.name in equivalent else known[m.name]["outcome"] for m in todo
    )
    judged = len(todo) - counts["equivalent"]
    for mutant in todo:
        if mutant.name not in equivalent and known[mutant.name]["outcome"] == "alive":
            row = known[mutant.name]
            print(f"ALIVE {mutant.name} {row['file']}:{row['line']}\n{row['diff']}")
    print(", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
    print(f"{1 - counts['alive'] / max(1, judged):.1%} of {judged} are killed")
    return int(counts["alive"] > judged / 20)


if __name__ == "__main__":
    sys.exit(main())
