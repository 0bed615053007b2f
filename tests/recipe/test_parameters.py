from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import Field, ValidationError

from harness._plugins.registry import RegisteredComponent
from harness.components import Component, External, ExternalPath, Params
from harness.errors import UsageError
from harness.recipe import parameters


class Example(Params):
    presets: ClassVar = {"wide": {"width_px": 200, "inner_params": {"a": 1, "b": 2}}}
    neutral: ClassVar = frozenset({"batch"})

    width_px: int = Field(100, ge=1)
    name: str = "x"
    batch: int = 8
    inner_params: dict[str, int] = {}
    root: Annotated[Path | None, External(asset="thing")] = None
    list_file: Annotated[str, External(inside="root")] = "list.txt"


PROVIDED = RegisteredComponent(
    Component(
        kind="generator",
        name="example",
        version=1,
        target="x:Y",
        params=f"{__name__}:Example",
        summary="s",
    ),
    "dist",
    "1",
)


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setattr(parameters, "import_object", lambda target: Example)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=1", 1),
        ("a=1.5", 1.5),
        ("a=true", True),
        ("a=[1, 2]", [1, 2]),
        ("a=word", "word"),
        ('a="1"', "1"),
        ("a=/some/path.txt", "/some/path.txt"),
        ("a=x=y", "x=y"),
        ("a=", ""),
    ],
)
def test_a_literal_is_toml_and_a_bare_word_is_a_string(text, value):
    key, word = parameters.parse_assignment(text)
    assert (key, parameters.typed(None, key, word)) == ("a", value)


@pytest.mark.parametrize("text", ["a", "=1", ""])
def test_an_assignment_needs_key_and_equals(text):
    with pytest.raises(UsageError, match="not of the form key=value"):
        parameters.parse_assignment(text)


def test_a_preset_lies_under_given_values():
    assert parameters.build(PROVIDED, {"preset": "wide"}).width_px == 200
    assert parameters.build(PROVIDED, {"preset": "wide", "width_px": 3}).width_px == 3


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"widht_px": 1}, "generator example has no parameter 'widht_px', did you mean 'width_px'"),
        ({"preset": "wid"}, "no preset 'wid', did you mean 'wide'"),
        ({"width_px": 0}, r"width_px: .*greater than or equal to 1 \(got 0\)"),
        ({"width_px": "many"}, r"width_px: .*\(got 'many'\)"),
    ],
)
def test_errors_name_the_parameter(values, message):
    with pytest.raises(UsageError, match=message):
        parameters.build(PROVIDED, values)


def test_what_must_be_given_is_named():
    class Needy(Example):
        path: Path

    with pytest.raises(ValidationError) as found:
        Needy.model_validate({"widht_px": 3, "width_px": 0})
    assert parameters.explain(found.value) == (
        "width_px: Input should be greater than or equal to 1 (got 0); path must be given; "
        "widht_px: unknown key"
    )


def test_keys_hold_content_and_not_paths_or_speed():
    params = Example(root=Path("/somewhere"), batch=99)
    values = parameters.key_values(params, {"root": "abc"})
    assert values == {"width_px": 100, "name": "x", "inner_params": {}, "root": "abc",
                      "list_file": "list.txt"}  # fmt: skip


def test_a_newer_reader_of_a_file_changes_the_keys_of_those_who_give_it():
    class Listed(Params):
        names: Annotated[Path, External(reader=2)] | None = None

    assert parameters.key_values(Listed(), {}) == {"names": None}
    given = parameters.key_values(Listed(names=Path("a")), {"names": "abc"})
    assert given == {"names": "abc+reader2"}


def test_results_show_no_machine_path():
    assert parameters.public_values(Example(root=Path("/home/me/lfw")))["root"] == "lfw"


@pytest.mark.parametrize("key", ["inner.b", "inner_params.b"])
def test_a_key_with_dots_changes_one_value_inside_and_keeps_the_others(key):
    made = parameters.build(PROVIDED, {"preset": "wide", key: 5})
    assert made.inner_params == {"a": 1, "b": 5}
    assert Example.presets["wide"]["inner_params"] == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"widht_px": 1}, "^r.toml:7: generator example has no parameter"),
        ({"width_px": 0}, "^r.toml:3: generator example: width_px"),
        ({"preset": "wid"}, "^r.toml:9: generator example has no preset"),
        ({"inner.a": "x"}, "^r.toml:5: generator example: inner_params.a"),
    ],
)
def test_errors_say_where_it_was_said(values, message):
    origins = {"widht_px": "r.toml:7", "width_px": "r.toml:3", "preset": "r.toml:9",
               "inner.a": "r.toml:5"}  # fmt: skip
    with pytest.raises(UsageError, match=message):
        parameters.build(PROVIDED, values, origins)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a.b=1,2", [1, 2]),
        ("a.b=x,y", ["x", "y"]),
        ("a.b=1,x", [1, "x"]),
        ("a.b=[1, 2],[3]", [[1, 2], [3]]),
        ('a.b="x,y",z', ["x,y", "z"]),
        ("a.b=true", [True]),
    ],
)
def test_a_sweep_is_values_between_commas(text, values):
    key, words = parameters.parse_sweep(text)
    assert (key, [parameters.typed(None, key, word) for word in words]) == ("a.b", values)


class Texts(Params):
    plain: str = ""
    path: Path | None = None
    marked: Annotated[Path | None, External()] = None
    external: ExternalPath | None = None
    choice: Literal["true", "2024"] | None = None
    number: int | str = 0
    names: tuple[str, ...] = ()
    open: Any = None


WORDS = ("2024", "true", "1e3", "2024-05-01", "12:30:00", "0x1F", "1_000", "+5", "inf", "[1]",
         "{a = 1}", "2024 # b", "[" * 5000, "9" * 5000)  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("key", ["plain", "path", "marked", "external"])
def test_a_text_or_path_is_what_was_written(key, word):
    value = parameters.typed(Texts, *parameters.parse_assignment(f"{key}={word}"))
    assert value == word
    assert type(value) is str
    Texts.model_validate({key: value})


@pytest.mark.parametrize("word", ["true", "2024"])
def test_one_of_some_words_is_text(word):
    assert parameters.typed(Texts, "choice", parameters.Word(word)) == word
    assert parameters.typed(Texts, parameters.PRESET, parameters.Word(word)) == word


@pytest.mark.parametrize(
    ("key", "word", "value"),
    [("number", "2024", 2024), ("names", '["2024"]', ["2024"]), ("open", "true", True),
     ("unknown", "1e3", 1000.0), ("plain", '"a b"', "a b"), ("path", "'2024'", "2024"),
     ("inner.path", "5", 5)],
)  # fmt: skip
def test_other_parameters_take_toml(key, word, value):
    assert parameters.typed(Texts, key, parameters.Word(word)) == value


def test_only_words_are_changed():
    assert parameters.typed(Texts, "plain", 5) == 5


@pytest.mark.parametrize("text", ["a.b", "a.b=", "=1,2"])
def test_a_sweep_needs_a_key_and_values(text):
    with pytest.raises(UsageError, match="not of the form key=a,b,c"):
        parameters.parse_sweep(text)


class Grown(Example):
    height_px: int = 7
    added: ClassVar = {"height_px": 7}


class GrownAgain(Grown):
    depth_px: int | None = None
    added: ClassVar = {"depth_px": None}


def test_an_added_parameter_enters_keys_only_where_it_changes_something():
    def values(cls, **given):
        return parameters.key_values(cls(root=Path("/x"), **given), {"root": "abc"})

    assert values(Example) == values(Grown) == values(GrownAgain)
    assert values(GrownAgain, height_px=8) == {**values(Example), "height_px": 8}
    assert values(GrownAgain, depth_px=7)["depth_px"] == 7
    assert "height_px" not in values(GrownAgain, depth_px=7)


@pytest.mark.parametrize("value", ["[a]", "1]", 5])
def test_a_list_that_is_none_says_how_to_write_one(value):
    with pytest.raises(ValidationError) as caught:
        Texts.model_validate({"names": value})
    assert parameters.explain(caught.value) == 'names must be a list such as [1, 2] or ["a", "b"]'
