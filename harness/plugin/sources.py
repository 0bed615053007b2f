"""For generators that read an existing collection of faces: the base class and its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.plugin._lazy import exports

if TYPE_CHECKING:
    from harness.faces.export import LANDMARKS as LANDMARKS
    from harness.faces.export import OWN_FILES as OWN_FILES
    from harness.faces.files import BY_CONTENT as BY_CONTENT
    from harness.faces.files import SUFFIXES as SUFFIXES
    from harness.faces.files import reason_against as reason_against
    from harness.faces.files import sort_out as sort_out
    from harness.faces.left_out import HIDDEN as HIDDEN
    from harness.faces.left_out import OTHER as OTHER
    from harness.faces.left_out import LeftOut as LeftOut
    from harness.faces.named import named_set as named_set
    from harness.faces.recordio import EXACT_FLOAT as EXACT_FLOAT
    from harness.faces.recordio import RecordFile as RecordFile
    from harness.faces.recordio import read_index as read_index
    from harness.faces.source import SourceGenerator as SourceGenerator
    from harness.faces.source import SourceImage as SourceImage
    from harness.faces.source import SourceParams as SourceParams
    from harness.faces.source import natural as natural

__getattr__, __dir__, __all__ = exports(__name__)
