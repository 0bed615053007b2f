from __future__ import annotations

import sys

import numpy as np
import pytest

from tests.fuzz.mutate import LateError, bounded, command, mutants

DATA = b"".join(b"name-%d\t%d\n" % (k, k) for k in range(50))
linux = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")


@pytest.mark.parametrize("text", [False, True])
def test_the_same_damage_in_every_run(text):
    made = list(mutants(DATA, 200, text=text))
    assert made == list(mutants(DATA, 200, text=text))
    assert made[:20] == list(mutants(DATA, 20, text=text))
    assert made != list(mutants(DATA, 200, seed=1, text=text))


@pytest.mark.parametrize("data", [b"", b"a", b"ab\n", DATA])
@pytest.mark.parametrize("text", [False, True])
def test_files_of_any_length_are_damaged(data, text):
    made = list(mutants(data, 300, text=text))
    assert len(set(made)) > (150 if data is DATA else 10)
    assert sum(one != data for one in made) > (0.9 * len(made) if data is DATA else 50)


def busy():
    while True:
        pass


@linux
def test_what_takes_too_long_or_too_much_is_stopped():
    with pytest.raises(LateError), bounded(seconds=1):
        busy()
    with pytest.raises(MemoryError), bounded(memory=1 << 28):
        np.zeros(1 << 29, np.uint8)
    np.zeros(1 << 29, np.uint8)


@linux
def test_a_command_line_gives_code_and_output(home):
    done = command(["faces", "list"])
    assert done.code in (0, 5)
    done = command(["nosuchverb"])
    assert done.code == 2
    assert "nosuchverb" in done.stderr
