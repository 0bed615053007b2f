"""Folders and zip files as one set of identities."""

from __future__ import annotations

import os
import struct
import zipfile

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from harness.errors import DataError, HarnessError, UsageError
from harness_plugins.generators.folder.generator import Folder, FolderSource
from harness_plugins.generators.folder.params import DigiFaceParams, FolderParams, WebFaceParams
from harness_plugins.generators.folder.zips import ZipImages


def png(value):
    return cv2.imencode(".png", np.full((4, 4, 3), value, np.uint8))[1].tobytes()


def tree(root, names):
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(number))
    return root


def pack(path, names, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for number, name in enumerate(names):
            archive.writestr(name, png(number))
    return path


def contents(source):
    return {
        source.read(i, k).name: source.read(i, k).data
        for i, count in enumerate(source.counts)
        for k in range(count)
    }


def test_identities_are_folders_in_natural_order(tmp_path):
    tree(tmp_path, ["10/1.png", "9/10.PNG", "9/9.png", "part/x/2.png", ".hidden/a/1.png"])
    (tmp_path / "9" / "notes.txt").write_text("no image")
    (tmp_path / "list.txt").write_text("no image")
    source = FolderSource(tmp_path)
    assert source.names == ["9", "10", "part/x"]
    assert source.counts.tolist() == [2, 1, 1]
    assert list(contents(source)) == ["9/9.png", "9/10.PNG", "10/1.png", "part/x/2.png"]
    assert source.read(0, 0).data == (tmp_path / "9/9.png").read_bytes()


def test_identity_depth_says_which_folder_is_the_identity(tmp_path):
    names = ["1/frontal/01.png", "1/profile/01.png", "2/frontal/01.png"]
    for root in (tree(tmp_path / "t", names), pack(tmp_path / "z.zip", names)):
        assert FolderSource(root).names == ["1/frontal", "1/profile", "2/frontal"]
        source = FolderSource(root, depth=1)
        assert source.names == ["1", "2"]
        assert list(contents(source)) == names
        with pytest.raises(DataError, match="too few"):
            FolderSource(root, depth=3)


def test_zip_files_are_one_set_and_hold_the_same_bytes(tmp_path):
    names = ["0/0.png", "0/1.png", "11/0.png", "2/0.png"]
    tree(tmp_path / "plain", names)
    (tmp_path / "zips").mkdir()
    pack(tmp_path / "zips" / "a.zip", names[:2])
    pack(tmp_path / "zips" / "b.zip", ["skip/", "__MACOSX/0/._0.png", "readme.txt"])
    with zipfile.ZipFile(tmp_path / "zips" / "b.zip", "a", zipfile.ZIP_STORED) as archive:
        for name in names[2:]:
            archive.write(tmp_path / "plain" / name, name)
    plain, packed = FolderSource(tmp_path / "plain"), FolderSource(tmp_path / "zips")
    assert packed.names == plain.names == ["0", "2", "11"]
    assert packed.counts.tolist() == plain.counts.tolist()
    assert list(contents(packed)) == list(contents(plain))
    for name in names[2:]:
        assert contents(packed)[name] == (tmp_path / "plain" / name).read_bytes()


def test_an_identity_in_two_places_is_refused(tmp_path):
    tree(tmp_path, ["0/0.png", "1/0.png"])
    pack(tmp_path / "a.zip", ["1/0.png", "2/0.png"])
    with pytest.raises(DataError, match=r"identity 1 is in .*a set must hold it once"):
        FolderSource(tmp_path)


def test_only_some_folders(tmp_path):
    tree(tmp_path, ["0/a/1.png", "1/b/1.png", "2/c/1.png"])
    assert FolderSource(tmp_path, ("0", "2")).names == ["0/a", "2/c"]
    assert WebFaceParams.presets["12m"]["folders"] == ("0", "1", "2")
    with pytest.raises(UsageError, match="7, which is not in"):
        FolderSource(tmp_path, ("7",))


def test_landmarks_go_with_their_images(tmp_path):
    tree(tmp_path, ["0/0.png", "0/1.png"])
    points = {"0/0.png": np.arange(10, dtype=np.float32).reshape(5, 2)}
    source = FolderSource(tmp_path, (), points)
    assert source.read(0, 0).landmarks.tolist() == points["0/0.png"].tolist()
    with pytest.raises(DataError, match=r"0/1\.png: the landmark file has no line"):
        source.read(0, 1)
    with pytest.raises(ValidationError, match="exclude each other"):
        FolderParams(template="arcface", landmarks="points.txt")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../0/0.png", "leads out"),
        ("/0/0.png", "leads out"),
        ("0/../../0.png", "leads out"),
        ("0\\..\\0.png", "leads out"),
        ("C:/0/0.png", "leads out"),
        ("0.png", "too few"),
    ],
)
def test_members_with_a_bad_path_are_refused(tmp_path, name, message):
    with pytest.raises(DataError, match=message) as error:
        ZipImages(pack(tmp_path / "a.zip", [name]))
    assert "a.zip" in str(error.value)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_other_zip_files_that_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match="there twice"):
        ZipImages(pack(tmp_path / "twice.zip", ["0/0.png", "0/0.png"]))
    with pytest.raises(DataError, match="packed by method 14"):
        ZipImages(pack(tmp_path / "lzma.zip", ["0/0.png"], zipfile.ZIP_LZMA))
    path = pack(tmp_path / "secret.zip", ["0/0.png"])
    data = bytearray(path.read_bytes())
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match="encrypted"):
        ZipImages(path)
    (tmp_path / "text.zip").write_text("text")
    with pytest.raises(DataError, match="not a readable zip file"):
        ZipImages(tmp_path / "text.zip")


def test_a_bomb_is_not_inflated(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0/0.png", bytes(1_000_000))
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.rfind(b"PK\x01\x02") + 24, 100)  # claims 100 bytes
    path.write_bytes(data)
    with pytest.raises(DataError, match="damaged at offset"):
        ZipImages(path).read("0", "0.png")


def test_a_folder_without_faces(tmp_path):
    with pytest.raises(DataError, match="holds no image"):
        FolderSource(tmp_path)
    tree(tmp_path, ["0/0.png", "loose.png"])
    with pytest.raises(DataError, match=r"loose\.png is below 0 folders"):
        FolderSource(tmp_path)
    with pytest.raises(UsageError, match="-G root=DIR"):
        Folder(FolderParams()).open()


def test_a_folder_that_changes_is_noticed(tmp_path):
    source = FolderSource(tree(tmp_path, ["0/0.png", "0/1.png"]))
    (tmp_path / "0/1.png").unlink()
    with pytest.raises(DataError, match="changed while"):
        source.read(0, 0)


def test_digiface_has_accessory_groups_and_no_template():
    params = DigiFaceParams(most_per_group=2)
    assert params.group_images == 18
    assert params.template is None


def damage(folder, cases, seed):
    """Reads damaged zip files; how many cases were refused."""
    names = [f"{i}/{k}.png" for i in range(3) for k in range(3)]
    whole = pack(folder / "whole.zip", names).read_bytes()
    expected = {png(number) for number in range(len(names))}
    path = folder / "damaged.zip"
    rng = np.random.default_rng(seed)
    refused = 0
    for case in range(cases):
        data = bytearray(whole[: rng.integers(1, len(whole))] if case % 4 == 0 else whole)
        for _ in range(rng.integers(1, 5)):
            # The central directory and the local headers are where structure is.
            at = rng.integers(len(data)) if case % 2 else rng.integers(len(data) // 2, len(data))
            data[at] ^= 1 << rng.integers(8)
        path.write_bytes(data)
        bad = 0
        try:
            source = FolderSource(path)
            for identity, count in enumerate(source.counts):
                for number in range(count):
                    try:
                        assert source.read(identity, number).data in expected
                    except HarnessError:
                        bad = 1
        except HarnessError as error:
            bad = 1
            assert "damaged.zip" in str(error)
        refused += bad
    return refused


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_random_damage_gives_only_data_errors(tmp_path):
    assert damage(tmp_path, 300, 0) > 100


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_random_damage_gives_only_data_errors_at_length(tmp_path):
    assert damage(tmp_path, 10_000, 1) > 2000


# -- what is read is what is there -------------------------------------------------------------


def test_people_images_and_zip_files_behind_links_are_read(tmp_path):
    tree(tmp_path / "elsewhere", ["ann/1.png", "ann/2.png", "single.png"])
    (tmp_path / "zips").mkdir()
    pack(tmp_path / "zips" / "more.zip", ["cyd/1.png"])
    root = tree(tmp_path / "data", ["bob/1.png"])
    (root / "ann").symlink_to(tmp_path / "elsewhere" / "ann")
    (root / "bob" / "2.png").symlink_to(tmp_path / "elsewhere" / "single.png")
    (root / "packed").symlink_to(tmp_path / "zips")
    source = FolderSource(root)
    assert dict(zip(source.names, source.counts.tolist(), strict=True)) == {
        "ann": 2, "bob": 2, "cyd": 1}  # fmt: skip
    assert contents(source)["ann/2.png"] == png(1)
    assert not len(source.left_out)


@pytest.mark.parametrize("depth", [None, 1])
def test_what_is_left_out_is_counted_by_reason(tmp_path, depth):
    jpeg = cv2.imencode(".jpg", np.zeros((4, 4, 3), np.uint8))[1].tobytes()
    root = tree(tmp_path / "data", ["a/1.png", "a/._1.png", "a/.ipynb_checkpoints/1.png"])
    for name in ("2.jfif", "3.jpe", "4", "5.tif"):
        (root / "a" / name).write_bytes(jpeg)
    for name, start in (
        ("6.tiff", b"II*\0"),
        ("7", b"MM\0*"),
        ("8.jfif", b"text"),
        ("9.heic", b"x"),
    ):
        (root / "a" / name).write_bytes(start + bytes(20))
    (root / "landmarks.txt").write_text("own")
    pack(root / "z.zip", ["b/1.png", "b/readme.md", "__MACOSX/b/1.png", "b/._1.png"])
    source = FolderSource(root, depth=depth, own={"landmarks.txt"})
    assert dict(zip(source.names, source.counts.tolist(), strict=True)) == {"a": 5, "b": 1}
    assert len(contents(source)) == 6
    hidden, tiff, other = sorted(source.left_out.counts().items(), key=lambda item: item[0][:1])
    assert hidden == ("hidden", 4)
    assert tiff[1] == 2
    assert "TIFF" in tiff[0]
    assert other[1] == 3
    (note,) = source.left_out.notes("data")
    assert "4 hidden (a/._1.png, a/.ipynb_checkpoints, z.zip/__MACOSX/b/1.png, ...)" in note
    assert "a/9.heic" in note


@pytest.mark.parametrize("suffix", ["", ".jfif", ".tif"])
def test_the_first_bytes_of_zip_members_decide_too(tmp_path, suffix):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"ann/1{suffix}", png(1))
        archive.writestr(f"ann/2{suffix}", "a text")
        archive.writestr(f"ann/3{suffix}", b"II*\0" + bytes(9))
    source = FolderSource(tmp_path / "a.zip")
    assert contents(source) == {f"ann/1{suffix}": png(1)}
    assert len(source.left_out) == 2


@pytest.mark.parametrize(
    ("member", "name"),
    [(r"ann\1.png", "ann/1.png"), (r"set\ann\1.png", "set/ann/1.png"),
     ("ann/12:30.png", "ann/12:30.png"), ("12:30/1.png", "12:30/1.png")],
)  # fmt: skip
def test_names_of_windows_and_with_colons_are_read(tmp_path, member, name):
    source = FolderSource(pack(tmp_path / "a.zip", [member]))
    assert contents(source) == {name: png(0)}


def test_one_image_under_both_kinds_of_slashes_is_there_twice(tmp_path):
    with pytest.raises(DataError, match="is there twice"):
        FolderSource(pack(tmp_path / "a.zip", ["ann/1.png", r"ann\1.png"]))


def test_names_that_are_not_utf8_are_shown(tmp_path):
    person = os.fsdecode(b"Jos\xe9")
    tree(tmp_path, [f"{person}/1.png", os.fsdecode(b"ann/\xff.png")])
    assert contents(FolderSource(tmp_path)) == {r"Jos\xe9/1.png": png(0), r"ann/\xff.png": png(1)}


@pytest.mark.parametrize("name", ["..", "../other", "/other", ".hidden", "a/.hidden"])
def test_folders_are_below_the_root_and_not_hidden(tmp_path, name):
    tree(tmp_path / "root", ["a/.hidden/1.png", ".hidden/1.png"])
    tree(tmp_path / "other", ["a/1.png"])
    with pytest.raises(UsageError, match="name folders below root that are not hidden"):
        FolderSource(tmp_path / "root", [name])
