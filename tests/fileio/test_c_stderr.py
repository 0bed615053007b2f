"""What C code prints is dropped where it is asked for, and nothing else is."""

from __future__ import annotations

import ctypes
import sys
import threading

import pytest

from harness.fileio import c_stderr
from harness.fileio.c_stderr import silenced

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="glibc's standard error")


def shout(text: str) -> None:
    library = ctypes.CDLL(None)
    stream = ctypes.c_void_p.in_dll(library, "stderr")
    library.fputs(text.encode(), stream)
    library.fflush(stream)


def test_c_is_silent_inside_and_heard_after(capfd):
    shout("before")
    with silenced():
        shout("inside")
        print("python", file=sys.stderr)
    shout("after")
    assert capfd.readouterr().err.replace("\n", "") == "beforepythonafter"


def test_an_error_inside_ends_the_silence(capfd):
    with pytest.raises(ValueError, match="wrong"), silenced():
        raise ValueError("wrong")
    shout("after")
    assert capfd.readouterr().err == "after"


def test_the_last_of_several_threads_ends_it(capfd):
    inside, leave = threading.Event(), threading.Event()

    def other():
        with silenced():
            inside.set()
            leave.wait(30)

    thread = threading.Thread(target=other)
    with silenced():
        thread.start()
        assert inside.wait(30)
    shout("still silent")
    leave.set()
    thread.join()
    shout("heard")
    assert capfd.readouterr().err == "heard"


def test_it_does_nothing_where_there_is_no_such_variable(capfd, monkeypatch):
    monkeypatch.setattr(c_stderr, "_streams", lambda: None)
    with silenced():
        shout("heard")
    assert capfd.readouterr().err == "heard"
