"""``harness run`` and ``harness.run`` are the same calls."""

from __future__ import annotations

import re
from inspect import Parameter, signature
from pathlib import Path

import click
import pytest

import harness
from harness.cli import main, plan_verb, run_verb
from harness.cli.options import run_options
from harness.recipe.resolve import StudyTable
from harness.recipe.run_options import RecipeFlags, RunOptions, declared

PRINTED = {"dry_run", "as_json", "help", "_click_default_help"}
"""What the command only shows; from Python one asks for the plan or reads the study."""
GLOBAL = {"plugins_dirs": "plugins_dirs", "plugin_flags": "disabled"}


def asked(*args: str) -> RunOptions:
    """The options that a command line of ``run`` makes."""
    context = run_verb.command.make_context("run", list(args))
    return run_options({"plugins_dirs": (), "disabled": ()}, context.params)


def flags() -> dict[str, list[click.Option]]:
    """The flags of ``run`` and the global ones that matter to it, by the keyword they fill."""
    found: dict[str, list[click.Option]] = {}
    for param in run_verb.command.get_params(click.Context(run_verb.command)):
        name = re.sub(r"^executor_option_.*", "executor_options", param.name)
        if name not in PRINTED:
            found.setdefault(re.sub(r"_[0-9]+$", "", name), []).append(param)
    for param in main.cli.params:
        if param.name in GLOBAL:
            found[GLOBAL[param.name]] = [param]
    return found


def test_every_flag_is_a_keyword_and_every_keyword_a_flag():
    keywords = signature(harness.run).parameters
    assert set(keywords) == set(flags())
    assert {item.kind for item in keywords.values()} == {Parameter.KEYWORD_ONLY}


def test_a_flag_that_is_not_given_means_what_a_keyword_means_that_is_not_given():
    assert asked("-q") == RunOptions()
    assert not asked().quiet  # a command shows its progress, a library is silent


def test_the_help_of_python_shows_the_keywords():
    assert "jobs: int | None = None" in str(signature(harness.run))
    assert signature(harness.run).return_annotation == "Study"


def test_every_key_of_the_study_table_is_a_flag():
    assert set(StudyTable.model_fields) <= set(flags())


def test_plan_takes_every_flag_that_says_what_is_made():
    plan = {param.name for param in plan_verb.command.params}
    run = {param.name for param in run_verb.command.params}
    how = {item.name for item in declared()[len(RecipeFlags.__dataclass_fields__) :]}
    only = {name for name in run - plan if re.sub(r"_[0-9]+$", "", name) not in how | PRINTED}
    assert not only


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["-g", "a", "-g", "b"], {"generator": ["a", "b"]}),
        (["--mix", "a,b"], {"mix": "a,b"}),
        (["--finetune", "a", "--finetune", "b,c"], {"finetune": ["a", "b,c"]}),
        (["-G", "n=1", "-B", "root=x"], {"params": {"generator": {"n": "1"},
                                                     "bench": {"root": "x"}}}),
        (["--set", "model.epochs=3"], {"values": {"model.epochs": "3"}}),
        (["--sweep", "model.lr=1,2"], {"sweep": {"model.lr": ["1", "2"]}}),
        (["-o", "s", "-j", "3", "--nproc", "2"], {"study": Path("s"), "jobs": 3, "nproc": 2}),
        (["-x", "--rerun", "train", "--track", "mlflow"],
         {"fail_fast": True, "rerun": ["train"], "track": "mlflow"}),
        (["--portable", "--limit", "3", "--max-doubtful", "0.5"],
         {"portable": True, "limit": 3, "max_doubtful": 0.5}),
        (["-c", "r.toml"], {"recipe": "r.toml"}),
    ],
)  # fmt: skip
def test_flags_and_keywords_make_the_same_options(words, values):
    assert asked("-q", *words) == RunOptions(**values)


def test_an_assignment_stands_where_it_was_given_last():
    options = asked("-G", "n=5", "-G", "bfm.n=3", "-G", "n=6")
    assert list(options.params["generator"].items()) == [("bfm.n", "3"), ("n", "6")]


def test_options_are_frozen_and_travel():
    import pickle

    options = asked("-g", "a", "-G", "n=1", "--sweep", "model.lr=1,2")
    assert pickle.loads(pickle.dumps(options)) == options  # noqa: S301 (own bytes)
    with pytest.raises(AttributeError):
        options.jobs = 3
