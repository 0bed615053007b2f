"""Face sets ranked by a measure, measures as columns, and the tab of the report."""

from __future__ import annotations

import json

import pytest

RUN = ("run", "-g", "toy-faces", "-q", "-j", "1")


@pytest.fixture
def swept(here):
    """Three sets under a network that tells them apart the better the less noise there is."""
    here(*RUN, "-m", "toy-pixels", "--measure", "diversity,separability", "-G", "identities=9",
         "--sweep", "generator.noise=2,40,90")  # fmt: skip


def records(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_sets_are_ranked_by_a_measure_in_its_direction(here, swept):
    found = records(here("leaderboard", "study", "--by", "d_prime", "--json"))
    values = [row["value"] for row in found]
    assert values == sorted(values, reverse=True)
    assert [row["rank"] for row in found] == [1, 2, 3]
    assert all(row["low"] <= row["value"] <= row["high"] for row in found)
    lower = records(here("leaderboard", "study", "--by", "diversity.inter_cos", "--json"))
    values = [row["value"] for row in lower]
    assert values == sorted(values)


def test_equal_values_share_a_rank(here, swept):
    found = records(here("leaderboard", "study", "--by", "separability.auc", "--json"))
    assert [row["rank"] for row in found] == [1, 1, 1]


def test_a_measure_without_direction_ranks_nothing(here, swept):
    done = here("leaderboard", "study", "--by", "intra_vendi", check=2)
    assert "states no direction" in done.stderr
    assert "diversity.inter_cos:toy-pixels" in done.stderr
    done = here("leaderboard", "study", "--by", "ditance", check=5)
    assert "no face set here has the measure 'ditance'" in done.stderr
    here("leaderboard", "study", "--by", "eer", "-b", "toy-pairs", check=2)


def test_limited_and_altered_sets_have_no_rank(here, swept, tmp_path):
    here(*RUN, "-m", "toy-pixels", "--measure", "diversity", "--limit", "4", "-o", "trial",
         "-G", "identities=9")  # fmt: skip
    path = next((tmp_path / "study" / "measures").glob("*diversity.json"))
    text = path.read_text()
    altered = text.replace('"identities": 9', '"identities": 8', 1)
    assert altered != text
    path.write_text(altered)
    found = records(here("leaderboard", "study", "trial", "--by", "inter_cos", "--json"))
    why = [row["not_ranked"] for row in found if row["rank"] is None]
    assert sorted(text[:7] for text in why) == ["altered", "limited"]
    assert [row["rank"] for row in found if row["rank"]] == [1, 2]


def test_a_name_that_two_networks_share_must_name_one(here):
    here(*RUN, "-m", "toy-pixels", "--measure", "diversity")
    here(*RUN, "-m", "toy-pixels", "-M", "noise=9.0", "--measure", "diversity",
         "--label", "toy-pixels=dull")  # fmt: skip
    done = here("leaderboard", "study", "--by", "inter_cos", check=2)
    assert "diversity.inter_cos:dull" in done.stderr
    here("leaderboard", "study", "--by", "diversity.inter_cos:dull")


def test_a_measure_is_a_column_of_a_table(here):
    here(*RUN, "-m", "toy-net,toy-pixels", "-b", "toy-pairs", "--measure", "separability")
    (net, ready) = records(here("table", "study", "--json", "--measure", "separability.d_prime"))
    column = "separability.d_prime:toy-pixels"
    rows = {row["model"]: row[column] for row in (net, ready)}
    assert rows["toy-net"] > 1
    assert rows["toy-pixels"] is None
    assert "separability d_prime" in here("table", "study", "--measure", "d_prime").stdout
    here("table", "study", "--measure", "nothing", check=5)


def test_the_report_shows_measured_sets_under_the_questions_of_the_card(here, swept, tmp_path):
    page = (tmp_path / "study" / "report" / "index.html").read_text("utf-8")
    assert 'id="tab-face_sets"' in page
    for text in ("Variability of the face sets", "toy-faces noise=40", "intra_vendi", "toy-pixels"):
        assert text in page
    here(*RUN, "-m", "toy-net", "-b", "toy-pairs", "-o", "plain")
    assert "tab-face_sets" not in (tmp_path / "plain" / "report" / "index.html").read_text("utf-8")
