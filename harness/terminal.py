r"""Text for terminals and logs, in which names of strangers are shown and not obeyed.

A file name, a label or a note may hold escape sequences that recolour or rename a terminal, marks
that reverse the direction of what follows, or a line end that makes a line of its own. They are
shown as JSON shows them, ``\u001b``, so that JSON stays JSON.
"""

from __future__ import annotations

import json
import re

import click

_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
"""Control and format characters, separators of lines, and halves of surrogate pairs."""

_IN_PAGES = frozenset("\n\t")


def line(text: str) -> str:
    r"""The text as one line, without anything that a terminal would obey.

    >>> line("a\x1b[31m\nb")
    'a\\u001b[31m\\nb'
    """
    return _HIDDEN.sub(lambda found: _escaped(found[0]), text)


def page(text: str) -> str:
    """The text with its lines and tabs, else as :func:`line`."""
    return _HIDDEN.sub(
        lambda found: found[0] if found[0] in _IN_PAGES else _escaped(found[0]), text
    )


def say(text: object, *, err: bool = False) -> None:
    """Print one line to standard output, or standard error."""
    click.echo(line(str(text)), err=err)


def say_page(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print lines that this program laid out; names in them should have gone through `line`."""
    click.echo(page(text), err=err, nl=nl)


def _escaped(letter: str) -> str:
    # json leaves DEL as it is
    return "\\u007f" if letter == "\x7f" else json.dumps(letter)[1:-1]
