"""The words of a command line in a recipe, once it is known which parameters they are for."""

from __future__ import annotations

from collections.abc import Callable

from harness._plugins.registry import RegisteredComponent, Registry
from harness.recipe.inner_words import typed_inside
from harness.recipe.overrides import AnyUse
from harness.recipe.parameters import Word, params_class, typed
from harness.recipe.resolve import Recipe
from harness.recipe.tables import face_sets, with_face_sets


def with_types(
    recipe: Recipe,
    provided_of: Callable[[str, str], RegisteredComponent | None],
    registry: Registry,
) -> Recipe:
    """The recipe with every word of the command line as its parameter wants it.

    ``provided_of`` finds a component by kind and name; None for what is not one.
    """

    def of(kind: str, use: AnyUse) -> AnyUse:
        values = use.params()
        if not any(isinstance(value, Word) for value in values.values()):
            return use
        provided = provided_of(kind, use.use)
        cls = None
        if provided is not None:
            values = typed_inside(registry, provided, values, use.origins)
            cls = params_class(provided)
        return use.having({key: typed(cls, key, value) for key, value in values.items()})

    sets = [of("generator", faces) for faces in face_sets(recipe.generator, recipe.model)]
    generators, models = with_face_sets(sets, recipe.generator, recipe.model)
    update = {
        "generator": generators,
        "model": [of("model", use) for use in models],
        "benchmark": [of("benchmark", use) for use in recipe.benchmark],
        "measure": [of("measure", use) for use in recipe.measure],
        "aligner": of("aligner", recipe.aligner) if recipe.aligner else None,
    }
    return recipe.model_copy(update=update)
