"""Sets of toys have known answers: people told apart, planted people found, copies counted."""

from __future__ import annotations

import json
import shutil

import pytest

MODEL = ("-m", "toy-pixels", "-q")


def made(here, *args):
    """Keys of stored toy sets by their seed."""
    here("run", "-g", "toy-faces", "-j", "1", *args)
    listed = json.loads(here("faces", "list", "--json").stdout)
    return {row["seed"]: row["key"] for row in listed}


def values(done):
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {
        (row["measure"], row["metric"]): row
        for row in rows
        if row["metric"] not in ("pair", "note")
    }


def test_toy_people_are_told_apart_and_their_card_answers_every_question(here, tmp_path):
    keys = made(here, "--seed", "5", "-G", "identities=20")
    key = keys[5][:12]
    found = values(here("faces", "measure", key, *MODEL, "--json", "-o", "card"))
    assert found["separability", "eer"]["value"] == 0
    assert found["separability", "auc"]["value"] == 1
    assert found["separability", "auc"]["model"] == "toy-pixels"
    assert found["consistency", "consistency"]["value"] == 1
    assert found["duplicates", "exact_duplicates"]["value"] == 0
    assert found["realism", None]["why"] == "it needs another set; give --against"
    page = (tmp_path / "card" / "index.html").read_text("utf-8")
    text = (tmp_path / "card" / "card.md").read_text("utf-8")
    for question in ("Leakage", "Variability", "Separability", "Scale",
                     "Sourcing", "Bias", "Benchmark reliability"):  # fmt: skip
        assert f"<h2>{question}</h2>" in page
        assert f"## {question}" in text
    assert "20 identities, 80 images" in text
    assert "give --seen" in text
    assert page.count("data:image/jpeg") >= 2  # the most similar identities


def test_planted_people_are_found_and_decide_the_exit_code(here):
    keys = made(here, "--seed", "7", "-G", "identities=40")
    keys |= made(here, "--seed", "8", "-G", "identities=12")
    same, other = keys[7], keys[8]
    args = (*MODEL, "--only", "leakage", "-P", "leakage.fmr=0.02", "--json", "--fail-above", "0.5")
    planted = here("faces", "measure", same, "--seen", same, *args, check=4)
    assert values(planted)["leakage", "leak_rate"]["value"] == 1
    pairs = [json.loads(line) for line in planted.stdout.splitlines() if '"pair"' in line]
    assert all(pair["first"] == pair["second"] for pair in pairs)
    strangers = here("faces", "measure", other, "--seen", same, *args)
    assert values(strangers)["leakage", "leak_rate"]["value"] < 0.5
    undecided = here("faces", "measure", other, "--seen", same, *MODEL, "--only", "leakage",
                     "--fail-above", "0.5", check=1)  # fmt: skip
    assert "cannot be decided" in undecided.stderr
    assert "10 are needed" in undecided.stderr


def test_the_order_and_names_of_files_do_not_count(here, tmp_path):
    key = made(here, "--seed", "3", "-G", "identities=8")[3]
    here("faces", "export", key, "--format", "imagefolder", "-o", "faces", "-q")
    twin = tmp_path / "twin"
    people = sorted(path for path in (tmp_path / "faces").iterdir() if path.is_dir())
    for person in people:
        shutil.copytree(person, twin / person.name)
    args = (*MODEL, "--template", "arcface", "--only", "separability,diversity", "--json")
    first = values(here("faces", "measure", "faces", *args))
    second = values(here("faces", "measure", "twin", *args))
    stored = values(here("faces", "measure", key, *args))
    numbers = [{name: row["value"] for name, row in found.items()} for found in (first, second)]
    assert numbers[0] == numbers[1]
    assert stored["separability", "auc"]["value"] == 1


def test_a_second_measurement_is_found_and_another_seed_is_made(here, home):
    key = made(here, "--seed", "3")[3]
    args = ("faces", "measure", key, *MODEL, "--only", "separability", "--json")
    first = here(*args).stdout
    stored = {path: path.read_bytes() for path in home.glob("store/measures/*/*/measurement.json")}
    assert len(stored) == 1
    assert here(*args).stdout == first
    here(*args, "--seed", "1")
    assert len(list(home.glob("store/measures/*/*/measurement.json"))) == 2
    assert all(path.read_bytes() == data for path, data in stored.items())


def test_a_damaged_measurement_is_made_again(here, home):
    key = made(here, "--seed", "3")[3]
    args = ("faces", "measure", key, "-q", "--only", "duplicates", "--json")
    first = here(*args).stdout
    (path,) = home.glob("store/measures/*/*/measurement.json")
    path.write_text(path.read_text().replace('"value": 0.0', '"value": 9.0'))
    assert here(*args).stdout == first


def test_two_sets_are_compared_side_by_side(here, tmp_path):
    keys = made(here, "--seed", "3")
    keys |= made(here, "--seed", "4", "-G", "noise=60")
    done = here(
        "faces", "compare-sets", keys[3], keys[4], *MODEL, "--only", "diversity", "-o", "card"
    )
    row = next(line for line in done.stdout.splitlines() if "intra_distance" in line)
    first, second = (
        float(cell.split("[")[0]) for cell in row.split("  ") if cell.strip()[:1].isdigit()
    )
    assert first < second
    assert "## Variability" in (tmp_path / "card" / "card.md").read_text("utf-8")


def test_the_reference_is_measured_beside_the_set(here):
    keys = made(here, "--seed", "3", "-G", "identities=10")
    keys |= made(here, "--seed", "4", "-G", "identities=10")
    args = (*MODEL, "--only", "realism,diversity", "-P", "realism.shrinkage=0.5")
    text = here("faces", "measure", keys[3], "--against", keys[4], *args).stdout
    assert text.count("10 identities, 40 images") == 2
    assert "precision" in text
    same = values(here("faces", "measure", keys[3], "--against", keys[3], *args, "--json"))
    assert same["realism", "recall"]["value"] in (1, None)


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("measure", "ffff"), 2, "no face set"),
        (("measure", "KEY", "--control", "KEY"), 2, "give --seen too"),
        (("measure", "KEY", "-M", "x=1"), 2, "add --model"),
        (("measure", "KEY", "--only", "separabilty"), 2, "separability"),
        (("measure", "KEY", "-P", "eer.cap=1"), 2, "MEASURE.KEY=VALUE"),
        (("measure", "KEY", "-P", "duplicates.distance=99"), 2, "distance"),
        (("measure", "KEY", "--fail-above", "0.1"), 2, "needs --seen"),
        (("compare-sets", "KEY", "KEY"), 2, "two different sets"),
    ],
)
def test_wrong_questions_get_one_sentence(here, args, code, words):
    key = made(here, "--seed", "3", "-G", "identities=2")[3]
    done = here("faces", *(key if arg == "KEY" else arg for arg in args), check=code)
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_model_what_needs_one_is_skipped_by_name(here):
    key = made(here, "--seed", "3", "-G", "identities=2")[3]
    text = here("faces", "measure", key, "-q").stdout
    assert "skipped" not in text.partition("separability")[0]
    assert "it needs embeddings; give --model" in text
    assert "near_duplicates" in text


def test_a_control_is_judged_at_the_threshold_of_the_set(here):
    keys = made(here, "--seed", "7", "-G", "identities=40")
    keys |= made(here, "--seed", "8", "-G", "identities=12", "-G", "images_per_id=2")
    done = here("faces", "measure", keys[8], "--seen", keys[7], "--control", keys[7], *MODEL,
                "--only", "leakage", "-P", "leakage.fmr=0.02", "--json")  # fmt: skip
    found = values(done)
    assert found["leakage", "leak_excess"]["value"] == pytest.approx(
        found["leakage", "leak_rate"]["value"] - 1
    )
    assert any("40 of 40 people of the control match" in line for line in done.stdout.splitlines())


def test_a_seen_set_that_holds_people_twice_decides_nothing(here, tmp_path):
    key = made(here, "--seed", "7", "-G", "identities=30")[7]
    here("faces", "export", key, "--format", "imagefolder", "-o", "faces", "-q")
    for person in sorted(path for path in (tmp_path / "faces").iterdir() if path.is_dir()):
        shutil.copytree(person, tmp_path / "faces" / f"{person.name}-again")
    done = here("faces", "measure", key, "--seen", "faces", "--template", "arcface", *MODEL,
                "--only", "leakage", "-P", "leakage.fmr=0.01", "--fail-above", "0.2",
                check=1)  # fmt: skip
    assert "under two names" in done.stderr


def test_images_that_cannot_be_read_are_no_number(here, tmp_path):
    for person in ("a", "b"):
        (tmp_path / "bad" / person).mkdir(parents=True)
        (tmp_path / "bad" / person / "0.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    done = here("faces", "measure", "bad", "--template", "arcface", "-q", "--only", "duplicates",
                "--json")  # fmt: skip
    found = values(done)
    assert all(row["value"] is None for key, row in found.items() if key[1] != "note")


def test_widths_without_a_meaning_are_refused(here):
    keys = made(here, "--seed", "3")
    done = here("faces", "measure", keys[3], "--against", keys[3], *MODEL, "--only", "realism",
                "-P", "realism.sigma=1e-300", check=2)  # fmt: skip
    assert "sigma" in done.stderr
