"""Plugins that are a single file: found, recorded by content, and clear when they are broken."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

TOYS = (Path(__file__).parents[1] / "data" / "toys.py").read_text(encoding="utf-8")
RECIPE = '[[model]]\nuse = "toy-pixels"\n[[benchmark]]\nuse = "toy-pairs"\n'


@pytest.fixture
def beside(tmp_path):
    (tmp_path / "harnessfile.py").write_text(TOYS)
    (tmp_path / "r.toml").write_text(RECIPE)
    return tmp_path / "harnessfile.py"


def test_a_result_says_which_file_made_it_and_not_where_it_lay(harness_command, beside, tmp_path):
    harness_command("run", "-c", "r.toml", "-j", "1", toys=False)
    (result,) = tmp_path.glob("study/cells/*/result.json")
    sha256 = hashlib.sha256(beside.read_bytes()).hexdigest()
    record = json.loads(result.read_text())
    assert record["provenance"]["code"]["plugins"] == {"harnessfile.py": f"sha256:{sha256}"}
    assert record["cell"]["model"]["provider"] == "harnessfile:toy-pixels"
    assert str(tmp_path) not in result.read_text()
    assert sha256 in (tmp_path / "study" / "report" / "index.html").read_text()

    beside.write_text(TOYS + "\n# another content\n")
    plan = harness_command("plan", "-c", "r.toml", toys=False).stdout
    assert "file_sha256" in plan


def test_a_broken_file_says_why_nothing_is_found(harness_command, beside):
    beside.write_text("import half_a_library\n")
    done = harness_command("plan", "-c", "r.toml", check=2, toys=False)
    assert (
        "plugin harnessfile is left out (ModuleNotFoundError: No module named 'half_a_library')"
        in done.stderr
    )
    assert "Traceback" not in done.stderr


def test_two_files_of_one_name_are_not_mixed_up(harness_command, tmp_path):
    """A worker imports both under one name, so that it would run the code of the other."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text(TOYS)
    both = ("--plugins-dir", "a", "--plugins-dir", "b")
    said = harness_command(*both, "list", toys=False, check=2).stderr
    assert "a/mine.py and b/mine.py are two plugins of one name; rename one" in said
    assert "toy-pixels" in harness_command("--plugins-dir", "a", "list", toys=False).stdout


def test_what_a_file_prints_in_workers_does_not_mix_with_the_data(harness_command, tmp_path):
    talking = TOYS.replace("    def _face(self", '    print("imported")\n\n    def _face(self')
    talking = talking.replace(
        "        for slot in slots:", '        print("working")\n        for slot in slots:', 1
    )
    (tmp_path / "talking.py").write_text(talking)
    args = ("run", "-g", "toy-faces", "-j", "2", "--json")
    done = harness_command("--plugins-dir", "talking.py", *args, toys=False)
    (row,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert row["generator"] == "toy-faces"
    assert done.stderr.count("working") == 5  # one per shard
    assert "imported" in done.stderr
