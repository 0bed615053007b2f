"""A figure as the page needs it: interactive where scripts run, a still picture elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.reporting.figures.series import COLOURS
from harness.reporting.figures.vega import VEGA

IDS = re.compile(r'(\bid="|url\(#|href="#)')
PATHS = re.compile(r' d="[^"]*"')
LONG = re.compile(r"(\d+\.\d)\d+")
HEX = re.compile("#[0-9a-f]{6}")
VARIABLES = {colour: f"var(--series-{n}, {colour})" for n, colour in enumerate(COLOURS)}
"""The colours of series as the page's style sheet has them, one set each for light and dark."""
SPOKEN = re.compile(r' (?:aria-[a-z]+|role)="[^"]*"')


@dataclass(frozen=True)
class Figure:
    """``text`` says in words what the figure shows; ``svg`` is its still picture.

    ``data_of`` names the figure whose rows this one draws too, so that a page holds them once.
    """

    id: str
    title: str
    text: str
    spec: Mapping[str, Any]
    svg: str
    data_of: str = ""

    @property
    def embedded(self) -> Mapping[str, Any]:
        """The specification as the page holds it."""
        if not self.data_of:
            return self.spec
        return {**self.spec, "datasets": {"of": self.data_of}}

    @property
    def series(self) -> int:
        """How many series can be selected; 0 where all are drawn."""
        return len(self.spec.get("usermeta", {}).get("series", ()))


def draw(
    identifier: str, title: str, text: str, spec: Mapping[str, Any], data_of: str = ""
) -> Figure:
    """Draw a Vega-Lite specification once, for print and for readers without scripts.

    An empty one, from where altair is not installed, and one that cannot be drawn become a sentence
    that says why.
    """
    if not spec:
        VEGA.give_up("altair")
    picture = VEGA.svg(dict(spec))
    if picture is None:
        return Figure(identifier, title, text, spec, f"<p>{VEGA.why}.</p>", data_of)
    # Several pictures in one page must not share the names of their clip paths.
    still = IDS.sub(rf"\g<1>{identifier}-", picture)
    # A tenth of a pixel is enough, and half the size.
    still = PATHS.sub(lambda path: LONG.sub(r"\1", path[0]), still)
    # The page says what the whole picture shows; a voice that reads every mark says nothing.
    still = SPOKEN.sub("", still)
    still = HEX.sub(lambda colour: VARIABLES.get(colour[0], colour[0]), still)
    return Figure(identifier, title, text, spec, still, data_of)
