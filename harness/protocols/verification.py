"""The common part of benchmarks of image pairs: from a listing or a pack to comparisons."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from harness.components import Benchmark, Context, Images
from harness.errors import DataError
from harness.faces.files import ImageFiles
from harness.faces.near_names import NearNames
from harness.protocols.base import Comparison, Evaluation, Scores
from harness.protocols.pair_doubt import examine, require_few, same_content, unbalanced
from harness.protocols.pairs import PairFolds
from harness.protocols.params import PairParams
from harness.protocols.readers.image_lists import AbsentFilesError
from harness.protocols.readers.lists import Pair, first_of_each
from harness.protocols.readers.packs import read_pack
from harness.protocols.readers.pair_lists import choose_folds, read_pairs_csv, require_both_kinds

MOST_CONTRADICTED = 0.05
"""Share of wrong labels up to which a way to tell people is believed; lists have some."""


@dataclass(frozen=True)
class Listing:
    """What the official files of a benchmark say.

    ``pairs`` by comparison; image names are paths below ``folder``. ``source`` is the list, for
    messages. ``subject`` gives the person of a name. ``official`` lists have a known length.
    """

    pairs: Mapping[str, Sequence[Pair]]
    folder: Path
    source: Path
    subject: Callable[[str], str] | None = None
    official: bool = True

    def place(self, pair: Pair) -> str:
        """File, and line where it is known, of a pair."""
        if not pair.where:
            return str(self.source)
        return f"{self.source}{'/' if self.source.is_dir() else ', '}{pair.where}"


@dataclass(frozen=True)
class CautiousPairs(PairFolds):
    """Pairs in folds with something that the reader of the number must know."""

    cautions: Sequence[str] = ()
    listed_folds: int | None = None  # of the whole list, where it is known

    def evaluate(self, scores: Scores, seed: int) -> Evaluation:
        """See :class:`PairFolds`; the cautions become warnings of the result.

        Where folds were left out, the headline says so in its note, as it does of a single fold.
        """
        found = super().evaluate(scores, seed)
        metrics = [
            replace(metric, note="; ".join(filter(None, (metric.note, self._folds_note()))))
            if metric.headline
            else metric
            for metric in found.metrics
        ]
        return replace(found, metrics=metrics, warnings=[*found.warnings, *self.cautions])

    def _folds_note(self) -> str:
        """``1 of 10 folds, AUC because accuracy needs two``; empty for a whole list of folds."""
        used = len(np.unique(self.fold))
        listed = self.listed_folds or used
        if used == listed and not self.single:
            return ""
        of = f"{used} of {listed}" if listed > used else str(used)
        why = ", AUC because accuracy needs two" if self.single else ""
        return f"{of} {'fold' if listed == 1 else 'folds'}{why}"


class PairBenchmark(Benchmark):
    """Reads a listing or a pack, checks it, and compares by :class:`PairFolds`.

    A subclass gives ``title`` (name of the protocol), ``official_pairs`` (pairs of a complete
    list), :meth:`listing` and, where images come with points, :meth:`landmarks`.
    """

    params: PairParams
    title: ClassVar[str]
    official_pairs: ClassVar[int | None] = None

    def prepare(self, ctx: Context) -> None:
        """Read the lists, and check that every image a pair names is there."""
        super().prepare(ctx)
        self._cautions: dict[str, list[str]] = {}
        self._shortfalls: list[str] = []
        self._person: Callable[[str], str] | None = None
        if self.params.pack is not None:
            pack = read_pack(self.params.pack)
            comparison = self.params.comparison_names()[0]
            names = self._choose({comparison: pack.pairs()}, pack.path, official=True)
            self._doubt(pack.path, image=pack.digests().__getitem__)
            self._images: Images = pack.select(names)
            return
        listing = self.listing() if self.params.pairs is None else self.own_listing()
        self._check_labels(listing)
        names = self._choose(listing.pairs, listing.source, official=listing.official)
        self._require_files(listing)
        self._person = listing.subject or person_by_name(chain(*self._chosen.values()))
        same = same_content(listing.folder, names)
        self._doubt(listing.source, person=listing.subject, image=same)
        self._images = self._files(listing, names)

    @abstractmethod
    def listing(self) -> Listing:
        """Read the official files; raises DataError naming file and line."""

    def own_listing(self) -> Listing:
        """Read the CSV list that the parameters name; its paths are below ``root``.

        Raises DataError naming file and line.
        """
        root = self.params.root or Path()
        source = existing(root, self.params.pairs or "")
        comparison = self.params.comparison_names()[0]
        self._caution(comparison, f"the pairs are those of {source.name}, not the official list")
        return Listing({comparison: read_pairs_csv(source)}, root, source, official=False)

    def landmarks(self, folder: Path, names: Sequence[str]) -> NDArray[np.float32] | None:
        """Points, float32 (N, 5, 2), of images below ``folder``; None leaves them to a detector.

        Not asked for images that follow a template. Raises DataError naming file and line.
        """
        return None

    def shortfalls(self) -> list[str]:
        """See :class:`Benchmark`."""
        return self._shortfalls

    def people(self) -> Collection[str]:
        """See :class:`Benchmark`; none of a pack, which has no names."""
        return {self._person(name) for name in self._images.names} if self._person else ()

    def cautions(self, comparison: str) -> list[str]:
        """What the reader of one comparison's number must know."""
        return self._cautions.get(comparison, [])

    def images(self) -> Images:
        """Every image that a pair names, in the order of their names."""
        return self._images

    def comparison(self, name: str) -> Comparison:
        """The pairs in their folds."""
        return self.pair_folds(name)

    def pair_folds(self, name: str) -> CautiousPairs:
        """The pairs of one list in their folds."""
        index = {image: row for row, image in enumerate(self._images.names)}
        built = CautiousPairs.build(
            name=self.title if name == "verification" else f"{self.title}-{name}",
            pairs=[
                (index[p.first], index[p.second], p.genuine, p.fold) for p in self._chosen[name]
            ],
            images=self._images,
            **self.params.fold_rules(),
            limit=self.ctx.limit,
        )
        assert isinstance(built, CautiousPairs)
        return replace(built, cautions=self.cautions(name), listed_folds=self._listed.get(name))

    def _choose(
        self, pairs: Mapping[str, Sequence[Pair]], source: Path, *, official: bool
    ) -> list[str]:
        """Keep the folds and the number of pairs that were asked for; the names of their images."""
        self._chosen = {}
        self._listed: dict[str, int] = {}
        for comparison, listed in pairs.items():
            self._listed[comparison] = len({pair.fold for pair in listed})
            require_both_kinds(listed, source)
            if official and self.official_pairs not in (None, len(listed)):
                alone = comparison == "verification"
                short = (
                    f"{source.name if alone else f'{source.name}/{comparison}'} lists "
                    f"{len(listed)} pairs, the official list has {self.official_pairs}"
                )
                self._caution(comparison, short)
                self._shortfalls.append(short)
            folds = choose_folds(listed, self.params.folds)
            self._chosen[comparison] = first_of_each(folds, self.ctx.limit)
        everything = [pair for chosen in self._chosen.values() for pair in chosen]
        return sorted({name for pair in everything for name in (pair.first, pair.second)})

    def _doubt(
        self,
        source: Path,
        *,
        person: Callable[[str], str] | None = None,
        image: Callable[[str], str] | None = None,
    ) -> None:
        """Count doubtful pairs of the chosen ones; raises DataError where there are too many."""
        most = self.params.max_doubtful_pairs
        for comparison, pairs in self._chosen.items():
            doubts = examine(pairs, person, image)
            for text in [*require_few(doubts, source.name, most), *unbalanced(pairs, source.name)]:
                self._caution(comparison, text)

    def _check_labels(self, listing: Listing) -> None:
        """Say where a label contradicts the names: lists have such errors and are kept as is."""
        if listing.subject is None:
            return
        person = listing.subject
        for comparison, pairs in listing.pairs.items():
            wrong = [p for p in pairs if p.genuine != (person(p.first) == person(p.second))]
            if len(wrong) > len(pairs) / 2:
                raise DataError(
                    f"{listing.source}: {len(wrong):,} of {len(pairs):,} labels contradict the "
                    "names of the images, so they are the wrong way round or of another list; 1 is "
                    "the same person"
                )
            if wrong:
                self._caution(
                    comparison,
                    f"{listing.source.name}: {len(wrong)} labels contradict the names of the "
                    f"images, the first is {wrong[0].first} with {wrong[0].second}; used as listed",
                )

    def _require_files(self, listing: Listing) -> None:
        """Raise AbsentFilesError where chosen pairs name images that are absent."""
        named: dict[str, Pair] = {}
        for pair in chain.from_iterable(self._chosen.values()):
            named.setdefault(pair.first, pair)
            named.setdefault(pair.second, pair)
        absent = [name for name in named if not (listing.folder / name).is_file()]
        if not absent:
            return
        near = NearNames(listing.folder)
        findings = [
            f"{listing.place(named[name])}: image {name} is not in {listing.folder}"
            f"{near.hint(name)}"
            for name in absent
        ]
        raise AbsentFilesError(
            f"{findings[0]} ({len(absent):,} of {len(named):,} images are absent); complete the "
            "folder or choose the folds you have with folds=[...]",
            findings,
        )

    def _caution(self, comparison: str, message: str) -> None:
        self._cautions.setdefault(comparison, []).append(message)

    def _files(self, listing: Listing, names: list[str]) -> ImageFiles:
        people, template = None, self.params.template
        if listing.subject is not None:
            people = np.unique([listing.subject(name) for name in names], return_inverse=True)[1]
        return ImageFiles(
            listing.folder,
            names,
            landmarks=None if template else self.landmarks(listing.folder, names),
            subjects=people,
            template=template,
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


def person_by_name(pairs: Iterable[Pair]) -> Callable[[str], str] | None:
    """How names tell the person, by folder or by number; None where labels contradict both."""
    listed = list(pairs)
    for person in (person_by_folder, person_by_number):
        wrong = sum((person(p.first) == person(p.second)) != p.genuine for p in listed)
        if wrong <= MOST_CONTRADICTED * len(listed):
            return person
    return None
