"""Names and notes of strangers in Markdown, LaTeX, CSV and lines of text, where they are inert."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from harness.terminal import line


def _greek(letter: str) -> str:
    """``$\\Delta$`` for a Greek letter that LaTeX has, by its name in Unicode."""
    word = unicodedata.name(letter).rpartition(" ")[2].replace("LAMDA", "LAMBDA")
    return f"$\\{word.lower() if letter.islower() else word.capitalize()}$"


LATEX_ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "°": r"\textdegree{}",
    ">": r"\textgreater{}", "<": r"\textless{}", "|": r"\textbar{}", "…": r"\ldots{}",
    # pdflatex stops at what its fonts for text do not have.
    "±": r"$\pm$", "×": r"$\times$", "≤": r"$\leq$", "≥": r"$\geq$", "≈": r"$\approx$",
    **{letter: _greek(letter) for letter in "ΓΔΘΛΞΠΣΦΨΩαβγδεζηθικλμνξπρστυφχψω"},
    "–": "--", "—": "---", "→": r"$\rightarrow$", "∞": r"$\infty$", "−": r"$-$", "µ": r"$\mu$",
    "«": r"$\ll$", "»": r"$\gg$",
}  # fmt: skip
TYPESET = frozenset(
    "¡£§©®¶·¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿ"
    "ĀāĂăĆćĈĉĊċČčĎďĒēĔĕĖėĚěĜĝĞğĠġĢģĤĥĨĩĪīĬĭİıĴĵĶķĹĺĻļĽľŁłŃńŅņŇňŌōŎŏŐőŒœŔŕŖŗŘřŚśŜŝŞşŠšŢţŤť"
    "ŨũŪūŬŭŮůŰűŴŵŶŷŸŹźŻżŽžȘșȚț‘’“”†‡"
)
"""Letters beyond ASCII that pdflatex sets with its usual fonts (OT1) and no package."""
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a formula begins, in full width too, as some spreadsheets read it."""


def one_line(text: str) -> str:
    """One line without control characters, which a terminal would obey."""
    return line(" ".join(text.split()))


def csv_text(text: str) -> str:
    """A name in a CSV file, which no spreadsheet takes for a formula.

    An apostrophe is before what begins with ``= + - @``, as spreadsheets show it; control
    characters are escaped. Numbers are written as numbers and do not come here.
    """
    made = line(text)
    return f"'{made}" if made.lstrip().startswith(FORMULA) and not _is_number(made) else made


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def markdown_cell(text: str) -> str:
    """The text inside a Markdown table or list, where no name makes a link, picture or tag."""
    made = one_line(text).replace("\\", "\\\\").replace("&", "&amp;").replace("<", "&lt;")
    made = made.replace("|", "\\|").replace("`", "\\`").replace("*", "\\*")
    # Brackets alone are text, and measured values are full of them; a link needs these pairs.
    return made.replace("](", "]\\(").replace("][", "]\\[").replace("]:", "]\\:")


def markdown_item(text: str) -> str:
    """The text as an item of a Markdown list."""
    return f"- {markdown_cell(text)}"


def latex_text(text: str) -> str:
    """The text inside LaTeX; a letter that plain pdflatex cannot set is its number in Unicode."""
    return "".join(map(_latex_letter, one_line(text)))


def _latex_letter(letter: str) -> str:
    if letter in LATEX_ESCAPES:
        return LATEX_ESCAPES[letter]
    known = letter.isascii() or letter in TYPESET
    return letter if known else f"[U+{ord(letter):04X}]"


def one_lined(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Rows for a terminal: no name makes a line of its own or is obeyed."""
    return [[one_line(text) for text in row] for row in rows]
