"""One embedded model for all tests of the renderer: building it takes seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness_plugins.generators.bfm.generator import Bfm
from harness_plugins.generators.bfm.params import BfmParams


class Bench:
    """The context of a component, as far as the renderer uses it."""

    device, precision, batch_size, limit = "cpu", "fp32", None, None

    def __init__(self, home: Path, seed: int) -> None:
        self.home, self.seed, self.notes = home, seed, []

    def note(self, message):
        self.notes.append(message)

    def artifact(self, name, parts, build):
        folder = self.home / name
        if not folder.exists():
            folder.mkdir()
            build(folder)
        return folder


@pytest.fixture(scope="package")
def parts(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("parts")


@pytest.fixture(scope="package")
def open_bfm(parts):
    class Shared(Bfm):
        """Reads the embedded model once for all tests."""

        _read = None

        def _embedded(self):
            if Shared._read is None:
                Shared._read = super()._embedded()
            return Shared._read

    def prepared(seed: int = 5, **values) -> Bfm:
        generator = Shared(BfmParams.model_validate(values))
        generator.prepare(Bench(parts, seed))
        return generator

    return prepared
