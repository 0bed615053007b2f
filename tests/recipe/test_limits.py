"""A slip of a digit, or a recipe of somebody else, ends at once and not after all memory."""

from __future__ import annotations

import time

import pytest

from harness.errors import UsageError
from harness.recipe.limits import MOST_CELLS, VARIABLE, require_cells

PLAN = ("plan", "-g", "toy-faces", "-m", "toy-net", "-b", "toy-pairs")
MANY = ",".join(map(str, range(1, 3001)))


@pytest.mark.parametrize(
    ("words", "environ", "said"),
    [
        (("--repeats", "100000000"), {}, "100,000,000 cells, more than 10,000"),
        (("--repeats", "9" * 30), {}, "less than or equal to 1000000000"),
        (("--set", "study.repeats=20000"), {}, "20,000 repeats"),
        ((), {"HARNESS_REPEATS": "1e20"}, "environment HARNESS_REPEATS: repeats"),
        ((), {"HARNESS_REPEATS": "1" * 5000}, "environment HARNESS_REPEATS: repeats"),
        ((), {"HARNESS_REPEATS": "20_000"}, "20,000 repeats"),
        (("--sweep", f"model.steps={MANY}", "--sweep", f"generator.identities={MANY}"), {},
         "9,000,000"),
        (("--sweep", f"model.steps={MANY}", "--sweep", f"model.sleep_s={MANY}"), {},
         "9,000,000 cells"),
        (("--repeats", "3"), {VARIABLE: "2"}, "more than 2"),
        (("--repeats", "3"), {VARIABLE: "many"}, f"{VARIABLE}='many' is not a whole number"),
    ],
    ids=range(10),
)  # fmt: skip
def test_too_many_cells_are_refused_soon(harness_command, words, environ, said):
    start = time.perf_counter()
    refused = harness_command(*PLAN, *words, check=2, **environ).stderr
    assert time.perf_counter() - start < 30
    assert refused.count("\n") == 1
    assert said in refused


def test_the_limit_can_be_raised(monkeypatch):
    require_cells(MOST_CELLS, "they make")
    with pytest.raises(UsageError, match=f"set {VARIABLE} to a larger number"):
        require_cells(MOST_CELLS + 1, "they make")
    monkeypatch.setenv(VARIABLE, str(MOST_CELLS + 1))
    require_cells(MOST_CELLS + 1, "they make")


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 100_000, "a." * 90_000 + "a = 1", "x" * 900_000 + " = 1", "#" * (1 << 21),
     "[study]\nseed = " + "1" * 5_000, "[study]\nrepeats = 1000000000000000000000",
     "[study]\nname = [\n" + "1,\n" * 200_000 + "]", "[executor]\nuse = 3", "executor = 3",
     '[[generator]]\nuse = "toy-faces"\nidentities = ' + "[" * 60 + "]" * 60,
     "[sweep]\n" + '"generator.identities" = 3', "profile = [1]", "[[study]]\nname = 'x'"],
    ids=range(13),
)  # fmt: skip
def test_a_hostile_recipe_is_one_sentence(harness_command, tmp_path, text):
    (tmp_path / "r.toml").write_text(text + "\n")
    start = time.perf_counter()
    done = harness_command("plan", "-c", "r.toml", check=None)
    assert done.returncode in (2, 5), done.stderr
    assert time.perf_counter() - start < 30
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) < 11_000


def test_a_device_is_no_recipe(harness_command):
    for path in ("/dev/zero", "/dev/null", "/dev"):
        assert harness_command("plan", "-c", path, check=2).stderr.count("\n") == 1
