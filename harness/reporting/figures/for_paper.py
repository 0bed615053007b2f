"""Figures of the report as files for a paper: PDF, SVG or PNG of a size in inches.

The same figures give the same bytes on every machine: the font is part of this package, no file has
a date, and names inside the pictures are numbered by their order.
"""

from __future__ import annotations

import base64
import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from harness.errors import PrerequisiteError, UsageError
from harness.fileio.atomic import write_bytes, write_text
from harness.reporting.figures.figure_embed import Figure
from harness.reporting.figures.vega import VEGA
from harness.terminal import line

Format = Literal["pdf", "svg", "png"]
FONT = "Harness Figure Sans"
FONT_FILE = Path(__file__).parent / "font" / "HarnessFigureSans.ttf"
PER_INCH = 108
"""Pixels of the page's layout in an inch: its letters of 12 pixels become 8 points, and its lines
of 2 pixels 1.3 points, as in the text of a paper."""
POINTS = 72
PNG_PPI = 300
SMALLEST, LARGEST = 1.0, 40.0
NUMBERED = re.compile(r'\b(?:id="|url\(#|href="#)([\w-]+)')
RESOURCES = re.compile(rb"(?: +/[A-Za-z]+\d+ \d+ 0 R\n){2,}")
FOREIGN = re.compile(r"[^\s -~\u00a0-\u017f\u0391-\u03c9\u2010-\u2122\u2190-\u2193\u2206-\u2265]")
CAPTIONS = "captions.md"


@dataclass(frozen=True)
class Size:
    """Inches; without a height the plot keeps the proportions that it has in the page."""

    width: float
    height: float | None = None

    @classmethod
    def of(cls, text: str) -> Size:
        """The size that ``3.5`` or ``3.5x2.4`` means; raises ``UsageError`` for anything else."""
        try:
            sides = [float(side) for side in text.lower().split("x")]
        except ValueError:
            sides = []
        if len(sides) not in {1, 2} or not all(SMALLEST <= side <= LARGEST for side in sides):
            raise UsageError(
                f"a size is WIDTH or WIDTHxHEIGHT in inches, {SMALLEST:g} to {LARGEST:g} each, "
                f"such as 3.5x2.4; not {text!r}"
            )
        return cls(*sides)


def write_figures(
    figures: Sequence[Figure], out: Path, form: Format = "pdf", size: Size | None = None
) -> list[Path]:
    """Write every figure to a file named by its title, and what each shows to ``captions.md``.

    Raises ``PrerequisiteError`` where figures cannot be drawn here.
    """
    size = size or Size(3.5)
    written, captions = [], []
    for figure, name in zip(figures, _names(figures), strict=True):
        path = out / f"{name}.{form}"
        write_bytes(path, picture(figure, form, size))
        written.append(path)
        captions.append(f"- `{path.name}`: {line(figure.title)}. {line(figure.text)}\n")
    if written:
        write_text(out / CAPTIONS, "".join(captions))
        written.append(out / CAPTIONS)
    return written


def foreign_letters(figures: Sequence[Figure]) -> str:
    """Letters of the figures that their font does not have, which depend on this machine's."""
    found = "".join(str(figure.spec) for figure in figures)
    return "".join(sorted(set(FOREIGN.findall(found))))


def picture(figure: Figure, form: Format, size: Size) -> bytes:
    """One figure as a file."""
    svg = _numbered(_drawn(figure, size))
    if form == "svg":
        return _with_font(_sized(svg, 1, "in")).encode()
    # The converters take a pixel for a point.
    svg = _sized(svg, POINTS)
    data = _ordered(VEGA.pdf(svg)) if form == "pdf" else VEGA.png(svg, PNG_PPI)
    if data is None:
        raise PrerequisiteError(VEGA.why)
    return data


def _drawn(figure: Figure, size: Size) -> str:
    if not figure.spec:
        VEGA.give_up("altair")
    svg = VEGA.svg(for_paper(figure.spec, size))
    if svg is None:
        raise PrerequisiteError(VEGA.why)
    return svg


def for_paper(spec: Any, size: Size) -> dict[str, Any]:
    """A specification of the page for a picture of this size, with the font of this package."""
    made: dict[str, Any] = copy.deepcopy(dict(spec))
    width = size.width * PER_INCH
    made["width"] = width
    made["autosize"] = {"type": "fit-x", "contains": "padding"}
    if size.height is not None:
        made["height"] = size.height * PER_INCH
        made["autosize"]["type"] = "fit"
    elif isinstance(spec.get("height"), int | float) and spec.get("width"):
        made["height"] = round(spec["height"] * min(1.0, max(0.6, width / spec["width"])))
    config = made.setdefault("config", {})
    config |= {"font": f"{FONT}, sans-serif", "background": "white"}
    config["legend"] = {**config.get("legend", {}), "columns": 1 if width < 480 else 2}
    config["title"] = {**config.get("title", {}), "fontWeight": "normal"}
    return made


def _numbered(svg: str) -> str:
    """Names inside the picture by their order: the engine counts them over its whole life."""
    names = dict.fromkeys(NUMBERED.findall(svg))
    number = {name: f"n{place}" for place, name in enumerate(names)}
    return NUMBERED.sub(lambda m: m[0][: -len(m[1])] + number[m[1]], svg)


def _ordered(pdf: bytes | None) -> bytes | None:
    """The resources of a PDF by their names: the converter leaves them in an order of chance."""
    if pdf is None:
        return None
    return RESOURCES.sub(lambda m: b"".join(sorted(m[0].splitlines(keepends=True))), pdf)


def _sized(svg: str, units_per_inch: float, unit: str = "") -> str:
    """The picture with its width and height in inches, or in parts of one."""

    def side(found: re.Match[str]) -> str:
        return f'{found[1]}{float(found[2]) / PER_INCH * units_per_inch:.6g}{unit}"'

    head, end, rest = svg.partition(">")
    for name in ("width", "height"):
        head = re.sub(rf'(\s{name}=")([\d.]+)"', side, head, count=1)
    return head + end + rest


def _with_font(svg: str) -> str:
    """The picture with its font inside."""
    data = base64.b64encode(FONT_FILE.read_bytes()).decode()
    face = f"@font-face{{font-family:'{FONT}';src:url(data:font/ttf;base64,{data})}}"
    head, end, rest = svg.partition(">")
    return f"{head}{end}<style>{face}</style>{rest}"


def _names(figures: Sequence[Figure]) -> list[str]:
    """A file name for each figure by its title, as the page saves it; equal ones are numbered."""
    names: list[str] = []
    for figure in figures:
        name = re.sub(r"[^\w.-]+", "-", figure.title, flags=re.ASCII).strip("-.") or figure.id
        count = sum(used == name or used.startswith(f"{name}_") for used in names)
        names.append(f"{name}_{count + 1}" if count else name)
    return names
