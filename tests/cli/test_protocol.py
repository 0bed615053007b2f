"""By which rules numbers were measured, and what differs."""

from __future__ import annotations

import json

import pytest

READY = ("run", "-m", "toy-pixels", "-b", "toy-pairs", "-B", "identities=20", "-j", "1", "-o")


def rows(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def studies(here):
    here(*READY, "a")
    here(*READY, "rule", "-B", "rule=official")
    here(*READY, "pairs", "-B", "identities=12")


def test_what_differs_is_said_in_plain_words(here, studies):
    (same,) = rows(here("protocol", "diff", "a", "a", "--json"))
    assert same["verdict"] == "comparable"
    assert same["differences"] == []
    (rule,) = rows(here("protocol", "diff", "a", "rule", "--json"))
    assert rule["verdict"] == "not comparable"
    assert {item["field"] for item in rule["differences"]} == {"id", "threshold_rule"}
    (pairs,) = rows(here("protocol", "diff", "a", "pairs", "--json"))
    fields = {item["field"]: item for item in pairs["differences"]}
    assert fields["pairs_sha256"]["meaning"] == "digest of the pair list"
    assert "same comparisons" in pairs["sentence"]
    text = here("protocol", "diff", "a", "rule").stdout
    assert "threshold rule" in text
    assert "harness rescore" in text


def test_show_names_every_field(here, studies):
    text = here("protocol", "show", "a").stdout
    for words in ("threshold rule", "digest of the pair list", "image width the network sees",
                  "images in which no face is found", "with the mirrored image"):  # fmt: skip
        assert words in text
    assert "(flip)" not in text
    shown = here("protocol", "show", "lfw")
    setting = shown.stdout
    assert '  fusion with the mirrored image: "sum"\n' in setting
    assert "harness show lfw names the key of each" in shown.stderr
    assert '  rule: "insightface"\n' in setting
    (fields,) = rows(here("protocol", "show", "a", "--json"))
    assert fields["flip"] == "none"
    assert fields["input.width"] == "48"


def test_settings_are_compared_before_any_run(here, studies):
    args = ("protocol", "diff", "toy-pairs", "toy-pairs:rule=official,flip=sum", "--json")
    (found,) = rows(here(*args))
    assert {item["field"]: item["weight"] for item in found["differences"]} == {
        "rule": "rule", "flip": "rule"}  # fmt: skip
    assert "one embedding pass" in found["sentence"]
    (found,) = rows(here("protocol", "diff", "lfw", "lfw:folds=[1]", "--json"))
    assert "same images or pairs" in found["sentence"]
    (found,) = rows(here("protocol", "diff", "a", "toy-pairs:identities=20", "--json"))
    assert found["verdict"] == "comparable"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("a", "lfw"), "two benchmarks"),
        (("absent", "a"), "absent"),
        (("lfw", "lfw:ruel=official"), "did you mean 'rule'"),
        (("both", "a"), "several protocols"),
    ],
)
def test_what_it_refuses(here, studies, args, message):
    if "both" in args:
        here(*READY, "both")
        here(*READY, "both", "-B", "rule=official")
    assert message in here("protocol", "diff", *args, check=2).stderr
