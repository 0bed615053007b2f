"""Readers of the lists, tables and landmark files that benchmarks are published with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.plugin._lazy import exports

if TYPE_CHECKING:
    from harness.protocols.readers.columns import ListColumn as ListColumn
    from harness.protocols.readers.columns import read_text_columns as read_text_columns
    from harness.protocols.readers.image_lists import require_images as require_images
    from harness.protocols.readers.image_lists import require_lists as require_lists
    from harness.protocols.readers.landmark_files import gather as gather
    from harness.protocols.readers.landmark_files import pick as pick
    from harness.protocols.readers.landmark_files import read_five_lines as read_five_lines
    from harness.protocols.readers.landmark_files import read_pts as read_pts
    from harness.protocols.readers.landmark_files import read_rfw_points as read_rfw_points
    from harness.protocols.readers.landmark_files import read_scored_points as read_scored_points
    from harness.protocols.readers.landmarks import landmark_scale as landmark_scale
    from harness.protocols.readers.landmarks import read_five_points as read_five_points
    from harness.protocols.readers.lists import Pair as Pair
    from harness.protocols.readers.lists import first_of_each as first_of_each
    from harness.protocols.readers.lists import read_headless_pairs as read_headless_pairs
    from harness.protocols.readers.lists import read_lfw_pairs as read_lfw_pairs
    from harness.protocols.readers.matfile import Cells as Cells
    from harness.protocols.readers.matfile import Records as Records
    from harness.protocols.readers.matfile import read_variable as read_variable
    from harness.protocols.readers.pair_lists import is_inside as is_inside
    from harness.protocols.readers.pair_lists import read_label_lines as read_label_lines
    from harness.protocols.readers.pair_lists import read_pairs_csv as read_pairs_csv
    from harness.protocols.readers.pair_lists import require_balance as require_balance

__getattr__, __dir__, __all__ = exports(__name__)
