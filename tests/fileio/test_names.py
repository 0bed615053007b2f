from __future__ import annotations

import pytest

from harness.errors import DataError, UsageError
from harness.fileio.names import LONGEST, file_name, file_path, inside, raw_files, require_no_links

BAD = ["", ".", "..", ".hidden", "a/b", "a\\b", "/etc", "C:x", "a\0b", "a\nb", "a\x1b[31m", "a\x9b",
       "a\ud800", "a\u2028b", "x" * (LONGEST + 1)]  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_what_could_leave_a_folder_is_no_name(text):
    with pytest.raises(ValueError):  # noqa: PT011 (several wordings)
        file_name(text)
    with pytest.raises(ValueError):  # noqa: PT011
        raw_files({text: "scores.arrow"})
    if "/" not in text or text.startswith("/"):
        with pytest.raises(ValueError):  # noqa: PT011
            file_path(f"curves/{text}")


@pytest.mark.parametrize("text", ["facenet-nn4", "a b", "é", "score:cosine", "a..b", "x@1", "名"])
def test_ordinary_names_are_names(text):
    assert file_name(text) == text
    assert file_path(f"env/{text}.json")


@pytest.mark.parametrize("text", ["../x", "a/../../x", "/etc/passwd", "a//b", "a/", "./a"])
def test_paths_do_not_climb(text):
    with pytest.raises(ValueError):  # noqa: PT011
        file_path(text)


def test_links_out_of_a_folder_are_not_followed(tmp_path):
    study, other = tmp_path / "study", tmp_path / "other"
    (study / "cells" / "a").mkdir(parents=True)
    other.mkdir()
    (other / "secret.npy").write_bytes(b"x")
    (study / "cells" / "a" / "in.npy").symlink_to(other / "secret.npy")
    (study / "cells" / "a" / "loop").symlink_to("loop")
    for name in ("in.npy", "../../../other/secret.npy", str(other / "secret.npy"), "a\0b", "loop"):
        with pytest.raises(DataError, match="leads out of"):
            inside(study / "cells" / "a", name)
    assert inside(study, "cells/a").name == "a"
    with pytest.raises(UsageError, match=r"in\.npy is a symbolic link"):
        require_no_links(study, "*", "cells/*", "cells/*/*")
    (study / "cells" / "a" / "in.npy").unlink()
    (study / "cells" / "a" / "loop").unlink()
    (study / "own").symlink_to("cells")
    require_no_links(study, "*", "cells/*", "cells/*/*")
    (study / "report").symlink_to(other)
    with pytest.raises(UsageError, match="report is a symbolic link"):
        require_no_links(study, "*")
