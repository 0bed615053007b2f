"""Choosing components: parameters resolved, linked data found, missing assets collected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness._plugins.registry import RegisteredComponent, Registry
from harness.components import Asset, External, Kind, Params
from harness.errors import PrerequisiteError, UsageError
from harness.inputs import inner_path, is_hidden_path
from harness.plan.nodes import ResolvedComponent
from harness.recipe import parameters
from harness.recipe.exported import with_stated
from harness.recipe.inner_words import typed_inside
from harness.recipe.resolve import Use
from harness.store.artifacts import Artifact, Store
from harness.store.assets import Links, declared
from harness.store.fingerprints import Fingerprints
from harness.store.missing_assets import missing_message

MISSING = "missing asset "
"""Stands in a tolerant plan where the fingerprint of linked data would."""


class ComponentResolver:
    """Turns names with parameters into chosen components; ``tolerant`` continues without assets."""

    def __init__(self, registry: Registry, store: Store, *, tolerant: bool = False) -> None:
        self.registry, self.store, self.tolerant = registry, store, tolerant
        self.fingerprints = Fingerprints(store.home / "fingerprints.sqlite")
        self.missing: dict[str, Asset | None] = {}
        self._links = Links(store)

    def choose(self, kind: Kind, use: Use, asker: str = "") -> ResolvedComponent:
        """A component with typed parameters; missing assets are collected, not raised."""
        provided = self.registry.find(kind, use.use, asker=asker)
        values = typed_inside(self.registry, provided, use.params(), use.origins)
        values = with_stated(parameters.params_class(provided), values)
        params = self._linked(provided, parameters.build(provided, values, use.origins))
        tools = {
            name: self.choose(
                request.kind, Use.model_validate({**request.params, "use": request.name}),
                asker=provided.dist,
            )
            for name, request in params.tools().items()
        }  # fmt: skip
        return ResolvedComponent(
            provided, params, self._key_params(params), use.label, use.published, tools
        )

    def _linked(self, provided: RegisteredComponent, params: Params) -> Params:
        """Fill paths the user left out from linked assets; note what is missing or gone."""
        filled: dict[str, Path] = {}
        for name, mark in parameters.external_fields(type(params)).items():
            value = getattr(params, name)
            if mark.inside is not None:
                self._check_inside(provided, params, name, mark)
            elif value is not None and not Path(value).exists():
                raise PrerequisiteError(
                    f"{provided.component.kind} {provided.component.name}: {name}={value} does not "
                    "exist; check the path"
                )
            elif value is None and mark.asset is not None:
                path = self._links.find(mark.asset)
                if path is None:
                    self.missing[mark.asset] = declared(self.registry).get(mark.asset)
                else:
                    filled[name] = path
        return params.model_copy(update=filled)

    def _check_inside(
        self, provided: RegisteredComponent, params: Params, name: str, mark: External
    ) -> None:
        folder, value = getattr(params, mark.inside or ""), getattr(params, name)
        if folder is None or value is None:
            return
        inside = inner_path(value)
        if inside is None or is_hidden_path(inside.as_posix()):
            raise UsageError(
                f"{provided.component.kind} {provided.component.name}: {name}={value} must be "
                f"below {folder} and must not be hidden; copy the file there"
            )
        if not (Path(folder) / value).exists():
            raise PrerequisiteError(
                f"{provided.component.kind} {provided.component.name}: {name}={value} is not in "
                f"{folder}; check the name"
            )

    def _key_params(self, params: Params) -> dict[str, Any]:
        fields = parameters.external_fields(type(params))
        prints = {
            name: self.fingerprints.of(Path(getattr(params, name)), mark.beside)
            for name, mark in fields.items()
            if mark.inside is None and getattr(params, name) is not None
        }
        absent = {
            name: f"{MISSING}{mark.asset}"
            for name, mark in fields.items()
            if mark.asset is not None and getattr(params, name) is None
        }
        return parameters.key_values(params, prints) | absent

    def stored(self, kind: Kind, item: Artifact) -> ResolvedComponent:
        """The component a stored artifact was made by, without the paths it was given."""
        component = item.manifest["parts"]["component"]
        provided = self.registry.find(kind, component["provider"])
        paths = parameters.external_fields(parameters.params_class(provided))
        values = {k: v for k, v in component["params"].items() if k not in paths}
        return ResolvedComponent(provided, parameters.build(provided, values), component["params"])

    def require_assets(self) -> None:
        """Raise one ``PrerequisiteError`` that names every missing asset so far."""
        if self.missing and not self.tolerant:
            raise missing_message(self.missing, self._links, self.registry)
