"""Layers of a configuration from outside: files, environment and flags."""

from __future__ import annotations

import json

import pytest

PLAN = ("plan", "-g", "toy-faces", "-m", "toy-net", "-b", "toy-pairs")


def config(harness_command, *args, **environ):
    done = harness_command(*PLAN, *args, "--show-config", "--json", **environ)
    return {row["path"]: (row["value"], row["origin"]) for row in json.loads(done.stdout)}


def test_show_config_names_every_origin(harness_command, tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.harness.study]\nrepeats = 2\nseed = 9\n")
    found = config(harness_command, "-M", "steps=4", "--set", "generator.noise=7", HARNESS_SEED="5")
    assert found["study.seed"] == (5, "environment HARNESS_SEED")
    assert found["study.repeats"][0] == 2
    assert found["study.repeats"][1].endswith("pyproject.toml:2")
    assert found["generator.0.noise"] == (7.0, "flag --set generator.noise")
    assert found["generator.0.identities"] == (6, "default")
    assert found["model.0.steps"] == (4, "flag -M steps")
    text = harness_command(*PLAN, "--show-config").stdout
    assert "generator.0.identities = 6  # default" in text


def test_a_sweep_plans_every_combination(harness_command):
    done = harness_command(*PLAN, "--sweep", "generator.noise=1,2", "--sweep", "model.steps=3,4",
                           "--json")  # fmt: skip
    labels = [cell["label"] for cell in json.loads(done.stdout)["cells"]]
    assert sorted(labels) == [
        f"toy-faces noise={noise} > toy-net steps={steps} > toy-pairs"
        for noise in (1, 2)
        for steps in (3, 4)
    ]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--set", "generator.nois=7"), "--set generator.nois: generator toy-faces has no"),
        (("--set", "model.steps"), "not of the form key=value"),
        (("--sweep", "model.stepz=1,2"), "sweep, flag --sweep model.stepz: model toy-net has no"),
        (("--sweep", "study.seed=1,2"), "study cannot be swept"),
        (("--profile", "smoke"), "add -c FILE"),
    ],
)  # fmt: skip
def test_errors_say_which_flag(harness_command, args, message):
    assert message in harness_command(*PLAN, *args, check=2).stderr


def test_a_wrong_key_of_a_recipe_has_file_and_line(harness_command, tmp_path):
    (tmp_path / "r.toml").write_text('[[generator]]\nuse = "toy-faces"\n\nidentites = 3\n')
    done = harness_command("plan", "-c", "r.toml", check=2)
    assert "r.toml:4: generator toy-faces has no parameter 'identites'" in done.stderr
    assert "did you mean 'identities'" in done.stderr


def test_a_plan_lists_what_is_missing_and_goes_on(harness_command):
    done = harness_command("plan", "-m", "toy-pixels", "-b", "lfw,toy-pairs", check=3)
    assert "harness assets link lfw PATH" in done.stderr
    rows = [line for line in done.stdout.splitlines() if line.lstrip().startswith("score")]
    assert "blocked" in rows[0]
    assert "needs asset lfw" in rows[0]
    assert " run " in rows[1]


def test_links_labels_and_origins_are_kept_and_the_study_can_be_run_again(
    harness_command, tmp_path
):
    (tmp_path / "r.toml").write_text(
        '[[model]]\nuse = "toy-pixels"\nlabel = "mine"\npublished = "digi2real2024/3#20K"\n'
        '[[benchmark]]\nuse = "toy-pairs"\nlabel = "lfw"\n'
    )
    harness_command("run", "-c", "r.toml", "-M", "noise=0.5", "-j", "1")
    (file,) = tmp_path.glob("study/cells/*/result.json")
    result = json.loads(file.read_text())
    assert result["cell"]["model"]["label"] == "mine"
    assert result["published"] == [
        {
            "ref": "digi2real2024/3#20K/lfw",
            "metric": "accuracy",
            "at": {},
            "value": 0.9812,
            "printed": "98.12",
            "unit": "percent",
            "source": "digi2real2024/3 '20K' lfw accuracy",
            "protocol_match": "claimed",
        }
    ]
    (cell,) = json.loads((tmp_path / "study/plan.json").read_text())["cells"]
    assert cell["published"] == ["digi2real2024/3#20K/lfw"]
    text = (tmp_path / "study/study.toml").read_text()
    assert "noise = 0.5  # flag -M noise" in text
    assert 'label = "mine"  # r.toml:3' in text
    assert "seed = 0  # default" in text
    rows = json.loads(harness_command("plan", "-c", "study/study.toml", "--json").stdout)
    assert {node["action"] for node in rows["nodes"]} == {"reuse"}
    assert {cell["action"] for cell in rows["cells"]} == {"reuse"}
    assert rows["cells"][0]["published"] == ["digi2real2024/3#20K/lfw"]


def test_the_schema_knows_plugins(harness_command, tmp_path):
    schema = json.loads(harness_command("config", "schema").stdout)
    (toys,) = [v for k, v in schema["$defs"].items() if k.startswith("generator.") and "toy" in k]
    assert toys["properties"]["noise"]["type"] == "number"
    harness_command("config", "schema", "-o", "s.json")
    assert json.loads((tmp_path / "s.json").read_text()) == schema
