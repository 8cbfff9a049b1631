"""The packages as the zip that `make dist` makes for executors, without a build."""

from __future__ import annotations

import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("curation", "classifiers", "schemas")


def zip_packages(file: Path) -> Path:
    """Writes `file`: all that git knows of the packages, and what is new."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file, "w") as archive:
        for package in PACKAGES:
            for path in sorted((ROOT / package).rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    archive.write(path, path.relative_to(ROOT))
    return file
