"""The cheap declaration of a component: what a plugin says before any of it is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

API = 1
"""Version of this contract. It only grows; a plugin states the version it needs."""

OLDEST_API = 1
"""The oldest version of the contract that plugins may be written for."""

Kind = Literal["generator", "model", "benchmark", "aligner", "measure", "quality", "attribute"]
KINDS: tuple[Kind, ...] = (
    "generator", "model", "benchmark", "aligner", "measure", "quality", "attribute",
)  # fmt: skip


def plural(kind: Kind) -> str:
    """Several of a kind of component, as in ``harness list``."""
    return "qualities" if kind == "quality" else f"{kind}s"


@dataclass(frozen=True)
class Product:
    """A file that a generator can write beside faces: ``harness GENERATOR NAME -o FILE``.

    ``options`` are parameters of the generator that get a flag of their own; those ``required``
    must be given.
    """

    name: str
    summary: str
    options: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


@dataclass(frozen=True)
class AssetFile:
    """One file of an :class:`Asset`: its path in it, and where it is on the Hugging Face hub.

    ``megabytes`` is what to expect, rounded; ``instead`` are other paths that serve as well.
    """

    path: str
    hub_path: str
    megabytes: float
    instead: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asset:
    """A file or folder the user must obtain, with its licence and where it comes from."""

    name: str
    summary: str
    licence: str
    source: str
    layout: str = ""
    hub: str = ""
    """Repository on the Hugging Face hub from which ``harness assets fetch`` takes ``files``."""
    place: str = ""
    """Where it is in one folder that holds all assets of a component; its name if empty."""
    files: tuple[AssetFile, ...] = ()
    optional: bool = False
    """Whether the component works without it."""
    on_request: bool = False
    """Whether its owners must grant it: an application, a signed agreement or a purchase."""


@dataclass(frozen=True)
class Component:
    """The cheap declaration of a plugin component.

    ``target`` (``package.module:Class``) is imported only to run; ``params``
    (``package.light_module:Params``) must import nothing heavy, because planning reads it.
    ``version`` enters every key: raise it when the same parameters give other results.
    ``determinism`` is ``exact`` or, for example, ``within 1/255``. A generator that is less exact
    on a GPU says so in ``gpu_determinism``; it stays on the CPU where only equal bytes will do.
    ``portable`` is false where a library of its own chooses kernels by the processor, so that
    ``--portable`` cannot promise its digits.
    ``reads`` of a generator are suffixes of files that it reads as they are, ``""`` for images, so
    that ``harness faces import`` finds it. ``aliases`` of a benchmark are names by which other
    software knows it, each with the comparison that is meant, "" for all of them.
    ``resources`` is what its work needs of a worker where workers declare what they have, such as
    ``{"memory": 8e9}`` in bytes; a GPU is asked for wherever the device of the study is one.
    """

    kind: Kind
    name: str
    version: int
    target: str
    params: str
    summary: str
    assets: tuple[Asset, ...] = ()
    extras: tuple[str, ...] = ()
    requires_api: int = API
    requires_components: tuple[str, ...] = ()
    products: tuple[Product, ...] = ()
    trainable: bool = False
    determinism: str = "exact"
    gpu_determinism: str = ""
    portable: bool = True
    training_data: tuple[str, ...] = ()
    licence: str = ""
    citation: str = ""
    resources: Mapping[str, float] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
