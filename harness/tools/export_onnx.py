"""A model by its name, or by the key of a training in the store, as an ONNX file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness._plugins.registry import Registry
from harness.components import Model
from harness.engine.opener import ComponentOpener
from harness.errors import UsageError
from harness.plan.nodes import ResolvedComponent
from harness.plan.planner import Planner
from harness.recipe import parameters
from harness.recipe.resolve import Recipe, Use
from harness.store.artifacts import Store

KEY_PREFIX = 8


@dataclass(frozen=True)
class Exported:
    """What was written: the model, and its largest difference from torch at each batch size."""

    model: str
    difference: Mapping[int, float]


def export_model(
    registry: Registry, store: Store, named: str, values: Mapping[str, Any], out: Path
) -> Exported:
    """Write the model ``named`` to ``out``; ``values`` are its parameters, such as ``weights``.

    ``named`` may also be eight or more characters of the key of a trained model. Raises UsageError
    when it is neither, or when the model is not a torch network with weights.
    """
    from harness.training.saved.export import export_onnx
    from harness.training.torch_model import TorchModel

    model, label = _open(registry, store, named, values)
    if not isinstance(model, TorchModel):
        raise UsageError(f"model {label} is not a torch network, so it cannot be written as ONNX")
    return Exported(label, export_onnx(model, out, {"harness.model": label}))


def _open(
    registry: Registry, store: Store, named: str, values: Mapping[str, Any]
) -> tuple[Model, str]:
    found = [item for item in store.of_kind("models") if item.key.startswith(named)]
    if len(named) < KEY_PREFIX or not found:
        return _with_weights(registry, store, named, values)
    if len(found) > 1:
        raise UsageError(f"{len(found)} trained models begin with {named!r}; give more digits")
    if values:
        raise UsageError(f"{named} is a trained model, which has its parameters; leave out -M")
    component = found[0].manifest["parts"]["component"]
    provided = registry.find("model", component["provider"])
    paths = parameters.external_fields(parameters.params_class(provided))
    kept = {k: v for k, v in component["params"].items() if k not in paths}
    chosen = ResolvedComponent(provided, parameters.build(provided, kept), component["params"])
    model = ComponentOpener(store).trained(chosen, found[0].key)
    return model, f"{component['provider']} {found[0].key[:12]}"


def _with_weights(
    registry: Registry, store: Store, named: str, values: Mapping[str, Any]
) -> tuple[Model, str]:
    planner = Planner(registry, store, Recipe())
    chosen = planner.choose("model", Use.model_validate({**values, "use": named}))
    if not chosen.provided.component.trainable:
        raise UsageError(f"model {named} is not a torch network, so it cannot be written as ONNX")
    planner.require_assets()
    return ComponentOpener(store).trained(chosen, None), chosen.provided.provider
