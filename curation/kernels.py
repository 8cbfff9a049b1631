"""What kernels are compiled with: numba, its cache in a folder of exactly these sources.

By itself numba looks only at the file of a cached kernel, not at the constants and helpers that it
was compiled with; it keeps one cache per path of that file, which is another one in each executor;
and it puts what comes from a zip below a home folder that may not be there. So the place is chosen
here, by a hash of all sources, wherever these lie: a machine compiles a kernel once, and its other
processes load it. It is in the user's cache, or, where that cannot be written, among temporary
files, shared by this user's processes. `NUMBA_CACHE_DIR` goes before both.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite.binding import get_host_cpu_name
from numba import njit
from numba.core.caching import CacheImpl, _CacheLocator

__all__ = ["cache_folder", "compile_once", "helper", "inlined", "int64", "njit"]

_PACKAGES = ("curation", "classifiers")  # that have kernels

int64: Any = np.int64
"""How kernels widen a number, so that numba knows what it is; to mypy it is an `int`."""

# What kernels call, once per word or per character: it takes arrays and makes none, so numba need
# not count who holds them, which would cost several times the work itself.
helper = partial(njit, cache=True, _nrt=False)()
inlined = partial(njit, cache=True, _nrt=False, inline="always")()


def compile_once(name: str, call: Callable[[], object]) -> None:
    """Calls `call`, which compiles the kernels of `name`, or loads them where that was done.

    Other processes of this machine wait meanwhile, rather than compile the same.
    """
    done = cache_folder() / f"{name}.compiled"
    if done.exists():
        call()
        return
    with (cache_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # freed when the process ends, however it does
        call()
        done.touch()


@cache
def cache_folder() -> Path:
    """Where this process finds and leaves compiled kernels; the folder is there."""
    return next(filter(_own, _choices()))


def _choices() -> Iterator[Path]:
    digest = _digest()
    if given := os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(given, "winnow", digest)
    user = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    if user.parent.is_dir():  # a home that is not there is not made
        yield user / "winnow" / "numba" / digest
    yield Path(tempfile.gettempdir(), f"winnow-numba-{os.geteuid()}-{digest}")
    yield Path(tempfile.mkdtemp(prefix="winnow-numba-"))  # nothing else works: not shared


def _own(folder: Path) -> bool:
    """Makes `folder` if need be; whether this user, and no other, may write to it.

    What lies in it is unpickled and run.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    return ours and not found.st_mode & 0o022 and os.access(folder, os.W_OK | os.X_OK)


def _digest() -> str:
    """Names all that compiled code depends on; the processor too, for machines may share a home."""
    made_by = f"{numba.__version__} {get_host_cpu_name()}".encode()
    sources = (source for package in _PACKAGES for source in _sources(resources.files(package)))
    return hashlib.sha256(b"\0".join((made_by, *sources))).hexdigest()[:16]


def _sources(folder: Traversable) -> Iterator[bytes]:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.is_dir():
            yield from _sources(item)
        elif item.name.endswith(".py"):
            yield item.read_bytes()


class _Locator(_CacheLocator):
    """Tells numba where our kernels are cached; has no say in those of other packages."""

    def __init__(self, kernel: Callable[..., Any], file: str) -> None:
        self._kernel, self._py_file = kernel, file  # numba's warnings name the file

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> _Locator | None:
        is_ours = py_func.__module__.partition(".")[0] in _PACKAGES
        return cls(py_func, py_file) if is_ours else None

    def get_cache_path(self) -> str:
        return str(cache_folder() / self._kernel.__module__)

    def get_source_stamp(self) -> str:
        return ""  # the folder's name says it

    def get_disambiguator(self) -> str:
        return str(self._kernel.__code__.co_firstlineno)


CacheImpl._locator_classes.insert(0, _Locator)  # noqa: SLF001 - numba's setting is for all packages
