"""What is known of plugins: names resolved without guessing, and hooks asked one by one.

pluggy calls all implementations of a hook in one go, where the first that raises ends the rest; so
each is asked on its own, and a failure becomes a row with a reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pluggy

from harness import hookspecs
from harness._plugins import timeouts, validation
from harness.components import Component, Kind, ReportSection, plural
from harness.did_you_mean import did_you_mean
from harness.errors import PrerequisiteError, UsageError
from harness.published import records

BUILTIN = "synthface-harness"
FROM_FILE = "file"  # is where an installed plugin has its version
SWITCHED_OFF = "switched off by -p"
WATCHER = " tracker "  # is between a plugin and the name of its tracker that was asked for


@dataclass(frozen=True)
class PluginRow:
    """One plugin as `harness list plugins` shows it."""

    name: str
    dist: str
    version: str
    reason: str = ""  # empty when it loaded

    @property
    def ok(self) -> bool:
        """Whether the plugin can be used."""
        return not self.reason


@dataclass(frozen=True)
class RegisteredComponent:
    """A component with the distribution that provides it."""

    component: Component
    dist: str
    dist_version: str

    @property
    def provider(self) -> str:
        """The qualified name ``dist:name`` that is always accepted and stored in results."""
        return f"{self.dist}:{self.component.name}"


@dataclass(frozen=True)
class HookAnswer:
    """What one plugin, ``distribution:name``, answers to a hook, or why it does not."""

    plugin: str
    value: Any = None
    error: str = ""


class Registry:
    """Every plugin found, loaded or not, and every component they provide."""

    def __init__(self) -> None:
        self.manager = pluggy.PluginManager("harness")
        self.manager.add_hookspecs(hookspecs)
        self.plugins: list[PluginRow] = []
        self.components: list[RegisteredComponent] = []
        self._silenced: set[tuple[str, str]] = set()  # plugin and hook that took too long

    def of_kind(self, kind: Kind) -> list[RegisteredComponent]:
        """The components of one kind, by name."""
        chosen = [item for item in self.components if item.component.kind == kind]
        return sorted(chosen, key=lambda item: (item.component.name, item.dist))

    def find(self, kind: Kind, name: str, *, asker: str = "") -> RegisteredComponent:
        """Resolve ``name`` or ``dist:name``; of several, that of the distribution ``asker``.

        Raises ``UsageError`` for an unknown or ambiguous name, ``PrerequisiteError`` when the name
        belongs to a plugin that is installed but broken.
        """
        matches = [p for p in self.of_kind(kind) if name in (p.component.name, p.provider)]
        matches = [p for p in matches if p.dist == asker] or matches
        if len(matches) == 1:
            return matches[0]
        if matches:
            both = " and ".join(f"{m.dist} {m.dist_version}" for m in matches)
            raise UsageError(
                f"{kind} {name!r} is provided by both {both}; write {matches[0].provider}"
            )
        for row in self.plugins:
            if not row.ok and name.split(":")[-1] in (row.name, row.dist):
                raise PrerequisiteError(
                    f"{kind} {name!r} is not available because plugin {row.name} of {row.dist} "
                    f"does not load: {row.reason}; fix or uninstall {row.dist}"
                )
        broken = "".join(
            f"; plugin {row.name} is left out ({row.reason})" for row in self.plugins if not row.ok
        )
        hint = self._of_a_path(kind, name) or self._hint(kind, name)
        raise UsageError(f"unknown {kind} {name!r}{hint}{broken}")

    def _of_a_path(self, kind: Kind, name: str) -> str:
        """How to use what is at the path ``name``, for one who names it instead of a reader."""
        path = Path(name)
        if kind != "generator" or not path.exists():
            return ""
        suffix = "" if path.is_dir() else path.suffix.lower()
        readers = [p.component.name for p in self.of_kind(kind) if suffix in p.component.reads]
        what = "folder" if path.is_dir() else "file"
        ways = " or ".join(f"-g {reader} -G root={name}" for reader in readers)
        return f"; to use the {what} of that name: {ways}" if ways else ""

    def _hint(self, kind: Kind, name: str) -> str:
        """What to write instead of an unknown name.

        Never another data set: its name may be one letter away, and its images are others. A
        data set is suggested only where the names differ in case or punctuation.
        """
        known = self.of_kind(kind)
        sets = [p.component.name for p in known if is_data_set(p.component)]
        same = [other for other in sets if _letters(other) == _letters(name)]
        if same:
            return f", did you mean {' or '.join(map(repr, same))}?"
        others = [p.component.name for p in known if p.component.name not in sets]
        hint = did_you_mean(name, others, f"harness list {plural(kind)}")
        readers = ", ".join(p.component.name for p in known if p.component.reads)
        if not readers:
            return hint
        return f"{hint}; a data set that is not listed is read by its format: {readers}"

    def groups(self) -> dict[str, list[str]]:
        """Named groups of benchmarks, from all plugins."""
        merged: dict[str, list[str]] = {}
        for mapping in self.call("harness_groups", shape=validation.groups):
            for group, names in mapping.items():
                merged.setdefault(group, []).extend(names)
        return merged

    def templates(self) -> list[Path]:
        """Folders of report templates that plugins add."""
        return [
            path
            for paths in self.call("harness_templates", shape=validation.paths)
            for path in paths
        ]

    def published(self) -> list[records.Paper]:
        """Papers that plugins add; a name that is taken is the later plugin's fault."""
        taken: set[str] = set()

        def papers(answer: Any) -> list[records.Paper]:
            found = [
                paper for path in validation.paths(answer) for paper in records.read_papers(path)
            ]
            taken.update(paper.name for paper in records.built_in())
            for paper in found:
                if paper.name in taken:
                    raise ValueError(f"there is already a paper {paper.name!r}; rename this one")
                taken.add(paper.name)
            return found

        return [paper for given in self.call("harness_published", shape=papers) for paper in given]

    def report_sections(self, study: Any) -> list[ReportSection]:
        """What plugins add to the report of a :class:`harness.results.study.Study`."""
        found = self.call("harness_report_sections", shape=validation.sections, study=study)
        return [section for sections in found for section in sections]

    def call(
        self, hook: str, shape: Callable[[Any], Any] = lambda answer: answer, **arguments: Any
    ) -> list[Any]:
        """What every plugin answers to a hook, as ``shape`` makes it; see :meth:`ask`."""
        return [answer.value for answer in self.ask(hook, shape, **arguments) if not answer.error]

    def ask(
        self, hook: str, shape: Callable[[Any], Any] = lambda answer: answer, **arguments: Any
    ) -> list[HookAnswer]:
        """Who answers what to a hook, or why not; who answers None is left out.

        A plugin that raises, answers with something else or takes too long is named on standard
        error once, and not asked that again after it took too long.
        """
        given = []
        for implementation in getattr(self.manager.hook, hook).get_hookimpls():
            plugin = implementation.plugin_name
            if (plugin, hook) in self._silenced:
                continue
            wanted = {name: arguments[name] for name in implementation.argnames}
            try:
                with timeouts.hook(f"{hook} of plugin {plugin}"):
                    answer = implementation.function(**wanted)
                    shaped = None if answer is None else shape(answer)
            except (Exception, SystemExit, timeouts.PluginTimeoutError) as error:  # noqa: BLE001
                self._note(plugin, hook, error)
                given.append(HookAnswer(plugin, error=reason_of(error)))
                continue
            if shaped is not None:
                given.append(HookAnswer(plugin, shaped))
        return given

    def version_of(self, plugin: str) -> str:
        """Version of the distribution of a plugin, as :class:`HookAnswer` names it."""
        rows = (row for row in self.plugins if plugin == f"{row.dist}:{row.name}")
        return next((row.version for row in rows), "")

    def watch(self, plugin: str, name: str, watcher: Any) -> None:
        """Let the hooks of an object of that name be called, too, in the name of a plugin.

        Raises ``ValueError`` for a method that is marked as a hook and is none.
        """
        validation.check_hook_names(self.manager, watcher)
        self.manager.register(watcher, name=f"{plugin}{WATCHER}{name}")

    def _note(self, plugin_name: str, hook: str, error: BaseException) -> None:
        """Remember and say once that a plugin failed in a hook; everything else continues."""
        if isinstance(error, timeouts.PluginTimeoutError):
            self._silenced.add((plugin_name, hook))
        dist, _, name = plugin_name.partition(WATCHER)[0].partition(":")
        for index, row in enumerate(self.plugins):
            if (row.dist, row.name) == (dist, name) and row.ok:
                reason = f"{hook} raised {reason_of(error)}"
                self.plugins[index] = replace(row, reason=reason)
                timeouts.complain(f"plugin {name} of {dist} is left out: {reason}")


def is_data_set(component: Component) -> bool:
    """Whether a generator hands out one published data set: the asset of its own name."""
    return component.kind == "generator" and any(
        asset.name == component.name for asset in component.assets
    )


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def reason_of(error: BaseException) -> str:
    """An error as one line of a table."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
