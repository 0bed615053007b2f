"""Tiny versions of every benchmark in its official layout, with the quirks of the real files.

Faces are flat patches whose colours are the person, so ``toy-pixels`` tells people apart and any
network can be run on them. Nothing here uses the readers of the harness.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

FOLDS, PEOPLE = 10, 20
"""Folds of every pair list, and people: two a fold."""
PAIRS = ((0, 1, 2), (0, 1, 3), (1, 1, 2))
"""Genuine pairs of a fold: person of the fold, and two of their images."""
IMPOSTORS = ((1, 1), (2, 2), (3, 3))
"""Impostor pairs of a fold: an image of its first person, and one of its second."""
RACES = ("African", "Asian", "Caucasian", "Indian")
CAMERAS = ("240", "010", "200", "190", "041", "050", "051", "140", "130", "080", "090", "120",
           "110")  # fmt: skip
PX = 48
POINTS = np.array([[38.3, 51.7], [73.5, 51.5], [56.0, 71.7], [41.5, 92.4], [70.7, 92.2]]) * PX / 112
"""Eyes, nose and mouth corners of every face, in pixels."""
HEAD = "TEMPLATE_ID,SUBJECT_ID,FILE,MEDIA_ID,SIGHTING_ID,FRAME,FACE_X,FACE_Y,FACE_WIDTH,FACE_HEIGHT"


@dataclass(frozen=True)
class Official:
    """Where the benchmarks lie, and the settings that a run without a detector needs."""

    roots: dict[str, Path]
    settings: dict[str, dict[str, str]]

    def flags(self, *names: str) -> list[str]:
        """``-B lfw.root=DIR -B lfw.landmarks=...`` of some benchmarks; of all without names."""
        return [
            word
            for name in names or self.roots
            for key, value in {"root": str(self.roots[name]), **self.settings[name]}.items()
            for word in ("-B", f"{name}.{key}={value}")
        ]


def write_official(
    folder: Path, names: Iterable[str] | None = None, *, ijb_layout: str = "insightface"
) -> Official:
    """Write benchmarks (all of ``LAYOUTS`` without ``names``), each into a folder of its name.

    ``ijb_layout`` is ``insightface`` or ``nist``. About 3,500 images of 48 pixels in all.
    """
    roots, settings = {}, {}
    for name in names if names is not None else LAYOUTS:
        roots[name] = folder / name
        if name in ("ijbb", "ijbc"):
            settings[name] = _ijb(roots[name], name, ijb_layout)
        else:
            settings[name] = LAYOUTS[name](roots[name])
    return Official(roots, settings)


def face(person: int, number: int, *, grey: bool = False) -> np.ndarray:
    """The ``number``-th image of a person, uint8 (48, 48[, 3])."""
    rng = np.random.default_rng([7, person])
    image = np.kron(rng.integers(40, 215, (4, 4, 3)), np.ones((PX // 4, PX // 4, 1)))
    image = image + np.random.default_rng([7, person, number]).normal(0, 4, image.shape)
    pixels = np.clip(image, 0, 255).astype(np.uint8)
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY) if grey else pixels


def _paint(path: Path, person: int, number: int, *, grey: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), face(person, number, grey=grey))


def _write(path: Path, lines: Iterable[str], end: str = "\n", *, last: bool = True) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((end.join(lines) + (end if last else "")).encode())


def _numbers(*, tabs: bool = False) -> str:
    """The points of every face, as lists give them."""
    return ("\t" if tabs else " ").join(f"{value:.3f}" for value in POINTS.ravel())


# -- pairs -------------------------------------------------------------------------------------


def _lfw_lines(names: Sequence[str], *, header: bool) -> list[str]:
    """LFW's list: tabs, and a header that RFW does not have."""
    lines = [f"{FOLDS}\t{len(PAIRS)}"] if header else []
    for fold in range(FOLDS):
        two = names[2 * fold : 2 * fold + 2]
        lines += [f"{two[who]}\t{one}\t{other}" for who, one, other in PAIRS]
        lines += [f"{two[0]}\t{one}\t{two[1]}\t{other}" for one, other in IMPOSTORS]
    return lines


def _people_folders(root: Path, prefix: str, offset: int) -> list[str]:
    names = [f"{prefix}_{person}" for person in range(PEOPLE)]
    for person, name in enumerate(names):
        for number in (1, 2, 3):
            grey = (person, number) == (3, 2)
            _paint(root / name / f"{name}_{number:04d}.jpg", offset + person, number, grey=grey)
    return names


def _lfw(root: Path) -> dict[str, str]:
    names = _people_folders(root / "lfw", "Some_Body", 0)
    _write(root / "pairs.txt", _lfw_lines(names, header=True))
    _write(root / "landmarks.txt", (f"{n}/{n}_{k:04d}.jpg {_numbers()}"
                                    for n in names for k in (1, 2, 3)))  # fmt: skip
    return {"landmarks": "landmarks.txt", "landmark_image_px": str(PX)}


def _xqlfw(root: Path) -> dict[str, str]:
    names = _people_folders(root / "lfw_original_imgs_min_qual0.85variant11", "Some_Body", 0)
    _write(root / "xqlfw_pairs.txt", _lfw_lines(names, header=True), "\r\n")
    _write(root / "landmarks.txt", (f"{n}/{n}_{k:04d}.jpg {_numbers()}"
                                    for n in names for k in (1, 2, 3)))  # fmt: skip
    return {"landmarks": "landmarks.txt"}


def _cross(list_name: str, number_format: str) -> Callable[[Path], dict[str, str]]:
    """CALFW and CPLFW: two lines a pair, all genuine pairs first, no final newline."""

    def write(root: Path) -> dict[str, str]:
        def name(person: int, number: int) -> str:
            return f"Any_One{person}_{number_format.format(number)}.jpg"

        genuine, impostor = [], []
        for person in range(PEOPLE):
            for number in (1, 2, 3):
                _paint(root / "images" / name(person, number), 100 + person, number)
                stem = name(person, number).removesuffix(".jpg")
                _write(root / f"landmarks/{stem}_5loc_attri.txt",
                       (f"{x:.2f} {y:.2f}" for x, y in POINTS))  # fmt: skip
        for fold in range(FOLDS):
            mark = fold + 1 if list_name == "pairs_CALFW.txt" else 1
            for who, one, other in PAIRS:
                person = 2 * fold + who
                genuine += [f"{name(person, one)} {mark}", f"{name(person, other)} {mark}"]
            for one, other in IMPOSTORS:
                impostor += [f"{name(2 * fold, one)} 0", f"{name(2 * fold + 1, other)} 0"]
        _write(root / list_name, [*genuine, *impostor], last=False)
        return {"landmarks": "landmarks"}

    return write


def _cfp(root: Path) -> dict[str, str]:
    """CFP: images numbered from 1, commas, CR LF in some files and no final newline."""
    base = root / "cfp-dataset"
    listed: dict[str, list[str]] = {"frontal": [], "profile": []}
    for person in range(PEOPLE):
        for view, names in listed.items():
            for number in (1, 2, 3):
                names.append(f"{person + 1:03d}/{view}/{number:02d}.jpg")
                _paint(base / "Data/Images" / names[-1], 200 + person,
                       number + 5 * (view == "profile"), grey=number == 3)  # fmt: skip
    for letter, names in zip("FP", listed.values(), strict=True):
        lines = (f"{i} ../Data/Images/{name}" for i, name in enumerate(names, 1))
        _write(base / f"Protocol/Pair_list_{letter}.txt", lines)
    for split in ("FF", "FP"):
        for fold in range(FOLDS):
            first = [6 * fold, 6 * fold + 3]
            where = base / "Protocol/Split" / split / f"{fold + 1:02d}"
            same = (f"{first[who] + one},{first[who] + other}" for who, one, other in PAIRS)
            diff = (f"{first[0] + one},{first[1] + other}" for one, other in IMPOSTORS)
            _write(where / "same.txt", same, "\r\n", last=False)
            _write(where / "diff.txt", diff, last=False)
    every = [name for names in listed.values() for name in names]
    _write(root / "landmarks.txt", (f"{name}\t{_numbers(tabs=True)}\t0.99" for name in every))
    return {"landmarks": "landmarks.txt"}


def _agedb(root: Path) -> dict[str, str]:
    """AgeDB-30: nested cells of MATLAB, names without ``.jpg``, 68 points counted from 1."""
    from scipy.io import savemat

    def name(person: int, number: int) -> str:
        return f"{10 * person + number}_Name{person}_{20 + 30 * number}_f"

    points = np.zeros((68, 2))
    points[36:42], points[42:48] = POINTS[0], POINTS[1]
    points[[30, 48, 54]] = POINTS[2:]
    body = [f"{x + 1:.3f} {y + 1:.3f}" for x, y in points]
    for person in range(PEOPLE):
        for number in (1, 2, 3):
            file = root / "03_Protocol_Images" / f"{name(person, number)}.jpg"
            _paint(file, 300 + person, number)
            _write(file.with_suffix(".pts"), ["version: 1", "n_points:  68", "{", *body, "}"])
    splits = np.empty((FOLDS, 1), object)
    for fold in range(FOLDS):
        rows = [(2 * fold + who, one, 2 * fold + who, other, 1) for who, one, other in PAIRS]
        rows += [(2 * fold, one, 2 * fold + 1, other, -1) for one, other in IMPOSTORS]
        cells = np.empty((2, len(rows)), object)
        for column, (a, one, b, other, _) in enumerate(rows):
            cells[0, column] = {"name": name(a, one), "age": 30.0}
            cells[1, column] = {"name": name(b, other), "age": 60.0}
        splits[fold, 0] = {"pairs": cells, "labels": np.array([[row[4] for row in rows]], float)}
    savemat(root / "04_FINAL_protocol_30_years.mat", {"splits": splits}, do_compression=True)
    return {}


def _rfw(root: Path) -> dict[str, str]:
    """RFW: a list without a header a race; one of its people stands under two races."""
    for place, race in enumerate(RACES):
        names = [f"m.0{race.lower()}{person:02d}" for person in range(PEOPLE)]
        if race in ("Asian", "Indian"):
            names[0] = "m.0bk56n"
        rows = []
        for person, name in enumerate(names):
            for number in (1, 2, 3):
                file = f"{name}/{name}_{number:04d}.jpg"
                _paint(root / "test/data" / race / file, 400 + PEOPLE * place + person, number)
                rows.append(f"/test/data/{race}/{file}\t{person}\t{_numbers(tabs=True)}")
        lists = root / "test/txts" / race
        _write(lists / f"{race}_pairs.txt", _lfw_lines(names, header=False))
        _write(lists / f"{race}_lmk.txt", rows)
    return {}


def _multipie(root: Path) -> dict[str, str]:
    """Multi-PIE: all cameras at head height, and images that the protocol leaves out."""
    lines = []
    for person in range(PEOPLE):
        subject = f"{person + 1:03d}"
        wanted = [(r, c, "07") for r in ("01", "02") for c in CAMERAS]
        for number, (recording, camera, shot) in enumerate(
            [*wanted, ("01", "191", "07"), ("01", "051", "00")]
        ):
            place = f"{subject}/{recording}/{camera[:2]}_{camera[2]}"
            file = f"session01/multiview/{place}/{subject}_01_{recording}_{camera}_{shot}.png"
            _paint(root / file, 500 + person, number)
            lines.append(f"{file} {_numbers()}")
    _write(root / "landmarks.txt", lines)
    return {"landmarks": "landmarks.txt"}


# -- templates ---------------------------------------------------------------------------------


def _template_rows(template: int, person: int, *, video: bool) -> list[str]:
    """Two stills, or two frames of one video, as lines of the official lists."""
    numbers = (3, 4) if video else (1, 2)
    folder, suffix = ("frame", "png") if video else ("img", "jpg")
    return [
        f"{template},{person},{folder}/{10 * person + k}.{suffix},"
        f"{900 + person if video else 10 * person + k},{k},,4,4,40.5,40"
        for k in numbers
    ]


def _template_images(root: Path, offset: int) -> None:
    for person in range(PEOPLE):
        for k in (1, 2, 3, 4):
            folder, suffix = ("frame", "png") if k > 2 else ("img", "jpg")
            _paint(root / folder / f"{10 * person + k}.{suffix}", offset + person, k)


def _ijba(root: Path) -> dict[str, str]:
    """IJB-A: ten splits, comparisons without a header, galleries and probes numbered apart."""
    _template_images(root / "images", 600)
    for split in range(1, 11):
        people = [(split + k) % PEOPLE for k in range(12)]
        still = {p: _template_rows(p + 1, p, video=False) for p in people}
        video = {p: _template_rows(100 + p, p, video=True) for p in people}
        again = {p: _template_rows(p + 1, p, video=True) for p in people}
        one, many = (root / f"IJB-A_{part}_sets/split{split}" for part in ("11", "1N"))
        rows = [HEAD, *_joined(still, people), *_joined(video, people)]
        _write(one / f"verify_metadata_{split}.csv", rows)
        compared = (f"{p + 1},{100 + q}" for p in people for q in people)
        _write(one / f"verify_comparisons_{split}.csv", compared, "\r\n", last=False)
        _write(many / f"search_gallery_{split}.csv", [HEAD, *_joined(still, people[:8])])
        _write(many / f"search_probe_{split}.csv", [HEAD, *_joined(again, people)], last=False)
    return {}


def _joined(rows: dict[int, list[str]], people: Iterable[int]) -> list[str]:
    return [line for person in people for line in rows[person]]


def _ijb(root: Path, name: str, layout: str) -> dict[str, str]:
    """IJB-B or IJB-C in the layout of insightface or of NIST; two galleries share the people."""
    still = {p: _template_rows(p + 1, p, video=False) for p in range(PEOPLE)}
    video = {p: _template_rows(100 + p, p, video=True) for p in range(PEOPLE)}
    one, two = ("S1", "S2") if name == "ijbb" else ("G1", "G2")
    lists = {
        f"gallery_{one}": _joined(still, range(PEOPLE // 2)),
        f"gallery_{two}": _joined(still, range(PEOPLE // 2, PEOPLE)),
        "probes": _joined(video, range(PEOPLE)),
    }
    pairs = [(p + 1, 100 + q, int(p == q)) for p in range(PEOPLE) for q in range(PEOPLE)]
    if layout == "nist":
        _template_images(root / "images", 700)
        tests = root / "protocols"
        for file, rows in lists.items():
            _write(tests / f"test4/{file}.csv", [HEAD.lower(), *rows])
        _write(tests / "test1/enroll_templates.csv", [HEAD, *_joined(still, range(PEOPLE))])
        _write(tests / "test1/verif_templates.csv", [HEAD, *lists["probes"]], last=False)
        _write(tests / "test1/match.csv", (f"{a},{b}" for a, b, _ in pairs), "\r\n")
        return {}
    meta, five, entries = root / "meta", [], []
    for number, line in enumerate([*_joined(still, range(PEOPLE)), *lists["probes"]], 1):
        template, person, _, media, *_ = line.split(",")
        _paint(root / f"loose_crop/{number}.jpg", 700 + int(person), number)
        five.append(f"{number}.jpg {_numbers()} {0.9 + number / 1e4:.6f}")
        entries.append(f"{number}.jpg {template} {media}")
    _write(meta / f"{name}_name_5pts_score.txt", five, last=False)
    _write(meta / f"{name}_face_tid_mid.txt", entries)
    _write(meta / f"{name}_template_pair_label.txt", (f"{a} {b} {s}" for a, b, s in pairs))
    for file, rows in lists.items():
        listed = "probe_mixed" if file == "probes" else file
        short = (",".join(row.split(",")[:3]) for row in ["TEMPLATE_ID,SUBJECT_ID,FILENAME", *rows])
        _write(meta / f"{name}_1N_{listed}.csv", short)
    return {}


def _tinyface(root: Path) -> dict[str, str]:
    """TinyFace: lists in MATLAB files, distractors only in their folder."""
    from scipy.io import savemat

    tests = root / "Testing_Set"
    for folder, kind, file, numbers in (
        ("Gallery_Match", "gallery", "gallery_match", (1, 2)),
        ("Probe", "probe", "probe", (3, 4)),
    ):
        names = [f"{person + 1}_{number}.jpg" for number in numbers for person in range(PEOPLE)]
        for name in names:
            person, number = map(int, name.removesuffix(".jpg").split("_"))
            _paint(tests / folder / name, 800 + person, number)
        cells = np.empty((len(names), 1), object)
        cells[:, 0] = [np.array([name]) for name in names]
        ids = np.array([[int(name.split("_")[0])] for name in names], np.uint16)
        savemat(tests / f"{file}_img_ID_pairs.mat", {f"{kind}_set": cells, f"{kind}_ids": ids})
    for number in range(10):
        _paint(tests / f"Gallery_Distractor/{number}.jpg", 900 + number, number)
    return {"aligned": "Testing_Set"}


LAYOUTS: dict[str, Callable[[Path], dict[str, str]]] = {
    "lfw": _lfw,
    "xqlfw": _xqlfw,
    "calfw": _cross("pairs_CALFW.txt", "{:04d}"),
    "cplfw": _cross("pairs_CPLFW.txt", "{}"),
    "cfp-fp": _cfp,
    "cfp-ff": _cfp,
    "agedb-30": _agedb,
    "rfw": _rfw,
    "multipie": _multipie,
    "ijba": _ijba,
    "ijbb": lambda root: _ijb(root, "ijbb", "insightface"),
    "ijbc": lambda root: _ijb(root, "ijbc", "insightface"),
    "tinyface": _tinyface,
}
"""What writes each benchmark below a folder; gives the settings a run without a detector needs."""
