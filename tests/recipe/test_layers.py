"""Every value of a recipe knows its source, and later layers override earlier ones."""

from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.fileio.toml_files import read_toml
from harness.recipe import layers


def drafted(tmp_path, text, name="r.toml"):
    file = tmp_path / name
    file.write_text(text)
    table, read = read_toml(file)
    return layers.draft(table, layers.origins_of(name, read))


def plain(values):
    """The values of a table, without their sources."""
    return {key: said.value for key, said in values.items()}


def origins(values):
    return {key: said.origin for key, said in values.items()}


def test_every_value_has_its_file_and_line(tmp_path):
    made = drafted(
        tmp_path,
        "[study]\nseed = 3\n\n[[generator]]\nuse = 'a'\nlabel = 'x'\n[[generator]]\nuse = 'b'\n"
        "[aligner]\nuse = 'm'\n[executor]\nuse = 'e'\njobs = 2\n[sweep]\n'model.lr' = [1, 2]\n",
    )
    assert plain(made.study) == {"seed": 3}
    assert origins(made.study) == {"seed": "r.toml:2"}
    assert [plain(entry) for entry in made.entries["generator"]] == [
        {"use": "a", "label": "x"}, {"use": "b"},
    ]  # fmt: skip
    assert [entry["use"].origin for entry in made.entries["generator"]] == ["r.toml:5", "r.toml:8"]
    assert (made.entries["model"], made.entries["benchmark"]) == ([], [])
    assert origins(made.aligner) == {"use": "r.toml:10"}
    assert origins(made.executor) == {"use": "r.toml:12", "jobs": "r.toml:13"}
    assert (plain(made.sweep), origins(made.sweep)) == (
        {"model.lr": [1, 2]}, {"model.lr": "r.toml:15"},
    )  # fmt: skip


def test_an_empty_recipe_says_nothing(tmp_path):
    made = drafted(tmp_path, "")
    assert (made.study, made.sweep, made.aligner, made.executor) == ({}, {}, None, None)
    assert made.entries == {"generator": [], "model": [], "benchmark": [], "measure": []}


def test_face_sets_of_phases_have_lines_of_their_own(tmp_path):
    made = drafted(
        tmp_path,
        "[[model]]\nuse = 'm'\n[[model.phases]]\nstream = true\n[[model.phases]]\n"
        "[[model.phases.faces]]\nuse = 'g'\nidentities = 4\n",
    )
    first, second = made.entries["model"][0]["phases"].value
    assert (first["stream"], first["faces"]) == (True, [])
    assert plain(second["faces"][0]) == {"use": "g", "identities": 4}
    assert origins(second["faces"][0]) == {"use": "r.toml:7", "identities": "r.toml:8"}


def test_phases_that_are_no_tables_are_left_for_the_model_to_refuse(tmp_path):
    made = drafted(tmp_path, "[[model]]\nuse = 'm'\nphases = [1, 2]\n")
    assert made.entries["model"][0]["phases"].value == [1, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[modell]\n", r"^r.toml:1: unknown table 'modell', did you mean 'model'"),
        ("x = 1\n", r"^r.toml:1: unknown table 'x'"),
        ("study = 3\n", r"^r.toml:1: study must be a table, \[study\]"),
        ("sweep = 3\n", r"^r.toml:1: sweep must be a table, \[sweep\]"),
        ("[generator]\nuse = 'a'\n", r"^r.toml:1: generator must be an array of tables"),
        ("benchmark = 'lfw'\n", r"^r.toml:1: benchmark must be an array of tables"),
        ("model = ['m']\n", r'^r.toml:1: a table of model needs use = "NAME"'),
        ("[[model]]\nuse = 1\n", r'^r.toml:1: a table of model needs use = "NAME"'),
        ("[aligner]\n", r'^r.toml:1: a table of aligner needs use = "NAME"'),
        ("executor = 1\n", r'^r.toml:1: a table of executor needs use = "NAME"'),
        ("[[model]]\nuse = 'm'\n[[model.phases]]\nfaces = 1\n", r"^r.toml:4: faces must be an"),
        ("[[model]]\nuse = 'm'\n[[model.phases]]\nfaces = [{}]\n", r"^r.toml:4: a table of model"),
    ],
)
def test_what_is_no_recipe_is_refused_with_its_line(tmp_path, text, message):
    with pytest.raises(UsageError, match=message):
        drafted(tmp_path, text)


def test_tables_are_laid_over_value_by_value(tmp_path):
    below = drafted(tmp_path, "[study]\nseed = 1\nlimit = 2\n[sweep]\n'a' = [1]\n'b' = [1]\n", "b")
    above = drafted(tmp_path, "[study]\nseed = 3\n[sweep]\n'b' = [2]\n", "a")
    made = layers.overlay(below, above)
    assert plain(made.study) == {"seed": 3, "limit": 2}
    assert origins(made.study) == {"seed": "a:2", "limit": "b:3"}
    assert plain(made.sweep) == {"a": [1], "b": [2]}
    assert plain(below.study) == {"seed": 1, "limit": 2}  # which is not changed


def test_a_list_replaces_a_list_and_entries_keep_what_they_do_not_say(tmp_path):
    below = drafted(
        tmp_path,
        "[[model]]\nuse = 'm'\nlr = 1\nsteps = 5\n[[model]]\nuse = 'm'\nlr = 9\n"
        "[[model]]\nuse = 'n'\n[[benchmark]]\nuse = 'lfw'\n",
        "b",
    )
    above = drafted(
        tmp_path, "[[model]]\nuse = 'm'\nlr = 2\n[[model]]\nuse = 'p'\n[[generator]]\nuse = 'g'\n",
        "a",
    )  # fmt: skip
    made = layers.overlay(below, above)
    assert [plain(entry) for entry in made.entries["model"]] == [
        {"use": "m", "lr": 2, "steps": 5},  # the first entry below that uses the same component
        {"use": "p"},
    ]
    assert origins(made.entries["model"][0]) == {"use": "a:2", "lr": "a:3", "steps": "b:4"}
    assert [plain(entry) for entry in made.entries["benchmark"]] == [{"use": "lfw"}]
    assert [plain(entry) for entry in made.entries["generator"]] == [{"use": "g"}]


@pytest.mark.parametrize("table", ["aligner", "executor"])
def test_a_tool_replaces_a_tool_as_a_whole(tmp_path, table):
    below = drafted(tmp_path, f"[{table}]\nuse = 'a'\nx = 1\n", "b")
    above = drafted(tmp_path, f"[{table}]\nuse = 'a'\ny = 2\n", "a")
    none = drafted(tmp_path, "", "none")
    assert plain(getattr(layers.overlay(below, above), table)) == {"use": "a", "y": 2}
    assert plain(getattr(layers.overlay(below, none), table)) == {"use": "a", "x": 1}
    assert plain(getattr(layers.overlay(none, above), table)) == {"use": "a", "y": 2}


def test_the_environment_gives_the_keys_it_is_asked_for_and_nothing_where_it_is_empty():
    environ = {"HARNESS_SEED": "3", "HARNESS_LIMIT": "", "HARNESS_HOME": "x", "SEED": "9"}
    made = layers.environment(environ, ["seed", "limit", "device"])
    assert plain(made) == {"seed": "3"}
    assert origins(made) == {"seed": "environment HARNESS_SEED"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[study\n", r"^recipe .*r.toml is not TOML: .*line 1"),
        (None, "^cannot read .*r.toml|does not exist"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_fault_of_the_command_line(tmp_path, text, message):
    file = tmp_path / "r.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError, match=message):
        layers.read_toml_of_user(file, "recipe ")
