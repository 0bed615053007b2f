"""Claims as data: what they say, and that the printed numbers bear them out."""

from __future__ import annotations

import pytest

from harness.errors import DataError, UsageError
from harness.published import records
from harness.published.claims import claims
from harness.published.records import Paper, load

NUMBERS = """table,row,label,benchmark,metric,value,unit
A,0,x,lfw,accuracy,9,percent
A,1,y,lfw,accuracy,8,percent
"""
CLAIM = """
[[claim]]
id = "Z1"
text = "x is higher"
[[claim.test]]
text = "on LFW"
is = "higher"
columns = ["lfw"]
pairs = [["A#x", "A#y"]]
"""


def printed(table, label, benchmark, metric="accuracy"):
    (found,) = [
        float(r.value) for r in load(table)
        if (r.label, r.benchmark) == (label, benchmark) and r.metric.startswith(metric)
    ]  # fmt: skip
    return found


def by_id(name):
    (claim,) = claims([name])
    return claim


def test_all_seven_claims_are_there():
    assert [claim.id for claim in claims()] == [f"C{n}" for n in range(1, 8)]
    assert [claim.id for claim in claims(["digi2real2024"])] == ["C4", "C5", "C6", "C7"]
    with pytest.raises(UsageError, match="'C8'"):
        claims(["C8"])


def test_c1_takes_every_pair_of_table_one():
    (test,) = by_id("C1").tests
    assert len(test.comparisons) == 15
    labels = {(c.first.label, c.second.label) for c in test.comparisons}
    real = [label for label in {r.label for r in load("kortylewski2018/I")} if "SYN" not in label]
    assert labels == {(f"{label} + SYN-1M", label) for label in real}
    assert all(c.first.value >= c.second.value for c in test.comparisons)


def test_c3_names_the_printed_loss():
    comparison = next(c for c in by_id("C3").tests[0].comparisons if c.first.benchmark == "lfw")
    assert (comparison.second.text, comparison.first.text) == ("0.801", "0.706")


def test_c4_beats_digiface_on_all_seven():
    comparisons = by_id("C4").tests[0].comparisons
    assert len({c.first.benchmark for c in comparisons}) == len(comparisons) == 7
    assert all(c.first.value > c.second.value for c in comparisons)


def test_c6_compares_with_every_other_synthetic_set():
    (test,) = by_id("C6").tests
    rows = {r.label for r in load("digi2real2024/7")} - {"MSCeleb [9]", "CASIA WebFace [34]"}
    assert {c.second.label for c in test.comparisons} == rows - {"Digi2Real-20K (ours)"}
    spreads = {label: printed("digi2real2024/7", label, "rfw", "std") for label in rows}
    assert min(spreads, key=spreads.get) == "Digi2Real-20K (ours)"
    assert min(spreads.values()) == 2.08


def test_c7_names_the_printed_gain():
    (comparison,) = by_id("C7").tests[0].comparisons
    assert comparison.first.text == "99.25"
    assert printed("digi2real2024/8", "Digi2Real 20K | WebFace 100", "ijbb", "tar") == 54.88


def paper(folder, claim):
    (folder / "p.csv").write_text(NUMBERS)
    (folder / "p.claims.toml").write_text(claim)
    records.add([Paper("p", {"title": "p", "source": "s", "tables": {"A": ""}}, folder / "p.csv")])


@pytest.fixture(autouse=True)
def _forget():
    yield
    records.add(())


def test_a_plugin_brings_claims_with_its_paper(tmp_path):
    paper(tmp_path, CLAIM)
    (claim,) = claims(["p"])
    assert claim.tests[0].comparisons[0].first.label == "x"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("A#x", "A#z"), "'A#z' has no numbers under 'lfw'"),
        (('"higher"', '"equal"'), "'equal' is none of"),
        (('is = "higher"', 'is = "higher"\nmargin = 1'), "takes no margin"),
        (('is = "higher"', 'is = "not lower"'), "takes a margin"),
        (('id = "Z1"', ""), "lacks 'id'"),
        (("[[claim]]", "[[claim"), "p.claims.toml"),
    ],
)
def test_a_damaged_claim_is_named(tmp_path, change, message):
    paper(tmp_path, CLAIM.replace(*change))
    with pytest.raises(DataError, match=message):
        claims()
