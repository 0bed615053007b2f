"""Faces that are as image files, one folder per identity, in folders or zip files; or packed."""

from __future__ import annotations

from collections.abc import Iterable

from harness.plugin import Component, hookimpl
from harness.plugin.sources import named_set

_VERSION = 3  # links are followed, and which files are images is decided by one rule
_TARGET = f"{__name__}.generator:Folder"
_LMDB = f"{__name__}.packed:Lmdb"
_PARAMS = f"{__name__}.params"
_FOLDERS = "<identity>/<image>, any depth, zipped or unpacked"
_TERMS = "research; the terms stand with its release"

NAMED = [
    named_set(
        "hsface",
        version=_VERSION,
        target=_LMDB,
        params=f"{_PARAMS}:HsFaceParams",
        summary="HSFace (Vec2Face): 10,000 to 300,000 synthetic identities, 50 images of each; "
        "presets 10k, 20k",
        licence=_TERMS,
        source="huggingface.co/BooBooWu/Vec2Face, folder hsfaces; uploaded again on 2025-04-15, "
        "because older files leaked identities: the key tells them apart",
        layout="hsface10k.lmdb, hsface20k.lmdb, ...; 100k and 200k are .npy masks of the largest",
        citation="Wu et al., Vec2Face, ICLR 2025",
        training_data=("WebFace4M", "Glint360K"),
    ),
    named_set(
        "vface",
        version=_VERSION,
        target=_LMDB,
        params=f"{_PARAMS}:VFaceParams",
        summary="VFace (Vec2Face+): 10,000, 20,000 or 100,000 synthetic identities, 0.5, 1 or 4 "
        "million images; presets 10k, 20k, 100k",
        licence=_TERMS,
        source="huggingface.co/BooBooWu/Vec2Face_plus, folder VFaces",
        layout="vface10k.lmdb, vface20k.lmdb, vface100k.lmdb",
        citation="Wu et al., Vec2Face+ for Face Dataset Generation, arXiv 2507.17192, 2025",
        training_data=("WebFace4M", "Glint360K"),
    ),
    named_set(
        "webface4m-lmdb",
        version=_VERSION,
        target=_LMDB,
        params=f"{_PARAMS}:WebFaceLmdbParams",
        summary="WebFace4M as the LMDB database that Vec2Face trains on",
        licence="research only, by signed agreement",
        source="huggingface.co/BooBooWu/Vec2Face, lmdb_dataset/WebFace4M; the agreement is that of "
        "WebFace260M",
        layout="WebFace4M.lmdb, with or without .npy masks",
        citation="Zhu et al., WebFace260M, CVPR 2021",
        training_data=("WebFace260M",),
    ),
    named_set(
        "digiface1m",
        version=_VERSION,
        target=_TARGET,
        params=f"{_PARAMS}:DigiFaceParams",
        summary="DigiFace-1M: 1,219,995 rendered images of 109,999 identities in eight zip files",
        licence="Research Use of Data Agreement of Microsoft, non-commercial research only",
        source="the DigiFace-1M repository of Microsoft on GitHub",
        layout="subjects_0-1999_72_imgs.zip ... subjects_166666-199998_5_imgs.zip, zipped or "
        "unpacked",
        citation="Bae et al., DigiFace-1M, WACV 2023",
    ),
    named_set(
        "webface260m",
        version=_VERSION,
        target=_TARGET,
        params=f"{_PARAMS}:WebFaceParams",
        summary="WebFace260M, cleaned part: 42 million images of 2 million people in ten folders",
        licence="research only, by signed agreement",
        on_request=True,
        source="its authors, by the application form of face-benchmark.org (not reachable of late)",
        layout="<part 0..9>/<identity>/<image>.jpg",
        citation="Zhu et al., WebFace260M, CVPR 2021",
        training_data=("WebFace260M",),
    ),
    named_set(
        "sface",
        version=_VERSION,
        target=_TARGET,
        params=f"{_PARAMS}:SFaceParams",
        summary="SFace: 634,320 images of 10,572 synthetic identities by a class-conditional GAN",
        licence="non-commercial research; the terms are in its repository",
        source="the SFace repository of Fadi Boutros (fdbtrs) on GitHub",
        layout=_FOLDERS,
        citation="Boutros et al., SFace, IJCB 2022",
        training_data=("CASIA-WebFace",),
    ),
    named_set(
        "gandiffface",
        version=_VERSION,
        target=_TARGET,
        params=f"{_PARAMS}:GanDiffFaceParams",
        summary="GANDiffFace: synthetic identities by a GAN, varied by a diffusion model",
        licence=_TERMS,
        source="the GANDiffFace repository of Pietro Melzi (PietroMelzi) on GitHub",
        layout=_FOLDERS,
        citation="Melzi et al., GANDiffFace, ICCV workshops 2023",
    ),
    named_set(
        "disco",
        version=_VERSION,
        target=_TARGET,
        params=f"{_PARAMS}:DisCoParams",
        summary="DisCo: synthetic identities by Brownian motion in the latent space of a GAN",
        licence=_TERMS,
        source="the Idiap Research Institute (synthetics-disco)",
        layout=_FOLDERS,
        citation="Geissbühler et al., Synthetic Face Datasets Generation via Latent Space "
        "Exploration from Brownian Identity Diffusion, arXiv 2405.00228, 2024",
    ),
    named_set(
        "idiff-face",
        version=_VERSION,
        target=_TARGET,
        params=f"{_PARAMS}:IDiffFaceParams",
        summary="IDiff-Face: synthetic identities by an identity-conditioned diffusion model",
        licence=_TERMS,
        source="the IDiff-Face repository of Fadi Boutros (fdbtrs) on GitHub",
        layout=_FOLDERS,
        citation="Boutros et al., IDiff-Face, ICCV 2023",
    ),
    named_set(
        "exfacegan",
        version=_VERSION,
        target=_TARGET,
        params=f"{_PARAMS}:ExFaceGanParams",
        summary="ExFaceGAN: synthetic identities by directions in the latent space of a GAN",
        licence=_TERMS,
        source="the ExFaceGAN repository of Fadi Boutros (fdbtrs) on GitHub",
        layout=_FOLDERS,
        citation="Boutros et al., ExFaceGAN, IJCB 2023",
    ),
    named_set(
        "syn2auth",
        version=_VERSION,
        target=_TARGET,
        params=f"{_PARAMS}:Syn2AuthParams",
        summary="Syn2Auth-DF-CF: DigiFace-1M made realistic by face restoration",
        licence=_TERMS,
        source="the Idiap Research Institute (synthetic to authentic)",
        layout=_FOLDERS,
        citation="Rahimi et al., Synthetic to Authentic, ECCV workshops 2024",
    ),
]


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the generators of your own files and the data sets of this layout."""
    return [
        _own(
            "folder",
            "FolderParams",
            "faces of a folder: {identity}/{file}, any depth, or in zips",
            ("", ".zip"),
        ),
        _own(
            "parquet",
            "ParquetParams",
            "faces of Parquet files: one row per image, columns image and identity or label",
            (".parquet",),
            target="packed:Parquet",
        ),
        _own(
            "webdataset",
            "PackedParams",
            "faces of WebDataset tar files: image, .cls and .json of one name",
            (".tar",),
            target="packed:WebDataset",
        ),
        _own(
            "lmdb",
            "LmdbParams",
            "faces of an LMDB database: msgpack lists of image and label (HSFace, VFace)",
            (".lmdb", ".mdb"),
            target="packed:Lmdb",
        ),
        _own(
            "imagelist",
            "ImageListParams",
            "faces of the files that a list names: path and label per line, or paths alone",
            (),
            target="path_lists:ImageList",
        ),
        *NAMED,
    ]


def _own(
    name: str,
    params: str,
    summary: str,
    reads: tuple[str, ...],
    target: str = "generator:Folder",
) -> Component:
    return Component(
        kind="generator",
        name=name,
        version=_VERSION,
        target=f"{__name__}.{target}",
        params=f"{_PARAMS}:{params}",
        summary=summary,
        licence="that of the images you give",
        citation="the source of the images you give",
        reads=reads,
    )
