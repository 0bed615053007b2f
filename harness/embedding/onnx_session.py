"""The one place that opens ONNX sessions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.embedding.onnx_limits import SECONDS_PER_IMAGE, limits
from harness.errors import DataError, LimitError, PrerequisiteError
from harness.fileio.file_kinds import FileKind, expect, kind_of
from harness.process.cpus import cpu_count

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


def open_session(path: Path, device: str = "cpu", threads: int | None = None) -> InferenceSession:
    """Open an ONNX file on ``device`` (``cpu``, ``cuda`` or ``cuda:N``).

    ONNX Runtime falls back to the CPU without a word; here the provider that was asked for is the
    one in use, else PrerequisiteError. ``threads`` limits intra-op threads (default: as many as
    this process may use). Raises DataError when the file is missing or no ONNX network.
    """
    import onnxruntime

    kind, _, number = device.partition(":")
    provider = PROVIDERS.get(kind)
    if provider is None:
        raise PrerequisiteError(f"ONNX networks run on cpu or cuda, not on {device!r}")
    if not path.is_file():
        raise DataError(f"ONNX file {path} does not exist; give the path of a .onnx file")
    onnxruntime.set_default_logger_severity(4)  # what matters of it is said below, in one sentence
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads or cpu_count()
    settings: dict[str, Any] = {"device_id": int(number or 0)} if kind == "cuda" else {}
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=[(provider, settings)])
    except Exception as error:
        kind = kind_of(path)
        if kind not in (FileKind.ONNX, FileKind.UNKNOWN):
            expect(path, "an ONNX network", FileKind.ONNX)
        raise DataError(f"{path} cannot be opened as an ONNX network{_reason(error)}") from error
    used = session.get_providers()[0]
    if used != provider:
        raise PrerequisiteError(
            f"{device} was asked for but ONNX Runtime can only use {used} here; install a "
            "CUDA build of onnxruntime with its libraries, or choose device cpu"
        )
    _check_ends(session, path)
    return session


def _check_ends(session: InferenceSession, path: Path) -> None:
    """Raises DataError for a network without input or output, or with texts that are not UTF-8.

    ONNX Runtime opens both, and fails or gives nothing when they are looked at.
    """
    try:
        ends = {"input": session.get_inputs(), "output": session.get_outputs()}
        for name, values in ends.items():
            if not values:
                raise DataError(f"{path} has no {name}; give a network of images to embeddings")
            _ = [(value.name, value.shape) for value in values]
        _ = session.get_modelmeta().custom_metadata_map
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} has a name, an axis or metadata that is not UTF-8 ({error.reason}); the file "
            "is damaged, or export it again"
        ) from None


def run_session(
    session: InferenceSession,
    path: Path,
    outputs: Sequence[str] | None,
    inputs: Mapping[str, Any],
    limit_s: float = SECONDS_PER_IMAGE,
) -> list[Any]:
    """The named outputs of a network (all of them for None), as NumPy arrays.

    Raises DataError that names ``path``, the node that failed, its reason, and the batch;
    LimitError where it takes more than ``limit_s`` seconds per image, or nearly all free memory.
    """
    (shape,) = {tuple(values.shape) for values in inputs.values()}
    try:
        with limits(path, shape[0] if shape else 1, limit_s) as options:
            found: list[Any] = session.run(outputs, dict(inputs), options)
    except LimitError:
        raise
    except Exception as error:
        advice = ""
        if shape and shape[0] > 1:
            advice = "; it may only work on one image at a time, try --batch-size 1"
        raise DataError(
            f"{path} fails on an input of shape {shape}{_reason(error)}{advice}"
        ) from error
    return found


def _reason(error: Exception) -> str:
    """What ONNX Runtime says of a failure, with the node where it says that, on one line."""
    text = " ".join(str(error).split())
    found = re.search(r"running (\w+) node\. Name:'([^']*)' Status Message: (.*)", text)
    if found:
        name = f" {found[2]!r}" if found[2] else ""
        # Before the last of these stand the source file, line and function of the library.
        why = found[3].rpartition(" was false. ")[2] or found[3]
        return f" in node{name} ({found[1]}): {why.strip()[:300]}"
    plain = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", text)
    return f": {plain[:300]}"
