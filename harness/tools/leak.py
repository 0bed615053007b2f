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
from harness.metrics.nearest import ImpostorThreshold, impostor_threshold, nearest
from harness.metrics.outcome import NotMeasurable
from harness.metrics.uncertainty.intervals import clopper_pearson
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
    of the FMR's 95 % interval; ``leaked`` says that there are more than chance explains (Poisson,
    p < 0.01) or that names are shared.
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

    @property
    def above(self) -> int:
        """Benchmark identities with a training face above the threshold."""
        return sum(match.above for match in self.matches)

    @property
    def leaked(self) -> bool:
        """Whether scores computed with this training set need a mark."""
        surprising = self.above > 0 and poisson_tail(self.above, self.by_chance) < SURPRISE
        return bool(self.shared_names) or surprising

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values, its verdict first."""
        return {"schema": "harness/leak@1", "leaked": self.leaked, "above": self.above,
                **asdict(self)}  # fmt: skip


def find_leaks(
    benchmark: EmbeddedPeople, training: EmbeddedPeople, fmr: float, titles: tuple[str, str, str]
) -> LeakReport:
    """Search every benchmark identity among the training faces; exact, memory of a few blocks.

    ``titles`` are those of the benchmark, the training set and the model. Raises UsageError where
    the benchmark has too few impostor pairs to show ``fmr``.
    """
    threshold = _threshold(benchmark, fmr)
    found = nearest(benchmark.vectors, training.vectors)
    matches = []
    for subject in np.unique(benchmark.subjects):
        rows = np.flatnonzero(benchmark.subjects == subject)
        best = int(rows[np.argmax(found.score[rows])])
        if found.row[best] < 0:
            continue
        mate = int(found.row[best])
        matches.append(
            Match(
                benchmark.identities.get(int(subject), str(subject)),
                benchmark.names[best],
                training.identities.get(int(training.subjects[mate]), str(training.subjects[mate])),
                training.names[mate],
                float(found.score[best]),
                bool(found.score[best] >= threshold.value),
            )
        )
    usable = int(np.isfinite(found.score).sum())
    faces = int(np.isfinite(training.vectors).all(axis=1).sum())
    return LeakReport(
        *titles,
        fmr=fmr,
        threshold=threshold.value,
        impostor_pairs=threshold.impostors,
        identities=len(matches),
        training_identities=len(np.unique(training.subjects)),
        training_images=faces,
        comparisons=usable * faces,
        by_chance=_by_chance(benchmark, found.score, faces, _highest_rate(threshold)),
        shared_names=shared_names(benchmark.identities, training.identities),
        names_known=bool(benchmark.identities and training.identities),
        matches=tuple(sorted(matches, key=lambda match: -match.score)),
        likeness=similarity(
            training.vectors, training.subjects, training.names, training.identities
        ),
    )


def _threshold(benchmark: EmbeddedPeople, fmr: float) -> ImpostorThreshold:
    step = math.ceil(len(benchmark.vectors) / MOST_IMPOSTORS)
    found = impostor_threshold(benchmark.vectors[::step], benchmark.subjects[::step], fmr)
    if isinstance(found, NotMeasurable):
        raise UsageError(f"{found.reason}; raise --fmr or take a larger benchmark")
    return found


def _highest_rate(threshold: ImpostorThreshold) -> float:
    """Upper end of the interval of the realised FMR: a handful of impostors fix the threshold."""
    accepted = round(threshold.fmr * threshold.impostors)
    return clopper_pearson(accepted, threshold.impostors, 0.95).high


def _by_chance(
    benchmark: EmbeddedPeople, scores: NDArray[np.float32], faces: int, fmr: float
) -> float:
    """Expected identities above the threshold if all faces were strangers, at most one each."""
    usable = np.isfinite(scores)
    counts = np.unique(benchmark.subjects[usable], return_counts=True)[1]
    return float(np.minimum(1.0, counts * faces * fmr).sum())


def poisson_tail(count: int, mean: float) -> float:
    """Probability of ``count`` events or more where ``mean`` are expected."""
    if count <= 0:
        return 1.0
    if mean == 0:
        return 0.0
    below = [k * math.log(mean) - mean - math.lgamma(k + 1) for k in range(count)]
    return max(0.0, 1.0 - math.fsum(math.exp(term) for term in below))


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
