"""Vega in a process of its own: still pictures, and the viewer that pages carry.

The engine that draws reserves tens of gigabytes of address space, and where that is limited
(``ulimit -v``, as on many login nodes) it ends its process with a signal. A report must survive.
"""

from __future__ import annotations

import atexit
import base64
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from harness.packages import install_line

_CODE = """
import base64, json, sys
import vl_convert
vl_convert.register_font_directory(sys.argv[1])
for line in sys.stdin:
    what, asked, options = json.loads(line)
    try:
        if what == "viewer":
            answer = vl_convert.javascript_bundle()
        elif what == "svg":
            answer = vl_convert.vegalite_to_svg(asked, allowed_base_urls=[])
        else:
            convert = getattr(vl_convert, "svg_to_" + what)
            answer = base64.b64encode(convert(asked, **options)).decode()
        said = {"answer": answer}
    except Exception as error:
        said = {"error": str(error)}
    print(json.dumps(said), flush=True)
"""

ENGINE = "vl_convert"
FONTS = Path(__file__).parent / "font"
"""The font of figures for papers, which is the same on every machine."""
CANNOT = "pictures cannot be drawn in this process's limits (ulimit -v); tables are complete"


class Vega:
    """One process that answers any number of requests; started by the first."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self.failed = False
        self.why = CANNOT

    def give_up(self, package: str) -> None:
        """Draw nothing from now on, because a package cannot be imported; ``why`` says which."""
        self.close()
        self.failed = True
        self.why = f"pictures need {package}, which cannot be imported; {install_line(package)}"

    def svg(self, spec: dict[str, Any]) -> str | None:
        """A Vega-Lite specification as SVG, with nothing fetched; None where it cannot be drawn.

        Raises ValueError with Vega's words where the specification is wrong.
        """
        return self._ask("svg", spec)

    def pdf(self, svg: str) -> bytes | None:
        """A picture as PDF with its fonts; a pixel is a point."""
        return self._file("pdf", svg)

    def png(self, svg: str, ppi: float) -> bytes | None:
        """A picture as PNG of this many pixels per inch; a pixel of the SVG is a point."""
        return self._file("png", svg, ppi=ppi)

    def _file(self, what: str, svg: str, **options: float) -> bytes | None:
        answer = self._ask(what, svg, **options)
        return None if answer is None else base64.b64decode(answer)

    def viewer(self) -> str | None:
        """Vega, Vega-Lite and Vega-Embed as one script; None where the engine cannot start."""
        return self._ask("viewer")

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _ask(self, what: str, asked: Any = None, **options: float) -> str | None:
        if not self.failed and self._process is None and find_spec(ENGINE) is None:
            self.give_up(ENGINE)
        if self.failed:
            return None
        line = self._exchange(json.dumps([what, asked, options]))
        if not line:
            self.close()
            self.failed = True
            return None
        said = json.loads(line)
        if "error" in said:
            raise ValueError(f"Vega refuses the figure: {said['error']}")
        return str(said["answer"])

    def _exchange(self, text: str) -> str:
        """The line that answers a line; empty where the process has died."""
        if self._process is None:
            # -P: a file of the current folder must not be taken for a library.
            self._process = subprocess.Popen(  # noqa: S603 (our own interpreter, no shell)
                [sys.executable, "-P", "-c", _CODE, str(FONTS)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # the engine's trace of its own end
                text=True,
                encoding="utf-8",
            )
            atexit.register(self.close)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(text + "\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ConnectionError):
            return ""
        return self._process.stdout.readline()


VEGA = Vega()
"""The process of this one, shared by all figures and reports."""
