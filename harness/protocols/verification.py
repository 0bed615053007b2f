"""The common part of benchmarks of image pairs: from a listing or a pack to comparisons."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.components import Benchmark, Context, Images
from harness.errors import DataError
from harness.faces.files import ImageFiles
from harness.protocols.base import Evaluation, Scores
from harness.protocols.lists import Pair, first_of_each
from harness.protocols.packs import read_pack
from harness.protocols.pair_lists import choose_folds, require_both_kinds
from harness.protocols.pairs import PairFolds
from harness.protocols.params import PairParams


@dataclass(frozen=True)
class Listing:
    """What the official files of a benchmark say.

    ``pairs`` by comparison; image names are paths below ``folder``. ``source`` is the list, for
    messages. ``landmarks`` gives float32 (N, 5, 2) for names, ``subject`` the person of a name.
    ``template`` names what the images follow already.
    """

    pairs: Mapping[str, Sequence[Pair]]
    folder: Path
    source: Path
    landmarks: Callable[[Sequence[str]], NDArray[np.float32]] | None = None
    subject: Callable[[str], str] | None = None
    template: str | None = None


@dataclass(frozen=True)
class CautiousPairs(PairFolds):
    """Pairs in folds with something that the reader of the number must know."""

    cautions: Sequence[str] = ()

    def evaluate(self, scores: Scores, seed: int) -> Evaluation:
        """See :class:`PairFolds`; the cautions become warnings of the result."""
        found = super().evaluate(scores, seed)
        return replace(found, warnings=[*found.warnings, *self.cautions])


class PairBenchmark(Benchmark):
    """Reads a listing or a pack, checks it, and compares by :class:`PairFolds`.

    A subclass gives ``title`` (name of the protocol), ``official_pairs`` (pairs of a complete
    list) and :meth:`listing`.
    """

    params: PairParams
    title: ClassVar[str]
    official_pairs: ClassVar[int | None] = None

    def prepare(self, ctx: Context) -> None:
        """Read the lists, and check that every image a pair names is there."""
        super().prepare(ctx)
        self._cautions: dict[str, list[str]] = {}
        if self.params.pack is not None:
            pack = read_pack(self.params.pack)
            comparison = self.params.comparison_names()[0]
            names = self._choose({comparison: pack.pairs()}, pack.path)
            self._images: Images = pack.select(names)
            return
        listing = self.listing()
        self._check_labels(listing)
        self._images = self._files(listing, self._choose(listing.pairs, listing.source))

    @abstractmethod
    def listing(self) -> Listing:
        """Read the official files; raises DataError naming file and line."""

    def cautions(self, comparison: str) -> list[str]:
        """What the reader of one comparison's number must know."""
        return self._cautions.get(comparison, [])

    def images(self) -> Images:
        """Every image that a pair names, in the order of their names."""
        return self._images

    def comparison(self, name: str) -> PairFolds:
        """The pairs in their folds."""
        index = {image: row for row, image in enumerate(self._images.names)}
        built = CautiousPairs.build(
            name=self.title if name == "verification" else f"{self.title}-{name}",
            pairs=[
                (index[p.first], index[p.second], p.genuine, p.fold) for p in self._chosen[name]
            ],
            images=self._images,
            flip=self.params.flip,
            rule=self.params.rule,
            centre=self.params.centre,
            limit=self.ctx.limit,
        )
        assert isinstance(built, CautiousPairs)
        return replace(built, cautions=self.cautions(name))

    def _choose(self, pairs: Mapping[str, Sequence[Pair]], source: Path) -> list[str]:
        """Keep the folds and the number of pairs that were asked for; the names of their images."""
        self._chosen = {}
        for comparison, listed in pairs.items():
            require_both_kinds(listed, source)
            if self.official_pairs not in (None, len(listed)):
                self._caution(
                    comparison,
                    f"{source.name} lists {len(listed)} pairs, the official list has "
                    f"{self.official_pairs}",
                )
            folds = choose_folds(listed, self.params.folds)
            self._chosen[comparison] = first_of_each(folds, self.ctx.limit)
        everything = [pair for chosen in self._chosen.values() for pair in chosen]
        return sorted({name for pair in everything for name in (pair.first, pair.second)})

    def _check_labels(self, listing: Listing) -> None:
        """Say where a label contradicts the names: lists have such errors and are kept as is."""
        if listing.subject is None:
            return
        person = listing.subject
        for comparison, pairs in listing.pairs.items():
            wrong = [p for p in pairs if p.genuine != (person(p.first) == person(p.second))]
            if wrong:
                self._caution(
                    comparison,
                    f"{listing.source.name}: {len(wrong)} labels contradict the names of the "
                    f"images, the first is {wrong[0].first} with {wrong[0].second}; used as listed",
                )

    def _caution(self, comparison: str, message: str) -> None:
        self._cautions.setdefault(comparison, []).append(message)

    def _files(self, listing: Listing, names: list[str]) -> ImageFiles:
        folder = listing.folder
        absent = [name for name in names if not (folder / name).is_file()]
        if absent:
            raise DataError(
                f"{listing.source} names {len(absent)} images that are not in {folder}, the first "
                f"is {absent[0]}; complete the folder or choose the folds you have with folds=[...]"
            )
        people = None
        if listing.subject is not None:
            people = np.unique([listing.subject(name) for name in names], return_inverse=True)[1]
        return ImageFiles(
            folder,
            names,
            landmarks=listing.landmarks(names) if listing.landmarks else None,
            subjects=people,
            template=listing.template,
        )


def existing(root: Path | None, *candidates: str) -> Path:
    """The first candidate below ``root`` that exists; raises ``DataError`` when none does."""
    base = root or Path()
    for candidate in candidates:
        if (base / candidate).exists():
            return base / candidate
    raise DataError(f"{base} holds none of {', '.join(candidates)}; check the layout of the folder")


def person_by_folder(name: str) -> str:
    """The person of ``<person>/<file>``."""
    return PurePosixPath(name).parent.name


def person_by_number(name: str) -> str:
    """The person of ``<person>_<number>.<suffix>``."""
    return PurePosixPath(name).stem.rpartition("_")[0]
