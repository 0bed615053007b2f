"""The command from outside: what it prints, which exit codes it gives, what it leaves behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

RUN = ("run", "-g", "toy-faces", "-m", "toy-net", "-b", "toy-pairs", "-j", "1")
TOYS = Path(__file__).parents[1] / "data" / "toys.py"
READY = ("run", "-m", "toy-pixels", "-b", "toy-pairs", "-j", "1")


def results(folder):
    return [json.loads(p.read_text()) for p in sorted(folder.glob("cells/*/result.json"))]


def test_a_run_trains_tests_and_reports(harness_command, tmp_path):
    done = harness_command(*RUN)
    study = tmp_path / "study"
    (result,) = results(study)
    assert result["schema"] == "harness/result@3"
    assert result["status"] == "ok"
    headline = next(m for m in result["metrics"] if m["headline"])
    assert headline["ci"]["low"] <= headline["value"] <= headline["ci"]["high"]
    assert set(result["provenance"]["inputs"]) >= {"faces", "model", "placements", "embeddings"}
    assert result["cell"]["generator"]["facts"]["faces"] == 24
    assert result["protocol"]["placed_by"] == {"given": 32}
    assert "toy pairs are not people" in result["warnings"]
    assert len(result["cell"]["generator"]["source_sha256"]) == 64
    assert "toy-net" in done.stdout
    assert "toy-pairs" in done.stdout
    assert (study / "report" / "index.html").exists()
    assert list((study / "media").glob("sheet-*.jpg"))
    (inputs,) = (study / "media").glob("inputs-*.jpg")
    assert inputs.name in done.stderr
    assert str(tmp_path) not in (study / next(study.glob("cells/*/result.json"))).read_text()


def test_a_second_run_reuses_everything_and_prints_the_same_table(harness_command, tmp_path):
    first = harness_command(*RUN)
    stamp = next(tmp_path.glob("study/cells/*/result.json")).stat().st_mtime_ns
    log = tmp_path / "study/events.jsonl"
    before = len(log.read_text().splitlines())
    second = harness_command(*RUN)
    assert first.stdout == second.stdout
    assert next(tmp_path.glob("study/cells/*/result.json")).stat().st_mtime_ns == stamp
    again = [json.loads(line) for line in log.read_text().splitlines()[before:]]
    assert {event["event"] for event in again} == {"reused"}


def test_a_ready_model_needs_no_generator(harness_command, tmp_path):
    harness_command(*READY)
    (result,) = results(tmp_path / "study")
    assert result["cell"]["generator"] is None
    assert next(m for m in result["metrics"] if m["headline"])["value"] == 1.0


def test_only_a_generator_makes_the_face_set_and_says_where(harness_command, tmp_path):
    done = harness_command("run", "-g", "toy-faces", "-j", "1")
    assert "contact sheet study/media/sheet-" in done.stdout
    place = Path(done.stdout.split(" in ")[1].split(",")[0])
    assert list(place.glob("shard-*.arrow"))
    assert list(tmp_path.glob("study/media/sheet-*.jpg"))


def test_matrix_repeats_and_groups(harness_command, tmp_path):
    harness_command(
        "run",
        "-g",
        "toy-faces",
        "-m",
        "toy-net,toy-pixels",
        "-b",
        "toys",
        "--repeats",
        "2",
        "-M",
        "steps=2",
        "-j",
        "1",
    )
    names = sorted(p.parent.name[13:] for p in tmp_path.glob("study/cells/*/result.json"))
    assert names == [
        "ready-toy-pixels-toy-pairs-r0",
        "toy-faces-toy-net-toy-pairs-r0",
        "toy-faces-toy-net-toy-pairs-r1",
    ]


def test_studies_are_accretive(harness_command, tmp_path):
    harness_command(*READY)
    before = next(tmp_path.glob("study/cells/*/result.json"))
    text = before.read_text()
    harness_command(*READY, "-B", "rule=official")
    assert before.read_text() == text
    assert len(list(tmp_path.glob("study/cells/*/result.json"))) == 2
    # Another rule of scoring reuses the embeddings.
    assert len(list(tmp_path.glob("study/plan-*.json"))) == 2


def test_another_scoring_rule_embeds_nothing_again(harness_command):
    harness_command(*READY)
    plan = json.loads(
        harness_command(
            "plan", "-m", "toy-pixels", "-b", "toy-pairs", "-B", "rule=official", "--json"
        ).stdout
    )
    assert {node["action"] for node in plan["nodes"]} == {"reuse"}


def test_plan_tells_what_changed(harness_command):
    harness_command(*RUN)
    done = harness_command(
        "plan", "-g", "toy-faces", "-G", "noise=7", "-m", "toy-net", "-b", "toy-pairs"
    )
    assert "changed: noise 6.0 -> 7" in done.stdout
    assert "reuse" in done.stdout


def test_limit_marks_the_result(harness_command, tmp_path):
    harness_command(*READY, "--limit", "2")
    (result,) = results(tmp_path / "study")
    assert result["limited"] == 2
    assert result["protocol"]["limit"] == 2


def test_rerun_makes_a_stage_again(harness_command):
    harness_command(*RUN)
    done = harness_command(*RUN, "--rerun", "train")
    assert "train  toy-faces > toy-net  done" in done.stderr
    assert "generate  toy-faces  reused" in done.stderr
    harness_command(*RUN, "--rerun", "nothing-like-this", check=2)


def test_json_prints_results_one_a_line(harness_command):
    done = harness_command(*READY, "--json")
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["schema"] == "harness/result@3"


def test_missing_samples_are_counted_in_the_result(harness_command, tmp_path):
    harness_command(*RUN, "-G", "missing_every=5")
    (result,) = results(tmp_path / "study")
    facts = result["cell"]["generator"]["facts"]
    assert facts["missing"] == 4
    assert facts["missing_reasons"] == {"toy face is hidden": 4}


def test_a_failure_is_recorded_and_the_rest_goes_on(harness_command, tmp_path):
    done = harness_command(
        "run",
        "-g",
        "toy-faces",
        "-m",
        "toy-net,toy-pixels",
        "-b",
        "toy-pairs",
        "-G",
        "fail=true",
        "-j",
        "1",
        check=1,
    )
    assert "toy generator was told to fail" in done.stderr
    assert "Traceback" not in done.stderr
    assert [r["cell"]["model"]["name"] for r in results(tmp_path / "study")] == ["toy-pixels"]
    (record,) = (tmp_path / "study/failures").glob("*/failed-1.json")
    assert "Traceback" in json.loads(record.read_text())["traceback"]
    # A failure is never kept as a result: the same command tries again.
    harness_command(
        "run",
        "-g",
        "toy-faces",
        "-m",
        "toy-net",
        "-b",
        "toy-pairs",
        "-G",
        "fail=true",
        "-j",
        "1",
        check=1,
    )
    assert len(list((tmp_path / "study/failures").glob("*/failed-*.json"))) == 2


def test_an_embedding_that_is_not_finite_names_the_image(harness_command):
    done = harness_command(*READY, "-M", "spoil=true", check=1)
    assert "0/0" in done.stderr
    assert "not finite" in done.stderr


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("run", "-g", "toy-face", "-m", "toy-net"), 2, "did you mean 'toy-faces'"),
        (("run", "-m", "toy-net", "-b", "toy-pears"), 2, "did you mean 'toy-pairs'"),
        (("run", "-g", "toy-faces", "-G", "identites=3"), 2, "did you mean 'identities'"),
        (("run", "-g", "toy-faces", "-G", "identities"), 2, "not of the form key=value"),
        (("run",), 5, "nothing is selected"),
        (("run", "-m", "toy-pixels"), 2, "add --bench"),
        (("run", "-b", "toy-pairs"), 2, "add --model"),
        (("run", "-m", "toy-net", "-b", "toy-pairs"), 2, "has no weights; train it with"),
        (("rum",), 2, "did you mean 'run'"),
        (("run", "--sed", "1"), 2, "--seed"),
        (("run", "-c", "absent.toml"), 2, "absent.toml does not exist"),
        (("run", "-c", "."), 2, "cannot read"),
        (("run", "-g", "toy-faces", "-G", "noise=nan"), 2, "infinite or not a number"),
        (("run", "-m", "toy-pixels", "-b", "toy-pairs", "--device", "gpu"), 2, "unknown device"),
        (("show", "toy-face"), 2, "did you mean 'toy-faces'"),
        (("-p", "toys", "list"), 2, "-p no:NAME"),
        (("-C", "absent", "list"), 2, "there is no such folder"),
        (("assets", "check", "lwf"), 2, "did you mean 'lfw'"),
        (("assets", "check", "lfw"), 3, "harness assets link lfw PATH"),
        (("run", "-m", "toy-pixels", "-b", "lfw"), 3, "harness assets link lfw PATH"),
        (("run", "-m", "toy-pixels", "-b", "lfw", "-B", "root=absent"), 3, "does not exist"),
    ],
)
def test_wrong_input_is_one_sentence_and_the_right_exit_code(harness_command, args, code, message):
    done = harness_command(*args, check=code)
    assert message in done.stderr
    assert done.stderr.startswith("harness: ") or "FAILED" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_store_that_cannot_be_written(harness_command, tmp_path):
    (tmp_path / "file").write_text("")
    done = harness_command(*READY, check=3, HARNESS_HOME=str(tmp_path / "file" / "home"))
    assert "is not a folder" in done.stderr
    assert "HARNESS_HOME" in done.stderr
    assert "Traceback" not in done.stderr


def test_rerun_reaches_everything_downstream(harness_command):
    harness_command(*RUN)
    plan = json.loads(harness_command("plan", *RUN[1:-2], "--json").stdout)
    done = harness_command(*RUN, "--rerun", "train")
    for stage in ("train", "embed", "score"):
        assert f"{stage:>8}  toy-faces > toy-net" in done.stderr
        assert f"{stage:>8}  toy-faces > toy-net > toy-pairs  reused" not in done.stderr
    key = next(n["key"] for n in plan["nodes"] if n["stage"] == "train")
    assert "train  toy-faces > toy-net  done" in harness_command(*RUN, "--rerun", key[:8]).stderr


def test_rerun_discards_nothing_before_it_knows_all(harness_command):
    harness_command(*READY)
    harness_command(*READY, "--rerun", "embed", "--rerun", "typo", check=2)
    harness_command(*READY, "--rerun", "", check=2)
    plan = json.loads(harness_command("plan", *READY[1:-2], "--json").stdout)
    assert {node["action"] for node in plan["nodes"]} == {"reuse"}


@pytest.mark.parametrize("damage", ["scores", "empty", "truncated"])
def test_a_damaged_cell_is_scored_again(harness_command, tmp_path, damage):
    first = harness_command(*READY)
    (cell,) = tmp_path.glob("study/cells/*")
    if damage == "scores":
        (cell / "scores.arrow").unlink()
    else:
        text = (cell / "result.json").read_text()
        (cell / "result.json").write_text("" if damage == "empty" else text[: len(text) // 2])
    assert harness_command(*READY).stdout == first.stdout
    assert (cell / "scores.arrow").exists()


def test_the_code_that_made_it_stands_in_the_result(harness_command, tmp_path):
    source = TOYS.read_text()
    (tmp_path / "toyz.py").write_text(source)
    harness_command("--plugins-dir", "toyz.py", *RUN, toys=False)
    (tmp_path / "toyz.py").write_text(source + "\n# changed\n")
    harness_command("--plugins-dir", "toyz.py", *RUN, toys=False)
    made = results(tmp_path / "study")
    assert len(made) == 2  # a single file has no version but its content
    assert len({r["cell"]["model"]["source_sha256"] for r in made}) == 2


def test_settings_that_change_the_number_stand_in_the_result(harness_command, tmp_path):
    harness_command(*RUN, "--precision", "bf16", "--on-failure", "centre")
    (result,) = results(tmp_path / "study")
    assert result["cell"]["model"]["params"]["precision"] == "bf16"
    assert result["protocol"]["on_failure"] == "centre"


def test_a_generator_for_a_model_that_cannot_be_trained(harness_command):
    done = harness_command("run", "-g", "toy-faces", "-m", "toy-pixels", "-b", "toy-pairs", check=2)
    assert "toy-pixels cannot be trained" in done.stderr


def test_json_of_a_face_set(harness_command):
    done = harness_command("run", "-g", "toy-faces", "-j", "1", "--json")
    assert json.loads(done.stdout)["generator"] == "toy-faces"


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_a_generator_notes_at_work_reaches_the_result(harness_command, tmp_path, jobs):
    harness_command("run", "-g", "toy-faces", "-G", "noise=101", "-m", "toy-net", "-M", "steps=1",
                    "-b", "toy-pairs", "-j", jobs)  # fmt: skip
    (result,) = results(tmp_path / "study")
    assert "toy faces drown in noise" in result["warnings"]


def test_the_reason_of_a_failed_stage_is_printed_once(harness_command, tmp_path):
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "pairs.csv").write_text("first,second,genuine\n")
    args = ("run", "-m", "toy-pixels", "-b", "pairs", "-B", "root=bad", "-B", "template=arcface",
            "-o", "study")  # fmt: skip
    for more in ((), ("-q",)):
        done = harness_command(*args, *more, check=1)
        assert done.stderr.count("pairs.csv is empty") == 1
    (failed,) = [line for line in harness_command(*args, check=1).stderr.splitlines()
                 if "FAILED" in line]  # fmt: skip
    assert "FAILED, details: study/failures/" in failed
