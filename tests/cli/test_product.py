"""Verbs that a generator adds by declaring a product."""

from __future__ import annotations

import pytest

PLUGIN = """
from harness.plugin import Component, Params, hookimpl
from harness.plugin.generators import Generator
from harness.components import ComponentRequest, Product
from pydantic import Field


class P(Params):
    identities: int = Field(2, description="Identities.")
    source: str = Field("toy-faces", description="Where faces come from.")

    def requests(self):
        return {"source": ComponentRequest(self.source, {} if len(self.source) > 9 else
                                           {"identities": self.identities})}


class G(Generator):
    def samples_per_identity(self):
        raise RuntimeError("no face of its own is made")

    def generate(self, slots):
        raise RuntimeError("no face of its own is made")

    def write_product(self, name, path):
        self.ctx.note("counted")
        count = len(self.ctx.faces("source"))
        path.write_text(f"{name} {count} {self.ctx.seed}")
        return f"{count} faces counted in {path}"


@hookimpl
def harness_components():
    return [Component(kind="generator", name="counter", version=1, target=f"{__name__}:G",
                      params=f"{__name__}:P", summary="counts", licence="MIT",
                      products=(Product("count", "Count the source faces", ("source",),
                                        ("source",)),))]
"""


@pytest.fixture
def counter(harness_command, tmp_path):
    (tmp_path / "counter.py").write_text(PLUGIN)
    return lambda *args, **more: harness_command("--plugins-dir", "counter.py", *args, **more)


def test_a_product_is_written_from_the_sets_it_is_made_of(counter, tmp_path, home):
    done = counter("counter", "count", "--source", "toy-faces", "-G", "identities=3", "-o", "n.txt",
                   "--seed", "7", "-j", "1")  # fmt: skip
    assert "12 faces counted in n.txt" in done.stdout
    assert "note: counted" in done.stderr
    assert (tmp_path / "n.txt").read_text() == "count 12 7"
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []  # no study is left
    (stored,) = (home / "store" / "faces").glob("*/*")
    again = counter("counter", "count", "--source", stored.name[:12], "-o", "m.txt", "-j", "1")
    assert "12 faces" in again.stdout
    assert len(list((home / "store" / "faces").glob("*/*"))) == 1


def test_usage_errors_of_products(counter):
    assert "--source" in counter("counter", "count", "-o", "n.txt", check=2).stderr
    assert "no face set" in counter(
        "counter", "count", "--source", "0123456789ab", "-o", "n.txt", check=2
    ).stderr  # fmt: skip
    assert "Count the source faces" in counter("counter", "--help").stdout
    assert "unknown verb 'toy-faces'" in counter("toy-faces", check=2).stderr
