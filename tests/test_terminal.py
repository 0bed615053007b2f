"""Names of strangers are shown on a terminal, and not obeyed; one module prints."""

from __future__ import annotations

import ast
import io
import json
import unicodedata
from pathlib import Path

import pytest

from harness._plugins import timeouts
from harness.cli import main
from harness.errors import DataError
from harness.progress import Progress
from harness.terminal import line, page, say, say_page

ROOT = Path(__file__).parents[1]
EVIL = {
    "osc": "p\x1b]0;owned\x07",
    "ansi": "\x1b[31mred",
    "c1": "a\x9b31mb",
    "newline": "a\nharness: all is well",
    "return": "harness: bad\rharness: ok ",
    "right to left": "gpj.\u202eexe",
    "isolate": "a\u2066b\u2069",
    "zero width": "lf\u200bw",
    "separator": "a\u2028b",
    "surrogate": "a\udce9b",
    "delete": "a\x7f\x08\x08b",
    "tag": "a\U000e0041b",
}


@pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)
def test_what_a_terminal_obeys_is_escaped(text, capsys):
    shown = line(text)
    assert all(unicodedata.category(letter)[0] != "C" for letter in shown)
    assert "\n" not in shown
    assert json.loads(f'"{shown}"') == text
    say(text)
    say(text, err=True)
    timeouts.complain(text)
    said = capsys.readouterr()
    assert said.out == f"{shown}\n"
    assert said.err == f"{shown}\nharness: {shown}\n"


def test_every_control_and_format_character_is_known():
    wanted = ("Cc", "Cf", "Cs", "Zl", "Zp")
    missed = [
        hex(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in wanted and line(chr(code)) == chr(code)
    ]
    assert not missed


def test_pages_keep_their_lines_and_json_stays_json(capsys):
    value = {"name": "\u202e\x9b\x7f", "é": "名"}
    text = json.dumps(value, indent=1, ensure_ascii=False)
    say_page(text)
    out = capsys.readouterr().out
    assert json.loads(out) == value
    assert out.count("\n") == text.count("\n") + 1
    assert page("a\tb\n") == "a\tb\n"


@pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)
def test_errors_and_progress_print_no_line_of_a_name(text, monkeypatch, capsys):
    def fail(*_, **__):
        raise DataError(f"missing: {text}")

    monkeypatch.setattr(main.cli, "main", fail)
    assert main.run([]) == 1
    said = capsys.readouterr().err
    assert said.startswith("harness: missing: ")
    assert all(row.startswith("  ") for row in said.split("\n")[1:-1])
    stream = io.StringIO()
    progress = Progress(stream=stream)
    progress.stage(text)
    progress.line(text)
    progress(10, 10, "images", text)
    for shown in (said, stream.getvalue()):
        assert all(unicodedata.category(c)[0] != "C" for c in shown if c != "\n")
    assert len(stream.getvalue().splitlines()) == 3  # started, the line, the progress


def test_a_bar_shows_labels_as_they_are():
    from rich.console import Console

    from harness.progress import _rich_bar

    bar, console = _rich_bar(), Console(file=io.StringIO(), force_terminal=True, width=120)
    bar.add_task("[link=http://evil]lfw[/link] [red]x", total=1, detail="[bold]y[/]")
    console.print(bar.get_renderable())
    text = console.file.getvalue()
    assert "[link=http://evil]lfw[/link] [red]x" in text
    assert "\x1b]8" not in text


@pytest.mark.parametrize("path", sorted((ROOT / "harness").rglob("*.py")), ids=lambda p: p.name)
def test_only_one_module_prints(path):
    if path.name in ("terminal.py", "progress.py", "declaration.py", "vega.py"):
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in ("click.echo", "click.secho", "print"), f"{path}:{node.lineno}"
