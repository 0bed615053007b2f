"""A figure as the page needs it: interactive where scripts run, a still picture elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

IDS = re.compile(r'(\bid="|url\(#|href="#)')


@dataclass(frozen=True)
class Figure:
    """``text`` says in words what the figure shows; ``svg`` is its still picture."""

    id: str
    title: str
    text: str
    spec: Mapping[str, Any]
    svg: str


def draw(identifier: str, title: str, text: str, spec: Mapping[str, Any]) -> Figure:
    """Draw a Vega-Lite specification once, for print and for readers without scripts."""
    from harness.reporting.figures import svg

    # Several pictures in one page must not share the names of their clip paths.
    still = IDS.sub(rf"\g<1>{identifier}-", svg(spec))
    return Figure(identifier, title, text, spec, still)
