"""What a plugin may import: the whole contract, and nothing else of ``harness`` is promised.

Names are grouped by what an author writes. This module has what every plugin needs; then

=====================  ============================================================
``.generators``        a generator of faces
``.sources``           a generator that reads an existing collection of faces
``.models``            a network, and its training
``.benchmarks``        a benchmark, and its protocol
``.measures``          a measure of face sets
``.ratings``           quality and attributes of face images
``.lists``             readers of lists and landmark files of benchmarks
``.aligners``          a detector of faces and landmarks
``.images``            decoding and warping pixels
``.files``             walking and reading files of any origin
``.reports``           sections of the report, further metrics
``.executors``         where work is done
``.trackers``          who watches a study
``.testing``           the conformance kit
=====================  ============================================================

Importing one loads nothing but the names that are used. The signatures are kept in
``tests/plugin/contract.txt``; a name is removed two minor versions after it was deprecated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.plugin._lazy import exports

if TYPE_CHECKING:
    from harness.components import API as API
    from harness.components import NO_MEASUREMENT as NO_MEASUREMENT
    from harness.components import Asset as Asset
    from harness.components import AssetFile as AssetFile
    from harness.components import Component as Component
    from harness.components import ComponentRequest as ComponentRequest
    from harness.components import Context as Context
    from harness.components import External as External
    from harness.components import ExternalPath as ExternalPath
    from harness.components import Images as Images
    from harness.components import InputSpec as InputSpec
    from harness.components import Params as Params
    from harness.components import Placement as Placement
    from harness.components import ShowProgress as ShowProgress
    from harness.components import ToolRequest as ToolRequest
    from harness.did_you_mean import did_you_mean as did_you_mean
    from harness.digests import digest as digest
    from harness.digests import file_sha256 as file_sha256
    from harness.errors import DataError as DataError
    from harness.errors import HarnessError as HarnessError
    from harness.errors import PrerequisiteError as PrerequisiteError
    from harness.errors import UsageError as UsageError
    from harness.extensions import Extension as Extension
    from harness.hookspecs import hookimpl as hookimpl
    from harness.seeds import derive as derive
    from harness.seeds import stream as stream

__getattr__, __dir__, __all__ = exports(__name__)
