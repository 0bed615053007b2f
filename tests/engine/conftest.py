"""Studies of the toys, run in the process of the tests."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.cli.main import run
from harness.store.artifacts import Store

TOYS = Path(__file__).parents[1] / "data" / "toys.py"


class Ran:
    """A home and a study folder in which commands are run; what they left there."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home, self.study = home, folder / "study"

    def __call__(self, *args: str, check: int = 0) -> Ran:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HARNESS_HOME", str(self.home))
            words = ["--plugins-dir", str(TOYS), "run", *args, "-j", "1", "-q"]
            code = run([*words, "-o", str(self.study)])
        assert code == check
        return self

    def events(self, event: str | None = None) -> list[dict[str, Any]]:
        """Lines of the log, all or those of one kind."""
        lines = (self.study / "events.jsonl").read_text().splitlines()
        return [e for e in map(json.loads, lines) if event in (None, e["event"])]

    def results(self) -> list[SimpleNamespace]:
        """Content and folder of every cell."""
        return [
            SimpleNamespace(folder=path.parent, **json.loads(path.read_text()))
            for path in sorted(self.study.glob("cells/*/result.json"))
        ]

    def failures(self) -> list[dict[str, Any]]:
        paths = sorted(self.study.glob("failures/*/failed-*.json"))
        return [{"file": path.name, **json.loads(path.read_text())} for path in paths]

    def stored(self, kind: str, **parts: Any) -> SimpleNamespace:
        """Facts, parts and folder of the one artifact of a kind whose parts have these values."""
        (found,) = [
            item for item in Store(self.home).of_kind(kind)
            if all(item.manifest["parts"].get(name) == value for name, value in parts.items())
        ]  # fmt: skip
        return SimpleNamespace(
            folder=found.folder, key=found.key, facts=found.manifest["facts"],
            parts=found.manifest["parts"],
        )  # fmt: skip


@pytest.fixture
def ran(home, tmp_path):
    return Ran(home, tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A finished study with a training, missing faces and mirrored embeddings; only to be read."""
    folder = tmp_path_factory.mktemp("finished")
    return Ran(folder / "home", folder)(
        "-g", "toy-faces", "-G", "missing_every=5", "-m", "toy-net", "-M", "steps=4",
        "-b", "toy-pairs", "-B", "flip=sum",
    )  # fmt: skip
