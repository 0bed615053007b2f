"""Metrics of face recognition: pure functions on NumPy arrays. Intervals: ``uncertainty/``."""

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
    "EqualErrorRate",
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
    "PoolingVariant",
    "RankRate",
    "RocCurve",
    "SearchResult",
    "SortedScores",
    "TemplateLayout",
    "ZeroFeatureError",
    "accuracy_spread",
    "auc",
    "average_galleries",
    "best_threshold_accuracy",
    "cmc_curve",
    "contiguous_folds",
    "equal_error_rate",
    "error_rates",
    "fairness_at_fmr",
    "fairness_at_threshold",
    "fnmr_at_fmr",
    "highest_scores",
    "kfold_accuracy",
    "media_means",
    "pair_scores",
    "pool_templates",
    "rank_rates",
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
    "tpir_at_fpir",
    "val_at_far",
]
