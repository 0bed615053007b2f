"""Studies and reports of strangers: nothing is written or read outside, nothing is a crash."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest

RUN = ("run", "-g", "toy-faces", "-m", "toy-net", "-b", "toy-pairs", "-j", "1", "-q")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return tmp_path_factory.mktemp("finished")


@pytest.fixture
def study(finished, home, harness_command, tmp_path):
    """A study of toys, computed once."""
    if not (finished / "study").exists():
        harness_command(*RUN)
        shutil.copytree(tmp_path / "study", finished / "study")
        shutil.copytree(home, finished / "home")
    shutil.copytree(finished / "study", tmp_path / "study", dirs_exist_ok=True)
    shutil.copytree(finished / "home", home, dirs_exist_ok=True)
    return tmp_path / "study"


def everything(folder):
    return {str(path) for path in folder.parent.rglob("*")}


def change(study, edit):
    """Edit the fields of the study's only result, and its value so that rescoring writes."""
    (cell,) = (study / "cells").iterdir()
    fields = json.loads((cell / "result.json").read_text())
    for metric in fields["metrics"]:
        if metric["value"] is not None:
            metric["value"] = metric["ci"]["low"] if metric["ci"] else 0.123
    fields.pop("digest", None)  # as a result of an older release, or of somebody who forges it
    edit(fields, cell)
    (cell / "result.json").write_text(json.dumps(fields))


def evil_page(study, tmp_path, edit):
    """A report whose data is edited, as somebody who sends one could."""
    page = (study / "report" / "index.html").read_text(encoding="utf-8")
    found = re.search(r'(<script[^>]*id="harness-data"[^>]*>)(.*?)(</script>)', page, re.DOTALL)
    text = edit(json.loads(found[2]))
    text = text if isinstance(text, str) else json.dumps(text).replace("<", "\\u003c")
    (tmp_path / "evil.html").write_text("<html>" + found[1] + text + found[3] + "</html>")


def with_id(value):
    def edit(data):
        data["results"][0]["id"] = value
        return data

    return edit


@pytest.mark.parametrize(
    "value", ["../../../pwned", "/pwned", "..", "", ".", "a" * 11, "a\0b" * 4, "\udfff" * 12,
              "..%2f" * 4, "C:\\pwned" * 2, 7, None, ["a"], "ABCDEF012345", "0" * 65],
)  # fmt: skip
def test_ids_of_a_page_name_no_folder_outside(harness_command, study, tmp_path, value):
    evil_page(study, tmp_path, with_id(value))
    before = everything(study)
    done = harness_command("report", "--extract", "evil.html", "-o", "out", check=1)
    assert done.stderr.startswith("harness: evil.html is not a readable report: ")
    assert done.stderr.count("\n") == 1
    assert everything(study) == before


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"schema": "harness/report@2", "results": 3}', '{"a":' * 500, "NaN",
             '{"schema": "harness/report@2", "shared": [], "results": [{"cell": {"model": 9}}]}',
             '{"schema": "harness/report@2", "results": [{"cell": [], "protocol": 1}]}', ""],
    ids=range(7),
)  # fmt: skip
def test_data_that_is_no_report_is_an_error_of_the_file(harness_command, study, tmp_path, text):
    evil_page(study, tmp_path, lambda _: text)
    for words in (("report", "--extract", "evil.html"), ("compare", "evil.html", "evil.html")):
        done = harness_command(*words, check=None)
        assert done.returncode in (1, 2, 5), done.stderr
        assert "evil.html" in done.stderr


@pytest.mark.parametrize(
    "text", ["<![" * 50_000, "<!--" * 50_000, "<script " * 9_000, "<script id=harness-data" * 9_000,
             "<script>" * 50_000, "<a " + "b=" * 100_000, "<script " + "id=harness-data " * 50_000],
    ids=range(7),
)  # fmt: skip
def test_pages_that_break_parsers_are_refused_soon(harness_command, tmp_path, text):
    (tmp_path / "evil.html").write_text(text)
    refused = harness_command("report", "--extract", "evil.html", check=1).stderr
    assert "holds no results" in refused


def test_a_device_is_no_page(harness_command):
    assert "not a file" in harness_command("report", "--extract", "/dev/zero", check=1).stderr


def named(text):
    def edit(fields, _):
        fields["cell"]["model"]["name"] = text

    return edit


def raw(name, file):
    def edit(fields, cell):
        np.save(cell / "in.npy", np.arange(3))
        fields["raw"][name] = file

    return edit


def scores_of(file):
    def edit(fields, _):
        fields["raw"]["scores"] = file

    return edit


def embedded(key):
    def edit(fields, _):
        fields["provenance"]["inputs"]["embeddings"] = key

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        named("x/../../../../pwned"), named("/pwned"), named(".."), named("a\nb"),
        raw("../../../../pwned", "in.npy"), raw("leak", "/any/file.npy"), raw("a/b", "in.npy"),
        raw("leak", "../../../x.npy"), raw("/pwned", "in.npy"), scores_of("../../plan.json"),
        scores_of("/etc/passwd"), embedded("../../../../x"), embedded("/etc"),
    ],
    ids=range(13),
)  # fmt: skip
def test_names_of_a_study_lead_nowhere_else(harness_command, study, edit):
    change(study, edit)
    before = everything(study)
    said = harness_command("rescore", "study", check=5).stderr
    assert re.search(
        r"result\.json: (cell\.model\.name|raw|provenance\.inputs\.embeddings): ", said
    )
    harness_command("scores", "export", "study", "-o", "out", check=2)
    assert everything(study) == before


def test_every_verb_that_reads_results_refuses_the_name(harness_command, study):
    change(study, named("x/../../../../pwned"))
    for words in (("report", "study"), ("trace", "study"), ("compare", "study", "study"),
                  ("protocol", "study"), ("leaderboard", "study")):  # fmt: skip
        done = harness_command(*words, check=None)
        assert done.returncode in (0, 1, 2, 5), f"{words}: {done.stderr}"
        assert "pwned" not in done.stdout


def test_a_linked_array_is_not_read(harness_command, study, tmp_path):
    np.save(tmp_path / "secret.npy", np.arange(3))

    def edit(fields, cell):
        (cell / "link.npy").symlink_to(tmp_path / "secret.npy")
        fields["raw"]["leak"] = "link.npy"

    change(study, edit)
    before = everything(study)
    refused = harness_command("rescore", "study", check=1).stderr
    assert "leads out of" in refused
    assert everything(study) == before


@pytest.mark.parametrize("place", ["report", "cells", "events.jsonl", "media"])
def test_links_of_a_study_are_not_written_through(harness_command, study, tmp_path, place):
    other = tmp_path / "other"
    if (study / place).is_dir():
        shutil.move(study / place, other)
    else:
        (study / place).unlink()
        other.write_text("")
    (study / place).symlink_to(other)
    before = {path: path.stat().st_mtime_ns for path in [other, *other.rglob("*")]}
    words = ("report", "study") if place == "report" else RUN
    refused = harness_command(*words, check=2).stderr
    assert f"study/{place} is a symbolic link to a place outside study" in refused
    assert {path: path.stat().st_mtime_ns for path in [other, *other.rglob("*")]} == before


def test_files_of_others_do_not_get_into_a_report(harness_command, study, tmp_path):
    (tmp_path / "secret").write_text('{"secret": "hunter2"}\n')
    (env,) = (study / "env").iterdir()
    for path in (env, study / "events.jsonl", study / "study.toml"):
        path.unlink()
        path.symlink_to(tmp_path / "secret")
    harness_command("report", "study", "-o", "out")
    text = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "hunter2" not in text
    assert "leads out of" in text


@pytest.mark.parametrize("content", ["[" * 100_000, "{", "\xff", '{"nodes": [{"key": "../x"}]}',
                                     '{"a":' * 5_000], ids=range(5))  # fmt: skip
def test_damaged_side_files_are_named_and_never_fatal(harness_command, study, tmp_path, content):
    (env,) = (study / "env").iterdir()
    media = next((study / "media").glob("*.json"), study / "media" / "attributes-0.json")
    for path in (env, media, *study.glob("plan*.json"), study / "events.jsonl"):
        path.write_bytes(content.encode("latin-1"))
    harness_command("report", "study", "-o", "out")
    text = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert env.name in text
    assert "plan.json" in text
    assert harness_command("trace", "study").stdout
