"""An environment of its own for a peer whose packages ours does not have."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def make_environment(folder: Path, packages: Sequence[str]) -> Path:
    """Its Python; made when it is not there, or not whole, or of other packages."""
    python, made = folder / "bin" / "python", folder / "packages.txt"
    wanted = "\n".join(packages)
    if not made.exists() or made.read_text(encoding="utf-8") != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip: list[str | Path] = [python, "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", *packages], check=True)
        made.write_text(wanted, encoding="utf-8")
    return python
