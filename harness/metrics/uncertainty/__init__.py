"""Intervals, bootstrap and significance tests: pure functions on NumPy arrays."""

from __future__ import annotations

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

__all__ = [
    "ConfidenceInterval",
    "Equivalence",
    "PairedDifference",
    "PairedTest",
    "SubjectPairs",
    "VarianceComponents",
    "bootstrap_accuracy",
    "bootstrap_tar",
    "clopper_pearson",
    "draw_subject_weights",
    "encode_subjects",
    "holm",
    "mcnemar",
    "paired_difference",
    "percentile_interval",
    "permutation_test",
    "resolution",
    "tost",
    "tost_accuracy",
    "tost_bootstrap",
    "variance_components",
    "wilson",
]
