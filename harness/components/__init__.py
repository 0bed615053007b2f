"""The contract between the core and its plugins: declarations and base classes.

A plugin declares cheaply (a :class:`Component`) and imports late (``target``). Nothing here imports
a heavy library.
"""

from harness.components.bases import (
    Aligner,
    Benchmark,
    Generator,
    Model,
    TrainableModel,
)
from harness.components.declaration import (
    API,
    KINDS,
    OLDEST_API,
    Asset,
    AssetFile,
    Component,
    Kind,
    Product,
    plural,
)
from harness.components.measuring import (
    FacePair,
    Measure,
    MeasuredSet,
    MeasuredValue,
    Measurement,
    MetricInfo,
)
from harness.components.params import (
    BenchmarkParams,
    ComponentRequest,
    External,
    ExternalPath,
    Params,
    ToolRequest,
)
from harness.components.pixels import PixelMean, PixelStd
from harness.components.rating import (
    AttributeInfo,
    FaceAttributes,
    FaceBatch,
    FaceQuality,
    FaceRater,
)
from harness.components.sections import (
    Picture,
    ReportSection,
    ReportTable,
)
from harness.components.work import (
    NO_MEASUREMENT,
    Context,
    Images,
    InputSpec,
    Placement,
    ShowProgress,
)

__all__ = [
    "API",
    "Aligner",
    "Asset",
    "AssetFile",
    "AttributeInfo",
    "Benchmark",
    "BenchmarkParams",
    "Component",
    "ComponentRequest",
    "Context",
    "External",
    "ExternalPath",
    "FaceAttributes",
    "FaceBatch",
    "FacePair",
    "FaceQuality",
    "FaceRater",
    "Generator",
    "Images",
    "InputSpec",
    "KINDS",
    "Kind",
    "Measure",
    "MeasuredValue",
    "MeasuredSet",
    "Measurement",
    "MetricInfo",
    "Model",
    "NO_MEASUREMENT",
    "OLDEST_API",
    "Params",
    "Picture",
    "PixelMean",
    "PixelStd",
    "Placement",
    "Product",
    "ReportSection",
    "ReportTable",
    "ShowProgress",
    "ToolRequest",
    "TrainableModel",
    "plural",
]
