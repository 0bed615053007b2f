"""Metrics, intervals and tests of face recognition: pure functions on NumPy arrays."""

from __future__ import annotations

from harness.metrics.fairness import (
    AccuracySpread,
    GroupFairness,
    accuracy_spread,
    fairness_at_fmr,
    fairness_at_threshold,
)
from harness.metrics.fusion import FUSION_BETAS, softmax_fused_scores
from harness.metrics.identification import (
    GalleryAverage,
    OpenSetRate,
    RankRate,
    average_galleries,
    cmc_curve,
    rank_rates,
    tpir_at_fpir,
)
from harness.metrics.operating_points import FarRule, OperatingPoint, fnmr_at_fmr, tar_at_far
from harness.metrics.outcome import NotMeasurable
from harness.metrics.pairs import pair_scores, squared_distances
from harness.metrics.pooling import POOLING_VARIANTS, PoolingVariant, ZeroFeatureError
from harness.metrics.roc import (
    EqualErrorRate,
    RocCurve,
    auc,
    equal_error_rate,
    roc_curve,
    roc_from_points,
)
from harness.metrics.scores import (
    ErrorRates,
    SortedScores,
    error_rates,
    highest_scores,
    sort_labelled_scores,
    sort_scores,
)
from harness.metrics.search import SearchResult, search_gallery, search_scores
from harness.metrics.templates import (
    TemplateLayout,
    media_means,
    pool_templates,
    template_layout,
)
from harness.metrics.uncertainty.bootstrap import (
    SubjectPairs,
    bootstrap_accuracy,
    bootstrap_tar,
    draw_subject_weights,
    encode_subjects,
)
from harness.metrics.uncertainty.digits import resolution
from harness.metrics.uncertainty.equivalence import Equivalence, tost, tost_accuracy, tost_bootstrap
from harness.metrics.uncertainty.intervals import (
    ConfidenceInterval,
    clopper_pearson,
    percentile_interval,
    wilson,
)
from harness.metrics.uncertainty.paired import (
    PairedDifference,
    PairedTest,
    holm,
    mcnemar,
    paired_difference,
    permutation_test,
)
from harness.metrics.uncertainty.variance import VarianceComponents, variance_components
from harness.metrics.validation_rate import FoldVal, val_at_far
from harness.metrics.verification import (
    BestThreshold,
    FoldAccuracy,
    FoldRule,
    best_threshold_accuracy,
    contiguous_folds,
    kfold_accuracy,
)

__all__ = [
    "AccuracySpread",
    "BestThreshold",
    "ConfidenceInterval",
    "EqualErrorRate",
    "Equivalence",
    "ErrorRates",
    "FUSION_BETAS",
    "FarRule",
    "FoldAccuracy",
    "FoldRule",
    "FoldVal",
    "GalleryAverage",
    "GroupFairness",
    "NotMeasurable",
    "OpenSetRate",
    "OperatingPoint",
    "POOLING_VARIANTS",
    "PairedDifference",
    "PairedTest",
    "PoolingVariant",
    "RankRate",
    "RocCurve",
    "SearchResult",
    "SortedScores",
    "SubjectPairs",
    "TemplateLayout",
    "VarianceComponents",
    "ZeroFeatureError",
    "accuracy_spread",
    "auc",
    "average_galleries",
    "best_threshold_accuracy",
    "bootstrap_accuracy",
    "bootstrap_tar",
    "clopper_pearson",
    "cmc_curve",
    "contiguous_folds",
    "draw_subject_weights",
    "encode_subjects",
    "equal_error_rate",
    "error_rates",
    "fairness_at_fmr",
    "fairness_at_threshold",
    "fnmr_at_fmr",
    "highest_scores",
    "holm",
    "kfold_accuracy",
    "mcnemar",
    "media_means",
    "pair_scores",
    "paired_difference",
    "percentile_interval",
    "permutation_test",
    "pool_templates",
    "rank_rates",
    "resolution",
    "roc_curve",
    "roc_from_points",
    "search_gallery",
    "search_scores",
    "softmax_fused_scores",
    "sort_labelled_scores",
    "sort_scores",
    "squared_distances",
    "tar_at_far",
    "template_layout",
    "tost",
    "tost_accuracy",
    "tost_bootstrap",
    "tpir_at_fpir",
    "val_at_far",
    "variance_components",
    "wilson",
]
