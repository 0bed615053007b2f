"""What `--help`, `list` and `plan` must not pay for, and what the help page looks like."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RECIPES = Path(__file__).parents[2] / "recipes"
HEAVY = ("torch", "pandas", "sklearn", "scipy", "transformers", "diffusers", "onnxruntime",
         "numba", "altair", "cv2", "pyarrow")  # fmt: skip
CODE = """
import sys
from harness.cli.main import run
code = run({args!r})
print("LOADED", sorted(set({heavy!r}) & set(sys.modules)), code)
"""


@pytest.mark.parametrize(
    "args",
    [
        ["--help"],
        ["list"],
        ["list", "--json"],
        ["run", "--help"],
        ["plan", "--help"],
        ["show", "facenet-nn4"],
        ["show", "bfm"],
        ["assets", "list"],
        ["faces", "--help"],
        ["check", "--help"],
        ["rescore", "--help"],
        ["protocol", "diff", "lfw", "lfw:rule=official"],
        ["scores", "--help"],
        ["table", "--help"],
        ["claims", "--help"],
        ["leaderboard", "--help"],
        ["trace", "--help"],
        ["leak", "--help"],
        ["faces", "list"],
        ["show", "casia-webface"],
        ["show", "digiface1m"],
        ["--version"],
        ["config", "schema"],
        ["plan", "-c", str(RECIPES / "digi2real2024/8.toml"), "--profile", "smoke"],
        ["plan", "-c", str(RECIPES / "demo.toml"), "--show-config"],
        ["plan", "-g", "bfm", "-m", "facenet-nn4", "-b", "synthpie"],
    ],
    ids=" ".join,
)
def test_light_verbs_load_no_heavy_library(args):
    code = CODE.format(args=args, heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "LOADED [] 0", done.stdout[-2000:] + done.stderr


@pytest.mark.parametrize(
    "verb",
    [
        "run",
        "plan",
        "rescore",
        "protocol",
        "scores",
        "table",
        "claims",
        "leaderboard",
        "trace",
        "leak",
        "list",
        "show",
        "report",
        "embed",
        "export-onnx",
        "assets",
        "doctor",
        "faces",
        "check",
        "new-plugin",
        "completion",
        "config",
    ],
)
def test_help_is_short_and_has_examples(harness_command, verb):
    text = harness_command(verb, "--help", toys=False).stdout
    assert len(text.splitlines()) <= (70 if verb in ("run", "plan") else 60)  # in seven groups
    assert "Examples:" in text
    assert f"harness {verb}" in text
