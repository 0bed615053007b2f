"""A long or large run asks first on a terminal, and says what it takes elsewhere."""

from __future__ import annotations

import sys

import pytest

from harness.cli.main import run
from harness.plan import size_limits

TOY = ("run", "-g", "toy-faces", "-m", "toy-net", "-M", "steps=2", "-b", "toy-pairs", "-j", "1")


@pytest.fixture
def large(monkeypatch):
    """Every run is large."""
    monkeypatch.setattr(size_limits, "LONG_S", -1.0)


@pytest.fixture
def terminal(monkeypatch):
    """Standard input and error are a terminal, on which ``answer`` is typed."""

    def type_in(answer):
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        asked = []

        def confirm(text, **more):
            asked.append((text, more))
            return answer

        monkeypatch.setattr("click.confirm", confirm)
        return asked

    return type_in


@pytest.mark.usefixtures("large")
def test_elsewhere_the_estimate_is_printed_and_the_run_starts(here):
    done = here(*TOY)
    assert done.stderr.splitlines()[0].startswith("this run: ")
    assert "images to generate" in done.stderr.splitlines()[0]
    assert "toy-pairs" in done.stdout
    assert "this run" not in here(*TOY, "-q").stderr


def test_a_small_run_says_nothing(here, terminal):
    asked = terminal(answer=False)
    assert "this run" not in here(*TOY, "-q").stderr
    assert asked == []


@pytest.mark.usefixtures("large")
def test_no_starts_nothing(here, terminal, tmp_path):
    asked = terminal(answer=False)
    said = here(*TOY, check=130)
    assert asked == [("start it?", {"err": True})]
    assert "nothing was started; harness plan shows each stage, --yes starts it" in said.stderr
    assert not (tmp_path / "study").exists()


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("flags", [(), ("--yes",), ("-y", "-q")])
def test_yes_starts_it_and_the_flag_answers(here, terminal, flags):
    asked = terminal(answer=True)
    # Nothing is drawn on what only says that it is a terminal.
    assert "toy-pairs" in here(*TOY, *(flags or ("-q",))).stdout
    assert bool(asked) == (not flags)


def test_the_help_is_in_groups_and_names_the_store(capsys):
    for verb in ("run", "plan"):
        assert run([verb, "--help"]) == 0
        page = capsys.readouterr().out
        titles = ("What to run", "Parameters", "Study", "Execution", "Output")
        order = [page.index(f"{title}:") for title in titles]
        assert order == sorted(order)
        assert "HARNESS_HOME: folder of the store" in page
        assert "Other options:" not in page  # each new option belongs to a group
        assert "-G, -M, -B, -A, -P KEY=VALUE" in page


def test_verbose_names_keys_and_folders(here):
    done = here(*TOY, "-v")
    assert "component version" in done.stderr
    assert "from placements " in done.stderr
    assert "; harness trace study:" in done.stderr
    again = here(*TOY, "-v").stderr
    assert again.count("reused") >= 3
    assert again.count("store/") >= 3
    assert "component version" not in here(*TOY).stderr
