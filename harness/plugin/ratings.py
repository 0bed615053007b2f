"""For authors of face image quality and of attributes: base classes, and formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.plugin._lazy import exports

if TYPE_CHECKING:
    from harness.components import AttributeInfo as AttributeInfo
    from harness.components import FaceAttributes as FaceAttributes
    from harness.components import FaceBatch as FaceBatch
    from harness.components import FaceQuality as FaceQuality
    from harness.measures.pose import pose_from_landmarks as pose_from_landmarks
    from harness.protocols.readers.ratings import RatingList as RatingList
    from harness.protocols.readers.ratings import rating_columns as rating_columns
    from harness.protocols.readers.ratings import read_ratings as read_ratings

__getattr__, __dir__, __all__ = exports(__name__)
