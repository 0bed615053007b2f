"""1:1 of templates against the published steps written out in loops."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from harness.errors import DataError, UsageError
from harness.protocols.base import Embeddings
from harness.protocols.template_lists import PairSplit
from harness.protocols.template_sets import TemplateRules, TemplateSet, kept_images
from harness.protocols.templates import TemplateVerification

SUBJECTS, DIM = 12, 6
RULES = ("keep_norm", "weigh", "flip", "fusion", "views")


def scene(seed: int = 0):
    """Twelve subjects of three templates of one to five images in one to three media."""
    rng = np.random.default_rng(seed)
    rows, tids, mids, subjects = [], [], [], []
    for template in range(3 * SUBJECTS):
        for _ in range(int(rng.integers(1, 6))):
            rows.append(len(rows))
            tids.append(7 * template + 3)  # ids with gaps, as in the real lists
            mids.append(10 * template + int(rng.integers(3)))
            subjects.append(template // 3)
    arrays = [np.array(values, np.int32) for values in (rows, tids, mids, subjects)]
    order = rng.permutation(len(rows))
    templates = TemplateSet(*(values[order] for values in arrays))
    centre = rng.normal(size=(SUBJECTS, DIM))
    who = arrays[3]
    plain, mirror = (
        (centre[who] + rng.normal(size=(len(rows), DIM))).astype(np.float32) for _ in range(2)
    )
    names = [f"{i}.jpg" for i in rows]
    found = Embeddings(plain, mirror, np.ones(len(rows), bool), names)
    return templates, found, rng.uniform(0.2, 1, len(rows)).astype(np.float32)


def pairs_of(templates, *, subjects: bool = True) -> PairSplit:
    ids, owner = templates.subject_table()
    a, b = np.triu_indices(ids.size, 1)
    templates = templates if subjects else replace(templates, subjects=None)
    return PairSplit(templates, ids[a], ids[b], owner[a] == owner[b])


def build(templates, detector, found, *, splits=None, **options) -> TemplateVerification:
    rules = {k: options.pop(k) for k in RULES if k in options}
    return TemplateVerification(
        name="t",
        splits=splits or [pairs_of(templates)],
        rules=TemplateRules(detector, **rules),
        image_names=found.names,
        **{"fars": (1e-2, 1e-1), "headline_far": 1e-1, **options},
    )


def pooled(templates, found, detector, norm, weigh, flip):
    """Sum over media of the mean of weighted features, in loops, as eval_ijbc.py does."""
    made = {}
    for tid in np.unique(templates.template_ids):
        total = np.zeros(DIM)
        mine = templates.template_ids == tid
        for mid in np.unique(templates.media_ids[mine]):
            parts = []
            for row in templates.rows[mine & (templates.media_ids == mid)]:
                if not found.enrolled[row]:
                    continue
                f = found.plain[row].astype(float) + (found.mirror[row] if flip else 0)
                f = f if norm else f / np.linalg.norm(f)
                parts.append(f * (detector[row] if weigh else 1))
            if parts:
                total += np.mean(parts, axis=0)
        length = np.linalg.norm(total)
        made[int(tid)] = total / length if length else None
    return made


@pytest.mark.parametrize("cell", list(product((True, False), repeat=3)))
def test_scores_and_tar_are_those_of_the_published_loops(cell):
    templates, found, detector = scene()
    comparison = build(templates, detector, found)
    split = comparison.splits[0]
    scores = comparison.score(found)
    name = "+".join((("unit-norm", "raw-norm")[cell[0]], ("no-detector", "detector")[cell[1]],
                     ("no-flip", "flip-sum")[cell[2]]))  # fmt: skip
    made = pooled(templates, found, detector, *cell)
    wanted = [made[a] @ made[b] for a, b in zip(split.left.tolist(), split.right.tolist(),
                                                strict=True)]  # fmt: skip
    column = scores.columns[f"score:{name}"]
    assert column.dtype == np.float32
    np.testing.assert_allclose(column, wanted, atol=2e-6)
    fpr, tpr, _ = roc_curve(split.genuine, column)
    fpr, tpr = fpr[::-1], tpr[::-1]
    metrics = comparison.evaluate(scores, 0).metrics
    for far in comparison.fars:
        (metric,) = [m for m in metrics if m.at == {"far": far, "pooling": name}]
        best = np.argmin(np.abs(fpr - far))
        assert metric.value == pytest.approx(tpr[best], abs=1e-12)
        assert metric.realised_far == pytest.approx(fpr[best], abs=1e-12)


def test_the_headline_has_a_subject_interval_and_its_cell_repeats_it():
    templates, found, detector = scene()
    comparison = build(templates, detector, found)
    assert comparison.rules.headline == "raw-norm+detector+flip-sum"
    scores = comparison.score(found)
    metrics = comparison.evaluate(scores, 0).metrics
    who = {t: s for _, t, s in scores.extra["template_subjects"].tolist()}
    sides = zip(scores.columns["first"].tolist(), scores.columns["second"].tolist(), strict=True)
    assert [who[a] == who[b] for a, b in sides] == scores.columns["genuine"].tolist()
    (headline,) = [m for m in metrics if m.headline]
    assert headline.at == {"far": 1e-1}
    assert f"over {SUBJECTS} subjects" in headline.interval.method
    assert headline.interval.low < headline.value < headline.interval.high
    (cell,) = [m for m in metrics if m.at == {"far": 1e-1, "pooling": comparison.rules.headline}]
    assert (cell.value, cell.threshold) == (headline.value, headline.threshold)
    assert len([m for m in metrics if "pooling" in m.at]) == 16


def test_without_subjects_the_interval_is_exact_and_low_fars_are_refused():
    templates, found, detector = scene()
    comparison = build(templates, detector, found, fars=(1e-6, 1e-1),
                       splits=[pairs_of(templates, subjects=False)])  # fmt: skip
    refused, shown, *_ = comparison.evaluate(comparison.score(found), 0).metrics
    assert refused.value is None
    assert "needs at least 1,000,000 impostor" in refused.note
    assert "Clopper-Pearson" in shown.interval.method


def test_images_without_a_face_leave_their_template_and_lost_templates_are_never_accepted():
    templates, found, detector = scene()
    gone = np.isin(np.arange(len(found.plain)), templates.rows[templates.template_ids == 3])
    ids, counts = np.unique(templates.template_ids, return_counts=True)
    larger = ids[np.argmax(counts)]
    gone[templates.rows[templates.template_ids == larger][0]] = True
    found.plain[gone] = found.mirror[gone] = np.nan
    found = replace(found, enrolled=~gone)
    comparison = build(templates, detector, found)
    scores = comparison.score(found)
    split = comparison.splits[0]
    column = scores.columns["score:unit-norm+detector+no-flip"]
    made = pooled(templates, found, detector, False, True, False)
    lost = (split.left == 3) | (split.right == 3)
    assert np.isneginf(column[lost]).all()
    sides = zip(split.left[~lost].tolist(), split.right[~lost].tolist(), strict=True)
    wanted = [made[a] @ made[b] for a, b in sides]
    np.testing.assert_allclose(column[~lost], wanted, atol=2e-6)
    (warning,) = comparison.evaluate(scores, 0).warnings
    assert f"{lost.sum()} of {lost.size} pairs" in warning


def test_splits_are_averaged_with_ddof_0():
    first, found, detector = scene()
    half = [first.only(first.template_ids[np.isin(first.subjects, who)])
            for who in (range(6), range(6, 12))]  # fmt: skip
    comparison = build(first, detector, found, splits=[pairs_of(part) for part in half])
    scores = comparison.score(found)
    metrics = comparison.evaluate(scores, 0).metrics
    per = [m.value for m in metrics if m.at.get("far") == 1e-1 and "split" in m.at]
    (mean,) = [m for m in metrics if m.headline]
    (std,) = [m for m in metrics if m.name == "tar@far-std" and m.at["far"] == 1e-1]
    alone = [build(first, detector, found, splits=[pairs_of(part)]) for part in half]
    values = [c.evaluate(c.score(found), 0).metrics[1].value for c in alone]
    assert per == values
    assert mean.value == pytest.approx(np.mean(values))
    assert std.value == pytest.approx(np.std(values))
    assert scores.columns["split"].tolist() == [0] * 153 + [1] * 153


@pytest.mark.parametrize("fusion", ["softmax", "media"])
def test_softmax_fusion_is_that_of_masi(fusion):
    templates, found, _ = scene()
    comparison = build(templates, None, found, fusion=fusion, flip="none")
    column = comparison.score(found).columns[f"score:{fusion}+no-flip"]
    split = comparison.splits[0]

    def features(tid):
        mine = templates.template_ids == tid
        rows = [found.plain[r].astype(float) for r in templates.rows[mine]]
        if fusion == "media":
            media = templates.media_ids[mine]
            rows = [np.mean([r for r, m in zip(rows, media, strict=True) if m == k], axis=0)
                    for k in np.unique(media)]  # fmt: skip
        return np.array([r / np.linalg.norm(r) for r in rows])

    for k in range(0, split.left.size, 50):
        s = (features(split.left[k]) @ features(split.right[k]).T).ravel()
        wanted = np.mean([(s * np.exp(b * s)).sum() / np.exp(b * s).sum() for b in range(21)])
        assert column[k] == pytest.approx(wanted, abs=2e-6)


def test_the_digest_sees_every_list_and_a_limit_takes_the_first_of_each_kind():
    templates, found, detector = scene()
    whole = build(templates, detector, found).protocol()
    swapped = replace(templates, media_ids=templates.media_ids[::-1].copy())
    assert whole["pairs_sha256"] != build(swapped, detector, found).protocol()["pairs_sha256"]
    assert whole["pairs_sha256"] == build(*scene()[::2], found).protocol()["pairs_sha256"]
    split = pairs_of(templates).first_of_each(3)
    assert split.genuine.sum() == (~split.genuine).sum() == 3
    rows, (kept,) = kept_images([split.templates], len(found.plain))
    assert set(rows) == set(split.templates.rows)
    assert (rows[kept.rows] == split.templates.rows).all()


def test_what_cannot_be_is_refused():
    templates, found, detector = scene()
    split = pairs_of(templates)
    with pytest.raises(DataError, match="labelled impostor, but the templates are of subjects 0"):
        replace(split, genuine=split.genuine & (np.arange(split.genuine.size) > 0))
    with pytest.raises(DataError, match="template 4 has no images, yet entry 1"):
        replace(split, left=np.full_like(split.left, 4))
    with pytest.raises(DataError, match="needs genuine and impostor"):
        replace(split, genuine=np.zeros_like(split.genuine))
    with pytest.raises(DataError, match="is given two subjects"):
        replace(templates, subjects=np.arange(templates.rows.size, dtype=np.int32))
    with pytest.raises(UsageError, match="detector_score=false"):
        TemplateRules(None, weigh=True)
    with pytest.raises(UsageError, match="mirrored images"):
        build(templates, detector, found).score(replace(found, mirror=None))


def scored_by_sklearn(split, made):
    """Cosines where a zero template stays zero, as sklearn's normalize leaves it."""
    zero = np.zeros(DIM)
    sides = zip(split.left.tolist(), split.right.tolist(), strict=True)
    return [(zero if made[a] is None else made[a]) @ (zero if made[b] is None else made[b])
            for a, b in sides]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_zero_features_leave_the_cells_that_can_be_scored_and_are_counted(seed):
    templates, found, detector = scene(seed)
    lone = templates.template_ids[np.isin(templates.template_ids, 3)]
    zero = np.append(templates.rows[templates.template_ids == lone[0]], templates.rows[-1])
    found.plain[zero] = found.mirror[zero] = 0
    rows = np.unique(zero)
    comparison = build(templates, detector, found)
    scores = comparison.score(found)
    assert {name for name in scores.columns if name.startswith("score:")} == {
        f"score:{name}" for name in comparison.rules.names() if name.startswith("raw")
    }
    split = comparison.splits[0]
    made = pooled(templates, found, detector, True, True, True)
    column = scores.columns["score:raw-norm+detector+flip-sum"]
    np.testing.assert_allclose(column, scored_by_sklearn(split, made), atol=2e-6)
    evaluation = comparison.evaluate(scores, 0)
    counted, absent = evaluation.warnings
    said = f"zero features: {rows.size}, the first of {found.names[rows[0]]}"
    assert f"{said}; they add nothing to their templates" in counted
    assert "zero templates: 1, the first is 3; they score 0" in counted
    assert absent.count("unit-norm") == 4
    refused = [m for m in evaluation.metrics if str(m.at.get("pooling")).startswith("unit")]
    assert len(refused) == 4 * len(comparison.fars)
    assert all(m.value is None for m in refused)
    assert {m.note for m in refused} == {f"not computed: {said}; they have no norm to remove"}
    fpr, tpr, _ = roc_curve(split.genuine, column)
    best = np.argmin(np.abs(fpr[::-1] - 1e-1))
    (headline,) = [m for m in evaluation.metrics if m.headline]
    assert headline.value == pytest.approx(tpr[::-1][best], abs=1e-12)


def test_a_feature_that_is_zero_without_its_mirror_only_touches_those_cells():
    templates, found, detector = scene()
    found.plain[4] = 0
    scores = build(templates, detector, found).score(found)
    names = {name.removeprefix("score:") for name in scores.columns if name.startswith("score:")}
    assert {n for n in names if n.startswith("unit")} == {
        "unit-norm+detector+flip-sum", "unit-norm+no-detector+flip-sum"
    }  # fmt: skip
    (warning,) = build(templates, detector, found).evaluate(scores, 0).warnings
    assert warning.startswith("unit-norm+detector+no-flip, unit-norm+no-detector+no-flip: not")


def test_the_headline_is_refused_by_the_name_of_the_image():
    templates, found, detector = scene()
    found.plain[4] = found.mirror[4] = 0
    for rules in ({"keep_norm": False}, {"views": "unit"}, {"views": "unit", "flip": "concat"}):
        with pytest.raises(DataError, match=r"zero features: 1, the first of 4\.jpg; they have no"):
            build(templates, detector, found, **rules).score(found)
    with pytest.raises(DataError, match=r"the first of 4\.jpg; they have no cosine"):
        build(templates, None, found, fusion="softmax", flip="none").score(found)


def test_without_zero_features_nothing_is_said():
    templates, found, detector = scene()
    comparison = build(templates, detector, found)
    scores = comparison.score(found)
    assert set(scores.extra) == {"template_subjects"}
    assert comparison.evaluate(scores, 0).warnings == []


@pytest.mark.parametrize(
    ("rules", "headline"),
    [
        ({"keep_norm": False, "weigh": False, "views": "unit"},
         "unit-norm+no-detector+flip-sum+unit-views"),
        ({"weigh": False, "views": "unit", "flip": "concat"},
         "raw-norm+no-detector+flip-concat+unit-views"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("seed", range(3))
def test_the_fusions_average_and_concat_of_adaface(rules, headline, seed):
    templates, found, detector = scene(seed)
    found = replace(found, mirror=found.mirror * 9)  # lengths must not matter
    comparison = build(templates, detector, found, **rules)
    assert comparison.rules.headline == headline
    assert len(comparison.rules.names()) == 4
    views = [v / np.linalg.norm(v, axis=1, keepdims=True)
             for v in (found.plain.astype(float), found.mirror.astype(float))]  # fmt: skip
    fused = np.hstack(views) if rules.get("flip") == "concat" else views[0] + views[1]
    if "keep_norm" in rules:
        fused /= np.linalg.norm(fused, axis=1, keepdims=True)
    made = {}
    for tid in np.unique(templates.template_ids):
        mine = templates.template_ids == tid
        media = templates.media_ids[mine]
        total = sum(fused[templates.rows[mine][media == m]].mean(axis=0) for m in np.unique(media))
        made[int(tid)] = total / np.linalg.norm(total)
    split = comparison.splits[0]
    sides = zip(split.left.tolist(), split.right.tolist(), strict=True)
    wanted = [made[a] @ made[b] for a, b in sides]
    column = comparison.score(found).columns[f"score:{headline}"]
    np.testing.assert_allclose(column, wanted, atol=2e-6)
    protocol = comparison.protocol()
    assert protocol["views"].startswith("image and mirrored image each made unit length")
    assert protocol["id"] == f"t/{headline}@1"
    assert "views" not in build(templates, detector, found).protocol()


def test_rules_that_contradict_each_other_are_refused():
    with pytest.raises(UsageError, match="set norm=unit or another flip"):
        TemplateRules(None, flip="none", views="unit")
    with pytest.raises(UsageError, match="softmax fusion takes flip none or sum"):
        TemplateRules(None, flip="concat", fusion="softmax")


def test_splits_that_say_the_same_say_it_once():
    templates, found, detector = scene()
    halves = [templates.only(templates.template_ids[np.isin(templates.subjects, who)])
              for who in (range(6), range(6, 12))]  # fmt: skip
    first = int(np.intersect1d(halves[0].rows, np.arange(len(found.plain)))[0])
    found.plain[first] = found.mirror[first] = 0
    splits = [pairs_of(half) for half in (*halves, halves[0])]
    comparison = build(templates, detector, found, splits=splits)
    counted, absent = comparison.evaluate(comparison.score(found), 0).warnings
    assert counted.startswith("raw-norm+detector+flip-sum: zero features: 1, the first of")
    assert counted.endswith("(split 1, 3)")
    assert absent.endswith("they have no norm to remove (split 1, 3)")
