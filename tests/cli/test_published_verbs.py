"""`table`, `claims` and `leaderboard` on made-up studies, from the command line."""

from __future__ import annotations

import csv
import io
import json

import pytest

RUN = ("run", "-m", "toy-pixels", "-b", "toy-pairs", "-j", "1", "-q")
RECIPE = """
[study]
name = "t"
[[model]]
use = "toy-pixels"
published = "digi2real2024/5#Digi2Real-20K"
[[model]]
use = "toy-pixels"
label = "weak"
noise = 200
published = "digi2real2024/5#DigiFace1M [1]"
[[benchmark]]
use = "toy-pairs"
label = "lfw"
"""


@pytest.fixture
def study(here, tmp_path):
    (tmp_path / "r.toml").write_text(RECIPE)
    here("run", "-c", "r.toml", "-j", "1", "-q")
    return tmp_path / "study"


def lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_all_tables_print_without_a_study(here):
    text = here("table", "all").stdout
    for paper, tables in (("kortylewski2018", ("I", "IIa", "IIb", "IIc")),
                          ("digi2real2024", "12345678")):  # fmt: skip
        for table in tables:
            assert f"### {paper}/{table}: " in text
    counts = [line for line in text.splitlines() if " published numbers: " in line]
    assert sum(int(line.split()[1]) for line in counts) >= 411
    text = here("table", "all", "--long").stdout
    assert len([row for row in text.splitlines() if "| not run " in row]) >= 411


def test_a_table_of_a_study(here, study):
    found = lines(here("table", "digi2real2024/5", "study", "--json"))
    assert len(found) == 14
    told = {(line["row"], line["benchmark"]): line for line in found if line["measured"]}
    assert set(told) == {("Digi2Real-20K", "lfw"), ("DigiFace1M [1]", "lfw")}
    line = told["Digi2Real-20K", "lfw"]
    assert line["verdict"] == "not comparable"
    assert line["reason"].startswith("protocol differs in benchmark toy-pairs")
    ids = {json.loads(p.read_text())["id"] for p in study.glob("cells/*/result.json")}
    assert line["results"] in ids
    rows = list(
        csv.DictReader(io.StringIO(here("table", "digi2real2024/5", "study", "--csv").stdout))
    )
    assert [row["printed"] for row in rows] == [line["printed"] for line in found]
    assert r"\toprule" in here("table", "digi2real2024/5", "study", "--tex").stdout


def test_a_pivot_shows_measured_below_published(here, study):
    text = here("table", "digi2real2024/5", "study").stdout
    (row,) = [line for line in text.splitlines() if line.startswith("| Digi2Real-20K")
              and "measured here" in line]  # fmt: skip
    assert "[1]" in row
    assert "protocol differs in benchmark toy-pairs" in text


def test_a_study_as_methods_by_benchmarks(here, study):
    text = here("table", "study").stdout
    assert "| toy-pairs accuracy (%) |" in " ".join(text.split())
    assert "weak" in text
    (row, _) = lines(here("table", "study", "--json"))
    assert {"generator", "model", "toy-pairs accuracy", "toy-pairs accuracy low"} <= set(row)
    assert r"\hline" in here("table", "study", "--hlines", "--spread", "std").stdout
    assert "by value alone" in here("table", "study", "--mark", "value").stdout


@pytest.mark.parametrize(
    ("words", "flag"),
    [
        (("study", "--long"), "--long is not for a study"),
        (("study", "--fail-on", "below"), "--fail-on is not for a study"),
        (("digi2real2024/5", "--spread", "std"), "--spread is not for a published table"),
        (("digi2real2024/5", "--mark", "value"), "--mark is not for a published table"),
    ],
)
def test_flags_of_the_other_kind_of_table_are_refused(here, study, words, flag):
    assert flag in here("table", *words, check=2).stderr


def test_a_number_waits_for_an_asset(here, tmp_path):
    folder = tmp_path / "recipes" / "digi2real2024"
    folder.mkdir(parents=True)
    (folder / "6.toml").write_text("""
[study]
name = "x"
[[generator]]
use = "casia-webface"
published = "digi2real2024/6#CASIA WebFace [34]"
[[model]]
use = "mobilefacenet"
[[benchmark]]
use = "lfw"
""")
    found = lines(here("table", "digi2real2024/6", "--json"))
    (line,) = [x for x in found if (x["row"], x["benchmark"]) == ("CASIA WebFace [34]", "lfw")]
    assert line["verdict"] == "not run"
    assert "casia-webface" in line["reason"]
    assert "lfw" in line["reason"]


def test_unknown_tables_and_studies(here):
    assert "has no table '9'" in here("table", "digi2real2024/9", check=2).stderr
    said = " ".join(here("table", "digi", check=2).stderr.split())
    assert "unknown paper 'digi'" in said
    assert "no folder of a study has that name" in said
    assert "no study folder at absent" in here("table", "all", "absent", check=2).stderr


def test_claims_of_the_papers(here):
    text = here("claims", "--published").stdout
    assert text.splitlines()[-2] == "5 supported, 2 undecided"
    common = "printed numbers, interval of the difference (MOVER), taken as independent"
    assert text.splitlines()[-1] == f"test, where no other is named: {common}"
    assert text.count(common) == 1
    found = lines(here("claims", "--published", "--claim", "C6", "--json"))
    assert len(found) == 8
    assert {line["claim_outcome"] for line in found} == {"undecided"}
    assert all(line["agrees"] for line in found)
    assert "70.60 against 80.10" in here("claims", "--published", "--claim", "C3", "--all").stdout
    here("claims", "--published", "--fail-on", "refuted")


def test_claims_of_a_study_without_comparable_numbers(here, study):
    text = here("claims", "study", "--claim", "C4").stdout
    assert text.startswith("C4  undecided")
    assert "C8" in here("claims", "study", "--claim", "C8", check=2).stderr
    assert "--published" in here("claims", check=2).stderr
    here("claims", "study", "--published", check=2)


def test_the_leaderboard_of_two_models(here, study):
    first, second = lines(here("leaderboard", "study", "--json"))
    assert (first["borda"], second["borda"]) == (1, 0)
    assert second["model"] == "weak"
    text = here("leaderboard", "study", "-b", "toy-pairs").stdout
    assert "Mean rank" in text
    assert "no measure has two rows" in here("leaderboard", "study", "-b", "lfw", check=5).stderr


def test_the_report_shows_published_beside_measured(here, study):
    here("report", "study")
    text = (study / "report" / "index.html").read_text(encoding="utf-8")
    assert 'id="tab-published"' in text
    assert "14 published numbers: 2 not comparable, 12 not run." in text


def test_a_number_is_traced_from_seed_to_digit(here, study, home):
    refused = here("trace", "study", check=2).stderr
    ids = [json.loads(p.read_text())["id"] for p in sorted(study.glob("cells/*/result.json"))]
    assert all(one[:12] in refused for one in ids)
    found = json.loads(here("trace", f"study:{ids[0][:8]}", "--json").stdout)
    steps = found["steps"]
    assert found["result"] == ids[0]
    assert steps[0]["what"] == "seed"
    assert [step["what"] for step in steps[-4:]] == ["scores", "threshold", "metric", "digits"]
    earlier: set[str] = set()
    for step in steps:
        assert set(step["inputs"].values()) <= earlier, step
        earlier.add(step["id"])
    result = json.loads(next(study.glob(f"cells/{ids[0][:12]}*/result.json")).read_text())
    (headline,) = [metric for metric in result["metrics"] if metric["headline"]]
    assert steps[-2]["facts"]["value"] == headline["value"]
    here("report", "study", "--md")
    assert steps[-1]["name"] in (study / "report" / "tables" / "comparison.md").read_text()
    assert steps[-1]["facts"]["published"] == [result["published"][0]["ref"]]
    keys = set(result["provenance"]["inputs"].values())
    assert keys <= earlier
    assert {step["state"] for step in steps if step["id"] in keys} == {"there"}


def test_a_trace_says_that_a_run_was_limited(here, study):
    result = json.loads(next(study.glob("cells/*/result.json")).read_text())
    said = f"limited {result['limited']}"
    (digits,) = [line for line in here("trace", f"study:{result['id'][:12]}").stdout.splitlines()
                 if line.startswith("digits")]  # fmt: skip
    assert (said in digits) == (result["limited"] is not None)
    here("run", "-m", "toy-pixels", "-b", "toy-pairs", "--limit", "2", "-o", "short", "-q")
    text = here("trace", "short").stdout
    assert "limited 2" in next(line for line in text.splitlines() if line.startswith("digits"))


def test_a_trace_says_what_is_gone_and_what_was_changed(here, study, home):
    file = next(study.glob("cells/*/result.json"))
    result = json.loads(file.read_text())
    scores = file.with_name(result["raw"]["scores"])
    scores.write_bytes(scores.read_bytes()[:-1] + b"x")
    key = result["provenance"]["inputs"]["embeddings"]
    (home / "store" / "embeddings" / key[:2] / key / "manifest.json").unlink()
    text = here("trace", f"study:{result['id'][:12]}").stdout
    assert "[changed]" in next(line for line in text.splitlines() if line.startswith("scores"))
    assert "[gone]" in next(line for line in text.splitlines() if line.startswith("embed"))
    for plan in study.glob("plan*.json"):
        plan.unlink()
    assert "no plan tells of it" in here("trace", f"study:{result['id'][:12]}").stdout
