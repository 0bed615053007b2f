"""A fresh environment outside the repository, into which packages are installed by pip."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

TOYS = Path(__file__).parents[1] / "data" / "toys.py"
HARNESS = "from harness.cli.main import main; main()"


@dataclass
class Environment:
    """A virtual environment that sees the libraries of this one and installs into itself."""

    folder: Path
    python: Path

    def run(self, *args: str, check: int | None = 0, cwd: Path | None = None, **environ: str):
        done = subprocess.run(
            [str(self.python), *args],
            cwd=cwd or self.folder,
            env={**os.environ, "OMP_NUM_THREADS": "1", **environ},
            capture_output=True,
            text=True,
            timeout=300,
        )
        if check is not None:
            assert done.returncode == check, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def harness(self, *args: str, check: int | None = 0, cwd: Path | None = None, **environ: str):
        return self.run("-c", HARNESS, *args, check=check, cwd=cwd, **environ)

    def pip(self, *args: str):
        return self.run("-m", "pip", "--disable-pip-version-check", "-q", *args)

    def install(self, *folders: Path) -> None:
        wanted = [part for folder in folders for part in ("-e", str(folder))]
        self.pip("install", "--no-deps", "--no-build-isolation", "--no-index", *wanted)

    def installed(self) -> list[str]:
        """Everything that is in the environment's own folder of packages."""
        site = self.run("-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout
        return sorted(path.name for path in Path(site.strip()).iterdir())


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Environment:
    """One for the tests of a module; making it is most of what they cost."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "env")], check=True)
    bin_folder = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    made = Environment(folder, bin_folder / f"python{'.exe' if os.name == 'nt' else ''}")
    site = made.run("-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip()
    ours = sysconfig.get_path("purelib")
    Path(site, "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
    return made
