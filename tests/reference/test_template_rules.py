"""Rules for templates against insightface and AdaFace, with zero features among the images."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.preprocessing
import torch
from sklearn.metrics import roc_curve

from harness.protocols.base import Embeddings
from harness.protocols.identification import TemplateIdentification
from harness.protocols.template_lists import PairSplit, SearchSplit
from harness.protocols.template_sets import TemplateRules, TemplateSet
from harness.protocols.templates import TemplateVerification

FARS = (1e-3, 1e-2, 1e-1)
SUBJECTS, DIM = 120, 32


class Scene:
    """Templates of 1 to 6 images in media that several templates may share."""

    def __init__(self, seed: int, *, zero: bool = False) -> None:
        rng = np.random.default_rng(seed)
        owner = np.repeat(np.arange(SUBJECTS), 4)
        sizes = rng.integers(1, 7, owner.size)
        self.tids = np.repeat(np.arange(owner.size) * 3 + 5, sizes)
        self.subjects = np.repeat(owner, sizes)
        self.mids = rng.integers(0, 40, self.tids.size)
        centre = rng.normal(0.1, 1, (SUBJECTS, DIM))[self.subjects]
        lengths = rng.uniform(2, 25, (2, self.tids.size, 1))
        views = (centre + rng.normal(size=(2, *centre.shape))) * lengths
        self.plain, self.mirror = views.astype(np.float32)
        if zero:
            self.plain[[7, 200]] = self.mirror[[7, 200]] = 0
            lone = self.tids == self.tids[-1]  # a template of nothing else
            self.plain[lone] = self.mirror[lone] = 0
        self.detector = rng.uniform(0.3, 1, self.tids.size).astype(np.float32)
        ids = np.unique(self.tids)
        left, right = np.triu_indices(ids.size, 1)
        keep = rng.random(left.size) < 0.2
        self.left, self.right = ids[left[keep]], ids[right[keep]]
        self.same = owner[left[keep]] == owner[right[keep]]

    def templates(self) -> TemplateSet:
        rows = np.arange(self.tids.size)
        return TemplateSet(*(a.astype(np.int32) for a in (rows, self.tids, self.mids,
                                                          self.subjects)))  # fmt: skip

    def embeddings(self) -> Embeddings:
        names = [str(k) for k in range(self.tids.size)]
        return Embeddings(self.plain, self.mirror, np.ones(self.tids.size, bool), names)

    def verified(self, **rules) -> tuple[np.ndarray, dict]:
        """Scores of the headline cell, and TAR by FAR."""
        split = PairSplit(self.templates(), self.left.astype(np.int32),
                          self.right.astype(np.int32), self.same)  # fmt: skip
        made = TemplateVerification("t", [split], TemplateRules(self.detector, **rules),
                                    self.embeddings().names, FARS, 1e-2)  # fmt: skip
        scores = made.score(self.embeddings())
        metrics = made.evaluate(scores, 0).metrics
        tars = {m.at["far"]: m.value for m in metrics if m.name == "tar@far" and len(m.at) == 1}
        return scores.columns[f"score:{made.rules.headline}"], tars


def tars_of(scores, same):
    fpr, tpr, _ = roc_curve(same, scores)
    fpr, tpr = fpr[::-1], tpr[::-1]
    return [tpr[np.argmin(np.abs(fpr - far))] for far in FARS]


@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize("weigh", [True, False])
@pytest.mark.parametrize("seed", range(2))
def test_raw_norms_of_insightface(reference, reference_functions, differs, seed, weigh, zero):
    file = reference("insightface") / "recognition/arcface_torch/eval_ijbc.py"
    names = ("image2template_feature", "verification")
    theirs = reference_functions(file, *names, np=np, sklearn=sklearn)
    scene = Scene(seed, zero=zero)
    features = scene.plain + scene.mirror
    if weigh:
        features = features * scene.detector[:, None]
    pooled, ids = theirs.image2template_feature(features, scene.tids, scene.mids)
    scores = theirs.verification(pooled, ids, scene.left, scene.right)
    ours, tars = scene.verified(weigh=weigh)
    assert differs("score", ours, scores) < 2e-6
    assert differs("TAR", [tars[far] for far in FARS], tars_of(scores, scene.same)) == 0


METHODS = {
    "pre_norm_vector_add": {},
    "norm_weighted_avg": {"keep_norm": False},
    "average": {"keep_norm": False, "views": "unit"},
    "concat": {"views": "unit", "flip": "concat"},
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", range(2))
def test_fusions_of_adaface(reference, reference_functions, differs, seed, method):
    folder = reference("adaface") / "validation_mixed"
    fusion = reference_functions(folder / "validate_IJB_BC.py", "l2_norm",
                                 "fuse_features_with_norm", torch=torch)  # fmt: skip
    helper = reference_functions(folder / "insightface_ijb_helper/eval_helper.py",
                                 "image2template_feature", "verification", np=np,
                                 sklearn=sklearn)  # fmt: skip
    scene = Scene(seed)
    views, norms = zip(*(fusion.l2_norm(torch.from_numpy(view))
                         for view in (scene.plain, scene.mirror)), strict=True)  # fmt: skip
    fused, norm = fusion.fuse_features_with_norm(torch.stack(views), torch.stack(norms), method)
    features = fused.numpy() * (norm.numpy() if method == "pre_norm_vector_add" else 1)
    pooled, ids = helper.image2template_feature(features, scene.tids, scene.mids)
    scores = helper.verification(pooled, ids, scene.left, scene.right)
    ours, tars = scene.verified(weigh=False, **METHODS[method])
    assert differs("score", ours, scores) < 2e-6
    assert differs("TAR", [tars[far] for far in FARS], tars_of(scores, scene.same)) == 0


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_searches_of_insightface(reference, reference_functions, differs, capsys, seed, ties):
    file = reference("insightface") / "recognition/_evaluation_/ijb/ijb_evals.py"
    given = {"np": np, "tqdm": lambda x, *_, **__: x, "normalize": sklearn.preprocessing.normalize}
    theirs = reference_functions(file, "evaluation_1N", "image2template_feature", **given)
    scene = Scene(seed)
    if ties:  # templates of the same two values, so that many scores are equal
        scene.plain[:] = np.sign(scene.plain[:, :1]) * np.sign(scene.mirror)
        scene.mirror[:] = scene.plain
    templates = scene.templates()
    ids, owner = templates.subject_table()
    first = np.unique(owner, return_index=True)[1]
    galleries = {"G1": ids[first[:50]], "G2": ids[first[50:90]]}  # the last 30 are in neither
    probes = np.setdiff1d(ids, ids[first])
    made = TemplateIdentification(
        "t", [SearchSplit(templates, galleries, probes)], TemplateRules(scene.detector),
        scene.embeddings().names, ranks=(1, 5, 10), rank_average="probes",
    )  # fmt: skip
    metrics = made.evaluate(made.score(scene.embeddings()), 0).metrics
    features = (scene.plain + scene.mirror) * scene.detector[:, None]
    who = dict(zip(ids.tolist(), owner.tolist(), strict=True))

    def pooled(wanted):
        subjects = np.array([who[t] for t in wanted.tolist()])
        found = theirs.image2template_feature(features, scene.tids, scene.mids, wanted, subjects)
        return found[0], found[2]

    counts, recalls = np.zeros(3), []
    probe_features, probe_ids = pooled(probes)
    for gallery in galleries.values():
        found = theirs.evaluation_1N(probe_features, pooled(gallery)[0], probe_ids,
                                     pooled(gallery)[1], [0.01, 0.1])  # fmt: skip
        counts += found[:3]
        recalls.append(found[4])
    capsys.readouterr()
    tpirs = [m.value for m in metrics if m.name == "tpir@fpir" and len(m.at) == 1]
    assert differs("TPIR", tpirs, np.mean(recalls, axis=0)) < 1e-12
    ranks = [m.value for m in metrics if m.name == "rank-rate" and len(m.at) == 1]
    if not ties:  # with ties the order of its sort decides; here a tie counts against
        assert differs("[Mean] topN", ranks, counts / probes.size) < 1e-12
    else:
        assert (np.array(ranks) <= counts / probes.size + 1e-12).all()
