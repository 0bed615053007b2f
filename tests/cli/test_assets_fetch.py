"""``harness assets`` for the weights of a generator: listed, linked, checked, fetched if asked."""

from __future__ import annotations

import json
import os
import sys
from types import SimpleNamespace

import pytest

from harness.cli.main import run
from harness_plugins.generators.digi2real import ASSETS

NEEDED = ("arc2face-arcface", "arc2face-encoder", "arc2face-unet", "stable-diffusion-v1-5")
LCM = "lcm-lora-sdv1-5"


@pytest.fixture
def ask(capfd):
    """Run ``harness assets`` in this process; gives what it printed."""

    def ask(*args, code=0):
        found = run(["assets", *args])
        printed = capfd.readouterr()
        assert found == code, printed.err
        return printed.out + printed.err

    return ask


BEGINNINGS = {".onnx": b"\x08\x07\x12", ".safetensors": (2).to_bytes(8, "little") + b"{}",
              ".json": b"{}", ".txt": b"a b",
              ".bin": b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"}  # fmt: skip
SIZES = {
    hub_path: file.megabytes
    for asset in ASSETS
    for file in asset.files
    for hub_path in (file.hub_path, *(f"encoder/{name}" for name in file.instead))
}


def pretend(path, hub_path):
    """A file that begins as its suffix says and is as large as announced; the rest is a hole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(BEGINNINGS[path.suffix])
    if SIZES[hub_path] >= 1 and path.suffix != ".json":
        os.truncate(path, int(SIZES[hub_path] * 1e6))
    return path


@pytest.fixture
def hub(monkeypatch):
    """A hub that writes a file of its own name wherever it is asked; what it was asked."""
    asked = []

    def hf_hub_download(*, repo_id, filename, local_dir):
        from pathlib import Path

        asked.append((repo_id, filename))
        return str(pretend(Path(local_dir) / filename, filename))

    monkeypatch.setitem(
        sys.modules, "huggingface_hub", SimpleNamespace(hf_hub_download=hf_hub_download)
    )
    return asked


@pytest.fixture
def layout(tmp_path):
    """The files of all assets side by side."""
    root = tmp_path / "weights"
    for name in (
        "arc2face/config.json", "arc2face/diffusion_pytorch_model.safetensors",
        "encoder/config.json", "encoder/model.safetensors", "arcface.onnx",
        "base/tokenizer/vocab.json", "base/tokenizer/merges.txt",
        "base/tokenizer/tokenizer_config.json", "base/scheduler/scheduler_config.json",
        "base/vae/config.json", "base/vae/diffusion_pytorch_model.safetensors",
    ):  # fmt: skip
        pretend(root / name, name.removeprefix("base/"))
    return root


def test_files_are_listed_with_size_licence_and_origin(ask):
    text = ask("list", "digi2real")
    for name in (*NEEDED, LCM):
        assert f"missing {name}" in text
    assert "3,438 MB  diffusion_pytorch_model.safetensors" in text
    assert "261 MB  arcface.onnx" in text
    assert "from FoivosPar/Arc2Face on the Hugging Face hub, folder encoder" in text
    assert "CreativeML OpenRAIL-M" in text
    rows = json.loads(ask("list", "digi2real", "--json"))
    assert {row["name"] for row in rows} == {*NEEDED, LCM}


def test_missing_assets_are_a_line_each_with_one_command_for_all(ask):
    text = ask("check", "digi2real", code=3)
    lines = text.splitlines()
    assert lines[0] == "harness: 4 assets are missing"
    assert lines[1].endswith(f": harness assets fetch {' '.join(sorted(NEEDED))} --yes")
    assert "4.5 GB" in lines[1]
    for name in NEEDED:
        assert sum(line.strip().startswith(f"{name} ") for line in lines) == 1
    assert lines[-1].endswith("harness assets link digi2real DIR")
    assert LCM not in text


def test_the_printed_command_fetches_all(ask, hub):
    command = ask("check", "digi2real", code=3).splitlines()[1].partition("harness assets ")[2]
    ask(*command.split())
    assert ask("check", "digi2real").count("complete, ") == 4


def test_what_is_linked_is_checked_also_where_others_are_missing(ask, layout):
    ask("link", "arc2face-encoder", str(layout / "encoder"))
    (layout / "encoder" / "config.json").unlink()
    text = ask("check", "digi2real", code=3)
    assert "arc2face-encoder: " in text
    assert "config.json is not in" in text
    assert "harness: 3 assets are missing" in text
    rows = json.loads(ask("check", "digi2real", "--json", code=3))
    assert {row["name"]: row["fault"] for row in rows} == {
        name: "" if name == "arc2face-encoder" else "not linked" for name in NEEDED
    }


@pytest.mark.parametrize("inside", [(), ("sub/",), (".hidden",), ("sub/.git/config.d/",)])
def test_a_folder_without_files_is_no_asset(ask, tmp_path, inside):
    folder = tmp_path / "ijbc"
    folder.mkdir()
    for name in inside:
        place = folder / name
        place.mkdir(parents=True) if name.endswith("/") else place.touch()
    assert "is a folder without files" in ask("link", "ijbc", str(folder), code=2)
    (folder / "list.txt").write_text("1")
    ask("link", "ijbc", str(folder))
    (folder / "list.txt").unlink()  # emptied later
    assert "missing ijbc" in ask("list", "ijbc")
    assert "ijbc is a folder without files" in ask("check", "ijbc", code=3)
    assert "ijbc is a folder without files; link it again" in ask("check", code=3)


def test_an_empty_file_is_no_asset(ask, tmp_path):
    (tmp_path / "arcface.onnx").touch()
    text = ask("link", "arc2face-arcface", str(tmp_path / "arcface.onnx"), code=2)
    assert "is an empty file" in text


def test_one_folder_links_all_that_lie_in_it(ask, layout):
    text = ask("link", "digi2real", str(layout))
    for name in NEEDED:
        assert f"{name} -> {layout}" in text
    assert f"{LCM} is not at {layout}/pytorch_lora_weights.safetensors" in text
    assert ask("check", "digi2real").count("complete, ") == 4
    empty = layout / "nothing"
    empty.mkdir()
    assert "holds none of arc2face, encoder" in ask("link", "digi2real", str(empty), code=2)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("encoder/model.safetensors", None, "pytorch_model.bin or model.safetensors is not in"),
        ("base/vae/config.json", None, "vae/config.json is not in"),
        ("arcface.onnx", "", "arcface.onnx is an empty file"),
        ("arc2face/diffusion_pytorch_model.safetensors", "version https://git-lfs.github.com/x",
         "stands for a file that was not downloaded (about 3,438 MB)"),
    ],
)  # fmt: skip
def test_what_a_linked_folder_lacks_is_exit_3(ask, layout, name, content, reason):
    ask("link", "digi2real", str(layout))
    if content is None:
        (layout / name).unlink()
    else:
        (layout / name).write_text(content)
    text = ask("check", "digi2real", code=3)
    assert reason in text
    advice = "fetch arc2face-arcface --yes" if content == "" else "link "
    assert f"harness assets {advice}" in text


def test_nothing_is_fetched_unless_asked(ask, hub):
    text = ask("fetch", "digi2real", code=2)
    assert "harness assets fetch digi2real --yes" in text
    assert "3,438 MB" in text
    assert "licence: non-commercial research" in text
    assert hub == []


def test_what_is_fetched_is_linked_in_the_layout_that_is_read(ask, hub, home, layout):
    ask("link", "arc2face-encoder", str(layout / "encoder"))
    text = ask("fetch", "digi2real", "--yes")
    assert ("FoivosPar/Arc2Face", "arc2face/diffusion_pytorch_model.safetensors") in hub
    assert ("stable-diffusion-v1-5/stable-diffusion-v1-5", "tokenizer/merges.txt") in hub
    assert not any("encoder/" in file or "lora" in file or "unet" in file for _, file in hub)
    assert "arc2face-unet -> " in text
    links = json.loads((home / "assets.json").read_text())
    assert links["arc2face-arcface"].endswith("FoivosPar--Arc2Face/arcface.onnx")
    assert ask("check", "digi2real").count("complete, ") == 4
    before = len(hub)
    assert "nothing to fetch" in ask("fetch", "digi2real", "--yes")
    assert len(hub) == before
    ask("fetch", LCM, "--yes")
    assert hub[-1] == ("latent-consistency/lcm-lora-sdv1-5", "pytorch_lora_weights.safetensors")


def test_fetching_goes_on_where_it_stopped(ask, hub, monkeypatch):
    whole = sys.modules["huggingface_hub"].hf_hub_download

    def broken(*, repo_id, filename, local_dir):
        if filename == "vae/config.json":
            raise OSError("connection lost")
        return whole(repo_id=repo_id, filename=filename, local_dir=local_dir)

    module = SimpleNamespace(hf_hub_download=broken)
    monkeypatch.setitem(sys.modules, "huggingface_hub", module)
    text = ask("fetch", "stable-diffusion-v1-5", "--yes", code=3)
    assert "vae/config.json of stable-diffusion-v1-5/stable-diffusion-v1-5" in text
    assert "connection lost; try again" in text
    done = len(hub)
    module.hf_hub_download = whole
    ask("fetch", "stable-diffusion-v1-5", "--yes")
    assert [file for _, file in hub[done:]] == [
        "vae/config.json", "vae/diffusion_pytorch_model.safetensors"
    ]  # fmt: skip


def test_without_the_library_the_command_says_what_to_do(ask, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    text = ask("fetch", "arc2face-unet", "--yes", code=3)
    assert "pip install huggingface_hub" in text
    assert "harness assets link arc2face-unet PATH" in text


def test_other_assets_cannot_be_fetched(ask):
    text = ask("fetch", "lfw", "--yes", code=2)
    assert "lfw cannot be fetched" in text
    assert "harness assets link lfw PATH" in text
    assert "unknown asset 'digi2rea', did you mean" in ask("fetch", "digi2rea", code=2)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("arcface.onnx", b"not a network", "arcface.onnx is a text file, not the .onnx file"),
        ("arcface.onnx", b"<!DOCTYPE html><html>log in", "arcface.onnx is a web page"),
        ("arcface.onnx", b"\x08\x07\x12" + b"\1" * 5000, "0.01 MB and about 261 MB"),
        ("arcface.onnx", (2).to_bytes(8, "little") + b"{}", "arcface.onnx is a safetensors file"),
        ("base/vae/config.json", b"{", "config.json is not JSON"),
        ("base/vae/diffusion_pytorch_model.safetensors", b"\x89HDF\r\n\x1a\n", "is an HDF5 file"),
    ],
)  # fmt: skip
def test_a_file_that_is_something_else_is_exit_3(ask, layout, name, content, said):
    ask("link", "digi2real", str(layout))
    (layout / name).write_bytes(content)
    text = ask("check", "digi2real", code=3)
    assert said in text
    assert text.count("complete, ") == 3


def test_two_networks_that_are_exchanged_are_told_by_their_size(ask, layout):
    ask("link", "digi2real", str(layout))
    one = layout / "arc2face/diffusion_pytorch_model.safetensors"
    other = layout / "base/vae/diffusion_pytorch_model.safetensors"
    aside = layout / "aside"
    for source, target in ((one, aside), (other, one), (aside, other)):
        source.rename(target)
    assert ask("check", "digi2real", code=3).count("it is another file") == 2
