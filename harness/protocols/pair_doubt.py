"""Pairs that say less than they seem to: an image with itself, a pair twice, under both labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.digests import file_sha256
from harness.errors import DataError
from harness.protocols.readers.lists import Pair

NAMED = 3
UNBALANCED = 2 / 3
"""Share of one kind of pairs from which accuracy needs a caution; official lists have half."""


@dataclass(frozen=True)
class PairDoubts:
    """What is doubtful in one list, by number of pairs (the last: of people).

    ``examples`` name the first pairs or people of each kind.
    """

    pairs: int
    itself: int
    repeated: int
    contradicted: int
    in_folds: int
    people: int
    linked: bool  # people are known only by the genuine pairs that link their images
    examples: Mapping[str, str]

    @property
    def share(self) -> float:
        """Share of the pairs that are doubtful by themselves; each counts once."""
        return (self.itself + self.repeated + self.contradicted) / max(1, self.pairs)

    @property
    def _how(self) -> str:
        return " (images that genuine pairs link)" if self.linked else ""

    def texts(self) -> list[str]:
        """A sentence for each kind that occurs."""
        kinds = (
            ("itself", self.itself, "compare an image with itself"),
            ("repeated", self.repeated, "occur earlier in the list"),
            ("contradicted", self.contradicted, "are there as genuine and as impostor"),
        )
        found = [
            f"{count:,} of {self.pairs:,} pairs {text} ({self.examples[name]})"
            for name, count, text in kinds
            if count
        ]
        if self.in_folds:
            found.append(
                f"{self.in_folds:,} of {self.people:,} people{self._how} are in more than one fold "
                f"({self.examples['in_folds']}), so thresholds are taken from pairs of the same "
                "people and accuracy may be too high"
            )
        return found


def examine(
    pairs: Sequence[Pair],
    person: Callable[[str], str] | None = None,
    image: Callable[[str], str] | None = None,
) -> PairDoubts:
    """Look for doubtful pairs in a list; ``person`` names who is on an image, where that is known.

    Else images that genuine pairs link are of one person. ``image`` tells which names are the same
    image (:func:`same_content`), by default those that lead to one file (``a/./b``). A pair is the
    same with its images exchanged.
    """
    same = image or _plain
    keys = [frozenset((same(pair.first), same(pair.second))) for pair in pairs]
    labels: dict[frozenset[str], set[bool]] = defaultdict(set)
    for key, pair in zip(keys, pairs, strict=True):
        labels[key].add(pair.genuine)
    found: dict[str, list[Pair]] = {"itself": [], "repeated": [], "contradicted": []}
    seen: set[frozenset[str]] = set()
    for key, pair in zip(keys, pairs, strict=True):
        if len(key) == 1:
            found["itself"].append(pair)
        elif len(labels[key]) > 1:
            found["contradicted"].append(pair)
        elif key in seen:
            found["repeated"].append(pair)
        seen.add(key)
    folds = _folds(pairs, person or _linked(pairs, same))
    several = [name for name, held in folds.items() if len(held) > 1]
    examples = {name: _named([_words(pair) for pair in few]) for name, few in found.items()}
    examples["in_folds"] = _named(several)
    return PairDoubts(
        pairs=len(pairs),
        itself=len(found["itself"]),
        repeated=len(found["repeated"]),
        contradicted=len(found["contradicted"]),
        in_folds=len(several),
        people=len(folds),
        linked=person is None,
        examples=examples,
    )


def examine_listed(
    first: NDArray[Any], second: NDArray[Any], genuine: NDArray[np.bool_]
) -> PairDoubts:
    """As :func:`examine` for millions of comparisons: labels of both sides (P,), bool (P,).

    Folds are not looked at; a label is the same for the same image or template.
    """
    labels, codes = np.unique(np.concatenate([first, second]), return_inverse=True)
    left, right = codes[: len(first)].astype(np.int64), codes[len(first) :].astype(np.int64)
    itself = left == right
    keys = np.minimum(left, right) * len(labels) + np.maximum(left, right)
    _, earliest, pair, counts = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    impostors = counts - np.bincount(pair, genuine, len(counts)).astype(np.int64)
    contradicted = ((impostors > 0) & (impostors < counts))[pair] & ~itself
    later = np.ones(len(keys), np.bool_)
    later[earliest] = False
    found = {"itself": itself, "repeated": later & ~itself & ~contradicted,
             "contradicted": contradicted}  # fmt: skip
    examples = {
        name: _named([f"{first[row]} with {second[row]}"
                      for row in np.flatnonzero(rows)[: NAMED + 1].tolist()])
        for name, rows in found.items()
    }  # fmt: skip
    counted = {name: int(rows.sum()) for name, rows in found.items()}
    return PairDoubts(
        pairs=len(keys), in_folds=0, people=0, linked=False, examples=examples, **counted
    )


def _folds(pairs: Sequence[Pair], who: Callable[[str], str]) -> dict[str, set[int]]:
    """The folds in which each person occurs."""
    folds: dict[str, set[int]] = defaultdict(set)
    for pair in pairs:
        folds[who(pair.first)].add(pair.fold)
        folds[who(pair.second)].add(pair.fold)
    return folds


def require_few(doubts: PairDoubts, where: str, most: float) -> list[str]:
    """The warnings of a list; raises DataError where its share of doubtful pairs is above ``most``.

    ``where`` names the list.
    """
    if doubts.share > most:
        told = "; ".join(doubts.texts())
        raise DataError(
            f"{where}: {told}. That is {doubts.share:.1%} of the pairs; correct the list, or "
            "accept them with max_doubtful_pairs"
        )
    return [f"{where}: {text}" for text in doubts.texts()]


def unbalanced(pairs: Sequence[Pair], where: str) -> list[str]:
    """A warning where one kind of pairs is so frequent that accuracy says little."""
    genuine = sum(pair.genuine for pair in pairs)
    most = max(genuine, len(pairs) - genuine)
    if most < UNBALANCED * len(pairs):
        return []
    kind = "genuine" if most == genuine else "impostor"
    text = (
        f"{where}: {most:,} of {len(pairs):,} pairs are {kind} pairs, so a network that calls all "
        f"pairs {kind} has an accuracy of {most / len(pairs):.2%}; compare AUC and TAR instead"
    )
    return [text]


def same_content(folder: Path, names: Sequence[str]) -> Callable[[str], str]:
    """A key of each image below ``folder`` that is equal for equal bytes.

    Only files of the same size are read. Raises ``DataError`` naming one that cannot be read.
    """
    by_size: dict[int, list[str]] = defaultdict(list)
    keys: dict[str, str] = {}
    try:
        for name in names:
            by_size[(folder / name).stat().st_size].append(name)
        for group in by_size.values():
            if len(group) > 1:
                keys |= {name: file_sha256(folder / name) for name in group}
    except OSError as error:
        raise DataError(
            f"cannot read image {error.filename}: {error.strerror}; check the file"
        ) from None
    return lambda name: keys.get(name, name)


def _plain(name: str) -> str:
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def _words(pair: Pair) -> str:
    place = f"{pair.where}: " if pair.where else ""
    return f"{place}{pair.first} with {pair.second}"


def _named(items: Sequence[str]) -> str:
    return ", ".join(items[:NAMED]) + (", ..." if len(items) > NAMED else "")


def _linked(pairs: Sequence[Pair], same: Callable[[str], str]) -> Callable[[str], str]:
    """The first image of those that genuine pairs link, as a name of their person."""
    parent: dict[str, str] = {}
    first: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for pair in pairs:
        if pair.genuine:
            parent[root(same(pair.second))] = root(same(pair.first))
    for pair in pairs:
        for name in (pair.first, pair.second):
            first.setdefault(root(same(name)), name)
    return lambda name: first[root(same(name))]
