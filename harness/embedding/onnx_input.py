"""What an ONNX file says about the images its network wants: an ``InputSpec`` as metadata."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from harness.components import InputSpec
from harness.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from onnxruntime import InferenceSession

KEY = "harness.input"
"""Name of the entry in the file's metadata; its value is JSON."""


def as_metadata(spec: InputSpec) -> dict[str, str]:
    """The entries that ``harness export-onnx`` stores in a file."""
    return {KEY: json.dumps(asdict(spec), sort_keys=True)}


def declared(session: InferenceSession, path: Path) -> InputSpec | None:
    """What the file of an open session declares, or None; raises DataError if it is malformed."""
    held: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
    if KEY not in held:
        return None
    try:
        return TypeAdapter(InputSpec).validate_json(held[KEY])
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the entry"
        raise DataError(
            f"{path} declares its input in metadata {KEY}, but {where}: {first['msg']}; export the "
            "network again"
        ) from None
