from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from harness.errors import HarnessError
from harness.faces.store import FaceSet, shard_facts
from harness_plugins.generators.digi2real.diffusion.shift import load

SMALL = ["-G", "pipeline=tiny", "-G", "identities=3", "-G", "images_per_id=4", "-G", "steps=4",
         "-G", "images_per_prototype=2"]  # fmt: skip


@pytest.fixture(scope="module")
def libraries():
    return ("diffusers.schedulers", "diffusers.models.autoencoders.autoencoder_kl",
            "diffusers.models.unets.unet_2d_condition", "transformers.models.clip.modeling_clip",
            "transformers.models.clip.tokenization_clip")  # fmt: skip


def face_set(home, generator):
    """The stored set of a generator."""
    for manifest in home.rglob("manifest.json"):
        parts = json.loads(manifest.read_text())["parts"]
        if parts.get("stage") == "generate" and generator in parts["component"]["provider"]:
            return FaceSet(manifest.parent)
    raise AssertionError(generator)


def test_the_sentence_of_the_user_on_rendered_identities(
    harness_command, embedded_model, home, tmp_path
):
    """Renders of the morphable model, made realistic (here: noise), train and test a model."""
    done = harness_command(
        "run", "-g", "digi2real", *SMALL, "-m", "toy-net", "-M", "steps=2", "-b", "toy-pairs",
        "-o", "study", "-j", "1",
    )  # fmt: skip
    assert "toy-pairs" in done.stdout
    assert "[1] no measurement: digi2real: noise: random weights of pipeline=tiny" in done.stdout
    pages = [path.read_text() for path in (tmp_path / "study" / "report").rglob("*.md")]
    assert any("| toy-net" in page for page in pages)
    assert all("no measurement: digi2real: noise" in p for p in pages if "| toy-net" in p)
    (result,) = (tmp_path / "study").rglob("result.json")
    text = result.read_text()
    assert "noise: random weights of pipeline=tiny" in text
    assert "no shift towards real faces" in text
    assert "no face detector" in text
    (page,) = (tmp_path / "study").rglob("*.html")
    shown = page.read_text()
    assert "noise: random weights of pipeline=tiny" in shown
    for title in ("Source beside enhanced", "Most similar identities", "Interpolation along t",
                  "Similarity within and between identities"):  # fmt: skip
        assert f"<b>{title}.</b>" in shown
    made = face_set(home, "digi2real")
    assert len(face_set(home, "bfm")) == 6
    assert len(made) == 12
    for index in range(12):
        assert "noise" in made.meta(index)["watermark"]
        pixels = cv2.imdecode(np.frombuffer(made.read(index), np.uint8), cv2.IMREAD_COLOR)
        corner = pixels[-10:, :30].reshape(-1, 3)
        assert (corner.max(axis=1) < 40).mean() > 0.3  # the black ground of the watermark
    assert made.meta(0)["source"] == "bfm"


@pytest.mark.parametrize("more", [[], ["-G", "preset=rendered"]])
def test_without_weights_every_missing_file_is_named(harness_command, more):
    done = harness_command(
        "plan", "-g", "digi2real", *more, "-m", "toy-net", "-b", "toy-pairs", check=3
    )
    said = done.stdout + done.stderr
    names = ("arc2face-arcface", "arc2face-encoder", "arc2face-unet", "stable-diffusion-v1-5")
    assert f"harness assets fetch {' '.join(names)} --yes" in said
    for name in ("mtcnn", "digiface1m"):  # the paper's detector and source
        assert (f"harness assets link {name} PATH" in said) != bool(more)


TOYS = Path(__file__).parents[3] / "data" / "toys.py"
TINY = ["-G", "pipeline=tiny", "-G", "source=toy-faces", "-G", "identities=3", "-G", "steps=2",
        "-G", "images_per_prototype=2", "-j", "1"]  # fmt: skip


def test_a_shift_is_written_once_and_used_by_runs(harness_command, home, tmp_path):
    (tmp_path / "real" / "a").mkdir(parents=True)
    for number in range(4):
        image = np.random.default_rng(number).integers(0, 256, (112, 112, 3), np.uint8)
        cv2.imwrite(str(tmp_path / "real" / "a" / f"{number}.png"), image)
    asked = harness_command("digi2real", "shift", "--real", "real", "--source", "toy-faces",
                            "-G", "real_params.template=arcface", *TINY,
                            "-o", "shift.safetensors")  # fmt: skip
    assert "shift from 6 source to 4 real faces" in asked.stdout
    assert "noise: random weights" in asked.stderr
    delta, facts = load(tmp_path / "shift.safetensors")
    assert (delta[:4] == 0).all()
    assert np.abs(delta[4:]).max() > 1e-3
    assert facts["real"]["images"] == 4
    source = face_set_key(home, "toy-faces")
    for more in ([], ["-G", f"source={source[:12]}"]):  # a stored set serves as well
        made = harness_command(
            "run", "-g", "digi2real", *TINY, "-G", "images_per_id=2",
            "-G", "shift=shift.safetensors", *more, "-o", "study",
        )  # fmt: skip
        assert "face set" in made.stdout
    assert face_set(home, "digi2real").meta(0)["shifted"]
    key = face_set_key(home, "digi2real")
    manifest = next(m for m in home.rglob("manifest.json") if m.parent.name == key)
    said = " ".join(json.loads(manifest.read_text())["facts"]["warnings"])
    assert "shift from 6 source to 4 real faces" in said


def face_set_key(home, generator):
    return face_set(home, generator).folder.name


def test_tools_are_other_plugins_and_enter_the_key(harness_command, home):
    """A model of the toys embeds; with another parameter of it the faces are others."""
    for noise in ("0.0", "40.0"):
        harness_command("run", "-g", "digi2real", *TINY, "-G", "images_per_id=1",
                        "-G", "embedder=toy-pixels",
                        "-G", f"embedder_params={{noise={noise}}}")  # fmt: skip
    manifests = [json.loads(path.read_text()) for path in home.rglob("manifest.json")]
    made = [m for m in manifests if "tools" in (m["parts"].get("component") or {})]
    assert len(made) == 2
    assert len({m["facts"]["sha256"] for m in made}) == 2
    assert all(m["parts"]["component"]["tools"]["embedder"]["params"]["noise"] in (0.0, 40.0)
               for m in made)  # fmt: skip


@pytest.fixture(scope="module")
def arc2face():
    """The module that writes weights and DigiFace in the layouts of their releases."""
    file = TOYS.with_name("arc2face.py")
    spec = importlib.util.spec_from_file_location("arc2face_layouts", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def linked(harness_command, arc2face, tmp_path):
    """Weights and DigiFace in their layouts, linked; the weights' folder."""
    weights = arc2face.write_weights(tmp_path / "weights")
    digiface = arc2face.write_digiface(tmp_path / "digiface")
    harness_command("assets", "link", "digi2real", str(weights))
    harness_command("assets", "link", "digiface1m", str(digiface))
    return weights


SMALL_FULL = ["-G", "source=digiface1m", "-G", "identities=3", "-G", "images_per_id=2",
              "-G", "images_per_prototype=2", "-G", "latents=2", "-G", "steps=2",
              "-G", "filtered=false", "-G", "detector=none"]  # fmt: skip


@pytest.mark.parametrize("more", [[], ["-G", "preset=lcm-preview"]])
def test_the_published_layouts_are_read(harness_command, home, linked, more):
    """Prefixed pickles, ArcFace in ONNX, a zip of DigiFace: 512 pixels' worth of code, tiny."""
    # Everything is in place, and the sizes show that these are not the published weights.
    checked = harness_command("assets", "check", "digi2real", check=3).stdout
    found = [line for line in checked.splitlines() if line.startswith("  /")]
    assert found
    assert all("MB are expected" in line for line in found)
    harness_command("run", "-g", "digi2real", *more, *SMALL_FULL, "-j", "1")
    made = face_set(home, "digi2real")
    assert len(made) == 6
    assert "watermark" not in made.meta(0)
    assert made.meta(0)["source"] == "digiface1m"
    manifest = json.loads((made.folder / "manifest.json").read_text())
    preview = any("not the sampler of the paper" in w for w in manifest["facts"]["warnings"])
    assert preview == bool(more)


@pytest.mark.slow
def test_the_sentence_of_the_user_on_the_published_layouts(
    harness_command, linked, official, tmp_path
):
    ijbc = official.write_official(tmp_path, ["ijbc"]).roots["ijbc"]
    harness_command("assets", "link", "ijbc", str(ijbc))
    done = harness_command(
        "run", "--generator", "digi2real", "--model", "iresnet50", "--bench", "ijbc",
        *SMALL_FULL, "-M", "steps=1", "-M", "images_per_batch=4", "-j", "1",
    )  # fmt: skip
    assert "ijbc/1:1" in done.stdout
    assert "ijbc/1:N" in done.stdout
    assert "report: study/report/index.html" in done.stderr
    assert "no shift towards real faces" in (tmp_path / "study/report/index.html").read_text()


def finished_shards(home):
    """Bytes and times of the whole shards of faces that are in a home."""
    found = {}
    for path in home.rglob("shard-*.arrow"):
        try:
            if shard_facts(path).faces == 200:
                found[path.name] = path.read_bytes(), path.stat().st_mtime_ns
        except (HarnessError, FileNotFoundError):  # moved into the store in this moment
            continue
    return found


@pytest.mark.slow
def test_a_run_killed_anywhere_loses_at_most_a_shard(harness_command, home, tmp_path):
    """Killed at random moments of its life, the same command keeps every finished shard."""
    args = ["run", "-g", "digi2real", *TINY, "-G", "images_per_id=400", "--batch-size", "4"]
    command = [sys.executable, "-c", "from harness.cli.main import main; main()",
               "--plugins-dir", str(TOYS), *args]  # fmt: skip
    environ = {**os.environ, "HARNESS_HOME": str(home), "OMP_NUM_THREADS": "1"}
    rng = np.random.default_rng(3)
    kept, wounded = {}, 0
    for shards in (0, 0, 1, 2, 2, 3, 4):  # waits for this many, then a random time longer
        process = subprocess.Popen(command, cwd=tmp_path, env=environ, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while len(finished_shards(home)) < shards and time.monotonic() < deadline:
            assert process.poll() is None, "it ended before its time"
            time.sleep(0.05)
        time.sleep(rng.uniform(0, 6) if len(kept) >= shards else rng.uniform(0, 2))
        wounded += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        now = finished_shards(home)
        assert {name: now[name] for name in kept} == kept  # neither lost nor made again
        kept = now
    assert wounded >= 5
    assert len(kept) >= 4
    harness_command(*args)
    done = finished_shards(home)
    assert len(done) == 6
    assert {name: done[name] for name in kept} == kept
    other = tmp_path / "untouched"
    harness_command(*args, HARNESS_HOME=str(other))
    assert {n: data for n, (data, _) in finished_shards(other).items()} == {
        n: data for n, (data, _) in done.items()
    }
