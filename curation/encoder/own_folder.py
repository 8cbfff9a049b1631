"""The folder in which a Ray of this process keeps its files: made and held; removed at the end.

A process that was killed leaves its folder behind, but holds it no longer: then the next one that
starts here removes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "winnow-ray-"
_LONGEST_FOLDER = 30  # names of sockets come behind it, and have 107 characters at most
_NEW_S = 60  # one that is younger may be made, and not held yet


@contextlib.contextmanager
def own_folder() -> Iterator[str]:
    """A new folder, below that for temporary files."""
    parent = _temporary()
    _remove_left(parent)
    folder = tempfile.mkdtemp(prefix=_PREFIX, dir=parent)
    try:
        with _held(folder, fcntl.LOCK_EX):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left(parent: str) -> None:
    """Removes what processes have left that were killed; not what is in use, or another user's."""
    for folder in Path(parent).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError), _held(str(folder), fcntl.LOCK_EX | fcntl.LOCK_NB):
            if time.time() - folder.stat().st_mtime > _NEW_S:
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _held(folder: str, how: int) -> Iterator[None]:
    """By a lock that ends with this process; raises `OSError` where it cannot be had so."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(opened, how)
        yield
    finally:
        os.close(opened)


def _temporary() -> str:
    folder = tempfile.gettempdir()
    return folder if len(folder) <= _LONGEST_FOLDER else "/tmp"  # noqa: S108
