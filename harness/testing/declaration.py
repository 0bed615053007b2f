"""Checks of what a plugin declares: they import nothing heavy and run without any data."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from harness.components import Component
from harness.engine.opener import BASES, create
from harness.errors import PrerequisiteError
from harness.plan.nodes import ResolvedComponent
from harness.recipe import parameters
from harness.store.artifacts import Store
from harness.testing.base import require
from harness.testing.subject import Subject
from harness.testing.worker import last_line, run_python, single_files

HEAVY = ("accelerate", "altair", "cv2", "diffusers", "h5py", "jax", "matplotlib", "numba",
         "onnxruntime", "pandas", "pyarrow", "scipy", "skimage", "sklearn", "tensorflow", "torch",
         "torchvision", "transformers")  # fmt: skip
LINK = "harness assets link"
EXIT = PrerequisiteError.exit_code
_IMPORT = """
import json, sys
from importlib import import_module
from pathlib import Path
from harness._plugins.single_files import import_files
files, modules, heavy = json.loads(sys.argv[1])
import_files([Path(file) for file in files])
for module in modules:
    import_module(module)
print()
print(json.dumps(sorted(set(heavy) & set(sys.modules))))
"""


def import_light(subject: Subject) -> None:
    """Importing the hooks and the parameters loads no heavy library."""
    modules = [*_hook_modules(subject), subject.component.params.partition(":")[0]]
    done = run_python(_IMPORT, json.dumps([single_files(modules), modules, HEAVY]))
    require(done.returncode == 0, f"a fresh process cannot import it: {last_line(done.stderr)}")
    heavy = json.loads(last_line(done.stdout))
    require(
        not heavy,
        f"importing {' and '.join(dict.fromkeys(modules))} loads {', '.join(heavy)}; "
        "import them inside functions or in the module of the class",
    )


def params_schema(subject: Subject) -> None:
    """The parameters have a JSON schema that repeats, and their values survive JSON."""
    cls = parameters.params_class(subject.provided)
    schema = json.dumps(cls.model_json_schema(), allow_nan=False)
    require(schema == json.dumps(cls.model_json_schema()), "two calls give two JSON schemas")
    params = parameters.build(subject.provided, subject.values)
    again = cls.model_validate_json(params.model_dump_json())
    changed = [name for name in cls.model_fields if getattr(again, name) != getattr(params, name)]
    require(not changed, f"{', '.join(changed)} is another value after JSON and back")


def params_documented(subject: Subject) -> None:
    """Every parameter has a description."""
    fields = parameters.params_class(subject.provided).model_fields
    silent = [name for name, field in fields.items() if not field.description]
    require(not silent, f"no description: {', '.join(silent)}; give Field(description=...)")


def constructor_only_stores(subject: Subject) -> None:
    """The constructor keeps its parameters and makes nothing; ``prepare`` does the work."""
    params = parameters.build(subject.provided, subject.values)
    made = create(ResolvedComponent(subject.provided, params, {}), BASES[subject.component.kind])
    require(made.params is params, "the constructor does not keep params as given")
    built = [name for name, value in vars(made).items() if name != "params" and not _plain(value)]
    require(not built, f"the constructor makes {', '.join(built)}; make it in prepare")


def licence_and_citation(subject: Subject) -> None:
    """The declaration states the licence of the component and what to cite."""
    component = subject.component
    missing = [name for name in ("licence", "citation") if not getattr(component, name).strip()]
    require(not missing, f"the declaration has no {' and no '.join(missing)}")


def missing_asset(subject: Subject) -> None:
    """Where no asset is linked, the component opens or says which one to link, with exit code 3."""
    with tempfile.TemporaryDirectory() as empty:
        bare = Subject(subject.registry, subject.provided, subject.values, Store(Path(empty)))
        try:
            _ = bare.chosen
            if subject.component.assets:
                bare.open()
        except PrerequisiteError as error:
            require(error.exit_code == EXIT, f"it ends with {error.exit_code}, not {EXIT}")
            names = [asset.name for asset in subject.component.assets]
            named = any(f"{LINK} {name}" in str(error) for name in names)
            require(
                named or (not names and LINK in str(error)),
                f"without its data it says {str(error)!r}; it must name `{LINK} NAME`",
            )


CHECKS = (
    import_light,
    params_schema,
    params_documented,
    constructor_only_stores,
    licence_and_citation,
    missing_asset,
)


def _hook_modules(subject: Subject) -> list[str]:
    """The modules whose hooks declare this component."""
    found = []
    for name, plugin in subject.registry.manager.list_name_plugin():
        declare = getattr(plugin, "harness_components", None)
        if declare is None or not name.startswith(f"{subject.provided.dist}:"):
            continue
        declared: list[Component] = list(declare())
        if subject.component in declared:
            found.append(str(getattr(plugin, "__name__", type(plugin).__module__)))
    return found


def _plain(value: Any) -> bool:
    """Whether a value costs nothing: a constant, or an empty place for what comes later."""
    simple = value is None or isinstance(value, bool | int | float | str | bytes | Path)
    return simple or (isinstance(value, dict | list | tuple | set | frozenset) and not value)
