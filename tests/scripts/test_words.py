"""The word check: what it finds, where it looks, and that the tree passes it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import words  # noqa: E402


def found(text: str, name: str = "a.py") -> list[str]:
    return list(words.check(Path(name), text))


@pytest.mark.parametrize(
    "text",
    [
        '"""Draw the faces anew."""', "x = 1  # one row a pair", 'say(f"{p} is no file")',
        'say("fix it or mend it")', '"""Scores that are more alike."""', "# the field's benchmarks",
        '"""What lies in the folder."""', '"""5 landmarks an image."""', "# whoever goes on",
        '"""Go\n    on."""',
    ],
)  # fmt: skip
def test_a_word_to_avoid_is_found(text):
    (line,) = found(text)
    assert line.startswith("a.py:1: ")
    assert ": write " in line


@pytest.mark.parametrize(
    "text",
    [
        "anew = mend(lies)", 'row["likeness"]', '"""The key ``likeness`` and `strata`."""',
        '"""There is no file."""', '"""Ten images a second, twice an hour."""',
        '"""A belief is not a proof; amend it."""', 'f"{lies:.2f} mm"',
    ],
)  # fmt: skip
def test_names_and_quoted_names_are_not_words(text):
    assert found(text) == []


def test_pages_are_read_without_their_code():
    text = "Draw it anew.\n\n```bash\necho anew\n```\n\n    anew\n\nSee `anew`.\nIt lies here.\n"
    assert [line.split(":")[1] for line in found(text, "docs/x.md")] == ["1", "10"]


def test_the_line_of_a_word_within_a_docstring_is_named():
    (line,) = found('x = 1\n\n\ndef f():\n    """Sum.\n\n    Made anew.\n    """\n')
    assert line.startswith("a.py:7: 'anew'")


def test_the_tree_uses_one_word_per_thing():
    done = subprocess.run(
        [sys.executable, "scripts/words.py"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_every_exception_is_needed():
    assert words.ROOT == ROOT
    for name, allowed in words.ALLOWED.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        lines = list(words.check(Path("elsewhere.py"), text))
        for word in allowed:
            assert any(f"'{word}'" in line for line in lines), (name, word)
