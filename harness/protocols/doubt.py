"""What the scores and numbers of any comparison show to be wrong with what came before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.errors import DataError
from harness.metrics.doubt import all_equal, is_inverted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.protocols.base import Metric

Columns = Mapping[str, "NDArray[Any]"]


def require_unequal(columns: Columns) -> None:
    """Raise DataError where all scores of a comparison are the same; ``columns`` as in ``Scores``.

    Columns that begin with ``score`` or ``distance`` are scores.
    """
    names = [name for name in columns if name.startswith(("score", "distance"))]
    if names and all(all_equal(columns[name]) for name in names):
        raise DataError(
            f"all {len(columns[names[0]]):,} scores are equal and say nothing: check the value "
            "range and the output of the network, or the column that holds the scores"
        )


def direction(metrics: Sequence[Metric], columns: Columns, advice: str = "") -> list[str]:
    """A warning where genuine comparisons are less similar than impostors; empty if they are not.

    ``columns`` tell how many there are of each; without a column ``genuine`` nothing is known.
    """
    area = next((m.value for m in metrics if m.name == "auc" and not m.at), None)
    if area is None or "genuine" not in columns:
        return []
    genuine = int(columns["genuine"].sum())
    impostor = len(columns["genuine"]) - genuine
    if not genuine or not impostor or not is_inverted(area, genuine, impostor):
        return []
    cause = advice or "check that the labels are not the wrong way round (1 is the same person)"
    return [f"genuine pairs are less similar than impostors (AUC {100 * area:.1f} %): {cause}"]
