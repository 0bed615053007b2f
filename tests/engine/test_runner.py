"""Running a plan: what is made, what is reused, what a failure stops and what it leaves alone."""

from __future__ import annotations

import json
import signal

import pytest

from harness.errors import OUT_OF_MEMORY, DataError, one_sentence
from harness.process import signals

READY = ("-m", "toy-pixels", "-b", "toy-pairs")
BOTH = """
[[generator]]
use = "toy-faces"
label = "broken"
fail = true
[[generator]]
use = "toy-faces"
label = "sound"
[[model]]
use = "toy-net"
steps = 2
[[benchmark]]
use = "toy-pairs"
"""


def stages(events):
    return [event["stage"] for event in events]


def test_every_stage_starts_and_finishes_in_the_order_of_the_plan(ran):
    ran(*READY)
    heard = [(event["event"], event["stage"]) for event in ran.events()]
    assert heard == [
        (event, stage) for stage in ("generate", "place", "embed", "score")
        for event in ("started", "finished")
    ]  # fmt: skip
    assert all(event["wall_s"] >= 0 for event in ran.events("finished"))
    assert ran.events("started")[0]["component"] == "toys:toy-faces"


def test_a_second_run_makes_nothing_and_gives_the_same_result(ran):
    (first,) = ran(*READY).results()
    before = {path: path.stat().st_mtime_ns for path in ran.home.rglob("*") if path.is_file()}
    (second,) = ran(*READY).results()
    assert vars(second) == vars(first)
    assert stages(ran.events("reused")) == ["generate", "place", "embed", "score"]
    assert len(ran.events("started")) == 4
    stored = {path: at for path, at in before.items() if "store" in path.parts}
    assert {path: path.stat().st_mtime_ns for path in stored} == stored


def test_what_one_cell_needs_is_not_made_again_for_another(ran):
    ran(*READY)
    ran(*READY, "-B", "rule=official")  # scores the same embeddings by another rule
    assert stages(ran.events("started")) == ["generate", "place", "embed", "score", "score"]
    assert len(ran.results()) == 2


def test_a_failure_stops_what_needs_it_and_nothing_else(ran, tmp_path):
    (tmp_path / "r.toml").write_text(BOTH)
    ran("-c", str(tmp_path / "r.toml"), check=1)
    (result,) = ran.results()
    assert result.cell["generator"]["label"] == "sound"
    (failed,) = ran.events("failed")
    assert (failed["stage"], failed["label"]) == ("generate", "broken")
    (skipped,) = ran.events("skipped")
    assert (skipped["stage"], skipped["because"]) == ("score", "broken")
    assert skipped["label"] == "broken > toy-net > toy-pairs"


def test_a_failure_is_recorded_with_its_cause(ran):
    ran("-g", "toy-faces", "-G", "fail=true", check=1)
    (record,) = ran.failures()
    assert (record["stage"], record["label"], record["error"]) == (
        "generate", "toy-faces", "RuntimeError",
    )  # fmt: skip
    assert record["message"] == "RuntimeError: toy generator was told to fail"
    assert "toys.py" in record["traceback"]
    assert record["key"].startswith(next(ran.study.glob("failures/*")).name)
    assert not [*ran.home.glob("store/faces/*/*")]


def test_every_attempt_is_kept(ran):
    failing = ("-g", "toy-faces", "-G", "fail=true")
    ran(*failing, check=1)
    ran(*failing, check=1)
    assert [record["file"] for record in ran.failures()] == ["failed-1.json", "failed-2.json"]


def test_what_a_signal_ended_is_not_recorded_as_a_failure(ran, monkeypatch):
    monkeypatch.setattr(signals, "_arrived", [signal.SIGTERM])
    ran("-g", "toy-faces", "-G", "fail=true", check=130)
    assert ran.failures() == []
    assert ran.events("failed") == []


def test_fail_fast_stops_at_the_first_failure(ran, tmp_path):
    (tmp_path / "r.toml").write_text(BOTH)
    ran("-c", str(tmp_path / "r.toml"), "--fail-fast", check=1)
    assert ran.results() == []
    assert stages(ran.events("started")) == ["generate"]


def test_a_broken_cell_is_made_again_and_the_old_one_set_aside(ran):
    (first,) = ran(*READY).results()
    (first.folder / "result.json").write_text("{")
    (again,) = ran(*READY).results()
    assert again.metrics == first.metrics
    assert stages(ran.events("started")).count("score") == 2


def test_a_result_knows_what_each_stage_behind_it_took(finished):
    (result,) = finished.results()
    took = {event["key"]: event["wall_s"] for event in finished.events("finished")}
    wall = result.cost["wall_s"]
    assert set(wall) == {"generate", "place", "train", "embed"}
    embeddings = result.provenance["inputs"]["embeddings"]
    assert wall["embed"] == pytest.approx(took[embeddings], abs=2e-3)
    generated = [e["wall_s"] for e in finished.events("finished") if e["stage"] == "generate"]
    assert len(generated) == 2
    assert wall["generate"] == pytest.approx(sum(generated), abs=3e-3)


def test_pictures_and_histories_of_stages_are_kept_in_the_study(finished):
    media = finished.study / "media"
    key = finished.stored("models").key[:12]
    assert (media / f"history-{key}.parquet").is_file()
    sheets = {path.name for path in media.glob("sheet-*.jpg")}
    assert sheets == {
        f"sheet-{event['key'][:12]}.jpg"
        for event in finished.events("finished") if event["stage"] == "generate"
    }  # fmt: skip


def test_the_plan_of_a_run_stands_beside_its_results(finished):
    plan = json.loads((finished.study / "plan.json").read_text())
    (result,) = finished.results()
    assert [cell["key"] for cell in plan["cells"]] == [result.id]
    assert {node["stage"] for node in plan["nodes"]} == {"generate", "place", "train", "embed"}


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (DataError("the file is cut"), "the file is cut"),
        (MemoryError(), OUT_OF_MEMORY),
        (ValueError("two\n  lines"), "ValueError: two lines"),
        (KeyError("k"), "KeyError: 'k'"),
        (OSError("no number"), "OSError: no number"),
    ],
)
def test_what_is_said_of_an_error(error, sentence):
    assert one_sentence(error) == sentence


def test_a_full_disk_is_said_to_lose_nothing():
    said = one_sentence(OSError(28, "No space left on device", "/x/y"))
    assert "No space left on device" in said
    assert said.endswith("; nothing finished was lost")


TWO_TRAININGS = """
[study]
repeats = 2
[[generator]]
use = "toy-faces"
[[model]]
use = "toy-net"
steps = 2
[[benchmark]]
use = "toy-pairs"
"""


def test_a_score_is_made_as_soon_as_its_inputs_are_there(ran, tmp_path):
    """Not after the trainings of other cells; the results are in the order of the plan."""
    (tmp_path / "r.toml").write_text(TWO_TRAININGS)
    ran("-c", str(tmp_path / "r.toml"))
    order = [event["stage"] for event in ran.events("finished")]
    first = order.index("score")
    assert order[first + 1 :].count("train") == 1
    assert order[:first].count("train") == 1
    assert len(ran.results()) == 2


def test_the_message_of_a_failed_stage_is_printed_once(here, tmp_path):
    (tmp_path / "r.toml").write_text(BOTH)
    said = here("run", "-c", "r.toml", "-j", "1", check=1).stderr
    (message,) = {
        json.loads(path.read_text())["message"]
        for path in tmp_path.glob("study/failures/*/failed-1.json")
    }
    assert said.count(message) == 1
    assert said.count("FAILED") == 1
