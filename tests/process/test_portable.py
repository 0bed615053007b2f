"""Portable digits: kernels pinned in a process of its own, equal under every ceiling."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness._plugins.discovery import load
from harness.api import make_plan
from harness.errors import PrerequisiteError, UsageError
from harness.plan.device import resolve_portable
from harness.process import portable
from harness.process.machine import flags
from harness.recipe.run_options import RecipeFlags
from harness.store.artifacts import Store

TOYS = Path(__file__).parents[1] / "data" / "toys.py"

needs_avx2 = pytest.mark.skipif("avx2" not in flags(), reason="the processor has no AVX2")
needs_choice = pytest.mark.skipif(
    "avx512f" not in flags(), reason="the processor has one instruction set to choose from"
)

TRAIN = """
import hashlib, json, sys
from contextlib import nullcontext
from harness.process import portable
import numpy as np, torch
torch.set_num_threads(1)
from torch import nn
def work():
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    net = nn.Sequential(
        nn.Conv2d(3, 24, 3, padding=1), nn.BatchNorm2d(24), nn.PReLU(24),
        nn.Conv2d(24, 32, 3, stride=2, padding=1), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Conv2d(32, 32, 3, padding=1, groups=32), nn.AdaptiveAvgPool2d(5), nn.Flatten(),
        nn.Linear(800, 64),
    )
    images = torch.from_numpy(rng.standard_normal((8, 3, 48, 48)).astype(np.float32))
    labels = torch.from_numpy(rng.integers(0, 64, 8))
    optimiser = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)
    for _ in range(3):
        loss = nn.functional.cross_entropy(16 * nn.functional.normalize(net(images)), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    weights = hashlib.sha256()
    for parameter in net.parameters():
        weights.update(parameter.detach().numpy().tobytes())
    matrix = rng.standard_normal((200, 300)).astype(np.float32)
    weights.update((matrix @ matrix.T).tobytes())
    return weights.hexdigest()
with portable.held() if sys.argv[1] == "portable" else nullcontext():
    print(work())
"""


def weights(kind: str, **ceiling: str) -> str:
    """Digest of the weights after three steps in a process under a ceiling."""
    environ = {**os.environ, **ceiling}
    if kind == "portable":
        environ |= portable.variables()
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, kind], env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@needs_choice
def test_ceilings_move_weights_and_portable_ones_stay():
    low = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
    high = {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE", "OPENBLAS_CORETYPE": "SkylakeX"}
    assert weights("plain", **low) != weights("plain", **high)
    assert weights("portable", **low) == weights("portable", **high)


@needs_avx2
def test_a_process_with_other_variables_is_refused_and_told_which():
    portable.require({**os.environ, **portable.variables()})
    with pytest.raises(portable.VariablesNeededError, match=r"MKL_CBWR=\"COMPATIBLE\"") as caught:
        portable.require({})
    assert caught.value.variables == portable.variables()
    wrong = {**portable.variables(), "MKL_CBWR": "AVX2"}
    with pytest.raises(portable.VariablesNeededError):
        portable.require(wrong)


@needs_avx2
def test_variables_that_came_too_late_are_noticed():
    code = (
        "import os, torch; torch.backends.cpu.get_cpu_capability()\n"
        "from harness import portable; os.environ.update(portable.variables())\n"
        "try:\n"
        "    with portable.held(): print('held')\n"
        "except portable.VariablesNeededError: print('refused')\n"
    )
    environ = {k: v for k, v in os.environ.items() if k != "ATEN_CPU_CAPABILITY"}
    environ["ATEN_CPU_CAPABILITY"] = "default"
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True)
    assert done.stdout.strip() == "refused", done.stderr


@pytest.mark.parametrize(
    ("machine", "known"),
    [("aarch64", {"asimd"}), ("x86_64", {"sse4_1", "avx"}), ("arm64", set())],
)
def test_a_machine_that_cannot_be_portable_says_so(monkeypatch, machine, known):
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr(portable, "flags", lambda: frozenset(known))
    with pytest.raises(PrerequisiteError, match="AVX2"):
        portable.variables()


def test_features_that_the_processor_has_not_are_not_named(monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr(portable, "flags", lambda: frozenset({"avx2"}))
    assert "NPY_DISABLE_CPU_FEATURES" not in portable.variables()
    monkeypatch.setattr(portable, "flags", lambda: frozenset({"avx2", "avx512f"}))
    assert portable.variables()["NPY_DISABLE_CPU_FEATURES"] == "X86_V4"


def test_portable_means_the_cpu_in_fp32():
    assert resolve_portable("auto", "auto") == ("cpu", "fp32")
    for device, precision in (("cuda", "auto"), ("auto", "bf16"), ("cpu", "fp16")):
        with pytest.raises(UsageError, match="fp32"):
            resolve_portable(device, precision)


@pytest.fixture(scope="module")
def registry():
    return load(plugins_dirs=(TOYS,))


def plan(registry, home, model="toy-net", params=(), **study):
    settings = RecipeFlags(
        generator=("toy-faces",) if model == "toy-net" else (),
        model=(model,),
        bench=("toy-pairs",),
        params={"model": tuple(params)},
        **study,
    )
    return make_plan(settings, registry, Store(home), tolerant=True)


@needs_avx2
def test_every_key_of_a_portable_study_is_its_own(registry, home):
    plain, portable_one = plan(registry, home), plan(registry, home, portable=True)
    assert not {*plain.nodes} & {*portable_one.nodes}
    assert not {cell.key for cell in plain.cells} & {cell.key for cell in portable_one.cells}
    assert all("portable" not in node.parts for node in plain.nodes.values())
    assert (portable_one.device, portable_one.precision) == ("cpu", "fp32")


def test_a_component_that_chooses_its_own_kernels_is_refused(registry, home, tmp_path):
    network = tmp_path / "net.onnx"
    network.write_bytes(b"planning does not open it")
    with pytest.raises(UsageError, match=r"model onnx .* leave out --portable"):
        plan(registry, home, "onnx", [("path", str(network))], portable=True)


@needs_avx2
def test_the_command_starts_again_with_its_variables_and_several_processes_are_refused(tmp_path):
    command = [sys.executable, "-m", "harness", "--plugins-dir", str(TOYS), "run", "--portable",
               "-m", "toy-pixels", "-b", "toy-pairs", "-o", str(tmp_path / "s")]  # fmt: skip
    environ = {name: v for name, v in os.environ.items() if name not in portable.variables()}
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (env,) = (json.loads(path.read_text()) for path in (tmp_path / "s/env").glob("*.json"))
    assert env["portable"] is True
    assert env["set"]["MKL_CBWR"] == "COMPATIBLE"
    assert env["made_on"] == {}
    several = subprocess.run(
        [*command, "--nproc", "2"], env=environ, capture_output=True, text=True
    )
    assert several.returncode == 2
    assert "--nproc" in several.stderr


@needs_choice
@pytest.mark.slow
def test_the_demo_at_a_small_size_ends_in_equal_weights_under_two_ceilings(tmp_path):
    small = ["-G", "identities=12", "-G", "images_per_id=6", "-M", "steps=4", "-M",
             "people_per_batch=6", "-b", "toy-pairs", "-B", "identities=40", "--precision", "fp32",
             "-q", "-j", "1"]  # fmt: skip
    recipe = str(Path(__file__).parents[2] / "recipes/demo.toml")
    low = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
    high = {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE", "OPENBLAS_CORETYPE": "SkylakeX"}

    def trained(name: str, ceiling: dict[str, str], *more: str) -> bytes:
        home = tmp_path / name
        environ = {**os.environ, "HARNESS_HOME": str(home), **ceiling}
        command = [sys.executable, "-m", "harness", "--plugins-dir", str(TOYS), "run", "-c",
                   recipe, *small, *more, "-o", str(home / "study")]  # fmt: skip
        done = subprocess.run(command, env=environ, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        (weights,) = home.glob("store/models/*/*/weights.safetensors")
        return weights.read_bytes()

    assert trained("low", low) != trained("high", high)
    assert trained("low-held", low, "--portable") == trained("high-held", high, "--portable")
