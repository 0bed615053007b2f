"""Are people of a benchmark among the training faces? Nearest neighbours, and names where known.

A score says "same person" above the threshold that a stated share of the benchmark's own impostor
pairs reaches, so the reader knows how many matches chance alone would give.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.components import Images
from harness.errors import DataError, UsageError
from harness.measures.leakage import LeakSearch, find
from harness.measures.streamed import StreamedEmbeddings
from harness.metrics.outcome import NotMeasurable
from harness.protocols.verification import person_by_folder, person_by_number
from harness.tools.similarity import Similarity, similarity

MOST_IMPOSTORS = 20_000  # images whose impostor pairs set the threshold: 200 million pairs
SURPRISE = 0.01


@dataclass(frozen=True)
class EmbeddedPeople:
    """Embeddings with who is on them: float32 (N, D), int64 (N,), and a name for each image.

    ``identities`` names each subject where the data set does, else it is empty.
    """

    vectors: NDArray[np.float32]
    subjects: NDArray[np.int64]
    names: Sequence[str]
    identities: Mapping[int, str]


@dataclass(frozen=True)
class Match:
    """The training face most similar to a benchmark identity."""

    identity: str
    image: str
    training_identity: str
    training_image: str
    score: float
    above: bool


@dataclass(frozen=True)
class LeakReport:
    """What was found between one training set and one benchmark.

    ``by_chance`` is the most matches that impostors alone would give, on average, at the upper end
    of the FMR's 95 % interval; ``leaked`` says that there are more than chance explains
    (p < 0.01) or that names are shared.
    """

    benchmark: str
    training: str
    model: str
    fmr: float
    threshold: float
    impostor_pairs: int
    identities: int
    training_identities: int
    training_images: int
    comparisons: int
    by_chance: float
    shared_names: tuple[str, ...]
    names_known: bool
    matches: tuple[Match, ...]  # one for each identity, the most similar first
    likeness: Similarity | None = None  # of the training faces with each other
    kind: str = "image"  # what is compared: images, or centres of identities
    p_value: float = 1.0  # of as many matches by chance, or more
    control_rate: float | None = None  # share of the people of a control who match

    @property
    def above(self) -> int:
        """Benchmark identities with a training face above the threshold."""
        return sum(match.above for match in self.matches)

    @property
    def leak_rate(self) -> float:
        """Share of the benchmark's identities above the threshold."""
        return self.above / self.identities if self.identities else 0.0

    @property
    def leaked(self) -> bool:
        """Whether scores computed with this training set need a mark."""
        surprising = self.above > 0 and self.p_value < SURPRISE
        return bool(self.shared_names) or surprising

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values, its verdict first."""
        return {"schema": "harness/leak@1", "leaked": self.leaked, "above": self.above,
                "leak_rate": self.leak_rate, **asdict(self)}  # fmt: skip


def find_leaks(
    benchmark: EmbeddedPeople,
    training: EmbeddedPeople,
    fmr: float,
    titles: tuple[str, str, str],
    kind: str = "image",
    control: EmbeddedPeople | None = None,
) -> LeakReport:
    """Search every benchmark identity among the training faces; exact, memory of a few blocks.

    ``titles`` are those of the benchmark, the training set and the model. The people of a
    ``control``, whom the training cannot hold, are searched at the same threshold. Raises
    UsageError where the benchmark has too few impostor pairs to show ``fmr``.
    """
    people = StreamedEmbeddings(benchmark.vectors, benchmark.subjects)
    faces = StreamedEmbeddings(training.vectors, training.subjects)
    step = math.ceil(len(benchmark.vectors) / MOST_IMPOSTORS)
    reference = StreamedEmbeddings(benchmark.vectors[::step], benchmark.subjects[::step])

    def searched(who: StreamedEmbeddings) -> LeakSearch:
        found = find(who, faces, kind=kind, fmr=fmr, calibrated_on=reference, cautious=True)
        if isinstance(found, NotMeasurable):
            raise UsageError(f"{found.reason}; raise --fmr or take a larger benchmark")
        return found

    found = searched(people)
    matches = [
        Match(
            _name(benchmark, int(people.labels[k])),
            benchmark.names[int(found.row[k])],
            _name(training, int(faces.labels[found.mate[k]])),
            training.names[int(found.mate_row[k])],
            float(found.score[k]),
            bool(found.above[k]),
        )
        for k in range(people.identities)
        if found.mate[k] >= 0
    ]
    rate = None
    if control is not None:
        others = searched(StreamedEmbeddings(control.vectors, control.subjects))
        rate = others.found / len(others.above)
    images = (
        (people.images, faces.images) if kind == "image" else (people.identities, faces.identities)
    )
    return LeakReport(
        *titles,
        fmr=fmr,
        threshold=found.threshold,
        impostor_pairs=found.impostors,
        identities=len(matches),
        training_identities=len(np.unique(training.subjects)),
        training_images=faces.images,
        comparisons=images[0] * images[1],
        by_chance=found.by_chance,
        shared_names=shared_names(benchmark.identities, training.identities),
        names_known=bool(benchmark.identities and training.identities),
        matches=tuple(sorted(matches, key=lambda match: -match.score)),
        likeness=similarity(
            training.vectors, training.subjects, training.names, training.identities
        ),
        kind=kind,
        p_value=found.p_value,
        control_rate=rate,
    )


def _name(people: EmbeddedPeople, subject: int) -> str:
    return people.identities.get(subject, str(subject))


# -- names -------------------------------------------------------------------------------------


def shared_names(a: Mapping[int, str], b: Mapping[int, str]) -> tuple[str, ...]:
    """Names that both sets give a person, spelt as in ``a``; case and separators do not count."""
    known = {plain for name in b.values() if (plain := plain_name(name))}
    return tuple(sorted({name for name in a.values() if plain_name(name) in known}))


def plain_name(name: str) -> str:
    """Letters and digits in lower case; empty for a mere number, which names nobody."""
    kept = "".join(letter for letter in name.casefold() if letter.isalnum())
    return "" if kept.isdigit() else kept


def names_by_file(images: Images) -> dict[int, str]:
    """The name of each subject from its files: their folder, or what is before the number.

    Empty where neither is one name for one person.
    """
    if images.subjects is None:
        return {}
    for read in (person_by_folder, person_by_number):
        names: dict[int, set[str]] = {}
        for subject, name in zip(images.subjects.tolist(), images.names, strict=True):
            names.setdefault(subject, set()).add(read(name))
        chosen = {subject: next(iter(found)) for subject, found in names.items()}
        single = all(len(found) == 1 for found in names.values())
        if single and all(chosen.values()) and len(set(chosen.values())) == len(chosen):
            return chosen
    return {}


def require_subjects(images: Images, what: str) -> NDArray[np.int64]:
    """Who is on each image; DataError where the set does not say."""
    if images.subjects is None:
        raise DataError(
            f"{what} does not say who is on its images, so no impostor pair is known; give its "
            "official folder, not a pack"
        )
    return images.subjects
