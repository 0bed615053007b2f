"""For authors of benchmarks: the base classes, the protocols and their parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.plugin._lazy import exports

if TYPE_CHECKING:
    from harness.components import Benchmark as Benchmark
    from harness.components import BenchmarkParams as BenchmarkParams
    from harness.faces.concatenated import ConcatenatedImages as ConcatenatedImages
    from harness.faces.files import ImageFiles as ImageFiles
    from harness.faces.files import search_images as search_images
    from harness.faces.views import Subset as Subset
    from harness.protocols.base import Comparison as Comparison
    from harness.protocols.base import Curve as Curve
    from harness.protocols.base import Embeddings as Embeddings
    from harness.protocols.base import Evaluation as Evaluation
    from harness.protocols.base import Interval as Interval
    from harness.protocols.base import Scores as Scores
    from harness.protocols.identification import TemplateIdentification as TemplateIdentification
    from harness.protocols.pair_groups import PairGroups as PairGroups
    from harness.protocols.pairs import PairFolds as PairFolds
    from harness.protocols.params import FoldParams as FoldParams
    from harness.protocols.params import ImageTemplateParams as ImageTemplateParams
    from harness.protocols.params import PairParams as PairParams
    from harness.protocols.params import TemplateParams as TemplateParams
    from harness.protocols.template_lists import PairSplit as PairSplit
    from harness.protocols.template_lists import SearchSplit as SearchSplit
    from harness.protocols.template_sets import TemplateRules as TemplateRules
    from harness.protocols.template_sets import TemplateSet as TemplateSet
    from harness.protocols.template_sets import kept_images as kept_images
    from harness.protocols.template_sets import positions as positions
    from harness.protocols.templates import TemplateVerification as TemplateVerification
    from harness.protocols.verification import Listing as Listing
    from harness.protocols.verification import PairBenchmark as PairBenchmark
    from harness.protocols.verification import existing as existing
    from harness.protocols.verification import person_by_folder as person_by_folder
    from harness.protocols.verification import person_by_number as person_by_number

__getattr__, __dir__, __all__ = exports(__name__)
