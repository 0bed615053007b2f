"""For authors of generators: the base class, and what it gives and is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.plugin._lazy import exports

if TYPE_CHECKING:
    from harness.components import Generator as Generator
    from harness.components import Picture as Picture
    from harness.components import Product as Product
    from harness.faces.contact_sheet import contact_sheet as contact_sheet
    from harness.faces.face import Face as Face
    from harness.faces.face import MetaValue as MetaValue
    from harness.faces.face import Missing as Missing
    from harness.faces.face import Slot as Slot
    from harness.faces.store import FaceSet as FaceSet

__getattr__, __dir__, __all__ = exports(__name__)
