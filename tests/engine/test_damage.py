"""Every kind of stored file, altered, cut short and deleted: never exit 0 with another number."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

ARGS = ("run", "-g", "toy-faces", "-m", "toy-net", "-M", "steps=3", "-B", "flip=sum",
        "-b", "toy-pairs", "-j", "1", "-o", "study")  # fmt: skip
STORED = {
    "faces": ("shard-000001.arrow", "manifest.json"),
    "placements": ("placements.arrow", "manifest.json"),
    "models": ("weights.safetensors", "training.json", "history.parquet", "manifest.json"),
    "embeddings": ("plain.npy", "mirror.npy", "enrolled.npy", "embeddings.json", "manifest.json"),
}
AFTER = {
    "faces": ("placements", "models", "embeddings"),
    "placements": ("models", "embeddings"),
    "models": ("embeddings",),
    "embeddings": (),
}
"""What is removed too, so that the damaged file is needed again."""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, zygote):
    """A finished study and its store, and the table it printed."""
    from tests.conftest import ONE_THREAD, TOYS

    folder = tmp_path_factory.mktemp("undisturbed")
    environ = {"HARNESS_HOME": str(folder / "home"), **ONE_THREAD}
    done = zygote.run(["--plugins-dir", str(TOYS), *ARGS], folder, environ)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


class Bench:
    """A copy of the undisturbed study in which one file is damaged."""

    def __init__(self, undisturbed, home, cwd, command) -> None:
        (self.origin, self.table), self.home, self.cwd = undisturbed, home, cwd
        self.command = command

    def restore(self, kind: str) -> None:
        for name, target in (("home", self.home), ("study", self.cwd / "study")):
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(self.origin / name, target)
        shutil.rmtree(self.cwd / "study" / "cells")
        for later in AFTER[kind]:
            shutil.rmtree(self.home / "store" / later)

    def file(self, kind: str, name: str) -> Path:
        return sorted((self.home / "store" / kind).glob(f"*/*/{name}"))[0]

    def rerun(self):
        done = self.command(*ARGS)
        assert done.stdout == self.table
        return done


@pytest.fixture
def bench(undisturbed, home, tmp_path, harness_command):
    return Bench(undisturbed, home, tmp_path, harness_command)


def damage(path: Path, how: str, rng: random.Random) -> None:
    if how == "gone":
        path.unlink()
        return
    content = bytearray(path.read_bytes())
    if how == "cut":
        del content[rng.randrange(len(content)) :]
    else:
        bit = rng.randrange(len(content) * 8)
        content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("kind", "name", "how"),
    [
        ("faces", "shard-000001.arrow", "flip"),
        ("placements", "placements.arrow", "flip"),
        ("models", "weights.safetensors", "flip"),
        ("embeddings", "plain.npy", "flip"),
        ("embeddings", "mirror.npy", "gone"),
        ("models", "manifest.json", "gone"),
    ],
)
def test_a_damaged_artifact_is_set_aside_and_made_again(bench, kind, name, how):
    bench.restore(kind)
    path = bench.file(kind, name)
    before = path.read_bytes()
    damage(path, how, random.Random(1))
    done = bench.rerun()
    (said,) = [line for line in done.stderr.splitlines() if "; moved to" in line]
    assert str(path) in said
    (aside,) = (bench.home / "aside" / kind).iterdir()
    assert json.loads((aside / "damage.json").read_text())["file"] == name
    assert name == "manifest.json" or path.read_bytes() == before
    assert "moved to" not in bench.rerun().stderr


def test_inputs_that_are_gone_are_made_again_too(bench):
    bench.restore("embeddings")
    damage(bench.file("embeddings", "plain.npy"), "flip", random.Random(2))
    shutil.rmtree(bench.home / "store" / "models")
    shutil.rmtree(bench.home / "store" / "faces")
    bench.rerun()


def test_an_unverified_store_heals_where_a_file_cannot_be_read(bench):
    """As written by older releases: no digests, so only what cannot be decoded is noticed."""
    for kind, name, keep in [
        ("embeddings", "plain.npy", 90),
        ("faces", "shard-000001.arrow", 300),
        ("models", "weights.safetensors", 40),
        ("placements", "placements.arrow", 50),
    ]:
        bench.restore(kind)
        path = bench.file(kind, name)
        manifest = path.with_name("manifest.json")
        fields = json.loads(manifest.read_text())
        del fields["digest"], fields["digests"]
        path.write_bytes(path.read_bytes()[:keep])
        fields["files"][name] = keep  # the size fits, so the reader meets the damage
        manifest.write_text(json.dumps(fields))
        assert name in bench.rerun().stderr


def test_a_resumed_face_set_has_no_damaged_shard(bench):
    bench.restore("faces")
    path = bench.file("faces", "shard-000001.arrow")
    work = bench.home / "work" / "faces" / path.parent.name
    work.parent.mkdir(parents=True, exist_ok=True)
    before = {file.name: file.read_bytes() for file in path.parent.glob("shard-*")}
    path.parent.rename(work)
    (work / "manifest.json").unlink()
    damage(work / "shard-000001.arrow", "flip", random.Random(3))
    (work / "shard-000000.arrow").write_bytes(before["shard-000000.arrow"][:400])
    bench.rerun()
    assert {file.name: file.read_bytes() for file in path.parent.glob("shard-*")} == before


@pytest.mark.parametrize("suffix", ["", ".sha256"])
def test_an_altered_sheet_of_inputs_is_drawn_again(bench, suffix):
    bench.restore("embeddings")
    (path,) = (bench.cwd / "study" / "media").glob(f"inputs-*.jpg{suffix}")
    before = path.read_bytes()
    damage(path, "flip", random.Random(4))
    assert "is altered: its SHA-256 is not the one beside it; made again" in bench.rerun().stderr
    assert path.read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), [(k, n) for k, names in STORED.items() for n in names])
def test_twenty_flips_a_cut_and_a_deletion_of_every_kind_of_file(bench, kind, name):
    rng = random.Random(f"{kind} {name}")
    for how in (*["flip"] * 20, "cut", "cut", "gone"):
        bench.restore(kind)
        damage(bench.file(kind, name), how, rng)
        bench.rerun()
