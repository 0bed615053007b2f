"""Small JSON files of a study: what their readers take, and that reports name what they do not."""

from __future__ import annotations

import json

import pytest

from harness.results.stored_facts import read_attributes
from harness.results.study import load_study
from harness.results.study_records import (
    MOST_PICTURES,
    parse_event,
    read_failed_attempt,
    read_pictures,
)

PICTURE = {"title": "Means", "text": "Mean faces.", "file": "picture-0.jpg"}
DEEP = "[" * 10_000 + "]" * 10_000
NOT_JSON = ("", "{", "nul", "\ufeff[]", DEEP, '"\\ud800"', "[1,]")
WRONG_PICTURES = (
    None, {}, "text", [1], [None], [[PICTURE]], [{}], [{**PICTURE, "file": 1}],
    [{**PICTURE, "file": "../../etc/passwd"}], [{**PICTURE, "file": "/etc/passwd"}],
    [{**PICTURE, "file": "a\0b"}], [{**PICTURE, "file": "C:\\x"}], [{**PICTURE, "file": ""}],
    [{**PICTURE, "title": ["x"]}], [{**PICTURE, "text": None}], [{**PICTURE, "title": 2**70}],
    [PICTURE] * (MOST_PICTURES + 1),
)  # fmt: skip
WRONG_EVENTS = ("[]", "3", "null", '{"event": ["failed"]}', '{"event": {"a": 1}}', "{}",
                '{"event": "failed", "key": []}', '{"event": 1e999}')  # fmt: skip
WRONG_ATTEMPTS = ("[]", "7", '{"message": {"a": []}}', '{"key": 5}', '{"stage": ["score"]}',
                  '{"label": null}', '{"traceback": NaN}')  # fmt: skip


def test_pictures_are_read_and_later_fields_ignored(tmp_path):
    path = tmp_path / "pictures-1.json"
    path.write_text(json.dumps([PICTURE, {**PICTURE, "later": 1}]))
    assert [found.file for found in read_pictures(path)] == ["picture-0.jpg"] * 2
    path.write_text("[]")
    assert read_pictures(path) == []


@pytest.mark.parametrize("content", [*NOT_JSON, *map(json.dumps, WRONG_PICTURES)],
                         ids=lambda text: text[:30])  # fmt: skip
def test_other_lists_of_pictures_are_refused(tmp_path, content):
    path = tmp_path / "pictures-1.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"."):
        read_pictures(path)


@pytest.mark.parametrize("line", [*NOT_JSON, *WRONG_EVENTS], ids=lambda text: text[:30])
def test_odd_events_are_refused(line):
    with pytest.raises(ValueError, match=r"."):
        parse_event(line.encode())


@pytest.mark.parametrize("content", [*NOT_JSON, *WRONG_ATTEMPTS], ids=lambda text: text[:30])
def test_odd_failures_are_refused(tmp_path, content):
    path = tmp_path / "failed-1.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"."):
        read_failed_attempt(path)


def test_odd_attributes_are_refused(tmp_path):
    path = tmp_path / "attributes.json"
    for content in (*NOT_JSON, "[]", '{"faces": -1, "read": 0, "numeric": {}, "named": {}}'):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(ValueError, match=r"."):
            read_attributes(path)


def test_a_study_lists_what_cannot_be_read_and_goes_on(tmp_path):
    study = tmp_path / "study"
    failures = study / "failures" / "abc"
    failures.mkdir(parents=True)
    sound = {"stage": "train", "key": "a", "label": "l", "error": "E", "message": "m"}
    (failures / "failed-1.json").write_text(json.dumps(sound))
    for number, content in enumerate([*NOT_JSON, *WRONG_ATTEMPTS]):
        other = study / "failures" / f"odd{number}"
        other.mkdir()
        (other / "failed-1.json").write_text(content, encoding="utf-8")
    lines = ['{"event": "failed", "key": "a"}', *(line for line in WRONG_EVENTS)]
    (study / "events.jsonl").write_text("\n".join(lines))
    found = load_study(study)
    assert [failure.message for failure in found.failures] == ["m"]
    assert len(found.events) == 1
    named = [damage.path.name for damage in found.damaged]
    assert named.count("failed-1.json") == len(NOT_JSON) + len(WRONG_ATTEMPTS)
    assert named.count("events.jsonl") == len(WRONG_EVENTS)
    assert all(damage.reason for damage in found.damaged)
