"""Lists of image files as sets of identities: FaceX-Zoo, TFace, SOTA-FR."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness.errors import DataError, UsageError
from harness_plugins.generators.folder.packed import PackedSource
from harness_plugins.generators.folder.params import ImageListParams
from harness_plugins.generators.folder.path_lists import ImageList, ListedImages

FILES = ("a/0.jpg", "a/1 b.jpg", "b/0.jpg", "x/b/1.png")


@pytest.fixture
def root(tmp_path):
    for name in (*FILES, "a/.hidden.jpg"):
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(name.encode())
    return tmp_path / "set"


def contents(root, text, prefix=""):
    listing = root.parent / "list.txt"
    listing.write_text(text)
    found = PackedSource(ListedImages(root, listing, prefix))
    return {
        name: [found.read(i, k).data.decode() for k in range(found.counts[i])]
        for i, name in enumerate(found.names)
    }


@pytest.mark.parametrize("mark", [" ", "\t", "  "])
def test_path_and_label(root, mark):
    text = "".join(
        f"{name}{mark}{label}\n" for name, label in zip(FILES, (10, 9, 10, 9), strict=True)
    )
    assert contents(root, text) == {"9": [FILES[1], FILES[3]], "10": [FILES[0], FILES[2]]}


def test_labels_can_be_names(root):
    assert contents(root, "a/0.jpg\tAnn Lee\r\n\r\nb/0.jpg\tZoë\r\n") == {
        "Ann Lee": ["a/0.jpg"],
        "Zoë": ["b/0.jpg"],
    }


def test_paths_alone_take_the_folder_for_the_identity(root):
    listing = root.parent / "list.txt"
    assert contents(root, "\n".join(FILES)) == {
        "a": ["a/0.jpg", "a/1 b.jpg"],
        "b": ["b/0.jpg", "x/b/1.png"],
    }
    (note,) = ListedImages(root, listing).notes
    assert note.startswith(
        "1 identities of list.txt have images in several folders of one name (b)"
    )


def test_a_prefix_stands_for_the_root(root):
    text = "/data/set/a/0.jpg 0\n/data/set/b/0.jpg 1\n"
    assert contents(root, text, "/data/set") == {"0": ["a/0.jpg"], "1": ["b/0.jpg"]}
    with pytest.raises(DataError, match=r"list\.txt, line 1: .* does not begin with '/other'"):
        contents(root, text, "/other")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a/0.jpg 0\na/0.jpg 1\n", "line 2: a/0.jpg is listed twice"),
        ("a/0.jpg 0\n./a/0.jpg 1\n", "line 2: a/0.jpg is listed twice"),
        ("a/0.jpg 0\n\nb/0.jpg\n", "line 3: expected path and label"),
        ("a/0.jpg\nb/0.jpg 1\n", "line 2: .* the lines before it have no label"),
        ("a/7.jpg 0\n", "line 1: a/7.jpg is not in"),
        ("/etc/passwd 0\n", "is not below root; set prefix"),
        ("../list.txt 0\n", "is not below root"),
        ("a/.hidden.jpg 0\n", "is hidden"),
        ("a 0\n", "line 1: a is not in"),
        ("a\t0\t5\t1\n", "line 1: expected path and label"),
        (f"a/0.jpg\t{'x' * 1001}\n", "is not a name of an identity"),
        ("a/0.jpg \x00\n", "zero byte"),
    ],
)
def test_lists_that_cannot_be_right_name_file_and_line(root, text, message):
    with pytest.raises(DataError, match=message) as caught:
        contents(root, text)
    assert "list.txt" in str(caught.value)


def test_the_generator_needs_both(root):
    (root.parent / "list.txt").write_text("a/0.jpg 0\n")
    for params, message in (
        ({"root": root}, "-G list=FILE"),
        ({"root": root / "a/0.jpg", "list": root.parent / "list.txt"}, "is not a folder"),
    ):
        made = ImageList(ImageListParams(**params))
        with pytest.raises(UsageError, match=message):
            made.open()
    made = ImageList(ImageListParams(root=root, list=root.parent / "list.txt"))
    made.ctx = SimpleNamespace(note=None)
    assert made.open().names == ["0"]
    assert ImageListParams.of_export(root, "arcface") == {"template": "arcface"}
