"""What the documentation shows works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness import hookspecs
from harness.recipe import bundled

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PLUGINS = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
VERB = re.compile(r"harness ((?:-[\w-]+ \S+ )*)(\w+)")


def code_blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def test_the_plugin_of_the_readme_works_and_is_short(harness_command, tmp_path):
    (code,) = code_blocks(README, "python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    (tmp_path / "noise.py").write_text(code)
    listed = harness_command("--plugins-dir", ".", "list", "generators", toys=False)
    assert "noise" in listed.stdout
    done = harness_command("--plugins-dir", ".", "run", "-g", "noise", "-j", "1", toys=False)
    assert "contact sheet" in done.stdout


def test_the_readme_has_exactly_two_commands_for_a_fresh_machine():
    section = README.split("## On a fresh machine")[1].split("##")[0]
    first = code_blocks(section, "sh")[0]
    assert first.splitlines() == ["make demo", "make test"]


def test_the_example_of_the_readme_is_the_demo():
    example = code_blocks(README, "console")[0]
    assert example.startswith("$ harness run -c demo\n")
    assert "95 % CI" in example
    assert "run -c recipes/demo.toml" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert bundled.find(Path("demo")).samefile(ROOT / "recipes/demo.toml")


PAGES = ["README.md", *sorted(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES)
def test_every_verb_that_is_shown_exists(page):
    from harness.cli.main import VERBS

    text = (ROOT / page).read_text(encoding="utf-8")
    shown = re.findall(r"`harness ((?:--?[\w-]+(?: \S+)? )*)([a-z]+(?:-[a-z]+)*)", text)
    assert {verb for _, verb in shown} <= set(VERBS)


def test_every_hook_is_documented():
    for name in dir(hookspecs):
        if name.startswith("harness_"):
            assert f"`{name}(" in PLUGINS, f"{name} is not in docs/plugins.md"


def test_no_machine_path_or_registry_is_named():
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("recipes/*.toml")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"/(work|root|home)/|pypi\.org|\.\./shared", text), path
