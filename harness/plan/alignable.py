"""Whether the faces of a training set can be aligned, asked before anything is made."""

from __future__ import annotations

from pathlib import Path

from harness.errors import UsageError
from harness.faces.source import SourceParams
from harness.plan.nodes import ResolvedComponent, TrainingSource

LIKELY = ("landmark", "5pts", "5loc", "lmk")
"""Parts of names of files with landmarks."""


def require_alignable(
    source: TrainingSource, aligner: ResolvedComponent | None, policy: str
) -> None:
    """Raise ``UsageError`` where it is known that nothing says where the faces are."""
    params = source.chosen.params
    if policy != "auto" or aligner is not None or source.node is None:
        return  # a set in the store was made before, and knows
    if not isinstance(params, SourceParams) or params.tells_faces() is not False:
        return
    root = getattr(params, "root", None)
    near = _likely(Path(root)) if root is not None else []
    file = f"landmarks={near[0]} (which is there)" if near else "landmarks=FILE"
    name = source.chosen.name
    raise UsageError(
        f"the images of {source.name} come without landmarks and template; add -G {name}.{file}, "
        f"-G {name}.template=arcface if they are aligned already, or --aligner NAME (harness list "
        "aligners)"
    )


def _likely(root: Path) -> list[str]:
    """Files directly in a folder whose names say that they hold landmarks."""
    if not root.is_dir():
        return []
    return sorted(
        path.name
        for path in root.iterdir()
        if any(part in path.name.lower() for part in LIKELY) and path.suffix in (".txt", ".csv")
    )
