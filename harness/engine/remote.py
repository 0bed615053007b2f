"""Work in another process, perhaps on another machine: what it needs, and what comes back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.components import Component
from harness.plan.nodes import Node, Plan
from harness.progress import Progress

Tell = Callable[[Any], None]
TOLD_EVERY_S = 0.5


class ProgressForwarder(Progress):
    """Forwards the progress of a stage to the process that waits for it, with its own header."""

    def __init__(self, tell: Tell, head: Sequence[Any] = ("progress",)) -> None:
        super().__init__(quiet=True)
        self.tell, self._head, self._told = tell, head, 0.0
        tell(["begun"])

    def __call__(self, done: int, total: int, unit: str, detail: str = "") -> None:
        """Pass on how far the stage is, not more often than a person can read."""
        now = time.monotonic()
        if done >= total or now - self._told > TOLD_EVERY_S:
            self._told = now
            self.tell([*self._head, int(done), int(total), unit, detail])

    def waits(self, text: str) -> None:
        """Pass on what is waited for."""
        self.tell(["waits", text])

    def begun(self) -> None:
        """Pass on that it is waited for no longer."""
        self.tell(["begun"])

    def line(self, text: str) -> None:
        """Pass on a line."""
        self.tell(["line", text])


def hear(progress: Progress) -> Tell:
    """Shows what a :class:`ProgressForwarder` sends."""

    def heard(message: Any) -> None:
        kind, *values = message
        if kind == "progress":
            progress(*values)
        elif kind == "begun":
            progress.begun()
        elif kind == "waits":
            progress.waits(*values)
        else:
            progress.line(*values)

    return heard


def needs_of(plan: Plan, node: Node) -> dict[str, float]:
    """Resources a stage needs: those its component declares, and a GPU where one works."""
    if node.worker is None:
        return {}
    component: Component = node.worker.provided.component
    needs: Mapping[str, float] = component.resources
    uses_gpu = plan.device.startswith("cuda") and node.stage in ("place", "train", "embed")
    return {**needs, **({"GPU": 1.0} if uses_gpu else {})}
