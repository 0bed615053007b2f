"""Generators that hand out faces somebody else made: which of them, in which order, how checked."""

from __future__ import annotations

import math
import re
import unicodedata
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

from pydantic import Field, model_validator

from harness.components import Context, External, Generator, Params
from harness.errors import DataError
from harness.faces.doubles import spelling_notes
from harness.faces.face import Face, MetaValue, Missing, Slot
from harness.fileio.texts import read_lines
from harness.seeds import derive, stream

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Choice = Literal["first", "sampled"]
NAMES_READER = 2
"""Version of :func:`read_names` and :func:`among`; the first kept a byte-order mark in a name."""


class SourceParams(Params):
    """Which faces of an existing set are used, and how damaged ones are met."""

    identities: int | None = Field(None, ge=1, description="Number of identities; all if not set.")
    images_per_id: int | None = Field(
        None, ge=1, description="Most images of each identity; all if not set."
    )
    identity_choice: Choice = Field(
        "first",
        description="first: in the natural order of their names. sampled: by the seed; a smaller "
        "number takes the first identities of a larger one.",
    )
    image_choice: Choice = Field(
        "first", description="The same for the images of an identity, independent of other ones."
    )
    min_images_per_id: int = Field(
        1, ge=1, description="Identities with fewer images are left out, before any choice."
    )
    exclude: Annotated[Path, External(reader=NAMES_READER)] | None = Field(
        None, description="File of identities to leave out, one name per line; # begins a comment."
    )
    group_images: int | None = Field(
        None, ge=1, description="Number of consecutive images per identity that share a setting."
    )
    most_per_group: int | None = Field(
        None,
        ge=1,
        description="Maximum number of images to take from one such group, where an identity "
        "has several.",
    )
    template: str | None = Field(
        None, description="The alignment template that all images already follow, like arcface."
    )
    max_unreadable: float = Field(
        0.01,
        ge=0,
        le=1,
        description="Largest share of unreadable images in 1,000 consecutive ones (or in the whole "
        "set, if it is smaller); they are counted as missing, more of them are an error.",
    )

    @classmethod
    def of_export(cls, folder: Path, template: str | None) -> Mapping[str, Any]:
        """Parameters for a set that ``harness faces export`` wrote into a folder.

        ``template`` is what the export says that its images follow. They are used where the user
        gives nothing else.
        """
        return {"template": template}

    def tells_faces(self) -> bool | None:
        """Whether images come with landmarks, boxes or a template; None where only they tell."""
        return True if self.template is not None else None

    @model_validator(mode="after")
    def _group_is_known(self) -> SourceParams:
        if self.most_per_group is not None and self.group_images is None:
            raise ValueError("most_per_group needs group_images; give both")
        return self


@dataclass(frozen=True)
class SourceImage:
    """Encoded bytes, the name of the image in its source, and what the source knows of the face.

    ``landmarks`` float32 (5, 2), ``box`` float32 (4,) and ``meta`` as in
    :class:`harness.faces.face.Face`.
    """

    data: bytes
    name: str
    landmarks: NDArray[np.float32] | None = None
    box: NDArray[np.float32] | None = None
    meta: Mapping[str, MetaValue] = field(default_factory=dict)


class Source(Protocol):
    """Identities and their images by number; the order is fixed by the source's own names."""

    @property
    def names(self) -> Sequence[str]:
        """Name of every identity."""

    @property
    def counts(self) -> NDArray[np.int64]:
        """Number of images of every identity, int64 (identities,)."""

    def read(self, identity: int, number: int) -> SourceImage:
        """One image; raises ``DataError`` naming it when it cannot be read."""


class SourceGenerator(Generator):
    """Hands out the images of a source byte by byte, as the parameters choose them."""

    params: SourceParams

    @abstractmethod
    def open(self) -> Source:
        """The source; raises ``DataError`` or ``UsageError``."""

    def prepare(self, ctx: Context) -> None:
        """Open the source and choose identities."""
        import numpy as np

        super().prepare(ctx)
        if self.params.template is not None:
            from harness.align.templates import find_template

            find_template(self.params.template)
        self._source = self.open()
        self._chosen = self._choose()
        for note in spelling_notes([self._source.names[number] for number in self._chosen]):
            self.ctx.note(note)
        counts = self._source.counts
        taken = [self._most(int(counts[number])) for number in self._chosen]
        self._taken = np.array(taken, np.int32)

    def identity_name(self, identity: int) -> str:
        """What the source calls an identity of the set."""
        return self._source.names[self._chosen[identity]]

    def samples_per_identity(self) -> NDArray[np.int32]:
        """Number of images taken of each chosen identity."""
        return self._taken

    def generate(self, slots: Sequence[Slot]) -> Iterator[Face | Missing]:
        """The images as they are stored; one that cannot be decoded is missing, with the reason."""
        total = int(self._taken.sum())
        allowed = math.floor(self.params.max_unreadable * min(self.shard_slots, total))
        unreadable, identity, order = 0, -1, []
        for slot in slots:
            if slot.identity != identity:
                identity = slot.identity
                order = self._order(self._chosen[identity])
            item = self._face(slot, self._chosen[identity], order[slot.sample])
            unreadable += isinstance(item, Missing)
            if isinstance(item, Missing) and unreadable > allowed:
                raise DataError(
                    f"{unreadable} of {len(slots)} images are unreadable, more than "
                    f"max_unreadable={self.params.max_unreadable:g} allows; the last is "
                    f"{item.reason}; repair or remove them, or raise max_unreadable"
                )
            yield item

    def _face(self, slot: Slot, identity: int, number: int) -> Face | Missing:
        from harness.align.decode import decode

        try:
            image = self._source.read(identity, number)
            decode(image.data, image.name)
        except DataError as error:
            return Missing(slot, str(error))
        meta: dict[str, MetaValue] = {
            **image.meta,
            "source_identity": self._source.names[identity],
            "source_image": image.name,
        }
        return Face(slot, image.data, image.landmarks, image.box, self.params.template, meta)

    # -- choosing ------------------------------------------------------------------------------

    def _choose(self) -> list[int]:
        names, counts, wanted = self._source.names, self._source.counts, self.params.identities
        left_out = self._excluded(names)
        chosen = [
            number
            for number, name in enumerate(names)
            if counts[number] >= self.params.min_images_per_id and name not in left_out
        ]
        if self.params.identity_choice == "sampled":
            # By a hash of the name, so that leaving one out does not change the order of others.
            seed = self.ctx.seed
            chosen.sort(key=lambda number: derive(seed, "source", "identity", names[number]))
        if wanted is not None and wanted > len(chosen):
            raise DataError(
                f"{wanted} identities are asked for but only {len(chosen)} are there "
                f"({len(names)} before exclusions); set identities to at most that"
            )
        return chosen[:wanted]

    def _excluded(self, names: Sequence[str]) -> set[str]:
        if self.params.exclude is None:
            return set()
        listed = read_names(self.params.exclude)
        found = among(names, listed)
        if not found:
            raise DataError(
                f"{self.params.exclude} names {len(listed)} identities and none is in the set, "
                f"whose first is {names[0]!r}; write them as they are named there"
            )
        self.ctx.note(f"{len(found)} of {len(listed)} identities to exclude were in the set")
        return found

    def _most(self, count: int) -> int:
        """How many of ``count`` images are taken."""
        cap, size = self.params.most_per_group, self.params.group_images
        if cap is not None and size is not None and count > size:
            count = min(cap, size) * (count // size) + min(cap, count % size)
        wanted = self.params.images_per_id
        return count if wanted is None else min(count, wanted)

    def _order(self, identity: int) -> list[int]:
        """The images of an identity in the order of its samples."""
        count = int(self._source.counts[identity])
        order = list(range(count))
        if self.params.image_choice == "sampled":
            name = self._source.names[identity]
            order = stream(self.ctx.seed, "source", "images", name).permutation(count).tolist()
        cap, size = self.params.most_per_group, self.params.group_images
        if cap is None or size is None or count <= size:
            return order
        taken: dict[int, int] = {}
        kept = []
        for number in order:
            group = number // size
            taken[group] = taken.get(group, 0) + 1
            if taken[group] <= cap:
                kept.append(number)
        return kept


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key that puts ``9`` before ``10``; equal only for equal names."""
    key = []
    for number, part in enumerate(re.split(r"([0-9]+)", name)):
        digits = part.lstrip("0")
        key.append((0, len(digits), digits) if number % 2 else (1, 0, part))
    return (*key, (-1, 0, name))


def read_names(path: Path) -> set[str]:
    """Names of a list, one per line; ``#`` at the start of a word begins a comment.

    Raises ``DataError`` when empty.
    """
    bare = (re.split(r"(?:^|\s)#", line)[0].strip() for line in read_lines(path))
    names = {name for name in bare if name}
    if not names:
        raise DataError(f"the list {path} is empty; write one name per line")
    return names


def among(names: Iterable[str], listed: Iterable[str]) -> set[str]:
    """Those of ``names`` that are listed, in whichever Unicode form; Macs decompose accents."""
    wanted = {unicodedata.normalize("NFC", name) for name in listed}
    return {name for name in names if unicodedata.normalize("NFC", name) in wanted}
