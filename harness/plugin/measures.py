"""For authors of measures of face sets: the base class, its answers, and standard measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.plugin._lazy import exports

if TYPE_CHECKING:
    from harness.components import FacePair as FacePair
    from harness.components import Measure as Measure
    from harness.components import MeasuredSet as MeasuredSet
    from harness.components import MeasuredValue as MeasuredValue
    from harness.components import Measurement as Measurement
    from harness.components import MetricInfo as MetricInfo
    from harness.measures.balance import balance as balance
    from harness.measures.balance import bin_count as bin_count
    from harness.measures.balance import bins as bins
    from harness.measures.balance import spread as spread
    from harness.measures.balance import spread_within as spread_within
    from harness.measures.consistency import assign as assign
    from harness.measures.consistency import consistency as consistency
    from harness.measures.diversity import diversity as diversity
    from harness.measures.duplicates import duplicates as duplicates
    from harness.measures.duplicates import near_pairs as near_pairs
    from harness.measures.duplicates import perceptual_hash as perceptual_hash
    from harness.measures.embedded import SortedEmbeddings as SortedEmbeddings
    from harness.measures.embedded import embedded as embedded
    from harness.measures.leakage import LeakSearch as LeakSearch
    from harness.measures.leakage import find as find
    from harness.measures.leakage import leakage as leakage
    from harness.measures.realism import frechet as frechet
    from harness.measures.realism import gaussian_mmd as gaussian_mmd
    from harness.measures.realism import kernel_distance as kernel_distance
    from harness.measures.realism import neighbourhoods as neighbourhoods
    from harness.measures.resampling import shares as shares
    from harness.measures.separability import separability as separability
    from harness.measures.statistics import NAMES as NAMES
    from harness.measures.statistics import image_statistics as image_statistics
    from harness.measures.uniqueness import capacity as capacity
    from harness.measures.uniqueness import unique as unique
    from harness.measures.values import missing as missing
    from harness.metrics.nearest import impostor_threshold as impostor_threshold
    from harness.metrics.outcome import NotMeasurable as NotMeasurable
    from harness.metrics.uncertainty.bootstrap import draw_subject_weights as draw_subject_weights

__getattr__, __dir__, __all__ = exports(__name__)
