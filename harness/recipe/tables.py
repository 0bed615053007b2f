"""Phases of a training as a recipe states them: on which faces, which part of them, with what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator


class Use(BaseModel):
    """One ``[[generator]]``, ``[[model]]``, ``[[benchmark]]`` or ``[aligner]`` table."""

    model_config = ConfigDict(extra="allow")

    use: str
    label: str | None = Field(None, description="Name of this entry in tables.")
    published: str | None = Field(
        None, description="Row of a published table this entry makes, as PAPER/TABLE#ROW."
    )
    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """By what this entry is selected: its component and its label."""
        return (self.use,) if self.label is None else (self.use, self.label)

    @property
    def origins(self) -> Mapping[str, str]:
        """Source of each key: a file and line, a flag, a variable."""
        return self._origins

    def params(self) -> dict[str, Any]:
        """The component's parameters: every key that is not one of the table's own."""
        return dict(self.__pydantic_extra__ or {})

    def having(self, values: Mapping[str, Any], origins: Mapping[str, str] = {}) -> Self:
        """The same table with other parameters and everything else as it is."""
        own = {name: getattr(self, name) for name in type(self).model_fields}
        made = type(self).model_validate({**values, **own})
        made._origins = {**self._origins, **origins}  # noqa: SLF001 (made here)
        return made


class Take(BaseModel):
    """Which part of a face set is trained on; a smaller number is a part of a larger one.

    Identities that ``exclude`` names and images below ``min_quality`` go first, then
    ``identities`` are drawn from the rest, then ``images`` from theirs, one by one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    images: int | None = Field(None, ge=1, description="Number of images; all if not set.")
    identities: int | None = Field(None, ge=1, description="Number of identities; all if not set.")
    exclude: Path | None = Field(
        None, description="File of identities to leave out, one name per line; # begins a comment."
    )
    min_quality: float | None = Field(
        None, description="Images that `quality` rates lower, or does not rate, are left out."
    )
    quality: Path | None = Field(
        None,
        description="CSV file of ratings, such as `harness faces rate -o` or OFIQ writes; it names "
        "every image of the set.",
    )
    quality_column: str | None = Field(
        None, description="Its column; by default quality, or UnifiedQualityScore of OFIQ."
    )
    seed: int | None = Field(None, description="Seed of the draw; the study's if not set.")

    @model_validator(mode="after")
    def _rated(self) -> Take:
        if (self.min_quality is None) != (self.quality is None):
            raise ValueError("min_quality and quality (a CSV file) go together; give both")
        if self.quality_column is not None and self.quality is None:
            raise ValueError("quality_column names a column of quality, which is not given")
        return self

    def words(self) -> str:
        """What is taken, for people; empty for everything."""
        parts = [f"{count} {name}" for name in ("images", "identities")
                 if (count := getattr(self, name)) is not None]  # fmt: skip
        parts += [f"without {self.exclude.name}"] if self.exclude else []
        if self.quality is not None:
            column = f" {self.quality_column}" if self.quality_column else ""
            parts.append(f"{self.quality.name}{column} from {self.min_quality:g}")
        return ", ".join(parts)


class Faces(Use):
    """A face set to train on: a generator, or the key of a stored set, and what is taken of it."""

    take: Take = Take()

    @property
    def stored(self) -> bool:
        """Whether ``use`` is the key of a stored set, or its beginning, not a component."""
        return re.fullmatch(r"[0-9a-f]{8,64}", self.use) is not None

    def words(self) -> str:
        """Name and part, for people."""
        taken = self.take.words()
        return f"{self.use} ({taken})" if taken else self.use


class Phase(BaseModel):
    """One ``[[model.phases]]`` table: the first trains, later ones fine-tune what came before.

    A phase trains on the concatenation of its ``faces``. The recipe's generator is one of them
    where ``generator`` says so; if that is not set, in a first phase that names no faces of its
    own.
    """

    model_config = ConfigDict(extra="forbid")

    faces: list[Faces] = []
    generator: bool | None = Field(None, description="Whether the recipe's generator is used.")
    params: dict[str, Any] = Field({}, description="Model parameters that differ in this phase.")
    stream: bool = Field(False, description="Generate faces on the fly; do not store them.")
    validation: int = Field(
        0, ge=0, description="Identities held out of training, on which its progress is measured."
    )

    def on_generator(self, first: bool) -> bool:
        """Whether the recipe's generator is among the faces of this phase."""
        return (first and not self.faces) if self.generator is None else self.generator

    def words(self, generator: str | None) -> str:
        """The phase in words, for people; ``generator`` names the recipe's, where it is used."""
        parts = [*([generator] if generator else []), *(faces.words() for faces in self.faces)]
        settings = [f"{key} {value}" for key, value in sorted(self.params.items())]
        settings += [f"{self.validation} held out"] if self.validation else []
        return ", ".join([" + ".join(parts), *settings])


class ModelUse(Use):
    """A ``[[model]]`` table."""

    phases: list[Phase] = []
    initial: str | None = Field(
        None, description="Key of a trained model whose weights the first phase starts from."
    )


SetName = str | dict[str, Any]
"""A face set: a name, the key of a stored set or a folder; or a table with ``use``."""


class MeasureUse(Use):
    """A ``[[measure]]`` table: a measure of face sets, and what it sees them through."""

    model: str | dict[str, Any] | None = Field(
        None,
        description="What embeds: a model of the recipe by name or label, or a table with `use`; "
        "if not set, every model of the recipe that is not trained.",
    )
    against: SetName | None = Field(None, description="Reference set, such as real faces.")
    seen: SetName | None = Field(None, description="Faces that the generator was trained on.")
    control: SetName | None = Field(None, description="People the generator cannot have seen.")
    generators: list[str] = Field(
        [], description="Generators that are measured, by name or label; all if empty."
    )
    per_identity: int | None = Field(
        None, ge=1, description="Take the first images of each identity; all if not set."
    )
    template: str | None = Field(None, description="The images of folders follow it.")

    def having(self, values: Mapping[str, Any], origins: Mapping[str, str] = {}) -> Self:
        """As of any table; keys of the table itself may be set too."""
        own = {name: values[name] for name in MEASURE_KEYS if name in values}
        made = super().having({k: v for k, v in values.items() if k not in own}, origins)
        if not own:
            return made
        checked = type(self).model_validate({**made.model_dump(), **own})
        checked._origins = made._origins  # noqa: SLF001 (its own class)
        return checked


MEASURE_KEYS = ("model", "against", "seen", "control", "generators", "per_identity", "template")
"""Keys of ``[[measure]]`` that are no parameters of the measure."""


def with_phases(
    models: Sequence[ModelUse],
    *,
    generators: bool,
    mix: Sequence[str],
    finetune: Sequence[Sequence[str]],
    stream: bool,
    initial: str | None,
) -> list[ModelUse]:
    """The models with the phases that flags name, which replace those of a recipe.

    ``mix`` joins sets to the first phase, and each item of ``finetune`` adds a phase. Without
    ``generators`` and ``mix`` the first of ``finetune`` is the first phase: it starts from
    ``initial``, or from weights that a model's parameters name.
    """
    made = []
    for model in models:
        given = [Phase(faces=[Faces(use=name) for name in names]) for names in finetune]
        phases = list(model.phases[:1] if finetune else model.phases)
        if not phases and (mix or (generators and (finetune or stream))):
            phases = [Phase()]
        if mix:
            joined = [*phases[0].faces, *(Faces(use=name) for name in mix)]
            phases[0] = phases[0].model_copy(update={"faces": joined, "generator": generators})
        phases += given
        if stream and phases:
            phases[0] = phases[0].model_copy(update={"stream": True})
        update = {"phases": phases, "initial": initial or model.initial}
        made.append(model.model_copy(update=update))
    return made


def face_sets(generators: Sequence[Faces], models: Sequence[ModelUse]) -> list[Faces]:
    """Every face set that is named, the recipe's generators first."""
    return [*generators, *(f for m in models for phase in m.phases for f in phase.faces)]


def with_face_sets(
    sets: Sequence[Faces], generators: Sequence[Faces], models: Sequence[ModelUse]
) -> tuple[list[Faces], list[ModelUse]]:
    """The generators and models with ``sets``, in the order of :func:`face_sets`."""
    rest = iter(sets)
    chosen = [next(rest) for _ in generators]
    return chosen, [_with_sets(model, rest) for model in models]


def _with_sets(model: ModelUse, sets: Iterator[Faces]) -> ModelUse:
    phases = [
        phase.model_copy(update={"faces": [next(sets) for _ in phase.faces]})
        for phase in model.phases
    ]
    return model.model_copy(update={"phases": phases})
