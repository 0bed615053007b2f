"""Discovery of plugins: one guarded load at a time, and names resolved without guessing.

pluggy's own entry-point loading lets one broken plugin end every command and drops a second entry
point of the same name in silence; so the loop is ours, and a failure becomes a row with a reason.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib import import_module, metadata, util
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from harness import hookspecs
from harness._plugins import timeouts, validation
from harness.components import Component, Kind, ReportSection
from harness.digests import digest, file_sha256
from harness.errors import PrerequisiteError, UsageError
from harness.process import variables
from harness.published import records

GROUP = "harness"
BUILTIN = "synthface-harness"
WATCHER = " tracker "  # is between a plugin and the name of its tracker that was asked for
FROM_FILE = "file"  # is where an installed plugin has its version


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


@dataclass(frozen=True)
class _Source:
    """Where a plugin comes from and how to import it."""

    name: str
    dist: str
    version: str
    load: Callable[[], Any]


SWITCHED_OFF = "switched off by -p"


class Registry:
    """Every plugin found, loaded or not, and every component they provide."""

    def __init__(self) -> None:
        self.manager = pluggy.PluginManager("harness")
        self.manager.add_hookspecs(hookspecs)
        self.plugins: list[PluginRow] = []
        self.components: list[RegisteredComponent] = []
        self._silenced: set[tuple[str, str]] = set()  # plugin and hook that took too long

    def switched_off(self) -> tuple[str, ...]:
        """Names of the plugins that the user switched off, for worker processes."""
        return tuple(row.name for row in self.plugins if row.reason == SWITCHED_OFF)

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
        names = [p.component.name for p in self.of_kind(kind)]
        broken = "".join(
            f"; plugin {row.name} is left out ({row.reason})" for row in self.plugins if not row.ok
        )
        hint = did_you_mean(name, names, f"harness list {kind}s")
        raise UsageError(f"unknown {kind} {name!r}{hint}{broken}")

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
                given.append(HookAnswer(plugin, error=_reason(error)))
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
                reason = f"{hook} raised {_reason(error)}"
                self.plugins[index] = replace(row, reason=reason)
                timeouts.complain(f"plugin {name} of {dist} is left out: {reason}")


SHORTEST_WORD = 4
"""Letters of a word that tells names apart: ``size`` does, ``of`` does not."""

LONGEST_GUESSED = 200
"""Characters of a name that a nearest match is looked for; the time grows with the square."""


MOST_LISTED = 12
"""Valid names that an error lists; more of them make a message that nobody reads."""


def did_you_mean(name: str, names: Iterable[str], lister: str = "") -> str:
    """A nearest-match hint to append to an error, and the valid names where they are few.

    Where they are many, their number and the command ``lister`` that prints them stand instead.
    """
    known = sorted(set(names))
    near = _nearest(name, known)
    hint = f", did you mean {' or '.join(map(repr, near))}?" if near else ""
    if len(known) > MOST_LISTED and lister:
        return f"{hint or ';'} `{lister}` lists all {len(known)}"
    if not known or (near and len(known) > MOST_LISTED):
        return hint
    more = f" and {len(known) - MOST_LISTED} more" if len(known) > MOST_LISTED else ""
    return f"{hint} (known: {', '.join(known[:MOST_LISTED])}{more})"


def _nearest(name: str, known: Sequence[str]) -> list[str]:
    """The name that is spelled most similarly; else up to two that share a word with it."""
    if len(name) > LONGEST_GUESSED:
        return []
    if near := get_close_matches(name, known, n=1):
        return near
    words = {word for word in re.split(r"[-_.]", name.lower()) if len(word) >= SHORTEST_WORD}
    sharing = [other for other in known if words & {*re.split(r"[-_.]", other.lower())}]
    return get_close_matches(name, sharing, n=2, cutoff=0.0)


def load(
    *,
    disabled: Sequence[str] = (),
    plugins_dirs: Sequence[Path] = (),
    autoload: bool | None = None,
) -> Registry:
    """Find and load every plugin.

    ``disabled`` are the names after ``-p no:``. ``plugins_dirs`` hold single-file plugins (or are
    such a file). Without ``autoload`` (default: unless ``HARNESS_DISABLE_PLUGIN_AUTOLOAD`` is set)
    installed plugins of other distributions are left alone.
    """
    if autoload is None:
        autoload = not variables.flag("HARNESS_DISABLE_PLUGIN_AUTOLOAD")
    registry = Registry()
    strict = variables.flag("HARNESS_STRICT_PLUGINS")
    timeouts.limit_s()  # a wrong value is said once, and not as a fault of every plugin
    for source in (*_installed(autoload=autoload), *_files(plugins_dirs)):
        if source.name in disabled or source.dist in disabled:
            registry.plugins.append(_row(source, SWITCHED_OFF))
            continue
        try:
            with timeouts.hook(f"loading plugin {source.name} of {source.dist}"):
                _register(registry, source)
        except (Exception, SystemExit, timeouts.PluginTimeoutError) as error:
            if strict:
                raise
            registry.plugins.append(_row(source, _reason(error)))
        else:
            registry.plugins.append(_row(source))
    records.add(registry.published())
    return registry


def _row(source: _Source, reason: str = "") -> PluginRow:
    return PluginRow(source.name, source.dist, source.version, reason)


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _installed(*, autoload: bool) -> Iterator[_Source]:
    seen: set[tuple[str, str]] = set()
    # Each look at a name or version parses the metadata of its distribution again.
    named: dict[metadata.Distribution | None, tuple[str, str]] = {None: ("unknown", "")}
    for entry in sorted(metadata.entry_points(group=GROUP), key=lambda e: e.name):
        dist = entry.dist
        if dist is not None and dist not in named:
            named[dist] = dist.name, dist.version
        name, version = named[dist]
        # An editable install can be listed twice, by its source tree and by the environment.
        if (not autoload and name != BUILTIN) or (name, entry.value) in seen:
            continue
        seen.add((name, entry.value))
        yield _Source(entry.name, name, version, entry.load)


def _files(plugins_dirs: Sequence[Path]) -> Iterator[_Source]:
    for file in plugin_files(plugins_dirs):
        yield _Source(file.stem, file.stem, FROM_FILE, _file_loader(file))


def plugin_files(plugins_dirs: Sequence[Path]) -> tuple[Path, ...]:
    """The single-file plugins in these folders; a file stands for itself."""
    files: list[Path] = []
    for folder in plugins_dirs:
        if not folder.exists():
            raise UsageError(f"plugins folder {folder} does not exist; check --plugins-dir")
        files += [folder] if folder.is_file() else sorted(folder.glob("*.py"))
    return tuple(file.absolute() for file in files)


def import_files(files: Sequence[Path]) -> None:
    """Import single-file plugins in a fresh process, so that their targets resolve."""
    for file in files:
        _file_loader(file)()


def _file_loader(file: Path) -> Callable[[], ModuleType]:
    def load_file() -> ModuleType:
        name = f"harness_file_{file.stem}"
        if name in sys.modules:
            return sys.modules[name]
        spec = util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise ImportError(f"{file} is not a Python file")
        module = util.module_from_spec(spec)
        # Registered first, so that targets of the form "harness_file_x:Class" resolve.
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        return module

    return load_file


def _register(registry: Registry, source: _Source) -> None:
    plugin = source.load()
    validation.check_api(plugin, source.dist, BUILTIN)
    validation.check_hook_names(registry.manager, plugin)
    found = [
        RegisteredComponent(component, source.dist, source.version)
        for component in validation.components(plugin, source.dist, BUILTIN)
    ]
    name = f"{source.dist}:{source.name}"
    if registry.manager.has_plugin(name):
        raise ValueError(f"another plugin is called {name}; rename one of them")
    registry.manager.register(plugin, name=name)
    registry.components += found


def source_sha256(module: str) -> str:
    """Digest of the Python files beside a component's class; recorded, not part of any key.

    A change of code without a change of version shows as two digests under one key.
    """
    file = source_file(module)
    if file is None:
        return ""
    spec = util.find_spec(module)
    files = sorted(file.parent.glob("*.py")) if spec and spec.parent else [file]
    return digest([[path.name, file_sha256(path)] for path in files])


def source_file(module: str) -> Path | None:
    """The file that a module comes from; None where it is not there."""
    try:
        spec = util.find_spec(module)
    except ModuleNotFoundError:  # nor the package around it
        return None
    return Path(spec.origin) if spec is not None and spec.origin is not None else None


def import_object(target: str) -> Any:
    """Import ``package.module:Name``."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)
