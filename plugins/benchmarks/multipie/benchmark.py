"""Multi-PIE: frontally lit images of one session, and pairs drawn from a seed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.plugin import Context, DataError, stream
from harness.plugin.benchmarks import Benchmark, ImageFiles, PairFolds, search_images
from harness.plugin.lists import Pair, first_of_each, pick, read_scored_points

from .annotations import read_annotations
from .params import MultiPieParams

CAMERAS = ("240", "010", "200", "190", "041", "050", "051", "140", "130", "080", "090", "120",
           "110")  # fmt: skip
"""Cameras at head height from -90 to +90 degrees of yaw, 15 apart; 08_1 and 19_1 hang above."""
SUBJECTS = {1: 249, 2: 203, 3: 230, 4: 239}
"""Subjects of each session (Gross et al. 2010, table 1)."""
OVERHEAD = ("081", "191")
YAW_DEG = {camera: float(15 * step - 90) for step, camera in enumerate(CAMERAS)}

_NAME = re.compile(r"(\d{3})_(\d{2})_(\d{2})_(\d{3})_(\d{2})\.\w+")


@dataclass(frozen=True)
class MultiPieImage:
    """One image by what its name says."""

    name: str
    subject: int
    yaw_deg: float


class MultiPie(Benchmark):
    """Multi-PIE by the protocol of Kortylewski et al. (2018, section IV-B).

    Session one, frontal illumination, no overhead cameras; ten subject-disjoint folds of 300
    genuine and 300 impostor pairs. The authors' list is not published: this one is drawn.
    """

    params: MultiPieParams

    def prepare(self, ctx: Context) -> None:
        """Find the images and draw the pairs."""
        super().prepare(ctx)
        root = Path(self.params.root or "")
        shots = find_shots(root, self.params, ctx.note)
        self._shots = {shot.name: shot for shot in shots}
        self._people = len({shot.subject for shot in shots})
        self._pairs = first_of_each(draw_pairs(shots, self.params), ctx.limit)
        names = sorted({name for pair in self._pairs for name in (pair.first, pair.second)})
        self._images = ImageFiles(
            root,
            names,
            landmarks=_landmarks(root, self.params, names),
            subjects=np.array([self._shots[name].subject for name in names], np.int64),
        )

    def images(self) -> ImageFiles:
        """Every image that a pair names, by path."""
        return self._images

    def shortfalls(self) -> list[str]:
        """See :class:`Benchmark`."""
        people = SUBJECTS.get(self.params.session, self._people)
        if self._people == people:
            return []
        session = f"session {self.params.session}"
        return [f"{session} has {self._people} subjects, the published Multi-PIE {people}"]

    def comparison(self, name: str) -> PairFolds:
        """The drawn pairs, with the larger yaw of each as a subgroup."""
        index = {image: row for row, image in enumerate(self._images.names)}
        yaw = [
            max(abs(self._shots[n].yaw_deg) for n in (pair.first, pair.second))
            for pair in self._pairs
        ]
        return PairFolds.build(
            name="multipie",
            pairs=[(index[p.first], index[p.second], p.genuine, p.fold) for p in self._pairs],
            images=self._images,
            **self.params.fold_rules(),
            limit=self.ctx.limit,
            strata={"yaw_deg": np.array(yaw, np.float64)},
        )


def find_shots(
    root: Path, params: MultiPieParams, note: Callable[[str], object] = lambda _: None
) -> list[MultiPieImage]:
    """The images of the session, light, recordings and cameras asked for, sorted by path.

    ``note`` is told what was left out. Raises DataError for an image whose name does not say what
    it is or contradicts its folder.
    """
    session = f"session{params.session:02d}"
    folder = root / session / "multiview"
    if not folder.is_dir():
        raise DataError(f"{root} holds no {session}/multiview; give the folder that does")
    images = search_images(folder)
    for text in images.left_out.notes(session):
        note(text)
    found = []
    for path in images.names:
        parts = _NAME.fullmatch(path.rpartition("/")[2])
        if parts is None:
            raise DataError(
                f"{folder / path}: the name is not subject_session_recording_camera_shot"
            )
        subject, number, recording, camera, shot = parts.groups()
        place = [subject, recording, f"{camera[:2]}_{camera[2]}"]
        if path.split("/")[:-1] != place or int(number) != params.session:
            raise DataError(f"{folder / path}: the name contradicts its folder")
        if camera not in YAW_DEG and camera not in OVERHEAD:
            raise DataError(f"{folder / path}: Multi-PIE has no camera {camera}")
        wanted = shot == params.shot and recording in params.recordings and camera in YAW_DEG
        if wanted:
            found.append(
                MultiPieImage(f"{session}/multiview/{path}", int(subject), YAW_DEG[camera])
            )
    if not found:
        raise DataError(
            f"{folder} has no image of shot {params.shot} in recordings "
            f"{', '.join(params.recordings)}; check the folder and these parameters"
        )
    return found


def draw_pairs(shots: Sequence[MultiPieImage], params: MultiPieParams) -> list[Pair]:
    """The pair list: a pure function of ``params.list_seed`` and the sorted images.

    Subjects are shuffled and dealt to the folds in turn. In each fold the genuine pairs are drawn
    without replacement from all pairs of two images of one subject, the impostor pairs from all
    pairs of two subjects.
    """
    subjects = np.array([shot.subject for shot in shots])
    people = np.unique(subjects)
    stream(params.list_seed, "multipie", "folds").shuffle(people)
    pairs = []
    for fold in range(params.folds):
        own = np.flatnonzero(np.isin(subjects, people[fold :: params.folds]))
        a, b = np.triu_indices(own.size, 1)
        same = subjects[own[a]] == subjects[own[b]]
        rng = stream(params.list_seed, "multipie", "pairs", fold)
        for genuine in (True, False):
            every = np.flatnonzero(same == genuine)
            for k in _draw(every, params.pairs_per_fold, rng, fold, genuine=genuine):
                first, second = shots[own[a[k]]], shots[own[b[k]]]
                pairs.append(Pair(first.name, second.name, genuine, fold))
    return pairs


def _draw(
    every: NDArray[np.intp], count: int, rng: np.random.Generator, fold: int, *, genuine: bool
) -> list[int]:
    if every.size < count:
        kind = "genuine" if genuine else "impostor"
        raise DataError(
            f"fold {fold + 1} has {every.size} {kind} pairs but {count} are needed: the folder has "
            "too few images; lower folds or pairs_per_fold"
        )
    return [int(k) for k in every[rng.choice(every.size, count, replace=False)]]


def _landmarks(
    root: Path, params: MultiPieParams, names: Sequence[str]
) -> NDArray[np.float32] | None:
    if params.landmarks is None:
        return None
    file = root / params.landmarks
    if file.is_dir():
        return read_annotations(file, names)
    return pick(read_scored_points(file), names, file)
