"""Faces that lie as image files, a folder an identity, in folders or zip files; or packed."""

from __future__ import annotations

from collections.abc import Iterable

from harness.components import Asset, Component
from harness.hookspecs import hookimpl

DIGIFACE = Asset(
    name="digiface1m",
    summary="DigiFace-1M: 1,219,995 rendered images of 109,999 identities in eight zip files",
    licence="Research Use of Data Agreement of Microsoft, non-commercial research only",
    source="the DigiFace-1M repository of Microsoft on GitHub",
    layout="subjects_0-1999_72_imgs.zip ... subjects_166666-199998_5_imgs.zip, zipped or unpacked",
)
WEBFACE = Asset(
    name="webface260m",
    summary="WebFace260M, cleaned part: 42 million images of 2 million people in ten folders",
    licence="research only, by signed agreement",
    source="its authors, by the application form of face-benchmark.org (not reachable of late)",
    layout="<part 0..9>/<identity>/<image>.jpg",
)
SFACE = Asset(
    name="sface",
    summary="SFace: 634,320 images of 10,572 synthetic identities by a class-conditional GAN",
    licence="non-commercial research; the terms stand in its repository",
    source="the SFace repository of Fadi Boutros (fdbtrs) on GitHub",
    layout="<identity>/<image>, any depth, zipped or unpacked",
)
_FOLDERS = "<identity>/<image>, any depth, zipped or unpacked"
_TERMS = "research; the terms stand with its release"
GANDIFFFACE = Asset(
    name="gandiffface",
    summary="GANDiffFace: synthetic identities by a GAN, varied by a diffusion model",
    licence=_TERMS,
    source="the GANDiffFace repository of Pietro Melzi (PietroMelzi) on GitHub",
    layout=_FOLDERS,
)
DISCO = Asset(
    name="disco",
    summary="DisCo: synthetic identities by Brownian motion in the latent space of a GAN",
    licence=_TERMS,
    source="the Idiap Research Institute (synthetics-disco)",
    layout=_FOLDERS,
)
IDIFFFACE = Asset(
    name="idiff-face",
    summary="IDiff-Face: synthetic identities by an identity-conditioned diffusion model",
    licence=_TERMS,
    source="the IDiff-Face repository of Fadi Boutros (fdbtrs) on GitHub",
    layout=_FOLDERS,
)
EXFACEGAN = Asset(
    name="exfacegan",
    summary="ExFaceGAN: synthetic identities by directions in the latent space of a GAN",
    licence=_TERMS,
    source="the ExFaceGAN repository of Fadi Boutros (fdbtrs) on GitHub",
    layout=_FOLDERS,
)
SYN2AUTH = Asset(
    name="syn2auth",
    summary="Syn2Auth-DF-CF: DigiFace-1M made realistic by face restoration",
    licence=_TERMS,
    source="the Idiap Research Institute (synthetic to authentic)",
    layout=_FOLDERS,
)


@hookimpl
def harness_components() -> Iterable[Component]:
    """Declare the generator and the data sets that are read by it."""
    return [
        _folder("folder", "Params", "faces of a folder: {identity}/{file}, any depth, or in zips"),
        _folder(
            "parquet",
            "ParquetParams",
            "faces of Parquet files: a row an image, columns image and identity or label",
            target="packed:Parquet",
        ),
        _folder(
            "webdataset",
            "PackedParams",
            "faces of WebDataset tar files: image, .cls and .json of one name",
            target="packed:WebDataset",
        ),
        _folder(
            "digiface1m",
            "DigiFaceParams",
            DIGIFACE.summary,
            DIGIFACE,
            citation="Bae et al., DigiFace-1M, WACV 2023",
        ),
        _folder(
            "webface260m",
            "WebFaceParams",
            WEBFACE.summary,
            WEBFACE,
            citation="Zhu et al., WebFace260M, CVPR 2021",
            training_data=("WebFace260M",),
        ),
        _folder(
            "sface",
            "SFaceParams",
            SFACE.summary,
            SFACE,
            citation="Boutros et al., SFace, IJCB 2022",
            training_data=("CASIA-WebFace",),
        ),
        _folder(
            "gandiffface",
            "GanDiffFaceParams",
            GANDIFFFACE.summary,
            GANDIFFFACE,
            citation="Melzi et al., GANDiffFace, ICCV workshops 2023",
        ),
        _folder(
            "disco",
            "DisCoParams",
            DISCO.summary,
            DISCO,
            citation="Geissbühler et al., Synthetic Face Datasets Generation via Latent Space "
            "Exploration from Brownian Identity Diffusion, arXiv 2405.00228, 2024",
        ),
        _folder(
            "idiff-face",
            "IDiffFaceParams",
            IDIFFFACE.summary,
            IDIFFFACE,
            citation="Boutros et al., IDiff-Face, ICCV 2023",
        ),
        _folder(
            "exfacegan",
            "ExFaceGanParams",
            EXFACEGAN.summary,
            EXFACEGAN,
            citation="Boutros et al., ExFaceGAN, IJCB 2023",
        ),
        _folder(
            "syn2auth",
            "Syn2AuthParams",
            SYN2AUTH.summary,
            SYN2AUTH,
            citation="Rahimi et al., Synthetic to Authentic, ECCV workshops 2024",
        ),
    ]


def _folder(
    name: str,
    params: str,
    summary: str,
    asset: Asset | None = None,
    *,
    target: str = "generator:Folder",
    citation: str = "",
    training_data: tuple[str, ...] = (),
) -> Component:
    return Component(
        kind="generator",
        name=name,
        version=1,
        target=f"{__name__}.{target}",
        params=f"{__name__}.params:{params}",
        summary=summary,
        assets=(asset,) if asset else (),
        licence=asset.licence if asset else "that of the images you give",
        citation=citation or "the source of the images you give",
        training_data=training_data,
    )
