"""Stages that meet a damaged artifact: it is set aside and computed again, then they start over."""

from __future__ import annotations

from collections.abc import Callable

from harness.engine.session import Session
from harness.errors import DataError
from harness.fileio.verified import DamagedError
from harness.plan.nodes import KIND_OF_STAGE, Node
from harness.store.aside import set_aside

MOST_DAMAGED = 100
"""Damaged artifacts that one stage may meet before it fails."""


class Repair:
    """Retries the stages of one run; ``make_again`` makes a node and tells whether it could."""

    def __init__(
        self, session: Session, make_again: Callable[[Node], bool], log: Callable[[str], None]
    ) -> None:
        self._session, self._make_again, self._log = session, make_again, log

    def run(self, work: Callable[[], None], key: str = "") -> None:
        """Do ``work`` of stage ``key``; artifacts it finds damaged are made again before a retry.

        The inputs of a damaged artifact are made again too where they are needed and gone, because
        its stage runs as any other. Raises ``DataError`` where the plan cannot make it.
        """
        for _ in range(MOST_DAMAGED):
            try:
                return work()
            except DamagedError as damage:
                self._replace(damage, key)
        return work()

    def say(self, damage: str) -> None:
        """Show and log that something damaged was set aside; nothing for an empty text."""
        if damage:
            self._session.progress.line(f"{damage}; it is made again")
            self._log(damage)

    def _replace(self, damage: DamagedError, key: str) -> None:
        session, broken = self._session, damage.folder.name
        said = set_aside(damage, shared=session.store.shared)
        self.say(said)
        node = session.plan.nodes.get(broken)
        if broken == key:
            return  # the retry itself makes it
        if node is not None:
            if not self._make_again(node):
                raise DataError(f"{said}; making it again failed, see above")
        elif damage.folder.parts[-3] in KIND_OF_STAGE.values():
            raise DataError(f"{said}; no stage of this study makes it: import or train it again")
        # Chunks of a stage and files of plugins are made by the stage when it is tried again.
