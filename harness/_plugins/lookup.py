"""Executors and trackers by name: declared by plugins, imported when somebody asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from pydantic import ValidationError

from harness._plugins import timeouts, validation
from harness._plugins.registry import Registry
from harness._plugins.targets import import_object
from harness.did_you_mean import did_you_mean
from harness.errors import PrerequisiteError, UsageError
from harness.extensions import Executor, ExecutorParams, Extension
from harness.packages import missing_package

Service = Literal["executor", "tracker"]
LOCAL = "local"
"""The executor of a run that names none."""


@dataclass(frozen=True)
class Offer:
    """An extension and the plugin (``distribution:name``) that declares it."""

    extension: Extension
    plugin: str

    @property
    def dist(self) -> str:
        """The distribution."""
        return self.plugin.partition(":")[0]

    @property
    def provider(self) -> str:
        """The qualified name ``dist:name``, which is always accepted."""
        return f"{self.dist}:{self.extension.name}"


def offers(registry: Registry, service: Service) -> list[Offer]:
    """Everything declared, by name."""
    found = registry.ask(f"harness_{service}s", validation.extensions)
    made = [Offer(item, a.plugin) for a in found if not a.error for item in a.value]
    return sorted(made, key=lambda offer: (offer.extension.name, offer.dist))


def find(registry: Registry, service: Service, name: str) -> Offer:
    """Resolve ``name`` or ``dist:name``; raises ``UsageError`` where it is not one."""
    known = offers(registry, service)
    matches = [offer for offer in known if name in (offer.extension.name, offer.provider)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        both = " and ".join(offer.dist for offer in matches)
        raise UsageError(f"{service} {name!r} is provided by {both}; write {matches[0].provider}")
    names = [offer.extension.name for offer in known]
    raise UsageError(f"unknown {service} {name!r}{did_you_mean(name, names)}")


def open_executor(
    registry: Registry,
    name: str = LOCAL,
    options: Mapping[str, Any] | None = None,
    *,
    untrusted: Mapping[str, str] = MappingProxyType({}),
) -> Executor:
    """The executor of that name, set up by ``options``.

    ``untrusted`` are the options that a file gave, each with its place: they must not run code.
    Raises ``PrerequisiteError`` when a library is missing, ``UsageError`` for a wrong option.
    """
    offer = find(registry, "executor", name)
    arguments = _arguments(offer, options or {})
    for params in arguments:
        _refuse_code(params, name, untrusted)
    made = _open(offer, "executor", *arguments)
    if not isinstance(made, Executor):
        raise UsageError(
            f"executor {name} of {offer.dist} is a {type(made).__name__}, which does not derive "
            "from Executor"
        )
    return made


def _refuse_code(params: Any, name: str, untrusted: Mapping[str, str]) -> None:
    if not isinstance(params, ExecutorParams):
        return
    for setting, why in params.needs_permission().items():
        origin = untrusted.get(setting.partition(".")[0])
        if origin is not None:
            raise UsageError(
                f"{origin}: {setting} of executor {name} {why}; if you trust the recipe, give the "
                "flag --allow-code"
            )


def _arguments(offer: Offer, options: Mapping[str, Any]) -> tuple[Any, ...]:
    """The parameters an executor is constructed with, if it takes any."""
    name = offer.extension.name
    if not offer.extension.params:
        if options:
            raise UsageError(
                f"executor {name} has no settings; remove {', '.join(sorted(options))}"
            )
        return ()
    cls = import_object(offer.extension.params)
    try:
        return (cls.model_validate(dict(options)),)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        hint = did_you_mean(key, cls.model_fields) if first["type"] == "extra_forbidden" else ""
        raise UsageError(f"[executor] {key} of {name}: {first['msg']}{hint}") from None


def track(registry: Registry, names: Iterable[str]) -> None:
    """Open trackers and let their hooks be called in this run, each once."""
    for name in dict.fromkeys(names):
        offer = find(registry, "tracker", name)
        tracker = _open(offer, "tracker")
        try:
            registry.watch(offer.plugin, offer.extension.name, tracker)
        except ValueError as error:
            raise UsageError(f"tracker {name} of {offer.dist} cannot watch: {error}") from error


def _open(offer: Offer, service: Service, *arguments: Any) -> Any:
    extension = offer.extension
    extra = f"; pip install '{offer.dist}[{','.join(extension.extras)}]'"
    hint = extra if extension.extras else f"; reinstall {offer.dist}"
    what = f"{service} {extension.name} of {offer.dist}"
    try:
        with timeouts.hook(f"opening {what}"):
            return import_object(extension.target)(*arguments)
    except ImportError as error:
        missing = missing_package(error, what, offer.dist, extension.extras)
        if missing is not None:
            raise missing from error
        raise PrerequisiteError(f"{what} cannot be imported: {error}{hint}") from error
    except (Exception, SystemExit, timeouts.PluginTimeoutError) as error:
        raise PrerequisiteError(f"{what} cannot be opened: {error}") from error
