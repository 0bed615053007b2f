"""Checks that a component at work touches nothing outside itself."""

from __future__ import annotations

import random
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np

from harness.testing import work
from harness.testing.base import require
from harness.testing.subject import Subject


def global_rng(subject: Subject) -> None:
    """Work leaves the global random generators of Python, numpy and torch where they were."""
    work.exercise(subject, subject.opened)  # imports whatever it imports
    with _own_states():
        before = _states()
        work.exercise(subject, subject.open())
        after = _states()
    touched = [name for name in before if before[name] != after[name]]
    require(
        not touched,
        f"it changes the global random generator of {' and '.join(touched)}; draw from "
        "harness.seeds.stream or a torch.Generator of its own",
    )


def network(subject: Subject) -> None:
    """Work opens no connection."""
    with no_network() as attempts:
        try:
            work.exercise(subject, subject.open())
        except Exception:
            if not attempts:
                raise
    require(not attempts, f"it asks the network for {', '.join(dict.fromkeys(attempts))}")


CHECKS = (global_rng, network)
_SEED = 918_273_645


@contextmanager
def no_network() -> Iterator[list[str]]:
    """Refuse names and internet addresses, and list what was asked for."""
    attempts: list[str] = []

    def refuse(place: object) -> OSError:
        attempts.append(str(place))
        return OSError(f"the network is switched off by this check ({place})")

    def guarded(name: str) -> Any:
        original = getattr(socket.socket, name)

        def method(self: socket.socket, *args: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                raise refuse(args[-1])
            return original(self, *args)

        return mock.patch.object(socket.socket, name, method)

    def look_up(host: object, *args: Any, **more: Any) -> Any:
        raise refuse(host)

    with (
        guarded("connect"),
        guarded("connect_ex"),
        guarded("sendto"),
        mock.patch.object(socket, "getaddrinfo", look_up),
    ):
        yield attempts


@contextmanager
def _own_states() -> Iterator[None]:
    """Global generators seeded by us: one that the component always seeds alike is seen too."""
    torch: Any = sys.modules.get("torch")
    python, numpy = random.getstate(), np.random.get_state(legacy=False)  # noqa: NPY002
    torches = None if torch is None else torch.random.get_rng_state()
    random.seed(_SEED)
    np.random.seed(_SEED)  # noqa: NPY002 (put back below)
    if torch is not None:
        torch.random.default_generator.manual_seed(_SEED)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        if torch is not None:
            torch.random.set_rng_state(torches)


def _states() -> dict[str, bytes]:
    """The state of every global generator whose library is loaded."""
    states = {"Python": repr(random.getstate()).encode()}
    legacy: Any = np.random.get_state(legacy=False)  # noqa: NPY002 (looked at, not drawn from)
    states["numpy"] = repr(legacy["state"]["pos"]).encode() + legacy["state"]["key"].tobytes()
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        states["torch"] = torch.random.get_rng_state().numpy().tobytes()
    return states
