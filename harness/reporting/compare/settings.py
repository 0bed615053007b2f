"""A benchmark's settings before any run, as fields that can be compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from harness._plugins.registry import Registry
from harness.components import BenchmarkParams
from harness.errors import UsageError
from harness.recipe import parameters
from harness.reporting.compare.protocols import FieldDifference, ProtocolComparison, Weight

RULE = "a rule of scoring: the same embeddings give another number"
PICTURES = "decides which images or pairs are taken"


def read_setting(registry: Registry, text: str) -> tuple[str, dict[str, Any]]:
    """``lfw`` or ``lfw:rule=official,flip=none`` to the benchmark and all its parameters.

    Raises UsageError for an unknown benchmark, parameter or value.
    """
    name, _, assignments = text.partition(":")
    values = dict(parameters.parse_assignment(part) for part in assignments.split(",") if part)
    provided = registry.find("benchmark", name)
    params = parameters.public_values(parameters.build(provided, values))
    return provided.component.name, {"benchmark_version": provided.component.version, **params}


def diff_settings(
    registry: Registry, a: tuple[str, Mapping[str, Any]], b: tuple[str, Mapping[str, Any]]
) -> ProtocolComparison:
    """Which parameters of one benchmark differ; other benchmarks never compare."""
    (name, first), (other, second) = a, b
    if name != other:
        raise UsageError(f"{name} and {other} are two benchmarks; their numbers never compare")
    cls = parameters.params_class(registry.find("benchmark", name))
    scoring = cls.scoring if issubclass(cls, BenchmarkParams) else frozenset()
    found = []
    for key in dict.fromkeys([*first, *second]):
        one, two = (json.dumps(side.get(key), sort_keys=True) for side in (first, second))
        if one == two or key in cls.neutral:
            continue
        weight: Weight = "rule" if key in scoring else "pairs"
        field = cls.model_fields.get(key)
        words = (field.description if field else None) or key
        why = RULE if key in scoring else PICTURES
        found.append(FieldDifference(key, words, one, two, weight, why))
    if not found:
        return ProtocolComparison(name, (), "comparable", "comparable: the settings are the same")
    only_rules = all(item.weight == "rule" for item in found)
    sentence = (
        "not comparable as they are: the rules of scoring differ; one embedding pass serves both"
        if only_rules
        else "not comparable: they do not take the same images or pairs"
    )
    return ProtocolComparison(name, tuple(found), "not comparable", sentence)
