"""People of a benchmark that a model was trained on, by their names alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.components import Benchmark
from harness.faces.namesakes import names_among, plain
from harness.training.saved.people import read_people

NAMED = 3


def warnings(benchmark: Benchmark, title: str, models: Iterable[Path]) -> Iterator[str]:
    """A sentence for each training set that has names of the benchmark's people.

    ``models`` are the folders of all phases. Faces are not compared: ``harness leak`` does that.
    """
    people = {plain(name): name for name in names_among(benchmark.people())}
    if not people:
        return
    trained: dict[str, set[str]] = {}
    for folder in models:
        for source, names in read_people(folder).items():
            trained.setdefault(source, set()).update(map(plain, names))
    for source, known in trained.items():
        both = sorted(name for key, name in people.items() if key in known)
        if both:
            few = ", ".join(both[:NAMED]) + (", ..." if len(both) > NAMED else "")
            yield (
                f"{len(both):,} of {len(people):,} named people of {title} have the name of a "
                f"person in the training set {source} ({few}): where they are the same, the "
                "number is too high; leave them out with exclude, or compare the faces with "
                "`harness leak`"
            )
