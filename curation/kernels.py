"""What kernels are compiled with: numba, its cache in a folder of exactly these sources.

numba looks only at the file of a cached kernel, not at the constants and helpers that it was
compiled with, so a change in another file would go unnoticed: the folder's name is a hash of all
sources. It lies in the user's cache, where every worker of a machine finds it; where that cannot be
written, each process compiles for itself. `NUMBA_CACHE_DIR` overrides both.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path


def _cache_folder() -> str:
    sources = sorted(Path(__file__).parent.rglob("*.py"))
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = Path(cache, "winnow", "numba", digest)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return tempfile.mkdtemp(prefix="winnow-numba-")
    return str(folder)


# Before numba is imported: it reads its settings once.
os.environ.setdefault("NUMBA_CACHE_DIR", _cache_folder())

from numba import njit  # noqa: E402

__all__ = ["njit"]
