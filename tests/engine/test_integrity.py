"""Results that do not fit their digest, and numbers that no measurement gives."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.reporting.sections.pictures import media as kept_media
from harness.results import cells
from harness.results.schema import Result
from harness.results.study import load_study

GOLDEN = Path(__file__).parents[1] / "data" / "results"
ARGS = ("run", "-m", "toy-pixels", "-M", "noise=90", "-b", "toy-pairs",
        "-j", "1")  # fmt: skip


def fields(version: int = 3) -> dict:
    return json.loads((GOLDEN / f"result-{version}.json").read_text())


def test_every_field_is_under_the_digest():
    assert Result.from_fields(fields()).integrity == "verified"
    for name, value in [("warnings", ["x"]), ("limited", 7), ("comparison", "other"),
                        ("created", "2020"), ("curves", {}), ("files", {})]:  # fmt: skip
        assert Result.from_fields(fields() | {name: value}).integrity == "altered"
    metric = fields()["metrics"][0]
    other = {**metric, "value": metric["value"] + 1e-12}
    assert Result.from_fields(fields() | {"metrics": [other]}).integrity == "altered"


@pytest.mark.parametrize("version", [1, 2])
def test_results_of_older_releases_are_unverified_until_they_are_written_again(version):
    old = Result.from_fields(fields(version))
    assert old.integrity == "unverified"
    assert Result.from_json(old.to_json()).integrity == "unverified"
    assert Result.from_json(old.sealed().to_json()).integrity == "verified"


def test_an_altered_result_stays_altered_however_often_it_is_copied():
    made = Result.from_fields(fields() | {"limited": 7})
    assert Result.from_json(made.to_json()).integrity == "altered"


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": float("nan")}, "is not finite"),
        ({"value": float("inf")}, "is not finite"),
        ({"value": 1e308}, "out of its range"),
        ({"value": 1.01, "ci": None}, "out of its range"),
        ({"value": -1e308, "unit": "of a plugin"}, "out of its range"),
        ({"value": 0.99}, "interval of accuracy does not contain its value"),
        ({"ci": {"level": 0.95, "low": float("-inf"), "high": 1.0, "method": "x"}}, "not finite"),
        ({"ci": {"level": 0.95, "low": 1.0, "high": 0.0, "method": "x"}}, "does not contain"),
        ({"realised_far": 1.5}, "realised FAR"),
    ],
)
def test_what_no_measurement_gives_is_refused(version, change, message):
    found = fields(version)
    found["metrics"][0] |= {"ci": {"level": 0.95, "low": 0.4, "high": 0.9, "method": "x"},
                            "value": 0.6} | change  # fmt: skip
    with pytest.raises(ValueError, match=message):
        Result.from_fields(found)
    with pytest.raises(ValueError, match=message):
        Result.from_json(json.dumps(found))


@pytest.fixture
def study(harness_command, tmp_path):
    first = harness_command(*ARGS, "-o", "study")
    (cell,) = (tmp_path / "study" / "cells").iterdir()
    return cell, first.stdout


def alter(cell: Path, value: float) -> None:
    path = cell / "result.json"
    found = json.loads(path.read_text())
    found["metrics"][0] |= {"value": value, "ci": None}
    path.write_text(json.dumps(found, indent=1))


def test_an_altered_result_is_marked_everywhere_and_left_out(study, harness_command, tmp_path):
    cell, table = study
    shutil.copytree(tmp_path / "study", tmp_path / "sound")
    alter(cell, 0.945)
    harness_command("report", "study", "-o", "out", "--html", "--md")
    text = "".join(path.read_text() for path in (tmp_path / "out").rglob("*.md"))
    assert "altered 94 %" in text
    assert "does not fit its digest" in text
    assert ">altered<" in (tmp_path / "out" / "index.html").read_text()
    assert "[altered]" in harness_command("trace", "study").stdout
    compared = harness_command("compare", "sound", "study").stdout
    assert "left out: the content of result" in compared
    assert "94 %" not in compared
    # A report carries the mark with the result.
    harness_command("report", "--extract", "out/index.html", "-o", "extracted")
    assert "[altered]" in harness_command("trace", "extracted").stdout
    ranked = harness_command("leaderboard", "study", check=None)
    assert "94 %" not in ranked.stdout
    assert "altered" in harness_command("rescore", "study", check=None).stderr
    # The same command scores the cell again; the altered one can be looked at.
    again = harness_command(*ARGS, "-o", "study")
    assert again.stdout == table
    assert "result.json is altered" in again.stderr
    assert [p.name for p in (tmp_path / "study" / "aside").iterdir()] == [f"{cell.name}.1"]


@pytest.mark.parametrize("name", ["scores.arrow", "curves/roc.arrow", "result.json"])
def test_a_damaged_file_of_a_cell_is_made_again(study, harness_command, name):
    cell, table = study
    path = cell / name
    before = path.read_bytes()
    content = bytearray(before)
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    again = harness_command(*ARGS, "-o", "study")
    assert again.stdout == table
    assert f"{cell.name}/{name} " in again.stderr
    assert name == "result.json" or path.read_bytes() == before


def test_the_result_of_another_cell_is_not_that_of_a_cell(study):
    cell, _ = study
    other = cell.with_name("0123456789ab-ready-toy-pixels-toy-pairs-r0")
    assert cells.finished(cell) is not None
    cell.rename(other)
    assert cells.finished(other) is None
    said = cells.set_aside(other)
    assert f"{other.name}/result.json is that of another cell ({cell.name[:12]})" in said


def test_media_and_environments_are_verified(study, harness_command, tmp_path):
    _, table = study
    folder = tmp_path / "study"
    media = sorted(p for p in (folder / "media").iterdir() if p.suffix != ".sha256")
    before = {path: path.read_bytes() for path in [*media, *(folder / "env").iterdir()]}
    for path, content in before.items():
        path.write_bytes(content[:-9] + b"x" + content[-8:])
    harness_command("report", "study", "-o", "out", "--html")
    page = (tmp_path / "out" / "index.html").read_text()
    assert "its name is not its digest" in page
    checked = harness_command("store", "verify", "study", check=1)
    assert f"study: {len(before)} damaged" in checked.stdout
    read = load_study(folder)
    assert not [path for name in media for path in kept_media(read, name.name)]
    assert sum("its SHA-256 is not the one beside it" in one.reason for one in read.damaged) == len(
        media
    )
    again = harness_command(*ARGS, "-o", "study")
    assert again.stdout == table
    assert {path: path.read_bytes() for path in before} == before
    assert "did not fit its name; it is made again" in again.stderr


def test_an_environment_of_another_machine_stays_damaged(study, harness_command, tmp_path):
    _, table = study
    (path,) = (tmp_path / "study" / "env").iterdir()
    path.write_bytes(path.read_bytes()[:40])
    # Another way of verifying is another environment, as another machine would be.
    again = harness_command(*ARGS, "-o", "study", HARNESS_VERIFY="size")
    assert again.stdout == table
    assert len(path.read_bytes()) == 40
    assert "made again" not in again.stderr
    harness_command(*ARGS, "-o", "study")
    assert len(path.read_bytes()) > 40


def test_verification_by_size_is_recorded(harness_command, tmp_path):
    done = harness_command(*ARGS, "-o", "study", HARNESS_VERIFY="size")
    assert done.returncode == 0
    (cell,) = (tmp_path / "study" / "cells").iterdir()
    found = json.loads((cell / "result.json").read_text())
    assert any("HARNESS_VERIFY=size" in text for text in found["warnings"])
    assert (
        json.loads((tmp_path / "study" / found["provenance"]["env"]).read_text())["verify"]
        == "size"
    )
    wrong = harness_command(*ARGS, "-o", "other", check=2, HARNESS_VERIFY="none")
    assert "HARNESS_VERIFY=none must be full or size" in wrong.stderr
