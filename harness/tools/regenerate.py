"""Making a single image of a stored face set again, from its generator, parameters and seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness._plugins.registry import Registry
from harness.align.decode import decode
from harness.components import Generator
from harness.engine.opener import ComponentOpener
from harness.errors import DataError, PrerequisiteError, UsageError
from harness.faces.face import Face, Missing, Slot
from harness.faces.store import FaceSet
from harness.plan.nodes import ResolvedComponent
from harness.plan.planner import Planner
from harness.recipe.parameters import external_fields, params_class
from harness.recipe.resolve import Recipe, StudyTable, Use
from harness.store.artifacts import Artifact, Store


@dataclass(frozen=True)
class Remade:
    """A sample made again, and whether it is the stored one."""

    face: Face | Missing
    same: bool
    verdict: str


def remake(
    registry: Registry, store: Store, item: Artifact, slot: Slot, given: Mapping[str, Any]
) -> Remade:
    """Make one sample of a stored face set again, from its component, parameters and seed.

    ``given`` are paths to outside data, which a key does not hold. Raises ``PrerequisiteError``
    when the component or its data are not what the set was made from, ``UsageError`` for a slot
    that the set does not have.
    """
    parts = item.manifest["parts"]
    opener, generator = reopen(registry, store, item, given)
    counts = generator.samples_per_identity()[: parts["limit"]]
    if not (0 <= slot.identity < len(counts) and 0 <= slot.sample < counts[slot.identity]):
        most = f"identities 0 to {len(counts) - 1}"
        if 0 <= slot.identity < len(counts):
            most = f"samples 0 to {counts[slot.identity] - 1} of identity {slot.identity}"
        raise UsageError(f"face set {item.key[:12]} has {most}; change --identity or --sample")
    with opener.kernels():
        face = next(iter(generator.generate([slot])))
    same, verdict = _compared(FaceSet(item.folder, verify=False), face)
    return Remade(face, same, verdict)


def reopen(
    registry: Registry, store: Store, item: Artifact, given: Mapping[str, Any]
) -> tuple[ComponentOpener, Generator]:
    """The generator of a stored face set, prepared as it was for the set; see :func:`remake`.

    With what opened it, whose ``kernels`` are those that made the set.
    """
    parts = item.manifest["parts"]
    study = StudyTable(
        seed=parts["seed"],
        limit=parts["limit"],
        device=parts.get("device", "cpu"),  # absent where it can change nothing
        precision=parts.get("precision", "fp32"),
        portable=parts.get("portable", False),
    )
    planner = Planner(registry, store, Recipe(study=study))
    chosen = _chosen(planner, registry, parts["component"], given)
    opener = ComponentOpener(store, study, device=planner.device, precision=planner.precision)
    return opener, opener.generator_of(chosen, parts)[0]


def _compared(faces: FaceSet, face: Face | Missing) -> tuple[bool, str]:
    """Whether a sample equals the stored one byte by byte, and how it differs."""
    stored = next((item for item in faces.missing() if item.slot == face.slot), None)
    if isinstance(face, Missing) or stored is not None:
        if isinstance(face, Missing) and stored is not None:
            same = stored.reason == face.reason
            return same, "as in the set" if same else f"in the set for: {stored.reason}"
        return False, "the set has " + ("an image" if stored is None else f"none: {stored.reason}")
    old = faces.read(faces.find(face.slot))
    if old == face.image:
        return True, "equal to the stored image"
    try:
        before, after = decode(old, "the stored image"), decode(face.image, "the new image")
    except DataError as error:
        return False, f"DIFFERENT from the stored image: {error}"
    if before.shape != after.shape:
        return False, "DIFFERENT from the stored image, in size"
    apart = np.abs(before.astype(np.int16) - after)
    return False, (
        f"DIFFERENT from the stored image: {len(old)} bytes there, "
        f"{int(apart.any(axis=2).sum())} pixels differ, by at most {int(apart.max())} of 255"
    )


def _chosen(
    planner: Planner, registry: Registry, component: Mapping[str, Any], given: Mapping[str, Any]
) -> ResolvedComponent:
    """The component of a manifest; paths come from ``given`` or from linked assets."""
    provided = registry.find("generator", component["provider"])
    name, version = provided.component.name, provided.component.version
    if version != component["version"]:
        raise PrerequisiteError(
            f"the set was made by version {component['version']} of generator {name}, installed is "
            f"{version}; install the release that made it"
        )
    values = dict(component["params"])
    for field, mark in external_fields(params_class(provided)).items():
        if mark.inside is not None or values.pop(field, None) is None:
            continue
        if field not in given and mark.asset is None:
            raise PrerequisiteError(
                f"generator {name} read outside data, whose place no key holds; say where they "
                f"are: -G {field}=PATH"
            )
    use = Use.model_validate({**values, **given, "use": provided.provider})
    chosen = planner.choose("generator", use)
    planner.require_assets()
    was, now = component["params"], chosen.key_params
    changed = sorted(key for key in {*was, *now} if was.get(key) != now.get(key))
    tools, here = component.get("tools") or {}, chosen.identity().get("tools") or {}
    changed += sorted(key for key in {*tools, *here} if tools.get(key) != here.get(key))
    if changed:
        raise PrerequisiteError(
            f"{', '.join(changed)} of generator {name} is not what the set was made from; give the "
            "same data with -G KEY=PATH"
        )
    return chosen
