"""Files of any origin: walked as fingerprints walk them, read without surprises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.plugin._lazy import exports

if TYPE_CHECKING:
    from harness.fileio.atomic import written_whole as written_whole
    from harness.fileio.decoding import json_value as json_value
    from harness.fileio.npz_files import read_npz as read_npz
    from harness.fileio.strings import Strings as Strings
    from harness.fileio.strings import pack as pack
    from harness.fileio.strings import read_strings as read_strings
    from harness.fileio.strings import write_strings as write_strings
    from harness.fileio.texts import lines as lines
    from harness.fileio.texts import read_json as read_json
    from harness.fileio.texts import read_lines as read_lines
    from harness.fileio.texts import read_text as read_text
    from harness.fileio.texts import whole_number as whole_number
    from harness.inputs import WalkedFolder as WalkedFolder
    from harness.inputs import content_sha256 as content_sha256
    from harness.inputs import identity as identity
    from harness.inputs import inner_path as inner_path
    from harness.inputs import is_hidden_path as is_hidden_path
    from harness.inputs import open_hdf5 as open_hdf5
    from harness.inputs import shown as shown
    from harness.inputs import walk as walk
    from harness.inputs import walk_files as walk_files

__getattr__, __dir__, __all__ = exports(__name__)
