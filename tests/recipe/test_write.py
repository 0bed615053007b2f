"""A resolved recipe as TOML: nothing is lost, and nothing is said that nobody said."""

from __future__ import annotations

import math
import tomllib

import pytest

from harness.recipe.resolve import read, resolve
from harness.recipe.run_options import RecipeFlags
from harness.recipe.write import to_toml

WHOLE = """
[study]
seed = 3
limit = 4

[[generator]]
use = "bfm"
label = "a \\"b\\" # c"
identities = 5
alpha = 1e-30
take = { images = 9, seed = 2 }

[[model]]
use = "m"
"odd key" = [1, 2.5, "x"]

[[model.phases]]
stream = true

[[model.phases]]
validation = 2
params = { lr = 0.1 }
faces = [{ use = "bfm", identities = 2, take = { identities = 1 } }]

[[benchmark]]
use = "lfw"
root = "some/folder"

[aligner]
use = "mtcnn"
steps = [0.1, 0.2]

[executor]
use = "dask"
scheduler = "tcp://h:1"
hosts = ["a", "b"]
"""


def flags(**values):
    return resolve(RecipeFlags(**values), {}, lambda *_: True)


def test_what_is_written_is_read_again_as_the_same_recipe(tmp_path):
    file, again = tmp_path / "r.toml", tmp_path / "again.toml"
    file.write_text(WHOLE)
    recipe = read(file)
    again.write_text(to_toml(recipe))
    assert read(again).model_dump() == recipe.model_dump()


def test_the_executor_is_written_with_its_origin(tmp_path):
    file = tmp_path / "r.toml"
    file.write_text('[executor]\nuse = "dask"\nworkers = 3\n')
    written = to_toml(read(file))
    assert '[executor]\nuse = "dask"  # r.toml:2\nworkers = 3  # r.toml:3\n' in written
    assert "[executor]" not in to_toml(flags(model="m"))


def test_what_no_flag_said_is_a_default():
    written = to_toml(flags(generator="g", model="m"))
    assert "phases = []  # default" in written
    assert "take = {}  # default" in written
    assert written.count("# flags") == 2  # the two names


@pytest.mark.parametrize("given", [{"stream": True}, {"mix": "h"}, {"finetune": "h"}])
def test_phases_that_flags_made_are_said_to_be_of_flags(given):
    (line,) = [line for line in to_toml(flags(generator="g", model="m", **given)).splitlines()
               if line.startswith("phases")]  # fmt: skip
    assert line.endswith("# flags")


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e300, 5e-324, -0.0])
def test_numbers_that_json_spells_otherwise_are_toml(value):
    written = tomllib.loads(to_toml(flags(model="m", params={"model": {"x": value}})))
    assert written["model"][0]["x"] == value


def test_text_with_control_characters_stays_one_line():
    text = "a\nb\x7f\t\u2028c"
    written = to_toml(flags(model="m", params={"model": {"x": text}}))
    assert isinstance(tomllib.loads(written)["model"][0]["x"], str)
