"""Old import paths: they work for two minor versions, with a warning that names the new path.

The finder is at the end of ``sys.meta_path``, so it is asked only for modules that nobody else
finds, and costs nothing where new paths are used.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from harness._deprecated import Deprecated

SINCE = "0.1"
"""The version in which the modules moved."""

MOVED = {
    "harness.answers": "harness._plugins.validation",
    "harness.cpus": "harness.process.cpus",
    "harness.decoding": "harness.fileio.decoding",
    "harness.embedding.joined": "harness.embedding.concatenated",
    "harness.environment": "harness.process.variables",
    "harness.faces.joined": "harness.faces.concatenated",
    "harness.file_kinds": "harness.fileio.file_kinds",
    "harness.files": "harness.fileio.atomic",
    "harness.guard": "harness._plugins.timeouts",
    "harness.lifeline": "harness.process.lifeline",
    "harness.machine": "harness.process.machine",
    "harness.metrics._weighted_counts": "harness.metrics.uncertainty._weighted_counts",
    "harness.metrics.bootstrap": "harness.metrics.uncertainty.bootstrap",
    "harness.metrics.digits": "harness.metrics.uncertainty.digits",
    "harness.metrics.equivalence": "harness.metrics.uncertainty.equivalence",
    "harness.metrics.intervals": "harness.metrics.uncertainty.intervals",
    "harness.metrics.paired": "harness.metrics.uncertainty.paired",
    "harness.metrics.variance": "harness.metrics.uncertainty.variance",
    "harness.names": "harness.fileio.names",
    "harness.npz_files": "harness.fileio.npz_files",
    "harness.portable": "harness.process.portable",
    "harness.protocols.columns": "harness.protocols.readers.columns",
    "harness.protocols.image_lists": "harness.protocols.readers.image_lists",
    "harness.protocols.landmark_files": "harness.protocols.readers.landmark_files",
    "harness.protocols.landmarks": "harness.protocols.readers.landmarks",
    "harness.protocols.lists": "harness.protocols.readers.lists",
    "harness.protocols.matfile": "harness.protocols.readers.matfile",
    "harness.protocols.packs": "harness.protocols.readers.packs",
    "harness.protocols.pair_lists": "harness.protocols.readers.pair_lists",
    "harness.protocols.strata": "harness.protocols.subgroups",
    "harness.registry": "harness._plugins.old_registry",
    "harness.reporting.against": "harness.reporting.papers.against",
    "harness.reporting.claims": "harness.reporting.papers.claims",
    "harness.reporting.claims_text": "harness.reporting.papers.claims_text",
    "harness.reporting.columns": "harness.reporting.tables.columns",
    "harness.reporting.compare_intervals": "harness.reporting.compare.intervals",
    "harness.reporting.compare_scores": "harness.reporting.compare.scores",
    "harness.reporting.curves": "harness.reporting.figures.curves",
    "harness.reporting.damage": "harness.results.unreadable",
    "harness.reporting.drawn": "harness.reporting.figures.figure_embed",
    "harness.reporting.embedded": "harness.results.embedded",
    "harness.reporting.environments": "harness.reporting.compare.environments",
    "harness.reporting.escapes": "harness.reporting.tables.escapes",
    "harness.reporting.estimates": "harness.reporting.tables.estimates",
    "harness.reporting.failures": "harness.results.failures",
    "harness.reporting.figure_parts": "harness.reporting.figures.parts",
    "harness.reporting.figures_values": "harness.reporting.figures.values",
    "harness.reporting.frame": "harness.results.frame",
    "harness.reporting.gains": "harness.reporting.compare.gains",
    "harness.reporting.grid": "harness.reporting.tables.grid",
    "harness.reporting.labels": "harness.reporting.tables.labels",
    "harness.reporting.matrix": "harness.reporting.tables.matrix",
    "harness.reporting.numbers": "harness.results.numbers",
    "harness.reporting.paper_table": "harness.reporting.papers.paper_table",
    "harness.reporting.pick": "harness.reporting.compare.select_cells",
    "harness.reporting.printed": "harness.reporting.papers.published_intervals",
    "harness.reporting.protocols": "harness.reporting.compare.protocols",
    "harness.reporting.redaction": "harness.reporting.tables.redaction",
    "harness.reporting.settings": "harness.reporting.compare.settings",
    "harness.reporting.sheets": "harness.faces.contact_sheet",
    "harness.reporting.study": "harness.results.study",
    "harness.reporting.text_table": "harness.reporting.tables.writers",
    "harness.reporting.vega": "harness.reporting.figures.vega",
    "harness.reporting.verdict": "harness.reporting.compare.verdict",
    "harness.reporting.writing": "harness.reporting.page.writing",
    "harness.services": "harness._plugins.lookup",
    "harness.signals": "harness.process.signals",
    "harness.strings": "harness.fileio.strings",
    "harness.study": "",
    "harness.study.aside": "harness.store.aside",
    "harness.study.asset_check": "harness.tools.asset_check",
    "harness.study.asset_files": "harness.tools.asset_files",
    "harness.study.asset_open": "harness.tools.asset_open",
    "harness.study.assets": "harness.store.assets",
    "harness.study.assign": "harness.recipe.overrides",
    "harness.study.attributes": "harness.engine.attributes",
    "harness.study.bundled": "harness.recipe.bundled",
    "harness.study.cells": "harness.results.cells",
    "harness.study.choosing": "harness.plan.resolve_components",
    "harness.study.config_rows": "harness.recipe.show_config",
    "harness.study.config_schema": "harness.recipe.json_schema",
    "harness.study.context": "harness.engine.context",
    "harness.study.device": "harness.plan.device",
    "harness.study.doctor": "harness.tools.doctor",
    "harness.study.embed_folder": "harness.tools.embed_folder",
    "harness.study.env_file": "harness.results.env_file",
    "harness.study.environments": "harness.engine.environments",
    "harness.study.estimates": "harness.plan.cost",
    "harness.study.events": "harness.engine.event_log",
    "harness.study.export_model": "harness.tools.export_onnx",
    "harness.study.extra_metrics": "harness.engine.plugin_metrics",
    "harness.study.face_import": "harness.tools.import_faces",
    "harness.study.face_sets": "harness.store.face_sets",
    "harness.study.face_sheet": "harness.faces.face_sheet",
    "harness.study.fingerprint_cache": "harness.store.fingerprint_cache",
    "harness.study.forecast": "harness.plan.forecast",
    "harness.study.import_scores": "harness.tools.import_scores",
    "harness.study.inventory": "harness.tools.inventory",
    "harness.study.keys": "harness.store.fingerprints",
    "harness.study.layers": "harness.recipe.layers",
    "harness.study.leak": "harness.tools.leak",
    "harness.study.leak_record": "harness.results.leak_record",
    "harness.study.leak_run": "harness.tools.leak_run",
    "harness.study.leases": "harness.store.leases",
    "harness.study.likeness": "harness.tools.similarity",
    "harness.study.limits": "harness.recipe.limits",
    "harness.study.links": "harness.plan.published_refs",
    "harness.study.manifests": "harness.store.manifests",
    "harness.study.media": "harness.engine.pictures",
    "harness.study.migrate": "harness.results.migrate",
    "harness.study.parameters": "harness.recipe.parameters",
    "harness.study.parts": "harness.engine.chunks",
    "harness.study.phases": "harness.recipe.tables",
    "harness.study.places": "harness.recipe.toml_lines",
    "harness.study.plan": "harness.plan.planner",
    "harness.study.plan_file": "harness.results.plan_file",
    "harness.study.planned": "harness.plan.nodes",
    "harness.study.plausible": "harness.results.plausible",
    "harness.study.products": "harness.tools.generator_outputs",
    "harness.study.profiles": "harness.recipe.profiles",
    "harness.study.project": "harness.recipe.project",
    "harness.study.reasons": "harness.plan.cache_reasons",
    "harness.study.recipe": "harness.recipe.resolve",
    "harness.study.remake": "harness.tools.regenerate",
    "harness.study.remote": "harness.engine.remote",
    "harness.study.repair": "harness.engine.repair",
    "harness.study.rescore": "harness.tools.rescore",
    "harness.study.result": "harness.results.schema",
    "harness.study.runner": "harness.engine.runner",
    "harness.study.score_files": "harness.results.score_files",
    "harness.study.session": "harness.engine.session",
    "harness.study.sidecars": "harness.tools.sidecars",
    "harness.study.some": "harness.faces.views",
    "harness.study.stages": "",
    "harness.study.stages.embed": "harness.engine.stages.embed",
    "harness.study.stages.generate": "harness.engine.stages.generate",
    "harness.study.stages.place": "harness.engine.stages.place",
    "harness.study.stages.score": "harness.engine.stages.score",
    "harness.study.stages.train": "harness.engine.stages.train",
    "harness.study.stages.training_sets": "harness.engine.stages.training_sets",
    "harness.study.store": "harness.store.artifacts",
    "harness.study.stored_facts": "harness.results.stored_facts",
    "harness.study.study_files": "harness.results.study_files",
    "harness.study.tables": "harness.results.columns",
    "harness.study.together": "harness.engine.graph",
    "harness.study.training_plan": "harness.plan.training",
    "harness.study.typed_recipe": "harness.recipe.typed_recipe",
    "harness.study.variants": "harness.tools.variants",
    "harness.study.work": "harness.engine.dispatch",
    "harness.texts": "harness.fileio.texts",
    "harness.toml_files": "harness.fileio.toml_files",
    "harness.training.augment": "harness.training.data.augment",
    "harness.training.checkpoint": "harness.training.saved.checkpoint",
    "harness.training.export": "harness.training.saved.export",
    "harness.training.samplers": "harness.training.data.samplers",
    "harness.training.streamed": "harness.training.data.streamed",
    "harness.training.subset": "harness.training.data.subset",
    "harness.training.weights": "harness.training.saved.weights",
    "harness.training.weights_file": "harness.training.saved.weights_file",
    "harness.verified": "harness.fileio.verified",
}
"""Old path to new path of every module that moved; packages that are gone map to nothing."""


class _Forward(MetaPathFinder, Loader):
    """Finds an old path and answers with the module under its new one."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See :class:`importlib.abc.MetaPathFinder`."""
        if fullname not in MOVED:
            return None
        return ModuleSpec(fullname, self, is_package=not MOVED[fullname])

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """The module of the new path itself, so that classes are the same under both."""
        new = MOVED[spec.name]
        if not new:
            return None
        Deprecated(SINCE, new).warn(spec.name)
        module = importlib.import_module(new)
        self._own = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run: the new path has run it. Its own spec is put back."""
        if MOVED[module.__spec__.name if module.__spec__ else ""]:
            module.__spec__ = self._own


def install() -> None:
    """Take part in finding modules, last of all."""
    if not any(isinstance(finder, _Forward) for finder in sys.meta_path):
        sys.meta_path.append(_Forward())
