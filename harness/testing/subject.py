"""The component under test, opened as a run opens it: on the CPU, in fp32."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from harness._plugins.registry import RegisteredComponent, Registry
from harness.components import Component, Params
from harness.engine.context import RunContext
from harness.engine.job import Job
from harness.engine.opener import BASES, ComponentOpener
from harness.engine.session import Session
from harness.plan.nodes import ResolvedComponent
from harness.plan.planner import Planner
from harness.recipe.resolve import Recipe, StudyTable, Use
from harness.recipe.run_options import RunOptions
from harness.recipe.tables import Faces
from harness.store.artifacts import Store
from harness.testing.worker import single_files

CPU = StudyTable(device="cpu", precision="fp32")


class Subject:
    """One component with parameters, opened as often as the checks want.

    ``store`` holds what the component keeps (``ctx.artifact``) and the face sets it requests; by
    default it is the user's, so that nothing is built twice.
    """

    def __init__(
        self,
        registry: Registry,
        provided: RegisteredComponent,
        values: Mapping[str, Any],
        store: Store | None = None,
    ) -> None:
        self.registry, self.provided, self.values = registry, provided, dict(values)
        self.store = store or Store()
        self.noted: dict[str, Any] = {}  # what one check made and another looks at

    @property
    def component(self) -> Component:
        """The declaration."""
        return self.provided.component

    @cached_property
    def chosen(self) -> ResolvedComponent:
        """The component with its parameters; raises ``PrerequisiteError`` for missing assets."""
        planner = self._planner(Recipe(study=CPU))
        use = Use.model_validate({**self.values, "use": self.provided.provider})
        chosen = planner.choose(self.component.kind, use)
        planner.require_assets()
        return chosen

    def open(self, seed: int = 0, params: Params | None = None) -> Any:
        """A fresh component after ``prepare``, with other parameters where they are given."""
        chosen = self.chosen
        if params is not None:
            chosen = replace(chosen, params=params)
        faces = self._requested(chosen.params)
        return self._opener.prepared(chosen, BASES[self.component.kind], seed=seed, faces=faces)[0]

    @cached_property
    def opened(self) -> Any:
        """One prepared component that the checks share, with seed 0."""
        return self.open()

    def context(self, chosen: ResolvedComponent, seed: int) -> RunContext:
        """What ``prepare`` is given."""
        return self._opener.context(chosen, seed=seed, faces=self._requested(chosen.params))

    @property
    def _opener(self) -> ComponentOpener:
        return ComponentOpener(self.store, CPU)

    def job(self) -> Job:
        """The job of generating the faces of this generator, for another process."""
        recipe = Recipe(
            study=CPU,
            generator=[Faces.model_validate({**self.values, "use": self.provided.provider})],
        )
        self._requested(self.chosen.params)
        plan = self._planner(recipe).plan()
        node = [*plan.nodes.values()][-1]  # a set comes after those it needs itself
        target = self.component.target.partition(":")[0]
        options = RunOptions(jobs=1, plugins_dirs=single_files([target]))
        return Job.of(plan, self.store, options).only(node)

    def _requested(self, params: Params) -> dict[str, str]:
        """Keys of the face sets that the parameters ask for, made where they are not there."""
        keys = {}
        for name, request in params.requests().items():
            asked = self.registry.find("generator", request.generator, asker=self.provided.dist)
            recipe = Recipe(
                study=StudyTable(device="cpu", precision="fp32", seed=request.seed),
                generator=[Faces.model_validate({**request.params, "use": asked.provider})],
            )
            plan = self._planner(recipe).plan()
            session = Session.open(Job.of(plan, self.store, RunOptions(jobs=1)))
            for node in plan.nodes.values():
                self.store.build("faces", node.key, node.parts, partial(_generate, session, node))
                keys[f"faces:{name}"] = node.key  # a set comes after those it needs itself
        return keys

    def _planner(self, recipe: Recipe) -> Planner:
        return Planner(self.registry, self.store, recipe)


def _generate(session: Session, node: Any, folder: Path) -> dict[str, Any]:
    from harness.engine.stages import generate

    return generate.run(node, session, folder)
