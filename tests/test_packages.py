"""Without a package, what does not need it works, and what does ends in one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.packages import MissingPackageError, install_line, missing_package

TOYS = Path(__file__).parent / "data" / "toys.py"
CODE = """
import contextlib, io, json, sys
blocked, commands = json.loads(sys.argv[1])
for name in blocked:
    sys.modules[name] = None  # as if it were not installed
from harness.cli.main import run
answers = []
for words in commands:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(words)
    answers.append([code, out.getvalue(), err.getvalue()])
print(json.dumps(answers))
"""
TOY = ["-g", "toy-faces", "-m", "toy-net", "-b", "toy-pairs", "-j", "1", "-o", "study"]
ENHANCE = ["run", "-g", "digi2real", "-G", "pipeline=tiny", "-G", "source=toy-faces",
           "-G", "identities=2", "-G", "images_per_prototype=2", "-G", "steps=2",
           "-j", "1"]  # fmt: skip
RENDER = ["run", "-g", "bfm", "-G", "identities=1", "-G", "images_per_id=1", "-j", "1"]
NEEDS = {
    "diffusers": (ENHANCE, 3, "pip install 'diffusers>="),
    "transformers": (ENHANCE, 3, "pip install 'transformers>="),
    "h5py": ([*RENDER, "-G", "model_file=model.h5"], 3, "pip install 'h5py>="),
    "numba": (RENDER, 3, "pip install 'numba>="),
    "altair": (["report", "study", "-o", "page"], 0, "pip install 'altair>="),
    "vl_convert": (["report", "study", "-o", "page"], 0, "pip install 'vl-convert-python>="),
}


def answers(blocked, commands, folder):
    words = [["--plugins-dir", str(TOYS), *command] for command in commands]
    done = subprocess.run(
        [sys.executable, "-c", CODE, json.dumps([blocked, words])],
        capture_output=True, text=True, cwd=folder, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("package", NEEDS)
def test_a_blocked_package_stops_only_what_needs_it(package, tmp_path):
    (tmp_path / "model.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    needing, code, line = NEEDS[package]
    others = [["--help"], ["list"], ["plan", *TOY[:6]], ["run", *TOY]]
    *fine, page, last = answers([package], [*others, ["report", "study"], needing], tmp_path)
    assert [answer[0] for answer in (*fine, page)] == [0] * 5, fine
    assert "accuracy" in fine[-1][1]
    assert (tmp_path / "study/report/index.html").is_file()
    assert last[0] == code, last
    said = [text for text in last[2].splitlines() if line in text]
    assert said, last
    assert f"{package}, which" in said[-1]
    assert "Traceback" not in last[2]
    if code == 0:
        assert f"<p>pictures need {package}" in (tmp_path / "page/index.html").read_text()


def test_the_line_is_that_of_the_distribution_and_its_extra():
    assert install_line("sklearn").startswith("pip install 'scikit-learn>=")
    assert install_line("cv2").startswith("pip install 'opencv-python-headless>=")
    assert install_line("dask_jobqueue") == "pip install 'synthface-harness[dask]'"
    assert install_line("mlflow") == "pip install 'synthface-harness[mlflow]'"
    assert install_line("no_such_module") == ""
    assert install_line("no_such_module", "no-such-dist", ("gpu",)) == (
        "pip install 'no-such-dist[gpu]'"
    )


@pytest.mark.parametrize(
    "error",
    [
        ModuleNotFoundError("No module named 'harness.nothing'", name="harness.nothing"),
        ModuleNotFoundError("no name"),
        ImportError("cannot import name 'x' from 'numba'", name="numba"),
        ValueError("numba"),
    ],
)
def test_other_errors_are_not_called_a_missing_package(error):
    assert missing_package(error, "it") is None


def test_a_module_inside_a_package_names_the_package():
    error = ModuleNotFoundError("No module named 'h5py.h5l'", name="h5py.h5l")
    found = missing_package(error, "generator bfm")
    assert isinstance(found, MissingPackageError)
    assert str(found).startswith(
        "generator bfm needs h5py, which is not installed; pip install 'h5"
    )
    assert found.exit_code == 3
