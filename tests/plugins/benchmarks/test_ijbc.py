"""IJB-B and IJB-C in both of their layouts, made here, with the quirks of the real lists."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from harness.digests import digest
from harness.errors import DataError
from harness_plugins.benchmarks.ijbc.benchmark import Ijb
from harness_plugins.benchmarks.ijbc.params import IjbbParams, IjbcParams

PEOPLE = 6
POINTS = np.array([[38.3, 51.7], [73.5, 51.5], [56.0, 71.7], [41.5, 92.4], [70.7, 92.2]])
HEADER = "TEMPLATE_ID,SUBJECT_ID,FILENAME,SIGHTING_ID,FACE_X,FACE_Y,FACE_WIDTH,FACE_HEIGHT"


def patch(person: int, number: int):
    rng = np.random.default_rng(person)
    image = np.kron(rng.integers(40, 215, (4, 4, 3)), np.ones((28, 28, 1)))
    noise = np.random.default_rng([person, number]).normal(0, 4, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def entries():
    """(template, subject, media, image number): a gallery and two probe templates a person."""
    number = 0
    for person in range(PEOPLE):
        for kind in range(3):
            for k in range(1 + (person + kind) % 3):
                number += 1
                template = 100 * person + 10 * kind + 1
                yield template, 50 + person, 1000 * person + 10 * kind + k // 2, number


def of_gallery(template: int) -> bool:
    return template % 100 == 1


def pairs():
    everyone = sorted({t for t, *_ in entries()})
    gallery = [t for t in everyone if of_gallery(t)]
    for a in gallery:
        for b in everyone:
            if not of_gallery(b):
                yield a, b, int(a // 100 == b // 100)


@pytest.fixture
def insightface(tmp_path):
    """``meta/`` of IJB-C: CR LF, no final newline, unsorted templates, several rows a template."""
    root = tmp_path / "data"
    (root / "loose_crop").mkdir(parents=True)
    (root / "meta").mkdir()
    five, tids = [], []
    for template, subject, media, number in reversed(list(entries())):
        cv2.imwrite(str(root / f"loose_crop/{number}.jpg"), patch(subject, number))
        numbers = " ".join(f"{v:.3f}" for v in POINTS.ravel())
        five.append(f"{number}.jpg {numbers} {0.5 + 0.01 * number:.6f}")
        tids.append(f"{number}.jpg {template} {media}")
    meta = root / "meta"
    (meta / "ijbc_name_5pts_score.txt").write_text("\r\n".join(five))
    (meta / "ijbc_face_tid_mid.txt").write_text("\n".join(tids) + "\n")
    (meta / "ijbc_template_pair_label.txt").write_text(
        "\n".join(f"{a} {b} {same}" for a, b, same in pairs())
    )
    for name, who in (("gallery_G1", range(3)), ("gallery_G2", range(3, 6)), ("probe_mixed", None)):
        rows = [
            f"{t},{s},img/{n}.jpg"
            for t, s, _, n in entries()
            if (not of_gallery(t) if who is None else of_gallery(t) and s - 50 in who)
        ]
        head = "TEMPLATE_ID,SUBJECT_ID,FILENAME"
        (meta / f"ijbc_1N_{name}.csv").write_text("\n".join([head, *rows]) + "\n")
    return root


@pytest.fixture
def official(tmp_path):
    """``protocols/`` of IJB-C: whole images with boxes, column names in another case."""
    root = tmp_path / "nist"
    lists = root / "protocols"
    for folder in ("images/img", "protocols/test1", "protocols/test4"):
        (root / folder).mkdir(parents=True)
    rows = {}
    for template, subject, media, number in entries():
        cv2.imwrite(str(root / f"images/img/{number}.png"), patch(subject, number))
        rows.setdefault(template, []).append(
            f"{template},{subject},img/{number}.png,{media},20,30,70.5,75"
        )
    gallery = [t for t in rows if of_gallery(t)]
    files = {
        "test1/enroll_templates": gallery,
        "test1/verif_templates": [t for t in rows if not of_gallery(t)],
        "test4/gallery_G1": gallery[:3],
        "test4/gallery_G2": gallery[3:],
        "test4/probes": [t for t in rows if not of_gallery(t)],
    }
    for number, (name, chosen) in enumerate(files.items()):
        head = HEADER.lower() if number % 2 else HEADER
        lines = [head, *(line for t in chosen for line in rows[t])]
        (lists / f"{name}.csv").write_text("\n".join(lines) + "\n")
    (lists / "test1/match.csv").write_text("\n".join(f"{a},{b}" for a, b, _ in pairs()))
    return root


class Ctx:
    """Just enough of a context: a cache that counts what it builds."""

    def __init__(self, folder, limit=None) -> None:
        self.folder, self.limit, self.built = folder / "cache", limit, 0

    def artifact(self, name, parts, build):
        path = self.folder / digest([name, dict(parts)])
        if not path.exists():
            path.mkdir(parents=True)
            build(path)
            self.built += 1
        return path


def open_set(root, ctx, **params) -> Ijb:
    benchmark = Ijb(IjbcParams(root=root, **params))
    benchmark.prepare(ctx)
    return benchmark


def results(tmp_path) -> dict[str, dict]:
    found = [json.loads(f.read_text()) for f in tmp_path.glob("study/cells/*/result.json")]
    return {result["comparison"]: result for result in found}


def test_the_command_scores_both_comparisons_from_one_embedding(
    harness_command, insightface, tmp_path
):
    run = ("run", "-m", "toy-pixels", "-b", "ijbc", "-B", "root=data", "-B", "headline_far=0.1",
           "-j", "1")  # fmt: skip
    done = harness_command(*run)
    assert "ijbc/1:1" in done.stdout
    found = results(tmp_path)
    assert set(found) == {"1:1", "1:N"}
    for result in found.values():
        (headline,) = [m for m in result["metrics"] if m["headline"]]
        assert headline["value"] == 1.0
    assert found["1:1"]["protocol"]["pooling"] == "raw-norm+detector+flip-sum"
    assert (found["1:1"]["protocol"]["n_genuine"], found["1:1"]["protocol"]["n_impostor"]) == (
        12,
        60,
    )
    cells = {m["at"]["pooling"] for m in found["1:1"]["metrics"] if "pooling" in m["at"]}
    assert len(cells) == 8
    assert found["1:N"]["protocol"]["galleries"] == ["G1", "G2"]
    assert any("published IJB-C has 15,658,489" in text for text in found["1:1"]["warnings"])
    for folder in tmp_path.glob("study/cells/*"):
        assert not set(folder.name) & set('<>:"/\\|?*')
    again = harness_command(*run, "-B", "norm=unit")
    assert "embed  toy-pixels > ijbc  reused" in again.stderr


def test_the_official_layout_needs_no_landmarks(harness_command, official, tmp_path):
    harness_command("run", "-m", "toy-pixels", "-b", "ijbc", "-B", "root=nist", "-B",
                    "headline_far=0.1", "-j", "1")  # fmt: skip
    found = results(tmp_path)
    assert found["1:1"]["protocol"]["pooling"] == "raw-norm+no-detector+flip-sum"
    assert found["1:1"]["protocol"]["placed_by"] == {"box": found["1:1"]["enrolment"]["images"]}
    (headline,) = [m for m in found["1:N"]["metrics"] if m["headline"]]
    assert headline["value"] == 1.0


def test_lists_are_what_was_written(insightface, tmp_path):
    benchmark = open_set(insightface, Ctx(tmp_path))
    rows = list(entries())
    assert len(benchmark.images()) == len(rows)
    np.testing.assert_allclose(benchmark.images().landmarks[0], POINTS, atol=1e-3)
    one, many = benchmark.comparison("1:1"), benchmark.comparison("1:N")
    (split,), (search,) = one.splits, many.splits
    made = {
        (benchmark.images().names[row], t, m, s)
        for row, t, m, s in zip(split.templates.rows, split.templates.template_ids,
                                split.templates.media_ids, split.templates.subjects, strict=True)
    }  # fmt: skip
    assert made == {(f"{n}.jpg", t, m, s) for t, s, m, n in rows}
    assert list(zip(split.left, split.right, split.genuine, strict=True)) == list(pairs())
    assert {k: v.tolist() for k, v in search.galleries.items()} == {
        "G1": [1, 101, 201],
        "G2": [301, 401, 501],
    }
    assert search.probes.size == 2 * PEOPLE
    name = benchmark.images().names[3]
    assert one.rules.detector[3] == pytest.approx(0.5 + 0.01 * int(name.split(".")[0]))


def test_both_layouts_give_the_same_comparisons(insightface, official, tmp_path):
    one = open_set(insightface, Ctx(tmp_path))
    two = open_set(official, Ctx(tmp_path))
    a, b = (x.comparison("1:1").splits[0] for x in (one, two))
    assert (a.left == b.left).all()
    assert (a.genuine == b.genuine).all()
    assert (np.unique(a.templates.template_ids) == np.unique(b.templates.template_ids)).all()
    c, d = (x.comparison("1:N").splits[0] for x in (one, two))
    assert (c.probes == d.probes).all()
    assert two.images().boxes[0].tolist() == [20, 30, 90.5, 105]
    assert len(two.images()) == len(one.images())


def test_lists_are_read_once_for_their_content(insightface, tmp_path):
    ctx = Ctx(tmp_path)
    first = open_set(insightface, ctx).comparison("1:1").protocol()
    built = ctx.built
    assert open_set(insightface, ctx).comparison("1:1").protocol() == first
    assert ctx.built == built == 6
    file = insightface / "meta/ijbc_face_tid_mid.txt"
    file.write_text(file.read_text().replace(" 1000", " 1007", 1))
    assert open_set(insightface, ctx).comparison("1:1").protocol() != first
    assert ctx.built == built + 1


def test_without_1n_lists_pairs_are_scored_without_subjects(insightface, tmp_path):
    (insightface / "meta/ijbc_1N_probe_mixed.csv").unlink()
    benchmark = open_set(insightface, Ctx(tmp_path))
    assert benchmark.comparison("1:1").splits[0].templates.subjects is None
    with pytest.raises(DataError, match=r"1:N needs ijbc_1N_probe_mixed.csv .*comparisons=1:1"):
        benchmark.comparison("1:N")
    with pytest.raises(DataError, match="no complete list for 1:N"):
        open_set(insightface, Ctx(tmp_path), comparisons="1:N")


def test_a_limit_keeps_the_images_that_are_compared(insightface, tmp_path):
    benchmark = open_set(insightface, Ctx(tmp_path, limit=1), comparisons="1:1")
    (split,) = benchmark.comparison("1:1").splits
    assert split.genuine.size == 2
    assert len(benchmark.images()) == len(split.templates.rows) < len(list(entries()))


def test_the_sets_have_their_own_names(insightface, tmp_path):
    assert IjbbParams().published[1] == 8_010_270
    with pytest.raises(DataError, match=r"neither meta/ijbb_face_tid_mid.txt nor the protocols"):
        Ijb(IjbbParams(root=insightface)).prepare(Ctx(tmp_path))
    inside = tmp_path / "outer"
    inside.mkdir()
    insightface.rename(inside / "IJBC")
    assert len(open_set(inside, Ctx(tmp_path)).images()) == len(list(entries()))


def change(file, old, new, root):
    path = root / "meta" / file
    text = path.read_bytes()
    assert old in text
    path.write_bytes(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("ijbc_template_pair_label.txt", b"1 11 1", b"1 11 2",
         r"pair_label.txt, line 1: label should be a whole number \(int8\) from 0 to 1, not '2'"),
        ("ijbc_template_pair_label.txt", b"1 111 0", b"1 111 1",
         "pair_label.txt: pair 3 .* labelled genuine, but the templates are of subjects 50 and 51"),
        ("ijbc_template_pair_label.txt", b"1 11 1", b"1 12 1",
         "pair_label.txt: 1 templates have no images, the first is 12"),
        ("ijbc_face_tid_mid.txt", b"34.jpg 511 5010", b"34.jpg 511",
         "tid_mid.txt, line 3: expected 3 fields, got 2"),
        ("ijbc_face_tid_mid.txt", b"35.jpg", b"36.jpg",
         "tid_mid.txt, line 2: image 36.jpg, but ijbc_name_5pts_score.txt has 35.jpg"),
        ("ijbc_name_5pts_score.txt", b"38.300", b"nan",
         "5pts_score.txt, line 1: x1 should be a finite number, not 'nan'"),
        ("ijbc_name_5pts_score.txt", b"\r\n", b"\r\n1.jpg 5\r\n",
         "5pts_score.txt, line 2: expected 12 fields, got 2"),
        ("ijbc_1N_gallery_G1.csv", b"SUBJECT_ID", b"SUBJECT",
         "G1.csv, line 1: no column subject_id among TEMPLATE_ID, SUBJECT"),
        ("ijbc_1N_probe_mixed.csv", b"11,50,", b"11,51,",
         "template 11 is given subjects 50 and 51"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_file_and_line(insightface, tmp_path, file, old, new, message):
    change(file, old, new, insightface)
    with pytest.raises(DataError, match=message):
        open_set(insightface, Ctx(tmp_path))


def test_absent_images_are_counted(insightface, official, tmp_path):
    (insightface / "loose_crop/3.jpg").unlink()
    with pytest.raises(DataError, match=r"5pts_score.txt, line \d+: image 3.jpg is not .*\(1 of"):
        open_set(insightface, Ctx(tmp_path))
    (official / "images/img/1.png").unlink()
    with pytest.raises(DataError, match=r"enroll_templates.csv, line 2: image img/1.png is not"):
        open_set(official, Ctx(tmp_path))


def test_official_lists_must_agree(official, tmp_path):
    file = official / "protocols/test4/gallery_G1.csv"
    file.write_text(file.read_text() + file.read_text().splitlines()[1] + "\n")
    with pytest.raises(DataError, match="template 1 has 2 images but 1 in the lists before"):
        open_set(official, Ctx(tmp_path))


@pytest.mark.parametrize("layout", ["insightface", "official"])
def test_damaged_lists_end_in_clean_errors(request, layout, tmp_path):
    root = request.getfixturevalue(layout)
    files = sorted([*root.glob("meta/*"), *root.glob("protocols/*/*.csv")])
    refused = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        file = files[seed % len(files)]
        whole = file.read_bytes()
        content = bytearray(whole)
        for place in rng.integers(len(content), size=3):
            content[place] ^= 1 << int(rng.integers(8))
        file.write_bytes(bytes(content[: int(rng.integers(len(content) // 2, len(content) + 1))]))
        try:
            benchmark = open_set(root, Ctx(tmp_path / str(seed)))
            assert benchmark.comparison("1:1").protocol()["n_genuine"] > 0
        except DataError:
            refused += 1
        file.write_bytes(whole)
    assert refused > 30
